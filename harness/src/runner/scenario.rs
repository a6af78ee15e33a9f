//! One scenario: fork, inject, let time pass, observe, compare.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use aws_sdk_eventbridge::Client as EventBridge;
use aws_sdk_eventbridge::types::PutEventsRequestEntry;
use rootwatch_cloud::api::Service;
use rootwatch_cloud::services::dynamodb::Outage;
use rootwatch_cloud::services::{cloudtrail, sns, sqs};
use rootwatch_cloud::time::Time;
use rootwatch_cloud::trace::{Entry, Hop, Outcome as Ended};
use rootwatch_cloud::{Arn, Clock, Cloud, Options};
use serde_json::Value;

use super::clients::Caller;
use super::outcome::{AlertCounts, Message, Outcome, SinkCounts, Status};
use super::{compare, diagnose};
use crate::deployment::{Accounts, Deployment};
use crate::functions::{Functions, Linked};
use crate::redrive::redrive;
use crate::scenario::{
    Alerter, Faults, HUB_KEY, Loaded, PutEvents, Receiver, Redriven, Scenario, SlackBy, Step, StoppedAt, StoreFault,
    Who, play, with_hub_key, with_text,
};
use crate::sink::Sink;

/// How long after an event CloudTrail delivers it. [?] AWS promises nothing; a few seconds are usual
const DELIVERY_LATENCY: Duration = Duration::from_secs(5);

/// The seed of scenarios. It differs from that of deployments, so that no identifier occurs twice.
const SEED: u64 = 0x5CE_4A21;

/// The start of a scenario without events: its messages must not depend on the time of the deployment.
const WITHOUT_EVENTS: &str = "2026-03-02T09:00:00Z";
/// Virtual time that passes at least: alarms look at five minutes, and act on the next evaluation.
const SETTLING: Duration = Duration::from_secs(10 * 60);
/// Virtual time after which what is still on its way counts as lost: EventBridge gives up after a day. [D]
const LIMIT: Duration = Duration::from_secs(25 * 3600);

/// Runs a scenario on a fork of the deployment. With `linked`, the functions run in this process, and the tokio runtime must
/// have a paused clock; without, their packages run as processes.
pub(super) async fn run(
    loaded: &Loaded,
    scenario: &Scenario,
    deployment: &Deployment,
    sink: &Sink,
    accounts: &Accounts,
    linked: Option<&Linked>,
) -> Outcome {
    let started = started();
    let mut outcome = Outcome::empty(&loaded.name, loaded.path.clone(), &scenario.title);
    match observe(&mut outcome, scenario, deployment, sink, accounts, linked).await {
        Ok(()) => {
            judge(&mut outcome, scenario);
            if outcome.status != Status::Passed {
                outcome.trace = outcome.entries.iter().map(ToString::to_string).collect();
            }
        }
        Err(error) => {
            outcome.status = Status::Error;
            outcome.failures.push(error);
        }
    }
    outcome.duration_ms = (started.elapsed().as_secs_f64() * 1e5).round() / 100.0;
    outcome
}

#[expect(clippy::disallowed_methods, reason = "the duration of a run is real time")]
fn started() -> Instant {
    Instant::now()
}

fn judge(outcome: &mut Outcome, scenario: &Scenario) {
    let Some(expected) = &scenario.expect else {
        outcome.status = if outcome.failures.is_empty() { Status::Observed } else { Status::Failed };
        return;
    };
    outcome.compared = compare::compared(expected, outcome);
    outcome.failures.extend(outcome.compared.iter().filter(|one| !one.agrees()).map(ToString::to_string));
    outcome.status = if outcome.failures.is_empty() { Status::Passed } else { Status::Failed };
}

