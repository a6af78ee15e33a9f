//! An organization of 1,000 accounts with spokes in four Regions, on virtual time: a day of heartbeats, a storm of 10,000 root
//! events in an hour, and one spoke that falls silent. The hub is the one that Terraform deploys; the spokes are copies of the
//! deployed one. Prints what the hub does and what it costs. `docs/scale.md` explains the figures.

#![allow(missing_docs, reason = "a benchmark")]
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a benchmark talks to whoever runs it")]

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::Context;
use rootwatch::layout::Layout;
use rootwatch::report::Progress;
use rootwatch::runner::Session;
use rootwatch_cloud::api::Service;
use rootwatch_cloud::services::{cloudtrail, sqs};
use rootwatch_cloud::trace::{Hop, Outcome};
use rootwatch_cloud::{Arn, Cloud};
use serde_json::{Value, json};

const ACCOUNTS: usize = 1_000;
const REGIONS: [&str; 4] = ["us-east-1", "us-east-2", "us-west-2", "eu-central-1"];
const STORM: usize = 10_000;

const HUB: &str = "999988887777";
const HUB_REGION: &str = "us-east-1";
const BUS: &str = "arn:aws:events:us-east-1:999988887777:event-bus/hub-root-activity";

/// List prices of us-east-1 in USD for one unit. docs/scale.md has the sources.
const PRICES: [(&str, f64); 5] = [
    ("events between accounts", 1.00 / 1e6),
    ("SQS requests", 0.40 / 1e6),
    ("function runs", 0.20 / 1e6),
    ("DynamoDB writes", 0.625 / 1e6),
    ("DynamoDB read units of checks", 0.125 / 1e6),
];

