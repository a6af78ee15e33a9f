//! Buckets and objects. [D] S3 API reference and user guide

use serde_json::{Value, json};

use crate::api::{ApiError, Protocol, Service, testing};
use crate::state::State;
use crate::time::Time;

const OWNER: &str = "111122223333";
const OTHER: &str = "444455556666";

fn call(state: &mut State, who: &str, region: &str, operation: &str, params: Value) -> Result<Value, ApiError> {
    let wire = (Service::S3, Protocol::RestXml);
    testing::call(state, testing::administrator(who), (who, region), wire, operation, params)
}

fn cloud() -> State {
    State::new(Time::parse("2026-03-02T09:14:07Z").unwrap(), 1)
}

fn with_bucket() -> State {
    let mut state = cloud();
    call(&mut state, OWNER, "us-east-1", "CreateBucket", json!({"Bucket": "trail"})).unwrap();
    state
}

/// The members and the bucket's name.
fn in_trail(mut more: Value) -> Value {
    more["Bucket"] = json!("trail");
    more
}

#[test]
fn creating_buckets() {
    let constraint = |region: &str| json!({"LocationConstraint": region});
    let cases = [
        (OWNER, "us-east-1", "fresh", Value::Null, Ok("")),
        (OWNER, "us-east-1", "fresh", constraint("eu-west-1"), Ok("eu-west-1")),
        (OWNER, "us-east-1", "fresh", constraint("us-east-1"), Err("InvalidLocationConstraint")),
        (OWNER, "eu-west-1", "fresh", constraint("eu-west-1"), Ok("eu-west-1")),
        (OWNER, "eu-west-1", "fresh", Value::Null, Err("IllegalLocationConstraintException")),
        (OWNER, "eu-west-1", "fresh", constraint("eu-west-2"), Err("IllegalLocationConstraintException")),
        (OWNER, "us-east-1", "trail", Value::Null, Ok("")),
        (OWNER, "eu-west-1", "trail", constraint("eu-west-1"), Err("BucketAlreadyOwnedByYou")),
        (OTHER, "us-east-1", "trail", Value::Null, Err("BucketAlreadyExists")),
        (OWNER, "us-east-1", "ab", Value::Null, Err("InvalidBucketName")),
        (OWNER, "us-east-1", "Upper", Value::Null, Err("InvalidBucketName")),
        (OWNER, "us-east-1", "-dash", Value::Null, Err("InvalidBucketName")),
        (OWNER, "us-east-1", "two..dots", Value::Null, Err("InvalidBucketName")),
        (OWNER, "us-east-1", "192.168.5.4", Value::Null, Err("InvalidBucketName")),
    ];
    for (who, region, name, xml, expected) in cases {
        let mut state = with_bucket();
        let made = call(&mut state, who, region, "CreateBucket", json!({"Bucket": name, "Xml": xml}));
        let found = made.map_err(|error| error.code).map(|_| {
            let location = call(&mut state, who, region, "GetBucketLocation", json!({"Bucket": name})).unwrap();
            location["LocationConstraint"].as_str().unwrap().to_owned()
        });
        assert_eq!(found, expected.map(str::to_owned).map_err(str::to_owned), "{who} {region} {name} {xml}");
    }
}

