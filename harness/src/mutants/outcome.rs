//! Verdicts on mutants, and the report of a run.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;
use serde_json::Value;

use super::impact::{impact, skeleton};
use super::{Excluded, Files, Mutant, Operator};

/// The verdict on a mutant.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "verdict", rename_all = "lowercase")]
pub enum Verdict {
    /// A scenario failed, or an attack was let in.
    Caught {
        /// The scenario, or `attack`.
        by: String,
        /// The first difference, or the attack.
        how: String,
    },
    /// Everything passed.
    Missed {
        /// The number of scenarios that ran.
        scenarios: usize,
    },
    /// A scenario did not end in time.
    Timeout {
        /// The scenario.
        by: String,
    },
    /// AWS refuses such a resource.
    Unviable {
        /// AWS's reason.
        reason: String,
    },
    /// `mutants.toml` declares that no test can catch it, and none did.
    Equivalent {
        /// The declared reason.
        reason: String,
    },
}

impl Verdict {
    /// The name of the list that the mutant belongs to.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Caught { .. } => "caught",
            Self::Missed { .. } => "missed",
            Self::Timeout { .. } => "timeout",
            Self::Unviable { .. } => "unviable",
            Self::Equivalent { .. } => "equivalent",
        }
    }
}

/// A mutant and what came of it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Tested {
    /// The mutant.
    #[serde(flatten)]
    pub mutant: Mutant,
    /// The verdict.
    #[serde(flatten)]
    pub verdict: Verdict,
    /// Of a missed mutant: what an attacker or an outage can do with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub impact: Option<String>,
    /// Of a missed mutant: the start of a scenario that would catch it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub skeleton: Option<Value>,
    /// The mutant as files that override its Terraform; empty if it has no such form.
    #[serde(skip)]
    pub files: Files,
    /// Why the mutant cannot be made by an override file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub no_override: Option<String>,
}

/// A whole run.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Report {
    /// Every selected mutant, in the order of the addresses.
    pub mutants: Vec<Tested>,
    /// Deployed resources and arguments that are not mutated.
    pub excluded: Vec<Excluded>,
    /// The number of generated attacks that the unmutated deployment refuses.
    pub attacks: usize,
    /// The number of scenarios that pass on the unmutated deployment.
    pub scenarios: usize,
    /// Scenarios that do not pass on the unmutated deployment, and are left out.
    pub left_out: Vec<String>,
    /// Declarations in `mutants.toml` that are not true.
    pub false_declarations: Vec<String>,
    /// The time of the baseline and of all mutants, without the deployment.
    #[serde(serialize_with = "seconds")]
    pub elapsed: Duration,
    /// The number of scenario runs on mutants.
    pub runs: usize,
}

fn seconds<S: serde::Serializer>(elapsed: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64(elapsed.as_secs_f64())
}

/// How many mutants ended how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// All.
    pub total: usize,
    /// A test noticed.
    pub caught: usize,
    /// No test noticed.
    pub missed: usize,
    /// A scenario did not end in time.
    pub timeout: usize,
    /// AWS refuses them.
    pub unviable: usize,
    /// Declared.
    pub equivalent: usize,
}

impl Tested {
    /// Adds a verdict and override files to a mutant. `files` is an error, with the reason, if no override file makes the mutant.
    pub(super) fn new(mutant: Mutant, verdict: Verdict, files: Result<Files, String>) -> Self {
        let (files, no_override) = match files {
            Ok(files) => (files, None),
            Err(reason) => (Files::new(), Some(reason)),
        };
        let missed = matches!(verdict, Verdict::Missed { .. });
        let (impact, skeleton) = (missed.then(|| impact(&mutant)), missed.then(|| skeleton(&mutant)));
        Self { mutant, verdict, impact, skeleton, files, no_override }
    }
}

impl Counts {
    fn of<'a>(tested: impl IntoIterator<Item = &'a Tested>) -> Self {
        let mut counts = Self::default();
        for tested in tested {
            counts.total += 1;
            match tested.verdict {
                Verdict::Caught { .. } => counts.caught += 1,
                Verdict::Missed { .. } => counts.missed += 1,
                Verdict::Timeout { .. } => counts.timeout += 1,
                Verdict::Unviable { .. } => counts.unviable += 1,
                Verdict::Equivalent { .. } => counts.equivalent += 1,
            }
        }
        counts
    }

    /// The share of the viable, not equivalent mutants that were noticed, in percent; 100 of none.
    pub fn score(&self) -> f64 {
        let noticed = self.caught + self.timeout;
        match noticed + self.missed {
            0 => 100.0,
            all => 100.0 * noticed as f64 / all as f64,
        }
    }
}

impl Report {
    /// How many ended how.
    pub fn counts(&self) -> Counts {
        Counts::of(&self.mutants)
    }

    /// The same by operator, in the order of the documentation.
    pub fn by_operator(&self) -> Vec<(Operator, Counts)> {
        let mut by: BTreeMap<Operator, Vec<&Tested>> = BTreeMap::new();
        for tested in &self.mutants {
            by.entry(tested.mutant.operator).or_default().push(tested);
        }
        by.into_iter().map(|(operator, tested)| (operator, Counts::of(tested))).collect()
    }

    /// The mutants with a verdict of this name.
    pub fn with(&self, verdict: &str) -> impl Iterator<Item = &Tested> {
        self.mutants.iter().filter(move |tested| tested.verdict.name() == verdict)
    }

    /// Returns true if no mutant was missed and every declaration is true.
    pub fn is_clean(&self) -> bool {
        self.counts().missed == 0 && self.false_declarations.is_empty()
    }
}
