//! CloudTrail: trails, and what happens to a record once AWS has written it.
//!
//! Reading order: `record` (a record, and the envelope that follows from it), `trail` and `selectors` (what is logged),
//! `inject` (a record goes to the default bus), `log_group` (and to CloudWatch Logs), `history`; then the API:
//! `trail_operations`, `logging`, `selector_operations`, `tags`, `lookup`; and `seed` (the trail of an account under test).
//!
//! Sources: [D] the CloudTrail user guide and API reference, EventBridge's user guide on CloudTrail events; see
//! root-events.md and aws-semantics.md sections 5.3 and 7. Log files in S3 and their notifications are not modelled.

mod bucket;
mod history;
mod inject;
mod log_group;
mod logging;
mod lookup;
mod record;
mod seed;
mod selector_operations;
mod selectors;
mod tags;
mod trail;
mod trail_operations;

#[cfg(test)]
mod tests;

pub use inject::{InjectError, Injected, inject, inject_event};
pub use record::{account_of, detail_type, envelope_of, is_cloudtrail_record, region_of};
pub use seed::seed_trail;
pub use trail::{State, Trail};

use crate::api::Operation;

/// Operations of the service.
pub const OPERATIONS: &[Operation] = &[
    Operation::new("AddTags", tags::add),
    Operation::noted(
        "CreateTrail",
        trail_operations::create,
        "a bucket that is not in this cloud is not checked, and nothing is written to any",
    ),
    Operation::new("DeleteTrail", trail_operations::delete),
    Operation::new("DescribeTrails", trail_operations::describe),
    Operation::new("GetEventSelectors", selector_operations::get),
    Operation::new("GetInsightSelectors", selector_operations::get_insights),
    Operation::new("GetTrail", trail_operations::get),
    Operation::new("GetTrailStatus", logging::status),
    Operation::new("ListTags", tags::list),
    Operation::noted("LookupEvents", lookup::lookup, "over the records that were injected; two a second"),
    Operation::new("PutEventSelectors", selector_operations::put),
    Operation::noted("PutInsightSelectors", selector_operations::put_insights, "no Insights events are made"),
    Operation::new("RemoveTags", tags::remove),
    Operation::new("StartLogging", logging::start),
    Operation::new("StopLogging", logging::stop),
    Operation::noted("UpdateTrail", trail_operations::update, "as CreateTrail"),
];
