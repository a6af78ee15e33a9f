//! However PagerDuty fails within the promise: each alert arrives.
#![allow(clippy::unwrap_used, reason = "a helper of tests may panic")]

#[path = "../../runtime/tests/common/outage.rs"]
mod outage;

use outage::run;
use rootwatch_pagerduty::PagerDuty;
use rootwatch_runtime::testing::Answered;
use serde_json::json;

const SECRET: &str = "arn:aws:secretsmanager:us-east-1:999988887777:secret:pagerduty-AbCdEf";

#[test]
fn every_alert_survives_an_outage() {
    let hour = 3_600;
    for (alerts, store, failure, seconds) in [
        (1, false, Answered::Refused, 20 * hour),
        (60, false, Answered::With(503, String::new()), hour / 12),
        (60, true, Answered::Refused, 20 * hour),
        // An event that comes twice joins its incident: silence is retried as long as anything else.
        (1, true, Answered::Nothing, 20 * hour),
    ] {
        let case = format!("{alerts} alerts, store {store}, {failure:?}");
        let messages: Vec<_> = (0..alerts)
            .map(|number| {
                let alert = json!({
                    "version": "1", "title": "Root called s3 ListBuckets", "severity": "critical", "account": "111122223333",
                    "deduplication_key": format!("event-{number}"), "incident_key": "visit",
                });
                (number, alert.to_string())
            })
            .collect();
        let mut variables = vec![("SECRET_ARN", SECRET), ("AWS_LAMBDA_FUNCTION_NAME", "pagerduty-main")];
        if store {
            variables.push(("DEDUPLICATION_TABLE", "claims"));
        }
        let sink = Box::new(move |now: u64, _: &_| match now >= seconds {
            true => Answered::With(202, r#"{"status": "success"}"#.to_owned()),
            false => failure.clone(),
        });
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
        let ended = runtime.block_on(run(PagerDuty::new, &variables, "R0KEY", &messages, sink));
        assert_eq!((ended.sent.len() as u64, ended.dead.len()), (alerts, 0), "{case}");
        let last = ended.sent.iter().map(|(at, _)| *at).max().unwrap();
        assert!(last <= seconds + 10 * 60, "{case}: {} s after the outage", last - seconds);
        assert!(ended.receives < 600, "{case}: {} receives", ended.receives);
    }
}
