//! `rootwatch run`.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::elsewhere;
use super::keep::look_around;
use super::watch::{Affected, Changes, Sources};
use super::{Exit, complain, warn};
use crate::cloud::{Cloud, Embedded, Kept, RunOptions, compare};
use crate::deployment::OwnRoot;
use crate::layout::Layout;
use crate::report::{Format, Progress, Results};
use crate::runner::{Execution, Finished, Outcome, RunEvent, Session, Status, Summary, shell_word};
use crate::scenario::{DeploymentChange, Loaded, find};
use clap::{Args, ValueEnum};
use rootwatch_cloud::Assumptions;

/// Options of `run`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  rootwatch run                                    every scenario of scenarios/
  rootwatch run scenarios/login --fail-fast        one folder, up to the first failure
  rootwatch run --filter passkey -v                by name, with what each sink received
  rootwatch run event.json                         a recorded record or event, as it is
  rootwatch run --format junit -o report.xml       for CI; also json, github, html
  rootwatch run --watch scenarios/login            again, whenever something it depends on changes
  rootwatch run --terraform live/prod --var-file live/prod/prod.tfvars my-scenarios
                                                   a root module of your own: docs/your-own-root-module.md
  rootwatch run scenarios/login/passkey.json --keep
                                                   leaves the cloud running, with the commands to look around")]
pub(super) struct Run {
    /// Scenario files or folders, `-` for standard input; a bare CloudTrail record, log file or EventBridge event is a
    /// scenario too, and `.gz` is unpacked [default: scenarios/]
    paths: Vec<PathBuf>,
    /// The cloud to run on
    #[arg(long, value_enum, default_value_t = CloudKind::Embedded)]
    cloud: CloudKind,
    /// The address of the cloud, for `--cloud endpoint`
    #[arg(long, value_name = "URL")]
    endpoint: Option<String>,
    /// The address of this machine that the cloud's functions reach, for `--cloud endpoint` [default: 127.0.0.1]
    #[arg(long, value_name = "IP")]
    sink_address: Option<std::net::IpAddr>,
    /// Compare every outcome with that of another cloud: equal, or a named difference
    #[arg(long, value_enum)]
    against: Option<Other>,
    /// Also scenarios that need a deployment of their own, on clouds where each costs an apply
    #[arg(long)]
    deployments: bool,
    /// How results are written to stdout
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
    /// Writes them to a file instead
    #[arg(long, short)]
    output: Option<PathBuf>,
    /// Scenarios at a time [default: the number of cores]
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..))]
    jobs: Option<u16>,
    /// Run the functions as processes of their packages, in real time, instead of in this process on virtual time
    #[arg(long)]
    processes: bool,
    /// Select another alternative of a fact about AWS that no public source settles; see docs/assumptions.md. May be
    /// given more than once
    #[arg(long, value_name = "NAME=ALTERNATIVE")]
    assume: Vec<String>,
    /// Only scenarios whose name contains this text
    #[arg(long)]
    filter: Option<String>,
    /// Start no further scenario after the first that fails
    #[arg(long)]
    fail_fast: bool,
    /// Show what every sink received, for passed scenarios too
    #[arg(long, short)]
    verbose: bool,
    /// A root module of your own that calls the modules; see docs/your-own-root-module.md for what it must give out
    #[arg(long, value_name = "DIR")]
    terraform: Option<PathBuf>,
    /// Values of its variables, as for `terraform apply`; may be given more than once
    #[arg(long, value_name = "FILE", requires = "terraform")]
    var_file: Vec<PathBuf>,
    /// Run again what a changed scenario, function or Terraform file affects, until Ctrl-C
    #[arg(long)]
    watch: bool,
    /// Leave the cloud running after the run, until Ctrl-C, and print the commands to look around in it
    #[arg(long, conflicts_with = "watch")]
    keep: bool,
    /// The port of the cloud that is kept; 0 takes a free one
    #[arg(long, default_value_t = 4566, requires = "keep")]
    port: u16,
}

/// Which cloud.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum CloudKind {
    /// In this process.
    Embedded,
    /// LocalStack in a container, with functions in containers of their own.
    Localstack,
    /// Whatever speaks AWS at `--endpoint`.
    Endpoint,
}

/// The cloud to compare with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Other {
    /// In this process.
    Embedded,
}

impl CloudKind {
    fn name(self) -> &'static str {
        match self {
            Self::Embedded => "embedded",
            Self::Localstack => "localstack",
            Self::Endpoint => "endpoint",
        }
    }
}

impl Run {
    /// Whether the results are JSON, and with them the errors.
    pub(super) fn is_json(&self) -> bool {
        self.format == Format::Json
    }

