//! Numbers: 38 decimal digits and an exponent, never binary fractions. [D] HowItWorks.NamingRulesDataTypes

use std::cmp::Ordering;

/// The most significant digits.
const DIGITS: usize = 38;
/// Exponents of the first digit: magnitudes from 1E-130 to 9.99…E+125. [D]
const EXPONENTS: std::ops::RangeInclusive<i32> = -130..=125;

/// Why a text is no number that DynamoDB keeps; with AWS's messages. [T]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NumberError {
    NotANumber,
    TooManyDigits,
    Overflow,
    Underflow,
}

impl NumberError {
    pub(super) fn message(self, text: &str) -> String {
        match self {
            Self::NotANumber => format!("The parameter cannot be converted to a numeric value: {text}"),
            Self::TooManyDigits => "Attempting to store more than 38 significant digits in a Number".to_owned(),
            Self::Overflow => {
                "Number overflow. Attempting to store a number with magnitude larger than supported range".to_owned()
            }
            Self::Underflow => {
                "Number underflow. Attempting to store a number with magnitude smaller than supported range".to_owned()
            }
        }
    }
}

/// `digits × 10^exponent`, without trailing zeros in `digits`. Zero has the exponent 0 and no sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Number {
    negative: bool,
    digits: u128,
    exponent: i32,
}

impl Number {
    pub(super) fn parse(text: &str) -> Result<Self, NumberError> {
        let (negative, rest) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        let (mantissa, exponent) = match rest.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => {
                (mantissa, exponent.parse::<i32>().map_err(|_| NumberError::NotANumber)?.clamp(-10_000, 10_000))
            }
            None => (rest, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let all = format!("{whole}{fraction}");
        if all.is_empty() || !all.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(NumberError::NotANumber);
        }
        let significant = all.trim_start_matches('0').trim_end_matches('0');
        if significant.len() > DIGITS {
            return Err(NumberError::TooManyDigits);
        }
        let trailing = all.len() - all.trim_end_matches('0').len();
        let scale = i32::try_from(trailing).unwrap_or(i32::MAX) - i32::try_from(fraction.len()).unwrap_or(i32::MAX);
        let digits = significant.parse().unwrap_or(0);
        Self { negative, digits, exponent: exponent + scale }.checked()
    }

    /// The number without trailing zeros and within DynamoDB's bounds.
    fn checked(mut self) -> Result<Self, NumberError> {
        if self.digits == 0 {
            return Ok(Self { negative: false, digits: 0, exponent: 0 });
        }
        while self.digits.is_multiple_of(10) {
            (self.digits, self.exponent) = (self.digits / 10, self.exponent + 1);
        }
        match self.magnitude() {
            _ if self.length() > DIGITS => Err(NumberError::TooManyDigits),
            magnitude if magnitude > *EXPONENTS.end() => Err(NumberError::Overflow),
            magnitude if magnitude < *EXPONENTS.start() => Err(NumberError::Underflow),
            _ => Ok(self),
        }
    }

    fn length(self) -> usize {
        self.digits.checked_ilog10().map_or(1, |log| log as usize + 1)
    }

    /// The exponent of the first digit.
    fn magnitude(self) -> i32 {
        self.exponent + self.length() as i32 - 1
    }

    pub(super) fn negated(self) -> Self {
        Self { negative: !self.negative && self.digits != 0, ..self }
    }

    pub(super) fn plus(self, other: Self) -> Result<Self, NumberError> {
        let exponent = match (self.digits, other.digits) {
            (0, _) => return Ok(other),
            (_, 0) => return Ok(self),
            _ => self.exponent.min(other.exponent),
        };
        // Digits that do not fit are more than 38.
        let aligned = |number: Self| {
            let power = 10_i128.checked_pow((number.exponent - exponent).unsigned_abs())?;
            let signed = i128::try_from(number.digits).ok()?.checked_mul(power)?;
            Some(if number.negative { -signed } else { signed })
        };
        let sum = aligned(self).zip(aligned(other)).and_then(|(one, other)| one.checked_add(other));
        let sum = sum.ok_or(NumberError::TooManyDigits)?;
        Self { negative: sum < 0, digits: sum.unsigned_abs(), exponent }.checked()
    }

