//! Reading scenario files: a full scenario, a bare CloudTrail record or log file, or a bare EventBridge event.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::error::{Place, ScenarioError};
use super::{Scenario, variables};

/// A scenario with the file that it came from.
#[derive(Clone, Debug, PartialEq)]
pub struct Loaded {
    /// The file's path below the folder that was asked for, without its ending: the scenario's name.
    pub name: String,
    /// The file.
    pub path: PathBuf,
    /// What it says, or why it cannot be read.
    pub scenario: Result<Scenario, ScenarioError>,
}

/// The scenarios at a path: the file, or every `.json` below the folder but for `schema.json`, in order.
pub fn find(path: &Path) -> Result<Vec<Loaded>, ScenarioError> {
    let wrong = |reason: String| ScenarioError::Path { path: path.to_path_buf(), reason };
    let metadata = std::fs::metadata(path).map_err(|error| wrong(error.to_string()))?;
    if metadata.is_file() {
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        return Ok(vec![Loaded { name, path: path.to_path_buf(), scenario: load(path) }]);
    }
    let mut loaded = Vec::new();
    for entry in walkdir::WalkDir::new(path).sort_by_file_name() {
        let entry = entry.map_err(|error| wrong(error.to_string()))?;
        let file = entry.path();
        if !entry.file_type().is_file() || file.extension().is_none_or(|ending| ending != "json") {
            continue;
        }
        if entry.file_name() == "schema.json" {
            continue;
        }
        let relative = file.strip_prefix(path).unwrap_or(file).with_extension("");
        let name = relative.to_string_lossy().replace(std::path::MAIN_SEPARATOR, "/");
        loaded.push(Loaded { name, path: file.to_path_buf(), scenario: load(file) });
    }
    if loaded.is_empty() {
        return Err(ScenarioError::Empty { path: path.to_path_buf() });
    }
    Ok(loaded)
}

/// Reads one file.
pub fn load(path: &Path) -> Result<Scenario, ScenarioError> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| ScenarioError::Path { path: path.to_path_buf(), reason: error.to_string() })?;
    parse(path, &text)
}

/// The events of a text: what a file could hold. The path is for error messages.
pub fn events_of(path: &Path, text: &str) -> Result<Scenario, ScenarioError> {
    parse(path, text)
}

fn parse(path: &Path, text: &str) -> Result<Scenario, ScenarioError> {
    let path_of = || path.to_path_buf();
    let value: Value = serde_json::from_str(text).map_err(|error| ScenarioError::Json {
        path: path_of(),
        place: Place::at(text, error.line(), error.column()),
        reason: without_position(&error.to_string()),
    })?;
    let Some(text) = variables::resolve(path, text)? else { return read(path, text, value) };
    // The names of variables are texts, and so is what stands for them: what was JSON stays JSON.
    read(path, &text, serde_json::from_str(&text).unwrap_or(value))
}

fn read(path: &Path, text: &str, value: Value) -> Result<Scenario, ScenarioError> {
    let path_of = || path.to_path_buf();
    match &value {
        Value::Array(records) if !records.is_empty() && records.iter().all(is_record) => {
            return Ok(Scenario { records: records.clone(), ..Scenario::default() });
        }
        Value::Object(members) => {
            // A log file as CloudTrail writes it into its bucket.
            if let Some(Value::Array(records)) = members.get("Records") {
                return Ok(Scenario { records: records.clone(), ..Scenario::default() });
            }
            if members.contains_key("detail-type") && members.contains_key("detail") {
                return Ok(Scenario { events: vec![value], ..Scenario::default() });
            }
            let full =
                ["records", "events", "put_events", "expect", "title"].iter().any(|key| members.contains_key(*key));
            if is_record(&value) && !full {
                return Ok(Scenario { records: vec![value], ..Scenario::default() });
            }
        }
        _ => return Err(ScenarioError::Unknown { path: path_of() }),
    }
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let scenario: Scenario = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let at = error.path().to_string();
        let inner = error.into_inner();
        let reason = without_position(&inner.to_string());
        let within = if at == "." { String::new() } else { format!(" (at `{at}`)") };
        let place = Place::at(text, inner.line(), inner.column());
        ScenarioError::Member {
            path: path_of(),
            place: match unknown(&reason) {
                Some(key) => place.back_to(text, &format!("\"{key}\"")),
                None => place,
            },
            hint: nearest(&reason).map(|key| format!("; did you mean `{key}`?")).unwrap_or_default(),
            reason: format!("{reason}{within}"),
        }
    })?;
    if scenario.steps().is_empty() {
        return Err(ScenarioError::Unknown { path: path_of() });
    }
    Ok(scenario)
}

/// Whether the value looks like a CloudTrail record. Any one of these is never found elsewhere.
fn is_record(value: &Value) -> bool {
    ["eventSource", "eventName", "eventType", "eventID", "userIdentity"].iter().any(|key| value.get(key).is_some())
}