async fn observe(
    outcome: &mut Outcome,
    scenario: &Scenario,
    deployment: &Deployment,
    sink: &Sink,
    accounts: &Accounts,
    linked: Option<&Linked>,
) -> Result<(), String> {
    let mut state = deployment.state.clone();
    // The same identifiers and waits in every deployment.
    state.reseed(SEED);
    let beginning = scenario.steps().iter().find_map(event_time).or_else(|| Time::parse(WITHOUT_EVENTS));
    if let Some(at) = beginning {
        state.rebase(at + DELIVERY_LATENCY);
    }
    let options = Options {
        clock: Clock::Owned,
        port: 0,
        code: deployment.code.clone(),
        host_variables: vec![("SSL_CERT_FILE".to_owned(), sink.authority().to_string_lossy().into_owned())],
    };
    let cloud = match linked {
        Some(linked) => {
            let functions = Functions::new(linked.clone(), Arc::new(sink.in_memory()));
            Cloud::start_in_process(state, options, functions)
        }
        None => Cloud::start(state, options).await.map_err(|error| super::session::chain(&error))?,
    };
    let mailbox = sink.open_mailbox();
    sink.set_faults(&mailbox, &scenario.faults);
    point_secrets_at(&cloud, deployment, sink, &mailbox, accounts, scenario.slack_by, &scenario.faults).await?;
    let spared = deployment.facts.coverage_table.as_deref();
    cloud.with(|state| state.dynamodb.set_outage(scenario.store_fault.map(outage), spared));
    make_calls(&cloud, scenario, accounts, None)?;
    for step in scenario.steps() {
        // What came later is delivered later; what is dated back comes late.
        let now = cloud.with(|state| state.now);
        if let Some(at) = event_time(&step).map(|at| at + DELIVERY_LATENCY).filter(|at| *at > now) {
            cloud.advance(at - now).await;
        }
        match step {
            Step::Record(record) => inject(&cloud, outcome, scenario, deployment, accounts, &record, false),
            Step::Event(event) => inject(&cloud, outcome, scenario, deployment, accounts, &event, true),
            Step::Put(call) => {
                let account = account_of(accounts, &call.account);
                let client = Caller::of_cloud(&cloud, account, &call.region).eventbridge();
                put(&client, outcome, accounts, &call).await;
            }
        }
        cloud.settle().await;
    }
    let begun = cloud.with(|state| state.now);
    let later: BTreeSet<u64> = scenario.calls.iter().filter_map(|call| call.after_minutes).collect();
    for minutes in later {
        let passed = cloud.with(|state| state.now) - begun;
        cloud.advance(Duration::from_secs(minutes * 60).saturating_sub(passed)).await;
        make_calls(&cloud, scenario, accounts, Some(minutes))?;
    }
    if let Some(minutes) = scenario.faults.values().flatten().filter_map(|fault| fault.minutes).max() {
        cloud.advance(Duration::from_secs(minutes * 60)).await;
        sink.open_gates(&mailbox).await.map_err(|error| error.to_string())?;
    }
    rest(&cloud, outcome).await;
    // Of a topic that a scenario deletes, the dead-letter queues stay.
    let mut queues = deployment.state.dead_letter_queues();
    queues.extend(cloud.with(|state| state.dead_letter_queues()));
    outcome.dead_letters = cloud.with(|state| dead_letters(state, &queues));
    if outcome.dead_letters > 0 {
        outcome.dead_lettered = cloud.with(|state| dead_lettered(state, &queues));
        // Their alarms look once a minute.
        rest(&cloud, outcome).await;
    }
    read_topics(&cloud, outcome, deployment, accounts).await?;
    read_sinks(&cloud, outcome, sink, &mailbox);
    if let Some(table) = &deployment.facts.coverage_table {
        outcome.coverage = cloud.with(|state| coverage(state, table));
    }
    if let Some(key) = &deployment.facts.hub_key {
        for message in &mut outcome.messages {
            message.body = with_text(std::mem::take(&mut message.body), key, HUB_KEY);
        }
    }
    // Every line that a function logs meets the filters of its own log group: that is no part of the way.
    let aside = |entry: &Entry| {
        entry.hop == Hop::MetricFilter
            && entry.outcome == Ended::NotMatched
            && entry.resource.contains(":log-group:/aws/lambda/")
    };
    let mut trace = cloud.with(rootwatch_cloud::State::take_entries);
    trace.retain(|entry| !aside(entry));
    outcome.seconds = seconds(&trace);
    if scenario.expect.as_ref().is_some_and(|expect| expect.after_redrive.is_some()) {
        repair(&cloud, outcome, deployment, sink, &mailbox, accounts, scenario).await?;
    }
    // Of a scenario with calls alone, only the monitor's own events are in the trace.
    if outcome.alerts.total() == 0 && !scenario.steps().is_empty() {
        // Without a trace nothing was delivered: that is no silence that was meant.
        let injected = !(scenario.records.is_empty() && scenario.events.is_empty());
        outcome.stopped_at = diagnose::stopped_at(&trace).or(injected.then_some(StoppedAt::Undelivered));
    }
    outcome.broken_hop = diagnose::broken_hop(&trace, outcome.stopped_at);
    let SinkCounts { slack, pagerduty, email } = outcome.sinks;
    if outcome.broken_hop.is_none() && slack.min(pagerduty).min(email) < outcome.alerts.total() {
        outcome.broken_hop = diagnose::unheard(&trace);
    }
    outcome.entries = trace;
    Ok(())
}

