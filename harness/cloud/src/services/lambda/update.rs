//! UpdateFunctionCode and UpdateFunctionConfiguration. Either ends the function's processes.

use std::sync::Arc;

use serde_json::Value;

use super::create::{architecture, zip};
use super::fault;
use super::function::{Configuration, Phase};
use super::name::Name;
use super::package;
use super::settings::{Settings, check_role};
use super::version;
use crate::api::{ApiError, Call, Reply};
use crate::id::Arn;
use crate::runtime::Effect;

pub(super) fn configuration(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let arn = Name::unqualified(call)?;
    call.authorise("lambda:UpdateFunctionConfiguration", &arn)?;
    let settings = Settings::read(call, &["RevisionId", "Qualifier"])?;
    let mut changed = call.state.lambda.function(&arn)?.latest.clone();
    check_revision(call, &changed)?;
    settings.apply(&mut changed)?;
    check_role(call, &arn, &changed)?;
    let shown = store(call, &arn, changed)?;
    Ok(shown.into())
}

pub(super) fn code(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let arn = Name::unqualified(call)?;
    call.authorise("lambda:UpdateFunctionCode", &arn)?;
    let mut changed = call.state.lambda.function(&arn)?.latest.clone();
    check_revision(call, &changed)?;
    if let Some(architecture) = architecture(call)? {
        changed.architecture = architecture;
    }
    let zip = zip(call.params.get("ZipFile"))?.ok_or_else(|| {
        if call.text("S3Bucket").is_some() || call.text("ImageUri").is_some() {
            fault::unsupported("code of Lambda functions from S3 or ECR: send the package with the call (ZipFile)")
        } else {
            fault::invalid("Please provide a source for function code.")
        }
    })?;
    changed.code = package::check(&zip, &changed.runtime, &changed.architecture)
        .map_err(|error| fault::invalid(error.to_string()))?;
    let flag = |name: &str| call.params.get(name).is_some_and(|value| *value == true);
    if flag("DryRun") {
        return Ok(changed.shown(&arn, false, Phase::Ready).into());
    }
    let publish = flag("Publish");
    call.state.emit(Effect::StoreCode { sha256: changed.code.sha256.clone(), zip: Arc::from(zip) });
    let mut shown = store(call, &arn, changed)?;
    if publish {
        let mut function = call.state.lambda.function(&arn)?.clone();
        shown = version::publish_latest(call, &mut function, None).shown(&arn, true, Phase::Updating);
        call.state.lambda.functions.insert(arn, function);
    }
    Ok(shown.into())
}

fn check_revision(call: &Call<'_>, configuration: &Configuration) -> Result<(), ApiError> {
    match call.text("RevisionId") {
        Some(revision) if revision != configuration.revision => Err(fault::stale("GetFunction/GetAlias")),
        _ => Ok(()),
    }
}

fn store(call: &mut Call<'_>, arn: &Arn, mut changed: Configuration) -> Result<Value, ApiError> {
    changed.last_modified = call.state.now;
    changed.revision = call.state.uuid();
    let shown = changed.shown(arn, false, Phase::Updating);
    let function = call.state.lambda.function_mut(arn)?;
    function.latest = changed;
    function.prepared = None;
    call.state.emit(Effect::Retire(arn.clone()));
    Ok(shown)
}
