//! Mutation testing of a deployed infrastructure: which scenario notices if the deployment is broken?
//!
//! A mutant is one change of one deployed resource: a policy statement less, a rule disabled, an alarm on the wrong metric.
//! It is applied to a fork of the deployment by the same API calls that Terraform's provider would make, so AWS's own checks
//! decide whether the change is possible at all. Scenarios, and generated attacks on policies, run on the fork. A mutant that
//! none of them notices is a hole in the tests or a permission that nobody needs.
//!
//! Reading order: [`resource`] (what is deployed, from Terraform's state), [`operator`] (the kinds of changes), `policy` and
//! `pattern` (changes of documents), [`derive`] (all mutants of a deployment), `source` (the line of Terraform that a mutant
//! changes), `realize` (a change as API calls), `export` (a change as a Terraform override file, with `sample`), `coverage` (which scenarios
//! can notice it), [`attack`] (who must be refused), [`declaration`] (mutants.toml), [`run`] and [`outcome`].

pub mod attack;
mod coverage;
pub mod declaration;
pub mod derive;
mod diff;
mod export;
mod impact;
pub mod operator;
pub mod outcome;
mod pattern;
mod policy;
mod realize;
pub mod resource;
pub mod run;
pub mod sample;
pub mod source;

use serde::Serialize;
use serde_json::Value;

pub use declaration::{Declaration, Declarations};
pub use derive::{Derived, Excluded, derive};
pub use diff::Diff;
pub use export::Files;
pub use operator::Operator;
pub use outcome::{Report, Tested, Verdict};
pub use resource::{Resource, resources};
pub use run::{MutantsError, Selection, Stage, list, run};
pub use sample::{Sample, sample};
pub use source::{Location, Sources};

/// One change of one deployed resource.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Mutant {
    /// Address, operator and detail: the same in every run on the same Terraform.
    pub id: String,
    /// The kind of the change.
    pub operator: Operator,
    /// The Terraform address of the resource.
    pub address: String,
    /// Addresses of other instances of the same block that change in the same way: one edit of the source changes all.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub also: Vec<String>,
    /// The Terraform type of the resource.
    pub kind: String,
    /// The ARN of the resource.
    pub arn: String,
    /// The Terraform argument that changes; empty where the resource is removed.
    pub argument: String,
    /// The part that changes, as deployed.
    pub before: String,
    /// The same part in the mutant.
    pub after: String,
    /// The line of Terraform that it comes from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location: Option<Location>,
    /// Names of what the changed part is about: scenarios that use them are the likely killers.
    #[serde(skip)]
    pub focus: Vec<String>,
    /// The change itself.
    #[serde(skip)]
    pub change: Change,
}

impl Mutant {
    /// The addresses of all resources that change.
    pub fn addresses(&self) -> impl Iterator<Item = &String> {
        std::iter::once(&self.address).chain(&self.also)
    }
}

/// A change of the arguments of a resource.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// The argument has another value.
    Set(String, Value),
    /// The resource is not there.
    Remove,
}
