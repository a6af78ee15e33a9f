//! The monitor's functions in this process, on virtual time and without sockets.
//!
//! The code is that of the deployed binaries: the handler crates are linked into the harness. Requests to AWS go to the embedded
//! cloud in memory, requests to Slack and PagerDuty to an [`Outside`]. Run this on a tokio runtime whose clock is paused:
//! then a timeout costs no real time, and the result does not depend on the load of the machine.

mod linked;
mod wire;

use std::collections::HashMap;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::ConnectorError;
use rootwatch_cloud::cloud::{Endpoint, InProcess};
use rootwatch_cloud::runtime::{Completion, Environment, Invocation, InvocationResult};
use rootwatch_cloud::time::Time;
use rootwatch_cloud::{Arn, State};
use rootwatch_environment::exit;
use rootwatch_runtime::Platform;

pub use linked::Linked;
pub(crate) use linked::are_linked;
use linked::{Worker, worker};
use wire::Wire;
pub use wire::{in_memory, response};

/// A request to a host outside AWS.
#[derive(Clone, Debug)]
pub struct Request {
    /// `IP:PORT` or a host name.
    pub authority: String,
    /// Path without the leading slash.
    pub path: String,
    /// The `Authorization` header.
    pub authorization: Option<String>,
    /// The body.
    pub body: Vec<u8>,
}

/// An AWS call that fails on purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AwsFailure {
    /// AWS's error code, with the HTTP status.
    Error(&'static str, u16),
    /// No response; the client has to time out.
    NoResponse,
}

/// A process that ends during an invocation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Crash {
    /// Before the function has done anything.
    Before,
    /// After the function has done its work.
    After,
}

/// The future of a response from outside AWS.
pub type Responding = Pin<Box<dyn Future<Output = Result<HttpResponse, ConnectorError>> + Send>>;

/// Everything that a function meets and that is not AWS.
pub trait Outside: fmt::Debug + Send + Sync {
    /// Responds to a request to a host outside AWS, at this moment of virtual time.
    fn respond(&self, request: Request, now: Time) -> Responding;

    /// Whether a call (`sqs:SendMessage`) of a function fails on purpose.
    fn fails(&self, _function: &str, _call: &str, _now: Time) -> Option<AwsFailure> {
        None
    }

    /// Whether the process of a function ends during this invocation.
    fn crashes(&self, _function: &str, _now: Time) -> Option<Crash> {
        None
    }
}

/// An instance of a function, with the environment that it was created in.
type Instance = (Environment, Arc<dyn Worker>);

/// The functions of one fork.
pub struct Functions {
    linked: Linked,
    outside: Arc<dyn Outside>,
    workers: Mutex<HashMap<Arn, Instance>>,
}

impl fmt::Debug for Functions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Functions").field("outside", &self.outside).finish_non_exhaustive()
    }
}

impl Functions {
    /// Functions whose packages are `linked`.
    pub fn new(linked: Linked, outside: Arc<dyn Outside>) -> Arc<Self> {
        Arc::new(Self { linked, outside, workers: Mutex::default() })
    }

    /// Whether a deployment can run in this process: the code of every function is linked, and no subscription posts to an
    /// HTTP endpoint, since the connection would need real time.
    pub fn can_run(linked: &Linked, state: &State) -> bool {
        !state.sns.posts() && state.lambda.packages().all(|package| linked.name(package).is_some())
    }

    /// The function's instance: the same for all invocations in the same environment, as on Lambda.
    fn worker(&self, invocation: &Invocation, endpoint: Endpoint) -> Option<Arc<dyn Worker>> {
        let mut workers = self.workers.lock().unwrap_or_else(PoisonError::into_inner);
        let Invocation { function, environment, .. } = invocation;
        if let Some((_, worker)) = workers.get(function).filter(|(known, _)| known == environment) {
            return Some(Arc::clone(worker));
        }
        let variables = environment.variables.iter().cloned().collect();
        let wire = Wire { outside: Arc::clone(&self.outside), endpoint, function: function.name().to_owned() };
        let worker = worker(self.linked.name(&environment.code_sha256)?, Platform::new(variables, wire));
        workers.insert(function.clone(), (environment.clone(), Arc::clone(&worker)));
        Some(worker)
    }

    /// Ends the instance, as the end of its process does.
    fn forget(&self, function: &Arn) {
        self.workers.lock().unwrap_or_else(PoisonError::into_inner).remove(function);
    }

    async fn run(&self, invocation: Invocation, endpoint: Endpoint) -> Completion {
        let Invocation { request_id, function, timeout_seconds, .. } = &invocation;
        let exited = || {
            let message = format!("RequestId: {request_id} Error: Runtime exited without providing a reason");
            Completion::without_process(exit::error("Runtime.ExitError", message))
        };
        let now = endpoint.now().unwrap_or_default();
        let crash = self.outside.crashes(function.name(), now);
        if crash == Some(Crash::Before) {
            return exited();
        }
        let Some(worker) = self.worker(&invocation, endpoint) else {
            let reason = "rootwatch: the function's package is not linked into this process";
            return Completion::without_process(exit::invalid_entrypoint(request_id, reason));
        };
        let deadline_ms = invocation.deadline_ms.try_into().unwrap_or_default();
        let work = worker.invoke(&invocation.payload, rootwatch_runtime::Invocation { deadline_ms });
        let limit = Duration::from_secs((*timeout_seconds).into());
        let (result, log_lines) = match tokio::time::timeout(limit, work).await {
            Ok((Ok(response), lines)) => (InvocationResult::Response(response), lines),
            Ok((Err(error), lines)) => (exit::error(&error.error_type, error.message), lines),
            Err(_) => {
                self.forget(function);
                (exit::timed_out(request_id, *timeout_seconds), Vec::new())
            }
        };
        if crash == Some(Crash::After) {
            self.forget(function);
            return exited();
        }
        Completion { log_lines, ..Completion::without_process(result) }
    }
}

impl InProcess for Functions {
    fn invoke(
        self: Arc<Self>,
        invocation: Invocation,
        endpoint: Endpoint,
    ) -> Pin<Box<dyn Future<Output = Completion> + Send>> {
        Box::pin(async move { self.run(invocation, endpoint).await })
    }
}
