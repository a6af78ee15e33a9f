//! EventBridge through its API and the whole way to a target, on a state of its own.

mod across;
mod api;
mod failures;

use std::time::Duration;

use serde_json::{Value, json};

use super::deliver::{self, Delivery, conclude};
use super::failure::Failure;
use super::target::Target;
use super::{Event, default_bus, ingest, put_service_event};
use crate::api::{ApiError, Protocol, Service, testing};
use crate::id::Arn;
use crate::services::sqs;
use crate::state::State;
use crate::time::Time;
use crate::trace::{Entry, Hop, Outcome};

pub(super) const HUB: &str = "999988887777";
const SPOKE: &str = "111122223333";
pub(super) const HERE: &str = "us-east-1";

pub(super) fn state() -> State {
    State::new(Time::parse("2026-03-02T09:14:07Z").unwrap(), 1)
}

/// Who calls, where.
#[derive(Clone, Copy)]
struct At<'a>(&'a str, &'a str);

fn call(state: &mut State, at: At<'_>, service: Service, operation: &str, params: Value) -> Result<Value, ApiError> {
    let At(account, region) = at;
    let protocol = match service {
        Service::Sns | Service::Iam => Protocol::Query,
        Service::Sqs => Protocol::Json10,
        _ => Protocol::Json11,
    };
    testing::call(state, testing::administrator(account), (account, region), (service, protocol), operation, params)
}

pub(super) fn events(state: &mut State, operation: &str, params: Value) -> Result<Value, ApiError> {
    call(state, At(HUB, HERE), Service::EventBridge, operation, params)
}

/// The error's code and the first line of its text.
fn error(answer: Result<Value, ApiError>) -> (String, String) {
    let error = answer.expect_err("an error");
    (error.code, error.message.lines().next().unwrap_or_default().to_owned())
}

fn queue(state: &mut State, at: At<'_>, name: &str, policy: Option<Value>) -> Arn {
    let arn = Arn::of("sqs", &at.1.into(), &at.0.into(), name);
    let attributes = match policy {
        Some(condition) => json!({"Policy": json!({"Version": "2012-10-17", "Statement": [{
            "Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "sqs:SendMessage",
            "Resource": arn, "Condition": condition,
        }]}).to_string()}),
        None => json!({}),
    };
    call(state, at, Service::Sqs, "CreateQueue", json!({"QueueName": name, "Attributes": attributes})).unwrap();
    arn
}

fn rule(
    state: &mut State,
    at: At<'_>,
    bus: &str,
    name: &str,
    pattern: Value,
    target: Value,
) -> Result<Value, ApiError> {
    let put = json!({"Name": name, "EventBusName": bus, "EventPattern": pattern.to_string()});
    call(state, at, Service::EventBridge, "PutRule", put)?;
    let put = json!({"Rule": name, "EventBusName": bus, "Targets": [target]});
    call(state, at, Service::EventBridge, "PutTargets", put)
}

fn put_event(state: &mut State, at: At<'_>, bus: &str) -> Value {
    let entry = json!({"Source": "s", "DetailType": "t", "Detail": "{\"a\":1}", "EventBusName": bus});
    let answer = call(state, at, Service::EventBridge, "PutEvents", json!({"Entries": [entry]})).unwrap();
    assert_eq!(answer["FailedEntryCount"], 0, "{answer}");
    answer["Entries"][0]["EventId"].clone()
}

fn settle(state: &mut State, seconds: u64) {
    let until = state.now + Duration::from_secs(seconds);
    while let Some(due) = state.next_due().filter(|due| *due <= until) {
        state.now = state.now.max(due);
        while state.step() {}
    }
    state.now = until;
}

fn bodies(state: &mut State, queue: &Arn) -> Vec<Value> {
    let received = sqs::receive(state, queue, 10, None);
    received.into_iter().map(|message| serde_json::from_str(&message.body).unwrap()).collect()
}

fn entries(state: &State, hop: Hop) -> Vec<&Entry> {
    state.entries().filter(|entry| entry.hop == hop).collect()
}

