//! The owner of containers: a run is known by its process, so that the containers of a dead run are not confused with those in use.

use std::collections::HashMap;
use std::path::Path;

use sha2::{Digest, Sha256};

use super::LocalStackError;

pub(super) const RUN: &str = "rootwatch.run";
const PROCESS: &str = "rootwatch.process";
const BOOT: &str = "rootwatch.boot";
pub(super) const ROLE: &str = "rootwatch.role";

/// The process whose end is the end of the run: this one, or the test runner that starts a process for each test.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Owner {
    pub(super) pid: u32,
    /// When it started, in the kernel's clock ticks: process ids are used again.
    started: u64,
    /// The boot and the process namespace in which the id means something.
    boot: String,
}

/// What is known of the owner of a container.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// It runs.
    Alive,
    /// It has ended: what it left may be removed.
    Gone,
    /// It belongs to another process namespace of this machine, or is not ours: it is left alone.
    Unknown,
}

impl Owner {
    /// The owner of what this process starts. `cargo nextest` runs a process for each test: they share what they start,
    /// and the runner owns it. The command itself (`program`) owns what it starts, whoever has started it.
    pub(super) fn of_this_run(program: &Path) -> Result<Self, LocalStackError> {
        let is_test = std::env::current_exe().is_ok_and(|this| this != program);
        let runner =
            std::env::var_os("NEXTEST_RUN_ID").filter(|_| is_test).map(|_| std::os::unix::process::parent_id());
        Self::of(runner.unwrap_or_else(std::process::id))
    }

    pub(super) fn of(pid: u32) -> Result<Self, LocalStackError> {
        let path = format!("/proc/{pid}/stat");
        let gone = || std::io::Error::other("the process has ended");
        let started = start_time(pid).ok_or_else(gone).map_err(LocalStackError::file(path))?;
        Ok(Self { pid, started, boot: this_boot()? })
    }

    /// A short name of the run, the same in all of its processes.
    pub(super) fn run_id(&self) -> String {
        let digest = Sha256::digest(format!("{} {} {}", self.pid, self.started, self.boot));
        crate::deployment::hex(&digest[..5])
    }

    /// The labels of its containers and networks.
    pub(super) fn labels(&self) -> [(&'static str, String); 3] {
        [(RUN, self.run_id()), (PROCESS, format!("{} {}", self.pid, self.started)), (BOOT, self.boot.clone())]
    }
}

/// Judges by the labels of a container whether its owner has ended.
pub(super) fn fate(labels: &HashMap<String, String>) -> Fate {
    let Ok(boot) = this_boot() else { return Fate::Unknown };
    judge(labels, &boot, start_time)
}

fn judge(labels: &HashMap<String, String>, here: &str, start_time: impl Fn(u32) -> Option<u64>) -> Fate {
    let (Some(process), Some(boot)) = (labels.get(PROCESS), labels.get(BOOT)) else { return Fate::Unknown };
    let Some((pid, started)) = process.split_once(' ') else { return Fate::Unknown };
    let (Ok(pid), Ok(started)) = (pid.parse(), started.parse()) else { return Fate::Unknown };
    if boot == here {
        return if start_time(pid) == Some(started) { Fate::Alive } else { Fate::Gone };
    }
    // Another boot ended all of its processes; another namespace of this boot is not to be seen from here.
    match (boot.split_once(' '), here.split_once(' ')) {
        (Some((then, _)), Some((now, _))) if then != now => Fate::Gone,
        _ => Fate::Unknown,
    }
}

fn this_boot() -> Result<String, LocalStackError> {
    let path = "/proc/sys/kernel/random/boot_id";
    let boot = std::fs::read_to_string(path).map_err(LocalStackError::file(path))?;
    let namespace = std::fs::read_link("/proc/self/ns/pid").map(|link| link.display().to_string());
    Ok(format!("{} {}", boot.trim(), namespace.unwrap_or_default()))
}

/// When a process started; `None` when there is none, or only its remains. [D] proc_pid_stat(5)
fn start_time(pid: u32) -> Option<u64> {
    let stat = std::fs::read_to_string(Path::new("/proc").join(pid.to_string()).join("stat")).ok()?;
    // The name, in parentheses, may hold anything.
    let mut fields = stat.get(stat.rfind(')')? + 2..)?.split(' ');
    if matches!(fields.next()?, "Z" | "X") {
        return None;
    }
    fields.nth(18)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::{BOOT, Fate, Owner, PROCESS, RUN, fate, judge};

    #[test]
    fn only_what_a_dead_run_of_ours_left_is_gone() {
        let here = "boot-1 pid:[1]";
        // Process 7 runs since tick 100.
        let start_time = |pid| (pid == 7).then_some(100);
        let cases = [
            ("it runs", Some("7 100"), Some(here), Fate::Alive),
            ("it has ended", Some("8 100"), Some(here), Fate::Gone),
            ("its id is used by another", Some("7 99"), Some(here), Fate::Gone),
            ("of an earlier boot", Some("7 100"), Some("boot-0 pid:[1]"), Fate::Gone),
            ("of another process namespace", Some("8 100"), Some("boot-1 pid:[2]"), Fate::Unknown),
            ("not ours", None, None, Fate::Unknown),
            ("without a boot", Some("8 100"), None, Fate::Unknown),
            ("not understood", Some("x y"), Some(here), Fate::Unknown),
        ];
        for (case, process, boot, expected) in cases {
            let mut labels = HashMap::from([(RUN.to_owned(), "r".to_owned())]);
            labels.extend(process.map(|value| (PROCESS.to_owned(), value.to_owned())));
            labels.extend(boot.map(|value| (BOOT.to_owned(), value.to_owned())));
            assert_eq!(judge(&labels, here, start_time), expected, "{case}");
        }
    }

    #[test]
    fn a_process_is_gone_when_it_has_ended() {
        let mut child = std::process::Command::new("sleep").arg("100").spawn().unwrap();
        let owner = Owner::of(child.id()).unwrap();
        let labels: HashMap<_, _> = owner.labels().into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        assert_eq!(fate(&labels), Fate::Alive);
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(fate(&labels), Fate::Gone);
    }

    #[test]
    fn the_processes_of_a_run_agree_on_its_name() {
        let this = || Owner::of(std::process::id()).unwrap().run_id();
        assert_eq!(this(), this());
        assert_ne!(this(), Owner::of(std::os::unix::process::parent_id()).unwrap().run_id());
    }
}
