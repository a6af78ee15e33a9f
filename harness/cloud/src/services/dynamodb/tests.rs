//! DynamoDB through its API. Behaviour: [D] Amazon DynamoDB developer guide and API reference; texts of errors [T].

use serde_json::{Value, json};

use super::Outage;
use crate::api::{ApiError, Protocol, Service, testing};
use crate::state::State;
use crate::time::Time;
use rootwatch_policy::Principal;

const ACCOUNT: &str = "999988887777";
const ARN: &str = "arn:aws:dynamodb:us-east-1:999988887777:table/claims";

fn call_as(
    state: &mut State,
    caller: Principal,
    service: Service,
    name: &str,
    params: Value,
) -> Result<Value, ApiError> {
    testing::call(state, caller, (ACCOUNT, "us-east-1"), (service, Protocol::Json10), name, params)
}

fn call(state: &mut State, name: &str, params: Value) -> Result<Value, ApiError> {
    call_as(state, testing::administrator(ACCOUNT), Service::DynamoDb, name, params)
}

fn table() -> Value {
    json!({
        "TableName": "claims", "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
        "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
    })
}

fn cloud() -> State {
    let mut state = State::new(Time::parse("2026-03-02T09:14:07Z").unwrap(), 1);
    call(&mut state, "CreateTable", table()).unwrap();
    state
}

fn code(result: Result<Value, ApiError>) -> String {
    match result {
        Ok(value) => panic!("accepted: {value}"),
        Err(error) => format!("{}: {}", error.code, error.message),
    }
}

/// A claim as a store of claims makes it.
fn claim(now: i64, until: i64) -> Value {
    json!({
        "TableName": "claims", "Key": {"id": {"S": "a"}},
        "UpdateExpression": "SET #lease = :until",
        "ConditionExpression": "attribute_not_exists(#sent) AND (attribute_not_exists(#lease) OR #lease < :now)",
        "ExpressionAttributeNames": {"#sent": "sent", "#lease": "lease"},
        "ExpressionAttributeValues": {":now": {"N": now.to_string()}, ":until": {"N": until.to_string()}},
        "ReturnValues": "ALL_NEW", "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
    })
}

#[test]
fn a_claim_holds_until_it_ends_or_is_confirmed() {
    let mut state = cloud();
    let first = call(&mut state, "UpdateItem", claim(100, 120)).unwrap();
    assert_eq!(first["Attributes"], json!({"id": {"S": "a"}, "lease": {"N": "120"}}));
    let error = call(&mut state, "UpdateItem", claim(110, 130)).unwrap_err();
    assert_eq!(error.code, "ConditionalCheckFailedException");
    let members: Vec<(&str, &Value)> = error.members.iter().map(|(name, value)| (name.as_str(), value)).collect();
    assert_eq!(
        members,
        [
            ("__type", &json!("com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException")),
            ("Item", &json!({"id": {"S": "a"}, "lease": {"N": "120"}})),
        ]
    );
    // Its time is over: the numbers are compared as numbers.
    call(&mut state, "UpdateItem", claim(1000, 1020)).unwrap();
    let confirm = json!({
        "TableName": "claims", "Key": {"id": {"S": "a"}}, "UpdateExpression": "SET sent = :now REMOVE lease",
        "ExpressionAttributeValues": {":now": {"N": "1001"}},
    });
    call(&mut state, "UpdateItem", confirm).unwrap();
    assert_eq!(
        code(call(&mut state, "UpdateItem", claim(9999, 10019))),
        "ConditionalCheckFailedException: The conditional request failed"
    );
    let found = call(&mut state, "GetItem", json!({"TableName": "claims", "Key": {"id": {"S": "a"}}})).unwrap();
    assert_eq!(found, json!({"Item": {"id": {"S": "a"}, "sent": {"N": "1001"}}}));
}

