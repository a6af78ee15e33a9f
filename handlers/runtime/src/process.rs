//! The process of a function, and the same function without a process.

use std::io::Write;
use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};

use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent};
use lambda_runtime::{Diagnostic, LambdaEvent, service_fn};
use tracing::Dispatch;
use tracing::instrument::WithSubscriber;
use tracing_subscriber::fmt::MakeWriter;

use crate::batch::Function;
use crate::handler::{Handler, Invocation};
use crate::platform::{ConfigurationError, Platform};

/// Creates a handler from its platform.
type Create<H> = fn(&Platform) -> Result<H, ConfigurationError>;

/// Runs a function until Lambda ends the process.
///
/// A configuration error does not end the process: every invocation returns the error, so that it appears among the
/// function's errors, and the messages return to their queue.
pub fn main<H: Handler>(handler: Create<H>) -> ExitCode {
    crate::log::start();
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            tracing::error!(%error, "the process cannot start");
            return ExitCode::FAILURE;
        }
    };
    let function = create(Platform::of_process(), handler);
    let function = &function;
    let service = service_fn(move |event: LambdaEvent<SqsEvent>| async move {
        let invocation = Invocation { deadline_ms: event.context.deadline };
        invoke(function, event.payload, invocation).await
    });
    match runtime.block_on(lambda_runtime::run(service)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(%error, "the runtime ended");
            ExitCode::FAILURE
        }
    }
}

fn create<H: Handler>(
    platform: Result<Platform, ConfigurationError>,
    handler: Create<H>,
) -> Result<Function<H>, ConfigurationError> {
    let function = platform.and_then(|platform| Function::new(&platform, handler(&platform)?));
    if let Err(error) = &function {
        tracing::error!(%error, "the function is not configured");
    }
    function
}

async fn invoke<H: Handler>(
    function: &Result<Function<H>, ConfigurationError>,
    event: SqsEvent,
    invocation: Invocation,
) -> Result<SqsBatchResponse, Diagnostic> {
    match function {
        Ok(function) => Ok(function.invoke(event, invocation).await),
        Err(error) => {
            Err(Diagnostic { error_type: "Rootwatch.ConfigurationError".to_owned(), error_message: error.to_string() })
        }
    }
}

/// The error that an invocation returns to Lambda.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvocationError {
    /// Lambda's `errorType`.
    pub error_type: String,
    /// Lambda's `errorMessage`.
    pub message: String,
}

/// A function that runs in the caller's process: the code of [`main`] without the Lambda runtime client.
pub struct Local<H> {
    function: Result<Function<H>, ConfigurationError>,
    log: Log,
    // Kept: each new subscriber makes tracing visit every call site again.
    subscriber: Dispatch,
}

impl<H: Handler> Local<H> {
    /// Creates the function in this environment.
    pub fn new(platform: Result<Platform, ConfigurationError>, handler: Create<H>) -> Self {
        let log = Log::default();
        let subscriber = Dispatch::new(crate::log::subscriber(log.clone()));
        let function = tracing::dispatcher::with_default(&subscriber, || create(platform, handler));
        Local { function, log, subscriber }
    }

    /// Runs one invocation. Returns the response as JSON, and the lines that the function logged since the last one.
    pub async fn invoke(
        &self,
        payload: &str,
        invocation: Invocation,
    ) -> (Result<String, InvocationError>, Vec<String>) {
        let answer = async {
            let event = serde_json::from_str(payload).map_err(|error| Diagnostic {
                // What lambda_runtime answers if the payload is not the event type of the handler.
                error_type: "Runtime.UnmarshalError".to_owned(),
                error_message: error.to_string(),
            })?;
            invoke(&self.function, event, invocation).await
        };
        let answer = answer.with_subscriber(self.subscriber.clone()).await;
        let answer = match answer {
            Ok(response) => Ok(serde_json::to_string(&response).unwrap_or_default()),
            Err(error) => Err(InvocationError { error_type: error.error_type, message: error.error_message }),
        };
        (answer, self.log.take())
    }
}

/// Log lines in memory.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    fn take(&self) -> Vec<String> {
        let bytes = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        String::from_utf8_lossy(&bytes).lines().map(str::to_owned).collect()
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Log {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}
