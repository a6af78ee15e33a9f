//! Images of the root file systems: the functions' one is pushed into the registry of the other, which is then committed.

use std::path::Path;
use std::process::Stdio;

use tokio::process::Command;

use super::rootfs::{REGISTRY_SETTINGS, Roots};
use super::{Engine, ImageError, LocalStackError};
use crate::localstack::image::{BASE, BUILT, KEPT_BASE};
use crate::localstack::owner::{Owner, ROLE};
use crate::localstack::removal;
use crate::localstack::removal::REGISTRY;
use crate::tools::{self, ToolError};

/// What LocalStack's own image sets too, as far as it matters here.
pub(crate) const CHANGES: [&str; 4] = [
    "ENV PYTHONPATH=/opt/localstack PYTHONDONTWRITEBYTECODE=1 GATEWAY_LISTEN=0.0.0.0:4566 LOCALSTACK_IN_DOCKER=1 \
     DISABLE_EVENTS=1 SKIP_SSL_CERT_DOWNLOAD=1",
    "EXPOSE 4566",
    "WORKDIR /",
    "CMD [\"python3\",\"-m\",\"localstack.runtime.main\"]",
];

pub(super) async fn assemble(engine: &Engine, docker: &Path, roots: &Roots, tag: &str) -> Result<(), ImageError> {
    let owner = Owner::of(std::process::id())?;
    let half_made = HalfMade { docker, run_id: owner.run_id() };
    let (empty, base) = (half_made.tag("empty"), half_made.tag("base"));
    tokio::try_join!(import(docker, &roots.localstack, &empty), import(docker, &roots.functions, &base))?;
    let run = |arguments: &[&str]| {
        let mut command = Command::new(docker);
        command.args(arguments);
        tools::run(command)
    };
    let name = format!("rootwatch-{}-{REGISTRY}", owner.run_id());
    let mut arguments = vec!["run", "--detach", "--name", &name, "--publish", "127.0.0.1::5000"];
    // Labelled as a run's: if this process is killed, the next start sweeps it.
    let labels: Vec<String> = owner.labels().iter().map(|(name, value)| format!("{name}={value}")).collect();
    let role = format!("{ROLE}={REGISTRY}");
    arguments.extend(labels.iter().chain([&role]).flat_map(|label| ["--label", label.as_str()]));
    arguments.extend([&empty, "docker-registry", "serve", REGISTRY_SETTINGS]);
    run(&arguments).await?;
    engine.wait_for_line(&name, |line| line.contains("listening on")).await.map_err(|log| {
        LocalStackError::NotReady { reason: "the registry did not start".to_owned(), log: log.join("\n") }
    })?;
    let address = run(&["port", &name, "5000/tcp"]).await?;
    let port = address.trim().rsplit(':').next().unwrap_or_default().to_owned();
    let pushed = format!("localhost:{port}/{BASE}");
    run(&["tag", &base, &pushed]).await?;
    run(&["push", &pushed]).await?;
    // Kept, so that a run's pull finds its layer here already.
    run(&["tag", &base, &tag.replace(BUILT, KEPT_BASE)]).await?;
    let mut arguments = vec!["commit"];
    arguments.extend(CHANGES.iter().flat_map(|change| ["--change", change]));
    arguments.extend([&name, tag]);
    run(&arguments).await?;
    removal::remove_run(engine, &owner.run_id()).await?;
    Ok(())
}

/// An image of a root file system.
async fn import(docker: &Path, root: &Path, tag: &str) -> Result<(), ToolError> {
    let start = |source| ToolError::Start { command: format!("tar -C {}", root.display()), source };
    let mut tar = Command::new("tar");
    tar.arg("-C").arg(root).args(["--one-file-system", "-c", "."]).stdout(Stdio::piped()).kill_on_drop(true);
    let mut tar = tar.spawn().map_err(start)?;
    let pipe = tar.stdout.take().ok_or_else(|| start(std::io::Error::other("no pipe")))?;
    let pipe: Stdio = pipe.try_into().map_err(start)?;
    let mut import = Command::new(docker);
    import.args(["import", "-", tag]);
    tools::run_with(import, pipe).await?;
    // A cut stream would have been refused by the engine, but for one that ends between two files.
    let status = tar.wait().await.map_err(start)?;
    if status.success() {
        Ok(())
    } else {
        Err(ToolError::Failed { command: format!("tar -C {} -c .", root.display()), output: status.to_string() })
    }
}

/// Images that only the build needs, and on failure its container.
struct HalfMade<'a> {
    docker: &'a Path,
    run_id: String,
}

impl HalfMade<'_> {
    fn tag(&self, what: &str) -> String {
        format!("rootwatch/half-made:{}-{what}", self.run_id)
    }
}

impl Drop for HalfMade<'_> {
    fn drop(&mut self) {
        let quietly = |arguments: &[&str]| {
            let mut command = std::process::Command::new(self.docker);
            let _ = command.args(arguments).stdout(Stdio::null()).stderr(Stdio::null()).status();
        };
        quietly(&["rm", "--force", "--volumes", &format!("rootwatch-{}-{REGISTRY}", self.run_id)]);
        quietly(&["rmi", &self.tag("empty"), &self.tag("base")]);
    }
}
