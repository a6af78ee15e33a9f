//! `rootwatch mutants`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use clap::{Args, ValueEnum};

use super::run::{leave_out_variants, not_ready, wrong_root};
use super::{Exit, complain, print};
use crate::deployment::{Accounts, Coverage, Deployment, OwnRoot, REGIONS};
use crate::layout::Layout;
use crate::mutants::{self, Declarations, Diff, Operator, Report, Selection, Sources, Stage};
use crate::report::{Progress, mutants as report};
use crate::runner::{Session, chain};
use crate::scenario::{DeploymentChange, Loaded, find, read_text};
use crate::terraform::{HubInputs, composition};

/// Options of `mutants`.
#[derive(Debug, Args)]
#[command(after_help = "\
The exit code is 2 when a mutant was missed, or a declaration in mutants.toml is not true. docs/mutation-testing.md explains the operators.\n\n\
Examples:
  rootwatch mutants                                  every mutant of the default deployment
  rootwatch mutants --list                           the mutants, without testing them
  rootwatch mutants --list --export                  with a Terraform override file for each
  rootwatch mutants --operator alarm-removed         by operator; may be given more than once
  rootwatch mutants --address module.hub.module.triage
                                                     by a part of the Terraform address
  git diff origin/main | rootwatch mutants --in-diff -
                                                     what a change touches
  rootwatch mutants --shard 1/4 --format github      for CI
  rootwatch mutants --terraform live/prod --var-file live/prod/prod.tfvars my-scenarios
                                                     a root module of your own")]
pub(super) struct Mutants {
    /// Scenario files or folders [default: scenarios/]
    paths: Vec<PathBuf>,
    /// Print the mutants without testing them
    #[arg(long)]
    list: bool,
    /// Write the Terraform override files of every selected mutant to overrides/ in the output folder, not of the missed alone
    #[arg(long)]
    export: bool,
    /// Only mutants of this operator; may be given more than once
    #[arg(long, value_name = "NAME", value_parser = operator)]
    operator: Vec<Operator>,
    /// Only mutants of resources whose address contains this text (`*`: any text); may be given more than once
    #[arg(long, value_name = "TEXT")]
    address: Vec<String>,
    /// Only mutants of lines that a unified diff changes; `-` is standard input
    #[arg(long, value_name = "FILE")]
    in_diff: Option<PathBuf>,
    /// Only the k-th of n parts
    #[arg(long, value_name = "K/N", value_parser = shard)]
    shard: Option<(usize, usize)>,
    /// Test the mutants in an order that this number decides; 0 keeps the order of the addresses
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Mutate the default deployment and what this one adds; may be given more than once [default: all]
    #[arg(long, value_enum, conflicts_with = "terraform")]
    with: Vec<With>,
    /// Mutants at a time [default: the number of cores]
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..))]
    jobs: Option<u16>,
    /// How results are written to stdout
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
    /// The folder for caught.txt, missed.txt, timeout.txt, unviable.txt, equivalent.txt, outcomes.json and overrides/
    #[arg(long, short, default_value = "mutants.out")]
    output: PathBuf,
    /// The declarations of equivalent mutants [default: mutants.toml next to terraform/, or in the root module]
    #[arg(long, value_name = "FILE")]
    declarations: Option<PathBuf>,
    /// A root module of your own that calls the modules; see docs/your-own-root-module.md
    #[arg(long, value_name = "DIR")]
    terraform: Option<PathBuf>,
    /// Values of its variables, as for `terraform apply`; may be given more than once
    #[arg(long, value_name = "FILE", requires = "terraform")]
    var_file: Vec<PathBuf>,
}

/// A deployment that adds resources to the default one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum With {
    /// Nothing: the default deployment alone
    Nothing,
    /// The log alarm
    LogAlarm,
    /// The deduplication store
    Deduplication,
}

