//! The resources of the accounts: those that an apply made, and those that a destroy left.

use std::collections::BTreeSet;

use rootwatch_cloud::Cloud;
use rootwatch_cloud::api::{ApiError, Service};
use serde_json::{Value, json};

use super::Accounts;

/// The names of everything that Terraform creates here, by asking the APIs that list it.
pub(super) fn inventory(cloud: &Cloud, accounts: &Accounts, regions: &[String]) -> Result<BTreeSet<String>, ApiError> {
    const LISTS: [(Service, &str, &str, &[&str]); 8] = [
        (Service::Sqs, "ListQueues", "QueueUrls", &[]),
        (Service::Sns, "ListTopics", "Topics", &["TopicArn"]),
        (Service::Sns, "ListSubscriptions", "Subscriptions", &["SubscriptionArn"]),
        (Service::EventBridge, "ListEventBuses", "EventBuses", &["Arn"]),
        (Service::EventBridge, "ListRules", "Rules", &["Arn"]),
        (Service::Logs, "DescribeLogGroups", "logGroups", &["arn"]),
        (Service::CloudWatch, "DescribeAlarms", "MetricAlarms", &["AlarmArn"]),
        (Service::Lambda, "ListFunctions", "Functions", &["FunctionArn"]),
    ];
    let mut found = BTreeSet::new();
    let mut add = |answer: &Value, list: &str, keys: &[&str]| {
        for item in answer.get(list).and_then(Value::as_array).into_iter().flatten() {
            let name = keys.iter().fold(item, |item, key| &item[*key]);
            found.insert(name.as_str().map_or_else(|| item.to_string(), str::to_owned));
        }
    };
    for account in [&accounts.hub, &accounts.spoke] {
        for region in regions {
            for (service, operation, list, keys) in LISTS {
                add(&cloud.api(account, region, service, operation, json!({}))?, list, keys);
            }
        }
        add(&cloud.api(account, "us-east-1", Service::Iam, "ListRoles", json!({}))?, "Roles", &["Arn"]);
    }
    Ok(found)
}
