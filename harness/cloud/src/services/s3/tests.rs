//! Buckets. [D] S3 API reference and user guide

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
    let other = || policy(json!({"AWS": OTHER}), "s3:GetBucketTagging", "arn:aws:s3:::trail");
    let cases = [
        (None, OWNER, true),
        (None, OTHER, false),
        (Some(other()), OTHER, true),
        (Some(policy(json!({"AWS": OTHER}), "s3:GetBucketTagging", "arn:aws:s3:::other")), OTHER, false),
        (Some(policy(json!({"AWS": OTHER}), "s3:GetBucketPolicy", "arn:aws:s3:::trail")), OTHER, false),
    ];
    for (policy, who, allowed) in cases {
        let mut state = with_bucket();
        let tags = json!({"Bucket": "trail", "Xml": {"TagSet": {"Tag": {"Key": "k", "Value": "v"}}}});
        call(&mut state, OWNER, "us-east-1", "PutBucketTagging", tags).unwrap();
        if let Some(policy) = &policy {
            let put = json!({"Bucket": "trail", "Text": policy});
            call(&mut state, OWNER, "us-east-1", "PutBucketPolicy", put).unwrap();
            let read = call(&mut state, OWNER, "us-east-1", "GetBucketPolicy", json!({"Bucket": "trail"}));
            assert_eq!(read.unwrap(), policy.as_str());
        }
        let found = call(&mut state, who, "us-east-1", "GetBucketTagging", json!({"Bucket": "trail"}));
        let expected = if allowed { None } else { Some("AccessDenied") };
        assert_eq!(found.err().map(|error| error.code).as_deref(), expected, "{policy:?} {who}");
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

/// [D] the operations' pages of the API reference: what Terraform's provider puts on a trail's bucket, and reads again
#[test]
fn settings_are_kept_as_they_were_put() {
    let mut state = with_bucket();
    let mut step = |operation: &str, xml: Value| {
        call(&mut state, OWNER, "us-east-1", operation, json!({"Bucket": "trail", "Xml": xml}))
    };
    let rule = |id: &str| json!({"ID": id, "Status": "Enabled"});
    for (setting, root, put, shown) in [
        (
            "BucketEncryption",
            "ServerSideEncryptionConfiguration",
            json!({"Rule": {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"}}}),
            json!({"Rule": {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"}}}),
        ),
        (
            "BucketLifecycleConfiguration",
            "LifecycleConfiguration",
            json!({"Rule": [rule("a"), rule("b")]}),
            json!({"Rule": {"$flat": [rule("a"), rule("b")]}}),
        ),
        (
            "BucketOwnershipControls",
            "OwnershipControls",
            json!({"Rule": {"ObjectOwnership": "BucketOwnerPreferred"}}),
            json!({"Rule": {"ObjectOwnership": "BucketOwnerPreferred"}}),
        ),
        ("BucketVersioning", "VersioningConfiguration", json!({"Status": "Enabled"}), json!({"Status": "Enabled"})),
    ] {
        let before = step(&format!("Get{setting}"), Value::Null).map_err(|error| error.code);
        step(&format!("Put{setting}"), put).unwrap();
        assert_eq!(step(&format!("Get{setting}"), Value::Null).unwrap()[root], shown, "{setting}");
        if setting != "BucketVersioning" {
            step(&format!("Delete{}", setting.trim_end_matches("Configuration")), Value::Null).unwrap();
            assert_eq!(step(&format!("Get{setting}"), Value::Null).map_err(|error| error.code), before, "{setting}");
        }
    }
}
