//! Queues that a KMS key encrypts.

use crate::id::{Arn, Region};
use crate::services::{DeliveryError, kms};
use crate::state::State;
use crate::trace::Hop;
use rootwatch_policy::{Context, Principal};

/// What a sender needs on the key. [D] sqs-key-management, "Configure KMS permissions for producers"
pub(super) const SENDER: &[&str] = &["kms:GenerateDataKey", "kms:Decrypt"];
/// What a receiver needs. [D] sqs-key-management, "Configure KMS permissions for consumers"
pub(super) const RECEIVER: &[&str] = &["kms:Decrypt"];

/// Whether the principal may use the queue's key, if it has one. Data keys are not cached: the reuse period of
/// AWS lets a change of the key policy through later than this does.
pub(super) fn check(
    state: &mut State,
    hop: Hop,
    principal: &Principal,
    region: &Region,
    queue: &Arn,
    actions: &[&str],
    context: &Context,
) -> Result<(), DeliveryError> {
    let Some(key) = state.sqs.kms_key(queue).map(str::to_owned) else { return Ok(()) };
    let mut context = context.clone().with("kms:EncryptionContext:aws:sqs:arn", queue.as_str());
    // A service that calls in its own name does not come through SQS on somebody's behalf.
    if let Some(account) = principal.account() {
        context.set("kms:ViaService", format!("sqs.{region}.{}", region.dns_suffix()));
        context.set("kms:CallerAccount", account);
    }
    kms::allows(state, hop, principal, region, &key, &queue.account(), actions, context)
}
