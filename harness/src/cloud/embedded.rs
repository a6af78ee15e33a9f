//! The embedded cloud: a fork for each scenario, several at a time.

use std::collections::HashMap;
use std::sync::Arc;

use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;

use super::{Cloud, Kept, RunOptions};
use crate::deployment::Deployment;
use crate::report::Progress;
use crate::runner::{Outcome, Plan, RunEvent, Session, Status, chain};
use crate::scenario::{DeploymentChange, Loaded};

/// The embedded cloud.
#[derive(Clone, Debug)]
pub struct Embedded {
    session: Arc<Session>,
    /// A deployment that takes the place of those that the scenarios ask for.
    own: Option<Arc<Deployment>>,
    progress: Progress,
}

impl Embedded {
    /// On a session of the caller's; `own` takes the place of the deployments that the scenarios ask for.
    pub fn new(session: Arc<Session>, own: Option<Arc<Deployment>>, progress: Progress) -> Self {
        Self { session, own, progress }
    }
}

impl Cloud for Embedded {
    fn name(&self) -> &str {
        "embedded"
    }

    async fn deploy(&self) -> Result<String, String> {
        match self.session.deploy_base().await {
            Ok(deployment) if !deployment.reused => {
                Ok(format!("deployed in {:.1} s; saved for the next run", deployment.applied_in.as_secs_f64()))
            }
            Ok(_) => Ok("reusing the saved deployment".to_owned()),
            Err(error) => Err(chain(&*error)),
        }
    }

    async fn run(&self, scenarios: Vec<Loaded>, options: RunOptions) -> Vec<Outcome> {
        let jobs = options.jobs.unwrap_or_else(crate::cores).max(1);
        let permits = Arc::new(Semaphore::new(jobs));
        let (stop, stopped) = watch::channel(false);
        let total = scenarios.len();
        self.session.announce(if self.own.is_some() { Plan::named(&scenarios) } else { Plan::of(&scenarios) });
        let mut scenarios: Vec<(usize, Loaded)> = scenarios.into_iter().enumerate().collect();
        if self.own.is_none() {
            // Permits are handed out in this order, and the default deployment is there already.
            scenarios.sort_by_key(|(_, loaded)| needs_variant(loaded));
        }
        let mut running = JoinSet::new();
        let mut tasks = HashMap::new();
        for (place, loaded) in scenarios {
            let (session, own, permits) = (Arc::clone(&self.session), self.own.clone(), Arc::clone(&permits));
            let mut stopped = stopped.clone();
            let scenario = (place, loaded.name.clone(), loaded.path.clone());
            let task = running.spawn(async move {
                // A variant's apply mostly waits, so it needs no permit.
                let prepared = async {
                    if own.is_none() {
                        session.prepare(&loaded).await;
                    }
                    permits.acquire_owned().await.ok()
                };
                // Stopped: a scenario has failed, and the user asked for no more.
                let _permit = tokio::select! {
                    _ = stopped.wait_for(|stopped| *stopped) => None,
                    permit = prepared => permit,
                }?;
                let outcome = match own {
                    None => session.run(&loaded).await,
                    Some(own) => session.run_on(&loaded, &own).await,
                };
                Some((place, outcome))
            });
            tasks.insert(task.id(), scenario);
        }
        let mut outcomes = Vec::with_capacity(total);
        while let Some(done) = running.join_next().await {
            let ended = match done {
                Ok(ended) => ended,
                // A panic must not pass for a scenario that was not started.
                Err(error) => tasks.remove(&error.id()).map(|(place, name, path)| {
                    let reason = format!("a defect of rootwatch: {error}; report it with the message on stderr");
                    (place, Outcome::error(&name, path, reason))
                }),
            };
            match ended {
                None => {}
                Some((place, mut outcome)) => {
                    if options.fail_fast && matches!(outcome.status, Status::Failed | Status::Error) {
                        stop.send_replace(true);
                    }
                    outcome.rerun.push_str(&options.arguments);
                    self.progress.emit(RunEvent::Scenario(&outcome));
                    if options.kept != Kept::Traces {
                        outcome.entries = Vec::new();
                    }
                    if options.kept == Kept::Counts {
                        (outcome.messages, outcome.trace) = (Vec::new(), Vec::new());
                    }
                    outcomes.push((place, outcome));
                }
            }
        }
        if outcomes.len() < total {
            self.progress.line(&format!("{} scenarios were not started: --fail-fast", total - outcomes.len()));
        }
        outcomes.sort_by_key(|(place, _)| *place);
        outcomes.into_iter().map(|(_, outcome)| outcome).collect()
    }
}

fn needs_variant(loaded: &Loaded) -> bool {
    loaded.scenario.as_ref().is_ok_and(|scenario| scenario.deployment != DeploymentChange::default())
}
