//! CloudWatch Logs through its API. Texts and codes: [V] LS:logs, by file and test

use serde_json::{Value, json};

use crate::api::{ApiError, Protocol, Service, testing};
use crate::state::State;
use crate::time::Time;

const ACCOUNT: &str = "111122223333";

fn call(state: &mut State, name: &str, params: Value) -> Result<Value, ApiError> {
    testing::call(
        state,
        testing::administrator(ACCOUNT),
        (ACCOUNT, "us-east-1"),
        (Service::Logs, Protocol::Json11),
        name,
        params,
    )
}

fn ok(state: &mut State, name: &str, params: Value) -> Value {
    call(state, name, params.clone()).unwrap_or_else(|error| panic!("{name} {params}: {error}"))
}

/// A cloud with the group `g` and its stream `s`.
fn cloud() -> State {
    let mut state = State::new(Time::parse("2026-03-02T09:14:07Z").unwrap(), 1);
    ok(&mut state, "CreateLogGroup", json!({"logGroupName": "g"}));
    ok(&mut state, "CreateLogStream", json!({"logGroupName": "g", "logStreamName": "s"}));
    state
}

/// Events at so many seconds from now.
fn events(state: &State, seconds: &[i64]) -> Value {
    let event = |at: &i64| json!({"timestamp": state.now.0 + at * 1000, "message": format!("at {at}")});
    json!({"logGroupName": "g", "logStreamName": "s", "logEvents": seconds.iter().map(event).collect::<Vec<_>>()})
}

fn texts(answer: &Value, list: &str, member: &str) -> Vec<String> {
    answer[list].as_array().unwrap().iter().map(|one| one[member].as_str().unwrap().to_owned()).collect()
}

