//! Users, their keys and what they may. [D] IAM API reference; the texts of refusals: [T] answers of AWS in public
//! repositories

use serde_json::{Value, json};

use crate::api::{ApiError, Protocol, Service, testing};
use crate::id::Region;
use crate::services::sts;
use crate::state::State;
use crate::time::Time;
use rootwatch_policy::Principal;

const ACCOUNT: &str = "111122223333";
const LIST: &str =
    r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sqs:ListQueues","Resource":"*"}]}"#;
const KEYS: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["iam:GetUser","iam:CreateAccessKey"],"Resource":"arn:aws:iam::*:user/team/${aws:username}"}]}"#;

fn by(
    state: &mut State,
    caller: Principal,
    wire: (Service, Protocol),
    name: &str,
    params: Value,
) -> Result<Value, ApiError> {
    testing::call(state, caller, (ACCOUNT, "us-east-1"), wire, name, params)
}

fn call(state: &mut State, name: &str, params: Value) -> Result<Value, ApiError> {
    by(state, testing::administrator(ACCOUNT), (Service::Iam, Protocol::Query), name, params)
}

fn ok(state: &mut State, name: &str, params: Value) -> Value {
    call(state, name, params.clone()).unwrap_or_else(|error| panic!("{name} {params}: {error}"))
}

/// A cloud with the user `ann` under `/team/`.
fn cloud() -> State {
    let mut state = State::new(Time::parse("2026-03-02T09:14:07Z").unwrap(), 1);
    ok(&mut state, "CreateUser", json!({"UserName": "ann", "Path": "/team/", "Tags": [{"Key": "k", "Value": "v"}]}));
    state
}

fn key(state: &mut State) -> String {
    let made = ok(state, "CreateAccessKey", json!({"UserName": "ann"}));
    made["AccessKey"]["AccessKeyId"].as_str().unwrap().to_owned()
}

fn user(state: &State, key: &str) -> Option<Principal> {
    sts::principal_of(state, key, &Region::new("us-east-1"))
}

#[test]
fn shapes() {
    let mut state = cloud();
    let shown = ok(&mut state, "GetUser", json!({"UserName": "ann"}))["User"].clone();
    assert_eq!(shown["Arn"], format!("arn:aws:iam::{ACCOUNT}:user/team/ann"));
    assert!(shown["UserId"].as_str().unwrap().starts_with("AIDA"), "{shown}");
    assert_eq!(shown["Tags"], json!([{"Key": "k", "Value": "v"}]));
    let listed = ok(&mut state, "ListUsers", json!({"PathPrefix": "/team/"}))["Users"].clone();
    assert_eq!(listed[0]["UserName"], "ann");
    assert_eq!(listed[0].get("Tags"), None);
    // A role of the same name is another identity.
    let trust = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":"sts:AssumeRole"}]}"#;
    ok(&mut state, "CreateRole", json!({"RoleName": "ann", "Path": "/team/", "AssumeRolePolicyDocument": trust}));
    assert_eq!(ok(&mut state, "ListUsers", json!({}))["Users"].as_array().unwrap().len(), 1);
    assert_eq!(ok(&mut state, "ListRoles", json!({}))["Roles"].as_array().unwrap().len(), 1);
}

#[test]
fn refusals() {
    let ann = || json!({"UserName": "ann"});
    let gone = |name: &str| format!("The user with name {name} cannot be found.");
    let unnamed = "Must specify userName when calling with non-User credentials".to_owned();
    let policy = json!({"UserName": "ann", "PolicyName": "p"});
    let cases = [
        ("CreateUser", ann(), "EntityAlreadyExists", "User with name ann already exists.".to_owned()),
        ("GetUser", json!({"UserName": "bob"}), "NoSuchEntity", gone("bob")),
        ("GetUser", json!({}), "ValidationError", unnamed.clone()),
        ("CreateAccessKey", json!({}), "ValidationError", unnamed),
        ("DeleteUser", json!({"UserName": "bob"}), "NoSuchEntity", gone("bob")),
        ("GetUserPolicy", policy, "NoSuchEntity", "The user policy with name p cannot be found.".to_owned()),
        (
            "DeleteAccessKey",
            json!({"UserName": "ann", "AccessKeyId": "AKIANONE"}),
            "NoSuchEntity",
            "The Access Key with id AKIANONE cannot be found".to_owned(),
        ),
    ];
    for (operation, params, code, message) in cases {
        let error = call(&mut cloud(), operation, params.clone()).unwrap_err();
        assert_eq!((error.code.as_str(), error.message), (code, message), "{operation} {params}");
    }
}

