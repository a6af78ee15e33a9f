//! Health: whatever can fail on the way in the hub's account has an alarm that speaks on the health topic, when it is
//! raised and when it is over; and that topic has a subscriber beside the alerters that may have failed.

use libtest_mimic::Failed;
use rootwatch_cloud::api::Service;
use serde_json::{Value, json};

use crate::records::with_store;
use crate::schedules::clocked;
use crate::support::Shared;
use crate::world::{Fork, HUB, Plan, REGION};

/// Namespace, metric, dimension and its value.
type Metric = (&'static str, &'static str, &'static str, String);

pub(crate) fn every_failure_has_an_alarm(shared: &Shared) -> Result<(), Failed> {
    let deployment = shared.with(async |session| session.deployment(&with_store()).await)?;
    let deployment = deployment.map_err(|error| error.to_string())?;
    let (wanted, alarms, subscriptions) = clocked(async {
        let fork = Fork::of(&deployment, Plan::default()).await;
        let ask = |service: Service, operation: &str, params: Value| {
            fork.cloud.api(HUB, REGION, service, operation, params).unwrap()
        };
        let alarms = ask(Service::CloudWatch, "DescribeAlarms", json!({}));
        let subscriptions = ask(Service::Sns, "ListSubscriptions", json!({}));
        (wanted(&ask), alarms["MetricAlarms"].clone(), subscriptions["Subscriptions"].clone())
    });
    let health = format!("arn:aws:sns:{REGION}:{HUB}:rootwatch-health");
    if wanted.len() < 30 {
        return Err(format!("only {} metrics of failures were found: {wanted:?}", wanted.len()).into());
    }
    let alarms: Vec<&Value> = alarms.as_array().into_iter().flatten().collect();
    let speaks = |alarm: &Value| {
        ["AlarmActions", "OKActions"]
            .iter()
            .all(|actions| alarm[*actions].as_array().is_some_and(|all| all.contains(&json!(health))))
    };
    let mut silent: Vec<String> = Vec::new();
    for (namespace, metric, dimension, value) in &wanted {
        let watches = |alarm: &&&Value| {
            alarm["Namespace"] == *namespace
                && alarm["MetricName"] == *metric
                && (dimension.is_empty()
                    || alarm["Dimensions"]
                        .as_array()
                        .into_iter()
                        .flatten()
                        .any(|found| found["Name"] == *dimension && found["Value"] == *value))
        };
        match alarms.iter().find(watches) {
            None => silent.push(format!("{namespace} {metric} of {value} has no alarm")),
            Some(alarm) if !speaks(alarm) => {
                silent.push(format!("the alarm {} does not speak on {health}", alarm["AlarmName"]))
            }
            Some(_) => {}
        }
    }
    let email = subscriptions
        .as_array()
        .into_iter()
        .flatten()
        .any(|subscription| subscription["TopicArn"] == json!(health) && subscription["Protocol"] == "email");
    if !email {
        silent.push("nobody hears the health topic past the alerters".to_owned());
    }
    if silent.is_empty() { Ok(()) } else { Err(silent.join("\n").into()) }
}

/// What can fail, by what is deployed.
fn wanted(ask: &dyn Fn(Service, &str, Value) -> Value) -> Vec<Metric> {
    let mut wanted: Vec<Metric> = Vec::new();
    let own = |name: &str| name.starts_with("rootwatch-");
    let queues = ask(Service::Sqs, "ListQueues", json!({}));
    for url in queues["QueueUrls"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        let name = url.rsplit('/').next().unwrap_or_default().to_owned();
        if !own(&name) {
            continue;
        }
        let metric =
            if name.ends_with("-dlq") { "ApproximateNumberOfMessagesVisible" } else { "ApproximateAgeOfOldestMessage" };
        wanted.push(("AWS/SQS", metric, "QueueName", name));
    }
    let functions = ask(Service::Lambda, "ListFunctions", json!({}));
    for function in functions["Functions"].as_array().into_iter().flatten() {
        let name = function["FunctionName"].as_str().unwrap_or_default().to_owned();
        wanted.push(("AWS/Lambda", "Errors", "FunctionName", name));
    }
    let topics = ask(Service::Sns, "ListTopics", json!({}));
    for topic in topics["Topics"].as_array().into_iter().flatten().filter_map(|topic| topic["TopicArn"].as_str()) {
        let name = topic.rsplit(':').next().unwrap_or_default().to_owned();
        wanted.push(("AWS/SNS", "NumberOfNotificationsFailed", "TopicName", name));
    }
    let rules = ask(Service::EventBridge, "ListRules", json!({"EventBusName": "hub-root-activity"}));
    let here = ask(Service::EventBridge, "ListRules", json!({}));
    for rule in rules["Rules"].as_array().into_iter().flatten().chain(here["Rules"].as_array().into_iter().flatten()) {
        let name = rule["Name"].as_str().unwrap_or_default().to_owned();
        if own(&name) {
            wanted.push(("AWS/Events", "FailedInvocations", "RuleName", name.clone()));
            wanted.push(("AWS/Events", "InvocationsFailedToBeSentToDlq", "RuleName", name));
        }
    }
    let filters = ask(Service::Logs, "DescribeMetricFilters", json!({}));
    for filter in filters["metricFilters"].as_array().into_iter().flatten() {
        let name = filter["metricTransformations"][0]["metricName"].as_str().unwrap_or_default();
        if own(name) {
            // The metric's name stands for a dimension.
            let name: &'static str = Box::leak(name.to_owned().into_boxed_str());
            wanted.push(("Rootwatch", name, "", name.to_owned()));
        }
    }
    wanted
}
