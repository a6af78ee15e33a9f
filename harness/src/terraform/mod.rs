//! Terraform, as the user would run it: found, given a provider, driven, and nothing hidden.

mod binary;
mod command;
mod composition;
mod error;
mod fetch;
mod mirror;
mod overlay;
mod stop;

pub use binary::{Binary, find, obtain};
pub(crate) use command::copy_tree;
pub use command::{PlannedChange, Run, Workspace};
pub use composition::{Composition, GENERATED_ROOT, HubInputs, composition};
pub use error::TerraformError;
pub use fetch::{Release, TERRAFORM_VERSION, fetch, fetched_path};
pub use mirror::{Mirror, discover, mirror_or_registry};
pub use overlay::apply_overlay;
pub use stop::{Stop, end_all, is_ending};

/// The provider version that the harness applies with, pinned by a lock file.
pub const PROVIDER_VERSION: &str = "5.100.0";

/// In `ROOTWATCH_PROVIDER`: whatever the registry has, within the modules' constraint.
const NEWEST: &str = "newest";

/// The version that is applied with: [`PROVIDER_VERSION`], or the one that `ROOTWATCH_PROVIDER` names, or `newest`.
pub fn provider_version() -> String {
    let named = std::env::var("ROOTWATCH_PROVIDER").ok().filter(|named| !named.is_empty());
    named.unwrap_or_else(|| PROVIDER_VERSION.to_owned())
}
