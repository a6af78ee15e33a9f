//! Reading scenario files: a full scenario, a bare CloudTrail record or log file, or a bare EventBridge event.

use std::io::Read;
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

/// Most records of a log file that are run on one fork, which keeps all that comes of them in memory.
const PART: usize = 500;

impl Loaded {
    /// The parts of a long log file, each to be run on a fork of its own, so that memory does not grow with its length.
    /// Everything else is one part.
    pub fn into_parts(self) -> Vec<Self> {
        let Loaded { name, path, scenario } = self;
        let mut scenario = match scenario {
            Ok(scenario) if scenario.records.len() > PART => scenario,
            scenario => return vec![Loaded { name, path, scenario }],
        };
        let records = std::mem::take(&mut scenario.records);
        if scenario != Scenario::default() {
            return vec![Loaded { name, path, scenario: Ok(Scenario { records, ..scenario }) }];
        }
        let parts = records.chunks(PART).enumerate().map(|(number, part)| {
            let first = number * PART + 1;
            Loaded {
                name: format!("{name}, records {first} to {}", first + part.len() - 1),
                path: path.clone(),
                scenario: Ok(Scenario { records: part.to_vec(), ..Scenario::default() }),
            }
        });
        parts.collect()
    }
}

/// Returns true if this file is the scenario `folder/name`. The name in a report depends on the folder that the command names,
/// the path does not.
pub(crate) fn is_scenario(file: &Path, name: &str) -> bool {
    let file = std::path::absolute(file).unwrap_or_else(|_| file.to_path_buf());
    file.with_extension("").ends_with(name)
}

/// The scenarios at a path: the file, or every `.json` and `.json.gz` below the folder but for `schema.json`, in order.
/// `-` is standard input.
pub fn find(path: &Path) -> Result<Vec<Loaded>, ScenarioError> {
    let wrong = |reason: String| ScenarioError::Path { path: path.to_path_buf(), reason };
    if path == Path::new("-") {
        let (name, path) = ("standard-input".to_owned(), path.to_path_buf());
        return Ok(vec![Loaded { name, scenario: load(&path), path }]);
    }
    let metadata = std::fs::metadata(path).map_err(|error| wrong(error.to_string()))?;
    if !metadata.is_dir() {
        let name = stem(&path.file_name().unwrap_or_default().to_string_lossy());
        return Ok(vec![Loaded { name, path: path.to_path_buf(), scenario: load(path) }]);
    }
    let mut loaded = Vec::new();
    for entry in walkdir::WalkDir::new(path).follow_links(true).sort_by_file_name() {
        let entry = entry.map_err(|error| wrong(error.to_string()))?;
        let file_name = entry.file_name().to_string_lossy().to_lowercase();
        let is_json = file_name.ends_with(".json") || file_name.ends_with(".json.gz");
        if entry.file_type().is_dir() || !is_json || file_name == "schema.json" {
            continue;
        }
        let file = entry.path();
        let relative = file.strip_prefix(path).unwrap_or(file).to_string_lossy();
        let name = stem(&relative).replace(std::path::MAIN_SEPARATOR, "/");
        loaded.push(Loaded { name, path: file.to_path_buf(), scenario: load(file) });
    }
    if loaded.is_empty() {
        return Err(ScenarioError::Empty { path: path.to_path_buf() });
    }
    Ok(loaded)
}

/// A file's name without `.gz` and without its ending.
fn stem(name: &str) -> String {
    let ending = |name: &str, ending: &str| name.to_lowercase().ends_with(ending);
    let name = if ending(name, ".gz") { &name[..name.len() - 3] } else { name };
    Path::new(name).with_extension("").to_string_lossy().into_owned()
}

/// Reads one file; `-` is standard input.
pub fn load(path: &Path) -> Result<Scenario, ScenarioError> {
    let text = read_text(path).map_err(|reason| ScenarioError::Path { path: path.to_path_buf(), reason })?;
    parse(path, &text)
}

/// The text of a file, or of standard input for `-`: gzip is unpacked, and a byte-order mark is left out.
///
/// # Errors
/// The reason, without the path.
pub fn read_text(path: &Path) -> Result<String, String> {
    let mut bytes = Vec::new();
    let read = match path == Path::new("-") {
        true => std::io::stdin().read_to_end(&mut bytes).map(drop),
        false => std::fs::read(path).map(|read| bytes = read),
    };
    read.map_err(|error| error.to_string())?;
    // gzip's magic number, whatever the name says.
    if bytes.starts_with(&[0x1f, 0x8b]) {
        let mut unpacked = Vec::new();
        flate2::read::MultiGzDecoder::new(bytes.as_slice())
            .read_to_end(&mut unpacked)
            .map_err(|error| format!("not a gzip file: {error}"))?;
        bytes = unpacked;
    }
    let text = String::from_utf8(bytes).map_err(|error| format!("not UTF-8 text: {error}"))?;
    Ok(text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text))
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
    // The names of variables are texts, and so are their values: what was JSON stays JSON.
    read(path, &text, serde_json::from_str(&text).unwrap_or(value))
}

