//! Numbers: what makes two of them equal, and the `numeric` operator.

use std::fmt;

use super::compile::Compiler;
use super::reader::Token;
use super::{PatternError, alternative::Alternative};

/// A JSON number, with what the engine wants to know of it. [R] ComparableNumber.java
///
/// A number is comparable when it is finite and binary64 holds exactly what is written (an account id does not matter
/// here, but 9007199254740993 is not). One that is not comparable equals only a number written the same way.
#[derive(Clone, Copy, Debug)]
pub(super) struct Number {
    value: f64,
    comparable: bool,
    /// Set when the number is written as a plain integer.
    integer: Option<i128>,
}

impl Number {
    pub(super) fn from_text(text: &str) -> Number {
        // Adding zero makes -0 the same number as 0.
        let value = text.parse::<f64>().unwrap_or(f64::NAN) + 0.0;
        let comparable = value.is_finite() && Decimal::from_text(text) == Decimal::from_text(&format!("{value:e}"));
        Number { value, comparable, integer: text.parse().ok() }
    }

    /// Of an event's number. `serde_json` keeps integers exactly, but of a fraction only the binary64 value, not its
    /// text: two fractions that round to the same value are the same number here, where the engine might still see
    /// different texts. Fractions with more than 17 digits do not occur in records of AWS.
    pub(super) fn from_json(number: &serde_json::Number) -> Number {
        const EXACT: i128 = 1 << 53;
        let integer = number.as_i64().map(i128::from).or_else(|| number.as_u64().map(i128::from));
        match integer {
            #[expect(clippy::cast_precision_loss, reason = "exact up to 2^53")]
            Some(integer) if integer.abs() <= EXACT => {
                Number { value: integer as f64, comparable: true, integer: Some(integer) }
            }
            Some(integer) => Number::from_text(&integer.to_string()),
            None => Number { value: number.as_f64().unwrap_or(f64::NAN) + 0.0, comparable: true, integer: None },
        }
    }

    /// Whether it can be ordered and compared by value; if not, `numeric` and lists of numbers pass it over.
    fn comparable(self) -> Option<f64> {
        self.comparable.then_some(self.value)
    }

    /// As a literal in a pattern: the same text, or the same value if both are comparable. [R] JsonRuleCompiler.writeRules
    pub(super) fn equals_literally(self, other: Number) -> bool {
        match (self.integer, other.integer) {
            (Some(a), Some(b)) => a == b,
            (None, None) => self.value == other.value,
            _ => self.equals_by_value(other),
        }
    }

    /// As `numeric` and `anything-but` compare.
    pub(super) fn equals_by_value(self, other: Number) -> bool {
        self.comparable && other.comparable && self.value == other.value
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.integer {
            Some(integer) => write!(f, "{integer}"),
            None => write!(f, "{}", self.value),
        }
    }
}

/// A decimal number apart from its spelling.
#[derive(PartialEq, Eq)]
struct Decimal {
    negative: bool,
    /// Without leading and trailing zeros; empty is zero.
    digits: String,
    /// Power of ten of the last digit.
    exponent: i64,
}

impl Decimal {
    fn from_text(text: &str) -> Decimal {
        let (negative, text) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
        let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let all = format!("{whole}{fraction}");
        let digits = all.trim_end_matches('0');
        // An exponent that i64 cannot hold belongs to a number that is infinite or zero anyway.
        let exponent = exponent.parse::<i64>().unwrap_or(0) - i64::try_from(fraction.len()).unwrap_or(0)
            + i64::try_from(all.len() - digits.len()).unwrap_or(0);
        let digits = digits.trim_start_matches('0').to_owned();
        match digits.is_empty() {
            true => Decimal { negative: false, digits, exponent: 0 },
            false => Decimal { negative, digits, exponent },
        }
    }
}

/// `numeric` with an order: bounds with whether they belong to the range.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Range {
    low: Option<(f64, bool)>,
    high: Option<(f64, bool)>,
}

