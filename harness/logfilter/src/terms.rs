//! Terms: `ERROR`, `"exact phrase"`, `?optional`, `-excluded`, `%regex%`.

use super::FilterError;
use super::cursor::Cursor;
use super::regex::{self, LogRegex};

/// Terms, by what they ask for.
#[derive(Clone, Debug, Default)]
pub(super) struct Terms {
    required: Vec<Term>,
    optional: Vec<Term>,
    excluded: Vec<Term>,
}

/// Found anywhere in a line, inside words too; case matters. [D] `ERROR` finds `ERRORCODE`
#[derive(Clone, Debug)]
enum Term {
    Text(String),
    Regex(LogRegex),
}

impl Terms {
    pub(super) fn parse(text: &str) -> Result<Terms, FilterError> {
        let mut cursor = Cursor::new(text);
        let mut terms = Terms::default();
        loop {
            cursor.skip_space();
            if cursor.peek().is_none() {
                return Ok(terms);
            }
            let list = if cursor.take("-") {
                cursor.skip_space();
                &mut terms.excluded
            } else if cursor.take("?") {
                &mut terms.optional
            } else {
                &mut terms.required
            };
            list.push(Term::parse(&mut cursor)?);
            if cursor.peek().is_some_and(|next| !next.is_whitespace()) {
                return Err(cursor.unexpected(""));
            }
        }
    }

    /// Optional terms count only where there are no others: "if you combine ? with other filter patterns, all question
    /// mark terms will be ignored". [D]
    pub(super) fn matches(&self, line: &str) -> bool {
        if self.required.is_empty() && self.excluded.is_empty() {
            return self.optional.is_empty() || self.optional.iter().any(|term| term.is_in(line));
        }
        self.required.iter().all(|term| term.is_in(line)) && !self.excluded.iter().any(|term| term.is_in(line))
    }
}

impl Term {
    fn parse(cursor: &mut Cursor<'_>) -> Result<Term, FilterError> {
        if cursor.take("\"") {
            return Ok(Term::Text(cursor.quoted()?));
        }
        if cursor.take("%") {
            return Ok(Term::Regex(regex::parse(cursor)?));
        }
        // Everything else has to be quoted. [D]; AWS may be milder with some of it. [?]
        match cursor.take_while(|character| character.is_ascii_alphanumeric() || character == '_') {
            "" => Err(cursor.unexpected("a term is missing")),
            term => Ok(Term::Text(term.to_owned())),
        }
    }

    /// A phrase of nothing but space is in every line. [D] `" "` matches everything
    fn is_in(&self, line: &str) -> bool {
        match self {
            Term::Text(text) => text.trim().is_empty() || line.contains(text.as_str()),
            Term::Regex(regex) => regex.matches(line),
        }
    }
}
