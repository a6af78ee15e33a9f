//! EventBridge: buses, rules and targets (the bus that AWS now calls "Classic"), and the way of an event over them.
//!
//! Reading order: `event` (the envelope), `bus` and `rule` and `target` (what there is), `read_only` (which CloudTrail
//! events a rule's state lets pass), `ingest` (an event meets the rules), `input` and `json_path` (what a target is
//! given), `deliver` with `retry`, `failure`, `forward`, `log_group`, `dead_letter` and `metrics` (how it gets there); then
//! the API: `bus_operations`, `permission`, `rule_operations`, `target_operations` with `target_check` and `destination`,
//! `put_events`, `test_pattern`, `tags`, `page`.
//!
//! Sources: [D] the EventBridge user guide and API reference; [V] LS:events/*.snapshot.json, recorded from AWS.

mod bus;
mod bus_operations;
mod dead_letter;
mod deliver;
mod destination;
mod event;
mod failure;
mod forward;
mod ingest;
mod input;
mod json_path;
mod log_group;
mod metrics;
mod page;
mod permission;
mod put_events;
mod read_only;
mod retry;
mod rule;
mod rule_index;
mod rule_operations;
mod schedule;
mod tags;
mod target;
mod target_check;
mod target_operations;
mod test_pattern;

#[cfg(test)]
mod tests;
#[cfg(test)]
mod transformer_tests;

pub use bus::{EventBus, State, default_bus};
pub use deliver::{Delivery, Task};
pub(crate) use event::Envelope;
pub use event::Event;
pub use ingest::{ingest, put_service_event};
pub use rule::{Rule, RuleState};
pub(crate) use schedule::{restart as restart_schedules, shift as shift_schedules};
pub use target::Target;

use crate::api::Operation;

/// Operations of the service.
pub const OPERATIONS: &[Operation] = &[
    Operation::noted("CreateEventBus", bus_operations::create, "no partner sources, no customer-managed keys"),
    Operation::new("DeleteEventBus", bus_operations::delete),
    Operation::new("DeleteRule", rule_operations::delete),
    Operation::new("DescribeEventBus", bus_operations::describe),
    Operation::new("DescribeRule", rule_operations::describe),
    Operation::new("DisableRule", rule_operations::disable),
    Operation::new("EnableRule", rule_operations::enable),
    Operation::new("ListEventBuses", bus_operations::list),
    Operation::new("ListRuleNamesByTarget", rule_operations::list_by_target),
    Operation::new("ListRules", rule_operations::list),
    Operation::new("ListTagsForResource", tags::list),
    Operation::new("ListTargetsByRule", target_operations::list),
    Operation::noted("PutEvents", put_events::put, "no global endpoints"),
    Operation::new("PutPermission", permission::put),
    Operation::new("PutRule", rule_operations::put),
    Operation::noted("PutTargets", target_operations::put, "sqs, sns, lambda, event buses and log groups"),
    Operation::new("RemovePermission", permission::remove),
    Operation::new("RemoveTargets", target_operations::remove),
    Operation::new("TagResource", tags::tag),
    Operation::new("TestEventPattern", test_pattern::test),
    Operation::new("UntagResource", tags::untag),
    Operation::new("UpdateEventBus", bus_operations::update),
];

/// Does the work.
pub fn run(state: &mut crate::state::State, task: Task) {
    match task {
        Task::Deliver(delivery) => deliver::run(state, *delivery),
        Task::Tick(rule) => schedule::tick(state, rule.0, rule.1),
    }
}
