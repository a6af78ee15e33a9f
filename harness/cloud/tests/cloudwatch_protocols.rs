//! CloudWatch by each of its protocols: rpc-v2-cbor, JSON 1.0 and Query. [D] the service model's `protocols`

#![expect(clippy::unwrap_used, reason = "a test may end with a panic, and so may its helpers")]

mod support;

use ciborium::Value as Cbor;
use rootwatch_cloud::Clock;
use support::{Answer, Endpoint, authorization, send, start};

fn text(text: &str) -> Cbor {
    Cbor::Text(text.to_owned())
}

fn member<'c>(value: &'c Cbor, name: &str) -> &'c Cbor {
    let members = value.as_map().unwrap_or_else(|| panic!("{value:?} is no map"));
    &members.iter().find(|(key, _)| *key == text(name)).unwrap_or_else(|| panic!("no {name} in {value:?}")).1
}

async fn cbor(endpoint: &Endpoint, operation: &str, members: Vec<(&str, Cbor)>) -> (Answer, Cbor) {
    let input = Cbor::Map(members.into_iter().map(|(name, value)| (text(name), value)).collect());
    let mut body = Vec::new();
    ciborium::into_writer(&input, &mut body).unwrap();
    let headers = [
        authorization("monitoring"),
        ("smithy-protocol".into(), "rpc-v2-cbor".into()),
        ("content-type".into(), "application/cbor".into()),
    ];
    let path = format!("/service/GraniteServiceVersion20100801/operation/{operation}");
    let answer = send(endpoint.cloud.endpoint(), "POST", &path, &headers, &body).await;
    let read = ciborium::from_reader(answer.body.as_slice()).unwrap();
    (answer, read)
}

async fn json(endpoint: &Endpoint, operation: &str, body: &str) -> (u16, String) {
    let headers = [
        authorization("monitoring"),
        ("x-amz-target".into(), format!("GraniteServiceVersion20100801.{operation}")),
        ("content-type".into(), "application/x-amz-json-1.0".into()),
    ];
    let answer = send(endpoint.cloud.endpoint(), "POST", "/", &headers, body.as_bytes()).await;
    (answer.status, String::from_utf8(answer.body).unwrap())
}

async fn query(endpoint: &Endpoint, form: &str) -> (u16, String) {
    let headers = [authorization("monitoring"), ("content-type".into(), "application/x-www-form-urlencoded".into())];
    let answer = send(endpoint.cloud.endpoint(), "POST", "/", &headers, form.as_bytes()).await;
    (answer.status, String::from_utf8(answer.body).unwrap())
}

#[tokio::test]
async fn an_alarm_is_the_same_by_every_protocol() {
    let endpoint = start(Clock::Owned).await;
    let seconds = 1_772_442_000.0;
    let datum = Cbor::Map(vec![
        (text("MetricName"), text("m")),
        (text("Value"), Cbor::Float(1.5)),
        (text("Timestamp"), Cbor::Tag(1, Box::new(Cbor::Float(seconds)))),
    ]);
    let (answer, _) =
        cbor(&endpoint, "PutMetricData", vec![("Namespace", text("n")), ("MetricData", Cbor::Array(vec![datum]))])
            .await;
    assert_eq!(answer.status, 200);
    assert_eq!(
        (answer.header("smithy-protocol"), answer.header("content-type")),
        (Some("rpc-v2-cbor"), Some("application/cbor"))
    );
    let alarm = vec![
        ("AlarmName", text("a")),
        ("MetricName", text("m")),
        ("Namespace", text("n")),
        ("Statistic", text("Sum")),
        ("Period", Cbor::Integer(60.into())),
        ("EvaluationPeriods", Cbor::Integer(1.into())),
        ("Threshold", Cbor::Float(1.0)),
        ("ComparisonOperator", text("GreaterThanThreshold")),
    ];
    assert_eq!(cbor(&endpoint, "PutMetricAlarm", alarm).await.0.status, 200);

    let (_, read) = cbor(&endpoint, "DescribeAlarms", vec![]).await;
    let alarm = &member(&read, "MetricAlarms").as_array().unwrap()[0];
    assert_eq!((member(alarm, "AlarmName"), member(alarm, "Period")), (&text("a"), &Cbor::Integer(60.into())));
    let time = member(alarm, "StateUpdatedTimestamp");
    assert!(matches!(time, Cbor::Tag(1, at) if at.as_float() == Some(seconds)), "{time:?}");
    let (status, body) = json(&endpoint, "DescribeAlarms", "{}").await;
    assert!(
        status == 200 && body.contains(r#""AlarmName":"a""#) && body.contains(r#""StateUpdatedTimestamp":1772442000"#),
        "{body}"
    );
    let (status, body) = query(&endpoint, "Action=DescribeAlarms&Version=2010-08-01").await;
    assert!(status == 200 && body.contains("<AlarmName>a</AlarmName>"), "{body}");
    assert!(body.contains("<StateUpdatedTimestamp>2026-03-02T09:00:00.000Z</StateUpdatedTimestamp>"), "{body}");

    // An output in which nothing need be is there all the same: SDKs look for it. [D] the service model
    let tag = "Action=TagResource&Version=2010-08-01&ResourceARN=arn:aws:cloudwatch:us-east-1:111122223333:alarm:a\
               &Tags.member.1.Key=k&Tags.member.1.Value=v";
    let (status, body) = query(&endpoint, tag).await;
    assert!(status == 200 && body.contains("TagResourceResult"), "{body}");

    let asked = vec![
        ("Namespace", text("n")),
        ("MetricName", text("m")),
        ("StartTime", Cbor::Tag(1, Box::new(Cbor::Integer(1_772_441_000.into())))),
        ("EndTime", Cbor::Tag(1, Box::new(Cbor::Integer(1_772_443_000.into())))),
        ("Period", Cbor::Integer(60.into())),
        ("Statistics", Cbor::Array(vec![text("Sum")])),
    ];
    let (_, read) = cbor(&endpoint, "GetMetricStatistics", asked).await;
    let points = member(&read, "Datapoints").as_array().unwrap();
    assert_eq!((points.len(), member(&points[0], "Sum")), (1, &Cbor::Float(1.5)));
}

#[tokio::test]
async fn errors_are_named_by_every_protocol() {
    let endpoint = start(Clock::Owned).await;
    let (answer, read) = cbor(
        &endpoint,
        "SetAlarmState",
        vec![("AlarmName", text("none")), ("StateValue", text("OK")), ("StateReason", text("r"))],
    )
    .await;
    assert_eq!((answer.status, member(&read, "__type")), (404, &text("ResourceNotFound")));
    assert_eq!(answer.header("x-amzn-query-error"), Some("ResourceNotFound;Sender"));
    let (answer, read) = cbor(&endpoint, "GetDashboard", vec![]).await;
    assert_eq!((answer.status, member(&read, "__type")), (501, &text("NotImplemented")));
    assert!(member(&read, "message").as_text().unwrap().contains("cloudwatch:GetDashboard"));
    let (status, body) = json(&endpoint, "GetDashboard", "{}").await;
    assert!(status == 501 && body.contains("NotImplemented"), "{body}");
    let (status, body) = query(&endpoint, "Action=GetDashboard&Version=2010-08-01").await;
    assert!(status == 501 && body.contains("<Code>NotImplemented</Code>"), "{body}");
}