fn outcomes(state: &State, hop: Hop) -> Vec<Outcome> {
    entries(state, hop).iter().map(|entry| entry.outcome).collect()
}

#[test]
fn an_event_reaches_a_queue_with_its_envelope() {
    // [V] LS:events/test_events_targets::test_put_events_with_target_sqs, test_events::test_put_events_with_time_field
    let mut state = state();
    let rule_arn = format!("arn:aws:events:{HERE}:{HUB}:rule/r");
    let condition = json!({"ArnEquals": {"aws:SourceArn": rule_arn}, "StringEquals": {"aws:SourceAccount": HUB}});
    let queue = queue(&mut state, At(HUB, HERE), "q", Some(condition));
    rule(&mut state, At(HUB, HERE), "default", "r", json!({"source": ["s"]}), json!({"Id": "t", "Arn": queue}))
        .unwrap();
    let entry =
        json!({"Source": "s", "DetailType": "t", "Detail": "{\"a\":1}", "Time": 1640995200.5, "Resources": ["x"]});
    let answer = events(&mut state, "PutEvents", json!({"Entries": [entry]})).unwrap();
    settle(&mut state, 0);
    let received = sqs::receive(&mut state, &queue, 1, None);
    let id = answer["Entries"][0]["EventId"].as_str().unwrap();
    let expected = format!(
        r#"{{"version":"0","id":"{id}","detail-type":"t","source":"s","account":"{HUB}","time":"2022-01-01T00:00:00Z","region":"{HERE}","resources":["x"],"detail":{{"a":1}}}}"#
    );
    assert_eq!(received[0].body, expected);
    assert_eq!(outcomes(&state, Hop::Rule), [Outcome::Matched]);
    assert_eq!(outcomes(&state, Hop::Target), [Outcome::Delivered]);
}

#[test]
fn a_rule_that_does_not_match_says_which_field() {
    let mut state = state();
    let queue = queue(&mut state, At(HUB, HERE), "q", Some(json!({})));
    let pattern = json!({"source": ["s"], "detail": {"a": [2]}});
    rule(&mut state, At(HUB, HERE), "default", "r", pattern, json!({"Id": "t", "Arn": queue})).unwrap();
    put_event(&mut state, At(HUB, HERE), "default");
    settle(&mut state, 0);
    let found = entries(&state, Hop::Rule);
    assert_eq!(found[0].outcome, Outcome::NotMatched);
    assert!(found[0].detail.contains("`detail.a`"), "{}", found[0]);
    assert!(entries(&state, Hop::Target).is_empty());
}

#[test]
fn states_of_rules_decide_first() {
    // [D] UG eb-service-event-cloudtrail
    let cases = [("ENABLED", 0), ("DISABLED", 0), ("ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS", 1)];
    for (rule_state, delivered) in cases {
        let mut state = state();
        let queue = queue(&mut state, At(SPOKE, HERE), "q", Some(json!({})));
        let at = At(SPOKE, HERE);
        rule(&mut state, at, "default", "r", json!({"source": ["aws.s3"]}), json!({"Id": "t", "Arn": queue})).unwrap();
        let put = json!({"Name": "r", "EventPattern": "{\"source\":[\"aws.s3\"]}", "State": rule_state});
        call(&mut state, at, Service::EventBridge, "PutRule", put).unwrap();
        let event = json!({"source": "aws.s3", "detail-type": "AWS API Call via CloudTrail",
            "detail": {"eventName": "ListBuckets", "readOnly": true, "managementEvent": true}});
        put_service_event(&mut state, &SPOKE.into(), &HERE.into(), event);
        settle(&mut state, 0);
        assert_eq!(bodies(&mut state, &queue).len(), delivered, "{rule_state}");
    }
}

#[test]
fn state_survives_being_saved() {
    let mut state = state();
    let queue = queue(&mut state, At(HUB, HERE), "q", Some(json!({})));
    rule(&mut state, At(HUB, HERE), "default", "r", json!({"source": ["s"]}), json!({"Id": "t", "Arn": queue}))
        .unwrap();
    put_event(&mut state, At(HUB, HERE), "default");
    let saved = serde_json::to_string(&state).unwrap();
    let mut restored: State = serde_json::from_str(&saved).unwrap();
    settle(&mut restored, 0);
    assert_eq!(bodies(&mut restored, &queue).len(), 1);
}

