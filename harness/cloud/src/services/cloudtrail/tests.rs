//! CloudTrail through its API and by injection, on a state of its own.

use serde_json::{Value, json};

use super::{InjectError, inject, inject_event, seed_trail};
use crate::api::{ApiError, Protocol, Service, testing};
use crate::state::State;
use crate::time::Time;
use crate::trace::{Hop, Outcome};

const SPOKE: &str = "111122223333";

fn state() -> State {
    State::new(Time::parse("2026-03-02T09:14:07Z").unwrap(), 1)
}

fn call_at(state: &mut State, region: &str, operation: &str, params: Value) -> Result<Value, ApiError> {
    testing::call(
        state,
        testing::administrator(SPOKE),
        (SPOKE, region),
        (Service::CloudTrail, Protocol::Json11),
        operation,
        params,
    )
}

fn call(state: &mut State, operation: &str, params: Value) -> Result<Value, ApiError> {
    call_at(state, "us-east-1", operation, params)
}

fn trail(state: &mut State, params: Value) {
    trail_at(state, "us-east-1", params);
}

fn trail_at(state: &mut State, region: &str, params: Value) {
    let mut params = params;
    params["Name"] = "trail".into();
    params["S3BucketName"] = "bucket".into();
    call_at(state, region, "CreateTrail", params).unwrap();
    call_at(state, region, "StartLogging", json!({"Name": "trail"})).unwrap();
}

fn record(region: &str, more: Value) -> Value {
    let mut record = json!({
        "eventVersion": "1.11", "userIdentity": {"type": "Root", "accountId": SPOKE, "accessKeyId": "AKIA"},
        "eventTime": "2026-03-02T09:14:07Z", "eventSource": "iam.amazonaws.com", "eventName": "CreateAccessKey",
        "awsRegion": region, "eventID": "e", "readOnly": false, "managementEvent": true,
        "recipientAccountId": SPOKE, "eventType": "AwsApiCall", "eventCategory": "Management",
    });
    for (name, value) in more.as_object().unwrap() {
        record[name] = value.clone();
    }
    record
}

