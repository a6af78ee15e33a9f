//! Acceptance tests of the AWS provider against the embedded cloud, with the genuine provider: apply, checks, an empty second plan,
//! destroy. They take an hour on two cores, so they run only when asked for:
//!
//! ```text
//! cargo test -p rootwatch --test acceptance -- --ignored
//! ```
//!
//! `data/acceptance/core.json` has the configurations of 229 tests of terraform-provider-aws 3.50 (4e69d485, MPL-2.0, see LICENSE there) that
//! use only resource types of Rootwatch's own Terraform, with the checks that are not written in Go. [`EXCEPTIONS`] names those that
//! fail, and why; one of them that passes is an error, too.

#![allow(missing_docs, reason = "a test target")]
#![allow(clippy::print_stderr, reason = "a test target reports to whoever runs it")]

use std::collections::BTreeMap;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use libtest_mimic::{Arguments, Failed, Trial};
use regex::Regex;
use rootwatch::layout::Layout;
use rootwatch::terraform::{self, Run, Workspace};
use rootwatch_cloud::runtime::CodeStore;
use rootwatch_cloud::time::Time;
use rootwatch_cloud::{Clock, Cloud, Options, State};
use serde::Deserialize;
use serde_json::Value;

const ACCOUNT: &str = "111122223333";

const PROVIDER: &str = r#"provider "aws" {
  region            = "us-east-1"
  s3_use_path_style = true
}
"#;

/// Tests that fail, by a part of the name or the whole, and why.
const EXCEPTIONS: &[(&str, &str)] = &[
    ("EventTarget_sqs", FIFO),
    ("FIFOTopic", FIFO),
    ("FIFOWithContentBasedDeduplication", FIFO),
    ("AWSSQSQueue_FIFOQueue_ContentBasedDeduplication", FIFO),
    ("AWSSQSQueue_FIFOQueue_HighThroughputMode", FIFO),
    ("NamePrefix_FIFOQueue", FIFO),
    ("Name_Generated_FIFOQueue", FIFO),
    ("sqs_queue/TestAccAWSSQSQueue_FIFOQueue", FIFO),
    ("AWSS3BucketNotification", "notifications of S3 are out of scope"),
    ("DataSourceS3Bucket_website", "websites of S3 are out of scope"),
    ("evaluateLowSampleCountPercentiles", "alarms on percentiles are not modeled"),
    ("extendedStatistic", "alarms on percentiles are not modeled"),
    ("AWSCloudWatchMetricAlarm_expression", "alarms on metric math are not modeled"),
    ("EventSourceMapping_DynamoDB", "streams of DynamoDB are out of scope"),
    ("KmsKey_asymmetricKey", "asymmetric keys are out of scope"),
    ("AWSIAMRole_PermissionsBoundary", READ_ONLY_ACCESS),
    ("AWSUser_permissionsBoundary", READ_ONLY_ACCESS),
    ("DataSourceAWSLambdaFunction_basic", "provider 5 keeps source_code_hash as it is given"),
    ("AWSIAMRole_badJSON", "provider 5 has another text for its own error"),
    ("AWSDataSourceIAMPolicy_NonExistent", "provider 5 has another text for its own error"),
];

const FIFO: &str = "FIFO queues and topics are out of scope";
const READ_ONLY_ACCESS: &str =
    "the managed policy ReadOnlyAccess has thousands of actions and is not in the embedded cloud";

#[derive(Clone, Debug, Deserialize)]
struct Case {
    test: String,
    steps: Vec<Step>,
}

#[derive(Clone, Debug, Deserialize)]
struct Step {
    config: String,
    /// An error that must come, as a regular expression.
    error: Option<String>,
    #[serde(default)]
    plan_only: bool,
    /// A second plan is not empty.
    #[serde(default)]
    changes_remain: bool,
    #[serde(default)]
    checks: Vec<BTreeMap<String, Vec<Value>>>,
}

