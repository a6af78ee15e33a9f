//! What a cloud does otherwise than AWS: each difference has a name, a reason and a source, and is expected where it is
//! known. One that is expected and does not occur is a failure, so that the list stays true.

use serde::Serialize;
use serde_json::{Value, json};

use crate::scenario::Expectation;

/// A named difference between a cloud and AWS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Difference {
    /// No policy is enforced.
    Policies,
    /// Customers may put events of `aws.*` sources.
    AwsSources,
    /// A rule in the plain state ENABLED gets read-only management events.
    ReadOnlyState,
    /// A disabled rule still matches.
    DisabledRule,
    /// Regions of other partitions are taken for another Region.
    OtherPartitions,
    /// A rule's target is tried once, and its dead-letter queue stays empty.
    TargetRetries,
    /// Metric filters count every line.
    MetricFilters,
    /// An alarm that changes raises no event.
    AlarmEvents,
    /// An alarm on a queue's own metrics does not speak.
    QueueAlarms,
    /// CloudTrail delivers nothing.
    CloudTrail,
    /// There is no organization.
    Organizations,
    /// There is no DynamoDB.
    DynamoDb,
    /// A wildcard that begins with `*` does not match at the beginning of a text.
    LeadingWildcard,
    /// Time is real.
    RealTime,
    /// It cannot fork: a deployment is shared, or costs an apply.
    Deployments,
    /// An operation is not there.
    Unsupported,
}

impl Difference {
    /// All of them.
    pub const ALL: [Self; 16] = [
        Self::Policies,
        Self::AwsSources,
        Self::ReadOnlyState,
        Self::DisabledRule,
        Self::OtherPartitions,
        Self::TargetRetries,
        Self::MetricFilters,
        Self::AlarmEvents,
        Self::QueueAlarms,
        Self::CloudTrail,
        Self::Organizations,
        Self::DynamoDb,
        Self::LeadingWildcard,
        Self::RealTime,
        Self::Deployments,
        Self::Unsupported,
    ];

    /// As reports name it.
    pub fn name(self) -> String {
        serde_json::to_value(self).ok().and_then(|name| name.as_str().map(str::to_owned)).unwrap_or_default()
    }

    /// Why it is so.
    pub fn reason(self) -> &'static str {
        match self {
            Self::Policies => "no policy of a bus, queue, topic, key or role is enforced: what AWS denies is delivered",
            Self::AwsSources => "PutEvents takes sources `aws.*` from anybody; AWS refuses them",
            Self::ReadOnlyState => "the state of a rule does not keep read-only management events from it",
            Self::OtherPartitions => "an event of a Region of another partition comes to a Region of this one",
            Self::DisabledRule => "a disabled rule is not left out",
            Self::TargetRetries => {
                "a rule's target is tried once; its retry policy and dead-letter queue are stored only"
            }
            Self::MetricFilters => "a metric filter counts every line of every log group in its Region",
            Self::AlarmEvents => "an alarm that changes its state puts no event on the default bus",
            Self::QueueAlarms => "an alarm on the messages of a queue does not speak within the bound of a scenario",
            Self::CloudTrail => {
                "there is no CloudTrail: events are put on the bus, and lines into the log group, in its place"
            }
            Self::Organizations => "there is no organization: the hub has a list of accounts",
            Self::DynamoDb => "there is no DynamoDB",
            Self::LeadingWildcard => "a leading `*` of a wildcard does not match the empty text",
            Self::RealTime => "time is real: what waits longer than the bound is not waited for",
            Self::Deployments => {
                "the cloud cannot fork: scenarios share a deployment and its alarms; one of their own costs an apply"
            }
            Self::Unsupported => "an operation that Terraform or the harness needs is not there",
        }
    }

    /// Where that is known from.
    pub fn source(self) -> &'static str {
        match self {
            Self::Policies => "LocalStack 4.14: IAM enforcement is a feature of its licensed editions",
            Self::AwsSources => "LocalStack 4.14, services/events/provider.py: no check of the source",
            Self::ReadOnlyState => "LocalStack 4.14, services/events: the state is stored only",
            Self::DisabledRule => "LocalStack 4.14, services/events/provider.py: no check of the state on the way",
            Self::OtherPartitions => {
                "measured: PutEvents in cn-north-1 of LocalStack 4.14 is delivered where there is a spoke"
            }
            Self::TargetRetries => {
                "LocalStack 4.14, services/events/provider.py: a failure is logged as TargetDeliveryFailure"
            }
            Self::MetricFilters => "LocalStack 4.14, services/logs/provider.py: get_pattern_matcher answers true",
            Self::AlarmEvents => "LocalStack 4.14, services/cloudwatch: no call of EventBridge",
            Self::QueueAlarms => "measured by the scenarios that expect them",
            Self::CloudTrail => "LocalStack 4.14: CloudTrail is not among its services",
            Self::Organizations => "LocalStack 4.14: Organizations is not among its services",
            Self::DynamoDb => "the LocalStack image that is built offline: DynamoDB needs a download of its own",
            Self::LeadingWildcard => "measured: `*rootwatch-*` matches no text that begins with `rootwatch-`",
            Self::RealTime | Self::Deployments => "the harness: only the embedded cloud has a clock and forks",
            Self::Unsupported => "the answer of the cloud itself",
        }
    }
}

/// A difference that was met, with what showed it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Which.
    pub difference: Difference,
    /// What showed it.
    pub what: String,
}

impl Found {
    /// A difference with what showed it.
    pub fn new(difference: Difference, what: impl Into<String>) -> Self {
        Self { difference, what: what.into() }
    }
}

impl Serialize for Found {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { difference, what } = self;
        json!({
            "difference": difference.name(), "what": what, "reason": difference.reason(), "source": difference.source(),
        })
        .serialize(serializer)
    }
}

/// What a cloud is known to do otherwise in a scenario.
#[derive(Clone, Debug)]
pub struct Known {
    /// The scenario's name.
    pub scenario: &'static str,
    /// Why.
    pub difference: Difference,
    /// The parts of the expectation that are other there, as a scenario file writes them.
    pub instead: Value,
}

impl Known {
    /// The expectation with these parts replaced.
    pub fn applied_to(&self, expected: &Expectation) -> Expectation {
        let Value::Object(instead) = &self.instead else { return expected.clone() };
        let mut changed = expected.clone();
        for (name, value) in instead {
            let number = value.as_u64();
            match name.as_str() {
                "login" => changed.login = number.unwrap_or(0),
                "activity" => changed.activity = number.unwrap_or(0),
                "tampering" => changed.tampering = number.unwrap_or(0),
                "health" => changed.health = number,
                "slack" => changed.slack = number,
                "pagerduty" => changed.pagerduty = number,
                "email" => changed.email = number,
                "dead_letters" => changed.dead_letters = number.unwrap_or(0),
                "stopped_at" => changed.stopped_at = serde_json::from_value(value.clone()).unwrap_or(None),
                "broken_hop" => changed.broken_hop = serde_json::from_value(value.clone()).unwrap_or_default(),
                "messages" => changed.messages = serde_json::from_value(value.clone()).unwrap_or_default(),
                "incidents" => changed.incidents = number,
                "mentions" => changed.mentions = serde_json::from_value(value.clone()).unwrap_or_default(),
                _ => {}
            }
        }
        changed
    }
}
