//! The Docker engine of this machine.

use std::path::PathBuf;
use std::time::Duration;

use futures_util::TryStreamExt;
use testcontainers::bollard::Docker;
use testcontainers::bollard::query_parameters::LogsOptionsBuilder;

use super::LocalStackError;

/// Where the engine listens, unless `DOCKER_HOST` says otherwise.
const DEFAULT_SOCKET: &str = "/var/run/docker.sock";
/// How long the engine may take to say its version.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long a container may take to be ready. Measured: LocalStack 3 to 5 s; a busy machine may take long.
pub(super) const START_TIME: Duration = Duration::from_secs(180);
/// The oldest API that LocalStack's Docker client and ours both speak. [measured with 1.41]
const OLDEST_API: (u32, u32) = (1, 41);

/// A connection to the engine.
#[derive(Clone, Debug)]
pub struct Engine {
    pub(super) docker: Docker,
    /// The socket, which LocalStack's container needs as well.
    pub socket: PathBuf,
    /// Its version, e.g. `20.10.24`.
    pub version: String,
    /// The version of its API, e.g. `1.41`.
    pub api_version: String,
}

impl Engine {
    /// Connects and asks for the version.
    ///
    /// # Errors
    /// In words: what is missing, and what fixes it.
    pub async fn connect() -> Result<Self, LocalStackError> {
        let missing = LocalStackError::NotAvailable;
        let socket = socket(std::env::var("DOCKER_HOST").ok().as_deref()).map_err(missing)?;
        if !socket.exists() {
            return Err(missing(format!(
                "no Docker engine: {} is not there; install one (`apt-get install docker.io`) or start it \
                 (`systemctl start docker`)",
                socket.display()
            )));
        }
        let place = format!("unix://{}", socket.display());
        let docker = Docker::connect_with_host(&place).map_err(LocalStackError::engine("be connected to"))?;
        let asked = async {
            let docker = docker.negotiate_version().await?;
            let version = docker.version().await?;
            Ok::<_, testcontainers::bollard::errors::Error>((docker, version))
        };
        let (docker, version) = match tokio::time::timeout(PATIENCE, asked).await {
            Ok(Ok(answered)) => answered,
            Ok(Err(error)) => {
                return Err(missing(format!(
                    "the Docker engine at {} does not answer: {error}; may this user use it (group `docker`), and does \
                     `docker version` work?",
                    socket.display()
                )));
            }
            Err(_) => {
                return Err(missing(format!(
                    "the Docker engine at {} did not say its version within {} s; `systemctl restart docker`",
                    socket.display(),
                    PATIENCE.as_secs()
                )));
            }
        };
        let api_version = version.api_version.unwrap_or_default();
        if number(&api_version).is_some_and(|api| api < OLDEST_API) {
            return Err(missing(format!(
                "the Docker engine speaks API {api_version}; {}.{} (engine 20.10) or newer is needed",
                OLDEST_API.0, OLDEST_API.1
            )));
        }
        Ok(Self { docker, socket, version: version.version.unwrap_or_default(), api_version })
    }

    /// Follows a container's log to the line that is waited for.
    ///
    /// # Errors
    /// The log, when it ends or the time is over before.
    pub(super) async fn wait_for_line(
        &self,
        container: &str,
        wanted: impl Fn(&str) -> bool,
    ) -> Result<(), Vec<String>> {
        let mut log = Vec::new();
        let said = async {
            let options = LogsOptionsBuilder::new().follow(true).stdout(true).stderr(true).build();
            let mut lines = self.docker.logs(container, Some(options));
            while let Ok(Some(line)) = lines.try_next().await {
                let line = String::from_utf8_lossy(&line.into_bytes()).trim_end().to_owned();
                let found = wanted(&line);
                log.push(line);
                if found {
                    return true;
                }
            }
            log.push("the container has ended".to_owned());
            false
        };
        match tokio::time::timeout(START_TIME, said).await {
            Ok(true) => Ok(()),
            Ok(false) => Err(log),
            Err(_) => {
                log.push(format!("it was waited for {} s", START_TIME.as_secs()));
                Err(log)
            }
        }
    }
}

/// The socket that a value of `DOCKER_HOST` means. The engine must be on this machine: its containers reach the sink here.
fn socket(docker_host: Option<&str>) -> Result<PathBuf, String> {
    match docker_host.filter(|host| !host.is_empty()) {
        None => Ok(PathBuf::from(DEFAULT_SOCKET)),
        Some(host) => match host.strip_prefix("unix://") {
            Some(path) => Ok(PathBuf::from(path)),
            None => Err(format!(
                "DOCKER_HOST={host} is not a socket of this machine: functions could not reach the sink here; `unset \
                 DOCKER_HOST`"
            )),
        },
    }
}

fn number(version: &str) -> Option<(u32, u32)> {
    let (major, minor) = version.split_once('.')?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::{number, socket};

    #[test]
    fn the_engine_is_on_this_machine() {
        let cases = [
            (None, Ok("/var/run/docker.sock")),
            (Some(""), Ok("/var/run/docker.sock")),
            (Some("unix:///run/user/1000/docker.sock"), Ok("/run/user/1000/docker.sock")),
            (Some("tcp://10.0.0.1:2376"), Err("tcp://10.0.0.1:2376")),
            (Some("ssh://builder"), Err("unset DOCKER_HOST")),
        ];
        for (host, expected) in cases {
            match (socket(host), expected) {
                (Ok(found), Ok(expected)) => assert_eq!(found.to_str(), Some(expected)),
                (Err(words), Err(part)) => assert!(words.contains(part), "{words}"),
                (found, expected) => panic!("{host:?}: {found:?}, expected {expected:?}"),
            }
        }
    }

    #[test]
    fn api_versions_are_compared_as_numbers() {
        assert!(number("1.9") < number("1.41"));
        assert!(number("2.0") > number("1.41"));
        assert_eq!(number("new"), None);
    }
}
