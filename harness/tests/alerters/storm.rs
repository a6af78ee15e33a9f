//! A storm: sixty read calls of one console visit within ten seconds, and an act that breaks out of it.

use std::collections::BTreeSet;

use libtest_mimic::Failed;
use rootwatch::runner::{Outcome, Status};
use rootwatch::scenario::{Scenario, SlackBy};
use serde_json::{Value, json};

use crate::records::{at, loaded, record, with_store};
use crate::support::Shared;

/// Sixty calls of one session, and an access key created in between.
fn visit(shared: &Shared) -> Vec<Value> {
    let call = record(shared, "activity/read-only-call");
    let mut records: Vec<Value> = (0..60)
        .map(|number| {
            let mut record = at(call.clone(), number / 6);
            record["eventID"] = json!(format!("00000000-0000-4000-8000-{number:012}"));
            record["eventName"] = json!(format!("Get{}", ["Bucket", "Policy", "Tagging", "Acl"][number as usize % 4]));
            record
        })
        .collect();
    let mut key = at(record(shared, "activity/create-access-key"), 5);
    key["eventID"] = json!("00000000-0000-4000-8000-00000000beef");
    key["userIdentity"] = call["userIdentity"].clone();
    records.insert(30, key);
    records
}

fn run(shared: &Shared, slack_by: SlackBy, records: Vec<Value>) -> Result<Outcome, Failed> {
    let scenario = Scenario { records, slack_by, deployment: with_store(), ..Scenario::default() };
    let outcome = shared.with(async |session| session.run(&loaded("storm", scenario)).await)?;
    if outcome.status == Status::Error || outcome.dead_letters > 0 {
        return Err(rootwatch::report::human_of("embedded", &outcome).into());
    }
    Ok(outcome)
}

fn bodies<'a>(outcome: &'a Outcome, to: &str) -> Vec<&'a Value> {
    outcome.messages.iter().filter(|message| message.to == to).map(|message| &message.body).collect()
}

/// How many acts a message of several says that it tells.
fn gathered(body: &str) -> usize {
    let words = body.split(" more root").next().and_then(|before| before.rsplit(|c: char| !c.is_ascii_digit()).next());
    words.filter(|_| body.contains(" more root")).and_then(|number| number.parse().ok()).unwrap_or(1)
}

/// What every sink must have, whichever way Slack is reached.
fn check(outcome: &Outcome) -> Result<(), Failed> {
    if outcome.alerts.activity != 61 {
        return Err(format!("{} alerts on the topic, expected 61", outcome.alerts.activity).into());
    }
    let events = bodies(outcome, "pagerduty");
    let incidents: BTreeSet<&str> = events.iter().filter_map(|event| event["dedup_key"].as_str()).collect();
    if (events.len(), incidents.len()) != (61, 2) {
        return Err(format!("PagerDuty: {} events of {incidents:?}, expected 61 of two incidents", events.len()).into());
    }
    let mails: Vec<usize> =
        bodies(outcome, "email").iter().map(|mail| gathered(&mail["subject"].to_string())).collect();
    if mails.iter().sum::<usize>() != 61 || mails.len() != 3 {
        return Err(format!("e-mail: messages of {mails:?} acts, expected 1, 1 and 59").into());
    }
    Ok(())
}

pub(crate) fn by_webhook(shared: &Shared) -> Result<(), Failed> {
    let outcome = run(shared, SlackBy::Webhook, visit(shared))?;
    check(&outcome)?;
    let counts: Vec<usize> = bodies(&outcome, "slack").iter().map(|body| gathered(&body["text"].to_string())).collect();
    if counts.iter().sum::<usize>() != 61 || counts.len() != 3 {
        return Err(format!("Slack: messages of {counts:?} acts, expected 1, 1 and 59").into());
    }
    Ok(())
}

pub(crate) fn by_bot(shared: &Shared) -> Result<(), Failed> {
    let outcome = run(shared, SlackBy::Bot, visit(shared))?;
    check(&outcome)?;
    let posts = bodies(&outcome, "slack");
    let threads = posts.iter().filter(|post| post.get("thread_ts").is_none()).count();
    if (posts.len(), threads) != (61, 2) {
        return Err(
            format!("Slack: {} posts, {threads} of them outside of a thread, expected 61 and 2", posts.len()).into()
        );
    }
    Ok(())
}

/// Delivered twice, corrected, and copied in another account: one act, told once by each, though the topic has them all.
pub(crate) fn the_same_act(shared: &Shared) -> Result<(), Failed> {
    let first = at(record(shared, "activity/read-only-call"), 0);
    let mut correction = at(first.clone(), 0);
    correction["eventID"] = json!("00000000-0000-4000-8000-0000000000c0");
    correction["addendum"] = json!({"reason": "UPDATED_DATA", "originalEventID": first["eventID"]});
    let records = vec![first.clone(), first, correction];
    for slack_by in [SlackBy::Webhook, SlackBy::Bot] {
        let outcome = run(shared, slack_by, records.clone())?;
        let sinks = outcome.sinks;
        if (outcome.alerts.activity, sinks.slack, sinks.pagerduty, sinks.email) != (3, 1, 1, 1) {
            return Err(rootwatch::report::human_of("embedded", &outcome).into());
        }
    }
    Ok(())
}
