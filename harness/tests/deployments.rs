//! The tree's own configurations as deployments of their own: valid, applied, planned again, run, destroyed; and what
//! they refuse.

#![allow(missing_docs, reason = "a test target")]
#![allow(clippy::print_stderr, reason = "a test target talks to whoever runs it")]

mod china;
mod own;
mod region_deny;
mod runs;
mod scp;
mod support;
mod trail;

use std::path::Path;
use std::process::{Command, ExitCode};
use std::sync::Arc;

use libtest_mimic::{Arguments, Failed, Trial};
use rootwatch::deployment::{BOUNDARY, Lifecycle, ROLE_PATH, findings, refusal, root_module, states_of_their_own};
use rootwatch::layout::Layout;
use rootwatch::report::human_of;
use rootwatch::runner::{Outcome, Status};
use rootwatch::terraform;
use rootwatch_cloud::trace::{Hop, Outcome as Ended};
use serde_json::{Map, Value, json};
use support::Shared;

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let shared = match Shared::new() {
        Ok(shared) => shared,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::FAILURE;
        }
    };
    let trial = |name: &str, test: fn(&Shared) -> Result<(), Failed>| {
        let shared = Arc::clone(&shared);
        Trial::test(name, move || test(&shared))
    };
    let mut trials = vec![
        trial("root_module_from_nothing_to_nothing", whole_root_module),
        trial("hub_spoke_and_subscriber_with_states_of_their_own", states_apart),
        trial("china_has_a_hub_in_each_region", china::hubs_in_each_region),
        trial("a_policy_that_denies_regions_exempts_the_monitor", region_deny::exempts_the_monitor),
        trial("a_trail_with_its_bucket_and_a_user", trail::with_its_bucket),
        trial("what_terraform_refuses_it_refuses_in_words", refusals),
        trial("the_tree_is_formatted_and_depends_on_one_provider", formatted),
        trial("own_root_module_with_its_own_accounts", own::root_module),
        trial("own_root_module_that_breaks_the_contract", own::contract),
        trial("own_root_module_with_an_invalid_lock_file", own::invalid_lock_file),
        trial("a_deployment_stays_to_look_around_in", own::keep),
        trial("two_runs_at_once", runs::two_at_once),
        trial("an_interrupted_run_leaves_no_function", runs::interrupted),
        trial("what_is_not_delivered_says_why", runs::explained),
        trial("accept_writes_the_counts_of_a_run", runs::accepted),
    ];
    for directory in DIRECTORIES {
        let shared = Arc::clone(&shared);
        trials.push(Trial::test(format!("valid::{}", directory.replace('/', "::")), move || valid(&shared, directory)));
    }
    libtest_mimic::run(&arguments, trials).exit_code()
}

/// Every directory that holds a configuration; `""` is the root module.
const DIRECTORIES: [&str; 17] = [
    "",
    "hub-only",
    "spoke-only",
    "modules/hub",
    "modules/spoke",
    "modules/log-alarm",
    "modules/function",
    "modules/alerter",
    "modules/deploy-role",
    "modules/scp",
    "examples/aft",
    "examples/complete",
    "examples/custom-subscriber",
    "examples/existing-hub",
    "examples/organization",
    "examples/own-root",
    "examples/smoke",
];

fn whole_root_module(shared: &Shared) -> Result<(), Failed> {
    let (lifecycle, outcome) = shared.with(async |session| {
        let lifecycle = root_module(session.layout(), session.packages()).await.map_err(|error| error.to_string())?;
        let login = login(shared, "login/console-login-with-mfa")?;
        let outcome = session.run_on(login, &lifecycle.deployment).await;
        Ok::<_, String>((lifecycle, outcome))
    })??;
    clean(&lifecycle)?;
    has_the_given_names(&lifecycle)?;
    alerted_by_both_ways(outcome)
}

