//! A role as it is kept and shown.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::authz::PolicyText;
use crate::id::Arn;
use crate::time::Time;

/// A role.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Role {
    /// Its name.
    pub name: String,
    /// `AROA…`
    pub id: String,
    /// Starts and ends with `/`.
    pub path: String,
    /// What it is for.
    pub description: String,
    /// Who may take it on.
    pub trust: PolicyText,
    /// Policies of its own, by name.
    pub inline: BTreeMap<String, PolicyText>,
    /// Managed policies.
    pub attached: BTreeSet<Arn>,
    /// Tags.
    pub tags: BTreeMap<String, String>,
    /// Seconds.
    pub max_session_duration: i64,
    /// When it was made.
    pub created: Time,
}

/// Policy documents come URL-encoded (RFC 3986). [D] API_Role
pub(super) fn encoded(policy: &PolicyText) -> String {
    let mut text = String::new();
    for byte in policy.text().bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => text.push(byte as char),
            _ => text.push_str(&format!("%{byte:02X}")),
        }
    }
    text
}

impl Role {
    /// As GetRole shows it.
    pub(super) fn shape(&self, arn: &Arn) -> Value {
        let mut shape = json!({
            "Path": self.path, "RoleName": self.name, "RoleId": self.id, "Arn": arn.as_str(),
            "CreateDate": self.created.iso_seconds(), "AssumeRolePolicyDocument": encoded(&self.trust),
            "MaxSessionDuration": self.max_session_duration, "RoleLastUsed": {},
        });
        if let Some(members) = shape.as_object_mut() {
            if !self.description.is_empty() {
                members.insert("Description".into(), json!(self.description));
            }
            if !self.tags.is_empty() {
                members.insert("Tags".into(), tags(&self.tags));
            }
        }
        shape
    }
}

pub(super) fn tags(tags: &BTreeMap<String, String>) -> Value {
    tags.iter().map(|(key, value)| json!({"Key": key, "Value": value})).collect()
}
