//! SNS: topics, subscriptions, and the delivery from one to the other. FIFO topics are refused by name.
//!
//! Reading order: [`topic`] and [`subscription`] (what there is), [`filter`], [`publish`] (how a message enters a topic),
//! [`notification`] (what subscribers receive), [`delivery`], [`delivery_policy`] and [`retry`] (how they receive it), [`email`], [`http`]; then the
//! API: [`fault`], [`manage`], [`topic_attributes`], [`permission`], [`tags`], [`subscribe`],
//! [`subscription_attributes`], [`publish_message`].
//!
//! Sources: [D] the SNS API reference and developer guide; [V] LS:sns/test_sns.snapshot.json, recorded from AWS.

mod delivery;
mod delivery_policy;
mod email;
mod fault;
mod filter;
mod http;
mod manage;
mod notification;
mod permission;
mod publish;
mod publish_message;
mod retry;
mod subscribe;
mod subscription;
mod subscription_attributes;
mod tags;
mod topic;
mod topic_attributes;

#[cfg(test)]
mod tests;

pub use delivery::Task;
pub use email::{Mail, confirm_all_email, confirm_email, mailbox};
pub use http::{Purpose, posted};
pub use publish::{Publish, publish};
pub use topic::State;

use crate::api::Operation;

/// Operations of the service.
pub const OPERATIONS: &[Operation] = &[
    Operation::new("AddPermission", permission::add),
    Operation::new("ConfirmSubscription", subscribe::confirm),
    Operation::noted("CreateTopic", manage::create, "FIFO topics are refused"),
    Operation::new("DeleteTopic", manage::delete),
    Operation::noted("GetDataProtectionPolicy", topic_attributes::data_protection, "there is never one"),
    Operation::new("GetSubscriptionAttributes", subscription_attributes::get),
    Operation::new("GetTopicAttributes", topic_attributes::get),
    Operation::new("ListSubscriptions", subscribe::list),
    Operation::new("ListSubscriptionsByTopic", subscribe::list_by_topic),
    Operation::new("ListTagsForResource", tags::list),
    Operation::new("ListTopics", manage::list),
    Operation::noted("Publish", publish_message::publish, "to topics only, not to phones and devices"),
    Operation::new("PublishBatch", publish_message::publish_batch),
    Operation::new("RemovePermission", permission::remove),
    Operation::noted("SetSubscriptionAttributes", subscription_attributes::set, "takes effect at once"),
    Operation::noted("SetTopicAttributes", topic_attributes::set, "takes effect at once"),
    Operation::noted(
        "Subscribe",
        subscribe::subscribe,
        "delivers to sqs, lambda, email, email-json, and to http and https endpoints on this machine",
    ),
    Operation::new("TagResource", tags::tag),
    Operation::new("Unsubscribe", subscribe::unsubscribe),
    Operation::new("UntagResource", tags::untag),
];

/// Does the work.
pub fn run(state: &mut crate::state::State, task: Task) {
    delivery::run(state, task);
}
