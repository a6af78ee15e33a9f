//! Building the handlers with cargo.

use std::path::PathBuf;
use std::process::Command;

use super::FUNCTIONS;
use super::target::{Recipe, Target, Tools};
use super::zig::{self, Zig};
use crate::layout::Layout;

/// Why there are no packages.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// cargo could not be started.
    #[error("could not start `{program}` to build the handlers: install Rust from https://rustup.rs, or set CARGO")]
    Start {
        /// What was tried.
        program: String,
        /// The system's reason.
        #[source]
        source: std::io::Error,
    },
    /// The build failed.
    #[error("the handlers did not build; repeat it with `{command}`:\n{output}")]
    Failed {
        /// The command that failed.
        command: String,
        /// The end of what the compiler said.
        output: String,
    },
    /// Something is missing for a target.
    #[error("{target} cannot be built here: {what}; help: `{fix}`")]
    Target {
        /// The target.
        target: &'static str,
        /// What is missing.
        what: String,
        /// The command that fixes it.
        fix: String,
    },
    /// A file could not be read.
    #[error("could not read the handler binary {path}")]
    Read {
        /// Which file.
        path: PathBuf,
        /// The system's reason.
        #[source]
        source: std::io::Error,
    },
    /// A file could not be written.
    #[error("could not write {path}; set ROOTWATCH_CACHE to a folder that can be written to")]
    Write {
        /// Which file.
        path: PathBuf,
        /// The system's reason.
        #[source]
        source: std::io::Error,
    },
    /// A binary that was brought along does not start where it shall run.
    #[error(
        "{path} needs glibc {needs}, but the functions' image has {has}: build it for an older one (`cargo zigbuild`)"
    )]
    TooNew {
        /// Which file.
        path: PathBuf,
        /// The version that it needs.
        needs: String,
        /// The version that is there.
        has: String,
    },
    /// A binary does not start in Lambda.
    #[error(
        "{path} needs glibc {needs}, but Lambda's runtime has {has}: it would not start there; build it with `{fix}`, then \
         build with `--target`"
    )]
    NotForLambda {
        /// Which file.
        path: PathBuf,
        /// The version that it needs.
        needs: String,
        /// The version that is there.
        has: String,
        /// The command that fixes it.
        fix: &'static str,
    },
    /// A tool of the build.
    #[error(transparent)]
    Tool(#[from] crate::tools::ToolError),
    /// The zip could not be made.
    #[error("could not make the package")]
    Zip(#[from] zip::result::ZipError),
}

/// The cargo that builds.
pub fn cargo() -> String {
    std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned())
}

/// The binaries, in the order of [`FUNCTIONS`], for this machine or for a target.
pub(super) fn build(layout: &Layout, target: Option<Target>) -> Result<Vec<PathBuf>, BuildError> {
    // Test hooks and packagers may bring binaries of their own.
    if let Some(directory) = prebuilt() {
        return Ok(FUNCTIONS.iter().map(|name| directory.join(format!("rootwatch-{name}"))).collect());
    }
    // What LocalStack's containers need runs everywhere: where its linker is there, one build serves both clouds.
    let zig = zig::kept(layout).filter(|_| target.is_none());
    let recipe = match (target, &zig) {
        (None, Some(_)) => zig::recipe(crate::localstack::BUILT_GLIBC),
        (None, None) => Recipe { arguments: vec!["build".to_owned()], folder: "lambda".to_owned() },
        (Some(target), _) => target.recipe(&Tools::here(&cargo()))?,
    };
    let compile = |recipe| compile(layout, &handlers(), recipe, zig.as_ref());
    match target {
        None => layout.once("functions", || compile(recipe)),
        Some(_) => compile(recipe),
    }
}

/// The binaries of the handlers.
pub(super) fn handlers() -> Vec<String> {
    FUNCTIONS.iter().map(|name| format!("rootwatch-{name}")).collect()
}

/// Where binaries are that this build did not make.
pub(super) fn prebuilt() -> Option<PathBuf> {
    std::env::var_os("ROOTWATCH_HANDLERS").map(PathBuf::from)
}

/// Compiles binaries of the workspace as they are deployed, with this machine's linker or with Zig's of the cache.
pub(super) fn compile(
    layout: &Layout,
    names: &[String],
    recipe: Recipe,
    zig: Option<&Zig>,
) -> Result<Vec<PathBuf>, BuildError> {
    let program = cargo();
    let mut arguments = recipe.arguments;
    let recipe_length = arguments.len();
    arguments.extend(["--profile", "lambda", "--locked"].map(str::to_owned));
    if layout.offline {
        arguments.push("--offline".to_owned());
    }
    for name in names {
        arguments.extend(["-p".to_owned(), name.clone()]);
    }
    let mut command = match zig {
        None => Command::new(&program),
        Some(zig) => zig.cargo(&program),
    };
    command.args(&arguments).current_dir(&layout.project);
    // The build of the caller must not leak into this one (a test runs under cargo itself).
    for (key, _) in std::env::vars().filter(|(key, _)| key.starts_with("CARGO_PKG_") || key == "CARGO_MANIFEST_DIR") {
        command.env_remove(key);
    }
    let start = |source| BuildError::Start { program: program.clone(), source };
    if zig.is_some() {
        // cargo-zigbuild would not say which program is missing.
        Command::new(&program).arg("--version").output().map_err(start)?;
    }
    let output = command.output().map_err(start)?;
    if !output.status.success() {
        let text = String::from_utf8_lossy(&output.stderr);
        let tail: Vec<&str> = text.lines().rev().take(60).collect();
        // The linker of the cache is not on anybody's PATH, and what does not compile does not by any linker.
        let command = match zig {
            None => format!("cargo {}", arguments.join(" ")),
            Some(_) => format!("cargo build {}", arguments[recipe_length..].join(" ")),
        };
        return Err(BuildError::Failed { command, output: tail.into_iter().rev().collect::<Vec<_>>().join("\n") });
    }
    let folder = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| layout.project.join("target"), PathBuf::from);
    Ok(names.iter().map(|name| folder.join(&recipe.folder).join(name)).collect())
}