fn main() -> ExitCode {
    // `cargo test --benches` only asks whether it builds.
    if !std::env::args().any(|argument| argument == "--bench") {
        return ExitCode::SUCCESS;
    }
    match simulate() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

/// What happened in some time, by kind.
type Counts = BTreeMap<&'static str, u64>;

#[expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]
fn simulate() -> anyhow::Result<()> {
    let started = Instant::now();
    let runtime = tokio::runtime::Runtime::new()?;
    let session = runtime.block_on(Session::start(Layout::discover(), &[], Progress::stderr()))?;
    let deployment = runtime.block_on(session.deploy_base()).map_err(|error| anyhow::anyhow!("{error}"))?;
    let paused = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build()?;
    paused.block_on(async {
        let cloud = session.fork(&deployment);
        session.accept_everything(&cloud, &deployment).await.map_err(anyhow::Error::msg)?;
        spokes(&cloud).context("the spokes")?;
        println!("{} accounts × {} Regions, made in {} s", ACCOUNTS, REGIONS.len(), started.elapsed().as_secs());
        let mut day = Counts::new();
        // Until the first heartbeats.
        cloud.advance(Duration::from_secs(3_660)).await;
        cloud.with(|state| drop(state.take_entries()));
        let silent_since = cloud.with(|state| state.now);
        let events = service("events")?;
        call(&cloud, &id(7), REGIONS[3], events, "DisableRule", json!({"Name": "rootwatch-heartbeat-0.1.0"}))?;
        let mut found = None;
        for hour in 1..=24 {
            cloud.advance(Duration::from_secs(3_600)).await;
            count(&cloud, &mut day);
            let said = cloud.with(|state| health(state));
            if found.is_none() && said.iter().any(|text| text.contains(&id(7)) && text.contains(REGIONS[3])) {
                found = Some(hour);
            }
        }
        let found = found.context("the silent spoke was not reported")?;
        let places =
            cloud.with(|state| state.dynamodb.tables().map(|(_, table)| table.items(state.now).count()).sum::<usize>());
        anyhow::ensure!(places > ACCOUNTS * REGIONS.len(), "{places} places in the table");
        println!("a day of heartbeats: {}", shown(&day));
        println!(
            "one of {} spokes fell silent at {}: reported {found} h later; {places} items in the table",
            ACCOUNTS * REGIONS.len(),
            silent_since.iso_seconds()
        );
        let mut storm = Counts::new();
        let begun = cloud.with(|state| state.now);
        for event in 0..STORM {
            let (account, region) = (id(event % ACCOUNTS), REGIONS[event % REGIONS.len()]);
            let time = cloud.with(|state| state.now.iso_seconds());
            cloud.with(|state| cloudtrail::inject_event(state, root_event(&account, region, &time, event)))?;
            cloud.advance(Duration::from_millis(3_600_000 / STORM as u64)).await;
            if event % 500 == 0 {
                count(&cloud, &mut storm);
            }
        }
        anyhow::ensure!(cloud.advance_until_delivered(Duration::from_secs(24 * 3_600)).await, "messages are left");
        count(&cloud, &mut storm);
        let minutes = (cloud.with(|state| state.now) - begun).as_secs() / 60;
        println!("a storm of {STORM} root events: {}; delivered after {minutes} min", shown(&storm));
        let dead_lettered = cloud.with(|state| {
            let queues = state.dead_letter_queues();
            queues.iter().filter_map(|queue| sqs::metrics(state, queue)).map(|found| found.visible).sum::<usize>()
        });
        anyhow::ensure!(dead_lettered == 0, "{dead_lettered} messages in dead-letter queues");
        bill(&day, places);
        println!("simulated in {} s", started.elapsed().as_secs());
        Ok(())
    })
}

/// The account with this number.
fn id(number: usize) -> String {
    format!("{:012}", 200_000_000_000 + number)
}

fn service(name: &str) -> anyhow::Result<Service> {
    Service::from_signing_name(name).with_context(|| format!("no service {name}"))
}

fn call(
    cloud: &Cloud,
    account: &str,
    region: &str,
    service: Service,
    operation: &str,
    params: Value,
) -> anyhow::Result<Value> {
    cloud.api(account, region, service, operation, params).with_context(|| format!("{operation} in {account} {region}"))
}

/// Makes the spokes: role, dead-letter queue, and the rules with their targets, as the module `spoke` has them.
fn spokes(cloud: &Cloud) -> anyhow::Result<()> {
    let (iam, sqs, events) = (service("iam")?, service("sqs")?, service("events")?);
    let pattern = json!({
        "source": [{"prefix": "aws."}], "detail-type": [{"suffix": " via CloudTrail"}],
        "detail": {"userIdentity": {"type": ["Root"]}},
    });
    let deliver = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "events:PutEvents", "Resource": BUS},
    ]});
    let trust = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "events.amazonaws.com"}},
    ]});
    for number in 0..ACCOUNTS {
        let account = id(number);
        cloud.with(|state| state.organizations.add(&account, &format!("account {number}")));
        for region in REGIONS {
            let role = format!("rootwatch-delivery-{region}");
            let made = json!({"RoleName": role, "AssumeRolePolicyDocument": trust.to_string()});
            call(cloud, &account, region, iam, "CreateRole", made)?;
            let policy = json!({"RoleName": role, "PolicyName": "deliver", "PolicyDocument": deliver.to_string()});
            call(cloud, &account, region, iam, "PutRolePolicy", policy)?;
            let queue = format!("arn:aws:sqs:{region}:{account}:rootwatch-root-activity-dlq");
            let keep = json!({"Version": "2012-10-17", "Statement": [{
                "Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "sqs:SendMessage", "Resource": queue,
            }]});
            let made = json!({"QueueName": "rootwatch-root-activity-dlq", "Attributes": {"Policy": keep.to_string()}});
            call(cloud, &account, region, sqs, "CreateQueue", made)?;
            for (rule, what) in [
                ("rootwatch-heartbeat-0.1.0", json!({"ScheduleExpression": "rate(1 hour)"})),
                ("rootwatch-root-activity", json!({"EventPattern": pattern.to_string()})),
            ] {
                let mut put = what;
                put["Name"] = rule.into();
                call(cloud, &account, region, events, "PutRule", put)?;
                let target = json!({
                    "Id": "hub", "Arn": BUS, "RoleArn": format!("arn:aws:iam::{account}:role/{role}"), "DeadLetterConfig": {"Arn": queue},
                });
                call(cloud, &account, region, events, "PutTargets", json!({"Rule": rule, "Targets": [target]}))?;
            }
        }
    }
    Ok(())
}

