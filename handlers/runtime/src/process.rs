//! The process of a function.

use std::process::ExitCode;

use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent};
use lambda_runtime::{Diagnostic, LambdaEvent, service_fn};

use crate::batch::Function;
use crate::handler::{Handler, Invocation};
use crate::platform::{ConfigurationError, Platform};

/// Runs a function until Lambda ends the process.
///
/// An error of the configuration does not end the process: every invocation answers with it, so that it stands where
/// one looks for errors of a function, and the messages return to their queue.
pub fn main<H: Handler>(handler: fn(&Platform) -> Result<H, ConfigurationError>) -> ExitCode {
    crate::log::start();
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            tracing::error!(%error, "the process cannot start");
            return ExitCode::FAILURE;
        }
    };
    let function = Platform::of_process().and_then(|platform| Function::new(&platform, handler(&platform)?));
    if let Err(error) = &function {
        tracing::error!(%error, "the function is not configured");
    }
    let function = &function;
    let service = service_fn(move |event: LambdaEvent<SqsEvent>| async move {
        match function {
            Ok(function) => {
                let invocation = Invocation { deadline_ms: event.context.deadline };
                Ok::<SqsBatchResponse, Diagnostic>(function.invoke(event.payload, invocation).await)
            }
            Err(error) => Err(Diagnostic {
                error_type: "Rootwatch.ConfigurationError".to_owned(),
                error_message: error.to_string(),
            }),
        }
    });
    match runtime.block_on(lambda_runtime::run(service)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(%error, "the runtime ended");
            ExitCode::FAILURE
        }
    }
}