    /// Options that this cloud would ignore.
    fn ignored(&self) -> Option<String> {
        let cloud = self.cloud;
        let needs = [
            ("--endpoint", self.endpoint.is_some(), cloud == CloudKind::Endpoint, "--cloud endpoint"),
            ("--sink-address", self.sink_address.is_some(), cloud == CloudKind::Endpoint, "--cloud endpoint"),
            ("--deployments", self.deployments, cloud == CloudKind::Endpoint, "--cloud endpoint"),
            (
                "--against",
                self.against.is_some(),
                cloud != CloudKind::Embedded,
                "--cloud localstack or --cloud endpoint",
            ),
            ("--jobs", self.jobs.is_some(), cloud == CloudKind::Embedded, "--cloud embedded"),
            ("--processes", self.processes, cloud == CloudKind::Embedded, "--cloud embedded"),
            ("--assume", !self.assume.is_empty(), cloud == CloudKind::Embedded, "--cloud embedded"),
            ("--terraform", self.terraform.is_some(), cloud == CloudKind::Embedded, "--cloud embedded"),
            ("--keep", self.keep, cloud == CloudKind::Embedded, "--cloud embedded"),
            ("--cloud endpoint", cloud == CloudKind::Endpoint, self.endpoint.is_some(), "--endpoint URL"),
        ];
        let (option, _, _, needed) = needs.into_iter().find(|(_, given, fits, _)| *given && !*fits)?;
        Some(format!("{option} needs {needed}"))
    }

    pub(super) async fn execute(self, layout: Layout) -> Exit {
        if let Some(ignored) = self.ignored() {
            complain(&ignored);
            return Exit::Usage;
        }
        if self.keep
            && self.port != 0
            && let Err(error) = std::net::TcpListener::bind(("127.0.0.1", self.port))
        {
            let port = self.port;
            complain(&format!(
                "cannot listen on 127.0.0.1:{port}: {error}; choose another port with --port, or --port 0"
            ));
            return Exit::Environment;
        }
        if let Some(wrong) = self.terraform.as_deref().and_then(|folder| wrong_root(folder).err()) {
            complain(&wrong);
            return Exit::Usage;
        }
        if !self.watch {
            return self.once(layout, &Affected::Everything).await;
        }
        // From before the first run, so that no change is missed.
        let own: Vec<PathBuf> = self.terraform.iter().chain(&self.var_file).cloned().collect();
        let mut changes = match Changes::watch(Sources::new(&layout, &self.paths(&layout), &own)) {
            Ok(changes) => changes,
            Err(error) => {
                complain(&error);
                return Exit::Environment;
            }
        };
        let mut affected = Affected::Everything;
        loop {
            self.once(layout.clone(), &affected).await;
            Progress::stderr().announce("watching for changes; Ctrl-C ends it");
            match changes.next().await {
                Some(changed) => affected = changed,
                None => return Exit::Environment,
            }
        }
    }

    fn paths(&self, layout: &Layout) -> Vec<PathBuf> {
        if self.paths.is_empty() { vec![layout.scenarios()] } else { self.paths.clone() }
    }

