//! Lambda through its API and the whole way from a queue or a service to a function and back, on a state of its own. The
//! functions are played by closures; `runtime/tests.rs` has real processes.

mod asynchronous;
mod functions;
mod mappings;
mod packages;

use std::collections::BTreeSet;
use std::io::{Cursor, Write};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rootwatch_environment::elf;
use serde_json::{Value, json};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::name::Name;
use super::{Origin, batch, completed, invoke_async, package};
use crate::api::{ApiError, Call, Protocol, Reply, Service, dispatch};
use crate::id::{Arn, Region};
use crate::runtime::{Completion, Effect, Invocation, InvocationResult};
use crate::services::{DeliveryError, sqs};
use crate::state::State;
use crate::time::Time;
use crate::trace::{Entry, Hop, Outcome};
use rootwatch_policy::{Context, Principal};

const HUB: &str = "999988887777";
pub(super) const FUNCTION: &str = "arn:aws:lambda:us-east-1:999988887777:function:f";
pub(super) const QUEUE: &str = "arn:aws:sqs:us-east-1:999988887777:q";
const DLQ: &str = "arn:aws:sqs:us-east-1:999988887777:last";
const ROLE: &str = "arn:aws:iam::999988887777:role/r";
const GROUP: &str = "arn:aws:logs:us-east-1:999988887777:log-group:/aws/lambda/f";

fn call(state: &mut State, service: Service, operation: &str, params: Value) -> Result<Value, ApiError> {
    let protocol = match service {
        Service::Lambda => Protocol::RestJson,
        Service::Iam => Protocol::Query,
        _ => Protocol::Json11,
    };
    let request_id = state.uuid();
    let reply = dispatch(&mut Call {
        state,
        service,
        operation: operation.into(),
        protocol,
        caller: Principal::Administrator { account: HUB.into(), arn: format!("arn:aws:iam::{HUB}:user/administrator") },
        account: HUB.into(),
        region: "us-east-1".into(),
        params,
        request_id,
    })?;
    Ok(match reply {
        Reply::Value(value) => value,
        Reply::Raw { status, body, .. } if body.is_empty() => json!(status),
        Reply::Raw { body, .. } => serde_json::from_slice(&body).unwrap(),
        Reply::Invocation(id) => json!(id),
        other => panic!("{other:?}"),
    })
}

pub(super) fn lambda(state: &mut State, operation: &str, params: Value) -> Result<Value, ApiError> {
    call(state, Service::Lambda, operation, params)
}

fn zip_of(name: &str, content: &[u8], mode: u32) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    zip.start_file(name, SimpleFileOptions::default().unix_permissions(mode)).unwrap();
    zip.write_all(content).unwrap();
    zip.finish().unwrap().into_inner()
}

fn script() -> Value {
    json!(STANDARD.encode(zip_of("bootstrap", b"#!/bin/sh\n", 0o755)))
}

fn function_input() -> Value {
    json!({
        "FunctionName": "f", "Role": ROLE, "Runtime": "provided.al2023", "Handler": "bootstrap", "Timeout": 30,
        "Code": {"ZipFile": script()}, "Environment": {"Variables": {"TOPIC": "t"}},
    })
}

/// What the role may do, in the tests that do not speak of it.
const MAY: &[&str] = &["sqs:*", "sns:*", "logs:*", "events:PutEvents"];

