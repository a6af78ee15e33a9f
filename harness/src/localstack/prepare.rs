//! The place of a run before its containers start: the network, so that the sink's address is known.

use std::fs::File;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use testcontainers::bollard::models::{NetworkCreateRequest, NetworkInspect};
use testcontainers::bollard::query_parameters::InspectNetworkOptions;

use super::lease::{Folder, Running};
use super::owner::Owner;
use super::{Availability, Engine, Image, LocalStackError, OFFICIAL, availability, janitor, removal};
use crate::layout::Layout;
use crate::report::Progress;

/// A run whose network is there, and whose containers are started by [`Prepared::start`] unless another process of the same
/// run has done so. As long as it is held, the run's other processes wait.
#[derive(Debug)]
pub struct Prepared {
    /// The address at which this machine is reached from the run's containers, and at nothing else.
    pub sink_address: IpAddr,
    /// A folder of the run, shared by its processes; it goes when the run ends.
    pub directory: PathBuf,
    pub(super) engine: Engine,
    pub(super) image: Image,
    pub(super) owner: Owner,
    pub(super) folder: Folder,
    pub(super) running: Option<Running>,
    pub(super) layout: Layout,
    pub(super) progress: Progress,
    // Order of drop: others may go on only when this process no longer uses the run.
    pub(super) lease: File,
    pub(super) start: File,
}

/// Prepares a run. `janitor` is the `rootwatch` program, which removes what the run leaves.
///
/// # Errors
/// When there is no engine or image, in words that say what fixes it.
pub async fn prepare(layout: &Layout, janitor: &Path, progress: &Progress) -> Result<Prepared, LocalStackError> {
    let engine = Engine::connect().await?;
    let image = match availability::look(&engine).await {
        Availability::Ready(image) => image,
        // The engine pulls it, where a registry can be reached.
        Availability::NoImage(reason) => {
            progress.stage(&format!("pulling {OFFICIAL}"));
            pull(&engine, OFFICIAL, &reason).await?;
            Image::Official
        }
        Availability::NoDocker(reason) => return Err(LocalStackError::NotAvailable(reason)),
    };
    let owner = Owner::of_this_run(janitor)?;
    let run_id = owner.run_id();
    let cache = layout.cache.clone();
    let (folder, start, lease) = blocking(move || {
        let folder = Folder::create(&cache, &run_id)?;
        let start = folder.exclusive("start")?;
        let lease = folder.lease()?;
        // A janitor may have removed the folder between the two: its locks are then of files without a name.
        std::fs::create_dir_all(&folder.0).map_err(LocalStackError::file(&folder.0))?;
        Ok((folder, start, lease))
    })
    .await?;
    let name = network_name(&owner);
    let mut running = folder.running();
    if let Some(found) = &running
        && !super::container::is_running(&engine, &found.container).await?
    {
        running = None;
    }
    if running.is_none() {
        folder.reset();
        removal::remove_run(&engine, &owner.run_id()).await?;
        for run in removal::sweep(&engine).await? {
            progress.line(&format!("removed the containers that the dead run {run} left"));
        }
        janitor::start(janitor, &folder, &owner)?;
        create_network(&engine, &name, &owner).await?;
    }
    let network = engine.docker.inspect_network(&name, None::<InspectNetworkOptions>).await;
    let network = network.map_err(LocalStackError::engine(format!("describe the network {name}")))?;
    let sink_address = gateway(&network).ok_or(LocalStackError::NoGateway { network: name })?;
    Ok(Prepared {
        sink_address,
        directory: folder.0.clone(),
        engine,
        image,
        owner,
        folder,
        running,
        layout: layout.clone(),
        progress: progress.clone(),
        lease,
        start,
    })
}

impl Prepared {
    /// Whether the cloud is started by this process, and has to be deployed to.
    pub fn is_new(&self) -> bool {
        self.running.is_none()
    }

    /// The glibc of the image in which functions run.
    pub fn glibc(&self) -> crate::packages::Glibc {
        self.image.glibc()
    }
}

pub(super) fn network_name(owner: &Owner) -> String {
    format!("rootwatch-{}", owner.run_id())
}

async fn create_network(engine: &Engine, name: &str, owner: &Owner) -> Result<(), LocalStackError> {
    let labels = owner.labels().into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    let request = NetworkCreateRequest {
        name: name.to_owned(),
        driver: Some("bridge".to_owned()),
        labels: Some(labels),
        ..NetworkCreateRequest::default()
    };
    let created = engine.docker.create_network(request).await;
    created.map(drop).map_err(LocalStackError::engine(format!("create the network {name}")))
}

fn gateway(network: &NetworkInspect) -> Option<IpAddr> {
    let pools = network.ipam.as_ref()?.config.as_ref()?;
    pools.iter().filter_map(|pool| pool.gateway.as_ref()?.parse().ok()).find(IpAddr::is_ipv4)
}

async fn pull(engine: &Engine, reference: &str, otherwise: &str) -> Result<(), LocalStackError> {
    use futures_util::TryStreamExt;
    use testcontainers::bollard::query_parameters::CreateImageOptionsBuilder;
    let options = CreateImageOptionsBuilder::new().from_image(reference).build();
    let pulled: Result<Vec<_>, _> = engine.docker.create_image(Some(options), None, None).try_collect().await;
    let refused = |error| LocalStackError::NotAvailable(format!("{otherwise} (the engine could not pull it: {error})"));
    pulled.map(drop).map_err(refused)
}

/// Waits for locks outside the threads of the runtime.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, LocalStackError> + Send + 'static,
) -> Result<T, LocalStackError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(error) => Err(LocalStackError::NotAvailable(format!("a wait for a lock was broken off: {error}"))),
    }
}
