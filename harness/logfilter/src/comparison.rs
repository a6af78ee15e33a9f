//! An operator and what it compares with, for JSON values and columns alike.

use super::FilterError;
use super::cursor::Cursor;
use super::regex::{self, LogRegex};
use rootwatch_pattern::Wildcard;

/// `= 400`, `!= "Root*"`, `> 1e3`, `= %re%`.
#[derive(Clone, Debug)]
pub(super) struct Comparison {
    operator: Operator,
    operand: Operand,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operator {
    Equal,
    NotEqual,
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
}

/// Longer ones first, for they start with the others.
const OPERATORS: [(&str, Operator); 6] = [
    (">=", Operator::GreaterOrEqual),
    ("<=", Operator::LessOrEqual),
    ("!=", Operator::NotEqual),
    ("=", Operator::Equal),
    (">", Operator::Greater),
    ("<", Operator::Less),
];

#[derive(Clone, Debug)]
enum Operand {
    Number(f64, String),
    Text(Wildcard),
    Regex(LogRegex),
}

impl Comparison {
    pub(super) fn parse(cursor: &mut Cursor<'_>) -> Result<Comparison, FilterError> {
        cursor.skip_space();
        let operator = OPERATORS.iter().find(|(text, _)| cursor.take(text)).map(|(_, operator)| *operator);
        let operator = operator.ok_or_else(|| cursor.unexpected("an operator is missing"))?;
        cursor.skip_space();
        let before = cursor.clone();
        let operand = Operand::parse(cursor)?;
        let orders = !matches!(operator, Operator::Equal | Operator::NotEqual);
        if orders && !matches!(operand, Operand::Number(..)) {
            return Err(before.malformed("a number is needed with this operator"));
        }
        Ok(Comparison { operator, operand })
    }

    /// Compares with a value: its text, and its number if it is one. Order exists between numbers only.
    pub(super) fn holds(&self, text: &str, number: Option<f64>) -> bool {
        let order = |holds: fn(&f64, &f64) -> bool| match (&self.operand, number) {
            (Operand::Number(operand, _), Some(number)) => holds(&number, operand),
            _ => false,
        };
        match self.operator {
            Operator::Equal => self.operand.equals(text, number),
            Operator::NotEqual => !self.operand.equals(text, number),
            Operator::Greater => order(f64::gt),
            Operator::GreaterOrEqual => order(f64::ge),
            Operator::Less => order(f64::lt),
            Operator::LessOrEqual => order(f64::le),
        }
    }
}

impl Operand {
    fn parse(cursor: &mut Cursor<'_>) -> Result<Operand, FilterError> {
        if cursor.take("\"") {
            return Ok(Operand::Text(Wildcard::plain(&cursor.quoted()?)));
        }
        if cursor.take("%") {
            let before = cursor.clone();
            let regex = regex::parse(cursor)?;
            if cursor.regexes > regex::MAX_REGEXES {
                return Err(before.malformed("more than two regular expressions"));
            }
            return Ok(Operand::Regex(regex));
        }
        // Letters, digits and underscores, the characters of numbers and addresses, and the wildcard. [D]
        let bare = cursor.take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '*' | '.' | '-' | '+'));
        match (bare, number(bare)) {
            ("", _) => Err(cursor.unexpected("a value is missing")),
            (text, Some(number)) => Ok(Operand::Number(number, text.to_owned())),
            (text, None) => Ok(Operand::Text(Wildcard::plain(text))),
        }
    }

    /// A number equals a text that is written like it: account ids are strings in CloudTrail's records. [D] the
    /// documentation compares `recipientAccountId` with a bare number
    fn equals(&self, text: &str, number: Option<f64>) -> bool {
        match (self, number) {
            (Operand::Number(operand, _), Some(number)) => *operand == number,
            (Operand::Number(_, written), None) => written == text,
            (Operand::Text(wildcard), _) => wildcard.matches(text),
            (Operand::Regex(regex), _) => regex.matches(text),
        }
    }
}

/// An integer or decimal with an optional sign and exponent. [D]
pub(super) fn number(text: &str) -> Option<f64> {
    let plausible = text.bytes().all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte));
    // Rust also reads words as numbers; `e5` it refuses itself.
    if plausible { text.parse().ok() } else { None }
}
