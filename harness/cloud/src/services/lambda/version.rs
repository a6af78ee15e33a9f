//! Versions: numbered copies of a function's configuration.

use serde_json::{Value, json};

use super::fault;
use super::function::{Configuration, Function, Phase};
use super::name::Name;
use super::page::page;
use crate::api::{ApiError, Call, Reply};

pub(super) fn publish(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let arn = Name::unqualified(call)?;
    call.authorise("lambda:PublishVersion", &arn)?;
    let mut function = call.state.lambda.function(&arn)?.clone();
    if call.text("CodeSha256").is_some_and(|sha| !sha.is_empty() && sha != function.latest.code.sha256_base64) {
        return Err(fault::invalid(format!(
            "CodeSHA256 ({}) is different from current CodeSHA256 in $LATEST ({}). Please try again with the CodeSHA256 \
             in $LATEST.",
            call.text("CodeSha256").unwrap_or_default(),
            function.latest.code.sha256_base64
        )));
    }
    if call.text("RevisionId").is_some_and(|revision| revision != function.latest.revision) {
        return Err(fault::stale("GetFunction/GetAlias"));
    }
    let description = call.text("Description").map(str::to_owned);
    let shown = publish_latest(call, &mut function, description).shown(&arn, true, Phase::Ready);
    call.state.lambda.functions.insert(arn, function);
    Ok(super::create::answer(201, &shown))
}

/// Makes a version of `$LATEST`, unless the last version is the same. [V] LS:lambda_/test_lambda_api::TestLambdaVersions
pub(super) fn publish_latest(
    call: &mut Call<'_>,
    function: &mut Function,
    description: Option<String>,
) -> Configuration {
    let mut version = function.latest.clone();
    if let Some(last) = function.versions.last() {
        let same = Configuration {
            version: last.version.clone(),
            description: last.description.clone(),
            last_modified: last.last_modified,
            revision: last.revision.clone(),
            ..version.clone()
        };
        if serde_json::to_value(&same).ok() == serde_json::to_value(last).ok() {
            return last.clone();
        }
    }
    let last = function.versions.last().and_then(|last| last.version.parse::<u64>().ok()).unwrap_or_default();
    version.version = (last + 1).to_string();
    version.description = description.unwrap_or(version.description);
    version.revision = call.state.uuid();
    function.versions.push(version.clone());
    version
}

pub(super) fn list(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let arn = Name::unqualified(call)?;
    call.authorise("lambda:ListVersionsByFunction", &arn)?;
    let function = call.state.lambda.function(&arn)?;
    let versions = std::iter::once(&function.latest).chain(&function.versions);
    let shown: Vec<Value> = versions.map(|version| version.shown(&arn, true, Phase::Ready)).collect();
    let (shown, marker) = page(call, shown)?;
    let mut answer = json!({"Versions": shown});
    if let Some(marker) = marker {
        answer["NextMarker"] = json!(marker);
    }
    Ok(answer.into())
}
