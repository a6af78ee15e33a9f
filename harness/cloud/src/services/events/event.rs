//! An event on its way: the envelope, and whether a rule has already carried it to another bus.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::time::Time;

/// An event. Cheap to clone: the envelope is shared by all its deliveries.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    envelope: Arc<Value>,
    /// Whether it reached its bus as the target of a rule. Such an event is never sent to a further bus.
    /// [D] UG eb-bus-to-bus
    pub forwarded: bool,
}

impl Event {
    /// A new event.
    pub fn new(envelope: Value) -> Self {
        Self { envelope: Arc::new(envelope), forwarded: false }
    }
    /// The same event as another bus sees it: with a new id where it crossed Regions.
    /// [V] LS:events/test_events_cross_account_region
    pub(super) fn forwarded(&self, new_id: Option<String>) -> Self {
        let mut envelope = Arc::clone(&self.envelope);
        if let Some(id) = new_id {
            Arc::make_mut(&mut envelope)["id"] = Value::String(id);
        }
        Self { envelope, forwarded: true }
    }
    /// The whole envelope.
    pub fn envelope(&self) -> &Value {
        &self.envelope
    }
    fn field(&self, name: &str) -> &str {
        self.envelope.get(name).and_then(Value::as_str).unwrap_or_default()
    }
    /// The envelope's `id`.
    pub fn id(&self) -> &str {
        self.field("id")
    }
    /// The envelope's `source`.
    pub fn source(&self) -> &str {
        self.field("source")
    }
    /// The envelope's `detail-type`.
    pub fn detail_type(&self) -> &str {
        self.field("detail-type")
    }
    /// The envelope's `time`.
    pub(super) fn time(&self) -> Option<Time> {
        Time::parse(self.field("time"))
    }
    /// The JSON text that targets receive.
    pub fn text(&self) -> String {
        serde_json::to_string(&self.envelope).unwrap_or_default()
    }
}

/// The fields of an envelope.
#[derive(Debug)]
pub(crate) struct Envelope<'a> {
    pub(crate) id: String,
    pub(crate) detail_type: &'a str,
    pub(crate) source: &'a str,
    pub(crate) account: &'a str,
    /// In seconds: `2026-03-02T09:14:07Z`.
    pub(crate) time: String,
    pub(crate) region: &'a str,
    pub(crate) resources: Value,
    pub(crate) detail: Value,
}

impl Envelope<'_> {
    /// In the order in which AWS writes the fields. [V] LS:events/test_events_targets::test_put_events_with_target_sns
    pub(crate) fn value(self) -> Value {
        let mut envelope = json!({
            "version": "0",
            "id": self.id,
            "detail-type": self.detail_type,
            "source": self.source,
            "account": self.account,
            "time": self.time,
            "region": self.region,
            "resources": self.resources,
        });
        // Within `json!` it would be written anew, value by value.
        envelope["detail"] = self.detail;
        envelope
    }
}
