//! A change of Terraform's arguments as the API calls that Terraform's provider would make for it.

use rootwatch_cloud::Cloud;
use rootwatch_cloud::api::Service;
use serde_json::{Map, Value, json};

use super::{Change, Mutant, Resource};

/// Calls by administrators of the resources' accounts.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Calls(Vec<Call>);

#[derive(Clone, Debug, PartialEq)]
struct Call {
    account: String,
    region: String,
    service: Service,
    operation: &'static str,
    params: Value,
}

impl Calls {
    /// Makes the calls.
    ///
    /// # Errors
    /// In AWS's words, when AWS refuses one: such a deployment cannot exist.
    pub(super) fn make(&self, cloud: &Cloud) -> Result<(), String> {
        for Call { account, region, service, operation, params } in &self.0 {
            let answer = cloud.api(account, region, *service, operation, params.clone());
            let answer = answer.map_err(|error| format!("{operation}: {error}"))?;
            // PutTargets answers for each target.
            if let Some(failed) = answer["FailedEntries"].get(0) {
                return Err(format!("{operation}: {}: {}", failed["ErrorCode"], failed["ErrorMessage"]));
            }
        }
        Ok(())
    }
}

/// The calls that turn the resources into the mutant.
///
/// # Errors
/// When a change of this kind cannot be made by the API.
pub(super) fn calls(resources: &[Resource], mutant: &Mutant) -> Result<Calls, String> {
    let mut calls = Calls::default();
    let changed = |resource: &&Resource| mutant.addresses().any(|address| *address == resource.address);
    for resource in resources.iter().filter(changed) {
        let made = match &mutant.change {
            Change::Set(argument, value) => {
                let mut after = resource.attributes.clone();
                after.insert(argument.clone(), value.clone());
                let updated = update(resource, &Attributes(&after), argument);
                // A target that is put again keeps the role that it had. [D] API_PutTargets
                let removed = if resource.kind == "aws_cloudwatch_event_target" { remove(resource) } else { None };
                removed.into_iter().chain(updated).collect()
            }
            Change::Remove => remove(resource).into_iter().collect::<Vec<_>>(),
        };
        if made.is_empty() {
            return Err(format!("no API call is known for {} of {}", mutant.argument, resource.kind));
        }
        for (service, operation, params) in made {
            let (account, region) = (resource.account.clone(), resource.region.clone());
            calls.0.push(Call { account, region, service, operation, params });
        }
    }
    match calls.0.is_empty() {
        true => Err(format!("there is no {}", mutant.address)),
        false => Ok(calls),
    }
}

type Made = Option<(Service, &'static str, Value)>;

struct Attributes<'a>(&'a Map<String, Value>);

impl Attributes<'_> {
    fn get(&self, name: &str) -> Value {
        self.0.get(name).cloned().unwrap_or(Value::Null)
    }

    /// A text; nothing is an empty one.
    fn text(&self, name: &str) -> String {
        self.0.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
    }

    fn block(&self, name: &str) -> Value {
        self.0.get(name).and_then(|blocks| blocks.get(0)).cloned().unwrap_or(Value::Null)
    }
}

/// An object without its empty members.
fn given(members: Value) -> Value {
    match members {
        Value::Object(members) => {
            let empty = |value: &Value| match value {
                Value::Null => true,
                Value::String(text) => text.is_empty(),
                _ => false,
            };
            members.into_iter().filter(|(_, value)| !empty(value)).collect::<Map<_, _>>().into()
        }
        other => other,
    }
}

fn remove(resource: &Resource) -> Made {
    let text = |name: &str| resource.text(name).unwrap_or_default();
    Some(match resource.kind.as_str() {
        "aws_iam_role_policy" => {
            (Service::Iam, "DeleteRolePolicy", json!({"RoleName": text("role"), "PolicyName": text("name")}))
        }
        "aws_iam_role_policy_attachment" => {
            (Service::Iam, "DetachRolePolicy", json!({"RoleName": text("role"), "PolicyArn": text("policy_arn")}))
        }
        "aws_cloudwatch_event_target" => (
            Service::EventBridge,
            "RemoveTargets",
            given(json!({"Rule": text("rule"), "EventBusName": text("event_bus_name"), "Ids": [text("target_id")]})),
        ),
        "aws_sns_topic_subscription" => (Service::Sns, "Unsubscribe", json!({"SubscriptionArn": text("arn")})),
        "aws_cloudwatch_metric_alarm" => {
            (Service::CloudWatch, "DeleteAlarms", json!({"AlarmNames": [text("alarm_name")]}))
        }
        "aws_cloudwatch_log_metric_filter" => (
            Service::Logs,
            "DeleteMetricFilter",
            json!({"logGroupName": text("log_group_name"), "filterName": text("name")}),
        ),
        "aws_dynamodb_table" => (Service::DynamoDb, "DeleteTable", json!({"TableName": text("name")})),
        _ => return None,
    })
}

