//! However long Slack is down within the promise, and however many alerts an incident has: each alert arrives once.
#![allow(clippy::unwrap_used, reason = "a helper of tests may panic")]

#[path = "../../runtime/tests/common/outage.rs"]
mod outage;

use outage::{Ended, run};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use rootwatch_runtime::testing::Answered;
use rootwatch_slack::Slack;
use serde_json::{Value, json};

const SECRET: &str = "arn:aws:secretsmanager:us-east-1:999988887777:secret:slack-AbCdEf";
const WEBHOOK: &str = "https://slack.example/hook";
const BOT: &str = r#"{"bot_token": "xoxb-1", "channel": "C1"}"#;
const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outage {
    Refused,
    Broken,
    Limited,
}

#[derive(Debug, Clone, Copy)]
struct Case {
    alerts: usize,
    bot: bool,
    store: bool,
    severity: &'static str,
    outage: Outage,
    seconds: u64,
}

/// Alerts of one incident within a minute.
fn alerts(count: usize, severity: &str, incident: impl Fn(usize) -> String) -> Vec<(u64, String)> {
    (0..count)
        .map(|number| {
            let alert = json!({
                "version": "1", "title": format!("Root called s3 Get{number}"), "severity": severity,
                "account": "111122223333", "event_time": "2026-03-02T09:15:00Z", "event_source": "s3.amazonaws.com",
                "event_name": format!("Get{number}"), "deduplication_key": format!("event-{number:06}"),
                "incident_key": incident(number),
            });
            ((number * 60 / count) as u64, alert.to_string())
        })
        .collect()
}

/// How many alerts a payload holds.
fn counted(payload: &Value) -> usize {
    let text = payload["text"].as_str().unwrap();
    let more = text.split(" more root ").next().filter(|before| before.len() < text.len());
    more.and_then(|before| before.rsplit(' ').next()?.parse().ok()).unwrap_or(1)
}

