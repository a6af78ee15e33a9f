//! AWS SDK clients for an endpoint, on loopback as a rule.

use aws_credential_types::Credentials;
use aws_sdk_sts::error::ProvideErrorMetadata;
use aws_smithy_http_client::Builder;
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use aws_types::SdkConfig;
use aws_types::region::Region;
use rootwatch_cloud::Cloud;

use crate::deployment::SIGN_IN_REGIONS;
use crate::functions::in_memory;

/// Somebody who calls AWS: where, as whom, in which Region.
#[derive(Clone, Debug)]
pub struct Caller {
    endpoint: String,
    credentials: Credentials,
    region: String,
    /// Replaces the sockets.
    client: Option<SharedHttpClient>,
}

impl Caller {
    /// The administrator of an account, on a cloud where the access key is the account.
    pub fn administrator(endpoint: &str, account: &str, region: &str) -> Self {
        Self::new(endpoint, administrator(account), region)
    }

    /// The administrator of an account of a cloud in this process. Requests need neither sockets nor real time.
    pub fn of_cloud(cloud: &Cloud, account: &str, region: &str) -> Self {
        let client = Some(in_memory(cloud));
        Self { client, ..Self::administrator(cloud.endpoint(), account, region) }
    }

    /// Whoever has these credentials.
    pub fn new(endpoint: &str, credentials: Credentials, region: &str) -> Self {
        Self { endpoint: endpoint.to_owned(), credentials, region: region.to_owned(), client: None }
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
            .http_client(match &self.client {
                Some(client) => client.clone(),
                None if plain => Builder::new().build_http(),
                None => https(),
            })
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

/// SQS of a real account (or of `AWS_ENDPOINT_URL`), by the credentials in the environment.
pub fn sqs_of_environment(region: &str) -> Result<aws_sdk_sqs::Client, String> {
    Ok(aws_sdk_sqs::Client::new(&config_of_environment(Some(region))?))
}

/// SQS in some Regions of the account of a role, which the environment's credentials assume.
///
/// # Errors
///
/// Where the environment has no credentials, and what STS says where it refuses.
pub async fn sqs_of_role(
    role_arn: &str,
    external_id: Option<&str>,
    regions: &[String],
) -> Result<Vec<aws_sdk_sqs::Client>, String> {
    let config = config_of_environment(None)?;
    let asked = aws_sdk_sts::Client::new(&config).assume_role().role_arn(role_arn).role_session_name("rootwatch");
    let answer = asked.set_external_id(external_id.map(str::to_owned)).send().await;
    let answer = answer.map_err(|error| {
        let error = aws_sdk_sts::Error::from(error);
        format!("AssumeRole of {role_arn}: {}", said(&error))
    })?;
    let found = answer.credentials().ok_or_else(|| format!("AssumeRole of {role_arn} gave no credentials"))?;
    let credentials = Credentials::new(
        found.access_key_id(),
        found.secret_access_key(),
        Some(found.session_token().to_owned()),
        None,
        "role",
    );
    let client = |region: &String| {
        let config =
            config.clone().into_builder().region(Region::new(region.clone())).credentials_provider(
                aws_credential_types::provider::SharedCredentialsProvider::new(credentials.clone()),
            );
        aws_sdk_sqs::Client::new(&config.build())
    };
    Ok(regions.iter().map(client).collect())
}

/// CloudTrail of a real account (or of `AWS_ENDPOINT_URL`), by the credentials in the environment. Throttled requests are
/// tried again.
pub fn cloudtrail_of_environment(region: &str) -> Result<aws_sdk_cloudtrail::Client, String> {
    let config = aws_sdk_cloudtrail::config::Builder::from(&config_of_environment(Some(region))?);
    // The two requests a second are shared with everybody else who asks in this account.
    let retries = aws_sdk_cloudtrail::config::retry::RetryConfig::standard().with_max_attempts(10);
    Ok(aws_sdk_cloudtrail::Client::from_conf(config.retry_config(retries).build()))
}

/// The credentials in the environment, and `AWS_ENDPOINT_URL` if it is set.
///
/// # Errors
/// When the environment has no credentials.
pub fn credentials_of_environment() -> Result<(Credentials, Option<String>), String> {
    let credentials = Credentials::new(
        variable("AWS_ACCESS_KEY_ID")?,
        variable("AWS_SECRET_ACCESS_KEY")?,
        std::env::var("AWS_SESSION_TOKEN").ok(),
        None,
        "environment",
    );
    Ok((credentials, variable("AWS_ENDPOINT_URL").ok()))
}

/// The administrator of an account, on a cloud where the access key is the account.
pub fn administrator(account: &str) -> Credentials {
    Credentials::new(account, "any", None, None, "rootwatch")
}

/// The Region that the environment names.
pub fn region_of_environment() -> Result<String, String> {
    variable("AWS_REGION").or_else(|error| variable("AWS_DEFAULT_REGION").map_err(|_| error))
}

/// Those that were named; else where sign-ins are recorded, and the environment's. Other partitions have sign-ins nowhere else.
pub fn regions_of_environment(named: &[String]) -> Result<Vec<String>, String> {
    if !named.is_empty() {
        return Ok(named.to_vec());
    }
    let own = region_of_environment()?;
    let mut regions = Vec::new();
    if !own.starts_with("cn-") && !own.starts_with("us-gov-") {
        regions.extend(SIGN_IN_REGIONS.iter().map(|region| (*region).to_owned()));
    }
    regions.push(own);
    regions.sort();
    regions.dedup();
    Ok(regions)
}

/// What a service said: its code and its words, or why there was no answer.
pub fn said(error: &(impl ProvideErrorMetadata + std::error::Error)) -> String {
    match (error.code(), error.message()) {
        (Some(code), Some(message)) => format!("{code}: {message}"),
        (Some(code), None) => code.to_owned(),
        (None, _) => super::chain(error),
    }
}

fn variable(name: &str) -> Result<String, String> {
    let value = std::env::var(name).ok().filter(|value| !value.is_empty());
    value.ok_or_else(|| {
        let help = match name {
            "AWS_REGION" => "set it to the Region, for example `export AWS_REGION=us-east-1`",
            _ => "export credentials, for example with `eval \"$(aws configure export-credentials --format env)\"`",
        };
        format!("{name} is not set; {help}")
    })
}

fn config_of_environment(region: Option<&str>) -> Result<SdkConfig, String> {
    let region = region.map_or_else(region_of_environment, |region| Ok(region.to_owned()))?;
    let (credentials, endpoint) = credentials_of_environment()?;
    let mut config = SdkConfig::builder()
        .behavior_version(aws_sdk_sqs::config::BehaviorVersion::latest())
        .region(Region::new(region))
        .credentials_provider(aws_credential_types::provider::SharedCredentialsProvider::new(credentials));
    match endpoint {
        Some(endpoint) if endpoint.starts_with("http://") => {
            config = config.endpoint_url(endpoint).http_client(Builder::new().build_http());
        }
        Some(endpoint) => config = config.endpoint_url(endpoint).http_client(https()),
        None => config = config.http_client(https()),
    }
    Ok(config.build())
}

fn https() -> aws_smithy_runtime_api::client::http::SharedHttpClient {
    use aws_smithy_http_client::tls::Provider;
    use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
    Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).build_https()
}
