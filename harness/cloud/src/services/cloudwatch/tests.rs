//! CloudWatch through its API. Texts and codes: [V] LS:cloudwatch/test_cloudwatch

use serde_json::{Value, json};

use crate::api::{ApiError, Protocol, Service, testing};
use crate::state::State;
use crate::time::Time;

const ACCOUNT: &str = "111122223333";

fn call_in(state: &mut State, protocol: Protocol, name: &str, params: Value) -> Result<Value, ApiError> {
    testing::call(
        state,
        testing::administrator(ACCOUNT),
        (ACCOUNT, "us-east-1"),
        (Service::CloudWatch, protocol),
        name,
        params,
    )
}

fn call(state: &mut State, name: &str, params: Value) -> Result<Value, ApiError> {
    call_in(state, Protocol::Query, name, params)
}

fn empty() -> State {
    State::new(Time::parse("2026-03-02T09:14:07Z").unwrap(), 1)
}

fn datum(more: Value) -> Value {
    let mut datum = json!({"MetricName": "m"});
    datum.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    json!({"Namespace": "n", "MetricData": [datum]})
}

fn read(state: &mut State, statistics: &[&str]) -> Value {
    let params = json!({"Namespace": "n", "MetricName": "m", "StartTime": "2026-03-02T09:10:00Z",
        "EndTime": "2026-03-02T09:20:00Z", "Period": "60", "Statistics": statistics});
    call(state, "GetMetricStatistics", params).unwrap()["Datapoints"].clone()
}

#[test]
fn refusals() {
    let both = |other: &str| {
        format!(
            "The parameters MetricData.member.1.Value and MetricData.member.1.{other} are mutually exclusive and you have specified both."
        )
    };
    let set = json!({"SampleCount": "10", "Sum": "55", "Minimum": "1", "Maximum": "10"});
    let cases = [
        ("PutMetricData", datum(json!({"Value": "1.5", "Values": ["1", "10"]})), "InvalidParameterCombination", 400, both("Values")),
        ("PutMetricData", datum(json!({"Value": "1.5", "StatisticValues": set})), "InvalidParameterCombination", 400, both("StatisticValues")),
        (
            "PutMetricData", datum(json!({"Values": ["1", "10"], "Counts": ["2", "4", "5"]})), "InvalidParameterValue", 400,
            "The parameters MetricData.member.1.Values and MetricData.member.1.Counts must be of the same size.".to_owned(),
        ),
        (
            "SetAlarmState", json!({"AlarmName": "a", "StateValue": "INVALID", "StateReason": "r"}), "ValidationError", 400,
            "1 validation error detected: Value 'INVALID' at 'stateValue' failed to satisfy constraint: Member must satisfy enum value set: [INSUFFICIENT_DATA, ALARM, OK]".to_owned(),
        ),
        ("SetAlarmState", json!({"AlarmName": "a", "StateValue": "OK", "StateReason": "r"}), "ResourceNotFound", 404, String::new()),
    ];
    for (operation, params, code, status, message) in cases {
        let error = call(&mut empty(), operation, params.clone()).unwrap_err();
        let found = (error.code.as_str(), error.status, error.message.as_str());
        assert_eq!(found, (code, status, message.as_str()), "{operation} {params}");
    }
}

