//! The settings of a function that CreateFunction and UpdateFunctionConfiguration share, and what AWS says of bad ones.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::environment::{SERVICE, execution_role};
use super::fault;
use super::function::{Configuration, Logging};
use super::package::language;
use crate::api::{ApiError, Call};
use crate::authz::Edge;
use crate::id::Arn;
use crate::services::iam;
use crate::trace::Hop;
use rootwatch_policy::Principal;

/// Names that a function may not set. [D] configuration-envvars
const RESERVED: &[&str] = &[
    "_HANDLER",
    "_X_AMZN_TRACE_ID",
    "AWS_DEFAULT_REGION",
    "AWS_REGION",
    "AWS_EXECUTION_ENV",
    "AWS_LAMBDA_FUNCTION_NAME",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
    "AWS_LAMBDA_FUNCTION_VERSION",
    "AWS_LAMBDA_INITIALIZATION_TYPE",
    "AWS_LAMBDA_LOG_GROUP_NAME",
    "AWS_LAMBDA_LOG_STREAM_NAME",
    "AWS_ACCESS_KEY",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_LAMBDA_RUNTIME_API",
    "LAMBDA_TASK_ROOT",
    "LAMBDA_RUNTIME_DIR",
];

/// Bytes of all environment variables. [D] gettingstarted-limits
const VARIABLES_LIMIT: usize = 4096;

/// What a call sets; members that are absent stay.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct Settings {
    pub(super) role: Option<String>,
    pub(super) runtime: Option<String>,
    pub(super) handler: Option<String>,
    pub(super) description: Option<String>,
    pub(super) timeout: Option<u32>,
    pub(super) memory_size: Option<u32>,
    pub(super) environment: Option<Variables>,
    pub(super) dead_letter_config: Option<TargetArn>,
    pub(super) tracing_config: Option<Mode>,
    pub(super) ephemeral_storage: Option<Size>,
    pub(super) logging_config: Option<LoggingConfig>,
    #[serde(rename = "KMSKeyArn")]
    pub(super) kms_key_arn: Option<String>,
    // Refused unless empty.
    layers: Vec<Value>,
    vpc_config: Value,
    file_system_configs: Vec<Value>,
    image_config: Value,
    snap_start: Value,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
