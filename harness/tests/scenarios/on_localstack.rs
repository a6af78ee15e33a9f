//! `localstack::<scenario>`: one container and one apply for all of them. Whoever comes first brings it about and runs all
//! that were asked for together, each compared with what comes of it on the embedded cloud; each takes its own verdict.
//! `localstack::verify` is `rootwatch verify` on the same deployment, before them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use aws_sdk_eventbridge::types::RuleState;
use libtest_mimic::{Arguments, Failed, Trial};
use rootwatch::cloud::{self, Cloud, RunOptions, compare, not_run_on_localstack};
use rootwatch::deployment::{Accounts, DEFAULT_REGION};
use rootwatch::layout::Layout;
use rootwatch::localstack::{Availability, availability_blocking, required};
use rootwatch::report::{Progress, human_of};
use rootwatch::runner::{Outcome, Status, clients};
use rootwatch::scenario::{DeploymentChange, Loaded};
use serde_json::Value;

use crate::queue::Queue;
use crate::support::{Shared, run_rootwatch};

/// Where more than these fail, it is not for a crowd.
const AGAIN: usize = 12;

/// Scenarios with a deployment of their own that run in every run, because LocalStack's own metric filters, alarms and
/// subscription filter policies take part in them. The others show the same there as on the default deployment, and each
/// costs an apply: `ROOTWATCH_FULL=1` runs them too.
const REVEALING: [&str; 3] = ["log-alarm/login", "routing/several-channels", "routing/severity-and-account"];

/// Why a scenario is left out unless the full matrix is asked for.
fn left_out(loaded: &Loaded) -> Option<&'static str> {
    let full = std::env::var("ROOTWATCH_FULL").is_ok_and(|value| value == "1");
    let variant = loaded.scenario.as_ref().is_ok_and(|scenario| scenario.deployment != DeploymentChange::default());
    (variant && !full && !REVEALING.contains(&loaded.name.as_str()))
        .then_some("not run: a deployment of its own; ROOTWATCH_FULL=1 runs it")
}

/// What each scenario came to: nothing, or why it failed.
pub(crate) type Verdicts = BTreeMap<String, Option<String>>;

/// The trial of `rootwatch verify`; no scenario has this name.
const VERIFY: &str = "verify";

/// What the trials share.
pub(crate) struct OnLocalStack {
    shared: Arc<Shared>,
    /// Those that this process runs.
    selected: Vec<Loaded>,
    verifies: bool,
    availability: Availability,
    verdicts: OnceLock<Result<Verdicts, String>>,
    cloud: Mutex<Option<cloud::OnLocalStack>>,
}

impl OnLocalStack {
    /// Looks whether there is a LocalStack to be had; starts nothing.
    pub(crate) fn new(shared: &Arc<Shared>, arguments: &Arguments) -> Arc<Self> {
        let selected = shared
            .loaded
            .iter()
            .filter(|loaded| wanted(arguments, &name(loaded)) && left_out(loaded).is_none())
            .cloned()
            .collect();
        let verifies = wanted(arguments, &name_of(VERIFY));
        let availability = availability_blocking();
        let (shared, verdicts, cloud) = (Arc::clone(shared), OnceLock::new(), Mutex::default());
        Arc::new(Self { shared, selected, verifies, availability, verdicts, cloud })
    }

    /// One for each scenario; the kind of an ignored one says why.
    pub(crate) fn trials(self: &Arc<Self>) -> Vec<Trial> {
        let trial = |loaded: &Loaded| {
            let (this, scenario) = (Arc::clone(self), loaded.name.clone());
            let trial = Trial::test(name(loaded), move || this.verdict(&scenario));
            let scenario = loaded.scenario.as_ref().ok();
            let not_run = scenario.and_then(|it| not_run_on_localstack(self.availability.image(), &loaded.path, it));
            if let Some(reason) = left_out(loaded) {
                return trial.with_kind(reason).with_ignored_flag(true);
            }
            match (not_run, self.availability.reason()) {
                (Some(found), _) => trial.with_kind(format!("not run: {}", found.what)).with_ignored_flag(true),
                (None, Some(absent)) if !required() => {
                    trial.with_kind(format!("not run: {absent}")).with_ignored_flag(true)
                }
                _ => trial,
            }
        };
        let this = Arc::clone(self);
        let verify = Trial::test(name_of(VERIFY), move || this.verdict(VERIFY));
        let verify = match self.availability.reason() {
            Some(absent) if !required() => verify.with_kind(format!("not run: {absent}")).with_ignored_flag(true),
            _ => verify,
        };
        self.shared.loaded.iter().map(trial).chain([verify]).collect()
    }

