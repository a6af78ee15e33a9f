//! A record, as if AWS had just written it: to the default bus of its account and Region, and to log groups.

use std::sync::Arc;

use serde_json::Value;

use super::log_group;
use super::record::{account_of, envelope_of, is_cloudtrail_record, region_of, text};
use super::trail::Trail;
use crate::id::{AccountId, Arn, Region};
use crate::services::events;
use crate::state::State;
use crate::time::Time;
use crate::trace::{Entry, Hop, Outcome};

/// Bytes of a record. Larger ones go neither to EventBridge nor to CloudWatch Logs.
/// [D] send-cloudtrail-events-to-cloudwatch-logs
const LARGEST: usize = 262_144;

/// Where a record or an event went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Injected {
    /// The account whose default bus it belongs to.
    pub account: AccountId,
    /// The Region of that bus.
    pub region: Region,
    /// The `id` of the EventBridge event; `None` when CloudTrail delivered none.
    pub event_id: Option<String>,
    /// Why CloudTrail did not deliver it to EventBridge.
    pub undelivered: Option<String>,
}

/// What cannot be injected at all.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InjectError {
    /// Not a CloudTrail record.
    #[error(
        "not a CloudTrail record: it needs one of `eventName`, `eventType`, `eventSource`, and one of `eventVersion`, \
         `eventTime`, `eventID`, `userIdentity`"
    )]
    NotARecord,
    /// Nobody's record.
    #[error(
        "the record names no account: neither `recipientAccountId` nor `userIdentity.accountId` is a 12-digit account id"
    )]
    NoAccount,
    /// Not an event of an AWS service.
    #[error("not an EventBridge event of an AWS service: {0}")]
    NotAnEvent(String),
}

/// Injects a CloudTrail record.
///
/// It enters the account's event history; a trail that logs and selects it brings it to the default bus of the recipient
/// account in the record's own Region, and to that trail's log group. What happens is in the trace.
///
/// # Errors
/// When the value is no record, or names no account.
pub fn inject(state: &mut State, record: Value) -> Result<Injected, InjectError> {
    if !is_cloudtrail_record(&record) {
        return Err(InjectError::NotARecord);
    }
    let account = account_of(&record).ok_or(InjectError::NoAccount)?;
    let region = region_of(&record);
    let record = Arc::new(record);
    state.cloudtrail.history.remember(&account, &region, &record, state.now);
    let undelivered = |state: &mut State, outcome: Outcome, reason: String| {
        let resource = events::default_bus(&account, &region);
        trace(state, resource.as_str(), outcome, format!("{}: {reason}", name_of(&record)));
        Injected { account: account.clone(), region: region.clone(), event_id: None, undelivered: Some(reason) }
    };
    let written = serde_json::to_string(&record).unwrap_or_default();
    if written.len() > LARGEST {
        let reason = format!(
            "the record has {} bytes; CloudTrail sends none over {LARGEST} bytes (256 KB) to EventBridge or CloudWatch Logs",
            written.len()
        );
        return Ok(undelivered(state, Outcome::Lost, reason));
    }
    let trails = match trails(state, &account, &region, &record) {
        Ok(trails) => trails,
        Err((outcome, reason)) => return Ok(undelivered(state, outcome, reason)),
    };
    let id = state.uuid();
    let mut envelope = envelope_of(&record, id.clone());
    if Time::parse(text(&record, "eventTime")).is_none() {
        envelope["time"] = state.now.iso_seconds().into();
    }
    let by = trails.iter().map(|trail| trail.arn.as_str()).collect::<Vec<_>>().join(", ");
    trace(state, &by, Outcome::Delivered, format!("{}: to the default bus as event {id}", name_of(&record)));
    events::ingest(state, &events::default_bus(&account, &region), events::Event::new(envelope));
    for trail in &trails {
        log_group::deliver(state, trail, &account, &record, &written);
    }
    Ok(Injected { account, region, event_id: Some(id), undelivered: None })
}