impl With {
    fn change(self) -> Option<DeploymentChange> {
        let default = DeploymentChange::default();
        match self {
            Self::Nothing => None,
            Self::LogAlarm => Some(DeploymentChange { log_alarm: true, ..default }),
            Self::Deduplication => {
                let variables = [("deduplication".to_owned(), true.into())].into_iter().collect();
                Some(DeploymentChange { variables, ..default })
            }
        }
    }
}

/// The default deployment, and one for each addition.
fn deployments(with: &[With]) -> Vec<DeploymentChange> {
    std::iter::once(DeploymentChange::default()).chain(with.iter().filter_map(|with| with.change())).collect()
}

/// How results are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people.
    Human,
    /// One JSON object.
    Json,
    /// Annotations of GitHub Actions.
    Github,
    /// One self-contained HTML page.
    Html,
}

fn operator(name: &str) -> Result<Operator, String> {
    Operator::named(name).ok_or_else(|| {
        let names: Vec<&str> = Operator::ALL.iter().map(|operator| operator.name()).collect();
        let near = names
            .iter()
            .max_by(|one, other| strsim::jaro_winkler(one, name).total_cmp(&strsim::jaro_winkler(other, name)));
        format!("did you mean `{}`? The operators are {}", near.unwrap_or(&""), names.join(", "))
    })
}

fn shard(text: &str) -> Result<(usize, usize), String> {
    let parts = text.split_once('/').and_then(|(k, n)| Some((k.parse::<usize>().ok()?, n.parse::<usize>().ok()?)));
    parts.filter(|(k, n)| (1..=*n).contains(k)).ok_or_else(|| "expected K/N with 1 ≤ K ≤ N, for example 1/4".to_owned())
}

impl Mutants {
    pub(super) fn is_json(&self) -> bool {
        self.format == Format::Json
    }

    pub(super) async fn execute(self, layout: Layout) -> Exit {
        if let Some(wrong) = self.terraform.as_deref().and_then(|folder| wrong_root(folder).err()) {
            complain(&wrong);
            return Exit::Usage;
        }
        let (selection, declarations, scenarios) = match self.input(&layout) {
            Ok(input) => input,
            Err(error) => {
                complain(&error);
                return Exit::Usage;
            }
        };
        let progress = Progress::stderr();
        let result = self.test(layout, scenarios, &selection, &declarations, &progress).await;
        progress.finish();
        let tested = match result {
            Ok(tested) => tested,
            Err(error) => return not_ready(&progress, &error),
        };
        let mut written = if self.list { Ok(()) } else { report::write_folder(&tested, &self.output) };
        if self.export {
            written = written.and_then(|()| report::write_overrides(&tested.mutants, &self.output));
        }
        if let Err(error) = written {
            complain(&format!("could not write the results to {}: {error}", self.output.display()));
            return Exit::Environment;
        }
        if self.list {
            print(&match self.format {
                Format::Json => report::json(&tested),
                _ => report::list(&tested),
            });
            return Exit::Success;
        }
        print(&match self.format {
            Format::Human => report::human(&tested),
            Format::Json => report::json(&tested),
            Format::Github => report::github(&tested),
            Format::Html => report::html(&tested),
        });
        if tested.is_clean() { Exit::Success } else { Exit::Usage }
    }

    /// Reads the files that the command line names.
    fn input(&self, layout: &Layout) -> Result<(Selection, Declarations, Vec<Loaded>), String> {
        let read = |path: &PathBuf| {
            let text = read_text(path).map_err(|reason| format!("could not read {}: {reason}", path.display()))?;
            Ok::<_, String>(Diff::parse(&text))
        };
        let diff = self.in_diff.as_ref().map(read).transpose()?;
        let selection = Selection {
            operators: self.operator.clone(),
            addresses: self.address.clone(),
            diff,
            deployments: (!self.with.is_empty()).then(|| deployments(&self.with)),
            shard: self.shard,
            seed: self.seed,
        };
        let default = self.terraform.as_ref().unwrap_or(&layout.project).join("mutants.toml");
        let declarations = Declarations::read(self.declarations.as_ref().unwrap_or(&default))?;
        let paths = if self.paths.is_empty() { vec![layout.scenarios()] } else { self.paths.clone() };
        let mut scenarios = Vec::new();
        for path in paths {
            scenarios.extend(find(&path).map_err(|error| error.to_string())?);
        }
        match scenarios.iter().find_map(|loaded| loaded.scenario.as_ref().err()) {
            Some(error) => Err(error.to_string()),
            None => Ok((selection, declarations, scenarios)),
        }
    }

