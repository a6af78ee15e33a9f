//! The rules of a bus, by what events they can take; and the rules that did not take an event, told when somebody asks.

use crate::id::Arn;
use crate::table::Table;
use crate::time::Time;
use crate::trace::{Deferred, Entry, Hop, Outcome};
use rootwatch_pattern::{FlatEvent, PatternIndex};

use super::event::Event;
use super::ingest::mismatch;
use super::rule::{Rule, RuleName};

/// An index over the rules of a bus.
#[derive(Debug)]
pub(super) struct RuleIndex {
    names: Vec<String>,
    patterns: PatternIndex,
}

impl RuleIndex {
    pub(super) fn new(rules: &Table<String, Rule>) -> Self {
        let with_pattern = || rules.iter().filter_map(|(name, rule)| Some((name, rule.pattern.as_ref()?)));
        let patterns = PatternIndex::new(with_pattern().map(|(_, pattern)| pattern));
        Self { names: with_pattern().map(|(name, _)| name.clone()).collect(), patterns }
    }

    /// The names of the rules that may take the event, in order; the others do not.
    pub(super) fn candidates(&self, event: &FlatEvent<'_>) -> impl Iterator<Item = &str> {
        self.patterns.candidates(event).into_iter().map(|place| self.names[place].as_str())
    }
}

/// The rules between two others (or the ends), none of which took the event. Why each did not is worked out when the trace
/// is read: in most runs nobody does, and a bus may have hundreds.
#[derive(Debug)]
pub(super) struct NotTaken {
    pub(super) bus: Arn,
    pub(super) rules: Table<String, Rule>,
    pub(super) event: Event,
    pub(super) drops_read_only: bool,
    pub(super) after: Option<String>,
    pub(super) before: Option<String>,
}

impl Deferred for NotTaken {
    fn entries(&self, at: Time) -> Vec<Entry> {
        let flat = FlatEvent::from(self.event.envelope());
        let between = self.rules.between(self.after.as_ref(), self.before.as_ref());
        // A rule that has a schedule alone looks at no event.
        between
            .filter(|(_, rule)| rule.pattern.is_some())
            .map(|(name, rule)| {
                let reason = mismatch(rule, &self.event, &flat, self.drops_read_only).unwrap_or_default();
                Entry {
                    at,
                    hop: Hop::Rule,
                    resource: RuleName { bus: self.bus.clone(), name: name.clone() }.arn().to_string(),
                    outcome: Outcome::NotMatched,
                    detail: format!("event {}: {reason}", self.event.id()),
                    principal: None,
                    decision: None,
                }
            })
            .collect()
    }
}
