//! Root modules of users' own, and deployments that stay.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use libtest_mimic::Failed;
use rootwatch::deployment::OwnRoot;
use rootwatch::report::human_of;
use rootwatch::runner::{Session, Status};
use rootwatch::scenario::find;

use super::support::Shared;

fn example() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../terraform/examples/own-root")
}

/// The example: accounts, Region, role and secret are the user's own, from a file of variables.
pub(super) fn root_module(shared: &Shared) -> Result<(), Failed> {
    let own = OwnRoot { directory: example(), var_files: vec![example().join("prod.tfvars")] };
    let scenarios = find(&example().join("scenarios")).map_err(|error| error.to_string())?;
    shared.with(async |session: &Session| {
        let deployment = session.deploy_own(&own).await.map_err(|error| error.to_string())?;
        let facts = &deployment.facts;
        let accounts = &facts.accounts;
        assert_eq!(
            (accounts.hub.as_str(), accounts.hub_region.as_str(), accounts.spoke.as_str()),
            ("222233334444", "eu-west-1", "555566667777")
        );
        let us_east_1 = BTreeSet::from(["us-east-1".to_owned()]);
        assert_eq!((&facts.coverage.hub, &facts.coverage.spoke), (&us_east_1, &us_east_1));
        assert_eq!(facts.more_secrets, ["arn:aws:secretsmanager:eu-west-1:222233334444:secret:acme/slack-Ab12Cd"]);
        for scenario in &scenarios {
            let outcome = session.run_on(scenario, &deployment).await;
            if outcome.status != Status::Passed {
                return Err(human_of("embedded", &outcome));
            }
        }
        let again = session.deploy_own(&own).await.map_err(|error| error.to_string())?;
        assert!(again.reused, "nothing changed: it is not applied again");
        Ok(())
    })??;
    Ok(())
}

/// What a root module lacks, and what the error says.
pub(super) fn contract(shared: &Shared) -> Result<(), Failed> {
    let topic = |account: &str, kind: &str| format!("arn:aws:sns:us-east-1:{account}:{kind}");
    let topics = |account: &str| {
        let values = ["login", "activity", "health"].map(|kind| format!("{kind} = \"{}\"", topic(account, kind)));
        format!("output \"topic_arns\" {{\n  value = {{ {} }}\n}}\n", values.join(", "))
    };
    let cases: [(String, &[&str]); 6] = [
        (
            "output \"other\" {\n  value = 1\n}\n".to_owned(),
            &["has no output `topic_arns`", "its outputs: other", "add `output"],
        ),
        (String::new(), &["has no output `topic_arns`", "its outputs: none"]),
        (
            format!("output \"topic_arns\" {{\n  value = {{ login = \"{}\" }}\n}}\n", topic("999988887777", "login")),
            &["has no topic `activity`", "expected an object with login, activity and health"],
        ),
        (topics("210987654321"), &["is in account 210987654321", "expected 999988887777, us-east-1", "hub_account_id"]),
        (
            "variable \"spoke_account_assume_role_arn\" {\n  default = \"arn:aws:iam::444455556666:role/x\"\n}\n\
             variable \"spoke_account_id\" {\n  default = \"555566667777\"\n}\n"
                .to_owned(),
            // What the harness passes gives way to a file.
            &["is a role of account 444455556666, but spoke_account_id is 555566667777"],
        ),
        ("module \"hub\" {\n  source = \"../../modules/hub\"\n}\n".to_owned(), &["its module ../../modules/hub"]),
    ];
    for (text, expected) in cases {
        let folder = tempfile::tempdir()?;
        std::fs::write(folder.path().join("main.tf"), &text)?;
        let mut own = OwnRoot { directory: folder.path().to_path_buf(), var_files: Vec::new() };
        if text.contains("spoke_account_assume_role_arn") {
            let file = folder.path().join("own.tfvars");
            std::fs::write(
                &file,
                "spoke_account_id = \"555566667777\"\nspoke_account_assume_role_arn = \"arn:aws:iam::444455556666:role/x\"\n",
            )?;
            own.var_files.push(file);
        }
        let ended = shared.with(async |session: &Session| session.deploy_own(&own).await)?;
        let error = ended.err().map(|error| error.to_string()).unwrap_or_default();
        for expected in expected.iter().chain([&own.directory.to_string_lossy().as_ref()]) {
            assert!(error.contains(expected), "`{expected}` is not in: {error}\nof\n{text}");
        }
    }
    Ok(())
}

/// A lock file that Terraform cannot read is reported with its name, not replaced.
pub(super) fn invalid_lock_file(shared: &Shared) -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    std::fs::write(folder.path().join("main.tf"), "")?;
    std::fs::write(folder.path().join(".terraform.lock.hcl"), "<<<<<<< HEAD\n")?;
    let own = OwnRoot { directory: folder.path().to_path_buf(), var_files: Vec::new() };
    let ended = shared.with(async |session: &Session| session.deploy_own(&own).await)?;
    let error = ended.err().map(|error| error.to_string()).unwrap_or_default();
    for expected in
        ["failed to read dependency lock file", &folder.path().join(".terraform.lock.hcl").to_string_lossy()]
    {
        assert!(error.contains(expected), "`{expected}` is not in: {error}");
    }
    Ok(())
}

/// The cloud of `--keep`: it answers, the event has been injected, and what it caused arrives at the sink.
pub(super) fn keep(shared: &Shared) -> Result<(), Failed> {
    let login = shared.loaded.iter().find(|loaded| loaded.name == "login/console-login-with-mfa");
    let login = login.ok_or("there is no scenario login/console-login-with-mfa")?;
    shared.with(async |session: &Session| {
        let deployment = session.deploy().await.map_err(|error| error.to_string())?;
        let mut kept = session.keep(&deployment, 0, Some(login)).await.map_err(|error| error.to_string())?;
        let sqs = rootwatch::runner::clients::sqs(kept.endpoint(), &kept.accounts().hub, &kept.accounts().hub_region);
        let queues = sqs.list_queues().send().await.map_err(|error| format!("{error:?}"))?;
        assert!(!queues.queue_urls().is_empty(), "the deployment is there");
        let mut waiting = BTreeSet::from(["slack", "pagerduty", "email"].map(str::to_owned));
        let arrived = async {
            let mut ticks = tokio::time::interval(Duration::from_millis(100));
            while !waiting.is_empty() {
                ticks.tick().await;
                for received in kept.received() {
                    waiting.remove(&received.alerter);
                }
            }
        };
        let in_time = tokio::time::timeout(Duration::from_secs(120), arrived).await.is_ok();
        assert!(in_time, "nothing arrived at {waiting:?}");
        Ok::<_, String>(())
    })??;
    Ok(())
}