    fn verdict(&self, scenario: &str) -> Result<(), Failed> {
        let verdicts = self.verdicts.get_or_init(|| match Queue::of_this_run() {
            // A process for each test: what others wait for is run with it.
            Some(queue) => queue.take_turn(scenario, |asked| self.run(asked)),
            None => self.run(&|| {
                let verify = self.verifies.then(|| VERIFY.to_owned());
                self.selected.iter().map(|loaded| loaded.name.clone()).chain(verify).collect()
            }),
        });
        match verdicts.as_ref().map_err(Clone::clone)?.get(scenario) {
            Some(None) => Ok(()),
            Some(Some(failure)) => Err(failure.into()),
            None => Err(format!("{scenario}: it was not among those that ran").into()),
        }
    }

    /// Deploys, then runs what is asked for by then.
    fn run(&self, asked: &dyn Fn() -> Vec<String>) -> Result<Verdicts, String> {
        let program = Path::new(env!("CARGO_BIN_EXE_rootwatch"));
        self.shared.runtime().block_on(async {
            let progress = Progress::lines();
            let started = cloud::OnLocalStack::start(Layout::discover(), program, &self.shared.loaded, &progress).await;
            let cloud = started?;
            let mut verified = None;
            let ran = match cloud.deploy().await {
                Ok(_) => {
                    let asked = asked();
                    if asked.iter().any(|name| name == VERIFY) {
                        verified = Some(verify(&cloud.endpoint().await).await);
                    }
                    let chosen = self.shared.loaded.iter().filter(|loaded| asked.contains(&loaded.name));
                    self.twice(&cloud, chosen.cloned().collect()).await
                }
                Err(error) => Err(error),
            };
            let well = ran.as_ref().is_ok_and(|outcomes| outcomes.iter().all(|it| it.status == Status::Passed));
            let (ailment, log) = match well {
                true => (None, None),
                false => (cloud.ailment().await, cloud.keep_log().await),
            };
            *self.cloud.lock().unwrap_or_else(PoisonError::into_inner) = Some(cloud);
            let log = log.map(|log| format!("the log of LocalStack: {}", log.display()));
            let with_log = |error: String| log.iter().fold(error, |error, log| format!("{error}\n{log}"));
            let outcomes = ran.map_err(&with_log)?;
            if let Some(ailment) = ailment {
                return Err(with_log(ailment));
            }
            let verdict = |mut outcome: Outcome| {
                let name = outcome.name.clone();
                if outcome.status == Status::Passed {
                    return (name, None);
                }
                outcome.notes.extend(log.clone());
                (name, Some(human_of("localstack", &outcome)))
            };
            let verified = verified.map(|result| (VERIFY.to_owned(), result.err()));
            Ok(outcomes.into_iter().map(verdict).chain(verified).collect())
        })
    }

    /// Runs all scenarios, then the failed ones once more without the others, since time is real there and load delays it. A
    /// scenario that passes only the second time is reported as flaky, with the output of both runs.
    async fn twice(&self, cloud: &cloud::OnLocalStack, chosen: Vec<Loaded>) -> Result<Vec<Outcome>, String> {
        let first = cloud.run(chosen.clone(), RunOptions::default()).await;
        let mut outcomes = self.compared(first, &chosen).await?;
        let failed = |outcome: &Outcome| outcome.status == Status::Failed;
        let again = outcomes.iter().filter(|outcome| failed(outcome));
        let again: Vec<Loaded> =
            again.filter_map(|it| chosen.iter().find(|one| one.name == it.name)).cloned().collect();
        if again.is_empty() || again.len() > AGAIN {
            return Ok(outcomes);
        }
        let second = cloud.run(again.clone(), RunOptions::default()).await;
        for outcome in self.compared(second, &again).await? {
            let Some(first) = outcomes.iter_mut().find(|first| first.name == outcome.name) else { continue };
            if outcome.status == Status::Passed {
                // `.ci/run` repeats these lines in its summary.
                eprintln!("FLAKY {}: failed, then passed when it ran without the others", name_of(&first.name));
                let outputs = [("first run", &*first), ("second run", &outcome)];
                for (run, outcome) in outputs {
                    for line in human_of("localstack", outcome).lines() {
                        eprintln!("FLAKY {} | {run} | {line}", name_of(&outcome.name));
                    }
                }
            }
            *first = outcome;
        }
        Ok(outcomes)
    }

