//! What LocalStack hands over in the environment of the container.

use std::path::PathBuf;

/// What the container's environment says.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The address that runs are reported to: `http://HOST:PORT/PATH`.
    pub endpoint: String,
    /// The environment's id.
    pub id: String,
    /// The function's timeout, seconds.
    pub timeout_seconds: u32,
    /// The function's package, unpacked.
    pub task_root: PathBuf,
    /// What the function gets: everything but what is between LocalStack and this program.
    pub variables: Vec<(String, String)>,
}

/// A variable that LocalStack sets is missing.
#[derive(Debug, thiserror::Error)]
#[error("{0} is not set: LocalStack sets it in a function's container")]
pub struct SettingsError(&'static str);

const ENDPOINT: &str = "LOCALSTACK_RUNTIME_ENDPOINT";
const ID: &str = "LOCALSTACK_RUNTIME_ID";
const TIMEOUT: &str = "AWS_LAMBDA_FUNCTION_TIMEOUT";

impl Settings {
    /// Reads them.
    ///
    /// # Errors
    /// When this is not a function's container of LocalStack.
    pub fn read(environment: impl Iterator<Item = (String, String)>) -> Result<Self, SettingsError> {
        let (own, mut variables): (Vec<_>, Vec<_>) = environment.partition(|(name, _)| {
            name == TIMEOUT || (name.starts_with("LOCALSTACK_") && name != "LOCALSTACK_HOSTNAME")
        });
        let get = |wanted: &'static str| {
            let found = own.iter().find(|(name, _)| name == wanted);
            found.map(|(_, value)| value.clone()).ok_or(SettingsError(wanted))
        };
        // [D] configuration-envvars: the path of a function on provided.al2023 starts so.
        if !variables.iter().any(|(name, _)| name == "PATH") {
            variables.push(("PATH".to_owned(), "/usr/local/bin:/usr/bin:/bin:/opt/bin".to_owned()));
        }
        Ok(Self {
            endpoint: get(ENDPOINT)?.trim_end_matches('/').to_owned(),
            id: get(ID)?,
            // Lambda's own default.
            timeout_seconds: get(TIMEOUT)?.parse().unwrap_or(3),
            task_root: PathBuf::from("/var/task"),
            variables,
        })
    }
}