/// Every role has the path, the boundary and the prefix.
fn has_the_given_names(lifecycle: &Lifecycle) -> Result<(), Failed> {
    let resources = lifecycle.states[""]["resources"].as_array().cloned().unwrap_or_default();
    let of = |kind: &str| -> Vec<Value> {
        let resources = resources.iter().filter(|resource| resource["type"] == kind && resource["mode"] == "managed");
        resources.flat_map(|resource| resource["instances"].as_array().cloned().unwrap_or_default()).collect()
    };
    let roles = of("aws_iam_role");
    let wrong = |role: &&Value| {
        let name = role["attributes"]["name"].as_str().unwrap_or_default();
        let attributes = &role["attributes"];
        attributes["path"] != ROLE_PATH
            || attributes["permissions_boundary"] != BOUNDARY
            || !name.starts_with("monitor-")
    };
    let buses = of("aws_cloudwatch_event_bus");
    match (roles.len(), roles.iter().find(wrong), buses.as_slice()) {
        (10.., None, [bus]) if bus["attributes"]["name"] == "second-hub" => Ok(()),
        (count, role, buses) => Err(format!("of {count} roles, wrong is {role:?}; buses {buses:?}").into()),
    }
}

/// Permissions of `modules/deploy-role` that this test does not use. They serve updates that the test does not make (policies of queues,
/// descriptions, a boundary, filter policies, the table's capacity, an alias, a shorter retention), log alarms in a spoke, a reading of
/// what PutTargets checks that is not the default one (`TargetBus`), and `lambda:ListTags`, which AWS checks and the embedded cloud
/// does not.
const NOT_NEEDED_HERE: &[&str] = &[
    "hub Alias: kms:UpdateAlias",
    "hub EventSourceMappings: lambda:UpdateEventSourceMapping",
    "hub Functions: lambda:ListTags",
    "hub Functions: lambda:UpdateFunctionCode",
    "hub Functions: lambda:UpdateFunctionConfiguration",
    "hub Key: kms:DeleteAlias",
    "hub Key: kms:UpdateAlias",
    "hub Key: kms:UpdateKeyDescription",
    "hub LogGroups: logs:DeleteRetentionPolicy",
    "hub Queues: sqs:SetQueueAttributes",
    "hub RemoveBoundary: iam:DeleteRolePermissionsBoundary",
    "hub Roles: iam:UpdateAssumeRolePolicy",
    "hub Roles: iam:UpdateRoleDescription",
    "hub RolesWithBoundary: iam:PutRolePermissionsBoundary",
    "hub Subscriptions: sns:SetSubscriptionAttributes",
    "hub Table: dynamodb:UpdateTable",
    "hub TargetBus: events:PutEvents",
    "spoke Queries: logs:DeleteQueryDefinition",
    "spoke Queries: logs:DescribeQueryDefinitions",
    "spoke Queries: logs:PutQueryDefinition",
    "spoke Queues: sqs:SetQueueAttributes",
    "spoke RemoveBoundary: iam:DeleteRolePermissionsBoundary",
    "spoke Roles: iam:UpdateAssumeRolePolicy",
    "spoke Roles: iam:UpdateRoleDescription",
    "spoke RolesWithBoundary: iam:PutRolePermissionsBoundary",
    "spoke TargetBus: events:PutEvents",
    "spoke WatchedLogGroups: logs:DeleteMetricFilter",
    "spoke WatchedLogGroups: logs:DescribeMetricFilters",
    "spoke WatchedLogGroups: logs:PutMetricFilter",
];