#[test]
fn conditions_hold_or_not() {
    let mut state = cloud();
    let item = json!({
        "id": {"S": "a"}, "n": {"N": "7"}, "s": {"S": "abc"}, "m": {"M": {"x": {"L": [{"N": "1"}, {"N": "2"}]}}},
        "tags": {"SS": ["p", "q"]}, "flag": {"BOOL": true},
    });
    call(&mut state, "PutItem", json!({"TableName": "claims", "Item": item})).unwrap();
    // [D] Expressions.OperatorsAndFunctions
    let cases = [
        ("n = :seven", true),
        ("n = :seven AND NOT n <> :seven", true),
        ("n < :ten", true),
        ("n > :ten", false),
        ("n BETWEEN :seven AND :ten", true),
        ("n IN (:ten, :seven)", true),
        ("missing = :seven", false),
        ("missing < :seven OR n = :seven", true),
        ("s < :ten", false),
        ("attribute_exists(m.x[1])", true),
        ("attribute_exists(m.x[2])", false),
        ("attribute_not_exists(m.y)", true),
        ("attribute_type(s, :typeS)", true),
        ("begins_with(s, :ab)", true),
        ("contains(s, :ab)", true),
        ("contains(tags, :p)", true),
        ("size(s) = :three", true),
        ("size(m.x) < :three", true),
        ("(n = :ten OR n = :seven) AND flag = :true", true),
        ("n = :ten OR n = :seven AND flag = :true", true),
    ];
    let values = json!({
        ":seven": {"N": "7.0"}, ":ten": {"N": "10"}, ":typeS": {"S": "S"}, ":ab": {"S": "ab"}, ":p": {"S": "p"},
        ":three": {"N": "3"}, ":true": {"BOOL": true},
    });
    for (condition, holds) in cases {
        let used = values.as_object().unwrap().iter().filter(|(name, _)| {
            condition.split(|c: char| !c.is_ascii_alphanumeric() && c != ':').any(|word| word == name.as_str())
        });
        let used: serde_json::Map<_, _> = used.map(|(name, value)| (name.clone(), value.clone())).collect();
        let mut params = json!({"TableName": "claims", "Item": item, "ConditionExpression": condition});
        if !used.is_empty() {
            params["ExpressionAttributeValues"] = json!(used);
        }
        assert_eq!(call(&mut state, "PutItem", params).is_ok(), holds, "{condition}");
    }
}

#[test]
fn updates_change_an_item_as_it_was() {
    let mut state = cloud();
    // [D] Expressions.UpdateExpressions
    let cases = [
        ("SET n = :one", json!({"n": {"N": "1"}})),
        ("SET n = n + :one, o = n", json!({"n": {"N": "2"}, "o": {"N": "1"}})),
        ("SET p = if_not_exists(n, :one)", json!({"n": {"N": "2"}, "o": {"N": "1"}, "p": {"N": "2"}})),
        (
            "REMOVE o, p SET l = list_append(if_not_exists(l, :none), :list)",
            json!({"n": {"N": "2"}, "l": {"L": [{"S": "x"}]}}),
        ),
        (
            "SET l = list_append(if_not_exists(l, :none), :list)",
            json!({"n": {"N": "2"}, "l": {"L": [{"S": "x"}, {"S": "x"}]}}),
        ),
        ("REMOVE l[0]", json!({"n": {"N": "2"}, "l": {"L": [{"S": "x"}]}})),
        ("REMOVE l ADD n :one, tags :set", json!({"n": {"N": "3"}, "tags": {"SS": ["a"]}})),
        ("DELETE tags :set", json!({"n": {"N": "3"}})),
    ];
    let values = json!({":one": {"N": "1"}, ":none": {"L": []}, ":list": {"L": [{"S": "x"}]}, ":set": {"SS": ["a"]}});
    for (update, wanted) in cases {
        let used = values.as_object().unwrap().iter().filter(|(name, _)| update.contains(name.as_str()));
        let used: serde_json::Map<_, _> = used.map(|(name, value)| (name.clone(), value.clone())).collect();
        let mut params = json!({
            "TableName": "claims", "Key": {"id": {"S": "u"}}, "UpdateExpression": update, "ReturnValues": "ALL_NEW",
        });
        if !used.is_empty() {
            params["ExpressionAttributeValues"] = json!(used);
        }
        let mut answer = call(&mut state, "UpdateItem", params).unwrap_or_else(|error| panic!("{update}: {error}"));
        answer["Attributes"].as_object_mut().unwrap().remove("id");
        assert_eq!(answer["Attributes"], wanted, "{update}");
    }
}

