//! A session: packages, deployments and the sink, shared by all scenarios of a run.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use rootwatch_cloud::{Assumptions, Clock, Cloud, Options};
use tokio::sync::{Mutex, OnceCell, oneshot};
use tokio::time::Instant;

use super::event::{Deployed, Label, Plan, RunEvent};
use super::keep::{KeepError, Kept, keep};
use super::outcome::{Outcome, Status};
use super::scenario::{self, point_secrets_at};
use crate::deployment::{
    Accounts, Coverage, DeployError, Deployment, OwnRoot, Specification, assume, deploy, deploy_own, plan,
};
use crate::functions::Functions;
use crate::layout::Layout;
use crate::packages::{BuildError, Packages, prepare};
use crate::report::Progress;
use crate::scenario::{Account, DeploymentChange, Faults, Loaded, Scenario, SlackBy, Step, Who, for_accounts, play};
use crate::sink::{Sink, SinkError};
use crate::terraform::PlannedChange;

/// Why no scenario can be run.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    /// The handlers.
    #[error(transparent)]
    Build(#[from] BuildError),
    /// The deployment.
    #[error(transparent)]
    Deploy(#[from] DeployError),
    /// The sink.
    #[error(transparent)]
    Sink(#[from] SinkError),
}

type Slot = Arc<OnceCell<Result<Arc<Deployment>, Arc<DeployError>>>>;

/// How the functions run on the embedded cloud.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Execution {
    /// In this process on virtual time, if their code is linked into it; else as processes.
    #[default]
    InProcess,
    /// Their packages as processes, in real time.
    Processes,
}

/// What all scenarios of a run share.
#[derive(Debug)]
pub struct Session {
    layout: Layout,
    packages: Packages,
    sink: Sink,
    accounts: Accounts,
    coverage: Coverage,
    progress: Progress,
    plan: std::sync::Mutex<Plan>,
    execution: Execution,
    assumptions: Assumptions,
    /// The Regions that the scenarios of each changed deployment need, by the change.
    variants: HashMap<String, Coverage>,
    /// By the change that makes them different, and by their Regions.
    deployments: Mutex<HashMap<(String, Coverage), Slot>>,
}

impl Session {
    /// Builds the handlers and starts the sink. The deployment follows with the first scenario that needs it; it
    /// covers the Regions that any of the scenarios names.
    pub async fn start(layout: Layout, scenarios: &[Loaded], progress: Progress) -> Result<Self, SessionError> {
        progress.stage("building the handlers");
        let packages = tokio::task::block_in_place(|| prepare(&layout))?;
        if packages.linked.is_empty() {
            progress.line(
                "the functions run as processes, in real time: this binary was compiled with other handlers than it found; \
                 `cargo build` makes them the same",
            );
        }
        let accounts = Accounts::default();
        let coverage = coverage(scenarios, &accounts);
        let mut variants: HashMap<String, Coverage> = HashMap::new();
        for scenario in scenarios.iter().filter_map(|loaded| loaded.scenario.as_ref().ok()) {
            let regions = variants.entry(scenario.deployment.key()).or_default();
            *regions = std::mem::take(regions).union(&needs(scenario, &accounts));
        }
        let sink = Sink::start().await?;
        let (plan, execution, deployments) = (std::sync::Mutex::default(), Execution::default(), Mutex::default());
        let assumptions = Assumptions::default();
        Ok(Self {
            layout,
            packages,
            sink,
            accounts,
            coverage,
            progress,
            plan,
            execution,
            assumptions,
            variants,
            deployments,
        })
    }

    /// Announces the scenarios that will be run, which gives each deployment its number.
    pub fn announce(&self, plan: Plan) {
        self.progress.emit(RunEvent::Planned(&plan));
        *self.plan.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = plan;
    }

    /// The same session with another way to run the functions.
    #[must_use]
    pub fn with_execution(self, execution: Execution) -> Self {
        Self { execution, ..self }
    }

    /// The same session under other assumptions about AWS.
    #[must_use]
    pub fn with_assumptions(self, assumptions: Assumptions) -> Self {
        Self { assumptions, ..self }
    }

    /// Makes the deployment that all others differ from: the default one in the hub's Region.
    pub async fn deploy_base(&self) -> Result<Arc<Deployment>, Arc<DeployError>> {
        self.deployment_in(&DeploymentChange::default(), &self.base_coverage(), None).await
    }

    /// The same as Terraform applied it, under no other assumptions: what is saved must not depend on those.
    async fn applied_base(&self) -> Result<Arc<Deployment>, Arc<DeployError>> {
        self.applied_in(&DeploymentChange::default(), &self.base_coverage(), None).await
    }

    /// Makes the default deployment now, in every Region that a scenario names.
    pub async fn deploy(&self) -> Result<Arc<Deployment>, Arc<DeployError>> {
        self.deployment(&DeploymentChange::default()).await
    }

    /// The deployment with a change, in every Region that a scenario names. Made once.
    pub async fn deployment(&self, change: &DeploymentChange) -> Result<Arc<Deployment>, Arc<DeployError>> {
        self.deployment_in(change, &self.coverage, None).await
    }

    /// The deployment with a change, in the fewest Regions: those of the base, and of the change's own scenarios.
    pub(crate) async fn smallest_deployment(
        &self,
        change: &DeploymentChange,
    ) -> Result<Arc<Deployment>, Arc<DeployError>> {
        let base = self.base_coverage();
        let needed = match change == &DeploymentChange::default() {
            true => base,
            false => {
                self.variants.get(&change.key()).map_or_else(|| base.clone(), |regions| base.clone().union(regions))
            }
        };
        self.deployment_in(change, &needed, None).await
    }

    /// The deployment that a scenario runs on: with its change, in the fewest Regions that it needs.
    pub(crate) async fn deployment_for(&self, scenario: &Scenario) -> Result<Arc<Deployment>, Arc<DeployError>> {
        let change = &scenario.deployment;
        let base = self.base_coverage();
        let mut needed = base.clone().union(&needs(scenario, &self.accounts));
        if needed != base {
            // What needs more than the base shares one deployment.
            needed = match change == &DeploymentChange::default() {
                true => self.coverage.clone(),
                false => base.union(self.variants.get(&change.key()).unwrap_or(&needed)),
            };
        }
        self.deployment_in(change, &needed, refusal_expected(scenario)).await
    }

    /// The deployment that is made first, and that all others differ from: the Region of the hub.
    fn base_coverage(&self) -> Coverage {
        Coverage::of_region(&self.accounts.hub_region)
    }

    async fn deployment_in(
        &self,
        change: &DeploymentChange,
        coverage: &Coverage,
        refusal_expected: Option<&str>,
    ) -> Result<Arc<Deployment>, Arc<DeployError>> {
        let applied = self.applied_in(change, coverage, refusal_expected).await?;
        if self.assumptions == Assumptions::default() {
            return Ok(applied);
        }
        assume(&applied, self.assumptions).await.map(Arc::new).map_err(Arc::new)
    }

    async fn applied_in(
        &self,
        change: &DeploymentChange,
        coverage: &Coverage,
        refusal_expected: Option<&str>,
    ) -> Result<Arc<Deployment>, Arc<DeployError>> {
        let key = (change.key(), coverage.clone());
        let slot = Arc::clone(self.deployments.lock().await.entry(key).or_default());
        let made = slot.get_or_init(|| self.make(change, coverage, refusal_expected));
        made.await.clone()
    }

    /// Makes the deployment that a scenario needs; an error is reported when the scenario runs.
    pub(crate) async fn prepare(&self, loaded: &Loaded) {
        if let Ok(scenario) = &loaded.scenario {
            let _ = self.deployment_for(scenario).await;
        }
    }

    async fn make(
        &self,
        change: &DeploymentChange,
        coverage: &Coverage,
        refusal_expected: Option<&str>,
    ) -> Result<Arc<Deployment>, Arc<DeployError>> {
        let (default, first) = (DeploymentChange::default(), self.base_coverage());
        // Only the difference to the base is applied.
        let base = match change == &default && coverage == &first {
            true => None,
            false => Some(Box::pin(self.applied_base()).await?),
        };
        let specification = self.specification(change, coverage, refusal_expected);
        let label = match base.is_some() && change == &default {
            true => Label::in_every_region(),
            false => self.plan.lock().unwrap_or_else(std::sync::PoisonError::into_inner).label(change),
        };
        let progress = self.progress.of_deployment(label.clone());
        let made = deploy(&self.layout, &self.packages, &specification, base.as_deref(), &progress).await;
        self.progress.emit(RunEvent::Deployed(
            &label,
            match &made {
                Ok(made) if made.reused => Deployed::Reused,
                Ok(made) => Deployed::Applied(made.applied_in),
                Err(_) => Deployed::Failed,
            },
        ));
        made.map(Arc::new).map_err(Arc::new)
    }

    /// Deploys a root module of the user's own.
    ///
    /// # Errors
    /// When it cannot be applied, or does not keep to the contract.
    pub async fn deploy_own(&self, own: &OwnRoot) -> Result<Deployment, DeployError> {
        let applied = deploy_own(&self.layout, &self.packages, own, &self.progress).await?;
        if self.assumptions == Assumptions::default() { Ok(applied) } else { assume(&applied, self.assumptions).await }
    }

    /// Runs one scenario on a deployment of the caller's, whatever its file says of deployments, with the accounts of
    /// that deployment.
    pub async fn run_on(&self, loaded: &Loaded, deployment: &Deployment) -> Outcome {
        self.run_until(loaded, deployment, std::future::pending()).await.unwrap_or_else(|| stopped(loaded))
    }

    /// The same, ended after `limit` of real time: `None` if the scenario has not ended by then. Functions that invoke each
    /// other without end take no virtual time, so no scenario ends them.
    pub async fn run_within(&self, loaded: &Loaded, deployment: &Deployment, limit: Duration) -> Option<Outcome> {
        let deadline = Instant::now() + limit;
        let (stop, stopped) = oneshot::channel();
        // On the caller's runtime, whose clock is the real one.
        let timer = tokio::spawn(async move {
            let _ = tokio::time::timeout_at(deadline, std::future::pending::<()>()).await;
            // The run may have ended.
            let _ = stop.send(());
        });
        let stopped = async {
            let _ = stopped.await;
        };
        let outcome = self.run_until(loaded, deployment, stopped).await;
        timer.abort();
        // On a busy machine the run may end before the timer is polled.
        outcome.filter(|_| Instant::now() < deadline)
    }

    /// Runs a scenario on a deployment of the caller's; `None` if `stopped` ends first.
    async fn run_until(
        &self,
        loaded: &Loaded,
        deployment: &Deployment,
        stopped: impl Future<Output = ()>,
    ) -> Option<Outcome> {
        match &loaded.scenario {
            Ok(scenario) => {
                let scenario = for_accounts(scenario, &deployment.facts.accounts);
                self.observe_until(loaded, &scenario, deployment, self.execution, stopped).await
            }
            Err(error) => Some(Outcome::error(&loaded.name, loaded.path.clone(), error.to_string())),
        }
    }

    /// Plans a deployment with a change again, with files added to its Terraform; see [`crate::deployment::plan`].
    ///
    /// # Errors
    /// When Terraform fails.
    pub async fn plan(
        &self,
        change: &DeploymentChange,
        deployment: &Deployment,
        files: &BTreeMap<PathBuf, String>,
    ) -> Result<Vec<PlannedChange>, DeployError> {
        let specification = self.specification(change, &deployment.facts.coverage, None);
        plan(&self.layout, &self.packages, &specification, deployment, files).await
    }

    fn specification(
        &self,
        change: &DeploymentChange,
        coverage: &Coverage,
        refusal_expected: Option<&str>,
    ) -> Specification {
        Specification {
            accounts: accounts_of(change, &self.accounts),
            coverage: coverage.clone(),
            overlay: change.overlay.clone(),
            variables: change.variables.clone(),
            log_alarm: change.log_alarm,
            refusal_expected: refusal_expected.map(str::to_owned),
        }
    }

    /// A fork of a deployment to look around in: on the wall clock, its alerters pointed at the sink. What the steps of
    /// `injected` record is injected once.
    ///
    /// # Errors
    /// When the port is taken.
    pub async fn keep(
        &self,
        deployment: &Deployment,
        port: u16,
        injected: Option<&Loaded>,
    ) -> Result<Kept<'_>, KeepError> {
        keep(deployment, &self.sink, port, injected).await
    }

    /// A fork of a deployment as a cloud of its own, for changes by its API. Functions run in this process.
    pub fn fork(&self, deployment: &Deployment) -> Cloud {
        let options =
            Options { clock: Clock::Owned, port: 0, code: Arc::clone(&deployment.code), host_variables: Vec::new() };
        let functions = Functions::new(deployment.linked.clone(), Arc::new(self.sink.in_memory()));
        Cloud::start_in_process(deployment.state.clone(), options, functions)
    }

    /// Lets the alerters of a fork send to the sink of this session, which accepts everything.
    ///
    /// # Errors
    /// When the secrets cannot be written.
    pub async fn accept_everything(&self, cloud: &Cloud, deployment: &Deployment) -> Result<(), String> {
        let (mailbox, accounts) = (self.sink.open_mailbox(), &deployment.facts.accounts);
        let (by, faults) = (SlackBy::default(), Faults::default());
        point_secrets_at(cloud, deployment, &self.sink, &mailbox, accounts, by, &faults).await
    }

    /// The built and zipped handlers.
    pub fn packages(&self) -> &Packages {
        &self.packages
    }

    /// Where things are.
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    async fn observe(
        &self,
        loaded: &Loaded,
        scenario: &Scenario,
        deployment: &Deployment,
        execution: Execution,
    ) -> Outcome {
        let outcome = self.observe_until(loaded, scenario, deployment, execution, std::future::pending()).await;
        outcome.unwrap_or_else(|| stopped(loaded))
    }

    /// Runs a scenario in a fork of a deployment: in this process on virtual time where the functions are linked, else as
    /// processes. Returns `None` if it is stopped first.
    async fn observe_until(
        &self,
        loaded: &Loaded,
        scenario: &Scenario,
        deployment: &Deployment,
        execution: Execution,
        stopped: impl Future<Output = ()>,
    ) -> Option<Outcome> {
        let accounts = &deployment.facts.accounts;
        let linked = Some(&deployment.linked)
            .filter(|linked| execution == Execution::InProcess && Functions::can_run(linked, &deployment.state));
        let run = scenario::run(loaded, scenario, deployment, &self.sink, accounts, linked);
        let run = async {
            tokio::select! {
                outcome = run => Some(outcome),
                () = stopped => None,
            }
        };
        if linked.is_none() {
            return run.await;
        }
        // A runtime of its own, since the paused clock must not meet the sockets of the caller's. Dropped where blocking is allowed.
        let paused = || tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build();
        tokio::task::block_in_place(|| match paused() {
            Ok(runtime) => runtime.block_on(run),
            Err(error) => {
                let reason = format!("cannot start a tokio runtime: {error}");
                Some(Outcome::error(&loaded.name, loaded.path.clone(), reason))
            }
        })
    }

    /// Runs one scenario in a fork of its own.
    pub async fn run(&self, loaded: &Loaded) -> Outcome {
        self.run_as(loaded, self.execution).await
    }

    /// The same with another way to run the functions.
    pub async fn run_as(&self, loaded: &Loaded, execution: Execution) -> Outcome {
        let scenario = match &loaded.scenario {
            Ok(scenario) => scenario,
            Err(error) => return Outcome::error(&loaded.name, loaded.path.clone(), error.to_string()),
        };
        let deployed = self.deployment_for(scenario).await;
        match (deployed, refusal_expected(scenario)) {
            (Ok(deployment), None) => self.observe(loaded, scenario, &deployment, execution).await,
            (Err(error), None) => Outcome::error(&loaded.name, loaded.path.clone(), chain(&*error)),
            (deployed, Some(expected)) => {
                let found = deployed.err().map(|error| chain(&*error));
                refused(Outcome::error(&loaded.name, loaded.path.clone(), String::new()), found, expected)
            }
        }
    }
}

