//! The tables in `tests/data/event-patterns`: recorded answers of AWS, and cases of our own with their sources.

use std::fs;
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::{EventPattern, FilterPolicy, FilterPolicyScope, FlatEvent, MatchResult};

fn data() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/event-patterns")
}

fn table<T: DeserializeOwned>(name: &str) -> T {
    let path = data().join(name);
    serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap_or_else(|error| panic!("{path:?}: {error}"))
}

/// Whether the pattern matches, by all ways to ask.
fn matches(pattern: &EventPattern, event: &Value) -> bool {
    let matches = pattern.matches(event);
    assert_eq!(pattern.explain(event).is_match(), matches, "explain and matches differ: {} {event}", pattern.text());
    assert_eq!(pattern.matches_flat(&FlatEvent::from(event)), matches);
    matches
}

#[test]
fn recorded_answers_of_aws() {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Vector {
        event: Value,
        event_pattern: Value,
    }
    let messages: Value = table("messages.json");
    let (mut count, mut failures) = (0, Vec::new());
    for entry in fs::read_dir(data()).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "json5") {
            continue;
        }
        count += 1;
        let file = path.file_name().unwrap().to_string_lossy().into_owned();
        let vector: Vector = json5::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
        let answer = match EventPattern::parse(&vector.event_pattern.to_string()) {
            Ok(pattern) => matches(&pattern, &vector.event).to_string(),
            Err(error) => error.aws_message().lines().next().unwrap().to_owned(),
        };
        let expected = match path.file_stem().unwrap().to_string_lossy() {
            stem if stem.ends_with("_NEG") => "false".to_owned(),
            stem if stem.ends_with("_EXC") => messages[&file].as_str().unwrap().to_owned(),
            _ => "true".to_owned(),
        };
        if answer != expected {
            failures.push(format!("{file}: expected {expected}, answered {answer}"));
        }
    }
    assert_eq!(failures, Vec::<String>::new());
    assert_eq!(count, 107);
}

/// The pair of the recorded answers that is raw text, because its pattern repeats a key.
#[test]
fn recorded_answer_to_a_repeated_key() {
    let event: Value = table("complex_multi_key_event.json");
    let pattern = fs::read_to_string(data().join("complex_multi_key_event_pattern.json")).unwrap();
    assert!(matches(&EventPattern::parse(&pattern).unwrap(), &event));
}

