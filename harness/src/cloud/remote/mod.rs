//! A cloud behind an endpoint: it cannot fork, and its time is real.
//!
//! Reading order: `seed` (accounts before Terraform), `deploy` (the apply, and the probes), `marks` (event ids of a run),
//! `case` (one scenario), `sentinel` (what shows an absence), `group` (scenarios at the same time), `verdict`.

mod case;
mod deploy;
mod group;
mod limits;
mod marks;
mod seed;
mod sentinel;
mod variant;
mod verdict;

use std::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use tokio::sync::OnceCell;

use self::case::Case;
use self::deploy::{Facts, Site};
use self::group::{Group, LIMIT, SCOUTING};
pub(in crate::cloud) use self::limits::{Offers, not_run};
use self::seed::Seeded;
use self::sentinel::{STOPS, Sentinel};
use self::variant::Variants;
use super::difference::{Difference, Found, Known};
use super::{Cloud, RunOptions, localstack};
use crate::deployment::{Accounts, Coverage};
use crate::layout::Layout;
use crate::packages::Packages;
use crate::report::Progress;
use crate::runner::{Outcome, Plan, RunEvent, Status, api, chain, coverage};
use crate::scenario::{DeploymentChange, Loaded, Scenario};
use crate::sink::{Identity, Sink, SinkError};
use crate::terraform::Stop;

/// Where the facts of a deployment are kept, in the cloud's folder.
const FACTS: &str = "facts.json";

/// Why a cloud behind an endpoint cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum RemoteError {
    /// The sink.
    #[error(transparent)]
    Sink(#[from] SinkError),
    /// Its folder.
    #[error("could not use {path}; set ROOTWATCH_CACHE to a folder that can be written to")]
    Folder {
        /// Where.
        path: PathBuf,
        /// The system's reason.
        #[source]
        source: std::io::Error,
    },
}

/// How to use a cloud behind an endpoint.
#[derive(Clone, Debug)]
pub struct RemoteOptions {
    /// As reports name it.
    pub name: String,
    /// `http://HOST:PORT`
    pub endpoint: String,
    /// The folder for what is kept of it: Terraform's state, the sink's certificate authority.
    pub folder: PathBuf,
    /// The folder of the sink's certificate authority, which its functions trust.
    pub authority: PathBuf,
    /// True if it belongs to this run and ends with it: nobody else changes its resources, and nothing has to be
    /// put back.
    pub own: bool,
    /// Where the sink listens: an address that the cloud's functions reach.
    pub sink_address: IpAddr,
}

impl RemoteOptions {
    /// An endpoint of the user's, whose functions run on this machine.
    pub fn endpoint(layout: &Layout, endpoint: &str) -> Self {
        let name: String = endpoint.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
        Self {
            name: "endpoint".to_owned(),
            endpoint: endpoint.trim_end_matches('/').to_owned(),
            folder: layout.cache.join("endpoints").join(name),
            authority: layout.cache.join("sink"),
            own: false,
            sink_address: IpAddr::V4(Ipv4Addr::LOCALHOST),
        }
    }
}

/// A deployment at the endpoint, ready for scenarios.
#[derive(Debug)]
struct Ready {
    seeded: Seeded,
    facts: Facts,
    /// What the cloud could not do on the way here.
    found: Vec<Found>,
    /// Whether events of services have a route of their own.
    takes_records: bool,
    /// Whether the log alarm is deployed now.
    log_alarm: bool,
}

/// A cloud behind an endpoint.
#[derive(Debug)]
pub struct Remote {
    options: RemoteOptions,
    layout: Layout,
    packages: Packages,
    accounts: Accounts,
    coverage: Coverage,
    sink: Sink,
    progress: Progress,
    ready: OnceCell<Result<Ready, String>>,
    /// How far a sentinel comes.
    reached: OnceCell<Vec<&'static str>>,
    remarks: Mutex<Vec<String>>,
    stop: Stop,
}

