//! The routes under `/_rootwatch/`: what a person or a test at the endpoint may ask of the cloud itself, in addition to AWS.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use crate::cloud::Inner;
use crate::saved::{Saved, SavedError};
use crate::services::cloudtrail::{InjectError, Injected, inject, inject_event, is_cloudtrail_record};
use crate::services::sns::mailbox;
use crate::state::State;
use crate::wire::{Answer, HttpRequest};

/// Where these routes begin.
pub(super) const PREFIX: &str = "/_rootwatch/";

/// The longest jump of the clock: alarms evaluate every minute of it.
const LONGEST_JUMP: u64 = 31 * 24 * 3600;

/// What there is, for whoever asks for something else.
const ROUTES: [(&str, &str); 8] = [
    ("GET", "health"),
    ("POST", "records"),
    ("POST", "reset"),
    ("GET", "state"),
    ("PUT", "state"),
    ("POST", "clock"),
    ("GET", "trace"),
    ("GET", "mailbox"),
];

/// A refusal: HTTP status and a text.
type Refusal = (u16, String);

/// Answers a request for one of the routes.
pub(super) async fn answer(cloud: &Arc<Inner>, request: &HttpRequest) -> Answer {
    let route = request.path.strip_prefix(PREFIX).unwrap_or_default();
    let result = match (request.method.as_str(), route) {
        ("GET", "health") => Ok(json!({"status": "ok", "now": cloud.change(|state| state.now.iso_millis())})),
        ("POST", "records") => records(cloud, request),
        ("POST", "reset") => {
            let mut now = cloud.change(|state| state.clone());
            let seed = now.random_below(u64::MAX);
            cloud.replace(State::new(now.now, seed));
            Ok(json!({}))
        }
        ("GET", "state") => saved(cloud),
        ("PUT", "state") => restore(cloud, request),
        ("POST", "clock") => clock(cloud, request).await,
        ("GET", "trace") => trace(cloud, request),
        ("GET", "mailbox") => Ok(json!({"mails": cloud.change(|state| json!(mailbox(state)))})),
        _ => Err(unknown(&request.method, route)),
    };
    let (status, body) = match result {
        Ok(body) => (200, body),
        Err((status, text)) => (status, json!({"error": text})),
    };
    Answer {
        status,
        headers: vec![("content-type", "application/json".to_owned())],
        body: body.to_string().into_bytes(),
    }
}

fn unknown(method: &str, route: &str) -> Refusal {
    let methods: Vec<&str> = ROUTES.iter().filter(|(_, name)| *name == route).map(|(method, _)| *method).collect();
    if !methods.is_empty() {
        return (405, format!("{PREFIX}{route} takes {}, not {method}", methods.join(" and ")));
    }
    let known: Vec<String> = ROUTES.iter().map(|(method, name)| format!("{method} {PREFIX}{name}")).collect();
    (404, format!("there is no {method} {PREFIX}{route}; there are {}", known.join(", ")))
}

fn body(request: &HttpRequest) -> Result<Value, Refusal> {
    serde_json::from_slice(&request.body).map_err(|error| (400, format!("the body is not JSON: {error}")))
}

/// A record, an array of them, a log file or an EventBridge event. All of them are taken, or none.
fn records(cloud: &Arc<Inner>, request: &HttpRequest) -> Result<Value, Refusal> {
    let items = match body(request)? {
        Value::Array(items) => items,
        Value::Object(mut file) if file.get("Records").is_some_and(Value::is_array) => match file.remove("Records") {
            Some(Value::Array(items)) => items,
            _ => Vec::new(),
        },
        one => vec![one],
    };
    cloud.change(|state| {
        let mut fork = state.clone();
        let mut injected = Vec::with_capacity(items.len());
        for (index, item) in items.into_iter().enumerate() {
            let one = one(&mut fork, item).map_err(|error| (400, format!("item {index}: {error}; none was taken")))?;
            injected.push(json!({
                "account": one.account, "region": one.region, "event_id": one.event_id,
                "undelivered": one.undelivered,
            }));
        }
        *state = fork;
        Ok(json!({"injected": injected}))
    })
}

fn one(state: &mut State, item: Value) -> Result<Injected, InjectError> {
    if item.get("detail-type").is_some() && !is_cloudtrail_record(&item) {
        inject_event(state, item)
    } else {
        inject(state, item)
    }
}

fn saved(cloud: &Arc<Inner>) -> Result<Value, Refusal> {
    let state = cloud.change(|state| state.clone());
    serde_json::to_value(Saved::of(&state)).map_err(|error| (500, format!("the state cannot be written: {error}")))
}

fn restore(cloud: &Arc<Inner>, request: &HttpRequest) -> Result<Value, Refusal> {
    let state = State::from_saved(&request.body).map_err(|error| match error {
        SavedError::Foreign { .. } => (409, error.to_string()),
        SavedError::NotJson(_) | SavedError::NotAState(_) => (400, error.to_string()),
    })?;
    let now = state.now;
    cloud.replace(state);
    Ok(json!({"now": now.iso_millis()}))
}

async fn clock(cloud: &Arc<Inner>, request: &HttpRequest) -> Result<Value, Refusal> {
    let body = body(request)?;
    let seconds = body["advance_seconds"].as_u64().filter(|seconds| *seconds <= LONGEST_JUMP).ok_or_else(|| {
        let found = &body["advance_seconds"];
        (400, format!("`advance_seconds` must be a whole number from 0 to {LONGEST_JUMP} (31 days), found {found}"))
    })?;
    let now = cloud.pass(Duration::from_secs(seconds)).await;
    Ok(json!({"now": now.iso_millis()}))
}

/// The entries after the one with the number `since`. Numbers start at 1 and grow until a reset.
fn trace(cloud: &Arc<Inner>, request: &HttpRequest) -> Result<Value, Refusal> {
    let since = form_urlencoded::parse(request.query.as_bytes()).find(|(name, _)| name == "since");
    let since: usize = match since {
        None => 0,
        Some((_, text)) => {
            text.parse().map_err(|_| (400, format!("`since` must be the number of an entry, found `{text}`")))?
        }
    };
    let entries = cloud.change(|state| {
        let numbered = state.entries().enumerate().skip(since);
        numbered
            .map(|(index, entry)| {
                let mut shown = json!(entry);
                shown["sequence"] = json!(index + 1);
                shown["text"] = json!(entry.to_string());
                shown
            })
            .collect::<Vec<_>>()
    });
    let last = entries.last().map_or(json!(since), |entry| entry["sequence"].clone());
    Ok(json!({"entries": entries, "last": last}))
}
