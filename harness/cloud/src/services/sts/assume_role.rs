//! AssumeRole.

use serde::Deserialize;
use serde_json::json;

use super::session_policies::{self, PolicyArn};
use super::{issue_limited, session_principal, session_tags, tags_of_caller};
use crate::api::{ApiError, Call, Reply, lenient};
use crate::id::Arn;
use crate::services::iam;
use rootwatch_policy::{Context, Principal, ResourceKind};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Tag {
    key: String,
    #[serde(default)]
    value: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct AssumeRole {
    #[serde(default)]
    role_arn: String,
    #[serde(default)]
    role_session_name: String,
    #[serde(default)]
    external_id: Option<String>,
    #[serde(default, deserialize_with = "lenient::optional")]
    duration_seconds: Option<i64>,
    #[serde(default)]
    tags: Vec<Tag>,
    #[serde(default)]
    transitive_tag_keys: Vec<String>,
    #[serde(default)]
    policy: Option<String>,
    #[serde(default)]
    policy_arns: Vec<PolicyArn>,
}

pub(super) fn invalid(text: impl Into<String>) -> ApiError {
    ApiError::new("ValidationError", text)
}

pub(super) fn constraint(value: &str, member: &str, wanted: &str) -> ApiError {
    invalid(format!(
        "1 validation error detected: Value '{value}' at '{member}' failed to satisfy constraint: Member must {wanted}"
    ))
}

impl AssumeRole {
    /// What AWS checks before it looks at anything. [V] LS:sts/test_sts::test_sts_invalid_parameters
    fn check(&self) -> Result<(), ApiError> {
        let name = self.role_session_name.as_str();
        let good = |c: char| c.is_ascii_alphanumeric() || "_+=,.@-".contains(c);
        if !name.chars().all(good) {
            let wanted = r"satisfy regular expression pattern: [\w+=,.@-]*";
            return Err(constraint(name, "roleSessionName", wanted));
        }
        match name.len() {
            0 | 1 => return Err(constraint(name, "roleSessionName", "have length greater than or equal to 2")),
            65.. => return Err(constraint(name, "roleSessionName", "have length less than or equal to 64")),
            _ => {}
        }
        if self.role_arn.len() < 20 {
            return Err(constraint(&self.role_arn, "roleArn", "have length greater than or equal to 20"));
        }
        let seconds = self.duration_seconds.unwrap_or(3600);
        let text = seconds.to_string();
        match seconds {
            ..900 => Err(constraint(&text, "durationSeconds", "have value greater than or equal to 900")),
            43_201.. => Err(constraint(&text, "durationSeconds", "have value less than or equal to 43200")),
            _ => Ok(()),
        }
    }
}

pub(super) fn assume_role(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let input: AssumeRole = call.input()?;
    input.check()?;
    let seconds = input.duration_seconds.unwrap_or(3600);
    let role = Arn::parse(&input.role_arn)
        .filter(|role| role.service() == "iam" && role.resource().starts_with("role/"))
        .ok_or_else(|| invalid(format!("{} is invalid", input.role_arn)))?;
    let requested: Vec<(String, String)> = input.tags.into_iter().map(|tag| (tag.key, tag.value)).collect();
    let mut context = Context::new().with("sts:RoleSessionName", input.role_session_name.as_str());
    if let Some(external_id) = &input.external_id {
        context = context.with("sts:ExternalId", external_id.as_str());
    }
    for (key, value) in &requested {
        context = context.with(format!("aws:RequestTag/{key}"), value.as_str());
    }
    if !requested.is_empty() {
        context = context.with_many("aws:TagKeys", requested.iter().map(|(key, _)| key.clone()).collect());
        context = context.with_many("sts:TransitiveTagKeys", input.transitive_tag_keys.clone());
    }
    // A role that is not there looks like one that says no. [D] troubleshoot_roles
    let trust = iam::trust_policy(call.state, &role);
    let name = format!("trust policy of role {}", role.name());
    let policy = trust.as_ref().map(|trust| (name.as_str(), trust));
    call.authorise_kind("sts:AssumeRole", &role, context.clone(), policy, ResourceKind::RoleTrust)?;
    let tags = session_tags::merge(requested, &input.transitive_tag_keys, &tags_of_caller(call))?;
    if !tags.is_empty() {
        // Handing tags on is a permission of its own, in the trust policy too. [D] id_session-tags
        call.authorise_kind("sts:TagSession", &role, context, policy, ResourceKind::RoleTrust)?;
    }
    if matches!(call.caller, Principal::Role { .. }) && seconds > 3600 {
        return Err(invalid(
            "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining",
        ));
    }
    if iam::max_session_duration(call.state, &role).is_some_and(|longest| seconds > longest) {
        return Err(invalid("The requested DurationSeconds exceeds the MaxSessionDuration set for this role."));
    }
    let policies = session_policies::read(call, &role, input.policy.as_deref(), &input.policy_arns)?;
    let size = session_policies::packed_size(input.policy.as_deref(), &input.policy_arns);
    let credentials = issue_limited(call.state, &role, &input.role_session_name, seconds, tags, policies);
    let id = iam::unique_id(call.state, &role).unwrap_or_default();
    let mut answer = json!({
        "Credentials": {
            "AccessKeyId": credentials.access_key_id,
            "SecretAccessKey": credentials.secret_access_key,
            "SessionToken": credentials.session_token,
            "Expiration": credentials.expiration.iso_seconds(),
        },
        "AssumedRoleUser": {
            "AssumedRoleId": format!("{id}:{}", input.role_session_name),
            "Arn": session_principal(&role, &input.role_session_name).arn(),
        },
    });
    if let Some(size) = size {
        answer["PackedPolicySize"] = json!(size);
    }
    Ok(answer.into())
}