#[test]
fn objects_come_and_go() {
    let mut state = with_bucket();
    let mut step = |operation: &str, more: Value| {
        call(&mut state, OWNER, "us-east-1", operation, in_trail(more)).map_err(|error| (error.code, error.status))
    };
    for key in ["AWSLogs/1/a", "AWSLogs/2/b", "c"] {
        step("PutObject", json!({"Key": key, "Body": "ZGF0YQ=="})).unwrap();
    }
    assert_eq!(step("GetObject", json!({"Key": "c"})), Ok(json!("data")));
    assert_eq!(step("HeadObject", json!({"Key": "d"})), Err(("NoSuchKey".to_owned(), 404)));
    assert_eq!(step("DeleteBucket", json!({})), Err(("BucketNotEmpty".to_owned(), 409)));
    let list = |answer: Value, of: &str, member: &str| -> Vec<String> {
        let items = answer["ListBucketResult"][of]["$flat"].as_array().unwrap().clone();
        items.iter().map(|item| item[member].as_str().unwrap().to_owned()).collect()
    };
    let all = step("ListObjectsV2", json!({})).unwrap();
    assert_eq!(all["ListBucketResult"]["KeyCount"], 3);
    assert_eq!(all["ListBucketResult"]["Contents"]["$flat"][2]["ETag"], "\"8d777f385d3dfec8815d20f7496026dc\"");
    let below = step("ListObjectsV2", json!({"prefix": "AWSLogs/", "delimiter": "/"})).unwrap();
    assert_eq!(list(below.clone(), "CommonPrefixes", "Prefix"), ["AWSLogs/1/", "AWSLogs/2/"]);
    assert_eq!(list(below, "Contents", "Key"), Vec::<String>::new());
    // Deleting is done whether there was something or not.
    let two = json!({"Xml": {"Object": [{"Key": "c"}, {"Key": "none"}]}});
    let deleted = step("DeleteObjects", two).unwrap();
    assert_eq!(deleted["DeleteResult"]["Deleted"]["$flat"].as_array().unwrap().len(), 2);
    for key in ["AWSLogs/1/a", "AWSLogs/2/b", "none"] {
        assert_eq!(step("DeleteObject", json!({"Key": key})), Ok(Value::Null));
    }
    assert_eq!(step("DeleteBucket", json!({})), Ok(Value::Null));
    assert_eq!(step("HeadBucket", json!({})), Err(("NoSuchBucket".to_owned(), 404)));
}

/// An ARN of S3 names no account: whose a bucket is decides who needs its policy. [D] user guide,
/// access-policy-language-overview; the actions' names: service authorization reference
#[test]
fn who_may() {
    let policy = |principal: Value, action: &str, resource: &str| {
        json!({"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Principal": principal, "Action": action, "Resource": resource},
        ]})
        .to_string()
    };
    let other = || policy(json!({"AWS": OTHER}), "s3:PutObject", "arn:aws:s3:::trail/AWSLogs/*");
    let cases = [
        (None, OWNER, "AWSLogs/a", true),
        (None, OTHER, "AWSLogs/a", false),
        (Some(other()), OTHER, "AWSLogs/a", true),
        (Some(other()), OTHER, "elsewhere", false),
        (Some(policy(json!({"AWS": OTHER}), "s3:GetObject", "arn:aws:s3:::trail/*")), OTHER, "AWSLogs/a", false),
    ];
    for (policy, who, key, allowed) in cases {
        let mut state = with_bucket();
        if let Some(policy) = &policy {
            let put = json!({"Bucket": "trail", "Text": policy});
            call(&mut state, OWNER, "us-east-1", "PutBucketPolicy", put).unwrap();
            let read = call(&mut state, OWNER, "us-east-1", "GetBucketPolicy", json!({"Bucket": "trail"}));
            assert_eq!(read.unwrap(), policy.as_str());
        }
        let params = json!({"Bucket": "trail", "Key": key, "Body": ""});
        let found = call(&mut state, who, "us-east-1", "PutObject", params).map_err(|error| error.code);
        let expected = if allowed { Ok(json!("")) } else { Err("AccessDenied".to_owned()) };
        assert_eq!(found, expected, "{policy:?} {who} {key}");
    }
    let text = json!({"Bucket": "trail", "Text": "{"});
    let error = call(&mut with_bucket(), OWNER, "us-east-1", "PutBucketPolicy", text).unwrap_err();
    assert_eq!(error.code, "MalformedPolicy");
}

