//! LocalStack's container.

use std::fs::File;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use futures_util::TryStreamExt;
use http_body_util::{BodyExt, Empty};
use hyper::body::Bytes;
use hyper_util::rt::TokioIo;
use testcontainers::bollard::errors::Error;
use testcontainers::bollard::models::PortBinding;
use testcontainers::bollard::query_parameters::{InspectContainerOptions, StatsOptionsBuilder};
use testcontainers::core::{ContainerPort, Mount};
use testcontainers::runners::AsyncRunner;
use testcontainers::{ContainerAsync, ContainerRequest, GenericImage, ImageExt};

use super::engine::START_TIME;
use super::image::BASE;
use super::lease::{Folder, Running};
use super::owner::{Owner, ROLE, RUN};
use super::prepare::{blocking, network_name};
use super::removal::{self, FUNCTION, LOCALSTACK, REGISTRY};
use super::{Engine, Image, LocalStackError, Prepared, Vitals, janitor};

/// LocalStack's gateway, inside.
const GATEWAY: u16 = 4566;
/// The registry, inside.
const REGISTRY_PORT: u16 = 5000;
/// Where LocalStack looks for the program that a function's container starts with, before it downloads one; the version is
/// the constant in its `lambda_/packages.py`.
const INIT: &str = if cfg!(target_arch = "aarch64") {
    "/usr/lib/localstack/lambda-runtime/v0.1.41-pre/arm64/var/rapid/init"
} else {
    "/usr/lib/localstack/lambda-runtime/v0.1.41-pre/x86_64/var/rapid/init"
};
/// The sink's certificate authority, in a function's container.
const AUTHORITY: &str = "/etc/rootwatch/authority.pem";

/// A running LocalStack. When the last process of the run drops it, its containers and network go.
#[derive(Debug)]
pub struct LocalStack {
    /// `http://127.0.0.1:PORT`.
    pub endpoint: String,
    /// The run's folder.
    pub directory: PathBuf,
    engine: Engine,
    owner: Owner,
    folder: Folder,
    container: String,
    /// Until it is ready for the run's other processes.
    start: Option<File>,
    lease: Option<File>,
}

impl Prepared {
    /// Starts LocalStack with a certificate authority that functions trust, or finds the one that runs.
    ///
    /// # Errors
    /// When a container does not start or does not become healthy; nothing is left then.
    pub async fn start(self, authority: &Path) -> Result<LocalStack, LocalStackError> {
        self.start_trusting(Some(authority)).await
    }

    /// The same without a sink: functions trust whom their image trusts.
    ///
    /// # Errors
    /// As [`Prepared::start`].
    pub async fn start_alone(self) -> Result<LocalStack, LocalStackError> {
        self.start_trusting(None).await
    }

    async fn start_trusting(self, authority: Option<&Path>) -> Result<LocalStack, LocalStackError> {
        let running = match &self.running {
            Some(running) => running.clone(),
            None => {
                let started = self.start_new(authority).await;
                if started.is_err() {
                    // Its reason matters more than that of a failed removal; the janitor tries again.
                    let _ = removal::remove_run(&self.engine, &self.owner.run_id()).await;
                }
                started?
            }
        };
        Ok(LocalStack {
            endpoint: running.endpoint,
            directory: self.directory,
            engine: self.engine,
            owner: self.owner,
            folder: self.folder,
            container: running.container,
            start: Some(self.start),
            lease: Some(self.lease),
        })
    }

    async fn start_new(&self, authority: Option<&Path>) -> Result<Running, LocalStackError> {
        // A copy: it must be there as long as the containers are.
        let kept = self.folder.0.join("authority.pem");
        if let Some(authority) = authority.filter(|authority| *authority != kept) {
            std::fs::copy(authority, &kept).map_err(LocalStackError::file(&kept))?;
        }
        let kept = authority.map(|_| kept.as_path());
        let mut request = self
            .request(LOCALSTACK, GATEWAY)
            .with_mount(Mount::bind_mount(self.engine.socket.display().to_string(), "/var/run/docker.sock"))
            .with_env_var("LAMBDA_DOCKER_NETWORK", network_name(&self.owner))
            .with_env_var("MAIN_CONTAINER_NAME", self.name(LOCALSTACK))
            .with_env_var("LAMBDA_DOCKER_FLAGS", self.function_flags(kept))
            // Asking the vendor about events and versions is neither wanted nor, here, possible.
            .with_env_var("DISABLE_EVENTS", "1")
            .with_env_var("SKIP_SSL_CERT_DOWNLOAD", "1")
            // A queue is asked every second, not after twelve: so are Lambda's own pollers, which wait in the request.
            .with_env_var("LAMBDA_EVENT_SOURCE_MAPPING_MAX_BACKOFF_ON_EMPTY_POLL_SEC", "1")
            .with_env_var("DEBUG", "1");
        if let Image::Built(_) = self.image {
            let init = crate::packages::init_program(&self.layout, self.image.glibc(), &self.progress).await?;
            self.progress.stage("starting the registry of the Lambda base image");
            let registry = self.start_registry().await?;
            let mapping = format!("{{\"provided.al2023\":\"localhost:{registry}/{BASE}\"}}");
            request = request
                .with_env_var("LAMBDA_RUNTIME_IMAGE_MAPPING", mapping)
                .with_mount(Mount::bind_mount(init.display().to_string(), INIT));
        }
        self.progress.stage(&format!("starting LocalStack ({})", self.image.reference()));
        let container = run(request, "LocalStack").await?;
        let port = port(&container, GATEWAY, "LocalStack").await?;
        let id = container.id().to_owned();
        // From here on it belongs to the run, not to this process.
        std::mem::forget(container);
        wait_until_ready(&self.engine, &id, port).await?;
        let running = Running { container: id, endpoint: format!("http://127.0.0.1:{port}") };
        self.folder.set_running(&running)?;
        Ok(running)
    }

