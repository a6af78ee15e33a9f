//! Organizations through its API. [D] Organizations API reference

use serde_json::{Value, json};

use crate::api::{ApiError, Protocol, Service, testing};
use crate::state::State;
use crate::time::Time;

pub(super) const MANAGEMENT: &str = "999988887777";
pub(super) const MEMBER: &str = "111122223333";
const STRANGER: &str = "555566667777";

pub(super) fn state() -> State {
    let mut state = State::new(Time::parse("2026-03-02T09:14:07Z").unwrap(), 1);
    state.organizations.create("o-abcdefghij", MANAGEMENT, &[(MANAGEMENT, "hub"), (MEMBER, "spoke")]);
    state
}

pub(super) fn call(state: &mut State, account: &str, name: &str, params: Value) -> Result<Value, ApiError> {
    call_in(state, "us-east-1", account, name, params)
}

pub(super) fn call_in(
    state: &mut State,
    region: &str,
    account: &str,
    name: &str,
    params: Value,
) -> Result<Value, ApiError> {
    testing::call(
        state,
        testing::administrator(account),
        (account, region),
        (Service::Organizations, Protocol::Json11),
        name,
        params,
    )
}

pub(super) fn code(result: Result<Value, ApiError>) -> Option<String> {
    result.err().map(|error| error.code)
}

/// [D] API_ListAccounts: the management account and delegated administrators, nobody else
#[test]
fn who_may_list_accounts() {
    let mut state = state();
    let denied = Some("AccessDeniedException");
    let security = json!({"AccountId": MEMBER, "ServicePrincipal": "cloudtrail.amazonaws.com"});
    // (what happens first, who lists, what is said)
    let cases = [
        (None, MANAGEMENT, None),
        (None, MEMBER, denied),
        (None, STRANGER, Some("AWSOrganizationsNotInUseException")),
        (Some("RegisterDelegatedAdministrator"), MEMBER, None),
        (None, MANAGEMENT, None),
        (Some("DeregisterDelegatedAdministrator"), MEMBER, denied),
    ];
    for (first, who, expected) in cases {
        if let Some(operation) = first {
            call(&mut state, MANAGEMENT, operation, security.clone()).unwrap();
        }
        for (operation, params) in [("ListAccounts", json!({})), ("DescribeAccount", json!({"AccountId": MEMBER}))] {
            let found = code(call(&mut state, who, operation, params));
            assert_eq!(found.as_deref(), expected, "{first:?} {operation} by {who}");
        }
    }
    // A member reads about the organization all the same. [D] API_DescribeOrganization
    let organization = call(&mut state, MEMBER, "DescribeOrganization", json!({})).unwrap();
    assert_eq!(organization["Organization"]["MasterAccountId"], MANAGEMENT);
}

#[test]
fn delegation() {
    let mut state = state();
    let register = |account: &str, service: &str| json!({"AccountId": account, "ServicePrincipal": service});
    let trail = "cloudtrail.amazonaws.com";
    let cases = [
        (MEMBER, register(MEMBER, trail), Some("AccessDeniedException")),
        (MANAGEMENT, register(STRANGER, trail), Some("AccountNotFoundException")),
        (MANAGEMENT, register(MANAGEMENT, trail), Some("ConstraintViolationException")),
        (MANAGEMENT, register(MEMBER, "x"), Some("InvalidInputException")),
        (MANAGEMENT, register(MEMBER, trail), None),
        (MANAGEMENT, register(MEMBER, trail), Some("AccountAlreadyRegisteredException")),
        (MANAGEMENT, register(MEMBER, "config.amazonaws.com"), None),
    ];
    for (who, params, expected) in cases {
        let found = code(call(&mut state, who, "RegisterDelegatedAdministrator", params.clone()));
        assert_eq!(found.as_deref(), expected, "{params} by {who}");
    }
    for (filter, count) in
        [(json!({}), 1), (json!({"ServicePrincipal": trail}), 1), (json!({"ServicePrincipal": "x"}), 0)]
    {
        let listed = call(&mut state, MANAGEMENT, "ListDelegatedAdministrators", filter.clone()).unwrap();
        assert_eq!(listed["DelegatedAdministrators"].as_array().unwrap().len(), count, "{filter}");
    }
    let services =
        call(&mut state, MANAGEMENT, "ListDelegatedServicesForAccount", json!({"AccountId": MEMBER})).unwrap();
    assert_eq!(services["DelegatedServices"][0]["ServicePrincipal"], trail);
}

#[test]
fn pages() {
    let mut state = state();
    let first = call(&mut state, MANAGEMENT, "ListAccounts", json!({"MaxResults": 1})).unwrap();
    let next = json!({"MaxResults": 1, "NextToken": first["NextToken"]});
    let second = call(&mut state, MANAGEMENT, "ListAccounts", next).unwrap();
    let names = [&first["Accounts"][0]["Name"], &second["Accounts"][0]["Name"]];
    assert_eq!((names, second.get("NextToken")), ([&json!("spoke"), &json!("hub")], None));
    for bad in [json!({"MaxResults": 0}), json!({"MaxResults": 21}), json!({"NextToken": "x"})] {
        let found = code(call(&mut state, MANAGEMENT, "ListAccounts", bad.clone()));
        assert_eq!(found.as_deref(), Some("InvalidInputException"), "{bad}");
    }
}

