//! Topics.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::email::Mail;
use super::fault;
use super::subscription::Subscription;
use crate::api::{ApiError, Call};
use crate::authz::PolicyText;
use crate::id::{AccountId, Arn};
use crate::table::Table;
use rootwatch_policy::Context;

/// State of the service.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct State {
    pub(super) topics: Table<Arn, Topic>,
    pub(super) subscriptions: Table<Arn, Subscription>,
    /// The subscriptions of each topic, oldest first.
    pub(super) by_topic: Table<Arn, Vec<Arn>>,
    /// Subscriptions whose endpoints were sent the link that restores them.
    #[serde(default)]
    pub(super) ended: Table<Arn, Subscription>,
    pub(super) mailbox: imbl::Vector<Mail>,
}

impl State {
    /// The dead-letter queues of the subscriptions.
    pub(crate) fn dead_letter_queues(&self) -> impl Iterator<Item = Arn> {
        self.subscriptions.values().filter_map(|subscription| subscription.settings.redrive.clone())
    }

    /// The ARNs of all topics, of every account and Region.
    pub fn topics(&self) -> impl Iterator<Item = &Arn> {
        self.topics.keys()
    }

    /// The e-mail addresses that a topic is to reach, and whether each has confirmed.
    pub fn addresses(&self, topic: &Arn) -> Vec<(&str, bool)> {
        self.of_topic(topic)
            .filter(|subscription| subscription.is_email())
            .map(|subscription| (subscription.endpoint.as_str(), !subscription.pending))
            .collect()
    }

    /// Whether a subscription delivers to an HTTP or HTTPS endpoint.
    pub fn posts(&self) -> bool {
        self.subscriptions.values().any(|subscription| super::http::speaks(&subscription.protocol))
    }

    pub(super) fn of_topic(&self, topic: &Arn) -> impl Iterator<Item = &Subscription> {
        let arns = self.by_topic.get(topic).map(Vec::as_slice).unwrap_or_default();
        arns.iter().filter_map(|arn| self.subscriptions.get(arn))
    }
}

/// A topic.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Topic {
    pub(super) arn: Arn,
    /// What was set, but for the policy.
    pub(super) attributes: BTreeMap<String, String>,
    pub(super) policy: PolicyText,
    pub(super) tags: BTreeMap<String, String>,
    pub(super) subscriptions_deleted: usize,
}

impl Topic {
    /// The KMS key: id, alias or ARN.
    pub(super) fn kms_key(&self) -> Option<&str> {
        self.attributes.get("KmsMasterKeyId").map(String::as_str).filter(|key| !key.is_empty())
    }
}

/// The policy of a topic that was given none.
/// [V] LS:sns/test_create_topic_should_be_idempotent
pub(super) fn default_policy(topic: &Arn, owner: &AccountId) -> String {
    json!({
        "Version": "2008-10-17",
        "Id": "__default_policy_ID",
        "Statement": [{
            "Sid": "__default_statement_ID",
            "Effect": "Allow",
            "Principal": {"AWS": "*"},
            "Action": [
                "SNS:GetTopicAttributes",
                "SNS:SetTopicAttributes",
                "SNS:AddPermission",
                "SNS:RemovePermission",
                "SNS:DeleteTopic",
                "SNS:Subscribe",
                "SNS:ListSubscriptionsByTopic",
                "SNS:Publish",
            ],
            "Resource": topic,
            "Condition": {"StringEquals": {"AWS:SourceOwner": owner}},
        }],
    })
    .to_string()
}

/// The topic that a member of the call names; it must lie in the call's Region, but need not exist.
/// [V] LS:sns/test_cross_region_access
pub(super) fn located(call: &Call<'_>, member: &str) -> Result<Arn, ApiError> {
    let arn = fault::arn(call.text(member).unwrap_or_default(), member)?;
    if arn.region() != call.region {
        return Err(fault::invalid(member));
    }
    Ok(arn)
}

/// The topic that a member of the call names, which must exist; authorises the call on it.
pub(super) fn named(call: &mut Call<'_>, member: &str, action: &str) -> Result<Arn, ApiError> {
    let arn = located(call, member)?;
    authorised(call, arn, action, Context::new())
}

/// Authorises a call on a topic that must exist. `AWS:SourceOwner` is the caller's account, which is how the default
/// policy admits the owner. [D] sns-access-policy-use-cases
pub(super) fn authorised(call: &mut Call<'_>, arn: Arn, action: &str, context: Context) -> Result<Arn, ApiError> {
    let Some(topic) = call.state.sns.topics.get(&arn) else { return Err(fault::no_topic()) };
    let policy = topic.policy.clone();
    let context = context.with("aws:SourceOwner", call.account.as_str());
    call.authorise_with(action, &arn, context, Some((&policy_name(&arn), &policy)))?;
    Ok(arn)
}

/// What a topic's policy is called in traces.
pub(super) fn policy_name(topic: &Arn) -> String {
    format!("policy of topic {}", topic.name())
}
