//! Partition `aws-cn`: a hub in each Region, because no event goes from Region to Region there, and a second one in the first.
//! [D] EventBridge user guide, eb-cross-region

use std::path::Path;

use libtest_mimic::Failed;
use rootwatch::deployment::{Accounts, Composed, composed};
use rootwatch_cloud::api::Service;
use rootwatch_cloud::services::{cloudtrail, sns};
use rootwatch_cloud::time::Time;
use rootwatch_cloud::trace::{Entry, Hop, Outcome};
use rootwatch_cloud::{Clock, Cloud, Options};
use serde_json::{Map, Value, json};

use super::support::{Shared, run_rootwatch};

const REGIONS: [&str; 2] = ["cn-north-1", "cn-northwest-1"];
const ACCOUNT: &str = "333322221111";

/// Applied, planned again empty, alerted by root in each Region at that Region's own hub, destroyed.
pub(super) fn hubs_in_each_region(shared: &Shared) -> Result<(), Failed> {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/china");
    let main = std::fs::read_to_string(data.join("main.tf"))?;
    let record: Value = serde_json::from_str(&std::fs::read_to_string(data.join("stop-logging.json"))?)?;
    shared.with(async |session| {
        let accounts = Accounts { hub: ACCOUNT.into(), hub_region: REGIONS[0].into(), ..Accounts::default() };
        let variables = Map::from_iter([
            ("organization_id".to_owned(), json!(accounts.organization)),
            ("packages_dir".to_owned(), json!(session.packages().directory)),
        ]);
        let made = composed(session.layout(), accounts, &REGIONS, &main, &variables).await;
        let made = made.map_err(|error| error.to_string())?;
        if !made.complaints.is_empty() || !made.left.is_empty() {
            return Err(format!("{}\nleft by destroy: {:?}", made.complaints.join("\n"), made.left));
        }
        for region in REGIONS {
            let received = received(&made, &record, region).await?;
            let expected = REGIONS.map(|other| (other.to_owned(), usize::from(other == region)));
            if received != expected {
                return Err(format!("root in {region}: expected {expected:?} alerts, found {received:?}"));
            }
            verified(&made, region).await?;
        }
        Ok(())
    })??;
    Ok(())
}

/// How many alerts came out of each Region's topic of root activity when root acted in one of them. The second hub of the first
/// Region raises as many as the first one.
async fn received(made: &Composed, record: &Value, region: &str) -> Result<[(String, usize); 2], String> {
    let mut record = record.clone();
    record["awsRegion"] = json!(region);
    let mut state = made.state.clone();
    state.rebase(Time::parse("2026-03-02T09:18:25Z").ok_or("a moment")?);
    let options = Options { clock: Clock::Owned, port: 0, code: made.code.clone(), host_variables: Vec::new() };
    let cloud = Cloud::start(state, options).await.map_err(|error| error.to_string())?;
    let injected = cloud.with(|state| cloudtrail::inject(state, record)).map_err(|error| error.to_string())?;
    if let Some(reason) = injected.undelivered {
        return Err(format!("{region}: {reason}"));
    }
    cloud.advance(std::time::Duration::from_secs(60)).await;
    let second = format!("arn:aws-cn:sns:{}:{ACCOUNT}:rootwatch-second-root-activity", REGIONS[0]);
    let of_second = cloud.with(|state| {
        let published = |entry: &&Entry| entry.hop == Hop::Topic && entry.resource == second;
        state.entries().filter(published).filter(|entry| entry.outcome == Outcome::Delivered).count()
    });
    if of_second != usize::from(region == REGIONS[0]) {
        return Err(format!("root in {region}: the second hub of {} published {of_second} alerts", REGIONS[0]));
    }
    let mut received = REGIONS.map(|region| (region.to_owned(), 0));
    for (region, count) in &mut received {
        let receive = json!({"QueueUrl": made.probes[region.as_str()].activity, "MaxNumberOfMessages": 10});
        let received = cloud.api(ACCOUNT, region, Service::Sqs, "ReceiveMessage", receive);
        let received = received.map_err(|error| error.to_string())?;
        for message in received["Messages"].as_array().into_iter().flatten() {
            let alert: Value = serde_json::from_str(message["Body"].as_str().unwrap_or_default())
                .map_err(|error| format!("an alert is no JSON: {error}"))?;
            if !alert.to_string().contains("StopLogging") {
                return Err(format!("an alert that says nothing of it: {alert}"));
            }
            *count += 1;
        }
    }
    Ok(received)
}

/// `rootwatch verify` reads a Region's hub, and names what is broken in that Region only.
async fn verified(made: &Composed, region: &str) -> Result<(), String> {
    let options = Options { clock: Clock::Wall, port: 0, code: made.code.clone(), host_variables: Vec::new() };
    let cloud = Cloud::start(made.state.clone(), options).await.map_err(|error| error.to_string())?;
    // A topic that nobody has subscribed to is reported.
    let prefix = format!("rootwatch-{}", region.trim_start_matches("cn-").trim_end_matches("-1"));
    for topic in ["root-login", "root-activity"] {
        let arn = format!("arn:aws-cn:sns:{region}:{ACCOUNT}:{prefix}-{topic}");
        let subscribe = json!({"TopicArn": arn, "Protocol": "email", "Endpoint": "security@example.com"});
        cloud.api(ACCOUNT, region, Service::Sns, "Subscribe", subscribe).map_err(|error| error.to_string())?;
    }
    cloud.with(sns::confirm_all_email);
    let verify = || {
        let arguments = ["verify", "--region", region, "--format", "json"];
        let output = run_rootwatch(cloud.endpoint(), ACCOUNT, region, &arguments)?;
        let report: Value = serde_json::from_slice(&output.stdout)
            .map_err(|error| format!("{error}: {}", String::from_utf8_lossy(&output.stderr)))?;
        let probed = report["probed"].as_array().cloned().unwrap_or_default();
        Ok::<_, String>((probed.iter().map(|it| it["verdict"].clone()).collect::<Vec<_>>(), report))
    };
    for broken in REGIONS.iter().filter(|other| **other != region).chain([&region]) {
        let disable = json!({"Name": format!("rootwatch-{}-root-activity", broken.trim_start_matches("cn-").trim_end_matches("-1"))});
        cloud.api(ACCOUNT, broken, Service::EventBridge, "DisableRule", disable).map_err(|error| error.to_string())?;
        let expected = if *broken == region { "not-monitored" } else { "monitored" };
        let (verdicts, report) = verify()?;
        if verdicts != [expected; 3] {
            return Err(format!("{region}, with the rule of {broken} disabled: {report:#}"));
        }
    }
    Ok(())
}
