//! Records become scenario files: redacted, one for each kind that is not covered yet.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::{Shape, covered};
use crate::scenario::{Loaded, Redactor, Scenario, scaffold};

/// What came of a recording.
#[derive(Debug, Default)]
pub struct Written {
    /// The new files.
    pub files: Vec<PathBuf>,
    /// How many records were left out, by the scenario that covers their kind.
    pub skipped: BTreeMap<String, usize>,
    /// What was replaced in the files.
    pub replaced: Redactor,
}

/// Writes a scenario for each kind of record that neither `known` nor an earlier record covers.
///
/// # Errors
/// When a file cannot be written; those before it stay.
pub fn write(
    records: Vec<Value>,
    into: &Path,
    below: &str,
    known: &[Loaded],
    redact: bool,
) -> std::io::Result<Written> {
    let mut shapes = covered(known);
    let mut written = Written::default();
    for mut record in records {
        let shape = Shape::of(&record);
        if let Some(name) = shapes.get(&shape) {
            *written.skipped.entry(name.clone()).or_default() += 1;
            continue;
        }
        let stem = stem(&record);
        let folder = into.join(below);
        let name = (1..)
            .map(|n| if n == 1 { stem.clone() } else { format!("{stem}-{n}") })
            .find(|name| !folder.join(format!("{name}.json")).exists())
            .unwrap_or(stem);
        if redact {
            written.replaced.redact(&mut record);
        }
        let title = format!("{} on {}, as recorded", text(&record, "eventName"), text(&record, "eventSource"));
        let name = if below.is_empty() { name } else { format!("{below}/{name}") };
        let scenario = Scenario { records: vec![record], ..Scenario::default() };
        std::fs::create_dir_all(&folder)?;
        let path = into.join(format!("{name}.json"));
        let file = serde_json::to_string_pretty(&scaffold(&name, &title, &scenario)).map_err(std::io::Error::other)?;
        std::fs::write(&path, file + "\n")?;
        shapes.insert(shape, name);
        written.files.push(path);
    }
    Ok(written)
}

fn text<'a>(record: &'a Value, member: &str) -> &'a str {
    record[member].as_str().unwrap_or("?")
}

/// `ConsoleLogin` that failed becomes `console-login-failure`.
fn stem(record: &Value) -> String {
    let mut parts = vec![kebab(text(record, "eventName"))];
    if record.pointer("/responseElements/ConsoleLogin").is_some_and(|outcome| outcome == "Failure") {
        parts.push("failure".to_owned());
    }
    parts.extend(record["errorCode"].as_str().map(kebab));
    parts.join("-")
}

fn kebab(text: &str) -> String {
    let mut kebab = String::new();
    let letters: Vec<char> = text.chars().collect();
    for (n, c) in letters.iter().enumerate() {
        if !c.is_ascii_alphanumeric() {
            kebab.push('-');
            continue;
        }
        // `MFADevice` is two words.
        let before = n.checked_sub(1).and_then(|n| letters.get(n));
        let after = letters.get(n + 1);
        let begins = c.is_ascii_uppercase()
            && before.is_some_and(|before| !before.is_ascii_uppercase() || after.is_some_and(char::is_ascii_lowercase));
        if begins {
            kebab.push('-');
        }
        kebab.push(c.to_ascii_lowercase());
    }
    let words: Vec<&str> = kebab.split('-').filter(|word| !word.is_empty()).collect();
    if words.is_empty() { "event".to_owned() } else { words.join("-") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn names_of_files() {
        let cases = [
            (
                json!({"eventName": "ConsoleLogin", "responseElements": {"ConsoleLogin": "Failure"}}),
                "console-login-failure",
            ),
            (json!({"eventName": "CreateAccessKey", "errorCode": "AccessDenied"}), "create-access-key-access-denied"),
            (json!({"eventName": "DeactivateMFADevice"}), "deactivate-mfa-device"),
            (json!({"eventName": "../../etc/passwd"}), "etc-passwd"),
            (json!({}), "event"),
        ];
        for (record, name) in cases {
            assert_eq!(stem(&record), name, "{record}");
        }
    }

    #[test]
    fn one_scenario_for_each_kind() {
        let folder = tempfile::tempdir().unwrap();
        let record = |name: &str, account: &str| {
            json!({
                "eventName": name, "eventSource": "iam.amazonaws.com", "recipientAccountId": account,
                "userIdentity": {"type": "Root", "accountId": account, "arn": format!("arn:aws:iam::{account}:root")},
            })
        };
        let known = Loaded {
            name: "activity/known".to_owned(),
            path: "known.json".into(),
            scenario: Ok(Scenario { records: vec![record("CreateUser", "111122223333")], ..Scenario::default() }),
        };
        let records = ["CreateUser", "CreateRole", "CreateRole", "DeleteRole"].map(|name| record(name, "210987654321"));
        let written = write(records.to_vec(), folder.path(), "recorded", std::slice::from_ref(&known), true).unwrap();
        let names: Vec<_> = written.files.iter().map(|path| path.strip_prefix(folder.path()).unwrap()).collect();
        assert_eq!(names, [Path::new("recorded/create-role.json"), Path::new("recorded/delete-role.json")]);
        let skipped = [("activity/known", 1), ("recorded/create-role", 1)].map(|(name, n)| (name.to_owned(), n));
        assert_eq!(written.skipped, BTreeMap::from(skipped));
        let text = std::fs::read_to_string(&written.files[1]).unwrap();
        assert!(!text.contains("210987654321") && text.contains("111122223333"), "{text}");
        assert!(text.contains("\"$schema\": \"../schema.json\""), "{text}");

        // What was written covers the next recording.
        let again = crate::scenario::find(folder.path()).unwrap();
        let written = write(records.to_vec(), folder.path(), "recorded", &again, true).unwrap();
        assert_eq!(written.files, [folder.path().join("recorded/create-user.json")]);
    }
}
