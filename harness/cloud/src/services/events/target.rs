//! Targets of rules, as PutTargets takes them and ListTargetsByRule gives them back.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::bus;
use crate::id::Arn;

/// A target of a rule.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Target {
    /// Unique within the rule.
    pub id: String,
    /// The resource that is called.
    pub arn: String,
    /// The role in whose name it is called; without one it is EventBridge itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role_arn: Option<String>,
    /// A constant instead of the event.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub input: Option<String>,
    /// A part of the event instead of the event.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub input_path: Option<String>,
    /// A text made of parts of the event.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub input_transformer: Option<InputTransformer>,
    /// Where undeliverable events go.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dead_letter_config: Option<DeadLetterConfig>,
    /// When to give up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_policy: Option<RetryPolicy>,
    /// Members for kinds of targets that this cloud does not have; PutTargets refuses them by name.
    #[serde(flatten)]
    pub(super) other: Map<String, Value>,
}

/// A template and where its variables come from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct InputTransformer {
    /// Variable to JSON path.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub input_paths_map: BTreeMap<String, String>,
    /// The template.
    pub input_template: String,
}

/// The dead-letter queue.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DeadLetterConfig {
    /// A standard queue.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub arn: Option<String>,
}

/// Limits of retrying.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct RetryPolicy {
    /// 0..=185, by default 185.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub maximum_retry_attempts: Option<i64>,
    /// 60..=86400, by default 86400.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub maximum_event_age_in_seconds: Option<i64>,
}

/// What kind of resource a target is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Queue,
    Topic,
    Function,
    Bus,
    LogGroup,
}

impl Kind {
    pub(super) fn of(arn: &Arn) -> Option<Self> {
        match arn.service() {
            "sqs" => Some(Kind::Queue),
            "sns" => Some(Kind::Topic),
            "lambda" if arn.resource().starts_with("function:") => Some(Kind::Function),
            "events" if bus::is_bus(arn) => Some(Kind::Bus),
            "logs" if arn.resource().starts_with("log-group:") => Some(Kind::LogGroup),
            _ => None,
        }
    }
}

impl Target {
    /// The ARN, which PutTargets has checked.
    pub(super) fn resource(&self) -> Arn {
        Arn::new(&self.arn)
    }
    /// The dead-letter queue.
    pub(super) fn dead_letter_queue(&self) -> Option<Arn> {
        self.dead_letter_config.as_ref()?.arn.as_deref().map(Arn::new)
    }
    pub(super) fn transforms_input(&self) -> usize {
        usize::from(self.input.is_some())
            + usize::from(self.input_path.is_some())
            + usize::from(self.input_transformer.is_some())
    }
}
