//! Read-only requests to AWS, or to what answers like AWS.

use std::collections::BTreeMap;
use std::time::Duration;

use aws_credential_types::Credentials;
use quick_xml::Reader as Xml;
use quick_xml::events::Event;
use rootwatch_cloud::Region;
use serde_json::{Map, Value, json};

use crate::runner::api::{self, ApiFailure};
use crate::runner::clients::Caller;

/// Every operation that verification calls: service, operation, and the permission that it needs. The list is the policy.
/// [D] Service Authorization Reference
const OPERATIONS: &[(&str, &str, &str)] = &[
    ("cloudtrail", "DescribeTrails", "cloudtrail:DescribeTrails"),
    ("cloudtrail", "GetEventSelectors", "cloudtrail:GetEventSelectors"),
    ("cloudtrail", "GetTrailStatus", "cloudtrail:GetTrailStatus"),
    ("dynamodb", "DescribeTable", "dynamodb:DescribeTable"),
    ("events", "DescribeEventBus", "events:DescribeEventBus"),
    ("events", "ListRules", "events:ListRules"),
    ("events", "ListTargetsByRule", "events:ListTargetsByRule"),
    ("iam", "GetPolicy", "iam:GetPolicy"),
    ("iam", "GetPolicyVersion", "iam:GetPolicyVersion"),
    ("iam", "GetRole", "iam:GetRole"),
    ("iam", "GetRolePolicy", "iam:GetRolePolicy"),
    ("iam", "ListAttachedRolePolicies", "iam:ListAttachedRolePolicies"),
    ("iam", "ListRolePolicies", "iam:ListRolePolicies"),
    ("kms", "DescribeKey", "kms:DescribeKey"),
    ("kms", "GetKeyPolicy", "kms:GetKeyPolicy"),
    ("lambda", "GetFunction", "lambda:GetFunction"),
    ("lambda", "ListFunctions", "lambda:ListFunctions"),
    ("lambda", "ListEventSourceMappings", "lambda:ListEventSourceMappings"),
    ("logs", "DescribeMetricFilters", "logs:DescribeMetricFilters"),
    ("monitoring", "DescribeAlarms", "cloudwatch:DescribeAlarms"),
    ("organizations", "DescribeOrganization", "organizations:DescribeOrganization"),
    ("secretsmanager", "DescribeSecret", "secretsmanager:DescribeSecret"),
    ("secretsmanager", "GetResourcePolicy", "secretsmanager:GetResourcePolicy"),
    ("sns", "GetSubscriptionAttributes", "sns:GetSubscriptionAttributes"),
    ("sns", "GetTopicAttributes", "sns:GetTopicAttributes"),
    ("sns", "ListSubscriptionsByTopic", "sns:ListSubscriptionsByTopic"),
    ("sqs", "GetQueueAttributes", "sqs:GetQueueAttributes"),
    ("sqs", "GetQueueUrl", "sqs:GetQueueUrl"),
];

/// How often a throttled request is tried.
const ATTEMPTS: u32 = 8;

/// The policy of a role that may verify a deployment, in the hub and in each spoke.
pub fn policy() -> Value {
    let actions: Vec<&str> = OPERATIONS.iter().map(|(_, _, action)| *action).collect();
    json!({"Version": "2012-10-17", "Statement": [{
        "Sid": "ReadWhatRootwatchDeploys", "Effect": "Allow", "Action": actions, "Resource": "*",
    }]})
}

/// Reads one account.
#[derive(Clone, Debug)]
pub struct Client {
    /// The account, as STS named it.
    pub account: String,
    credentials: Credentials,
    /// Where AWS's own endpoints are not meant.
    endpoint: Option<String>,
}

impl Client {
    /// The account of these credentials.
    ///
    /// # Errors
    /// When STS does not accept them.
    pub async fn of(credentials: Credentials, endpoint: Option<String>, region: &str) -> Result<Self, ApiFailure> {
        let client = Self { account: String::new(), credentials, endpoint };
        let identity = client.query("sts", region, "GetCallerIdentity", &[]).await?;
        let account = text(&identity, "Account").to_owned();
        Ok(Self { account, ..client })
    }

    /// The account of a role, which these credentials may assume.
    ///
    /// # Errors
    /// When STS refuses.
    pub async fn assume(&self, role: &str, external_id: Option<&str>, region: &str) -> Result<Self, ApiFailure> {
        let mut parameters = vec![("RoleArn", role), ("RoleSessionName", "rootwatch-verify")];
        parameters.extend(external_id.map(|id| ("ExternalId", id)));
        let answer = self.query("sts", region, "AssumeRole", &parameters).await?;
        let part = |name: &str| text(&answer["Credentials"], name).to_owned();
        let (key, secret, token) = (part("AccessKeyId"), part("SecretAccessKey"), part("SessionToken"));
        let credentials = Credentials::new(key, secret, Some(token), None, "role");
        Self::of(credentials, self.endpoint.clone(), region).await
    }