fn main() -> ExitCode {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/acceptance");
    let cases = std::fs::read_to_string(data.join("core.json")).map_err(|error| error.to_string());
    let cases: Vec<Case> = match cases.and_then(|text| serde_json::from_str(&text).map_err(|error| error.to_string())) {
        Ok(cases) => cases,
        Err(error) => {
            eprintln!("{}: {error}", data.display());
            return ExitCode::FAILURE;
        }
    };
    let fixture = Arc::new(data.join("lambdatest.zip"));
    let mut trials = vec![Trial::test("every_exception_names_a_test", {
        let cases = cases.clone();
        move || every_exception_names_a_test(&cases)
    })];
    trials.extend(cases.into_iter().map(|case| {
        let fixture = Arc::clone(&fixture);
        let name = case.test.replace('/', "::");
        Trial::test(name, move || as_expected(&case, &fixture)).with_ignored_flag(true)
    }));
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

fn exception(case: &Case) -> Option<&'static str> {
    EXCEPTIONS.iter().find(|(part, _)| is_named(&case.test, part)).map(|(_, reason)| *reason)
}

/// A name with a `/` is a whole name.
fn is_named(test: &str, part: &str) -> bool {
    if part.contains('/') { test == part } else { test.contains(part) }
}

fn every_exception_names_a_test(cases: &[Case]) -> Result<(), Failed> {
    let unused = EXCEPTIONS.iter().find(|(part, _)| !cases.iter().any(|case| is_named(&case.test, part)));
    unused.map_or(Ok(()), |(part, _)| Err(format!("no test is called {part}").into()))
}

fn as_expected(case: &Case, fixture: &Path) -> Result<(), Failed> {
    match (passes(case, fixture), exception(case)) {
        (Ok(()), None) => Ok(()),
        (Ok(()), Some(reason)) => Err(format!("it passes, though it is an exception: {reason}").into()),
        (Err(_), Some(_)) => Ok(()),
        (Err(error), None) => Err(error),
    }
}

fn passes(case: &Case, fixture: &Path) -> Result<(), Failed> {
    let runtime = tokio::runtime::Runtime::new()?;
    let scratch = tempfile::tempdir()?;
    let code = Arc::new(CodeStore::new(scratch.path().join("code")));
    let options = Options { clock: Clock::Wall, port: 0, code, host_variables: Vec::new() };
    let state = State::new(Time::parse("2026-03-02T09:00:00Z").ok_or("a moment")?, 1);
    let cloud = runtime.block_on(Cloud::start(state, options))?;
    let binary = terraform::find()?;
    let mirror = terraform::mirror_or_registry(&Layout::discover(), &binary)?;
    let tree = scratch.path().join("empty");
    std::fs::create_dir_all(tree.join("test-fixtures"))?;
    std::fs::copy(fixture, tree.join("test-fixtures/lambdatest.zip"))?;
    let workspace = Workspace::create(&scratch.path().join("workspace"), &tree)?.of_tree("");
    workspace.write("provider.tf", PROVIDER)?;
    let run = Run { binary: &binary, mirror: mirror.as_ref(), endpoint: cloud.endpoint(), account: ACCOUNT };
    workspace.install(&run)?;
    for (number, step) in case.steps.iter().enumerate() {
        workspace.write("main.tf", &step.config)?;
        step.run(&workspace, &run).map_err(|error| format!("step {}: {error}", number + 1))?;
    }
    // A configuration that was refused cannot be destroyed.
    let applied = case.steps.iter().rev().find(|step| step.error.is_none()).map_or("", |step| &step.config);
    workspace.write("main.tf", applied)?;
    workspace.destroy(&run)?;
    Ok(())
}

impl Step {
    fn run(&self, workspace: &Workspace, run: &Run<'_>) -> Result<(), String> {
        let applied = match self.plan_only {
            true => workspace.plan_is_empty(run).map(drop),
            false => workspace.apply(run),
        };
        let stage = if self.plan_only { "plan" } else { "apply" };
        if let Some(error) = &self.error {
            let wanted = Regex::new(error).map_err(|error| error.to_string())?;
            // Terraform wraps and frames its errors.
            let frames = Regex::new(r"[\s│╷╵]+").map_err(|error| error.to_string())?;
            let said = workspace.said(stage);
            return match applied.is_err() && wanted.is_match(&frames.replace_all(&said, " ")) {
                true => Ok(()),
                false => Err(format!("the error {error:?} did not come: {said}")),
            };
        }
        applied.map_err(|error| error.to_string())?;
        if self.check(workspace).is_err() {
            // The provider's test framework refreshes the state before it checks, and so does a second apply.
            workspace.apply(run).map_err(|error| error.to_string())?;
            self.check(workspace)?;
        }
        let plan = workspace.plan_is_empty(run).map_err(|error| error.to_string())?;
        match plan {
            Err(changes) if !self.changes_remain => Err(format!("a second plan is not empty: {changes}")),
            _ => Ok(()),
        }
    }