#[test]
fn refusals() {
    const DETECTED: &str = "1 validation error detected: Value";
    let g = |more: Value| {
        let mut params = json!({"logGroupName": "g"});
        params.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        params
    };
    let transformation = json!([{"metricName": "m", "metricNamespace": "n", "metricValue": "1"}]);
    let metric = |name: &str, pattern: &str, list: &Value| {
        g(json!({"filterName": name, "filterPattern": pattern, "metricTransformations": list}))
    };
    let lambda = |account: &str| {
        g(
            json!({"filterName": "f", "filterPattern": "", "destinationArn": format!("arn:aws:lambda:us-east-1:{account}:function:x")}),
        )
    };
    let two = json!([transformation[0], transformation[0]]);
    let constraint = |value: &str, member: &str, wanted: &str| {
        format!("{DETECTED} '{value}' at '{member}' failed to satisfy constraint: Member must {wanted}")
    };
    let (a513, a1025) = ("a".repeat(513), "a".repeat(1025));
    let parameter = "InvalidParameterException";
    let missing = "ResourceNotFoundException";
    let cases: Vec<(&str, &str, Value, &str, String)> = vec![
        // test_logs_groups
        ("", "CreateLogGroup", g(json!({})), "ResourceAlreadyExistsException", "The specified log group already exists".into()),
        ("", "CreateLogGroup", json!({"logGroupName": a513}), parameter, "Invalid LogGroup or LogStream, both must have length less than or equal to 512.".into()),
        ("", "CreateLogGroup", json!({"logGroupName": "a b"}), parameter, constraint("a b", "logGroupName", r"satisfy regular expression pattern: [\.\-_/#A-Za-z0-9]+")),
        ("", "DescribeLogGroups", json!({"logGroupNamePrefix": "g", "logGroupNamePattern": "g"}), parameter, "LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters.".into()),
        // test_logs_events
        ("", "PutLogEvents", json!({"logGroupName": "g", "logStreamName": "t", "logEvents": [{"timestamp": 1, "message": "m"}]}), missing, "The specified log stream does not exist.".into()),
        ("disorder", "PutLogEvents", json!([0, -1]), parameter, "Log events in a single PutLogEvents request must be in chronological order.".into()),
        ("disorder", "PutLogEvents", json!([-90_000, 0]), parameter, "The batch of log events in a single PutLogEvents request cannot span more than 24 hours.".into()),
        ("", "GetLogEvents", g(json!({"logStreamName": "s", "nextToken": "invalid-token"})), parameter, "The specified nextToken is invalid.".into()),
        ("", "GetLogEvents", g(json!({"logStreamName": "s", "limit": 10_001})), parameter, constraint("10001", "limit", "have value less than or equal to 10000")),
        ("", "GetLogEvents", json!({"logGroupName": "h", "logStreamName": "s"}), missing, "The specified log group does not exist.".into()),
        // test_logs_filter_events
        ("", "FilterLogEvents", g(json!({"limit": 10_001})), parameter, constraint("10001", "limit", "have value less than or equal to 10000")),
        ("", "FilterLogEvents", g(json!({"nextToken": "invalid-token"})), parameter, "The specified nextToken is invalid.".into()),
        // test_logs_resource_policies
        ("", "DeleteResourcePolicy", json!({"policyName": "p"}), missing, "Policy with name [p] does not exist.".into()),
        // test_logs_subscription_filters
        ("", "DescribeSubscriptionFilters", json!({"logGroupName": "h"}), missing, "The specified log group does not exist.".into()),
        ("", "DeleteSubscriptionFilter", g(json!({"filterName": "f"})), missing, "The specified subscription filter does not exist.".into()),
        ("", "PutSubscriptionFilter", lambda("123456789012"), "AccessDeniedException", "Cross-account lambda invocation passing is not allowed. You must use DestinationPolicies to create cross account lambda triggers.".into()),
        ("", "PutSubscriptionFilter", lambda(ACCOUNT), parameter, "Could not execute the lambda function. Make sure you have given CloudWatch Logs permission to execute your function.".into()),
        ("", "PutSubscriptionFilter", g(json!({"filterName": "f", "destinationArn": "arn:aws:kinesis:us-east-1:123456789012:stream/s"})), parameter, "destinationArn for vendor kinesis cannot be used without roleArn".into()),
        // Streams. [D] API_CreateLogStream, API_DescribeLogStreams
        ("", "CreateLogStream", g(json!({"logStreamName": "s"})), "ResourceAlreadyExistsException", "The specified log stream already exists".into()),
        ("", "CreateLogStream", g(json!({"logStreamName": "a:b"})), parameter, constraint("a:b", "logStreamName", "satisfy regular expression pattern: [^:*]*")),
        ("", "DeleteLogStream", g(json!({"logStreamName": "t"})), missing, "The specified log stream does not exist.".into()),
        ("", "DescribeLogStreams", g(json!({"orderBy": "sideways"})), parameter, constraint("sideways", "orderBy", "satisfy enum value set: [LogStreamName, LastEventTime]")),
        ("", "DescribeLogStreams", g(json!({"limit": 51})), parameter, constraint("51", "limit", "have value less than or equal to 50")),
        ("", "DescribeLogStreams", g(json!({"orderBy": "LastEventTime", "logStreamNamePrefix": "s"})), parameter, "Cannot order by LastEventTime with a logStreamNamePrefix.".into()),
        // Metric filters: lengths as the reference quotes LS:logs/test_logs_metric_filters, the rest [D] API_PutMetricFilter
        ("", "PutMetricFilter", metric(&a513, "", &transformation), parameter, constraint(&a513, "filterName", "have length less than or equal to 512")),
        ("", "PutMetricFilter", metric("a:b", "", &transformation), parameter, constraint("a:b", "filterName", "satisfy regular expression pattern: [^:*]*")),
        ("", "PutMetricFilter", metric("f", &a1025, &transformation), parameter, constraint(&a1025, "filterPattern", "have length less than or equal to 1024")),
        ("", "PutMetricFilter", metric("f", "", &two), parameter, "at 'metricTransformations' failed to satisfy constraint: Member must have length less than or equal to 1".into()),
        ("", "PutMetricFilter", metric("f", "{ $.a = ", &transformation), parameter, "Invalid metric filter pattern".into()),
        ("", "DeleteMetricFilter", g(json!({"filterName": "f"})), missing, "The specified metric filter does not exist.".into()),
        ("", "DescribeMetricFilters", json!({"logGroupName": "h"}), missing, "The specified log group does not exist.".into()),
        ("", "DescribeMetricFilters", json!({"metricName": "m"}), parameter, "you must also include the metricNamespace parameter.".into()),
    ];
    for (kind, operation, params, code, text) in cases {
        let mut state = cloud();
        let params = match kind {
            "disorder" => {
                let seconds: Vec<i64> = serde_json::from_value(params).unwrap();
                events(&state, &seconds)
            }
            _ => params,
        };
        let error =
            call(&mut state, operation, params.clone()).map(|answer| panic!("{operation}: {answer}")).unwrap_err();
        assert_eq!(error.code, code, "{operation} {params}");
        assert!(error.message.ends_with(&text), "{operation}: {} should be {text}", error.message);
    }
}

