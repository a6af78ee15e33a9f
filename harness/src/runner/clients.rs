//! AWS SDK clients for an endpoint on loopback: no TLS, no retries that would hide a failure.

use aws_credential_types::Credentials;
use aws_smithy_http_client::Builder;
use aws_types::SdkConfig;
use aws_types::region::Region;

fn config(endpoint: &str, account: &str, region: &str) -> SdkConfig {
    SdkConfig::builder()
        .behavior_version(aws_sdk_sqs::config::BehaviorVersion::latest())
        .endpoint_url(endpoint)
        .region(Region::new(region.to_owned()))
        .credentials_provider(aws_credential_types::provider::SharedCredentialsProvider::new(Credentials::new(
            account,
            "any",
            None,
            None,
            "rootwatch",
        )))
        .http_client(Builder::new().build_http())
        .build()
}

/// SNS, as the account's administrator.
pub fn sns(endpoint: &str, account: &str, region: &str) -> aws_sdk_sns::Client {
    aws_sdk_sns::Client::new(&config(endpoint, account, region))
}

/// SQS, as the account's administrator.
pub fn sqs(endpoint: &str, account: &str, region: &str) -> aws_sdk_sqs::Client {
    aws_sdk_sqs::Client::new(&config(endpoint, account, region))
}

/// EventBridge, as the account's administrator.
pub fn eventbridge(endpoint: &str, account: &str, region: &str) -> aws_sdk_eventbridge::Client {
    aws_sdk_eventbridge::Client::new(&config(endpoint, account, region))
}

/// Secrets Manager, as the account's administrator.
pub fn secrets(endpoint: &str, account: &str, region: &str) -> aws_sdk_secretsmanager::Client {
    aws_sdk_secretsmanager::Client::new(&config(endpoint, account, region))
}
