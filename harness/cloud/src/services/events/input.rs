//! What a target is given instead of the event: a constant, a part of it, or a text made of its parts.
//! [V] LS:events/test_events_inputs.snapshot.json; [D] UG eb-transform-target-input

use serde_json::{Value, json};

use super::event::Event;
use super::json_path::JsonPath;
use super::target::{InputTransformer, Target};
use crate::id::Arn;
use crate::time::Time;

/// The longest template, in characters. [D]
pub(super) const LONGEST_TEMPLATE: usize = 8192;
/// The most variables of a template. [D]
pub(super) const MOST_VARIABLES: usize = 100;

/// The variables that need no path. [D]
const PREDEFINED: [&str; 5] = [
    "aws.events.rule-arn",
    "aws.events.rule-name",
    "aws.events.event.ingestion-time",
    "aws.events.event",
    "aws.events.event.json",
];

/// The text that the target is given; `None` where a template of JSON gives text that is not JSON. [V] test_events_inputs
pub(super) fn of(target: &Target, event: &Event, rule: &Arn, ingested: Time) -> Option<String> {
    if let Some(input) = &target.input {
        return Some(input.clone());
    }
    if let Some(path) = &target.input_path {
        // A path that finds nothing gives `null`. [?]
        let found = JsonPath::parse(path).and_then(|path| path.find(event.envelope()));
        return Some(found.unwrap_or(Value::Null).to_string());
    }
    match &target.input_transformer {
        Some(transformer) => {
            let template = &transformer.input_template;
            let text = render(template, |name| variable(transformer, name, event, rule, ingested));
            match is_json(template) {
                true if serde_json::from_str::<serde::de::IgnoredAny>(&text).is_err() => None,
                true => Some(minified(text)),
                false => Some(text),
            }
        }
        None => Some(event.text()),
    }
}

/// Whether a template is of JSON, not of quoted lines.
fn is_json(template: &str) -> bool {
    template.trim_start().starts_with(['{', '['])
}

/// Names that a template uses and that are not defined.
pub(super) fn unknown_placeholder(transformer: &InputTransformer) -> Option<String> {
    parts(&transformer.input_template).into_iter().find_map(|part| match part {
        Part::Variable { name, .. }
            if !PREDEFINED.contains(&name) && !transformer.input_paths_map.contains_key(name) =>
        {
            Some(name.to_owned())
        }
        _ => None,
    })
}

/// Why the template can never give JSON; `None` when it can. [T] AWS refuses such a template
pub(super) fn not_json(template: &str) -> Option<String> {
    let tried = render(template, |_| None).replace(['\n', '\r', '\t'], " ");
    serde_json::Deserializer::from_str(&tried)
        .into_iter::<serde::de::IgnoredAny>()
        .find_map(Result::err)
        .map(|error| error.to_string())
}

fn variable(transformer: &InputTransformer, name: &str, event: &Event, rule: &Arn, ingested: Time) -> Option<Value> {
    if let Some(path) = transformer.input_paths_map.get(name) {
        return JsonPath::parse(path)?.find(event.envelope());
    }
    let envelope = event.envelope();
    Some(match name {
        "aws.events.rule-arn" => rule.as_str().into(),
        "aws.events.rule-name" => rule.name().into(),
        "aws.events.event.ingestion-time" => ingested.iso_seconds().into(),
        "aws.events.event.json" => envelope.clone(),
        // The event without its detail, and with one name spelled otherwise. [V] test_events_inputs
        "aws.events.event" => json!({
            "id": envelope["id"], "account": envelope["account"], "detailType": envelope["detail-type"],
            "time": envelope["time"], "source": envelope["source"], "region": envelope["region"],
            "resources": envelope["resources"], "version": envelope["version"],
        }),
        _ => return None,
    })
}

