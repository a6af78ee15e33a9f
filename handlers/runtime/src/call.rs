//! Calls of AWS without an SDK of their own: JSON in, JSON out, signed. For the few calls for which an SDK would double
//! a function's size.

use std::time::Duration;

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use aws_smithy_types::body::SdkBody;
use http_body_util::{BodyExt, Limited};
use serde_json::Value;

use crate::aws::{causes, credentials};
use crate::https::Web;
use crate::platform::{ConfigurationError, Platform};

/// How much of an answer is read, in bytes: more than the largest item of DynamoDB.
const ANSWER_LIMIT: usize = 2 * 1024 * 1024;

/// A service of AWS in a Region.
#[derive(Debug, Clone)]
pub struct Service {
    web: Web,
    credentials: Credentials,
    /// As signatures name it: `dynamodb`.
    name: &'static str,
    /// The prefix of the operation in `X-Amz-Target`.
    target: &'static str,
    content_type: &'static str,
    region: String,
    endpoint: String,
    patience: Duration,
}

/// Why a call brought nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// AWS said no.
    #[error("{code}: {message}")]
    Refused {
        /// Its error code, without a namespace.
        code: String,
        /// Its words.
        message: String,
        /// The whole answer.
        answer: Box<Value>,
    },
    /// There was no answer.
    #[error("{0}")]
    NoAnswer(String),
}

impl CallError {
    /// AWS's error code, where it answered with one.
    pub fn code(&self) -> Option<&str> {
        match self {
            CallError::Refused { code, .. } => Some(code),
            CallError::NoAnswer(_) => None,
        }
    }
}

impl Service {
    /// DynamoDB in the function's Region. A call takes at most `patience`.
    ///
    /// # Errors
    ///
    /// Where the variables that Lambda sets are missing.
    pub fn dynamodb(platform: &Platform, patience: Duration) -> Result<Self, ConfigurationError> {
        let region = platform.environment.required("AWS_REGION")?;
        Self::new(platform, "dynamodb", "DynamoDB_20120810", "application/x-amz-json-1.0", region, patience)
    }

    /// Organizations, whose one endpoint of the partition `aws` is in us-east-1 [D: Organizations endpoints].
    ///
    /// # Errors
    ///
    /// Where the variables that Lambda sets are missing.
    pub fn organizations(platform: &Platform, patience: Duration) -> Result<Self, ConfigurationError> {
        let region = "us-east-1".to_owned();
        let target = "AWSOrganizationsV20161128";
        Self::new(platform, "organizations", target, "application/x-amz-json-1.1", region, patience)
    }

    /// STS in the function's Region.
    ///
    /// # Errors
    ///
    /// Where the variables that Lambda sets are missing.
    pub fn sts(platform: &Platform, patience: Duration) -> Result<Self, ConfigurationError> {
        let region = platform.environment.required("AWS_REGION")?;
        Self::new(platform, "sts", "", "application/x-www-form-urlencoded", region, patience)
    }

    fn new(
        platform: &Platform,
        name: &'static str,
        target: &'static str,
        content_type: &'static str,
        region: String,
        patience: Duration,
    ) -> Result<Self, ConfigurationError> {
        let suffix = if region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" };
        let endpoint = match platform.environment.optional("AWS_ENDPOINT_URL") {
            Some(endpoint) => endpoint.trim_end_matches('/').to_owned(),
            None => format!("https://{name}.{region}.{suffix}"),
        };
        Ok(Service {
            web: platform.web.clone(),
            credentials: credentials(&platform.environment)?,
            name,
            target,
            content_type,
            region,
            endpoint,
            patience,
        })
    }

    /// The same with other credentials.
    #[must_use]
    pub fn with_credentials(mut self, credentials: Credentials) -> Self {
        self.credentials = credentials;
        self
    }

    /// One call, without a second try: who calls has a way without it.
    ///
    /// # Errors
    ///
    /// [`CallError`], also after `patience`.
    pub async fn call(&self, operation: &str, input: &Value) -> Result<Value, CallError> {
        match tokio::time::timeout(self.patience, self.answer(operation, input)).await {
            Ok(answer) => answer,
            Err(_) => Err(CallError::NoAnswer(format!("no answer within {} ms", self.patience.as_millis()))),
        }
    }