    /// The number as a binary fraction, for what needs no exact value.
    pub(super) fn approximate(self) -> f64 {
        self.to_string().parse().unwrap_or(0.0)
    }
}

impl std::fmt::Display for Number {
    /// Without an exponent, as DynamoDB answers.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.negative {
            f.write_str("-")?;
        }
        let digits = self.digits.to_string();
        let zeros = |count: i32| "0".repeat(usize::try_from(count).unwrap_or(0));
        let point = digits.len() as i32 + self.exponent;
        match usize::try_from(point) {
            _ if self.exponent >= 0 => write!(f, "{digits}{}", zeros(self.exponent)),
            Ok(point) if point > 0 => write!(f, "{}.{}", &digits[..point], &digits[point..]),
            _ => write!(f, "0.{}{digits}", zeros(-point)),
        }
    }
}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Number {
    fn cmp(&self, other: &Self) -> Ordering {
        let sign = |number: &Self| match (number.digits, number.negative) {
            (0, _) => 0,
            (_, true) => -1,
            (_, false) => 1,
        };
        sign(self).cmp(&sign(other)).then_with(|| {
            let order = self.magnitude().cmp(&other.magnitude());
            // Digits of one magnitude compare as texts.
            let order = order.then_with(|| self.digits.to_string().cmp(&other.digits.to_string()));
            if self.negative { order.reverse() } else { order }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// [D] HowItWorks.NamingRulesDataTypes: up to 38 digits, 1E-130 to 9.99…E+125, leading and trailing zeros trimmed
    #[test]
    fn numbers_keep_38_digits() {
        let nines = "9".repeat(38);
        for (text, expected) in [
            ("0.1", Ok("0.1")),
            ("-0", Ok("0")),
            ("001.500", Ok("1.5")),
            ("1e3", Ok("1000")),
            ("12345678901234567890123456789012345678", Ok("12345678901234567890123456789012345678")),
            ("0.00000000000000000000000000000000000001", Ok("0.00000000000000000000000000000000000001")),
            ("123456789012345678901234567890123456789", Err(NumberError::TooManyDigits)),
            ("1e126", Err(NumberError::Overflow)),
            ("1e-131", Err(NumberError::Underflow)),
            ("", Err(NumberError::NotANumber)),
            ("1,5", Err(NumberError::NotANumber)),
            ("NaN", Err(NumberError::NotANumber)),
            ("1e", Err(NumberError::NotANumber)),
        ] {
            let found = Number::parse(text).map(|number| number.to_string());
            assert_eq!(found.as_deref(), expected.as_ref().map(|text| *text), "{text}");
        }
        let number = |text: &str| Number::parse(text).unwrap();
        for (one, other, sum) in [
            ("0.1", "0.2", Ok("0.3")),
            ("9007199254740992", "1", Ok("9007199254740993")),
            ("1", "-1", Ok("0")),
            (&*nines, "1", Ok("100000000000000000000000000000000000000")),
            (&*nines, "0.1", Err(NumberError::TooManyDigits)),
            ("9.9e125", "1e125", Err(NumberError::Overflow)),
        ] {
            let found = number(one).plus(number(other)).map(|number| number.to_string());
            assert_eq!(found.as_deref(), sum.as_ref().map(|text| *text), "{one} + {other}");
        }
        let ascending = ["-1e10", "-2", "-1.5", "0", "1e-130", "9007199254740992", "9007199254740993", "1e125"];
        for pair in ascending.windows(2) {
            assert!(number(pair[0]) < number(pair[1]), "{pair:?}");
        }
    }
}
