//! What a scenario of a group came to: where it ended, which hop broke, and whether that is what this cloud must give.

use serde_json::Value;

use super::case::Case;
use super::deploy::caller;
use super::{Ready, group::Group};
use crate::cloud::difference::{Found, Known};
use crate::deployment::Accounts;
use crate::runner::{self, Message, Outcome, Status, compared, differences};
use crate::scenario::{Expectation, StoppedAt};

/// The rule of the spoke module.
const RULE: &str = "rootwatch-root-activity";

/// Judges a case after its group has run.
pub(super) async fn judge(group: &Group<'_>, mut case: Case) -> Outcome {
    let ready = group.ready;
    if case.outcome.alerts.total() == 0 && !case.injected.is_empty() {
        let (stopped_at, hop) = stopped_at(ready, group.accounts, &case).await;
        case.outcome.stopped_at = Some(stopped_at);
        case.outcome.broken_hop = hop;
    } else {
        case.outcome.broken_hop = broken_hop(&case);
    }
    let blind = group.blind(&case);
    let common = group.common(&case);
    let Case { scenario, expected, known, mut outcome, crossed, .. } = case;
    outcome.messages.sort_by_key(Message::rank);
    outcome.trace.push(format!("crossed to the hub's bus: {crossed}"));
    outcome.notes.extend(group.notes.iter().cloned());
    outcome.differences.extend(common);
    outcome.differences.extend(known.iter().map(|known| Found::new(known.difference, said(&known.instead))));
    let (Some(expected), Some(original)) = (expected, &scenario.expect) else {
        outcome.status = if outcome.failures.is_empty() { Status::Observed } else { Status::Failed };
        return outcome;
    };
    settle(&mut outcome, original, &expected, &known, blind);
    outcome
}

/// Compares with what must come out here. `blind` says why an absence shows nothing.
fn settle(
    outcome: &mut Outcome,
    original: &Expectation,
    expected: &Expectation,
    known: &[Known],
    blind: Option<String>,
) {
    outcome.compared = compared(expected, outcome);
    let differing = outcome.compared.iter().filter(|one| !one.agrees()).map(ToString::to_string);
    outcome.failures.extend(differing);
    if !known.is_empty() && !outcome.failures.is_empty() && differences(original, outcome).is_empty() {
        let names: Vec<String> = known.iter().map(|known| known.difference.name()).collect();
        outcome.failures = vec![format!(
            "it came out as on AWS: the named difference {} no longer occurs; take it off the list of this cloud",
            names.join(", ")
        )];
    }
    // What came says itself that it came; only an absence needs a witness, unless the hop that is broken is its reason.
    let silent = expected.alerts() == 0 && expected.broken_hop.is_empty();
    if let Some(blind) = blind.filter(|_| silent && outcome.failures.is_empty()) {
        outcome.failures.push(blind);
    }
    outcome.status = if outcome.failures.is_empty() { Status::Passed } else { Status::Failed };
}

/// The known part in words.
fn said(instead: &Value) -> String {
    let members = instead.as_object().into_iter().flatten();
    let parts = members
        .map(|(name, value)| format!("{name} {}", if value.is_null() { "none".to_owned() } else { value.to_string() }));
    format!("here {}", parts.collect::<Vec<_>>().join(", "))
}

