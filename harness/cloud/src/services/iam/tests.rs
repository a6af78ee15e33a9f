//! IAM through its API. Shapes, texts and codes: [V] LS:iam/test_iam

use serde_json::{Value, json};

use crate::api::{ApiError, Protocol, Service, testing};
use crate::state::State;
use crate::time::Time;

const ACCOUNT: &str = "111122223333";
const TRUST: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#;
const POLICY: &str =
    r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["lambda:ListFunctions"],"Resource":["*"]}]}"#;

fn call(state: &mut State, name: &str, params: Value) -> Result<Value, ApiError> {
    testing::call(
        state,
        testing::administrator(ACCOUNT),
        (ACCOUNT, "us-east-1"),
        (Service::Iam, Protocol::Query),
        name,
        params,
    )
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

/// [D] API_PutRolePermissionsBoundary, access_policies_boundaries; texts of what is missing: [?]
#[test]
fn boundaries() {
    let mut state = cloud();
    let policy = format!("arn:aws:iam::{ACCOUNT}:policy/p");
    let bounds = |arn: &str| json!({"RoleName": "r", "PermissionsBoundary": arn});
    let by = |arn: &str| json!({"RoleName": "b", "AssumeRolePolicyDocument": TRUST, "PermissionsBoundary": arn});
    let none = format!("arn:aws:iam::{ACCOUNT}:policy/none");
    let cases = [
        ("DeleteRolePermissionsBoundary", json!({"RoleName": "r"}), Some("NoSuchEntity")),
        ("PutRolePermissionsBoundary", bounds("x"), Some("InvalidInput")),
        ("PutRolePermissionsBoundary", bounds(&none), Some("NoSuchEntity")),
        ("CreateRole", by(&none), Some("NoSuchEntity")),
        ("PutRolePermissionsBoundary", bounds(&policy), None),
        ("CreateRole", by("arn:aws:iam::aws:policy/AdministratorAccess"), None),
        ("DeletePolicy", json!({"PolicyArn": policy}), Some("DeleteConflict")),
    ];
    for (operation, params, expected) in cases {
        let found = call(&mut state, operation, params.clone()).err().map(|error| error.code);
        assert_eq!(found.as_deref(), expected, "{operation} {params}");
    }
    let shown = ok(&mut state, "GetRole", json!({"RoleName": "r"}));
    let boundary = json!({"PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": policy});
    assert_eq!(shown["Role"]["PermissionsBoundary"], boundary);
    let listed = ok(&mut state, "ListRoles", json!({}));
    assert_eq!(listed["Roles"][0].get("PermissionsBoundary"), None);
    let counted = ok(&mut state, "GetPolicy", json!({"PolicyArn": policy}));
    assert_eq!(counted["Policy"]["PermissionsBoundaryUsageCount"], 1);
    ok(&mut state, "DeleteRolePermissionsBoundary", json!({"RoleName": "r"}));
    ok(&mut state, "DeletePolicy", json!({"PolicyArn": policy}));
}

/// The simulator: decision, matched statements with their places, missing keys.
/// Places: [T] answers of AWS in public repositories (`AdministratorAccess` 3:17 to 8:6, one line from column 38 or 41).
#[test]
fn simulations() {
    let send = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sqs:SendMessage","Resource":"arn:aws:sqs:*:111122223333:q"}]}"#;
    let spread = "{\n  \"Version\": \"2012-10-17\",\n  \"Statement\": [\n    {\n      \"Effect\": \"Allow\",\n      \"Action\": \"*\",\n      \"Resource\": \"*\"\n    }\n  ]\n}";
    let two = r#"{"Version": "2012-10-17", "Statement": [{"Effect":"Allow","Action":"*","Resource":"*"}, {"Effect":"Deny","Action":"sqs:*","Resource":"*"}]}"#;
    let conditional = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"sqs:*","Resource":"*","Condition":{"StringEquals":{"aws:PrincipalOrgID":"o-1"},"IpAddress":{"aws:SourceIp":"203.0.113.0/24"}}}}"#;
    let named = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"sqs:*","Resource":"arn:aws:sqs:*:*:${aws:username}"}}"#;
    let queue = "arn:aws:sqs:us-east-1:111122223333:q";
    let far = "arn:aws:sqs:us-east-1:444455556666:q";
    let admit = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":"sqs:*","Resource":"*"}]}"#;
    let alice = "arn:aws:iam::111122223333:user/alice";
    let entry = |key: &str, value: &str| json!({"ContextKeyName": key, "ContextKeyValues": [value], "ContextKeyType": "string"});
    let at = |id: &str, kind: &str, start: [u32; 2], end: [u32; 2]| {
        let place = |[line, column]: [u32; 2]| json!({"Line": line, "Column": column});
        json!([{"SourcePolicyId": id, "SourcePolicyType": kind, "StartPosition": place(start), "EndPosition": place(end)}])
    };
    let first = "PolicyInputList.1";
    let cases = [
        (json!({"PolicyInputList": [send]}), queue, "allowed", at(first, "IAM Policy", [1, 38], [1, 125]), json!([])),
        (json!({"PolicyInputList": [send]}), far, "implicitDeny", json!([]), json!([])),
        (json!({"PolicyInputList": [spread]}), "*", "allowed", at(first, "IAM Policy", [3, 17], [8, 6]), json!([])),
        // A deny that applies is all that is told, and begins where the statement before it ends.
        (
            json!({"PolicyInputList": [two]}),
            queue,
            "explicitDeny",
            at(first, "IAM Policy", [1, 87], [1, 138]),
            json!([]),
        ),
        (
            json!({"PolicyInputList": [conditional]}),
            "*",
            "implicitDeny",
            json!([]),
            json!(["aws:PrincipalOrgID", "aws:SourceIp"]),
        ),
        (
            json!({"PolicyInputList": [conditional], "ContextEntries": [entry("aws:principalorgid", "o-1"), entry("aws:SourceIp", "203.0.113.9")]}),
            "*",
            "allowed",
            at(first, "IAM Policy", [1, 38], [1, 191]),
            json!([]),
        ),
        (json!({"PolicyInputList": [named]}), queue, "implicitDeny", json!([]), json!(["aws:username"])),
        (
            json!({"PolicyInputList": [named], "CallerArn": "arn:aws:iam::111122223333:user/q"}),
            queue,
            "allowed",
            at(first, "IAM Policy", [1, 38], [1, 117]),
            json!([]),
        ),
        (
            json!({"PolicyInputList": [spread], "PermissionsBoundaryPolicyInputList": [conditional]}),
            queue,
            "implicitDeny",
            json!([]),
            json!(["aws:PrincipalOrgID", "aws:SourceIp"]),
        ),
        (
            json!({"PolicyInputList": [spread], "PermissionsBoundaryPolicyInputList": [two]}),
            queue,
            "explicitDeny",
            at("PermissionsBoundaryPolicyInputList.1", "Permissions Boundary Policy", [1, 87], [1, 138]),
            json!([]),
        ),
        // Across accounts both sides must allow.
        (json!({"PolicyInputList": [spread], "CallerArn": alice}), far, "implicitDeny", json!([]), json!([])),
        (
            json!({"PolicyInputList": [send], "CallerArn": alice, "ResourcePolicy": admit}),
            far,
            "implicitDeny",
            json!([]),
            json!([]),
        ),
    ];
    let mut state = cloud();
    for (mut params, resource, decision, matched, missing) in cases {
        params["ActionNames"] = json!(["sqs:SendMessage"]);
        params["ResourceArns"] = json!([resource]);
        let answer = ok(&mut state, "SimulateCustomPolicy", params.clone());
        let result = &answer["EvaluationResults"][0];
        let found = [&result["EvalDecision"], &result["MatchedStatements"], &result["MissingContextValues"]];
        assert_eq!(found, [&json!(decision), &matched, &missing], "{params}");
        // Details and results by resource are there where a resource is named. [D] API_EvaluationResult
        assert_eq!(result["ResourceSpecificResults"].is_array(), resource != "*", "{params}");
        let bounded = params["PermissionsBoundaryPolicyInputList"].is_array();
        assert_eq!(
            result["PermissionsBoundaryDecisionDetail"]["AllowedByPermissionsBoundary"] == false,
            bounded,
            "{params}"
        );
    }
    let both = json!({"PolicyInputList": [spread], "CallerArn": alice, "ResourcePolicy": admit, "ActionNames": ["sqs:SendMessage"], "ResourceArns": [far]});
    let answer = ok(&mut state, "SimulateCustomPolicy", both);
    let result = &answer["EvaluationResults"][0];
    assert_eq!(result["EvalDecision"], "allowed");
    let sides = json!({"$map": {"IAM Policy": "allowed", "Resource Policy": "allowed"}});
    assert_eq!((&result["EvalDecisionDetails"], result["MatchedStatements"].as_array().unwrap().len()), (&sides, 2));
    let keys = ok(&mut state, "GetContextKeysForCustomPolicy", json!({"PolicyInputList": [conditional, named]}));
    assert_eq!(keys["ContextKeyNames"], json!(["aws:PrincipalOrgID", "aws:SourceIp", "aws:username"]));
}