impl Remote {
    /// Starts the sink; the cloud is not touched yet.
    ///
    /// # Errors
    /// [`RemoteError`]
    pub async fn start(
        layout: Layout,
        options: RemoteOptions,
        packages: Packages,
        scenarios: &[Loaded],
        progress: Progress,
    ) -> Result<Self, RemoteError> {
        let failed = |source| RemoteError::Folder { path: options.folder.clone(), source };
        std::fs::create_dir_all(&options.folder).map_err(failed)?;
        let identity = Identity::kept(&options.authority, &[options.sink_address])?;
        let sink = Self::sink(&identity, &options).await?;
        let accounts = Accounts::default();
        // Terraform cannot destroy resources of a Region whose provider is gone: what was covered stays covered.
        let kept = options.folder.join("coverage.json");
        let before = std::fs::read(&kept).ok().and_then(|text| serde_json::from_slice::<Coverage>(&text).ok());
        let coverage = coverage(scenarios, &accounts).union(&before.unwrap_or_default());
        std::fs::write(&kept, serde_json::to_vec(&coverage).unwrap_or_default()).map_err(failed)?;
        let (ready, reached, remarks, stop) = (OnceCell::new(), OnceCell::new(), Mutex::default(), Stop::default());
        Ok(Self { options, layout, packages, accounts, coverage, sink, progress, ready, reached, remarks, stop })
    }

    /// The sink, on the port that it had the last time: functions keep a secret, and with it the address, for minutes.
    async fn sink(identity: &Identity, options: &RemoteOptions) -> Result<Sink, SinkError> {
        let kept = options.folder.join("sink-port");
        let port = std::fs::read_to_string(&kept).ok().and_then(|port| port.trim().parse().ok());
        if let Some(port) = port
            && let Ok(sink) = Sink::start_at(identity, options.sink_address, port).await
        {
            return Ok(sink);
        }
        let sink = Sink::start_at(identity, options.sink_address, 0).await?;
        let port = sink.address().rsplit(':').next().unwrap_or_default();
        // Where it cannot be kept, functions learn of the next one when their secret is five minutes old.
        let _ = std::fs::write(&kept, port);
        Ok(sink)
    }

