//! What the operators of a hub say about alerts: names of accounts, severities of their own, suppressions.
//!
//! None of it changes the verdict or the deduplication key. A severity of the settings moves the alert to the incident of its
//! band. A root sign-in, and what could not be understood, cannot be suppressed.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Deserialize;

use crate::act::Severity;
use crate::alert::{Alert, AlertType, Origin};
use crate::event;
use crate::keys::in_band;
use crate::tampering::Monitor;

/// The settings of triage.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Account id to name.
    pub account_names: BTreeMap<String, String>,
    /// Operation (`iam:CreateAccessKey`) to severity, whatever its outcome.
    pub severities: BTreeMap<String, Severity>,
    /// Acts that need no alert for a while.
    pub suppressions: Vec<Suppression>,
    /// The deployed monitor. Without it no change of the monitor is an alert.
    pub monitor: Option<Monitor>,
}

/// Alerts that are not sent until a time. Each is logged.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Suppression {
    /// `s3:ListBuckets`.
    pub operation: String,
    /// The accounts in which; none for all of them.
    #[serde(default)]
    pub accounts: Vec<String>,
    /// When it ends.
    pub until: Timestamp,
    /// Why, for the log.
    pub reason: String,
}

impl Settings {
    /// Reads settings in JSON.
    ///
    /// # Errors
    ///
    /// What is wrong with them, and where.
    pub fn parse(text: &str) -> Result<Self, String> {
        serde_json::from_str(text).map_err(|error| error.to_string())
    }

    /// Lays the settings over an alert.
    pub fn apply(&self, alert: &mut Alert) {
        let operation = operation(alert);
        if let Some((_, &severity)) = self.severities.iter().find(|(setting, _)| names(setting, &operation)) {
            alert.severity = severity;
            alert.incident_key = in_band(&alert.incident_key, severity);
        }
        if let Some(name) = self.account_names.get(&alert.account) {
            alert.name_account(name);
        }
    }

    /// The suppression that holds for an alert which arrived then. Without a time of arrival none holds.
    pub fn suppression(&self, alert: &Alert, arrived: Option<Timestamp>) -> Option<&Suppression> {
        if alert.alert_type == AlertType::Login || alert.origin != Origin::CloudTrail {
            return None;
        }
        let (arrived, operation) = (arrived?, operation(alert));
        self.suppressions.iter().find(|suppression| {
            names(&suppression.operation, &operation)
                && arrived < suppression.until
                && (suppression.accounts.is_empty() || suppression.accounts.contains(&alert.account))
        })
    }
}

/// `lambda:CreateFunction`, without the date of the API.
fn operation(alert: &Alert) -> String {
    format!("{}:{}", event::service(&alert.event_source), event::operation(&alert.event_name))
}

/// Returns true if an operation of the settings is that of an alert. Settings may name an operation with the date of its API.
fn names(setting: &str, operation: &str) -> bool {
    event::operation(setting) == operation
}
