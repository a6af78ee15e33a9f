//! E-mail: what would lie in the inboxes.

use serde::{Deserialize, Serialize};

use crate::id::Arn;
use crate::state::State;
use crate::time::Time;

/// A message that was delivered to an e-mail address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mail {
    /// When, in virtual time.
    pub at: Time,
    /// From which topic.
    pub topic: Arn,
    /// To whom.
    pub address: String,
    /// The subject line.
    pub subject: String,
    /// The text: the message with AWS's footer, or for `email-json` the notification as JSON.
    pub body: String,
}

/// Confirms an address's subscriptions to a topic, as its owner would by the link in the mail. Returns whether the topic
/// has such a subscription.
pub fn confirm_email(state: &mut State, topic: &Arn, address: &str) -> bool {
    let found: Vec<Arn> = state
        .sns
        .of_topic(topic)
        .filter(|subscription| subscription.is_email() && subscription.endpoint == address)
        .map(|subscription| subscription.arn.clone())
        .collect();
    for arn in &found {
        if let Some(subscription) = state.sns.subscriptions.get_mut(arn) {
            subscription.pending = false;
        }
    }
    !found.is_empty()
}

/// Confirms every pending e-mail subscription, as if each owner had clicked on the link.
pub fn confirm_all_email(state: &mut State) {
    let pending: Vec<Arn> = state
        .sns
        .subscriptions
        .iter()
        .filter(|(_, subscription)| subscription.is_email() && subscription.pending)
        .map(|(arn, _)| arn.clone())
        .collect();
    for arn in pending {
        if let Some(subscription) = state.sns.subscriptions.get_mut(&arn) {
            subscription.pending = false;
        }
    }
}

/// E-mails that were delivered, oldest first.
pub fn mailbox(state: &State) -> &imbl::Vector<Mail> {
    &state.sns.mailbox
}
