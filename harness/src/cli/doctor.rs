//! `rootwatch doctor`: checks what a run needs, with the command that fixes each finding.

use std::path::Path;
use std::process::Command;

use clap::Args;

use super::{Exit, print};
use crate::layout::Layout;
use crate::localstack::{Availability, Engine, Image, OFFICIAL, availability};
use crate::packages;
use crate::terraform::{self, Binary, Release, TERRAFORM_VERSION};

/// Terraform knows `optional()` with defaults and provider aliases in modules since long before; this is what CI runs.
const OLDEST_TERRAFORM: (u32, u32) = (1, 5);

/// What a first run writes: packages, saved deployments, logs.
const NEEDED_GIB: u64 = 1;

/// What was found of one thing.
struct Finding {
    what: &'static str,
    /// Whether the default run needs it.
    needed: bool,
    found: Result<String, Lack>,
}

/// Something missing, and its fix.
struct Lack {
    what: String,
    help: String,
}

fn lack(what: impl Into<String>, help: impl Into<String>) -> Lack {
    Lack { what: what.into(), help: help.into() }
}

/// Options of `doctor`.
#[derive(Debug, Args)]
#[command(after_help = "\
It exits with 3 when the default run could not work here, else with 0.\n\n\
Examples:
  rootwatch doctor
  rootwatch doctor --offline     as if there were no internet")]
pub(super) struct Doctor {}

impl Doctor {
    pub(super) fn execute(self, layout: &Layout) -> Exit {
        tokio::task::block_in_place(|| examine(layout))
    }
}

/// Looks at everything that a run needs.
fn examine(layout: &Layout) -> Exit {
    let binary = terraform::find();
    let provider = provider(layout, binary.as_ref().ok());
    let containers = containers();
    let findings = [
        Finding { what: "Terraform", needed: true, found: terraform_here(layout, binary) },
        Finding { what: "provider", needed: true, found: provider },
        Finding { what: "Rust", needed: true, found: rust() },
        Finding { what: "build", needed: true, found: build(layout) },
        Finding { what: "cache", needed: true, found: folder(&layout.cache, "ROOTWATCH_CACHE") },
        Finding { what: "loopback", needed: true, found: loopback() },
        Finding { what: "port 4566", needed: false, found: port() },
        Finding { what: "setpriv", needed: false, found: parent_death() },
        Finding { what: "packages", needed: false, found: cross() },
        Finding { what: "Docker", needed: false, found: containers.docker },
        Finding { what: "LocalStack", needed: false, found: containers.image },
        Finding { what: "base image", needed: false, found: containers.base },
    ];
    let mut exit = Exit::Success;
    for Finding { what, needed, found } in findings {
        let mark = match &found {
            Ok(_) => console::style("ok     ").green(),
            Err(_) if needed => {
                exit = Exit::Environment;
                console::style("missing").red().bold()
            }
            Err(_) => console::style("absent ").yellow(),
        };
        match found {
            Ok(words) => print(&format!("{mark} {what:<10} {words}")),
            Err(lack) => {
                print(&format!("{mark} {what:<10} {}", lack.what));
                print(&format!("        {:<10} {} {}", "", console::style("help:").bold(), lack.help));
            }
        }
    }
    print(match exit {
        Exit::Success => "\n`cargo run -- run` can work here",
        _ => "\n`cargo run -- run` cannot work here: see what is missing",
    });
    exit
}

const INSTALL: &str = "install Terraform 1.5 or newer (https://developer.hashicorp.com/terraform/install) or OpenTofu, or \
                       set ROOTWATCH_TERRAFORM to the binary";