#[test]
fn data_is_put_together() {
    let minute = "2026-03-02T09:14:00.000Z";
    let cases = [
        (
            "test_put_metric_data_values_list",
            vec![json!({"Values": ["1", "10"], "Counts": ["2", "4"], "Unit": "Count"})],
            json!([{"Timestamp": minute, "Unit": "Count", "SampleCount": 6.0, "Sum": 42.0, "Maximum": 10.0}]),
        ),
        (
            "test_list_metrics_with_filters",
            vec![json!({"StatisticValues": {"SampleCount": "2", "Sum": "3", "Minimum": "1", "Maximum": "2"}})],
            json!([{"Timestamp": minute, "Unit": "None", "SampleCount": 2.0, "Sum": 3.0, "Maximum": 2.0}]),
        ),
        (
            "test_handle_different_units",
            vec![
                json!({"Value": "1", "Unit": "Seconds"}),
                json!({"Value": "5", "Unit": "Count"}),
                json!({"Value": "10"}),
            ],
            json!([
                {"Timestamp": minute, "Unit": "Count", "SampleCount": 1.0, "Sum": 5.0, "Maximum": 5.0},
                {"Timestamp": minute, "Unit": "None", "SampleCount": 1.0, "Sum": 10.0, "Maximum": 10.0},
                {"Timestamp": minute, "Unit": "Seconds", "SampleCount": 1.0, "Sum": 1.0, "Maximum": 1.0},
            ]),
        ),
    ];
    for (source, data, expected) in cases {
        let mut state = empty();
        for one in data {
            call(&mut state, "PutMetricData", datum(one)).unwrap();
        }
        assert_eq!(read(&mut state, &["SampleCount", "Sum", "Maximum"]), expected, "{source}");
    }
}

/// test_default_ordering, test_get_metric_with_null_dimensions
#[test]
fn metric_data_comes_newest_first() {
    let mut state = empty();
    for (minute, value) in [(10, 1), (11, 2), (12, 3)] {
        let at = format!("2026-03-02T09:{minute}:30Z");
        call(&mut state, "PutMetricData", datum(json!({"Value": value.to_string(), "Timestamp": at}))).unwrap();
    }
    let with = json!([{"Name": "foo", "Value": "bar"}]);
    let cases = [
        (json!({}), json!([]), json!([3.0, 2.0, 1.0])),
        (json!({"ScanBy": "TimestampDescending"}), json!([]), json!([3.0, 2.0, 1.0])),
        (json!({"ScanBy": "TimestampAscending"}), json!([]), json!([1.0, 2.0, 3.0])),
        (json!({"MaxDatapoints": "2"}), json!([]), json!([3.0, 2.0])),
        (json!({}), with, json!([])),
        // An empty list of the Query protocol.
        (json!({}), json!(""), json!([3.0, 2.0, 1.0])),
    ];
    for (more, dimensions, expected) in cases {
        let mut params = json!({"StartTime": "2026-03-02T09:00:00Z", "EndTime": "2026-03-02T09:20:00Z",
            "MetricDataQueries": [{"Id": "i", "MetricStat": {"Period": "60", "Stat": "Sum",
                "Metric": {"Namespace": "n", "MetricName": "m", "Dimensions": dimensions}}}]});
        params.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let answer = call(&mut state, "GetMetricData", params).unwrap();
        let result = &answer["MetricDataResults"][0];
        assert_eq!((&result["Values"], &result["StatusCode"]), (&expected, &json!("Complete")), "{more} {dimensions}");
    }
}

/// [D] Smithy: JSON writes moments as seconds
#[test]
fn json_has_moments_as_numbers() {
    let mut state = empty();
    let at = state.now.seconds_f64();
    let params = json!({"Namespace": "n", "MetricData": [{"MetricName": "m", "Value": 1.5, "Timestamp": at}]});
    call_in(&mut state, Protocol::Json10, "PutMetricData", params).unwrap();
    let params = json!({"Namespace": "n", "MetricName": "m", "StartTime": at - 60.0, "EndTime": at + 60.0, "Period": 60,
        "Statistics": ["Sum"]});
    let answer = call_in(&mut state, Protocol::Json10, "GetMetricStatistics", params).unwrap();
    let minute = Time::parse("2026-03-02T09:14:00Z").unwrap().seconds_f64();
    assert_eq!(answer["Datapoints"], json!([{"Timestamp": minute, "Unit": "None", "Sum": 1.5}]));
}

