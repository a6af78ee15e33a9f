//! Ending a Terraform that runs: its cloud has gone, and the provider would try again for minutes.

use std::os::fd::OwnedFd;
use std::sync::{Arc, Mutex, PoisonError};

use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};

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
        Running(self)
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
pub(super) struct Running<'a>(&'a Stop);

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner).running = None;
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
