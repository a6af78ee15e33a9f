//! What LocalStack 4.14.0 is known to do otherwise than AWS, scenario by scenario.

use std::path::Path;

use serde_json::json;

use crate::cloud::difference::{Difference, Known};
use crate::scenario::is_scenario;

/// The known differences of the scenario in this file.
pub(in crate::cloud) fn known_of(file: &Path) -> Vec<Known> {
    known().into_iter().filter(|known| is_scenario(file, known.scenario)).collect()
}

/// The list. Each entry is checked by its scenario: it must occur.
fn known() -> Vec<Known> {
    let known = |scenario, difference, instead| Known { scenario, difference, instead };
    let alarms = |scenario, instead| known(scenario, Difference::AlarmEvents, instead);
    let wildcard = |scenario, instead| known(scenario, Difference::LeadingWildcard, instead);
    vec![
        alarms("log-alarm/filter-counts-an-audit-session", json!({"activity": 0, "pagerduty": 0, "mentions": []})),
        alarms("log-alarm/login", json!({"activity": 0, "pagerduty": 1, "mentions": []})),
        alarms("log-alarm/raised-again", json!({"activity": 0, "pagerduty": 2})),
        alarms("log-alarm/stays-raised", json!({"activity": 8, "pagerduty": 8, "mentions": []})),
        alarms("defects/alarm-that-never-ends", json!({"activity": 0})),
        alarms("defects/filter-and-rule-disagree", json!({"activity": 0, "pagerduty": 0, "mentions": []})),
        alarms("defects/log-path-alone", json!({"activity": 0, "pagerduty": 0})),
        known(
            "defects/log-path-alone",
            Difference::DisabledRule,
            json!({"login": 2, "pagerduty": 2, "broken_hop": []}),
        ),
        known(
            "defects/hub-account-not-watched",
            Difference::DisabledRule,
            json!({"login": 1, "stopped_at": null, "broken_hop": []}),
        ),
        alarms("defects/topic-policy-of-another-region", json!({"dead_letters": 0, "broken_hop": []})),
        alarms("defects/topic-policy-with-source-account", json!({"dead_letters": 0, "broken_hop": []})),
        known(
            "faults/email-not-allowed-to-publish",
            Difference::Policies,
            json!({"email": 1, "dead_letters": 0, "mentions": []}),
        ),
        // The second dead letter is that of the alarm, whose message is no scenario's own here.
        known("faults/pagerduty-key-revoked", Difference::Deployments, json!({"dead_letters": 1})),
        known("faults/pagerduty-not-found", Difference::Deployments, json!({"dead_letters": 1})),
        known("forged/source-of-aws", Difference::AwsSources, json!({"refused": null, "login": 2, "stopped_at": null})),
        known("forged/source-of-aws", Difference::Policies, json!({"refused": null})),
        known("forged/straight-to-the-hub", Difference::Policies, json!({"refused": null})),
        known("activity/other-partition", Difference::OtherPartitions, json!({"activity": 1, "stopped_at": null})),
        known(
            "defects/read-only-not-delivered",
            Difference::ReadOnlyState,
            json!({"activity": 1, "stopped_at": null, "broken_hop": []}),
        ),
        known("variants/read-only-calls-off", Difference::ReadOnlyState, json!({"activity": 1, "stopped_at": null})),
        known("tampering/forged", Difference::AwsSources, json!({"refused": null, "stopped_at": "triage"})),
        known("tampering/forged", Difference::Policies, json!({"refused": null})),
        known("heartbeat/forged-heartbeats", Difference::AwsSources, json!({"refused": null})),
        known("heartbeat/forged-heartbeats", Difference::Policies, json!({"refused": null})),
        wildcard("tampering/hub-account-as-a-spoke", json!({"tampering": 5, "messages": []})),
        wildcard("tampering/hub-bus", json!({"tampering": 3, "mentions": []})),
        wildcard("tampering/hub-functions", json!({"tampering": 8, "mentions": [], "messages": []})),
        wildcard("tampering/hub-table", json!({"tampering": 3})),
        wildcard("tampering/in-every-region", json!({"tampering": 0, "messages": []})),
        wildcard("tampering/spoke-queue-and-alarms", json!({"tampering": 2, "mentions": []})),
        wildcard("tampering/spoke-role", json!({"tampering": 0, "mentions": []})),
        wildcard("tampering/spoke-rules", json!({"tampering": 0, "mentions": [], "messages": [], "incidents": 0})),
        wildcard("tampering/by-the-deployment-role", json!({"tampering": 0, "mentions": []})),
        wildcard("tampering/by-the-deployment-role-reported", json!({"tampering": 1, "messages": [], "incidents": 1})),
        known(
            "variants/account-not-listed",
            Difference::Policies,
            json!({"login": 1, "stopped_at": null, "dead_letters": 0, "broken_hop": []}),
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_are_found_by_the_path_of_a_scenario() {
        for (file, found) in [
            ("scenarios/forged/source-of-aws.json", 2),
            ("/somewhere/scenarios/log-alarm/login.json", 1),
            ("scenarios/login/passkey.json", 0),
            ("scenarios/another-log-alarm/login.json", 0),
            ("login.json", 0),
        ] {
            assert_eq!(known_of(Path::new(file)).len(), found, "{file}");
        }
    }
}
