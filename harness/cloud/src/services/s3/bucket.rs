//! A bucket, and how an operation finds the one that it is for.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::fault;
use crate::api::{ApiError, Call};
use crate::authz::PolicyText;
use crate::id::{AccountId, Arn, Region};
use crate::time::Time;
use rootwatch_policy::Context;

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
    /// Settings that are kept and shown, by the name of what is set: `Encryption` and others.
    #[serde(default)]
    pub(super) settings: BTreeMap<String, Value>,
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

/// The ARN of a bucket.
pub(super) fn arn(call: &Call<'_>, bucket: &str) -> Arn {
    Arn::new(format!("arn:{}:s3:::{bucket}", call.region.partition()))
}

/// The bucket that the call names, if the caller may do this to it.
pub(super) fn named(call: &mut Call<'_>, action: &str) -> Result<String, ApiError> {
    let name = call.text("Bucket").unwrap_or_default().to_owned();
    let bucket = call.state.s3.buckets.get(&name).ok_or_else(|| fault::no_such_bucket(&name))?;
    let policy = bucket.policy.clone().map(|policy| (format!("policy of bucket {name}"), policy));
    let policy = policy.as_ref().map(|(name, policy)| (name.as_str(), policy));
    call.authorise_with(action, &arn(call, &name), Context::new(), policy)?;
    Ok(name)
}

/// The bucket itself.
pub(super) fn bucket<'a>(call: &'a mut Call<'_>, name: &str) -> Result<&'a mut Bucket, ApiError> {
    call.state.s3.buckets.get_mut(name).ok_or_else(|| fault::no_such_bucket(name))
}
