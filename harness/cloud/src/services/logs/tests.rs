//! CloudWatch Logs through its API. Texts and codes: [V] LS:logs, by file and test

use serde_json::{Value, json};

use crate::api::{ApiError, Call, Protocol, Reply, Service, dispatch};
use crate::policy::Principal;
use crate::state::State;
use crate::time::Time;

const ACCOUNT: &str = "111122223333";

fn call(state: &mut State, name: &str, params: Value) -> Result<Value, ApiError> {
    let arn = format!("arn:aws:iam::{ACCOUNT}:user/administrator");
    let reply = dispatch(&mut Call {
        state,
        service: Service::Logs,
        operation: name.into(),
        protocol: Protocol::Json11,
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
