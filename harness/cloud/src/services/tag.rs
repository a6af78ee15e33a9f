//! A tag as most services write it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// A tag; the value may be missing.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Tag {
    pub(super) key: String,
    #[serde(default)]
    pub(super) value: String,
}

impl Tag {
    /// By their keys; the last one of a key counts.
    pub(super) fn map(list: Vec<Tag>) -> BTreeMap<String, String> {
        list.into_iter().map(|tag| (tag.key, tag.value)).collect()
    }
}
