//! The API of rules.

use serde::Deserialize;
use serde_json::{Value, json};

use super::bus;
use super::page::{self, required};
use super::rule::{MOST_RULES, Rule, RuleName, RuleState, parse_pattern};
use super::schedule::{self, Schedule};
use super::tags::{Tag, check_tags};
use crate::api::{ApiError, Call, Reply};
use crate::id::Arn;
use crate::services::iam;
use rootwatch_pattern::EventPattern;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Put {
    event_pattern: Option<String>,
    schedule_expression: Option<String>,
    state: Option<String>,
    description: Option<String>,
    role_arn: Option<String>,
    #[serde(default)]
    tags: Vec<Tag>,
}

pub(super) fn put(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let name = RuleName::asked(call, "Name")?;
    let input: Put = call.input()?;
    let arn = name.arn();
    call.authorise_on_bus("events:PutRule", &arn, &name.bus)?;
    let given = |text: Option<String>| text.filter(|text| !text.is_empty());
    let (pattern, schedule) = (given(input.event_pattern), given(input.schedule_expression));
    if pattern.is_none() && schedule.is_none() {
        return Err(ApiError::validation("Parameter(s) EventPattern or ScheduleExpression must be specified."));
    }
    if schedule.is_some() && bus::name_of(&name.bus) != bus::DEFAULT {
        // [V] LS:events/test_events_schedule; [D] UG eb-create-rule-schedule
        return Err(ApiError::validation("ScheduleExpression is supported only on the default event bus."));
    }
    if pattern.as_ref().is_some_and(|text| text.chars().count() > EventPattern::MAX_CHARACTERS) {
        return Err(limit_exceeded());
    }
    let pattern = pattern.as_deref().map(parse_pattern).transpose()?;
    let now = call.state.now;
    let mut schedule = schedule.map(|text| Schedule::parse(&text, now)).transpose()?;
    let state = input.state.as_deref().map(RuleState::parse).transpose()?.unwrap_or_default();
    check_tags(&input.tags)?;
    if let Some(role) = input.role_arn.as_deref() {
        let role = Arn::parse(role).ok_or_else(|| bus::not_an_arn(role))?;
        iam::may_pass_role(call, &role, super::deliver::SERVICE)?;
    }
    let created_by = call.account.clone();
    let found = call.bus_mut(&name.bus)?;
    match found.rules.get_mut(&name.name) {
        // Targets and tags stay. [V] ::test_update_rule_with_targets; [D] API_PutRule on tags
        Some(rule) => {
            rule.pattern = pattern;
            // The same schedule goes on from where it is.
            if let (Some(new), Some(old)) = (&mut schedule, &rule.schedule)
                && new.text == old.text
            {
                new.next = old.next;
            }
            rule.schedule = schedule;
            rule.state = state;
            rule.description = input.description;
            rule.role_arn = input.role_arn;
        }
        None => {
            if found.rules.len() >= MOST_RULES {
                return Err(limit_exceeded());
            }
            let rule = Rule {
                pattern,
                schedule,
                state,
                description: input.description,
                role_arn: input.role_arn,
                created_by,
                tags: input.tags.into_iter().map(|tag| (tag.key, tag.value)).collect(),
                targets: Vec::new(),
            };
            found.rules.insert(name.name.clone(), rule);
        }
    }
    schedule::arm(call.state, &name);
    Ok(json!({ "RuleArn": arn }).into())
}

pub(super) fn describe(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let name = RuleName::asked(call, "Name")?;
    call.authorise_on_bus("events:DescribeRule", &name.arn(), &name.bus)?;
    let rule = call.rule(&name)?;
    let mut answer = summary(&name, rule);
    answer["CreatedBy"] = rule.created_by.as_str().into();
    Ok(answer.into())
}

pub(super) fn delete(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let name = RuleName::asked(call, "Name")?;
    call.authorise_on_bus("events:DeleteRule", &name.arn(), &name.bus)?;
    let found = call.bus_mut(&name.bus)?;
    if found.rules.get(&name.name).is_some_and(|rule| !rule.targets.is_empty()) {
        // [V] LS:events/test_events::test_delete_rule_with_targets
        return Err(ApiError::validation("Rule can't be deleted since it has targets."));
    }
    // Deleting what is not there succeeds. [?]
    found.rules.remove(&name.name);
    Ok(Reply::empty())
}

pub(super) fn enable(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    switch(call, "events:EnableRule", RuleState::Enabled)
}

pub(super) fn disable(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    switch(call, "events:DisableRule", RuleState::Disabled)
}

fn switch(call: &mut Call<'_>, action: &str, state: RuleState) -> Result<Reply, ApiError> {
    let name = RuleName::asked(call, "Name")?;
    call.authorise_on_bus(action, &name.arn(), &name.bus)?;
    call.rule_mut(&name)?.state = state;
    Ok(Reply::empty())
}

pub(super) fn list(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let bus = bus::resolve(call, call.text("EventBusName"))?;
    call.authorise_on_bus("events:ListRules", &every_rule(&bus), &bus)?;
    let prefix = call.text("NamePrefix").unwrap_or_default().to_owned();
    let rules = call.bus(&bus)?.rules.clone();
    let rules = rules
        .iter()
        .filter(|(name, _)| name.starts_with(&prefix))
        .map(|(name, rule)| summary(&RuleName { bus: bus.clone(), name: name.clone() }, rule))
        .collect();
    Ok(page::of(call, "Rules", rules)?.into())
}

pub(super) fn list_by_target(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let target = required(call, "TargetArn")?;
    let bus = bus::resolve(call, call.text("EventBusName"))?;
    call.authorise_on_bus("events:ListRuleNamesByTarget", &every_rule(&bus), &bus)?;
    let rules = call.bus(&bus)?.rules.clone();
    let names = rules
        .iter()
        .filter(|(_, rule)| rule.targets.iter().any(|put| put.arn == target.as_str()))
        .map(|(name, _)| Value::from(name.as_str()))
        .collect();
    Ok(page::of(call, "RuleNames", names)?.into())
}

fn every_rule(bus: &Arn) -> Arn {
    RuleName { bus: bus.clone(), name: "*".into() }.arn()
}

/// [V] LS:events/test_events::test_put_list_with_prefix_describe_delete_rule
fn summary(name: &RuleName, rule: &Rule) -> Value {
    let mut answer = json!({
        "Name": name.name,
        "Arn": name.arn(),
        "State": rule.state.name(),
        "EventBusName": bus::name_of(&name.bus),
    });
    if let Some(pattern) = &rule.pattern {
        answer["EventPattern"] = pattern.text().into();
    }
    if let Some(schedule) = &rule.schedule {
        answer["ScheduleExpression"] = schedule.text.as_str().into();
    }
    for (member, value) in [("Description", &rule.description), ("RoleArn", &rule.role_arn)] {
        if let Some(value) = value {
            answer[member] = value.as_str().into();
        }
    }
    answer
}

/// [V] LS:events/test_events::test_add_exceed_fife_targets_per_rule
pub(super) fn limit_exceeded() -> ApiError {
    ApiError::new("LimitExceededException", "The requested resource exceeds the maximum number allowed.")
}
