//! The request context: the condition keys AWS supplies on one edge, and their values.

use super::principal::Principal;

/// Condition keys and their values. Names compare without case; a key without values counts as absent.
///
/// [`decide`](super::decide) adds the keys that follow from the principal alone (`aws:PrincipalArn`,
/// `aws:PrincipalAccount`, `aws:PrincipalType`, `aws:PrincipalIsAWSService`, `aws:PrincipalServiceName`,
/// `aws:username`) unless they were set here. What depends on the edge is the caller's to set: `aws:PrincipalOrgID`
/// (every principal of a member account, never a service), `aws:SourceArn`, `aws:SourceAccount`, `aws:SourceOwner`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Context {
    /// A request has some twenty of them: looking through them is faster than keeping them in order.
    keys: Vec<Key>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Key {
    /// As it was given, for people.
    name: String,
    values: Values,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Values {
    One(String),
    Many(Vec<String>),
}

impl Values {
    fn as_slice(&self) -> &[String] {
        match self {
            Self::One(value) => std::slice::from_ref(value),
            Self::Many(values) => values,
        }
    }
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
        self.put(key, Values::One(value.into()));
    }

    /// Adds or replaces a multivalued key.
    pub fn set_many(&mut self, key: &str, values: Vec<String>) {
        self.put(key, Values::Many(values));
    }

    fn put(&mut self, name: &str, values: Values) {
        let key = Key { name: name.to_owned(), values };
        match self.keys.iter_mut().find(|key| key.name.eq_ignore_ascii_case(name)) {
            Some(found) => *found = key,
            None => self.keys.push(key),
        }
    }

    /// The values of a key, whatever its case; `None` when AWS supplies none here.
    pub fn get(&self, key: &str) -> Option<&[String]> {
        let found = self.keys.iter().find(|found| found.name.eq_ignore_ascii_case(key))?.values.as_slice();
        (!found.is_empty()).then_some(found)
    }

    /// Every key with its values, sorted by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[String])> {
        let mut keys: Vec<&Key> = self.keys.iter().collect();
        keys.sort_unstable_by_key(|key| key.name.to_ascii_lowercase());
        keys.into_iter().map(|key| (key.name.as_str(), key.values.as_slice()))
    }

    /// This context and the keys that follow from `principal`, where they are not set yet.
    pub(super) fn completed_for(&self, principal: &Principal) -> Self {
        let mut completed = self.clone();
        completed.complete_for(principal);
        completed
    }

    /// Adds the keys that follow from `principal`, where they are not set yet.
    pub(crate) fn complete_for(&mut self, principal: &Principal) {
        for (key, value) in principal.condition_keys() {
            if self.get(key).is_none() {
                self.set(key, value);
            }
        }
    }
}
