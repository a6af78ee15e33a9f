//! Conditions: an operator, a key and the values the policy accepts.
//!
//! `[D]` IAM user guide, condition operators and multivalued context keys. All conditions of a statement must hold; of
//! one condition's values any may match, and for a negated operator none may.

use std::net::IpAddr;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use serde_json::Value;
use smol_str::SmolStr;

use super::context::Context;
use super::document::Version;
use super::error::PolicyError;
use super::matching::{ArnGlob, Glob, Token, literal, pattern};
use super::variables::{expand, has_variables};

/// One key under one operator.
#[derive(Clone, Debug)]
pub(super) struct Condition {
    operator: Operator,
    key: String,
    values: Vec<String>,
    /// The values, read once; `None` for one whose variables have to be filled in for each request.
    wanted: Vec<Option<Wanted>>,
}

#[derive(Clone, Debug)]
struct Operator {
    /// As it was written.
    name: String,
    quantifier: Option<Quantifier>,
    test: Test,
    negated: bool,
    if_exists: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Quantifier {
    ForAnyValue,
    ForAllValues,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Test {
    String,
    StringIgnoreCase,
    StringLike,
    Arn,
    Bool,
    Null,
    Numeric(Order),
    Date(Order),
    IpAddress,
    Binary,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Order {
    Equals,
    LessThan,
    LessThanEquals,
    GreaterThan,
    GreaterThanEquals,
}

/// A condition that did not hold: what a person needs to see why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Failure {
    pub(super) operator: String,
    pub(super) key: String,
    /// `None` when the request has no such key.
    pub(super) found: Option<Vec<SmolStr>>,
    pub(super) wanted: Vec<String>,
    /// Keys of policy variables in `wanted` that the request does not have.
    pub(super) unresolved: Vec<String>,
}

impl Condition {
    /// Reads a `Condition` element; `at` is its place.
    pub(super) fn parse_all(value: &Value, at: &str, version: Version) -> Result<Vec<Self>, PolicyError> {
        let shape = |element: &str, wanted: &'static str| PolicyError::Shape {
            at: at.to_owned(),
            element: element.to_owned(),
            wanted,
        };
        let Value::Object(operators) = value else {
            return Err(shape("Condition", "an object of operators"));
        };
        let mut conditions = Vec::new();
        for (name, keys) in operators {
            let Value::Object(keys) = keys else { return Err(shape(name, "an object of condition keys")) };
            // An operator without keys says nothing, whatever its name. [T] tests/data/policy/create-policy.json
            if keys.is_empty() {
                continue;
            }
            let operator = Operator::parse(name).map_err(|reason| PolicyError::Operator {
                at: at.to_owned(),
                operator: name.clone(),
                reason,
            })?;
            for (key, values) in keys {
                let values = match values {
                    Value::Array(many) => many.iter().map(scalar).collect::<Option<Vec<_>>>(),
                    one => scalar(one).map(|one| vec![one]),
                };
                let values = values.ok_or_else(|| shape(key, "a string, number or boolean, or an array of them"))?;
                let wanted = values.iter().map(|value| operator.test.wanted(value, version)).collect();
                conditions.push(Self { operator: operator.clone(), key: key.clone(), values, wanted });
            }
        }
        Ok(conditions)
    }

    /// Whether the condition holds.
    pub(super) fn holds(&self, version: Version, context: &Context) -> bool {
        match context.get(&self.key) {
            found if self.operator.test == Test::Null => self.null(found.is_none()),
            None => self.operator.holds_without_key(),
            Some(found) => self.operator.holds(found, |value| self.accepts(value, version, context)),
        }
    }

    /// Whether any of the values that the policy lists is met.
    fn accepts(&self, found: &str, version: Version, context: &Context) -> bool {
        self.values.iter().zip(&self.wanted).any(|(value, wanted)| match wanted {
            Some(wanted) => self.operator.test.matches(found, wanted),
            None => expand(value, version, context)
                .is_ok_and(|tokens| self.operator.test.matches(found, &self.operator.test.wanted_from(tokens))),
        })
    }

    /// Whether the condition holds, and if not, what stood against what.
    pub(super) fn check(&self, version: Version, context: &Context) -> Result<(), Failure> {
        if self.holds(version, context) {
            return Ok(());
        }
        let found = context.get(&self.key);
        let variables = self.values.iter().zip(&self.wanted).filter(|(_, wanted)| wanted.is_none() && found.is_some());
        Err(Failure {
            operator: self.operator.name.clone(),
            key: self.key.clone(),
            found: found.map(<[SmolStr]>::to_vec),
            wanted: self.values.clone(),
            unresolved: variables
                .filter_map(|(value, _)| expand(value, version, context).err())
                .map(|missing| missing.key)
                .collect(),
        })
    }

    /// The first value of a date operator that is no date.
    pub(super) fn wrong_date(&self) -> Option<&str> {
        let dated = matches!(self.operator.test, Test::Date(_));
        self.values.iter().map(String::as_str).find(|value| dated && !super::legacy::is_date(value))
    }

    /// The keys it needs: its own, unless it asks whether that is there at all, and those of policy variables.
    pub(super) fn keys(&self) -> impl Iterator<Item = &str> {
        let own = (self.operator.test != Test::Null).then_some(self.key.as_str());
        own.into_iter().chain(self.values.iter().flat_map(|value| super::variables::names(value)))
    }

    /// A condition that held, for a person who wonders why a `Deny` applied.
    pub(super) fn describe_met(&self, context: &Context) -> String {
        let found = describe_found(context.get(&self.key));
        format!("condition {} {found}, which meets {} {}", self.key, self.operator.name, self.values.join(" or "))
    }

    /// `"true"`: the key is absent; `"false"`: it is there.
    fn null(&self, absent: bool) -> bool {
        self.values.iter().any(|value| value.eq_ignore_ascii_case(if absent { "true" } else { "false" }))
    }
}

#[derive(Clone, Debug)]
enum Wanted {
    Text(String),
    Pattern(Glob),
    Arn(ArnGlob),
}

impl Operator {
    /// Reads an operator's name. Case does not count `[T]`.
    fn parse(name: &str) -> Result<Self, &'static str> {
        let lower = name.to_ascii_lowercase();
        let (quantifier, rest) = match lower.split_once(':') {
            None => (None, lower.as_str()),
            Some(("foranyvalue", rest)) => (Some(Quantifier::ForAnyValue), rest),
            Some(("forallvalues", rest)) => (Some(Quantifier::ForAllValues), rest),
            Some(_) => return Err("only ForAnyValue: and ForAllValues: may stand before the operator"),
        };
        let (rest, if_exists) = match rest.strip_suffix("ifexists") {
            Some(rest) => (rest, true),
            None => (rest, false),
        };
        let (test, negated) = match rest {
            "stringequals" => (Test::String, false),
            "stringnotequals" => (Test::String, true),
            "stringequalsignorecase" => (Test::StringIgnoreCase, false),
            "stringnotequalsignorecase" => (Test::StringIgnoreCase, true),
            "stringlike" => (Test::StringLike, false),
            "stringnotlike" => (Test::StringLike, true),
            "arnequals" | "arnlike" => (Test::Arn, false),
            "arnnotequals" | "arnnotlike" => (Test::Arn, true),
            "bool" => (Test::Bool, false),
            "null" if if_exists => return Err("Null takes no IfExists: it is about existence itself"),
            "null" => (Test::Null, false),
            "ipaddress" => (Test::IpAddress, false),
            "notipaddress" => (Test::IpAddress, true),
            "binaryequals" => (Test::Binary, false),
            _ => match rest
                .strip_prefix("numeric")
                .map(|order| (order, true))
                .or_else(|| rest.strip_prefix("date").map(|order| (order, false)))
            {
                Some((order, numeric)) => {
                    let (order, negated) = Order::parse(order).ok_or("AWS has no operator of this name")?;
                    (if numeric { Test::Numeric(order) } else { Test::Date(order) }, negated)
                }
                None => return Err("AWS has no operator of this name"),
            },
        };
        Ok(Self { name: name.to_owned(), quantifier, test, negated, if_exists })
    }