fn read(path: &Path, text: &str, value: Value) -> Result<Scenario, ScenarioError> {
    let path_of = || path.to_path_buf();
    match &value {
        Value::Array(items) if items.first().is_some_and(|item| Form::of(item) == Form::Event) => {
            check(path, "", items, Form::Event)?;
            return Ok(Scenario { events: items.clone(), ..Scenario::default() });
        }
        Value::Array(items) if !items.is_empty() => {
            check(path, "", items, Form::Record)?;
            return Ok(Scenario { records: items.clone(), ..Scenario::default() });
        }
        Value::Object(members) => {
            // A log file as CloudTrail writes it into its bucket.
            if let Some(Value::Array(records)) = members.get("Records").filter(|_| !members.contains_key("records")) {
                if records.is_empty() {
                    return Err(ScenarioError::Unknown { path: path_of() });
                }
                check(path, "Records", records, Form::Record)?;
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
        let reason = plain(&without_position(&inner.to_string()));
        let place = Place::at(text, inner.line(), inner.column());
        // The parser does not know the name of a member whose names are not free: an alerter's.
        let at = at.replace('?', place.last_of(text, &["slack", "pagerduty"]).unwrap_or("?"));
        let within = if at == "." { String::new() } else { format!(" (at `{at}`)") };
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
    if scenario.steps().is_empty() && scenario.calls.is_empty() {
        return Err(ScenarioError::Unknown { path: path_of() });
    }
    check(path, "records", &scenario.records, Form::Record)?;
    check(path, "events", &scenario.events, Form::Event)?;
    Ok(scenario)
}

/// What a value is, by its members.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Record,
    Event,
    LogFile,
    OtherObject,
    Array,
    Text,
    Other,
}

impl Form {
    fn of(value: &Value) -> Self {
        match value {
            Value::Object(members) if members.contains_key("detail-type") && members.contains_key("detail") => {
                Self::Event
            }
            Value::Object(_) if is_record(value) => Self::Record,
            Value::Object(members) if members.contains_key("Records") => Self::LogFile,
            Value::Object(_) => Self::OtherObject,
            Value::Array(_) => Self::Array,
            Value::String(_) => Self::Text,
            _ => Self::Other,
        }
    }

    fn noun(self) -> &'static str {
        match self {
            Self::Record => "a CloudTrail record",
            Self::Event => "an EventBridge event",
            Self::LogFile => "a CloudTrail log file",
            Self::OtherObject => "an object with neither `eventSource` and `eventName` nor `detail-type` and `detail`",
            Self::Array => "an array",
            Self::Text => "a string",
            Self::Other => "neither an object nor an array",
        }
    }

    fn help(self) -> &'static str {
        match self {
            Self::Record => "; put it into `records`",
            Self::Event => "; put it into `events`",
            Self::LogFile => "; put the records themselves into `records`",
            Self::OtherObject | Self::Array | Self::Text | Self::Other => "",
        }
    }
}

/// Whether all items are of a form: whatever cannot be injected must not pass as silent.
fn check(path: &Path, member: &str, items: &[Value], expected: Form) -> Result<(), ScenarioError> {
    match items.iter().map(Form::of).enumerate().find(|(_, form)| *form != expected) {
        None => Ok(()),
        Some((place, found)) => Err(ScenarioError::Item {
            path: path.to_path_buf(),
            at: format!("{member}[{place}]"),
            expected: expected.noun(),
            found: found.noun(),
            help: found.help(),
        }),
    }
}

/// Whether the value looks like a CloudTrail record. Any one of these is never found elsewhere.
fn is_record(value: &Value) -> bool {
    ["eventSource", "eventName", "eventType", "eventID", "userIdentity"].iter().any(|key| value.get(key).is_some())
}