/// Makes the calls of administrators that are due.
fn make_calls(cloud: &Cloud, scenario: &Scenario, accounts: &Accounts, due: Option<u64>) -> Result<(), String> {
    for call in scenario.calls.iter().filter(|call| call.after_minutes == due) {
        let service = Service::from_signing_name(&call.service)
            .ok_or_else(|| format!("there is no service `{}`; name it as ARNs do, for example `sqs`", call.service))?;
        let account = account_of(accounts, &call.account);
        cloud
            .api(account, &call.region, service, &call.operation, call.params.clone())
            .map_err(|error| format!("{}:{} was refused: {error}", call.service, call.operation))?;
    }
    Ok(())
}

/// Lets time pass until nothing is on its way.
async fn rest(cloud: &Cloud, outcome: &mut Outcome) {
    cloud.advance(SETTLING).await;
    if !cloud.advance_until_delivered(LIMIT).await {
        outcome.notes.push("something is still on its way after a day".to_owned());
    }
}

/// Repairs the sinks, redrives the dead-letter queues and counts what comes then.
async fn repair(
    cloud: &Cloud,
    outcome: &mut Outcome,
    deployment: &Deployment,
    sink: &Sink,
    mailbox: &str,
    accounts: &Accounts,
    scenario: &Scenario,
) -> Result<(), String> {
    let slack_by = scenario.slack_by;
    sink.set_faults(mailbox, &Faults::default());
    cloud.with(|state| state.dynamodb.set_outage(None, None));
    point_secrets_at(cloud, deployment, sink, mailbox, accounts, slack_by, &Faults::default()).await?;
    let mails = cloud.with(|state| sns::mailbox(state).len());
    let hub = Caller::of_cloud(cloud, &accounts.hub, &accounts.hub_region).sqs();
    let coverage = &deployment.facts.coverage;
    let spokes = coverage.spoke.iter().map(|region| (&accounts.spoke, region));
    let elsewhere = coverage.hub.iter().filter(|region| **region != accounts.hub_region);
    let places = [(&accounts.hub, &accounts.hub_region)].into_iter();
    for (account, region) in places.chain(elsewhere.map(|region| (&accounts.hub, region))).chain(spokes) {
        let from = Caller::of_cloud(cloud, account, region).sqs();
        let moved = redrive(&from, &hub, "").await.map_err(|error| error.to_string())?;
        outcome.notes.extend(moved.into_iter().map(|moved| format!("redrive: {moved}")));
    }
    let before = (outcome.alerts, outcome.sinks, outcome.messages.len());
    let health_emails = outcome.health_emails;
    rest(cloud, outcome).await;
    read_sinks(cloud, outcome, sink, mailbox);
    let mails = cloud.with(|state| sns::mailbox(state).iter().skip(mails).filter(|mail| !is_health_mail(mail)).count());
    let expected = scenario.expect.as_ref().and_then(|expect| expect.after_redrive);
    let health = match expected.and_then(|expected| expected.health) {
        None => None,
        Some(_) => {
            read_topics(cloud, outcome, deployment, accounts).await?;
            // The probes keep what was read before.
            Some(outcome.alerts.health.saturating_sub(before.0.health))
        }
    };
    let SinkCounts { slack, pagerduty, .. } = outcome.sinks;
    outcome.after_redrive = Some(Redriven { slack, pagerduty, email: mails as u64, health });
    (outcome.alerts, outcome.sinks, outcome.health_emails) = (before.0, before.1, health_emails);
    outcome.messages.truncate(before.2);
    Ok(())
}

fn outage(fault: StoreFault) -> Outage {
    match fault {
        StoreFault::Throttled => Outage::Throttled,
        StoreFault::InternalError => Outage::InternalError,
    }
}

/// When it happened, by its own account.
fn event_time(step: &Step) -> Option<Time> {
    match step {
        Step::Record(value) => value.get("eventTime").and_then(Value::as_str).and_then(Time::parse),
        Step::Event(value) => value.get("time").and_then(Value::as_str).and_then(Time::parse),
        Step::Put(_) => None,
    }
}