/// LS:logs/test_logs_events::test_put_log_events_too_old, ::test_put_log_events_too_new; [D] API_RejectedLogEventsInfo
#[test]
fn events_of_other_days_are_left_out() {
    const DAY: i64 = 24 * 3600;
    let cases = [
        (vec![-30 * DAY], None, json!({"tooOldLogEventEndIndex": 1}), 0),
        (vec![DAY], None, json!({"tooNewLogEventStartIndex": 0}), 0),
        (vec![-14 * DAY - 10, -14 * DAY + 10], None, json!({"tooOldLogEventEndIndex": 1}), 1),
        (vec![7190, 7210], None, json!({"tooNewLogEventStartIndex": 1}), 1),
        (vec![-DAY - 10, -DAY + 10], Some(1), json!({"expiredLogEventEndIndex": 1}), 1),
        (vec![-1, 0, 1], None, Value::Null, 3),
    ];
    for (seconds, retention, rejected, kept) in cases {
        let mut state = cloud();
        if let Some(days) = retention {
            ok(&mut state, "PutRetentionPolicy", json!({"logGroupName": "g", "retentionInDays": days}));
        }
        let params = events(&state, &seconds);
        let answer = ok(&mut state, "PutLogEvents", params);
        assert_eq!(answer["rejectedLogEventsInfo"], rejected, "{seconds:?}");
        let read = ok(&mut state, "GetLogEvents", json!({"logGroupName": "g", "logStreamName": "s"}));
        assert_eq!(texts(&read, "events", "message").len(), kept, "{seconds:?}");
    }
}

/// [D] API_AssociateKmsKey, API_DisassociateKmsKey; the provider's TestAccAWSCloudWatchLogGroup_kmsKey
#[test]
fn the_key_of_a_group_changes() {
    let mut state = cloud();
    let key = |state: &mut State| ok(state, "DescribeLogGroups", json!({}))["logGroups"][0]["kmsKeyId"].clone();
    let arn = "arn:aws:kms:us-east-1:999988887777:key/1234abcd-12ab-34cd-56ef-1234567890ab";
    ok(&mut state, "AssociateKmsKey", json!({"logGroupName": "g", "kmsKeyId": arn}));
    assert_eq!(key(&mut state), arn);
    ok(&mut state, "DisassociateKmsKey", json!({"logGroupName": "g"}));
    assert_eq!(key(&mut state), Value::Null);
}

/// [D] API_GetLogEvents: both ways, and at the end the token that came is handed back
#[test]
fn pages_of_a_stream() {
    let mut state = cloud();
    let params = events(&state, &[-5, -4, -3, -2, -1]);
    ok(&mut state, "PutLogEvents", params);
    let get = |state: &mut State, more: Value| {
        let mut params = json!({"logGroupName": "g", "logStreamName": "s", "limit": 2});
        params.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        ok(state, "GetLogEvents", params)
    };
    let last = get(&mut state, json!({}));
    assert_eq!(texts(&last, "events", "message"), ["at -2", "at -1"]);
    let before = get(&mut state, json!({"nextToken": last["nextBackwardToken"]}));
    assert_eq!(texts(&before, "events", "message"), ["at -4", "at -3"]);
    let mut page = get(&mut state, json!({"startFromHead": true}));
    let mut read = texts(&page, "events", "message");
    loop {
        let next = get(&mut state, json!({"nextToken": page["nextForwardToken"]}));
        if next["nextForwardToken"] == page["nextForwardToken"] {
            assert_eq!(next["events"], json!([]));
            break;
        }
        read.extend(texts(&next, "events", "message"));
        page = next;
    }
    assert_eq!(read, ["at -5", "at -4", "at -3", "at -2", "at -1"]);
    // LS:logs/test_logs_filter_events::test_filter_log_events_pagination
    let first = ok(&mut state, "FilterLogEvents", json!({"logGroupName": "g", "limit": 3}));
    let rest = json!({"logGroupName": "g", "limit": 3, "nextToken": first["nextToken"]});
    let rest = ok(&mut state, "FilterLogEvents", rest);
    assert_eq!(texts(&rest, "events", "message"), ["at -2", "at -1"]);
    assert_eq!(rest.get("nextToken"), None);
}