/// The parser's message without names of Rust's types.
fn plain(message: &str) -> String {
    let types = [
        ("expected u64", "expected a whole number, 0 or more"),
        ("expected u32", "expected a whole number, 0 or more"),
        ("expected u16", "expected a whole number from 0 to 65535"),
        ("expected a sequence", "expected an array"),
        ("invalid type: map", "invalid type: object"),
        ("invalid type: sequence", "invalid type: array"),
        ("expected a map", "expected an object"),
        ("expected struct", "expected an object of type"),
    ];
    types.iter().fold(message.to_owned(), |message, (from, to)| message.replace(from, to))
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
        let cases: [(&str, &[&str]); 27] = [
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
                &["x.json:1:43: invalid type", "expected a whole number, 0 or more (at `expect.login`)"],
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
            (
                "{\"records\": [{}], \"faults\": {\"slack\": [], \"pagerduty\": [{\"times\": \"x\"}]}}",
                &["(at `faults.pagerduty[0].times`)"],
            ),
            // Items that cannot be injected: each would pass as silent.
            (
                "{\"records\": [{\"Records\": [{\"eventName\": \"a\"}]}], \"expect\": {}}",
                &["x.json: `records[0]`: expected a CloudTrail record, found a CloudTrail log file; put the records"],
            ),
            ("{\"records\": [\"x\"]}", &["`records[0]`: expected a CloudTrail record, found a string"]),
            ("{\"records\": [null]}", &["`records[0]`: expected a CloudTrail record, found neither an object"]),
            (
                "{\"records\": [[{\"eventName\": \"a\"}]]}",
                &["`records[0]`: expected a CloudTrail record, found an array"],
            ),
            (
                "{\"records\": [{\"detail-type\": \"x\", \"detail\": {\"eventName\": \"a\"}}]}",
                &["`records[0]`", "found an EventBridge event; put it into `events`"],
            ),
            (
                "{\"events\": [{\"eventName\": \"a\"}]}",
                &["`events[0]`: expected an EventBridge event, found a CloudTrail record; put it into `records`"],
            ),
            ("{\"records\": [{\"eventName\": \"a\"}, \"garbage\"]}", &["`records[1]`"]),
            ("[{\"eventName\": \"a\"}, \"garbage\"]", &["`[1]`: expected a CloudTrail record, found a string"]),
            ("{\"Records\": [{\"eventName\": \"a\"}, {}]}", &["`Records[1]`", "found an object with neither"]),
            ("{\"records\": [{}], \"faults\": {\"slak\": []}}", &["unknown variant `slak`", "did you mean `slack`?"]),
            ("{\"records\": {}}", &["x.json:1:12: invalid type: object, expected an array (at `records`)"]),
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
        for text in ["{}", "3", "[]", "null", "{\"Records\": []}", "{\"title\": \"nothing to inject\"}"] {
            let error = parse(Path::new("x.json"), text).unwrap_err().to_string();
            assert!(error.contains("neither a scenario"), "{text}: {error}");
        }
    }

    /// A folder's scenarios, whatever the spelling of their ending, behind links and packed; nothing is skipped silently.
    #[test]
    fn only_long_log_files_are_run_in_parts() {
        let record = serde_json::json!({"eventSource": "iam.amazonaws.com", "eventName": "GetUser"});
        let loaded = |records: usize, title: &str| Loaded {
            name: "trail".to_owned(),
            path: "trail.json".into(),
            scenario: Ok(Scenario {
                records: vec![record.clone(); records],
                title: title.to_owned(),
                ..Scenario::default()
            }),
        };
        for (records, title, expected) in [
            (500, "", vec![("trail", 500)]),
            (501, "", vec![("trail, records 1 to 500", 500), ("trail, records 501 to 501", 1)]),
            (501, "a scenario", vec![("trail", 501)]),
        ] {
            let parts = loaded(records, title).into_parts();
            let found: Vec<(&str, usize)> =
                parts.iter().map(|part| (part.name.as_str(), part.scenario.as_ref().unwrap().records.len())).collect();
            assert_eq!(found, expected, "{records} {title}");
        }
    }

    #[test]
    fn finds_links_endings_and_packed_files() {
        let folder = tempfile::tempdir().unwrap();
        let record = r#"{"eventName": "a", "eventSource": "iam.amazonaws.com"}"#;
        let write = |name: &str, bytes: &[u8]| std::fs::write(folder.path().join(name), bytes).unwrap();
        let elsewhere = tempfile::tempdir().unwrap();
        std::fs::write(elsewhere.path().join("linked.json"), record).unwrap();
        write("UPPER.JSON", record.as_bytes());
        write("bom.json", format!("\u{feff}{record}").as_bytes());
        let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        std::io::Write::write_all(&mut gz, record.as_bytes()).unwrap();
        write("trail.json.gz", &gz.finish().unwrap());
        write("notes.md", b"no scenario");
        write("schema.json", b"{}");
        std::os::unix::fs::symlink(elsewhere.path().join("linked.json"), folder.path().join("link.json")).unwrap();
        std::os::unix::fs::symlink(elsewhere.path(), folder.path().join("more")).unwrap();
        let found = find(folder.path()).unwrap();
        let names: Vec<&str> = found.iter().map(|loaded| loaded.name.as_str()).collect();
        assert_eq!(names, ["UPPER", "bom", "link", "more/linked", "trail"]);
        assert!(found.iter().all(|loaded| loaded.scenario.is_ok()), "{found:?}");
        assert_eq!(find(&folder.path().join("trail.json.gz")).unwrap()[0].name, "trail");
        std::os::unix::fs::symlink("nowhere.json", folder.path().join("dangling.json")).unwrap();
        assert!(find(folder.path()).unwrap_err().to_string().contains("dangling.json"));
        write("bad.json", &[0xff, 0xfe]);
        assert!(load(&folder.path().join("bad.json")).unwrap_err().to_string().contains("not UTF-8 text"));
    }
}