    fn site(&self) -> Site<'_> {
        Site {
            layout: &self.layout,
            packages: &self.packages,
            accounts: &self.accounts,
            coverage: &self.coverage,
            endpoint: &self.options.endpoint,
            folder: &self.options.folder,
            progress: &self.progress,
            stop: &self.stop,
        }
    }

    /// Ends Terraform, where it runs: the cloud has gone.
    pub fn stop(&self) {
        self.stop.stop();
    }

    async fn ready(&self) -> &Result<Ready, String> {
        let made = async { Box::pin(self.make(&DeploymentChange::default())).await };
        self.ready.get_or_init(|| made).await
    }

    /// Seeds, applies, subscribes.
    async fn make(&self, change: &DeploymentChange) -> Result<Ready, String> {
        let endpoint = &self.options.endpoint;
        let seeded = deploy::seeded(endpoint, &self.accounts, &self.sink).await;
        let seeded = seeded.map_err(|error| {
            format!("{endpoint} could not be seeded: {error}; is that the address of a cloud that speaks AWS?")
        })?;
        let facts = self.deployed(&seeded, change).await?;
        let mut found = seeded.found.clone();
        let refused = facts.refused.iter().map(|error| format!("terraform apply: {error}"));
        let trouble = refused.chain(facts.trouble.iter().cloned());
        found.extend(trouble.map(|trouble| Found::new(Difference::Unsupported, trouble)));
        for found in &found {
            self.remark(format!("otherwise than AWS ({}): {}", found.difference.name(), found.what));
        }
        let takes_records = api::plain(endpoint, "/_rootwatch/health", None).await.is_some();
        Ok(Ready { seeded, facts, found, takes_records, log_alarm: change.log_alarm })
    }

    /// Applies a change, unless it is deployed already.
    async fn deployed(&self, seeded: &Seeded, change: &DeploymentChange) -> Result<Facts, String> {
        let key = change.key();
        let kept = self.options.folder.join(FACTS);
        // On a cloud that is the run's own nobody else changes anything.
        let last = self.kept_facts().filter(|_| self.options.own);
        if let Some(last) = last.as_ref().filter(|last| last.change == key) {
            return Ok(last.clone());
        }
        // An apply that is broken off leaves nothing that could be relied on.
        let _ = std::fs::remove_file(&kept);
        let applied = tokio::task::block_in_place(|| self.site().apply(seeded, change, last.is_some()));
        let applied = applied.map_err(|error| chain(&error))?;
        if !applied.errors.is_empty() {
            let said = format!("terraform apply did not end well; its log: {}", applied.log.display());
            if self.options.own && change == &DeploymentChange::default() {
                // It is known to take all of that; what a variant adds may be unsupported there.
                return Err(format!("{said}: {}", applied.errors.join("; ")));
            }
            self.remark(said);
        }
        let mut facts = deploy::observe(seeded, &self.accounts, &self.coverage, &applied.outputs).await;
        facts.refused = applied.errors;
        facts.change = key;
        // Without it the next process applies once more.
        let _ = std::fs::write(&kept, serde_json::to_vec(&facts).unwrap_or_default());
        Ok(facts)
    }

    /// Reports outcomes.
    fn ended(&self, outcomes: &mut [(usize, Outcome)], options: &RunOptions) {
        for (_, outcome) in outcomes {
            outcome.rerun.push_str(&options.arguments);
            self.progress.emit(RunEvent::Scenario(outcome));
        }
    }

    fn remark(&self, remark: String) {
        let mut remarks = self.remarks.lock().unwrap_or_else(PoisonError::into_inner);
        if !remarks.contains(&remark) {
            remarks.push(remark);
        }
    }

    /// What is known of this cloud.
    fn known(&self, scenario: &Path) -> Vec<Known> {
        match self.options.name.as_str() {
            localstack::NAME => localstack::known_of(scenario),
            _ => Vec::new(),
        }
    }

    fn case(&self, loaded: &Loaded, scenario: &Scenario) -> Case {
        Case::new(loaded, scenario, self.known(&loaded.path), self.sink.open_mailbox())
    }

    /// Runs cases on the default deployment: what an earlier run left there may be another.
    async fn on_the_default(&self, ready: &Ready, cases: Vec<(usize, Case)>) -> Vec<(usize, Outcome)> {
        let default = DeploymentChange::default();
        if !self.options.own || self.kept_facts().is_some_and(|facts| facts.change == default.key()) {
            return Box::pin(self.group(ready, cases)).await;
        }
        match Box::pin(self.make(&default)).await {
            Ok(ready) => Box::pin(self.group(&ready, cases)).await,
            Err(error) => {
                let failed = |case: &Case| Outcome::error(&case.outcome.name, case.outcome.path.clone(), error.clone());
                cases.iter().map(|(place, case)| (*place, failed(case))).collect()
            }
        }
    }

    /// The record of the deployment that is there.
    fn kept_facts(&self) -> Option<Facts> {
        serde_json::from_slice(&std::fs::read(self.options.folder.join(FACTS)).ok()?).ok()
    }

    /// Runs cases on what is ready.
    async fn group(&self, ready: &Ready, cases: Vec<(usize, Case)>) -> Vec<(usize, Outcome)> {
        let started = group::now();
        let (places, cases): (Vec<usize>, Vec<Case>) = cases.into_iter().unzip();
        let stops = self.reached.get_or_init(|| self.scout(ready)).await.clone();
        // What does not come at all is not waited for as long as what is late.
        let limit = if stops.len() == STOPS.len() { LIMIT } else { SCOUTING };
        let stops = stops.into_iter().filter(|stop| !cases.iter().all(|case| case.leaves_out(stop))).collect();
        let mut group = Group {
            ready,
            sink: &self.sink,
            accounts: &self.accounts,
            progress: &self.progress,
            sentinels: self.sentinels(&cases),
            stops,
            limit,
            cases,
            notes: Vec::new(),
        };
        let ran = group.run().await;
        if let Err(error) = ran {
            let error = self.fate(error).await;
            let failed = |case: &Case| Outcome::error(&case.outcome.name, case.outcome.path.clone(), error.clone());
            return places.into_iter().zip(group.cases.iter().map(failed)).collect();
        }
        let milliseconds = started.elapsed().as_secs_f64() * 1e3;
        let cases = std::mem::take(&mut group.cases);
        let share = milliseconds / cases.len().max(1) as f64;
        let mut outcomes = Vec::new();
        for (place, case) in places.into_iter().zip(cases) {
            let mut outcome = verdict::judge(&group, case).await;
            outcome.duration_ms = (share * 100.0).round() / 100.0;
            outcomes.push((place, outcome));
        }
        outcomes
    }

    /// Sends a sentinel ahead: it shows which hops this cloud has at all.
    async fn scout(&self, ready: &Ready) -> Vec<&'static str> {
        self.progress.stage("sending a sentinel ahead");
        let mut group = Group {
            ready,
            sink: &self.sink,
            accounts: &self.accounts,
            progress: &self.progress,
            sentinels: vec![Sentinel::new(false, &self.accounts.hub_region)],
            stops: STOPS.to_vec(),
            limit: SCOUTING,
            cases: Vec::new(),
            notes: Vec::new(),
        };
        let ran = group.run().await;
        let reached = group.reached();
        for stop in STOPS {
            let word = if reached.contains(&stop) { "reached" } else { "NOT reached" };
            self.remark(format!("the sentinel {word} `{stop}`"));
        }
        for note in ran.err().into_iter().chain(group.notes) {
            self.remark(format!("the sentinel: {note}"));
        }
        reached
    }

    /// One sentinel for each account and Region that has a spoke and in which something is injected.
    fn sentinels(&self, cases: &[Case]) -> Vec<Sentinel> {
        let mut places = std::collections::BTreeSet::new();
        for case in cases {
            for step in &case.steps {
                let (crate::scenario::Step::Record(value) | crate::scenario::Step::Event(value)) = step else {
                    // A customer's call is looked for on the hub's way.
                    places.insert((false, self.accounts.hub_region.clone()));
                    continue;
                };
                let played = crate::scenario::play(value, &self.accounts);
                let of_hub = played.who == crate::scenario::Who::Hub;
                let region = case.scenario.region.clone().unwrap_or(played.region);
                let covered = if of_hub { &self.coverage.hub } else { &self.coverage.spoke };
                if covered.contains(&region) {
                    places.insert((of_hub, region));
                }
            }
        }
        places.into_iter().map(|(of_hub, region)| Sentinel::new(of_hub, &region)).collect()
    }

    /// An error in the middle of a run, with what the cloud itself says of its health.
    async fn fate(&self, error: String) -> String {
        let endpoint = &self.options.endpoint;
        match api::answers(endpoint).await {
            true => format!("the cloud answered {error}"),
            false => format!("{endpoint} answers no more: the cloud has ended in the middle of the run ({error})"),
        }
    }
}

