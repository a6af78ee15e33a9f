//! Clouds that scenarios run on: the embedded one, LocalStack, or whatever answers at an endpoint.
//!
//! Terraform sees an endpoint and credentials on each of them; topics are observed by probe queues, Slack and PagerDuty
//! by the harness's sink. What differs is how an event gets in (as CloudTrail delivers it, or by PutEvents), how
//! scenarios are kept apart (a fork each, or ids of their own), and who moves the time. What a cloud does otherwise than
//! AWS has a name ([`Difference`]).

mod against;
mod difference;
mod embedded;
mod localstack;
mod remote;

pub use against::compare;
pub use difference::{Difference, Found, Known};
pub use embedded::Embedded;
pub use localstack::OnLocalStack;
pub use remote::{Remote, RemoteError, RemoteOptions};

use std::path::Path;

use crate::localstack::Image;
use crate::runner::Outcome;
use crate::scenario::{Loaded, Scenario};

/// What a run asks of a cloud.
#[derive(Clone, Debug, Default)]
pub struct RunOptions {
    /// Scenarios at a time, where the cloud can fork; the number of cores by default.
    pub jobs: Option<usize>,
    /// Start none after the first that fails, where they run one after another.
    pub fail_fast: bool,
    /// Also those that need a deployment of their own, where each costs an apply.
    pub deployments: bool,
    /// How much of each outcome is kept after it was emitted. Memory grows with it.
    pub kept: Kept,
    /// Arguments that the command to run one scenario alone needs in addition.
    pub arguments: String,
}

/// How much of an outcome is kept until the end of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Kept {
    /// Counts and failures, for reports that are written as scenarios end.
    Counts,
    /// The messages too.
    #[default]
    Messages,
    /// The trace entries too: the HTML report draws them.
    Traces,
}

/// Why a scenario is not run on LocalStack, with the image that is there, if it is not: known before anything is started.
pub fn not_run_on_localstack(image: Option<&Image>, file: &Path, scenario: &Scenario) -> Option<Found> {
    let offers = remote::Offers { cloud: localstack::NAME, dynamodb: image.is_none_or(Image::has_dynamodb) };
    remote::not_run(offers, file, scenario, &RunOptions::default())
}

/// A cloud with the monitor deployed to it.
pub trait Cloud: Sync {
    /// As reports name it.
    fn name(&self) -> &str;

    /// Deploys; what is worth saying of it.
    ///
    /// # Errors
    /// What is missing, in words, with the next step.
    fn deploy(&self) -> impl Future<Output = Result<String, String>> + Send;

    /// Runs scenarios, in whatever order suits the cloud, and emits each outcome as soon as it is known. Returns the
    /// outcomes in the order of the scenarios.
    fn run(&self, scenarios: Vec<Loaded>, options: RunOptions) -> impl Future<Output = Vec<Outcome>> + Send;

    /// Observations of the cloud apart from the scenarios, for the end of a report.
    fn remarks(&self) -> Vec<String> {
        Vec::new()
    }
}
