//! Runs the `terraform test` files next to the modules, and checks that every validation has a run that it refuses.
//!
//! The test files replace the AWS provider by a mock: they test what Terraform refuses at plan time, and no AWS behavior.

#![allow(missing_docs, reason = "a test target")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::sync::Arc;

use libtest_mimic::{Arguments, Failed, Trial};
use rootwatch::layout::Layout;
use rootwatch::terraform::{self, Run, Workspace};
use rootwatch_cloud::api::Service;
use rootwatch_cloud::runtime::CodeStore;
use rootwatch_cloud::time::Time;
use rootwatch_cloud::{Clock, Cloud, Options, State};
use serde_json::json;

fn main() -> ExitCode {
    let mut trials = vec![
        Trial::test("every_validation_has_a_run_that_it_refuses", validations_are_tested),
        Trial::test("null_is_refused_unless_it_is_the_default", null_is_refused),
        // Needs the AWS CLI, which the script calls.
        Trial::test("the_script_lists_active_accounts_without_the_hub", active_accounts)
            .with_ignored_flag(!has_aws_cli()),
    ];
    let tree = Layout::discover().terraform();
    for directory in configurations(&tree).into_iter().filter(|directory| directory.join("tests").is_dir()) {
        let name = relative(&tree, &directory);
        let label = if name.is_empty() { "root".to_owned() } else { name.replace('/', "::") };
        trials.push(Trial::test(format!("refuses::{label}"), move || test_files_pass(&name)));
    }
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

/// The directories that hold a configuration.
fn configurations(tree: &Path) -> Vec<PathBuf> {
    let entries = walkdir::WalkDir::new(tree).sort_by_file_name().into_iter().flatten();
    let entries = entries.filter(|entry| entry.file_name() == "versions.tf");
    entries.filter_map(|entry| entry.path().parent().map(Path::to_path_buf)).collect()
}

fn relative(tree: &Path, directory: &Path) -> String {
    directory.strip_prefix(tree).unwrap_or(directory).to_string_lossy().into_owned()
}

fn test_files_pass(directory: &str) -> Result<(), Failed> {
    let layout = Layout::discover().of_a_test();
    let binary = terraform::find()?;
    let mirror = terraform::mirror_or_registry(&layout, &binary)?;
    let scratch = tempfile::tempdir()?;
    let workspace = Workspace::create(scratch.path(), &layout.terraform())?.of_tree(directory);
    // The mocked provider calls no endpoint; nothing listens on this one.
    let run = Run { binary: &binary, mirror: mirror.as_ref(), endpoint: "http://127.0.0.1:9", account: "000000000000" };
    workspace.install(&run)?;
    let output = workspace.test(&run)?;
    if output.contains("Success!") && !output.contains("Success! 0 passed") {
        Ok(())
    } else {
        Err(format!("terraform/{directory}: no test ran:\n{output}").into())
    }
}

/// The text of the blocks `<keyword> "name" { … }` at the first level of a file, by name.
fn blocks<'a>(text: &'a str, keyword: &str) -> BTreeMap<&'a str, &'a str> {
    let start = format!("\n{keyword} ");
    let mut found = BTreeMap::new();
    for (at, _) in text.match_indices(&start) {
        let body = &text[at + start.len()..];
        let body = &body[..body.find("\n}").unwrap_or(body.len())];
        let name = body.split('{').next().unwrap_or_default().trim();
        found.insert(name, body);
    }
    found
}

fn sources(directory: &Path) -> std::io::Result<String> {
    let mut text = String::from("\n");
    for entry in std::fs::read_dir(directory)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "tf") {
            text.push_str(&std::fs::read_to_string(path)?);
            text.push('\n');
        }
    }
    Ok(text)
}

/// The validations of a variable.
fn validations(body: &str) -> &str {
    body.find("\n  validation {").map_or("", |at| &body[at..])
}

/// How many runs expect a failure of an address.
fn expected_failures(tests: &str, address: &str) -> usize {
    let lists = tests.split("expect_failures = [").skip(1).filter_map(|rest| rest.split(']').next());
    lists.filter(|list| list.split(',').any(|found| found.trim() == address)).count()
}

