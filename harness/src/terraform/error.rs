//! What can go wrong with Terraform.

use std::path::PathBuf;

/// Why Terraform did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum TerraformError {
    /// There is none.
    #[error(
        "neither `terraform` nor `tofu` was found on PATH: install Terraform 1.5 or newer \
         (https://developer.hashicorp.com/terraform/install) or OpenTofu, or set ROOTWATCH_TERRAFORM to the binary"
    )]
    NotFound,
    /// The environment variable names something that cannot be run.
    #[error("ROOTWATCH_TERRAFORM names {path}, which cannot be run: set it to a terraform or tofu binary")]
    NotRunnable {
        /// What it names.
        path: PathBuf,
        /// The system's reason.
        #[source]
        source: std::io::Error,
    },
    /// A file could not be written or copied.
    #[error(
        "could not prepare the Terraform workspace at {path}; set ROOTWATCH_CACHE to a folder that can be written to"
    )]
    Workspace {
        /// Where.
        path: PathBuf,
        /// The system's reason.
        #[source]
        source: std::io::Error,
    },
    /// A command failed.
    #[error("`{program} {stage}` failed:\n{output}\nthe full log is {log}")]
    Failed {
        /// Terraform or OpenTofu.
        program: String,
        /// `init`, `apply` …
        stage: String,
        /// Its errors.
        output: String,
        /// Where all of its output is.
        log: PathBuf,
    },
    /// An overlay names a file that is not below the tree.
    #[error("the overlay names `{path}`: it must be a relative path of a file below terraform/")]
    Overlay {
        /// What it names.
        path: String,
    },
}
