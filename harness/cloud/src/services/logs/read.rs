//! Log events are read back.

use serde_json::{Value, json};

use super::check::{constraint, invalid, invalid_token, limit, page};
use super::group::LogEvent;
use super::group_operations::{named, no_stream};
use crate::api::{ApiError, Call, Reply};
use crate::time::Time;
use rootwatch_logfilter::FilterPattern;

/// Whether an event lies in the times that were asked for. The end belongs to them when events are filtered, and not
/// when a stream is read. [D] API_FilterLogEvents, API_GetLogEvents
fn within(call: &Call<'_>, event: &LogEvent, with_end: bool) -> bool {
    let bound = |member: &str| call.params.get(member).and_then(Value::as_i64);
    let at = event.timestamp.0;
    bound("startTime").is_none_or(|start| at >= start)
        && bound("endTime").is_none_or(|end| at < end || (with_end && at == end))
}

/// How long the token of a page is good. [D] API_GetLogEvents
const TOKEN_MS: i64 = 24 * 3600 * 1000;

/// Where a page of GetLogEvents begins, and whether it is read backwards from there.
enum Place {
    Forward(usize),
    Backward(usize),
}

impl Place {
    /// Reads a token: a direction, and digits that say when it was given and where it points.
    fn parse(token: &str, now: Time) -> Option<Self> {
        let (direction, digits) = token.strip_suffix("/s")?.split_once('/')?;
        let (given, place) = digits.split_at_checked(20)?;
        if digits.len() != 56 || now.0 - given.parse::<i64>().ok()? > TOKEN_MS {
            return None;
        }
        let place = place.parse().ok()?;
        match direction {
            "f" => Some(Self::Forward(place)),
            "b" => Some(Self::Backward(place)),
            _ => None,
        }
    }

    fn token(&self, now: Time) -> String {
        let (direction, place) = match self {
            Self::Forward(place) => ('f', place),
            Self::Backward(place) => ('b', place),
        };
        format!("{direction}/{:020}{place:036}/s", now.0)
    }
}

/// Pages go both ways; at an end the token that came is handed back. [D] API_GetLogEvents
pub(super) fn get_log_events(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let limit = limit(call, 10_000, 10_000)?;
    let name = call.text("logStreamName").unwrap_or_default().to_owned();
    let group = named(call, "logs:GetLogEvents", Some(&name))?;
    let stream = call.state.logs.groups.get(&group).and_then(|group| group.streams.get(&name)).ok_or_else(no_stream)?;
    let mut events: Vec<&LogEvent> = stream.events.iter().filter(|event| within(call, event, false)).collect();
    events.sort_by_key(|event| event.timestamp);
    let from_head = call.params.get("startFromHead").and_then(Value::as_bool).unwrap_or(false);
    let place = match call.text("nextToken") {
        Some(token) => Place::parse(token, call.state.now).ok_or_else(invalid_token)?,
        None if from_head => Place::Forward(0),
        None => Place::Backward(events.len()),
    };
    let (start, end) = match place {
        Place::Forward(start) => (start.min(events.len()), (start + limit).min(events.len())),
        Place::Backward(end) => (end.min(events.len()).saturating_sub(limit), end.min(events.len())),
    };
    let shown: Vec<Value> = events[start..end]
        .iter()
        .map(|event| {
            json!({"timestamp": event.timestamp.0, "message": event.message, "ingestionTime": event.ingested.0})
        })
        .collect();
    let now = call.state.now;
    let (mut forward, mut backward) = (Place::Forward(end).token(now), Place::Backward(start).token(now));
    // At an end the token that came is handed back.
    if let (Some(token), true) = (call.text("nextToken"), shown.is_empty()) {
        match place {
            Place::Forward(_) => forward = token.to_owned(),
            Place::Backward(_) => backward = token.to_owned(),
        }
    }
    Ok(json!({"events": shown, "nextForwardToken": forward, "nextBackwardToken": backward}).into())
}

pub(super) fn filter_log_events(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let limit = limit(call, 10_000, 10_000)?;
    let group = named(call, "logs:FilterLogEvents", None)?;
    let pattern = FilterPattern::parse(call.text("filterPattern").unwrap_or_default())
        .map_err(|error| invalid(error.search_message()))?;
    let names = call.params.get("logStreamNames").and_then(Value::as_array);
    if let Some(names) = names.filter(|names| !(1..=100).contains(&names.len())) {
        let wanted = if names.is_empty() { "greater than or equal to 1" } else { "less than or equal to 100" };
        let shown: Vec<&str> = names.iter().filter_map(Value::as_str).collect();
        return Err(constraint(&format!("[{}]", shown.join(", ")), "logStreamNames", &format!("have length {wanted}")));
    }
    let prefix = call.text("logStreamNamePrefix");
    if names.is_some() && prefix.is_some() {
        return Err(invalid("logStreamNamePrefix and logStreamNames are mutually exclusive parameters."));
    }
    let wanted = |name: &str| {
        names.is_none_or(|names| names.iter().any(|wanted| wanted == name))
            && prefix.is_none_or(|prefix| name.starts_with(prefix))
    };
    let Some(found) = call.state.logs.groups.get(&group) else { return Ok(json!({"events": []}).into()) };
    let missing = |name: &Value| name.as_str().is_some_and(|name| !found.streams.contains_key(name));
    if names.is_some_and(|names| names.iter().any(missing)) {
        return Err(no_stream());
    }
    let mut events: Vec<(&String, usize, &LogEvent)> = found
        .streams
        .iter()
        .filter(|(name, _)| wanted(name))
        .flat_map(|(name, stream)| stream.events.iter().enumerate().map(move |(place, event)| (name, place, event)))
        .filter(|(_, _, event)| within(call, event, true) && pattern.matches(&event.message))
        .collect();
    events.sort_by_key(|(_, _, event)| event.timestamp);
    // The latest first, where it is asked for. [D] API_FilterLogEvents
    if call.params.get("startFromHead") == Some(&Value::Bool(false)) {
        events.reverse();
    }
    let (events, next) = page(call, events, limit)?;
    let events: Vec<Value> = events
        .into_iter()
        .map(|(stream, place, event)| {
            json!({
                "logStreamName": stream, "timestamp": event.timestamp.0, "message": event.message,
                "ingestionTime": event.ingested.0, "eventId": format!("{:0>28}{place:028}", event.timestamp.0),
            })
        })
        .collect();
    let mut answer = json!({"events": events, "searchedLogStreams": []});
    if let Some(next) = next {
        answer["nextToken"] = json!(next);
    }
    Ok(answer.into())
}