    /// With what comes of the same on the embedded cloud: equal, or by a named difference.
    async fn compared(&self, mut outcomes: Vec<Outcome>, ran: &[Loaded]) -> Result<Vec<Outcome>, String> {
        let session = self.shared.session().await?;
        let mut embedded = Vec::new();
        for loaded in ran {
            embedded.push(session.run(loaded).await);
        }
        compare(&mut outcomes, &embedded);
        Ok(outcomes)
    }

    /// Removes the container, if it was started.
    pub(crate) fn close(&self) {
        let cloud = self.cloud.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(cloud) = cloud
            && let Err(error) = self.shared.runtime().block_on(cloud.close())
        {
            eprintln!("LocalStack could not be removed: {error}");
        }
    }
}

/// `rootwatch verify` finds everything monitored, and what is disabled out of band not; LocalStack has no trails to read.
async fn verify(endpoint: &str) -> Result<(), String> {
    let accounts = Accounts::default();
    let rule = "rootwatch-root-activity";
    let eventbridge = clients::eventbridge(endpoint, &accounts.spoke, DEFAULT_REGION);
    let whole = verdicts(endpoint, &accounts)?;
    let disabled = eventbridge.disable_rule().name(rule).send().await;
    disabled.map_err(|error| format!("{rule} could not be disabled: {error:?}"))?;
    let broken = verdicts(endpoint, &accounts);
    let enabled = eventbridge.put_rule().name(rule).state(RuleState::EnabledWithAllCloudtrailManagementEvents);
    let found = eventbridge.describe_rule().name(rule).send().await.map_err(|error| format!("{error:?}"))?;
    let enabled = enabled.set_event_pattern(found.event_pattern).set_description(found.description).send().await;
    enabled.map_err(|error| format!("{rule} could not be enabled again: {error:?}"))?;
    let of_hub = |verdict: &'static str| (accounts.hub.clone(), verdict.to_owned());
    let of_spoke = |verdict: &'static str| (accounts.spoke.clone(), verdict.to_owned());
    let expected = [(whole, of_spoke("monitored")), (broken?, of_spoke("not-monitored"))];
    for (found, spoke) in expected {
        let wanted: BTreeSet<_> = [of_hub("monitored"), spoke].into();
        if found != wanted {
            return Err(format!("expected {wanted:?}, found {found:?}"));
        }
    }
    Ok(())
}

/// The verdicts of `rootwatch verify` by account.
fn verdicts(endpoint: &str, accounts: &Accounts) -> Result<BTreeSet<(String, String)>, String> {
    let arguments = ["verify", "--format", "json", "--region", DEFAULT_REGION, "--spoke", &accounts.spoke];
    let role = ["--role", &accounts.deploy_role_name, "--external-id", &accounts.external_id];
    let output = run_rootwatch(endpoint, &accounts.hub, &accounts.hub_region, &[&arguments[..], &role].concat())?;
    let errors = String::from_utf8_lossy(&output.stderr);
    let report: Value = serde_json::from_slice(&output.stdout).map_err(|error| format!("{error}: {errors}"))?;
    let others: Vec<&Value> = report["findings"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(|finding| {
            !finding["text"].as_str().is_some_and(|text| text.starts_with("the trails could not be read"))
        })
        .collect();
    if !others.is_empty() {
        return Err(format!("findings of a whole deployment: {others:?}"));
    }
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let probed = report["probed"].as_array().into_iter().flatten();
    Ok(probed.map(|it| (text(&it["account"]), text(&it["verdict"]))).collect())
}

fn name(loaded: &Loaded) -> String {
    name_of(&loaded.name)
}

fn name_of(scenario: &str) -> String {
    format!("localstack::{}", scenario.replace('/', "::"))
}

/// Whether a run with these arguments runs a trial, as libtest decides it.
fn wanted(arguments: &Arguments, name: &str) -> bool {
    let found = |text: &String| if arguments.exact { name == text } else { name.contains(text.as_str()) };
    arguments.filter.as_ref().is_none_or(found) && !arguments.skip.iter().any(found)
}