    fn check(&self, workspace: &Workspace) -> Result<(), String> {
        let state = workspace.read("terraform.tfstate").unwrap_or_default();
        let state = attributes(&serde_json::from_str(&state).unwrap_or_default());
        self.checks.iter().flatten().try_for_each(|check| holds(check, &state))
    }
}

/// The attributes of every resource by address, as Terraform's test framework names them: `list.#`, `list.0`, `map.%`.
fn attributes(state: &Value) -> BTreeMap<String, BTreeMap<String, String>> {
    let mut all = BTreeMap::new();
    for resource in state["resources"].as_array().into_iter().flatten() {
        let text = |name: &str| resource[name].as_str().unwrap_or_default();
        let data = if text("mode") == "data" { "data." } else { "" };
        for instance in resource["instances"].as_array().into_iter().flatten() {
            let index = match &instance["index_key"] {
                Value::Null => String::new(),
                Value::String(key) => format!(".{key}"),
                key => format!(".{key}"),
            };
            let mut flat = BTreeMap::new();
            for (name, value) in instance["attributes"].as_object().into_iter().flatten() {
                flatten(name.clone(), value, &mut flat);
            }
            all.insert(format!("{data}{}.{}{index}", text("type"), text("name")), flat);
        }
    }
    all
}

fn flatten(path: String, value: &Value, flat: &mut BTreeMap<String, String>) {
    match value {
        Value::Null => {}
        Value::Object(members) => {
            flat.insert(format!("{path}.%"), members.len().to_string());
            members.iter().for_each(|(name, value)| flatten(format!("{path}.{name}"), value, flat));
        }
        Value::Array(items) => {
            flat.insert(format!("{path}.#"), items.len().to_string());
            items.iter().enumerate().for_each(|(index, value)| flatten(format!("{path}.{index}"), value, flat));
        }
        Value::String(text) => drop(flat.insert(path, text.clone())),
        other => drop(flat.insert(path, other.to_string())),
    }
}

/// Checks an attribute as the test framework does.
///
/// # Errors
/// With the check and the attribute if it does not hold.
fn holds(
    (kind, arguments): (&String, &Vec<Value>),
    state: &BTreeMap<String, BTreeMap<String, String>>,
) -> Result<(), String> {
    let text = |index: usize| match &arguments[index] {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let found = |resource: usize, name: usize| state.get(&text(resource)).and_then(|it| it.get(&text(name))).cloned();
    let value = found(0, 1).unwrap_or_default();
    let counts = text(1).ends_with(".#") || text(1).ends_with(".%");
    let holds = match kind.as_str() {
        "equals" if counts && value.is_empty() => text(2) == "0",
        "equals" => value == text(2) || same_json(&value, &text(2)),
        "set" => !value.is_empty(),
        "unset" => value.is_empty() || value == "0",
        "pair" => found(0, 1) == found(2, 3),
        "matches" => Regex::new(&text(2)).map_err(|error| error.to_string())?.is_match(&value),
        other => return Err(format!("a check of the unknown kind {other}")),
    };
    if holds { Ok(()) } else { Err(format!("{kind} {arguments:?} does not hold: found {value:?}")) }
}

/// Returns true if both are the same JSON object: provider 5 stores policies in another order than provider 3.
fn same_json(one: &str, other: &str) -> bool {
    let object = |text: &str| serde_json::from_str::<Value>(text).ok().filter(Value::is_object);
    object(one).is_some_and(|one| object(other) == Some(one))
}
