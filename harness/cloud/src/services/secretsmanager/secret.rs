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
    /// Orders versions that were made at the same moment.
    #[serde(default)]
    pub sequence: u64,
    /// The day on which it was last read.
    #[serde(default)]
    pub accessed: Option<Time>,
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
    /// Tags; `None` until the first one, which DescribeSecret shows. [V] LS:secretsmanager::test_secret_tags
    pub tags: Option<BTreeMap<String, String>>,
    /// When it was deleted, if it was.
    pub deleted: Option<Time>,
    /// When it was made.
    pub created: Time,
    /// When it last changed.
    pub changed: Time,
    /// The day on which a value was last read.
    #[serde(default)]
    pub accessed: Option<Time>,
}

/// The stages that the service itself moves.
pub(super) const CURRENT: &str = "AWSCURRENT";
pub(super) const PREVIOUS: &str = "AWSPREVIOUS";
const PENDING: &str = "AWSPENDING";

/// Versions without a stage are kept, up to this number. [D] Secrets Manager quotas
const DEPRECATED_KEPT: usize = 100;

impl Secret {
    /// Adds a version under stages. The first version of a secret is always the current one. [D] API_PutSecretValue
    pub(super) fn add(&mut self, id: &str, version: Version, stages: &[String]) {
        self.changed = version.created;
        let first = self.versions.is_empty();
        self.versions.insert(id.to_owned(), version);
        for stage in stages {
            self.attach(stage, id);
        }
        if first {
            self.attach(CURRENT, id);
        }
        self.forget_deprecated();
    }

    /// Moves a stage to a version. What was current becomes the previous one, and is pending no longer.
    /// [V] LS:secretsmanager::test_update_secret_version_stages_current_pending
    pub(super) fn attach(&mut self, stage: &str, id: &str) {
        let Some(old) = self.stages.insert(stage.to_owned(), id.to_owned()).filter(|old| old != id) else { return };
        if stage == CURRENT {
            if self.stages.get(PENDING) == Some(&old) {
                self.stages.remove(PENDING);
            }
            self.stages.insert(PREVIOUS.to_owned(), old);
        }
    }

    fn forget_deprecated(&mut self) {
        let mut deprecated: Vec<(Time, u64, String)> = self
            .versions
            .iter()
            .filter(|(id, _)| self.stages_of(id).is_empty())
            .map(|(id, version)| (version.created, version.sequence, id.clone()))
            .collect();
        deprecated.sort();
        let surplus = deprecated.len().saturating_sub(DEPRECATED_KEPT);
        for (_, _, id) in deprecated.into_iter().take(surplus) {
            self.versions.remove(&id);
        }
    }

    /// The versions, the oldest first.
    pub(super) fn in_order(&self) -> Vec<(&str, &Version)> {
        let mut versions: Vec<(&str, &Version)> =
            self.versions.iter().map(|(id, version)| (id.as_str(), version)).collect();
        versions.sort_by_key(|(_, version)| (version.created, version.sequence));
        versions
    }

    /// The stages of a version, sorted.
    pub(super) fn stages_of(&self, version: &str) -> Vec<&str> {
        self.stages.iter().filter(|(_, id)| *id == version).map(|(stage, _)| stage.as_str()).collect()
    }
}