/// [D] API_DescribeLogStreams
#[test]
fn streams_are_listed() {
    let mut state = cloud();
    for name in ["b/2", "b/1", "a"] {
        ok(&mut state, "CreateLogStream", json!({"logGroupName": "g", "logStreamName": name}));
    }
    for (name, at) in [("b/2", -20), ("a", -10), ("s", -30)] {
        let mut params = events(&state, &[at]);
        params["logStreamName"] = json!(name);
        ok(&mut state, "PutLogEvents", params);
    }
    let cases = [
        (json!({}), vec!["a", "b/1", "b/2", "s"]),
        (json!({"logStreamNamePrefix": "b/"}), vec!["b/1", "b/2"]),
        (json!({"descending": true}), vec!["s", "b/2", "b/1", "a"]),
        (json!({"orderBy": "LastEventTime", "descending": true}), vec!["a", "b/2", "s", "b/1"]),
        (json!({"limit": 1}), vec!["a"]),
    ];
    for (params, expected) in cases {
        let mut all = json!({"logGroupName": "g"});
        all.as_object_mut().unwrap().extend(params.as_object().unwrap().clone());
        let answer = ok(&mut state, "DescribeLogStreams", all);
        assert_eq!(texts(&answer, "logStreams", "logStreamName"), expected, "{params}");
        assert_eq!(answer.get("nextToken").is_some(), params.get("limit").is_some(), "{params}");
    }
    let answer = ok(&mut state, "DescribeLogStreams", json!({"logGroupName": "g", "logStreamNamePrefix": "b/1"}));
    let created = state.now.0;
    let arn = "arn:aws:logs:us-east-1:111122223333:log-group:g:log-stream:b/1";
    let expected = json!([{"logStreamName": "b/1", "creationTime": created, "arn": arn, "storedBytes": 0}]);
    assert_eq!(answer["logStreams"], expected, "a stream without events shows no times");
}

/// LS:logs/test_logs_groups
#[test]
fn groups_are_listed() {
    let mut state = cloud();
    ok(&mut state, "CreateLogGroup", json!({"logGroupName": "/aws/g", "tags": {"a": "1", "b": "2"}}));
    let by_pattern = ok(&mut state, "DescribeLogGroups", json!({"logGroupNamePattern": "aws"}));
    assert_eq!(texts(&by_pattern, "logGroups", "logGroupName"), ["/aws/g"]);
    assert_eq!(by_pattern["logGroups"][0].get("storedBytes"), None);
    let by_prefix = ok(&mut state, "DescribeLogGroups", json!({"logGroupNamePrefix": "/"}));
    assert_eq!(by_prefix["logGroups"][0]["deletionProtectionEnabled"], json!(false));
    for (pattern, expected) in
        [("g", vec!["/aws/g", "g"]), ("^g", vec!["g"]), ("aws|^g", vec!["/aws/g", "g"]), ("no", vec![])]
    {
        let listed = ok(&mut state, "ListLogGroups", json!({"logGroupNamePattern": pattern}));
        assert_eq!(texts(&listed, "logGroups", "logGroupName"), expected, "{pattern}");
    }
    ok(&mut state, "UntagLogGroup", json!({"logGroupName": "/aws/g", "tags": ["a"]}));
    let tags = ok(&mut state, "ListTagsLogGroup", json!({"logGroupName": "/aws/g"}));
    assert_eq!(tags, json!({"tags": {"b": "2"}}));
}

