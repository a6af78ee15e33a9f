//! A scenario file of recorded events, for a person to complete.

use serde_json::{Map, Value, json};

use super::Scenario;

/// The file of the scenario `name` (`folder/file`, below the folder that holds `schema.json`), without an expectation.
pub fn scaffold(name: &str, title: &str, scenario: &Scenario) -> Value {
    let depth = name.matches('/').count();
    let mut file = Map::new();
    file.insert("$schema".to_owned(), json!(format!("{}schema.json", "../".repeat(depth))));
    file.insert("title".to_owned(), json!(title));
    file.insert("why".to_owned(), json!(""));
    file.insert("source".to_owned(), json!(""));
    for (name, events) in [("records", &scenario.records), ("events", &scenario.events)] {
        if !events.is_empty() {
            file.insert(name.to_owned(), json!(events));
        }
    }
    Value::Object(file)
}
