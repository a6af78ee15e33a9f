//! The request context: the condition keys AWS supplies on one edge, and their values.

use std::collections::BTreeMap;

use super::principal::Principal;

/// Condition keys and their values. Names compare without case; a key without values counts as absent.
///
/// [`decide`](super::decide) adds the keys that follow from the principal alone (`aws:PrincipalArn`,
/// `aws:PrincipalAccount`, `aws:PrincipalType`, `aws:PrincipalIsAWSService`, `aws:PrincipalServiceName`,
/// `aws:username`) unless they were set here. What depends on the edge is the caller's to set: `aws:PrincipalOrgID`
/// (every principal of a member account, never a service), `aws:SourceArn`, `aws:SourceAccount`, `aws:SourceOwner`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Context {
    /// By lower-case name; the name as it was given is kept for people.
    keys: BTreeMap<String, Key>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Key {
    name: String,
    values: Vec<String>,
}

impl Context {
    /// A context without keys.
    pub fn new() -> Self {
        Self::default()
    }

    /// This context with a single-valued key added or replaced.
    #[must_use]
    pub fn with(mut self, key: &str, value: impl Into<String>) -> Self {
        self.set(key, value);
        self
    }

    /// This context with a multivalued key added or replaced, such as `aws:CalledVia`.
    #[must_use]
    pub fn with_many(mut self, key: &str, values: Vec<String>) -> Self {
        self.set_many(key, values);
        self
    }

    /// Adds or replaces a single-valued key.
    pub fn set(&mut self, key: &str, value: impl Into<String>) {
        self.set_many(key, vec![value.into()]);
    }

    /// Adds or replaces a multivalued key.
    pub fn set_many(&mut self, key: &str, values: Vec<String>) {
        self.keys.insert(key.to_ascii_lowercase(), Key { name: key.to_owned(), values });
    }

    /// The values of a key, whatever its case; `None` when AWS supplies none here.
    pub fn get(&self, key: &str) -> Option<&[String]> {
        let found = self.keys.get(&key.to_ascii_lowercase())?;
        (!found.values.is_empty()).then_some(found.values.as_slice())
    }

    /// Every key with its values, sorted by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[String])> {
        self.keys.values().map(|key| (key.name.as_str(), key.values.as_slice()))
    }

    /// This context and the keys that follow from `principal`, where they are not set yet.
    pub(super) fn completed_for(&self, principal: &Principal) -> Self {
        let mut completed = self.clone();
        for (key, value) in principal.condition_keys() {
            if completed.get(key).is_none() {
                completed.set(key, value);
            }
        }
        completed
    }
}