#[test]
fn wrong_expressions_are_told() {
    let mut state = cloud();
    let one = json!({":v": {"N": "1"}});
    let cases = [
        (json!({"UpdateExpression": "SET state = :v", "ExpressionAttributeValues": one}), "reserved keyword: state"),
        (json!({"UpdateExpression": "SET a = :w", "ExpressionAttributeValues": one}), "attribute value: :w"),
        (json!({"UpdateExpression": "SET #a = :v", "ExpressionAttributeValues": one}), "attribute name: #a"),
        (
            json!({"UpdateExpression": "SET a = :v", "ExpressionAttributeValues": {":v": {"N": "1"}, ":w": {"N": "2"}}}),
            "unused in expressions: keys: {:w}",
        ),
        (json!({"UpdateExpression": "SET a :v", "ExpressionAttributeValues": one}), "Syntax error; token: \":v\""),
        (
            json!({"UpdateExpression": "SET a = :v SET b = :v", "ExpressionAttributeValues": one}),
            "can only be used once",
        ),
        (json!({"UpdateExpression": ""}), "can not be empty"),
        (json!({"UpdateExpression": "SET id = :v", "ExpressionAttributeValues": one}), "part of the key"),
        (json!({"UpdateExpression": "SET a = nothing(:v)", "ExpressionAttributeValues": one}), "Invalid function name"),
        (json!({"UpdateExpression": "SET a = b + :v", "ExpressionAttributeValues": one}), "does not exist in the item"),
        (json!({"UpdateExpression": "SET a = :v", "ExpressionAttributeValues": {":v": {"N": "x"}}}), "numeric"),
        (
            json!({"UpdateExpression": "SET a = :v", "ExpressionAttributeValues": {":v": {"X": "x"}}}),
            "supported datatypes",
        ),
    ];
    for (mut params, wanted) in cases {
        params["TableName"] = json!("claims");
        params["Key"] = json!({"id": {"S": "a"}});
        let words = params.to_string();
        let error = code(call(&mut state, "UpdateItem", params));
        assert!(error.starts_with("ValidationException: ") && error.contains(wanted), "{words}: {error}");
    }
    let keys = [
        (json!({"id": {"N": "1"}}), "does not match the schema"),
        (json!({"id": {"S": ""}}), "empty string"),
        (json!({}), "number of conditions"),
    ];
    for (key, wanted) in keys {
        let error = code(call(&mut state, "GetItem", json!({"TableName": "claims", "Key": key})));
        assert!(error.contains(wanted), "{error}");
    }
}

#[test]
fn an_expired_item_is_not_there() {
    let mut state = cloud();
    let ttl = json!({"TableName": "claims", "TimeToLiveSpecification": {"Enabled": true, "AttributeName": "expires"}});
    call(&mut state, "UpdateTimeToLive", ttl.clone()).unwrap();
    assert_eq!(code(call(&mut state, "UpdateTimeToLive", ttl)), "ValidationException: TimeToLive is already enabled");
    let described = call(&mut state, "DescribeTimeToLive", json!({"TableName": "claims"})).unwrap();
    assert_eq!(described["TimeToLiveDescription"], json!({"TimeToLiveStatus": "ENABLED", "AttributeName": "expires"}));
    let at = state.now.seconds() + 60;
    let item = json!({"id": {"S": "a"}, "expires": {"N": at.to_string()}});
    call(&mut state, "PutItem", json!({"TableName": "claims", "Item": item})).unwrap();
    let count = |state: &mut State| call(state, "Scan", json!({"TableName": "claims"})).unwrap()["Count"].clone();
    assert_eq!(count(&mut state), 1);
    state.now = Time::from_seconds(at);
    assert_eq!(count(&mut state), 0);
    let put = json!({"TableName": "claims", "Item": item, "ConditionExpression": "attribute_not_exists(id)"});
    call(&mut state, "PutItem", put).unwrap();
}

#[test]
fn queries_find_what_has_the_key() {
    let mut state = cloud();
    let mut wide = table();
    wide["TableName"] = json!("wide");
    wide["AttributeDefinitions"].as_array_mut().unwrap().push(json!({"AttributeName": "stamp", "AttributeType": "S"}));
    wide["KeySchema"].as_array_mut().unwrap().push(json!({"AttributeName": "stamp", "KeyType": "RANGE"}));
    call(&mut state, "CreateTable", wide).unwrap();
    for (id, at) in [("a", "1"), ("a", "2"), ("b", "1")] {
        let item = json!({"id": {"S": id}, "stamp": {"S": at}});
        call(&mut state, "PutItem", json!({"TableName": "wide", "Item": item})).unwrap();
    }
    let query = |condition: &str, values: Value| json!({"TableName": "wide", "KeyConditionExpression": condition, "ExpressionAttributeValues": values});
    let found = call(&mut state, "Query", query("id = :a", json!({":a": {"S": "a"}}))).unwrap();
    assert_eq!((&found["Count"], &found["Items"][1]["stamp"]["S"]), (&json!(2), &json!("2")));
    let both = json!({":a": {"S": "a"}, ":t": {"S": "2"}});
    assert_eq!(call(&mut state, "Query", query("id = :a AND stamp >= :t", both)).unwrap()["Count"], 1);
    let error = code(call(&mut state, "Query", query("stamp = :t", json!({":t": {"S": "1"}}))));
    assert!(error.contains("missed key schema element"), "{error}");
}

