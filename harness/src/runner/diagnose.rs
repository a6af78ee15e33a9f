//! From the trace of a fork: where an event ended, and which hop broke.

use rootwatch_cloud::trace::{Entry, Hop, Outcome};

use crate::deployment::PROBE_PREFIX;
use crate::scenario::StoppedAt;

/// Where events without an alert ended. `delivered` says whether CloudTrail (or a service) put anything on a bus.
pub(super) fn stopped_at(trace: &[Entry]) -> Option<StoppedAt> {
    let given = trace.iter().any(|entry| matches!(entry.hop, Hop::CloudTrail | Hop::Bus));
    if !given {
        return None;
    }
    if trace.iter().any(|entry| entry.hop == Hop::CloudTrail && is_trouble(entry)) {
        return Some(StoppedAt::Undelivered);
    }
    // Rules on a default bus: those of the spoke module are recognised by their place, `rule/<name>` without a bus.
    let spoke_rules = || {
        trace.iter().filter(|entry| {
            entry.hop == Hop::Rule
                && entry.resource.rsplit(":rule/").next().is_some_and(|name| !name.contains('/'))
                && !is_for_alarms(entry)
        })
    };
    if spoke_rules().next().is_none() {
        // A customer may put events on another bus than the default one. Its rules decide then.
        let custom = |entry: &Entry| entry.hop == Hop::Bus && !entry.resource.ends_with(":event-bus/default");
        let given_to_rules = |entry: &Entry| entry.hop == Hop::Rule || custom(entry);
        let refused = |entry: &Entry| custom(entry) || entry.outcome == Outcome::NotMatched;
        return Some(match trace.iter().all(|entry| given_to_rules(entry) && refused(entry)) {
            true => StoppedAt::Rule,
            false => StoppedAt::NoSpoke,
        });
    }
    if !spoke_rules().any(|entry| entry.outcome == Outcome::Matched) {
        return Some(StoppedAt::Rule);
    }
    let triaged = trace.iter().any(|entry| {
        entry.hop == Hop::Function && entry.outcome == Outcome::Delivered && entry.resource.contains("triage")
    });
    let denied = trace.iter().any(|entry| entry.hop == Hop::Api && is_trouble(entry));
    // A hub rule may be the one that did not want it: that is a loss, because the spoke's rule did.
    Some(if triaged && !denied { StoppedAt::Triage } else { StoppedAt::Undelivered })
}

/// Whether it is of a rule for what alarms say, which wants no event of root's: the monitor's modules have the word in the
/// names of these rules.
pub(crate) fn is_for_alarms(entry: &Entry) -> bool {
    entry.hop == Hop::Rule && entry.resource.rsplit('/').next().is_some_and(|name| name.contains("alarm"))
}

/// Returns true for the queue, the function and the calls that record heartbeats: their names contain the word in the monitor's
/// modules.
pub(crate) fn is_of_coverage(entry: &Entry) -> bool {
    entry.resource.contains("-coverage") || entry.principal.as_deref().is_some_and(|by| by.contains("-coverage"))
}

/// Whether something went wrong. A conditional write that another alerter won is how the deduplication store works.
pub(crate) fn is_trouble(entry: &Entry) -> bool {
    entry.is_trouble() && !entry.detail.contains("ConditionalCheckFailedException")
}

/// The first hop that something went wrong at, in words. A failure that a later attempt repaired is a cause only where
/// there is no other.
pub(super) fn broken_hop(trace: &[Entry], stopped_at: Option<StoppedAt>) -> Option<String> {
    let repaired = |place: usize, entry: &Entry| {
        entry.outcome == Outcome::Retried
            && trace[place + 1..].iter().any(|later| {
                later.hop == entry.hop && later.resource == entry.resource && later.outcome == Outcome::Delivered
            })
    };
    // The record of heartbeats is no part of an alert's path: it is named only if nothing else broke.
    let trouble = |aside: bool| {
        let wanted = |(_, entry): &(usize, &Entry)| is_trouble(entry) && is_of_coverage(entry) == aside;
        let mut troubles = trace.iter().enumerate().filter(wanted);
        let first = troubles.next();
        let lasting = first.into_iter().chain(troubles).find(|(place, entry)| !repaired(*place, entry));
        lasting.or(first).map(|(_, entry)| entry)
    };
    let trouble = trouble(false).or_else(|| trouble(true));
    // A pattern that does not match is no trouble in itself; it is, where an alert was wanted.
    // Of several rules on the last bus, the first: a spoke's rule for root activity comes before that for tampering.
    let unmatched = || {
        let unmatched =
            |entry: &&Entry| entry.hop == Hop::Rule && entry.outcome == Outcome::NotMatched && !is_for_alarms(entry);
        let bus = |entry: &Entry| entry.resource.rsplit_once('/').map(|(bus, _)| bus.to_owned());
        let last = trace.iter().rfind(unmatched)?;
        trace.iter().filter(unmatched).find(|entry| bus(entry) == bus(last))
    };
    // Somebody disabled it: whatever else was delivered, this path is gone.
    let disabled = || trace.iter().find(|entry| entry.hop == Hop::Rule && entry.detail.contains("DISABLED"));
    trouble.or_else(disabled).or_else(|| stopped_at.and_then(|_| unmatched())).map(ToString::to_string)
}

