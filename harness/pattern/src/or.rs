//! `$or`: alternatives of whole objects.
//!
//! The engine expands a pattern with `$or` into several patterns, one for every way through it, and matches an event
//! with any of them. A field that is written both next to and inside `$or` keeps what is written last. [R]
//! JsonRuleCompiler.parseIntoOrRelationship, writeRules

use super::PatternError;
use super::compile::{Branch, Compiler};
use super::reader::Token;

/// Ways through all `$or` of one pattern. [D] event pattern content filtering: 1,000 combinations
pub(super) const MAX_BRANCHES: usize = 1000;

/// Names that may not be fields inside `$or`. [R] Constants.java
pub(super) const RESERVED: [&str; 24] = [
    "exactly",
    "equals-ignore-case",
    "prefix",
    "suffix",
    "anything-but",
    "exists",
    "wildcard",
    "numeric",
    "cidr",
    "=",
    "<",
    "<=",
    ">",
    ">=",
    "regex",
    "not-wildcard",
    "not-equals-ignore-case",
    "date-after",
    "date-on-or-after",
    "date-before",
    "date-on-or-before",
    "in-date-range",
    "ip-address-in-range",
    "ip-address-not-in-range",
];

/// How `$or` is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum OrReading {
    Operator,
    /// A field that happens to be called `$or`.
    Field,
}

impl Compiler<'_> {
    /// After the name `$or`.
    pub(super) fn or(&mut self) -> Result<(), PatternError> {
        let before = std::mem::take(&mut self.branches);
        if self.next()? != Token::StartArray {
            return Err(self.refuse("It must be an Array followed with $or."));
        }
        let mut expanded: Vec<Branch> = Vec::new();
        let mut objects = 0;
        loop {
            match self.next()? {
                Token::EndArray => break,
                Token::StartObject => {
                    objects += 1;
                    self.branches = if before.is_empty() { vec![Branch::new()] } else { before.clone() };
                    self.object(true)?;
                    expanded.append(&mut self.branches);
                    if expanded.len() > MAX_BRANCHES {
                        return Err(self.too_complex());
                    }
                }
                _ => return Err(self.refuse("Only JSON object is allowed in array of $or relationship.")),
            }
        }
        if objects < 2 {
            return Err(self.refuse("There must have at least 2 Objects in $or relationship."));
        }
        self.branches = expanded;
        Ok(())
    }
}
