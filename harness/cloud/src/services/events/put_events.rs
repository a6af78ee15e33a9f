//! PutEvents. [V] LS:events/test_events.snapshot.json; [D] API_PutEvents

use serde::Deserialize;
use serde_json::{Value, json};

use super::bus;
use super::event::{Envelope, Event};
use super::forward::keys;
use super::ingest::ingest;
use crate::api::{ApiError, Call, Reply};
use crate::id::Arn;
use crate::time::Time;
use rootwatch_policy::Context;

/// [V] ::test_put_events_exceed_limit_ten_entries
const MOST_ENTRIES: usize = 10;
/// Bytes of a request's entries together: 1 MB. [D] API_PutEvents. It was 256 KB when ::test_put_event_with_too_big_detail was recorded.
const LARGEST: usize = 1_048_576;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Entry {
    time: Option<Value>,
    source: Option<String>,
    resources: Option<Vec<String>>,
    detail_type: Option<String>,
    detail: Option<String>,
    event_bus_name: Option<String>,
    trace_header: Option<String>,
}

/// Why an entry is refused: code and message.
type Refusal = (&'static str, String);

pub(super) fn put(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Input {
        entries: Vec<Entry>,
        endpoint_id: Option<String>,
    }
    let input: Input = call.input()?;
    if input.endpoint_id.is_some() {
        return Err(ApiError::not_implemented(call.service, "PutEvents with EndpointId"));
    }
    check_request(&input.entries)?;
    let mut accepted = Vec::with_capacity(input.entries.len());
    for entry in &input.entries {
        let bus = bus::resolve(call, entry.event_bus_name.as_deref())?;
        accepted.push((bus, event(call, entry)));
    }
    // One entry that may not be put fails the whole call. [?] aws-semantics 6.4
    for (bus, event) in &accepted {
        authorise(call, bus, event.as_ref().ok())?;
    }
    let mut failed = 0;
    let mut answers = Vec::with_capacity(accepted.len());
    for (bus, event) in accepted {
        answers.push(match event {
            Ok(event) => {
                let id = event.id().to_owned();
                // An unknown bus still answers with an id. [V] ::test_put_events_nonexistent_event_bus
                ingest(call.state, &bus, event);
                json!({ "EventId": id })
            }
            Err((code, message)) => {
                failed += 1;
                json!({ "ErrorCode": code, "ErrorMessage": message })
            }
        });
    }
    Ok(json!({ "FailedEntryCount": failed, "Entries": answers }).into())
}

fn authorise(call: &mut Call<'_>, bus: &Arn, event: Option<&Event>) -> Result<(), ApiError> {
    let nothing = Event::new(Value::Null);
    let context = keys(Context::new(), event.unwrap_or(&nothing), Some(false));
    let policy = call.state.events.policy(bus);
    let name = bus::policy_name(bus);
    call.authorise_with("events:PutEvents", bus, context, policy.as_ref().map(|policy| (name.as_str(), policy)))
}

fn check_request(entries: &[Entry]) -> Result<(), ApiError> {
    if entries.is_empty() {
        return Err(ApiError::validation(
            "1 validation error detected: Value '[]' at 'entries' failed to satisfy constraint: Member must have length \
             greater than or equal to 1",
        ));
    }
    if entries.len() > MOST_ENTRIES {
        let listed: Vec<String> = entries.iter().map(Entry::listed).collect();
        return Err(ApiError::validation(format!(
            "1 validation error detected: Value '[{}]' at 'entries' failed to satisfy constraint: Member must have length \
             less than or equal to {MOST_ENTRIES}",
            listed.join(", ")
        )));
    }
    if entries.iter().map(Entry::size).sum::<usize>() > LARGEST {
        return Err(ApiError::validation("Total size of the entries in the request is over the limit."));
    }
    Ok(())
}

impl Entry {
    /// [D] eb-putevent-size
    fn size(&self) -> usize {
        let texts = [&self.source, &self.detail_type, &self.detail];
        let resources = self.resources.iter().flatten().map(String::len);
        usize::from(self.time.is_some()) * 14
            + texts.into_iter().flatten().map(String::len).sum::<usize>()
            + resources.sum::<usize>()
    }

    /// As AWS prints it in its validation error. [V] ::test_put_events_exceed_limit_ten_entries
    fn listed(&self) -> String {
        let text = |value: &Option<String>| value.as_deref().unwrap_or("null").to_owned();
        let resources = self.resources.as_ref().map_or_else(|| "null".into(), |all| format!("[{}]", all.join(", ")));
        let time = self.time.as_ref().map_or_else(|| "null".into(), Value::to_string);
        format!(
            "PutEventsRequestEntry(time={time}, source={}, resources={resources}, detailType={}, detail={}, \
             eventBusName={}, traceHeader={}, kmsKeyIdentifier=null, internalMetadata=null)",
            text(&self.source),
            text(&self.detail_type),
            text(&self.detail),
            text(&self.event_bus_name),
            text(&self.trace_header)
        )
    }
}

/// The event that an entry makes; account and Region are the caller's, whoever owns the bus.
/// [V] LS:events/test_events_cross_account_region::TestEventsCrossAccountRegion::test_put_events
fn event(call: &mut Call<'_>, entry: &Entry) -> Result<Event, Refusal> {
    let source = present("Source", &entry.source)?;
    let detail_type = present("DetailType", &entry.detail_type)?;
    let detail = present("Detail", &entry.detail)?;
    // [V] ::test_put_event_malformed_detail
    let detail = serde_json::from_str::<Value>(detail)
        .ok()
        .filter(Value::is_object)
        .ok_or_else(|| ("MalformedDetail", "Detail is malformed.".to_owned()))?;
    // AWS services put theirs another way. [T] the code, [D] UG eb-events the prefix; a bare `aws` passes [?]
    if source.starts_with("aws.") {
        return Err(("NotAuthorizedForSourceException", "Not authorized for the source.".to_owned()));
    }
    let time = match &entry.time {
        None | Some(Value::Null) => call.state.now,
        Some(time) => read_time(time)
            .ok_or_else(|| ("InvalidArgument", "Parameter Time is not valid. Reason: Time is malformed.".to_owned()))?,
    };
    let id = call.state.uuid();
    let resources = entry.resources.clone().unwrap_or_default().into();
    let (account, region, time) = (call.account.as_str(), call.region.as_str(), time.iso_seconds());
    Ok(Event::new(Envelope { id, detail_type, source, account, time, region, resources, detail }.value()))
}

/// [V] ::test_put_events_without_source, ::test_put_event_without_detail, ::test_put_event_without_detail_type
fn present<'a>(name: &str, value: &'a Option<String>) -> Result<&'a str, Refusal> {
    value.as_deref().filter(|value| !value.is_empty()).ok_or_else(|| {
        ("InvalidArgument", format!("Parameter {name} is not valid. Reason: {name} is a required argument."))
    })
}

/// JSON 1.1 writes a timestamp as seconds since the epoch; a text is taken too.
fn read_time(value: &Value) -> Option<Time> {
    match value {
        Value::Number(seconds) => seconds.as_f64().map(|seconds| Time((seconds * 1000.0) as i64)),
        Value::String(text) => Time::parse(text),
        _ => None,
    }
}