/// The outcome of a run that was stopped.
fn stopped(loaded: &Loaded) -> Outcome {
    Outcome::error(&loaded.name, loaded.path.clone(), "the run was stopped".to_owned())
}

/// What Terraform must say, where it must refuse the scenario's deployment.
fn refusal_expected(scenario: &Scenario) -> Option<&str> {
    scenario.expect.as_ref()?.refused_by_terraform.as_deref()
}

/// What came of a deployment that Terraform must refuse.
pub(crate) fn refused(mut outcome: Outcome, found: Option<String>, expected: &str) -> Outcome {
    outcome.failures.clear();
    match found {
        Some(found) if found.contains(expected) => {
            outcome.status = Status::Passed;
            outcome.notes.push(format!("Terraform refused the deployment: {expected}"));
        }
        Some(found) => {
            outcome.failures.push(format!("Terraform's error: expected one with `{expected}`, found {found}"))
        }
        None => outcome.failures.push(format!("Terraform's error: expected one with `{expected}`, but it deployed")),
    }
    if !outcome.failures.is_empty() {
        outcome.status = Status::Failed;
    }
    outcome
}

/// An error with its causes.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}

/// The Regions that the scenarios name, and those of sign-ins.
pub(crate) fn coverage(scenarios: &[Loaded], accounts: &Accounts) -> Coverage {
    let scenarios = scenarios.iter().filter_map(|loaded| loaded.scenario.as_ref().ok());
    scenarios.fold(Coverage::minimal(), |coverage, scenario| coverage.union(&needs(scenario, accounts)))
}

