//! Why an event did not match, in words for a trace.

use std::fmt;

use super::compile::{Compiled, Field};
use super::flatten::FlatEvent;
use super::matcher::Unmet;

/// The outcome of matching, with the first field that did not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MatchResult {
    /// The event matches.
    Match,
    /// It does not.
    NoMatch {
        /// The field, keys joined by dots.
        path: String,
        /// What the pattern asks for there.
        expected: String,
        /// What the event has there.
        found: String,
    },
}

impl MatchResult {
    /// Whether it is a match.
    #[must_use]
    pub fn is_match(&self) -> bool {
        matches!(self, MatchResult::Match)
    }
}

impl fmt::Display for MatchResult {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            MatchResult::Match => f.write_str("match"),
            MatchResult::NoMatch { path, expected, found } => write!(f, "`{path}`: expected {expected}, found {found}"),
        }
    }
}

impl Compiled {
    /// Of several branches, the one that got furthest is the one explained.
    pub(super) fn explain(&self, event: &FlatEvent<'_>) -> MatchResult {
        if !event.is_object {
            return MatchResult::NoMatch {
                path: "$".into(),
                expected: "a JSON object".into(),
                found: "something else".into(),
            };
        }
        let mut nearest: Option<(usize, usize, Unmet)> = None;
        for branch in &self.branches {
            let Some((position, unmet)) = self.unmet(branch, |field| self.fields[field].meets(event)) else {
                return MatchResult::Match;
            };
            if nearest.is_none_or(|(furthest, ..)| position > furthest) {
                nearest = Some((position, branch[position], unmet));
            }
        }
        // There is always a branch: an empty pattern does not compile.
        let Some((_, field, unmet)) = nearest else { return MatchResult::Match };
        let field = &self.fields[field];
        let mut expected = field.expected();
        if self.branches.len() > 1 {
            expected.push_str(&format!(" (in the nearest of {} combinations of $or)", self.branches.len()));
        }
        let mut found = field.found(event);
        if unmet == Unmet::InThatElement {
            found.push_str(", but not in the array element that the fields before it matched");
        }
        MatchResult::NoMatch { path: field.path.clone(), expected, found }
    }
}

/// More values than this are counted, not listed.
const LISTED: usize = 8;

impl Field {
    fn expected(&self) -> String {
        struct Alternatives<'a>(&'a Field);
        impl fmt::Display for Alternatives<'_> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                list(f, &self.0.alternatives, " or ")
            }
        }
        Alternatives(self).to_string()
    }

    fn found(&self, event: &FlatEvent<'_>) -> String {
        struct Values<'a>(Vec<&'a super::flatten::Scalar<'a>>);
        impl fmt::Display for Values<'_> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                list(f, &self.0, ", ")
            }
        }
        match event.leaves(&self.path) {
            [] if event.has_below(&self.path) => "an object".into(),
            [] => "no value".into(),
            leaves => Values(leaves.iter().map(|leaf| &leaf.value).collect()).to_string(),
        }
    }
}

/// Writes the items, the first few of many.
pub(super) fn list<T: fmt::Display>(f: &mut fmt::Formatter<'_>, items: &[T], separator: &str) -> fmt::Result {
    for (at, item) in items.iter().take(LISTED).enumerate() {
        if at > 0 {
            f.write_str(separator)?;
        }
        write!(f, "{item}")?;
    }
    match items.len().saturating_sub(LISTED) {
        0 => Ok(()),
        more => write!(f, "{separator}{more} more"),
    }
}
