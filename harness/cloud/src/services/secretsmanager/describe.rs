//! A secret and its versions as they are shown.

use serde_json::{Map, Value, json};

use super::Secret;
use super::list::page;
use super::operations::{named, secret};
use crate::api::{ApiError, Call, Reply};
use crate::id::Arn;

pub(super) fn describe_secret(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let arn = named(call, "secretsmanager:DescribeSecret")?;
    Ok(shape(&arn, secret(call, &arn)?).into())
}

/// As DescribeSecret shows it: nothing that there is not. [V] LS:secretsmanager
pub(super) fn shape(arn: &Arn, secret: &Secret) -> Value {
    let staged = secret.in_order().into_iter().map(|(id, _)| (id, secret.stages_of(id)));
    let versions: Map<String, Value> =
        staged.filter(|(_, stages)| !stages.is_empty()).map(|(id, stages)| (id.to_owned(), json!(stages))).collect();
    let mut shape = json!({
        "ARN": arn.as_str(), "Name": secret.name, "LastChangedDate": secret.changed.seconds_f64(),
        "CreatedDate": secret.created.seconds_f64(),
    });
    if !versions.is_empty() {
        shape["VersionIdsToStages"] = json!(versions);
    }
    if let Some(tags) = &secret.tags {
        shape["Tags"] = tags.iter().map(|(key, value)| json!({"Key": key, "Value": value})).collect();
    }
    if !secret.description.is_empty() {
        shape["Description"] = json!(secret.description);
    }
    if let Some(key) = &secret.kms_key {
        shape["KmsKeyId"] = json!(key);
    }
    if let Some(accessed) = secret.accessed {
        shape["LastAccessedDate"] = json!(accessed.seconds_f64());
    }
    if let Some(deleted) = secret.deleted {
        shape["DeletedDate"] = json!(deleted.seconds_f64());
    }
    shape
}

pub(super) fn list_secret_version_ids(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let arn = named(call, "secretsmanager:ListSecretVersionIds")?;
    let deprecated = call.params.get("IncludeDeprecated").and_then(Value::as_bool).unwrap_or(false);
    let size = call.params.get("MaxResults").and_then(Value::as_u64).map(|size| size as usize);
    let token = call.text("NextToken").map(str::to_owned);
    let secret = secret(call, &arn)?;
    let key = secret.kms_key.clone().unwrap_or_else(|| "DefaultEncryptionKey".to_owned());
    let mut versions = Vec::new();
    for (id, version) in secret.in_order() {
        let stages = secret.stages_of(id);
        if stages.is_empty() && !deprecated {
            continue;
        }
        let mut shape =
            json!({"VersionId": id, "CreatedDate": version.created.seconds_f64(), "KmsKeyIds": [key.as_str()]});
        if !stages.is_empty() {
            shape["VersionStages"] = json!(stages);
        }
        if let Some(accessed) = version.accessed {
            shape["LastAccessedDate"] = json!(accessed.seconds_f64());
        }
        versions.push(shape);
    }
    let name = secret.name.clone();
    match page("Versions", versions, size, token.as_deref())? {
        Reply::Value(mut answer) => {
            answer["ARN"] = json!(arn.as_str());
            answer["Name"] = json!(name);
            Ok(answer.into())
        }
        other => Ok(other),
    }
}