fn terraform_here(layout: &Layout, binary: Result<Binary, terraform::TerraformError>) -> Result<String, Lack> {
    match binary {
        Ok(binary) => {
            let shown = format!("{} {} at {}", binary.name(), binary.version, binary.path.display());
            let mut numbers = binary.version.split('.').map_while(|number| number.parse::<u32>().ok());
            let version = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
            match version >= OLDEST_TERRAFORM {
                true => Ok(shown),
                false => Err(lack(format!("{shown} is too old"), INSTALL)),
            }
        }
        Err(terraform::TerraformError::NotFound { .. }) => {
            let none = "neither `terraform` nor `tofu` is on PATH";
            match Release::pinned() {
                _ if layout.offline => Err(lack(format!("{none}, and nothing may be fetched (--offline)"), INSTALL)),
                None => Err(lack(none, INSTALL)),
                Some(release) if reachable(&release.url) => {
                    Ok(format!("{none}: the first run fetches {TERRAFORM_VERSION} from {}", release.url))
                }
                Some(release) => Err(lack(format!("{none}, and {} does not answer", release.url), INSTALL)),
            }
        }
        Err(error) => Err(lack(error.to_string(), INSTALL)),
    }
}

fn provider(layout: &Layout, binary: Option<&Binary>) -> Result<String, Lack> {
    let version = terraform::provider_version();
    if let Some(mirror) = binary.and_then(terraform::discover) {
        return Ok(format!("AWS provider {version} in the mirror {}", mirror.path.display()));
    }
    let registry = binary.map_or("registry.terraform.io", Binary::registry);
    let help = "on a machine with the internet: `terraform providers mirror DIR` in terraform/; then put DIR below /opt, \
                /usr/local/share or the home directory";
    if layout.offline {
        return Err(lack(format!("no mirror holds {version}, and nothing may be fetched (--offline)"), help));
    }
    match reachable(&format!("https://{registry}/.well-known/terraform.json")) {
        true => Ok(format!("no mirror: AWS provider {version} is fetched from {registry}")),
        false => Err(lack(format!("no mirror holds {version}, and {registry} does not answer"), help)),
    }
}

/// Whether somebody answers there; a refusal is an answer.
fn reachable(url: &str) -> bool {
    let timeouts = ureq::Agent::config_builder().timeout_global(Some(std::time::Duration::from_secs(5)));
    let agent = ureq::Agent::new_with_config(timeouts.http_status_as_error(false).build());
    agent.head(url).call().is_ok_and(|answer| answer.status().is_success())
}

fn rust() -> Result<String, Lack> {
    if let Some(folder) = std::env::var_os("ROOTWATCH_HANDLERS") {
        return Ok(format!("prebuilt functions in {}", Path::new(&folder).display()));
    }
    let oldest = env!("CARGO_PKG_RUST_VERSION");
    let cargo = packages::cargo();
    let help = "install Rust from https://rustup.rs, or set CARGO";
    let version = |program: &str| answer(program, &["--version"]);
    let Some(cargo) = version(&cargo) else {
        return Err(lack(format!("`{cargo}` cannot be run"), help));
    };
    let Some(rustc) = version(&std::env::var("RUSTC").unwrap_or_else(|_| "rustc".to_owned())) else {
        return Err(lack("`rustc` cannot be run", help));
    };
    let numbers = |text: &str| -> Vec<u32> {
        let version = text.split_whitespace().find(|word| word.starts_with(|c: char| c.is_ascii_digit()));
        let version = version.unwrap_or_default().split('-').next().unwrap_or_default();
        version.split('.').map_while(|number| number.parse().ok()).collect()
    };
    match numbers(&rustc) >= numbers(oldest) {
        true => Ok(format!("{cargo}; {rustc}")),
        false => Err(lack(format!("{rustc} is older than {oldest}"), "rustup update")),
    }
}

/// The folder that cargo builds the functions in.
fn build(layout: &Layout) -> Result<String, Lack> {
    match std::env::var_os("ROOTWATCH_HANDLERS") {
        Some(_) => Ok("not needed: the functions are prebuilt".to_owned()),
        None => folder(&layout.build_folder(), "CARGO_TARGET_DIR"),
    }
}