#[test]
fn simulations_of_a_role() {
    let mut state = cloud();
    let inline = json!({"RoleName": "r", "PolicyName": "i", "PolicyDocument": POLICY});
    ok(&mut state, "PutRolePolicy", inline);
    ok(
        &mut state,
        "AttachRolePolicy",
        json!({"RoleName": "r", "PolicyArn": format!("arn:aws:iam::{ACCOUNT}:policy/p")}),
    );
    let source = format!("arn:aws:iam::{ACCOUNT}:role/p/r");
    let params = json!({"PolicySourceArn": source, "ActionNames": ["lambda:ListFunctions", "lambda:Invoke"]});
    let answer = ok(&mut state, "SimulatePrincipalPolicy", params);
    let results = answer["EvaluationResults"].as_array().unwrap();
    let decisions: Vec<&Value> = results.iter().map(|result| &result["EvalDecision"]).collect();
    assert_eq!(decisions, ["allowed", "implicitDeny"]);
    let ids: Vec<&Value> = results[0]["MatchedStatements"]
        .as_array()
        .unwrap()
        .iter()
        .map(|statement| &statement["SourcePolicyId"])
        .collect();
    assert_eq!(ids, ["role_r_i", "p"], "[T] names as AWS answers them");
    // The role's own boundary counts, unless another is given. [D] API_SimulatePrincipalPolicy
    let everything = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#;
    let other = everything.replace(r#""Action":"*""#, r#""Action":"sns:*""#);
    let made = ok(&mut state, "CreatePolicy", json!({"PolicyName": "b", "PolicyDocument": other}));
    ok(
        &mut state,
        "PutRolePermissionsBoundary",
        json!({"RoleName": "r", "PermissionsBoundary": made["Policy"]["Arn"]}),
    );
    let given = json!([everything]);
    for (given, decision) in [(json!([]), "implicitDeny"), (given, "allowed")] {
        let params = json!({"PolicySourceArn": source, "ActionNames": ["lambda:ListFunctions"], "PermissionsBoundaryPolicyInputList": given});
        let answer = ok(&mut state, "SimulatePrincipalPolicy", params);
        assert_eq!(answer["EvaluationResults"][0]["EvalDecision"], decision, "{given}");
    }
    let refusals = [
        (json!({"ActionNames": ["a:B"]}), "ValidationError"),
        (
            json!({"PolicySourceArn": format!("arn:aws:iam::{ACCOUNT}:role/none"), "ActionNames": ["a:B"]}),
            "NoSuchEntity",
        ),
        (json!({"PolicySourceArn": source, "ActionNames": ["a:*"]}), "InvalidInput"),
        (json!({"PolicySourceArn": source, "ActionNames": ["a:B"], "PolicyInputList": ["{"]}), "InvalidInput"),
        (json!({"PolicySourceArn": source, "ActionNames": ["a:B"], "ResourcePolicy": TRUST}), "InvalidInput"),
    ];
    for (params, code) in refusals {
        let error = call(&mut state, "SimulatePrincipalPolicy", params.clone()).unwrap_err();
        assert_eq!(error.code, code, "{params}");
    }
}

/// What the organization forbids is told by its detail and as an implicit denial, whatever denied it; the management
/// account is not limited. [D] API_EvaluationResult, access_policies_testing-policies; [T]
/// aws-containers/amazon-ecs-exec-checker 70, aws/aws-sdk 102
#[test]
fn simulations_in_an_organization() {
    const MANAGEMENT: &str = "999988887777";
    let deny = |condition: Value| {
        json!({"Version": "2012-10-17", "Statement": [
            {"Effect": "Deny", "Action": "lambda:ListFunctions", "Resource": "*", "Condition": condition},
        ]})
        .to_string()
    };
    let here = || json!({"StringNotEquals": {"aws:RequestedRegion": "us-east-1"}});
    let region = json!([{"ContextKeyName": "aws:RequestedRegion", "ContextKeyValues": ["us-east-1"]}]);
    // (whether there is an organization, who manages it, its policy, context, decision, what the organization is said to do)
    let cases = [
        (None, None, json!([]), "allowed", None),
        (Some(MANAGEMENT), None, json!([]), "allowed", Some(true)),
        (Some(MANAGEMENT), Some(deny(json!({}))), json!([]), "implicitDeny", Some(false)),
        (Some(MANAGEMENT), Some(deny(here())), json!([]), "implicitDeny", Some(false)),
        (Some(MANAGEMENT), Some(deny(here())), region, "allowed", Some(true)),
        (Some(ACCOUNT), Some(deny(json!({}))), json!([]), "allowed", Some(true)),
    ];
    for (management, policy, context, decision, organization) in cases {
        let mut state = cloud();
        ok(&mut state, "PutRolePolicy", json!({"RoleName": "r", "PolicyName": "i", "PolicyDocument": POLICY}));
        if let Some(management) = management {
            state.organizations.create("o-abcdefghij", management, &[(MANAGEMENT, "hub"), (ACCOUNT, "spoke")]);
        }
        if let (Some(management), Some(policy)) = (management, &policy) {
            let mut organizations = |name: &str, params: Value| {
                let wire = (Service::Organizations, Protocol::Json11);
                let by = testing::administrator(management);
                testing::call(&mut state, by, (management, "us-east-1"), wire, name, params).unwrap()
            };
            let root = organizations("ListRoots", json!({}))["Roots"][0]["Id"].clone();
            let kind = "SERVICE_CONTROL_POLICY";
            organizations("EnablePolicyType", json!({"RootId": root, "PolicyType": kind}));
            let made = json!({"Type": kind, "Name": "n", "Description": "d", "Content": policy});
            let id = organizations("CreatePolicy", made)["Policy"]["PolicySummary"]["Id"].clone();
            organizations("AttachPolicy", json!({"PolicyId": id, "TargetId": root}));
        }
        let params = json!({
            "PolicySourceArn": format!("arn:aws:iam::{ACCOUNT}:role/p/r"), "ActionNames": ["lambda:ListFunctions"],
            "ResourceArns": ["arn:aws:lambda:us-east-1:111122223333:function:f"], "ContextEntries": context,
        });
        let answer = ok(&mut state, "SimulatePrincipalPolicy", params);
        let result = &answer["EvaluationResults"][0];
        let said = result["OrganizationsDecisionDetail"]["AllowedByOrganizations"].as_bool();
        let of = format!("{management:?} {policy:?} {context}");
        assert_eq!((result["EvalDecision"].as_str(), said), (Some(decision), organization), "{of}");
        let ended = organization == Some(false);
        assert_eq!(result["MatchedStatements"].as_array().unwrap().is_empty(), ended, "{of}");
        assert_eq!(result.get("EvalDecisionDetails").is_none(), ended, "{of}");
    }
}
