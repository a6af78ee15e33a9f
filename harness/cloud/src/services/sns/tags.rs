//! TagResource, UntagResource, ListTagsForResource. [V] LS:sns/test_tags

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::fault::{self, invalid};
use crate::api::{ApiError, Call, Reply};
use crate::id::Arn;

/// A tag as it is written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Tag {
    key: String,
    #[serde(default)]
    value: String,
}

/// Tags by key.
pub(super) fn read(tags: Vec<Tag>) -> Result<BTreeMap<String, String>, ApiError> {
    let count = tags.len();
    let map: BTreeMap<String, String> = tags.into_iter().map(|tag| (tag.key, tag.value)).collect();
    if map.len() < count {
        return Err(invalid("Duplicated keys are not allowed."));
    }
    Ok(map)
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Input {
    #[serde(default)]
    tags: Vec<Tag>,
    #[serde(default)]
    tag_keys: Vec<String>,
}

/// The topic, which only its own account may tag.
fn topic(call: &mut Call<'_>, action: &str) -> Result<Arn, ApiError> {
    let arn = fault::arn(call.text("ResourceArn").unwrap_or_default(), "ResourceArn")?;
    if arn.region() != call.region {
        return Err(invalid("ResourceArn"));
    }
    call.authorise(action, &arn)?;
    if !call.state.sns.topics.contains(&arn) {
        return Err(ApiError::new("ResourceNotFound", "Resource does not exist").status(404));
    }
    Ok(arn)
}

pub(super) fn tag(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let arn = topic(call, "SNS:TagResource")?;
    let tags = read(call.input::<Input>()?.tags)?;
    if let Some(topic) = call.state.sns.topics.get_mut(&arn) {
        topic.tags.extend(tags);
    }
    Ok(Reply::empty())
}

pub(super) fn untag(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let arn = topic(call, "SNS:UntagResource")?;
    let keys = call.input::<Input>()?.tag_keys;
    if let Some(topic) = call.state.sns.topics.get_mut(&arn) {
        topic.tags.retain(|key, _| !keys.contains(key));
    }
    Ok(Reply::empty())
}

pub(super) fn list(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let arn = topic(call, "SNS:ListTagsForResource")?;
    let tags = call.state.sns.topics.get(&arn).map(|topic| topic.tags.clone()).unwrap_or_default();
    let tags: Vec<Tag> = tags.into_iter().map(|(key, value)| Tag { key, value }).collect();
    Ok(json!({"Tags": tags}).into())
}
