//! The scenario file's types. `scenarios/README.md` explains every field to its users.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::account::Account;
use super::expect::{Mention, MessageExpectation};
use super::fault::{Faults, StoreFault};

/// A scenario in its full form.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// For editors.
    #[serde(rename = "$schema", default)]
    pub schema: Option<String>,
    /// What happens, in a line.
    #[serde(default)]
    pub title: String,
    /// Why it matters, in a sentence.
    #[serde(default)]
    pub why: String,
    /// Where the record or the fact comes from: a URL.
    #[serde(default)]
    pub source: String,
    /// Who acts: `spoke`, `hub`, or an account id. Left out: the record says it.
    #[serde(default)]
    pub account: Option<String>,
    /// Overrides the records' Region.
    #[serde(default)]
    pub region: Option<String>,
    /// CloudTrail records, delivered in this order.
    #[serde(default)]
    pub records: Vec<Value>,
    /// Whole EventBridge events of AWS services, put on the default bus of the account and Region that they name.
    #[serde(default)]
    pub events: Vec<Value>,
    /// `PutEvents` calls of customers.
    #[serde(default)]
    pub put_events: Vec<PutEvents>,
    /// AWS API calls of administrators, before the records or minutes after them: a mistake or an outage, and its repair.
    #[serde(default)]
    pub calls: Vec<ApiCall>,
    /// What goes wrong at Slack and PagerDuty.
    #[serde(default)]
    pub faults: Faults,
    /// How every call of the deduplication table fails.
    #[serde(default)]
    pub store_fault: Option<StoreFault>,
    /// What Slack's secret holds.
    #[serde(default)]
    pub slack_by: SlackBy,
    /// What is different about the deployment.
    #[serde(default)]
    pub deployment: DeploymentChange,
    /// What must come out. Left out: the scenario only shows what does.
    #[serde(default)]
    pub expect: Option<Expectation>,
}

/// How alerts reach Slack.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum SlackBy {
    /// By an incoming webhook.
    #[default]
    Webhook,
    /// By a bot's `chat.postMessage`.
    Bot,
}

/// One call of the AWS API by an administrator.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ApiCall {
    /// The caller's account: `spoke`, `hub`, `management` or an account id.
    pub account: String,
    /// The Region of the call.
    #[serde(default = "us_east_1")]
    pub region: String,
    /// The service, as ARNs name it: `sqs`, `events`, `kms`.
    pub service: String,
    /// The operation: `SetQueueAttributes`.
    pub operation: String,
    /// The input, with AWS's member names.
    pub params: Value,
    /// Minutes after the last record. Left out: before the first.
    #[serde(default)]
    pub after_minutes: Option<u64>,
}

/// One `PutEvents` call.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PutEvents {
    /// The caller's account: `spoke`, `hub`, `management` or an account id. An administrator of it calls.
    pub account: String,
    /// The Region of the call.
    #[serde(default = "us_east_1")]
    pub region: String,
    /// `hub` for the hub's bus by its ARN; else a bus name or ARN; left out, the caller's default bus.
    #[serde(default)]
    pub bus: Option<String>,
    /// The entry's source.
    pub source: String,
    /// The entry's detail-type.
    pub detail_type: String,
    /// The entry's detail.
    pub detail: Value,
    /// The error code that AWS answers with, for the call or for the entry. Left out: it is accepted.
    #[serde(default)]
    pub refused: Option<String>,
}

fn us_east_1() -> String {
    "us-east-1".to_owned()
}

/// What is different about the deployment under test.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DeploymentChange {
    /// Override files, by their path below `terraform/`.
    #[serde(default)]
    pub overlay: BTreeMap<String, Value>,
    /// Variables of the hub module.
    #[serde(default)]
    pub variables: Map<String, Value>,
    /// Deploys the log alarm too. It alerts a second time, as activity, for whatever the CIS metric filter finds.
    #[serde(default)]
    pub log_alarm: bool,
    /// Further accounts of the organization that have a spoke, in the Regions of sign-ins. Their records are
    /// their own.
    #[serde(default)]
    pub spokes: BTreeSet<Account>,
    /// Accounts outside the organization that point a spoke at the hub's bus, in the Regions of sign-ins.
    #[serde(default)]
    pub outsiders: BTreeSet<Account>,
}

