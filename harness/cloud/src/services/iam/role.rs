//! A role as it is kept and shown.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::boundary;
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
    /// The managed policy that limits it.
    #[serde(default)]
    pub boundary: Option<Arn>,
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
    fn common(&self, arn: &Arn) -> Value {
        let mut shape = json!({
            "Path": self.path, "RoleName": self.name, "RoleId": self.id, "Arn": arn.as_str(),
            "CreateDate": self.created.iso_seconds(), "AssumeRolePolicyDocument": encoded(&self.trust),
        });
        if !self.description.is_empty() {
            shape["Description"] = json!(self.description);
        }
        shape
    }

    /// As CreateRole answers: without what nobody set. [V] LS:iam/test_iam
    pub(super) fn created(&self, arn: &Arn, duration_given: bool) -> Value {
        let mut shape = self.common(arn);
        if duration_given {
            shape["MaxSessionDuration"] = json!(self.max_session_duration);
        }
        self.add_tags(&mut shape);
        self.add_boundary(&mut shape);
        shape
    }

    /// As GetRole shows it.
    pub(super) fn shape(&self, arn: &Arn) -> Value {
        let mut shape = self.listed(arn);
        shape["RoleLastUsed"] = json!({});
        self.add_tags(&mut shape);
        self.add_boundary(&mut shape);
        shape
    }

    /// As ListRoles shows it: neither tags nor the last use. [V] LS:iam/test_iam
    pub(super) fn listed(&self, arn: &Arn) -> Value {
        let mut shape = self.common(arn);
        shape["MaxSessionDuration"] = json!(self.max_session_duration);
        shape
    }

    /// ListRoles leaves it out. [D] API_ListRoles
    fn add_boundary(&self, shape: &mut Value) {
        if let Some(arn) = &self.boundary {
            shape["PermissionsBoundary"] = boundary::shape(arn);
        }
    }

    fn add_tags(&self, shape: &mut Value) {
        if !self.tags.is_empty() {
            shape["Tags"] = tags(&self.tags);
        }
    }
}

pub(super) fn tags(tags: &BTreeMap<String, String>) -> Value {
    tags.iter().map(|(key, value)| json!({"Key": key, "Value": value})).collect()
}
