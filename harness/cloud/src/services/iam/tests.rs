//! IAM through its API. Shapes, texts and codes: [V] LS:iam/test_iam

use serde_json::{Value, json};

use crate::api::{ApiError, Call, Protocol, Reply, Service, dispatch};
use crate::policy::Principal;
use crate::state::State;
use crate::time::Time;

const ACCOUNT: &str = "111122223333";
const TRUST: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#;
const POLICY: &str =
    r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["lambda:ListFunctions"],"Resource":["*"]}]}"#;

fn call(state: &mut State, name: &str, params: Value) -> Result<Value, ApiError> {
    let arn = format!("arn:aws:iam::{ACCOUNT}:user/administrator");
    let reply = dispatch(&mut Call {
        state,
        service: Service::Iam,
        operation: name.into(),
        protocol: Protocol::Query,
        caller: Principal::Administrator { account: ACCOUNT.into(), arn },
        account: ACCOUNT.into(),
        region: "us-east-1".into(),
        params,
        request_id: "request".into(),
    })?;
    match reply {
        Reply::Value(value) => Ok(value),
        other => panic!("{other:?}"),
    }
}

fn ok(state: &mut State, name: &str, params: Value) -> Value {
    call(state, name, params.clone()).unwrap_or_else(|error| panic!("{name} {params}: {error}"))
}

/// A cloud with the role `r` under `/p/` and the policy `p`.
fn cloud() -> State {
    let mut state = State::new(Time::parse("2026-03-02T09:14:07Z").unwrap(), 1);
    let tags = json!([{"Key": "k", "Value": "v"}]);
    let role = json!({"RoleName": "r", "Path": "/p/", "AssumeRolePolicyDocument": TRUST, "Tags": tags});
    ok(&mut state, "CreateRole", role);
    ok(&mut state, "CreatePolicy", json!({"PolicyName": "p", "PolicyDocument": POLICY}));
    state
}

fn keys(value: &Value) -> String {
    let mut keys: Vec<&str> = value.as_object().unwrap().keys().map(String::as_str).collect();
    keys.sort_unstable();
    keys.join(" ")
}

#[test]
fn shapes() {
    let mut state = cloud();
    const CREATED: &str = "Arn AssumeRolePolicyDocument CreateDate Path RoleId RoleName";
    let plain = ok(&mut state, "CreateRole", json!({"RoleName": "q", "AssumeRolePolicyDocument": TRUST}));
    assert_eq!(keys(&plain["Role"]), CREATED, "test_create_describe_role");
    let get = ok(&mut state, "GetRole", json!({"RoleName": "r"}));
    let shown = "Arn AssumeRolePolicyDocument CreateDate MaxSessionDuration Path RoleId RoleLastUsed RoleName Tags";
    assert_eq!(keys(&get["Role"]), shown, "test_role_with_tags");
    let listed = ok(&mut state, "ListRoles", json!({"PathPrefix": "/p"}));
    assert_eq!(listed["Roles"].as_array().unwrap().len(), 1, "test_create_role_with_assume_role_policy");
    let shown = "Arn AssumeRolePolicyDocument CreateDate MaxSessionDuration Path RoleId RoleName";
    assert_eq!(keys(&listed["Roles"][0]), shown, "test_role_with_tags");
    let first = ok(&mut state, "ListRoles", json!({"MaxItems": "1"}));
    let second = ok(&mut state, "ListRoles", json!({"MaxItems": "1", "Marker": first["Marker"]}));
    assert_eq!((&first["IsTruncated"], &second["IsTruncated"]), (&json!(true), &json!(false)));
    assert_ne!(first["Roles"], second["Roles"]);
    let policy = ok(&mut state, "GetPolicy", json!({"PolicyArn": format!("arn:aws:iam::{ACCOUNT}:policy/p")}));
    let shown = "Arn AttachmentCount CreateDate DefaultVersionId IsAttachable Path PermissionsBoundaryUsageCount PolicyId \
                 PolicyName UpdateDate";
    assert_eq!(keys(&policy["Policy"]), shown, "test_role_attach_policy");
}