/// Injects an EventBridge event of an AWS service, as that service would put it on the default bus of the event's account
/// and Region. Its `id`, if it has one, is kept.
///
/// # Errors
/// When the source does not start with `aws.`, or the envelope lacks what says where it belongs.
pub fn inject_event(state: &mut State, envelope: Value) -> Result<Injected, InjectError> {
    let refuse = |reason: &str| Err(InjectError::NotAnEvent(reason.to_owned()));
    if !text(&envelope, "source").starts_with("aws.") {
        return refuse("its `source` does not start with `aws.`; put events of your own with PutEvents");
    }
    if text(&envelope, "detail-type").is_empty() {
        return refuse("it has no `detail-type`");
    }
    if !envelope.get("detail").is_some_and(Value::is_object) {
        return refuse("its `detail` is not an object");
    }
    if !AccountId::is_valid(text(&envelope, "account")) {
        return refuse("its `account` is not a 12-digit account id");
    }
    if text(&envelope, "region").is_empty() {
        return refuse("it has no `region`");
    }
    let account = AccountId::new(text(&envelope, "account"));
    let region = Region::new(text(&envelope, "region"));
    let id = events::put_service_event(state, &account, &region, envelope);
    Ok(Injected { account, region, event_id: Some(id), undelivered: None })
}

/// The trails that bring the record on its way, or why there is none.
fn trails(
    state: &State,
    account: &AccountId,
    region: &Region,
    record: &Value,
) -> Result<Vec<Arc<Trail>>, (Outcome, String)> {
    let organization = state.organizations.organization_of(account.as_str());
    let same_organization = |owner: &AccountId| {
        organization.is_some() && state.organizations.organization_of(owner.as_str()) == organization
    };
    let all: Vec<&Arc<Trail>> = state.cloudtrail.trails_of(account, same_organization).collect();
    let logging: Vec<&Arc<Trail>> = all.iter().copied().filter(|trail| trail.logging && trail.covers(region)).collect();
    if logging.is_empty() {
        let because = |trail: &&Arc<Trail>| {
            let why = if trail.logging { "does not cover the Region" } else { "does not log" };
            format!("{} {why}", trail.arn)
        };
        let known = match all.is_empty() {
            true => "it has no trail".to_owned(),
            false => all.iter().map(because).collect::<Vec<_>>().join("; "),
        };
        let reason = format!(
            "no trail of account {account} logs events of {region} ({known}); without one nothing reaches EventBridge"
        );
        return Err((Outcome::Lost, reason));
    }
    let global = is_global_service(record);
    let wanted = |trail: &&Arc<Trail>| trail.selectors.select(record) && (trail.settings.global_events || !global);
    let selecting: Vec<Arc<Trail>> = logging.iter().copied().filter(wanted).cloned().collect();
    if selecting.is_empty() {
        let names: Vec<&str> = logging.iter().map(|trail| trail.arn.as_str()).collect();
        let what = if global { "event selectors (or IncludeGlobalServiceEvents)" } else { "event selectors" };
        return Err((Outcome::NotMatched, format!("the {what} of {} leave it out", names.join(", "))));
    }
    Ok(selecting)
}

/// Whether a trail that leaves out global service events leaves it out. What such a service does in a Region, as STS's
/// regional endpoints do, is an event of that Region.
/// [D] cloudtrail-concepts, "Global service events": IAM, STS and CloudFront
fn is_global_service(record: &Value) -> bool {
    const SERVICES: [&str; 3] = ["iam.amazonaws.com", "sts.amazonaws.com", "cloudfront.amazonaws.com"];
    SERVICES.contains(&text(record, "eventSource")) && region_of(record).as_str() == "us-east-1"
}

fn name_of(record: &Value) -> String {
    let (id, name) = (text(record, "eventID"), text(record, "eventName"));
    format!(
        "record {} {}",
        if id.is_empty() { "without eventID" } else { id },
        if name.is_empty() { "-" } else { name }
    )
}

pub(super) fn trace(state: &mut State, resource: &str, outcome: Outcome, detail: String) {
    let resource = resource.to_owned();
    let entry =
        Entry { at: state.now, hop: Hop::CloudTrail, resource, outcome, detail, principal: None, decision: None };
    state.trace(entry);
}

/// The log group of a trail, without the `:*` that CloudTrail wants at its end.
pub(super) fn group_of(arn: &str) -> Option<Arn> {
    let group = Arn::parse(arn.strip_suffix(":*")?)?;
    (group.service() == "logs" && group.resource().starts_with("log-group:")).then_some(group)
}