    async fn once(&self, layout: Layout, affected: &Affected) -> Exit {
        let mut loaded = Vec::new();
        for path in self.paths(&layout) {
            match find(&path) {
                Ok(found) => loaded.extend(found.into_iter().flat_map(Loaded::into_parts)),
                Err(error) => {
                    complain(&error.to_string());
                    return Exit::Usage;
                }
            }
        }
        let malformed = loaded.iter().any(|loaded| loaded.scenario.is_err());
        let progress = match Results::new(self.format, self.cloud.name(), self.verbose, self.output.as_deref()) {
            Ok(results) => Progress::stderr().with_results(results),
            Err(error) => return self.cannot_write(&error),
        };
        if loaded.iter().all(|loaded| loaded.scenario.is_err()) {
            // Nothing to deploy for.
            let unreadable = |loaded: &Loaded| {
                let reason = loaded.scenario.as_ref().err().map(ToString::to_string).unwrap_or_default();
                Outcome::error(&loaded.name, loaded.path.clone(), reason)
            };
            let outcomes: Vec<Outcome> = loaded.iter().map(unreadable).collect();
            outcomes.iter().for_each(|outcome| progress.emit(RunEvent::Scenario(outcome)));
            return malformed_or(self.report(&progress, &outcomes), malformed);
        }
        if self.cloud != CloudKind::Embedded {
            return malformed_or(Box::pin(self.elsewhere(layout, loaded, &progress)).await, malformed);
        }
        let mut assumptions = Assumptions::default();
        if let Err(error) = self.assume.iter().try_for_each(|text| assumptions.select(text)) {
            progress.finish();
            complain(&error.to_string());
            return Exit::Usage;
        }
        // The Regions follow from everything that was found, not from the filter.
        let execution = if self.processes { Execution::Processes } else { Execution::InProcess };
        let session = match Session::start(layout, &loaded, progress.clone()).await {
            Ok(session) => Arc::new(session.with_execution(execution).with_assumptions(assumptions)),
            Err(error) => return not_ready(&progress, &crate::runner::chain(&error)),
        };
        if let Some(filter) = &self.filter {
            loaded.retain(|loaded| loaded.name.contains(filter));
            if loaded.is_empty() {
                progress.finish();
                complain(&format!("no scenario's name contains `{filter}`"));
                return Exit::Usage;
            }
        }
        if let Affected::Scenarios(paths) = affected {
            loaded.retain(|loaded| paths.contains(&loaded.path.canonicalize().unwrap_or_else(|_| loaded.path.clone())));
        }
        let deployment = match &self.terraform {
            // A kept cloud has all Regions; scenarios wait only for those that they need.
            None if self.keep => session.deploy().await,
            None => session.deploy_base().await,
            Some(directory) => {
                leave_out_variants(&mut loaded, &progress);
                let own = OwnRoot { directory: directory.clone(), var_files: self.var_file.clone() };
                session.deploy_own(&own).await.map(Arc::new).map_err(Arc::new)
            }
        };
        let deployment = match deployment {
            Ok(deployment) => deployment,
            Err(error) => return not_ready(&progress, &crate::runner::chain(&*error)),
        };
        if deployment.reused {
            progress.line("reusing the saved deployment");
        }
        let own = self.terraform.as_ref().map(|_| Arc::clone(&deployment));
        let only = if let [only] = loaded.as_slice() { Some(only.clone()) } else { None };
        let cloud = Embedded::new(Arc::clone(&session), own, progress.clone());
        let outcomes = cloud.run(loaded, self.options()).await;
        let exit = malformed_or(self.report(&progress, &outcomes), malformed);
        if self.keep && exit != Exit::Environment {
            return look_around(&session, &deployment, self.port, only.as_ref()).await;
        }
        exit
    }

    fn options(&self) -> RunOptions {
        RunOptions {
            jobs: self.jobs.map(usize::from),
            fail_fast: self.fail_fast,
            deployments: self.deployments,
            kept: match self.format {
                Format::Html => Kept::Traces,
                Format::Human | Format::Github if self.against.is_none() => Kept::Counts,
                _ => Kept::Messages,
            },
            arguments: self.arguments(),
        }
    }

    /// The same scenarios on the embedded cloud; a deployment that was not made elsewhere is not made here.
    async fn embedded(
        &self,
        layout: Layout,
        all: &[Loaded],
        loaded: Vec<Loaded>,
        progress: &Progress,
    ) -> Result<Vec<Outcome>, String> {
        let session = Session::start(layout, all, progress.clone()).await;
        let session = Arc::new(session.map_err(|error| crate::runner::chain(&error))?);
        let cloud = Embedded::new(session, None, progress.clone());
        progress.line(&cloud.deploy().await?);
        Ok(cloud.run(loaded, self.options()).await)
    }

    /// On a cloud that is not in this process.
    async fn elsewhere(&self, layout: Layout, all: Vec<Loaded>, progress: &Progress) -> Exit {
        let mut loaded = all.clone();
        if let Some(filter) = &self.filter {
            loaded.retain(|loaded| loaded.name.contains(filter));
            if loaded.is_empty() {
                progress.finish();
                complain(&format!("no scenario's name contains `{filter}`"));
                return Exit::Usage;
            }
        }
        let for_other = (layout.clone(), loaded.clone());
        // What is compared with another cloud is a result only after the comparison.
        let results = self.against.and_then(|_| progress.take_results());
        let ran = match (self.cloud, &self.endpoint) {
            (CloudKind::Endpoint, Some(endpoint)) => {
                elsewhere::on_endpoint(layout, endpoint, self.sink_address, &all, loaded, self.options(), progress)
                    .await
            }
            _ => Box::pin(elsewhere::on_localstack(layout, &all, loaded, self.options(), progress)).await,
        };
        let mut outcomes = match ran {
            Ok(outcomes) => outcomes,
            Err(error) => return not_ready(progress, &error),
        };
        if let Some(Other::Embedded) = self.against {
            let (layout, mut loaded) = for_other;
            let ran = |name: &str| outcomes.iter().any(|it| it.name == name && it.status != Status::NotRun);
            loaded.retain(|loaded| ran(&loaded.name));
            match self.embedded(layout, &all, loaded, progress).await {
                Ok(embedded) => compare(&mut outcomes, &embedded),
                Err(error) => return not_ready(progress, &error),
            }
        }
        for outcome in outcomes.iter_mut().filter(|outcome| outcome.status == Status::Passed) {
            outcome.trace.clear();
        }
        if let Some(results) = results {
            let progress = progress.clone().with_results(results);
            outcomes.iter().for_each(|outcome| progress.emit(RunEvent::Scenario(outcome)));
        }
        self.report(progress, &outcomes)
    }

