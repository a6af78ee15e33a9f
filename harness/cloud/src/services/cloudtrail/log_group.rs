//! From a trail to its log group. [D] send-cloudtrail-events-to-cloudwatch-logs,
//! cloudtrail-required-policy-for-cloudwatch-logs

use serde_json::Value;

use super::inject::{group_of, trace};
use super::record::text;
use super::trail::Trail;
use crate::authz::Edge;
use crate::id::{AccountId, Arn, Region};
use crate::services::{DeliveryError, iam, logs};
use crate::state::State;
use crate::trace::{Hop, Outcome};
use rootwatch_policy::Context;

/// CloudTrail's service principal. [D]
pub(super) const SERVICE: &str = "cloudtrail.amazonaws.com";

/// Writes a record to the trail's log group, if it has one: one log event, the record itself.
pub(super) fn deliver(state: &mut State, trail: &Trail, account: &AccountId, record: &Value, written: &str) {
    let (Some(group), Some(role)) = (&trail.settings.log_group, &trail.settings.log_role) else { return };
    let Some(group) = group_of(group) else { return };
    let organization = state.organizations.organization_of(trail.arn.account().as_str());
    let organization = organization.filter(|_| trail.settings.organization);
    let stream = stream_name(account, &trail.arn.region(), organization.as_deref());
    let now = state.now;
    let outcome = admit(state, &trail.arn, &group, &Arn::new(role), &stream);
    let what = format!("record {} to stream {stream}", text(record, "eventID"));
    if let Some(trail) = state.cloudtrail.trails.get_mut(&trail.arn) {
        trail.latest_log_group_error = outcome.as_ref().err().map(|error| error.code.clone());
        if outcome.is_ok() {
            trail.latest_log_group_delivery = Some(now);
        }
    }
    match outcome {
        Ok(()) => {
            trace(state, group.as_str(), Outcome::Delivered, what);
            // The log event has the time of its delivery. [?]
            logs::put_events(state, &group, &stream, vec![(now, written.to_owned())]);
        }
        Err(error) => trace(state, group.as_str(), Outcome::Lost, format!("{what}: {error}")),
    }
}

/// `<account>_CloudTrail_<the trail's Region>`; an organization trail puts the organization's id before it. [D]
pub(super) fn stream_name(account: &AccountId, region: &Region, organization: Option<&str>) -> String {
    match organization {
        Some(organization) => format!("{organization}_{account}_CloudTrail_{region}"),
        None => format!("{account}_CloudTrail_{region}"),
    }
}

/// Takes the role on and asks for what writing needs.
///
/// # Errors
/// `FAILED_TO_ASSUME_ROLE` by the role's trust policy, `AccessDeniedException` by its permissions.
pub(super) fn admit(
    state: &mut State,
    trail: &Arn,
    group: &Arn,
    role: &Arn,
    stream: &str,
) -> Result<(), DeliveryError> {
    let context =
        Context::new().with("aws:SourceArn", trail.as_str()).with("aws:SourceAccount", trail.account().as_str());
    let principal = iam::service_session(state, Hop::CloudTrail, SERVICE, role, "CLOUDTRAIL_CLOUDWATCH_LOGS", context)?;
    let resource = Arn::new(format!("{group}:log-stream:{stream}"));
    let region = group.region();
    for action in ["logs:CreateLogStream", "logs:PutLogEvents"] {
        state
            .authorise(Hop::CloudTrail, &Edge::new(&principal, action, &resource, &region))
            .map_err(|refusal| DeliveryError::permanent("AccessDeniedException", refusal.message))?;
    }
    Ok(())
}
