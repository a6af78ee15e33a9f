//! What PutTargets looks at before it takes a target.

use std::collections::BTreeMap;

use serde_json::Value;

use super::deliver::SERVICE;
use super::input::{LONGEST_TEMPLATE, MOST_VARIABLES, not_json, unknown_placeholder};
use super::json_path::JsonPath;
use super::page::check_name;
use super::retry::{AGES, MOST_RETRIES};
use super::rule::RuleName;
use super::target::{Kind, Target};
use super::{bus, destination};
use crate::api::{ApiError, Call};
use crate::id::Arn;
use crate::services::iam;

/// Checks everything that the target says by itself. `number` is its place in the request, from 1.
pub(super) fn shape(call: &Call<'_>, target: &Target, number: usize) -> Result<Kind, ApiError> {
    let at = |member: &str| format!("targets.{number}.member.{member}");
    check_name(&target.id, &at("id"), 64)?;
    let arn = Arn::parse(&target.arn).ok_or_else(|| bus::not_an_arn(&target.arn))?;
    let kind = Kind::of(&arn).ok_or_else(|| {
        ApiError::not_implemented(call.service, &format!("PutTargets with a target of {}", arn.service()))
    })?;
    if let Some(member) = target.other.keys().next() {
        return Err(ApiError::not_implemented(call.service, &format!("PutTargets with {member}")));
    }
    if kind == Kind::Queue && arn.resource().ends_with(".fifo") {
        return Err(ApiError::not_implemented(call.service, "PutTargets with a FIFO queue"));
    }
    input(target, kind, at)?;
    limits(target, at)?;
    if let Some(queue) = target.dead_letter_config.as_ref().and_then(|config| config.arn.as_deref()) {
        let queue = Arn::parse(queue).filter(|arn| arn.service() == "sqs").ok_or_else(|| bus::not_an_arn(queue))?;
        if queue.region() != call.region || queue.resource().ends_with(".fifo") {
            // [D] UG eb-rule-dlq: a standard queue in the rule's Region; the words are ours [?]
            return Err(ApiError::validation(format!(
                "The dead-letter queue of target {} must be a standard queue in the Region of the rule.",
                target.id
            )));
        }
    }
    Ok(kind)
}

/// [D] API_Target
const LONGEST_PATH: usize = 256;

fn too_long(value: &str, member: &str, most: usize) -> ApiError {
    constraint(value, member, &format!("have length less than or equal to {most}"))
}

/// In the form of every check of a member. [V] LS:events/test_events for those of a target's id
fn constraint(value: &str, member: &str, wanted: &str) -> ApiError {
    ApiError::validation(format!(
        "1 validation error detected: Value '{value}' at '{member}' failed to satisfy constraint: Member must {wanted}"
    ))
}

/// A map as such messages show it: as Java does. [?]
fn shown(paths: &BTreeMap<String, String>) -> String {
    let pairs: Vec<String> = paths.iter().map(|(name, path)| format!("{name}={path}")).collect();
    format!("{{{}}}", pairs.join(", "))
}

fn is_variable(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')
}

