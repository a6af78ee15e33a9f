//! `rootwatch doctor`: what is here, what is missing, and the command that mends it.

use std::path::Path;
use std::process::Command;

use super::{Exit, print};
use crate::layout::Layout;
use crate::terraform;

/// What was found of one thing.
struct Finding {
    what: &'static str,
    /// Whether the default run needs it.
    needed: bool,
    found: Result<String, String>,
}

/// Looks at everything that a run needs.
pub(super) fn execute() -> Exit {
    let layout = Layout::discover();
    let binary = terraform::find();
    let provider = match &binary {
        Ok(binary) => match terraform::discover(binary) {
            Some(mirror) => {
                Ok(format!("AWS provider {} in the mirror {}", terraform::PROVIDER_VERSION, mirror.path.display()))
            }
            None => Ok(format!("no mirror: {} is fetched from {}", terraform::PROVIDER_VERSION, binary.registry())),
        },
        Err(_) => Err("is looked for once Terraform is there".to_owned()),
    };
    let findings = [
        Finding {
            what: "Terraform",
            needed: true,
            found: binary
                .map(|binary| format!("{} {} at {}", binary.name(), binary.version, binary.path.display()))
                .map_err(|error| error.to_string()),
        },
        Finding { what: "provider", needed: true, found: provider },
        Finding { what: "handlers", needed: true, found: handlers() },
        Finding { what: "cache", needed: true, found: writable(&layout.cache) },
        Finding { what: "loopback", needed: true, found: loopback() },
        Finding { what: "parent-death", needed: false, found: parent_death() },
        Finding { what: "Docker", needed: false, found: docker() },
    ];
    let mut exit = Exit::Success;
    for finding in findings {
        let (mark, words) = match &finding.found {
            Ok(words) => (console::style("ok     ").green(), words),
            Err(words) if finding.needed => {
                exit = Exit::Environment;
                (console::style("missing").red().bold(), words)
            }
            Err(words) => (console::style("absent ").yellow(), words),
        };
        print(&format!("{mark} {:<12} {words}", finding.what));
    }
    exit
}

fn handlers() -> Result<String, String> {
    if let Some(folder) = std::env::var_os("ROOTWATCH_HANDLERS") {
        return Ok(format!("prebuilt ones in {}", Path::new(&folder).display()));
    }
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    match Command::new(&cargo).arg("--version").output() {
        Ok(output) if output.status.success() => {
            Ok(format!("are built by {}", String::from_utf8_lossy(&output.stdout).trim()))
        }
        _ => Err(format!("{} cannot be run: install Rust from https://rustup.rs", cargo.to_string_lossy())),
    }
}

fn writable(cache: &Path) -> Result<String, String> {
    let tried = std::fs::create_dir_all(cache).and_then(|()| tempfile::tempfile_in(cache));
    match tried {
        Ok(_) => {
            let free = nix::sys::statvfs::statvfs(cache).map(|disk| disk.blocks_available() * disk.fragment_size());
            Ok(format!("{} ({} GiB free)", cache.display(), free.map_or(0, |free| free / (1 << 30))))
        }
        Err(error) => {
            Err(format!("{}: {error}; set ROOTWATCH_CACHE to a folder that can be written to", cache.display()))
        }
    }
}

fn loopback() -> Result<String, String> {
    match std::net::TcpListener::bind("127.0.0.1:0") {
        Ok(_) => Ok("ports can be had on 127.0.0.1".to_owned()),
        Err(error) => Err(format!("no port can be had on 127.0.0.1: {error}")),
    }
}

fn parent_death() -> Result<String, String> {
    let tried = Command::new("setpriv").args(["--pdeathsig", "KILL", "--", "true"]).output();
    match tried {
        Ok(output) if output.status.success() => {
            Ok("setpriv: processes end with rootwatch, after SIGKILL too".to_owned())
        }
        _ => Err("setpriv (util-linux 2.35 or newer) is missing: after SIGKILL a Terraform may go on".to_owned()),
    }
}

fn docker() -> Result<String, String> {
    let asked = Command::new("docker")
        .args(["version", "--format", "{{.Server.Version}} (API {{.Server.APIVersion}})"])
        .output();
    match asked {
        Ok(output) if output.status.success() => Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned()),
        Ok(_) => Err("the engine does not answer; only `--cloud localstack` needs it".to_owned()),
        Err(_) => Err("not installed; only `--cloud localstack` needs it".to_owned()),
    }
}
