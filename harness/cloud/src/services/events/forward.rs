//! From a rule to another bus. [D] UG eb-bus-to-bus, eb-cross-account, eb-use-conditions

use super::bus;
use super::deliver::Delivery;
use super::event::Event;
use super::failure::Failure;
use super::ingest::ingest;
use super::target::Kind;
use crate::assumptions::OwnAccountInvocation;
use crate::authz::Edge;
use crate::id::Arn;
use crate::state::State;
use crate::trace::Hop;
use rootwatch_policy::{Context, Principal};

/// Hands the event to another bus, once in its life.
pub(super) fn to_bus(state: &mut State, delivery: &Delivery, target: &Arn) -> Result<(), Failure> {
    let (account, region) = (delivery.account(), delivery.region());
    if delivery.event.forwarded {
        return Err(second_hop(&delivery.event, target.region() != region));
    }
    let principal = match &delivery.target.role_arn {
        Some(_) => delivery.sender(state).map_err(|error| Failure::of(Kind::Bus, error))?,
        // Without a role the account itself is the sender: within the account, or on targets of before March 2023. [D]
        None => Principal::Root { account: account.as_str().to_owned() },
    };
    let policy = state.events.policy(target);
    let name = bus::policy_name(target);
    // The request is made where the bus is.
    let to = target.region();
    let mut edge = Edge::new(&principal, "events:PutEvents", target, &to).policy(&name, policy.as_ref());
    let invocation = match state.assumptions.own_account_invocation {
        // [D] eb-event-bus-permissions: true for a target bus of another account
        _ if target.account() != account => Some(true),
        OwnAccountInvocation::True => Some(true),
        OwnAccountInvocation::False => Some(false),
        OwnAccountInvocation::Absent => None,
    };
    edge.context = keys(delivery.source_keys(), &delivery.event, invocation);
    state.authorise(Hop::Target, &edge).map_err(|refusal| Failure::permanent("NO_PERMISSIONS", refusal.message))?;
    if state.events.bus(target, state.now).is_none() {
        return Err(Failure::permanent("NO_RESOURCE", format!("Event bus {target} does not exist.")));
    }
    // [V] LS:events/test_events_cross_account_region: the id stays within a Region and is new in another
    let new_id = (to != region).then(|| state.uuid());
    let event = delivery.event.forwarded(new_id);
    ingest(state, target, event);
    Ok(())
}

/// The keys that EventBridge supplies when an event is put on a bus: by a rule, or by a call of PutEvents.
/// [D] UG eb-use-conditions
pub(super) fn keys(context: Context, event: &Event, invocation: Option<bool>) -> Context {
    let context = context.with("events:source", event.source()).with("events:detail-type", event.detail_type());
    match invocation {
        Some(by_rule) => context.with("events:eventBusInvocation", if by_rule { "true" } else { "false" }),
        None => context,
    }
}

/// Any second hop is refused, also within one account. [V] dataGriff; a mix of hops within and across Regions: [?]
fn second_hop(event: &Event, crosses_regions: bool) -> Failure {
    let code = if crosses_regions { "THIRD_REGION_HOP_DETECTED" } else { "THIRD_ACCOUNT_HOP_DETECTED" };
    Failure::permanent(
        code,
        format!(
            "Event ingestion rejected for event {} because an event can be sent to an event bus target only once. This \
             event was previously delivered to an event bus target.",
            event.id()
        ),
    )
}
