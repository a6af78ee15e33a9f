//! Tags of tables.

use serde::Deserialize;
use serde_json::{Value, json};

use super::error::{service, validation};
use super::tables::Tag;
use crate::api::{ApiError, Call, Reply};
use crate::id::Arn;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Input {
    #[serde(default)]
    tags: Vec<Tag>,
    #[serde(default)]
    tag_keys: Vec<String>,
}

fn named(call: &mut Call<'_>, action: &str) -> Result<Arn, ApiError> {
    let text = call.text("ResourceArn").unwrap_or_default().to_owned();
    let arn = Arn::parse(&text)
        .ok_or_else(|| validation(format!("Invalid TableArn: Invalid ResourceArn provided as input {text}")))?;
    call.authorise(action, &arn)?;
    if call.state.dynamodb.tables.contains(&arn) {
        return Ok(arn);
    }
    Err(service("ResourceNotFoundException", format!("Requested resource not found: ResourcArn: {text} not found")))
}

pub(super) fn tag_resource(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let arn = named(call, "dynamodb:TagResource")?;
    let input: Input = call.input()?;
    if let Some(table) = call.state.dynamodb.tables.get_mut(&arn) {
        table.tags.extend(input.tags.into_iter().map(|tag| (tag.key, tag.value)));
    }
    Ok(Reply::empty())
}

pub(super) fn untag_resource(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let arn = named(call, "dynamodb:UntagResource")?;
    let input: Input = call.input()?;
    if let Some(table) = call.state.dynamodb.tables.get_mut(&arn) {
        table.tags.retain(|key, _| !input.tag_keys.contains(key));
    }
    Ok(Reply::empty())
}

pub(super) fn list_tags_of_resource(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let arn = named(call, "dynamodb:ListTagsOfResource")?;
    let tags = call.state.dynamodb.tables.get(&arn).map(|table| table.tags.clone()).unwrap_or_default();
    let tags: Vec<Value> = tags.into_iter().map(|(key, value)| json!({"Key": key, "Value": value})).collect();
    Ok(json!({"Tags": tags}).into())
}
