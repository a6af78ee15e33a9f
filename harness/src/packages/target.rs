//! The architectures that Lambda runs on, and what a build for one needs.

use std::path::Path;
use std::process::Command;

use clap::ValueEnum;

use super::BuildError;

/// How cargo-zigbuild is had; zig links against the glibc of the runtime, whatever this machine has.
pub const ZIGBUILD: &str = "cargo install --locked cargo-zigbuild && pip install ziglang";

/// An instruction set of Lambda: Terraform's `architecture`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Target {
    /// Intel and AMD.
    #[value(name = "x86_64")]
    X86_64,
    /// Graviton.
    Arm64,
}

/// How a target is built.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Recipe {
    /// The arguments of cargo before `--profile`.
    pub(super) arguments: Vec<String>,
    /// The folder of the binaries below `target/`.
    pub(super) folder: String,
}

impl Target {
    fn triple(self) -> &'static str {
        match self {
            Self::X86_64 => "x86_64-unknown-linux-gnu",
            Self::Arm64 => "aarch64-unknown-linux-gnu",
        }
    }

    fn is_native(self) -> bool {
        cfg!(all(target_os = "linux", target_env = "gnu"))
            && match self {
                Self::X86_64 => cfg!(target_arch = "x86_64"),
                Self::Arm64 => cfg!(target_arch = "aarch64"),
            }
    }

    /// The way to build it here, or what is missing for that.
    pub(super) fn recipe(self, tools: &Tools) -> Result<Recipe, BuildError> {
        let triple = self.triple();
        let missing = |what: String, fix: String| BuildError::Target { target: triple, what, fix };
        if !tools.libraries.iter().any(|library| library == triple) {
            let what = format!("Rust's standard library for {triple} is not installed");
            return Err(missing(what, format!("rustup target add {triple}")));
        }
        match (tools.zigbuild, self.is_native()) {
            (true, _) => Ok(Recipe {
                arguments: vec![
                    "zigbuild".to_owned(),
                    "--target".to_owned(),
                    format!("{triple}.{}", super::version(super::LAMBDA_GLIBC)),
                ],
                folder: format!("{triple}/lambda"),
            }),
            // This machine's own compiler and C library; the latter may be newer than Lambda's.
            (false, true) => Ok(Recipe { arguments: vec!["build".to_owned()], folder: "lambda".to_owned() }),
            (false, false) => {
                let what = "cargo-zigbuild, which links for another architecture, is not installed".to_owned();
                Err(missing(what, ZIGBUILD.to_owned()))
            }
        }
    }
}

/// What this machine has.
#[derive(Clone, Debug)]
pub(super) struct Tools {
    zigbuild: bool,
    /// The targets whose standard library is installed.
    libraries: Vec<String>,
}

impl Tools {
    pub(super) fn here(cargo: &str) -> Self {
        let answer = |program: &str, arguments: &[&str]| {
            let output = Command::new(program).args(arguments).output().ok().filter(|output| output.status.success());
            output.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned())
        };
        let rustc = std::env::var("RUSTC").unwrap_or_else(|_| "rustc".to_owned());
        let libraries = answer(&rustc, &["--print", "sysroot"])
            .and_then(|sysroot| std::fs::read_dir(Path::new(&sysroot).join("lib/rustlib")).ok())
            .map(|entries| entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect());
        let zigbuild = answer(cargo, &["zigbuild", "--version"]).is_some();
        Self { zigbuild, libraries: libraries.unwrap_or_default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_target_needs() {
        let (native, other) = match Target::X86_64.is_native() {
            true => (Target::X86_64, Target::Arm64),
            false => (Target::Arm64, Target::X86_64),
        };
        let tools = |zigbuild, targets: &[Target]| Tools {
            zigbuild,
            libraries: targets.iter().map(|target| target.triple().to_owned()).collect(),
        };
        let said = |target: Target, tools| match target.recipe(&tools) {
            Ok(recipe) => recipe.arguments.join(" "),
            Err(error) => error.to_string(),
        };
        assert_eq!(said(native, tools(false, &[native])), "build");
        let pinned = format!("zigbuild --target {}.2.34", native.triple());
        assert_eq!(said(native, tools(true, &[native])), pinned);
        assert_eq!(said(other, tools(true, &[native, other])), pinned.replace(native.triple(), other.triple()));
        let add = format!("rustup target add {}", other.triple());
        for zigbuild in [true, false] {
            assert!(said(other, tools(zigbuild, &[native])).contains(&add));
        }
        assert!(said(other, tools(false, &[native, other])).contains(ZIGBUILD));
    }
}