/// LS:logs/test_logs_resource_policies
#[test]
fn resource_policies() {
    let mut state = cloud();
    let policy = json!({"Version": "2012-10-17", "Statement": []}).to_string();
    for n in 0..10 {
        ok(&mut state, "PutResourcePolicy", json!({"policyName": format!("p{n}"), "policyDocument": policy}));
    }
    let one_more = json!({"policyName": "p10", "policyDocument": policy});
    let error = call(&mut state, "PutResourcePolicy", one_more).unwrap_err();
    assert_eq!((error.code.as_str(), error.message.as_str()), ("LimitExceededException", "Resource limit exceeded."));
    let answer = ok(&mut state, "PutResourcePolicy", json!({"policyName": "p1", "policyDocument": policy}));
    let shape = &answer["resourcePolicy"];
    assert_eq!((&shape["policyScope"], &shape["lastUpdatedTime"]), (&json!("ACCOUNT"), &json!(state.now.0)));
    let listed = ok(&mut state, "DescribeResourcePolicies", json!({}));
    assert_eq!(listed["resourcePolicies"][1], *shape);
}

/// [D] API_DescribeMetricFilters; the shape LS:logs/test_logs_metric_filters
#[test]
fn metric_filters_are_listed() {
    let mut state = cloud();
    ok(&mut state, "CreateLogGroup", json!({"logGroupName": "h"}));
    for (group, name, metric) in [("g", "root", "m1"), ("g", "other", "m2"), ("h", "root-2", "m1")] {
        let params = json!({"logGroupName": group, "filterName": name, "filterPattern": " ",
            "metricTransformations": [{"metricName": metric, "metricNamespace": "n", "metricValue": "1", "defaultValue": 0}]});
        ok(&mut state, "PutMetricFilter", params);
    }
    let cases = [
        (json!({}), vec!["other", "root", "root-2"]),
        (json!({"logGroupName": "g"}), vec!["other", "root"]),
        (json!({"filterNamePrefix": "root"}), vec!["root", "root-2"]),
        (json!({"logGroupName": "g", "filterNamePrefix": "root"}), vec!["root"]),
        (json!({"metricName": "m1", "metricNamespace": "n"}), vec!["root", "root-2"]),
        (json!({"metricName": "m1", "metricNamespace": "other"}), vec![]),
        (json!({"limit": 2}), vec!["other", "root"]),
    ];
    for (params, expected) in cases {
        let answer = ok(&mut state, "DescribeMetricFilters", params.clone());
        assert_eq!(texts(&answer, "metricFilters", "filterName"), expected, "{params}");
    }
    let answer = ok(&mut state, "DescribeMetricFilters", json!({"logGroupName": "g", "filterNamePrefix": "root"}));
    let expected = json!([{"filterName": "root", "filterPattern": " ", "creationTime": state.now.0, "logGroupName": "g",
        "applyOnTransformedLogs": false, "metricTransformations": [
            {"metricName": "m1", "metricNamespace": "n", "metricValue": "1", "defaultValue": 0.0}]}]);
    assert_eq!(answer["metricFilters"], expected);
}

/// [D] API_FilterLogEvents: the end belongs to the times, and the latest may come first; API_GetLogEvents: it does not
#[test]
fn times_of_what_is_read() {
    let mut state = cloud();
    let params = events(&state, &[-3, -2, -1]);
    ok(&mut state, "PutLogEvents", params);
    let at = |seconds: i64| state.now.0 + seconds * 1000;
    let cases = [
        ("FilterLogEvents", json!({"startTime": at(-3), "endTime": at(-2)}), vec!["at -3", "at -2"]),
        ("FilterLogEvents", json!({"startFromHead": false}), vec!["at -1", "at -2", "at -3"]),
        ("FilterLogEvents", json!({"startFromHead": false, "limit": 1}), vec!["at -1"]),
        ("GetLogEvents", json!({"startTime": at(-3), "endTime": at(-2)}), vec!["at -3"]),
        ("GetLogEvents", json!({"startTime": at(-2)}), vec!["at -2", "at -1"]),
    ];
    for (operation, more, expected) in cases {
        let mut params = json!({"logGroupName": "g"});
        if operation == "GetLogEvents" {
            params["logStreamName"] = json!("s");
        }
        params.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let answer = ok(&mut state.clone(), operation, params);
        assert_eq!(texts(&answer, "events", "message"), expected, "{operation} {more}");
    }
}

