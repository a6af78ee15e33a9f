//! TestEventPattern. [V] LS:events/test_events_patterns.snapshot.json

use serde_json::{Value, json};

use super::page::required;
use super::rule::parse_pattern;
use crate::api::{ApiError, Call, Reply};

/// What an event must have to be tested. [V] test_events_patterns::test_invalid_event_payload
const REQUIRED: [&str; 6] = ["id", "account", "source", "time", "region", "detail-type"];

pub(super) fn test(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let any = call.arn("*");
    call.authorise("events:TestEventPattern", &any)?;
    let (pattern, event) = (required(call, "EventPattern")?, required(call, "Event")?);
    let event = serde_json::from_str::<Value>(&event)
        .ok()
        .filter(|event| event.is_object() && REQUIRED.iter().all(|field| event.get(field).is_some()))
        .ok_or_else(|| ApiError::validation("Parameter Event is not valid."))?;
    let pattern = parse_pattern(&pattern)?;
    Ok(json!({ "Result": pattern.matches(&event) }).into())
}
