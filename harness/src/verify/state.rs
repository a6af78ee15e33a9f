//! The twin as a state of Terraform, from which mutants are derived.

use std::collections::BTreeMap;

use rootwatch_cloud::Arn;
use rootwatch_cloud::services::sqs;
use serde_json::{Map, Value, json};

/// A call that the twin has taken.
pub(super) struct Made {
    /// The account.
    pub(super) account: String,
    /// The Region.
    pub(super) region: String,
    /// The resource, as in the snapshot.
    pub(super) key: String,
    /// The operation.
    pub(super) operation: &'static str,
    /// Its input.
    pub(super) input: Value,
    /// Its output.
    pub(super) output: Value,
}

/// A state of format 4 with the resources that the calls created. Addresses have the ARN as the instance key:
/// `aws_sqs_queue.live["arn:aws:sqs:us-east-1:999988887777:rootwatch-triage"]`.
pub(super) fn terraform_state(made: &[Made]) -> String {
    let mut resources = Resources::default();
    for made in made {
        resources.add(made);
    }
    let instance = |((kind, key), (provider, attributes)): ((&str, String), (String, Value))| {
        json!({
            "mode": "managed", "type": kind, "name": "live", "provider": provider,
            "instances": [{"index_key": key, "attributes": attributes}],
        })
    };
    let resources: Vec<Value> = resources.0.into_iter().map(instance).collect();
    json!({"version": 4, "resources": resources}).to_string()
}