#[derive(Debug, PartialEq)]
enum Part<'t> {
    Text(&'t str),
    Variable { name: &'t str, quoted: bool },
}

/// Splits a template at its `<variables>`, and knows which of them stand inside of quotes.
fn parts(template: &str) -> Vec<Part<'_>> {
    let (mut parts, mut start, mut at) = (Vec::new(), 0, 0);
    let (mut quoted, mut escaped) = (false, false);
    while let Some(c) = template[at..].chars().next() {
        let next = at + c.len_utf8();
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => quoted = !quoted,
            '<' => {
                if let Some(name) = placeholder(&template[next..]) {
                    parts.push(Part::Text(&template[start..at]));
                    parts.push(Part::Variable { name, quoted });
                    at = next + name.len() + 1;
                    start = at;
                    continue;
                }
            }
            _ => {}
        }
        at = next;
    }
    parts.push(Part::Text(&template[start..]));
    parts
}

fn placeholder(after: &str) -> Option<&str> {
    let (name, _) = after.split_once('>')?;
    let fits = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_'));
    fits.then_some(name)
}

fn render(template: &str, value: impl Fn(&str) -> Option<Value>) -> String {
    let mut text = String::with_capacity(template.len());
    for part in parts(template) {
        match part {
            Part::Text(part) => text.push_str(part),
            Part::Variable { name, quoted: false } => match value(name) {
                Some(value) => text.push_str(&value.to_string()),
                None => text.push_str("\"\""),
            },
            Part::Variable { name, quoted: true } => match value(name) {
                // Nothing is escaped: what the text holds may break the template. [D] "Common issues"
                Some(Value::String(inner)) => text.push_str(&inner),
                // In JSON an object or array keeps its quotes, which end the text around it. [V] test_events_inputs
                Some(value) if is_json(template) => text.push_str(&value.to_string()),
                // In a quoted line it loses them. [V]
                Some(value) => text.push_str(&value.to_string().replace('"', "")),
                None => {}
            },
        }
    }
    text
}

