//! The service control policies of `modules/scp`: calls of root users and administrators that would harm the monitor.
//!
//! The calls follow from Terraform's states of the hub and the spoke, so a resource that is added later is attacked too. A
//! resource type without an entry here fails the test.

use std::collections::BTreeSet;
use std::sync::Arc;

use rootwatch::deployment::{Accounts, Lifecycle, SIGN_IN_REGIONS};
use rootwatch_cloud::api::{ApiError, Service};
use rootwatch_cloud::runtime::CodeStore;
use rootwatch_cloud::{Clock, Cloud, Options, State};
use serde_json::{Value, json};

/// A call in the account and Region of the attacked resource.
struct Attack {
    account: String,
    region: String,
    service: Service,
    operation: &'static str,
    params: Value,
}

/// Attacks every resource as the root user and as an administrator; what succeeds, or fails for another reason.
pub(super) async fn unprotected(lifecycle: &Lifecycle) -> Result<Vec<String>, String> {
    let deployment = &lifecycle.deployment;
    let accounts = &deployment.facts.accounts;
    let attacks = attacks(lifecycle, accounts)?;
    let cloud = fork(&lifecycle.protected, &deployment.code).await?;
    let mut found = Vec::new();
    for account in [&accounts.hub, &accounts.spoke] {
        let root = format!("AKIAROOT{account}");
        for attack in attacks.iter().filter(|attack| attack.account == *account) {
            for (who, access_key) in [("the root user", &root), ("an administrator", account)] {
                let answer = attempt(&cloud, access_key, attack);
                let denied = answer.as_ref().is_err_and(denied_by_policy);
                if !denied {
                    found.push(format!("{who} of {account}, {}: {attack:?}: {answer:?}", attack.region));
                }
            }
        }
    }
    // Without the policies the same calls reach the resources, so it is the policies that deny them.
    let cloud = fork(&lifecycle.protected, &deployment.code).await?;
    detach_policies(&cloud, accounts)?;
    for attack in &attacks {
        if let Err(error) = attempt(&cloud, &attack.account, attack)
            && error.code.contains("Denied")
        {
            found.push(format!("denied without the policies: {attack:?}: {error}"));
        }
    }
    Ok(found)
}

impl std::fmt::Debug for Attack {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{} {}", self.service.name(), self.operation, self.params)
    }
}

async fn fork(state: &State, code: &Arc<CodeStore>) -> Result<Cloud, String> {
    let options = Options { clock: Clock::Owned, port: 0, code: Arc::clone(code), host_variables: Vec::new() };
    Cloud::start(state.clone(), options).await.map_err(|error| error.to_string())
}

fn attempt(cloud: &Cloud, access_key: &str, attack: &Attack) -> Result<Value, ApiError> {
    cloud.api(access_key, &attack.region, attack.service, attack.operation, attack.params.clone())
}

fn denied_by_policy(error: &ApiError) -> bool {
    error.to_string().contains("explicit deny in a service control policy")
}

fn detach_policies(cloud: &Cloud, accounts: &Accounts) -> Result<(), String> {
    let call = |operation, params| {
        let answer = cloud.api(&accounts.management, "us-east-1", Service::Organizations, operation, params);
        answer.map_err(|error| format!("{operation}: {error}"))
    };
    let policies = call("ListPolicies", json!({"Filter": "SERVICE_CONTROL_POLICY"}))?;
    for policy in policies["Policies"].as_array().into_iter().flatten().filter(|policy| policy["AwsManaged"] != true) {
        let targets = call("ListTargetsForPolicy", json!({"PolicyId": policy["Id"]}))?;
        for target in targets["Targets"].as_array().into_iter().flatten() {
            call("DetachPolicy", json!({"PolicyId": policy["Id"], "TargetId": target["TargetId"]}))?;
        }
    }
    Ok(())
}

