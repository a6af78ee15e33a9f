//! An EventBridge event pattern: what a rule holds.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::compile::{Compiled, Dialect, compile};
use super::{FlatEvent, MatchResult, PatternError};

/// A valid event pattern: its text as written, and its compiled form. Cheap to clone; saved as its text.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct EventPattern {
    text: Arc<str>,
    compiled: Arc<Compiled>,
}

impl EventPattern {
    /// Characters a pattern may have unless the quota is raised. [D] EventBridge quotas; checked by `PutRule`, not by
    /// [`EventPattern::parse`].
    pub const MAX_CHARACTERS: usize = 2048;

    /// Compiles a pattern.
    ///
    /// # Errors
    /// What `PutRule` and `TestEventPattern` answer with `InvalidEventPatternException`.
    pub fn parse(text: &str) -> Result<EventPattern, PatternError> {
        Ok(EventPattern { text: text.into(), compiled: Arc::new(compile(text, &Dialect::EVENT_BRIDGE)?) })
    }

    pub(super) fn compiled(&self) -> &Compiled {
        &self.compiled
    }

    /// The pattern as it was written.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether the event matches. An event that is not a JSON object matches nothing. [R] Event.java
    #[must_use]
    pub fn matches(&self, event: &Value) -> bool {
        self.matches_flat(&FlatEvent::from(event))
    }

    /// As [`EventPattern::matches`], for an event that meets many rules and is flattened once.
    #[must_use]
    pub fn matches_flat(&self, event: &FlatEvent<'_>) -> bool {
        self.compiled.matches(event)
    }

    /// Whether the event matches, and if not, the first field (in the order of the pattern) that did not, in words for
    /// a person. Slower than [`EventPattern::matches`] and of the same opinion.
    #[must_use]
    pub fn explain(&self, event: &Value) -> MatchResult {
        self.compiled.explain(&FlatEvent::from(event))
    }

    /// As [`EventPattern::explain`], for an event that is flattened already.
    #[must_use]
    pub fn explain_flat(&self, event: &FlatEvent<'_>) -> MatchResult {
        self.compiled.explain(event)
    }
}

impl PartialEq for EventPattern {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for EventPattern {}

impl TryFrom<String> for EventPattern {
    type Error = PatternError;

    fn try_from(text: String) -> Result<Self, PatternError> {
        EventPattern::parse(&text)
    }
}

impl From<EventPattern> for String {
    fn from(pattern: EventPattern) -> String {
        pattern.text.to_string()
    }
}
