//! What goes in the middle of `rootwatch run --cloud localstack`: a clear message, the exit code of an environment that is not
//! ready, and nothing left.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, ChildStderr, Command, Stdio};

use libtest_mimic::Failed;

use crate::{Way, docker, left, start_time, wait_until_nothing_is_left};

/// One that needs every hop.
const SCENARIO: &str = "login/passkey";
/// What is said before Terraform's two stages; LocalStack runs then.
const INIT: &str = " init";
const APPLY: &str = " apply at ";

struct Run {
    child: Child,
    stderr: BufReader<ChildStderr>,
    said: String,
    /// The run's label.
    run: String,
}

impl Run {
    /// Starts it, and comes back when it begins a stage.
    fn until(stage: &str, socket: Option<&Path>) -> Result<Self, Failed> {
        let mut command = Command::new(env!("CARGO_BIN_EXE_rootwatch"));
        command.args(["run", "--cloud", "localstack", "--filter", SCENARIO]);
        if let Some(socket) = socket {
            command.env("DOCKER_HOST", format!("unix://{}", socket.display()));
        }
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn()?;
        let mut stderr = BufReader::new(child.stderr.take().ok_or("no stderr")?);
        let mut said = String::new();
        loop {
            let start = said.len();
            if stderr.read_line(&mut said)? == 0 {
                return Err(format!("it ended before `{stage}`: {}\n{said}", child.wait()?).into());
            }
            if said[start..].contains(stage) {
                break;
            }
        }
        let process = format!("label=rootwatch.process={} {}", child.id(), start_time(child.id())?);
        let run = docker(&["ps", "--filter", &process, "--format", "{{.Label \"rootwatch.run\"}}"])?;
        let run = run.lines().next().ok_or("its containers carry no label")?.to_owned();
        Ok(Self { child, stderr, said, run })
    }

    fn localstack(&self) -> Result<String, Failed> {
        let label = format!("label=rootwatch.run={}", self.run);
        docker(&["ps", "--quiet", "--filter", &label, "--filter", "label=rootwatch.role=localstack"])
    }

    /// Waits for its end: it must be an environment that is not ready, said in these words.
    fn ends_with(&mut self, words: &str) -> Result<(), Failed> {
        self.stderr.read_to_string(&mut self.said)?;
        let status = self.child.wait()?;
        if status.code() != Some(3) || !self.said.contains(words) {
            return Err(format!("expected exit code 3 and `{words}`, found {status}:\n{}", self.said).into());
        }
        Ok(())
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        // Of a test that failed; its janitor removes the rest.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub(crate) fn container_killed() -> Result<(), Failed> {
    let mut run = Run::until(APPLY, None)?;
    docker(&["kill", &run.localstack()?])?;
    run.ends_with("LocalStack's container has ended with exit code 137")?;
    wait_until_nothing_is_left(&run.run)
}

pub(crate) fn engine_taken_away() -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    let way = Way::open(folder.path().join("docker.sock"))?;
    let mut run = Run::until(APPLY, Some(&way.socket))?;
    way.cut()?;
    run.ends_with("does not answer any more")?;
    if left(&run.run)?.is_empty() {
        return Err("nobody could remove anything, and yet it is gone: this test shows nothing".into());
    }
    let _back = Way::open(way.socket.clone())?;
    wait_until_nothing_is_left(&run.run)
}

/// A disk of some pages, in the place of the one where LocalStack keeps the functions' code.
pub(crate) fn disk_full() -> Result<(), Failed> {
    let mut run = Run::until(INIT, None)?;
    // From outside: inside nobody may mount.
    let process = docker(&["inspect", "--format", "{{.State.Pid}}", &run.localstack()?])?;
    let mount = ["--target", &process, "--mount", "mount", "-t", "tmpfs", "-o", "size=16k", "tmpfs", "/tmp"];
    let mounted = Command::new("nsenter").args(mount).output()?;
    if !mounted.status.success() {
        return Err(format!("nsenter {mount:?}: {}", String::from_utf8_lossy(&mounted.stderr)).into());
    }
    run.ends_with("the disk of LocalStack's container is full")?;
    wait_until_nothing_is_left(&run.run)
}