async fn simulate(case: Case) -> Ended {
    let mut variables = vec![("SECRET_ARN", SECRET), ("AWS_LAMBDA_FUNCTION_NAME", "slack-main")];
    if case.store {
        variables.push(("DEDUPLICATION_TABLE", "claims"));
    }
    let mut posts = 0;
    let sink = Box::new(move |now: u64, _: &_| match case.outage {
        _ if now >= case.seconds => {
            posts += 1;
            let posted = if case.bot { format!(r#"{{"ok": true, "ts": "{posts}"}}"#) } else { "ok".to_owned() };
            Answered::With(200, posted)
        }
        Outage::Refused => Answered::Refused,
        Outage::Broken => Answered::With(503, String::new()),
        Outage::Limited => Answered::With(429, String::new()),
    });
    let messages = alerts(case.alerts, case.severity, |_| "visit".to_owned());
    run(Slack::new, &variables, if case.bot { BOT } else { WEBHOOK }, &messages, sink).await
}

fn check(case: Case, ended: &Ended) -> Result<(), String> {
    let arrived: usize = ended.sent.iter().map(|(_, payload)| counted(payload)).sum();
    if !ended.dead.is_empty() || arrived != case.alerts {
        return Err(format!("{arrived} alerts arrived, dead letters: {:?}", ended.dead.first()));
    }
    let last = ended.sent.iter().map(|(at, _)| *at).max().unwrap_or_default();
    // The longest wait, twice where an incident is opened first, and the minutes of the digests.
    if last > case.seconds + 40 * MINUTE {
        return Err(format!("the last alert arrived {} s after the outage", last - case.seconds));
    }
    if case.store && case.bot {
        let threads = ended.sent.iter().filter(|(_, payload)| payload.get("thread_ts").is_none()).count();
        if threads != 1 {
            return Err(format!("{threads} threads"));
        }
    }
    Ok(())
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap()
}

#[test]
fn every_alert_of_an_incident_survives_an_outage() {
    let cases = (
        prop::sample::select(vec![1_usize, 2, 60]),
        any::<bool>(),
        prop::bool::weighted(0.8),
        prop::sample::select(vec!["low", "high", "critical"]),
        prop::sample::select(vec![Outage::Refused, Outage::Broken, Outage::Limited]),
        prop_oneof![Just(5 * MINUTE), Just(30 * MINUTE), 5 * MINUTE..20 * HOUR, Just(20 * HOUR)],
    );
    let cases = cases.prop_map(|(alerts, bot, store, severity, outage, seconds)| Case {
        alerts,
        bot,
        store,
        severity,
        outage,
        seconds,
    });
    let config = Config { cases: 16, max_shrink_iters: 16, failure_persistence: None, ..Config::default() };
    let runtime = runtime();
    let result = TestRunner::new(config).run(&cases, |case| {
        let ended = runtime.block_on(simulate(case));
        check(case, &ended).map_err(|error| TestCaseError::fail(format!("{case:?}: {error}")))
    });
    if let Err(error) = result {
        panic!("{error}");
    }
}

#[test]
fn a_thousand_alerts_of_an_incident_survive_an_outage() {
    for bot in [true, false] {
        let case =
            Case { alerts: 1_000, bot, store: true, severity: "low", outage: Outage::Refused, seconds: 20 * MINUTE };
        let ended = runtime().block_on(simulate(case));
        check(case, &ended).unwrap_or_else(|error| panic!("{case:?}: {error}"));
        assert!(ended.receives < 100, "{} receives", ended.receives);
    }
}

#[test]
fn an_outage_of_more_than_a_day_ends_in_the_dead_letter_queue_with_the_reason() {
    for (bot, store) in [(true, true), (false, true), (false, false)] {
        let case = Case { alerts: 3, bot, store, severity: "critical", outage: Outage::Refused, seconds: 100 * HOUR };
        let ended = runtime().block_on(simulate(case));
        assert_eq!((ended.dead.len(), ended.sent.len()), (3, 0), "{case:?}");
        for reason in &ended.dead {
            let reason = reason.as_deref().unwrap_or("none");
            assert!(reason.starts_with("gave up after 24 hours: no connection"), "{case:?}: {reason}");
        }
        assert!(ended.receives < 800, "{case:?}: {} receives", ended.receives);
    }
}

#[test]
fn a_sink_that_stays_silent_gets_a_bounded_number_of_attempts() {
    let messages = alerts(1, "high", |_| "visit".to_owned());
    let attempts = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let counted = std::sync::Arc::clone(&attempts);
    let sink = Box::new(move |_: u64, _: &_| {
        counted.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        Answered::Nothing
    });
    let ended = runtime().block_on(run(Slack::new, &[("SECRET_ARN", SECRET)], WEBHOOK, &messages, sink));
    let reason = ended.dead[0].as_deref().unwrap();
    assert!(reason.starts_with("may have been delivered: "), "{reason}");
    assert_eq!(attempts.load(std::sync::atomic::Ordering::Relaxed), 8);
}

#[test]
fn a_burst_of_a_hundred_alerts_passes_a_limit_of_one_a_second() {
    for (secret, store, posted) in
        [(WEBHOOK, false, "ok"), (BOT, false, r#"{"ok": true, "ts": "1"}"#), (BOT, true, r#"{"ok": true, "ts": "1"}"#)]
    {
        let mut variables = vec![("SECRET_ARN", SECRET), ("AWS_LAMBDA_FUNCTION_NAME", "slack-main")];
        if store {
            variables.push(("DEDUPLICATION_TABLE", "claims"));
        }
        let mut free_at = 0;
        let sink = Box::new(move |now: u64, _: &_| {
            if now < free_at {
                return Answered::Limited(1);
            }
            free_at = now + 1;
            Answered::With(200, posted.to_owned())
        });
        let burst = alerts(100, "high", |number| format!("visit-{number}"));
        let burst: Vec<_> = burst.into_iter().map(|(_, body)| (0, body)).collect();
        let ended = runtime().block_on(run(Slack::new, &variables, secret, &burst, sink));
        assert_eq!((ended.sent.len(), ended.dead.len()), (100, 0));
        let last = ended.sent.iter().map(|(at, _)| *at).max().unwrap();
        assert!(last <= 180, "{last} s");
    }
}
