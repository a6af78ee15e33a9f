//! Log events: taken in, looked at by metric filters, read back.

use serde_json::{Value, json};

use super::group_operations::named;
use super::metric_filter;
use crate::api::{ApiError, Call, Reply};
use crate::id::Arn;
use crate::logfilter::FilterPattern;
use crate::state::State;
use crate::time::Time;

use super::group::{LogEvent, Stream};

/// Writes log events in a service's name; whoever calls has decided that it may. Runs the group's metric filters.
pub fn put_events(state: &mut State, group: &Arn, stream: &str, lines: Vec<(Time, String)>) {
    let now = state.now;
    let Some(found) = state.logs.groups.get_mut(group) else { return };
    let stream = found.streams.entry(stream.to_owned()).or_insert_with(|| Stream { created: now, ..Stream::default() });
    for (timestamp, message) in &lines {
        stream.events.push_back(LogEvent { timestamp: *timestamp, ingested: now, message: message.clone() });
    }
    let filters: Vec<_> = found.filters.iter().map(|(name, filter)| (name.clone(), filter.clone())).collect();
    for (name, filter) in filters {
        metric_filter::apply(state, group, &name, &filter, &lines);
    }
}

fn no_stream() -> ApiError {
    ApiError::new("ResourceNotFoundException", "The specified log stream does not exist.")
}

pub(super) fn put_log_events(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let stream = call.text("logStreamName").unwrap_or_default().to_owned();
    let group = named(call, "logs:PutLogEvents", Some(&stream))?;
    if call.state.logs.groups.get(&group).is_none_or(|group| !group.streams.contains_key(&stream)) {
        return Err(no_stream());
    }
    let events = call.params.get("logEvents").and_then(Value::as_array).cloned().unwrap_or_default();
    let lines = events.iter().map(|event| {
        let at = event.get("timestamp").and_then(Value::as_i64).unwrap_or_default();
        (Time(at), event.get("message").and_then(Value::as_str).unwrap_or_default().to_owned())
    });
    put_events(call.state, &group, &stream, lines.collect());
    let token = call.state.hex(56);
    Ok(json!({"nextSequenceToken": token}).into())
}

fn within(call: &Call<'_>, event: &LogEvent) -> bool {
    let bound = |member: &str| call.params.get(member).and_then(Value::as_i64);
    bound("startTime").is_none_or(|start| event.timestamp.0 >= start)
        && bound("endTime").is_none_or(|end| event.timestamp.0 < end)
}

pub(super) fn get_log_events(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let name = call.text("logStreamName").unwrap_or_default().to_owned();
    let group = named(call, "logs:GetLogEvents", Some(&name))?;
    let stream = call.state.logs.groups.get(&group).and_then(|group| group.streams.get(&name)).ok_or_else(no_stream)?;
    let mut events: Vec<&LogEvent> = stream.events.iter().filter(|event| within(call, event)).collect();
    events.sort_by_key(|event| event.timestamp);
    let events: Vec<Value> = events
        .into_iter()
        .map(|event| {
            json!({"timestamp": event.timestamp.0, "message": event.message, "ingestionTime": event.ingested.0})
        })
        .collect();
    // A token that is handed back gives nothing more. [D] API_GetLogEvents
    if call.text("nextToken").is_some() {
        let token = call.text("nextToken");
        return Ok(json!({"events": [], "nextForwardToken": token, "nextBackwardToken": token}).into());
    }
    Ok(json!({"events": events, "nextForwardToken": "f/end", "nextBackwardToken": "b/start"}).into())
}

pub(super) fn filter_log_events(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let group = named(call, "logs:FilterLogEvents", None)?;
    let pattern = FilterPattern::parse(call.text("filterPattern").unwrap_or_default())
        .map_err(|error| ApiError::new("InvalidParameterException", error.search_message()))?;
    let names = call.params.get("logStreamNames").and_then(Value::as_array);
    let prefix = call.text("logStreamNamePrefix");
    let wanted = |name: &str| {
        names.is_none_or(|names| names.iter().any(|wanted| wanted == name))
            && prefix.is_none_or(|prefix| name.starts_with(prefix))
    };
    let Some(found) = call.state.logs.groups.get(&group) else { return Ok(json!({"events": []}).into()) };
    let mut events: Vec<(&String, &LogEvent)> = found
        .streams
        .iter()
        .filter(|(name, _)| wanted(name))
        .flat_map(|(name, stream)| stream.events.iter().map(move |event| (name, event)))
        .filter(|(_, event)| within(call, event) && pattern.matches(&event.message))
        .collect();
    events.sort_by_key(|(_, event)| event.timestamp);
    let events: Vec<Value> = events
        .into_iter()
        .enumerate()
        .map(|(place, (stream, event))| {
            json!({
                "logStreamName": stream, "timestamp": event.timestamp.0, "message": event.message,
                "ingestionTime": event.ingested.0, "eventId": format!("{:056}", place),
            })
        })
        .collect();
    Ok(json!({"events": events, "searchedLogStreams": []}).into())
}
