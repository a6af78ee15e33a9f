//! Selectors into a JSON log line: `$.a.b[0].c`, `$.['key.with.dots']`, `$.items[*].name`, `$.*`.

use serde_json::Value;

use super::FilterError;
use super::cursor::Cursor;

/// Wildcards in one selector, and selectors with one in one pattern. [D]
const MAX_WILDCARDS: usize = 1;
const MAX_WILDCARD_SELECTORS: usize = 3;

#[derive(Clone, Debug)]
pub(super) struct Selector(Vec<Step>);

#[derive(Clone, Debug)]
enum Step {
    Key(String),
    Index(usize),
    /// Any element of an array, or any field of an object.
    Any,
}

impl Selector {
    /// Property names are letters, digits, hyphens and underscores; others go into brackets. [D]
    pub(super) fn parse(cursor: &mut Cursor<'_>) -> Result<Selector, FilterError> {
        let start = cursor.clone();
        // AWS names the selector up to the character it stumbles over. [T] `Invalid character(s) in term '$."'`
        let stumble = |cursor: &Cursor<'_>| {
            let taken = start.rest().len() - cursor.rest().len();
            let bad = cursor.peek().map_or(0, char::len_utf8);
            start.invalid(&start.rest()[..taken + bad])
        };
        if !cursor.take("$") {
            return Err(cursor.unexpected("a selector is missing"));
        }
        let mut steps = Vec::new();
        loop {
            let dot = cursor.take(".");
            if cursor.take("[") {
                steps.push(Self::bracket(cursor)?);
            } else if !dot {
                break;
            } else if cursor.take("*") {
                steps.push(Step::Any);
            } else {
                match cursor.take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_')) {
                    "" => return Err(stumble(cursor)),
                    key => steps.push(Step::Key(key.to_owned())),
                }
            }
        }
        let wildcards = steps.iter().filter(|step| matches!(step, Step::Any)).count();
        cursor.wildcards += wildcards.min(1);
        if steps.is_empty() {
            return Err(stumble(cursor));
        }
        if wildcards > MAX_WILDCARDS || cursor.wildcards > MAX_WILDCARD_SELECTORS {
            return Err(start.malformed("too many wildcards in selectors"));
        }
        Ok(Selector(steps))
    }

    fn bracket(cursor: &mut Cursor<'_>) -> Result<Step, FilterError> {
        let step = if cursor.take("*") {
            Step::Any
        } else if cursor.take("'") {
            Step::Key(cursor.take_until('\'')?.to_owned())
        } else {
            let digits = cursor.take_while(|c| c.is_ascii_digit());
            Step::Index(digits.parse().map_err(|_| cursor.unexpected("an index is missing"))?)
        };
        if cursor.take("]") { Ok(step) } else { Err(cursor.unexpected("a closing ] is missing")) }
    }

    /// What it points at; several values only with a wildcard.
    pub(super) fn select<'v>(&self, value: &'v Value) -> Vec<&'v Value> {
        self.0.iter().fold(vec![value], |values, step| {
            values
                .into_iter()
                .flat_map(|value| match (step, value) {
                    (Step::Key(key), Value::Object(members)) => members.get(key).into_iter().collect(),
                    (Step::Index(index), Value::Array(elements)) => elements.get(*index).into_iter().collect(),
                    (Step::Any, Value::Array(elements)) => elements.iter().collect(),
                    (Step::Any, Value::Object(members)) => members.values().collect(),
                    _ => Vec::new(),
                })
                .collect()
        })
    }
}