/// Counts the validations and preconditions of each block, and the runs that expect its failure. One run is enough for a
/// variable of a root module whose validations are those of `modules/hub`, where each has a run.
fn validations_are_tested() -> Result<(), Failed> {
    let tree = Layout::discover().terraform();
    let hub = sources(&tree.join("modules/hub"))?;
    let hub = blocks(&hub, "variable");
    let mut untested = Vec::new();
    let mut checks = 0;
    for directory in configurations(&tree) {
        let text = sources(&directory)?;
        let tests = directory.join("tests/validations.tftest.hcl");
        let tests = std::fs::read_to_string(tests).unwrap_or_default();
        let name_of = relative(&tree, &directory);
        for (keyword, address) in [("variable", "var."), ("output", "output."), ("resource", ""), ("data", "data.")] {
            for (name, body) in blocks(&text, keyword) {
                let address = format!("{address}{}", name.replace("\" \"", ".").replace('"', ""));
                let count = ["\n  validation {", "\n  precondition {", "\n    precondition {"];
                let count: usize = count.iter().map(|block| body.matches(block).count()).sum();
                let runs = expected_failures(&tests, &address);
                let passed_on = ["", "hub-only"].contains(&name_of.as_str())
                    && keyword == "variable"
                    && hub.get(name).is_some_and(|other| validations(other) == validations(body));
                checks += count;
                if runs < if passed_on { count.min(1) } else { count } {
                    untested.push(format!("terraform/{name_of}: {address} has {count} validations and {runs} runs"));
                }
            }
        }
    }
    if checks < 80 {
        return Err(format!("{checks} validations found").into());
    }
    if untested.is_empty() { Ok(()) } else { Err(untested.join("\n").into()) }
}

/// A variable whose default is null may be null. Every other one takes its default, or fails, if a caller passes null.
fn null_is_refused() -> Result<(), Failed> {
    let tree = Layout::discover().terraform();
    let mut nullable = Vec::new();
    for directory in configurations(&tree) {
        for (name, body) in blocks(&sources(&directory)?, "variable") {
            let argument = |name: &str, value: &str| {
                body.lines().any(|line| {
                    line.split_once('=').is_some_and(|(key, found)| {
                        line.starts_with("  ") && key.trim() == name && found.trim() == value
                    })
                })
            };
            if argument("default", "null") == argument("nullable", "false") {
                nullable.push(format!("terraform/{}: {name}", relative(&tree, &directory)));
            }
        }
    }
    if nullable.is_empty() {
        Ok(())
    } else {
        Err(format!("`nullable = false` is wanted:\n{}", nullable.join("\n")).into())
    }
}

fn has_aws_cli() -> bool {
    Command::new("aws").arg("--version").output().is_ok_and(|output| output.status.success())
}

/// The output of `terraform/scripts/accounts` for an organization of the embedded cloud, after AWS retired the field `Status`.
fn listed(management: &str, members: &[(&str, &str)], closed: &[&str], hub: &str) -> Result<Vec<String>, Failed> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let cloud = runtime.block_on(async {
        let mut state = State::new(Time::parse("2026-11-29T00:00:00Z").ok_or("no time")?, 1);
        state.organizations.create("o-rootwatch01", management, members);
        let code = Arc::new(CodeStore::new(std::env::temp_dir()));
        let options = Options { clock: Clock::Owned, port: 0, code, host_variables: Vec::new() };
        Ok::<_, Failed>(Cloud::start(state, options).await?)
    })?;
    for account in closed {
        let params = json!({"AccountId": account});
        cloud.api(management, "us-east-1", Service::Organizations, "CloseAccount", params)?;
    }
    let output = Command::new(Layout::discover().terraform().join("scripts/accounts"))
        .arg(hub)
        .env("AWS_ENDPOINT_URL", cloud.endpoint())
        .env("AWS_ACCESS_KEY_ID", management)
        .env("AWS_SECRET_ACCESS_KEY", "any")
        .env("AWS_DEFAULT_REGION", "us-east-1")
        .env("AWS_CONFIG_FILE", "/dev/null")
        .env("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
        .env("NO_PROXY", "127.0.0.1,localhost")
        .output()?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned().into());
    }
    Ok(String::from_utf8_lossy(&output.stdout).split_whitespace().map(str::to_owned).collect())
}

fn active_accounts() -> Result<(), Failed> {
    let (hub, workload, closed) = ("999988887777", "111122223333", "444455556666");
    let members = [(hub, "security"), (workload, "workload"), (closed, "closed")];
    let found = listed(hub, &members, &[closed], hub)?;
    if found != [workload] {
        return Err(format!("expected {workload}, found {found:?}").into());
    }
    // A pipeline that found no account has not done its work.
    match listed(hub, &members, &[closed, workload], hub) {
        Ok(found) => Err(format!("an empty list does not fail: {found:?}").into()),
        Err(error) if error.message().is_some_and(|text| text.contains("no active account but the hub's")) => Ok(()),
        Err(error) => Err(error),
    }
}
