//! Resource policies: who may write to an account's groups.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::check::invalid;
use crate::api::{ApiError, Call, Reply};
use crate::authz::PolicyText;
use crate::time::Time;
use rootwatch_policy::PolicyKind;

/// A resource policy of an account in a Region.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ResourcePolicy {
    /// Its document.
    pub(super) policy: PolicyText,
    updated: Time,
}

/// Policies in a Region. [V] LS:logs/test_logs_resource_policies
const MOST: usize = 10;

fn shape(name: &str, policy: &ResourcePolicy) -> Value {
    json!({
        "policyName": name, "policyDocument": policy.policy.text(), "lastUpdatedTime": policy.updated.0,
        "policyScope": "ACCOUNT",
    })
}

pub(super) fn put_resource_policy(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    call.authorise("logs:PutResourcePolicy", &call.arn("*"))?;
    let name = call.text("policyName").unwrap_or_default().to_owned();
    let text = call.text("policyDocument").unwrap_or_default();
    let policy = PolicyText::check(text, PolicyKind::Resource).map_err(|error| invalid(error.to_string()))?;
    let policy = ResourcePolicy { policy, updated: call.state.now };
    let key = (call.account.clone(), call.region.clone());
    let policies = call.state.logs.policies.entry(key, Default::default);
    if policies.len() >= MOST && !policies.contains_key(&name) {
        return Err(ApiError::new("LimitExceededException", "Resource limit exceeded."));
    }
    let answer = json!({"resourcePolicy": shape(&name, &policy)});
    policies.insert(name, policy);
    Ok(answer.into())
}

pub(super) fn describe_resource_policies(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    call.authorise("logs:DescribeResourcePolicies", &call.arn("*"))?;
    let found = call.state.logs.policies.get(&(call.account.clone(), call.region.clone()));
    let policies: Vec<Value> = found.into_iter().flatten().map(|(name, policy)| shape(name, policy)).collect();
    Ok(json!({"resourcePolicies": policies}).into())
}

pub(super) fn delete_resource_policy(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    call.authorise("logs:DeleteResourcePolicy", &call.arn("*"))?;
    let name = call.text("policyName").unwrap_or_default().to_owned();
    let key = (call.account.clone(), call.region.clone());
    let removed = call.state.logs.policies.get_mut(&key).and_then(|policies| policies.remove(&name));
    let missing = || ApiError::new("ResourceNotFoundException", format!("Policy with name [{name}] does not exist."));
    removed.map(|_| Reply::empty()).ok_or_else(missing)
}
