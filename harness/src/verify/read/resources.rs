//! How each kind of resource is read.

use std::collections::BTreeSet;

use rootwatch_cloud::Arn;
use rootwatch_cloud::services::sqs;
use serde_json::{Value, json};

use super::super::client::text;
use super::{Code, Read, Reading, Stage, Step, call, picked, place};

impl Reading<'_> {
    pub(super) async fn queue(&mut self, arn: &Arn) -> Read {
        let (account, region) = place(arn);
        let place = (account.as_str(), region.as_str());
        let found = self.call(place, "sqs", "GetQueueUrl", json!({"QueueName": arn.name()})).await?;
        let asked = json!({"QueueUrl": found["QueueUrl"], "AttributeNames": ["All"]});
        let found = self.call(place, "sqs", "GetQueueAttributes", asked).await?;
        let attributes = &found["Attributes"];
        match text(attributes, "ApproximateNumberOfMessages") {
            "" | "0" => {}
            count => drop(self.messages.insert(arn.to_string(), count.to_owned())),
        }
        let settings = picked(
            attributes,
            &[
                "DelaySeconds",
                "MaximumMessageSize",
                "MessageRetentionPeriod",
                "ReceiveMessageWaitTimeSeconds",
                "VisibilityTimeout",
                "KmsMasterKeyId",
                "KmsDataKeyReusePeriodSeconds",
            ],
        );
        let policies = picked(attributes, &["Policy", "RedrivePolicy", "RedriveAllowPolicy"]);
        let mut steps = vec![(
            Stage::Resource,
            call("sqs", "CreateQueue", json!({"QueueName": arn.name(), "Attributes": settings})),
        )];
        if policies != json!({}) {
            let set = json!({"QueueUrl": sqs::url(arn), "Attributes": policies});
            steps.push((Stage::Policy, call("sqs", "SetQueueAttributes", set)));
        }
        self.add(arn.as_str(), &account, &region, steps);
        self.enqueue_key(text(attributes, "KmsMasterKeyId"), &account, &region);
        let redrive: Value = serde_json::from_str(text(attributes, "RedrivePolicy")).unwrap_or_default();
        self.dead_letter_queue(text(&redrive, "deadLetterTargetArn"));
        self.mappings(arn).await
    }

    /// The event source mappings of a queue.
    async fn mappings(&mut self, queue: &Arn) -> Read {
        let (account, region) = place(queue);
        let encoded = encoded(queue.as_str());
        let path = format!("/2015-03-31/event-source-mappings?EventSourceArn={encoded}");
        let asked = json!({"path": path});
        let found = self.call((&account, &region), "lambda", "ListEventSourceMappings", asked).await?;
        for mapping in found["EventSourceMappings"].as_array().into_iter().flatten() {
            let function = text(mapping, "FunctionArn");
            let mut made = picked(
                mapping,
                &[
                    "EventSourceArn",
                    "BatchSize",
                    "MaximumBatchingWindowInSeconds",
                    "FunctionResponseTypes",
                    "FilterCriteria",
                    "ScalingConfig",
                ],
            );
            made["FunctionName"] = function.into();
            made["Enabled"] = matches!(text(mapping, "State"), "Enabled" | "Enabling" | "Creating" | "Updating").into();
            let steps = vec![(Stage::Connection, call("lambda", "CreateEventSourceMapping", made))];
            self.add(&format!("{queue} to {function}"), &account, &region, steps);
            self.enqueue(function);
        }
        Ok(())
    }

    pub(super) async fn topic(&mut self, arn: &Arn) -> Read {
        let (account, region) = place(arn);
        let place = (account.as_str(), region.as_str());
        let found = self.call(place, "sns", "GetTopicAttributes", json!({"TopicArn": arn})).await?;
        let attributes = &found["Attributes"];
        let mut steps = vec![(Stage::Resource, call("sns", "CreateTopic", json!({"Name": arn.name()})))];
        for name in ["KmsMasterKeyId", "Policy", "DeliveryPolicy"] {
            let value = text(attributes, name);
            if !value.is_empty() {
                let set = json!({"TopicArn": arn, "AttributeName": name, "AttributeValue": value});
                steps.push((Stage::Policy, call("sns", "SetTopicAttributes", set)));
            }
        }
        self.add(arn.as_str(), &account, &region, steps);
        self.enqueue_key(text(attributes, "KmsMasterKeyId"), &account, &region);
        let token = ("Subscriptions", "NextToken", "NextToken");
        let asked = json!({"TopicArn": arn});
        for subscription in self.pages(place, "sns", "ListSubscriptionsByTopic", asked, token).await? {
            self.subscription(arn, &subscription).await?;
        }
        Ok(())
    }

    async fn subscription(&mut self, topic: &Arn, subscription: &Value) -> Read {
        let (account, region) = place(topic);
        let (protocol, endpoint) = (text(subscription, "Protocol"), text(subscription, "Endpoint"));
        let key = format!("{topic} to {protocol} {endpoint}");
        let arn = text(subscription, "SubscriptionArn");
        if !arn.starts_with("arn:") {
            self.finding(&key, "the subscription is not confirmed, so nothing is delivered to it");
            return Ok(());
        }
        match protocol {
            "email" | "email-json" => {}
            "sqs" if self.clients.contains_key(Arn::new(endpoint).account().as_str()) => self.enqueue(endpoint),
            "sqs" => self.not_verified(&key, "the queue is in an account that is not read"),
            _ => {
                self.not_verified(&key, format!("subscriptions of the protocol {protocol} are not modeled"));
                return Ok(());
            }
        }
        let asked = json!({"SubscriptionArn": arn});
        let found = self.call((&account, &region), "sns", "GetSubscriptionAttributes", asked).await?;
        let names = ["FilterPolicy", "FilterPolicyScope", "RawMessageDelivery", "RedrivePolicy", "DeliveryPolicy"];
        let settings = picked(&found["Attributes"], &names);
        let redrive: Value = serde_json::from_str(text(&settings, "RedrivePolicy")).unwrap_or_default();
        self.dead_letter_queue(text(&redrive, "deadLetterTargetArn"));
        let made = json!({"TopicArn": topic, "Protocol": protocol, "Endpoint": endpoint, "Attributes": settings});
        self.add(&key, &account, &region, vec![(Stage::Connection, call("sns", "Subscribe", made))]);
        Ok(())
    }

    pub(super) async fn function(&mut self, arn: &Arn) -> Read {
        let (account, region) = place(arn);
        let place = (account.as_str(), region.as_str());
        let path = format!("/2015-03-31/functions/{}", encoded(arn.as_str()));
        let found = self.call(place, "lambda", "GetFunction", json!({"path": path})).await?;
        let configuration = &found["Configuration"];
        let mut made = picked(
            configuration,
            &["FunctionName", "Runtime", "Role", "Handler", "Timeout", "MemorySize", "Architectures", "KMSKeyArn"],
        );
        let variables = &configuration["Environment"]["Variables"];
        made["Environment"] = json!({"Variables": variables});
        // The package is added where the code is known.
        let mut steps = vec![(Stage::Function, call("lambda", "CreateFunction", made))];
        let reserved = &found["Concurrency"]["ReservedConcurrentExecutions"];
        if !reserved.is_null() {
            let put = json!({"FunctionName": arn, "ReservedConcurrentExecutions": reserved});
            steps.push((Stage::End, call("lambda", "PutFunctionConcurrency", put)));
        }
        self.add(arn.as_str(), &account, &region, steps);
        let names = variables.as_object().into_iter().flatten().map(|(name, _)| name.clone()).collect();
        let code = Code { sha256: text(configuration, "CodeSha256").to_owned(), variables: names };
        self.snapshot.functions.insert(arn.to_string(), code);
        self.enqueue(text(configuration, "Role"));
        self.enqueue_key(text(configuration, "KMSKeyArn"), &account, &region);
        for (name, value) in variables.as_object().into_iter().flatten() {
            let value = value.as_str().unwrap_or_default();
            match name.as_str() {
                "COVERAGE_TABLE" | "DEDUPLICATION_TABLE" => {
                    let partition = arn.partition();
                    self.enqueue(&format!("arn:{partition}:dynamodb:{region}:{account}:table/{value}"));
                }
                _ => self.enqueue(value),
            }
        }
        self.metric_filters(&account, &region, &format!("/aws/lambda/{}", arn.name())).await
    }

    /// The monitor's functions that nothing leads to.
    pub(super) async fn other_functions(&mut self, packages: &BTreeSet<String>) -> Read {
        let (account, region) = place(self.hub_bus);
        let mut path = "/2015-03-31/functions".to_owned();
        loop {
            let found = self.call((&account, &region), "lambda", "ListFunctions", json!({"path": path})).await?;
            for function in found["Functions"].as_array().into_iter().flatten() {
                let arn = text(function, "FunctionArn");
                if packages.contains(text(function, "CodeSha256")) && !self.known.contains(arn) {
                    self.finding(
                        arn,
                        "nothing leads to the function: no queue with a subscription or a rule invokes it",
                    );
                    self.enqueue(arn);
                }
            }
            match text(&found, "NextMarker") {
                "" => return Ok(()),
                marker => path = format!("/2015-03-31/functions?Marker={}", encoded(marker)),
            }
        }
    }

    /// The metric filters of a log group.
    async fn metric_filters(&mut self, account: &str, region: &str, group: &str) -> Read {
        let token = ("metricFilters", "nextToken", "nextToken");
        let asked = json!({"logGroupName": group});
        let found = match self.pages((account, region), "logs", "DescribeMetricFilters", asked, token).await {
            // Lambda creates the group with the first line.
            Err(error) if error.code == "ResourceNotFoundException" => return Ok(()),
            found => found?,
        };
        let key = format!("{account} {region} log group {group}");
        let created = call("logs", "CreateLogGroup", json!({"logGroupName": group}));
        self.add(&key, account, region, vec![(Stage::Resource, created)]);
        for filter in found {
            let mut made = picked(&filter, &["logGroupName", "filterName", "filterPattern", "metricTransformations"]);
            if made["filterPattern"].is_null() {
                made["filterPattern"] = "".into();
            }
            for transformation in filter["metricTransformations"].as_array().into_iter().flatten() {
                let part = |name: &str| text(transformation, name).to_owned();
                let metric = [account.to_owned(), region.to_owned(), part("metricNamespace"), part("metricName")];
                self.metrics.insert(metric);
            }
            let key = format!("{key} filter {}", text(&filter, "filterName"));
            self.add(&key, account, region, vec![(Stage::Target, call("logs", "PutMetricFilter", made))]);
        }
        Ok(())
    }

    pub(super) async fn role(&mut self, arn: &Arn) -> Read {
        let (account, region) = place(arn);
        let place = (account.as_str(), region.as_str());
        let name = arn.name().to_owned();
        let found = self.call(place, "iam", "GetRole", json!({"RoleName": name})).await?;
        let role = &found["Role"];
        let trust = policy_text(text(role, "AssumeRolePolicyDocument"));
        let mut made = json!({"RoleName": name, "Path": role["Path"], "AssumeRolePolicyDocument": trust});
        let boundary = text(&role["PermissionsBoundary"], "PermissionsBoundaryArn").to_owned();
        if !boundary.is_empty() {
            self.managed_policy(place, &boundary).await?;
            made["PermissionsBoundary"] = boundary.into();
        }
        let mut steps = vec![(Stage::Policy, call("iam", "CreateRole", made))];
        let pages = ("PolicyNames", "Marker", "Marker");
        for policy in self.pages(place, "iam", "ListRolePolicies", json!({"RoleName": name}), pages).await? {
            let asked = json!({"RoleName": name, "PolicyName": policy});
            let found = self.call(place, "iam", "GetRolePolicy", asked).await?;
            let document = policy_text(text(&found, "PolicyDocument"));
            let put = json!({"RoleName": name, "PolicyName": policy, "PolicyDocument": document});
            steps.push((Stage::End, call("iam", "PutRolePolicy", put)));
        }
        let pages = ("AttachedPolicies", "Marker", "Marker");
        for policy in self.pages(place, "iam", "ListAttachedRolePolicies", json!({"RoleName": name}), pages).await? {
            let policy = text(&policy, "PolicyArn");
            self.managed_policy(place, policy).await?;
            let attach = json!({"RoleName": name, "PolicyArn": policy});
            steps.push((Stage::End, call("iam", "AttachRolePolicy", attach)));
        }
        self.add(arn.as_str(), &account, &region, steps);
        Ok(())
    }

    /// A managed policy of the account; AWS's own are known.
    async fn managed_policy(&mut self, place: (&str, &str), arn: &str) -> Read {
        if arn.contains("::aws:") || !self.known.insert(arn.to_owned()) {
            return Ok(());
        }
        let found = self.call(place, "iam", "GetPolicy", json!({"PolicyArn": arn})).await?;
        let policy = &found["Policy"];
        let asked = json!({"PolicyArn": arn, "VersionId": policy["DefaultVersionId"]});
        let found = self.call(place, "iam", "GetPolicyVersion", asked).await?;
        let document = policy_text(text(&found["PolicyVersion"], "Document"));
        let made = json!({"PolicyName": policy["PolicyName"], "Path": policy["Path"], "PolicyDocument": document});
        self.add(arn, place.0, place.1, vec![(Stage::Resource, call("iam", "CreatePolicy", made))]);
        Ok(())
    }

    /// A key as an encrypted resource names it: id, alias or ARN. Keys of AWS have no policy that matters here.
    fn enqueue_key(&mut self, key: &str, account: &str, region: &str) {
        match key {
            "" => {}
            _ if key.starts_with("alias/aws/") || key.contains(":alias/aws/") => {}
            _ if key.starts_with("arn:") => self.enqueue(key),
            _ if key.starts_with("alias/") => self.not_verified(key, "a key that is named by its alias is not modeled"),
            _ => {
                let partition = self.hub_bus.partition().to_owned();
                self.enqueue(&format!("arn:{partition}:kms:{region}:{account}:key/{key}"));
            }
        }
    }

    pub(super) async fn key(&mut self, arn: &Arn) -> Read {
        let (account, region) = place(arn);
        let place = (account.as_str(), region.as_str());
        let found = self.call(place, "kms", "DescribeKey", json!({"KeyId": arn})).await?;
        let metadata = &found["KeyMetadata"];
        if metadata["KeyManager"] == "AWS" {
            return Ok(());
        }
        let asked = json!({"KeyId": arn, "PolicyName": "default"});
        let policy = self.call(place, "kms", "GetKeyPolicy", asked).await?;
        let put = json!({"KeyId": arn, "PolicyName": "default", "Policy": policy["Policy"]});
        let mut steps = vec![(Stage::Resource, Step::Key), (Stage::End, call("kms", "PutKeyPolicy", put))];
        match text(metadata, "KeyState") {
            "Enabled" => {}
            "Disabled" => steps.push((Stage::End, call("kms", "DisableKey", json!({"KeyId": arn})))),
            other => {
                self.finding(arn.as_str(), format!("the key is in the state {other}"));
                steps.push((Stage::End, call("kms", "DisableKey", json!({"KeyId": arn}))));
            }
        }
        self.add(arn.as_str(), &account, &region, steps);
        Ok(())
    }

    pub(super) async fn secret(&mut self, arn: &Arn) -> Read {
        let (account, region) = place(arn);
        let place = (account.as_str(), region.as_str());
        let found = self.call(place, "secretsmanager", "DescribeSecret", json!({"SecretId": arn})).await?;
        if !found["DeletedDate"].is_null() {
            self.finding(arn.as_str(), "the secret is scheduled for deletion and cannot be read");
            return Ok(());
        }
        let mut steps = vec![(Stage::Resource, Step::Secret)];
        let key = text(&found, "KmsKeyId");
        if !key.is_empty() {
            let update = json!({"SecretId": arn, "KmsKeyId": key});
            steps.push((Stage::Policy, call("secretsmanager", "UpdateSecret", update)));
            self.enqueue_key(key, &account, &region);
        }
        let policy = self.call(place, "secretsmanager", "GetResourcePolicy", json!({"SecretId": arn})).await?;
        if let policy @ Value::String(_) = &policy["ResourcePolicy"] {
            let put = json!({"SecretId": arn, "ResourcePolicy": policy});
            steps.push((Stage::End, call("secretsmanager", "PutResourcePolicy", put)));
        }
        self.add(arn.as_str(), &account, &region, steps);
        Ok(())
    }

    pub(super) async fn table(&mut self, arn: &Arn) -> Read {
        let (account, region) = place(arn);
        let found =
            self.call((&account, &region), "dynamodb", "DescribeTable", json!({"TableName": arn.name()})).await?;
        let mut made = picked(&found["Table"], &["TableName", "KeySchema", "AttributeDefinitions"]);
        // Capacity has no effect on what is verified.
        made["BillingMode"] = "PAY_PER_REQUEST".into();
        self.add(arn.as_str(), &account, &region, vec![(Stage::Resource, call("dynamodb", "CreateTable", made))]);
        Ok(())
    }

    /// The alarms on what is known.
    pub(super) async fn alarms(&mut self, account: &str, region: &str) -> Read {
        let name_here = |arn: &String| {
            let arn = Arn::new(arn.as_str());
            let here = arn.account().as_str() == account && [region, ""].contains(&arn.region().as_str());
            here.then(|| arn.name().to_owned())
        };
        let names: BTreeSet<String> =
            self.known.iter().chain(self.snapshot.items.keys()).filter_map(name_here).collect();
        let token = ("MetricAlarms", "NextToken", "NextToken");
        for alarm in self.pages((account, region), "monitoring", "DescribeAlarms", json!({}), token).await? {
            let dimensions = alarm["Dimensions"].as_array().into_iter().flatten();
            let watches = dimensions.map(|dimension| text(dimension, "Value")).any(|value| names.contains(value));
            let metric = ["Namespace", "MetricName"].map(|name| text(&alarm, name).to_owned());
            let [namespace, name] = metric;
            let counted = self.metrics.contains(&[account.to_owned(), region.to_owned(), namespace, name]);
            if !watches && !counted {
                continue;
            }
            let arn = text(&alarm, "AlarmArn");
            if alarm["MetricName"].is_null() {
                self.not_verified(arn, "an alarm on a metric expression is not modeled");
                continue;
            }
            if text(&alarm, "StateValue") == "ALARM" {
                self.finding(arn, format!("the alarm is raised: {}", text(&alarm, "StateReason")));
            }
            let names = [
                "AlarmName",
                "ActionsEnabled",
                "OKActions",
                "AlarmActions",
                "InsufficientDataActions",
                "MetricName",
                "Namespace",
                "Statistic",
                "ExtendedStatistic",
                "Dimensions",
                "Period",
                "Unit",
                "EvaluationPeriods",
                "DatapointsToAlarm",
                "Threshold",
                "ComparisonOperator",
                "TreatMissingData",
            ];
            let made = picked(&alarm, &names);
            for actions in ["AlarmActions", "OKActions"] {
                for action in alarm[actions].as_array().into_iter().flatten().filter_map(Value::as_str) {
                    self.enqueue(action);
                }
            }
            self.add(arn, account, region, vec![(Stage::Watch, call("cloudwatch", "PutMetricAlarm", made))]);
        }
        Ok(())
    }

    /// The trails that log the events of an account in a Region.
    pub(super) async fn trails(&mut self, account: &str, region: &str) -> Read {
        let place = (account, region);
        let found = match self.call(place, "cloudtrail", "DescribeTrails", json!({})).await {
            Ok(found) => found,
            // Without a trail nothing behind it could be verified.
            Err(error) => {
                let here = format!("{account} {region}");
                self.finding(
                    &here,
                    format!("the trails could not be read: {error}; one that logs everything is assumed"),
                );
                let assumed = vec![(Stage::Watch, Step::Trail("assumed".to_owned()))];
                self.add(&format!("assumed trail of {here}"), account, region, assumed);
                return Ok(());
            }
        };
        let mut logs = false;
        for trail in found["trailList"].as_array().into_iter().flatten() {
            let arn = text(trail, "TrailARN");
            let key = format!("{arn} in {account}");
            let home = text(trail, "HomeRegion");
            let everywhere = trail["IsMultiRegionTrail"] == true;
            if !everywhere && home != region {
                continue;
            }
            let is_logging = match self.call(place, "cloudtrail", "GetTrailStatus", json!({"Name": arn})).await {
                Ok(status) => status["IsLogging"] == true,
                Err(error) => {
                    self.finding(&key, format!("the status could not be read: {error}; the trail is assumed to log"));
                    true
                }
            };
            logs |= is_logging;
            if self.snapshot.items.contains_key(&key) {
                continue;
            }
            let name = text(trail, "Name");
            let mut steps = vec![(Stage::Watch, Step::Trail(name.to_owned()))];
            let selectors = self.call(place, "cloudtrail", "GetEventSelectors", json!({"TrailName": arn})).await;
            match selectors {
                Ok(found) => match management_selectors(&found) {
                    Some(put) => {
                        let mut put = put;
                        put["TrailName"] = name.into();
                        steps.push((Stage::End, call("cloudtrail", "PutEventSelectors", put)));
                    }
                    None => {
                        self.finding(&key, "the trail logs no management events, so EventBridge receives none");
                        steps.push((Stage::End, call("cloudtrail", "StopLogging", json!({"Name": name}))));
                    }
                },
                // Of an organization's trail, members may not be shown them.
                Err(error) => {
                    self.not_verified(&key, format!("event selectors: {error}; all management events are assumed"))
                }
            }
            if !is_logging {
                steps.push((Stage::End, call("cloudtrail", "StopLogging", json!({"Name": name}))));
            }
            if !everywhere {
                let update = json!({"Name": name, "IsMultiRegionTrail": false});
                steps.push((Stage::End, call("cloudtrail", "UpdateTrail", update)));
            }
            self.add(&key, account, home, steps);
            self.log_group_of_trail(account, trail).await?;
        }
        if !logs {
            let place = format!("{account} {region}");
            self.finding(&place, "no trail logs here, so EventBridge receives no events of CloudTrail");
        }
        Ok(())
    }

    /// The log group of a trail, where a log alarm counts.
    async fn log_group_of_trail(&mut self, account: &str, trail: &Value) -> Read {
        let arn = Arn::new(text(trail, "CloudWatchLogsLogGroupArn").trim_end_matches(":*"));
        let Some(group) = arn.resource().strip_prefix("log-group:").filter(|_| arn.account().as_str() == account)
        else {
            return Ok(());
        };
        let (home, name) = (text(trail, "HomeRegion"), text(trail, "Name"));
        self.metric_filters(account, home, group).await?;
        let role = text(trail, "CloudWatchLogsRoleArn");
        self.enqueue(role);
        let update = json!({
            "Name": name, "CloudWatchLogsLogGroupArn": format!("{arn}:*"), "CloudWatchLogsRoleArn": role,
        });
        let key = format!("{} in {account}", text(trail, "TrailARN"));
        self.add(&key, account, home, vec![(Stage::Watch, call("cloudtrail", "UpdateTrail", update))]);
        Ok(())
    }
}

