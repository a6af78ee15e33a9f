//! Runs of the command as processes: two at once, one that is interrupted, one that is accepted, and one that is explained.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use libtest_mimic::Failed;
use rootwatch::runner::Session;
use serde_json::{Value, json};

use super::support::Shared;

fn scenario(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios").join(format!("{name}.json"))
}

/// The command as on a user's machine, also where the tests run in CI: `CI` changes what an observed scenario's run returns.
fn command() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rootwatch"));
    command.env_remove("CI");
    command
}

fn start(name: &str) -> std::io::Result<Child> {
    command()
        // The run that is interrupted must have processes.
        .args(["run", "--processes"])
        .arg(scenario(name))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
}

/// Makes the deployment, so that the processes find it saved.
fn deployed(shared: &Shared) -> Result<(), Failed> {
    shared.with(async |session: &Session| session.deploy().await.map(drop).map_err(|error| error.to_string()))??;
    Ok(())
}

/// Two runs of the same scenario at once: neither sees the other.
pub(super) fn two_at_once(shared: &Shared) -> Result<(), Failed> {
    deployed(shared)?;
    let runs = [start("login/passkey")?, start("login/passkey")?];
    for run in runs {
        let output = run.wait_with_output()?;
        let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success() && said.contains("1 passed, 0 failed"), "{said}");
    }
    Ok(())
}

/// A function that waits for an answer which never comes is gone when the run has been interrupted.
pub(super) fn interrupted(shared: &Shared) -> Result<(), Failed> {
    deployed(shared)?;
    for signal in ["INT", "TERM", "KILL"] {
        let mut run = start("faults/slack-hang")?;
        let mut functions = Vec::new();
        let started = until(|| {
            functions = functions_of(run.id());
            !functions.is_empty()
        });
        let sent = Command::new("kill").args(["-s", signal, &run.id().to_string()]).status()?;
        let status = run.wait()?;
        assert!(started, "no function was started");
        assert!(sent.success(), "{signal}: the run was over already: {status}");
        assert_eq!(status.code(), if signal == "KILL" { None } else { Some(130) }, "{signal}");
        assert!(until(|| functions.iter().all(|pid| !lives(*pid))), "{signal}: a function goes on: {functions:?}");
    }
    Ok(())
}

/// Whether a condition comes true within a minute.
#[expect(clippy::disallowed_methods, reason = "another process is looked at: nothing tells when it changes")]
fn until(mut condition: impl FnMut() -> bool) -> bool {
    for _ in 0..6000 {
        if condition() {
            return true;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    false
}

/// The processes of functions that a run has started.
fn functions_of(run: u32) -> Vec<u32> {
    let tasks = std::fs::read_dir(format!("/proc/{run}/task")).into_iter().flatten().flatten();
    let children = tasks.filter_map(|task| std::fs::read_to_string(task.path().join("children")).ok());
    let children: Vec<u32> = children
        .flat_map(|text| text.split_whitespace().filter_map(|pid| pid.parse().ok()).collect::<Vec<_>>())
        .collect();
    let is_function = |pid: &u32| {
        let command = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        String::from_utf8_lossy(&command).contains("bootstrap")
    };
    children.into_iter().filter(is_function).collect()
}

/// A zombie has ended.
fn lives(pid: u32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit(") ").next().is_some_and(|rest| !rest.is_empty() && !rest.starts_with('Z'))
}

/// `accept` writes the counts that a run gave, and then the scenario passes; what no count can state stays a failure.
pub(super) fn accepted(shared: &Shared) -> Result<(), Failed> {
    deployed(shared)?;
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("odd-one.json");
    let mut written: Value = serde_json::from_slice(&std::fs::read(scenario("login/passkey"))?)?;
    let members = written.as_object_mut().ok_or("a scenario is an object")?;
    let expect = members.shift_remove("expect").ok_or("the scenario states what it gives")?;
    let rootwatch = |arguments: &[&str]| {
        let output = command().args(arguments).arg(&file).output()?;
        let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        Ok::<_, Failed>((output.status.code(), said))
    };
    for (stated, code, part) in [
        (None, Some(0), "+   \"login\": 1"),
        (Some(json!({"login": 2, "activity": 0})), Some(0), "-   \"login\": 2"),
        (Some(json!({"login": 1, "mentions": ["no such text"]})), Some(1), "mentions `no such text`"),
    ] {
        let mut scenario = written.clone();
        if let Some(stated) = &stated {
            scenario["expect"] = stated.clone();
        }
        std::fs::write(&file, scenario.to_string())?;
        let (unasked, said) = rootwatch(&["accept"])?;
        assert!(unasked == Some(2) && said.contains("--yes writes without asking"), "{said}");
        let (found, said) = rootwatch(&["accept", "--yes"])?;
        assert!(found == code && said.contains(part), "{stated:?}: {found:?}: {said}");
        let (passes, said) = rootwatch(&["run"])?;
        assert_eq!(passes, code, "{stated:?}: {said}");
        let after: Value = serde_json::from_slice(&std::fs::read(&file)?)?;
        assert_eq!(after["expect"]["login"], expect["login"], "{stated:?}");
    }
    Ok(())
}

/// Whatever is not delivered says why, and an explanation can be read by a program.
pub(super) fn explained(shared: &Shared) -> Result<(), Failed> {
    deployed(shared)?;
    let said = |command: &mut Command| {
        let output = command.output()?;
        Ok::<_, Failed>((output.status.code(), String::from_utf8(output.stdout)?))
    };
    let explain = ["explain", "--format", "json"];
    let (code, found) = said(command().args(explain).arg(scenario("login/passkey")))?;
    let found: Value = serde_json::from_str(&found)?;
    let hops: Vec<&str> =
        found["entries"].as_array().into_iter().flatten().filter_map(|it| it["hop"].as_str()).collect();
    assert_eq!(code, Some(0), "{found}");
    assert_eq!(hops.iter().take(3).collect::<Vec<_>>(), [&"cloud-trail", &"bus", &"rule"], "{found}");
    assert_eq!(
        (&found["alerts"]["login"], &found["stopped_at"], &found["advice"]),
        (&json!(1), &Value::Null, &Value::Null)
    );

    let folder = tempfile::tempdir()?;
    let file = folder.path().join("large.json");
    let passkey: Value = serde_json::from_slice(&std::fs::read(scenario("login/passkey"))?)?;
    let mut record = passkey["records"][0].clone();
    record["requestParameters"] = json!({"padding": "p".repeat(300 * 1024)});
    std::fs::write(&file, record.to_string())?;
    let reason = "CloudTrail sends none over 262144 bytes (256 KB) to EventBridge";
    // In CI a scenario without `expect` is not enough.
    for (ci, expected) in [(None, 0), (Some("true"), 4)] {
        let (code, report) = said(command().arg("run").arg(&file).envs(ci.map(|ci| ("CI", ci))))?;
        assert!(
            code == Some(expected) && report.contains("lost on the way") && report.contains(reason),
            "CI={ci:?}: {code:?}: {report}"
        );
    }
    let (code, text) = said(command().args(explain).arg(&file))?;
    let found: Value = serde_json::from_str(&text)?;
    assert!(code == Some(0) && found["stopped_at"] == "undelivered" && text.contains(reason), "{code:?}: {text}");
    Ok(())
}