pub(super) async fn point_secrets_at(
    cloud: &Cloud,
    deployment: &Deployment,
    sink: &Sink,
    mailbox: &str,
    accounts: &Accounts,
    slack_by: SlackBy,
    faults: &Faults,
) -> Result<(), String> {
    let client = Caller::of_cloud(cloud, &accounts.hub, &accounts.hub_region).secrets();
    let url = |alerter: Alerter| {
        let broken = faults.get(&alerter).and_then(|faults| faults.iter().find(|fault| fault.connection.is_some()));
        let connection = broken.and_then(|fault| fault.connection);
        match (connection, broken.and_then(|fault| fault.minutes)) {
            (Some(connection), Some(_)) => {
                sink.gate(mailbox, alerter.name(), connection).map_err(|error| error.to_string())
            }
            _ => Ok(sink.broken_url(mailbox, alerter.name(), connection)),
        }
    };
    let slack = match slack_by {
        SlackBy::Webhook => serde_json::json!({"webhook_url": url(Alerter::Slack)?}),
        SlackBy::Bot => Sink::bot_secret(&url(Alerter::Slack)?),
    };
    let pagerduty = serde_json::json!({
        "routing_key": "0123456789abcdef0123456789abcdef", "events_url": url(Alerter::Pagerduty)?,
    });
    let mut values =
        vec![(&deployment.facts.slack_secret, slack.clone()), (&deployment.facts.pagerduty_secret, pagerduty.clone())];
    // Whose they are, only the user knows: they say both.
    if let (Value::Object(mut both), Value::Object(more)) = (slack, pagerduty) {
        both.extend(more);
        values.extend(deployment.facts.more_secrets.iter().map(|secret| (secret, Value::Object(both.clone()))));
    }
    for (secret, value) in values {
        let written = client.put_secret_value().secret_id(secret).secret_string(value.to_string()).send().await;
        written.map_err(|error| format!("could not write the secret {secret}: {:?}", error.into_service_error()))?;
    }
    Ok(())
}

/// Hands a record to CloudTrail, or an event to the bus as the AWS service that it names.
fn inject(
    cloud: &Cloud,
    outcome: &mut Outcome,
    scenario: &Scenario,
    deployment: &Deployment,
    accounts: &Accounts,
    value: &Value,
    is_event: bool,
) {
    let played = play(value, accounts);
    let mut value = with_hub_key(played.value, deployment.facts.hub_key.as_deref());
    let region = scenario.region.clone().unwrap_or(played.region);
    if let (Some(region), Some(members)) = (&scenario.region, value.as_object_mut()) {
        members.insert(if is_event { "region" } else { "awsRegion" }.to_owned(), Value::String(region.clone()));
    }
    outcome.notes.extend(played.notes);
    let coverage = &deployment.facts.coverage;
    let (covered, account) = match played.who {
        Who::Hub => (coverage.hub.contains(&region), "hub account"),
        Who::Spoke => (coverage.spoke.contains(&region), "spoke account"),
        Who::Further => (coverage.further.contains(&region), "account"),
    };
    if !covered {
        outcome.notes.push(format!("the {account} has no spoke in {region}, so nothing there is monitored"));
    }
    let result = cloud.with(|state| {
        if is_event {
            cloudtrail::inject_event(state, value).map(drop).map_err(|error| error.to_string())
        } else {
            cloudtrail::inject(state, value).map(drop).map_err(|error| error.to_string())
        }
    });
    if let Err(error) = result {
        outcome.failures.push(format!("not injected: {error}"));
    }
}

/// The account that a scenario names.
fn account_of<'a>(accounts: &'a Accounts, name: &'a str) -> &'a str {
    match name {
        "hub" => &accounts.hub,
        "spoke" => &accounts.spoke,
        "management" => &accounts.management,
        other => other,
    }
}

/// A customer's `PutEvents`.
pub(crate) async fn put(client: &EventBridge, outcome: &mut Outcome, accounts: &Accounts, call: &PutEvents) {
    let bus = call.bus.as_deref().map(|bus| match bus {
        "hub" => format!("arn:aws:events:{}:{}:event-bus/hub-root-activity", accounts.hub_region, accounts.hub),
        other => other.to_owned(),
    });
    let entry = PutEventsRequestEntry::builder()
        .source(&call.source)
        .detail_type(&call.detail_type)
        .detail(call.detail.to_string())
        .set_event_bus_name(bus)
        .build();
    let answer = client.put_events().entries(entry).send().await;
    let code = match answer {
        Ok(answer) => answer.entries().first().and_then(|entry| entry.error_code()).map(str::to_owned),
        Err(error) => {
            let error = error.into_service_error();
            Some(error.meta().code().unwrap_or("no answer").to_owned())
        }
    };
    match (&call.refused, code) {
        (expected, found) if *expected == found => {
            if let Some(code) = found {
                outcome.notes.push(format!("PutEvents of {} was refused: {code}", call.source));
            }
        }
        (expected, found) => outcome.failures.push(format!(
            "PutEvents of source {}: expected {}, found {}",
            call.source,
            expected.as_deref().unwrap_or("acceptance"),
            found.as_deref().unwrap_or("acceptance"),
        )),
    }
}

