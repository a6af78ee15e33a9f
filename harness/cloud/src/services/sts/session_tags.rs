//! Session tags: their rules, and what a chain of sessions hands on. [D] id_session-tags

use serde::{Deserialize, Serialize};

use crate::api::ApiError;

/// A tag of a session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Tag {
    pub(super) key: String,
    pub(super) value: String,
    /// Whether sessions that follow from this one have it too.
    pub(super) transitive: bool,
}

fn invalid(text: &str) -> ApiError {
    ApiError::new("InvalidParameterValue", text)
}

/// The tags of a new session: those asked for, and those that the calling session hands on. Keys compare without case.
/// [V] LS:sts/test_sts::TestSTSAssumeRoleTagging
pub(super) fn merge(
    requested: Vec<(String, String)>,
    transitive: &[String],
    calling: &[Tag],
) -> Result<Vec<Tag>, ApiError> {
    let known = |key: &str, tags: &[(String, String)]| tags.iter().any(|(other, _)| other.eq_ignore_ascii_case(key));
    for (index, (key, _)) in requested.iter().enumerate() {
        if known(key, &requested[index + 1..]) {
            return Err(invalid("Duplicate tag keys found. Please note that Tag keys are case insensitive."));
        }
    }
    let inherited: Vec<Tag> = calling.iter().filter(|tag| tag.transitive).cloned().collect();
    if inherited.iter().any(|tag| known(&tag.key, &requested)) {
        return Err(invalid(
            "One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key from \
             the calling session.",
        ));
    }
    if transitive.iter().any(|key| !known(key, &requested)) {
        return Err(invalid("The specified transitive tag key must be included in the requested tags."));
    }
    let asked = requested.into_iter().map(|(key, value)| {
        let transitive = transitive.iter().any(|other| other.eq_ignore_ascii_case(&key));
        Tag { key, value, transitive }
    });
    Ok(inherited.into_iter().chain(asked).collect())
}
