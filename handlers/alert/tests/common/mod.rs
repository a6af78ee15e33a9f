//! The catalogue of kinds: a record of each, its envelope and its verdict. The sinks' tests use it too.
#![allow(dead_code, reason = "each test target uses a part of it")]
#![allow(clippy::unwrap_used, reason = "a helper of tests may panic")]

use std::path::Path;

use serde_json::{Value, json};

pub(crate) struct Kind {
    pub(crate) name: String,
    pub(crate) verdict: String,
    pub(crate) event: Value,
}

pub(crate) fn kinds() -> Vec<Kind> {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../alert/tests/data");
    let read = |path: &Path| -> Value {
        let text = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    };
    let verdicts = read(&data.join("verdicts.json"));
    let kinds: Vec<Kind> = verdicts
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| {
            let name = entry["kind"].as_str().unwrap().to_owned();
            let detail = read(&data.join("records").join(format!("{name}.json")));
            Kind {
                verdict: entry["verdict"].as_str().unwrap().to_owned(),
                event: enveloped(&entry["envelope"], detail),
                name,
            }
        })
        .collect();
    assert_eq!(kinds.len(), std::fs::read_dir(data.join("records")).unwrap().count(), "a record without a verdict");
    kinds
}

/// What an alerter reads of each kind that alerts, as it comes from triage through the topics.
pub(crate) fn messages() -> Vec<(String, rootwatch_alert::Incoming)> {
    let alerts = kinds().into_iter().filter_map(|kind| {
        let delivered = kind.event["time"].as_str().and_then(|time| time.parse().ok());
        match rootwatch_alert::triage(&kind.event, delivered) {
            rootwatch_alert::Triage::Alert(alert, _) => Some((kind.name, alert.to_message())),
            rootwatch_alert::Triage::Silent(_) => None,
        }
    });
    let messages: Vec<_> = alerts.map(|(name, body)| (name, rootwatch_alert::incoming::read(&body).unwrap())).collect();
    assert!(messages.len() > 25, "the catalogue is not empty");
    messages
}

pub(crate) fn kind(name: &str) -> Value {
    kinds().into_iter().find(|kind| kind.name == name).unwrap_or_else(|| panic!("no kind `{name}`")).event
}

pub(crate) fn enveloped(envelope: &Value, detail: Value) -> Value {
    json!({
        "version": "0",
        "id": "0e6a1c1e-0000-4000-8000-000000000001",
        "detail-type": envelope["detail-type"],
        "source": envelope["source"],
        "account": envelope["account"],
        "time": envelope["time"],
        "region": envelope["region"],
        "resources": [],
        "detail": detail,
    })
}