async fn read_topics(
    cloud: &Cloud,
    outcome: &mut Outcome,
    deployment: &Deployment,
    accounts: &Accounts,
) -> Result<(), String> {
    let client = Caller::of_cloud(cloud, &accounts.hub, &accounts.hub_region).sqs();
    let probes = &deployment.facts.probes;
    let mut counts = AlertCounts::default();
    let topics = [
        ("login", Some(&probes.login), &mut counts.login),
        ("activity", Some(&probes.activity), &mut counts.activity),
        ("tampering", probes.tampering.as_ref(), &mut counts.tampering),
        ("health", Some(&probes.health), &mut counts.health),
    ];
    for (topic, queue, count) in topics {
        let Some(queue) = queue else { continue };
        loop {
            let received = client.receive_message().queue_url(queue).max_number_of_messages(10).send().await;
            let received = received
                .map_err(|error| format!("could not read the {topic} probe: {:?}", error.into_service_error()))?;
            if received.messages().is_empty() {
                break;
            }
            for message in received.messages() {
                *count += 1;
                let body = message.body().unwrap_or_default();
                let body = serde_json::from_str(body).unwrap_or_else(|_| Value::String(body.to_owned()));
                outcome.messages.push(Message { to: topic.to_owned(), body });
            }
        }
    }
    outcome.alerts = counts;
    Ok(())
}

fn read_sinks(cloud: &Cloud, outcome: &mut Outcome, sink: &Sink, mailbox: &str) {
    let mut counts = SinkCounts::default();
    let before = outcome.messages.len();
    outcome.health_emails = 0;
    for received in sink.take(mailbox) {
        match received.alerter.as_str() {
            "slack" => counts.slack += 1,
            // Messages about the monitor's own health are no alerts about root.
            "pagerduty" if is_health(&received.body) => {}
            "pagerduty" => counts.pagerduty += 1,
            _ => {}
        }
        outcome.messages.push(Message { to: received.alerter, body: received.body });
    }
    let mails: Vec<_> = cloud.with(|state| sns::mailbox(state).iter().cloned().collect());
    for mail in mails {
        if is_health_mail(&mail) {
            outcome.health_emails += 1;
            continue;
        }
        counts.email += 1;
        let body = serde_json::json!({"to": mail.address, "subject": mail.subject, "text": mail.body});
        outcome.messages.push(Message { to: "email".to_owned(), body });
    }
    outcome.messages[before..].sort_by_key(Message::rank);
    outcome.sinks = counts;
}

fn is_health_mail(mail: &sns::Mail) -> bool {
    mail.topic.name().ends_with("-health")
}

pub(crate) fn is_health(body: &Value) -> bool {
    body["payload"]["class"] == "health"
}

/// Seconds from CloudTrail's first delivery to the end of the last run of a function.
fn seconds(trace: &[Entry]) -> Option<u64> {
    let begun = trace.iter().find(|entry| entry.hop == Hop::CloudTrail)?.at;
    let ended = trace.iter().rfind(|entry| entry.hop == Hop::Function && entry.outcome == Ended::Delivered)?.at;
    Some((ended - begun).as_secs())
}

/// The items of the table of the last heartbeats, without their types.
fn coverage(state: &rootwatch_cloud::State, name: &str) -> Vec<Message> {
    let tables = state.dynamodb.tables().filter(|(_, table)| table.name == name);
    let items = tables.flat_map(|(_, table)| table.items(state.now));
    let plain = |item: &serde_json::Map<String, Value>| {
        let text = |value: &Value| value["S"].clone();
        Value::Object(item.iter().map(|(name, value)| (name.clone(), text(value))).collect())
    };
    items.map(|item| Message { to: Receiver::Coverage.as_str().to_owned(), body: plain(item) }).collect()
}

fn dead_lettered<'q>(state: &'q rootwatch_cloud::State, queues: &'q BTreeSet<Arn>) -> Vec<Message> {
    let messages = |queue: &'q Arn| {
        state.sqs.messages(queue).map(move |(body, attributes)| {
            let attributes = attributes.iter().map(|(name, value)| (name.as_str(), value.string_value.as_deref()));
            Message::dead_letter(queue.name(), attributes, body)
        })
    };
    queues.iter().flat_map(messages).collect()
}

fn dead_letters(state: &rootwatch_cloud::State, queues: &BTreeSet<Arn>) -> u64 {
    let metrics = queues.iter().filter_map(|queue| sqs::metrics(state, queue));
    metrics.map(|metrics| (metrics.visible + metrics.not_visible) as u64).sum()
}
