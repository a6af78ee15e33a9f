//! Lambda through its API and the whole way from a queue or a service to a function and back, on a state of its own. The
//! functions are played by closures; `runtime/tests.rs` has real processes.

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
use crate::policy::{Context, Principal};
use crate::runtime::{Completion, Effect, Invocation, InvocationResult};
use crate::services::{DeliveryError, sqs};
use crate::state::State;
use crate::time::Time;
use crate::trace::{Entry, Hop, Outcome};

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
            let completion = Completion { result, log_lines: vec!["a line".into()], duration_ms: 3.01, init_ms: None };
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

fn ids(invocation: &Invocation) -> Vec<String> {
    let event: Value = serde_json::from_str(&invocation.payload).unwrap();
    event["Records"].as_array().unwrap().iter().map(|r| r["messageId"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn names_of_functions() {
    // [D] API_GetFunction, "Name formats"
    let other = "arn:aws:lambda:us-east-1:111122223333:function:f";
    for (text, wanted) in [
        ("f", Some((FUNCTION, None))),
        ("f:1", Some((FUNCTION, Some("1")))),
        ("f:$LATEST", Some((FUNCTION, Some("$LATEST")))),
        ("function:f", Some((FUNCTION, None))),
        ("111122223333:function:f", Some((other, None))),
        (FUNCTION, Some((FUNCTION, None))),
        ("arn:aws:lambda:us-east-1:999988887777:function:f:prod", Some((FUNCTION, Some("prod")))),
        ("", None),
        ("f g", None),
        ("1234:function:f", None),
        ("arn:aws:sqs:us-east-1:999988887777:f", None),
    ] {
        let found = Name::parse(text, &"us-east-1".into(), &HUB.into());
        let wanted =
            wanted.map(|(arn, qualifier)| Name { function: Arn::new(arn), qualifier: qualifier.map(str::to_owned) });
        assert_eq!(found, wanted, "{text}");
    }
}

#[test]
fn packages_that_could_not_start_are_refused() {
    let check = |zip: &[u8], wanted: Option<&str>| {
        let found = package::check(zip, "provided.al2023", "x86_64").map(|_| ()).map_err(|error| error.to_string());
        match wanted {
            None => assert_eq!(found, Ok(())),
            Some(part) => assert!(found.as_ref().is_err_and(|text| text.contains(part)), "{found:?} lacks {part}"),
        }
    };
    check(&zip_of("bootstrap", b"#!/bin/sh\n", 0o755), None);
    check(b"no zip", Some("Could not unzip uploaded file."));
    check(&zip_of("main", b"#!/bin/sh\n", 0o755), Some("no file `bootstrap` at its root"));
    check(&zip_of("main", b"#!/bin/sh\n", 0o755), Some("it has main"));
    check(&zip_of("bin/bootstrap", b"#!/bin/sh\n", 0o755), Some("no file `bootstrap` at its root"));
    check(&zip_of("bootstrap", b"#!/bin/sh\n", 0o644), Some("not executable (mode 0644)"));
    check(&zip_of("bootstrap", b"MZ\x90", 0o755), Some("neither a 64-bit little-endian ELF program nor a script"));
}

/// An ELF file with nothing but a section of version needs: libc.so.6 with these versions.
fn elf_file(machine: u16, versions: &[&str]) -> Vec<u8> {
    let mut strings = b"\0libc.so.6\0".to_vec();
    let mut needs = Vec::new();
    needs.extend(1u16.to_le_bytes());
    needs.extend((versions.len() as u16).to_le_bytes());
    for word in [1u32, 16, 0] {
        needs.extend(word.to_le_bytes());
    }
    for (n, version) in versions.iter().enumerate() {
        needs.extend([0; 8]);
        needs.extend((strings.len() as u32).to_le_bytes());
        needs.extend((if n + 1 == versions.len() { 0u32 } else { 16 }).to_le_bytes());
        strings.extend(version.bytes());
        strings.push(0);
    }
    let (needs_at, strings_at) = (64, 64 + needs.len());
    let table_at = strings_at + strings.len();
    let mut file = b"\x7fELF\x02\x01".to_vec();
    file.resize(64, 0);
    file[0x12..0x14].copy_from_slice(&machine.to_le_bytes());
    file[0x28..0x30].copy_from_slice(&(table_at as u64).to_le_bytes());
    file[0x3a..0x3c].copy_from_slice(&64u16.to_le_bytes());
    file[0x3c..0x3e].copy_from_slice(&2u16.to_le_bytes());
    file.extend(&needs);
    file.extend(&strings);
    for (kind, at, link, info) in [(3u32, strings_at, 0u32, 0u32), (0x6fff_fffe, needs_at, 0, 1)] {
        let mut header = [0u8; 64];
        header[4..8].copy_from_slice(&kind.to_le_bytes());
        header[0x18..0x20].copy_from_slice(&(at as u64).to_le_bytes());
        header[0x28..0x2c].copy_from_slice(&link.to_le_bytes());
        header[0x2c..0x30].copy_from_slice(&info.to_le_bytes());
        file.extend(header);
    }
    file
}

#[test]
fn programs_of_another_machine_or_newer_glibc_are_refused() {
    let check = |runtime: &str, architecture: &str, program: &[u8], wanted: Option<&str>| {
        let found = package::check(&zip_of("bootstrap", program, 0o755), runtime, architecture);
        let found = found.map(|_| ()).map_err(|error| error.to_string());
        match wanted {
            None => assert_eq!(found, Ok(())),
            Some(part) => assert!(found.as_ref().is_err_and(|text| text.contains(part)), "{found:?} lacks {part}"),
        }
    };
    let (al2023, al2) = ("provided.al2023", "provided.al2");
    check(al2023, "x86_64", &elf_file(62, &["GLIBC_2.2.5", "GLIBC_2.34"]), None);
    check(al2023, "arm64", &elf_file(183, &["GLIBC_2.17"]), None);
    check(al2023, "x86_64", &elf_file(62, &[]), None);
    check(al2023, "x86_64", &elf_file(62, &["GLIBC_PRIVATE"]), None);
    check(al2023, "arm64", &elf_file(62, &[]), Some("built for x86_64, but Architectures says arm64"));
    check(al2023, "x86_64", &elf_file(183, &[]), Some("built for arm64, but Architectures says x86_64"));
    check(al2023, "x86_64", &elf_file(8, &[]), Some("a machine that Lambda does not have"));
    // Not the order of the list, and not the order of the text: 2.35 is newer than 2.4.
    check(al2023, "x86_64", &elf_file(62, &["GLIBC_2.35", "GLIBC_2.4"]), Some("needs symbols of glibc 2.35"));
    check(al2, "x86_64", &elf_file(62, &["GLIBC_2.34"]), Some("but provided.al2 has glibc 2.26"));
}

#[test]
fn a_real_program_tells_its_needs() {
    let program = std::fs::read(std::env::current_exe().unwrap()).unwrap();
    let needs = elf::read(&program).unwrap();
    assert_eq!(needs.machine, Some(if cfg!(target_arch = "aarch64") { "arm64" } else { "x86_64" }));
    assert!(needs.glibc.is_some_and(|glibc| (2, 2) < glibc && glibc < (3, 0)), "{needs:?}");
    // Damage anywhere must not panic.
    for cut in (0..program.len()).step_by(program.len() / 500 + 1) {
        elf::read(&program[..cut]);
    }
}

#[test]
fn what_terraform_reads() {
    let mut state = deployed();
    // [V] LS:lambda_/test_lambda_api: pending in the answer, active from then on
    let mut input = function_input();
    input["FunctionName"] = json!("g");
    let created = lambda(&mut state, "CreateFunction", input).unwrap();
    assert_eq!(
        (&created["State"], &created["StateReason"], &created["StateReasonCode"]),
        (&json!("Pending"), &json!("The function is being created."), &json!("Creating"))
    );
    let got = lambda(&mut state, "GetFunction", json!({"FunctionName": "f"})).unwrap();
    let mut shown = got["Configuration"].clone();
    for masked in ["RevisionId", "CodeSha256", "CodeSize", "RuntimeVersionConfig"] {
        assert!(shown.as_object_mut().unwrap().remove(masked).is_some(), "{masked}");
    }
    assert_eq!(
        shown,
        json!({
            "FunctionName": "f", "FunctionArn": FUNCTION, "Runtime": "provided.al2023", "Role": ROLE,
            "Handler": "bootstrap", "Description": "", "Timeout": 30, "MemorySize": 128,
            "LastModified": "2026-03-02T09:14:07.000+0000", "Version": "$LATEST",
            "Environment": {"Variables": {"TOPIC": "t"}}, "TracingConfig": {"Mode": "PassThrough"}, "State": "Active",
            "LastUpdateStatus": "Successful", "PackageType": "Zip", "Architectures": ["x86_64"],
            "EphemeralStorage": {"Size": 512}, "SnapStart": {"ApplyOn": "None", "OptimizationStatus": "Off"},
            "LoggingConfig": {"LogFormat": "Text", "LogGroup": "/aws/lambda/f"},
        })
    );
    assert_eq!(got["Code"]["RepositoryType"], "S3");
    let signing = lambda(&mut state, "GetFunctionCodeSigningConfig", json!({"FunctionName": "f"})).unwrap();
    assert_eq!(signing, json!({"FunctionName": "f"}));
    let versions = lambda(&mut state, "ListVersionsByFunction", json!({"FunctionName": "f"})).unwrap();
    assert_eq!(versions["Versions"][0]["FunctionArn"], format!("{FUNCTION}:$LATEST"));

    let changed = json!({"FunctionName": "f", "Timeout": 60, "Environment": {"Variables": {}}});
    let updated = lambda(&mut state, "UpdateFunctionConfiguration", changed).unwrap();
    assert_eq!((&updated["LastUpdateStatus"], &updated["Timeout"]), (&json!("InProgress"), &json!(60)));
    assert_eq!(updated.get("Environment"), None);
    let got = lambda(&mut state, "GetFunctionConfiguration", json!({"FunctionName": FUNCTION})).unwrap();
    assert_eq!(got["LastUpdateStatus"], "Successful");
    let code = json!({"FunctionName": "f", "ZipFile": STANDARD.encode(zip_of("bootstrap", b"#!/bin/true\n", 0o755))});
    let updated = lambda(&mut state, "UpdateFunctionCode", code).unwrap();
    assert_ne!(updated["CodeSha256"], got["CodeSha256"]);
    assert!(state.take_effects().iter().any(|effect| matches!(effect, Effect::Retire(arn) if *arn == *FUNCTION)));

    let tag = json!({"Resource": FUNCTION, "Tags": {"a": "1", "b": "2"}});
    lambda(&mut state, "TagResource", tag).unwrap();
    lambda(&mut state, "UntagResource", json!({"Resource": FUNCTION, "tagKeys": "a"})).unwrap();
    let tags = lambda(&mut state, "ListTags", json!({"Resource": FUNCTION})).unwrap();
    assert_eq!(tags, json!({"Tags": {"b": "2"}}));
    let reserved = json!({"FunctionName": "f", "ReservedConcurrentExecutions": 3});
    lambda(&mut state, "PutFunctionConcurrency", reserved).unwrap();
    let got = lambda(&mut state, "GetFunction", json!({"FunctionName": "f"})).unwrap();
    assert_eq!((&got["Concurrency"]["ReservedConcurrentExecutions"], &got["Tags"]), (&json!(3), &json!({"b": "2"})));

    let published = lambda(&mut state, "PublishVersion", json!({"FunctionName": "f"})).unwrap();
    assert_eq!(published["FunctionArn"], format!("{FUNCTION}:1"));
    let again = lambda(&mut state, "PublishVersion", json!({"FunctionName": "f"})).unwrap();
    assert_eq!(again["Version"], "1", "nothing changed since");

    lambda(&mut state, "DeleteFunction", json!({"FunctionName": "f"})).unwrap();
    let gone = lambda(&mut state, "GetFunction", json!({"FunctionName": "f"})).unwrap_err();
    assert_eq!((gone.status, gone.message.as_str()), (404, &*format!("Function not found: {FUNCTION}")));
}

#[test]
fn bad_functions_are_refused() {
    let check = |change: Value, code: &str, part: &str| {
        let mut state = deployed();
        let mut input = function_input();
        input["FunctionName"] = json!("g");
        input.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        let error = lambda(&mut state, "CreateFunction", input).unwrap_err();
        assert_eq!(error.code, code, "{change}: {error}");
        assert!(error.message.contains(part), "{change}: {error}");
    };
    let invalid = "InvalidParameterValueException";
    check(json!({"FunctionName": "f"}), "ResourceConflictException", "Function already exist: f");
    check(json!({"FunctionName": "f:1"}), "NotImplemented", "version or alias");
    check(json!({"Role": "arn:aws:iam::999988887777:role/none"}), invalid, "cannot be assumed by Lambda.");
    check(json!({"Role": "r"}), "ValidationException", "at 'role'");
    check(json!({"Timeout": 901}), "ValidationException", "less than or equal to 900");
    check(json!({"MemorySize": 64}), "ValidationException", "greater than or equal to 128");
    check(json!({"Runtime": "nodejs22.x"}), "NotImplemented", "nodejs22.x");
    check(json!({"Runtime": null}), invalid, "Runtime and Handler are mandatory");
    check(json!({"Architectures": ["arm32"]}), "ValidationException", "architectures");
    check(json!({"Code": {}}), invalid, "Please provide a source for function code.");
    check(json!({"Code": {"S3Bucket": "b", "S3Key": "k"}}), "NotImplemented", "S3");
    check(json!({"Code": {"ZipFile": "bm8gemlw"}}), invalid, "Could not unzip uploaded file.");
    check(json!({"Layers": ["arn"]}), "NotImplemented", "Layers");
    check(json!({"VpcConfig": {"SubnetIds": ["s"]}}), "NotImplemented", "VpcConfig");
    check(json!({"CapacityProviderConfig": {"A": 1}}), "NotImplemented", "CapacityProviderConfig");
    check(
        json!({"Environment": {"Variables": {"AWS_REGION": "eu-west-1"}}}),
        invalid,
        "Reserved keys used in this request: AWS_REGION",
    );
    check(json!({"Environment": {"Variables": {"A1": "x".repeat(4096)}}}), invalid, "exceeded the 4KB limit.");
    check(json!({"DeadLetterConfig": {"TargetArn": "x"}}), invalid, "neither an SQS queue nor an SNS topic");
}

#[test]
fn a_role_that_lambda_may_not_assume_is_refused() {
    let mut state = deployed();
    let trust = json!({"Version": "2012-10-17", "Statement": {
        "Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "sts:AssumeRole"}});
    let input = json!({"RoleName": "r", "PolicyDocument": trust.to_string()});
    call(&mut state, Service::Iam, "UpdateAssumeRolePolicy", input).unwrap();
    let mut input = function_input();
    input["FunctionName"] = json!("g");
    let error = lambda(&mut state, "CreateFunction", input).unwrap_err();
    assert_eq!(error.message, "The role defined for the function cannot be assumed by Lambda.");
}

#[test]
fn a_dead_letter_queue_needs_a_permission() {
    let mut state = deployed();
    role(&mut state, &["logs:*"]);
    let mut input = function_input();
    input["FunctionName"] = json!("g");
    input["DeadLetterConfig"] = json!({"TargetArn": DLQ});
    let error = lambda(&mut state, "CreateFunction", input.clone()).unwrap_err();
    assert_eq!(error.message, "The provided execution role does not have permissions to call SendMessage on SQS");
    role(&mut state, &["sqs:SendMessage"]);
    lambda(&mut state, "CreateFunction", input).unwrap();
}

#[test]
fn statements_are_stored_as_aws_stores_them() {
    // [V] LS:lambda_/test_lambda_api::test_add_lambda_permission_*
    let check = |more: Value, principal: Value, condition: Value| {
        let mut state = deployed();
        let mut input = json!({"FunctionName": "f", "StatementId": "s", "Action": "lambda:InvokeFunction"});
        input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let answer = lambda(&mut state, "AddPermission", input.clone()).unwrap();
        let mut wanted = json!({
            "Sid": "s", "Effect": "Allow", "Principal": principal, "Action": "lambda:InvokeFunction",
            "Resource": FUNCTION});
        if !condition.is_null() {
            wanted["Condition"] = condition;
        }
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        assert_eq!(serde_json::from_str::<Value>(&text(&answer["Statement"])).unwrap(), wanted);
        let policy = lambda(&mut state, "GetPolicy", json!({"FunctionName": "f"})).unwrap();
        assert_eq!(
            serde_json::from_str::<Value>(&text(&policy["Policy"])).unwrap(),
            json!({"Version": "2012-10-17", "Id": "default", "Statement": [wanted]})
        );
        let again = lambda(&mut state, "AddPermission", input).unwrap_err();
        assert_eq!(
            (again.code.as_str(), again.message.as_str()),
            (
                "ResourceConflictException",
                "The statement id (s) provided already exists. Please provide a new statement id, or remove the existing \
                 statement."
            )
        );
        let other = lambda(&mut state, "RemovePermission", json!({"FunctionName": "f", "StatementId": "t"}));
        assert_eq!(other.unwrap_err().message, "Statement t is not found in resource policy.");
        lambda(&mut state, "RemovePermission", json!({"FunctionName": "f", "StatementId": "s"})).unwrap();
        let none = lambda(&mut state, "GetPolicy", json!({"FunctionName": "f"})).unwrap_err();
        assert_eq!((none.status, none.message.as_str()), (404, "The resource you requested does not exist."));
        let none = lambda(&mut state, "RemovePermission", json!({"FunctionName": "f", "StatementId": "s"}));
        assert_eq!(none.unwrap_err().message, "No policy is associated with the given resource.");
    };
    let topic = "arn:aws:sns:us-east-1:999988887777:t";
    check(
        json!({"Principal": "sns.amazonaws.com", "SourceArn": topic, "SourceAccount": HUB}),
        json!({"Service": "sns.amazonaws.com"}),
        json!({"StringEquals": {"AWS:SourceAccount": HUB}, "ArnLike": {"AWS:SourceArn": topic}}),
    );
    check(json!({"Principal": HUB}), json!({"AWS": format!("arn:aws:iam::{HUB}:root")}), Value::Null);
    check(
        json!({"Principal": "*", "PrincipalOrgID": "o-rootwatch01"}),
        json!("*"),
        json!({"StringEquals": {"aws:PrincipalOrgID": "o-rootwatch01"}}),
    );
    let mut state = deployed();
    let input =
        json!({"FunctionName": "f", "StatementId": "s", "Action": "lambda:InvokeFunction", "Principal": "nobody"});
    let error = lambda(&mut state, "AddPermission", input).unwrap_err();
    assert_eq!(error.message, "The provided principal was invalid. Please check the principal and try again.");
}

#[test]
fn a_message_becomes_an_event_as_aws_shapes_it() {
    let (mut state, _) = mapped(json!({}));
    let input = json!({"QueueUrl": sqs::url(&QUEUE.into()), "MessageBody": "{\"a\":1}", "MessageAttributes": {
        "alert_type": {"DataType": "String", "StringValue": "login"}}});
    call(&mut state, Service::Sqs, "SendMessage", input).unwrap();
    let mut event = Value::Null;
    let runs = settle(&mut state, |invocation| {
        assert_eq!(invocation.timeout_seconds, 30);
        assert_eq!(invocation.deadline_ms, Time::parse("2026-03-02T09:14:37Z").unwrap().0);
        event = serde_json::from_str(&invocation.payload).unwrap();
        ok("null")
    });
    assert_eq!((runs, left(&state, QUEUE)), (1, 0));
    let record = &event["Records"][0];
    let keys: Vec<&String> = record.as_object().unwrap().keys().collect();
    let wanted = ["messageId", "receiptHandle", "body", "attributes", "messageAttributes", "md5OfBody", "eventSource"];
    assert_eq!(keys[..7], wanted);
    assert_eq!(record["body"], "{\"a\":1}");
    assert_eq!(record["md5OfBody"], "bb6cb5c68df4652941caf652a366f2d8");
    assert_eq!((&record["eventSource"], &record["eventSourceARN"]), (&json!("aws:sqs"), &json!(QUEUE)));
    assert_eq!(record["awsRegion"], "us-east-1");
    assert_eq!(record["attributes"]["ApproximateReceiveCount"], "1");
    assert_eq!(
        record["messageAttributes"],
        json!({"alert_type": {
            "stringValue": "login", "stringListValues": [], "binaryListValues": [], "dataType": "String"}})
    );
    assert_eq!(traced(&state, Hop::EventSourceMapping, Outcome::Delivered).len(), 1);
    assert_eq!(traced(&state, Hop::Function, Outcome::Delivered).len(), 1);
}

#[test]
fn what_a_function_says_of_its_batch() {
    // [D] services-sqs-errorhandling, "Success and failure conditions"
    let check = |response: &str, wanted: Result<&[&str], &str>| {
        let found = batch::failures(response, &["m1", "m2"]);
        match (&found, wanted) {
            (Ok(found), Ok(wanted)) => assert_eq!(found, wanted, "{response}"),
            (Err(found), Err(part)) => assert!(found.contains(part), "{response}: {found}"),
            _ => panic!("{response}: {found:?}, wanted {wanted:?}"),
        }
    };
    for success in ["", "null", "{}", "[]", "\"\"", r#"{"batchItemFailures":[]}"#, r#"{"batchItemFailures":null}"#] {
        check(success, Ok(&[]));
    }
    check(r#"{"batchItemFailures":[{"itemIdentifier":"m2"}]}"#, Ok(&["m2"]));
    check("{", Err("not JSON"));
    check("\"done\"", Err("no object"));
    check(r#"{"batchItemFailures":{}}"#, Err("no list"));
    check(r#"{"batchItemFailures":[{"itemIdentifier":""}]}"#, Err("empty"));
    check(r#"{"batchItemFailures":[{"itemIdentifier":null}]}"#, Err("no text"));
    check(r#"{"batchItemFailures":[{"id":"m1"}]}"#, Err("has no itemIdentifier"));
    check(r#"{"batchItemFailures":[{"itemIdentifier":"m9"}]}"#, Err("no message of the batch"));
}

#[test]
fn messages_that_fail_return_after_their_visibility_timeout() {
    let check = |partial: bool, answer: fn(&Invocation) -> InvocationResult, remain: usize| {
        let types: &[&str] = if partial { &["ReportBatchItemFailures"] } else { &[] };
        let (mut state, _) = mapped(json!({"FunctionResponseTypes": types}));
        send(&mut state, "one");
        send(&mut state, "two");
        assert_eq!(settle(&mut state, answer), 1, "one batch of both");
        assert_eq!(left(&state, QUEUE), remain);
        assert_eq!(advance(&mut state, 179, answer), 0, "hidden until then");
        let mut again = 0;
        advance(&mut state, 1, |invocation| {
            again += ids(invocation).len();
            ok("{}")
        });
        assert_eq!(again, remain);
        assert_eq!(left(&state, QUEUE), 0);
        let retried = traced(&state, Hop::EventSourceMapping, Outcome::Retried);
        assert_eq!(retried.len(), usize::from(remain > 0));
        if let Some(entry) = retried.first() {
            assert!(entry.detail.contains("visibility timeout of 180 s"), "{}", entry.detail);
        }
    };
    let first = |invocation: &Invocation| {
        ok(&json!({"batchItemFailures": [{"itemIdentifier": ids(invocation)[0]}]}).to_string())
    };
    check(false, |_| ok("{}"), 0);
    check(false, |_| failure(), 2);
    check(true, first, 1);
    // The response type is what makes AWS look into the response.
    check(false, first, 0);
    check(true, |_| ok("{"), 2);
    check(true, |_| failure(), 2);
}

#[test]
fn a_mapping_needs_its_permissions() {
    let all = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"];
    for missing in all {
        let rest: Vec<&str> = all.into_iter().filter(|action| *action != missing).collect();
        // [T] at creation
        let mut state = deployed();
        role(&mut state, &rest);
        let input = json!({"EventSourceArn": QUEUE, "FunctionName": "f"});
        let error = lambda(&mut state, "CreateEventSourceMapping", input).unwrap_err();
        let operation = missing.trim_start_matches("sqs:");
        assert_eq!(
            error.message,
            format!("The provided execution role does not have permissions to call {operation} on SQS")
        );
        // and ever after
        let (mut state, _) = mapped(json!({}));
        role(&mut state, &rest);
        state.clear_trace();
        send(&mut state, "x");
        assert_eq!(settle(&mut state, |_| ok("{}")), 0, "{missing}");
        let denied = traced(&state, Hop::EventSourceMapping, Outcome::Denied);
        assert!(denied.iter().any(|entry| entry.detail == format!("{missing} denied")), "{missing}: {denied:?}");
        // Once a minute at first, then less and less: no spinning.
        state.clear_trace();
        assert_eq!(advance(&mut state, 59, |_| ok("{}")), 0);
        assert_eq!(traced(&state, Hop::EventSourceMapping, Outcome::Denied).len(), 0);
        advance(&mut state, 3541, |_| ok("{}"));
        let polls = traced(&state, Hop::EventSourceMapping, Outcome::Denied).len() / 2;
        assert!((3..=7).contains(&polls), "{polls} polls within an hour");
        // The permission comes back, and the message is not lost.
        role(&mut state, MAY);
        assert_eq!(advance(&mut state, 900, |_| ok("{}")), 1);
        assert_eq!(left(&state, QUEUE), 0);
        assert_eq!(state.next_delivery_due(), None, "nothing is polled when there is nothing to read");
    }
}

#[test]
fn a_mapping_needs_its_function_and_role() {
    let (mut state, _) = mapped(json!({}));
    lambda(&mut state, "DeleteFunction", json!({"FunctionName": "f"})).unwrap();
    send(&mut state, "x");
    assert_eq!(settle(&mut state, |_| ok("{}")), 0);
    let denied = traced(&state, Hop::EventSourceMapping, Outcome::Denied);
    assert!(denied[0].detail.contains("does not exist"), "{}", denied[0].detail);

    let (mut state, _) = mapped(json!({}));
    let trust = json!({"Version": "2012-10-17", "Statement": {
        "Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "sts:AssumeRole"}});
    let input = json!({"RoleName": "r", "PolicyDocument": trust.to_string()});
    call(&mut state, Service::Iam, "UpdateAssumeRolePolicy", input).unwrap();
    send(&mut state, "x");
    assert_eq!(settle(&mut state, |_| ok("{}")), 0);
    assert!(!traced(&state, Hop::EventSourceMapping, Outcome::Denied).is_empty());
}

#[test]
fn a_disabled_mapping_reads_nothing_and_says_so() {
    let (mut state, uuid) = mapped(json!({"Enabled": false}));
    send(&mut state, "x");
    assert_eq!(settle(&mut state, |_| ok("{}")), 0);
    assert_eq!(traced(&state, Hop::EventSourceMapping, Outcome::Failed).len(), 1);
    let enabled = lambda(&mut state, "UpdateEventSourceMapping", json!({"UUID": uuid, "Enabled": true})).unwrap();
    assert_eq!(enabled["State"], "Enabling");
    assert_eq!(settle(&mut state, |_| ok("{}")), 1);
}

#[test]
fn event_source_mappings_through_the_api() {
    let (mut state, uuid) = mapped(json!({"BatchSize": 5, "ScalingConfig": {"MaximumConcurrency": 2}}));
    let shown = lambda(&mut state, "GetEventSourceMapping", json!({"UUID": uuid})).unwrap();
    assert_eq!(
        shown,
        json!({
            "UUID": uuid, "BatchSize": 5, "MaximumBatchingWindowInSeconds": 0, "EventSourceArn": QUEUE,
            "FunctionArn": FUNCTION, "LastModified": 1_772_442_847.0, "State": "Enabled",
            "StateTransitionReason": "USER_INITIATED", "FunctionResponseTypes": [],
            "EventSourceMappingArn": format!("arn:aws:lambda:us-east-1:{HUB}:event-source-mapping:{uuid}"),
            "ScalingConfig": {"MaximumConcurrency": 2},
        })
    );
    let check = |state: &mut State, input: Value, part: &str| {
        let error = lambda(state, "CreateEventSourceMapping", input).unwrap_err();
        assert!(error.message.contains(part), "{error} lacks {part}");
    };
    let at = |queue: &str| json!({"EventSourceArn": queue, "FunctionName": "f"});
    check(&mut state, at(QUEUE), &format!("delete the existing mapping with UUID {uuid}"));
    check(&mut state, at("arn:aws:sqs:us-east-1:999988887777:none"), "NonExistentQueue");
    check(&mut state, at("arn:aws:kinesis:us-east-1:999988887777:stream/s"), "read kinesis");
    check(&mut state, json!({"EventSourceArn": DLQ, "FunctionName": "none"}), "Function not found");
    let mut input = at(DLQ);
    input["BatchSize"] = json!(11);
    check(&mut state, input, "Maximum batch window in seconds must be greater than 0");
    let mut input = at(DLQ);
    input["FilterCriteria"] = json!({"Filters": [{"Pattern": "{"}]});
    check(&mut state, input, "Invalid filter pattern definition.");
    let slow = json!({"FunctionName": "f", "Timeout": 181});
    lambda(&mut state, "UpdateFunctionConfiguration", slow).unwrap();
    check(&mut state, at(DLQ), "Queue visibility timeout: 180 seconds is less than Function timeout: 181 seconds");
    let listed = lambda(&mut state, "ListEventSourceMappings", json!({"FunctionName": "f"})).unwrap();
    assert_eq!(listed["EventSourceMappings"].as_array().unwrap().len(), 1);
    let deleted = lambda(&mut state, "DeleteEventSourceMapping", json!({"UUID": uuid})).unwrap();
    assert_eq!(deleted["State"], "Deleting");
    assert_eq!(lambda(&mut state, "GetEventSourceMapping", json!({"UUID": uuid})).unwrap_err().status, 404);
    send(&mut state, "x");
    assert_eq!(settle(&mut state, |_| ok("{}")), 0);
}

#[test]
fn batches_windows_filters_and_scaling() {
    let sizes = |more: Value, messages: usize| {
        let (mut state, _) = mapped(more);
        for n in 0..messages {
            send(&mut state, &format!("{{\"n\":{n}}}"));
        }
        let mut sizes = Vec::new();
        let mut first = 0;
        while state.step() {}
        // What is under way at once, before anything ends.
        let effects = state.take_effects();
        first += effects.len();
        for effect in effects {
            let Effect::Invoke(invocation) = effect else { continue };
            sizes.push(ids(&invocation).len());
            let completion =
                Completion { result: ok("{}"), log_lines: Vec::new(), duration_ms: 1.0, init_ms: Some(1.0) };
            completed(&mut state, *invocation, completion);
        }
        advance(&mut state, 100, |invocation| {
            sizes.push(ids(invocation).len());
            ok("{}")
        });
        assert_eq!(left(&state, QUEUE), 0);
        (first, sizes)
    };
    assert_eq!(sizes(json!({}), 23), (3, vec![10, 10, 3]));
    assert_eq!(sizes(json!({"BatchSize": 1}), 7), (5, vec![1; 7]), "five batches at once");
    assert_eq!(sizes(json!({"BatchSize": 1, "ScalingConfig": {"MaximumConcurrency": 2}}), 7), (2, vec![1; 7]));
    assert_eq!(sizes(json!({"BatchSize": 10, "MaximumBatchingWindowInSeconds": 20}), 3), (0, vec![3]));
    assert_eq!(sizes(json!({"BatchSize": 2, "MaximumBatchingWindowInSeconds": 20}), 5), (2, vec![2, 2, 1]));
    // [D] invocation-eventfiltering: what no filter admits is deleted.
    let filter = json!({"FilterCriteria": {"Filters": [{"Pattern": "{\"body\":{\"n\":[1,3]}}"}]}});
    assert_eq!(sizes(filter, 5), (1, vec![2]));
}

#[test]
fn a_batching_window_gathers_what_comes_later() {
    let (mut state, _) = mapped(json!({"MaximumBatchingWindowInSeconds": 20}));
    send(&mut state, "one");
    assert_eq!(advance(&mut state, 19, |_| ok("{}")), 0);
    send(&mut state, "two");
    let mut size = 0;
    assert_eq!(
        advance(&mut state, 1, |invocation| {
            size = ids(invocation).len();
            ok("{}")
        }),
        1
    );
    assert_eq!(size, 2);
}

#[test]
fn a_throttled_function_leaves_its_messages_in_the_queue() {
    // [D] services-sqs-scaling
    let (mut state, _) = mapped(json!({}));
    let none = json!({"FunctionName": "f", "ReservedConcurrentExecutions": 0});
    lambda(&mut state, "PutFunctionConcurrency", none).unwrap();
    send(&mut state, "x");
    assert_eq!(advance(&mut state, 179, |_| ok("{}")), 0);
    assert_eq!(traced(&state, Hop::EventSourceMapping, Outcome::Retried).len(), 1);
    lambda(&mut state, "DeleteFunctionConcurrency", json!({"FunctionName": "f"})).unwrap();
    assert_eq!(advance(&mut state, 1, |_| ok("{}")), 1);
    assert_eq!(left(&state, QUEUE), 0);
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

#[test]
fn services_need_the_functions_permission() {
    let mut state = deployed();
    let denied = invoke_by_topic(&mut state).unwrap_err();
    assert_eq!((denied.code.as_str(), denied.retriable), ("AccessDeniedException", false));
    assert_eq!(traced(&state, Hop::Subscription, Outcome::Denied).len(), 1);
    permit_topic(&mut state);
    invoke_by_topic(&mut state).unwrap();
    assert_eq!(settle(&mut state, |_| ok("{}")), 1);
    let none = Arn::new("arn:aws:lambda:us-east-1:999988887777:function:none");
    let region = Region::new("us-east-1");
    let gone = invoke_async(&mut state, Hop::Target, &sns(), &region, &none, "{}".into(), Context::new()).unwrap_err();
    assert_eq!((gone.code.as_str(), gone.retriable), ("ResourceNotFoundException", false));
}

/// An event whose function always fails: when it ran, seconds after it was accepted.
fn attempts(state: &mut State) -> Vec<i64> {
    permit_topic(state);
    let start = state.now;
    invoke_by_topic(state).unwrap();
    let mut runs: Vec<(i64, String)> = Vec::new();
    let end = state.now + Duration::from_secs(7 * 3600);
    loop {
        let now = (state.now - start).as_secs() as i64;
        settle(state, |invocation| {
            runs.push((now, invocation.request_id.clone()));
            failure()
        });
        match state.next_due().filter(|due| *due <= end) {
            Some(due) => state.now = due,
            None => break,
        }
    }
    let ids: BTreeSet<&String> = runs.iter().map(|(_, id)| id).collect();
    assert!(ids.len() <= 1, "all attempts have one request id");
    runs.into_iter().map(|(at, _)| at).collect()
}

#[test]
fn events_are_tried_three_times() {
    // [D] invocation-async-error-handling
    let check = |config: Value, wanted: &[i64]| {
        let mut state = deployed();
        if !config.is_null() {
            lambda(&mut state, "PutFunctionEventInvokeConfig", config).unwrap();
        }
        assert_eq!(attempts(&mut state), wanted);
        assert_eq!(traced(&state, Hop::Function, Outcome::Lost).len(), 1, "nothing takes what is given up");
    };
    check(Value::Null, &[0, 60, 180]);
    check(json!({"FunctionName": "f", "MaximumRetryAttempts": 0}), &[0]);
    check(json!({"FunctionName": "f", "MaximumRetryAttempts": 1}), &[0, 60]);
    check(json!({"FunctionName": "f", "MaximumEventAgeInSeconds": 100}), &[0, 60]);
}

#[test]
fn what_is_given_up_goes_to_the_dead_letter_queue_and_the_destination() {
    // [V] LS:lambda_/test_lambda_destinations
    let mut state = deployed();
    let last = json!({"FunctionName": "f", "DeadLetterConfig": {"TargetArn": DLQ}});
    lambda(&mut state, "UpdateFunctionConfiguration", last).unwrap();
    let destination = json!({"FunctionName": "f", "DestinationConfig": {"OnFailure": {"Destination": QUEUE}}});
    lambda(&mut state, "PutFunctionEventInvokeConfig", destination).unwrap();
    assert_eq!(attempts(&mut state).len(), 3);
    let dead = sqs::receive(&mut state, &DLQ.into(), 10, None).remove(0);
    assert_eq!(dead.body, "{\"x\":1}");
    let attributes: Vec<(&str, &str, Option<&str>)> = dead
        .message_attributes
        .iter()
        .map(|(name, value)| (name.as_str(), value.data_type.as_str(), value.string_value.as_deref()))
        .collect();
    assert_eq!(attributes[0], ("ErrorCode", "Number", Some("200")));
    assert_eq!(attributes[1], ("ErrorMessage", "String", Some("it broke")));
    assert_eq!(attributes[2].0, "RequestID");
    let record: Value =
        serde_json::from_str(&sqs::receive(&mut state, &QUEUE.into(), 10, None).remove(0).body).unwrap();
    let context = &record["requestContext"];
    assert_eq!((&context["condition"], &context["approximateInvokeCount"]), (&json!("RetriesExhausted"), &json!(3)));
    assert_eq!(context["functionArn"], format!("{FUNCTION}:$LATEST"));
    assert_eq!(record["requestPayload"], json!({"x": 1}));
    assert_eq!(
        record["responseContext"],
        json!({"statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled"})
    );
    assert_eq!(record["responsePayload"], json!({"errorMessage": "it broke", "errorType": "Boom"}));
    assert_eq!(traced(&state, Hop::Function, Outcome::DeadLettered).len(), 2);
}

#[test]
fn a_reserved_concurrency_of_zero_never_runs() {
    // [V] LS:lambda_/test_lambda::test_reserved_concurrency
    let mut state = deployed();
    let none = json!({"FunctionName": "f", "ReservedConcurrentExecutions": 0});
    lambda(&mut state, "PutFunctionConcurrency", none).unwrap();
    let destination = json!({"FunctionName": "f", "DestinationConfig": {"OnFailure": {"Destination": QUEUE}}});
    lambda(&mut state, "PutFunctionEventInvokeConfig", destination).unwrap();
    assert_eq!(attempts(&mut state).len(), 0);
    let record: Value =
        serde_json::from_str(&sqs::receive(&mut state, &QUEUE.into(), 10, None).remove(0).body).unwrap();
    let context = &record["requestContext"];
    assert_eq!(
        (&context["condition"], &context["approximateInvokeCount"]),
        (&json!("ZeroReservedConcurrency"), &json!(0))
    );
    assert!(record.get("responseContext").is_none() && record.get("responsePayload").is_none());
    let error = lambda(&mut state, "Invoke", json!({"FunctionName": "f", "Payload": "{}"})).unwrap_err();
    assert_eq!(
        (error.status, error.code.as_str(), error.message.as_str()),
        (429, "TooManyRequestsException", "Rate Exceeded.")
    );
    assert_eq!(error.members, [("Reason".into(), "ReservedFunctionConcurrentInvocationLimitExceeded".into())]);
}

#[test]
fn a_dead_letter_queue_that_refuses_loses_the_event() {
    let mut state = deployed();
    let last = json!({"FunctionName": "f", "DeadLetterConfig": {"TargetArn": DLQ}});
    lambda(&mut state, "UpdateFunctionConfiguration", last).unwrap();
    role(&mut state, &["logs:*"]);
    attempts(&mut state);
    assert_eq!(left(&state, DLQ), 0);
    let lost = traced(&state, Hop::Function, Outcome::Lost);
    assert!(lost[0].detail.contains("sqs:SendMessage"), "{}", lost[0].detail);
}

#[test]
fn the_ways_to_invoke() {
    let mut state = deployed();
    let id = lambda(&mut state, "Invoke", json!({"FunctionName": "f", "Payload": "{\"a\":1}"})).unwrap();
    let mut seen = None;
    settle(&mut state, |invocation| {
        seen = Some((invocation.request_id.clone(), invocation.payload.clone(), invocation.origin.clone()));
        ok("{}")
    });
    assert_eq!(seen, Some((id.as_str().unwrap().to_owned(), "{\"a\":1}".to_owned(), Origin::Sync)));
    let event = json!({"FunctionName": "f", "Payload": "", "InvocationType": "Event"});
    assert_eq!(lambda(&mut state, "Invoke", event).unwrap(), json!(202));
    assert_eq!(settle(&mut state, |_| ok("{}")), 1);
    let dry = json!({"FunctionName": "f", "Payload": "", "InvocationType": "DryRun"});
    assert_eq!(lambda(&mut state, "Invoke", dry).unwrap(), Value::Null);
    assert_eq!(settle(&mut state, |_| ok("{}")), 0);
    for (input, code) in [
        (json!({"FunctionName": "f", "Payload": "{"}), "InvalidRequestContentException"),
        (json!({"FunctionName": "f", "InvocationType": "Later"}), "ValidationException"),
        (json!({"FunctionName": "none"}), "ResourceNotFoundException"),
        (
            json!({"FunctionName": "f", "Payload": format!("\"{}\"", "x".repeat(6 * 1024 * 1024))}),
            "RequestTooLargeException",
        ),
    ] {
        assert_eq!(lambda(&mut state, "Invoke", input).unwrap_err().code, code);
    }
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