    async fn answer(&self, operation: &str, input: &Value) -> Result<Value, CallError> {
        let (status, body) = self.exchange(operation, input.to_string()).await?;
        let answer: Value = serde_json::from_slice(&body).unwrap_or_default();
        if status == 200 {
            return Ok(answer);
        }
        let text =
            |names: [&str; 2]| names.iter().find_map(|name| answer.get(*name)?.as_str()).unwrap_or_default().to_owned();
        let code = text(["__type", "code"]);
        let code =
            code.rsplit('#').next().filter(|code| !code.is_empty()).map_or(format!("Http{status}"), str::to_owned);
        Err(CallError::Refused { code, message: text(["message", "Message"]), answer: Box::new(answer) })
    }

    /// Takes a role on, for a quarter of an hour [D: STS, AssumeRole]. Of the service `sts`.
    ///
    /// # Errors
    ///
    /// [`CallError`], also after the service's patience.
    pub async fn assume_role(&self, role: &str, session: &str) -> Result<Credentials, CallError> {
        // An ARN and a name hold nothing that a form writes otherwise, but for these.
        let role =
            role.replace('%', "%25").replace(':', "%3A").replace('/', "%2F").replace('+', "%2B").replace('=', "%3D");
        let form = format!(
            "Action=AssumeRole&Version=2011-06-15&DurationSeconds=900&RoleSessionName={session}&RoleArn={role}"
        );
        let exchange = tokio::time::timeout(self.patience, self.exchange("", form)).await;
        let late = || CallError::NoAnswer(format!("no answer within {} ms", self.patience.as_millis()));
        let (status, body) = exchange.map_err(|_| late())??;
        let body = String::from_utf8_lossy(&body);
        let element = |name: &str| {
            let (_, rest) = body.split_once(&format!("<{name}>"))?;
            Some(rest.split_once('<')?.0.to_owned())
        };
        match (element("AccessKeyId"), element("SecretAccessKey"), element("SessionToken")) {
            (Some(key), Some(secret), token) if status == 200 => Ok(Credentials::new(key, secret, token, None, "STS")),
            _ => Err(CallError::Refused {
                code: element("Code").unwrap_or_else(|| format!("Http{status}")),
                message: element("Message").unwrap_or_default(),
                answer: Box::default(),
            }),
        }
    }

    /// Status and body of the answer to a body.
    async fn exchange(&self, operation: &str, body: String) -> Result<(u16, Vec<u8>), CallError> {
        let request = self.request(operation, body).map_err(CallError::NoAnswer)?;
        let response = self.web.send(request).await.map_err(|error| CallError::NoAnswer(causes(&error)))?;
        let status = response.status().as_u16();
        let body = Limited::new(response.into_body(), ANSWER_LIMIT).collect().await;
        Ok((status, body.map_err(|error| CallError::NoAnswer(error.to_string()))?.to_bytes().to_vec()))
    }

    fn request(&self, operation: &str, body: String) -> Result<http::Request<SdkBody>, String> {
        let address = format!("{}/", self.endpoint);
        let target = format!("{}.{operation}", self.target);
        let mut headers = vec![("content-type", self.content_type)];
        if !operation.is_empty() {
            headers.push(("x-amz-target", target.as_str()));
        }
        let identity = self.credentials.clone().into();
        let params = v4::SigningParams::builder()
            .identity(&identity)
            .region(&self.region)
            .name(self.name)
            .time(signing_time())
            .settings(SigningSettings::default())
            .build()
            .map_err(|error| error.to_string())?
            .into();
        let signable = SignableRequest::new(
            "POST",
            address.as_str(),
            headers.iter().copied(),
            SignableBody::Bytes(body.as_bytes()),
        )
        .map_err(|error| error.to_string())?;
        let (instructions, _) = sign(signable, &params).map_err(|error| error.to_string())?.into_parts();
        let mut request = http::Request::post(address);
        for (name, value) in headers.into_iter().chain(instructions.headers()) {
            request = request.header(name, value);
        }
        request.body(SdkBody::from(body)).map_err(|error| error.to_string())
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "AWS compares a signature's time with its own clock, as those of the SDK"
)]
fn signing_time() -> std::time::SystemTime {
    std::time::SystemTime::now()
}