#[test]
fn keys_stand_for_their_user_while_they_are_active() {
    let mut state = cloud();
    let (first, second) = (key(&mut state), key(&mut state));
    let error = call(&mut state, "CreateAccessKey", json!({"UserName": "ann"})).unwrap_err();
    assert_eq!((error.code.as_str(), error.status), ("LimitExceeded", 409));
    let arn = format!("arn:aws:iam::{ACCOUNT}:user/team/ann");
    let ann = Some(Principal::User { arn: arn.clone(), account: ACCOUNT.to_owned() });
    assert_eq!((user(&state, &first), user(&state, &second)), (ann.clone(), ann.clone()));
    let set = |id: &str, status: &str| json!({"UserName": "ann", "AccessKeyId": id, "Status": status});
    ok(&mut state, "UpdateAccessKey", set(&first, "Inactive"));
    assert_eq!((user(&state, &first), user(&state, &second)), (None, ann.clone()));
    let listed = ok(&mut state, "ListAccessKeys", json!({"UserName": "ann"}))["AccessKeyMetadata"].clone();
    let mut statuses: Vec<&str> =
        listed.as_array().unwrap().iter().map(|key| key["Status"].as_str().unwrap()).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, ["Active", "Inactive"]);
    ok(&mut state, "UpdateAccessKey", set(&first, "Active"));
    assert_eq!(user(&state, &first), ann);
    assert_eq!(call(&mut state, "UpdateAccessKey", set(&first, "Off")).unwrap_err().code, "ValidationError");
    assert_eq!(call(&mut state, "DeleteUser", json!({"UserName": "ann"})).unwrap_err().code, "DeleteConflict");
    for id in [first, second] {
        ok(&mut state, "DeleteAccessKey", json!({"UserName": "ann", "AccessKeyId": id}));
        assert_eq!(user(&state, &id), None);
    }
    ok(&mut state, "DeleteUser", json!({"UserName": "ann"}));
}

/// What a user has, what limits it, and what names it. [D] reference_policies_evaluation-logic,
/// reference_policies_variables (`aws:username`)
#[test]
fn what_a_user_may() {
    let attach = |state: &mut State, policy: &str| {
        let made = ok(state, "CreatePolicy", json!({"PolicyName": "m", "PolicyDocument": policy}));
        ok(state, "AttachUserPolicy", json!({"UserName": "ann", "PolicyArn": made["Policy"]["Arn"]}));
    };
    let inline = |state: &mut State, policy: &str| {
        ok(state, "PutUserPolicy", json!({"UserName": "ann", "PolicyName": "i", "PolicyDocument": policy}));
    };
    let bound = |state: &mut State, policy: &str| {
        let made = ok(state, "CreatePolicy", json!({"PolicyName": "b", "PolicyDocument": policy}));
        let arn = &made["Policy"]["Arn"];
        ok(state, "PutUserPermissionsBoundary", json!({"UserName": "ann", "PermissionsBoundary": arn}));
    };
    let sqs = (Service::Sqs, Protocol::Json10, "ListQueues", json!({}));
    let iam = |name, of: Value| (Service::Iam, Protocol::Query, name, of);
    type Step<'a> = &'a dyn Fn(&mut State);
    let cases: [(Step<'_>, _, Option<&str>); 8] = [
        (&|_| (), sqs.clone(), Some("because no identity-based policy allows the sqs:ListQueues action")),
        (&|state| inline(state, LIST), sqs.clone(), None),
        (&|state| attach(state, LIST), sqs.clone(), None),
        (
            &|state| {
                inline(state, LIST);
                bound(state, KEYS);
            },
            sqs,
            Some("because no permissions boundary allows the sqs:ListQueues action"),
        ),
        (&|state| inline(state, KEYS), iam("GetUser", json!({})), None),
        (&|state| inline(state, KEYS), iam("CreateAccessKey", json!({"UserName": "ann"})), None),
        (
            &|state| {
                inline(state, KEYS);
                ok(state, "CreateUser", json!({"UserName": "bob", "Path": "/team/"}));
            },
            iam("CreateAccessKey", json!({"UserName": "bob"})),
            Some("because no identity-based policy allows the iam:CreateAccessKey action"),
        ),
        (&|_| (), (Service::Sts, Protocol::Query, "GetCallerIdentity", json!({})), None),
    ];
    for (step, (service, protocol, operation, params), expected) in cases {
        let mut state = cloud();
        step(&mut state);
        let id = key(&mut state);
        let ann = user(&state, &id).unwrap();
        let found = by(&mut state, ann, (service, protocol), operation, params.clone());
        match (&found, expected) {
            (Ok(_), None) => {}
            (Err(error), Some(text)) => {
                let who = format!("User: arn:aws:iam::{ACCOUNT}:user/team/ann is not authorized to perform");
                assert!(error.message.starts_with(&who) && error.message.contains(text), "{error}");
            }
            _ => panic!("{operation} {params}: {found:?}, not {expected:?}"),
        }
    }
    // The simulator knows users as it knows roles.
    let mut state = cloud();
    inline(&mut state, LIST);
    let source = format!("arn:aws:iam::{ACCOUNT}:user/team/ann");
    let params = json!({"PolicySourceArn": source, "ActionNames": ["sqs:ListQueues", "sqs:SendMessage"]});
    let answer = ok(&mut state, "SimulatePrincipalPolicy", params);
    let results = answer["EvaluationResults"].as_array().unwrap();
    assert_eq!(results.iter().map(|one| &one["EvalDecision"]).collect::<Vec<_>>(), ["allowed", "implicitDeny"]);
    assert_eq!(results[0]["MatchedStatements"][0]["SourcePolicyId"], "user_ann_i");
}