    async fn start_registry(&self) -> Result<u16, LocalStackError> {
        let command = ["docker-registry", "serve", super::build::REGISTRY_SETTINGS];
        let request = self.request(REGISTRY, REGISTRY_PORT).with_cmd(command);
        let container = run(request, "the registry").await?;
        let port = port(&container, REGISTRY_PORT, "the registry").await?;
        std::mem::forget(container);
        Ok(port)
    }

    fn name(&self, role: &str) -> String {
        format!("{}-{role}", network_name(&self.owner))
    }

    /// A container of the image, on the run's network, with a port on 127.0.0.1 only.
    fn request(&self, role: &'static str, port: u16) -> ContainerRequest<GenericImage> {
        let (name, tag) = self.image.reference().rsplit_once(':').unwrap_or((self.image.reference(), "latest"));
        let bindings = move || {
            let free = PortBinding { host_ip: Some("127.0.0.1".to_owned()), host_port: Some(String::new()) };
            [(format!("{port}/tcp"), Some(vec![free]))].into()
        };
        GenericImage::new(name, tag)
            .with_exposed_port(ContainerPort::Tcp(port))
            .with_container_name(self.name(role))
            .with_network(network_name(&self.owner))
            .with_labels(self.owner.labels())
            .with_label(ROLE, role)
            .with_startup_timeout(START_TIME)
            .with_host_config_modifier(move |host| {
                host.publish_all_ports = Some(false);
                host.port_bindings = Some(bindings());
            })
    }

    /// Options that LocalStack adds to each function's container: its owner, and the certificates that it trusts. The Terraform under
    /// test knows nothing of it.
    fn function_flags(&self, authority: Option<&Path>) -> String {
        let labels = self.owner.labels().into_iter().chain([(ROLE, FUNCTION.to_owned())]);
        let labels = labels.map(|(name, value)| format!("--label '{name}={value}'"));
        let trusts =
            authority.map(|path| format!("-v '{}:{AUTHORITY}:ro' -e SSL_CERT_FILE={AUTHORITY}", path.display()));
        labels.chain(trusts).collect::<Vec<_>>().join(" ")
    }
}

impl LocalStack {
    /// The cloud is deployed to: from now on the run's other processes use it as it is.
    ///
    /// # Errors
    /// When that cannot be written down.
    pub fn ready(&mut self) -> Result<(), LocalStackError> {
        self.folder.set_ready()?;
        self.start = None;
        Ok(())
    }

    /// Waits until no other process of the run uses the cloud, and keeps the others waiting until the guard is dropped.
    ///
    /// # Errors
    /// When the lock's file cannot be used.
    pub async fn exclusive(&self) -> Result<Exclusive, LocalStackError> {
        let folder = self.folder.clone();
        blocking(move || folder.exclusive("scenario")).await.map(Exclusive)
    }

    /// Its health, for whoever watches it.
    pub fn vitals(&self) -> Vitals {
        Vitals { engine: self.engine.clone(), container: self.container.clone() }
    }

    /// Writes the logs of the run's containers to a file that stays, and names it.
    pub async fn keep_log(&self) -> Option<PathBuf> {
        self.folder.set_failed();
        let path = self.folder.kept_log();
        let saved = removal::save_log(&self.engine, &self.owner.run_id(), &path).await;
        matches!(saved, Ok(true)).then_some(path)
    }