impl DeploymentChange {
    /// The same text for the same change, and for no other.
    pub(crate) fn key(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// How many messages came out where.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Counts {
    /// Root login alerts.
    pub login: u64,
    /// Root activity alerts.
    pub activity: u64,
    /// Health messages.
    pub health: u64,
}

/// Where an event that made no alert ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum StoppedAt {
    /// No rule's pattern matched: a silence that is meant.
    Rule,
    /// Triage decided that it is none: a silence that is meant.
    Triage,
    /// The Region (or account) has no spoke.
    NoSpoke,
    /// It was lost on the way.
    Undelivered,
}

/// The expected result. Fields that are left out are not compared. `login`, `activity` and `tampering` are zero if they are left
/// out, so an unexpected alert fails the scenario.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Expectation {
    /// Root login alerts.
    #[serde(default)]
    pub login: u64,
    /// Root activity alerts.
    #[serde(default)]
    pub activity: u64,
    /// Alerts about changes of the monitor itself.
    #[serde(default)]
    pub tampering: u64,
    /// Health messages.
    #[serde(default)]
    pub health: Option<u64>,
    /// E-mails about the monitor's health. Left out: not compared.
    #[serde(default)]
    pub health_emails: Option<u64>,
    /// Requests to Slack. Left out: as many as there are alerts.
    #[serde(default)]
    pub slack: Option<u64>,
    /// Requests to PagerDuty that trigger. Left out: as many as there are alerts.
    #[serde(default)]
    pub pagerduty: Option<u64>,
    /// E-mails. Left out: as many as there are alerts.
    #[serde(default)]
    pub email: Option<u64>,
    /// Where a silent event ends. Left out: at a rule or at triage, the two silences that are meant.
    #[serde(default)]
    pub stopped_at: Option<StoppedAt>,
    /// Messages in dead-letter queues. Left out: none.
    #[serde(default)]
    pub dead_letters: u64,
    /// Most seconds from CloudTrail's first delivery to the end of the last run of a function. Left out, or where time is
    /// real: not compared.
    #[serde(default)]
    pub within_seconds: Option<u64>,
    /// Texts that must be in a message: a text for any message, or `{"text": "…", "to": "slack"}` for one to a topic or sink.
    #[serde(default)]
    pub mentions: Vec<Mention>,
    /// Messages that must come out, by their values: `{"to": "pagerduty", "where": {"payload.severity": "critical"}, "count": 1}`.
    #[serde(default)]
    pub messages: Vec<MessageExpectation>,
    /// Distinct incident keys: those of PagerDuty's events if there are any, else those of the topics' messages.
    #[serde(default)]
    pub incidents: Option<u64>,
    /// Texts that must stand in the name of the hop that broke: the scenario is about a defect, and that it is seen.
    #[serde(default)]
    pub broken_hop: Vec<String>,
    /// A text of the error with which Terraform must refuse the deployment. Nothing is injected then.
    #[serde(default)]
    pub refused_by_terraform: Option<String>,
    /// What else each alerter has sent after the faults are repaired and the dead-letter queues are redriven. Stated:
    /// that is done, after everything else has been counted.
    #[serde(default)]
    pub after_redrive: Option<Redriven>,
}

impl Expectation {
    /// All alerts, whatever their topic.
    pub fn alerts(&self) -> u64 {
        self.login + self.activity + self.tampering
    }
}

/// What came after a redrive.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Redriven {
    /// Requests to Slack.
    #[serde(default)]
    pub slack: u64,
    /// Events to PagerDuty.
    #[serde(default)]
    pub pagerduty: u64,
    /// E-mails.
    #[serde(default)]
    pub email: u64,
    /// Health messages. Left out: not compared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub health: Option<u64>,
}

/// One thing to inject, in order.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// A CloudTrail record.
    Record(Value),
    /// A whole EventBridge event.
    Event(Value),
    /// A customer's call.
    Put(PutEvents),
}

impl Scenario {
    /// What to inject, in order.
    pub fn steps(&self) -> Vec<Step> {
        let records = self.records.iter().cloned().map(Step::Record);
        let events = self.events.iter().cloned().map(Step::Event);
        records.chain(events).chain(self.put_events.iter().cloned().map(Step::Put)).collect()
    }
}
