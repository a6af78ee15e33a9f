//! What the API tells of functions.

use serde_json::{Value, json};

use super::fault;
use super::function::{Configuration, Function, Phase};
use super::name::Name;
use super::page::page;
use crate::api::{ApiError, Call, Reply};

/// The version that a name means.
fn version<'a>(function: &'a Function, name: &Name) -> Result<&'a Configuration, ApiError> {
    match name.qualifier.as_deref() {
        None | Some("$LATEST") => Ok(&function.latest),
        Some(wanted) => function
            .versions
            .iter()
            .find(|version| version.version == wanted)
            .ok_or_else(|| fault::not_found(format!("Function not found: {}:{wanted}", name.function))),
    }
}

pub(super) fn get(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let name = Name::of(call)?;
    let arn = &name.function;
    call.authorise("lambda:GetFunction", arn)?;
    let function = call.state.lambda.function(arn)?;
    let configuration = version(function, &name)?;
    let (region, suffix) = (arn.region(), arn.region().dns_suffix());
    let location = format!(
        "https://awslambda-{region}-tasks.s3.{region}.{suffix}/snapshots/{}/{}-{}",
        arn.account(),
        arn.name(),
        configuration.code.sha256
    );
    let mut answer = json!({
        "Configuration": configuration.shown(arn, name.qualifier.is_some(), Phase::Ready),
        "Code": {"RepositoryType": "S3", "Location": location},
    });
    if !function.tags.is_empty() {
        answer["Tags"] = json!(function.tags);
    }
    if let Some(reserved) = function.reserved_concurrency {
        answer["Concurrency"] = json!({"ReservedConcurrentExecutions": reserved});
    }
    Ok(answer.into())
}

pub(super) fn configuration(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let name = Name::of(call)?;
    call.authorise("lambda:GetFunctionConfiguration", &name.function)?;
    let function = call.state.lambda.function(&name.function)?;
    Ok(version(function, &name)?.shown(&name.function, name.qualifier.is_some(), Phase::Ready).into())
}

pub(super) fn list(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let all = call.arn("function:*");
    call.authorise("lambda:ListFunctions", &all)?;
    let with_versions = call.text("FunctionVersion") == Some("ALL");
    let here = call.state.lambda.functions.iter().filter(|(arn, _)| arn.is_in(&call.account, &call.region));
    let shown: Vec<Value> = here
        .flat_map(|(arn, function)| {
            let versions = function.versions.iter().filter(|_| with_versions);
            std::iter::once(&function.latest)
                .chain(versions)
                .map(|version| {
                    let mut shown = version.shown(arn, with_versions, Phase::Ready);
                    // Lists say nothing of states. [V] LS:lambda_/test_lambda_api
                    if let Some(members) = shown.as_object_mut() {
                        members.retain(|name, _| {
                            !["State", "LastUpdateStatus", "RuntimeVersionConfig"].contains(&name.as_str())
                        });
                    }
                    shown
                })
                .collect::<Vec<_>>()
        })
        .collect();
    let (shown, marker) = page(call, shown)?;
    let mut answer = json!({"Functions": shown});
    if let Some(marker) = marker {
        answer["NextMarker"] = json!(marker);
    }
    Ok(answer.into())
}

pub(super) fn code_signing_config(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let arn = Name::unqualified(call)?;
    call.authorise("lambda:GetFunctionCodeSigningConfig", &arn)?;
    call.state.lambda.function(&arn)?;
    Ok(json!({"FunctionName": arn.name()}).into())
}

pub(super) fn runtime_management_config(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let arn = Name::unqualified(call)?;
    call.authorise("lambda:GetRuntimeManagementConfig", &arn)?;
    call.state.lambda.function(&arn)?;
    Ok(json!({"FunctionArn": format!("{arn}:$LATEST"), "UpdateRuntimeOn": "Auto"}).into())
}