/// The accounts of a changed deployment.
fn accounts_of(change: &DeploymentChange, accounts: &Accounts) -> Accounts {
    let ids = |accounts: &std::collections::BTreeSet<Account>| {
        accounts.iter().map(|account| account.as_str().to_owned()).collect()
    };
    Accounts { further_spokes: ids(&change.spokes), outsiders: ids(&change.outsiders), ..accounts.clone() }
}

/// The Regions that a scenario names.
fn needs(scenario: &Scenario, accounts: &Accounts) -> Coverage {
    let accounts = &accounts_of(&scenario.deployment, accounts);
    let mut coverage = Coverage::default();
    // A scenario about a Region without a spoke must not bring it about.
    if scenario.expect.as_ref().is_some_and(|expect| expect.stopped_at == Some(crate::scenario::StoppedAt::NoSpoke)) {
        return coverage;
    }
    for step in scenario.steps() {
        let (Step::Record(value) | Step::Event(value)) = step else { continue };
        let played = play(&value, accounts);
        let region = scenario.region.clone().unwrap_or(played.region);
        if !crate::deployment::is_region(&region) {
            continue;
        }
        match played.who {
            Who::Hub => coverage.hub.insert(region),
            Who::Spoke => coverage.spoke.insert(region),
            Who::Further => coverage.further.insert(region),
        };
    }
    coverage
}
