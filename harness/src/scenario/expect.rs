//! Assertions of a scenario on single messages.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// A topic or sink.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Receiver {
    /// The topic of root logins.
    Login,
    /// The topic of root activity.
    Activity,
    /// The topic of changes of the monitor itself.
    Tampering,
    /// The topic of the monitor's health.
    Health,
    /// Slack.
    Slack,
    /// PagerDuty.
    Pagerduty,
    /// The mailbox.
    Email,
    /// The table of the last heartbeats. An item is `{"account", "region", "last_heartbeat", "last_event", "version"}`.
    Coverage,
    /// The dead-letter queues. A message is `{"queue": its name, "attributes": {name: value}, "body": …}`.
    #[serde(rename = "dead_letters")]
    DeadLetters,
}

impl Receiver {
    /// The name, as messages have it.
    pub fn as_str(self) -> &'static str {
        match self {
            Receiver::Login => "login",
            Receiver::Activity => "activity",
            Receiver::Tampering => "tampering",
            Receiver::Health => "health",
            Receiver::Slack => "slack",
            Receiver::Pagerduty => "pagerduty",
            Receiver::Email => "email",
            Receiver::Coverage => "coverage",
            Receiver::DeadLetters => "dead_letters",
        }
    }
}

/// Messages that must come out: so many to this receiver have these values.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MessageExpectation {
    /// The topic or sink.
    pub to: Receiver,
    /// Path in the message to value, as `"payload.severity": "critical"`. Parts of a path are separated by dots; a number is
    /// the index of a list. All of them must be equal.
    #[serde(default, rename = "where")]
    pub values: BTreeMap<String, Value>,
    /// How many messages. Left out: at least one.
    #[serde(default)]
    pub count: Option<u64>,
}

impl MessageExpectation {
    /// Returns true if the message has all values.
    pub fn matches(&self, body: &Value) -> bool {
        self.values.iter().all(|(path, value)| at(body, path) == Some(value))
    }
}

/// The value at a path.
pub fn at<'a>(body: &'a Value, path: &str) -> Option<&'a Value> {
    path.split('.').try_fold(body, |value, part| match value {
        Value::Array(items) => items.get(part.parse::<usize>().ok()?),
        value => value.get(part),
    })
}

/// A text that must be in a message, in any or in a certain one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mention {
    /// Substring of a text in the message.
    pub text: String,
    /// The topic or sink. Left out: any.
    pub to: Option<Receiver>,
}

impl From<&str> for Mention {
    fn from(text: &str) -> Self {
        Mention { text: text.to_owned(), to: None }
    }
}

/// The long form.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Placed {
    /// Substring of a text in the message.
    text: String,
    /// The topic or sink. Left out: any.
    #[serde(default)]
    to: Option<Receiver>,
}

impl<'de> Deserialize<'de> for Mention {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Forms;
        impl<'de> Visitor<'de> for Forms {
            type Value = Mention;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text, or an object with `text` and `to`")
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<Mention, E> {
                Ok(text.into())
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Mention, A::Error> {
                let Placed { text, to } = Placed::deserialize(MapAccessDeserializer::new(map))?;
                Ok(Mention { text, to })
            }
        }
        deserializer.deserialize_any(Forms)
    }
}

impl JsonSchema for Mention {
    fn schema_name() -> Cow<'static, str> {
        "Mention".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({"anyOf": [generator.subschema_for::<String>(), generator.subschema_for::<Placed>()]})
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_mention_is_a_text_or_names_its_receiver() {
        let read = serde_json::from_value::<Mention>;
        assert_eq!(read(json!("x")).unwrap(), "x".into());
        let placed = read(json!({"text": "x", "to": "slack"})).unwrap();
        assert_eq!(placed.to, Some(Receiver::Slack));
        for (value, words) in [
            (json!(1), "a text, or an object with `text` and `to`"),
            (json!({"text": "x", "in": "slack"}), "unknown field `in`"),
            (json!({"text": "x", "to": "teams"}), "unknown variant `teams`"),
            (json!({"to": "slack"}), "missing field `text`"),
        ] {
            let error = read(value.clone()).unwrap_err().to_string();
            assert!(error.contains(words), "{value}: {error}");
        }
    }

    #[test]
    fn values_are_found_by_path() {
        let expected: MessageExpectation = serde_json::from_value(
            json!({"to": "pagerduty", "where": {"payload.severity": "critical", "links.0.text": "Runbook"}}),
        )
        .unwrap();
        let event = json!({"payload": {"severity": "critical"}, "links": [{"text": "Runbook"}]});
        assert!(expected.matches(&event));
        assert!(!expected.matches(&json!({"payload": {"severity": "critical"}, "links": []})));
    }
}