fn input(target: &Target, kind: Kind, at: impl Fn(&str) -> String) -> Result<(), ApiError> {
    let id = &target.id;
    if target.transforms_input() > 1 {
        // [V] LS:events/test_events_inputs::test_put_event_input_path_and_input_transformer
        return Err(ApiError::validation(format!(
            "Only one of Input, InputPath, or InputTransformer must be provided for target {id}."
        )));
    }
    if kind == Kind::Bus && target.transforms_input() > 0 {
        // [T] dataGriff
        return Err(ApiError::validation(format!("Modifying the input for target {id} is not supported")));
    }
    if let Some(input) = &target.input
        && let Err(error) = serde_json::from_str::<Value>(input)
    {
        // [T] public traces
        let (line, column) = (error.line(), error.column());
        let text = format!("[Source: (String)\"{input}\"; line: {line}, column: {column}]");
        return Err(ApiError::validation(format!("JSON syntax error in input for target {id}: {text}")));
    }
    if let Some(path) = &target.input_path
        && JsonPath::parse(path).is_none()
    {
        return Err(ApiError::validation(format!("InputPath for target {id} is invalid.")));
    }
    if let Some(input) = target.input.as_ref().filter(|input| input.chars().count() > LONGEST_TEMPLATE) {
        return Err(too_long(input, &at("input"), LONGEST_TEMPLATE));
    }
    if let Some(path) = target.input_path.as_ref().filter(|path| path.chars().count() > LONGEST_PATH) {
        return Err(too_long(path, &at("inputPath"), LONGEST_PATH));
    }
    let Some(transformer) = &target.input_transformer else { return Ok(()) };
    let member = at("inputTransformer.inputTemplate");
    if transformer.input_template.is_empty() {
        return Err(constraint("", &member, "have length greater than or equal to 1"));
    }
    if transformer.input_template.chars().count() > LONGEST_TEMPLATE {
        return Err(too_long(&transformer.input_template, &member, LONGEST_TEMPLATE));
    }
    let member = at("inputTransformer.inputPathsMap");
    let paths = &transformer.input_paths_map;
    if paths.len() > MOST_VARIABLES {
        return Err(too_long(&shown(paths), &member, MOST_VARIABLES));
    }
    for (name, path) in paths {
        // The names of variables and the paths have bounds of their own. [D] API_InputTransformer
        if name.is_empty() || name.len() > LONGEST_PATH || !name.bytes().all(is_variable) {
            let wanted = "satisfy constraint: [Member must have length less than or equal to 256, Member must have length \
                          greater than or equal to 1, Member must satisfy regular expression pattern: [A-Za-z0-9\\_\\-]+]";
            return Err(ApiError::validation(format!(
                "1 validation error detected: Value '{}' at '{member}' failed to satisfy constraint: Map keys must {wanted}",
                shown(paths)
            )));
        }
        if path.chars().count() > LONGEST_PATH {
            let wanted = "satisfy constraint: [Member must have length less than or equal to 256]";
            return Err(ApiError::validation(format!(
                "1 validation error detected: Value '{}' at '{member}' failed to satisfy constraint: Map value must {wanted}",
                shown(paths)
            )));
        }
        if name.to_ascii_lowercase().starts_with("aws") {
            return Err(ApiError::validation(format!(
                "InputPathsMap for target {id}: {name} must not start with AWS."
            )));
        }
        if JsonPath::parse(path).is_none() {
            return Err(ApiError::validation(format!("InputPathsMap for target {id} is invalid: {path}")));
        }
    }
    if let Some(name) = unknown_placeholder(transformer) {
        // [V] LS:events/test_events_inputs
        return Err(ApiError::validation(format!(
            "InputTemplate for target {id} contains invalid placeholder {name}."
        )));
    }
    match not_json(&transformer.input_template) {
        None => Ok(()),
        Some(error) => Err(ApiError::validation(format!("Invalid InputTemplate for target {id} : {error}"))),
    }
}

/// [D] API_RetryPolicy
fn limits(target: &Target, at: impl Fn(&str) -> String) -> Result<(), ApiError> {
    let Some(policy) = &target.retry_policy else { return Ok(()) };
    let members = [
        ("retryPolicy.maximumRetryAttempts", policy.maximum_retry_attempts, 0..=MOST_RETRIES),
        ("retryPolicy.maximumEventAgeInSeconds", policy.maximum_event_age_in_seconds, AGES),
    ];
    for (member, value, range) in members {
        let Some(value) = value.filter(|value| !range.contains(value)) else { continue };
        let bound = match value < *range.start() {
            true => format!("greater than or equal to {}", range.start()),
            false => format!("less than or equal to {}", range.end()),
        };
        return Err(ApiError::validation(format!(
            "1 validation error detected: Value '{value}' at '{}' failed to satisfy constraint: Member must have value \
             {bound}",
            at(member)
        )));
    }
    Ok(())
}

/// A bus in another Region can be a target where both are in one partition, and not in China. [D] UG eb-cross-region; the
/// words are ours [?]
fn reachable(from: &Arn, to: &Arn) -> Result<(), ApiError> {
    let (here, there) = (from.region(), to.region());
    if here == there {
        return Ok(());
    }
    if here.partition() != there.partition() || to.partition() != there.partition() {
        return Err(ApiError::validation(format!(
            "Event bus target {to} is in another partition than the rule, which is in {here}."
        )));
    }
    if here.partition() == "aws-cn" {
        return Err(ApiError::validation(format!(
            "Cross-Region event bus targets are not supported in {here}: {to} is in {there}."
        )));
    }
    Ok(())
}

/// Checks what the target needs of others: the permission to pass the role, and a bus that lets the rule in.
pub(super) fn permissions(call: &mut Call<'_>, rule: &RuleName, target: &Target, kind: Kind) -> Result<(), ApiError> {
    let arn = target.resource();
    let elsewhere = arn.account() != rule.bus.account() || arn.region() != rule.bus.region();
    if kind == Kind::Bus {
        reachable(&rule.bus, &arn)?;
    }
    let Some(role) = target.role_arn.as_deref() else {
        let needs_role = match kind {
            Kind::Bus => elsewhere,
            // Across accounts only with an execution role. [D] UG eb-service-cross-account
            _ => arn.account() != rule.bus.account(),
        };
        return match needs_role {
            // [D] UG eb-cross-account, for targets since March 2023; the text is [?]
            true => Err(ApiError::validation("RoleArn is required")),
            false => Ok(()),
        };
    };
    let role = Arn::parse(role).filter(|arn| arn.service() == "iam").ok_or_else(|| bus::not_an_arn(role))?;
    iam::may_pass_role(call, &role, SERVICE)?;
    if kind == Kind::Bus && elsewhere {
        destination::check(call, rule, &arn, &role)?;
    }
    Ok(())
}
