//! AssumeRole through the API. Texts and codes: [V] LS:sts/test_sts

use serde_json::{Value, json};

use crate::api::{ApiError, Protocol, Service, testing};
use crate::state::State;
use crate::time::Time;
use rootwatch_policy::Principal;

const ACCOUNT: &str = "111122223333";

fn call(state: &mut State, caller: Principal, service: Service, name: &str, params: Value) -> Result<Value, ApiError> {
    testing::call(state, caller, (ACCOUNT, "us-east-1"), (service, Protocol::Query), name, params)
}

fn administrator() -> Principal {
    Principal::Administrator { account: ACCOUNT.into(), arn: format!("arn:aws:iam::{ACCOUNT}:user/administrator") }
}

fn role_arn(name: &str) -> String {
    format!("arn:aws:iam::{ACCOUNT}:role/{name}")
}

/// Roles `one` and `two`, whose account may assume and tag them; `untagged` may be assumed only.
fn cloud() -> State {
    let mut state = State::new(Time::parse("2026-03-02T09:14:07Z").unwrap(), 1);
    let roles = [
        ("one", json!(["sts:AssumeRole", "sts:TagSession"])),
        ("two", json!(["sts:AssumeRole", "sts:TagSession"])),
        ("untagged", json!("sts:AssumeRole")),
    ];
    for (name, actions) in roles {
        let trust = json!({"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": actions},
        ]});
        let params = json!({"RoleName": name, "AssumeRolePolicyDocument": trust.to_string()});
        call(&mut state, administrator(), Service::Iam, "CreateRole", params).unwrap();
    }
    let policy = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": ["sts:AssumeRole", "sts:TagSession"], "Resource": role_arn("two")},
    ]});
    let params = json!({"RoleName": "one", "PolicyName": "p", "PolicyDocument": policy.to_string()});
    call(&mut state, administrator(), Service::Iam, "PutRolePolicy", params).unwrap();
    state
}

fn tag(key: &str) -> Value {
    json!({"Key": key, "Value": "v"})
}

#[test]
fn refusals() {
    let one = role_arn("one");
    let pattern = r"1 validation error detected: Value 'Session1:2' at 'roleSessionName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\w+=,.@-]*";
    let cases = [
        ("nothing-valid-in-here", "Session1", json!({}), "ValidationError", "nothing-valid-in-here is invalid"),
        (
            "arn::b:::something/test-role",
            "Session1",
            json!({}),
            "ValidationError",
            "arn::b:::something/test-role is invalid",
        ),
        (
            "arn:a:::something/test-role",
            "Session1",
            json!({}),
            "ValidationError",
            "arn:a:::something/test-role is invalid",
        ),
        // The session's name is looked at before the ARN.
        ("arn:a:b:::something/test-role", "Session1:2", json!({}), "ValidationError", pattern),
        (
            &one,
            "s1",
            json!({"Tags": [tag("a")], "TransitiveTagKeys": ["b"]}),
            "InvalidParameterValue",
            "The specified transitive tag key must be included in the requested tags.",
        ),
        (
            &one,
            "s1",
            json!({"Tags": [tag("a"), tag("A")]}),
            "InvalidParameterValue",
            "Duplicate tag keys found. Please note that Tag keys are case insensitive.",
        ),
        (
            &one,
            "s1",
            json!({"DurationSeconds": "7200"}),
            "ValidationError",
            "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
        ),
        (
            &role_arn("untagged"),
            "s1",
            json!({"Tags": [tag("a")]}),
            "AccessDenied",
            "is not authorized to perform: sts:TagSession on resource: arn:aws:iam::111122223333:role/untagged",
        ),
    ];
    for (arn, session, more, code, text) in cases {
        let mut params = more.clone();
        params["RoleArn"] = json!(arn);
        params["RoleSessionName"] = json!(session);
        let error = call(&mut cloud(), administrator(), Service::Sts, "AssumeRole", params).unwrap_err();
        assert_eq!(error.code, code, "{arn} {more}");
        assert!(error.message.contains(text), "{arn} {more}: {}", error.message);
    }
}

/// [D] API_AssumeRole
#[test]
fn session_policies() {
    let everything = json!({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}});
    let arn = |arn: &str| json!({"Arn": arn});
    let administrator_access = "arn:aws:iam::aws:policy/AdministratorAccess";
    let cases = [
        (json!({"Policy": "{"}), Some("MalformedPolicyDocument"), None),
        (json!({"Policy": "x".repeat(2049)}), Some("ValidationError"), None),
        (json!({"PolicyArns": [arn("x")]}), Some("ValidationError"), None),
        (json!({"PolicyArns": [arn("arn:aws:iam::111122223333:policy/none")]}), Some("ValidationError"), None),
        (json!({"PolicyArns": vec![arn(administrator_access); 11]}), Some("ValidationError"), None),
        (json!({"PolicyArns": [arn(administrator_access)]}), None, Some(json!(2))),
        (json!({"Policy": everything.to_string()}), None, Some(json!(4))),
        (json!({}), None, None),
    ];
    for (mut params, code, size) in cases {
        params["RoleArn"] = json!(role_arn("one"));
        params["RoleSessionName"] = json!("session");
        let answer = call(&mut cloud(), administrator(), Service::Sts, "AssumeRole", params.clone());
        assert_eq!(answer.as_ref().err().map(|error| error.code.as_str()), code, "{params}");
        assert_eq!(answer.ok().and_then(|answer| answer.get("PackedPolicySize").cloned()), size, "{params}");
    }
}

#[test]
fn a_chain_keeps_transitive_tags() {
    let mut state = cloud();
    let params = json!({"RoleArn": role_arn("one"), "RoleSessionName": "first",
        "Tags": [tag("Kept"), tag("own")], "TransitiveTagKeys": ["kept"]});
    let answer = call(&mut state, administrator(), Service::Sts, "AssumeRole", params).unwrap();
    let key = answer["Credentials"]["AccessKeyId"].as_str().unwrap();
    let first = super::principal_of(&state, key, &"us-east-1".into()).unwrap();
    let second = |tags: Value| json!({"RoleArn": role_arn("two"), "RoleSessionName": "second", "Tags": tags});
    for key in ["Kept", "kept"] {
        let error = call(&mut state, first.clone(), Service::Sts, "AssumeRole", second(json!([tag(key)]))).unwrap_err();
        assert_eq!(error.code, "InvalidParameterValue", "{key}");
        assert!(error.message.contains("conflicts with a transitive tag key from the calling session"), "{key}");
    }
    // A tag that was not handed on may be set anew.
    let answer = call(&mut state, first, Service::Sts, "AssumeRole", second(json!([tag("own")]))).unwrap();
    let key = answer["Credentials"]["AccessKeyId"].as_str().unwrap();
    let tags = &state.sts.sessions.get(key).unwrap().tags;
    let found: Vec<(&str, bool)> = tags.iter().map(|tag| (tag.key.as_str(), tag.transitive)).collect();
    assert_eq!(found, [("Kept", true), ("own", false)]);
}
