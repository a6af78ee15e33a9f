//! Reading scenario files: a full scenario, a bare CloudTrail record or log file, or a bare EventBridge event.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::Scenario;

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

/// Why a scenario cannot be read.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ScenarioError {
    /// The path is wrong.
    #[error("{path}: {reason}; give a scenario file or a folder of them")]
    Path {
        /// What was given.
        path: PathBuf,
        /// The system's reason.
        reason: String,
    },
    /// There is no scenario.
    #[error("{path} holds no scenario: it has no .json file")]
    Empty {
        /// The folder.
        path: PathBuf,
    },
    /// It is not JSON.
    #[error("{path}:{line}:{column}: not JSON: {reason}")]
    Json {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// The column, from 1.
        column: usize,
        /// The parser's reason.
        reason: String,
    },
    /// A member does not fit.
    #[error("{path}:{line}:{column}: {reason}{hint}")]
    Member {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// The column, from 1.
        column: usize,
        /// What is wrong, with the member's path.
        reason: String,
        /// The nearest known key, for a typo.
        hint: String,
    },
    /// It is JSON, but nothing that is known.
    #[error(
        "{path}: neither a scenario (`records`, `events` or `put_events`), nor a CloudTrail record (`eventSource`, \
         `eventName`), nor an EventBridge event (`detail-type`, `detail`)"
    )]
    Unknown {
        /// The file.
        path: PathBuf,
    },
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
        line: error.line(),
        column: error.column(),
        reason: without_position(&error.to_string()),
    })?;
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
        let place = if at == "." { String::new() } else { format!(" (at `{at}`)") };
        ScenarioError::Member {
            path: path_of(),
            line: inner.line(),
            column: inner.column(),
            hint: nearest(&reason).map(|key| format!("; did you mean `{key}`?")).unwrap_or_default(),
            reason: format!("{reason}{place}"),
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

/// For ``unknown field `recods`, expected one of `a`, `b` ``: the expected key that is nearest.
fn nearest(reason: &str) -> Option<String> {
    let mut quoted = reason.strip_prefix("unknown field ")?.split('`').skip(1).step_by(2);
    let found = quoted.next()?;
    quoted
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

    #[test]
    fn errors_point_into_the_file() {
        let cases = [
            ("{\n  \"records\": [,]\n}", "x.json:2:15: not JSON: expected value"),
            ("{\"recods\": [{}], \"title\": \"t\"}", "did you mean `records`?"),
            ("{\"records\": [{}], \"expect\": {\"login\": \"one\"}}", "x.json:1:43: invalid type"),
            ("{\"records\": [{}], \"expect\": {\"logins\": 1}}", "did you mean `login`?"),
            ("{\"a\": 1}", "unknown field `a`"),
            ("{}", "neither a scenario"),
            ("3", "neither a scenario"),
            ("[]", "neither a scenario"),
            ("{\"title\": \"nothing to inject\"}", "neither a scenario"),
        ];
        for (text, expected) in cases {
            let error = parse(Path::new("x.json"), text).unwrap_err().to_string();
            assert!(error.contains(expected), "{text}: {error}");
        }
    }
}
