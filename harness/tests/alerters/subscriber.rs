//! `terraform/examples/custom-subscriber`, applied next to the hub: what it receives keeps the contract of the message.

use libtest_mimic::Failed;
use rootwatch::scenario::DeploymentChange;
use rootwatch_cloud::services::cloudtrail;
use serde_json::{Value, json};
use std::time::Duration;

use crate::records::{at, record};
use crate::schedules::clocked;
use crate::support::Shared;
use crate::world::{Fork, HUB, Plan, REGION};

pub(crate) fn hears_the_contract(shared: &Shared) -> Result<(), Failed> {
    let example = json!({"module": {"ticketing": {
        "source": "../../examples/custom-subscriber",
        "name": "ticketing",
        "topic_arn": "${aws_sns_topic.this[\"activity\"].arn}",
        "severities": ["critical", "high"],
    }}});
    let change = DeploymentChange {
        overlay: [("modules/hub/ticketing.tf.json".to_owned(), example)].into(),
        log_alarm: true,
        ..Default::default()
    };
    let deployment = shared.with(async |session| session.deployment(&change).await)?;
    let deployment = deployment.map_err(|error| error.to_string())?;
    let records = ["activity/create-access-key", "activity/read-only-call"].map(|name| record(shared, name));
    let queue = format!("arn:aws:sqs:{REGION}:{HUB}:ticketing").as_str().into();
    let heard: Vec<Value> = clocked(async {
        let fork = Fork::of(&deployment, Plan::default());
        for (second, record) in records.into_iter().enumerate() {
            fork.cloud.with(|state| cloudtrail::inject(state, at(record, second as i64))).map(drop).unwrap();
        }
        fork.cloud.settle().await;
        fork.cloud.advance(Duration::from_secs(1200)).await;
        fork.cloud.with(|state| {
            state.sqs.bodies(&queue).into_iter().filter_map(|body| serde_json::from_str(body).ok()).collect()
        })
    });
    // The key and the log alarm are grave; the read call is not, nor is the alarm's end.
    let mut found: Vec<(&str, &str)> = heard
        .iter()
        .map(|message| (message["origin"].as_str().unwrap_or("?"), message["severity"].as_str().unwrap_or("?")))
        .collect();
    found.sort_unstable();
    if found != [("cloudtrail", "critical"), ("log-alarm", "high")] {
        return Err(format!("heard {found:?}").into());
    }
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../handlers/alert/schema/alert.v1.json");
    let schema: Value = serde_json::from_str(&std::fs::read_to_string(path)?)?;
    for message in &heard {
        for field in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            if message.get(field).is_none() {
                return Err(format!("the message of {} lacks `{field}`: {message}", message["origin"]).into());
            }
        }
        if message["version"] != "1" {
            return Err(format!("version {}", message["version"]).into());
        }
    }
    Ok(())
}
