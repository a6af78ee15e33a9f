//! The AWS SDK, configured from what Lambda gives a function, without the chain of providers that looks elsewhere.

use std::error::Error;
use std::time::Duration;

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_runtime_api::client::behavior_version::BehaviorVersion;
use aws_smithy_runtime_api::client::http::{SharedHttpConnector, http_client_fn};
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;
use aws_types::SdkConfig;
use aws_types::region::Region;

use crate::platform::{ConfigurationError, Environment};

/// Longest time for one call, its retry included. A function reads a secret, sends, and may have to move the message
/// to the dead-letter queue, all within its time-out.
const OPERATION_TIMEOUT: Duration = Duration::from_millis(2_500);

/// The configuration of every client. Credentials and Region are those that Lambda sets [D: Lambda, environment
/// variables]; `AWS_ENDPOINT_URL` is honoured as in any SDK.
pub(crate) fn sdk_config(
    environment: &Environment,
    connector: SharedHttpConnector,
) -> Result<SdkConfig, ConfigurationError> {
    let mut config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(environment.required("AWS_REGION")?))
        .credentials_provider(SharedCredentialsProvider::new(credentials(environment)?))
        .http_client(http_client_fn(move |_, _| connector.clone()))
        .timeout_config(TimeoutConfig::builder().operation_timeout(OPERATION_TIMEOUT).build())
        // One quick retry: whatever lasts longer waits in the queue.
        .retry_config(RetryConfig::standard().with_max_attempts(2).with_initial_backoff(Duration::from_millis(100)));
    config.set_endpoint_url(environment.optional("AWS_ENDPOINT_URL").map(str::to_owned));
    Ok(config.build())
}

/// The credentials of the function's role, as Lambda sets them.
pub(crate) fn credentials(environment: &Environment) -> Result<Credentials, ConfigurationError> {
    Ok(Credentials::new(
        environment.required("AWS_ACCESS_KEY_ID")?,
        environment.required("AWS_SECRET_ACCESS_KEY")?,
        environment.optional("AWS_SESSION_TOKEN").map(str::to_owned),
        None,
        "Lambda",
    ))
}

/// What AWS answered: its code, where it answered with one, and a sentence.
pub fn describe<E, R>(error: &SdkError<E, R>) -> (Option<String>, String)
where
    E: Error + ProvideErrorMetadata + 'static,
    R: std::fmt::Debug,
{
    if let Some(service) = error.as_service_error() {
        let code = service.code().unwrap_or("error without a code");
        return (service.code().map(str::to_owned), format!("{code}: {}", service.message().unwrap_or("no message")));
    }
    match error {
        SdkError::TimeoutError(_) => (None, format!("no answer within {} ms", OPERATION_TIMEOUT.as_millis())),
        SdkError::DispatchFailure(failure) => {
            let cause = failure.as_connector_error().map(|error| causes(error));
            (None, format!("no connection: {}", cause.as_deref().unwrap_or("unknown cause")))
        }
        other => (None, causes(other)),
    }
}

/// Whether a request with this code can never succeed as it is. Everything else may pass: a missing permission or
/// topic is repaired sooner than the queue gives up.
pub fn is_invalid(code: Option<&str>) -> bool {
    matches!(code, Some("InvalidParameter" | "InvalidParameterValue" | "ParameterValueInvalid" | "ValidationError"))
}

/// An error with what caused it, each once: some errors repeat their cause in their own words.
pub(crate) fn causes(error: &dyn Error) -> String {
    let mut words = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let next = error.to_string();
        if !words.ends_with(&next) {
            words = format!("{words}: {next}");
        }
        cause = error.source();
    }
    words
}