fn root_event(account: &str, region: &str, time: &str, number: usize) -> Value {
    json!({
        "source": "aws.s3", "detail-type": "AWS API Call via CloudTrail", "account": account, "region": region, "time": time,
        "detail": {
            "eventVersion": "1.11", "eventSource": "s3.amazonaws.com", "eventName": "PutBucketPolicy", "eventTime": time,
            "eventID": format!("{number:08}-0000-4000-8000-000000000000"), "awsRegion": region, "readOnly": false,
            "eventType": "AwsApiCall", "recipientAccountId": account, "sourceIPAddress": "198.51.100.23",
            "requestParameters": {"bucketName": format!("bucket-{number}")},
            "userIdentity": {
                "type": "Root", "principalId": account, "arn": format!("arn:aws:iam::{account}:root"), "accountId": account,
                "accessKeyId": format!("ASIA{number:016}"),
            },
        },
    })
}

/// Adds what the trace has, and clears it.
fn count(cloud: &Cloud, counts: &mut Counts) {
    let entries = cloud.with(rootwatch_cloud::State::take_entries);
    let mut add = |kind: &'static str| *counts.entry(kind).or_default() += 1;
    for entry in entries.iter().filter(|entry| entry.outcome == Outcome::Delivered) {
        let of_coverage = entry.resource.ends_with(":rootwatch-coverage");
        match entry.hop {
            Hop::Target if entry.resource == BUS => add("events between accounts"),
            Hop::Queue => add("messages in queues"),
            Hop::Function if of_coverage => add("runs of coverage"),
            Hop::Function if entry.resource.ends_with(":rootwatch-triage") => add("runs of triage"),
            Hop::Function => add("runs of alerters"),
            Hop::Topic => add("messages on topics"),
            _ => {}
        }
    }
}

fn shown(counts: &Counts) -> String {
    counts.iter().map(|(kind, count)| format!("{count} {kind}")).collect::<Vec<_>>().join(", ")
}

/// The texts of the health topic so far.
fn health(state: &rootwatch_cloud::State) -> Vec<String> {
    let queue = Arn::new(format!("arn:aws:sqs:{HUB_REGION}:{HUB}:probe-health"));
    state.sqs.messages(&queue).map(|(body, _)| body.to_owned()).collect()
}

/// Prints what a month of heartbeats costs in the hub.
fn bill(day: &Counts, places: usize) {
    let price = |name: &str| PRICES.iter().find(|(known, _)| *known == name).map_or(0.0, |(_, price)| *price);
    let monthly = |kind: &str| day.get(kind).copied().unwrap_or_default() as f64 * 30.4;
    let (beats, runs) = (monthly("events between accounts"), monthly("runs of coverage"));
    // A send by EventBridge, and with each run a receive and a delete.
    let requests = monthly("messages in queues") + 2.0 * runs;
    // A strongly consistent scan: one unit for 4 KB. An item has about 200 bytes.
    let units = 24.0 * 30.4 * (places as f64 * 200.0 / 4096.0).ceil();
    // 128 MB for 100 ms.
    let seconds = runs * 0.1 * 0.125;
    let lines = [
        ("events between accounts", beats, beats * price("events between accounts")),
        ("SQS requests", requests, requests * price("SQS requests")),
        ("function runs", runs, runs * price("function runs") + seconds * 0.000_016_666_7),
        ("DynamoDB writes", beats, beats * price("DynamoDB writes")),
        ("DynamoDB read units of checks", units, units * price("DynamoDB read units of checks")),
    ];
    println!("| a month of heartbeats | number | USD |\n|---|---|---|");
    for (what, number, cost) in lines {
        println!("| {what} | {number:.0} | {cost:.2} |");
    }
    println!("| sum | | {:.2} |", lines.iter().map(|(_, _, cost)| cost).sum::<f64>());
}
