//! The API of event source mappings. [V] LS:lambda_/event_source_mapping; [D] API_CreateEventSourceMapping

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

use super::create::answer;
use super::environment::execution_role;
use super::fault;
use super::mapping::{Filter, Mapping};
use super::name::Name;
use super::page::page;
use super::poll::{self, ACTIONS};
use super::settings::may;
use crate::api::{ApiError, Call, Reply};
use crate::id::Arn;
use crate::trace::Hop;
use rootwatch_pattern::EventPattern;
use rootwatch_policy::Context;

/// [D] invocation-eventfiltering
const FILTERS: usize = 5;

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
struct Settings {
    #[serde(rename = "UUID")]
    _uuid: Option<String>,
    event_source_arn: Option<String>,
    function_name: Option<String>,
    enabled: Option<bool>,
    batch_size: Option<usize>,
    maximum_batching_window_in_seconds: Option<u32>,
    filter_criteria: Option<FilterCriteria>,
    function_response_types: Option<Vec<String>>,
    scaling_config: Option<ScalingConfig>,
    tags: Option<BTreeMap<String, String>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
struct FilterCriteria {
    filters: Vec<FilterText>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
struct FilterText {
    pattern: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
struct ScalingConfig {
    maximum_concurrency: Option<u32>,
}

pub(super) fn create(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let input: Settings = call.input()?;
    let name = input.function_name.clone().unwrap_or_default();
    let name = Name::parse(&name, &call.region, &call.account)
        .ok_or_else(|| ApiError::validation(format!("FunctionName `{name}` is not the name or ARN of a function")))?;
    if name.qualifier.is_some_and(|qualifier| qualifier != "$LATEST") {
        return Err(fault::unsupported("event source mappings to versions and aliases"));
    }
    let function = name.function;
    authorise(call, "lambda:CreateEventSourceMapping", "*", &function)?;
    let source = input.event_source_arn.as_deref().unwrap_or_default();
    let queue = Arn::parse(source).ok_or_else(|| fault::invalid("Unrecognized event source."))?;
    if queue.service() != "sqs" {
        return Err(fault::unsupported(&format!("event source mappings that read {}", queue.service())));
    }
    let mapping = Mapping {
        uuid: call.state.uuid(),
        function: function.clone(),
        queue: queue.clone(),
        enabled: true,
        batch_size: 10,
        window: 0,
        filters: Vec::new(),
        partial_responses: false,
        maximum_concurrency: None,
        tags: input.tags.clone().unwrap_or_default(),
        modified: call.state.now,
        poll: None,
        denials: 0,
        gathered: Vec::new(),
        open: None,
    };
    let mapping = apply(input, mapping)?;
    // [V] LS:lambda_/event_source_mapping/test_lambda_integration_sqs::test_duplicate_event_source_mappings
    let same = |other: &&Mapping| other.queue == queue && other.function == function;
    if let Some(other) = call.state.lambda.mappings.values().find(same) {
        return Err(fault::conflict(format!(
            "An event source mapping with SQS arn (\" {queue} \") and function (\" {} \") already exists. Please update or \
             delete the existing mapping with UUID {}",
            function.name(),
            other.uuid
        )));
    }
    check_queue(call, &function, &queue)?;
    let shown = mapping.shown(Some("Creating"));
    let (uuid, enabled) = (mapping.uuid.clone(), mapping.enabled);
    call.state.lambda.mappings.insert(uuid.clone(), mapping);
    call.state.lambda.readers.entry(queue, Vec::new).push(uuid.clone());
    if enabled {
        poll::poll_soon(call.state, &uuid);
    }
    Ok(answer(202, &shown))
}

/// What AWS checks before it takes a mapping.
fn check_queue(call: &mut Call<'_>, function: &Arn, queue: &Arn) -> Result<(), ApiError> {
    let configuration = call.state.lambda.function(function)?.latest.clone();
    if queue.region() != function.region() {
        return Err(fault::invalid("Unrecognized event source."));
    }
    let principal = execution_role(call.state, Hop::Api, function, &configuration.role)
        .map_err(|_| fault::invalid("The role defined for the function cannot be assumed by Lambda."))?;
    // [T] the text that the provider waits on while IAM settles
    for action in ACTIONS {
        if !may(call, &principal, action, queue) {
            let operation = action.trim_start_matches("sqs:");
            return Err(fault::invalid(format!(
                "The provided execution role does not have permissions to call {operation} on SQS"
            )));
        }
    }
    let Some(visibility) = call.state.sqs.visibility_timeout(queue) else {
        return Err(fault::invalid(
            "Error occurred while ReceiveMessage. SQS Error Code: AWS.SimpleQueueService.NonExistentQueue. SQS Error \
             Message: The specified queue does not exist.",
        ));
    };
    // [T] quoted widely
    if visibility.as_secs() < u64::from(configuration.timeout) {
        return Err(fault::invalid(format!(
            "Queue visibility timeout: {} seconds is less than Function timeout: {} seconds",
            visibility.as_secs(),
            configuration.timeout
        )));
    }
    Ok(())
}

/// Checks the settings and writes them into a mapping.
fn apply(input: Settings, mut to: Mapping) -> Result<Mapping, ApiError> {
    to.enabled = input.enabled.unwrap_or(to.enabled);
    to.batch_size = input.batch_size.unwrap_or(to.batch_size);
    to.window = input.maximum_batching_window_in_seconds.unwrap_or(to.window);
    if !(1..=10_000).contains(&to.batch_size) {
        return Err(ApiError::validation("BatchSize must be between 1 and 10000"));
    }
    if to.window > 300 {
        return Err(ApiError::validation("MaximumBatchingWindowInSeconds must be between 0 and 300"));
    }
    // [D] API_CreateEventSourceMapping
    if to.batch_size > 10 && to.window == 0 {
        return Err(fault::invalid(
            "Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10",
        ));
    }
    if let Some(types) = input.function_response_types {
        if let Some(unknown) = types.iter().find(|kind| *kind != "ReportBatchItemFailures") {
            return Err(ApiError::validation(format!(
                "1 validation error detected: Value '[{unknown}]' at 'functionResponseTypes' failed to satisfy constraint: \
                 Member must satisfy constraint: [Member must satisfy enum value set: [ReportBatchItemFailures]]"
            )));
        }
        to.partial_responses = !types.is_empty();
    }
    if let Some(criteria) = input.filter_criteria {
        if criteria.filters.len() > FILTERS {
            return Err(fault::invalid(format!("An event source mapping takes at most {FILTERS} filters")));
        }
        to.filters = criteria
            .filters
            .iter()
            .map(|filter| {
                EventPattern::parse(&filter.pattern)
                    .map(Filter)
                    .map_err(|error| fault::invalid(format!("Invalid filter pattern definition. ({error})")))
            })
            .collect::<Result<_, _>>()?;
    }
    if let Some(scaling) = input.scaling_config {
        if scaling.maximum_concurrency.is_some_and(|maximum| !(2..=1000).contains(&maximum)) {
            return Err(ApiError::validation("ScalingConfig.MaximumConcurrency must be between 2 and 1000"));
        }
        to.maximum_concurrency = scaling.maximum_concurrency;
    }
    Ok(to)
}

pub(super) fn get(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let mapping = find(call, "lambda:GetEventSourceMapping")?;
    Ok(mapping.shown(None).into())
}

pub(super) fn update(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let mapping = find(call, "lambda:UpdateEventSourceMapping")?;
    let input: Settings = call.input()?;
    if input.event_source_arn.is_some() || input.tags.is_some() {
        return Err(ApiError::validation("EventSourceArn and Tags cannot be changed by UpdateEventSourceMapping"));
    }
    let mut changed = mapping.clone();
    if let Some(name) = &input.function_name {
        let name = Name::parse(name, &call.region, &call.account).ok_or_else(|| {
            ApiError::validation(format!("FunctionName `{name}` is not the name or ARN of a function"))
        })?;
        changed.function = name.function;
    }
    changed = apply(input, changed)?;
    check_queue(call, &changed.function, &changed.queue)?;
    changed.modified = call.state.now;
    // What was read and not given to the function returns after its visibility timeout.
    changed.gathered.clear();
    changed.open = None;
    changed.denials = 0;
    let status = match (mapping.enabled, changed.enabled) {
        (true, false) => "Disabling",
        (false, true) => "Enabling",
        _ => "Updating",
    };
    let shown = changed.shown(Some(status));
    let (uuid, enabled) = (changed.uuid.clone(), changed.enabled);
    call.state.lambda.mappings.insert(uuid.clone(), changed);
    if enabled {
        poll::poll_soon(call.state, &uuid);
    }
    Ok(answer(202, &shown))
}

pub(super) fn delete(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let mapping = find(call, "lambda:DeleteEventSourceMapping")?;
    call.state.lambda.mappings.remove(&mapping.uuid);
    if let Some(readers) = call.state.lambda.readers.get_mut(&mapping.queue) {
        readers.retain(|reader| *reader != mapping.uuid);
    }
    Ok(answer(202, &mapping.shown(Some("Deleting"))))
}

pub(super) fn list(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let everything = call.arn("event-source-mapping:*");
    call.authorise("lambda:ListEventSourceMappings", &everything)?;
    let source = call.text("EventSourceArn").map(str::to_owned);
    let function = match call.text("FunctionName") {
        None => None,
        Some(name) => Some(
            Name::parse(name, &call.region, &call.account)
                .ok_or_else(|| {
                    ApiError::validation(format!("FunctionName `{name}` is not the name or ARN of a function"))
                })?
                .function,
        ),
    };
    let wanted = |mapping: &&Mapping| {
        mapping.function.is_in(&call.account, &call.region)
            && source.as_deref().is_none_or(|source| mapping.queue == *source)
            && function.as_ref().is_none_or(|function| mapping.function == *function)
    };
    let shown: Vec<Value> =
        call.state.lambda.mappings.values().filter(wanted).map(|mapping| mapping.shown(None)).collect();
    let (shown, marker) = page(call, shown)?;
    let mut answer = json!({"EventSourceMappings": shown});
    if let Some(marker) = marker {
        answer["NextMarker"] = json!(marker);
    }
    Ok(answer.into())
}

/// Finds the mapping that a call names by `UUID`, and authorises the call on it.
fn find(call: &mut Call<'_>, action: &str) -> Result<Mapping, ApiError> {
    let uuid = call.text("UUID").unwrap_or_default().to_owned();
    let found = call.state.lambda.mappings.get(&uuid).cloned();
    let found = found.filter(|mapping| mapping.function.is_in(&call.account, &call.region));
    let function = found.as_ref().map_or_else(|| call.arn("function:"), |mapping| mapping.function.clone());
    authorise(call, action, &uuid, &function)?;
    found.ok_or_else(|| fault::not_found("The resource you requested does not exist."))
}

/// Policies narrow these actions by `lambda:FunctionArn`. [D] list_awslambda
fn authorise(call: &mut Call<'_>, action: &str, uuid: &str, function: &Arn) -> Result<(), ApiError> {
    let resource = call.arn(format_args!("event-source-mapping:{uuid}"));
    let context = Context::new().with("lambda:FunctionArn", function.as_str());
    call.authorise_with(action, &resource, context, None)
}
