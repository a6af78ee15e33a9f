//! Regions that an account has not. [D] API_EnableRegion, API_ListRegions; the refusals' sources stand with them

use serde_json::{Value, json};

use crate::api::{ApiError, Protocol, Service, testing};
use crate::state::State;
use crate::time::Time;

const MANAGEMENT: &str = "999988887777";
const MEMBER: &str = "111122223333";

fn call(
    state: &mut State,
    (account, region): (&str, &str),
    (service, protocol): (Service, Protocol),
    name: &str,
    params: Value,
) -> Result<Value, ApiError> {
    testing::call(state, testing::administrator(account), (account, region), (service, protocol), name, params)
}

fn account(state: &mut State, who: &str, name: &str, params: Value) -> Result<Value, ApiError> {
    call(state, (who, "us-east-1"), (Service::Account, Protocol::RestJson), name, params)
}

fn cloud() -> State {
    let mut state = State::new(Time::parse("2026-03-02T09:14:07Z").unwrap(), 1);
    state.organizations.create("o-abcdefghij", MANAGEMENT, &[(MANAGEMENT, "hub"), (MEMBER, "spoke")]);
    state
}

#[test]
fn a_disabled_region_knows_no_credentials() {
    const REGION: &str = "me-south-1";
    let mut state = cloud();
    let (json, query) = (Protocol::Json11, Protocol::Query);
    let cases = [
        (Service::Sts, query, "GetCallerIdentity", "InvalidClientTokenId", 403),
        (Service::Sns, query, "ListTopics", "InvalidClientTokenId", 403),
        (Service::Sqs, Protocol::Json10, "ListQueues", "InvalidClientTokenId", 400),
        (Service::CloudWatch, Protocol::Cbor, "DescribeAlarms", "InvalidClientTokenId", 403),
        (Service::EventBridge, json, "ListRules", "UnrecognizedClientException", 400),
        (Service::Logs, json, "DescribeLogGroups", "UnrecognizedClientException", 400),
        (Service::Lambda, Protocol::RestJson, "ListFunctions", "UnrecognizedClientException", 403),
        (Service::S3, Protocol::RestXml, "ListBuckets", "InvalidAccessKeyId", 403),
    ];
    for (step, disabled) in [(None, false), (Some("DisableRegion"), true), (Some("EnableRegion"), false)] {
        if let Some(operation) = step {
            account(&mut state, MEMBER, operation, json!({"RegionName": REGION})).unwrap();
        }
        let status = account(&mut state, MEMBER, "GetRegionOptStatus", json!({"RegionName": REGION})).unwrap();
        assert_eq!(status["RegionOptStatus"], if disabled { "DISABLED" } else { "ENABLED" });
        for (service, protocol, operation, code, http) in cases {
            for (who, region) in [(MEMBER, REGION), (MEMBER, "us-east-1"), (MANAGEMENT, REGION)] {
                let found = call(&mut state, (who, region), (service, protocol), operation, json!({}));
                let found = found.err().map(|error| (error.code, error.status, error.message));
                let text = "The security token included in the request is invalid.";
                let expected =
                    (disabled && who == MEMBER && region == REGION).then(|| (code.to_owned(), http, text.to_owned()));
                assert_eq!(found, expected, "{step:?} {operation} of {who} in {region}");
            }
        }
    }
}

#[test]
fn who_may_change_what() {
    let region = |name: &str| json!({"RegionName": name});
    let of = |account: &str| json!({"RegionName": "af-south-1", "AccountId": account});
    let cases = [
        (MEMBER, region("us-east-1"), Some("ValidationException")),
        (MEMBER, region("xx-east-1"), Some("ValidationException")),
        (MEMBER, region("cn-north-1"), Some("ValidationException")),
        (MEMBER, region("af-south-1"), None),
        (MANAGEMENT, of(MEMBER), None),
        (MANAGEMENT, of(MANAGEMENT), Some("AccessDeniedException")),
        (MANAGEMENT, of("555566667777"), Some("AccessDeniedException")),
        (MEMBER, of(MEMBER), Some("AccessDeniedException")),
        ("555566667777", of(MEMBER), Some("AccessDeniedException")),
    ];
    for operation in ["DisableRegion", "EnableRegion"] {
        for (who, params, expected) in &cases {
            let found = account(&mut cloud(), who, operation, params.clone()).err().map(|error| error.code);
            assert_eq!(found.as_deref(), *expected, "{operation} {params} by {who}");
        }
    }
}

#[test]
fn lists() {
    let mut state = cloud();
    account(&mut state, MEMBER, "DisableRegion", json!({"RegionName": "il-central-1"})).unwrap();
    let cases = [
        (json!({}), 34),
        (json!({"RegionOptStatusContains": ["ENABLED_BY_DEFAULT"]}), 17),
        (json!({"RegionOptStatusContains": ["ENABLED"]}), 16),
        (json!({"RegionOptStatusContains": ["DISABLED"]}), 1),
        (json!({"MaxResults": 10}), 10),
    ];
    for (params, count) in cases {
        let listed = account(&mut state, MEMBER, "ListRegions", params.clone()).unwrap();
        assert_eq!(listed["Regions"].as_array().unwrap().len(), count, "{params}");
        assert_eq!(listed.get("NextToken").is_some(), params.get("MaxResults").is_some(), "{params}");
    }
}
