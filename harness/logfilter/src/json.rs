//! JSON patterns: `{ $.userIdentity.type = "Root" && $.userIdentity.invokedBy NOT EXISTS }`.

use serde_json::Value;

use super::FilterError;
use super::comparison::Comparison;
use super::cursor::Cursor;
use super::expression::Expression;
use super::selector::Selector;

#[derive(Clone, Debug)]
pub(super) struct JsonPattern(Expression<Condition>);

#[derive(Clone, Debug)]
struct Condition {
    /// As it was written.
    name: String,
    selector: Selector,
    test: Test,
}

#[derive(Clone, Debug)]
enum Test {
    Compares(Comparison),
    Is(Value),
    NotExists,
}

impl JsonPattern {
    pub(super) fn parse(text: &str) -> Result<JsonPattern, FilterError> {
        let mut cursor = Cursor::new(text);
        cursor.skip_space();
        cursor.take("{");
        let expression = Expression::parse(&mut cursor, &mut Condition::parse)?;
        if !cursor.take("}") {
            return Err(cursor.unexpected("a closing } is missing"));
        }
        cursor.skip_space();
        match cursor.peek() {
            None => Ok(JsonPattern(expression)),
            Some(_) => Err(cursor.malformed("nothing may follow the closing }")),
        }
    }

    /// A line that is no JSON object does not have the format, and does not match. [D]
    pub(super) fn matches(&self, line: &Value) -> bool {
        line.is_object() && self.0.holds(&|condition| condition.holds(line))
    }
}

impl JsonPattern {
    /// What the pattern's selectors point at. [D] API_TestMetricFilter
    pub(super) fn extracted(&self, line: &Value) -> Vec<(String, String)> {
        let mut found: Vec<(String, String)> = Vec::new();
        self.0.each(&mut |condition| {
            let value = condition.selector.select(line).into_iter().find_map(|value| match value {
                Value::String(text) => Some(text.clone()),
                Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
                Value::Null | Value::Array(_) | Value::Object(_) => None,
            });
            if let Some(value) = value.filter(|_| !found.iter().any(|(name, _)| *name == condition.name)) {
                found.push((condition.name.clone(), value));
            }
        });
        found
    }
}

impl Condition {
    fn parse(cursor: &mut Cursor<'_>) -> Result<Condition, FilterError> {
        let before = cursor.rest();
        let selector = Selector::parse(cursor)?;
        let name = before[..before.len() - cursor.rest().len()].to_owned();
        cursor.skip_space();
        let test = if cursor.take_word("IS") {
            cursor.skip_space();
            let keywords = [("NULL", Value::Null), ("TRUE", Value::Bool(true)), ("FALSE", Value::Bool(false))];
            let found = keywords.into_iter().find(|(word, _)| cursor.take_word(word));
            let (_, value) = found.ok_or_else(|| cursor.malformed("expected NULL, TRUE or FALSE"))?;
            Test::Is(value)
        } else if cursor.take_word("NOT") {
            cursor.skip_space();
            if !cursor.take_word("EXISTS") {
                return Err(cursor.malformed("expected EXISTS"));
            }
            Test::NotExists
        } else if cursor.peek().is_some_and(|next| next.is_ascii_alphabetic()) {
            // `EXISTS` and `IS NOT` do not exist. [D]
            return Err(cursor.malformed("expected an operator, IS or NOT EXISTS"));
        } else {
            Test::Compares(Comparison::parse(cursor)?)
        };
        Ok(Condition { name, selector, test })
    }

    /// With a wildcard, any selected value will do. [D] for regular expressions; [?] for `!=`
    fn holds(&self, line: &Value) -> bool {
        let values = self.selector.select(line);
        match &self.test {
            Test::NotExists => values.is_empty(),
            Test::Is(keyword) => values.contains(&keyword),
            Test::Compares(comparison) => values.into_iter().any(|value| compares(comparison, value)),
        }
    }
}

/// Only strings and numbers compare. An array or object does not match with any operator [D]; a boolean or null is
/// taken to be no value node either [?]; so is a value that is missing, also with `!=` [?].
fn compares(comparison: &Comparison, value: &Value) -> bool {
    match value {
        Value::String(text) => comparison.holds(text, None),
        Value::Number(number) => comparison.holds(&number.to_string(), number.as_f64()),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => false,
    }
}

/// The number a selector such as `$.latency` points at. A string is none, even if it spells one. [?]
pub(super) fn value(line: &Value, selector: &str) -> Option<f64> {
    let mut cursor = Cursor::new(selector);
    let selector = Selector::parse(&mut cursor).ok().filter(|_| cursor.rest().is_empty())?;
    selector.select(line).into_iter().find_map(Value::as_f64)
}
