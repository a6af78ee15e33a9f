//! What is tried again, what is given up, and where it ends.

use super::*;

#[test]
fn a_refusing_queue_sends_the_event_to_the_dead_letter_queue() {
    // [V] dataGriff: NO_RESOURCE, at once; [D] UG eb-rule-dlq: the attributes
    let mut state = state();
    let at = At(HUB, HERE);
    let closed = queue(&mut state, at, "closed", None);
    let rule_arn = format!("arn:aws:events:{HERE}:{HUB}:rule/r");
    let dead = queue(&mut state, at, "dead", Some(json!({"ArnEquals": {"aws:SourceArn": rule_arn}})));
    let target = json!({"Id": "t", "Arn": closed, "DeadLetterConfig": {"Arn": dead}, "InputPath": "$.detail"});
    rule(&mut state, at, "default", "r", json!({"source": ["s"]}), target).unwrap();
    let id = put_event(&mut state, at, "default");
    settle(&mut state, 0);
    let received = sqs::receive(&mut state, &dead, 1, None);
    let body: Value = serde_json::from_str(&received[0].body).unwrap();
    assert_eq!(body["id"], id, "the original event, not the input");
    let attribute = |name: &str| {
        let found = received[0].message_attributes.iter().find(|(key, _)| key == name);
        found.and_then(|(_, value)| value.string_value.clone())
    };
    assert_eq!(attribute("RULE_ARN").as_deref(), Some(rule_arn.as_str()));
    assert_eq!(attribute("TARGET_ARN").as_deref(), Some(closed.as_str()));
    assert_eq!(attribute("ERROR_CODE").as_deref(), Some("NO_RESOURCE"));
    assert_eq!(attribute("RETRY_ATTEMPTS").as_deref(), Some("0"));
    assert_eq!(attribute("EXHAUSTED_RETRY_CONDITION"), None);
    let text = attribute("ERROR_MESSAGE").unwrap();
    assert!(text.starts_with("The specified queue does not exist or you do not have access to it"), "{text}");
    assert!(text.contains("AWS.SimpleQueueService.NonExistentQueue"), "{text}");
    assert_eq!(outcomes(&state, Hop::Target), [Outcome::Denied, Outcome::DeadLettered]);
}

#[test]
fn without_a_willing_dead_letter_queue_the_event_is_lost() {
    // [D] UG eb-rule-dlq
    for config in [json!({}), json!({"Arn": format!("arn:aws:sqs:{HERE}:{HUB}:dead")})] {
        let mut state = state();
        let at = At(HUB, HERE);
        queue(&mut state, at, "dead", None);
        let target = json!({"Id": "t", "Arn": format!("arn:aws:sqs:{HERE}:{HUB}:none"), "DeadLetterConfig": config});
        rule(&mut state, at, "default", "r", json!({"source": ["s"]}), target).unwrap();
        put_event(&mut state, at, "default");
        settle(&mut state, 0);
        assert_eq!(outcomes(&state, Hop::Target).last(), Some(&Outcome::Lost), "{config}");
    }
}

/// A delivery to an open queue, in its `attempt`-th attempt.
fn delivery(state: &mut State, attempt: u32, retry_policy: Value) -> (Delivery, Arn) {
    let open = queue(state, At(HUB, HERE), "open", Some(json!({})));
    let dead = queue(state, At(HUB, HERE), "dead", Some(json!({})));
    let target = json!({"Id": "t", "Arn": open, "DeadLetterConfig": {"Arn": dead}, "RetryPolicy": retry_policy});
    let delivery = Delivery {
        bus: default_bus(&HUB.into(), &HERE.into()),
        rule: Arn::of("events", &HERE.into(), &HUB.into(), "rule/r"),
        target: std::sync::Arc::new(serde_json::from_value::<Target>(target).unwrap()),
        event: Event::new(json!({"id": "i"})),
        input: Some("{}".into()),
        accepted: state.now,
        attempt,
    };
    (delivery, open)
}

fn busy() -> Result<(), Failure> {
    Err(Failure { code: "THROTTLING".into(), message: "busy".into(), retriable: true })
}

fn exhausted(state: &mut State) -> Option<(String, String)> {
    let dead = Arn::of("sqs", &HERE.into(), &HUB.into(), "dead");
    let attributes = sqs::receive(state, &dead, 1, None).into_iter().next()?.message_attributes;
    let find = |name: &str| attributes.iter().find(|(key, _)| key == name)?.1.string_value.clone();
    Some((find("EXHAUSTED_RETRY_CONDITION")?, find("RETRY_ATTEMPTS")?))
}

#[test]
fn a_transient_failure_is_tried_again() {
    // [D] UG eb-rule-retry-policy
    let mut state = state();
    let start = state.now;
    let (delivery, open) = delivery(&mut state, 1, json!({}));
    conclude(&mut state, delivery, busy());
    let waits = state.next_due().unwrap() - start;
    assert!((900..=1_100).contains(&waits.as_millis()), "{waits:?}");
    settle(&mut state, 2);
    assert_eq!(bodies(&mut state, &open), [json!({})]);
    assert_eq!(outcomes(&state, Hop::Target), [Outcome::Retried, Outcome::Delivered]);
}

#[test]
fn retrying_ends_at_the_first_limit() {
    // [D] UG eb-rule-dlq: EXHAUSTED_RETRY_CONDITION; API_RetryPolicy: the limits
    let condition = |name: &str, retries: &str| Some((name.to_owned(), retries.to_owned()));
    let cases = [
        (186, json!({}), condition("MaximumRetryAttempts", "185")),
        (185, json!({}), None),
        (3, json!({"MaximumRetryAttempts": 2}), condition("MaximumRetryAttempts", "2")),
        (1, json!({"MaximumRetryAttempts": 0}), condition("MaximumRetryAttempts", "0")),
    ];
    for (attempt, retry_policy, expected) in cases {
        let mut state = state();
        let (delivery, _) = delivery(&mut state, attempt, retry_policy.clone());
        conclude(&mut state, delivery, busy());
        assert_eq!(exhausted(&mut state), expected, "attempt {attempt}, {retry_policy}");
    }
    let mut state = state();
    let (delivery, _) = delivery(&mut state, 9, json!({"MaximumEventAgeInSeconds": 60}));
    state.now = state.now + Duration::from_secs(60);
    deliver::run(&mut state, delivery);
    assert_eq!(exhausted(&mut state), condition("MaximumEventAgeInSeconds", "8"));
}
