//! Exit codes: a public contract. README has the same table.

use std::process::{ExitCode, Termination};

/// How the command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// Every scenario passed, or the command did its work.
    Success = 0,
    /// A scenario failed or could not be run.
    Failed = 1,
    /// Wrong usage or malformed input: an unknown option, a missing path, a file that is no scenario. Of `mutants`, as
    /// cargo-mutants has it: a mutant was missed.
    Usage = 2,
    /// The environment is not ready (Terraform, build, port, disk), or the results could not be written.
    Environment = 3,
    /// With `CI=true`: a scenario has no `expect`.
    Observed = 4,
    /// Interrupted by Ctrl-C or SIGTERM.
    Interrupted = 130,
}

impl Exit {
    /// Every exit code with its meaning.
    pub const ALL: [(Self, &'static str); 6] = [
        (Self::Success, "every scenario passed, or the command did its work"),
        (Self::Failed, "a scenario failed or could not be run"),
        (
            Self::Usage,
            "wrong usage or malformed input: an unknown option, a missing path, a file that is no scenario; `mutants`: a \
             mutant was missed",
        ),
        (
            Self::Environment,
            "the environment is not ready (Terraform, build, port, disk), or results could not be written",
        ),
        (Self::Observed, "a scenario has no `expect`, and `CI=true`"),
        (Self::Interrupted, "interrupted by Ctrl-C or SIGTERM"),
    ];
}

impl Termination for Exit {
    fn report(self) -> ExitCode {
        ExitCode::from(self as u8)
    }
}
