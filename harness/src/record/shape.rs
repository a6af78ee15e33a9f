//! What makes two events the same kind, so that a thousand of one kind become one scenario.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::scenario::Loaded;

/// The kind of an event: what triage and the patterns look at, without who, when and where.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Shape(Vec<String>);

/// Members that tell kinds apart by their value.
const VALUES: [&str; 10] = [
    "/eventSource",
    "/eventName",
    "/eventType",
    "/userIdentity/type",
    "/userIdentity/sessionContext/sessionIssuer/type",
    "/userIdentity/sessionContext/assumedRoot",
    "/errorCode",
    "/readOnly",
    "/responseElements/ConsoleLogin",
    "/additionalEventData/MFAUsed",
];

/// Members that tell kinds apart by being there.
const PRESENCE: [&str; 2] = ["/userIdentity/invokedBy", "/userIdentity/userName"];

impl Shape {
    /// Of a record, or of the record in an event.
    pub fn of(event: &Value) -> Self {
        let record = event.get("detail").filter(|_| event.get("detail-type").is_some()).unwrap_or(event);
        // AWS does not keep to one spelling: `AwsConsoleSignin`, `YES`.
        let value =
            |path: &&str| record.pointer(path).map(|value| value.to_string().to_lowercase()).unwrap_or_default();
        let presence = |path: &&str| record.pointer(path).is_some_and(|value| !value.is_null()).to_string();
        Self(VALUES.iter().map(value).chain(PRESENCE.iter().map(presence)).collect())
    }
}

/// The kinds that scenarios cover, each with the first scenario that does.
pub fn covered(scenarios: &[Loaded]) -> BTreeMap<Shape, String> {
    let mut shapes = BTreeMap::new();
    for loaded in scenarios {
        let Ok(scenario) = &loaded.scenario else { continue };
        for event in scenario.records.iter().chain(&scenario.events) {
            shapes.entry(Shape::of(event)).or_insert_with(|| loaded.name.clone());
        }
    }
    shapes
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn kinds() {
        let login = json!({
            "eventSource": "signin.amazonaws.com", "eventName": "ConsoleLogin", "eventType": "AwsConsoleSignIn",
            "userIdentity": {"type": "Root"}, "additionalEventData": {"MFAUsed": "Yes"},
            "responseElements": {"ConsoleLogin": "Success"}, "eventTime": "2026-03-02T09:14:07Z",
        });
        let with = |path: &str, value: Value| {
            let mut other = login.clone();
            *other.pointer_mut(path).unwrap() = value;
            other
        };
        let same = [
            with("/eventTime", json!("2026-04-02T09:14:07Z")),
            with("/eventType", json!("AwsConsoleSignin")),
            with("/additionalEventData/MFAUsed", json!("YES")),
            json!({"detail-type": "AWS Console Sign In via CloudTrail", "detail": login}),
        ];
        let other = [
            with("/additionalEventData/MFAUsed", json!("No")),
            with("/responseElements/ConsoleLogin", json!("Failure")),
            with("/userIdentity", json!({"type": "Root", "userName": "an-alias"})),
            with("/userIdentity/type", json!("IAMUser")),
        ];
        for event in same {
            assert_eq!(Shape::of(&event), Shape::of(&login), "{event}");
        }
        for event in other {
            assert_ne!(Shape::of(&event), Shape::of(&login), "{event}");
        }
    }
}
