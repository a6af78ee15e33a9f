//! Keys that are the same in several Regions. [D] multi-region-keys-overview, API_ReplicateKey,
//! API_UpdatePrimaryRegion

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

use super::key::{Family, relatives, shape};
use super::operations::{check_lockout, default_policy, description_length, key, live, policy};
use super::spec::Origin;
use super::tags::{self, Tag};
use super::usable;
use crate::api::{ApiError, Call, Reply};
use crate::id::{Arn, Region};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Replicate {
    replica_region: String,
    #[serde(default)]
    policy: Option<String>,
    #[serde(default)]
    bypass_policy_lockout_safety_check: bool,
    #[serde(default)]
    description: Option<String>,
    #[serde(default)]
    tags: Vec<Tag>,
}

/// The primary key of a family; of other keys there are no replicas. The texts are [?].
fn primary(call: &mut Call<'_>, action: &str) -> Result<Arn, ApiError> {
    let arn = live(call, action)?;
    match key(call, &arn)?.family {
        Some(Family::Primary) => Ok(arn),
        Some(Family::Replica) => {
            Err(ApiError::new("UnsupportedOperationException", format!("{arn} is not a multi-region primary key.")))
        }
        None => Err(ApiError::new("UnsupportedOperationException", format!("{arn} is not a multi-region key."))),
    }
}

fn sibling(arn: &Arn, region: &Region) -> Arn {
    Arn::of("kms", region, &arn.account(), arn.resource())
}

pub(super) fn replicate_key(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let input: Replicate = call.input()?;
    description_length(input.description.as_deref())?;
    let region = Region::new(&input.replica_region);
    let arn = primary(call, "kms:ReplicateKey")?;
    usable(call, &arn)?;
    let replica = sibling(&arn, &region);
    if region == call.region || region.partition() != call.region.partition() {
        let text = format!("The replica Region {region} must be another Region of the partition.");
        return Err(ApiError::validation(text));
    }
    if call.state.kms.keys.contains(&replica) {
        let text = format!("Unable to replicate key to region {region}, as key already exists.");
        return Err(ApiError::new("AlreadyExistsException", text));
    }
    call.authorise("kms:CreateKey", &replica)?;
    let policy = policy(&input.policy.unwrap_or_else(|| default_policy(call)))?;
    if !input.bypass_policy_lockout_safety_check {
        check_lockout(call, &replica, &policy)?;
    }
    let tags = tags::checked(input.tags)?;
    let (now, mut key) = (call.state.now, key(call, &arn)?.clone());
    // The material is shared, and what is imported must be brought to each. [D] multi-region-keys-import
    if key.origin == Origin::External {
        (key.material, key.valid_to) = (None, None);
    }
    key.family = Some(Family::Replica);
    key.policy = policy;
    key.description = input.description.unwrap_or_default();
    key.tags = tags.clone();
    key.grants = BTreeMap::new();
    key.wrapping = None;
    key.created = now;
    let shown = key.policy.text().to_owned();
    call.state.kms.keys.insert(replica.clone(), key);
    let tags: Vec<Value> = tags.iter().map(|(key, value)| json!({"TagKey": key, "TagValue": value})).collect();
    Ok(json!({
        "ReplicaKeyMetadata": shape(call.state, &replica), "ReplicaPolicy": shown, "ReplicaTags": tags,
    })
    .into())
}

pub(super) fn update_primary_region(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let region = Region::new(call.text("PrimaryRegion").unwrap_or_default());
    let arn = primary(call, "kms:UpdatePrimaryRegion")?;
    let next = sibling(&arn, &region);
    if next == arn {
        return Ok(Reply::empty());
    }
    if !relatives(call.state, &arn).iter().any(|(other, _)| *other == next) {
        return Err(ApiError::new("NotFoundException", format!("Key '{next}' does not exist")));
    }
    key(call, &arn)?.family = Some(Family::Replica);
    key(call, &next)?.family = Some(Family::Primary);
    Ok(Reply::empty())
}
