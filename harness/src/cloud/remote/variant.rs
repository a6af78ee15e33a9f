//! Deployments of scenarios' own: those that want the same one share it, and from one to the next only the difference is
//! applied.

use std::collections::BTreeMap;

use super::{Remote, any_failed};
use crate::cloud::RunOptions;
use crate::runner::{Outcome, refused};
use crate::scenario::{DeploymentChange, Loaded, Scenario};

/// Scenarios by the deployment that they want.
#[derive(Debug, Default)]
pub(super) struct Variants(BTreeMap<String, Vec<Wanting>>);

#[derive(Debug)]
struct Wanting {
    place: usize,
    loaded: Loaded,
    scenario: Scenario,
}

impl Variants {
    pub(super) fn add(&mut self, place: usize, loaded: &Loaded, scenario: &Scenario) {
        let wanting = Wanting { place, loaded: loaded.clone(), scenario: scenario.clone() };
        self.0.entry(scenario.deployment.key()).or_default().push(wanting);
    }
}

impl Remote {
    /// Deploys each variant, and runs what wants it.
    pub(super) async fn variants(
        &self,
        variants: Variants,
        options: &RunOptions,
        mut failed: bool,
    ) -> Vec<(usize, Outcome)> {
        let mut outcomes = Vec::new();
        let count = variants.0.len();
        for (number, wanting) in (1..).zip(variants.0.into_values()) {
            if options.fail_fast && failed {
                if !self.options.own {
                    self.bring_back(&mut outcomes).await;
                }
                break;
            }
            let names: Vec<&str> = wanting.iter().map(|one| one.loaded.name.as_str()).collect();
            self.progress.stage(&format!("deploying variant {number}/{count}: {}", names.join(", ")));
            let mut ran = Box::pin(self.variant(wanting)).await;
            if number == count && !self.options.own {
                self.bring_back(&mut ran).await;
            }
            self.ended(&mut ran, options);
            failed |= any_failed(&ran);
            outcomes.extend(ran);
        }
        outcomes
    }

    async fn variant(&self, wanting: Vec<Wanting>) -> Vec<(usize, Outcome)> {
        let Some(change) = wanting.first().map(|one| one.scenario.deployment.clone()) else { return Vec::new() };
        let made = self.make(&change).await;
        let (refusals, wanting): (Vec<_>, Vec<_>) = wanting.into_iter().partition(|one| one.refusal().is_some());
        let mut outcomes: Vec<(usize, Outcome)> = refusals
            .iter()
            .map(|one| {
                let found = match &made {
                    Err(error) => Some(error.clone()),
                    Ok(ready) => Some(ready.facts.refused.join("; ")).filter(|refused| !refused.is_empty()),
                };
                (one.place, refused(one.empty(), found, one.refusal().unwrap_or_default()))
            })
            .collect();
        let ready = match made {
            Ok(ready) => ready,
            Err(error) => {
                let failed = |one: &Wanting| {
                    (one.place, Outcome::error(&one.loaded.name, one.loaded.path.clone(), error.clone()))
                };
                outcomes.extend(wanting.iter().map(failed));
                return outcomes;
            }
        };
        let mut groups: Vec<Vec<_>> = Vec::new();
        for one in &wanting {
            let case = (one.place, self.case(&one.loaded, &one.scenario));
            match groups.last_mut() {
                // An alarm's message names no event: it can only be told whose it is where there is one scenario.
                Some(group) if !change.log_alarm => group.push(case),
                _ => groups.push(vec![case]),
            }
        }
        for group in groups {
            outcomes.extend(Box::pin(self.group(&ready, group)).await);
        }
        outcomes
    }

    /// The default deployment again: the cloud is somebody else's.
    async fn bring_back(&self, outcomes: &mut [(usize, Outcome)]) {
        let trouble = match self.make(&DeploymentChange::default()).await {
            Ok(ready) if ready.facts.refused.is_empty() => return,
            Ok(ready) => ready.facts.refused.join("; "),
            Err(error) => error,
        };
        if let Some((_, last)) = outcomes.last_mut() {
            last.status = crate::runner::Status::Error;
            last.failures.push(format!("the default deployment could not be brought back: {trouble}"));
        }
    }
}

impl Wanting {
    /// A text of the error with which Terraform must refuse it.
    fn refusal(&self) -> Option<&str> {
        self.scenario.expect.as_ref()?.refused_by_terraform.as_deref()
    }

    fn empty(&self) -> Outcome {
        Outcome::empty(&self.loaded.name, self.loaded.path.clone(), &self.scenario.title)
    }
}
