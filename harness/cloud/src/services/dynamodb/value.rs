//! Attribute values: an object of one member, whose name is the type. [D] HowItWorks.NamingRulesDataTypes

use std::cmp::Ordering;

use serde_json::{Value, json};

use super::error::validation;
use super::number::Number;
use crate::api::ApiError;

/// The types that there are.
pub(super) const TYPES: [&str; 10] = ["S", "N", "B", "BOOL", "NULL", "M", "L", "SS", "NS", "BS"];

/// The type and what it holds.
pub(super) fn typed(value: &Value) -> Option<(&str, &Value)> {
    let members = value.as_object().filter(|members| members.len() == 1)?;
    let (kind, inner) = members.iter().next()?;
    TYPES.contains(&kind.as_str()).then_some((kind.as_str(), inner))
}

/// Refuses what is no attribute value.
///
/// # Errors
/// AWS's error about it.
pub(super) fn check(value: &Value) -> Result<(), ApiError> {
    const SHAPE: &str = "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes";
    let (kind, inner) = typed(value).ok_or_else(|| validation(SHAPE))?;
    let texts = |inner: &Value| inner.as_array().is_some_and(|texts| texts.iter().all(Value::is_string));
    let fits = match kind {
        "S" | "B" => inner.is_string(),
        "N" => match inner.as_str() {
            Some(text) => Number::parse(text).map(|_| true).map_err(|error| validation(error.message(text)))?,
            None => false,
        },
        "BOOL" => inner.is_boolean(),
        "NULL" => inner == true,
        "M" => {
            for value in inner.as_object().into_iter().flat_map(serde_json::Map::values) {
                check(value)?;
            }
            inner.is_object()
        }
        "L" => {
            for value in inner.as_array().into_iter().flatten() {
                check(value)?;
            }
            inner.is_array()
        }
        _ => {
            // [D] An empty set is not allowed.
            if inner.as_array().is_some_and(Vec::is_empty) {
                let text = "One or more parameter values were invalid: An string set  may not be empty";
                return Err(validation(text));
            }
            if kind == "NS" {
                for text in inner.as_array().into_iter().flatten().filter_map(Value::as_str) {
                    Number::parse(text).map_err(|error| validation(error.message(text)))?;
                }
            }
            texts(inner)
        }
    };
    match fits {
        true => Ok(()),
        false => Err(crate::services::dynamodb::error::service("SerializationException", "Unexpected field type")),
    }
}

/// A checked value as it is stored: numbers without leading and trailing zeros. [D] HowItWorks.NamingRulesDataTypes
pub(super) fn stored(value: Value) -> Value {
    let plain = |text: Value| match text.as_str().map(Number::parse) {
        Some(Ok(number)) => json!(number.to_string()),
        _ => text,
    };
    let Value::Object(members) = value else { return value };
    let inner = |(kind, inner): (String, Value)| {
        let inner = match (kind.as_str(), inner) {
            ("N", text) => plain(text),
            ("NS", Value::Array(texts)) => texts.into_iter().map(plain).collect(),
            ("L", Value::Array(values)) => values.into_iter().map(stored).collect(),
            ("M", Value::Object(values)) => values.into_iter().map(|(name, value)| (name, stored(value))).collect(),
            (_, inner) => inner,
        };
        (kind, inner)
    };
    Value::Object(members.into_iter().map(inner).collect())
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// The number that a value is.
pub(super) fn as_number(value: &Value) -> Option<Number> {
    match typed(value)? {
        ("N", inner) => Number::parse(inner.as_str()?).ok(),
        _ => None,
    }
}

/// The order of two values; none where they are of different types, or of one that has no order.
pub(super) fn order(left: &Value, right: &Value) -> Option<Ordering> {
    match (typed(left)?, typed(right)?) {
        (("S", a), ("S", b)) | (("B", a), ("B", b)) => Some(text(a).as_bytes().cmp(text(b).as_bytes())),
        (("N", _), ("N", _)) => Some(as_number(left)?.cmp(&as_number(right)?)),
        _ => None,
    }
}

/// Whether two values are equal: numbers by their value, sets in any order.
pub(super) fn equal(left: &Value, right: &Value) -> bool {
    match (typed(left), typed(right)) {
        (Some(("N", _)), Some(("N", _))) => order(left, right) == Some(Ordering::Equal),
        (Some((a, x)), Some((b, y))) if a == b && a.len() == 2 && a.ends_with('S') => {
            let sorted = |set: &Value| {
                let mut texts: Vec<String> = set.as_array().into_iter().flatten().map(Value::to_string).collect();
                texts.sort_unstable();
                texts
            };
            sorted(x) == sorted(y)
        }
        _ => left == right,
    }
}

/// The size of a value in bytes, roughly as DynamoDB counts. [D] CapacityUnitCalculations
pub(super) fn size(value: &Value) -> usize {
    match typed(value) {
        Some(("S" | "B", inner)) => text(inner).len(),
        Some(("N", inner)) => text(inner).len() / 2 + 1,
        Some(("M", inner)) => {
            3 + inner.as_object().into_iter().flatten().map(|(name, value)| name.len() + size(value) + 1).sum::<usize>()
        }
        Some(("L", inner)) => 3 + inner.as_array().into_iter().flatten().map(|value| size(value) + 1).sum::<usize>(),
        Some((_, inner)) => inner.as_array().map_or(1, |texts| texts.iter().map(|item| text(item).len()).sum()),
        None => 0,
    }
}