/// Whether a folder can be written to; the setting moves it elsewhere.
fn folder(path: &Path, setting: &str) -> Result<String, Lack> {
    let help = format!("set {setting} to a folder that can be written to");
    std::fs::create_dir_all(path)
        .and_then(|()| tempfile::tempfile_in(path))
        .map_err(|error| lack(format!("{}: {error}", path.display()), help.clone()))?;
    let disk = rustix::fs::statvfs(path);
    let free = disk.map(|disk| disk.f_bavail * disk.f_frsize / (1 << 30)).unwrap_or(u64::MAX);
    match free >= NEEDED_GIB {
        true => Ok(format!("{} ({free} GiB free)", path.display())),
        false => Err(lack(
            format!("{}: less than {NEEDED_GIB} GiB is free", path.display()),
            format!("free some, or {help}"),
        )),
    }
}

fn loopback() -> Result<String, Lack> {
    match std::net::TcpListener::bind("127.0.0.1:0") {
        Ok(_) => Ok("ports can be had on 127.0.0.1".to_owned()),
        Err(error) => Err(lack(format!("no port can be had on 127.0.0.1: {error}"), "ip link set lo up")),
    }
}

fn port() -> Result<String, Lack> {
    match std::net::TcpListener::bind("127.0.0.1:4566") {
        Ok(_) => Ok("is free, for `serve` and `run --keep`".to_owned()),
        Err(error) => Err(lack(format!("{error}; only `serve` and `run --keep` want it"), "--port 0 takes a free one")),
    }
}

fn parent_death() -> Result<String, Lack> {
    match answer("setpriv", &["--pdeathsig", "KILL", "--", "echo", "ok"]) {
        Some(_) => Ok("processes end with rootwatch, after SIGKILL too".to_owned()),
        None => Err(lack("is missing: after SIGKILL a Terraform may go on", "install util-linux 2.35 or newer")),
    }
}

fn cross() -> Result<String, Lack> {
    match answer("cargo", &["zigbuild", "--version"]) {
        Some(version) => Ok(format!("{version}: `package --target` can build for both architectures")),
        None => Err(lack(
            "cargo-zigbuild is missing; only `package --target` of the other architecture needs it",
            packages::ZIGBUILD,
        )),
    }
}

/// What only `--cloud localstack` needs.
struct Containers {
    docker: Result<String, Lack>,
    image: Result<String, Lack>,
    base: Result<String, Lack>,
}

fn containers() -> Containers {
    let only = "only `--cloud localstack` needs it";
    let later = || Err(lack(format!("is looked for once Docker is there; {only}"), "see Docker"));
    // This thread may wait: it was given up by the runtime.
    let asked = tokio::runtime::Handle::current().block_on(async { (Engine::connect().await, availability().await) });
    let engine = match asked.0 {
        Ok(engine) => engine,
        Err(error) => {
            let docker = Err(lack(format!("{}; {only}", crate::runner::chain(&error)), INSTALL_DOCKER));
            return Containers { docker, image: later(), base: later() };
        }
    };
    let docker = Ok(format!("engine {}, API {} at {}", engine.version, engine.api_version, engine.socket.display()));
    let build = "cargo run -- localstack build";
    let (image, base) = match asked.1 {
        Availability::Ready(image @ Image::Built(_)) => (
            Ok(format!("{}, built here", image.reference())),
            Ok("Debian bullseye, in the registry that the image brings along".to_owned()),
        ),
        Availability::Ready(image @ Image::Official) => (
            Ok(image.reference().to_owned()),
            Ok("Amazon Linux 2023, which LocalStack pulls from public.ecr.aws".to_owned()),
        ),
        Availability::NoImage(_) => {
            let get = format!("`docker pull {OFFICIAL}` where a registry can be reached, `{build}` where none can");
            (Err(lack(format!("no image; {only}"), get)), Err(lack("comes with the image", build)))
        }
        Availability::NoDocker(reason) => (Err(lack(reason, INSTALL_DOCKER)), later()),
    };
    Containers { docker, image, base }
}

const INSTALL_DOCKER: &str = "install it (https://docs.docker.com/engine/install/), start it: systemctl start docker";

/// The first line that a program answers with.
fn answer(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).output().ok().filter(|output| output.status.success())?;
    Some(String::from_utf8_lossy(&output.stdout).lines().next().unwrap_or_default().trim().to_owned())
}