    /// The memory of the run's containers, bytes: LocalStack's, and that of all of its functions.
    pub async fn memory(&self) -> Option<u64> {
        let containers = removal::containers(&self.engine, &format!("{RUN}={}", self.owner.run_id())).await.ok()?;
        let mut sum = 0;
        for id in containers.into_iter().filter_map(|container| container.id) {
            let options = StatsOptionsBuilder::new().stream(false).one_shot(true).build();
            let stats = self.engine.docker.stats(&id, Some(options)).try_next().await.ok().flatten();
            sum += stats.and_then(|stats| stats.memory_stats?.usage).unwrap_or_default();
        }
        Some(sum)
    }

    /// Gives up the lease; the last one out removes the containers.
    ///
    /// # Errors
    /// When something cannot be removed.
    pub async fn close(mut self) -> Result<(), LocalStackError> {
        match self.last_one_out() {
            Some(_unused) => janitor::finish(&self.engine, &self.folder, &self.owner.run_id()).await,
            None => Ok(()),
        }
    }

    /// The lease for this process alone, if the run ends with it. A test runner's run does not: the runner's end is its end.
    fn last_one_out(&mut self) -> Option<File> {
        self.lease.take()?;
        self.start = None;
        if self.owner.pid != std::process::id() {
            return None;
        }
        self.folder.is_unused().ok().flatten()
    }
}

impl Drop for LocalStack {
    fn drop(&mut self) {
        let Some(_unused) = self.last_one_out() else { return };
        let (engine, folder, run_id) = (self.engine.clone(), self.folder.clone(), self.owner.run_id());
        // On a thread of its own: this one may run async tasks. What fails here is left to the janitor.
        let removing = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            if let Ok(runtime) = runtime {
                let _ = runtime.block_on(async {
                    let engine = Engine::connect().await.unwrap_or(engine);
                    janitor::finish(&engine, &folder, &run_id).await
                });
            }
        });
        let _ = removing.join();
    }
}

/// The cloud for one process of the run alone.
#[derive(Debug)]
pub struct Exclusive(#[expect(dead_code, reason = "dropping it unlocks")] File);

pub(super) async fn is_running(engine: &Engine, container: &str) -> Result<bool, LocalStackError> {
    match engine.docker.inspect_container(container, None::<InspectContainerOptions>).await {
        Ok(found) => Ok(found.state.and_then(|state| state.running).unwrap_or(false)),
        Err(Error::DockerResponseServerError { status_code: 404, .. }) => Ok(false),
        Err(error) => Err(LocalStackError::engine("describe LocalStack's container")(error)),
    }
}

async fn run(
    request: ContainerRequest<GenericImage>,
    what: &'static str,
) -> Result<ContainerAsync<GenericImage>, LocalStackError> {
    request.start().await.map_err(|source| LocalStackError::Container { what, source: Box::new(source) })
}

async fn port(
    container: &ContainerAsync<GenericImage>,
    inside: u16,
    what: &'static str,
) -> Result<u16, LocalStackError> {
    let port = container.get_host_port_ipv4(ContainerPort::Tcp(inside)).await;
    port.map_err(|source| LocalStackError::Container { what, source: Box::new(source) })
}

/// Waits for the line with which LocalStack says that it is ready, then asks for its health.
async fn wait_until_ready(engine: &Engine, container: &str, port: u16) -> Result<(), LocalStackError> {
    let not_ready = |reason: &str, log: &[String]| {
        let log = log.iter().skip(log.len().saturating_sub(30)).cloned().collect::<Vec<_>>().join("\n");
        LocalStackError::NotReady { reason: reason.to_owned(), log }
    };
    let said = engine.wait_for_line(container, |line| line.ends_with("Ready.")).await;
    said.map_err(|log| not_ready("it did not say `Ready.`", &log))?;
    match tokio::time::timeout(START_TIME, healthy(port)).await {
        Ok(asked) => asked.map_err(|reason| not_ready(&reason, &[])),
        Err(_) => Err(not_ready("/_localstack/health did not answer", &[])),
    }
}

async fn healthy(port: u16) -> Result<(), String> {
    let words = |error: &dyn std::fmt::Display| format!("/_localstack/health cannot be asked: {error}");
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let stream = tokio::net::TcpStream::connect(address).await.map_err(|error| words(&error))?;
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(|error| words(&error))?;
    let connection = tokio::spawn(connection);
    let request = hyper::Request::get("/_localstack/health").header("host", address.to_string());
    let request = request.body(Empty::<Bytes>::new()).map_err(|error| words(&error))?;
    let answer = sender.send_request(request).await.map_err(|error| words(&error))?;
    let status = answer.status();
    let body = answer.into_body().collect().await.map_err(|error| words(&error))?.to_bytes();
    connection.abort();
    if status.is_success() {
        Ok(())
    } else {
        Err(format!("/_localstack/health says {status}: {}", String::from_utf8_lossy(&body)))
    }
}
