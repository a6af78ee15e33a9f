//! The API of targets.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Value, json};

use super::page;
use super::rule::{MOST_TARGETS, RuleName};
use super::rule_operations::limit_exceeded;
use super::target::{Kind, Target};
use super::target_check;
use crate::api::{ApiError, Call, Reply};
use rootwatch_policy::Context;

pub(super) fn put(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Input {
        targets: Vec<Target>,
    }
    let name = RuleName::asked(call, "Rule")?;
    let input: Input = call.input()?;
    let arns = input.targets.iter().map(|target| target.arn.clone()).collect();
    let context =
        Context::new().with("events:creatorAccount", name.bus.account().as_str()).with_many("events:TargetArn", arns);
    let policy = call.state.events.policy(&name.bus);
    let policy_name = super::bus::policy_name(&name.bus);
    let policy = policy.as_ref().map(|policy| (policy_name.as_str(), policy));
    call.authorise_with("events:PutTargets", &name.arn(), context, policy)?;

    let mut kinds = Vec::with_capacity(input.targets.len());
    for (index, target) in input.targets.iter().enumerate() {
        kinds.push(target_check::shape(call, target, index + 1)?);
    }
    let mut targets = call.rule(&name)?.targets.clone();
    for target in &input.targets {
        put_one(&mut targets, target);
    }
    if targets.len() > MOST_TARGETS {
        return Err(limit_exceeded());
    }
    for (target, kind) in input.targets.iter().zip(kinds) {
        let kept = targets.iter().find(|kept| kept.id == target.id).map(|kept| (**kept).clone());
        target_check::permissions(call, &name, kept.as_ref().unwrap_or(target), kind)?;
    }
    call.rule_mut(&name)?.targets = targets;
    Ok(json!({ "FailedEntryCount": 0, "FailedEntries": [] }).into())
}

/// A target with a known id replaces the old one; a bus keeps its role. [D] API_PutTargets
fn put_one(targets: &mut Vec<Arc<Target>>, target: &Target) {
    let mut target = target.clone();
    let Some(old) = targets.iter_mut().find(|old| old.id == target.id) else {
        targets.push(Arc::new(target));
        return;
    };
    if target.role_arn.is_none() && target.arn == old.arn && Kind::of(&old.resource()) == Some(Kind::Bus) {
        target.role_arn.clone_from(&old.role_arn);
    }
    *old = Arc::new(target);
}

pub(super) fn remove(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Input {
        ids: Vec<String>,
    }
    let name = RuleName::asked(call, "Rule")?;
    let input: Input = call.input()?;
    call.authorise_on_bus("events:RemoveTargets", &name.arn(), &name.bus)?;
    let rule = call.rule_mut(&name)?;
    // What is not there is reported, and the rest removed. [?]
    let missing: Vec<Value> = input
        .ids
        .iter()
        .filter(|id| !rule.targets.iter().any(|target| target.id == **id))
        .map(|id| {
            json!({
                "TargetId": id,
                "ErrorCode": "ResourceNotFoundException",
                "ErrorMessage": format!("Rule {} does not have a target with the id {id}.", name.name),
            })
        })
        .collect();
    rule.targets.retain(|target| !input.ids.contains(&target.id));
    Ok(json!({ "FailedEntryCount": missing.len(), "FailedEntries": missing }).into())
}

pub(super) fn list(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let name = RuleName::asked(call, "Rule")?;
    call.authorise_on_bus("events:ListTargetsByRule", &name.arn(), &name.bus)?;
    let targets = call.rule(&name)?.targets.iter().map(|target| json!(**target)).collect();
    Ok(page::of(call, "Targets", targets)?.into())
}
