//! What can go wrong with Terraform.

use std::path::PathBuf;

/// Why Terraform did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum TerraformError {
    /// There is none, and none may be fetched, or none is known for this machine.
    #[error(
        "neither `terraform` nor `tofu` was found on PATH: install Terraform 1.5 or newer \
         (https://developer.hashicorp.com/terraform/install) or OpenTofu, or set ROOTWATCH_TERRAFORM to the binary; \
         {why}"
    )]
    NotFound {
        /// Why it is not fetched.
        why: &'static str,
    },
    /// It could not be fetched.
    #[error(
        "Terraform is not here, and {url} could not be fetched: {reason}; install Terraform 1.5 or newer \
         (https://developer.hashicorp.com/terraform/install) or OpenTofu, or set ROOTWATCH_TERRAFORM to the binary"
    )]
    Fetch {
        /// What was asked for.
        url: String,
        /// What went wrong.
        reason: String,
    },
    /// What was fetched is not what is pinned. It is not kept.
    #[error(
        "{url} is not what was published: expected the checksum (SHA-256) {expected}, found {found}; nothing of it is kept. \
         Somebody on the way may have changed it: install Terraform yourself, or set ROOTWATCH_TERRAFORM to the binary"
    )]
    Checksum {
        /// What was asked for.
        url: String,
        /// The checksum that is pinned.
        expected: String,
        /// The checksum of what came.
        found: String,
    },
    /// There is no place to fetch it to.
    #[error("Terraform could not be fetched to {path}; set XDG_CACHE_HOME to a folder that can be written to")]
    FetchTo {
        /// Where.
        path: PathBuf,
        /// The system's reason.
        #[source]
        source: std::io::Error,
    },
    /// The provider would have to be fetched.
    #[error(
        "no mirror holds the AWS provider {version}, and --offline forbids to fetch it; fill one with `terraform providers \
         mirror DIR`, below /opt, /usr/share, /usr/local/share or the home directory"
    )]
    NoProvider {
        /// The version that is needed.
        version: String,
    },
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
    /// The variable names no version.
    #[error("ROOTWATCH_PROVIDER is `{found}`: expected a version of the AWS provider, like 5.100.0, or `newest`")]
    ProviderVersion {
        /// What it says.
        found: String,
    },
    /// An overlay names a file that is not below the tree.
    #[error("the overlay names `{path}`: it must be a relative path of a file below terraform/")]
    Overlay {
        /// What it names.
        path: String,
    },
}