fn role(state: &mut State, actions: &[&str]) {
    let policy = json!({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": actions, "Resource": "*"}});
    let input = json!({"RoleName": "r", "PolicyName": "p", "PolicyDocument": policy.to_string()});
    call(state, Service::Iam, "PutRolePolicy", input).unwrap();
}

/// An account with the role, the queues and the function.
pub(super) fn deployed() -> State {
    let mut state = State::new(Time::parse("2026-03-02T09:14:07Z").unwrap(), 1);
    let trust = json!({"Version": "2012-10-17", "Statement": {
        "Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}});
    let input = json!({"RoleName": "r", "AssumeRolePolicyDocument": trust.to_string()});
    call(&mut state, Service::Iam, "CreateRole", input).unwrap();
    role(&mut state, MAY);
    for name in ["q", "last"] {
        let input = json!({"QueueName": name, "Attributes": {"VisibilityTimeout": "180"}});
        call(&mut state, Service::Sqs, "CreateQueue", input).unwrap();
    }
    call(&mut state, Service::Logs, "CreateLogGroup", json!({"logGroupName": "/aws/lambda/f"})).unwrap();
    lambda(&mut state, "CreateFunction", function_input()).unwrap();
    state
}

fn mapped(more: Value) -> (State, String) {
    let mut state = deployed();
    let mut input = json!({"EventSourceArn": QUEUE, "FunctionName": "f"});
    input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let uuid = lambda(&mut state, "CreateEventSourceMapping", input).unwrap()["UUID"].as_str().unwrap().to_owned();
    settle(&mut state, |_| panic!("nothing to run yet"));
    (state, uuid)
}

fn send(state: &mut State, body: &str) {
    let input = json!({"QueueUrl": sqs::url(&QUEUE.into()), "MessageBody": body});
    call(state, Service::Sqs, "SendMessage", input).unwrap();
}

pub(super) fn ok(body: &str) -> InvocationResult {
    InvocationResult::Response(body.into())
}

pub(super) fn failure() -> InvocationResult {
    InvocationResult::Error { error_type: "Boom".into(), message: "it broke".into() }
}

/// Runs what is due now, and the functions that it starts.
fn settle(state: &mut State, mut function: impl FnMut(&Invocation) -> InvocationResult) -> usize {
    let mut runs = 0;
    loop {
        while state.step() {}
        let invocations: Vec<Invocation> = state
            .take_effects()
            .into_iter()
            .filter_map(|effect| match effect {
                Effect::Invoke(invocation) => Some(*invocation),
                _ => None,
            })
            .collect();
        if invocations.is_empty() {
            return runs;
        }
        for invocation in invocations {
            runs += 1;
            let result = function(&invocation);
            let completion = Completion {
                result,
                log_lines: vec!["a line".into()],
                duration_ms: 3.01,
                init_ms: None,
                memory_mb: Some(77),
            };
            completed(state, invocation, completion);
        }
    }
}

/// Lets time pass, moment by moment.
pub(super) fn advance(
    state: &mut State,
    seconds: u64,
    mut function: impl FnMut(&Invocation) -> InvocationResult,
) -> usize {
    let end = state.now + Duration::from_secs(seconds);
    let mut runs = settle(state, &mut function);
    while let Some(due) = state.next_due().filter(|due| *due <= end) {
        state.now = due;
        runs += settle(state, &mut function);
    }
    state.now = end;
    runs
}

fn left(state: &State, queue: &str) -> usize {
    state.sqs.bodies(&queue.into()).len()
}

fn traced(state: &State, hop: Hop, outcome: Outcome) -> Vec<&Entry> {
    state.entries().filter(|entry| entry.hop == hop && entry.outcome == outcome).collect()
}

fn sns() -> Principal {
    Principal::Service { name: "sns.amazonaws.com".into() }
}

pub(super) fn invoke_by_topic(state: &mut State) -> Result<(), DeliveryError> {
    let context = Context::new().with("aws:SourceArn", "arn:aws:sns:us-east-1:999988887777:t");
    let region = Region::new("us-east-1");
    invoke_async(state, Hop::Subscription, &sns(), &region, &FUNCTION.into(), "{\"x\":1}".into(), context)
}

pub(super) fn permit_topic(state: &mut State) {
    let input = json!({
        "FunctionName": "f", "StatementId": "s", "Action": "lambda:InvokeFunction", "Principal": "sns.amazonaws.com",
        "SourceArn": "arn:aws:sns:us-east-1:999988887777:t"});
    lambda(state, "AddPermission", input).unwrap();
}

fn ids(invocation: &Invocation) -> Vec<String> {
    let event: Value = serde_json::from_str(&invocation.payload).unwrap();
    event["Records"].as_array().unwrap().iter().map(|r| r["messageId"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn the_environment_of_the_runtime() {
    // [V] LS:lambda_/test_lambda_common::test_introspection_invoke[provided.al2023]; AWS_LAMBDA_RUNTIME_API is the host's
    let mut state = deployed();
    lambda(&mut state, "Invoke", json!({"FunctionName": "f"})).unwrap();
    let mut first = None;
    settle(&mut state, |invocation| {
        first = Some(invocation.environment.clone());
        ok("{}")
    });
    let first = first.unwrap();
    let names: BTreeSet<&str> = first.variables.iter().map(|(name, _)| name.as_str()).collect();
    let wanted = "AWS_ACCESS_KEY_ID AWS_DEFAULT_REGION AWS_LAMBDA_FUNCTION_MEMORY_SIZE AWS_LAMBDA_FUNCTION_NAME \
                  AWS_LAMBDA_FUNCTION_VERSION AWS_LAMBDA_INITIALIZATION_TYPE AWS_LAMBDA_LOG_GROUP_NAME \
                  AWS_LAMBDA_LOG_STREAM_NAME AWS_REGION AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN \
                  AWS_XRAY_CONTEXT_MISSING AWS_XRAY_DAEMON_ADDRESS LAMBDA_RUNTIME_DIR LAMBDA_TASK_ROOT LANG \
                  LD_LIBRARY_PATH PATH TOPIC TZ _AWS_XRAY_DAEMON_ADDRESS _AWS_XRAY_DAEMON_PORT _HANDLER _X_AMZN_TRACE_ID";
    assert_eq!(names, wanted.split(' ').collect());
    let value = |name: &str| first.variables.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
    assert_eq!(
        (value("TOPIC"), value("AWS_REGION"), value("_HANDLER")),
        (Some("t"), Some("us-east-1"), Some("bootstrap"))
    );
    assert!(value("AWS_LAMBDA_LOG_STREAM_NAME").unwrap().starts_with("2026/03/02/[$LATEST]"));
    let session =
        crate::services::sts::principal_of(&state, value("AWS_ACCESS_KEY_ID").unwrap(), &"us-east-1".into()).unwrap();
    assert_eq!(session.arn(), format!("arn:aws:sts::{HUB}:assumed-role/r/f"));

    // The same until it is old or changed: a process can be used again.
    let next = |state: &mut State| {
        lambda(state, "Invoke", json!({"FunctionName": "f"})).unwrap();
        let mut found = None;
        settle(state, |invocation| {
            found = Some(invocation.environment.clone());
            ok("{}")
        });
        found.unwrap()
    };
    assert_eq!(next(&mut state), first);
    state.now = state.now + Duration::from_secs(6 * 3600);
    let renewed = next(&mut state);
    assert_ne!(renewed, first, "credentials grow old");
    lambda(&mut state, "UpdateFunctionConfiguration", json!({"FunctionName": "f", "Timeout": 5})).unwrap();
    assert_ne!(next(&mut state), renewed);
}

#[test]
fn logs_need_the_roles_permission() {
    let lines = |state: &mut State| -> Vec<String> {
        let found = call(state, Service::Logs, "FilterLogEvents", json!({"logGroupName": "/aws/lambda/f"}));
        let Ok(found) = found else { return Vec::new() };
        found["events"].as_array().unwrap().iter().map(|e| e["message"].as_str().unwrap().to_owned()).collect()
    };
    let mut state = deployed();
    let id = lambda(&mut state, "Invoke", json!({"FunctionName": "f"})).unwrap();
    let id = id.as_str().unwrap();
    settle(&mut state, |_| ok("{}"));
    let found = lines(&mut state);
    assert_eq!(found[0].trim_end(), format!("START RequestId: {id} Version: $LATEST"));
    assert_eq!(found[1].trim_end(), "a line");
    assert_eq!(found[2].trim_end(), format!("END RequestId: {id}"));
    assert!(found[3].starts_with(&format!("REPORT RequestId: {id}\tDuration: 3.01 ms\tBilled Duration: 4 ms\t")));
    assert!(found[3].contains("\tMemory Size: 128 MB\tMax Memory Used: 77 MB\t"), "{}", found[3]);

    for missing in ["logs:CreateLogStream", "logs:PutLogEvents"] {
        let mut state = deployed();
        let both = ["logs:CreateLogStream", "logs:PutLogEvents"];
        role(&mut state, &both.into_iter().filter(|action| *action != missing).collect::<Vec<_>>());
        lambda(&mut state, "Invoke", json!({"FunctionName": "f"})).unwrap();
        assert_eq!(settle(&mut state, |_| ok("{}")), 1, "the function runs all the same");
        assert_eq!(lines(&mut state).len(), 0);
        assert!(traced(&state, Hop::Api, Outcome::Denied)[0].detail.contains(missing));
    }

    // Without a group the role must make it.
    for (actions, wanted) in [(&["logs:*"][..], 4), (&["logs:CreateLogStream", "logs:PutLogEvents"][..], 0)] {
        let mut state = deployed();
        call(&mut state, Service::Logs, "DeleteLogGroup", json!({"logGroupName": "/aws/lambda/f"})).unwrap();
        role(&mut state, actions);
        lambda(&mut state, "Invoke", json!({"FunctionName": "f"})).unwrap();
        settle(&mut state, |_| ok("{}"));
        assert_eq!(lines(&mut state).len(), wanted);
        assert_eq!(crate::services::logs::group_exists(&state, &GROUP.into()), wanted > 0);
    }
}

#[test]
fn a_saved_state_goes_on() {
    let (mut state, _) = mapped(json!({"FilterCriteria": {"Filters": [{"Pattern": "{\"body\":{\"n\":[1]}}"}]}}));
    send(&mut state, "{\"n\":1}");
    let saved = serde_json::to_string(&state).unwrap();
    assert!(!saved.contains("UEsDB"), "no package in the state");
    let mut restored: State = serde_json::from_str(&saved).unwrap();
    assert_eq!(settle(&mut restored, |_| ok("{}")), 1);
    assert_eq!(left(&restored, QUEUE), 0);
}

#[test]
fn a_fork_made_during_a_run_is_not_stuck() {
    let (mut state, _) = mapped(json!({"ScalingConfig": {"MaximumConcurrency": 2}, "BatchSize": 1}));
    for _ in 0..2 {
        send(&mut state, "x");
    }
    while state.step() {}
    assert_eq!(state.take_effects().len(), 2);
    // The fork never hears of the end of these runs.
    let mut fork = state.clone();
    fork.take_effects();
    assert_eq!(advance(&mut fork, 200, |_| ok("{}")), 2);
    assert_eq!(left(&fork, QUEUE), 0);
}