/// The selectors of management events; `None` if the trail logs no such events. [D] API_EventSelector, API_AdvancedEventSelector
fn management_selectors(found: &Value) -> Option<Value> {
    let list = |name: &str| found[name].as_array().cloned().unwrap_or_default();
    let is_management = |selector: &Value| {
        let fields = selector["FieldSelectors"].as_array().into_iter().flatten();
        let category = |field: &&Value| field["Field"] == "eventCategory" && field["Equals"] == json!(["Management"]);
        fields.filter(category).count() > 0
    };
    let advanced: Vec<Value> = list("AdvancedEventSelectors").into_iter().filter(is_management).collect();
    let mut basic = list("EventSelectors");
    basic.retain(|selector| selector["IncludeManagementEvents"] != false);
    // Data events do not concern the monitor.
    basic.iter_mut().for_each(|selector| selector["DataResources"] = json!([]));
    match (advanced.is_empty(), basic.is_empty()) {
        (false, _) => Some(json!({"AdvancedEventSelectors": advanced})),
        (true, false) => Some(json!({"EventSelectors": basic})),
        (true, true) => None,
    }
}

/// A policy document as IAM answers it: percent-encoded. [D] API_GetRolePolicy
fn policy_text(encoded: &str) -> String {
    let pair = format!("document={}", encoded.replace('+', "%2B"));
    form_urlencoded::parse(pair.as_bytes()).next().map_or_else(String::new, |(_, text)| text.into_owned())
}

fn encoded(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn policy_documents_are_decoded() {
        assert_eq!(policy_text("%7B%22a%22%3A%22b%2Bc%20%26%3D%22%7D"), r#"{"a":"b+c &="}"#);
        assert_eq!(policy_text(r#"{"a":"b+c"}"#), r#"{"a":"b+c"}"#);
    }
}
