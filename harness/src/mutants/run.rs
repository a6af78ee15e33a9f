//! Runs scenarios and attacks on every mutant.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use futures_util::stream::{self, StreamExt};
use rootwatch_cloud::services::cloudtrail::envelope_of;
use rootwatch_pattern::{EventPattern, Wildcard};
use serde_json::Value;

use super::attack::Attacks;
use super::coverage::{Touched, names_of};
use super::derive::derive;
use super::export::export;
use super::realize;
use super::{Change, Declarations, Diff, Mutant, Operator, Report, Resource, Sources, Tested, Verdict, resources};
use crate::deployment::{Accounts, Deployment};
use crate::runner::{Outcome, Session, Status};
use crate::scenario::{DeploymentChange, Expectation, Loaded, Receiver, Step, play};

/// The least real time that a scenario has on a mutant.
const TIMEOUT: Duration = Duration::from_secs(20);
/// The time of a scenario on a mutant, in multiples of its time on the unmutated deployment.
const TIMEOUT_FACTOR: u32 = 20;

/// How many scenarios with an event that a mutant of a pattern takes otherwise are run before all others.
const DIFFERING: usize = 4;
/// The cost that the scenarios for one mutant may have together, in entries of their traces: a plain alert has some forty.
const BUDGET: usize = 5000;
/// How many scenarios that count health messages are run for an alarm that none of them raises.
const QUIET: usize = 3;

/// Which mutants to test.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// Only these operators; empty: all.
    pub operators: Vec<Operator>,
    /// Only addresses that contain one of these texts, in which `*` matches any text; empty: all.
    pub addresses: Vec<String>,
    /// Only what a diff touches.
    pub diff: Option<Diff>,
    /// Only resources of these deployments; `None`: of all. Scenarios run on all deployments that have the mutant.
    pub deployments: Option<Vec<DeploymentChange>>,
    /// The k-th of n parts, from 1.
    pub shard: Option<(usize, usize)>,
    /// Orders the mutants; 0 keeps the order of the addresses.
    pub seed: u64,
}

impl Selection {
    /// Returns true if the selection excludes no mutant.
    pub fn is_everything(&self) -> bool {
        let Self { operators, addresses, diff, deployments, shard, seed: _ } = self;
        operators.is_empty() && addresses.is_empty() && diff.is_none() && deployments.is_none() && shard.is_none()
    }

    fn select(&self, mutants: Vec<(usize, Mutant)>) -> Vec<(usize, Mutant)> {
        let wanted = |mutant: &Mutant| {
            (self.operators.is_empty() || self.operators.contains(&mutant.operator))
                && (self.addresses.is_empty()
                    || self.addresses.iter().any(|text| Wildcard::plain(&format!("*{text}*")).matches(&mutant.address)))
                && self.diff.as_ref().is_none_or(|diff| diff.touches(mutant))
        };
        let mut kept: Vec<_> = mutants.into_iter().filter(|(_, mutant)| wanted(mutant)).collect();
        if self.seed != 0 {
            kept.sort_by_cached_key(|(_, mutant)| shuffled(self.seed, &mutant.id));
        }
        match self.shard {
            None => kept,
            // Dealt in turn, so that the parts cost alike.
            Some((k, n)) => kept.into_iter().skip(k.saturating_sub(1)).step_by(n.max(1)).collect(),
        }
    }
}