fn update(resource: &Resource, after: &Attributes<'_>, argument: &str) -> Made {
    let queue = |attribute: &str, value: String| {
        let url = match resource.kind.as_str() {
            "aws_sqs_queue_policy" => after.text("queue_url"),
            _ => after.text("url"),
        };
        (Service::Sqs, "SetQueueAttributes", json!({"QueueUrl": url, "Attributes": {attribute: value}}))
    };
    Some(match (resource.kind.as_str(), argument) {
        ("aws_sqs_queue" | "aws_sqs_queue_policy", "policy") => queue("Policy", after.text("policy")),
        ("aws_sqs_queue", "redrive_policy") => queue("RedrivePolicy", after.text(argument)),
        ("aws_sqs_queue", "message_retention_seconds") => {
            queue("MessageRetentionPeriod", after.get(argument).to_string())
        }
        ("aws_sqs_queue", "visibility_timeout_seconds") => queue("VisibilityTimeout", after.get(argument).to_string()),
        ("aws_cloudwatch_event_bus_policy", "policy") => match after.text("policy") {
            none if none.is_empty() => (
                Service::EventBridge,
                "RemovePermission",
                json!({"EventBusName": after.text("event_bus_name"), "RemoveAllPermissions": true}),
            ),
            policy => (
                Service::EventBridge,
                "PutPermission",
                json!({"EventBusName": after.text("event_bus_name"), "Policy": policy}),
            ),
        },
        ("aws_sns_topic_policy", "policy") => (
            Service::Sns,
            "SetTopicAttributes",
            json!({"TopicArn": resource.arn, "AttributeName": "Policy", "AttributeValue": after.text("policy")}),
        ),
        ("aws_secretsmanager_secret_policy", "policy") => match after.text("policy") {
            none if none.is_empty() => {
                (Service::SecretsManager, "DeleteResourcePolicy", json!({"SecretId": after.text("secret_arn")}))
            }
            policy => (
                Service::SecretsManager,
                "PutResourcePolicy",
                json!({"SecretId": after.text("secret_arn"), "ResourcePolicy": policy}),
            ),
        },
        ("aws_kms_key", "policy") => (
            Service::Kms,
            "PutKeyPolicy",
            json!({"KeyId": after.text("key_id"), "PolicyName": "default", "Policy": after.text("policy")}),
        ),
        ("aws_kms_key", "is_enabled") => (Service::Kms, "DisableKey", json!({"KeyId": after.text("key_id")})),
        ("aws_iam_role", "assume_role_policy") => (
            Service::Iam,
            "UpdateAssumeRolePolicy",
            json!({"RoleName": after.text("name"), "PolicyDocument": after.text(argument)}),
        ),
        ("aws_iam_role_policy", "policy") => match after.text("policy") {
            none if none.is_empty() => return remove(resource),
            policy => (
                Service::Iam,
                "PutRolePolicy",
                json!({"RoleName": after.text("role"), "PolicyName": after.text("name"), "PolicyDocument": policy}),
            ),
        },
        ("aws_cloudwatch_event_rule", _) => (Service::EventBridge, "PutRule", rule(after)),
        ("aws_cloudwatch_event_target", _) => (
            Service::EventBridge,
            "PutTargets",
            given(json!({
                "Rule": after.text("rule"), "EventBusName": after.text("event_bus_name"), "Targets": [target(after)],
            })),
        ),
        ("aws_sns_topic_subscription", _) => {
            let (name, value) = match argument {
                "filter_policy" => ("FilterPolicy", after.text(argument)),
                "redrive_policy" => ("RedrivePolicy", after.text(argument)),
                "raw_message_delivery" => ("RawMessageDelivery", after.get(argument).to_string()),
                _ => return None,
            };
            // An empty filter policy lets every message pass.
            let value = if name == "FilterPolicy" && value.is_empty() { "{}".to_owned() } else { value };
            (
                Service::Sns,
                "SetSubscriptionAttributes",
                json!({"SubscriptionArn": resource.arn, "AttributeName": name, "AttributeValue": value}),
            )
        }
        ("aws_lambda_function", "reserved_concurrent_executions") => (
            Service::Lambda,
            "PutFunctionConcurrency",
            json!({"FunctionName": after.text("function_name"), "ReservedConcurrentExecutions": after.get(argument)}),
        ),
        ("aws_lambda_function", "timeout") => (
            Service::Lambda,
            "UpdateFunctionConfiguration",
            json!({"FunctionName": after.text("function_name"), "Timeout": after.get(argument)}),
        ),
        ("aws_lambda_function", "environment") => (
            Service::Lambda,
            "UpdateFunctionConfiguration",
            json!({
                "FunctionName": after.text("function_name"),
                "Environment": {"Variables": after.block(argument)["variables"].clone()},
            }),
        ),
        ("aws_lambda_event_source_mapping", "enabled") => {
            (Service::Lambda, "UpdateEventSourceMapping", json!({"UUID": after.text("uuid"), "Enabled": false}))
        }
        ("aws_lambda_event_source_mapping", "function_response_types") => (
            Service::Lambda,
            "UpdateEventSourceMapping",
            json!({"UUID": after.text("uuid"), "FunctionResponseTypes": after.get(argument)}),
        ),
        ("aws_cloudwatch_metric_alarm", _) => (Service::CloudWatch, "PutMetricAlarm", alarm(after)),
        ("aws_cloudwatch_log_metric_filter", _) => (Service::Logs, "PutMetricFilter", metric_filter(after)),
        _ => return None,
    })
}

