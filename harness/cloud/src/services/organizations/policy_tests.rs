//! Units, policies and attachments through the API. [D] Organizations API reference

use serde_json::{Value, json};

use super::tests::{MANAGEMENT, MEMBER, call, call_in, code, state};
use crate::state::State;

const ROOT: &str = "r-abcd";
const SCP: &str = "SERVICE_CONTROL_POLICY";
const RCP: &str = "RESOURCE_CONTROL_POLICY";
const DENY: &str = r#"{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"sqs:*","Resource":"*"}}"#;

fn ok(state: &mut State, name: &str, params: Value) -> Value {
    call(state, MANAGEMENT, name, params.clone()).unwrap_or_else(|error| panic!("{name} {params}: {error}"))
}

fn enabled() -> State {
    let mut state = state();
    for kind in [SCP, RCP] {
        ok(&mut state, "EnablePolicyType", json!({"RootId": ROOT, "PolicyType": kind}));
    }
    state
}

fn create(state: &mut State, kind: &str, name: &str, content: &str) -> Result<Value, crate::api::ApiError> {
    let params = json!({"Type": kind, "Name": name, "Description": "d", "Content": content});
    call(state, MANAGEMENT, "CreatePolicy", params)
}

fn id(made: &Value) -> Value {
    made["Policy"]["PolicySummary"]["Id"].clone()
}

#[test]
fn a_tree_of_units() {
    let mut state = state();
    let unit = |parent: &Value, name: &str| json!({"ParentId": parent, "Name": name});
    let made = ok(&mut state, "CreateOrganizationalUnit", unit(&json!(ROOT), "outer"));
    let outer = made["OrganizationalUnit"]["Id"].clone();
    assert!(outer.as_str().unwrap().starts_with("ou-abcd-"), "{outer}");
    let inner = ok(&mut state, "CreateOrganizationalUnit", unit(&outer, "inner"))["OrganizationalUnit"]["Id"].clone();
    let moved =
        |to: &Value, from: &Value| json!({"AccountId": MEMBER, "SourceParentId": from, "DestinationParentId": to});
    ok(&mut state, "MoveAccount", moved(&inner, &json!(ROOT)));
    let path = format!("o-abcdefghij/r-abcd/{}/{}/", outer.as_str().unwrap(), inner.as_str().unwrap());
    assert_eq!(state.organizations.place_of(MEMBER), Some(("o-abcdefghij".to_owned(), path)));
    let cases = [
        ("CreateOrganizationalUnit", unit(&json!(ROOT), "outer"), Some("DuplicateOrganizationalUnitException")),
        ("CreateOrganizationalUnit", unit(&json!("ou-none"), "x"), Some("ParentNotFoundException")),
        ("CreateOrganizationalUnit", unit(&json!(MEMBER), "x"), Some("ParentNotFoundException")),
        (
            "DescribeOrganizationalUnit",
            json!({"OrganizationalUnitId": "x"}),
            Some("OrganizationalUnitNotFoundException"),
        ),
        (
            "DeleteOrganizationalUnit",
            json!({"OrganizationalUnitId": outer}),
            Some("OrganizationalUnitNotEmptyException"),
        ),
        (
            "DeleteOrganizationalUnit",
            json!({"OrganizationalUnitId": inner}),
            Some("OrganizationalUnitNotEmptyException"),
        ),
        ("MoveAccount", moved(&outer, &outer), Some("SourceParentNotFoundException")),
        ("MoveAccount", moved(&json!("x"), &inner), Some("DestinationParentNotFoundException")),
        ("MoveAccount", moved(&inner, &inner), Some("DuplicateAccountException")),
        ("ListParents", json!({"ChildId": "x"}), Some("ChildNotFoundException")),
        ("UpdateOrganizationalUnit", json!({"OrganizationalUnitId": inner, "Name": "deep"}), None),
        ("MoveAccount", moved(&json!(ROOT), &inner), None),
        ("DeleteOrganizationalUnit", json!({"OrganizationalUnitId": inner}), None),
    ];
    for (operation, params, expected) in cases {
        let found = code(call(&mut state, MANAGEMENT, operation, params.clone()));
        assert_eq!(found.as_deref(), expected, "{operation} {params}");
        let theirs = code(call(&mut state, MEMBER, operation, params.clone()));
        assert_eq!(theirs.as_deref(), Some("AccessDeniedException"), "{operation} {params} by a member");
    }
    let parents = ok(&mut state, "ListParents", json!({"ChildId": outer}));
    assert_eq!(parents["Parents"], json!([{"Id": ROOT, "Type": "ROOT"}]));
    let children = ok(&mut state, "ListChildren", json!({"ParentId": ROOT, "ChildType": "ACCOUNT"}));
    assert_eq!(children["Children"].as_array().unwrap().len(), 2);
}

