//! The event pattern language: EventBridge event patterns, and the flavour of it that SNS calls filter policies.
//!
//! Pure. The engine AWS publishes as the one it uses, `aws/event-ruler` at commit `337e8d99026d`, is the model for what
//! is accepted, what matches and what an error says ([R]); the recorded answers of `TestEventPattern` in
//! `tests/data/event-patterns` ([V]) and AWS's user guide ([D]) come before it where they speak.
//!
//! Reading order: [`event_pattern`](EventPattern) and [`filter_policy`](FilterPolicy) (what the services hold),
//! `compile` (text to rules; a pattern is AND over fields, OR over alternatives), `or` (the `$or` of whole objects),
//! `alternative` (one alternative of one field) with an operator to a file (`affix`, `anything_but`, `cidr`,
//! `ignore_case`, `numeric`, `wildcard`), [`flatten`](FlatEvent) (an event as leaves), `matcher` (rules against leaves,
//! and array consistency), `explain` (why not, in words), `reader` (JSON as Jackson reads it, for its error texts).

mod affix;
mod alternative;
mod anything_but;
mod cidr;
mod compile;
mod error;
mod event_pattern;
mod explain;
mod filter_policy;
mod flatten;
mod ignore_case;
mod index;
mod matcher;
mod numeric;
mod or;
mod reader;
mod wildcard;

#[cfg(test)]
mod tests;

pub use error::PatternError;
pub use event_pattern::EventPattern;
pub use explain::MatchResult;
pub use filter_policy::{FilterPolicy, FilterPolicyError, FilterPolicyScope};
pub use flatten::FlatEvent;
pub use index::PatternIndex;
pub use wildcard::Wildcard;
