//! The `wildcard` operator.

use super::compile::Compiler;
use super::{PatternError, alternative::Alternative, reader::Token};

/// A text with `*` for any number of characters, including none. It describes the whole value.
#[derive(Clone, Debug)]
pub(crate) struct Wildcard {
    source: String,
    /// What stands between the stars; at least one.
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
    pub(crate) fn plain(source: &str) -> Wildcard {
        Wildcard { source: source.to_owned(), parts: source.split('*').map(str::to_owned).collect() }
    }

    pub(super) fn source(&self) -> &str {
        &self.source
    }

    pub(crate) fn matches(&self, value: &str) -> bool {
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

fn push(parts: &mut [String], character: char) {
    if let Some(part) = parts.last_mut() {
        part.push(character);
    }
}

impl Compiler<'_> {
    /// After `{"wildcard":`. The service also refuses wildcards whose machine grows too large; neither its limit nor
    /// the text of that refusal is known, so none is modelled. [?]
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