/// By type and instance key: the provider configuration and the attributes.
#[derive(Default)]
struct Resources(BTreeMap<(&'static str, String), (String, Value)>);

impl Resources {
    fn add(&mut self, made: &Made) {
        let Made { account, region, key, operation, input, output } = made;
        let provider = format!("live.{account}.{region}");
        let mut add = |kind, key: String, attributes: Value| {
            let (_, known) = self.0.entry((kind, key)).or_insert_with(|| (provider.clone(), json!({})));
            if let (Value::Object(known), Value::Object(more)) = (known, attributes) {
                known.extend(more.into_iter().filter(|(_, value)| !value.is_null()));
            }
        };
        let of = |name: &str| format!("{key} {}", input[name].as_str().unwrap_or_default());
        match *operation {
            "CreateQueue" => {
                let settings = &input["Attributes"];
                add(
                    "aws_sqs_queue",
                    key.clone(),
                    json!({
                        "arn": key, "name": input["QueueName"], "url": sqs::url(&Arn::new(key.as_str())),
                        "visibility_timeout_seconds": scalar(&settings["VisibilityTimeout"]),
                        "message_retention_seconds": scalar(&settings["MessageRetentionPeriod"]),
                        "kms_master_key_id": settings["KmsMasterKeyId"],
                    }),
                );
            }
            "SetQueueAttributes" => {
                let set = &input["Attributes"];
                let attributes = json!({"policy": set["Policy"], "redrive_policy": set["RedrivePolicy"]});
                add("aws_sqs_queue", key.clone(), attributes);
            }
            "CreateTopic" => add("aws_sns_topic", key.clone(), json!({"arn": key, "name": input["Name"]})),
            "SetTopicAttributes" => match input["AttributeName"].as_str() {
                Some("Policy") => {
                    let attributes = json!({"arn": key, "policy": input["AttributeValue"]});
                    add("aws_sns_topic_policy", key.clone(), attributes);
                }
                Some("KmsMasterKeyId") => {
                    let attributes = json!({"kms_master_key_id": input["AttributeValue"]});
                    add("aws_sns_topic", key.clone(), attributes);
                }
                _ => {}
            },
            "Subscribe" => {
                let settings = &input["Attributes"];
                let attributes = json!({
                    "arn": output["SubscriptionArn"], "topic_arn": input["TopicArn"], "protocol": input["Protocol"],
                    "endpoint": input["Endpoint"], "filter_policy": settings["FilterPolicy"],
                    "raw_message_delivery": settings["RawMessageDelivery"] == "true",
                    "redrive_policy": settings["RedrivePolicy"],
                });
                add("aws_sns_topic_subscription", key.clone(), attributes);
            }
            "CreateFunction" => {
                let attributes = json!({
                    "arn": key, "function_name": input["FunctionName"], "role": input["Role"],
                    "timeout": input["Timeout"], "environment": [{"variables": input["Environment"]["Variables"]}],
                });
                add("aws_lambda_function", key.clone(), attributes);
            }
            "CreateEventSourceMapping" => {
                let attributes = json!({
                    "arn": output["EventSourceMappingArn"], "uuid": output["UUID"],
                    "event_source_arn": input["EventSourceArn"], "function_arn": input["FunctionName"],
                    "enabled": input["Enabled"], "function_response_types": input["FunctionResponseTypes"],
                });
                add("aws_lambda_event_source_mapping", key.clone(), attributes);
            }
            "CreateEventBus" => {
                add("aws_cloudwatch_event_bus", key.clone(), json!({"arn": key, "name": input["Name"]}))
            }
            "PutPermission" => {
                let attributes = json!({"event_bus_name": input["EventBusName"], "policy": input["Policy"]});
                add("aws_cloudwatch_event_bus_policy", key.clone(), attributes);
            }
            "PutRule" => {
                let attributes = json!({
                    "arn": key, "name": input["Name"], "event_bus_name": input["EventBusName"],
                    "event_pattern": input["EventPattern"], "schedule_expression": input["ScheduleExpression"],
                    "state": input["State"], "role_arn": input["RoleArn"],
                });
                add("aws_cloudwatch_event_rule", key.clone(), attributes);
            }
            "PutTargets" => {
                for target in input["Targets"].as_array().into_iter().flatten() {
                    let id = target["Id"].as_str().unwrap_or_default();
                    add("aws_cloudwatch_event_target", format!("{key} {id}"), target_attributes(input, target));
                }
            }
            "CreateRole" => {
                let trust = &input["AssumeRolePolicyDocument"];
                let attributes = json!({"arn": key, "name": input["RoleName"], "assume_role_policy": trust});
                add("aws_iam_role", key.clone(), attributes);
            }
            "PutRolePolicy" => {
                let document = &input["PolicyDocument"];
                let attributes = json!({"role": input["RoleName"], "name": input["PolicyName"], "policy": document});
                add("aws_iam_role_policy", of("PolicyName"), attributes);
            }
            "AttachRolePolicy" => {
                let attributes = json!({"role": input["RoleName"], "policy_arn": input["PolicyArn"]});
                add("aws_iam_role_policy_attachment", of("PolicyArn"), attributes);
            }
            "CreateKey" => {
                let key = &output["KeyMetadata"];
                let attributes = json!({"arn": key["Arn"], "key_id": key["KeyId"], "is_enabled": true});
                add("aws_kms_key", made.key.clone(), attributes);
            }
            "PutKeyPolicy" => add("aws_kms_key", key.clone(), json!({"policy": input["Policy"]})),
            "PutResourcePolicy" => {
                let attributes = json!({"arn": key, "secret_arn": key, "policy": input["ResourcePolicy"]});
                add("aws_secretsmanager_secret_policy", key.clone(), attributes);
            }
            "CreateTable" => add("aws_dynamodb_table", key.clone(), json!({"arn": key, "name": input["TableName"]})),
            "PutMetricFilter" => add("aws_cloudwatch_log_metric_filter", key.clone(), metric_filter_attributes(input)),
            "PutMetricAlarm" => add("aws_cloudwatch_metric_alarm", key.clone(), alarm_attributes(key, input)),
            _ => {}
        }
    }
}

/// SQS and CloudWatch write numbers and truth values as texts.
fn scalar(value: &Value) -> Value {
    value.as_str().map_or_else(|| value.clone(), |text| serde_json::from_str(text).unwrap_or_default())
}

/// A nested block, if there is one.
fn block(of: &Value, attributes: Value) -> Value {
    if of.is_null() { Value::Null } else { json!([attributes]) }
}

fn target_attributes(input: &Value, target: &Value) -> Value {
    let (transformer, retry, queue) =
        (&target["InputTransformer"], &target["RetryPolicy"], &target["DeadLetterConfig"]);
    json!({
        "rule": input["Rule"], "event_bus_name": input["EventBusName"], "target_id": target["Id"],
        "arn": target["Arn"], "role_arn": target["RoleArn"], "input": target["Input"],
        "input_path": target["InputPath"],
        "input_transformer": block(transformer, json!({
            "input_paths": transformer["InputPathsMap"], "input_template": transformer["InputTemplate"],
        })),
        "retry_policy": block(retry, json!({
            "maximum_retry_attempts": retry["MaximumRetryAttempts"],
            "maximum_event_age_in_seconds": retry["MaximumEventAgeInSeconds"],
        })),
        "dead_letter_config": block(queue, json!({"arn": queue["Arn"]})),
    })
}

fn metric_filter_attributes(input: &Value) -> Value {
    let transformation = &input["metricTransformations"][0];
    let default = &transformation["defaultValue"];
    json!({
        "log_group_name": input["logGroupName"], "name": input["filterName"], "pattern": input["filterPattern"],
        "metric_transformation": [{
            "name": transformation["metricName"], "namespace": transformation["metricNamespace"],
            "value": transformation["metricValue"], "unit": transformation["unit"].as_str().unwrap_or("None"),
            "default_value": if default.is_null() { Value::Null } else { default.to_string().into() },
        }],
    })
}

fn alarm_attributes(arn: &str, input: &Value) -> Value {
    let dimensions = input["Dimensions"].as_array().into_iter().flatten();
    let dimensions: Map<String, Value> = dimensions
        .filter_map(|dimension| Some((dimension["Name"].as_str()?.to_owned(), dimension["Value"].clone())))
        .collect();
    json!({
        "arn": arn, "alarm_name": input["AlarmName"], "namespace": input["Namespace"],
        "metric_name": input["MetricName"], "dimensions": dimensions, "statistic": input["Statistic"],
        "unit": input["Unit"], "period": scalar(&input["Period"]), "evaluation_periods": scalar(&input["EvaluationPeriods"]),
        "datapoints_to_alarm": scalar(&input["DatapointsToAlarm"]), "threshold": scalar(&input["Threshold"]),
        "comparison_operator": input["ComparisonOperator"], "treat_missing_data": input["TreatMissingData"],
        "actions_enabled": scalar(&input["ActionsEnabled"]), "alarm_actions": input["AlarmActions"],
        "ok_actions": input["OKActions"], "insufficient_data_actions": input["InsufficientDataActions"],
    })
}
