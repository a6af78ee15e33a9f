//! What happened to an event, hop by hop. Every delivery leaves an entry here; failing tests print them.

use std::fmt;
use std::sync::{Arc, OnceLock};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::time::Time;
use rootwatch_policy::Decision;

/// The kind of hop that an entry speaks of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Hop {
    /// CloudTrail hands a record to the default bus or to a log group.
    CloudTrail,
    /// An event arrives on a bus.
    Bus,
    /// A rule looks at an event.
    Rule,
    /// A rule's target is called.
    Target,
    /// A message enters a queue, or is moved to a dead-letter queue.
    Queue,
    /// A message is published to a topic.
    Topic,
    /// A topic delivers to a subscription.
    Subscription,
    /// An event source mapping reads its queue.
    EventSourceMapping,
    /// A function runs.
    Function,
    /// A call of the API by a function or a service.
    Api,
    /// A metric filter looks at a log event.
    MetricFilter,
    /// An alarm changes its state or acts.
    Alarm,
    /// A message leaves for an e-mail address.
    Email,
}

/// How it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// It went on.
    Delivered,
    /// The rule's pattern, filter policy or filter let it pass.
    Matched,
    /// It did not match, and ended here as meant.
    NotMatched,
    /// A policy said no.
    Denied,
    /// It failed for another reason and is not tried again.
    Failed,
    /// It failed and will be tried again.
    Retried,
    /// It lies in a dead-letter queue.
    DeadLettered,
    /// It is gone.
    Lost,
}

/// One entry of the trace.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Entry {
    /// Virtual time.
    pub at: Time,
    /// What kind of hop.
    pub hop: Hop,
    /// The ARN (or name) of the rule, target, queue, function … that the entry is about.
    pub resource: String,
    /// How it ended.
    pub outcome: Outcome,
    /// What happened, in words: the field that did not match, the error, the attempt.
    pub detail: String,
    /// Who acted, where a policy decided.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub principal: Option<String>,
    /// The decision with the statement that decided.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub decision: Option<Decision>,
}

/// Entries that are worked out when the trace is read.
pub trait Deferred: fmt::Debug + Send + Sync {
    /// The entries, of what happened at that moment.
    fn entries(&self, at: Time) -> Vec<Entry>;
}

/// The trace of a fork.
#[derive(Clone, Debug, Default)]
pub struct Trace(imbl::Vector<Part>);

#[derive(Clone, Debug)]
enum Part {
    Entry(Arc<Entry>),
    Later(Arc<Later>),
}

#[derive(Debug)]
struct Later {
    at: Time,
    deferred: Box<dyn Deferred>,
    entries: OnceLock<Vec<Entry>>,
}

impl Later {
    fn entries(&self) -> &[Entry] {
        self.entries.get_or_init(|| self.deferred.entries(self.at))
    }
}

impl Trace {
    /// Adds an entry.
    pub fn push(&mut self, entry: Entry) {
        self.0.push_back(Part::Entry(Arc::new(entry)));
    }

    /// Adds entries that are worked out when somebody reads them.
    pub fn defer(&mut self, at: Time, deferred: impl Deferred + 'static) {
        let later = Later { at, deferred: Box::new(deferred), entries: OnceLock::new() };
        self.0.push_back(Part::Later(Arc::new(later)));
    }

    /// All of them, in order, without a copy of what only this trace holds.
    pub fn into_entries(self) -> Vec<Entry> {
        let mut entries = Vec::new();
        for part in self.0 {
            match part {
                Part::Entry(entry) => entries.push(Arc::unwrap_or_clone(entry)),
                Part::Later(later) => entries.extend(match Arc::try_unwrap(later) {
                    Ok(Later { at, deferred, entries }) => entries.into_inner().unwrap_or_else(|| deferred.entries(at)),
                    Err(shared) => shared.entries().to_vec(),
                }),
            }
        }
        entries
    }

    /// All of them, in order.
    pub fn iter(&self) -> impl Iterator<Item = &Entry> {
        self.0.iter().flat_map(|part| match part {
            Part::Entry(entry) => std::slice::from_ref(&**entry),
            Part::Later(later) => later.entries(),
        })
    }
}

/// Saved as the entries, all of them worked out.
impl Serialize for Trace {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

impl<'de> Deserialize<'de> for Trace {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let entries = Vec::<Entry>::deserialize(deserializer)?;
        Ok(Self(entries.into_iter().map(|entry| Part::Entry(Arc::new(entry))).collect()))
    }
}

impl Entry {
    /// Whether the entry speaks of something that went wrong.
    pub fn is_trouble(&self) -> bool {
        !matches!(self.outcome, Outcome::Delivered | Outcome::Matched | Outcome::NotMatched)
    }
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hop = serde_json::to_value(self.hop).ok();
        let outcome = serde_json::to_value(self.outcome).ok();
        let text = |v: &Option<serde_json::Value>| v.as_ref().and_then(|v| v.as_str()).unwrap_or("?").to_owned();
        write!(f, "{} {} {}: {}", self.at.iso_millis(), text(&hop), self.resource, text(&outcome))?;
        if !self.detail.is_empty() {
            write!(f, ": {}", self.detail)?;
        }
        if let Some(decision) = &self.decision {
            if let Some(principal) = &self.principal {
                write!(f, " (principal {principal}")?;
                match (&decision.statement, decision.allowed) {
                    (Some(statement), true) => write!(f, ", allowed by {statement}")?,
                    (Some(statement), false) => write!(f, ", {} {statement}", decision.because)?,
                    (None, _) => write!(f, ", {}", decision.because)?,
                }
                f.write_str(")")?;
            }
            if let (false, Some(hint)) = (decision.allowed, &decision.hint) {
                write!(f, "; nearest: {hint}")?;
            }
        }
        Ok(())
    }
}
