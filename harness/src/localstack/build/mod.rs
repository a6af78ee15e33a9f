//! `rootwatch localstack build`: the image where no container registry can be reached, from PyPI and Debian.
//!
//! LocalStack comes from PyPI in the exact versions of `harness/localstack/requirements.lock`, everything under it from
//! Debian. LocalStack pulls the image of a function's runtime from a registry each time, so the image carries a registry
//! (Debian's `docker-registry`) that has one image in it: Debian bullseye, in the place of Amazon Linux 2023.

mod assemble;
mod rootfs;
mod scratch;

use std::path::PathBuf;

use super::prepare::blocking;
use super::{Availability, Engine, Image, LocalStackError, availability, built_tag, removal};
use crate::layout::Layout;
use crate::report::Progress;
use crate::tools::{self, ToolError};

pub(super) use assemble::CHANGES;
pub(super) use rootfs::{REGISTRY_SETTINGS, SETTINGS, UNDER_LOCALSTACK};

/// Why there is no image.
#[derive(Debug, thiserror::Error)]
pub enum ImageError {
    /// Docker.
    #[error(transparent)]
    LocalStack(#[from] LocalStackError),
    /// A tool.
    #[error(transparent)]
    Tool(#[from] ToolError),
    /// What functions' containers start with.
    #[error(transparent)]
    Packages(#[from] crate::packages::BuildError),
    /// A root file system is made by root only.
    #[error("a Debian root file system can be made by root only: run `sudo env PATH=$PATH {program} localstack build`")]
    NotRoot {
        /// This program.
        program: String,
    },
}

/// What was done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Built {
    /// Name and tag.
    pub tag: String,
    /// Whether it was there already.
    pub found: bool,
}

/// Builds the image, and what its functions' containers start with, unless they are there.
///
/// # Errors
/// In words that say what is missing and what installs it; nothing half-made is left.
pub async fn build(layout: &Layout, progress: &Progress) -> Result<Built, ImageError> {
    let engine = Engine::connect().await?;
    let tag = built_tag();
    let folder = layout.cache.join("localstack");
    std::fs::create_dir_all(&folder).map_err(LocalStackError::file(&folder))?;
    let lock = folder.join("build.lock");
    let waiting = progress.clone();
    let _lock = blocking(move || {
        let file = std::fs::File::create(&lock).map_err(LocalStackError::file(&lock))?;
        if file.try_lock().is_err() {
            waiting.stage("waiting for another build of the same image");
            file.lock().map_err(LocalStackError::file(&lock))?;
        }
        Ok(file)
    })
    .await?;
    let found = availability::look(&engine).await == Availability::Ready(Image::Built(tag.clone()));
    if !found {
        image(layout, &engine, &tag, progress).await?;
    }
    for old in removal::prune(&engine, &tag).await? {
        progress.line(&format!("removed the image {old}: it is of another lock file or recipe than these sources"));
    }
    // Compiled now, so that the first run need not.
    let glibc = Image::Built(tag.clone()).glibc();
    crate::packages::init_program(layout, glibc, progress).await?;
    Ok(Built { tag, found })
}

async fn image(layout: &Layout, engine: &Engine, tag: &str, progress: &Progress) -> Result<(), ImageError> {
    if !rustix::process::geteuid().is_root() {
        let program = std::env::current_exe().unwrap_or_else(|_| PathBuf::from("rootwatch"));
        return Err(ImageError::NotRoot { program: program.display().to_string() });
    }
    let debootstrap = tools::of_debian("debootstrap", &["debootstrap", "debian-archive-keyring"], progress).await?;
    let docker = tools::of_debian("docker", &["docker.io"], progress).await?;
    let uv = tools::uv(layout, progress).await?;
    let scratch = scratch::Scratch::new(&layout.cache.join("localstack"))?;
    progress.stage("fetching Debian trixie, Debian bullseye, and LocalStack from PyPI");
    let debs = layout.cache.join("localstack").join("debs");
    std::fs::create_dir_all(&debs).map_err(ToolError::file(&debs))?;
    let roots = rootfs::make(&debootstrap, &uv, scratch.path(), &debs).await?;
    progress.stage("making images of them");
    assemble::assemble(engine, &docker, &roots, tag).await
}
