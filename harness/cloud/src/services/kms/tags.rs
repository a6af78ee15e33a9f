//! Tags of keys.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

use super::check::{constraint, page};
use super::operations::{key, live, named};
use crate::api::{ApiError, Call, Reply};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Tag {
    tag_key: String,
    #[serde(default)]
    tag_value: String,
}

/// Checks tags that a call brings. [D] API_Tag, API_TagResource; texts [T]
pub(super) fn checked(list: Vec<Tag>) -> Result<BTreeMap<String, String>, ApiError> {
    let wrong = |text: &str| Err(ApiError::new("TagException", text));
    let mut tags = BTreeMap::new();
    for (place, tag) in list.into_iter().enumerate() {
        let member = |name: &str| format!("tags.{}.member.{name}", place + 1);
        match tag.tag_key.chars().count() {
            0 => return Err(constraint("", &member("tagKey"), "have length greater than or equal to 1")),
            129.. => return Err(constraint(&tag.tag_key, &member("tagKey"), "have length less than or equal to 128")),
            _ => {}
        }
        if tag.tag_value.chars().count() > 256 {
            return Err(constraint(&tag.tag_value, &member("tagValue"), "have length less than or equal to 256"));
        }
        if tag.tag_key.to_lowercase().starts_with("aws:") {
            return wrong("aws: prefixed tag key names are not allowed for external use");
        }
        if tags.insert(tag.tag_key, tag.tag_value).is_some() {
            return wrong("Duplicate tag keys");
        }
    }
    if tags.len() > 50 { wrong("Too many tags") } else { Ok(tags) }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Tags {
    #[serde(default)]
    tags: Vec<Tag>,
    #[serde(default)]
    tag_keys: Vec<String>,
}

pub(super) fn tag_resource(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let input: Tags = call.input()?;
    let new = checked(input.tags)?;
    let arn = live(call, "kms:TagResource")?;
    let tags = &mut key(call, &arn)?.tags;
    if tags.len() + new.keys().filter(|name| !tags.contains_key(*name)).count() > 50 {
        return Err(ApiError::new("TagException", "Too many tags"));
    }
    tags.extend(new);
    Ok(Reply::empty())
}

pub(super) fn untag_resource(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let input: Tags = call.input()?;
    let arn = live(call, "kms:UntagResource")?;
    key(call, &arn)?.tags.retain(|name, _| !input.tag_keys.contains(name));
    Ok(Reply::empty())
}

pub(super) fn list_resource_tags(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let arn = named(call, "KeyId", "kms:ListResourceTags")?;
    let tags = &key(call, &arn)?.tags;
    let tags: Vec<Value> = tags.iter().map(|(name, value)| json!({"TagKey": name, "TagValue": value})).collect();
    page(call, "Tags", tags, 50)
}
