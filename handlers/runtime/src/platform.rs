//! What a function is given: its environment, AWS, and the way to the web.

use std::collections::BTreeMap;

use aws_smithy_runtime_api::client::http::{HttpConnector, SharedHttpConnector};
use aws_types::SdkConfig;

use crate::aws::sdk_config;
use crate::https::Web;

/// What is wrong with a function's configuration. Every invocation fails with it until it is repaired, so that no
/// message is lost.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigurationError {
    /// A variable is not there.
    #[error("environment variable `{0}` is missing or empty: Terraform's function module sets it")]
    Missing(&'static str),
    /// A variable holds JSON that is not what it should be.
    #[error("environment variable `{name}` cannot be read: {cause}")]
    Unreadable {
        /// The variable.
        name: &'static str,
        /// What is wrong, and where.
        cause: String,
    },
    /// A variable does not have the form that it should.
    #[error("environment variable `{name}` is not {wanted}")]
    Malformed {
        /// The variable.
        name: &'static str,
        /// What it should be.
        wanted: &'static str,
    },
}

/// The environment variables of a function.
#[derive(Clone, Default)]
pub struct Environment(BTreeMap<String, String>);

impl Environment {
    /// Those of this process.
    pub fn of_process() -> Self {
        // Not `vars()`, which panics where one is not Unicode.
        std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect()
    }

    /// A variable that must be there.
    ///
    /// # Errors
    ///
    /// [`ConfigurationError::Missing`] where it is absent or empty.
    pub fn required(&self, name: &'static str) -> Result<String, ConfigurationError> {
        self.optional(name).map(str::to_owned).ok_or(ConfigurationError::Missing(name))
    }

    /// A variable that may be there.
    pub fn optional(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// `RUNBOOK_URL`, which may be there.
    ///
    /// # Errors
    ///
    /// Where `valid` does not take it.
    pub fn runbook(&self, valid: fn(&str) -> bool) -> Result<Option<String>, ConfigurationError> {
        match self.optional("RUNBOOK_URL") {
            Some(link) if !valid(link) => Err(ConfigurationError::Malformed {
                name: "RUNBOOK_URL",
                wanted: "an https:// address of at most 500 characters without blanks and quotes",
            }),
            link => Ok(link.map(str::to_owned)),
        }
    }

    /// `ACCESS_PORTAL`, which may be there: JSON with `url` and perhaps `role`.
    ///
    /// # Errors
    ///
    /// If the variable is not such JSON, or `valid` refuses the URL.
    pub fn access_portal(
        &self,
        valid: fn(&str) -> bool,
    ) -> Result<Option<(String, Option<String>)>, ConfigurationError> {
        const NAME: &str = "ACCESS_PORTAL";
        const WANTED: &str = "JSON with `url`, an https:// address, and perhaps `role`, the name of a permission set";
        let Some(text) = self.optional(NAME) else { return Ok(None) };
        let json: serde_json::Value = serde_json::from_str(text)
            .map_err(|error| ConfigurationError::Unreadable { name: NAME, cause: error.to_string() })?;
        let url = json["url"].as_str().filter(|url| valid(url));
        let role = json["role"].as_str().filter(|role| !role.is_empty());
        match url {
            Some(url) if json["role"].is_null() || role.is_some() => {
                Ok(Some((url.to_owned(), role.map(str::to_owned))))
            }
            _ => Err(ConfigurationError::Malformed { name: NAME, wanted: WANTED }),
        }
    }

    /// A variable that must be an ARN.
    ///
    /// # Errors
    ///
    /// Where it is absent or something else.
    pub fn arn(&self, name: &'static str) -> Result<String, ConfigurationError> {
        let value = self.required(name)?;
        if value.starts_with("arn:") && value.split(':').count() >= 6 {
            Ok(value)
        } else {
            Err(ConfigurationError::Malformed { name, wanted: "an ARN" })
        }
    }
}

impl<K: Into<String>, V: Into<String>> FromIterator<(K, V)> for Environment {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(variables: I) -> Self {
        Environment(variables.into_iter().map(|(name, value)| (name.into(), value.into())).collect())
    }
}

/// Everything outside of a function.
#[derive(Clone)]
pub struct Platform {
    /// The environment variables.
    pub environment: Environment,
    /// For the clients of the AWS SDK.
    pub aws: SdkConfig,
    /// For requests to sinks.
    pub web: Web,
}

impl Platform {
    /// What a process of Lambda is given.
    ///
    /// # Errors
    ///
    /// Where the variables that Lambda itself sets are missing (`AWS_REGION`, credentials).
    pub fn of_process() -> Result<Self, ConfigurationError> {
        Self::new(Environment::of_process(), crate::https::connector())
    }

    /// A platform with another environment and another way to the web: the same function without a process.
    ///
    /// # Errors
    ///
    /// Where `AWS_REGION` or the credentials are missing.
    pub fn new(environment: Environment, connector: impl HttpConnector + 'static) -> Result<Self, ConfigurationError> {
        let connector = SharedHttpConnector::new(connector);
        Ok(Platform { aws: sdk_config(&environment, connector.clone())?, web: Web::new(connector), environment })
    }
}