fn attacks(lifecycle: &Lifecycle, accounts: &Accounts) -> Result<Vec<Attack>, String> {
    let (mut attacks, mut unknown, mut types) = (Vec::new(), BTreeSet::new(), BTreeSet::new());
    for (directory, account) in [("hub-only", &accounts.hub), ("spoke-only", &accounts.spoke)] {
        let resources = lifecycle.states[directory]["resources"].as_array().cloned().unwrap_or_default();
        for resource in resources.iter().filter(|resource| resource["mode"] == "managed") {
            let kind = resource["type"].as_str().unwrap_or_default();
            let region = region_of(resource, &accounts.hub_region);
            types.insert(kind.to_owned());
            for instance in resource["instances"].as_array().into_iter().flatten() {
                let Some(calls) = calls(kind, &instance["attributes"]) else {
                    unknown.insert(kind.to_owned());
                    continue;
                };
                attacks.extend(calls.into_iter().map(|(service, operation, params)| Attack {
                    account: account.clone(),
                    region: region.clone(),
                    service,
                    operation,
                    params,
                }));
            }
        }
        attacks.extend(around(account, accounts, &lifecycle.deployment.facts.slack_secret));
    }
    if !unknown.is_empty() {
        return Err(format!("no calls are known that would harm a resource of these types: {unknown:?}"));
    }
    if types.len() < 15 || attacks.len() < 200 {
        return Err(format!("{} calls on resources of {} types", attacks.len(), types.len()));
    }
    Ok(attacks)
}

/// The alias of a provider ends in the Region, with underscores; an alias without one is that of the hub's Region.
fn region_of(resource: &Value, hub_region: &str) -> String {
    let alias = resource["provider"].as_str().unwrap_or_default();
    let named = SIGN_IN_REGIONS.into_iter().find(|region| alias.ends_with(&region.replace('-', "_")));
    named.unwrap_or(hub_region).to_owned()
}

