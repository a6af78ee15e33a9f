//! Pages of a list.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::api::{ApiError, Call};

/// The answer with the page that the request asks for, and the token of the next one if there is more. [D] 100 at most
pub(super) fn of(call: &Call<'_>, member: &str, items: Vec<Value>) -> Result<Value, ApiError> {
    let limit = call.params.get("Limit").and_then(Value::as_u64).unwrap_or(100).clamp(1, 100) as usize;
    let start = match call.text("NextToken") {
        None => 0,
        Some(token) => STANDARD
            .decode(token)
            .ok()
            .and_then(|bytes| String::from_utf8(bytes).ok())
            .and_then(|text| text.strip_prefix("rootwatch:").and_then(|n| n.parse::<usize>().ok()))
            .ok_or_else(|| ApiError::validation("Parameter NextToken is not valid."))?,
    };
    let end = start.saturating_add(limit);
    let more = end < items.len();
    let page: Vec<Value> = items.into_iter().skip(start).take(limit).collect();
    let mut answer = json!({ member: page });
    if more {
        answer["NextToken"] = STANDARD.encode(format!("rootwatch:{end}")).into();
    }
    Ok(answer)
}

/// A text member that must be there.
pub(super) fn required(call: &Call<'_>, member: &str) -> Result<String, ApiError> {
    let mut name = member.to_owned();
    // `Name` is `name` in AWS's messages, `EventBusName` is `eventBusName`.
    if let Some(first) = name.get_mut(0..1) {
        first.make_ascii_lowercase();
    }
    call.text(member).map(str::to_owned).ok_or_else(|| {
        ApiError::validation(format!(
            "1 validation error detected: Value null at '{name}' failed to satisfy constraint: Member must not be null"
        ))
    })
}

/// Checks a member against its pattern and its length, in AWS's words.
/// [V] LS:events/test_events::test_put_target_id_validation
pub(super) fn check_name(value: &str, at: &str, longest: usize) -> Result<(), ApiError> {
    let fault = if value.is_empty() {
        "Member must have length greater than or equal to 1".to_owned()
    } else if !value.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_')) {
        r"Member must satisfy regular expression pattern: [\.\-_A-Za-z0-9]+".to_owned()
    } else if value.len() > longest {
        format!("Member must have length less than or equal to {longest}")
    } else {
        return Ok(());
    };
    Err(ApiError::validation(format!(
        "1 validation error detected: Value '{value}' at '{at}' failed to satisfy constraint: {fault}"
    )))
}
