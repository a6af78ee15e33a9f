//! Operations on streams.

use serde_json::{Value, json};

use super::check::{self, constraint, invalid, limit, page};
use super::group::Stream;
use super::group_operations::{group, named, no_stream};
use crate::api::{ApiError, Call, Reply};
use crate::id::Arn;

pub(super) fn create_log_stream(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let name = call.text("logStreamName").unwrap_or_default().to_owned();
    check::stream_name(&name)?;
    let arn = named(call, "logs:CreateLogStream", Some(&name))?;
    let now = call.state.now;
    let group = group(call, &arn)?;
    if group.streams.contains_key(&name) {
        return Err(ApiError::new("ResourceAlreadyExistsException", "The specified log stream already exists"));
    }
    group.streams.insert(name, Stream { created: now, ..Stream::default() });
    Ok(Reply::empty())
}

pub(super) fn delete_log_stream(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let name = call.text("logStreamName").unwrap_or_default().to_owned();
    let arn = named(call, "logs:DeleteLogStream", Some(&name))?;
    group(call, &arn)?.streams.remove(&name).map(|_| Reply::empty()).ok_or_else(no_stream)
}

fn shape(group: &Arn, name: &str, stream: &Stream) -> Value {
    let mut shape = json!({
        "logStreamName": name, "creationTime": stream.created.0, "arn": format!("{group}:log-stream:{name}"),
        // Not counted any more. [D] API_LogStream, since 2019
        "storedBytes": 0,
    });
    let times = || stream.events.iter().map(|event| event.timestamp.0);
    if let (Some(first), Some(last), Some(ingested)) = (times().min(), times().max(), stream.events.back()) {
        shape["firstEventTimestamp"] = json!(first);
        shape["lastEventTimestamp"] = json!(last);
        shape["lastIngestionTime"] = json!(ingested.ingested.0);
        shape["uploadSequenceToken"] = json!(format!("{:056}", stream.events.len()));
    }
    shape
}

/// [D] API_DescribeLogStreams
pub(super) fn describe_log_streams(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let limit = limit(call, 50, 50)?;
    let order = call.text("orderBy").unwrap_or("LogStreamName").to_owned();
    if !["LogStreamName", "LastEventTime"].contains(&order.as_str()) {
        return Err(constraint(&order, "orderBy", "satisfy enum value set: [LogStreamName, LastEventTime]"));
    }
    let prefix = call.text("logStreamNamePrefix").map(str::to_owned);
    let by_time = order == "LastEventTime";
    if by_time && prefix.is_some() {
        return Err(invalid("Cannot order by LastEventTime with a logStreamNamePrefix."));
    }
    if let Some(prefix) = &prefix {
        check::length(prefix, "logStreamNamePrefix", 1, 512)?;
        check::without(prefix, "logStreamNamePrefix", ":*")?;
    }
    if call.text("logGroupName").is_some() && call.text("logGroupIdentifier").is_some() {
        // [V] LS:logs/test_logs_streams
        let text = "LogGroup name and LogGroup ARN are mutually exclusive parameters.";
        return Err(ApiError::validation(text));
    }
    let arn = named(call, "logs:DescribeLogStreams", None)?;
    let prefix = prefix.unwrap_or_default();
    let streams = &group(call, &arn)?.streams;
    let mut streams: Vec<(String, Option<i64>, Value)> = streams
        .iter()
        .filter(|(name, _)| name.starts_with(&prefix))
        .map(|(name, stream)| {
            (name.clone(), stream.events.iter().map(|event| event.timestamp.0).max(), shape(&arn, name, stream))
        })
        .collect();
    if by_time {
        streams.sort_by_key(|(_, last, _)| *last);
    }
    if call.params.get("descending").and_then(Value::as_bool).unwrap_or(false) {
        streams.reverse();
    }
    let (streams, next) = page(call, streams.into_iter().map(|(_, _, shape)| shape), limit)?;
    let mut answer = json!({"logStreams": streams});
    if let Some(next) = next {
        answer["nextToken"] = json!(next);
    }
    Ok(answer.into())
}