    /// Ends the results, and says how the run ended.
    fn report(&self, progress: &Progress, outcomes: &[Outcome]) -> Exit {
        let command = std::env::args().skip(1).map(|argument| shell_word(Path::new(&argument)));
        let command = format!("cargo run -- {}", command.collect::<Vec<_>>().join(" "));
        let (cloud, elapsed) = (self.cloud.name(), progress.elapsed());
        progress.emit(RunEvent::Finished(&Finished { cloud, outcomes, elapsed, command: &command }));
        progress.finish();
        match progress.write_error() {
            Some(error) => self.cannot_write(&error),
            None => exit(&Summary::of(outcomes)),
        }
    }

    fn cannot_write(&self, error: &std::io::Error) -> Exit {
        let to = self.output.as_ref().map_or_else(|| "stdout".to_owned(), |path| path.display().to_string());
        complain(&format!("could not write the results to {to}: {error}"));
        Exit::Environment
    }

    /// The arguments that the command for one scenario has in common with this one.
    fn arguments(&self) -> String {
        let mut arguments = String::new();
        if self.cloud != CloudKind::Embedded {
            arguments.push_str(&format!(" --cloud {}", self.cloud.name()));
        }
        if let Some(endpoint) = &self.endpoint {
            arguments.push_str(&format!(" --endpoint {endpoint}"));
        }
        if self.processes {
            arguments.push_str(" --processes");
        }
        for assumption in &self.assume {
            arguments.push_str(&format!(" --assume {assumption}"));
        }
        if let Some(directory) = &self.terraform {
            arguments.push_str(&format!(" --terraform {}", shell_word(directory)));
        }
        for file in &self.var_file {
            arguments.push_str(&format!(" --var-file {}", shell_word(file)));
        }
        arguments
    }
}

/// A scenario that wants another deployment says nothing about the user's own.
pub(super) fn leave_out_variants(loaded: &mut Vec<Loaded>, progress: &Progress) {
    let mut left_out = BTreeSet::new();
    loaded.retain(|loaded| {
        let default = DeploymentChange::default();
        let keep =
            loaded.scenario.as_ref().is_ok_and(|scenario| scenario.deployment == default) || loaded.scenario.is_err();
        if !keep {
            left_out.insert(loaded.name.clone());
        }
        keep
    });
    if !left_out.is_empty() {
        let names: Vec<&str> = left_out.iter().map(String::as_str).collect();
        let (count, names) = (names.len(), names.join(", "));
        progress.line(&format!("{count} scenarios change the deployment, so they are not run on your own: {names}"));
    }
}

/// Names a folder or link that Terraform would stumble over.
pub(super) fn wrong_root(folder: &Path) -> Result<(), String> {
    let shown = folder.display();
    let entries = std::fs::read_dir(folder).map_err(|error| format!("--terraform {shown}: {error}"))?;
    let is_terraform = |name: &str| name.ends_with(".tf") || name.ends_with(".tf.json");
    if !entries.flatten().any(|entry| is_terraform(&entry.file_name().to_string_lossy())) {
        return Err(format!("--terraform {shown}: the folder holds no .tf or .tf.json file"));
    }
    let ours = |entry: &walkdir::DirEntry| entry.file_name() != ".terraform" && entry.file_name() != ".git";
    for entry in walkdir::WalkDir::new(folder).into_iter().filter_entry(ours) {
        let entry = entry.map_err(|error| format!("--terraform {shown}: {error}"))?;
        if entry.path_is_symlink() && std::fs::metadata(entry.path()).is_err() {
            let target = std::fs::read_link(entry.path()).unwrap_or_default();
            let (link, target) = (entry.path().display(), target.display());
            return Err(format!("--terraform {shown}: {link} is a symbolic link to {target}, which does not exist"));
        }
    }
    Ok(())
}

pub(super) fn not_ready(progress: &Progress, error: &str) -> Exit {
    progress.finish();
    complain(error);
    Exit::Environment
}

/// Malformed input has an exit code of its own, whatever came of the rest.
fn malformed_or(exit: Exit, malformed: bool) -> Exit {
    if malformed && matches!(exit, Exit::Success | Exit::Failed | Exit::Observed) { Exit::Usage } else { exit }
}

fn exit(summary: &Summary) -> Exit {
    if summary.failed + summary.errors > 0 {
        Exit::Failed
    } else if summary.observed > 0 && crate::layout::in_ci() {
        warn("CI=true: a scenario has no `expect`; state what must come of it");
        Exit::Observed
    } else {
        Exit::Success
    }
}