/// A number that depends on nothing but seed and text (FNV-1a).
fn shuffled(seed: u64, text: &str) -> u64 {
    text.bytes()
        .fold(0xcbf2_9ce4_8422_2325 ^ seed, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// Why mutants could not be tested.
#[derive(Debug, thiserror::Error)]
pub enum MutantsError {
    /// A deployment could not be made.
    #[error("{0}")]
    Deploy(String),
    /// Terraform's state of a deployment cannot be read.
    #[error("Terraform's state of the deployment cannot be read: {0}")]
    TerraformState(#[from] serde_json::Error),
    /// An attacker's account could not be made.
    #[error("the embedded cloud refused a role of an attacker: this is a defect of rootwatch: {0}")]
    Attackers(String),
    /// No scenario passes on the unmutated deployment.
    #[error("no scenario passes on the unmutated deployment, so none could notice a mutant; run `rootwatch run` first")]
    NothingPasses,
}

/// How far a run is.
#[derive(Clone, Copy, Debug)]
pub enum Stage<'a> {
    /// A scenario ran on the unmutated deployment.
    Baseline {
        /// How many have run.
        done: usize,
        /// How many there are.
        of: usize,
    },
    /// A mutant was tested.
    Tested {
        /// The mutant with its verdict.
        tested: &'a Tested,
        /// How many have been.
        done: usize,
        /// How many there are.
        of: usize,
    },
}

/// A deployment whose resources are mutated, or on which scenarios run.
struct Place {
    deployment: Arc<Deployment>,
    resources: Vec<Resource>,
    mutants: Vec<Mutant>,
    by_id: HashMap<String, usize>,
}

impl Place {
    fn new(deployment: Arc<Deployment>, sources: &Sources) -> Result<(Self, Vec<super::Excluded>), MutantsError> {
        let resources = resources(&deployment.terraform_state)?;
        let derived = derive(&resources, sources);
        let mut by_id = HashMap::new();
        for (place, mutant) in derived.mutants.iter().enumerate() {
            // In other deployments another instance may come first.
            let change = mutant.id.strip_prefix(&mutant.address).unwrap_or_default();
            by_id.extend(mutant.addresses().map(|address| (format!("{address}{change}"), place)));
        }
        Ok((Self { deployment, resources, mutants: derived.mutants, by_id }, derived.excluded))
    }
}

/// The deployments: those that are mutated come first.
struct Places {
    places: Vec<Place>,
    mutated: usize,
    excluded: Vec<super::Excluded>,
    /// Of each scenario, its place.
    of_scenarios: Vec<usize>,
}

impl Places {
    async fn of(
        session: &Session,
        scenarios: &[Loaded],
        own: Option<&Arc<Deployment>>,
        changes: &[DeploymentChange],
        sources: &Sources,
        selection: &Selection,
    ) -> Result<Self, MutantsError> {
        let mut all = Self { places: Vec::new(), mutated: 0, excluded: Vec::new(), of_scenarios: Vec::new() };
        if let Some(own) = own {
            all.add(Arc::clone(own), sources)?;
            all.mutated = 1;
            all.of_scenarios = vec![0; scenarios.len()];
            return Ok(all);
        }
        let failed = |error: Arc<crate::deployment::DeployError>| MutantsError::Deploy(crate::runner::chain(&*error));
        for change in selection.deployments.as_deref().unwrap_or(changes) {
            let deployment = session.smallest_deployment(change).await.map_err(failed)?;
            all.add(deployment, sources)?;
        }
        all.mutated = all.places.len();
        for loaded in scenarios {
            let Ok(scenario) = &loaded.scenario else {
                all.of_scenarios.push(0);
                continue;
            };
            let deployment = session.deployment_for(scenario).await.map_err(failed)?;
            let place = all.add(deployment, sources)?;
            all.of_scenarios.push(place);
        }
        Ok(all)
    }

    fn add(&mut self, deployment: Arc<Deployment>, sources: &Sources) -> Result<usize, MutantsError> {
        if let Some(known) = self.places.iter().position(|place| Arc::ptr_eq(&place.deployment, &deployment)) {
            return Ok(known);
        }
        let (place, excluded) = Place::new(deployment, sources)?;
        for excluded in excluded {
            if !self.excluded.iter().any(|known| known.what == excluded.what) {
                self.excluded.push(excluded);
            }
        }
        self.places.push(place);
        Ok(self.places.len() - 1)
    }

    /// Every mutant of the mutated deployments, with its place. What two of them have alike is mutated in the first.
    fn mutants(&self) -> Vec<(usize, Mutant)> {
        let mut all: Vec<(usize, Mutant)> = Vec::new();
        for (number, place) in self.places.iter().take(self.mutated).enumerate() {
            let earlier = self.places[..number].iter().flat_map(|place| &place.mutants);
            let earlier: BTreeSet<String> = earlier.filter_map(edit).collect();
            let known = |mutant: &Mutant| {
                let in_place = |place: &Place| place.by_id.contains_key(&mutant.id);
                self.places[..number].iter().any(in_place) || edit(mutant).is_some_and(|edit| earlier.contains(&edit))
            };
            all.extend(place.mutants.iter().filter(|mutant| !known(mutant)).map(|mutant| (number, mutant.clone())));
        }
        all
    }
}

/// The edit of the source that makes a mutant: the same for every instance of a module, in whatever Region.
fn edit(mutant: &Mutant) -> Option<String> {
    let mut change = mutant.id.strip_prefix(&mutant.address)?.to_owned();
    for region in crate::deployment::REGIONS {
        change = change.replace(region, "region");
    }
    let resource = mutant.address.rsplit("module.").next().unwrap_or_default();
    let resource = resource.split_once('.').map_or(resource, |(_, resource)| resource);
    Some(format!("{} {resource} {change}", mutant.location.as_ref()?))
}

/// The mutants that a selection means, without testing them.
///
/// # Errors
/// When a deployment cannot be made.
pub async fn list(
    session: &Session,
    own: Option<&Arc<Deployment>>,
    changes: &[DeploymentChange],
    sources: &Sources,
    selection: &Selection,
) -> Result<Report, MutantsError> {
    let places = Places::of(session, &[], own, changes, sources, selection).await?;
    let untested = |(place, mutant): (usize, Mutant)| {
        let files = export(&[&mutant], &places.places[place].resources, sources);
        Tested::new(mutant, Verdict::Missed { scenarios: 0 }, files)
    };
    let mutants = selection.select(places.mutants()).into_iter().map(untested).collect();
    Ok(Report { mutants, excluded: places.excluded, ..Report::default() })
}

/// A scenario that passes on the unmutated deployment.
struct Killer {
    loaded: Loaded,
    place: usize,
    touched: Touched,
    /// The events that it injects, as EventBridge envelopes.
    events: Vec<Value>,
    took: Duration,
    /// True if the scenario counts health messages.
    looks_at_health: bool,
    /// True if the scenario looks into the table of heartbeats.
    looks_at_coverage: bool,
    /// True if the scenario limits the time until everything is delivered.
    looks_at_time: bool,
    /// True if the scenario checks the content of messages.
    reads_messages: bool,
    /// True if the scenario expects where an event ends.
    says_where: bool,
}

/// State that the tests of all mutants share.
struct Bench {
    session: Arc<Session>,
    places: Places,
    killers: Vec<Killer>,
    attacks: Vec<Attacks>,
    runs: AtomicUsize,
}

/// Runs the scenarios on the unmutated deployment, then on every selected mutant.
///
/// # Errors
/// When a deployment cannot be made, or no scenario passes on it.
#[expect(clippy::too_many_arguments, reason = "the parts of a run; all but two are borrowed")]
pub async fn run(
    session: Arc<Session>,
    scenarios: Vec<Loaded>,
    own: Option<&Arc<Deployment>>,
    changes: &[DeploymentChange],
    sources: &Sources,
    selection: &Selection,
    declarations: &Declarations,
    jobs: usize,
    watch: impl Fn(Stage<'_>),
) -> Result<Report, MutantsError> {
    let scenarios: Vec<Loaded> =
        scenarios.into_iter().filter(|loaded| is_sound(loaded, own.is_some(), changes)).collect();
    let places = Places::of(&session, &scenarios, own, changes, sources, selection).await?;
    let started = now();
    let (killers, left_out) = baseline(&session, scenarios, &places, jobs, &watch).await;
    if killers.is_empty() {
        return Err(MutantsError::NothingPasses);
    }
    let mut attacks = Vec::new();
    for place in &places.places[..places.mutated] {
        let cloud = session.fork(&place.deployment);
        let derived = Attacks::new(&cloud, &place.resources, &place.deployment.facts.accounts);
        attacks.push(derived.map_err(|error| MutantsError::Attackers(error.to_string()))?);
    }
    let all = places.mutants();
    let false_ids: Vec<String> = match selection.is_everything() {
        true => {
            let unknown =
                |declaration: &&super::Declaration| !all.iter().any(|(_, mutant)| declaration.matches(&mutant.id));
            let lines = declarations.0.iter().filter(unknown);
            lines.map(|it| format!("line {}: there is no mutant `{}`", it.line, it.mutant)).collect()
        }
        false => Vec::new(),
    };
    let selected = selection.select(all);
    let (of, excluded) = (selected.len(), places.excluded.clone());
    let bench = Arc::new(Bench { session, places, killers, attacks, runs: AtomicUsize::new(0) });
    let tests = stream::iter(selected.into_iter().enumerate()).map(|(number, (place, mutant))| {
        let bench = Arc::clone(&bench);
        async move {
            let files = export(&[&mutant], &bench.places.places[place].resources, sources);
            let tested = mutant.clone();
            let verdict = tokio::spawn(async move { bench.verdict(place, &tested).await }).await;
            let verdict = verdict.unwrap_or_else(|error| Verdict::Unviable {
                reason: format!("this is a defect of rootwatch: {error}"),
            });
            (number, Tested::new(mutant, verdict, files))
        }
    });
    let mut tests = tests.buffer_unordered(jobs.max(1));
    let mut done: Vec<(usize, Tested)> = Vec::with_capacity(of);
    let mut false_declarations = false_ids;
    while let Some((number, mut tested)) = tests.next().await {
        if let Some(declaration) = declarations.of(&tested.mutant.id) {
            let (line, id) = (declaration.line, &tested.mutant.id);
            match &tested.verdict {
                Verdict::Missed { .. } => {
                    tested.verdict = Verdict::Equivalent { reason: declaration.reason.clone() };
                    (tested.impact, tested.skeleton) = (None, None);
                }
                Verdict::Caught { by, .. } | Verdict::Timeout { by } => {
                    false_declarations.push(format!("line {line}: `{id}` is declared equivalent, but caught by {by}"));
                }
                _ => {}
            }
        }
        watch(Stage::Tested { tested: &tested, done: done.len() + 1, of });
        done.push((number, tested));
    }
    done.sort_by_key(|(number, _)| *number);
    false_declarations.sort();
    Ok(Report {
        mutants: done.into_iter().map(|(_, tested)| tested).collect(),
        excluded,
        attacks: bench.attacks.iter().map(Attacks::count).sum(),
        scenarios: bench.killers.len(),
        left_out,
        false_declarations,
        elapsed: started.elapsed(),
        runs: bench.runs.load(Ordering::Relaxed),
    })
}

#[expect(clippy::disallowed_methods, reason = "the time of a run is real time")]
fn now() -> Instant {
    Instant::now()
}

/// Returns true if a scenario tests a mutated deployment, as opposed to another one or one that is broken on purpose.
fn is_sound(loaded: &Loaded, own: bool, changes: &[DeploymentChange]) -> bool {
    loaded.scenario.as_ref().is_ok_and(|scenario| {
        scenario.expect.as_ref().is_some_and(|expect| expect.refused_by_terraform.is_none())
            && if own {
                scenario.deployment == DeploymentChange::default()
            } else {
                changes.contains(&scenario.deployment)
            }
    })
}

/// Runs the scenarios on the unmutated deployment: those that pass, and the names of the others.
async fn baseline(
    session: &Arc<Session>,
    scenarios: Vec<Loaded>,
    places: &Places,
    jobs: usize,
    watch: &impl Fn(Stage<'_>),
) -> (Vec<Killer>, Vec<String>) {
    let of = scenarios.len();
    let runs = stream::iter(scenarios.into_iter().zip(places.of_scenarios.iter().copied())).map(|(loaded, place)| {
        let (session, deployment) = (Arc::clone(session), Arc::clone(&places.places[place].deployment));
        async move {
            let named = loaded.clone();
            let ran = tokio::spawn(async move { session.run_on(&named, &deployment).await }).await;
            (loaded, place, ran.ok())
        }
    });
    let mut runs = runs.buffer_unordered(jobs.max(1));
    let (mut killers, mut left_out, mut done) = (Vec::new(), Vec::new(), 0);
    while let Some((loaded, place, outcome)) = runs.next().await {
        done += 1;
        watch(Stage::Baseline { done, of });
        match outcome.filter(|outcome: &Outcome| outcome.status == Status::Passed) {
            Some(outcome) => killers.push(Killer {
                place,
                touched: Touched::by(&outcome.entries),
                took: Duration::from_secs_f64(outcome.duration_ms / 1000.0),
                looks_at_health: expects(&loaded, |expect| expect.health.is_some()),
                looks_at_coverage: expects(&loaded, |expect| {
                    expect.messages.iter().any(|message| message.to == Receiver::Coverage)
                }),
                looks_at_time: expects(&loaded, |expect| expect.within_seconds.is_some()),
                reads_messages: expects(&loaded, |expect| !expect.messages.is_empty()),
                says_where: expects(&loaded, |expect| expect.stopped_at.is_some()),
                events: events(&loaded, &places.places[place].deployment.facts.accounts),
                loaded,
            }),
            None => left_out.push(loaded.name),
        }
    }
    killers.sort_by(|one, other| one.loaded.name.cmp(&other.loaded.name));
    left_out.sort();
    (killers, left_out)
}

fn expects(loaded: &Loaded, what: impl Fn(&Expectation) -> bool) -> bool {
    loaded.scenario.as_ref().is_ok_and(|scenario| scenario.expect.as_ref().is_some_and(what))
}

impl Bench {
    async fn verdict(&self, place: usize, mutant: &Mutant) -> Verdict {
        let mutated = match self.mutate(place, mutant) {
            Ok(mutated) => mutated,
            Err(reason) => return Verdict::Unviable { reason },
        };
        let apply = |state| {
            let of = &self.places.places[place];
            let calls = realize::calls(&of.resources, mutant).ok()?;
            let cloud = self.session.fork(&Deployment { state, ..(*of.deployment).clone() });
            calls.make(&cloud).ok()?;
            Some(cloud.snapshot())
        };
        if let Some(attack) = self.attacks[place].let_in(mutant, apply) {
            return Verdict::Caught { by: "attack".to_owned(), how: attack.describe() };
        }
        let mut made = HashMap::from([(place, Arc::new(mutated))]);
        let mut ran = 0;
        for killer in self.candidates(place, mutant) {
            let deployment = match made.get(&killer.place) {
                Some(deployment) => Arc::clone(deployment),
                None => {
                    let of = &self.places.places[killer.place];
                    let Some(number) = of.by_id.get(&mutant.id) else { continue };
                    let Ok(deployment) = self.mutate(killer.place, &of.mutants[*number]) else { continue };
                    let deployment = Arc::new(deployment);
                    made.insert(killer.place, Arc::clone(&deployment));
                    deployment
                }
            };
            ran += 1;
            self.runs.fetch_add(1, Ordering::Relaxed);
            let (session, loaded) = (Arc::clone(&self.session), killer.loaded.clone());
            let limit = TIMEOUT.max(killer.took * TIMEOUT_FACTOR);
            let by = killer.loaded.name.clone();
            // A task of its own, so that a panic fails one run.
            match tokio::spawn(async move { session.run_within(&loaded, &deployment, limit).await }).await {
                Ok(Some(outcome)) if outcome.status == Status::Passed => {}
                Ok(Some(outcome)) => {
                    return Verdict::Caught { by, how: outcome.failures.into_iter().next().unwrap_or_default() };
                }
                Ok(None) => return Verdict::Timeout { by },
                Err(error) => return Verdict::Caught { by, how: error.to_string() },
            }
        }
        Verdict::Missed { scenarios: ran }
    }

    /// A fork of a deployment with the change, at rest.
    fn mutate(&self, place: usize, mutant: &Mutant) -> Result<Deployment, String> {
        let of = &self.places.places[place];
        let calls = realize::calls(&of.resources, mutant)?;
        let cloud = self.session.fork(&of.deployment);
        calls.make(&cloud)?;
        let mut state = cloud.snapshot();
        state.come_to_rest();
        Ok(Deployment { state, ..(*of.deployment).clone() })
    }

    /// The scenarios that can notice a mutant, the cheapest first. Of scenarios that use the resource in the same ways, only
    /// the cheapest is taken; those that inject an event that the mutant of a pattern takes otherwise come before all.
    fn candidates(&self, place: usize, mutant: &Mutant) -> Vec<&Killer> {
        let of = &self.places.places[place];
        let changed = of.resources.iter().filter(|resource| mutant.addresses().any(|it| *it == resource.address));
        let names: Vec<String> = changed.flat_map(|resource| names_of(resource, &of.resources)).collect();
        let is_alarm = matches!(mutant.operator.group(), "alarm" | "metric filter");
        // A scenario on a deployment without the mutant cannot notice it.
        let exists =
            |killer: &&Killer| killer.place == place || self.places.places[killer.place].by_id.contains_key(&mutant.id);
        let mut killers: Vec<&Killer> = self.killers.iter().filter(exists).collect();
        // The likely ones first: they use what the change is about, and look at what it changes.
        let looks = |killer: &Killer| match mutant.operator {
            _ if is_alarm => killer.looks_at_health,
            Operator::InputPathAltered | Operator::InputTransformerRemoved => killer.reads_messages,
            _ if mutant.operator.group() == "rule" => killer.says_where || killer.looks_at_health,
            _ => true,
        };
        killers.sort_by_cached_key(|killer| {
            let uses = mutant.focus.is_empty() || killer.touched.of(&mutant.focus).next().is_some();
            (!uses, !looks(killer), killer.touched.cost())
        });
        let patterns = self.patterns(place, mutant);
        let differs = |event: &Value| match &patterns {
            Some((before, after)) => before.matches(event) != after.matches(event),
            None => mutant.operator == Operator::RuleStateChanged && event["detail"]["readOnly"] == true,
        };
        let differing = killers.iter().filter(|killer| killer.events.iter().any(differs));
        let mut candidates: Vec<&Killer> = differing.take(DIFFERING).copied().collect();
        // Events of alarms are not injected: the trace shows which of them a field kept from the rule.
        let widened = matches!(mutant.operator, Operator::PatternFieldRemoved | Operator::PatternValueAltered);
        if let Some(field) = mutant.id.rsplit(['.', ' ']).next().filter(|_| widened) {
            let kept = |killer: &&&Killer| {
                let mut uses = killer.touched.of(&names);
                uses.any(|usage| {
                    usage.starts_with("Rule NotMatched ")
                        && usage.rsplit(' ').next().is_some_and(|path| path.split('.').any(|part| part == field))
                })
            };
            // What an alarm's rule forwards too much is seen in the health messages.
            let by_health = killers.iter().filter(|killer| killer.looks_at_health).filter(kept).take(2 * DIFFERING);
            candidates.extend(by_health.chain(killers.iter().filter(kept).take(DIFFERING)).copied());
        }
        // An event without an alert leaves no other mark than the time in the table.
        let marks = |killer: &&&Killer| killer.looks_at_coverage && killer.touched.of(&names).next().is_some();
        let by_table: Vec<&Killer> = killers.iter().filter(marks).take(3 * DIFFERING).copied().collect();
        // How often and how fast something is tried again shows in the alarms and in the time.
        let retries = |killer: &&&Killer| killer.touched.of(&names).any(|usage| usage.contains(" Retried "));
        let by_health = killers.iter().filter(|killer| killer.looks_at_health).filter(retries).take(DIFFERING);
        let by_time = killers.iter().filter(|killer| killer.looks_at_time).filter(retries).take(DIFFERING);
        let retried: Vec<&Killer> = by_time.chain(by_health).copied().collect();
        let mut seen: BTreeSet<&str> = BTreeSet::new();
        let (mut health, mut spent) = (0, 0);
        for killer in killers.iter().copied() {
            // The first scenario that uses the resource runs whatever it costs.
            let affordable = seen.is_empty() || spent + killer.touched.cost() <= BUDGET;
            let mut is_new = false;
            if affordable {
                for usage in killer.touched.of(&names) {
                    is_new |= seen.insert(usage);
                }
            }
            if is_new {
                spent += killer.touched.cost();
            }
            // An alarm that is quiet on the unmutated deployment may be raised on the mutant.
            let quiet = is_alarm && killer.looks_at_health && health < QUIET;
            health += usize::from(quiet);
            if (is_new || quiet) && !candidates.iter().any(|known| known.loaded.name == killer.loaded.name) {
                candidates.push(killer);
            }
        }
        candidates.extend(retried);
        candidates.extend(by_table);
        let focused = |killer: &&&Killer| killer.touched.of(&mutant.focus).next().is_some();
        candidates.extend(killers.iter().filter(focused).take(2 * DIFFERING).copied());
        let mut named = BTreeSet::new();
        candidates.retain(|killer| named.insert(killer.loaded.name.as_str()));
        candidates
    }

    /// The pattern that a mutant changes, before and after.
    fn patterns(&self, place: usize, mutant: &Mutant) -> Option<(EventPattern, EventPattern)> {
        let Change::Set(argument, Value::String(after)) = &mutant.change else { return None };
        let of = &self.places.places[place];
        let resource = of.resources.iter().find(|resource| resource.address == mutant.address)?;
        let before = resource.text(argument).filter(|_| argument == "event_pattern")?;
        Some((EventPattern::parse(before).ok()?, EventPattern::parse(after).ok()?))
    }
}

/// The events that a scenario injects, as EventBridge delivers them.
fn events(loaded: &Loaded, accounts: &Accounts) -> Vec<Value> {
    let Ok(scenario) = &loaded.scenario else { return Vec::new() };
    let envelope = |step| match step {
        Step::Record(record) => Some(envelope_of(&play(&record, accounts).value, String::new())),
        Step::Event(event) => Some(play(&event, accounts).value),
        Step::Put(_) => None,
    };
    scenario.steps().into_iter().filter_map(envelope).collect()
}
