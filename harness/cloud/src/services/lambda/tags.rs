//! Tags of functions and event source mappings. [V] LS:lambda_/test_lambda_api::TestLambdaTags

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

use super::fault;
use crate::api::{ApiError, Call, Reply};
use crate::id::Arn;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Tag {
    resource: String,
    tags: BTreeMap<String, String>,
}

pub(super) fn tag(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let input: Tag = call.input()?;
    let arn = Arn::new(&input.resource);
    call.authorise("lambda:TagResource", &arn)?;
    let tags = tags_of(call, &arn)?;
    let mut merged = tags.clone();
    merged.extend(input.tags);
    // [V] ::test_tag_limits
    if merged.len() > 50 {
        return Err(fault::invalid("Number of tags exceeds resource tag limit."));
    }
    *tags = merged;
    Ok(Reply::Value(Value::Null))
}

pub(super) fn untag(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let arn = Arn::new(call.text("Resource").unwrap_or_default());
    call.authorise("lambda:UntagResource", &arn)?;
    let keys = match call.params.get("tagKeys").or_else(|| call.params.get("TagKeys")) {
        Some(Value::Array(keys)) => keys.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        Some(Value::String(key)) => vec![key.clone()],
        _ => Vec::new(),
    };
    if keys.is_empty() {
        return Err(ApiError::validation(
            "1 validation error detected: Value null at 'tagKeys' failed to satisfy constraint: Member must not be null",
        ));
    }
    let tags = tags_of(call, &arn)?;
    tags.retain(|key, _| !keys.contains(key));
    Ok(Reply::Value(Value::Null))
}

pub(super) fn list(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let arn = Arn::new(call.text("Resource").unwrap_or_default());
    call.authorise("lambda:ListTags", &arn)?;
    let tags = tags_of(call, &arn)?;
    Ok(json!({"Tags": tags}).into())
}

/// Tags belong to the function as a whole.
fn tags_of<'a>(call: &'a mut Call<'_>, arn: &Arn) -> Result<&'a mut BTreeMap<String, String>, ApiError> {
    match arn.resource().strip_prefix("event-source-mapping:") {
        Some(uuid) => call
            .state
            .lambda
            .mappings
            .get_mut(uuid)
            .map(|mapping| &mut mapping.tags)
            .ok_or_else(|| fault::not_found("The resource you requested does not exist.")),
        None if arn.resource().starts_with("function:") => {
            call.state.lambda.function_mut(arn).map(|function| &mut function.tags)
        }
        None => Err(ApiError::validation(format!("`{arn}` is neither a function nor an event source mapping"))),
    }
}
