//! Whether the bus that a target names lets the rule in, asked when the target is put.

use serde_json::Value;

use super::bus;
use super::rule::RuleName;
use crate::api::{ApiError, Call};
use crate::assumptions::PutTargets;
use crate::id::Arn;
use rootwatch_policy::{Context, Named, Policies, Policy, Principal, Request, decide};

/// Asks the destination's policy alone, as the role will ask it, for the event that does not exist yet: what a statement
/// demands of `events:source` and `events:detail-type` is not asked. [T] modernisation-platform-environments PR 19002
pub(super) fn check(call: &mut Call<'_>, rule: &RuleName, target: &Arn, role: &Arn) -> Result<(), ApiError> {
    let checked = call.state.assumptions.put_targets;
    match checked {
        PutTargets::Role | PutTargets::RoleWithoutEventKeys => {}
        PutTargets::Caller => {
            let policy = call.state.events.policy(target);
            let name = bus::policy_name(target);
            let policy = policy.as_ref().map(|policy| (name.as_str(), policy));
            return call.authorise_with("events:PutEvents", target, Context::new(), policy);
        }
        PutTargets::Nobody => return Ok(()),
    }
    let with_event_keys = checked == PutTargets::Role;
    let rule_arn = rule.arn();
    let account = role.account();
    let session = format!("assumed-role/{}/{}", role.name(), rule.name);
    let principal = Principal::Role {
        role_arn: role.to_string(),
        session_arn: Arn::global(role.partition(), "sts", &account, session).to_string(),
        account: account.to_string(),
        access_key: None,
    };
    let mut context = Context::new()
        .with("aws:SourceArn", rule_arn.as_str())
        .with("aws:SourceAccount", rule_arn.account().as_str())
        .with("aws:RequestedRegion", target.region().as_str())
        .with("aws:SecureTransport", "true");
    if with_event_keys {
        context.set("events:eventBusInvocation", "true");
    }
    if let Some((organization, path)) = call.state.organizations.place_of(account.as_str()) {
        context.set("aws:PrincipalOrgID", organization);
        context.set("aws:PrincipalOrgPaths", path);
    }
    let policy = call.state.events.policy(target);
    let policy = match with_event_keys {
        true => policy.and_then(|policy| without_event_keys(policy.text())),
        false => policy.map(|policy| policy.policy().clone()),
    };
    // The role may get its permissions later, so its side is taken as given; an owner that is nobody's makes the
    // resource policy speak for itself, also within an account.
    let everything = Policy::parse(ALLOW_ALL).map_err(|error| ApiError::new("InternalException", error.to_string()))?;
    let policies = Policies {
        identity: vec![Named { name: "the role's permissions".into(), policy: &everything }],
        resource: policy.as_ref().map(|policy| Named { name: bus::policy_name(target).into(), policy }),
        ..Policies::default()
    };
    let request = Request {
        principal: &principal,
        action: "events:PutEvents",
        resource: target.as_str(),
        resource_account: "",
        context: &context,
    };
    let decision = decide(&request, &policies);
    if decision.allowed {
        return Ok(());
    }
    let (code, status) = call.service.access_denied();
    Err(ApiError::new(code, decision.message(&request)).status(status))
}

const ALLOW_ALL: &str = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}"#;

/// The policy without conditions on the event; a `Deny` that has some cannot be decided and is left out.
fn without_event_keys(text: &str) -> Option<Policy> {
    let mut policy: Value = serde_json::from_str(text).ok()?;
    let statements = match policy.get_mut("Statement")?.take() {
        Value::Array(statements) => statements,
        statement => vec![statement],
    };
    let kept: Vec<Value> = statements
        .into_iter()
        .filter_map(|mut statement| {
            let touched = drop_event_keys(&mut statement);
            (statement["Effect"] != "Deny" || !touched).then_some(statement)
        })
        .collect();
    if kept.is_empty() {
        return None;
    }
    policy["Statement"] = kept.into();
    Policy::parse(&policy.to_string()).ok()
}

fn drop_event_keys(statement: &mut Value) -> bool {
    let Some(operators) = statement.get_mut("Condition").and_then(Value::as_object_mut) else { return false };
    let mut touched = false;
    for keys in operators.values_mut().filter_map(Value::as_object_mut) {
        let before = keys.len();
        keys.retain(|key, _| {
            !key.eq_ignore_ascii_case("events:source") && !key.eq_ignore_ascii_case("events:detail-type")
        });
        touched |= keys.len() != before;
    }
    operators.retain(|_, keys| keys.as_object().is_none_or(|keys| !keys.is_empty()));
    if operators.is_empty()
        && let Some(statement) = statement.as_object_mut()
    {
        statement.remove("Condition");
    }
    touched
}
