//! Lists in pages: `MaxItems` and `Marker`.

use serde_json::Value;

use super::fault;
use crate::api::{ApiError, Call};

/// The most that one answer lists. [D] API_ListFunctions
const PAGE: usize = 50;

/// The page of a list that a call asks for, and the marker of the next.
pub(super) fn page(call: &Call<'_>, items: Vec<Value>) -> Result<(Vec<Value>, Option<String>), ApiError> {
    let number = |name: &str| match call.params.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) if text.is_empty() => Ok(None),
        Some(Value::String(text)) => text.parse::<usize>().map(Some).map_err(|_| invalid(name, text)),
        Some(other) => other.as_u64().map(|n| Some(n as usize)).ok_or_else(|| invalid(name, &other.to_string())),
    };
    let start = number("Marker")?.unwrap_or(0);
    let size = number("MaxItems")?.unwrap_or(PAGE).clamp(1, PAGE);
    let next = start.saturating_add(size);
    let marker = (next < items.len()).then(|| next.to_string());
    Ok((items.into_iter().skip(start).take(size).collect(), marker))
}

fn invalid(name: &str, value: &str) -> ApiError {
    fault::invalid(format!("{name} `{value}` is not valid"))
}
