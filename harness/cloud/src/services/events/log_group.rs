//! From a rule to a log group. [D] UG eb-use-resource-based

use super::deliver::Delivery;
use crate::authz::{Edge, PolicyText};
use crate::id::{Arn, Region};
use crate::services::{DeliveryError, logs};
use crate::state::State;
use crate::trace::Hop;
use rootwatch_policy::Principal;

/// One log event with the event's time, in a stream of its own.
/// [V] LS:events/test_events_targets::TestEventsTargetCloudWatchLogs
pub(super) fn write(
    state: &mut State,
    delivery: &Delivery,
    principal: &Principal,
    region: &Region,
    target: &Arn,
) -> Result<(), DeliveryError> {
    let group = Arn::new(target.as_str().trim_end_matches(":*"));
    if !logs::group_exists(state, &group) {
        return Err(DeliveryError::permanent("ResourceNotFoundException", "The specified log group does not exist."));
    }
    let stream = state.uuid();
    let resource = Arn::new(format!("{group}:log-stream:{stream}"));
    let policies = logs::resource_policies(state, &group.account(), region);
    for action in ["logs:CreateLogStream", "logs:PutLogEvents"] {
        let allows = |(name, policy): &&(String, PolicyText)| {
            let mut edge = Edge::new(principal, action, &resource, region).policy(name, Some(policy));
            edge.context = delivery.source_keys();
            state.decide(&edge).allowed
        };
        // Any of the account's resource policies may allow; where none does, the first is shown with the refusal.
        let speaks = policies.iter().find(allows).or(policies.first());
        let mut edge = Edge::new(principal, action, &resource, region);
        edge.context = delivery.source_keys();
        if let Some((name, policy)) = speaks {
            edge = edge.policy(name, Some(policy));
        }
        state
            .authorise(Hop::Target, &edge)
            .map_err(|refusal| DeliveryError::permanent("AccessDeniedException", refusal.message))?;
    }
    let at = delivery.event.time().unwrap_or(state.now);
    logs::put_events(state, &group, &stream, vec![(at, delivery.input())]);
    Ok(())
}