#[test]
fn without_a_logging_trail_nothing_is_delivered() {
    // root-events.md section 2: an active trail is required; a trail covers its Region, or all
    let multi = json!({"IsMultiRegionTrail": true});
    type Case = (&'static str, Option<Value>, &'static [&'static str], bool, &'static str);
    let cases: [Case; 5] = [
        ("us-east-1", None, &[], false, "it has no trail"),
        ("us-east-1", Some(json!({})), &["StopLogging"], false, "does not log"),
        ("us-east-1", Some(json!({})), &[], true, ""),
        ("eu-west-1", Some(json!({})), &[], false, "does not cover the Region"),
        ("eu-west-1", Some(multi), &[], true, ""),
    ];
    for (region, params, operations, delivered, why) in cases {
        let mut state = state();
        if let Some(params) = params {
            trail(&mut state, params);
        }
        for operation in operations {
            call(&mut state, operation, json!({"Name": "trail"})).unwrap();
        }
        let injected = inject(&mut state, record(region, json!({}))).unwrap();
        assert_eq!(injected.event_id.is_some(), delivered, "{region} {why}");
        assert!(injected.undelivered.unwrap_or_default().contains(why), "{why}");
        assert_eq!((injected.account.as_str(), injected.region.as_str()), (SPOKE, region));
        let buses: Vec<_> =
            state.entries().filter(|entry| entry.hop == Hop::Bus).map(|entry| &entry.resource).collect();
        let expected = format!("arn:aws:events:{region}:{SPOKE}:event-bus/default");
        assert_eq!(buses, if delivered { vec![&expected] } else { vec![] });
    }
}

#[test]
fn selectors_decide_what_is_delivered() {
    // [D] UG eb-service-event-cloudtrail: what the trail leaves out does not arrive
    let data = json!({"eventCategory": "Data", "managementEvent": false, "readOnly": true,
        "resources": [{"type": "AWS::S3::Object", "ARN": "arn:aws:s3:::b/k"}]});
    let objects = json!({"EventSelectors": [{"ReadWriteType": "All", "IncludeManagementEvents": true,
        "DataResources": [{"Type": "AWS::S3::Object", "Values": ["arn:aws:s3"]}]}]});
    let writes = json!({"EventSelectors": [{"ReadWriteType": "WriteOnly"}]});
    let cases = [
        (None, json!({}), true),
        (None, json!({"readOnly": true}), true),
        (Some(&writes), json!({"readOnly": true}), false),
        (None, data.clone(), false),
        (Some(&objects), data, true),
        (Some(&objects), json!({"eventCategory": "NetworkActivity", "eventType": "AwsVpceEvents"}), false),
    ];
    for (selectors, more, delivered) in cases {
        let mut state = state();
        trail(&mut state, json!({}));
        if let Some(selectors) = selectors {
            let mut put = selectors.clone();
            put["TrailName"] = "trail".into();
            call(&mut state, "PutEventSelectors", put).unwrap();
        }
        let injected = inject(&mut state, record("us-east-1", more.clone())).unwrap();
        assert_eq!(injected.event_id.is_some(), delivered, "{selectors:?} {more}");
    }
}

/// [D] cloudtrail-concepts: IAM's, STS's and CloudFront's events are in us-east-1, in trails that include them
#[test]
fn a_trail_may_leave_out_global_services() {
    let cases = [
        (true, "us-east-1", "iam.amazonaws.com", true),
        (false, "us-east-1", "iam.amazonaws.com", false),
        (false, "us-east-1", "sts.amazonaws.com", false),
        (false, "us-east-1", "cloudfront.amazonaws.com", false),
        (false, "us-east-1", "ec2.amazonaws.com", true),
        // A regional endpoint of STS.
        (false, "eu-west-1", "sts.amazonaws.com", true),
    ];
    for (included, region, source, delivered) in cases {
        let mut state = state();
        trail_at(&mut state, region, json!({"IncludeGlobalServiceEvents": included}));
        let injected = inject(&mut state, record(region, json!({"eventSource": source}))).unwrap();
        assert_eq!(injected.event_id.is_some(), delivered, "{included} {region} {source}: {injected:?}");
    }
}

#[test]
fn a_seeded_trail_takes_everything_everywhere() {
    let mut state = state();
    seed_trail(&mut state, &SPOKE.into(), &"us-east-1".into(), "all");
    let kinds = [
        json!({}),
        json!({"readOnly": true}),
        json!({"eventCategory": "Data", "managementEvent": false}),
        json!({"eventCategory": "NetworkActivity"}),
        json!({"eventCategory": "Insight", "eventType": "AwsCloudTrailInsight"}),
    ];
    for more in kinds {
        let injected = inject(&mut state, record("ap-south-1", more.clone())).unwrap();
        assert!(injected.event_id.is_some(), "{more}: {injected:?}");
    }
    let described = call(&mut state, "DescribeTrails", json!({})).unwrap();
    assert_eq!(described["trailList"][0]["HasCustomEventSelectors"], true);
}

#[test]
fn a_record_over_256_kb_is_not_delivered_and_the_trace_says_so() {
    // [D] send-cloudtrail-events-to-cloudwatch-logs
    let mut state = state();
    seed_trail(&mut state, &SPOKE.into(), &"us-east-1".into(), "all");
    let base = record("us-east-1", json!({"requestParameters": ""})).to_string().len();
    for (size, delivered) in [(262_144, true), (262_145, false)] {
        let filler = "x".repeat(size - base);
        let injected = inject(&mut state, record("us-east-1", json!({"requestParameters": filler}))).unwrap();
        assert_eq!(injected.event_id.is_some(), delivered, "{size}");
    }
    let last = state.entries().last().unwrap();
    assert_eq!((last.hop, last.outcome), (Hop::CloudTrail, Outcome::Lost));
    assert!(last.detail.contains("256 KB") && last.detail.contains("262145 bytes"), "{last}");
}

#[test]
fn what_cannot_be_injected_is_refused() {
    let event = json!({"source": "aws.guardduty", "detail-type": "GuardDuty Finding", "account": SPOKE,
        "region": "us-east-1", "detail": {}});
    let without = |member: &str| {
        let mut event = event.clone();
        event.as_object_mut().unwrap().remove(member);
        event
    };
    for bad in [json!([]), json!({"a": 1}), event.clone()] {
        assert_eq!(inject(&mut state(), bad.clone()), Err(InjectError::NotARecord), "{bad}");
    }
    let nobody = json!({"eventVersion": "1.08", "eventName": "x"});
    assert_eq!(inject(&mut state(), nobody), Err(InjectError::NoAccount));
    for member in ["source", "detail-type", "account", "region", "detail"] {
        assert!(matches!(inject_event(&mut state(), without(member)), Err(InjectError::NotAnEvent(_))), "{member}");
    }
    let mut own = event.clone();
    own["source"] = "my.app".into();
    assert!(matches!(inject_event(&mut state(), own), Err(InjectError::NotAnEvent(_))));
    let mut state = state();
    assert!(inject_event(&mut state, event).unwrap().event_id.is_some());
    assert!(state.entries().any(|entry| entry.hop == Hop::Bus && entry.outcome == Outcome::Delivered));
}

#[test]
fn trails_have_awss_answers() {
    // [D] API_CreateTrail, API_GetTrailStatus, API_DescribeTrails
    let mut state = state();
    let arn = format!("arn:aws:cloudtrail:us-east-1:{SPOKE}:trail/trail");
    let made = call(
        &mut state,
        "CreateTrail",
        json!({"Name": "trail", "S3BucketName": "b", "IsMultiRegionTrail": true,
        "TagsList": [{"Key": "k", "Value": "v"}]}),
    )
    .unwrap();
    assert_eq!(
        made,
        json!({"Name": "trail", "S3BucketName": "b", "IncludeGlobalServiceEvents": true,
        "IsMultiRegionTrail": true, "TrailARN": arn, "LogFileValidationEnabled": false, "IsOrganizationTrail": false})
    );
    let cases = [
        ("us-east-1", "CreateTrail", json!({"Name": "trail", "S3BucketName": "b"}), "TrailAlreadyExistsException"),
        ("us-east-1", "CreateTrail", json!({"Name": "x", "S3BucketName": "b"}), "InvalidTrailNameException"),
        (
            "us-east-1",
            "CreateTrail",
            json!({"Name": "other", "S3BucketName": "b", "IsMultiRegionTrail": true, "IncludeGlobalServiceEvents": false}),
            "InvalidParameterCombinationException",
        ),
        (
            "us-east-1",
            "CreateTrail",
            json!({"Name": "other", "S3BucketName": "b", "CloudWatchLogsLogGroupArn": "x"}),
            "InvalidCloudWatchLogsRoleArnException",
        ),
        (
            "us-east-1",
            "CreateTrail",
            json!({"Name": "other", "S3BucketName": "b", "SnsTopicName": "x"}),
            "NotImplemented",
        ),
        ("us-east-1", "GetTrail", json!({"Name": "none"}), "TrailNotFoundException"),
        ("eu-west-1", "StartLogging", json!({"Name": arn}), "InvalidHomeRegionException"),
        ("us-east-1", "PutEventSelectors", json!({"TrailName": "trail"}), "InvalidEventSelectorsException"),
        (
            "us-east-1",
            "PutEventSelectors",
            json!({"TrailName": "trail", "AdvancedEventSelectors": [{"FieldSelectors":
            [{"Field": "eventCategory", "Equals": ["Data"]}]}]}),
            "InvalidEventSelectorsException",
        ),
        ("us-east-1", "ListTags", json!({"ResourceIdList": [format!("{arn}-none")]}), "ResourceNotFoundException"),
    ];
    for (region, operation, params, code) in cases {
        let error = call_at(&mut state, region, operation, params.clone()).expect_err("an error");
        assert_eq!(error.code, code, "{operation} {params}");
    }
    assert_eq!(call(&mut state, "GetTrailStatus", json!({"Name": arn})).unwrap()["IsLogging"], false);
    call(&mut state, "StartLogging", json!({"Name": arn})).unwrap();
    assert_eq!(call(&mut state, "GetTrailStatus", json!({"Name": "trail"})).unwrap()["IsLogging"], true);
    let shown = |state: &mut State, region: &str, params: Value| {
        call_at(state, region, "DescribeTrails", params).unwrap()["trailList"].as_array().unwrap().len()
    };
    assert_eq!(shown(&mut state, "eu-west-1", json!({})), 1);
    assert_eq!(shown(&mut state, "eu-west-1", json!({"includeShadowTrails": false})), 0);
    assert_eq!(shown(&mut state, "us-east-1", json!({"trailNameList": ["trail", "none"]})), 1);
    let tags = call(&mut state, "ListTags", json!({"ResourceIdList": [arn]})).unwrap();
    assert_eq!(tags["ResourceTagList"][0]["TagsList"], json!([{"Key": "k", "Value": "v"}]));
    let selectors = call(&mut state, "GetEventSelectors", json!({"TrailName": "trail"})).unwrap();
    assert_eq!(
        selectors["EventSelectors"],
        json!([{"ReadWriteType": "All", "IncludeManagementEvents": true,
        "DataResources": [], "ExcludeManagementEventSources": []}])
    );
    call(&mut state, "DeleteTrail", json!({"Name": "trail"})).unwrap();
    assert_eq!(shown(&mut state, "us-east-1", json!({})), 0);
}

#[test]
fn lookup_events_finds_what_was_injected() {
    // [D] API_LookupEvents; no trail is needed
    let mut state = state();
    let add = |state: &mut State, region: &str, id: &str, time: &str, more: Value| {
        let mut record = record(region, more);
        record["eventID"] = id.into();
        record["eventTime"] = time.into();
        inject(state, record).unwrap();
    };
    add(&mut state, "us-east-1", "old", "2025-11-01T00:00:00Z", json!({}));
    add(&mut state, "us-east-1", "first", "2026-03-01T00:00:00Z", json!({}));
    add(
        &mut state,
        "us-east-1",
        "second",
        "2026-03-02T00:00:00Z",
        json!({"eventName": "ListBuckets", "readOnly": true}),
    );
    add(&mut state, "us-east-1", "data", "2026-03-02T01:00:00Z", json!({"eventCategory": "Data"}));
    add(&mut state, "eu-west-1", "elsewhere", "2026-03-02T00:00:00Z", json!({}));
    let ids = |state: &mut State, params: Value| {
        let answer = lookup(state, params).unwrap();
        let events = answer["Events"].as_array().unwrap().clone();
        events.iter().map(|event| event["EventId"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let by = |key: &str, value: &str| json!({"LookupAttributes": [{"AttributeKey": key, "AttributeValue": value}]});
    let cases: [(Value, &[&str]); 8] = [
        (json!({}), &["second", "first"]),
        (by("Username", "root"), &["second", "first"]),
        (by("EventName", "ListBuckets"), &["second"]),
        (by("ReadOnly", "false"), &["first"]),
        (by("AccessKeyId", "AKIA"), &["second", "first"]),
        (by("EventSource", "s3.amazonaws.com"), &[]),
        (json!({"StartTime": "2026-03-01T12:00:00Z"}), &["second"]),
        (json!({"EventCategory": "insight"}), &[]),
    ];
    for (params, expected) in cases {
        assert_eq!(ids(&mut state, params.clone()), expected, "{params}");
    }
    let page = lookup(&mut state, json!({"MaxResults": 1})).unwrap();
    assert_eq!(page["Events"][0]["EventTime"], 1772409600.0);
    let detail: Value = serde_json::from_str(page["Events"][0]["CloudTrailEvent"].as_str().unwrap()).unwrap();
    assert_eq!((&page["Events"][0]["ReadOnly"], &detail["eventID"]), (&json!("true"), &json!("second")));
    let token = page["NextToken"].clone();
    assert_eq!(ids(&mut state, json!({"MaxResults": 1, "NextToken": token})), ["first"]);
    let errors = [
        (json!({"NextToken": token, "StartTime": 0}), "InvalidNextTokenException"),
        (json!({"MaxResults": 51}), "InvalidMaxResultsException"),
        (by("username", "root"), "InvalidLookupAttributesException"),
        (json!({"StartTime": 2, "EndTime": 1}), "InvalidTimeRangeException"),
    ];
    for (params, code) in errors {
        assert_eq!(lookup(&mut state, params.clone()).expect_err("an error").code, code, "{params}");
    }
}

/// Asks after a second, so that nothing is throttled.
fn lookup(state: &mut State, params: Value) -> Result<Value, ApiError> {
    state.now = state.now + std::time::Duration::from_secs(1);
    call(state, "LookupEvents", params)
}

#[test]
fn lookups_are_throttled() {
    // [D] API_LookupEvents: two per second, per account, per Region. At (ms), in, and what is answered.
    let cases = [
        (0, "us-east-1", None),
        (0, "us-east-1", None),
        (10, "us-east-1", Some("ThrottlingException")),
        (10, "eu-west-1", None),
        (999, "us-east-1", Some("ThrottlingException")),
        (1000, "us-east-1", None),
        (1000, "us-east-1", None),
        (1999, "us-east-1", Some("ThrottlingException")),
    ];
    let mut state = state();
    let start = state.now;
    for (after, region, expected) in cases {
        state.now = start + std::time::Duration::from_millis(after);
        let code = call_at(&mut state, region, "LookupEvents", json!({})).err().map(|error| error.code);
        assert_eq!(code.as_deref(), expected, "at {after} ms in {region}");
    }
}

const GROUP: &str = "arn:aws:logs:us-east-1:111122223333:log-group:trail";

fn call_service(state: &mut State, service: Service, operation: &str, params: Value) -> Result<Value, ApiError> {
    let protocol = if service == Service::Iam { Protocol::Query } else { Protocol::Json11 };
    testing::call(state, testing::administrator(SPOKE), (SPOKE, "us-east-1"), (service, protocol), operation, params)
}

/// A trail with a log group and a role that may write there, or lacks one of the two things it needs.
fn trail_with_log_group(state: &mut State, trusted: &str, action: &str) -> Result<Value, ApiError> {
    let document = |statement: Value| json!({"Version": "2012-10-17", "Statement": [statement]}).to_string();
    call_service(state, Service::Logs, "CreateLogGroup", json!({"logGroupName": "trail"})).unwrap();
    let trust = json!({"Effect": "Allow", "Principal": {"Service": trusted}, "Action": "sts:AssumeRole"});
    let role = json!({"RoleName": "trail", "AssumeRolePolicyDocument": document(trust)});
    call_service(state, Service::Iam, "CreateRole", role).unwrap();
    // The resource of [D] cloudtrail-required-policy-for-cloudwatch-logs
    let allow = json!({"Effect": "Allow", "Action": ["logs:CreateLogStream", action],
        "Resource": format!("{GROUP}:log-stream:{SPOKE}_CloudTrail_us-east-1*")});
    let inline = json!({"RoleName": "trail", "PolicyName": "p", "PolicyDocument": document(allow)});
    call_service(state, Service::Iam, "PutRolePolicy", inline).unwrap();
    let create = json!({"Name": "trail", "S3BucketName": "b", "IsMultiRegionTrail": true,
        "CloudWatchLogsLogGroupArn": format!("{GROUP}:*"), "CloudWatchLogsRoleArn": format!("arn:aws:iam::{SPOKE}:role/trail")});
    call(state, "CreateTrail", create)
}

#[test]
fn a_trail_writes_to_its_log_group() {
    // [D] send-cloudtrail-events-to-cloudwatch-logs: the stream's name is that of the trail's Region, the message the record
    let mut state = state();
    trail_with_log_group(&mut state, "cloudtrail.amazonaws.com", "logs:PutLogEvents").unwrap();
    call(&mut state, "StartLogging", json!({"Name": "trail"})).unwrap();
    let record = record("eu-west-1", json!({}));
    assert!(inject(&mut state, record.clone()).unwrap().event_id.is_some());
    let params = json!({"logGroupName": "trail", "logStreamName": format!("{SPOKE}_CloudTrail_us-east-1")});
    let found = call_service(&mut state, Service::Logs, "GetLogEvents", params).unwrap();
    assert_eq!(found["events"].as_array().unwrap().len(), 1);
    assert_eq!(found["events"][0]["message"], record.to_string());
    let outcomes: Vec<_> =
        state.entries().filter(|entry| entry.hop == Hop::CloudTrail).map(|entry| entry.outcome).collect();
    assert_eq!(outcomes, [Outcome::Delivered, Outcome::Delivered]);
    // The permission goes: the event still reaches the bus, the log group gets nothing, and both are said.
    let delete = json!({"RoleName": "trail", "PolicyName": "p"});
    call_service(&mut state, Service::Iam, "DeleteRolePolicy", delete).unwrap();
    state.clear_trace();
    assert!(inject(&mut state, record).unwrap().event_id.is_some());
    let outcomes: Vec<_> =
        state.entries().filter(|entry| entry.hop == Hop::CloudTrail).map(|entry| entry.outcome).collect();
    assert_eq!(outcomes, [Outcome::Delivered, Outcome::Denied, Outcome::Lost]);
    let status = call(&mut state, "GetTrailStatus", json!({"Name": "trail"})).unwrap();
    assert_eq!(status["LatestCloudWatchLogsDeliveryError"], "AccessDeniedException");
}

#[test]
fn a_trail_checks_its_role_when_it_is_made() {
    // [D] API_CreateTrail: InvalidCloudWatchLogsRoleArnException
    let cases = [
        ("lambda.amazonaws.com", "logs:PutLogEvents", "trust relationships"),
        ("cloudtrail.amazonaws.com", "logs:DescribeLogStreams", "permissions"),
    ];
    for (trusted, action, why) in cases {
        let error = trail_with_log_group(&mut state(), trusted, action).expect_err("an error");
        assert_eq!(error.code, "InvalidCloudWatchLogsRoleArnException");
        assert!(error.message.contains(why), "{}", error.message);
    }
}

#[test]
fn an_organization_trail_covers_its_members() {
    // [D] creating-trail-organization
    let mut state = state();
    let members = [(SPOKE, "spoke"), ("444455556666", "member")];
    state.organizations.create("o-rootwatch01", SPOKE, &members);
    trail(&mut state, json!({"IsOrganizationTrail": true, "IsMultiRegionTrail": true}));
    for (account, delivered) in [("444455556666", true), ("999988887777", false)] {
        let injected = inject(&mut state, record("us-east-1", json!({"recipientAccountId": account}))).unwrap();
        assert_eq!(injected.event_id.is_some(), delivered, "{account}: {injected:?}");
    }
}

/// [D] create-s3-bucket-policy-for-cloudtrail; what happens without it: [T] hashicorp/terraform 6388
#[test]
fn a_bucket_that_is_here_must_let_the_trail_write() {
    let allow = |action: &str, resource: &str, condition: Value| {
        json!({"Effect": "Allow", "Principal": {"Service": "cloudtrail.amazonaws.com"}, "Action": action,
            "Resource": format!("arn:aws:s3:::logs{resource}"), "Condition": condition})
    };
    let of = |trail: &str| json!({"StringEquals": {"aws:SourceArn": format!("arn:aws:cloudtrail:us-east-1:{SPOKE}:trail/{trail}")}});
    let read = || allow("s3:GetBucketAcl", "", of("trail"));
    let write = |resource: &str, condition: Value| allow("s3:PutObject", resource, condition);
    let mine = format!("/AWSLogs/{SPOKE}/*");
    let full = json!({"StringEquals": {"s3:x-amz-acl": "bucket-owner-full-control"}});
    let cases = [
        ("logs", vec![read(), write(&mine, full.clone())], json!({}), true),
        ("logs", vec![read(), write("/root/AWSLogs/*", full.clone())], json!({"S3KeyPrefix": "root"}), true),
        ("logs", vec![read(), write(&mine, full.clone())], json!({"S3KeyPrefix": "root"}), false),
        ("logs", vec![read(), write("/AWSLogs/444455556666/*", full.clone())], json!({}), false),
        ("logs", vec![read(), write(&mine, of("other"))], json!({}), false),
        ("logs", vec![write(&mine, full.clone())], json!({}), false),
        ("logs", vec![read()], json!({}), false),
        ("logs", vec![], json!({}), false),
        // Whose bucket this is nobody here knows.
        ("elsewhere", vec![], json!({}), true),
    ];
    for (bucket, statements, more, expected) in cases {
        let mut state = state();
        let s3 = |state: &mut State, operation: &str, params: Value| {
            let at = (SPOKE, "us-east-1");
            testing::call(state, testing::administrator(SPOKE), at, (Service::S3, Protocol::RestXml), operation, params)
        };
        s3(&mut state, "CreateBucket", json!({"Bucket": "logs"})).unwrap();
        if !statements.is_empty() {
            let policy = json!({"Version": "2012-10-17", "Statement": statements}).to_string();
            s3(&mut state, "PutBucketPolicy", json!({"Bucket": "logs", "Text": policy})).unwrap();
        }
        let mut params = json!({"Name": "trail", "S3BucketName": bucket});
        params.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let found = call(&mut state, "CreateTrail", params).map(|_| ()).map_err(|error| error.to_string());
        let refused = "InsufficientS3BucketPolicyException: Incorrect S3 bucket policy is detected for bucket: logs";
        let expected = if expected { Ok(()) } else { Err(refused.to_owned()) };
        assert_eq!(found, expected, "{bucket} {statements:?} {more}");
    }
}