fn rule(after: &Attributes<'_>) -> Value {
    given(json!({
        "Name": after.text("name"),
        "EventBusName": after.text("event_bus_name"),
        "EventPattern": after.text("event_pattern"),
        "ScheduleExpression": after.text("schedule_expression"),
        "State": after.text("state"),
        "Description": after.text("description"),
        "RoleArn": after.text("role_arn"),
    }))
}

fn target(after: &Attributes<'_>) -> Value {
    let transformer = after.block("input_transformer");
    let retry = after.block("retry_policy");
    let queue = after.block("dead_letter_config");
    let when = |block: &Value, value: Value| if block.is_null() { Value::Null } else { value };
    given(json!({
        "Id": after.text("target_id"),
        "Arn": after.text("arn"),
        "RoleArn": after.text("role_arn"),
        "Input": after.text("input"),
        "InputPath": after.text("input_path"),
        "InputTransformer": when(&transformer, json!({
            "InputPathsMap": transformer["input_paths"], "InputTemplate": transformer["input_template"],
        })),
        "RetryPolicy": when(&retry, json!({
            "MaximumRetryAttempts": retry["maximum_retry_attempts"],
            "MaximumEventAgeInSeconds": retry["maximum_event_age_in_seconds"],
        })),
        "DeadLetterConfig": when(&queue, json!({"Arn": queue["arn"]})),
    }))
}

fn alarm(after: &Attributes<'_>) -> Value {
    let dimensions = after.get("dimensions");
    let dimensions: Vec<Value> = dimensions
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, value)| json!({"Name": name, "Value": value}))
        .collect();
    // Zero and an empty unit are how the provider's state writes "not given".
    let count = |name: &str| Some(after.get(name)).filter(|value| value != 0).unwrap_or(Value::Null);
    given(json!({
        "AlarmName": after.text("alarm_name"),
        "AlarmDescription": after.text("alarm_description"),
        "Namespace": after.text("namespace"),
        "MetricName": after.text("metric_name"),
        "Dimensions": dimensions,
        "Statistic": after.text("statistic"),
        "Unit": after.text("unit"),
        "Period": count("period"),
        "EvaluationPeriods": count("evaluation_periods"),
        "DatapointsToAlarm": count("datapoints_to_alarm"),
        "Threshold": after.get("threshold"),
        "ComparisonOperator": after.text("comparison_operator"),
        "TreatMissingData": after.text("treat_missing_data"),
        "ActionsEnabled": after.get("actions_enabled"),
        "AlarmActions": after.get("alarm_actions"),
        "OKActions": after.get("ok_actions"),
        "InsufficientDataActions": after.get("insufficient_data_actions"),
    }))
}

fn metric_filter(after: &Attributes<'_>) -> Value {
    let transformation = after.block("metric_transformation");
    let default = transformation["default_value"].as_str().and_then(|text| text.parse::<f64>().ok());
    json!({
        "logGroupName": after.text("log_group_name"),
        "filterName": after.text("name"),
        "filterPattern": after.text("pattern"),
        "metricTransformations": [given(json!({
            "metricName": transformation["name"],
            "metricNamespace": transformation["namespace"],
            "metricValue": transformation["value"],
            "unit": Some(&transformation["unit"]).filter(|unit| *unit != "None"),
            "defaultValue": default,
        }))],
    })
}
