//! Health: whatever can fail on the way has an alarm that is heard on the health topic, when it is raised and when it is
//! over, wherever it is; and that topic has a subscriber besides the alerters that may have failed.

use libtest_mimic::Failed;
use rootwatch::scenario::DeploymentChange;
use rootwatch_alert::{Alarm, AlarmState};
use rootwatch_cloud::api::Service;
use serde_json::{Value, json};

use crate::records::with_store;
use crate::schedules::clocked;
use crate::support::Shared;
use crate::world::{Fork, HUB, Plan, REGION, SPOKE};

/// Namespace, metric, dimension and its value.
type Metric = (&'static str, &'static str, &'static str, String);

pub(crate) fn every_failure_has_an_alarm(shared: &Shared) -> Result<(), Failed> {
    let deployment = shared.with(async |session| session.deployment(&with_store()).await)?;
    let deployment = deployment.map_err(|error| error.to_string())?;
    let (wanted, alarms, subscriptions) = clocked(async {
        let fork = Fork::of(&deployment, Plan::default());
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
        // A spoke's dead-letter queue has an alarm, the check misses a lost heartbeat, and an alarm misses the check.
        let missed = ["-heartbeat-", "-tampering", "-coverage-check"].iter().any(|part| name.contains(part));
        if own(&name) && !missed {
            wanted.push(("AWS/Events", "FailedInvocations", "RuleName", name.clone()));
            wanted.push(("AWS/Events", "InvocationsFailedToBeSentToDlq", "RuleName", name));
        }
    }
    let filters = ask(Service::Logs, "DescribeMetricFilters", json!({}));
    for filter in filters["metricFilters"].as_array().into_iter().flatten() {
        let name = filter["metricTransformations"][0]["metricName"].as_str().unwrap_or_default();
        // A number for dashboards; the check itself reports what is missing.
        if own(name) && !name.ends_with("-coverage-missing") {
            // The metric's name is used as a dimension.
            let name: &'static str = Box::leak(name.to_owned().into_boxed_str());
            wanted.push(("Rootwatch", name, "", name.to_owned()));
        }
    }
    wanted
}

/// Puts each alarm of each account and Region into ALARM and back. Most can act on no topic of the hub, for an alarm acts in
/// its own Region; those that can must not be told twice. [D] API_PutMetricAlarm, cloudwatch-and-eventbridge
pub(crate) fn every_alarm_is_told_once(shared: &Shared) -> Result<(), Failed> {
    let change = DeploymentChange { log_alarm: true, ..Default::default() };
    let deployment = shared.with(async |session| session.deployment(&change).await)?;
    let deployment = deployment.map_err(|error| error.to_string())?;
    let facts = &deployment.facts.coverage;
    let places = facts.spoke.iter().map(|region| (SPOKE, region)).chain(facts.hub.iter().map(|region| (HUB, region)));
    let (count, wrong) = clocked(async {
        let fork = Fork::of(&deployment, Plan::default());
        let (mut count, mut wrong) = (0, Vec::new());
        for (account, region) in places {
            let ask = |operation: &str, params: Value| {
                fork.cloud.api(account, region, Service::CloudWatch, operation, params).unwrap()
            };
            let alarms = ask("DescribeAlarms", json!({}))["MetricAlarms"].clone();
            let alarms = alarms.as_array().into_iter().flatten();
            for (alarm, name) in alarms.filter_map(|alarm| Some((alarm, alarm["AlarmName"].as_str()?))) {
                count += 1;
                // It tells of root, and no other does.
                let of_root = name == "rootwatch-log-alarm";
                for state in [AlarmState::Alarm, AlarmState::Ok] {
                    let (before, alerts) = (fork.health_messages().len(), fork.activity_messages().len());
                    let params =
                        json!({"AlarmName": name, "StateValue": state.as_str(), "StateReason": "a \"test\"\n"});
                    ask("SetAlarmState", params);
                    fork.cloud.settle().await;
                    let told: Vec<Option<Alarm>> =
                        fork.health_messages().iter().skip(before).map(Alarm::from_message).collect();
                    let right = |told: &Option<Alarm>| {
                        told.as_ref().is_some_and(|told| {
                            alarm["AlarmArn"] == json!(told.arn)
                                && told.state == state
                                && (told.account.as_str(), &told.region) == (account, region)
                                && alarm["AlarmDescription"].as_str() == told.description.as_deref()
                                && told.changed.is_some()
                        })
                    };
                    let alerts = fork.activity_messages().len() - alerts;
                    if told.len() != usize::from(!of_root) || alerts != usize::from(of_root) || !told.iter().all(right)
                    {
                        let state = state.as_str();
                        wrong.push(format!(
                            "{account} {region} {name} {state}: {alerts} activity alerts, told {told:?}"
                        ));
                    }
                }
            }
        }
        (count, wrong)
    });
    // Three of each spoke, two of the log alarm's way and itself, and those of the hub.
    if count < 3 * (facts.spoke.len() + facts.hub.len()) + 3 + 30 {
        return Err(format!("only {count} alarms were found").into());
    }
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n").into()) }
}