pub(super) struct Variables {
    pub(super) variables: BTreeMap<String, String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
pub(super) struct TargetArn {
    pub(super) target_arn: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Mode {
    pub(super) mode: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Size {
    pub(super) size: u32,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
pub(super) struct LoggingConfig {
    log_format: Option<String>,
    log_group: Option<String>,
    application_log_level: Option<String>,
    system_log_level: Option<String>,
}

/// Members that [`Settings`] knows.
const MEMBERS: &[&str] = &[
    "FunctionName",
    "Role",
    "Runtime",
    "Handler",
    "Description",
    "Timeout",
    "MemorySize",
    "Environment",
    "DeadLetterConfig",
    "TracingConfig",
    "EphemeralStorage",
    "LoggingConfig",
    "KMSKeyArn",
    "Layers",
    "VpcConfig",
    "FileSystemConfigs",
    "ImageConfig",
    "SnapStart",
];

impl Settings {
    /// Reads the settings of a call that may have the members `more` in addition. Others are refused by name: nothing
    /// is silently accepted.
    pub(super) fn read(call: &Call<'_>, more: &[&str]) -> Result<Self, ApiError> {
        if let Some(members) = call.params.as_object() {
            for (name, value) in members {
                let known = MEMBERS.contains(&name.as_str()) || more.contains(&name.as_str());
                if !known && !is_empty(value) {
                    return Err(fault::unsupported(&format!("the member {name} of lambda:{}", call.operation)));
                }
            }
        }
        let settings: Self = call.input()?;
        let refused = [
            ("Layers", !settings.layers.is_empty()),
            ("VpcConfig", !is_empty(&settings.vpc_config)),
            ("FileSystemConfigs", !settings.file_system_configs.is_empty()),
            ("ImageConfig", !is_empty(&settings.image_config)),
            ("SnapStart", settings.snap_start.get("ApplyOn").is_some_and(|apply| apply != "None")),
        ];
        match refused.into_iter().find(|(_, refused)| *refused) {
            Some((name, _)) => Err(fault::unsupported(&format!("{name} of Lambda functions"))),
            None => Ok(settings),
        }
    }

    /// Checks the settings and writes them into a configuration.
    pub(super) fn apply(self, to: &mut Configuration) -> Result<(), ApiError> {
        if let Some(timeout) = self.timeout {
            to.timeout = within("timeout", timeout, 1, 900)?;
        }
        if let Some(memory) = self.memory_size {
            to.memory = within("memorySize", memory, 128, 10_240)?;
        }
        if let Some(Size { size }) = self.ephemeral_storage {
            to.ephemeral_storage = within("ephemeralStorage.size", size, 512, 10_240)?;
        }
        if let Some(runtime) = self.runtime {
            to.runtime = check_runtime(runtime)?;
        }
        if let Some(environment) = self.environment {
            check_variables(&environment.variables)?;
            to.variables = environment.variables;
        }
        if let Some(dead_letter) = self.dead_letter_config {
            to.dead_letter = dead_letter_target(dead_letter)?;
        }
        if let Some(Mode { mode }) = self.tracing_config {
            if !["Active", "PassThrough"].contains(&mode.as_str()) {
                return Err(ApiError::validation(format!(
                    "1 validation error detected: Value '{mode}' at 'tracingConfig.mode' failed to satisfy constraint: \
                     Member must satisfy enum value set: [Active, PassThrough]"
                )));
            }
            to.tracing = mode;
        }
        if let Some(logging) = self.logging_config {
            to.logging = Logging {
                format: logging.log_format.or(to.logging.format.take()),
                group: logging.log_group.filter(|group| !group.is_empty()).or(to.logging.group.take()),
                application_level: logging.application_log_level.filter(|level| !level.is_empty()),
                system_level: logging.system_log_level.filter(|level| !level.is_empty()),
            };
        }
        if let Some(key) = self.kms_key_arn {
            to.kms_key = (!key.is_empty()).then_some(key);
        }
        to.handler = self.handler.unwrap_or_else(|| std::mem::take(&mut to.handler));
        to.description = self.description.unwrap_or_else(|| std::mem::take(&mut to.description));
        if let Some(role) = self.role {
            to.role = Arn::parse(&role)
                .filter(|arn| arn.service() == "iam" && arn.resource().starts_with("role/"))
                .ok_or_else(|| {
                    ApiError::validation(format!(
                        "1 validation error detected: Value '{role}' at 'role' failed to satisfy constraint: Member must \
                         satisfy regular expression pattern: arn:(aws[a-zA-Z-]*)?:iam::\\d{{12}}:role/?[a-zA-Z_0-9+=,.@\\-_/]+"
                    ))
                })?;
        }
        Ok(())
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.values().all(|value| is_empty(value) || value == false),
        _ => false,
    }
}

fn within(name: &str, value: u32, least: u32, most: u32) -> Result<u32, ApiError> {
    let constraint = if value < least {
        format!("greater than or equal to {least}")
    } else if value > most {
        format!("less than or equal to {most}")
    } else {
        return Ok(value);
    };
    Err(ApiError::validation(format!(
        "1 validation error detected: Value '{value}' at '{name}' failed to satisfy constraint: Member must have value \
         {constraint}"
    )))
}

fn check_runtime(runtime: String) -> Result<String, ApiError> {
    match language(&runtime) {
        Some(_) => Ok(runtime),
        // The list of AWS's text changes with its runtimes. [T]
        None => Err(fault::invalid(format!(
            "Value {runtime} at 'runtime' failed to satisfy constraint: Member must satisfy enum value set or be a valid ARN"
        ))),
    }
}

fn check_variables(variables: &BTreeMap<String, String>) -> Result<(), ApiError> {
    const UNABLE: &str = "Lambda was unable to configure your environment variables because the environment variables you \
                          have provided";
    let reserved: Vec<&str> = variables.keys().map(String::as_str).filter(|name| RESERVED.contains(name)).collect();
    // [T] quoted widely
    if !reserved.is_empty() {
        return Err(fault::invalid(format!(
            "{UNABLE} contains reserved keys that are currently not supported for modification. Reserved keys used in \
             this request: {}",
            reserved.join(", ")
        )));
    }
    let valid = |name: &str| {
        name.len() > 1
            && name.starts_with(|c: char| c.is_ascii_alphabetic())
            && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    };
    if let Some(name) = variables.keys().find(|name| !valid(name)) {
        return Err(ApiError::validation(format!(
            "1 validation error detected: Value at 'environment.variables' failed to satisfy constraint: Map keys must \
             satisfy constraint: [Member must satisfy regular expression pattern: [a-zA-Z]([a-zA-Z0-9_])+] (`{name}`)"
        )));
    }
    let text = serde_json::to_string(variables).unwrap_or_default();
    if text.len() > VARIABLES_LIMIT {
        return Err(fault::invalid(format!("{UNABLE} exceeded the 4KB limit. String measured: {text}")));
    }
    Ok(())
}

fn dead_letter_target(config: TargetArn) -> Result<Option<Arn>, ApiError> {
    let Some(target) = config.target_arn.filter(|target| !target.is_empty()) else { return Ok(None) };
    Arn::parse(&target).filter(|arn| ["sqs", "sns"].contains(&arn.service())).map(Some).ok_or_else(|| {
        fault::invalid(format!("The provided target ARN {target} is neither an SQS queue nor an SNS topic"))
    })
}

/// The checks that ask other services: the caller may pass the role, Lambda may assume it, and it may write to the
/// dead-letter queue.
pub(super) fn check_role(call: &mut Call<'_>, function: &Arn, configuration: &Configuration) -> Result<(), ApiError> {
    let role = &configuration.role;
    iam::may_pass_role(call, role, SERVICE)?;
    // [V] the provider retries on this text while IAM settles
    let principal = execution_role(call.state, Hop::Api, function, role)
        .map_err(|_| fault::invalid("The role defined for the function cannot be assumed by Lambda."))?;
    let Some(target) = &configuration.dead_letter else { return Ok(()) };
    let (action, operation, service) = match target.service() {
        "sns" => ("sns:Publish", "Publish", "SNS"),
        _ => ("sqs:SendMessage", "SendMessage", "SQS"),
    };
    if may(call, &principal, action, target) {
        return Ok(());
    }
    // [T]
    Err(fault::invalid(format!(
        "The provided execution role does not have permissions to call {operation} on {service}"
    )))
}

/// Whether a role's own policies, or a queue's, allow an action; asked ahead of time, so it leaves no trace.
pub(super) fn may(call: &Call<'_>, principal: &Principal, action: &str, resource: &Arn) -> bool {
    let region = resource.region();
    let policy = call.state.sqs.policy(resource);
    call.state.decide(&Edge::new(principal, action, resource, &region).policy("resource policy", policy)).allowed
}
