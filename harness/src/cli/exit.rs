//! Exit codes: a public contract.

use std::process::{ExitCode, Termination};

/// How the command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// Everything as expected.
    Success = 0,
    /// A scenario failed or could not be run.
    Failed = 1,
    /// Wrong usage: a path that is not there, an unknown option.
    Usage = 2,
    /// The environment is not ready: Terraform, the build of the handlers, a port, the disk.
    Environment = 3,
    /// With `CI=true`: a scenario states no expectation.
    Observed = 4,
    /// Ctrl-C.
    Interrupted = 130,
}

impl Termination for Exit {
    fn report(self) -> ExitCode {
        ExitCode::from(self as u8)
    }
}