/// The first topic that an alert was published to and nobody but the harness listened: something was expected beyond
/// it, and no hop says why it is missing.
pub(super) fn unheard(trace: &[Entry]) -> Option<String> {
    let heard = |topic: &str| {
        let of_topic = |entry: &&Entry| entry.hop == Hop::Subscription && entry.resource.starts_with(topic);
        trace.iter().filter(of_topic).any(|entry| !entry.detail.contains(PROBE_PREFIX))
    };
    let published = |entry: &&Entry| entry.hop == Hop::Topic && entry.outcome == Outcome::Delivered;
    let topic = trace.iter().filter(published).find(|entry| !heard(&entry.resource))?;
    Some(format!("{topic}: no subscription of an alerter, only the harness's own"))
}

#[cfg(test)]
mod tests {
    use rootwatch_cloud::time::Time;

    use super::*;

    #[test]
    fn rules_of_a_custom_bus_decide_on_events_that_are_put_there() {
        let entry = |hop: Hop, resource: &str, outcome: Outcome| Entry {
            at: Time::parse("2026-03-02T09:14:12Z").unwrap(),
            hop,
            resource: resource.to_owned(),
            outcome,
            detail: String::new(),
            principal: None,
            decision: None,
        };
        let bus = |name: &str| entry(Hop::Bus, &format!("arn:aws:events:r:1:event-bus/{name}"), Outcome::Delivered);
        let rule = |outcome| entry(Hop::Rule, "arn:aws:events:r:1:rule/hub/activity", outcome);
        let cases = [
            (vec![bus("hub"), rule(Outcome::NotMatched)], StoppedAt::Rule),
            (vec![bus("hub"), rule(Outcome::Matched)], StoppedAt::NoSpoke),
            (vec![bus("default")], StoppedAt::NoSpoke),
        ];
        for (trace, expected) in cases {
            assert_eq!(stopped_at(&trace), Some(expected), "{trace:?}");
        }
    }

    #[test]
    fn names_the_cause_and_not_what_is_normal() {
        let entry = |hop: Hop, resource: &str, outcome: Outcome, detail: &str| Entry {
            at: Time::parse("2026-03-02T09:14:12Z").unwrap(),
            hop,
            resource: resource.to_owned(),
            outcome,
            detail: detail.to_owned(),
            principal: None,
            decision: None,
        };
        let claim = || entry(Hop::Api, "table", Outcome::Failed, "PutItem: ConditionalCheckFailedException");
        let retried = || entry(Hop::Function, "slack", Outcome::Retried, "503");
        let delivered = || entry(Hop::Function, "slack", Outcome::Delivered, "");
        let lost = || entry(Hop::Target, "queue", Outcome::Lost, "AccessDenied");
        let cases = [
            (vec![claim()], None),
            (vec![claim(), lost()], Some("AccessDenied")),
            (vec![retried(), delivered(), lost()], Some("AccessDenied")),
            (vec![retried(), lost()], Some("503")),
            (vec![retried(), delivered()], Some("503")),
        ];
        for (trace, cause) in cases {
            let found = broken_hop(&trace, None);
            assert_eq!(found.is_some(), cause.is_some(), "{found:?}");
            assert!(cause.is_none_or(|cause| found.as_ref().is_some_and(|hop| hop.contains(cause))), "{found:?}");
        }
    }
}
