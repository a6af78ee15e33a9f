//! The `wildcard` operator.

use std::collections::BTreeSet;

use super::compile::Compiler;
use super::{PatternError, alternative::Alternative, reader::Token};

/// A text with `*` for any number of characters, including none. It describes the whole value.
#[derive(Clone, Debug)]
pub struct Wildcard {
    source: String,
    /// The texts between the stars; at least one.
    parts: Vec<String>,
}

impl Wildcard {
    /// `\*` is a star, `\\` a backslash; no other escapes, and no two stars in a row. [R] WildcardParser.java
    pub(super) fn parse(source: &str) -> Result<Wildcard, String> {
        let mut parts = vec![String::new()];
        let mut characters = source.char_indices().peekable();
        while let Some((at, character)) = characters.next() {
            // The engine counts bytes, and the opening quote is the first.
            let position = at + 1;
            let following = characters.peek().map(|(_, next)| *next);
            match (character, following) {
                ('*', Some('*')) => return Err(format!("Consecutive wildcard characters at pos {position}")),
                ('*', _) => parts.push(String::new()),
                ('\\', Some(escaped @ ('*' | '\\'))) => {
                    characters.next();
                    push(&mut parts, escaped);
                }
                ('\\', _) => return Err(format!("Invalid escape character at pos {position}")),
                (other, _) => push(&mut parts, other),
            }
        }
        Ok(Wildcard { source: source.to_owned(), parts })
    }

    /// Without escapes, and with any number of stars: as CloudWatch Logs has it.
    pub fn plain(source: &str) -> Wildcard {
        Wildcard { source: source.to_owned(), parts: source.split('*').map(str::to_owned).collect() }
    }

    pub(super) fn source(&self) -> &str {
        &self.source
    }

    /// Returns true if the text describes the whole value.
    pub fn matches(&self, value: &str) -> bool {
        let [first, middle @ .., last] = self.parts.as_slice() else {
            return self.parts.first().is_some_and(|only| only == value);
        };
        let Some(rest) = value.strip_prefix(first.as_str()).and_then(|rest| rest.strip_suffix(last.as_str())) else {
            return false;
        };
        // Taking the earliest place of each part leaves the most for those that follow.
        middle.iter().try_fold(rest, |rest, part| rest.find(part.as_str()).map(|at| &rest[at + part.len()..])).is_some()
    }
}

/// As many prefixes of a field's wildcards as the service lets one value match at once. The limit is [?]: the pattern
/// `*:*:*:*:*:event-bus/*` has ten, and is refused. [D] eb-create-pattern-operators, wildcard considerations
const MAX_PREFIXES: usize = 9;
/// Sets of prefixes that are looked at. A field with more is too complex.
const MAX_SETS: usize = 10_000;

/// Whether one value could match more prefixes of a field's wildcards than the service follows at once. It is what
/// event-ruler counts. [R] MachineComplexityEvaluator.java
pub(super) fn is_too_complex<'w>(wildcards: impl Iterator<Item = &'w Wildcard>) -> bool {
    // Each wildcard as characters, with `None` for a star.
    let patterns: Vec<Vec<Option<char>>> = wildcards
        .map(|wildcard| {
            let mut tokens = Vec::new();
            for (number, part) in wildcard.parts.iter().enumerate() {
                tokens.extend((number > 0).then_some(None));
                tokens.extend(part.chars().map(Some));
            }
            tokens
        })
        .collect();
    if patterns.iter().flatten().filter(|token| token.is_none()).count() < 2 {
        return false;
    }
    type Prefixes = BTreeSet<(usize, usize)>;
    let token = |pattern: usize, at: usize| patterns[pattern].get(at).copied();
    // A star also matches no character.
    let add = |set: &mut Prefixes, pattern: usize, length: usize| {
        set.insert((pattern, length));
        if token(pattern, length) == Some(None) {
            set.insert((pattern, length + 1));
        }
    };
    let mut start = Prefixes::new();
    (0..patterns.len()).for_each(|pattern| add(&mut start, pattern, 0));
    let characters: BTreeSet<char> = patterns.iter().flatten().flatten().copied().collect();
    let (mut seen, mut open) = (BTreeSet::from([start.clone()]), vec![start]);
    while let Some(set) = open.pop() {
        for character in &characters {
            let mut next = Prefixes::new();
            for &(pattern, length) in &set {
                if length > 0 && token(pattern, length - 1) == Some(None) {
                    next.insert((pattern, length));
                }
                if token(pattern, length) == Some(Some(*character)) {
                    add(&mut next, pattern, length + 1);
                }
            }
            if next.len() > MAX_PREFIXES || seen.len() > MAX_SETS {
                return true;
            }
            if seen.insert(next.clone()) {
                open.push(next);
            }
        }
    }
    false
}

fn push(parts: &mut [String], character: char) {
    if let Some(part) = parts.last_mut() {
        part.push(character);
    }
}

impl Compiler<'_> {
    /// After `{"wildcard":`.
    pub(super) fn wildcard(&mut self) -> Result<Alternative, PatternError> {
        if self.next()? != Token::Text {
            return Err(self.refuse("wildcard match pattern must be a string"));
        }
        let text = self.text()?;
        let wildcard = Wildcard::parse(&text).map_err(|reason| self.refuse(reason))?;
        self.expect_end("Only one key allowed in match expression")?;
        Ok(Alternative::Wildcard(wildcard))
    }
}
