//! Tags of accounts, units, roots and policies. [D] API_TagResource, API_UntagResource, API_ListTagsForResource

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

use super::{listable, management};
use crate::api::{ApiError, Call, Reply};

/// [D] API_Tag
const MOST: usize = 50;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Tag {
    key: String,
    value: String,
}

/// The tags that the call brings.
pub(super) fn given(call: &Call<'_>) -> Result<BTreeMap<String, String>, ApiError> {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Input {
        #[serde(default)]
        tags: Vec<Tag>,
    }
    let input: Input = call.input()?;
    Ok(input.tags.into_iter().map(|tag| (tag.key, tag.value)).collect())
}

/// The resource that the call names, which must exist.
fn named(call: &Call<'_>) -> Result<String, ApiError> {
    let id = call.text("ResourceId").unwrap_or_default();
    let organizations = &call.state.organizations;
    match organizations.node(id).is_some() || organizations.policies.own.get(id).is_some() {
        true => Ok(id.to_owned()),
        false => {
            let text = "We can't find a root, OU, account, or policy with the TargetId that you specified.";
            Err(ApiError::new("TargetNotFoundException", text))
        }
    }
}

pub(super) fn tag(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    management(call, "organizations:TagResource")?;
    let id = named(call)?;
    let given = given(call)?;
    let tags = call.state.organizations.tags.entry(id).or_default();
    let mut merged = tags.clone();
    merged.extend(given);
    if merged.len() > MOST {
        let text = "You have exceeded the number of tags allowed on this resource.";
        return Err(ApiError::new("ConstraintViolationException", text));
    }
    *tags = merged;
    Ok(Reply::empty())
}

pub(super) fn untag(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Input {
        tag_keys: Vec<String>,
    }
    management(call, "organizations:UntagResource")?;
    let id = named(call)?;
    let input: Input = call.input()?;
    call.state.organizations.tags.entry(id).or_default().retain(|key, _| !input.tag_keys.contains(key));
    Ok(Reply::empty())
}

pub(super) fn list(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    listable(call, "organizations:ListTagsForResource")?;
    let id = named(call)?;
    let tags = call.state.organizations.tags.get(&id);
    let tags: Vec<Value> = tags.into_iter().flatten().map(|(key, value)| json!({"Key": key, "Value": value})).collect();
    Ok(json!({"Tags": tags}).into())
}
