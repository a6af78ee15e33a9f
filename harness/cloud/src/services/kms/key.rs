//! A key as it is kept and shown.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::grant::Grant;
use super::spec::{self, Origin, Spec, Usage};
use crate::authz::PolicyText;
use crate::id::Arn;
use crate::state::State;
use crate::time::Time;

/// The place of a key in its multi-Region family.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Family {
    Primary,
    Replica,
}

/// Parameters for an import.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Wrapping {
    pub(super) algorithm: String,
    /// The private key, base64.
    pub(super) key: String,
    pub(super) token: String,
    pub(super) valid_to: Time,
}

/// A customer-managed key.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Key {
    /// What it is for.
    pub description: String,
    #[serde(default)]
    pub(super) spec: Spec,
    #[serde(default)]
    pub(super) usage: Usage,
    #[serde(default)]
    pub(super) origin: Origin,
    /// What it encrypts and signs with, if it is there yet. Base64.
    #[serde(default)]
    pub(super) material: Option<String>,
    /// When imported material is gone; `None` keeps it.
    #[serde(default)]
    pub(super) valid_to: Option<Time>,
    /// SHA-256 of the material that was imported first: no other is taken afterwards.
    #[serde(default)]
    pub(super) imported: Option<String>,
    /// The key pair that material which is brought along is wrapped with.
    #[serde(default)]
    pub(super) wrapping: Option<Wrapping>,
    /// Whether it is one of a family in several Regions.
    #[serde(default)]
    pub(super) family: Option<Family>,
    /// Who may use it.
    pub policy: PolicyText,
    /// Whether it can be used.
    pub enabled: bool,
    /// When it will be gone, if it is to go.
    pub deletion: Option<Time>,
    /// Days between rotations, where it rotates.
    pub rotation_days: Option<i64>,
    /// When it rotates next.
    #[serde(default)]
    pub next_rotation: Option<Time>,
    /// Rotations on demand.
    #[serde(default)]
    pub rotations: Vec<Time>,
    /// Grants by id.
    #[serde(default)]
    pub grants: BTreeMap<String, Grant>,
    /// Tags.
    pub tags: BTreeMap<String, String>,
    /// When it was made.
    pub created: Time,
}

impl Key {
    /// The material, if there is some at this moment.
    pub(super) fn material(&self, now: Time) -> Option<Vec<u8>> {
        let expired = self.valid_to.is_some_and(|end| end <= now);
        STANDARD.decode(self.material.as_ref().filter(|_| !expired)?).ok()
    }

    fn waits_for_import(&self, now: Time) -> bool {
        self.origin == Origin::External && self.material(now).is_none()
    }

    /// The state's name. [D] key-state
    pub(super) fn state(&self, now: Time) -> &'static str {
        match (self.deletion, self.enabled) {
            (Some(_), _) => "PendingDeletion",
            (None, _) if self.waits_for_import(now) => "PendingImport",
            (None, true) => "Enabled",
            (None, false) => "Disabled",
        }
    }

    /// The code and text of a call that needs a usable key.
    pub(super) fn unusable(&self, arn: &Arn, now: Time) -> Option<(&'static str, String)> {
        match self.state(now) {
            "PendingDeletion" => Some(("KMSInvalidState", format!("{arn} is pending deletion."))),
            "PendingImport" => Some(("KMSInvalidState", format!("{arn} is pending import."))),
            "Disabled" => Some(("KMSDisabled", format!("{arn} is disabled."))),
            _ => None,
        }
    }
}

/// As DescribeKey shows a key.
pub(super) fn shape(state: &State, arn: &Arn) -> Value {
    let Some(key) = state.kms.keys.get(arn) else { return Value::Null };
    let now = state.now;
    let mut shape = json!({
        "AWSAccountId": arn.account().as_str(), "KeyId": arn.name(), "Arn": arn.as_str(),
        "CreationDate": key.created.seconds_f64(), "Enabled": key.state(now) == "Enabled",
        "Description": key.description, "KeyState": key.state(now), "Origin": key.origin.name(),
        "KeyManager": "CUSTOMER", "MultiRegion": key.family.is_some(),
    });
    let Some(members) = shape.as_object_mut() else { return shape };
    members.extend(spec::members(key.spec, key.usage));
    if let Some(deletion) = key.deletion {
        members.insert("DeletionDate".into(), json!(deletion.seconds_f64()));
    }
    // [D] API_KeyMetadata: only with imported material that is there
    if key.origin == Origin::External && key.material(now).is_some() {
        let model = if key.valid_to.is_some() { "KEY_MATERIAL_EXPIRES" } else { "KEY_MATERIAL_DOES_NOT_EXPIRE" };
        members.insert("ExpirationModel".into(), json!(model));
        if let Some(end) = key.valid_to {
            members.insert("ValidTo".into(), json!(end.seconds_f64()));
        }
    }
    if let Some(place) = key.family {
        members.insert("MultiRegionConfiguration".into(), family(state, arn, place));
    }
    shape
}

/// [D] API_MultiRegionConfiguration
fn family(state: &State, arn: &Arn, place: Family) -> Value {
    let shown = |arn: &Arn| json!({"Arn": arn.as_str(), "Region": arn.region().as_str()});
    let relatives = relatives(state, arn);
    let primary = relatives.iter().find(|(_, place)| *place == Family::Primary).map(|(arn, _)| shown(arn));
    let replicas: Vec<Value> =
        relatives.iter().filter(|(_, place)| *place == Family::Replica).map(|(arn, _)| shown(arn)).collect();
    let kind = if place == Family::Primary { "PRIMARY" } else { "REPLICA" };
    json!({"MultiRegionKeyType": kind, "PrimaryKey": primary, "ReplicaKeys": replicas})
}

/// All keys of a family: they share their id. [D] multi-region-keys-overview
pub(super) fn relatives(state: &State, arn: &Arn) -> Vec<(Arn, Family)> {
    let all = state.kms.keys.iter().filter(|(other, _)| other.name() == arn.name() && other.account() == arn.account());
    all.filter_map(|(other, key)| Some((other.clone(), key.family?))).collect()
}
