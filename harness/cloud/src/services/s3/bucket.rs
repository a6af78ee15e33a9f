//! A bucket, and how an operation finds the one that it is for.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::fault;
use crate::api::{ApiError, Call};
use crate::authz::PolicyText;
use crate::id::{AccountId, Arn, Region};
use crate::policy::Context;
use crate::time::Time;

/// A bucket.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Bucket {
    pub(super) owner: AccountId,
    pub(super) region: Region,
    pub(super) created: Time,
    pub(super) policy: Option<PolicyText>,
    pub(super) tags: BTreeMap<String, String>,
    /// The four switches, as they were put.
    pub(super) public_access_block: Option<Value>,
    /// Whether EventBridge is told of what happens.
    pub(super) event_bridge: bool,
    pub(super) objects: BTreeMap<String, Object>,
}

/// An object.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Object {
    /// Base64.
    pub(super) body: Arc<str>,
    /// Bytes.
    pub(super) size: usize,
    /// Hexadecimal MD5 of the body.
    pub(super) etag: String,
    pub(super) content_type: String,
    pub(super) modified: Time,
}

/// Whether a bucket may be called this. [D] user guide, bucketnamingrules
pub(super) fn is_name(name: &str) -> bool {
    let inner = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, b'.' | b'-');
    let outer = |c: Option<&u8>| c.is_some_and(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
    let bytes = name.as_bytes();
    (3..=63).contains(&bytes.len())
        && bytes.iter().all(|c| inner(*c))
        && (outer(bytes.first()) && outer(bytes.last()))
        && !name.contains("..")
        && name.parse::<std::net::Ipv4Addr>().is_err()
}

/// The ARN of a bucket, or of an object (`bucket/key`).
pub(super) fn arn(call: &Call<'_>, resource: impl std::fmt::Display) -> Arn {
    Arn::new(format!("arn:{}:s3:::{resource}", call.region.partition()))
}

/// The bucket that the call names, if the caller may do this to it, or to what lies in it under the call's key.
pub(super) fn named(call: &mut Call<'_>, action: &str) -> Result<String, ApiError> {
    let name = call.text("Bucket").unwrap_or_default().to_owned();
    let resource = match call.text("Key") {
        Some(key) => arn(call, format_args!("{name}/{key}")),
        None => arn(call, &name),
    };
    may(call, action, &name, &resource)?;
    Ok(name)
}

/// Whether the caller may do this to a resource of a bucket.
pub(super) fn may(call: &mut Call<'_>, action: &str, name: &str, resource: &Arn) -> Result<(), ApiError> {
    let bucket = call.state.s3.buckets.get(name).ok_or_else(|| fault::no_such_bucket(name))?;
    let policy = bucket.policy.clone().map(|policy| (format!("policy of bucket {name}"), policy));
    let policy = policy.as_ref().map(|(name, policy)| (name.as_str(), policy));
    call.authorise_with(action, resource, Context::new(), policy)
}

/// The bucket itself.
pub(super) fn bucket<'a>(call: &'a mut Call<'_>, name: &str) -> Result<&'a mut Bucket, ApiError> {
    call.state.s3.buckets.get_mut(name).ok_or_else(|| fault::no_such_bucket(name))
}