fn states_apart(shared: &Shared) -> Result<(), Failed> {
    let (lifecycle, with_mfa, without) = shared.with(async |session| {
        let made = states_of_their_own(session.layout(), session.packages()).await;
        let lifecycle = made.map_err(|error| error.to_string())?;
        let with_mfa = session.run_on(login(shared, "login/console-login-with-mfa")?, &lifecycle.deployment).await;
        let without = session.run_on(login(shared, "login/console-login-without-mfa")?, &lifecycle.deployment).await;
        Ok::<_, String>((lifecycle, with_mfa, without))
    })??;
    let unprotected = shared.with(async |_| scp::unprotected(&lifecycle).await)??;
    if !unprotected.is_empty() {
        return Err(format!("the service control policies do not deny:\n{}", unprotected.join("\n")).into());
    }
    clean(&lifecycle)?;
    let unused: Vec<&str> = lifecycle.unused_permissions.iter().map(String::as_str).collect();
    if unused != NOT_NEEDED_HERE {
        return Err(format!("the deployment roles have permissions that nothing used: {unused:#?}").into());
    }
    // The subscriber asks for what is critical: a login without MFA.
    for (outcome, expected) in [(with_mfa, 0), (without, 1)] {
        let heard = outcome.entries.iter().filter(|entry| {
            entry.hop == Hop::Queue
                && entry.outcome == Ended::Delivered
                && entry.resource.ends_with(":root-activity-subscriber")
        });
        let heard = heard.count();
        if heard != expected {
            let said = human_of("embedded", &outcome);
            return Err(format!("the subscriber: expected {expected} messages, found {heard}\n{said}").into());
        }
        alerted_by_both_ways(outcome)?;
    }
    Ok(())
}

fn login<'a>(shared: &'a Shared, name: &str) -> Result<&'a rootwatch::scenario::Loaded, String> {
    shared.loaded.iter().find(|loaded| loaded.name == name).ok_or(format!("there is no scenario {name}"))
}

fn clean(lifecycle: &Lifecycle) -> Result<(), Failed> {
    if !lifecycle.complaints.is_empty() {
        return Err(lifecycle.complaints.join("\n").into());
    }
    if !lifecycle.left.is_empty() {
        return Err(format!("destroy left:\n{}", lifecycle.left.join("\n")).into());
    }
    Ok(())
}

/// With a log alarm, a login comes out a second and third time: alarm raised, alarm over.
fn alerted_by_both_ways(outcome: Outcome) -> Result<(), Failed> {
    if (outcome.alerts.login, outcome.alerts.activity, outcome.status) == (1, 2, Status::Failed) {
        return Ok(());
    }
    Err(human_of("embedded", &outcome).into())
}

/// Neither an error nor a warning: an argument that the provider deprecates is one.
fn valid(shared: &Shared, directory: &str) -> Result<(), Failed> {
    let found = shared.with(async |session| findings(session.layout(), directory).await)?;
    let found = found.map_err(|error| error.to_string())?;
    if found.is_empty() { Ok(()) } else { Err(found.join("\n").into()) }
}

