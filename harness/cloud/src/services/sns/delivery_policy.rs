//! How HTTP endpoints are delivered to: what topics and subscriptions say of it, and what then counts.
//! [D] sns-message-delivery-retries, set-topic-attributes-delivery-policy-json, set-sub-attributes-delivery-policy-json

use serde_json::{Value, json};

use super::fault::invalid;
use crate::api::ApiError;

/// The topic's policy that counts: the defaults with what was set over them.
/// [V] LS:sns/test_create_topic_should_be_idempotent, ::test_topic_delivery_policy_crud
pub(super) fn of_topic(own: Option<&str>) -> Value {
    let mut policy = json!({"http": {
        "defaultHealthyRetryPolicy": {
            "minDelayTarget": 20,
            "maxDelayTarget": 20,
            "numRetries": 3,
            "numMaxDelayRetries": 0,
            "numNoDelayRetries": 0,
            "numMinDelayRetries": 0,
            "backoffFunction": "linear",
        },
        "disableSubscriptionOverrides": false,
        "defaultRequestPolicy": {"headerContentType": "text/plain; charset=UTF-8"},
    }});
    if let Some(own) = own.and_then(|text| serde_json::from_str::<Value>(text).ok()) {
        overlay(&mut policy, own);
    }
    policy
}

/// The subscription's policy that counts: the topic's under other names, and over it what was set, unless the topic
/// forbids that.
pub(super) fn of_subscription(topic: Option<&str>, own: Option<&str>) -> Value {
    let topic = of_topic(topic);
    let http = &topic["http"];
    let mut policy = json!({
        "healthyRetryPolicy": http["defaultHealthyRetryPolicy"],
        "sicklyRetryPolicy": null,
        "throttlePolicy": http.get("defaultThrottlePolicy").cloned().unwrap_or_default(),
        "requestPolicy": http["defaultRequestPolicy"],
        "guaranteed": false,
    });
    let forbidden = http["disableSubscriptionOverrides"] == true;
    if let Some(own) = own.filter(|_| !forbidden).and_then(|text| serde_json::from_str::<Value>(text).ok()) {
        overlay(&mut policy, own);
    }
    policy
}

fn overlay(base: &mut Value, over: Value) {
    match (base, over) {
        (Value::Object(base), Value::Object(over)) => {
            for (name, value) in over {
                overlay(base.entry(name).or_insert(Value::Null), value);
            }
        }
        // What is null says nothing. [V] LS:sns/test_sns.snapshot.json, `sub-attrs`
        (_, Value::Null) => {}
        (base, over) => *base = over,
    }
}

/// A subscription's policy as it is shown: every member, and in them what was set.
/// [V] LS:sns/test_sns.snapshot.json, `sub-attrs` of the HTTP subscriptions; that the defaults of a retry policy are not added [T]
/// terraform-provider-aws TestAccAWSSNSTopicSubscription_deliveryPolicy, which plans again without changes
pub(super) fn shown(own: &Value) -> Value {
    let mut policy = json!({
        "healthyRetryPolicy": null, "sicklyRetryPolicy": null, "throttlePolicy": null, "requestPolicy": null,
        "guaranteed": false,
    });
    overlay(&mut policy, own.clone());
    policy
}

/// The longest that all retries may take together, in seconds. [D]
const LONGEST: f64 = 3600.0;

/// The members of a retry policy and the largest value of each. [D]
const BOUNDS: [(&str, u64); 6] = [
    ("minDelayTarget", 3600),
    ("maxDelayTarget", 3600),
    ("numRetries", 100),
    ("numNoDelayRetries", 100),
    ("numMinDelayRetries", 100),
    ("numMaxDelayRetries", 100),
];