    /// Calls an operation of [`OPERATIONS`]. Members of the parameters are texts for services of the Query protocol.
    pub(super) async fn call(
        &self,
        service: &'static str,
        region: &str,
        operation: &'static str,
        parameters: Value,
    ) -> Result<Value, ApiFailure> {
        let is_listed = OPERATIONS.iter().any(|(of, name, _)| (*of, *name) == (service, operation));
        if !is_listed {
            let (code, message) = ("NotReadOnly".to_owned(), "verification does not call it".to_owned());
            return Err(ApiFailure { operation: format!("{service}:{operation}"), code, message });
        }
        let mut wait = Duration::from_millis(200);
        for _ in 1..ATTEMPTS {
            match self.once(service, region, operation, &parameters).await {
                Err(error) if is_throttled(&error) => {
                    back_off(wait).await;
                    wait *= 2;
                }
                ended => return ended,
            }
        }
        self.once(service, region, operation, &parameters).await
    }

    async fn once(
        &self,
        service: &'static str,
        region: &str,
        operation: &'static str,
        parameters: &Value,
    ) -> Result<Value, ApiFailure> {
        let target = match service {
            "cloudtrail" => "CloudTrail_20131101",
            "dynamodb" => "DynamoDB_20120810",
            "events" => "AWSEvents",
            "kms" => "TrentService",
            "logs" => "Logs_20140328",
            "organizations" => "AWSOrganizationsV20161128",
            "secretsmanager" => "secretsmanager",
            "sqs" => "AmazonSQS",
            "lambda" => {
                let path = parameters["path"].as_str().unwrap_or_default();
                return api::get(&self.caller(service, region), service, operation, path).await;
            }
            _ => {
                let members = parameters.as_object().into_iter().flatten();
                let members: Vec<(&str, &str)> =
                    members.filter_map(|(name, value)| Some((name.as_str(), value.as_str()?))).collect();
                return self.query(service, region, operation, &members).await;
            }
        };
        api::json(&self.caller(service, region), service, target, operation, parameters.clone()).await
    }

    async fn query(
        &self,
        service: &str,
        region: &str,
        operation: &str,
        parameters: &[(&str, &str)],
    ) -> Result<Value, ApiFailure> {
        let version = match service {
            "iam" => "2010-05-08",
            "sns" => "2010-03-31",
            "sts" => "2011-06-15",
            _ => "2010-08-01",
        };
        let xml = api::query(&self.caller(service, region), service, version, operation, parameters).await?;
        Ok(result(&xml).unwrap_or(Value::Null))
    }

    pub(crate) fn caller(&self, service: &str, region: &str) -> Caller {
        let (own, signing) = endpoint(service, region);
        Caller::new(self.endpoint.as_deref().unwrap_or(&own), self.credentials.clone(), &signing)
    }
}

/// The Region of a partition that has its global services, such as IAM.
pub(super) fn home(partition: &str) -> &'static str {
    match partition {
        "aws-cn" => "cn-north-1",
        "aws-us-gov" => "us-gov-west-1",
        "aws-eusc" => "eusc-de-east-1",
        _ => "us-east-1",
    }
}

/// AWS's endpoint of a service, and the Region that requests to it are signed for. [D] AWS General Reference, endpoints
pub(crate) fn endpoint(service: &str, region: &str) -> (String, String) {
    let (suffix, home) = (Region::new(region).dns_suffix(), home(Region::new(region).partition()));
    match (service, home) {
        ("iam", "us-east-1") => ("https://iam.amazonaws.com".to_owned(), home.to_owned()),
        ("iam", "us-gov-west-1") => ("https://iam.us-gov.amazonaws.com".to_owned(), home.to_owned()),
        ("iam" | "organizations", _) => (format!("https://{service}.{home}.{suffix}"), home.to_owned()),
        _ => (format!("https://{service}.{region}.{suffix}"), region.to_owned()),
    }
}

#[expect(clippy::disallowed_methods, reason = "AWS says only that it was too much; there is no condition to await")]
async fn back_off(wait: Duration) {
    tokio::time::sleep(wait).await;
}

fn is_throttled(error: &ApiFailure) -> bool {
    ["Throttling", "ThrottlingException", "TooManyRequestsException", "RequestLimitExceeded", "ThrottledException"]
        .contains(&error.code.as_str())
}

/// A text member; an absent one is empty.
pub(super) fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_default()
}

