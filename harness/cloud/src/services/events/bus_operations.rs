//! The API of event buses.

use serde::Deserialize;
use serde_json::{Value, json};

use super::bus::{self, DEFAULT, EventBus};
use super::page::{self, required};
use super::tags::{Tag, check_tags};
use crate::api::{ApiError, Call, Reply};
use crate::id::Arn;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Create {
    description: Option<String>,
    event_source_name: Option<String>,
    kms_key_identifier: Option<String>,
    dead_letter_config: Option<Value>,
    log_config: Option<Value>,
    #[serde(default)]
    tags: Vec<Tag>,
}

pub(super) fn create(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let name = required(call, "Name")?;
    let input: Create = call.input()?;
    let arn = bus::arn_of(&call.account, &call.region, &name);
    call.authorise("events:CreateEventBus", &arn)?;
    if input.event_source_name.is_some() {
        return Err(ApiError::not_implemented(call.service, "CreateEventBus with EventSourceName"));
    }
    refuse_key(call, input.kms_key_identifier.as_deref())?;
    if name.contains('/') {
        return Err(ApiError::validation("Event bus name must not contain '/'."));
    }
    page::check_name(&name, "name", 256)?;
    check_tags(&input.tags)?;
    if name == DEFAULT || call.state.events.buses.contains(&arn) {
        // [V] LS:events/test_events::test_create_multiple_event_buses_same_name
        return Err(ApiError::new("ResourceAlreadyExistsException", format!("Event bus {name} already exists.")));
    }
    let made = EventBus {
        description: input.description.clone(),
        dead_letter_config: input.dead_letter_config.clone(),
        log_config: input.log_config.clone(),
        tags: input.tags.into_iter().map(|tag| (tag.key, tag.value)).collect(),
        ..EventBus::new(call.state.now)
    };
    call.state.events.buses.insert(arn.clone(), made);
    let mut answer = json!({ "EventBusArn": arn });
    add_settings(&mut answer, input.description, input.dead_letter_config, input.log_config);
    Ok(answer.into())
}

pub(super) fn describe(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let arn = bus::resolve(call, call.text("Name"))?;
    call.authorise_on_bus("events:DescribeEventBus", &arn, &arn)?;
    let found = call.bus(&arn)?;
    let mut answer = summary(&arn, found);
    add_settings(&mut answer, None, found.dead_letter_config.clone(), found.log_config.clone());
    Ok(answer.into())
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Update {
    description: Option<String>,
    kms_key_identifier: Option<String>,
    dead_letter_config: Option<Value>,
    log_config: Option<Value>,
}

pub(super) fn update(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let arn = bus::resolve(call, call.text("Name"))?;
    let input: Update = call.input()?;
    call.authorise("events:UpdateEventBus", &arn)?;
    refuse_key(call, input.kms_key_identifier.as_deref())?;
    let now = call.state.now;
    let found = call.bus_mut(&arn)?;
    found.modified = now;
    // An empty description or configuration takes it away. [D] API_UpdateEventBus
    if let Some(description) = input.description {
        found.description = Some(description).filter(|text| !text.is_empty());
    }
    if let Some(config) = input.dead_letter_config {
        found.dead_letter_config = Some(config).filter(|config| config.get("Arn").is_some());
    }
    if let Some(config) = input.log_config {
        found.log_config = Some(config);
    }
    let mut answer = json!({ "Arn": arn, "Name": bus::name_of(&arn) });
    let (description, dead_letter, log) =
        (found.description.clone(), found.dead_letter_config.clone(), found.log_config.clone());
    add_settings(&mut answer, description, dead_letter, log);
    Ok(answer.into())
}

pub(super) fn delete(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let name = required(call, "Name")?;
    let arn = bus::resolve(call, Some(&name))?;
    call.authorise("events:DeleteEventBus", &arn)?;
    // Deleting what is not there succeeds. [V] LS:events/test_events::test_describe_delete_not_existing_event_bus
    if bus::name_of(&arn) != DEFAULT && !call.state.events.buses.contains(&arn) {
        return Ok(Reply::empty());
    }
    if bus::name_of(&arn) == DEFAULT {
        // [V] LS:events/test_events::test_delete_default_event_bus
        return Err(ApiError::validation("Cannot delete event bus default."));
    }
    // [V] LS:events/test_events::test_describe_delete_not_existing_event_bus
    let now = call.state.now;
    if call.state.events.bus(&arn, now).is_none() {
        return Ok(Reply::Value(json!({})));
    }
    // [D] API_DeleteEventBus: "All rules associated with this event bus need to be deleted." The text is ours. [?]
    if !call.bus(&arn)?.rules.is_empty() {
        return Err(ApiError::validation(format!(
            "Event bus {} can't be deleted since it has rules.",
            bus::name_of(&arn)
        )));
    }
    call.state.events.buses.remove(&arn);
    Ok(Reply::empty())
}

pub(super) fn list(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let all = call.arn("event-bus/*");
    call.authorise("events:ListEventBuses", &all)?;
    let own = bus::default_bus(&call.account, &call.region);
    call.bus(&own)?;
    let prefix = call.text("NamePrefix").unwrap_or_default();
    let buses = call
        .state
        .events
        .buses
        .iter()
        .filter(|(arn, _)| arn.is_in(&call.account, &call.region) && bus::name_of(arn).starts_with(prefix))
        .map(|(arn, found)| summary(arn, found))
        .collect();
    Ok(page::of(call, "EventBuses", buses)?.into())
}

/// [V] LS:events/test_events::test_create_list_describe_delete_custom_event_buses
fn summary(arn: &Arn, found: &EventBus) -> Value {
    let mut answer = json!({
        "Name": bus::name_of(arn),
        "Arn": arn,
        "CreationTime": found.created.seconds_f64(),
        "LastModifiedTime": found.modified.seconds_f64(),
    });
    if let Some(policy) = &found.policy {
        answer["Policy"] = policy.text().into();
    }
    add_settings(&mut answer, found.description.clone(), None, None);
    answer
}

fn add_settings(answer: &mut Value, description: Option<String>, dead_letter: Option<Value>, log: Option<Value>) {
    let members =
        [("Description", description.map(Value::from)), ("DeadLetterConfig", dead_letter), ("LogConfig", log)];
    for (name, value) in members {
        if let Some(value) = value {
            answer[name] = value;
        }
    }
}

/// A bus with a customer-managed key would need that key on every delivery, which is not modelled: refused by name.
fn refuse_key(call: &Call<'_>, key: Option<&str>) -> Result<(), ApiError> {
    match key {
        Some(key) if !key.is_empty() => {
            Err(ApiError::not_implemented(call.service, &format!("{} with KmsKeyIdentifier", call.operation)))
        }
        _ => Ok(()),
    }
}
