//! Why a scenario cannot be read, and where.

use std::fmt;
use std::path::PathBuf;

/// Why a scenario cannot be read.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ScenarioError {
    /// The path is wrong.
    #[error("{path}: {reason}; give a scenario file or a folder of them")]
    Path {
        /// What was given.
        path: PathBuf,
        /// The system's reason.
        reason: String,
    },
    /// There is no scenario.
    #[error("{path} holds no scenario: it has no .json or .json.gz file")]
    Empty {
        /// The folder.
        path: PathBuf,
    },
    /// It is not JSON.
    #[error("{path}:{place}: not JSON: {reason}{}", .place.excerpt())]
    Json {
        /// The file.
        path: PathBuf,
        /// Where in it.
        place: Place,
        /// The parser's reason.
        reason: String,
    },
    /// A member does not fit.
    #[error("{path}:{place}: {reason}{hint}{}", .place.excerpt())]
    Member {
        /// The file.
        path: PathBuf,
        /// Where in it.
        place: Place,
        /// What is wrong, with the member's path.
        reason: String,
        /// The nearest known key, for a typo.
        hint: String,
    },
    /// An item of a list has another form than its list.
    #[error("{path}: `{at}`: expected {expected}, found {found}{help}")]
    Item {
        /// The file.
        path: PathBuf,
        /// The member and the place in it.
        at: String,
        /// The form of the list.
        expected: &'static str,
        /// The form of the item.
        found: &'static str,
        /// The place for such an item.
        help: &'static str,
    },
    /// It is JSON, but nothing that is known.
    #[error(
        "{path}: neither a scenario (`records`, `events`, `put_events` or `calls`), nor a CloudTrail record (`eventSource`, \
         `eventName`), nor an EventBridge event (`detail-type`, `detail`)"
    )]
    Unknown {
        /// The file.
        path: PathBuf,
    },
}

/// A place in a file, with its line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    line: usize,
    /// In characters.
    column: usize,
    width: usize,
    text: String,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

/// So much of a line is shown.
const SHOWN: usize = 100;

impl Place {
    /// From the parser's numbers: the line from 1, the column in bytes, from 1.
    pub(super) fn at(text: &str, line: usize, column: usize) -> Self {
        let line = line.max(1);
        let found = text.lines().nth(line - 1).unwrap_or_default();
        let before = found.get(..column.saturating_sub(1).min(found.len())).unwrap_or(found);
        Self { line, column: before.chars().count() + 1, width: 1, text: found.to_owned() }
    }

    /// Of a byte of the text, and so many characters from there.
    pub(super) fn of_offset(text: &str, offset: usize, width: usize) -> Self {
        let before = text.get(..offset).unwrap_or(text);
        let line = before.matches('\n').count() + 1;
        let start = before.rfind('\n').map_or(0, |end| end + 1);
        Self { width, ..Self::at(text, line, offset - start + 1) }
    }

    /// The last place before this one where a word begins; the parser counts to a word's end.
    pub(super) fn back_to(self, text: &str, word: &str) -> Self {
        let until: usize = text.split_inclusive('\n').take(self.line - 1).map(str::len).sum();
        let within: usize = self.text.chars().take(self.column).map(char::len_utf8).sum();
        match text.get(..until + within).and_then(|before| before.rfind(word)) {
            Some(offset) => Self::of_offset(text, offset, word.chars().count()),
            None => self,
        }
    }

    /// The word, in quotes, that is last before this place.
    pub(super) fn last_of(&self, text: &str, words: &[&'static str]) -> Option<&'static str> {
        let until: usize = text.split_inclusive('\n').take(self.line - 1).map(str::len).sum();
        let within: usize = self.text.chars().take(self.column).map(char::len_utf8).sum();
        let before = text.get(..until + within)?;
        let last = words.iter().filter_map(|word| Some((before.rfind(&format!("\"{word}\""))?, *word))).max()?;
        Some(last.1)
    }

    /// The line with a mark below it.
    pub(super) fn excerpt(&self) -> String {
        if self.text.trim().is_empty() {
            return String::new();
        }
        // Of a long line (a log file is one line), the text around the place.
        let start = self.column.saturating_sub(SHOWN / 2);
        let start = if self.column <= SHOWN { 0 } else { start };
        let shown: String =
            self.text.chars().skip(start).take(SHOWN).map(|c| if c == '\t' { ' ' } else { c }).collect();
        let number = self.line.to_string();
        let margin = " ".repeat(number.len());
        let indent = " ".repeat((self.column - 1).saturating_sub(start));
        format!("\n  {number} | {shown}\n  {margin} | {indent}{}", "^".repeat(self.width.max(1)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_counted_in_characters() {
        let text = "{\n  \"tïtle\": \"ä\", \"recods\": []\n}";
        let place = Place::of_offset(text, text.find("\"recods").unwrap(), 8);
        assert_eq!(place.to_string(), "2:17");
        assert_eq!(place.excerpt(), "\n  2 |   \"tïtle\": \"ä\", \"recods\": []\n    |                 ^^^^^^^^");
        // The parser is at the word's end, in bytes.
        let end = Place::at(text, 2, "  \"tïtle\": \"ä\", \"recods\"".len());
        assert_eq!(end.back_to(text, "\"recods\"").to_string(), "2:17");
    }

    #[test]
    fn long_lines_are_cut() {
        let text = format!("{{\"a\": \"{}\", \"b\": ,}}", "x".repeat(5000));
        let place = Place::at(&text, 1, text.len() - 1);
        let excerpt = place.excerpt();
        assert!(excerpt.len() < 300 && excerpt.contains("\"b\": ,}"), "{excerpt}");
        let mut lines = excerpt.lines().skip(1);
        let (line, mark) = (lines.next().unwrap(), lines.next().unwrap());
        assert_eq!(line.as_bytes()[mark.find('^').unwrap()], b',');
        assert_eq!(Place::at("", 1, 0).excerpt(), "", "nothing to show");
    }
}
