//! The attributes of a queue: what they are without being set, and what they may be set to.
//!
//! Ranges and defaults [D] API_SetQueueAttributes; the maximum message size of 1 MiB [V] LS:sqs/test_sqs.snapshot.json.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::fault::Fault;
use crate::authz::PolicyText;
use crate::id::Arn;
use rootwatch_policy::PolicyKind;

/// What is set on a queue.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Attributes {
    /// Seconds.
    pub(super) visibility_timeout: u32,
    /// Seconds.
    pub(super) retention: u32,
    /// Bytes.
    pub(super) maximum_message_size: u32,
    /// Seconds.
    pub(super) delay: u32,
    /// Seconds.
    pub(super) wait: u32,
    pub(super) redrive: Option<Redrive>,
    pub(super) redrive_allow: Option<RedriveAllow>,
    pub(super) kms_key: Option<String>,
    /// Seconds.
    pub(super) kms_reuse: u32,
    pub(super) managed_sse: bool,
}

impl Default for Attributes {
    fn default() -> Self {
        Self {
            visibility_timeout: 30,
            retention: 345_600,
            maximum_message_size: 1_048_576,
            delay: 0,
            wait: 0,
            redrive: None,
            redrive_allow: None,
            kms_key: None,
            kms_reuse: 300,
            managed_sse: true,
        }
    }
}

/// Where messages go that were received too often.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Redrive {
    pub(super) dead_letter_queue: Arn,
    pub(super) max_receive_count: u32,
}

/// Which queues may use a queue as their dead-letter queue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum RedriveAllow {
    AllowAll,
    DenyAll,
    ByQueue(Vec<Arn>),
}

impl RedriveAllow {
    pub(super) fn allows(&self, source: &Arn) -> bool {
        match self {
            Self::AllowAll => true,
            Self::DenyAll => false,
            Self::ByQueue(sources) => sources.contains(source),
        }
    }
}

/// Names that GetQueueAttributes knows, FIFO's among them.
pub(super) const NAMES: &[&str] = &[
    "All",
    "Policy",
    "VisibilityTimeout",
    "MaximumMessageSize",
    "MessageRetentionPeriod",
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesNotVisible",
    "CreatedTimestamp",
    "LastModifiedTimestamp",
    "QueueArn",
    "ApproximateNumberOfMessagesDelayed",
    "DelaySeconds",
    "ReceiveMessageWaitTimeSeconds",
    "RedrivePolicy",
    "FifoQueue",
    "ContentBasedDeduplication",
    "KmsMasterKeyId",
    "KmsDataKeyReusePeriodSeconds",
    "DeduplicationScope",
    "FifoThroughputLimit",
    "RedriveAllowPolicy",
    "SqsManagedSseEnabled",
];