#[test]
fn operators() {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Case {
        name: String,
        source: String,
        /// As a value, or as text where the spelling matters.
        pattern: Option<Value>,
        text: Option<String>,
        matches: Vec<Value>,
        differs: Vec<Value>,
    }
    let mut failures = Vec::new();
    for case in table::<Vec<Case>>("own/operators.json") {
        let name = format!("{} {}", case.name, case.source);
        let text = case.text.unwrap_or_else(|| case.pattern.unwrap().to_string());
        let pattern = EventPattern::parse(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(!case.matches.is_empty() && !case.differs.is_empty(), "{name}: show both sides");
        for (events, expected) in [(&case.matches, true), (&case.differs, false)] {
            for event in events {
                if matches(&pattern, event) != expected {
                    failures.push(format!("{name}: {event} should {}match", if expected { "" } else { "not " }));
                }
            }
        }
    }
    assert_eq!(failures, Vec::<String>::new());
}

#[test]
fn errors() {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Case {
        text: String,
        reason: String,
        /// The end of the location; `null` expects none, absence expects one that is not compared.
        #[serde(default, deserialize_with = "present")]
        location: Option<Option<String>>,
        source: String,
    }
    fn present<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Option<String>>, D::Error> {
        Option::deserialize(deserializer).map(Some)
    }
    let mut failures = Vec::new();
    for case in table::<Vec<Case>>("own/errors.json") {
        let Err(error) = EventPattern::parse(&case.text) else {
            failures.push(format!("{} {}: accepted", case.text, case.source));
            continue;
        };
        assert_eq!(error.to_string(), error.reason());
        let head = format!("Event pattern is not valid. Reason: {}", case.reason);
        let quoted = format!("{head}\n at [Source: (String)\"{}\"; ", case.text);
        let message = error.aws_message();
        let as_expected = match &case.location {
            None => message.starts_with(&quoted),
            Some(None) => message == head,
            Some(Some(location)) => message == format!("{quoted}{location}]"),
        };
        if !as_expected {
            failures.push(format!("{} {}: {message}", case.text, case.source));
        }
    }
    assert_eq!(failures, Vec::<String>::new());
}

#[test]
fn filter_policies() {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Table {
        matching: Vec<Matching>,
        errors: Vec<Refused>,
    }
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Matching {
        source: String,
        scope: FilterPolicyScope,
        policy: Value,
        /// Bodies, or attributes as (name, type, value).
        matches: Vec<Message>,
        differs: Vec<Message>,
    }
    #[derive(Debug, Deserialize)]
    #[serde(untagged)]
    enum Message {
        Body(String),
        Attributes(Vec<(String, String, String)>),
    }
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Refused {
        source: String,
        #[serde(default)]
        scope: FilterPolicyScope,
        text: String,
        error: String,
    }
    let table: Table = table("own/filter-policies.json");
    let mut failures = Vec::new();
    for case in table.matching {
        let policy = FilterPolicy::parse(&case.policy.to_string(), case.scope)
            .unwrap_or_else(|error| panic!("{} {}: {error}", case.policy, case.source));
        for (messages, expected) in [(&case.matches, true), (&case.differs, false)] {
            for message in messages {
                let (matched, explained) = match message {
                    Message::Body(body) => (policy.matches_body(body), policy.explain_body(body)),
                    Message::Attributes(attributes) => {
                        let attributes: Vec<(&str, &str, &str)> =
                            attributes.iter().map(|(name, kind, value)| (&**name, &**kind, &**value)).collect();
                        (policy.matches_attributes(&attributes), policy.explain_attributes(&attributes))
                    }
                };
                if matched != expected || explained.is_match() != expected {
                    failures.push(format!("{} {}: {message:?}, {explained}", case.policy, case.source));
                }
            }
        }
    }
    for case in table.errors {
        match FilterPolicy::parse(&case.text, case.scope) {
            Err(error) if error.to_string().lines().next() == Some(case.error.as_str()) => {}
            other => failures.push(format!("{} {}: {other:?}", case.text, case.source)),
        }
    }
    assert_eq!(failures, Vec::<String>::new());
}

#[test]
fn filter_policy_messages_name_the_call() {
    // [V] sns/test_sns.py::test_subscribe_invalid_filter_policy, ::test_validate_set_sub_attributes
    const UNQUOTED: &str =
        "[Source: REDACTED (`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled); line: 1, column:";
    let refuse = |text| FilterPolicy::parse(text, FilterPolicyScope::MessageAttributes).unwrap_err();
    assert_eq!(
        refuse("invalid").subscribe_message(),
        format!(
            "Invalid parameter: Attributes Reason: FilterPolicy: failed to parse JSON. Unrecognized token 'invalid': was \
             expecting (JSON String, Number, Array, Object or token 'null', 'true' or 'false')\n at {UNQUOTED} 8]"
        )
    );
    assert_eq!(
        refuse("{invalidjson}").set_attributes_message(),
        format!(
            "Invalid parameter: FilterPolicy: failed to parse JSON. Unexpected character ('i' (code 105)): was expecting \
             double-quote to start field name\n at {UNQUOTED} 2]"
        )
    );
    let error = "Body".parse::<FilterPolicyScope>().unwrap_err();
    assert_eq!(
        error.set_attributes_message(),
        "Invalid parameter: FilterPolicyScope: Invalid value [Body]. Please use either MessageBody or MessageAttributes"
    );
}

#[test]
fn explanations() {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Case {
        pattern: Value,
        event: Value,
        path: String,
        expected: String,
        found: String,
    }
    for Case { pattern, event, path, expected, found } in table::<Vec<Case>>("own/explanations.json") {
        let compiled = EventPattern::parse(&pattern.to_string()).unwrap();
        assert_eq!(compiled.explain(&event), MatchResult::NoMatch { path, expected, found }, "{pattern} {event}");
    }
}

#[test]
fn too_many_combinations_are_refused_early() {
    let or = |key: usize| {
        let objects: Vec<Value> = (0..10).map(|value| json!({ (format!("k{key}")): [value] })).collect();
        json!({ "$or": objects })
    };
    let pattern = |depth: usize| {
        let mut pattern = serde_json::Map::new();
        for key in 0..depth {
            pattern.insert(format!("o{key}"), or(key));
        }
        EventPattern::parse(&Value::Object(pattern).to_string())
    };
    assert!(pattern(3).is_ok(), "1,000 combinations are allowed [D]");
    assert!(pattern(4).unwrap_err().reason().starts_with("Rule is too complex"));
    assert!(pattern(40).unwrap_err().reason().starts_with("Rule is too complex"));
}

/// [R] MachineComplexityEvaluator.java for what is counted; the limit [?], the message [T]
#[test]
fn wildcards_that_one_value_could_match_in_many_ways_are_refused() {
    for (wildcards, refused) in [
        (json!(["*:*:*:*:*:event-bus/*"]), true),
        (json!(["a*a*a*a*a*a*a*a*a*a*"]), true),
        (json!(["*/dir/*"]), false),
        (json!(["arn:aws:events:*:*:event-bus/*"]), false),
        (json!(["*.png", "*.jpg", "*.gif", "dir/*", "*/init/*"]), false),
        (json!(["*ab*ab*", "*ab*abc*", "*ab*abd*", "*ab*"]), true),
    ] {
        let alternatives: Vec<Value> =
            wildcards.as_array().unwrap().iter().map(|text| json!({"wildcard": text})).collect();
        let found = EventPattern::parse(&json!({"detail": {"arn": alternatives}}).to_string());
        let message = found.err().map(|error| error.aws_message());
        let expected = "Event pattern is not valid. Reason: Rule is too complex - try using fewer wildcard characters or fewer \
                        repeating character sequences after a wildcard character";
        assert_eq!(message.as_deref(), refused.then_some(expected), "{wildcards}");
    }
}

#[test]
fn long_patterns_are_quoted_in_part() {
    let text = format!("{{\"{}\": 1}}", "x".repeat(600));
    let message = EventPattern::parse(&text).unwrap_err().aws_message();
    assert!(
        message.contains(&format!("(String)\"{}\"[truncated 107 chars]; line: 1, column: 607]", &text[..500])),
        "{message}"
    );
}

#[test]
fn nesting_has_a_limit() {
    let nested = |depth: usize| format!("{}[1]{}", "{\"a\":".repeat(depth), "}".repeat(depth));
    assert!(EventPattern::parse(&nested(900)).is_ok());
    assert!(EventPattern::parse(&nested(998)).is_ok());
    assert!(EventPattern::parse(&nested(5000)).unwrap_err().reason().starts_with("Document nesting depth"));
    let nested =
        |depth: usize| format!("{{{}\"a\":[1]{}}}", "\"$or\":[{\"b\":[1]},{".repeat(depth), "}]".repeat(depth));
    assert!(EventPattern::parse(&nested(490)).is_ok());
    assert!(EventPattern::parse(&nested(5000)).unwrap_err().reason().starts_with("Document nesting depth"));
}

/// Every array of the event lies in the pattern's way, and nothing matches until the last.
#[test]
fn many_array_elements_do_not_multiply() {
    let many: Vec<Value> = (0..300).map(|index| json!({ "x": 1, "y": index % 7 })).collect();
    let event = json!({ "a": many, "b": many, "c": many, "d": many });
    let field = json!({ "x": [1], "y": [{ "exists": true }] });
    let mut pattern = json!({ "a": field, "b": field, "c": field, "d": field });
    assert!(matches(&EventPattern::parse(&pattern.to_string()).unwrap(), &event));
    pattern["d"] = json!({ "x": [1], "y": [9] });
    assert!(!matches(&EventPattern::parse(&pattern.to_string()).unwrap(), &event));
}

#[test]
fn patterns_are_saved_as_their_text() {
    let text = "{\"a\": [1], \"a\": [2]}";
    let saved = serde_json::to_string(&EventPattern::parse(text).unwrap()).unwrap();
    assert_eq!(serde_json::from_str::<EventPattern>(&saved).unwrap().text(), text);
    let policy = FilterPolicy::parse("{\"a\":[1]}", FilterPolicyScope::MessageBody).unwrap();
    let saved = serde_json::to_string(&policy).unwrap();
    assert_eq!(serde_json::from_str::<FilterPolicy>(&saved).unwrap(), policy);
}

fn leaf() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-3_i64..3).prop_map(Value::from),
        "[ab*\\\\]{0,3}".prop_map(Value::from),
    ]
}