/// [D] API_CreateOrganization, API_CreateAccount, API_DescribeCreateAccountStatus
#[test]
fn an_organization_is_made() {
    let mut state = State::new(Time::parse("2026-03-02T09:14:07Z").unwrap(), 1);
    let account = json!({"AccountName": "spoke", "Email": "spoke@example.com"});
    let none = code(call(&mut state, MANAGEMENT, "CreateAccount", account.clone()));
    assert_eq!(none.as_deref(), Some("AWSOrganizationsNotInUseException"));
    let made = call(&mut state, MANAGEMENT, "CreateOrganization", json!({"FeatureSet": "ALL"})).unwrap();
    assert!(made["Organization"]["Id"].as_str().unwrap().starts_with("o-"));
    let again = code(call(&mut state, MANAGEMENT, "CreateOrganization", json!({})));
    assert_eq!(again.as_deref(), Some("AlreadyInOrganizationException"));
    let status = call(&mut state, MANAGEMENT, "CreateAccount", account.clone()).unwrap()["CreateAccountStatus"].clone();
    assert_eq!((&status["State"], &status["AccountName"]), (&json!("SUCCEEDED"), &json!("spoke")));
    let asked = json!({"CreateAccountRequestId": status["Id"]});
    let described = call(&mut state, MANAGEMENT, "DescribeCreateAccountStatus", asked).unwrap();
    assert_eq!(described["CreateAccountStatus"], status);
    let unknown = json!({"CreateAccountRequestId": "car-x"});
    let unknown = code(call(&mut state, MANAGEMENT, "DescribeCreateAccountStatus", unknown));
    assert_eq!(unknown.as_deref(), Some("CreateAccountStatusNotFoundException"));
    let member = status["AccountId"].as_str().unwrap().to_owned();
    assert!(member.len() == 12 && member.bytes().all(|byte| byte.is_ascii_digit()), "{member}");
    assert_eq!(code(call(&mut state, &member, "CreateAccount", account)).as_deref(), Some("AccessDeniedException"));
    let listed = call(&mut state, MANAGEMENT, "ListAccounts", json!({})).unwrap();
    assert_eq!(listed["Accounts"].as_array().unwrap().len(), 2);
}

/// [D] API_ListAccounts: `Status` was retired on September 9, 2026
#[test]
fn accounts_have_a_state_and_until_its_retirement_a_status() {
    let mut state = state();
    let closed = json!({"AccountId": MEMBER});
    call(&mut state, MANAGEMENT, "CloseAccount", closed.clone()).unwrap();
    let again = code(call(&mut state, MANAGEMENT, "CloseAccount", closed));
    assert_eq!(again.as_deref(), Some("AccountAlreadyClosedException"));
    let own = code(call(&mut state, MANAGEMENT, "CloseAccount", json!({"AccountId": MANAGEMENT})));
    assert_eq!(own.as_deref(), Some("ConstraintViolationException"));
    for (now, has_status) in [("2026-09-08T23:59:59Z", true), ("2026-09-09T00:00:00Z", false)] {
        state.now = Time::parse(now).unwrap();
        let listed = call(&mut state, MANAGEMENT, "ListAccounts", json!({})).unwrap();
        for account in listed["Accounts"].as_array().unwrap() {
            let expected = if account["Id"] == MEMBER { "SUSPENDED" } else { "ACTIVE" };
            assert_eq!(account["State"], expected);
            assert_eq!(account.get("Status"), has_status.then_some(&json!(expected)), "{now}");
        }
    }
}

/// [D] API_TagResource, API_UntagResource, API_ListTagsForResource
#[test]
fn policies_and_accounts_have_tags() {
    let mut state = state();
    let root = call(&mut state, MANAGEMENT, "ListRoots", json!({})).unwrap()["Roots"][0]["Id"].clone();
    let enable = json!({"RootId": root, "PolicyType": "SERVICE_CONTROL_POLICY"});
    call(&mut state, MANAGEMENT, "EnablePolicyType", enable).unwrap();
    let content = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*"}]});
    let policy = json!({
        "Name": "p", "Description": "", "Type": "SERVICE_CONTROL_POLICY", "Content": content.to_string(),
        "Tags": [{"Key": "team", "Value": "security"}],
    });
    let made = call(&mut state, MANAGEMENT, "CreatePolicy", policy).unwrap();
    let id = made["Policy"]["PolicySummary"]["Id"].clone();
    let tags = |state: &mut State, id: &Value| {
        call(state, MANAGEMENT, "ListTagsForResource", json!({"ResourceId": id})).map(|answer| answer["Tags"].clone())
    };
    assert_eq!(tags(&mut state, &id).unwrap(), json!([{"Key": "team", "Value": "security"}]));
    let more = json!({"ResourceId": id, "Tags": [{"Key": "env", "Value": "prod"}]});
    call(&mut state, MANAGEMENT, "TagResource", more).unwrap();
    call(&mut state, MANAGEMENT, "UntagResource", json!({"ResourceId": id, "TagKeys": ["team"]})).unwrap();
    assert_eq!(tags(&mut state, &id).unwrap(), json!([{"Key": "env", "Value": "prod"}]));
    assert_eq!(tags(&mut state, &json!(MEMBER)).unwrap(), json!([]));
    assert_eq!(code(tags(&mut state, &json!("p-nothing"))).as_deref(), Some("TargetNotFoundException"));
}