impl Attributes {
    /// What GetQueueAttributes shows of them.
    pub(super) fn shown(&self) -> BTreeMap<&'static str, String> {
        let mut shown = BTreeMap::from([
            ("VisibilityTimeout", self.visibility_timeout.to_string()),
            ("MessageRetentionPeriod", self.retention.to_string()),
            ("MaximumMessageSize", self.maximum_message_size.to_string()),
            ("DelaySeconds", self.delay.to_string()),
            ("ReceiveMessageWaitTimeSeconds", self.wait.to_string()),
            ("SqsManagedSseEnabled", self.managed_sse.to_string()),
        ]);
        if let Some(redrive) = &self.redrive {
            shown.insert("RedrivePolicy", redrive.text());
        }
        if let Some(allow) = &self.redrive_allow {
            shown.insert("RedriveAllowPolicy", allow.text());
        }
        // The reuse period is shown next to a key only. [V] LS:sqs/test_set_queue_attributes_default_values
        if let Some(key) = &self.kms_key {
            shown.insert("KmsMasterKeyId", key.clone());
            shown.insert("KmsDataKeyReusePeriodSeconds", self.kms_reuse.to_string());
        }
        shown
    }

    /// These attributes with others set; the policy is kept apart, as it is parsed. `policy` is `Some(None)` when the
    /// input takes it away.
    pub(super) fn with(&self, input: &BTreeMap<String, String>) -> Result<(Self, Option<Option<PolicyText>>), Fault> {
        let mut next = self.clone();
        let mut policy = None;
        for (name, value) in input {
            match name.as_str() {
                "VisibilityTimeout" => next.visibility_timeout = number(name, value, 0, 43_200)?,
                "MessageRetentionPeriod" => next.retention = number(name, value, 60, 1_209_600)?,
                "MaximumMessageSize" => next.maximum_message_size = number(name, value, 1024, 1_048_576)?,
                "DelaySeconds" => next.delay = number(name, value, 0, 900)?,
                "ReceiveMessageWaitTimeSeconds" => next.wait = number(name, value, 0, 20)?,
                "KmsDataKeyReusePeriodSeconds" => next.kms_reuse = number(name, value, 60, 86_400)?,
                "RedrivePolicy" => next.redrive = Redrive::parse(value)?,
                "RedriveAllowPolicy" => next.redrive_allow = RedriveAllow::parse(value)?,
                "Policy" if value.is_empty() => policy = Some(None),
                "Policy" => {
                    policy = Some(Some(
                        PolicyText::check(value, PolicyKind::Resource).map_err(|_| Fault::invalid_attribute(name))?,
                    ));
                }
                "KmsMasterKeyId" => next.kms_key = (!value.is_empty()).then(|| value.clone()),
                "SqsManagedSseEnabled" => {
                    next.managed_sse = value.parse().map_err(|_| Fault::invalid_attribute(name))?;
                }
                _ => return Err(Fault::unknown_attribute(name)),
            }
        }
        next.settle_encryption(input)?;
        Ok((next, policy))
    }

    /// One kind of encryption at a time. [V] LS:sqs/test_sse_kms_and_sqs_are_mutually_exclusive,
    /// ::test_set_queue_attributes_default_values
    fn settle_encryption(&mut self, input: &BTreeMap<String, String>) -> Result<(), Fault> {
        let asks_managed = input.get("SqsManagedSseEnabled").is_some_and(|value| value == "true");
        let asks_key = input.get("KmsMasterKeyId").is_some_and(|value| !value.is_empty());
        if asks_managed && asks_key {
            return Err(Fault::new(
                "InvalidAttributeName",
                "InvalidAttributeName",
                "You can use one type of server-side encryption (SSE) at one time. You can either enable KMS SSE or \
                 SQS SSE.",
            ));
        }
        if asks_managed {
            self.kms_key = None;
        } else if self.kms_key.is_some() {
            self.managed_sse = false;
        }
        Ok(())
    }

    /// The first of the given attributes that has another value here; what CreateQueue compares.
    pub(super) fn first_difference<'n>(
        &self,
        policy: Option<&PolicyText>,
        input: &'n BTreeMap<String, String>,
    ) -> Result<Option<&'n str>, Fault> {
        let (wanted, wanted_policy) = self.with(input)?;
        let (here, there) = (self.shown(), wanted.shown());
        Ok(input.keys().map(String::as_str).find(|name| match *name {
            "Policy" => {
                wanted_policy.as_ref().and_then(|policy| policy.as_ref()).map(PolicyText::text)
                    != policy.map(PolicyText::text)
            }
            name => here.get(name) != there.get(name),
        }))
    }
}

/// The text of a bad value is that of `Policy`, for every attribute. [T]
fn number(name: &str, value: &str, lowest: u32, highest: u32) -> Result<u32, Fault> {
    let number = value.parse().ok().filter(|number| (lowest..=highest).contains(number));
    number.ok_or_else(|| Fault::invalid_attribute(name))
}