#[test]
fn a_table_lives_and_dies() {
    let mut state = cloud();
    assert!(code(call(&mut state, "CreateTable", table())).starts_with("ResourceInUseException"));
    let shown = call(&mut state, "DescribeTable", json!({"TableName": "claims"})).unwrap();
    assert_eq!((&shown["Table"]["TableStatus"], &shown["Table"]["TableArn"]), (&json!("ACTIVE"), &json!(ARN)));
    assert_eq!(shown["Table"]["BillingModeSummary"]["BillingMode"], "PAY_PER_REQUEST");
    let backups =
        json!({"TableName": "claims", "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": true}});
    call(&mut state, "UpdateContinuousBackups", backups).unwrap();
    let shown = call(&mut state, "DescribeContinuousBackups", json!({"TableName": "claims"})).unwrap();
    let status = "/ContinuousBackupsDescription/PointInTimeRecoveryDescription/PointInTimeRecoveryStatus";
    assert_eq!(shown.pointer(status), Some(&json!("ENABLED")));
    let tags = json!({"ResourceArn": ARN, "Tags": [{"Key": "k", "Value": "v"}]});
    call(&mut state, "TagResource", tags.clone()).unwrap();
    assert_eq!(call(&mut state, "ListTagsOfResource", json!({"ResourceArn": ARN})).unwrap()["Tags"], tags["Tags"]);
    call(&mut state, "UntagResource", json!({"ResourceArn": ARN, "TagKeys": ["k"]})).unwrap();
    assert_eq!(call(&mut state, "ListTables", json!({})).unwrap(), json!({"TableNames": ["claims"]}));
    let protect = |on: bool| json!({"TableName": "claims", "DeletionProtectionEnabled": on});
    call(&mut state, "UpdateTable", protect(true)).unwrap();
    assert!(code(call(&mut state, "DeleteTable", json!({"TableName": "claims"}))).contains("protected"));
    call(&mut state, "UpdateTable", protect(false)).unwrap();
    call(&mut state, "DeleteTable", json!({"TableName": "claims"})).unwrap();
    assert!(
        code(call(&mut state, "DescribeTable", json!({"TableName": "claims"})))
            .starts_with("ResourceNotFoundException")
    );
}

#[test]
fn a_role_reaches_what_its_policy_names_by_leading_key() {
    let mut state = cloud();
    let trust = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}]});
    let iam = |state: &mut State, name: &str, params: Value| {
        call_as(state, testing::administrator(ACCOUNT), Service::Iam, name, params).unwrap()
    };
    iam(&mut state, "CreateRole", json!({"RoleName": "f", "AssumeRolePolicyDocument": trust.to_string()}));
    let policy = json!({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Action": "dynamodb:UpdateItem", "Resource": ARN,
        "Condition": {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["f#*"]}},
    }]});
    iam(&mut state, "PutRolePolicy", json!({"RoleName": "f", "PolicyName": "p", "PolicyDocument": policy.to_string()}));
    let role: crate::id::Arn = format!("arn:aws:iam::{ACCOUNT}:role/f").as_str().into();
    let principal = crate::services::iam::service_session(
        &mut state,
        crate::trace::Hop::Function,
        "lambda.amazonaws.com",
        &role,
        "f",
        rootwatch_policy::Context::new(),
    )
    .unwrap();
    let update = |key: &str| {
        json!({
            "TableName": "claims", "Key": {"id": {"S": key}}, "UpdateExpression": "SET sent = :v",
            "ExpressionAttributeValues": {":v": {"N": "1"}},
        })
    };
    let mut ask = |name: &str, params: Value| call_as(&mut state, principal.clone(), Service::DynamoDb, name, params);
    assert!(ask("UpdateItem", update("f#act#1")).is_ok());
    for (name, params) in [
        ("UpdateItem", update("g#act#1")),
        ("GetItem", json!({"TableName": "claims", "Key": {"id": {"S": "f#act#1"}}})),
        ("Scan", json!({"TableName": "claims"})),
    ] {
        assert_eq!(ask(name, params).unwrap_err().code, "AccessDeniedException", "{name}");
    }
}

#[test]
fn an_outage_is_of_items_and_of_a_kind() {
    let mut state = cloud();
    for (outage, wanted, status) in
        [(Outage::Throttled, "ThrottlingException", 400), (Outage::InternalError, "InternalServerError", 500)]
    {
        state.dynamodb.set_outage(Some(outage), None);
        let error = call(&mut state, "UpdateItem", claim(1, 2)).unwrap_err();
        assert_eq!((error.code.as_str(), error.status), (wanted, status));
        call(&mut state, "DescribeTable", json!({"TableName": "claims"})).unwrap();
    }
    state.dynamodb.set_outage(None, None);
    call(&mut state, "UpdateItem", claim(1, 2)).unwrap();
}

#[test]
fn what_is_left_out_is_refused_by_name() {
    let mut state = cloud();
    for (operation, params) in [
        ("TransactWriteItems", json!({})),
        ("Query", json!({"TableName": "claims", "IndexName": "i"})),
        ("CreateTable", {
            let mut table = table();
            table["TableName"] = json!("other");
            table["StreamSpecification"] = json!({"StreamEnabled": true});
            table
        }),
    ] {
        assert_eq!(call(&mut state, operation, params).unwrap_err().code, "NotImplemented", "{operation}");
    }
}
