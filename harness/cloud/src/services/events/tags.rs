//! Tags of buses and rules. [V] LS:events/test_events_tags.snapshot.json

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::bus;
use super::page::required;
use super::rule::RuleName;
use crate::api::{ApiError, Call, Reply};
use crate::id::Arn;

/// A tag as the API writes it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Tag {
    pub(super) key: String,
    pub(super) value: String,
}

/// [D] 50 tags, and the prefix that is AWS's own.
pub(super) fn check_tags(tags: &[Tag]) -> Result<(), ApiError> {
    if tags.len() > 50 {
        return Err(ApiError::validation("A resource can have at most 50 tags."));
    }
    match tags.iter().find(|tag| tag.key.to_ascii_lowercase().starts_with("aws:")) {
        None => Ok(()),
        Some(tag) => Err(ApiError::validation(format!(
            "aws: prefixed tag key names are not allowed for external use: {}",
            tag.key
        ))),
    }
}

pub(super) fn tag(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Input {
        tags: Vec<Tag>,
    }
    let input: Input = call.input()?;
    check_tags(&input.tags)?;
    let tags = tags_of(call, "events:TagResource")?;
    tags.extend(input.tags.into_iter().map(|tag| (tag.key, tag.value)));
    Ok(Reply::empty())
}

pub(super) fn untag(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Input {
        tag_keys: Vec<String>,
    }
    let input: Input = call.input()?;
    let tags = tags_of(call, "events:UntagResource")?;
    tags.retain(|key, _| !input.tag_keys.contains(key));
    Ok(Reply::empty())
}

pub(super) fn list(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let tags = tags_of(call, "events:ListTagsForResource")?;
    let tags: Vec<Tag> = tags.iter().map(|(key, value)| Tag { key: key.clone(), value: value.clone() }).collect();
    Ok(json!({ "Tags": tags }).into())
}

fn tags_of<'a>(call: &'a mut Call<'_>, action: &str) -> Result<&'a mut BTreeMap<String, String>, ApiError> {
    let named = required(call, "ResourceARN")?;
    let arn = Arn::parse(&named).filter(|arn| arn.service() == "events").ok_or_else(|| bus::not_an_arn(&named))?;
    call.authorise(action, &arn)?;
    if bus::is_bus(&arn) {
        return Ok(&mut call.bus_mut(&arn)?.tags);
    }
    let name = RuleName::of(&arn).ok_or_else(|| bus::not_an_arn(&named))?;
    Ok(&mut call.rule_mut(&name)?.tags)
}
