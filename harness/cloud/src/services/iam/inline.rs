//! What a role and a user have alike: inline policies and tags. [D] IAM API reference; [V] LS:iam/test_iam

use serde::Deserialize;
use serde_json::json;

use super::identity::{Kind, bounded, encoded, identity, named, tags};
use super::request::{document, no_such, page, required};
use crate::api::{ApiError, Call, Reply};
use crate::services::tag::Tag;
use rootwatch_policy::PolicyKind;

pub(super) fn put(call: &mut Call<'_>, kind: Kind) -> Result<Reply, ApiError> {
    let arn = bounded(call, kind)?;
    let name = required(call, "PolicyName")?.to_owned();
    let policy = document(required(call, "PolicyDocument")?, PolicyKind::Identity)?;
    identity(call, &arn)?.inline.insert(name, policy);
    Ok(Reply::empty())
}

fn missing(kind: Kind, name: &str) -> ApiError {
    no_such(format!("The {} policy with name {name} cannot be found.", kind.word()))
}

pub(super) fn get(call: &mut Call<'_>, kind: Kind) -> Result<Reply, ApiError> {
    let arn = named(call, kind)?;
    let name = required(call, "PolicyName")?.to_owned();
    let identity = identity(call, &arn)?;
    let policy = identity.inline.get(&name).ok_or_else(|| missing(kind, &name))?;
    let of = format!("{}Name", kind.title());
    Ok(json!({of: identity.name, "PolicyName": name, "PolicyDocument": encoded(policy)}).into())
}

pub(super) fn delete(call: &mut Call<'_>, kind: Kind) -> Result<Reply, ApiError> {
    let arn = bounded(call, kind)?;
    let name = required(call, "PolicyName")?.to_owned();
    let removed = identity(call, &arn)?.inline.remove(&name);
    removed.map(|_| Reply::empty()).ok_or_else(|| missing(kind, &name))
}

pub(super) fn list(call: &mut Call<'_>, kind: Kind) -> Result<Reply, ApiError> {
    let arn = named(call, kind)?;
    let names = identity(call, &arn)?.inline.keys().map(|name| json!(name)).collect();
    page(call, "PolicyNames", names)
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Tags {
    #[serde(default)]
    pub(super) tags: Vec<Tag>,
    #[serde(default)]
    pub(super) tag_keys: Vec<String>,
}

pub(super) fn tag(call: &mut Call<'_>, kind: Kind) -> Result<Reply, ApiError> {
    let arn = named(call, kind)?;
    let input: Tags = call.input()?;
    identity(call, &arn)?.tags.extend(Tag::map(input.tags));
    Ok(Reply::empty())
}

pub(super) fn untag(call: &mut Call<'_>, kind: Kind) -> Result<Reply, ApiError> {
    let arn = named(call, kind)?;
    let input: Tags = call.input()?;
    identity(call, &arn)?.tags.retain(|key, _| !input.tag_keys.contains(key));
    Ok(Reply::empty())
}

pub(super) fn list_tags(call: &mut Call<'_>, kind: Kind) -> Result<Reply, ApiError> {
    let arn = named(call, kind)?;
    let tags = tags(&identity(call, &arn)?.tags);
    Ok(json!({"Tags": tags, "IsTruncated": false}).into())
}
