//! Failed sign-ins over accounts and addresses are one incident that says so, if the store is on.
#![allow(clippy::unwrap_used, reason = "a helper of tests may panic")]

#[path = "../../runtime/tests/common/outage.rs"]
mod outage;

use outage::{Ended, run};
use rootwatch_runtime::testing::Answered;
use rootwatch_slack::Slack;
use serde_json::json;

const SECRET: &str = "arn:aws:secretsmanager:us-east-1:999988887777:secret:slack-AbCdEf";
const WEBHOOK: &str = "https://slack.example/hook";
const BOT: &str = r#"{"bot_token": "xoxb-1", "channel": "C1"}"#;

/// Failed sign-ins, each of an account and an address, ten seconds apart.
fn simulate(secret: &'static str, store: bool, sign_ins: &[(&str, &str)]) -> Ended {
    let messages: Vec<_> = sign_ins
        .iter()
        .enumerate()
        .map(|(number, (account, address))| {
            let alert = json!({
                "version": "1", "alert_type": "login", "origin": "cloudtrail", "title": "Failed root sign-in",
                "severity": "medium", "outcome": "failure", "account": account, "source_ip": address,
                "event_time": "2026-03-02T09:15:00Z", "event_source": "signin.amazonaws.com",
                "event_name": "ConsoleLogin", "deduplication_key": format!("event-{number}"),
                "incident_key": format!("rootwatch/{account}/{account}+{address}/2026-03-02T09Z/low"),
            });
            (number as u64 * 10, alert.to_string())
        })
        .collect();
    let mut variables = vec![("SECRET_ARN", SECRET), ("AWS_LAMBDA_FUNCTION_NAME", "slack-main")];
    if store {
        variables.push(("DEDUPLICATION_TABLE", "claims"));
    }
    let posted = if secret == BOT { r#"{"ok": true, "ts": "1"}"# } else { "ok" };
    let sink = Box::new(move |_: u64, _: &_| Answered::With(200, posted.to_owned()));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    let ended = runtime.block_on(run(Slack::new, &variables, secret, &messages, sink));
    assert!(ended.dead.is_empty(), "{:?}", ended.dead);
    ended
}

const SPRAY: [(&str, &str); 3] =
    [("111122223333", "192.0.2.1"), ("222233334444", "192.0.2.1"), ("333344445555", "192.0.2.1")];
const GUESSES: [(&str, &str); 3] =
    [("111122223333", "192.0.2.1"), ("111122223333", "192.0.2.2"), ("111122223333", "192.0.2.3")];

#[test]
fn a_thread_counts_accounts_and_addresses() {
    for (sign_ins, words) in [(SPRAY, "3 accounts, 1 address"), (GUESSES, "1 account, 3 addresses")] {
        let ended = simulate(BOT, true, &sign_ins);
        assert_eq!(ended.sent.len(), 3, "no alert is lost");
        let threads = ended.sent.iter().filter(|(_, payload)| payload.get("thread_ts").is_none()).count();
        assert_eq!(threads, 1, "one incident");
        let last = &ended.sent[2].1;
        assert!(last["text"].as_str().unwrap().contains(words), "{last}");
        assert!(last["blocks"][0].to_string().contains(words), "{last}");
    }
}

#[test]
fn a_digest_counts_accounts_and_addresses() {
    for (sign_ins, words) in [(SPRAY, "3 accounts, 1 address"), (GUESSES, "1 account, 3 addresses")] {
        let ended = simulate(WEBHOOK, true, &sign_ins);
        assert_eq!(ended.sent.len(), 2, "the first alert, then the others");
        let digest = &ended.sent[1].1;
        assert!(digest["text"].as_str().unwrap().contains(words), "{digest}");
        assert!(digest["text"].as_str().unwrap().contains("2 more failed root sign-ins"), "{digest}");
    }
}

#[test]
fn a_chain_of_accounts_and_addresses_is_one_incident() {
    let chain = [
        ("111122223333", "192.0.2.1"),
        ("222233334444", "192.0.2.1"),
        ("222233334444", "192.0.2.2"),
        ("333344445555", "192.0.2.2"),
    ];
    let ended = simulate(BOT, true, &chain);
    let threads = ended.sent.iter().filter(|(_, payload)| payload.get("thread_ts").is_none()).count();
    assert_eq!((ended.sent.len(), threads), (4, 1));
    assert!(ended.sent[3].1["text"].as_str().unwrap().contains("3 accounts, 2 addresses"));
}

#[test]
fn without_a_store_each_sign_in_is_an_alert() {
    let ended = simulate(WEBHOOK, false, &SPRAY);
    assert_eq!(ended.sent.len(), 3);
    assert!(ended.sent.iter().all(|(_, payload)| !payload.to_string().contains("3 accounts")));
}
