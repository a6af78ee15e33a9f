//! Log events are taken in.

use serde_json::{Value, json};

use super::check::{constraint, invalid};
use super::group_operations::{group, named, no_stream};
use super::{metric_filter, subscription};
use crate::api::{ApiError, Call, Reply};
use crate::id::Arn;
use crate::state::State;
use crate::time::Time;

use super::group::{LogEvent, Stream};

const HOUR: i64 = 3600 * 1000;
const DAY: i64 = 24 * HOUR;

/// Writes log events in a service's name; whoever calls has decided that it may. Runs the group's filters.
pub fn put_events(state: &mut State, group: &Arn, stream: &str, lines: Vec<(Time, String)>) {
    let now = state.now;
    let Some(found) = state.logs.groups.get_mut(group) else { return };
    let name = stream;
    let stream = found.streams.entry(name.to_owned()).or_insert_with(|| Stream { created: now, ..Stream::default() });
    for (timestamp, message) in &lines {
        stream.events.push_back(LogEvent { timestamp: *timestamp, ingested: now, message: message.clone() });
    }
    let filters: Vec<_> = found.filters.iter().map(|(name, filter)| (name.clone(), filter.clone())).collect();
    let subscriptions: Vec<_> =
        found.subscriptions.iter().map(|(name, filter)| (name.clone(), filter.clone())).collect();
    for (filter_name, filter) in filters {
        metric_filter::apply(state, group, &filter_name, &filter, &lines);
    }
    for (filter_name, filter) in subscriptions {
        subscription::apply(state, group, name, &filter_name, &filter, &lines);
    }
}

/// Where the events that are taken begin and end, and what is said about the others. [D] API_RejectedLogEventsInfo;
/// [V] LS:logs/test_logs_events::test_put_log_events_too_old, ::test_put_log_events_too_new
fn accepted(now: Time, retention_days: Option<i64>, times: &[Time]) -> (usize, usize, Value) {
    let before = |limit: i64| times.iter().position(|time| time.0 >= limit).unwrap_or(times.len());
    let too_old = before(now.0 - 14 * DAY);
    let expired = retention_days.map_or(0, |days| before(now.0 - days * DAY));
    let too_new = before(now.0 + 2 * HOUR + 1);
    let mut rejected = json!({});
    if too_old > 0 {
        rejected["tooOldLogEventEndIndex"] = json!(too_old);
    }
    if expired > too_old {
        rejected["expiredLogEventEndIndex"] = json!(expired);
    }
    if too_new < times.len() {
        rejected["tooNewLogEventStartIndex"] = json!(too_new);
    }
    (too_old.max(expired), too_new, rejected)
}

/// The most that one call may bring. [D] API_PutLogEvents; the texts of the sizes are [T]
fn sizes(events: &[Value]) -> Result<(), ApiError> {
    const MOST_EVENTS: usize = 10_000;
    const LARGEST: usize = 1_048_576;
    if events.len() > MOST_EVENTS {
        let wanted = format!("have length less than or equal to {MOST_EVENTS}");
        return Err(constraint(&format!("[{} events]", events.len()), "logEvents", &wanted));
    }
    let mut sum = 0;
    for (place, event) in events.iter().enumerate() {
        let message = event.get("message").and_then(Value::as_str).unwrap_or_default();
        if message.is_empty() {
            let member = format!("logEvents.{}.member.message", place + 1);
            return Err(constraint("", &member, "have length greater than or equal to 1"));
        }
        let size = message.len() + 26;
        if size > LARGEST {
            return Err(invalid(format!("Log event too large: {size} bytes exceeds limit of {LARGEST}")));
        }
        sum += size;
    }
    if sum > LARGEST {
        return Err(invalid(format!("Upload too large: {sum} bytes exceeds limit of {LARGEST}")));
    }
    Ok(())
}

pub(super) fn put_log_events(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let stream = call.text("logStreamName").unwrap_or_default().to_owned();
    let events = call.params.get("logEvents").and_then(Value::as_array).cloned().unwrap_or_default();
    if events.is_empty() {
        return Err(constraint("[]", "logEvents", "have length greater than or equal to 1"));
    }
    sizes(&events)?;
    let arn = named(call, "logs:PutLogEvents", Some(&stream))?;
    let now = call.state.now;
    let found = group(call, &arn)?;
    if !found.streams.contains_key(&stream) {
        return Err(no_stream());
    }
    let retention = found.retention_days;
    let lines: Vec<(Time, String)> = events
        .iter()
        .map(|event| {
            let at = event.get("timestamp").and_then(Value::as_i64).unwrap_or_default();
            (Time(at), event.get("message").and_then(Value::as_str).unwrap_or_default().to_owned())
        })
        .collect();
    let times: Vec<Time> = lines.iter().map(|(time, _)| *time).collect();
    // [V] LS:logs/test_logs_events::test_put_log_events_wrong_order
    if !times.is_sorted() {
        return Err(invalid("Log events in a single PutLogEvents request must be in chronological order."));
    }
    if times.first().zip(times.last()).is_some_and(|(first, last)| last.0 - first.0 > DAY) {
        return Err(invalid(
            "The batch of log events in a single PutLogEvents request cannot span more than 24 hours.",
        ));
    }
    let (start, end, rejected) = accepted(now, retention, &times);
    let lines: Vec<(Time, String)> = lines.into_iter().take(end).skip(start).collect();
    if !lines.is_empty() {
        put_events(call.state, &arn, &stream, lines);
    }
    let token = call.state.random_text(56, "0123456789");
    let mut answer = json!({"nextSequenceToken": token});
    if rejected.as_object().is_some_and(|members| !members.is_empty()) {
        answer["rejectedLogEventsInfo"] = rejected;
    }
    Ok(answer.into())
}
