//! Differences between a live deployment and what Terraform would deploy.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::read::{Remark, Snapshot, Step};

/// The differences, by resource. `expected` is what Terraform of this version deploys with the same variables.
pub fn drift(live: &Snapshot, expected: &Snapshot) -> Vec<Remark> {
    let (live, expected) = (settings(live), settings(expected));
    let keys: BTreeSet<&String> = live.keys().chain(expected.keys()).collect();
    let mut found = Vec::new();
    for key in keys {
        let mut add = |text: String| found.push(Remark { resource: key.clone(), text });
        match (live.get(key), expected.get(key)) {
            (None, Some(_)) => add("Terraform deploys it, and it is not there".to_owned()),
            (Some(_), None) => add("Terraform does not deploy it".to_owned()),
            (Some(live), Some(expected)) => {
                let names: BTreeSet<&String> = live.keys().chain(expected.keys()).collect();
                for name in names.into_iter().filter(|name| live.get(*name) != expected.get(*name)) {
                    let shown = |value: Option<&Value>| value.map_or_else(|| "nothing".to_owned(), Value::to_string);
                    add(format!(
                        "{name}: Terraform deploys {}, found {}",
                        shown(expected.get(name)),
                        shown(live.get(name))
                    ));
                }
            }
            (None, None) => {}
        }
    }
    found
}

/// The settings of each resource: `operation.member` with its value. A text that is JSON is compared as JSON.
fn settings(snapshot: &Snapshot) -> BTreeMap<String, BTreeMap<String, Value>> {
    // AWS draws the ids of keys. They count in the order of the ARNs.
    let is_key = |steps: &[(_, Step)]| steps.iter().any(|(_, step)| *step == Step::Key);
    let keys = snapshot.items.iter().filter(|(_, item)| is_key(&item.steps)).map(|(arn, _)| arn.rsplit('/').next());
    let keys: Vec<&str> = keys.flatten().collect();
    let named = |text: &str| {
        let mut text = text.to_owned();
        for (number, id) in keys.iter().enumerate() {
            text = text.replace(id, &format!("KEY-{}", number + 1));
        }
        text
    };
    let mut all = BTreeMap::new();
    for (key, item) in &snapshot.items {
        let mut settings = BTreeMap::new();
        for (_, step) in &item.steps {
            let Step::Call { operation, parameters, .. } = step else { continue };
            let parameters: Value = serde_json::from_str(&named(&parameters.to_string())).unwrap_or_default();
            // Of policies of a role, each is a setting of its own.
            let part = ["PolicyName", "PolicyArn", "AttributeName"].iter().find_map(|name| parameters[*name].as_str());
            let part = part.map(|part| format!(" {part}")).unwrap_or_default();
            for (name, value) in parameters.as_object().into_iter().flatten() {
                flat(&mut settings, format!("{operation}{part} {name}"), value);
            }
        }
        all.insert(named(key), settings);
    }
    all
}

fn flat(settings: &mut BTreeMap<String, Value>, name: String, value: &Value) {
    match value {
        Value::Object(members)
            if name.ends_with("Attributes") || name.ends_with("Variables") || name.ends_with("Environment") =>
        {
            for (member, value) in members {
                flat(settings, format!("{name}.{member}"), value);
            }
        }
        Value::String(text) => {
            let parsed = serde_json::from_str(text).ok().filter(|value: &Value| value.is_object());
            settings.insert(name, parsed.unwrap_or_else(|| value.clone()));
        }
        _ => drop(settings.insert(name, value.clone())),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::read::{Item, Stage};
    use super::*;

    fn snapshot(arn: &str, operation: &'static str, parameters: Value) -> Snapshot {
        let step = Step::Call { service: "sqs", operation, parameters };
        let item = Item { account: "1".to_owned(), region: "r".to_owned(), steps: vec![(Stage::Resource, step)] };
        Snapshot { items: [(arn.to_owned(), item)].into(), ..Snapshot::default() }
    }

    #[test]
    fn a_changed_setting_a_missing_and_an_added_resource_are_differences() {
        let one =
            snapshot("arn:a", "CreateQueue", json!({"Attributes": {"Policy": "{\"b\": 1, \"a\": 2}", "Delay": "1"}}));
        let same =
            snapshot("arn:a", "CreateQueue", json!({"Attributes": {"Delay": "1", "Policy": "{\"a\":2,\"b\":1}"}}));
        let other =
            snapshot("arn:a", "CreateQueue", json!({"Attributes": {"Delay": "2", "Policy": "{\"a\":2,\"b\":1}"}}));
        let another = snapshot("arn:b", "CreateQueue", json!({}));
        let texts = |found: Vec<Remark>| found.into_iter().map(|it| format!("{} {}", it.resource, it.text)).collect();
        let none: Vec<String> = texts(drift(&one, &same));
        assert_eq!(none, [""; 0]);
        let changed: Vec<String> = texts(drift(&other, &one));
        assert_eq!(changed, [r#"arn:a CreateQueue Attributes.Delay: Terraform deploys "1", found "2""#]);
        let replaced: Vec<String> = texts(drift(&another, &one));
        assert_eq!(replaced, ["arn:a Terraform deploys it, and it is not there", "arn:b Terraform does not deploy it"]);
    }
}
