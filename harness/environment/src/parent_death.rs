//! A process that the kernel signals when the thread that started it ends, so that SIGKILL leaves nothing running.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

/// A command that runs the program with a parent-death signal (`KILL`, `TERM` …). `setpriv` (util-linux) sets it without
/// unsafe code; where that is missing, the program is run plainly.
pub fn ending_with_parent(program: &Path, signal: &str) -> Command {
    match setpriv() {
        Some(setpriv) => {
            let mut command = Command::new(setpriv);
            command.args(["--pdeathsig", signal, "--"]).arg(program);
            command
        }
        None => Command::new(program),
    }
}

/// `setpriv`, where it is installed and knows `--pdeathsig`.
fn setpriv() -> Option<&'static Path> {
    static FOUND: OnceLock<Option<PathBuf>> = OnceLock::new();
    FOUND
        .get_or_init(|| {
            let candidates = ["/usr/bin/setpriv", "/bin/setpriv"].map(PathBuf::from);
            candidates.into_iter().find(|path| {
                Command::new(path)
                    .args(["--pdeathsig", "KILL", "--", "true"])
                    .stdin(Stdio::null())
                    .stdout(Stdio::null())
                    .stderr(Stdio::null())
                    .status()
                    .is_ok_and(|status| status.success())
            })
        })
        .as_deref()
}