/// Checks the retry policy in a policy (`healthyRetryPolicy`, or for a topic `http.defaultHealthyRetryPolicy`). The bounds
/// are documented, the texts are not. [?]
pub(super) fn check(policy: &Value, effective: &Value, name: &str) -> Result<(), ApiError> {
    let bad = |reason: String| Err(invalid(format!("DeliveryPolicy: {name}.{reason}")));
    if policy.is_null() {
        return Ok(());
    }
    if !policy.is_object() {
        return bad("is not a JSON object".to_owned());
    }
    for (member, most) in BOUNDS {
        let value = &policy[member];
        if !value.is_null() && value.as_u64().is_none_or(|value| value > most) {
            return bad(format!("{member} must be a whole number from 0 to {most}"));
        }
    }
    let number = |member: &str| effective[member].as_f64().unwrap_or_default();
    if number("minDelayTarget") > number("maxDelayTarget") {
        return bad("minDelayTarget must not exceed maxDelayTarget".to_owned());
    }
    let phases = number("numNoDelayRetries") + number("numMinDelayRetries") + number("numMaxDelayRetries");
    if phases > number("numRetries") {
        return bad("numRetries must not be less than the retries of its phases together".to_owned());
    }
    let curves = ["linear", "arithmetic", "geometric", "exponential"];
    if policy.get("backoffFunction").is_some_and(|curve| curve.as_str().is_none_or(|curve| !curves.contains(&curve))) {
        return bad(format!("backoffFunction must be one of {}", curves.join(", ")));
    }
    let least = number("numMinDelayRetries") * number("minDelayTarget")
        + number("numMaxDelayRetries") * number("maxDelayTarget")
        + (number("numRetries") - phases) * number("minDelayTarget");
    if least > LONGEST {
        return bad(format!("the retries take more than {LONGEST} seconds together"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delivery_policies() {
        // [V] LS:sns/test_topic_delivery_policy_crud
        let own = r#"{"http":{"defaultHealthyRetryPolicy":{"minDelayTarget":5,"maxDelayTarget":6,"numRetries":1},"disableSubscriptionOverrides":false}}"#;
        let effective = of_topic(Some(own));
        assert_eq!(effective["http"]["defaultHealthyRetryPolicy"]["minDelayTarget"], 5);
        assert_eq!(effective["http"]["defaultHealthyRetryPolicy"]["backoffFunction"], "linear");
        assert_eq!(effective["http"]["defaultRequestPolicy"]["headerContentType"], "text/plain; charset=UTF-8");
    }

    /// [D] set-sub-attributes-delivery-policy-json: the topic's, what the subscription says, the retries that count
    #[test]
    fn whose_policy_counts() {
        let topic = |more: &str| format!(r#"{{"http":{{"defaultHealthyRetryPolicy":{{"numRetries":7}}{more}}}}}"#);
        let own = r#"{"healthyRetryPolicy":{"numRetries":5}}"#;
        let cases = [
            (None, None, 3),
            (Some(topic("")), None, 7),
            (None, Some(own), 5),
            (Some(topic("")), Some(own), 5),
            (Some(topic(r#","disableSubscriptionOverrides":true"#)), Some(own), 7),
        ];
        for (topic, own, expected) in cases {
            let policy = of_subscription(topic.as_deref(), own);
            assert_eq!(policy["healthyRetryPolicy"]["numRetries"], expected, "{topic:?} {own:?}");
        }
    }

    #[test]
    fn policies_of_subscriptions_are_shown_with_every_member_and_no_defaults() {
        let cases = [
            // [V] LS:sns/test_sns.snapshot.json, `sub-attrs`
            (
                json!({"requestPolicy": {"headerContentType": "text/csv"}}),
                r#"{"healthyRetryPolicy":null,"sicklyRetryPolicy":null,"throttlePolicy":null,"requestPolicy":{"headerContentType":"text/csv"},"guaranteed":false}"#,
            ),
            // [T] terraform-provider-aws TestAccAWSSNSTopicSubscription_deliveryPolicy
            (
                json!({"healthyRetryPolicy": {"minDelayTarget": 5, "maxDelayTarget": 20, "numRetries": 5}}),
                r#"{"healthyRetryPolicy":{"minDelayTarget":5,"maxDelayTarget":20,"numRetries":5},"sicklyRetryPolicy":null,"throttlePolicy":null,"requestPolicy":null,"guaranteed":false}"#,
            ),
        ];
        for (own, expected) in cases {
            assert_eq!(shown(&own).to_string(), expected);
        }
        let topic = r#"{"http":{"defaultRequestPolicy":{"headerContentType":"application/json"}}}"#;
        let effective =
            of_subscription(Some(topic), Some(r#"{"healthyRetryPolicy":{"numRetries":0},"requestPolicy":null}"#));
        assert_eq!(effective["requestPolicy"]["headerContentType"], "application/json");
    }

    /// [D] sns-message-delivery-retries, constraints
    #[test]
    fn bounds() {
        let cases = [
            (json!({}), None),
            (json!({"numRetries": 100, "minDelayTarget": 1, "maxDelayTarget": 1}), None),
            (json!({"numRetries": 101}), Some("numRetries")),
            (json!({"numRetries": -1}), Some("numRetries")),
            (json!({"numRetries": "3"}), Some("numRetries")),
            (json!({"minDelayTarget": 30}), Some("minDelayTarget must not exceed")),
            (json!({"maxDelayTarget": 3601}), Some("maxDelayTarget")),
            (json!({"numRetries": 3, "numNoDelayRetries": 4}), Some("phases together")),
            (json!({"backoffFunction": "random"}), Some("backoffFunction")),
            (json!({"numRetries": 100, "minDelayTarget": 60, "maxDelayTarget": 60}), Some("3600 seconds")),
            (json!([]), Some("JSON object")),
        ];
        for (own, expected) in cases {
            let text = json!({"healthyRetryPolicy": own}).to_string();
            let effective = of_subscription(None, Some(&text));
            let error = check(&own, &effective["healthyRetryPolicy"], "healthyRetryPolicy").err();
            match expected {
                None => assert_eq!(error, None, "{own}"),
                Some(part) => assert!(error.as_ref().is_some_and(|e| e.message.contains(part)), "{own}: {error:?}"),
            }
        }
    }
}
