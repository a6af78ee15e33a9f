//! What AWS checks of names, patterns and limits before it looks at anything. [V] LS:logs, texts

use serde_json::Value;

use crate::api::{ApiError, Call};

pub(super) fn invalid(text: impl Into<String>) -> ApiError {
    ApiError::new("InvalidParameterException", text)
}

/// `1 validation error detected: …`, of one member.
pub(super) fn constraint(value: &str, member: &str, wanted: &str) -> ApiError {
    invalid(format!(
        "1 validation error detected: Value '{value}' at '{member}' failed to satisfy constraint: Member must {wanted}"
    ))
}

/// A member that has to be there, and its length.
pub(super) fn length(value: &str, member: &str, least: usize, most: usize) -> Result<(), ApiError> {
    let count = value.chars().count();
    if count < least {
        return Err(constraint(value, member, &format!("have length greater than or equal to {least}")));
    }
    if count > most {
        return Err(constraint(value, member, &format!("have length less than or equal to {most}")));
    }
    Ok(())
}

/// Names that may have anything but some characters.
pub(super) fn without(value: &str, member: &str, unwanted: &str) -> Result<(), ApiError> {
    if value.contains(|c| unwanted.contains(c)) {
        return Err(constraint(value, member, &format!("satisfy regular expression pattern: [^{unwanted}]*")));
    }
    Ok(())
}

/// A group's or a stream's length has words of its own. [V] LS:logs/test_logs_groups
fn name_length(name: &str, member: &str) -> Result<(), ApiError> {
    if name.chars().count() > 512 {
        return Err(invalid("Invalid LogGroup or LogStream, both must have length less than or equal to 512."));
    }
    length(name, member, 1, 512)
}

/// The name of a group that is to be made.
pub(super) fn group_name(name: &str) -> Result<(), ApiError> {
    name_length(name, "logGroupName")?;
    if name.chars().all(|c| c.is_ascii_alphanumeric() || ".-_/#".contains(c)) {
        return Ok(());
    }
    Err(constraint(name, "logGroupName", r"satisfy regular expression pattern: [\.\-_/#A-Za-z0-9]+"))
}

/// A group's name or ARN. [D] API_DescribeLogStreams
pub(super) fn group_identifier(text: &str) -> Result<(), ApiError> {
    length(text, "logGroupIdentifier", 1, 2048)?;
    if text.chars().all(|c| c.is_ascii_alphanumeric() || "_#+=/:,.@-".contains(c)) {
        return Ok(());
    }
    Err(constraint(text, "logGroupIdentifier", r"satisfy regular expression pattern: [\w#+=/:,.@-]*"))
}

/// A member that is not there.
pub(super) fn constraint_null(member: &str) -> ApiError {
    invalid(format!(
        "1 validation error detected: Value null at '{member}' failed to satisfy constraint: Member must not be null"
    ))
}

/// The name of a stream that is to be made. [D] API_CreateLogStream
pub(super) fn stream_name(name: &str) -> Result<(), ApiError> {
    name_length(name, "logStreamName")?;
    without(name, "logStreamName", ":*")
}

/// The `limit` of a call. [V] LS:logs/test_logs_events::test_get_log_events_limit_validation
pub(super) fn limit(call: &Call<'_>, default: usize, most: usize) -> Result<usize, ApiError> {
    let Some(limit) = call.params.get("limit").and_then(Value::as_i64) else { return Ok(default) };
    if limit < 1 {
        return Err(constraint(&limit.to_string(), "limit", "have value greater than or equal to 1"));
    }
    match usize::try_from(limit).ok().filter(|limit| *limit <= most) {
        Some(limit) => Ok(limit),
        None => Err(constraint(&limit.to_string(), "limit", &format!("have value less than or equal to {most}"))),
    }
}

/// A page: `limit` items from where the token says, and the token of the next page.
pub(super) fn page<T>(
    call: &Call<'_>,
    items: impl IntoIterator<Item = T>,
    limit: usize,
) -> Result<(Vec<T>, Option<String>), ApiError> {
    let from = match call.text("nextToken") {
        None => 0,
        Some(token) => token.parse::<usize>().map_err(|_| invalid_token())?,
    };
    let mut items = items.into_iter().skip(from);
    let page: Vec<T> = items.by_ref().take(limit).collect();
    let next = items.next().map(|_| format!("{:056}", from + limit));
    Ok((page, next))
}

/// [V] LS:logs/test_logs_events::test_get_log_events_invalid_token
pub(super) fn invalid_token() -> ApiError {
    invalid("The specified nextToken is invalid.")
}
