//! A place in the text of a pattern.

use super::FilterError;

/// Reads a pattern from left to right.
#[derive(Clone, Debug)]
pub(super) struct Cursor<'a> {
    text: &'a str,
    at: usize,
    /// Regular expressions read so far.
    pub(super) regexes: usize,
    /// Selectors with a wildcard read so far.
    pub(super) wildcards: usize,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Cursor { text, at: 0, regexes: 0, wildcards: 0 }
    }

    pub(super) fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    pub(super) fn skip_space(&mut self) {
        self.at = self.text.len() - self.rest().trim_start().len();
    }

    /// Takes the text if it follows.
    pub(super) fn take(&mut self, expected: &str) -> bool {
        let follows = self.rest().starts_with(expected);
        if follows {
            self.at += expected.len();
        }
        follows
    }

    /// Takes a keyword: the text, and nothing that would make it a longer word.
    pub(super) fn take_word(&mut self, word: &str) -> bool {
        let mut ahead = self.clone();
        if ahead.take(word) && !ahead.peek().is_some_and(|next| next.is_ascii_alphanumeric() || next == '_') {
            *self = ahead;
            return true;
        }
        false
    }

    pub(super) fn take_while(&mut self, allowed: impl Fn(char) -> bool) -> &'a str {
        let rest = self.rest();
        let taken = &rest[..rest.find(|c| !allowed(c)).unwrap_or(rest.len())];
        self.at += taken.len();
        taken
    }

    /// Takes the text up to and including an unescaped end, of which the beginning is taken already; without the end.
    pub(super) fn take_until(&mut self, end: char) -> Result<&'a str, FilterError> {
        let rest = self.rest();
        let mut escaped = false;
        for (at, character) in rest.char_indices() {
            if character == end && !escaped {
                self.at += at + end.len_utf8();
                return Ok(&rest[..at]);
            }
            escaped = character == '\\' && !escaped;
        }
        Err(self.malformed(format!("a closing {end} is missing")))
    }

    /// A text in double quotes, of which the first is taken. `\"` and `\\` are escapes. [?] documented by example only
    pub(super) fn quoted(&mut self) -> Result<String, FilterError> {
        let raw = self.take_until('"')?;
        let mut text = String::with_capacity(raw.len());
        let mut characters = raw.chars().peekable();
        while let Some(character) = characters.next() {
            match (character, characters.peek()) {
                ('\\', Some(escaped @ ('"' | '\\'))) => {
                    text.push(*escaped);
                    characters.next();
                }
                _ => text.push(character),
            }
        }
        Ok(text)
    }

    pub(super) fn malformed(&self, reason: impl Into<String>) -> FilterError {
        FilterError::Malformed { reason: reason.into(), at: self.text[..self.at].chars().count() + 1 }
    }

    /// The character that follows does not belong here; at the end of the text the pattern is incomplete.
    pub(super) fn unexpected(&self, otherwise: &str) -> FilterError {
        match self.peek() {
            Some(character) => self.invalid(character),
            None => self.malformed(otherwise),
        }
    }

    pub(super) fn invalid(&self, term: impl Into<String>) -> FilterError {
        FilterError::InvalidCharacters { term: term.into(), at: self.text[..self.at].chars().count() + 1 }
    }
}
