//! Tags of trails.

use serde::Deserialize;
use serde_json::{Value, json};

use super::trail;
use crate::api::{ApiError, Call, Reply};
use crate::services::tag::Tag;

pub(super) fn add(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let tags = given(call)?;
    let trail = call.trail_mut("cloudtrail:AddTags", "ResourceId")?;
    trail.tags.extend(Tag::map(tags));
    Ok(Reply::empty())
}

pub(super) fn remove(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let tags = given(call)?;
    let trail = call.trail_mut("cloudtrail:RemoveTags", "ResourceId")?;
    trail.tags.retain(|key, _| !tags.iter().any(|tag| tag.key == *key));
    Ok(Reply::empty())
}

pub(super) fn list(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Input {
        resource_id_list: Vec<String>,
    }
    let input: Input = call.input()?;
    let mut answers: Vec<Value> = Vec::new();
    for id in &input.resource_id_list {
        let arn = trail::resolve(call, id)?;
        call.authorise("cloudtrail:ListTags", &arn)?;
        let Some(found) = call.state.cloudtrail.trails.get(&arn) else {
            // [T] AWS's text
            return Err(ApiError::new("ResourceNotFoundException", format!("Resource {id} does not exist.")));
        };
        let tags: Vec<Tag> =
            found.tags.iter().map(|(key, value)| Tag { key: key.clone(), value: value.clone() }).collect();
        answers.push(json!({ "ResourceId": id, "TagsList": tags }));
    }
    Ok(json!({ "ResourceTagList": answers }).into())
}

fn given(call: &Call<'_>) -> Result<Vec<Tag>, ApiError> {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Input {
        #[serde(default)]
        tags_list: Vec<Tag>,
    }
    Ok(call.input::<Input>()?.tags_list)
}
