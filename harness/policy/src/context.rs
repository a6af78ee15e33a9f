//! The request context: the condition keys AWS supplies on one edge, and their values.

use std::borrow::Cow;
use std::sync::OnceLock;

use jiff::Timestamp;
use smol_str::{SmolStr, ToSmolStr};

use super::principal::Principal;

/// Condition keys and their values. Names compare without case; a key without values counts as absent.
///
/// [`decide`](super::decide) adds the keys that follow from the principal alone (`aws:PrincipalArn`,
/// `aws:PrincipalAccount`, `aws:PrincipalType`, `aws:PrincipalIsAWSService`, `aws:PrincipalServiceName`,
/// `aws:username`) unless they were set here. What depends on the edge is the caller's to set: `aws:PrincipalOrgID`
/// (every principal of a member account, never a service), `aws:SourceArn`, `aws:SourceAccount`, `aws:SourceOwner`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Context {
    /// A request has some twenty of them: looking through them is faster than keeping them in order. Values are shared, and
    /// short ones lie within: every decision has a context of its own.
    keys: Vec<Key>,
    moment: Option<Moment>,
}

/// `aws:CurrentTime` and `aws:EpochTime`: written out only when a policy asks, which few do.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Moment {
    now: Timestamp,
    texts: OnceLock<[SmolStr; 2]>,
}

impl Moment {
    const KEYS: [&str; 2] = ["aws:CurrentTime", "aws:EpochTime"];

    fn get(&self, key: &str) -> Option<&[SmolStr]> {
        let at = Self::KEYS.iter().position(|known| known.eq_ignore_ascii_case(key))?;
        let texts = self
            .texts
            .get_or_init(|| [self.now.strftime("%Y-%m-%dT%H:%M:%SZ").to_smolstr(), self.now.as_second().to_smolstr()]);
        Some(std::slice::from_ref(&texts[at]))
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Key {
    /// As it was given, for people.
    name: Cow<'static, str>,
    values: Values,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Values {
    One(SmolStr),
    Many(Vec<SmolStr>),
}

impl Values {
    fn as_slice(&self) -> &[SmolStr] {
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
    pub fn with(mut self, key: impl Into<Cow<'static, str>>, value: impl Into<SmolStr>) -> Self {
        self.set(key, value);
        self
    }

    /// This context with a multivalued key added or replaced, such as `aws:CalledVia`.
    #[must_use]
    pub fn with_many(mut self, key: impl Into<Cow<'static, str>>, values: Vec<String>) -> Self {
        self.set_many(key, values);
        self
    }

    /// This context with the keys of the moment (`aws:CurrentTime`, `aws:EpochTime`), unless they are set.
    #[must_use]
    pub fn at(mut self, now: Timestamp) -> Self {
        self.moment = Some(Moment { now, texts: OnceLock::new() });
        self
    }

    /// Adds or replaces a single-valued key.
    pub fn set(&mut self, key: impl Into<Cow<'static, str>>, value: impl Into<SmolStr>) {
        self.put(key.into(), Values::One(value.into()));
    }

    /// Adds or replaces a multivalued key.
    pub fn set_many(&mut self, key: impl Into<Cow<'static, str>>, values: Vec<String>) {
        self.put(key.into(), Values::Many(values.into_iter().map(SmolStr::from).collect()));
    }

    fn put(&mut self, name: Cow<'static, str>, values: Values) {
        match self.keys.iter_mut().find(|key| key.name.eq_ignore_ascii_case(&name)) {
            Some(found) => *found = Key { name, values },
            None => self.keys.push(Key { name, values }),
        }
    }

    /// The values of a key, whatever its case; `None` when AWS supplies none here.
    pub fn get(&self, key: &str) -> Option<&[SmolStr]> {
        match self.keys.iter().find(|found| found.name.eq_ignore_ascii_case(key)) {
            Some(found) => Some(found.values.as_slice()).filter(|values| !values.is_empty()),
            None => self.moment.as_ref()?.get(key),
        }
    }

    /// Every key with its values, sorted by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[SmolStr])> {
        let moment = self
            .moment
            .iter()
            .flat_map(|moment| Moment::KEYS.into_iter().filter_map(|key| Some((key, moment.get(key)?))));
        let moment = moment.filter(|(key, _)| !self.keys.iter().any(|set| set.name.eq_ignore_ascii_case(key)));
        let mut keys: Vec<(&str, &[SmolStr])> =
            self.keys.iter().map(|key| (&*key.name, key.values.as_slice())).chain(moment).collect();
        keys.sort_unstable_by_key(|(name, _)| name.to_ascii_lowercase());
        keys.into_iter()
    }

    /// This context and the keys that follow from `principal`, where they are not set yet.
    pub(super) fn completed_for(&self, principal: &Principal) -> Self {
        let mut completed = self.clone();
        completed.complete_for(principal);
        completed
    }

    /// Adds the keys that follow from `principal`, where they are not set yet.
    pub fn complete_for(&mut self, principal: &Principal) {
        principal.condition_keys(|key, value| {
            if self.get(key).is_none() {
                self.set(key, value);
            }
        });
    }
}
