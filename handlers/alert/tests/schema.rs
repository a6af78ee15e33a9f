//! Every message that leaves triage, and the one that the log alarm's rule makes, is what the committed schema says.
#![allow(clippy::unwrap_used, reason = "a helper of tests may panic")]

mod common;

use std::path::Path;

use common::kinds;
use rootwatch_alert::{Settings, Triage, alert::unreadable, triage};
use serde_json::{Value, json};

fn file(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn schema() -> Value {
    serde_json::from_str(&file("schema/alert.v1.json")).unwrap()
}

/// What is wrong with a value, by the keywords that the schema uses. Another keyword is an error of this test.
fn errors(schema: &Value, value: &Value, at: &str) -> Vec<String> {
    let mut found = Vec::new();
    let length = value.as_str().map_or(0, |text| text.chars().count() as u64);
    for (keyword, rule) in schema.as_object().unwrap() {
        let holds = match keyword.as_str() {
            "$schema" | "$id" | "title" | "description" => true,
            "type" => match rule.as_str().unwrap() {
                "object" => value.is_object(),
                "array" => value.is_array(),
                "string" => value.is_string(),
                other => panic!("the test does not know the type {other}"),
            },
            "const" => value == rule,
            "enum" => rule.as_array().unwrap().contains(value),
            "minLength" => length >= rule.as_u64().unwrap(),
            "maxLength" => length <= rule.as_u64().unwrap(),
            "pattern" => {
                let start = rule.as_str().unwrap().strip_prefix('^').unwrap();
                value.as_str().is_some_and(|text| text.starts_with(start))
            }
            "required" => rule.as_array().unwrap().iter().all(|name| value.get(name.as_str().unwrap()).is_some()),
            "properties" => {
                for (name, value) in value.as_object().into_iter().flatten() {
                    match rule.get(name) {
                        Some(rule) => found.extend(errors(rule, value, &format!("{at}.{name}"))),
                        // Allowed to others, but what this version writes is documented.
                        None => found.push(format!("{at}.{name} is not in the schema")),
                    }
                }
                true
            }
            "items" => {
                for (index, item) in value.as_array().into_iter().flatten().enumerate() {
                    found.extend(errors(rule, item, &format!("{at}[{index}]")));
                }
                true
            }
            other => panic!("the test does not know the keyword {other}"),
        };
        if !holds {
            found.push(format!("{at}: {keyword} {rule}, found {value}"));
        }
    }
    found
}

/// The messages that the log alarm's rules make: Terraform's template with what EventBridge fills in.
fn log_alarms() -> Vec<Value> {
    let terraform = file("../../terraform/modules/hub/log_alarm.tf");
    let template = terraform.split("<<-TEMPLATE").nth(1).and_then(|rest| rest.split("TEMPLATE\n").next()).unwrap();
    [("ALARM", "high"), ("OK", "low")]
        .iter()
        .map(|(state, severity)| {
            let text = template
                .replace("${each.value.severity}", severity)
                .replace("\"${each.value.title}\"", "\"Root activity\"")
                .replace("\"${each.value.summary}\"", "\"Root activity\"")
                .replace("${each.value.note}", "a note")
                .replace("${each.value.step}", "a step")
                .replace("\"<arn>@<changed>\"", "\"arn@time\"")
                .replace("<state>", &format!("\"{state}\""))
                .replace("<aws.events.event.json>", "{}");
            let filled = ["account", "region", "alarm", "time", "arn", "query", "reason"]
                .iter()
                .fold(text, |text, name| text.replace(&format!("<{name}>"), &format!("\"{name}\"")));
            serde_json::from_str(&filled).unwrap_or_else(|error| panic!("{error}: {filled}"))
        })
        .collect()
}

#[test]
fn every_message_is_what_the_schema_says() {
    let settings = Settings::parse(r#"{"account_names": {"111122223333": "Payments"}}"#).unwrap();
    let mut messages = log_alarms();
    for kind in kinds() {
        if let Triage::Alert(mut alert, _) = triage(&kind.event, None) {
            settings.apply(&mut alert);
            messages.push(serde_json::from_str(&alert.to_message()).unwrap());
        }
    }
    let mut huge = common::kind("root-create-access-key-self");
    huge["detail"]["requestParameters"] = json!({"x": "y".repeat(300_000)});
    for event in [huge, json!({"detail-type": "AWS API Call via CloudTrail"}), json!(null), json!([1])] {
        if let Triage::Alert(alert, _) = triage(&event, None) {
            messages.push(serde_json::from_str(&alert.to_message()).unwrap());
        }
    }
    messages.push(serde_json::from_str(&unreadable("{", None).to_message()).unwrap());
    let schema = schema();
    for message in &messages {
        let errors = errors(&schema, message, "$");
        assert!(errors.is_empty(), "{errors:#?}\n{message:#}");
    }
    // Each field of the schema is one that is written.
    for name in schema["properties"].as_object().unwrap().keys() {
        assert!(messages.iter().any(|message| message.get(name).is_some()), "`{name}` is never written");
    }
}

#[test]
fn the_schema_refuses_what_is_no_alert() {
    let (schema, good) = (schema(), log_alarms().remove(0));
    assert!(errors(&schema, &good, "$").is_empty());
    for (field, value) in [
        ("version", json!("2")),
        ("version", json!(1)),
        ("severity", json!("urgent")),
        ("title", json!("")),
        ("title", json!("x".repeat(600))),
        ("notes", json!([1])),
        ("links", json!({"account": "http://x"})),
        ("actor", json!({})),
        ("account", Value::Null),
    ] {
        let mut message = good.clone();
        message[field] = value.clone();
        assert!(!errors(&schema, &message, "$").is_empty(), "{field}: {value}");
    }
    for field in schema["required"].as_array().unwrap() {
        let mut message = good.clone();
        message.as_object_mut().unwrap().remove(field.as_str().unwrap());
        assert!(!errors(&schema, &message, "$").is_empty(), "without {field}");
    }
}