/// [D] API_GetLogEvents: "The token expires after 24 hours"; its form [T]
#[test]
fn tokens_of_a_stream_expire() {
    let mut state = cloud();
    let params = events(&state, &[-2, -1]);
    ok(&mut state, "PutLogEvents", params);
    let get = json!({"logGroupName": "g", "logStreamName": "s", "startFromHead": true, "limit": 1});
    let page = ok(&mut state, "GetLogEvents", get.clone());
    let token = page["nextForwardToken"].as_str().unwrap().to_owned();
    assert!(token.starts_with("f/") && token.ends_with("/s") && token.len() == 60, "{token}");
    let mut next = get;
    next["nextToken"] = json!(token);
    for (hours, good) in [(0, true), (24, true), (25, false)] {
        let mut later = state.clone();
        later.now = Time(later.now.0 + hours * 3600 * 1000);
        let found = call(&mut later, "GetLogEvents", next.clone());
        assert_eq!(found.is_ok(), good, "after {hours} h: {found:?}");
    }
}

/// [D] API_TestMetricFilter, aws-cli examples: events are counted from 1
#[test]
fn filters_are_tested() {
    const APACHE: &str = r#"127.0.0.1 - frank [10/Oct/2000:13:25:15 -0700] "GET /apache_pb.gif HTTP/1.0" 200 1534"#;
    let json_line = r#"{"eventType":"UpdateTrail","sourceIPAddress":"111.111.111.111","n":2,"list":[1]}"#;
    let cases = [
        ("ERROR", vec!["[ERROR] 400", "[INFO] 200", "[ERROR] 500"], json!([[1, {}], [3, {}]])),
        (
            "[ip, id, user, timestamp, request, status = 200, size]",
            vec![APACHE],
            json!([[1, {"$ip": "127.0.0.1", "$id": "-", "$user": "frank", "$timestamp": "10/Oct/2000:13:25:15 -0700",
                "$request": "GET /apache_pb.gif HTTP/1.0", "$status": "200", "$size": "1534"}]]),
        ),
        (
            "[..., status = 2*, size]",
            vec![APACHE],
            json!([[1, {"$1": "127.0.0.1", "$2": "-", "$3": "frank", "$4": "10/Oct/2000:13:25:15 -0700",
                "$5": "GET /apache_pb.gif HTTP/1.0", "$status": "200", "$size": "1534"}]]),
        ),
        (
            r#"{ ($.eventType = "UpdateTrail") && ($.n > 1 || $.missing = 1) && $.list NOT EXISTS }"#,
            vec![json_line],
            json!([]),
        ),
        (
            r#"{ ($.eventType = "UpdateTrail") && ($.n > 1 || $.missing = 1) }"#,
            vec!["no JSON", json_line],
            json!([[2, {"$.eventType": "UpdateTrail", "$.n": "2"}]]),
        ),
    ];
    for (pattern, lines, expected) in cases {
        let params = json!({"filterPattern": pattern, "logEventMessages": lines});
        let answer = ok(&mut cloud(), "TestMetricFilter", params);
        let found = answer["matches"].as_array().unwrap().iter();
        let found: Vec<Value> = found.map(|one| json!([one["eventNumber"], one["extractedValues"]])).collect();
        assert_eq!(json!(found), expected, "{pattern}");
    }
}