/// What was never set is an error of its own kind, or what every new bucket has. [D] the operations' pages
#[test]
fn settings() {
    let cases = [
        ("GetBucketAcl", None),
        ("GetBucketEncryption", None),
        ("GetBucketOwnershipControls", None),
        ("GetBucketVersioning", None),
        ("GetPublicAccessBlock", None),
        ("GetBucketNotificationConfiguration", None),
        ("GetBucketCors", Some("NoSuchCORSConfiguration")),
        ("GetBucketLifecycleConfiguration", Some("NoSuchLifecycleConfiguration")),
        ("GetBucketPolicy", Some("NoSuchBucketPolicy")),
        ("GetBucketReplication", Some("ReplicationConfigurationNotFoundError")),
        ("GetBucketTagging", Some("NoSuchTagSet")),
        ("GetBucketWebsite", Some("NoSuchWebsiteConfiguration")),
        ("GetObjectLockConfiguration", Some("ObjectLockConfigurationNotFoundError")),
    ];
    for (operation, expected) in cases {
        for (bucket, expected) in [("trail", expected), ("none", Some("NoSuchBucket"))] {
            let found = call(&mut with_bucket(), OWNER, "us-east-1", operation, json!({"Bucket": bucket}));
            assert_eq!(found.err().map(|error| error.code).as_deref(), expected, "{operation} {bucket}");
        }
    }
    let mut state = with_bucket();
    let mut step = |operation: &str, xml: Value| {
        call(&mut state, OWNER, "us-east-1", operation, json!({"Bucket": "trail", "Xml": xml}))
    };
    step("PutBucketTagging", json!({"TagSet": {"Tag": {"Key": "k", "Value": "v"}}})).unwrap();
    let tags = step("GetBucketTagging", Value::Null).unwrap();
    assert_eq!(tags["Tagging"]["TagSet"]["Tag"]["$flat"], json!([{"Key": "k", "Value": "v"}]));
    step("DeleteBucketTagging", Value::Null).unwrap();
    assert!(step("GetBucketTagging", Value::Null).is_err());
    step("DeletePublicAccessBlock", Value::Null).unwrap();
    assert_eq!(step("GetPublicAccessBlock", Value::Null).unwrap_err().code, "NoSuchPublicAccessBlockConfiguration");
}

/// `[V] LS:events/test_put_events_to_default_eventbus_for_custom_eventbus` for what is created, [D] user guide, ev-events,
/// for what is deleted. A bucket that nobody turned it on for tells nothing.
#[test]
fn events() {
    let mut state = with_bucket();
    let mut told = |operation: &str, more: Value| {
        state.clear_trace();
        call(&mut state, OWNER, "us-east-1", operation, in_trail(more)).unwrap();
        while state.step() {}
        let entries: Vec<_> = state.entries().map(|entry| entry.detail.clone()).collect();
        entries.iter().filter_map(|detail| Some(detail.split_once('(')?.1.split_once(')')?.0.to_owned())).collect()
    };
    let object = json!({"Key": "delivery/test.txt", "Body": "ZGF0YQ=="});
    let none: Vec<String> = told("PutObject", object.clone());
    assert_eq!(none, Vec::<String>::new());
    told("PutBucketNotificationConfiguration", json!({"Xml": {"EventBridgeConfiguration": {}}}));
    assert_eq!(told("PutObject", object.clone()), ["aws.s3, Object Created"]);
    assert_eq!(told("DeleteObject", object.clone()), ["aws.s3, Object Deleted"]);
    assert_eq!(told("DeleteObject", object.clone()), none);
    told("PutBucketNotificationConfiguration", json!({"Xml": ""}));
    assert_eq!(told("PutObject", object), none);
    let queue = json!({"Bucket": "trail", "Xml": {"QueueConfiguration": {}}});
    let error = call(&mut state, OWNER, "us-east-1", "PutBucketNotificationConfiguration", queue).unwrap_err();
    assert_eq!((&*error.code, error.status), ("NotImplemented", 501));
}