fn event() -> impl Strategy<Value = Value> {
    leaf().prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::btree_map("[abc]", inner, 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// One way to choose a leaf for every field, the slow and obvious way: an element of every array is fixed first.
fn obvious(fields: &[(&str, &Value)], event: &Value) -> bool {
    /// Every event that remains when one element is chosen of each array that holds objects or arrays.
    fn choices(value: &Value) -> Vec<Value> {
        match value {
            Value::Object(members) => {
                let mut all = vec![serde_json::Map::new()];
                for (key, member) in members {
                    let options = choices(member);
                    all = all
                        .iter()
                        .flat_map(|partial| {
                            options.iter().map(move |option| {
                                let mut next = partial.clone();
                                next.insert(key.clone(), option.clone());
                                next
                            })
                        })
                        .collect();
                }
                all.into_iter().map(Value::Object).collect()
            }
            Value::Array(elements) => {
                let (deep, flat): (Vec<_>, Vec<_>) =
                    elements.iter().partition(|element| element.is_object() || element.is_array());
                let with = |chosen: Option<Value>| {
                    Value::Array(flat.iter().map(|value| (*value).clone()).chain(chosen).collect())
                };
                if deep.is_empty() {
                    return vec![with(None)];
                }
                deep.into_iter().flat_map(choices).map(|chosen| with(Some(chosen))).collect()
            }
            scalar => vec![scalar.clone()],
        }
    }
    fn leaves(value: &Value, path: &str, wanted: &str, found: &mut Vec<Value>) {
        match value {
            Value::Object(members) => {
                for (key, member) in members {
                    let below = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                    leaves(member, &below, wanted, found);
                }
            }
            Value::Array(elements) => elements.iter().for_each(|element| leaves(element, path, wanted, found)),
            scalar if path == wanted => found.push(scalar.clone()),
            _ => {}
        }
    }
    event.is_object()
        && choices(event).iter().any(|choice| {
            fields.iter().all(|(path, expected)| {
                let mut found = Vec::new();
                leaves(choice, "", path, &mut found);
                found.contains(expected)
            })
        })
}

proptest! {
    #[test]
    fn array_consistency_agrees_with_the_obvious_way(
        event in event(),
        fields in proptest::collection::btree_map(
            prop_oneof![Just("a"), Just("b"), Just("a.a"), Just("a.b"), Just("b.a"), Just("a.a.b"), Just("a.c.a")], leaf(), 1..4),
    ) {
        let pattern: serde_json::Map<String, Value> =
            fields.iter().map(|(path, value)| ((*path).to_owned(), json!([value]))).collect();
        let pattern = EventPattern::parse(&Value::Object(pattern).to_string()).unwrap();
        let fields: Vec<(&str, &Value)> = fields.iter().map(|(path, value)| (*path, value)).collect();
        prop_assert_eq!(matches(&pattern, &event), obvious(&fields, &event));
    }

    /// Whatever is written, parsing answers, and its errors have two lines at most in addition to what they quote.
    #[test]
    fn any_text_is_answered(text in "[ \\{\\}\\[\\]:,\"$a-c0-2.eE*\\\\\n-]{0,40}|\\PC{0,40}") {
        if let Err(error) = EventPattern::parse(&text) {
            prop_assert!(!error.reason().is_empty());
        }
    }

    /// A pattern that was cut off is refused, and never a panic.
    #[test]
    fn broken_patterns_are_refused(cut in 0_usize..120) {
        let text = json!({ "a": ["ü", 1.5e3, { "anything-but": { "prefix": ["x"] } }], "$or": [{ "b": [null] }, { "c": { "d": [true] } }] }).to_string();
        let cut = text.floor_char_boundary(cut.min(text.len() - 1));
        prop_assert!(EventPattern::parse(&text[..cut]).is_err());
    }
}
