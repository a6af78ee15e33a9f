//! Two root file systems: Debian trixie with LocalStack and a registry, and Debian bullseye for functions.

use std::path::{Path, PathBuf};

use tokio::process::Command;

use crate::localstack::image::REQUIREMENTS;
use crate::tools::{self, ToolError};

/// The registry's settings, in the image.
pub(crate) const REGISTRY_SETTINGS: &str = "/etc/rootwatch/registry.yml";
/// Debian's own settings ask for passwords; inside its container this one listens for the port that is published on
/// 127.0.0.1.
pub(crate) const SETTINGS: &str = "\
version: 0.1
log: {level: info}
storage: {filesystem: {rootdirectory: /var/lib/rootwatch-registry}}
http: {addr: ':5000'}
";
/// Under LocalStack. Trixie brings Python 3.13, the one that the lock file was resolved for.
pub(crate) const UNDER_LOCALSTACK: &str = "--include=python3,ca-certificates,unzip,docker-registry";
const PYTHON: &str = "3.13";

/// The two.
#[derive(Debug)]
pub(super) struct Roots {
    pub(super) localstack: PathBuf,
    pub(super) functions: PathBuf,
}

pub(super) async fn make(debootstrap: &Path, uv: &Path, scratch: &Path, debs: &Path) -> Result<Roots, ToolError> {
    let roots = Roots { localstack: scratch.join("trixie"), functions: scratch.join("bullseye") };
    let packages = scratch.join("packages");
    let platform = format!("{}-unknown-linux-gnu", std::env::consts::ARCH);
    let python = ["--python-version", PYTHON, "--python-platform", &platform];
    tokio::try_join!(
        bootstrap(debootstrap, "trixie", Some(UNDER_LOCALSTACK), &roots.localstack, debs),
        bootstrap(debootstrap, "bullseye", None, &roots.functions, debs),
        tools::python_packages(uv, REQUIREMENTS, &packages, &python),
    )?;
    let opt = roots.localstack.join("opt").join("localstack");
    std::fs::rename(&packages, &opt).map_err(ToolError::file(&opt))?;
    let settings = roots.localstack.join(REGISTRY_SETTINGS.trim_start_matches('/'));
    let folder = settings.parent().unwrap_or(&settings);
    let written = std::fs::create_dir_all(folder).and_then(|()| std::fs::write(&settings, SETTINGS));
    written.map_err(ToolError::file(&settings))?;
    for root in [&roots.localstack, &roots.functions] {
        // Nobody reads or installs anything in there.
        for folder in ["usr/share/doc", "usr/share/man", "usr/share/locale", "var/cache/apt", "var/lib/apt/lists"] {
            let folder = root.join(folder);
            if folder.exists() {
                std::fs::remove_dir_all(&folder).map_err(ToolError::file(&folder))?;
            }
        }
    }
    Ok(roots)
}

async fn bootstrap(
    debootstrap: &Path,
    suite: &str,
    include: Option<&str>,
    target: &Path,
    debs: &Path,
) -> Result<(), ToolError> {
    // Packages of a suite of its own: names are the same in both.
    let debs = debs.join(suite);
    std::fs::create_dir_all(&debs).map_err(ToolError::file(&debs))?;
    // In namespaces of its own: what it mounts goes with it, and so do its children when it is killed.
    let mut command = Command::new("unshare");
    command.args(["--mount", "--pid", "--fork", "--kill-child", "--"]).arg(debootstrap);
    command.arg("--variant=minbase").arg(format!("--cache-dir={}", debs.display()));
    command.args(include).arg(suite).arg(target);
    // A mirror that is nearer, or an archive, for who needs one.
    if let Some(mirror) = std::env::var_os("ROOTWATCH_DEBIAN_MIRROR") {
        command.arg(mirror);
    }
    tools::run(command).await.map(drop)
}
