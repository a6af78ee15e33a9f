//! What is not run on a cloud whose time is real.

use std::path::Path;

use super::group::LIMIT;
use crate::cloud::RunOptions;
use crate::cloud::difference::{Difference, Found};
use crate::cloud::localstack::NAME as LOCALSTACK;
use crate::scenario::{Alerter, DeploymentChange, Fault, Faults, Scenario, is_scenario};

/// Limits that the scenario file does not show.
const BY_NAME: [(&str, Difference, &str); 5] = [
    ("log-alarm/login-in-full", Difference::RealTime, "its messages have times of the scenario"),
    ("faults/hub-refuses-the-spoke", Difference::RealTime, "its alarms look at five minutes"),
    ("faults/slack-secret-missing", Difference::RealTime, "its function is tried again for hours"),
    ("defects/alerters-on-the-wrong-topic", Difference::Deployments, "only the embedded cloud's trace has its hop"),
    ("variants/two-email-alerters", Difference::Deployments, "its second e-mail alerter has no probe there"),
];

/// What is known of a cloud before anything is run there.
#[derive(Clone, Copy, Debug)]
pub(in crate::cloud) struct Offers<'a> {
    /// As reports name it.
    pub(in crate::cloud) cloud: &'a str,
    /// Whether it has DynamoDB.
    pub(in crate::cloud) dynamodb: bool,
}

/// Why a scenario is not run on a cloud behind an endpoint, if it is not.
pub(in crate::cloud) fn not_run(
    Offers { cloud, dynamodb }: Offers<'_>,
    file: &Path,
    scenario: &Scenario,
    options: &RunOptions,
) -> Option<Found> {
    // Terraform would try for many minutes to create the table.
    if !dynamodb && scenario.deployment.variables.get("deduplication") == Some(&true.into()) {
        return Some(Found::new(Difference::DynamoDb, "its claims are kept in a table of DynamoDB"));
    }
    if let Some(seconds) = waits(&scenario.faults).filter(|seconds| *seconds > LIMIT.as_secs() - 60) {
        let wait = if seconds == u64::MAX { "hours".to_owned() } else { format!("{seconds} s") };
        let what = format!("it waits {wait} for its retries; the bound is {} s", LIMIT.as_secs());
        return Some(Found::new(Difference::RealTime, what));
    }
    if !scenario.calls.is_empty() {
        return Some(Found::new(Difference::Deployments, "it changes the deployment, which other scenarios share"));
    }
    if let Some((_, difference, what)) = BY_NAME.iter().find(|(name, _, _)| is_scenario(file, name)) {
        return Some(Found::new(*difference, *what));
    }
    if !(scenario.deployment.spokes.is_empty() && scenario.deployment.outsiders.is_empty()) {
        return Some(Found::new(Difference::Deployments, "it needs more accounts than the hub and one spoke"));
    }
    // On a cloud of the run's own it costs the apply of the difference.
    if scenario.deployment == DeploymentChange::default() || cloud == LOCALSTACK || options.deployments {
        return None;
    }
    let what = "it needs a deployment of its own: an apply, and another to undo it";
    Some(Found::new(Difference::Deployments, what))
}

/// How many seconds the faults make an alert wait, by the waits of the functions' queues; `None` without faults.
fn waits(faults: &Faults) -> Option<u64> {
    let of = |faults: &Vec<Fault>| {
        let mut tries = 0_u64;
        for fault in faults {
            // Refused for good: the function moves the message to its dead-letter queue at once.
            let for_good = matches!(fault.status, Some(400 | 401 | 403 | 404 | 410 | 413));
            match (fault.times, fault.connection) {
                _ if for_good => {}
                (None, _) => return u64::MAX,
                // Tried twice in one invocation.
                (Some(times), None) if fault.status.is_some_and(|status| status >= 500) => tries += times / 2,
                (Some(times), _) => tries += times,
            }
        }
        (0..tries).fold(0_u64, |sum, n| sum.saturating_add((60_u64 << n.min(10)).min(900)))
    };
    let alerters = [Alerter::Slack, Alerter::Pagerduty];
    alerters.iter().filter_map(|alerter| faults.get(alerter)).map(of).max()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_found_by_the_path_of_a_scenario() {
        let offers = Offers { cloud: LOCALSTACK, dynamodb: true };
        for (file, runs) in
            [("scenarios/log-alarm/login-in-full.json", false), ("scenarios/log-alarm/login.json", true)]
        {
            let limit = not_run(offers, Path::new(file), &Scenario::default(), &RunOptions::default());
            assert_eq!(limit.is_none(), runs, "{file}");
        }
    }

    #[test]
    fn waits_of_faults() {
        let fault = |status, times| Fault { status: Some(status), times, ..Fault::default() };
        let cases = [
            (vec![fault(500, Some(5))], 180),
            (vec![fault(500, Some(2))], 60),
            (vec![fault(429, Some(3))], 420),
            (vec![fault(404, None)], 0),
            (vec![fault(503, None)], u64::MAX),
        ];
        for (faults, seconds) in cases {
            let faults = Faults::from([(Alerter::Slack, faults)]);
            assert_eq!(waits(&faults), Some(seconds), "{faults:?}");
        }
        assert_eq!(waits(&Faults::new()), None);
    }
}
