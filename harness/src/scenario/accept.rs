//! Writing what a scenario gave as its `expect`.

use serde_json::{Map, Value, json};

use super::Expectation;
use crate::runner::{Outcome, differences};

/// An `expect` with the counts that a run gave, and the file that has it.
#[derive(Clone, Debug, PartialEq)]
pub struct Accepted {
    /// The `expect` of the file as it is; null if it has none.
    pub before: Value,
    /// The new one.
    pub after: Value,
    /// The whole file with the new one.
    pub text: String,
}

/// Replaces the counts in the `expect` of a scenario file by those of its outcome; `mentions` and other texts stay as they are.
///
/// # Errors
/// If the file is not in the form of a scenario, or if the outcome has a failure that no count can state.
pub fn accept(text: &str, outcome: &Outcome) -> Result<Accepted, String> {
    let mut file: Map<String, Value> = serde_json::from_str(text).unwrap_or_default();
    if !["records", "events", "put_events"].iter().any(|key| file.contains_key(*key)) {
        return Err("a bare record has no place for `expect`; make a scenario of it with `rootwatch new`".to_owned());
    }
    let before = file.get("expect").cloned().unwrap_or(Value::Null);
    let after = expectation(before.as_object().cloned().unwrap_or_default(), outcome);
    let expected: Expectation = serde_json::from_value(after.clone()).map_err(|error| error.to_string())?;
    let compared: Vec<String> = outcome.compared.iter().map(ToString::to_string).collect();
    let mut left: Vec<String> =
        outcome.failures.iter().filter(|failure| !compared.contains(failure)).cloned().collect();
    left.extend(differences(&expected, outcome));
    if !left.is_empty() {
        return Err(left.join("; "));
    }
    file.insert("expect".to_owned(), after.clone());
    let text = serde_json::to_string_pretty(&file).map_err(|error| error.to_string())? + "\n";
    Ok(Accepted { before, after, text })
}

/// A count is written if its default would be another, or if it was written before.
fn expectation(mut expect: Map<String, Value>, outcome: &Outcome) -> Value {
    let (alerts, sinks) = (outcome.alerts, outcome.sinks);
    for (name, found, default) in [
        ("login", alerts.login, 0),
        ("activity", alerts.activity, 0),
        ("tampering", alerts.tampering, 0),
        ("health", alerts.health, 0),
        ("slack", sinks.slack, alerts.total()),
        ("pagerduty", sinks.pagerduty, alerts.total()),
        ("email", sinks.email, alerts.total()),
        ("dead_letters", outcome.dead_letters, 0),
    ] {
        if found != default || expect.contains_key(name) {
            expect.insert(name.to_owned(), json!(found));
        }
    }
    match outcome.stopped_at {
        Some(stopped_at) => drop(expect.insert("stopped_at".to_owned(), json!(stopped_at))),
        None => drop(expect.shift_remove("stopped_at")),
    }
    if expect.contains_key("after_redrive") {
        expect.insert("after_redrive".to_owned(), json!(outcome.after_redrive));
    }
    Value::Object(expect)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runner::{AlertCounts, SinkCounts};
    use crate::scenario::StoppedAt;

    fn outcome(login: u64, slack: u64, stopped_at: Option<StoppedAt>) -> Outcome {
        let mut outcome = Outcome::error("x", "x.json".into(), String::new());
        outcome.failures.clear();
        outcome.alerts = AlertCounts { login, ..AlertCounts::default() };
        outcome.sinks = SinkCounts { slack, pagerduty: login, email: login };
        outcome.stopped_at = stopped_at;
        outcome
    }

    #[test]
    fn writes_counts_that_are_not_defaults() {
        for (expect, outcome, after) in [
            (Value::Null, outcome(1, 1, None), json!({"login": 1})),
            (Value::Null, outcome(1, 3, None), json!({"login": 1, "slack": 3})),
            (Value::Null, outcome(0, 0, Some(StoppedAt::Rule)), json!({"stopped_at": "rule"})),
            (json!({"slack": 9, "stopped_at": "rule"}), outcome(1, 1, None), json!({"slack": 1, "login": 1})),
        ] {
            let mut file = json!({"title": "t", "records": [{}]});
            if !expect.is_null() {
                file["expect"] = expect.clone();
            }
            let accepted = accept(&file.to_string(), &outcome).unwrap();
            assert_eq!((&accepted.before, &accepted.after), (&expect, &after));
            file["expect"] = after;
            assert_eq!(
                accepted.text,
                serde_json::to_string_pretty(&file).unwrap() + "\n",
                "the rest of the file is kept"
            );
        }
    }

    #[test]
    fn refuses_what_no_count_can_state() {
        let scenario = |expect: Value| json!({"records": [{}], "expect": expect}).to_string();
        let mut refused = outcome(1, 1, None);
        refused.failures.push("not injected: the record is too large".to_owned());
        for (text, outcome, part) in [
            (r#"{"eventName": "ConsoleLogin"}"#.to_owned(), outcome(1, 1, None), "rootwatch new"),
            (r#"[{"eventName": "ConsoleLogin"}]"#.to_owned(), outcome(1, 1, None), "rootwatch new"),
            (scenario(json!({})), refused, "not injected"),
            (scenario(json!({"login": 1, "mentions": ["text"]})), outcome(1, 1, None), "mentions `text`"),
        ] {
            let error = accept(&text, &outcome).unwrap_err();
            assert!(error.contains(part), "{error}");
        }
    }
}
