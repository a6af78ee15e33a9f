//! Regular expressions between percent signs.

use ::regex::bytes::{Regex, RegexBuilder};

use super::FilterError;
use super::cursor::Cursor;

/// Regular expressions in one JSON or column pattern. [D]
pub(super) const MAX_REGEXES: usize = 2;

/// A compiled `%…%`. Finds its match anywhere in the value.
#[derive(Clone, Debug)]
pub(super) struct LogRegex(Regex);

impl LogRegex {
    pub(super) fn matches(&self, value: &str) -> bool {
        self.0.is_match(value.as_bytes())
    }
}

/// Letters and digits, a few symbols, a few operators; no groups, no spaces, nothing beyond ASCII. [D]
fn allowed(character: char) -> bool {
    character.is_ascii_alphanumeric() || ":_#=@/;,-^$?[]{}|\\*+.".contains(character)
}

/// Behind the opening percent sign.
pub(super) fn parse(cursor: &mut Cursor<'_>) -> Result<LogRegex, FilterError> {
    let start = cursor.clone();
    let source = cursor.take_until('%')?;
    if let Some(refused) = source.chars().find(|character| !allowed(*character)) {
        return Err(start.invalid(refused));
    }
    cursor.regexes += 1;
    // AWS's classes are ASCII: `\d` is `[0-9]`. [D]
    let regex = RegexBuilder::new(source).unicode(false).build();
    regex.map(LogRegex).map_err(|_| start.malformed("not a regular expression"))
}