/// [D] API_PutLogEvents, API_DescribeLogStreams, API_TestMetricFilter, API_MetricTransformation: sizes and forms; the
/// texts of the sizes [T]
#[test]
fn sizes_and_forms() {
    let parameter = "InvalidParameterException";
    let put = |list: Value| json!({"logGroupName": "g", "logStreamName": "s", "logEvents": list});
    let event = |message: &str| json!({"timestamp": 1, "message": message});
    let megabyte = "x".repeat(1_048_576);
    let half = "x".repeat(600_000);
    let cases = [
        (
            "PutLogEvents",
            put(json!([])),
            "at 'logEvents' failed to satisfy constraint: Member must have length greater than or equal to 1",
        ),
        ("PutLogEvents", put(json!(vec![event("m"); 10_001])), "Member must have length less than or equal to 10000"),
        (
            "PutLogEvents",
            put(json!([event("")])),
            "Value '' at 'logEvents.1.member.message' failed to satisfy constraint: Member must have length greater than or equal to 1",
        ),
        ("PutLogEvents", put(json!([event(&megabyte)])), "Log event too large: 1048602 bytes exceeds limit of 1048576"),
        (
            "PutLogEvents",
            put(json!([event(&half), event(&half)])),
            "Upload too large: 1200052 bytes exceeds limit of 1048576",
        ),
        (
            "DescribeLogStreams",
            json!({"logGroupName": "arn:aws:logs:us-east-1:111122223333:log-group:g"}),
            r"at 'logGroupName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\.\-_/#A-Za-z0-9]+",
        ),
        (
            "DescribeLogStreams",
            json!({"logGroupIdentifier": "arn:aws:logs:us-east-1:111122223333:log-group:g:*"}),
            r"at 'logGroupIdentifier' failed to satisfy constraint: Member must satisfy regular expression pattern: [\w#+=/:,.@-]*",
        ),
        (
            "DescribeLogStreams",
            json!({"logGroupName": "g", "logGroupIdentifier": "g"}),
            "LogGroup name and LogGroup ARN are mutually exclusive parameters.",
        ),
        (
            "DescribeLogStreams",
            json!({"logGroupName": "g", "logStreamNamePrefix": ""}),
            "at 'logStreamNamePrefix' failed to satisfy constraint: Member must have length greater than or equal to 1",
        ),
        (
            "FilterLogEvents",
            json!({"logGroupName": "g", "logStreamNames": []}),
            "at 'logStreamNames' failed to satisfy constraint: Member must have length greater than or equal to 1",
        ),
        (
            "TestMetricFilter",
            json!({"filterPattern": "", "logEventMessages": []}),
            "at 'logEventMessages' failed to satisfy constraint: Member must have length greater than or equal to 1",
        ),
        (
            "PutMetricFilter",
            json!({"logGroupName": "g", "filterName": "f", "filterPattern": "", "metricTransformations": [{"metricName": "m", "metricNamespace": "n", "metricValue": "1", "unit": "Apples"}]}),
            "Count/Second, None]",
        ),
    ];
    for (operation, params, text) in cases {
        let error = call(&mut cloud(), operation, params).map(|it| panic!("{operation}: {it}")).unwrap_err();
        // [V] test_logs_streams: a code of its own
        let code = if text.starts_with("LogGroup name and") { "ValidationException" } else { parameter };
        assert_eq!(error.code, code, "{operation} {text}");
        assert!(error.message.ends_with(text), "{operation}: {} should be {text}", error.message);
    }
    // [V] test_logs_metric_filters; [D] API_MetricTransformation
    for (name, namespace, taken) in
        [("m", "A:B/c.d-e_f#g h", true), ("m", "n*", false), ("m", "n$", false), ("m:1", "n", false)]
    {
        let list = json!([{"metricName": name, "metricNamespace": namespace, "metricValue": "1"}]);
        let put = json!({"logGroupName": "g", "filterName": "f", "filterPattern": "", "metricTransformations": list});
        let mut state = cloud();
        assert_eq!(call(&mut state, "PutMetricFilter", put).is_ok(), taken, "{name} {namespace}");
        let wanted = json!({"metricName": name, "metricNamespace": namespace});
        assert_eq!(call(&mut state, "DescribeMetricFilters", wanted).is_ok(), taken, "{name} {namespace}");
    }
    let arn = "arn:aws:logs:us-east-1:111122223333:log-group:g";
    let answer = ok(&mut cloud(), "DescribeLogStreams", json!({"logGroupIdentifier": arn}));
    assert_eq!(texts(&answer, "logStreams", "logStreamName"), ["s"]);
}
