//! The messages of the queue: heartbeats and CloudTrail events of spokes, and the schedule of the check.

use jiff::Timestamp;
use serde_json::Value;

/// End of the name of the rule that starts a check.
const CHECK: &str = "-coverage-check";

/// Part of the names of the rules that send heartbeats; the version of the spoke follows.
const HEARTBEAT: &str = "-heartbeat-";

/// The meaning of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Received {
    /// A spoke's schedule: its rule, role and bus work.
    Heartbeat {
        /// Where.
        place: Place,
        /// When EventBridge made it.
        at: Timestamp,
        /// Version of the spoke module, if the name of the rule ends in one.
        version: Option<String>,
    },
    /// A CloudTrail event that a spoke forwarded.
    Event {
        /// Where.
        place: Place,
        /// When it happened.
        at: Timestamp,
    },
    /// It is time to look for missing heartbeats.
    Check,
}

/// An account and a Region.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The account's id.
    pub account: String,
    /// The Region's code.
    pub region: String,
}

/// Reads a message.
///
/// # Errors
///
/// A sentence that says what is wrong.
pub fn read(body: &str) -> Result<Received, String> {
    let event: Value = serde_json::from_str(body).map_err(|error| format!("the message is not JSON: {error}"))?;
    let text = |key: &str| event.get(key).and_then(Value::as_str).filter(|text| !text.is_empty());
    let required = |key: &str| text(key).ok_or_else(|| format!("the event has no `{key}`"));
    let kind = required("detail-type")?;
    let rule = event.pointer("/resources/0").and_then(Value::as_str).and_then(|arn| arn.rsplit('/').next());
    if kind == "Scheduled Event" && rule.is_some_and(|rule| rule.ends_with(CHECK)) {
        return Ok(Received::Check);
    }
    let place = Place { account: required("account")?.to_owned(), region: required("region")?.to_owned() };
    let time = required("time")?;
    let at = time.parse().map_err(|error| format!("the event's `time` is `{time}`: {error}"))?;
    Ok(match kind {
        "Scheduled Event" => {
            let version = rule.and_then(|rule| rule.split_once(HEARTBEAT)).map(|(_, version)| version.to_owned());
            Received::Heartbeat { place, at, version }
        }
        _ => Received::Event { place, at },
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_kind_of_message_is_read() {
        let event = |kind: &str, rule: &str| {
            json!({
                "detail-type": kind, "source": "aws.events", "account": "111122223333", "region": "us-east-2",
                "time": "2026-03-02T09:00:00Z", "resources": [format!("arn:aws:events:us-east-2:111122223333:rule/{rule}")],
            })
            .to_string()
        };
        let place = Place { account: "111122223333".to_owned(), region: "us-east-2".to_owned() };
        let at = "2026-03-02T09:00:00Z".parse().unwrap();
        let heartbeat = |version: Option<&str>| Received::Heartbeat {
            place: place.clone(),
            at,
            version: version.map(str::to_owned),
        };
        let cases = [
            (event("Scheduled Event", "rootwatch-heartbeat-0.1.0"), Ok(heartbeat(Some("0.1.0")))),
            (event("Scheduled Event", "own-schedule"), Ok(heartbeat(None))),
            (event("Scheduled Event", "rootwatch-coverage-check"), Ok(Received::Check)),
            (event("AWS API Call via CloudTrail", "x"), Ok(Received::Event { place: place.clone(), at })),
            ("{".to_owned(), Err("the message is not JSON")),
            ("{}".to_owned(), Err("the event has no `detail-type`")),
            (r#"{"detail-type": "Scheduled Event"}"#.to_owned(), Err("the event has no `account`")),
            (
                r#"{"detail-type": "x", "account": "1", "region": "r", "time": "soon"}"#.to_owned(),
                Err("the event's `time` is `soon`"),
            ),
        ];
        for (body, wanted) in cases {
            match (read(&body), wanted) {
                (Ok(found), Ok(wanted)) => assert_eq!(found, wanted, "{body}"),
                (Err(found), Err(wanted)) => assert!(found.starts_with(wanted), "{body}: {found}"),
                (found, wanted) => panic!("{body}: {found:?}, not {wanted:?}"),
            }
        }
    }
}
