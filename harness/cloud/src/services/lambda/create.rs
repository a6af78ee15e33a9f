//! CreateFunction and DeleteFunction. [V] LS:lambda_/test_lambda_api

use std::collections::BTreeMap;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::fault;
use super::function::{Code, Configuration, Function, Logging, Phase};
use super::name::Name;
use super::package;
use super::settings::{Settings, check_role};
use super::version;
use crate::api::{ApiError, Call, Reply};
use crate::id::Arn;
use crate::runtime::Effect;

pub(super) fn create(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let arn = Name::unqualified(call)?;
    call.authorise("lambda:CreateFunction", &arn)?;
    let settings = Settings::read(call, &["Code", "PackageType", "Tags", "Architectures", "Publish"])?;
    if call.text("PackageType").is_some_and(|kind| kind != "Zip") {
        return Err(fault::unsupported("container images as Lambda functions"));
    }
    let member = |name: &str, missing: bool| {
        if missing {
            return Err(ApiError::validation(format!(
                "1 validation error detected: Value null at '{name}' failed to satisfy constraint: Member must not be null"
            )));
        }
        Ok(())
    };
    member("role", settings.role.is_none())?;
    // [V] LS:lambda_/test_lambda_api::test_create_lambda_exceptions
    if settings.runtime.is_none() || settings.handler.is_none() {
        return Err(fault::invalid(
            "Runtime and Handler are mandatory parameters for functions created with deployment packages.",
        ));
    }
    if call.state.lambda.exists(&arn) {
        return Err(fault::conflict(format!("Function already exist: {}", arn.name())));
    }
    let mut configuration = Configuration {
        version: "$LATEST".into(),
        description: String::new(),
        role: Arn::new(""),
        runtime: String::new(),
        handler: String::new(),
        architecture: architecture(call)?.unwrap_or_else(|| "x86_64".to_owned()),
        timeout: 3,
        memory: 128,
        variables: BTreeMap::new(),
        kms_key: None,
        dead_letter: None,
        tracing: "PassThrough".into(),
        ephemeral_storage: 512,
        logging: Logging::default(),
        code: Code { sha256: String::new(), sha256_base64: String::new(), size: 0 },
        last_modified: call.state.now,
        revision: call.state.uuid(),
    };
    settings.apply(&mut configuration)?;
    check_role(call, &arn, &configuration)?;
    let zip = zip(call.params.get("Code").and_then(|code| code.get("ZipFile")))?;
    let zip = zip.ok_or_else(|| match call.params.get("Code") {
        Some(code) if code.get("S3Bucket").is_some() || code.get("ImageUri").is_some() => {
            fault::unsupported("code of Lambda functions from S3 or ECR: send the package with the call (ZipFile)")
        }
        _ => fault::invalid("Please provide a source for function code."),
    })?;
    configuration.code = package::check(&zip, &configuration.runtime, &configuration.architecture)
        .map_err(|error| fault::invalid(error.to_string()))?;
    let tags: BTreeMap<String, String> = match call.params.get("Tags") {
        None | Some(Value::Null) => BTreeMap::new(),
        Some(tags) => serde_json::from_value(tags.clone())
            .map_err(|error| ApiError::new("InvalidRequestContentException", error.to_string()))?,
    };
    call.state.emit(Effect::StoreCode { sha256: configuration.code.sha256.clone(), zip: Arc::from(zip) });
    let mut function = Function {
        latest: configuration,
        versions: Vec::new(),
        policy: None,
        policy_revision: String::new(),
        reserved_concurrency: None,
        event_invoke: None,
        tags,
        prepared: None,
    };
    let shown = if call.params.get("Publish").is_some_and(|publish| publish == true) {
        version::publish_latest(call, &mut function, None).shown(&arn, true, Phase::Creating)
    } else {
        function.latest.shown(&arn, false, Phase::Creating)
    };
    call.state.lambda.functions.insert(arn, function);
    Ok(answer(201, &shown))
}

/// The architecture that a call names.
pub(super) fn architecture(call: &Call<'_>) -> Result<Option<String>, ApiError> {
    let Some(named) = call.params.get("Architectures").and_then(Value::as_array) else { return Ok(None) };
    match named.as_slice() {
        [Value::String(one)] if one == "x86_64" || one == "arm64" => Ok(Some(one.clone())),
        _ => Err(ApiError::validation(format!(
            "1 validation error detected: Value '{}' at 'architectures' failed to satisfy constraint: Member must satisfy \
             constraint: [Member must satisfy enum value set: [x86_64, arm64], Member must not be null]",
            Value::Array(named.clone())
        ))),
    }
}

/// A package in base64.
pub(super) fn zip(member: Option<&Value>) -> Result<Option<Vec<u8>>, ApiError> {
    let Some(text) = member.and_then(Value::as_str).filter(|text| !text.is_empty()) else { return Ok(None) };
    STANDARD
        .decode(text)
        .map(Some)
        .map_err(|error| ApiError::new("SerializationException", format!("ZipFile is not base64: {error}")))
}

/// An answer with a status other than 200.
pub(super) fn answer(status: u16, body: &Value) -> Reply {
    let headers = vec![("content-type", "application/json".to_owned())];
    Reply::Raw { status, headers, body: body.to_string().into_bytes() }
}

pub(super) fn delete(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let name = Name::of(call)?;
    call.authorise("lambda:DeleteFunction", &name.function)?;
    let function = call.state.lambda.function_mut(&name.function)?;
    match name.qualifier.as_deref() {
        None => {
            call.state.lambda.functions.remove(&name.function);
            call.state.emit(Effect::Retire(name.function));
        }
        // [V] LS:lambda_/test_lambda_api
        Some("$LATEST") => {
            return Err(fault::invalid("$LATEST version cannot be deleted without deleting the function."));
        }
        Some(version) => function.versions.retain(|found| found.version != version),
    }
    Ok(Reply::Value(Value::Null))
}