type Call = (Service, &'static str, Value);

/// Dependencies of the monitor that are not its own resources: the trail, the deployment role, the secrets, the role names.
fn around(account: &str, accounts: &Accounts, secret: &str) -> Vec<Attack> {
    let trust = json!({"Version": "2012-10-17", "Statement": []}).to_string();
    let deploy = accounts.deploy_role_name.as_str();
    let mut calls: Vec<Call> = vec![
        (Service::Iam, "DeleteRolePolicy", json!({"RoleName": deploy, "PolicyName": "deploy"})),
        (Service::Iam, "PutRolePolicy", json!({"RoleName": deploy, "PolicyName": "deny", "PolicyDocument": trust})),
        (Service::Iam, "UpdateAssumeRolePolicy", json!({"RoleName": deploy, "PolicyDocument": trust})),
        (Service::Iam, "CreateRole", json!({"RoleName": "rootwatch-delivery-mine", "AssumeRolePolicyDocument": trust})),
    ];
    if account == accounts.hub {
        let role = json!({"RoleName": "rootwatch-mine", "AssumeRolePolicyDocument": trust});
        calls.extend([
            (Service::CloudTrail, "StopLogging", json!({"Name": "all"})),
            (Service::CloudTrail, "UpdateTrail", json!({"Name": "all", "IsMultiRegionTrail": false})),
            (Service::CloudTrail, "DeleteTrail", json!({"Name": "all"})),
            (Service::Iam, "CreateRole", role),
            (
                Service::SecretsManager,
                "PutSecretValue",
                json!({
                    "SecretId": secret,
                    "SecretString": "mine",
                    "ClientRequestToken": "01234567-89ab-cdef-0123-456789abcdef",
                }),
            ),
            (Service::SecretsManager, "DeleteSecret", json!({"SecretId": secret})),
        ]);
    }
    let attack = |(service, operation, params)| Attack {
        account: account.to_owned(),
        region: accounts.hub_region.clone(),
        service,
        operation,
        params,
    };
    calls.into_iter().map(attack).collect()
}

/// The calls that would harm a resource, by the type and the attributes that Terraform knows.
fn calls(kind: &str, of: &Value) -> Option<Vec<Call>> {
    use Service::{CloudWatch, DynamoDb, EventBridge, Iam, Kms, Lambda, Logs, Sns, Sqs};
    let policy = json!({"Version": "2012-10-17", "Statement": []}).to_string();
    Some(match kind {
        "aws_cloudwatch_event_rule" => {
            let (name, bus) = (&of["name"], &of["event_bus_name"]);
            vec![
                (EventBridge, "DisableRule", json!({"Name": name, "EventBusName": bus})),
                (EventBridge, "DeleteRule", json!({"Name": name, "EventBusName": bus})),
                (EventBridge, "PutRule", json!({"Name": name, "EventBusName": bus, "EventPattern": "{\"a\": [1]}"})),
            ]
        }
        "aws_cloudwatch_event_target" => {
            let (rule, bus, id) = (&of["rule"], &of["event_bus_name"], &of["target_id"]);
            let target = json!({"Id": id, "Arn": "arn:aws:sqs:us-east-1:111122223333:mine"});
            vec![
                (EventBridge, "RemoveTargets", json!({"Rule": rule, "EventBusName": bus, "Ids": [id]})),
                (EventBridge, "PutTargets", json!({"Rule": rule, "EventBusName": bus, "Targets": [target]})),
            ]
        }
        "aws_cloudwatch_event_bus" => vec![
            (EventBridge, "DeleteEventBus", json!({"Name": of["name"]})),
            (EventBridge, "UpdateEventBus", json!({"Name": of["name"], "Description": "mine"})),
        ],
        "aws_cloudwatch_event_bus_policy" => vec![
            (
                EventBridge,
                "RemovePermission",
                json!({"EventBusName": of["event_bus_name"], "RemoveAllPermissions": true}),
            ),
            (EventBridge, "PutPermission", json!({"EventBusName": of["event_bus_name"], "Policy": policy})),
        ],
        "aws_cloudwatch_metric_alarm" => {
            let name = &of["alarm_name"];
            let state = json!({"AlarmName": name, "StateValue": "OK", "StateReason": "mine"});
            let alarm = json!({
                "AlarmName": name, "EvaluationPeriods": "1", "ComparisonOperator": "GreaterThanThreshold",
                "Threshold": "9", "MetricName": "m", "Namespace": "n", "Period": "60", "Statistic": "Sum",
            });
            vec![
                (CloudWatch, "DeleteAlarms", json!({"AlarmNames": [name]})),
                (CloudWatch, "DisableAlarmActions", json!({"AlarmNames": [name]})),
                (CloudWatch, "PutMetricAlarm", alarm),
                (CloudWatch, "SetAlarmState", state),
            ]
        }
        "aws_cloudwatch_log_metric_filter" => {
            let (group, name) = (&of["log_group_name"], &of["name"]);
            let transformation = json!({"metricName": "m", "metricNamespace": "n", "metricValue": "0"});
            let filter = json!({
                "logGroupName": group, "filterName": name, "filterPattern": "nothing",
                "metricTransformations": [transformation],
            });
            vec![
                (Logs, "DeleteMetricFilter", json!({"logGroupName": group, "filterName": name})),
                (Logs, "PutMetricFilter", filter),
                (Logs, "DeleteLogGroup", json!({"logGroupName": group})),
            ]
        }
        "aws_cloudwatch_log_group" => vec![
            (Logs, "DeleteLogGroup", json!({"logGroupName": of["name"]})),
            (Logs, "PutRetentionPolicy", json!({"logGroupName": of["name"], "retentionInDays": 1})),
        ],
        // A saved query: no alert depends on it.
        "aws_cloudwatch_query_definition" => Vec::new(),
        "aws_iam_role" => vec![
            (Iam, "DeleteRole", json!({"RoleName": of["name"]})),
            (Iam, "UpdateAssumeRolePolicy", json!({"RoleName": of["name"], "PolicyDocument": policy})),
            (
                Iam,
                "PutRolePermissionsBoundary",
                json!({"RoleName": of["name"], "PermissionsBoundary": "arn:aws:iam::aws:policy/ReadOnlyAccess"}),
            ),
            (
                Iam,
                "AttachRolePolicy",
                json!({"RoleName": of["name"], "PolicyArn": "arn:aws:iam::aws:policy/AdministratorAccess"}),
            ),
        ],
        "aws_iam_role_policy" => vec![
            (Iam, "DeleteRolePolicy", json!({"RoleName": of["role"], "PolicyName": of["name"]})),
            (Iam, "PutRolePolicy", json!({"RoleName": of["role"], "PolicyName": of["name"], "PolicyDocument": policy})),
        ],
        "aws_sqs_queue" => {
            let url = &of["url"];
            let permission =
                json!({"QueueUrl": url, "Label": "mine", "AWSAccountIds": ["111122223333"], "Actions": ["*"]});
            vec![
                (Sqs, "DeleteQueue", json!({"QueueUrl": url})),
                (Sqs, "PurgeQueue", json!({"QueueUrl": url})),
                (Sqs, "SetQueueAttributes", json!({"QueueUrl": url, "Attributes": {"Policy": ""}})),
                (Sqs, "AddPermission", permission),
                (Sqs, "ReceiveMessage", json!({"QueueUrl": url})),
                (Sqs, "DeleteMessage", json!({"QueueUrl": url, "ReceiptHandle": "mine"})),
            ]
        }
        "aws_sns_topic" | "aws_sns_topic_policy" => {
            let topic = &of["arn"];
            let attribute = json!({"TopicArn": topic, "AttributeName": "Policy", "AttributeValue": policy});
            vec![
                (Sns, "DeleteTopic", json!({"TopicArn": topic})),
                (Sns, "SetTopicAttributes", attribute),
                (Sns, "RemovePermission", json!({"TopicArn": topic, "Label": "LetIamPoliciesDecide"})),
                (Sns, "Publish", json!({"TopicArn": topic, "Message": "mine"})),
            ]
        }
        // A subscription that is not confirmed has no ARN, and no call can name it.
        "aws_sns_topic_subscription" if of["arn"].as_str().is_none_or(|arn| !arn.starts_with("arn:")) => Vec::new(),
        "aws_sns_topic_subscription" => {
            let subscription = &of["arn"];
            let attribute = json!({
                "SubscriptionArn": subscription, "AttributeName": "FilterPolicy", "AttributeValue": "{\"a\": [\"b\"]}",
            });
            vec![
                (Sns, "Unsubscribe", json!({"SubscriptionArn": subscription})),
                (Sns, "SetSubscriptionAttributes", attribute),
            ]
        }
        "aws_kms_key" => vec![
            (Kms, "DisableKey", json!({"KeyId": of["arn"]})),
            (Kms, "ScheduleKeyDeletion", json!({"KeyId": of["arn"], "PendingWindowInDays": 7})),
            (Kms, "PutKeyPolicy", json!({"KeyId": of["arn"], "PolicyName": "default", "Policy": policy})),
        ],
        "aws_kms_alias" => vec![(Kms, "DeleteAlias", json!({"AliasName": of["name"]}))],
        "aws_lambda_function" => {
            let name = &of["function_name"];
            let concurrency = json!({"FunctionName": name, "ReservedConcurrentExecutions": 0});
            vec![
                (Lambda, "DeleteFunction", json!({"FunctionName": name})),
                (Lambda, "PutFunctionConcurrency", concurrency),
                (Lambda, "UpdateFunctionCode", json!({"FunctionName": name, "ZipFile": "UEsFBg=="})),
                (Lambda, "UpdateFunctionConfiguration", json!({"FunctionName": name, "Timeout": 1})),
            ]
        }
        "aws_lambda_event_source_mapping" => vec![
            (Lambda, "UpdateEventSourceMapping", json!({"UUID": of["uuid"], "Enabled": false})),
            (Lambda, "DeleteEventSourceMapping", json!({"UUID": of["uuid"]})),
        ],
        "aws_dynamodb_table" => vec![
            (DynamoDb, "DeleteTable", json!({"TableName": of["name"]})),
            (DynamoDb, "UpdateTimeToLive", {
                let specification = json!({"AttributeName": "id", "Enabled": true});
                json!({"TableName": of["name"], "TimeToLiveSpecification": specification})
            }),
        ],
        _ => return None,
    })
}