/// Where events without an alert ended: whether they crossed to the hub's bus says the probe there; whether the spoke's
/// rule wanted them, the cloud's own TestEventPattern.
async fn stopped_at(ready: &Ready, accounts: &Accounts, case: &Case) -> (StoppedAt, Option<String>) {
    if case.crossed > 0 {
        let lost = case.outcome.dead_letters > 0;
        let at = if lost { StoppedAt::Undelivered } else { StoppedAt::Triage };
        return (at, lost.then(|| "behind the hub's bus: a dead-letter queue has it".to_owned()));
    }
    let mut standing = false;
    for injection in &case.injected {
        let account = if injection.of_hub { &accounts.hub } else { &accounts.spoke };
        let client = caller(&ready.seeded, injection.of_hub).in_region(&injection.region).eventbridge();
        let Ok(rule) = client.describe_rule().name(RULE).send().await else { continue };
        standing = true;
        let place = format!("arn:aws:events:{}:{account}:rule/{RULE}", injection.region);
        if rule.state().is_some_and(|state| state.as_str() == "DISABLED") {
            return (StoppedAt::Rule, Some(format!("rule {place} is DISABLED")));
        }
        let pattern = rule.event_pattern().unwrap_or("{}");
        let asked = client.test_event_pattern().event_pattern(pattern).event(injection.event.to_string());
        match asked.send().await {
            Ok(answer) if answer.result() => {
                let read_only = rule.state().is_some_and(|state| state.as_str() == "ENABLED")
                    && injection.event["detail"]["readOnly"] == true;
                if read_only {
                    return (
                        StoppedAt::Rule,
                        Some(format!("rule {place} is in the state ENABLED: no read-only events")),
                    );
                }
                let hop = format!("target {place}: it matches, and nothing crossed to the hub's bus");
                return (StoppedAt::Undelivered, Some(hop));
            }
            Ok(_) => {}
            Err(error) => {
                let error = runner::chain(&error.into_service_error());
                return (StoppedAt::Undelivered, Some(format!("rule {place}: TestEventPattern: {error}")));
            }
        }
    }
    (if standing { StoppedAt::Rule } else { StoppedAt::NoSpoke }, None)
}

/// The first hop behind an alert that something is missing at.
fn broken_hop(case: &Case) -> Option<String> {
    let expected = case.expected.as_ref()?;
    let (alerts, sinks) = (case.outcome.alerts, case.outcome.sinks);
    let all = alerts.total();
    if case.crossed == 0 && !case.injected.is_empty() {
        return Some("the way to the hub's bus: the probe there saw nothing".to_owned());
    }
    let fewer =
        alerts.login < expected.login || alerts.activity < expected.activity || alerts.tampering < expected.tampering;
    if fewer {
        return Some("triage: less came to the topics than to the hub's bus".to_owned());
    }
    let alerters = [
        ("slack", sinks.slack, expected.slack.unwrap_or(all)),
        ("pagerduty", sinks.pagerduty, expected.pagerduty.unwrap_or(all)),
        ("email", sinks.email, expected.email.unwrap_or(all)),
    ];
    let silent = alerters.into_iter().find(|(_, found, wanted)| found < wanted)?;
    Some(format!("function rootwatch-{}-main: less was sent than came to its topics", silent.0))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::settle;
    use crate::cloud::difference::{Difference, Known};
    use crate::runner::{Outcome, Status};
    use crate::scenario::{Expectation, StoppedAt};

    /// On AWS a policy keeps the event away; here it comes.
    #[test]
    fn a_difference_that_no_longer_occurs_fails() {
        let on_aws = Expectation { stopped_at: Some(StoppedAt::Rule), ..Expectation::default() };
        let instead = json!({"login": 1, "stopped_at": null});
        let known = [Known { scenario: "a", difference: Difference::Policies, instead }];
        let here = known[0].applied_to(&on_aws);
        let came = |login: u64| {
            let mut outcome = Outcome::empty("a", "a.json".into(), "");
            outcome.alerts.login = login;
            outcome.sinks = crate::runner::SinkCounts { slack: login, pagerduty: login, email: login };
            outcome.stopped_at = (login == 0).then_some(StoppedAt::Rule);
            outcome
        };
        let cases = [
            ("it occurs", 1, true, false, Status::Passed, ""),
            ("it no longer occurs", 0, true, false, Status::Failed, "policies no longer occurs"),
            ("neither", 2, true, false, Status::Failed, "expected 1, found 2"),
            ("as on AWS, and nothing is known", 0, false, false, Status::Passed, ""),
            ("an absence without a witness", 0, false, true, Status::Failed, "sentinel"),
            ("what came needs none", 1, true, true, Status::Passed, ""),
        ];
        for (case, login, is_known, is_blind, status, said) in cases {
            let mut outcome = came(login);
            let (expected, known) = if is_known { (&here, known.as_slice()) } else { (&on_aws, [].as_slice()) };
            settle(&mut outcome, &on_aws, expected, known, is_blind.then(|| "the sentinel was not seen".to_owned()));
            assert_eq!(outcome.status, status, "{case}: {:?}", outcome.failures);
            assert!(outcome.failures.join("; ").contains(said), "{case}: {:?}", outcome.failures);
        }
    }
}
