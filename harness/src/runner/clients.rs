//! AWS SDK clients for an endpoint, on loopback as a rule.

use aws_credential_types::Credentials;
use aws_smithy_http_client::Builder;
use aws_types::SdkConfig;
use aws_types::region::Region;

/// Somebody who calls AWS: where, as whom, in which Region.
#[derive(Clone, Debug)]
pub struct Caller {
    endpoint: String,
    credentials: Credentials,
    region: String,
}

impl Caller {
    /// The administrator of an account, on a cloud where the access key is the account.
    pub fn administrator(endpoint: &str, account: &str, region: &str) -> Self {
        Self::new(endpoint, Credentials::new(account, "any", None, None, "rootwatch"), region)
    }

    /// Whoever has these credentials.
    pub fn new(endpoint: &str, credentials: Credentials, region: &str) -> Self {
        Self { endpoint: endpoint.to_owned(), credentials, region: region.to_owned() }
    }

    /// The same, in another Region.
    pub fn in_region(&self, region: &str) -> Self {
        Self { region: region.to_owned(), ..self.clone() }
    }

    /// Where.
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// As whom.
    pub fn credentials(&self) -> &Credentials {
        &self.credentials
    }

    /// In which Region.
    pub fn region(&self) -> &str {
        &self.region
    }

    fn config(&self) -> SdkConfig {
        let plain = self.endpoint.starts_with("http://");
        SdkConfig::builder()
            .behavior_version(aws_sdk_sqs::config::BehaviorVersion::latest())
            .endpoint_url(&self.endpoint)
            .region(Region::new(self.region.clone()))
            .credentials_provider(aws_credential_types::provider::SharedCredentialsProvider::new(
                self.credentials.clone(),
            ))
            .http_client(if plain { Builder::new().build_http() } else { https() })
            .build()
    }

    /// SNS.
    pub fn sns(&self) -> aws_sdk_sns::Client {
        aws_sdk_sns::Client::new(&self.config())
    }

    /// SQS.
    pub fn sqs(&self) -> aws_sdk_sqs::Client {
        aws_sdk_sqs::Client::new(&self.config())
    }

    /// EventBridge.
    pub fn eventbridge(&self) -> aws_sdk_eventbridge::Client {
        aws_sdk_eventbridge::Client::new(&self.config())
    }

    /// Secrets Manager.
    pub fn secrets(&self) -> aws_sdk_secretsmanager::Client {
        aws_sdk_secretsmanager::Client::new(&self.config())
    }
}

/// SNS, as the account's administrator.
pub fn sns(endpoint: &str, account: &str, region: &str) -> aws_sdk_sns::Client {
    Caller::administrator(endpoint, account, region).sns()
}

/// SQS, as the account's administrator.
pub fn sqs(endpoint: &str, account: &str, region: &str) -> aws_sdk_sqs::Client {
    Caller::administrator(endpoint, account, region).sqs()
}

/// EventBridge, as the account's administrator.
pub fn eventbridge(endpoint: &str, account: &str, region: &str) -> aws_sdk_eventbridge::Client {
    Caller::administrator(endpoint, account, region).eventbridge()
}

/// Secrets Manager, as the account's administrator.
pub fn secrets(endpoint: &str, account: &str, region: &str) -> aws_sdk_secretsmanager::Client {
    Caller::administrator(endpoint, account, region).secrets()
}

/// CloudTrail, as the account's administrator.
pub fn cloudtrail(endpoint: &str, account: &str, region: &str) -> aws_sdk_cloudtrail::Client {
    aws_sdk_cloudtrail::Client::new(&Caller::administrator(endpoint, account, region).config())
}

/// SQS of a real account (or of `AWS_ENDPOINT_URL`), by the credentials and the Region in the environment.
pub fn sqs_of_environment() -> Result<aws_sdk_sqs::Client, String> {
    Ok(aws_sdk_sqs::Client::new(&config_of_environment(None)?))
}

/// CloudTrail of a real account (or of `AWS_ENDPOINT_URL`), by the credentials in the environment. Throttled requests are
/// tried again.
pub fn cloudtrail_of_environment(region: &str) -> Result<aws_sdk_cloudtrail::Client, String> {
    let config = aws_sdk_cloudtrail::config::Builder::from(&config_of_environment(Some(region))?);
    // The two requests a second are shared with everybody else who asks in this account.
    let retries = aws_sdk_cloudtrail::config::retry::RetryConfig::standard().with_max_attempts(10);
    Ok(aws_sdk_cloudtrail::Client::from_conf(config.retry_config(retries).build()))
}

/// The Region that the environment names.
pub fn region_of_environment() -> Result<String, String> {
    variable("AWS_REGION").or_else(|error| variable("AWS_DEFAULT_REGION").map_err(|_| error))
}

fn variable(name: &str) -> Result<String, String> {
    let value = std::env::var(name).ok().filter(|value| !value.is_empty());
    value.ok_or_else(|| {
        format!("{name} is not set: export credentials, for example by `aws configure export-credentials --format env`")
    })
}

fn config_of_environment(region: Option<&str>) -> Result<SdkConfig, String> {
    let region = region.map_or_else(region_of_environment, |region| Ok(region.to_owned()))?;
    let credentials = Credentials::new(
        variable("AWS_ACCESS_KEY_ID")?,
        variable("AWS_SECRET_ACCESS_KEY")?,
        std::env::var("AWS_SESSION_TOKEN").ok(),
        None,
        "environment",
    );
    let mut config = SdkConfig::builder()
        .behavior_version(aws_sdk_sqs::config::BehaviorVersion::latest())
        .region(Region::new(region))
        .credentials_provider(aws_credential_types::provider::SharedCredentialsProvider::new(credentials));
    match variable("AWS_ENDPOINT_URL") {
        Ok(endpoint) if endpoint.starts_with("http://") => {
            config = config.endpoint_url(endpoint).http_client(Builder::new().build_http());
        }
        Ok(endpoint) => config = config.endpoint_url(endpoint).http_client(https()),
        Err(_) => config = config.http_client(https()),
    }
    Ok(config.build())
}

fn https() -> aws_smithy_runtime_api::client::http::SharedHttpClient {
    use aws_smithy_http_client::tls::Provider;
    use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
    Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).build_https()
}