fn without_position(message: &str) -> String {
    message.split(" at line ").next().unwrap_or(message).to_owned()
}

/// For ``unknown field `recods`, expected one of `a`, `b` ``: what was found.
fn unknown(reason: &str) -> Option<&str> {
    let quoted = reason.strip_prefix("unknown field ").or_else(|| reason.strip_prefix("unknown variant "))?;
    quoted.split('`').nth(1)
}

/// And the expected key that is nearest.
fn nearest(reason: &str) -> Option<String> {
    let found = unknown(reason)?;
    let expected = reason.split_once(", expected ")?.1;
    expected
        .split('`')
        .skip(1)
        .step_by(2)
        .map(|key| (strsim::damerau_levenshtein(found, key), key))
        .filter(|(distance, key)| *distance <= key.len().div_ceil(2))
        .min()
        .map(|(_, key)| key.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_that_are_scenarios() {
        let cases = [
            (r#"{"eventSource": "iam.amazonaws.com"}"#, 1),
            (r#"{"Records": [{"eventName": "a"}, {"eventName": "b"}]}"#, 2),
            (r#"[{"eventName": "a"}]"#, 1),
            (r#"{"detail-type": "x", "detail": {}}"#, 1),
            (r#"{"title": "t", "records": [{"eventName": "a"}], "expect": {"login": 1}}"#, 1),
        ];
        for (text, steps) in cases {
            assert_eq!(parse(Path::new("x.json"), text).map(|scenario| scenario.steps().len()), Ok(steps), "{text}");
        }
    }

    /// What is wrong, and what the error must say: where, what was found, and the nearest key.
    #[test]
    fn errors_point_into_the_file() {
        let cases: [(&str, &[&str]); 17] = [
            (
                "{\n  \"records\": [,]\n}",
                &["x.json:2:15: not JSON: expected value", "2 |   \"records\": [,]", "  |               ^"],
            ),
            ("{\"records\": [{}]", &["x.json:1:16: not JSON: EOF while parsing an object"]),
            ("", &["x.json:1:1: not JSON: EOF while parsing a value"]),
            ("{\"title\": \"a\tb\"}", &["x.json:1:13: not JSON: control character"]),
            (
                "{\n\"recods\": [{}], \"title\": \"t\"}",
                &[
                    "x.json:2:1: unknown field `recods`",
                    "did you mean `records`?",
                    "2 | \"recods\": [{}]",
                    "  | ^^^^^^^^",
                ],
            ),
            (
                "{\"records\": [{}], \"expect\": {\"login\": \"one\"}}",
                &["x.json:1:43: invalid type", "expected u64 (at `expect.login`)"],
            ),
            ("{\"records\": [{}], \"expect\": {\"login\": -1}}", &["x.json:1:40: invalid value: integer `-1`"]),
            (
                "{\"records\": [{}],\n \"expect\": {\"logins\": 1}}",
                &["x.json:2:13: unknown field `logins`", "(at `expect.logins`)", "did you mean `login`?"],
            ),
            (
                "{\"records\": [{}], \"expect\": {\"stopped_at\": \"rules\"}}",
                &["unknown variant `rules`", "did you mean `rule`?"],
            ),
            ("{\"records\": [{}], \"faults\": {\"slak\": []}}", &["unknown variant `slak`", "did you mean `slack`?"]),
            ("{\"records\": {}}", &["x.json:1:12: invalid type: map, expected a sequence (at `records`)"]),
            ("{\"put_events\": [{\"account\": \"spoke\"}]}", &["missing field `source` (at `put_events[0]`)"]),
            ("{\"records\": [{}], \"records\": [{}], \"title\": \"t\"}", &["duplicate field `records`"]),
            ("{\"a\": 1}", &["x.json:1:2: unknown field `a`"]),
            (
                "{\"records\": [{\"recipientAccountId\": \"${spoke_acount}\"}]}",
                &["x.json:1:38: there is no variable `spoke_acount`", "did you mean `spoke_account`?"],
            ),
            (
                "{\"records\": [{}], \"deployment\": {\"spokes\": [\"12345\"]}}",
                &["x.json:1:", "`12345` is no account id: expected 12 digits (at `deployment.spokes[0]`)"],
            ),
            ("{\"records\": [{\"eventTime\": \"${time+5x}\"}]}", &["x.json:1:29: `+5x` is no span of time"]),
        ];
        for (text, expected) in cases {
            let error = parse(Path::new("x.json"), text).unwrap_err().to_string();
            for expected in expected {
                assert!(error.contains(expected), "{text}: `{expected}` is not in\n{error}");
            }
        }
        for text in ["{}", "3", "[]", "[1]", "null", "{\"title\": \"nothing to inject\"}"] {
            let error = parse(Path::new("x.json"), text).unwrap_err().to_string();
            assert!(error.contains("neither a scenario"), "{text}: {error}");
        }
    }
}