/// What a target gets as JSON has no space between its parts. [D] "The JSON that is passed to the target is minified"
fn minified(text: String) -> String {
    let (mut quoted, mut escaped) = (false, false);
    text.chars()
        .filter(|c| {
            let kept = quoted || !matches!(c, ' ' | '\n' | '\r' | '\t');
            match c {
                _ if escaped => escaped = false,
                '\\' => escaped = quoted,
                '"' => quoted = !quoted,
                _ => {}
            }
            kept
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULE: &str = "arn:aws:events:us-east-1:111122223333:rule/r";

    fn event() -> Event {
        Event::new(json!({
            "version": "0", "id": "i", "detail-type": "T", "source": "s", "account": "111122223333",
            "time": "2026-03-02T09:14:07Z", "region": "us-east-1", "resources": [],
            "detail": {"payload": {"acc_id": "0a787ecb-4015", "sf_id": "baz"}, "states": ["ACTIVE", "INACTIVE"],
                "one": ["HIGH"], "ok": true, "text": "say \"hi\""},
        }))
    }

    fn check(target: Value, expected: Option<&str>) {
        let mut target = target;
        target["Id"] = "t".into();
        target["Arn"] = "arn:aws:sqs:us-east-1:111122223333:q".into();
        let target: Target = serde_json::from_value(target).unwrap();
        let ingested = Time::parse("2026-03-02T09:14:09Z").unwrap();
        assert_eq!(of(&target, &event(), &Arn::new(RULE), ingested).as_deref(), expected);
    }

    fn template(paths: Value, template: &str, expected: &str) {
        template_or_nothing(paths, template, Some(expected));
    }

    fn template_or_nothing(paths: Value, template: &str, expected: Option<&str>) {
        check(json!({"InputTransformer": {"InputPathsMap": paths, "InputTemplate": template}}), expected);
    }

    #[test]
    fn constants_and_paths() {
        // aws-semantics 1.6, [V] test_events_inputs::TestInputPath
        check(json!({"Input": r#"{"a":1}"#}), Some(r#"{"a":1}"#));
        check(json!({"InputPath": "$.detail.payload"}), Some(r#"{"acc_id":"0a787ecb-4015","sf_id":"baz"}"#));
        check(json!({"InputPath": "$.detail.payload.sf_id"}), Some(r#""baz""#));
        check(json!({}), Some(&event().text()));
    }

    #[test]
    fn string_templates() {
        // aws-semantics 1.6, [V] test_events_inputs
        let paths = json!({"t": "$.detail-type", "p": "$.detail.payload", "m": "$.detail.missing"});
        template(paths.clone(), r#""Event of <t> is <p>""#, r#""Event of T is {acc_id:0a787ecb-4015,sf_id:baz}""#);
        template(paths.clone(), r#""a <m> b""#, r#""a  b""#);
        template(json!({"states": "$.detail.states"}), r#""<states>""#, r#""[ACTIVE,INACTIVE]""#);
        template(paths, "\"one <t>\"\n\"two\"", "\"one T\"\n\"two\"");
    }

    #[test]
    fn json_templates() {
        // aws-semantics 1.6, [V] test_events_inputs
        let paths = json!({
            "t": "$.detail-type", "p": "$.detail.payload", "m": "$.detail.missing", "states": "$.detail.states",
            "one": "$.detail.one", "ok": "$.detail.ok", "text": "$.detail.text",
        });
        let cases = [
            (r#"{"x": <t>}"#, r#"{"x":"T"}"#),
            (r#"{"x": "<t>"}"#, r#"{"x":"T"}"#),
            (r#"{"x": "users/<t>"}"#, r#"{"x":"users/T"}"#),
            (r#"{"x": <p>}"#, r#"{"x":{"acc_id":"0a787ecb-4015","sf_id":"baz"}}"#),
            (r#"{"x": <m>}"#, r#"{"x":""}"#),
            (r#"{"x": "<m>"}"#, r#"{"x":""}"#),
            (r#"{"x": "is <ok>", "y": <states>}"#, r#"{"x":"is true","y":["ACTIVE","INACTIVE"]}"#),
            (r#"{"x": "a < b \" <t>"}"#, r#"{"x":"a < b \" T"}"#),
            // [D] the examples of the page: nested, and next to constants
            ("{\n  \"x\": [ 9, <t>, true ],\n  \"y\": {\"z\": <one>}\n}", r#"{"x":[9,"T",true],"y":{"z":["HIGH"]}}"#),
            (r#"{"x": <text>}"#, r#"{"x":"say \"hi\""}"#),
            (r#""<text>""#, r#""say "hi"""#),
        ];
        for (from, to) in cases {
            template(paths.clone(), from, to);
        }
        // [V] test_events_inputs: an object or list in quotes makes the result invalid, and the target receives nothing.
        // [D] "doesn't escape values": so does a text with quotes.
        for invalid in [
            r#"{"x": "<p>"}"#,
            r#"{"x": "about <p>"}"#,
            r#"{"x": "<states>"}"#,
            r#"["<one>"]"#,
            r#"{"x": "<text>"}"#,
            r#"{"x": "<aws.events.event.json>"}"#,
        ] {
            template_or_nothing(paths.clone(), invalid, None);
        }
    }

    #[test]
    fn predefined_variables() {
        // [D] UG eb-transform-target-input, predefined variables
        template(json!({}), r#"{"r": <aws.events.rule-name>}"#, r#"{"r":"r"}"#);
        template(json!({}), r#""<aws.events.rule-arn>""#, &format!("\"{RULE}\""));
        template(json!({}), "<aws.events.event.ingestion-time>", r#""2026-03-02T09:14:09Z""#);
        template(json!({}), "<aws.events.event.json>", &event().text());
        template(
            json!({}),
            "<aws.events.event>",
            r#"{"id":"i","account":"111122223333","detailType":"T","time":"2026-03-02T09:14:07Z","source":"s","region":"us-east-1","resources":[],"version":"0"}"#,
        );
    }

    #[test]
    fn templates_are_checked() {
        let transformer = |template: &str| InputTransformer {
            input_paths_map: [("a".to_owned(), "$.detail".to_owned())].into(),
            input_template: template.into(),
        };
        // [V] test_events_inputs: contains invalid placeholder
        assert_eq!(unknown_placeholder(&transformer("<a> <aws.events.rule-arn> <b>")).as_deref(), Some("b"));
        assert_eq!(unknown_placeholder(&transformer("<a> < b>")), None);
        for good in [r#"{"a": <a>}"#, r#""text <a>""#, "\"one\"\n\"two <a>\"", "<a>", "\"line\n<a>\""] {
            assert_eq!(not_json(good), None, "{good}");
        }
        for bad in ["hello <a>", r#"{"a": <a>"#, r#"{"a" <a>}"#] {
            assert!(not_json(bad).is_some(), "{bad}");
        }
    }
}
