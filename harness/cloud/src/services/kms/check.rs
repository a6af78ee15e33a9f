//! What AWS checks of members, and pages of lists. [D] KMS API reference; texts [T]

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::api::{ApiError, Call, Reply};

/// `1 validation error detected: …`, of one member.
pub(super) fn constraint(value: &str, member: &str, wanted: &str) -> ApiError {
    ApiError::validation(format!(
        "1 validation error detected: Value '{value}' at '{member}' failed to satisfy constraint: Member must {wanted}"
    ))
}

/// A number within its bounds; `member` is AWS's name, with a capital.
pub(super) fn number(call: &Call<'_>, member: &str, least: i64, most: i64) -> Result<Option<i64>, ApiError> {
    let Some(value) = call.params.get(member).and_then(Value::as_i64) else { return Ok(None) };
    let named = member[..1].to_lowercase() + &member[1..];
    match value {
        _ if value < least => {
            Err(constraint(&value.to_string(), &named, &format!("have value greater than or equal to {least}")))
        }
        _ if value > most => {
            Err(constraint(&value.to_string(), &named, &format!("have value less than or equal to {most}")))
        }
        _ => Ok(Some(value)),
    }
}

/// A member with one of a few values.
pub(super) fn one_of(value: &str, member: &str, values: &[&str]) -> Result<(), ApiError> {
    if values.contains(&value) {
        return Ok(());
    }
    Err(constraint(value, member, &format!("satisfy enum value set: [{}]", values.join(", "))))
}

/// A page: `Limit` items from the `Marker` on.
pub(super) fn page(call: &Call<'_>, member: &str, items: Vec<Value>, default: usize) -> Result<Reply, ApiError> {
    let invalid =
        || ApiError::new("InvalidMarkerException", "The request was rejected because the marker is not valid.");
    let size = number(call, "Limit", 1, 1000)?.map_or(default, |limit| limit as usize);
    let from: usize = call.text("Marker").map_or(Ok(0), |marker| marker.parse().map_err(|_| invalid()))?;
    let more = items.len() > from.saturating_add(size);
    let items: Vec<Value> = items.into_iter().skip(from).take(size).collect();
    let mut answer = json!({member: items, "Truncated": more});
    if more {
        answer["NextMarker"] = json!((from + size).to_string());
    }
    Ok(answer.into())
}

/// The bytes of a member, which must be there and have at most so many.
pub(super) fn blob(call: &Call<'_>, member: &str, most: usize) -> Result<Vec<u8>, ApiError> {
    let bytes = STANDARD.decode(call.text(member).unwrap_or_default()).unwrap_or_default();
    let wanted = match bytes.len() {
        0 => "greater than or equal to 1".to_owned(),
        length if length > most => format!("less than or equal to {most}"),
        _ => return Ok(bytes),
    };
    let named = member[..1].to_lowercase() + &member[1..];
    Err(ApiError::validation(format!(
        "1 validation error detected: Value at '{named}' failed to satisfy constraint: Member must have length {wanted}"
    )))
}

/// Ends a call that was only to see whether it may. [D] testing-permissions: it fails either way
pub(super) fn dry_run(call: &Call<'_>) -> Result<(), ApiError> {
    if call.params.get("DryRun") != Some(&Value::Bool(true)) {
        return Ok(());
    }
    let text = "The request would have succeeded, but the DryRun option is set.";
    Err(ApiError::new("DryRunOperationException", text))
}