fn refusals(shared: &Shared) -> Result<(), Failed> {
    let cases = [
        // Nobody could deliver: neither an organization nor accounts.
        ("hub-only", json!({"hub_account_id": "999988887777"}), vec!["Nobody could deliver to the hub"]),
        (
            "hub-only",
            json!({"hub_account_id": "999988887777", "organization_id": "o-rootwatch01", "packages_dir": "nowhere"}),
            vec!["There is no file nowhere/triage.zip"],
        ),
        (
            "hub-only",
            json!({
                "hub_account_id": "9999", "hub_region": "Ireland", "organization_id": "r-abcd",
                "spoke_account_ids": ["1111-2222-3333"], "architecture": "arm", "name_prefix": "Root_Watch",
                "slack": {"Main": {"secret_arn": "x", "alert_types": ["logout"], "minimum_severity": "urgent"}},
                "email": {"team": {"addresses": ["nobody"]}}, "health_emails": ["nobody"],
                "runbook_url": "http://wiki", "severities": {"ListBuckets": "high"},
                "suppressions": [{"operation": "signin:ConsoleLogin", "until": "soon", "reason": ""}],
                "account_names": {"payments": "Payments"}, "kms_deletion_window_days": 1,
            }),
            vec![
                "hub_account_id must be an account id of 12 digits",
                "hub_region must be the name of a Region",
                "organization_id must look like o-a1b2c3d4e5",
                "spoke_account_ids must be account ids of 12 digits each",
                "architecture must be x86_64 or arm64",
                "name_prefix must be 2 to 20 lower-case letters",
                "The names in slack must be",
                "alert_types must contain login, activity or tampering",
                "minimum_severity must be low, medium, high or critical",
                "addresses must hold at least one address",
                "health_emails must be addresses",
                "runbook_url must begin with https://",
                "severities must map operations",
                "sign-ins cannot be suppressed",
                "until must be a time",
                "account_names must map account ids",
                "kms_deletion_window_days must be",
            ],
        ),
        (
            "",
            json!({
                "hub_account_id": "999988887777", "spoke_account_id": "spoke", "spoke_region": "Oregon",
                "spoke_account_assume_role_arn": "rootwatch-deploy", "spoke_account_external_id": "x",
            }),
            vec![
                "spoke_account_id must be an account id of 12 digits",
                "spoke_account_assume_role_arn must be the ARN of a role",
                "spoke_account_external_id must have 2 to 1224 characters",
                "spoke_region must be the name of a Region",
            ],
        ),
        (
            "spoke-only",
            json!({"spoke_account_id": "1", "hub_event_bus_arn": "hub-root-activity", "region": "Oregon"}),
            vec![
                "spoke_account_id must be an account id of 12 digits",
                "hub_event_bus_arn must be the ARN of an event bus",
                "region must be the name of a Region",
            ],
        ),
    ];
    for (directory, variables, texts) in cases {
        let variables: Map<String, Value> = variables.as_object().cloned().unwrap_or_default();
        let said = shared.with(async |session| refusal(session.layout(), directory, &variables).await)?;
        let said = said.map_err(|error| error.to_string())?;
        // Terraform breaks lines where they suit it.
        let words: Vec<&str> = said.split(|c: char| c.is_whitespace() || c == '│').filter(|w| !w.is_empty()).collect();
        let flat = words.join(" ");
        for text in texts {
            if !flat.contains(text) {
                return Err(format!("terraform/{directory}: `{text}` is not in:\n{said}").into());
            }
        }
    }
    Ok(())
}

fn formatted(_: &Shared) -> Result<(), Failed> {
    let tree = Layout::discover().terraform();
    let binary = terraform::find().map_err(|error| error.to_string())?;
    let arguments = ["fmt", "-check", "-recursive", "-diff"];
    let format = Command::new(&binary.path).args(arguments).current_dir(&tree).env("CHECKPOINT_DISABLE", "1").output();
    let format = format.map_err(|error| error.to_string())?;
    if !format.status.success() {
        return Err(String::from_utf8_lossy(&format.stdout).into_owned().into());
    }
    for directory in DIRECTORIES {
        one_provider(&tree.join(directory))?;
    }
    // A directory that is in none of the lists above would go untested.
    let found = walkdir::WalkDir::new(&tree).into_iter().flatten();
    let found = found.filter(|entry| entry.file_name() == "versions.tf").count();
    if found == DIRECTORIES.len() {
        Ok(())
    } else {
        Err(format!("{found} configurations, {} known", DIRECTORIES.len()).into())
    }
}

/// The constraints that the documentation promises, no other provider, no module of a registry.
fn one_provider(directory: &Path) -> Result<(), Failed> {
    let versions = std::fs::read_to_string(directory.join("versions.tf")).map_err(|error| error.to_string())?;
    for line in ["required_version = \">= 1.5\"", "version = \">= 5.100, < 7.0\""] {
        if !versions.contains(line) {
            return Err(format!("{}/versions.tf does not say `{line}`", directory.display()).into());
        }
    }
    for entry in std::fs::read_dir(directory).map_err(|error| error.to_string())?.flatten() {
        let Ok(text) = std::fs::read_to_string(entry.path()) else { continue };
        if entry.path().extension().is_none_or(|extension| extension != "tf") {
            continue;
        }
        for line in text.lines() {
            let Some(("source", value)) = line.split_once('=').map(|(key, value)| (key.trim(), value.trim())) else {
                continue;
            };
            if value.starts_with('"')
                && !["\"hashicorp/aws\"", "\"./", "\"../"].iter().any(|known| value.starts_with(known))
            {
                let place = entry.path().display().to_string();
                return Err(format!("{place}: `{value}` is neither the provider nor a module of this tree").into());
            }
        }
    }
    Ok(())
}