    fn holds_without_key(&self) -> bool {
        match self.quantifier {
            _ if self.if_exists => true,
            Some(Quantifier::ForAllValues) => true,
            Some(Quantifier::ForAnyValue) => false,
            None => self.negated,
        }
    }

    fn holds(&self, found: &[SmolStr], accepts: impl Fn(&str) -> bool) -> bool {
        let matched = |value: &SmolStr| accepts(value);
        match self.quantifier {
            // "Multivalued context keys require a condition set operator" [D]; without one such a condition does not
            // hold, negated or not. [T] cloud-copilot/iam-simulate, which had it confirmed by AWS
            None => matches!(found, [only] if matched(only) != self.negated),
            Some(Quantifier::ForAnyValue) => found.iter().any(|value| matched(value) != self.negated),
            // An empty string counts as no value. [D] multivalued context keys
            Some(Quantifier::ForAllValues) => {
                found.iter().filter(|value| !value.is_empty()).all(|value| matched(value) != self.negated)
            }
        }
    }
}

impl Test {
    /// A value of a policy, ready to compare, unless it has variables.
    fn wanted(self, value: &str, version: Version) -> Option<Wanted> {
        // [D] the operators' page lets variables stand with string, ARN and Bool operators, and with no other.
        let plain = matches!(self, Self::Numeric(_) | Self::Date(_) | Self::IpAddress | Self::Binary | Self::Null);
        (plain || !has_variables(value, version)).then(|| self.wanted_from(pattern(value)))
    }

    fn wanted_from(self, tokens: Vec<Token>) -> Wanted {
        match self {
            Self::StringLike => Wanted::Pattern(Glob::new(tokens)),
            Self::Arn => Wanted::Arn(ArnGlob::new(&tokens)),
            _ => Wanted::Text(literal(&tokens)),
        }
    }

