//! The policies of secrets.

use serde_json::json;

use super::operations::{check_name, live, named, secret};
use crate::api::{ApiError, Call, Reply};
use crate::authz::PolicyText;
use rootwatch_policy::PolicyKind;

pub(super) fn get_resource_policy(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let arn = named(call, "secretsmanager:GetResourcePolicy")?;
    let secret = secret(call, &arn)?;
    let mut answer = json!({"ARN": arn.as_str(), "Name": secret.name});
    if let Some(policy) = &secret.policy {
        answer["ResourcePolicy"] = json!(policy.text());
    }
    Ok(answer.into())
}

/// [D] API_PutResourcePolicy. That principals must exist follows from the IAM user guide, Principal; the text is [?]
pub(super) fn put_resource_policy(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let arn = live(call, "secretsmanager:PutResourcePolicy")?;
    let policy = PolicyText::check(call.text("ResourcePolicy").unwrap_or_default(), PolicyKind::Resource)
        .map_err(|error| ApiError::new("MalformedPolicyDocumentException", error.to_string()))?;
    call.state.check_principals(&policy).map_err(|_| {
        let text = "This resource policy contains an unsupported principal.";
        ApiError::new("MalformedPolicyDocumentException", text)
    })?;
    let secret = secret(call, &arn)?;
    secret.policy = Some(policy);
    Ok(json!({"ARN": arn.as_str(), "Name": secret.name}).into())
}

pub(super) fn delete_resource_policy(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let arn = named(call, "secretsmanager:DeleteResourcePolicy")?;
    let secret = secret(call, &arn)?;
    secret.policy = None;
    Ok(json!({"ARN": arn.as_str(), "Name": secret.name}).into())
}

pub(super) fn validate_resource_policy(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    check_name(call.text("SecretId").unwrap_or_default())?;
    if call.text("SecretId").is_some() {
        named(call, "secretsmanager:ValidateResourcePolicy")?;
    } else {
        let any = call.arn("secret:*");
        call.authorise("secretsmanager:ValidateResourcePolicy", &any)?;
    }
    let errors: Vec<_> = PolicyText::check(call.text("ResourcePolicy").unwrap_or_default(), PolicyKind::Resource)
        .err()
        .map(|error| json!({"CheckName": "Syntax", "ErrorMessage": error.to_string()}))
        .into_iter()
        .collect();
    Ok(json!({"PolicyValidationPassed": errors.is_empty(), "ValidationErrors": errors}).into())
}
