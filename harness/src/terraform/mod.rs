//! Terraform, as the user would run it: found, given a provider, driven, and nothing hidden.

mod binary;
mod command;
mod composition;
mod error;
mod mirror;
mod overlay;

pub use binary::{Binary, find};
pub use command::{Run, Workspace};
pub use composition::{Composition, HubInputs, composition};
pub use error::TerraformError;
pub use mirror::{Mirror, discover};
pub use overlay::apply_overlay;

/// The provider version that the harness applies with, pinned by a lock file.
pub const PROVIDER_VERSION: &str = "5.100.0";
