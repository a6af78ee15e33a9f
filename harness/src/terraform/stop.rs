//! Ending a Terraform that runs: its cloud has gone, and the provider would try again for minutes.

use std::os::fd::OwnedFd;
use std::sync::{Arc, Mutex, PoisonError};

use rustix::process::{Pid, PidfdFlags, Signal, kill_process_group, pidfd_open, pidfd_send_signal};

/// Every Terraform of this process leads a process group, with its providers in it.
static ALL: Mutex<All> = Mutex::new(All { ending: false, groups: Vec::new() });

#[derive(Debug)]
struct All {
    ending: bool,
    groups: Vec<Pid>,
}

/// Kills every Terraform of this process with its providers, now and from now on: their clouds end with this process.
pub fn end_all() {
    let mut all = ALL.lock().unwrap_or_else(PoisonError::into_inner);
    all.ending = true;
    for group in &all.groups {
        // The group may have ended at this moment.
        let _ = kill_process_group(*group, Signal::KILL);
    }
}

/// Whether [`end_all`] was called: an error of Terraform says nothing then.
pub fn is_ending() -> bool {
    ALL.lock().unwrap_or_else(PoisonError::into_inner).ending
}

/// Ends the Terraform of the workspaces that it was given to, now and from now on.
#[derive(Clone, Debug, Default)]
pub struct Stop(Arc<Mutex<Inner>>);

#[derive(Debug, Default)]
struct Inner {
    asked: bool,
    /// The one that runs; a file descriptor, because a process id may be another's by now.
    running: Option<OwnedFd>,
}

impl Stop {
    /// Terminated, not killed: it has to end its providers.
    pub fn stop(&self) {
        let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        inner.asked = true;
        inner.terminate();
    }

    /// This one runs, until the guard is dropped.
    pub(super) fn running(&self, process: u32) -> Running<'_> {
        let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let pid = i32::try_from(process).ok().and_then(Pid::from_raw);
        inner.running = pid.and_then(|pid| pidfd_open(pid, PidfdFlags::empty()).ok());
        if inner.asked {
            inner.terminate();
        }
        if let Some(pid) = pid {
            let mut all = ALL.lock().unwrap_or_else(PoisonError::into_inner);
            all.groups.push(pid);
            if all.ending {
                let _ = kill_process_group(pid, Signal::KILL);
            }
        }
        Running(self, pid)
    }
}

impl Inner {
    fn terminate(&self) {
        if let Some(running) = &self.running {
            // It may have ended at this moment, as is wanted.
            let _ = pidfd_send_signal(running, Signal::TERM);
        }
    }
}

/// A Terraform runs.
pub(super) struct Running<'a>(&'a Stop, Option<Pid>);

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner).running = None;
        let mut all = ALL.lock().unwrap_or_else(PoisonError::into_inner);
        all.groups.retain(|group| Some(*group) != self.1);
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::Stop;

    #[test]
    fn what_runs_ends_and_what_comes_later_too() {
        let stop = Stop::default();
        for later in [false, true] {
            let mut child = Command::new("sleep").arg("100").spawn().unwrap();
            let _running = stop.running(child.id());
            if !later {
                assert!(child.try_wait().unwrap().is_none());
                stop.stop();
            }
            assert!(!child.wait().unwrap().success(), "later: {later}");
        }
    }
}
