//! A key as it is kept and shown.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::grant::Grant;
use crate::authz::PolicyText;
use crate::id::Arn;
use crate::state::State;
use crate::time::Time;

/// A customer-managed key.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Key {
    /// What it is for.
    pub description: String,
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
    pub rotations: Vec<Rotation>,
    /// Grants by id.
    #[serde(default)]
    pub grants: BTreeMap<String, Grant>,
    /// Tags.
    pub tags: BTreeMap<String, String>,
    /// When it was made.
    pub created: Time,
    /// The service that AWS manages the key for.
    #[serde(default)]
    pub(super) service: Option<String>,
    /// The id of the current key material.
    #[serde(default)]
    pub(super) material: String,
}

/// A rotation on demand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rotation {
    pub(super) at: Time,
    /// The id of the key material that it brought.
    pub(super) material: String,
}

impl Key {
    /// The state's name. [D] key-state
    pub(super) fn state(&self) -> &'static str {
        match (self.deletion, self.enabled) {
            (Some(_), _) => "PendingDeletion",
            (None, true) => "Enabled",
            (None, false) => "Disabled",
        }
    }

    /// The code and text of a call that needs a usable key.
    pub(super) fn unusable(&self, arn: &Arn) -> Option<(&'static str, String)> {
        match self.state() {
            "PendingDeletion" => Some(("KMSInvalidState", format!("{arn} is pending deletion."))),
            "Disabled" => Some(("KMSDisabled", format!("{arn} is disabled."))),
            _ => None,
        }
    }
}

/// As DescribeKey shows a key.
pub(super) fn shape(state: &State, arn: &Arn) -> Value {
    let Some(key) = state.kms.keys.get(arn) else { return Value::Null };
    let mut shape = json!({
        "AWSAccountId": arn.account().as_str(), "KeyId": arn.name(), "Arn": arn.as_str(),
        "CreationDate": key.created.seconds_f64(), "Enabled": key.state() == "Enabled",
        "Description": key.description, "KeyState": key.state(), "Origin": "AWS_KMS",
        "KeyManager": if key.service.is_some() { "AWS" } else { "CUSTOMER" },
        // [D] API_KeyMetadata
        "CurrentKeyMaterialId": key.material, "MultiRegion": false, "KeyUsage": "ENCRYPT_DECRYPT",
        "CustomerMasterKeySpec": "SYMMETRIC_DEFAULT", "KeySpec": "SYMMETRIC_DEFAULT",
        "EncryptionAlgorithms": ["SYMMETRIC_DEFAULT"],
    });
    if let Some(deletion) = key.deletion {
        shape["DeletionDate"] = json!(deletion.seconds_f64());
    }
    shape
}
