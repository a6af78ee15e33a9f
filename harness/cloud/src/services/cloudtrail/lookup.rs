//! LookupEvents. [D] API_LookupEvents; aws-semantics.md section 7

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::{Value, json};

use super::history::Past;
use super::record::{Category, is_read_only, text};
use crate::api::{ApiError, Call, Reply};
use crate::time::Time;

/// [D] The most of one page, and the default.
const PAGE: i64 = 50;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Input {
    #[serde(default)]
    lookup_attributes: Vec<Attribute>,
    start_time: Option<Value>,
    end_time: Option<Value>,
    event_category: Option<String>,
    max_results: Option<i64>,
    next_token: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Attribute {
    attribute_key: String,
    attribute_value: String,
}

pub(super) fn lookup(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let input: Input = call.input()?;
    let any = call.arn("*");
    call.authorise("cloudtrail:LookupEvents", &any)?;
    let now = call.state.now;
    if !call.state.cloudtrail.lookups.admit(&call.account, &call.region, now) {
        return Err(ApiError::new("ThrottlingException", "Rate exceeded"));
    }
    let limit = input.max_results.unwrap_or(PAGE);
    if !(1..=PAGE).contains(&limit) {
        return Err(ApiError::new("InvalidMaxResultsException", format!("MaxResults must be between 1 and {PAGE}.")));
    }
    let (start, end) = (time(input.start_time.as_ref())?, time(input.end_time.as_ref())?);
    if let (Some(start), Some(end)) = (start, end)
        && start > end
    {
        return Err(ApiError::new("InvalidTimeRangeException", "The start time is after the end time."));
    }
    // One attribute at most. [D]
    if input.lookup_attributes.len() > 1 {
        return Err(bad_attribute("Only one lookup attribute can be specified."));
    }
    let attribute = input.lookup_attributes.first();
    if let Some(attribute) = attribute.filter(|attribute| !KEYS.contains(&attribute.attribute_key.as_str())) {
        return Err(bad_attribute(&format!("{} is not a lookup attribute.", attribute.attribute_key)));
    }
    let category = match input.event_category.as_deref() {
        None => Category::Management,
        Some("insight") => Category::Insight,
        Some(_) => return Err(ApiError::new("InvalidEventCategoryException", "The event category must be insight.")),
    };
    // A token belongs to its request.
    let asked = format!("{:?} {start:?} {end:?} {}", input.lookup_attributes, category.name());
    let skip = match &input.next_token {
        None => 0,
        Some(token) => offset(token, &asked)
            .ok_or_else(|| ApiError::new("InvalidNextTokenException", "The token is not one of this request."))?,
    };
    let past = call.state.cloudtrail.history.of(&call.account, &call.region, call.state.now);
    let found: Vec<&Past> = past
        .iter()
        .filter(|past| Category::of(&past.record) == category)
        .filter(|past| start.is_none_or(|start| past.at >= start) && end.is_none_or(|end| past.at <= end))
        .filter(|past| attribute.is_none_or(|attribute| attribute.fits(&past.record)))
        .collect();
    let limit = limit as usize;
    let events: Vec<Value> = found.iter().skip(skip).take(limit).map(|past| event(past)).collect();
    let mut answer = json!({ "Events": events });
    if skip + limit < found.len() {
        answer["NextToken"] = STANDARD.encode(format!("{} {asked}", skip + limit)).into();
    }
    Ok(answer.into())
}

/// Case-sensitive. [D]
const KEYS: [&str; 8] =
    ["EventId", "EventName", "ReadOnly", "Username", "ResourceType", "ResourceName", "EventSource", "AccessKeyId"];

impl Attribute {
    fn fits(&self, record: &Value) -> bool {
        let value = self.attribute_value.as_str();
        match self.attribute_key.as_str() {
            "EventId" => text(record, "eventID") == value,
            "EventName" => text(record, "eventName") == value,
            "ReadOnly" => is_read_only(record).to_string() == value,
            "Username" => username(record).as_deref() == Some(value),
            "EventSource" => text(record, "eventSource") == value,
            "AccessKeyId" => access_key(record) == Some(value),
            "ResourceType" => resources(record).iter().any(|resource| resource["ResourceType"] == value),
            _ => resources(record).iter().any(|resource| resource["ResourceName"] == value),
        }
    }
}

/// For root it is `root`, whatever the record's userName says: that is the account's alias. [D] samples
fn username(record: &Value) -> Option<String> {
    let identity = &record["userIdentity"];
    if identity["type"] == "Root" {
        return Some("root".into());
    }
    let session = || identity["arn"].as_str().and_then(|arn| arn.rsplit('/').next());
    identity["userName"].as_str().or_else(session).map(str::to_owned)
}

fn access_key(record: &Value) -> Option<&str> {
    record["userIdentity"]["accessKeyId"].as_str().filter(|key| !key.is_empty())
}

fn resources(record: &Value) -> Vec<Value> {
    let listed = record.get("resources").and_then(Value::as_array).into_iter().flatten();
    listed
        .map(|resource| json!({ "ResourceType": resource["type"], "ResourceName": resource["ARN"] }))
        .filter(|resource| resource["ResourceName"].is_string())
        .collect()
}

fn event(past: &Past) -> Value {
    let record = &*past.record;
    let mut event = json!({
        "EventId": text(record, "eventID"),
        "EventName": text(record, "eventName"),
        "ReadOnly": is_read_only(record).to_string(),
        "EventTime": past.at.seconds_f64(),
        "EventSource": text(record, "eventSource"),
        "Resources": resources(record),
        "CloudTrailEvent": record.to_string(),
    });
    if let Some(key) = access_key(record) {
        event["AccessKeyId"] = key.into();
    }
    if let Some(name) = username(record) {
        event["Username"] = name.into();
    }
    event
}

fn time(value: Option<&Value>) -> Result<Option<Time>, ApiError> {
    let parsed = match value {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::Number(seconds)) => seconds.as_f64().map(|seconds| Time((seconds * 1000.0) as i64)),
        Some(Value::String(text)) => Time::parse(text),
        Some(_) => None,
    };
    parsed.map(Some).ok_or_else(|| ApiError::new("InvalidTimeRangeException", "The time is not a timestamp."))
}

fn offset(token: &str, asked: &str) -> Option<usize> {
    let text = String::from_utf8(STANDARD.decode(token).ok()?).ok()?;
    let (offset, of) = text.split_once(' ')?;
    (of == asked).then(|| offset.parse().ok()).flatten()
}

fn bad_attribute(text: &str) -> ApiError {
    ApiError::new("InvalidLookupAttributesException", text)
}
