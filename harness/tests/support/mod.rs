//! What the custom test targets share: one runtime and one session for a process, made by the first test that needs it.

#[allow(dead_code, reason = "not every test target needs it")]
pub(crate) mod catalogue;

use std::process::{Command, Output};
use std::sync::Arc;

use rootwatch::layout::Layout;
use rootwatch::report::Progress;
use rootwatch::runner::Session;
use rootwatch::scenario::{Loaded, find};
use tokio::runtime::Runtime;
use tokio::sync::OnceCell;

/// Runs `rootwatch` with the credentials of an account's administrator at an endpoint.
#[allow(dead_code, reason = "not every test target needs it")]
pub(crate) fn run_rootwatch(endpoint: &str, account: &str, region: &str, arguments: &[&str]) -> Result<Output, String> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rootwatch"));
    command.args(arguments);
    command.env("AWS_ENDPOINT_URL", endpoint).env("AWS_ACCESS_KEY_ID", account);
    command.env("AWS_SECRET_ACCESS_KEY", "any").env("AWS_REGION", region).env_remove("AWS_SESSION_TOKEN");
    tokio::task::block_in_place(|| command.output()).map_err(|error| error.to_string())
}

/// The environment of a test process. Owned by `main`, so that it is dropped before the process ends.
pub(crate) struct Shared {
    /// All scenarios of the project: the deployment covers what any of them names.
    pub(crate) loaded: Vec<Loaded>,
    runtime: Runtime,
    #[allow(dead_code, reason = "not every test target needs it")]
    session: OnceCell<Result<Arc<Session>, String>>,
}

impl Shared {
    /// Finds the scenarios; starts nothing.
    pub(crate) fn new() -> Result<Arc<Self>, String> {
        let loaded = find(&Layout::discover().scenarios()).map_err(|error| error.to_string())?;
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
        let runtime = runtime.map_err(|error| format!("tokio: {error}"))?;
        Ok(Arc::new(Self { loaded, runtime, session: OnceCell::new() }))
    }

    /// The runtime of this process.
    #[allow(dead_code, reason = "not every test target needs it")]
    pub(crate) fn runtime(&self) -> &Runtime {
        &self.runtime
    }

    /// Runs something with the session.
    #[allow(dead_code, reason = "not every test target needs it")]
    pub(crate) fn with<T>(&self, work: impl AsyncFnOnce(&Session) -> T) -> Result<T, String> {
        self.runtime.block_on(async { Ok(work(&*self.session().await?).await) })
    }

    /// The session.
    #[allow(dead_code, reason = "not every test target needs it")]
    pub(crate) async fn session(&self) -> Result<Arc<Session>, String> {
        let started = async {
            let started = Session::start(Layout::discover().of_a_test(), &self.loaded, Progress::quiet()).await;
            started.map(Arc::new).map_err(|error| error.to_string())
        };
        self.session.get_or_init(|| started).await.clone()
    }
}