#[test]
fn refusals() {
    let policy = |name: &str| format!("arn:aws:iam::{ACCOUNT}:policy/{name}");
    let attach = |arn: &str| json!({"RoleName": "r", "PolicyArn": arn});
    let role = |name: &str, trust: &str| json!({"RoleName": name, "AssumeRolePolicyDocument": trust});
    let malformed = "MalformedPolicyDocument";
    let trailing = TRUST.replace("\"}]}", "\",}]}");
    let cases = [
        ("CreateRole", role("s", &trailing), malformed, 400, "This policy contains invalid Json".to_owned()),
        // [D] grammar: a trust policy names a principal, an identity policy none
        ("CreateRole", role("s", POLICY), malformed, 400, "Missing required field Principal".to_owned()),
        (
            "CreatePolicy",
            json!({"PolicyName": "q", "PolicyDocument": TRUST}),
            malformed,
            400,
            "Policy document should not specify a principal.".to_owned(),
        ),
        ("CreateRole", role("r", TRUST), "EntityAlreadyExists", 409, "Role with name r already exists.".to_owned()),
        ("GetRole", json!({"RoleName": "s"}), "NoSuchEntity", 404, "The role with name s cannot be found.".to_owned()),
        (
            "AttachRolePolicy",
            attach("longpolicynamebutnoarn"),
            "ValidationError",
            400,
            "Invalid ARN:  Could not be parsed!".to_owned(),
        ),
        (
            "AttachRolePolicy",
            attach(&policy("p123")),
            "NoSuchEntity",
            404,
            format!("Policy {} does not exist or is not attachable.", policy("p123")),
        ),
        (
            "AttachRolePolicy",
            attach("arn:aws:iam::aws:policy/NoSuchPolicy"),
            "NoSuchEntity",
            404,
            "Policy arn:aws:iam::aws:policy/NoSuchPolicy does not exist or is not attachable.".to_owned(),
        ),
        (
            "DeletePolicy",
            json!({"PolicyArn": policy("none")}),
            "NoSuchEntity",
            404,
            format!("Policy {} was not found.", policy("none")),
        ),
        (
            "DetachRolePolicy",
            attach(&policy("p")),
            "NoSuchEntity",
            404,
            format!("Policy {} was not found.", policy("p")),
        ),
    ];
    for (operation, params, code, status, message) in cases {
        let error = call(&mut cloud(), operation, params.clone()).unwrap_err();
        let found = (error.code.as_str(), error.status, error.message.as_str());
        assert_eq!(found, (code, status, message.as_str()), "{operation} {params}");
    }
}

/// test_attach_detach_role_policy, with policies of AWS's own
#[test]
fn attached_policies_keep_a_role() {
    let mut state = cloud();
    let arns = [
        format!("arn:aws:iam::{ACCOUNT}:policy/p"),
        "arn:aws:iam::aws:policy/AWSLambdaExecute".to_owned(),
        "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole".to_owned(),
    ];
    for arn in &arns {
        ok(&mut state, "AttachRolePolicy", json!({"RoleName": "r", "PolicyArn": arn}));
    }
    let attached = ok(&mut state, "ListAttachedRolePolicies", json!({"RoleName": "r"}));
    assert_eq!(attached["AttachedPolicies"].as_array().unwrap().len(), arns.len());
    let error = call(&mut state, "DeleteRole", json!({"RoleName": "r"})).unwrap_err();
    assert_eq!((error.code.as_str(), error.status), ("DeleteConflict", 409));
    for arn in &arns {
        ok(&mut state, "DetachRolePolicy", json!({"RoleName": "r", "PolicyArn": arn}));
    }
    ok(&mut state, "DeleteRole", json!({"RoleName": "r"}));
}
