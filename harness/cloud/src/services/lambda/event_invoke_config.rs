//! How the asynchronous path treats a function's events. [V] LS:lambda_/test_lambda_api::TestLambdaEventInvokeConfig

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::fault;
use super::name::Name;
use crate::api::{ApiError, Call, Reply};
use crate::id::Arn;
use crate::time::Time;

/// What is set; the rest is AWS's default.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct EventInvokeConfig {
    pub(super) retries: Option<u32>,
    /// Seconds.
    pub(super) age: Option<u32>,
    pub(super) on_success: Option<Arn>,
    pub(super) on_failure: Option<Arn>,
    modified: Time,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Input {
    #[serde(rename = "FunctionName")]
    _function: String,
    #[serde(rename = "Qualifier")]
    _qualifier: Option<String>,
    maximum_retry_attempts: Option<u32>,
    maximum_event_age_in_seconds: Option<u32>,
    destination_config: Option<DestinationConfig>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
struct DestinationConfig {
    on_success: Target,
    on_failure: Target,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
struct Target {
    destination: Option<String>,
}

impl Target {
    fn parse(self) -> Result<Option<Arn>, ApiError> {
        let Some(text) = self.destination.filter(|text| !text.is_empty()) else { return Ok(None) };
        Arn::parse(&text)
            .filter(|arn| ["sqs", "sns", "lambda", "events"].contains(&arn.service()))
            .map(Some)
            .ok_or_else(|| fault::invalid(format!("The provided destination ARN {text} is invalid")))
    }
}

impl EventInvokeConfig {
    fn shown(&self, function: &Arn) -> Value {
        let target =
            |arn: &Option<Arn>| arn.as_ref().map_or_else(|| json!({}), |arn| json!({"Destination": arn.as_str()}));
        let mut shown = json!({
            "LastModified": self.modified.seconds_f64(),
            "FunctionArn": format!("{function}:$LATEST"),
            "DestinationConfig": {"OnSuccess": target(&self.on_success), "OnFailure": target(&self.on_failure)},
        });
        if let Some(retries) = self.retries {
            shown["MaximumRetryAttempts"] = json!(retries);
        }
        if let Some(age) = self.age {
            shown["MaximumEventAgeInSeconds"] = json!(age);
        }
        shown
    }
}

pub(super) fn put(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    set(call, "lambda:PutFunctionEventInvokeConfig", EventInvokeConfig::default())
}

pub(super) fn update(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let arn = Name::unqualified(call)?;
    let found = call.state.lambda.function(&arn)?.event_invoke.clone();
    set(call, "lambda:UpdateFunctionEventInvokeConfig", found.unwrap_or_default())
}

fn set(call: &mut Call<'_>, action: &str, mut config: EventInvokeConfig) -> Result<Reply, ApiError> {
    let arn = Name::unqualified(call)?;
    call.authorise(action, &arn)?;
    let input: Input = call.input()?;
    let nothing = input.maximum_retry_attempts.is_none()
        && input.maximum_event_age_in_seconds.is_none()
        && input.destination_config.is_none();
    if nothing {
        return Err(fault::invalid("You must specify at least one of error handling or destination setting."));
    }
    if input.maximum_retry_attempts.is_some_and(|retries| retries > 2) {
        return Err(ApiError::validation("MaximumRetryAttempts must be 0, 1 or 2"));
    }
    if input.maximum_event_age_in_seconds.is_some_and(|age| !(60..=21_600).contains(&age)) {
        return Err(ApiError::validation("MaximumEventAgeInSeconds must be between 60 and 21600"));
    }
    config.retries = input.maximum_retry_attempts.or(config.retries);
    config.age = input.maximum_event_age_in_seconds.or(config.age);
    if let Some(destinations) = input.destination_config {
        config.on_success = destinations.on_success.parse()?;
        config.on_failure = destinations.on_failure.parse()?;
    }
    config.modified = call.state.now;
    let shown = config.shown(&arn);
    call.state.lambda.function_mut(&arn)?.event_invoke = Some(config);
    Ok(shown.into())
}

pub(super) fn get(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let arn = Name::unqualified(call)?;
    call.authorise("lambda:GetFunctionEventInvokeConfig", &arn)?;
    let found = call.state.lambda.function(&arn)?.event_invoke.as_ref();
    Ok(found.ok_or_else(|| none(&arn))?.shown(&arn).into())
}

pub(super) fn delete(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let arn = Name::unqualified(call)?;
    call.authorise("lambda:DeleteFunctionEventInvokeConfig", &arn)?;
    let taken = call.state.lambda.function_mut(&arn)?.event_invoke.take();
    taken.map(|_| Reply::Value(Value::Null)).ok_or_else(|| none(&arn))
}

fn none(function: &Arn) -> ApiError {
    fault::not_found(format!("The function {function}:$LATEST doesn't have an EventInvokeConfig"))
}
