//! Building for an older glibc than this machine's: `cargo zigbuild`, with the linker of Zig, both from PyPI.

use std::path::PathBuf;
use std::process::Command;

use sha2::{Digest, Sha256};

use super::target::Recipe;
use crate::layout::Layout;
use crate::report::Progress;
use crate::tools::{self, ToolError};

const LOCK: &str = include_str!("../../localstack/zigbuild.lock");

/// Where `cargo-zigbuild` and Zig are.
#[derive(Clone, Debug)]
pub(super) struct Zig {
    folder: PathBuf,
}

impl Zig {
    /// A `cargo` that has the subcommand `zigbuild`.
    pub(super) fn cargo(&self, cargo: &str) -> Command {
        // cargo's own way to a subcommand, which then starts cargo.
        let mut command = Command::new(self.folder.join("bin").join("cargo-zigbuild"));
        command.env("CARGO_ZIGBUILD_ZIG_PATH", self.folder.join("ziglang").join("zig")).env("CARGO", cargo);
        command
    }
}

/// A build for this machine's instruction set and a glibc.
pub(super) fn recipe((major, minor): super::Glibc) -> Recipe {
    let triple = format!("{}-unknown-linux-gnu", std::env::consts::ARCH);
    let arguments = ["zigbuild", "--target", &format!("{triple}.{major}.{minor}")].map(str::to_owned).to_vec();
    Recipe { arguments, folder: format!("{triple}/lambda") }
}

/// Those that are in the cache.
pub(super) fn kept(layout: &Layout) -> Option<Zig> {
    Some(Zig { folder: folder(layout) }).filter(|zig| zig.folder.is_dir())
}

fn folder(layout: &Layout) -> PathBuf {
    layout.cache.join("tools").join(format!("zig-{}", crate::deployment::hex(&Sha256::digest(LOCK)[..6])))
}

/// Brings them into the cache, unless they are there.
pub(super) async fn zig(layout: &Layout, progress: &Progress) -> Result<Zig, ToolError> {
    if let Some(zig) = kept(layout) {
        return Ok(zig);
    }
    let (parent, folder) = (layout.cache.join("tools"), folder(layout));
    let uv = tools::uv(layout, progress).await?;
    progress.stage("getting the linker for an older glibc (cargo-zigbuild and Zig, 385 MB)");
    std::fs::create_dir_all(&parent).map_err(ToolError::file(&parent))?;
    let fresh = tempfile::tempdir_in(&parent).map_err(ToolError::file(&parent))?;
    tools::python_packages(&uv, LOCK, fresh.path(), &[]).await?;
    match std::fs::rename(fresh.path(), &folder) {
        Ok(()) => drop(fresh.keep()),
        // Somebody else was quicker.
        Err(_) if folder.is_dir() => {}
        Err(error) => return Err(ToolError::file(&folder)(error)),
    }
    Ok(Zig { folder })
}