impl Range {
    pub(super) fn contains(&self, number: Number) -> bool {
        number.comparable().is_some_and(|value| {
            self.low.is_none_or(|(low, within)| value > low || (within && value == low))
                && self.high.is_none_or(|(high, within)| value < high || (within && value == high))
        })
    }
}

impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number ")?;
        if let Some((low, within)) = self.low {
            write!(f, "{} {low}", if within { ">=" } else { ">" })?;
        }
        if self.low.is_some() && self.high.is_some() {
            f.write_str(" and ")?;
        }
        if let Some((high, within)) = self.high {
            write!(f, "{} {high}", if within { "<=" } else { "<" })?;
        }
        Ok(())
    }
}

impl Compiler<'_> {
    /// After `{"numeric":`. [R] JsonRuleCompiler.processNumericMatchExpression
    pub(super) fn numeric(&mut self) -> Result<Alternative, PatternError> {
        if self.next()? != Token::StartArray {
            return Err(self.refuse("Value of numeric must be an array."));
        }
        if self.next()? != Token::Text {
            let found = self.text()?;
            return Err(self.refuse(format!("Invalid member in numeric match: {found}")));
        }
        let operator = self.text()?;
        let token = self.next()?;
        let alternative = match operator.as_str() {
            "=" => {
                let number = self.operand(token, "equals")?;
                self.end_of_numeric()?;
                if number.comparable().is_none() {
                    return Err(self.refuse(format!("Cannot compare number : {number}")));
                }
                Alternative::NumericEquals(number)
            }
            ">" | ">=" => {
                let low = self.operand(token, &operator)?;
                let low = (low, operator == ">=");
                match self.next()? {
                    Token::EndArray => Alternative::Range(Range { low: Some(self.bound(low)?), high: None }),
                    token => Alternative::Range(self.upper_bound(low, token)?),
                }
            }
            "<" | "<=" => {
                let high = self.operand(token, &operator)?;
                self.end_of_numeric()?;
                Alternative::Range(Range { low: None, high: Some(self.bound((high, operator == "<="))?) })
            }
            _ => return Err(self.refuse(format!("Unrecognized numeric range operator: {operator}"))),
        };
        self.expect_end("Too many elements in numeric expression")?;
        Ok(alternative)
    }

    fn upper_bound(&mut self, low: (Number, bool), token: Token) -> Result<Range, PatternError> {
        if token != Token::Text {
            let found = self.text()?;
            return Err(self.refuse(format!("Bad value in numeric range: {found}")));
        }
        let operator = self.text()?;
        if operator != "<" && operator != "<=" {
            return Err(self.refuse(format!("Bad numeric range operator: {operator}")));
        }
        let token = self.next()?;
        let high = self.operand(token, &operator)?;
        if self.next()? != Token::EndArray {
            return Err(self.refuse("Too many terms in numeric range expression"));
        }
        let (low, high) = (self.bound(low)?, self.bound((high, operator == "<="))?);
        if low.0 >= high.0 {
            return Err(self.refuse("Bottom must be less than top"));
        }
        Ok(Range { low: Some(low), high: Some(high) })
    }

    fn operand(&mut self, token: Token, operator: &str) -> Result<Number, PatternError> {
        if token != Token::Number {
            return Err(self.refuse(format!("Value of {operator} must be numeric")));
        }
        Ok(Number::from_text(&self.text()?))
    }

    fn bound(&self, (number, within): (Number, bool)) -> Result<(f64, bool), PatternError> {
        match number.comparable() {
            Some(value) => Ok((value, within)),
            None => Err(self.refuse(format!("Cannot compare number : {number}"))),
        }
    }

    fn end_of_numeric(&mut self) -> Result<(), PatternError> {
        match self.next()? {
            Token::EndArray => Ok(()),
            _ => Err(self.refuse("Too many elements in numeric expression")),
        }
    }
}
