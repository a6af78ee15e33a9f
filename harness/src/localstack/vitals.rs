//! How LocalStack's container is: why requests to it fail, if that is its own fault or the engine's.

use futures_util::TryStreamExt;
use testcontainers::bollard::errors::Error;
use testcontainers::bollard::query_parameters::{InspectContainerOptions, LogsOptionsBuilder, WaitContainerOptions};

use super::Engine;

/// What a full disk is called: by the kernel's C library, and by the engine.
const FULL: &str = "no space left on device";
const FULL_DISK: &str = "the disk of LocalStack's container is full (\"no space left on device\" in its log); `docker system \
                         df` shows what takes the space, `docker system prune` frees what nothing uses";

/// A view of the container that outlives nothing.
#[derive(Clone, Debug)]
pub struct Vitals {
    pub(super) engine: Engine,
    pub(super) container: String,
}

impl Vitals {
    /// Whether it has ended, is gone, or the engine does not answer.
    pub async fn death(&self) -> Option<String> {
        let inspected = self.engine.docker.inspect_container(&self.container, None::<InspectContainerOptions>).await;
        match inspected {
            Ok(container) => {
                let state = container.state.unwrap_or_default();
                if state.running == Some(true) {
                    return None;
                }
                let killed = if state.oom_killed == Some(true) { ", for it had no memory left" } else { "" };
                let code = state.exit_code.unwrap_or_default();
                Some(format!("LocalStack's container has ended with exit code {code}{killed}"))
            }
            Err(Error::DockerResponseServerError { status_code: 404, .. }) => {
                Some("LocalStack's container is gone: somebody removed it while it ran".to_owned())
            }
            Err(error) => {
                Some(format!("the Docker engine at {} does not answer any more: {error}", self.engine.socket.display()))
            }
        }
    }

    /// Waits until [`Vitals::death`] has an answer.
    pub async fn wait_for_death(&self) -> String {
        loop {
            // It ends with the container, with its removal, and with the engine.
            let ended = self.engine.docker.wait_container(&self.container, None::<WaitContainerOptions>);
            let _: Result<Vec<_>, _> = ended.try_collect().await;
            if let Some(death) = self.death().await {
                return death;
            }
        }
    }

    /// Waits until nothing more can come of it: its death, or a disk that it says is full.
    pub async fn wait_for_ailment(&self) -> String {
        tokio::select! {
            death = self.wait_for_death() => death,
            full = self.wait_for_full_disk() => full,
        }
    }

    /// Reads the log as it is written. A client would try for half an hour what a full disk does not take.
    async fn wait_for_full_disk(&self) -> String {
        if self.says_full(true).await { FULL_DISK.to_owned() } else { std::future::pending().await }
    }

    /// Why what was asked of it went wrong: its death, or a disk that it says is full.
    pub async fn ailment(&self) -> Option<String> {
        match self.death().await {
            Some(death) => Some(death),
            None => self.says_full(false).await.then(|| FULL_DISK.to_owned()),
        }
    }

    /// Whether a line of the log says so: up to now, or up to its end.
    async fn says_full(&self, to_its_end: bool) -> bool {
        let options = LogsOptionsBuilder::new().stdout(true).stderr(true).follow(to_its_end).build();
        let mut lines = self.engine.docker.logs(&self.container, Some(options));
        while let Ok(Some(line)) = lines.try_next().await {
            if String::from_utf8_lossy(&line.into_bytes()).to_lowercase().contains(FULL) {
                return true;
            }
        }
        false
    }
}