impl Redrive {
    /// Reads a redrive policy; an empty text takes it away. `maxReceiveCount` may be written as a text.
    /// [V] LS:sqs/test_set_empty_redrive_policy; the reasons [T].
    fn parse(text: &str) -> Result<Option<Self>, Fault> {
        if text.is_empty() {
            return Ok(None);
        }
        let bad = |reason: &str| Fault::invalid_parameter(text, "RedrivePolicy", reason);
        let value: Value = serde_json::from_str(text).map_err(|_| bad("Redrive policy is not a valid JSON map."))?;
        let (Some(target), Some(count)) = (value.get("deadLetterTargetArn"), value.get("maxReceiveCount")) else {
            return Err(bad(
                "Redrive policy does not contain mandatory attribute: deadLetterTargetArn or maxReceiveCount.",
            ));
        };
        let target = target.as_str().and_then(Arn::parse).filter(|arn| arn.service() == "sqs");
        let dead_letter_queue = target.ok_or_else(|| bad("Invalid value for deadLetterTargetArn."))?;
        let count = count.as_u64().or_else(|| count.as_str()?.parse().ok());
        let max_receive_count = count
            .filter(|count| (1..=1000).contains(count))
            .ok_or_else(|| bad("Invalid value for maxReceiveCount. Valid values are from 1 to 1000 both inclusive."))?;
        Ok(Some(Self { dead_letter_queue, max_receive_count: max_receive_count as u32 }))
    }

    fn text(&self) -> String {
        json!({"deadLetterTargetArn": self.dead_letter_queue, "maxReceiveCount": self.max_receive_count}).to_string()
    }
}

impl RedriveAllow {
    /// [D] API_SetQueueAttributes: `allowAll`, `denyAll`, `byQueue` with up to 10 source queues. The reasons [?].
    fn parse(text: &str) -> Result<Option<Self>, Fault> {
        if text.is_empty() {
            return Ok(None);
        }
        let bad = |reason: &str| Fault::invalid_parameter(text, "RedriveAllowPolicy", reason);
        let value: Value =
            serde_json::from_str(text).map_err(|_| bad("Redrive allow policy is not a valid JSON map."))?;
        let sources = value.get("sourceQueueArns").map(|arns| {
            let arns = arns.as_array().map(|arns| arns.iter().map(|arn| arn.as_str().and_then(Arn::parse)).collect());
            arns.unwrap_or_else(|| Some(Vec::new()))
        });
        match (value.get("redrivePermission").and_then(Value::as_str), sources) {
            (Some("allowAll"), None) => Ok(Some(Self::AllowAll)),
            (Some("denyAll"), None) => Ok(Some(Self::DenyAll)),
            (Some("byQueue"), Some(Some(sources))) if (1..=10).contains(&sources.len()) => {
                Ok(Some(Self::ByQueue(sources)))
            }
            (Some("byQueue"), _) => Err(bad("byQueue needs 1 to 10 ARNs of queues in sourceQueueArns.")),
            (Some("allowAll" | "denyAll"), Some(_)) => Err(bad("sourceQueueArns may be given with byQueue only.")),
            _ => Err(bad("redrivePermission must be allowAll, denyAll or byQueue.")),
        }
    }