#[test]
fn ingest_reaches_the_default_bus_without_its_creation() {
    let mut state = state();
    let event = Event::new(json!({"id": "i", "source": "s", "detail-type": "t"}));
    ingest(&mut state, &default_bus(&SPOKE.into(), &HERE.into()), event);
    let found = entries(&state, Hop::Bus);
    assert_eq!(found[0].outcome, Outcome::Delivered);
    assert!(found[0].detail.contains("no rules"), "{}", found[0]);
}

#[test]
fn a_topic_is_called_without_source_keys() {
    // [D] UG eb-use-resource-based: conditions in topic policies do not work for EventBridge
    let rule_arn = format!("arn:aws:events:{HERE}:{HUB}:rule/r");
    let cases = [
        (json!({}), Outcome::Delivered),
        (json!({"ArnEquals": {"aws:SourceArn": rule_arn}}), Outcome::Lost),
        (json!({"StringEquals": {"aws:SourceAccount": HUB}}), Outcome::Lost),
    ];
    for (condition, outcome) in cases {
        let mut state = state();
        let at = At(HUB, HERE);
        let topic = Arn::of("sns", &HERE.into(), &HUB.into(), "t");
        let policy = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sns:Publish",
            "Principal": {"Service": "events.amazonaws.com"}, "Resource": topic, "Condition": condition}]});
        let create = json!({"Name": "t", "Attributes": {"Policy": policy.to_string()}});
        call(&mut state, at, Service::Sns, "CreateTopic", create).unwrap();
        rule(&mut state, at, "default", "r", json!({"source": ["s"]}), json!({"Id": "t", "Arn": topic})).unwrap();
        put_event(&mut state, at, "default");
        settle(&mut state, 0);
        assert_eq!(outcomes(&state, Hop::Target).last(), Some(&outcome), "{condition}");
        let published = outcomes(&state, Hop::Topic).len();
        assert_eq!(published, usize::from(outcome == Outcome::Delivered), "{condition}");
    }
}

#[test]
fn a_log_group_is_written_with_the_events_time() {
    // [V] LS:events/test_events_targets::TestEventsTargetCloudWatchLogs; [D] UG eb-use-resource-based: the resource policy
    for allowed in [true, false] {
        let mut state = state();
        let at = At(HUB, HERE);
        let group = "/aws/events/g";
        let arn = Arn::of("logs", &HERE.into(), &HUB.into(), format_args!("log-group:{group}"));
        call(&mut state, at, Service::Logs, "CreateLogGroup", json!({"logGroupName": group})).unwrap();
        if allowed {
            let policy = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Resource": format!("{arn}:*"),
                "Principal": {"Service": "events.amazonaws.com"}, "Action": ["logs:CreateLogStream", "logs:PutLogEvents"]}]});
            let put = json!({"policyName": "p", "policyDocument": policy.to_string()});
            call(&mut state, at, Service::Logs, "PutResourcePolicy", put).unwrap();
        }
        rule(&mut state, at, "default", "r", json!({"source": ["s"]}), json!({"Id": "t", "Arn": arn})).unwrap();
        let id = put_event(&mut state, at, "default");
        settle(&mut state, 0);
        let found = call(&mut state, at, Service::Logs, "FilterLogEvents", json!({"logGroupName": group})).unwrap();
        let found = found["events"].as_array().unwrap();
        assert_eq!(found.len(), usize::from(allowed));
        if allowed {
            let message: Value = serde_json::from_str(found[0]["message"].as_str().unwrap()).unwrap();
            assert_eq!((&message["id"], &found[0]["timestamp"]), (&id, &json!(1_772_442_847_000_i64)));
        } else {
            assert_eq!(outcomes(&state, Hop::Target), [Outcome::Denied, Outcome::Lost]);
        }
    }
}