impl Cloud for Remote {
    fn name(&self) -> &str {
        &self.options.name
    }

    async fn deploy(&self) -> Result<String, String> {
        let started = group::now();
        match self.ready().await {
            Ok(ready) => Ok(format!(
                "deployed at {} in {:.1} s; {} differences from AWS met on the way",
                self.options.endpoint,
                started.elapsed().as_secs_f64(),
                ready.found.len()
            )),
            Err(error) => Err(error.clone()),
        }
    }

    async fn run(&self, scenarios: Vec<Loaded>, options: RunOptions) -> Vec<Outcome> {
        let ready = match self.ready().await {
            Ok(ready) => ready,
            Err(error) => {
                let failed = |loaded: &Loaded| Outcome::error(&loaded.name, loaded.path.clone(), error.clone());
                return scenarios.iter().map(failed).collect();
            }
        };
        let dynamodb = !ready.found.iter().any(|found| found.difference == Difference::DynamoDb);
        let offers = Offers { cloud: &self.options.name, dynamodb };
        let mut outcomes: Vec<(usize, Outcome)> = Vec::new();
        let (mut together, mut variants) = (Vec::new(), Variants::default());
        for (place, loaded) in scenarios.iter().enumerate() {
            let scenario = match &loaded.scenario {
                Ok(scenario) => scenario,
                Err(error) => {
                    outcomes.push((place, Outcome::error(&loaded.name, loaded.path.clone(), error.to_string())));
                    continue;
                }
            };
            if let Some(Found { difference, what }) = not_run(offers, &loaded.path, scenario, &options) {
                let mut outcome = Outcome::not_run(&loaded.name, loaded.path.clone(), difference, what);
                outcome.title.clone_from(&scenario.title);
                outcomes.push((place, outcome));
                continue;
            }
            if scenario.deployment == DeploymentChange::default() {
                together.push((place, self.case(loaded, scenario)));
            } else {
                variants.add(place, loaded, scenario);
            }
        }
        self.progress.emit(RunEvent::Planned(&Plan::of(&scenarios)));
        self.ended(&mut outcomes, &options);
        if !together.is_empty() {
            self.progress.stage(&format!("running {} scenarios at the same time", together.len()));
            let mut ran = self.on_the_default(ready, together).await;
            self.ended(&mut ran, &options);
            outcomes.extend(ran);
        }
        outcomes.extend(Box::pin(self.variants(variants, &options, any_failed(&outcomes))).await);
        outcomes.sort_by_key(|(place, _)| *place);
        outcomes.into_iter().map(|(_, outcome)| outcome).collect()
    }

    fn remarks(&self) -> Vec<String> {
        self.remarks.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

fn any_failed(outcomes: &[(usize, Outcome)]) -> bool {
    outcomes.iter().any(|(_, one)| matches!(one.status, Status::Failed | Status::Error))
}