/// An element of an answer in XML.
#[derive(Default)]
struct Element {
    text: String,
    children: Vec<(String, Element)>,
}

impl Element {
    /// A list if all children are `member`, a map if all are `entry`, else an object or a text.
    fn value(self) -> Value {
        let all = |name: &str| self.children.iter().all(|(child, _)| child == name);
        if self.children.is_empty() {
            return Value::String(self.text);
        }
        if all("member") {
            return self.children.into_iter().map(|(_, child)| child.value()).collect();
        }
        if all("entry") {
            let entries = self.children.into_iter().map(|(_, entry)| entry.value());
            let pair = |entry: Value| (text(&entry, "key").to_owned(), entry["value"].clone());
            return Value::Object(entries.map(pair).collect());
        }
        let members: BTreeMap<String, Value> =
            self.children.into_iter().map(|(name, child)| (name, child.value())).collect();
        Value::Object(Map::from_iter(members))
    }
}

/// The `…Result` of an answer of the Query protocol. [D] AWS Query protocol
fn result(xml: &str) -> Option<Value> {
    let mut reader = Xml::from_str(xml);
    let mut open = vec![(String::new(), Element::default())];
    loop {
        match reader.read_event().ok()? {
            Event::Start(start) => {
                open.push((start.local_name().as_ref().to_owned(), Element::default()));
            }
            Event::Empty(start) => {
                let name = start.local_name().as_ref().to_owned();
                open.last_mut()?.1.children.push((name, Element::default()));
            }
            Event::Text(characters) => open.last_mut()?.1.text.push_str(&characters),
            Event::GeneralRef(reference) => {
                let character = match reference.resolve_char_ref().ok()? {
                    Some(character) => character.to_string(),
                    None => quick_xml::escape::resolve_predefined_entity(&reference)?.to_owned(),
                };
                open.last_mut()?.1.text.push_str(&character);
            }
            Event::CData(characters) => open.last_mut()?.1.text.push_str(&characters),
            Event::End(_) => {
                let (name, element) = open.pop()?;
                open.last_mut()?.1.children.push((name, element));
            }
            Event::Eof => break,
            _ => {}
        }
    }
    let (_, root) = open.pop()?;
    let (_, response) = root.children.into_iter().next()?;
    let result = response.children.into_iter().find(|(name, _)| name.ends_with("Result"));
    result.map(|(_, result)| result.value())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_of_the_query_protocol_are_read() {
        let xml = "<?xml version=\"1.0\"?><GetTopicAttributesResponse xmlns=\"http://sns.amazonaws.com/doc/2010-03-31/\">\
            <GetTopicAttributesResult><Attributes><entry><key>Policy</key><value>{&quot;a&quot;:&#x41;}</value></entry></Attributes>\
            <List><member><Name>a</Name></member></List><Empty/></GetTopicAttributesResult>\
            <ResponseMetadata><RequestId>x</RequestId></ResponseMetadata></GetTopicAttributesResponse>";
        let expected = json!({"Attributes": {"Policy": "{\"a\":A}"}, "List": [{"Name": "a"}], "Empty": ""});
        assert_eq!(result(xml), Some(expected));
        assert_eq!(result("<a><b></a>"), None);
    }

    #[test]
    fn global_services_have_one_endpoint_in_each_partition() {
        for (service, region, url, signing) in [
            ("iam", "eu-west-1", "https://iam.amazonaws.com", "us-east-1"),
            ("iam", "cn-northwest-1", "https://iam.cn-north-1.amazonaws.com.cn", "cn-north-1"),
            ("iam", "us-gov-east-1", "https://iam.us-gov.amazonaws.com", "us-gov-west-1"),
            ("organizations", "eu-west-1", "https://organizations.us-east-1.amazonaws.com", "us-east-1"),
            ("monitoring", "eu-west-1", "https://monitoring.eu-west-1.amazonaws.com", "eu-west-1"),
        ] {
            assert_eq!(endpoint(service, region), (url.to_owned(), signing.to_owned()));
        }
    }

    #[test]
    fn the_policy_is_that_of_the_documentation() {
        let file: Value = serde_json::from_str(include_str!("../../../docs/verify-policy.json")).unwrap();
        assert_eq!(file, policy(), "write it with: cargo run -- verify --policy > docs/verify-policy.json");
    }

    #[test]
    fn every_permission_only_reads() {
        for (service, operation, action) in OPERATIONS {
            let reads = ["Get", "List", "Describe"].iter().any(|verb| operation.starts_with(verb));
            assert!(reads && action.ends_with(&format!(":{operation}")), "{service} {operation} {action}");
        }
    }
}
