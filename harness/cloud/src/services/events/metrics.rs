//! EventBridge's own metrics, in the namespace `AWS/Events`. [D] UG eb-monitoring

use super::bus::{self, DEFAULT};
use crate::id::Arn;
use crate::services::cloudwatch;
use crate::state::State;

/// Counts one in each of the metrics, by rule; on a custom bus by bus and rule.
pub(super) fn count(state: &mut State, bus: &Arn, rule: &Arn, metrics: &[&str]) {
    let (name, now) = (rule.name(), state.now);
    let (account, region) = (rule.account(), rule.region());
    let custom = bus::name_of(bus);
    let dimensions = [("EventBusName", custom), ("RuleName", name)];
    let dimensions = if custom == DEFAULT { &dimensions[1..] } else { &dimensions[..] };
    cloudwatch::put_metrics(state, &account, &region, "AWS/Events", metrics, dimensions, 1.0, now);
}
