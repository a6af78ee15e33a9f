//! The JSON Schema of scenario files, from the types that read them.

use serde_json::{Value, json};

use super::Scenario;

/// The schema, as `scenarios/schema.json` holds it.
pub fn schema() -> Value {
    let mut schema = serde_json::to_value(schemars::schema_for!(Scenario)).unwrap_or_default();
    schema["title"] = json!("Rootwatch scenario");
    schema["description"] = json!("A recorded act of an AWS root user, and what must come of it.");
    schema
}
