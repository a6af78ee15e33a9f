//! Mutants that are made both ways, by API calls and by override files, to show that the two agree.

use std::sync::Arc;

use super::derive::derive;
use super::export::export;
use super::{Files, Mutant, MutantsError, Operator, Sources, realize, resources};
use crate::deployment::Deployment;
use crate::runner::{Session, chain};
use crate::scenario::DeploymentChange;

/// Mutants of several operators, all in one deployment.
#[derive(Debug)]
pub struct Sample {
    /// One of each operator. No two of them change the same resource.
    pub mutants: Vec<Mutant>,
    /// The deployment without them.
    pub unmutated: Arc<Deployment>,
    /// The deployment with all of them, made by API calls.
    pub mutated: Deployment,
    /// The files that override its configuration to make all of them.
    pub files: Files,
    /// Operators of which no mutant can be made both ways next to the others, each with the reason for the last one tried.
    pub left_out: Vec<(Operator, String)>,
}

/// Takes of each operator the first mutant that can be made both ways next to those taken before.
///
/// # Errors
/// When the deployment cannot be made or read.
pub async fn sample(
    session: &Session,
    change: &DeploymentChange,
    sources: &Sources,
    operators: &[Operator],
) -> Result<Sample, MutantsError> {
    let deployed = session.smallest_deployment(change).await;
    let unmutated = deployed.map_err(|error| MutantsError::Deploy(chain(&*error)))?;
    let resources = resources(&unmutated.terraform_state)?;
    let all = derive(&resources, sources).mutants;
    let mut mutated = (*unmutated).clone();
    let (mut taken, mut left_out) = (Vec::<&Mutant>::new(), Vec::new());
    for operator in operators {
        let (mut found, mut reason) = (false, None);
        for mutant in all.iter().filter(|mutant| mutant.operator == *operator) {
            if taken.iter().any(|other| collide(mutant, other)) {
                reason.get_or_insert_with(|| "another mutant changes the resource".to_owned());
                continue;
            }
            let with: Vec<&Mutant> = taken.iter().copied().chain([mutant]).collect();
            let calls = realize::calls(&resources, mutant);
            // On a fork of its own, since a refused mutant may have been made in part.
            let made = calls.and_then(|calls| {
                export(&with, &resources, sources)?;
                let cloud = session.fork(&mutated);
                calls.make(&cloud)?;
                Ok(cloud.snapshot())
            });
            match made {
                Ok(state) => {
                    mutated.state = state;
                    taken = with;
                    found = true;
                    break;
                }
                Err(error) => reason = Some(error),
            }
        }
        if !found {
            left_out.push((*operator, reason.unwrap_or_else(|| "the deployment has no such mutant".to_owned())));
        }
    }
    let files = export(&taken, &resources, sources).unwrap_or_default();
    mutated.state.come_to_rest();
    Ok(Sample { mutants: taken.into_iter().cloned().collect(), unmutated, mutated, files, left_out })
}

/// Returns true if two mutants change the same resource: a call may replace all of its arguments.
fn collide(one: &Mutant, other: &Mutant) -> bool {
    one.addresses().any(|address| other.addresses().any(|other| other == address))
}