    fn text(&self) -> String {
        match self {
            Self::AllowAll => json!({"redrivePermission": "allowAll"}),
            Self::DenyAll => json!({"redrivePermission": "denyAll"}),
            Self::ByQueue(sources) => json!({"redrivePermission": "byQueue", "sourceQueueArns": sources}),
        }
        .to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn encryption() {
        let check = |steps: &[&[(&str, &str)]], expected: &[(&str, Option<&str>)]| {
            let attributes =
                steps.iter().fold(Attributes::default(), |attributes, step| attributes.with(&set(step)).unwrap().0);
            for (name, value) in expected {
                assert_eq!(attributes.shown().get(name).map(String::as_str), *value, "{name} after {steps:?}");
            }
        };
        // [V] LS:sqs/test_set_queue_attributes_default_values, ::test_sse_queue_attributes
        check(&[], &[("SqsManagedSseEnabled", Some("true")), ("KmsDataKeyReusePeriodSeconds", None)]);
        check(
            &[&[("KmsMasterKeyId", "testKeyId"), ("KmsDataKeyReusePeriodSeconds", "6000")]],
            &[("SqsManagedSseEnabled", Some("false")), ("KmsDataKeyReusePeriodSeconds", Some("6000"))],
        );
        check(
            &[&[("KmsMasterKeyId", "k")], &[("KmsMasterKeyId", ""), ("KmsDataKeyReusePeriodSeconds", "300")]],
            &[
                ("SqsManagedSseEnabled", Some("false")),
                ("KmsMasterKeyId", None),
                ("KmsDataKeyReusePeriodSeconds", None),
            ],
        );
        check(&[&[("KmsMasterKeyId", "k")], &[("SqsManagedSseEnabled", "true")]], &[("KmsMasterKeyId", None)]);
    }

    #[test]
    fn refusals() {
        let dlq = "arn:aws:sqs:us-east-1:111122223333:dlq";
        let check = |name: &str, value: &str, code: &str| {
            let fault = Attributes::default().with(&set(&[(name, value)])).err();
            assert_eq!(fault.map(|fault| fault.entry().0).as_deref(), Some(code), "{name}={value}");
        };
        // [D] API_SetQueueAttributes; [V] LS:sqs/test_set_unsupported_attribute_standard for the first
        for (name, value, code) in [
            ("FifoQueue", "true", "InvalidAttributeName"),
            ("Nonsense", "1", "InvalidAttributeName"),
            ("VisibilityTimeout", "43201", "InvalidAttributeValue"),
            ("VisibilityTimeout", "-1", "InvalidAttributeValue"),
            ("MessageRetentionPeriod", "59", "InvalidAttributeValue"),
            ("MaximumMessageSize", "1023", "InvalidAttributeValue"),
            ("MaximumMessageSize", "1048577", "InvalidAttributeValue"),
            ("DelaySeconds", "901", "InvalidAttributeValue"),
            ("ReceiveMessageWaitTimeSeconds", "21", "InvalidAttributeValue"),
            ("KmsDataKeyReusePeriodSeconds", "59", "InvalidAttributeValue"),
            ("Policy", "{", "InvalidAttributeValue"),
            ("RedrivePolicy", "{", "InvalidParameterValue"),
            ("RedrivePolicy", "{}", "InvalidParameterValue"),
            ("RedrivePolicy", r#"{"deadLetterTargetArn":"dummy","maxReceiveCount":42}"#, "InvalidParameterValue"),
            (
                "RedrivePolicy",
                &format!(r#"{{"deadLetterTargetArn":"{dlq}","maxReceiveCount":0}}"#),
                "InvalidParameterValue",
            ),
            (
                "RedrivePolicy",
                &format!(r#"{{"deadLetterTargetArn":"{dlq}","maxReceiveCount":1001}}"#),
                "InvalidParameterValue",
            ),
            ("RedriveAllowPolicy", r#"{"redrivePermission":"byQueue"}"#, "InvalidParameterValue"),
            ("RedriveAllowPolicy", r#"{"redrivePermission":"some"}"#, "InvalidParameterValue"),
        ] {
            check(name, value, code);
        }
    }

    #[test]
    fn redrive_policy_is_shown_normalised() {
        let given = r#"{ "deadLetterTargetArn": "arn:aws:sqs:us-east-1:1:dlq", "maxReceiveCount": "42" }"#;
        let shown = Attributes::default().with(&set(&[("RedrivePolicy", given)])).unwrap().0.shown();
        assert_eq!(
            shown["RedrivePolicy"],
            r#"{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:1:dlq","maxReceiveCount":42}"#
        );
    }
}