    async fn test(
        &self,
        layout: Layout,
        mut scenarios: Vec<Loaded>,
        selection: &Selection,
        declarations: &Declarations,
        progress: &Progress,
    ) -> Result<Report, String> {
        let modules = modules(&layout);
        let session = Session::start(layout, &scenarios, progress.clone()).await.map_err(|error| chain(&error))?;
        let session = Arc::new(session);
        let (own, sources) = match &self.terraform {
            None => (None, Sources::of_modules(modules)),
            Some(directory) => {
                leave_out_variants(&mut scenarios, progress);
                let own = OwnRoot { directory: directory.clone(), var_files: self.var_file.clone() };
                let deployment: Deployment = session.deploy_own(&own).await.map_err(|error| chain(&error))?;
                (Some(Arc::new(deployment)), Sources::of_root(directory))
            }
        };
        let changes = deployments(&[With::LogAlarm, With::Deduplication]);
        if self.list {
            let listed = mutants::list(&session, own.as_ref(), &changes, &sources, selection).await;
            return listed.map_err(|error| error.to_string());
        }
        let jobs = self.jobs.map_or_else(crate::cores, usize::from);
        let watch = watch(progress);
        let (own, sources) = (own.as_ref(), &sources);
        let report =
            mutants::run(session, scenarios, own, &changes, sources, selection, declarations, jobs, watch).await;
        report.map_err(|error| error.to_string())
    }
}

/// Progress with an estimate; what is missed is shown at once.
pub(super) fn watch(progress: &Progress) -> impl Fn(Stage<'_>) + use<'_> {
    let begun = OnceLock::new();
    let missed = AtomicUsize::new(0);
    move |stage| match stage {
        Stage::Baseline { done, of } => {
            if done == 1 {
                progress.stage("running the scenarios on the unmutated deployment");
            }
            progress.status(&format!("{done} of {of} scenarios"));
        }
        Stage::Tested { tested, done, of } => {
            let begun = *begun.get_or_init(|| {
                progress.stage(&format!("testing {of} mutants"));
                progress.elapsed()
            });
            if tested.verdict.name() == "missed" {
                missed.fetch_add(1, Ordering::Relaxed);
                progress.line(&format!("missed: {}", tested.mutant.id));
            }
            let left = (progress.elapsed() - begun).mul_f64((of - done) as f64 / done as f64);
            let missed = missed.load(Ordering::Relaxed);
            progress.status(&format!("{done} of {of} mutants, {missed} missed, about {} s left", left.as_secs()));
        }
    }
}

/// The modules that the deployment under test calls, by name.
fn modules(layout: &Layout) -> BTreeMap<String, PathBuf> {
    let here = std::env::current_dir().unwrap_or_default();
    let accounts = Accounts::default();
    let inputs = HubInputs { variables: serde_json::Map::new(), log_group: Some("") };
    let everywhere: BTreeSet<String> = REGIONS.iter().map(|region| (*region).to_owned()).collect();
    let coverage = Coverage { spoke: everywhere.clone(), hub: everywhere, ..Coverage::default() };
    let composed = composition(&accounts, &coverage, inputs).main;
    let modules = composed["module"].as_object().into_iter().flatten();
    let found = modules.filter_map(|(name, module)| {
        let source = module["source"].as_str()?.strip_prefix("../tree/")?;
        let directory = layout.terraform().join(source);
        // As people and diffs name it.
        let directory = directory.strip_prefix(&here).map(Path::to_path_buf).unwrap_or(directory);
        Some((name.clone(), directory))
    });
    found.collect()
}