/// test_put_metric_alarm, test_breaching_alarm_actions: periods below a minute, and what the history keeps
#[test]
fn short_periods() {
    let cases = [
        (
            "ignore",
            1,
            vec!["21", "22"],
            "Threshold Crossed: 1 datapoint [21.5 (02/03/26 09:14:00)] was greater than the threshold (21.0).",
            json!([21.5]),
            1,
        ),
        (
            "breaching",
            2,
            vec![],
            "Threshold Crossed: no datapoints were received for 2 periods and 2 missing datapoints were treated as \
             [Breaching].",
            json!([]),
            2,
        ),
    ];
    for (missing, periods, values, reason, recent, evaluated) in cases {
        let mut state = empty();
        let params = json!({"AlarmName": "a", "MetricName": "m", "Namespace": "n", "Period": "10", "Threshold": "21",
            "Unit": "Seconds", "Statistic": "Average", "EvaluationPeriods": periods.to_string(),
            "ComparisonOperator": "GreaterThanThreshold", "TreatMissingData": missing});
        call(&mut state, "PutMetricAlarm", params).unwrap();
        for value in values {
            call(&mut state, "PutMetricData", datum(json!({"Value": value, "Unit": "Seconds"}))).unwrap();
        }
        // Another unit is not the alarm's.
        call(&mut state, "PutMetricData", datum(json!({"Value": "99"}))).unwrap();
        let due = state.next_due().unwrap();
        assert_eq!(due.iso_seconds(), "2026-03-02T09:14:10Z", "{missing}");
        let until = Time(due.0 + 30_000);
        while let Some(due) = state.next_due().filter(|due| *due <= until) {
            state.now = due;
            while state.step() {}
        }
        let history = call(&mut state, "DescribeAlarmHistory", json!({"AlarmName": "a"})).unwrap();
        let data = history["AlarmHistoryItems"][0]["HistoryData"].as_str().unwrap();
        let new = serde_json::from_str::<Value>(data).unwrap()["newState"].clone();
        assert_eq!((&new["stateValue"], &new["stateReason"]), (&json!("ALARM"), &json!(reason)), "{missing}");
        let reason = &new["stateReasonData"];
        assert_eq!((&reason["recentDatapoints"], &reason["unit"]), (&recent, &json!("Seconds")), "{missing}");
        assert_eq!(reason["evaluatedDatapoints"].as_array().unwrap().len(), evaluated, "{missing}");
    }
}

/// Which alarms look is known by an index: it must follow what becomes of them. [D] API_PutMetricAlarm
#[test]
fn alarms_that_are_defined_anew_look_at_their_new_metric() {
    let mut state = empty();
    let define = |state: &mut State, metric: &str| {
        let params = json!({"AlarmName": "a", "Namespace": "n", "MetricName": metric, "Statistic": "Sum", "Period": "60",
            "EvaluationPeriods": "1", "Threshold": "1", "ComparisonOperator": "GreaterThanOrEqualToThreshold",
            "TreatMissingData": "notBreaching"});
        call(state, "PutMetricAlarm", params).unwrap();
    };
    let rest = |state: &mut State| {
        while let Some(due) = state.next_due() {
            state.now = state.now.max(due);
            state.step();
        }
    };
    let looks = |state: &mut State, metric: &str| {
        let data = json!({"Namespace": "n", "MetricData": [{"MetricName": metric, "Value": "1"}]});
        call(state, "PutMetricData", data).unwrap();
        let looks = state.next_due().is_some();
        rest(state);
        looks
    };
    assert!(!looks(&mut state, "m"), "no alarm");
    define(&mut state, "m");
    rest(&mut state);
    assert!(looks(&mut state, "m"), "defined after the metric was first looked for");
    define(&mut state, "other");
    rest(&mut state);
    assert!(!looks(&mut state, "m"), "another metric's now");
    assert!(looks(&mut state, "other"), "its new metric");
    call(&mut state, "DeleteAlarms", json!({"AlarmNames": ["a"]})).unwrap();
    rest(&mut state);
    assert!(!looks(&mut state, "other"), "deleted");
}
