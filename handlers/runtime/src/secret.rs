//! Secrets by ARN: fetched when first needed, cached for a while, never shown.

use std::fmt;

use aws_sdk_secretsmanager::Client;
use tokio::sync::Mutex;

use crate::aws::describe;
use crate::delivery::Reason;
use crate::handler::Invocation;
use crate::platform::Platform;

/// How long a fetched secret is used, in milliseconds: a rotation is noticed within it, or at once when the sink
/// refuses the old one.
const CACHE_MS: u64 = 5 * 60 * 1000;

/// A secret of Secrets Manager that becomes a `T`.
pub struct Secret<T> {
    client: Client,
    arn: String,
    parse: fn(&str) -> Result<T, &'static str>,
    cache: Mutex<Option<Cached<T>>>,
}

struct Cached<T> {
    value: T,
    /// The deadline of the invocation that fetched it.
    fetched_ms: u64,
}

/// Why there is no secret. Every message names the ARN and never the value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SecretError {
    /// There is no such secret, or it has no value yet.
    #[error("secret `{arn}` has no value: {cause}: create it, or correct the ARN in the alerter's configuration")]
    Missing {
        /// The secret.
        arn: String,
        /// AWS's answer.
        cause: String,
    },
    /// The function may not read it.
    #[error(
        "secret `{arn}` may not be read: {cause}: the function's role needs secretsmanager:GetSecretValue, and kms:Decrypt on the key of the secret"
    )]
    Denied {
        /// The secret.
        arn: String,
        /// AWS's answer.
        cause: String,
    },
    /// It is not what the sink needs.
    #[error("secret `{arn}` is malformed: {what}")]
    Malformed {
        /// The secret.
        arn: String,
        /// What is wrong, without the value.
        what: &'static str,
    },
    /// Secrets Manager did not answer, or not with a secret.
    #[error("secret `{arn}` could not be fetched: {cause}")]
    Unavailable {
        /// The secret.
        arn: String,
        /// What happened.
        cause: String,
    },
}

impl From<SecretError> for Reason {
    fn from(error: SecretError) -> Self {
        let code = match error {
            SecretError::Missing { .. } => "SecretMissing",
            SecretError::Denied { .. } => "SecretDenied",
            SecretError::Malformed { .. } => "SecretMalformed",
            SecretError::Unavailable { .. } => "SecretUnavailable",
        };
        Reason::new(code, error)
    }
}

impl<T: Clone + PartialEq> Secret<T> {
    /// The secret of this ARN. `parse` says what is wrong with a value without repeating it.
    pub fn new(platform: &Platform, arn: String, parse: fn(&str) -> Result<T, &'static str>) -> Self {
        Secret { client: Client::new(&platform.aws), arn, parse, cache: Mutex::new(None) }
    }

    /// The value, fetched now unless it was within the last five minutes. Messages of one batch share one call.
    ///
    /// # Errors
    ///
    /// [`SecretError`]; errors are not cached.
    pub async fn get(&self, invocation: Invocation) -> Result<T, SecretError> {
        let mut cache = self.cache.lock().await;
        match &*cache {
            Some(cached) if invocation.deadline_ms.saturating_sub(cached.fetched_ms) < CACHE_MS => {
                Ok(cached.value.clone())
            }
            _ => self.fetch(&mut cache, invocation).await,
        }
    }

    /// The value, where Secrets Manager now has another one than `refused`, which a sink has just refused.
    pub async fn refreshed(&self, refused: &T, invocation: Invocation) -> Option<T> {
        let mut cache = self.cache.lock().await;
        // Another message of this batch may have refreshed it meanwhile.
        if let Some(cached) = &*cache
            && cached.value != *refused
        {
            return Some(cached.value.clone());
        }
        let fresh = self.fetch(&mut cache, invocation).await.ok()?;
        (fresh != *refused).then_some(fresh)
    }

    async fn fetch(&self, cache: &mut Option<Cached<T>>, invocation: Invocation) -> Result<T, SecretError> {
        let arn = self.arn.clone();
        let answer = self.client.get_secret_value().secret_id(&arn).send().await.map_err(|error| {
            let (code, cause) = describe(&error);
            let arn = arn.clone();
            match code.as_deref() {
                Some("ResourceNotFoundException" | "InvalidRequestException") => SecretError::Missing { arn, cause },
                Some("AccessDeniedException" | "DecryptionFailure") => SecretError::Denied { arn, cause },
                _ => SecretError::Unavailable { arn, cause },
            }
        })?;
        let value = match answer.secret_string() {
            Some(text) => (self.parse)(text.trim()),
            None => Err("it is binary: store it as text"),
        };
        let value = value.map_err(|what| SecretError::Malformed { arn, what })?;
        *cache = Some(Cached { value: value.clone(), fetched_ms: invocation.deadline_ms });
        Ok(value)
    }
}

impl<T> fmt::Debug for Secret<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Secret").field("arn", &self.arn).finish_non_exhaustive()
    }
}