#[test]
fn policies_and_their_refusals() {
    let mut state = state();
    let scp = id(&create(&mut state, SCP, "deny", DENY).unwrap());
    let attach = |policy: &Value, target: &str| json!({"PolicyId": policy, "TargetId": target});
    let early = call(&mut state, MANAGEMENT, "AttachPolicy", attach(&scp, ROOT));
    assert_eq!(code(early).as_deref(), Some("PolicyTypeNotEnabledException"));
    let mut state = enabled();
    let scp = id(&create(&mut state, SCP, "deny", DENY).unwrap());
    let full = json!("p-FullAWSAccess");
    let kind = |root: &str, kind: &str| json!({"RootId": root, "PolicyType": kind});
    let cases = [
        ("EnablePolicyType", kind(ROOT, SCP), Some("PolicyTypeAlreadyEnabledException")),
        ("EnablePolicyType", kind("r-none", SCP), Some("RootNotFoundException")),
        ("EnablePolicyType", kind(ROOT, "TAG_POLICY"), Some("NotImplemented")),
        ("EnablePolicyType", kind(ROOT, "x"), Some("InvalidInputException")),
        ("AttachPolicy", attach(&scp, "x"), Some("TargetNotFoundException")),
        ("AttachPolicy", attach(&json!("p-none"), ROOT), Some("PolicyNotFoundException")),
        ("AttachPolicy", attach(&scp, ROOT), None),
        ("AttachPolicy", attach(&scp, ROOT), Some("DuplicatePolicyAttachmentException")),
        ("DeletePolicy", json!({"PolicyId": scp}), Some("PolicyInUseException")),
        ("DeletePolicy", json!({"PolicyId": full}), Some("InvalidInputException")),
        ("DetachPolicy", attach(&scp, MEMBER), Some("PolicyNotAttachedException")),
        // One service control policy stays, and everywhere the full access of the other type.
        ("DetachPolicy", attach(&full, MEMBER), Some("ConstraintViolationException")),
        ("DetachPolicy", attach(&json!("p-RCPFullAWSAccess"), MEMBER), Some("InvalidInputException")),
        ("DetachPolicy", attach(&full, ROOT), None),
        ("DetachPolicy", attach(&scp, ROOT), Some("ConstraintViolationException")),
        ("UpdatePolicy", json!({"PolicyId": scp, "Name": "FullAWSAccess"}), Some("DuplicatePolicyException")),
        ("UpdatePolicy", json!({"PolicyId": scp, "Description": "other"}), None),
        ("DisablePolicyType", kind(ROOT, SCP), None),
        ("DisablePolicyType", kind(ROOT, SCP), Some("PolicyTypeNotEnabledException")),
        ("DeletePolicy", json!({"PolicyId": scp}), None),
        ("DescribePolicy", json!({"PolicyId": scp}), Some("PolicyNotFoundException")),
    ];
    for (operation, params, expected) in cases {
        let found = code(call(&mut state, MANAGEMENT, operation, params.clone()));
        assert_eq!(found.as_deref(), expected, "{operation} {params}");
    }
    // What comes back into use begins with full access.
    ok(&mut state, "EnablePolicyType", kind(ROOT, SCP));
    let listed = ok(&mut state, "ListPoliciesForTarget", json!({"TargetId": MEMBER, "Filter": SCP}));
    assert_eq!(listed["Policies"][0]["Id"], full);
    let targets = ok(&mut state, "ListTargetsForPolicy", json!({"PolicyId": full}));
    assert_eq!(targets["Targets"].as_array().unwrap().len(), 3, "the root and two accounts");
}

