//! The process that removes what a run leaves, whatever way the run ends: it is started before the first container, waits
//! for the end of the run's process, then for the last lease, and removes.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::process::{Pid, PidfdFlags, pidfd_open};

use super::lease::Folder;
use super::owner::Owner;
use super::{Engine, LocalStackError, removal};

/// For how many seconds an engine that does not answer is asked again.
const RETRIES: u32 = 300;

/// Starts it, in a process group of its own: Ctrl-C does not reach it.
pub(super) fn start(program: &Path, folder: &Folder, owner: &Owner) -> Result<(), LocalStackError> {
    use std::os::unix::process::CommandExt;
    let log = folder.0.join("janitor.log");
    let file = std::fs::File::create(&log).map_err(LocalStackError::file(&log))?;
    Command::new(program)
        .args(["localstack", "janitor", "--process", &owner.pid.to_string(), "--run"])
        .arg(&folder.0)
        .current_dir("/")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(file)
        .process_group(0)
        .spawn()
        // It is not waited for: it outlives this process.
        .map(drop)
        .map_err(|source| LocalStackError::Janitor { program: program.to_path_buf(), source })
}

/// The janitor's life.
///
/// # Errors
/// When something is left.
pub async fn watch(folder: PathBuf, process: u32) -> Result<(), LocalStackError> {
    let run_id = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let folder = Folder(folder);
    let waiting = folder.clone();
    let waited = tokio::task::spawn_blocking(move || {
        let _ = rustix::process::setsid();
        wait_for_end(process);
        waiting.wait_unused()
    });
    // Without a folder nobody can hold a lease of it: the run's process has removed everything itself, or tried to.
    let lease = waited.await.ok().and_then(Result::ok);
    // An engine that is restarted at this moment comes back; one that does not is met by the next start's sweep.
    let mut ended = remove(&folder, &run_id).await;
    let mut pause = tokio::time::interval(Duration::from_secs(1));
    for _ in 0..RETRIES {
        if ended.is_ok() {
            break;
        }
        pause.tick().await;
        ended = remove(&folder, &run_id).await;
    }
    drop(lease);
    ended
}

async fn remove(folder: &Folder, run_id: &str) -> Result<(), LocalStackError> {
    finish(&Engine::connect().await?, folder, run_id).await
}

/// Removes a run that nobody uses, and keeps its log if it failed or was killed.
pub(super) async fn finish(engine: &Engine, folder: &Folder, run_id: &str) -> Result<(), LocalStackError> {
    if folder.has_failed() {
        removal::save_log(engine, run_id, &folder.kept_log()).await?;
    }
    removal::remove_run(engine, run_id).await?;
    folder.remove();
    Ok(())
}

/// Waits, without looking again and again, for the end of a process that is not a child.
fn wait_for_end(process: u32) {
    let pid = i32::try_from(process).ok().and_then(Pid::from_raw);
    let Some(Ok(process)) = pid.map(|pid| pidfd_open(pid, PidfdFlags::empty())) else { return };
    let mut ended = [PollFd::new(&process, PollFlags::IN)];
    // A signal interrupts the wait.
    while matches!(poll(&mut ended, None), Err(rustix::io::Errno::INTR)) {}
}