    fn matches(self, found: &str, wanted: &Wanted) -> bool {
        match (self, wanted) {
            (Self::StringLike, Wanted::Pattern(wanted)) => wanted.matches(found),
            (Self::Arn, Wanted::Arn(wanted)) => wanted.matches(found),
            // Both are base64. [D] binary condition operators
            (Self::String | Self::Binary, Wanted::Text(wanted)) => found == wanted,
            (Self::StringIgnoreCase, Wanted::Text(wanted)) => found.to_lowercase() == wanted.to_lowercase(),
            (Self::Bool, Wanted::Text(wanted)) => {
                ["true", "false"].iter().any(|truth| truth.eq_ignore_ascii_case(wanted))
                    && found.eq_ignore_ascii_case(wanted)
            }
            (Self::Numeric(order), Wanted::Text(wanted)) => order.holds(number(found), number(wanted)),
            (Self::Date(order), Wanted::Text(wanted)) => order.holds(date(found), date(wanted)),
            (Self::IpAddress, Wanted::Text(wanted)) => in_range(found, wanted).unwrap_or(false),
            _ => false,
        }
    }
}

impl Order {
    fn parse(name: &str) -> Option<(Self, bool)> {
        Some(match name {
            "equals" => (Self::Equals, false),
            "notequals" => (Self::Equals, true),
            "lessthan" => (Self::LessThan, false),
            "lessthanequals" => (Self::LessThanEquals, false),
            "greaterthan" => (Self::GreaterThan, false),
            "greaterthanequals" => (Self::GreaterThanEquals, false),
            _ => return None,
        })
    }

    /// What cannot be read as a number or a date compares as nothing.
    fn holds<T: PartialOrd>(self, found: Option<T>, wanted: Option<T>) -> bool {
        let (Some(found), Some(wanted)) = (found, wanted) else { return false };
        match self {
            Self::Equals => found == wanted,
            Self::LessThan => found < wanted,
            Self::LessThanEquals => found <= wanted,
            Self::GreaterThan => found > wanted,
            Self::GreaterThanEquals => found >= wanted,
        }
    }
}

impl Failure {
    /// The condition with what was found and what was wanted.
    pub(super) fn describe(&self) -> String {
        let Self { operator, key, found, wanted, unresolved } = self;
        let found = describe_found(found.as_deref());
        let mut text = format!("condition {key} {found}, wanted {operator} {}", wanted.join(" or "));
        if !unresolved.is_empty() {
            text.push_str(&format!(" (no value for the policy variable {})", unresolved.join(", ")));
        }
        text
    }
}

fn describe_found(found: Option<&[SmolStr]>) -> String {
    match found {
        Some(values) => format!("was {}", values.join(", ")),
        None => "is not supplied on this call".to_owned(),
    }
}

/// A policy's value as the text it compares as.
fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Bool(truth) => Some(truth.to_string()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

fn number(text: &str) -> Option<f64> {
    text.trim().parse().ok().filter(|number: &f64| number.is_finite())
}

/// A W3C date (`2026-03-02`, `2026-03-02T09:14Z`, with offset or fraction), or seconds since 1970 `[D]`; what would be
/// beyond the year 5000 in seconds is milliseconds `[T]`.
fn date(text: &str) -> Option<Timestamp> {
    const MOST_SECONDS: i64 = 100_000_000_000;
    if let Ok(number) = text.parse::<i64>()
        && text.len() != 4
    {
        return match number.abs() < MOST_SECONDS {
            true => Timestamp::from_second(number).ok(),
            false => Timestamp::from_millisecond(number).ok(),
        };
    }
    if let Ok(instant) = text.parse::<Timestamp>() {
        return Some(instant);
    }
    // A date without time is its first instant in UTC, and so are a year and a month.
    let padded = match text.len() {
        4 => format!("{text}-01-01"),
        7 => format!("{text}-01"),
        _ => text.to_owned(),
    };
    let civil = match padded.parse::<Date>() {
        Ok(date) if padded.len() == 10 => date.to_datetime(jiff::civil::Time::midnight()),
        _ => padded.parse::<DateTime>().ok()?,
    };
    civil.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp())
}

/// Whether an address lies in a CIDR range, or is the one address given. IPv4 and IPv6 never match each other.
fn in_range(address: &str, range: &str) -> Option<bool> {
    let (network, length) = match range.split_once('/') {
        Some((network, length)) => (network, Some(length.parse::<u32>().ok()?)),
        None => (range, None),
    };
    let (found, wanted, width) = match (address.parse().ok()?, network.parse().ok()?) {
        (IpAddr::V4(found), IpAddr::V4(wanted)) => (u32::from(found).into(), u32::from(wanted).into(), 32),
        (IpAddr::V6(found), IpAddr::V6(wanted)) => (u128::from(found), u128::from(wanted), 128),
        _ => return Some(false),
    };
    let length = length.unwrap_or(width);
    let ignored = width.checked_sub(length)?;
    // A shift by the whole width would overflow: a range of length 0 holds everything.
    Some(ignored == 128 || (found ^ wanted) >> ignored == 0)
}