/// [D] orgs_manage_policies_scps_syntax, orgs_manage_policies_rcps_syntax
#[test]
fn documents() {
    let statement = |text: &str| format!(r#"{{"Version":"2012-10-17","Statement":[{text}]}}"#);
    let malformed = Some("MalformedPolicyDocumentException");
    let long = "x".repeat(5121);
    let cases = [
        (SCP, DENY.to_owned(), None),
        (SCP, "{".to_owned(), malformed),
        (SCP, statement(r#"{"Effect":"Deny","Principal":"*","Action":"sqs:*","Resource":"*"}"#), malformed),
        (SCP, long, Some("ConstraintViolationException")),
        (RCP, statement(r#"{"Effect":"Deny","Principal":"*","Action":"sqs:*","Resource":"*"}"#), None),
        (RCP, statement(r#"{"Effect":"Allow","Principal":"*","Action":"sqs:*","Resource":"*"}"#), malformed),
        (RCP, statement(r#"{"Effect":"Deny","Principal":"*","Action":"*","Resource":"*"}"#), malformed),
        (RCP, statement(r#"{"Effect":"Deny","Principal":"*","NotAction":"sqs:*","Resource":"*"}"#), malformed),
        (
            RCP,
            statement(r#"{"Effect":"Deny","Principal":{"AWS":"111122223333"},"Action":"sqs:*","Resource":"*"}"#),
            malformed,
        ),
        (RCP, DENY.to_owned(), malformed),
    ];
    for (kind, content, expected) in cases {
        let found = code(create(&mut state(), kind, "p", &content));
        let shown: String = content.chars().take(100).collect();
        assert_eq!(found.as_deref(), expected, "{kind} {shown}");
    }
}

/// [D] the service is there in every partition, under the partition's own name
#[test]
fn names_in_each_partition() {
    for (region, partition) in [("us-east-1", "aws"), ("cn-northwest-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov")] {
        let mut state = state();
        let mut ok = |name: &str, params: Value| call_in(&mut state, region, MANAGEMENT, name, params).unwrap();
        let own = |path: &str| json!(format!("arn:{partition}:organizations::{MANAGEMENT}:{path}"));
        let organization = ok("DescribeOrganization", json!({}));
        assert_eq!(organization["Organization"]["Arn"], own("organization/o-abcdefghij"));
        let management = own(&format!("account/o-abcdefghij/{MANAGEMENT}"));
        assert_eq!(organization["Organization"]["MasterAccountArn"], management);
        let account = ok("DescribeAccount", json!({"AccountId": MEMBER}));
        assert_eq!(account["Account"]["Arn"], own(&format!("account/o-abcdefghij/{MEMBER}")));
        let roots = ok("ListRoots", json!({}));
        assert_eq!(roots["Roots"][0]["Arn"], own("root/o-abcdefghij/r-abcd"));
        let made = ok("CreatePolicy", json!({"Type": SCP, "Name": "p", "Description": "", "Content": DENY}));
        let id = made["Policy"]["PolicySummary"]["Id"].as_str().unwrap();
        let arn = own(&format!("policy/o-abcdefghij/service_control_policy/{id}"));
        assert_eq!(made["Policy"]["PolicySummary"]["Arn"], arn);
        let aws = ok("DescribePolicy", json!({"PolicyId": "p-FullAWSAccess"}));
        let arn = format!("arn:{partition}:organizations::aws:policy/service_control_policy/p-FullAWSAccess");
        assert_eq!(aws["Policy"]["PolicySummary"]["Arn"], json!(arn));
    }
}
