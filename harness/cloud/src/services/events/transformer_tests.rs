//! What PutTargets takes as an input transformer.

use serde_json::{Value, json};

use super::tests::{HERE, HUB, events, state};

/// What an input transformer may hold. [D] API_InputTransformer; the form of the messages is that of every check of a
/// member, the map's own form a default. [?]
#[test]
fn input_transformers_have_bounds() {
    let mut state = state();
    let rule = json!({"Name": "r", "EventPattern": r#"{"source":["s"]}"#});
    events(&mut state, "PutRule", rule).unwrap();
    let paths = |names: Vec<String>| names.into_iter().map(|name| (name, json!("$.detail"))).collect::<Value>();
    let many = |count: usize| paths((0..count).map(|n| format!("n{n}")).collect());
    let one = |name: &str| paths(vec![name.to_owned()]);
    let template = |length: usize| format!("\"{}\"", "x".repeat(length - 2));
    let at = "at 'targets.1.member.inputTransformer";
    let keys = "Map keys must satisfy constraint: [Member must have length less than or equal to 256, ";
    let fits = "\"x\"".to_owned();
    // (the map, the template, what the refusal holds)
    let cases = [
        (json!({}), template(8192), None),
        (
            json!({}),
            template(8193),
            Some(format!(
                "{at}.inputTemplate' failed to satisfy constraint: Member must have length less than or equal to 8192"
            )),
        ),
        (
            json!({}),
            String::new(),
            Some(format!(
                "Value '' {at}.inputTemplate' failed to satisfy constraint: Member must have length greater than or equal to 1"
            )),
        ),
        (many(100), fits.clone(), None),
        (
            many(101),
            fits.clone(),
            Some(format!(
                "{at}.inputPathsMap' failed to satisfy constraint: Member must have length less than or equal to 100"
            )),
        ),
        (one("with-dash_1"), fits.clone(), None),
        (
            one("with.dot"),
            fits.clone(),
            Some(format!("Value '{{with.dot=$.detail}}' {at}.inputPathsMap' failed to satisfy constraint: {keys}")),
        ),
        (one("with blank"), fits.clone(), Some(keys.to_owned())),
        (one(&"n".repeat(257)), fits.clone(), Some(keys.to_owned())),
        (json!({"n": format!("$.{}", "x".repeat(254))}), fits.clone(), None),
        (
            json!({"n": format!("$.{}", "x".repeat(255))}),
            fits.clone(),
            Some("Map value must satisfy constraint: [Member must have length less than or equal to 256]".to_owned()),
        ),
        // [D] API_InputTransformer: no key may start with AWS
        (one("AWSname"), fits.clone(), Some("must not start with AWS".to_owned())),
        (one("aws"), fits, Some("must not start with AWS".to_owned())),
    ];
    for (map, template, expected) in cases {
        let transformer = json!({"InputPathsMap": map, "InputTemplate": template});
        let target =
            json!([{"Id": "t", "Arn": format!("arn:aws:sqs:{HERE}:{HUB}:q"), "InputTransformer": transformer}]);
        let found = events(&mut state, "PutTargets", json!({"Rule": "r", "Targets": target})).err();
        let found = found.map(|error| error.message);
        match (&expected, &found) {
            (None, None) => {}
            (Some(expected), Some(found)) => {
                assert!(found.contains(expected.as_str()), "{found}\nshould hold {expected}")
            }
            _ => panic!(
                "expected {expected:?}, found {:?}",
                found.map(|text| text.chars().take(200).collect::<String>())
            ),
        }
    }
}
