//! A secret as it is kept.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::authz::PolicyText;
use crate::time::Time;

/// One value of a secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Version {
    /// The text, if it is one.
    pub string: Option<String>,
    /// The bytes, base64, if it is no text.
    pub binary: Option<String>,
    /// When it was made.
    pub created: Time,
}

/// A secret.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Secret {
    /// Its name.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// The key that encrypts it; `None` is the service's own.
    pub kms_key: Option<String>,
    /// Values by version id.
    pub versions: BTreeMap<String, Version>,
    /// Stage (`AWSCURRENT`, `AWSPREVIOUS`) to version id.
    pub stages: BTreeMap<String, String>,
    /// Its own policy.
    pub policy: Option<PolicyText>,
    /// Tags.
    pub tags: BTreeMap<String, String>,
    /// When it was deleted, if it was.
    pub deleted: Option<Time>,
    /// When it was made.
    pub created: Time,
    /// When it last changed.
    pub changed: Time,
}

impl Secret {
    /// Makes a version the current one; what was current becomes the previous one. [D] API_PutSecretValue
    pub(super) fn promote(&mut self, id: String, version: Version) {
        self.changed = version.created;
        self.versions.insert(id.clone(), version);
        if let Some(old) = self.stages.insert("AWSCURRENT".to_owned(), id.clone())
            && old != id
        {
            self.stages.insert("AWSPREVIOUS".to_owned(), old);
        }
        let staged: Vec<String> = self.stages.values().cloned().collect();
        self.versions.retain(|id, _| staged.contains(id));
    }

    /// The stages of a version.
    pub(super) fn stages_of(&self, version: &str) -> Vec<&str> {
        self.stages.iter().filter(|(_, id)| *id == version).map(|(stage, _)| stage.as_str()).collect()
    }
}
