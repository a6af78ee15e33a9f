//! Secrets Manager: secrets with versions and stages.

mod describe;
mod list;
mod operations;
mod random_password;
mod resource_policy;
mod secret;
mod seed;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

use crate::api::Operation;
use crate::id::Arn;
use crate::table::Table;

pub use secret::{Secret, Version};
pub use seed::seed_secret;

/// State of the service: secrets by full ARN.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct State {
    secrets: Table<Arn, Secret>,
}

/// Operations of the service.
pub const OPERATIONS: &[Operation] = &[
    Operation::new("CreateSecret", operations::create_secret),
    Operation::noted("DeleteSecret", operations::delete_secret, "it stays until restored or forced"),
    Operation::new("DeleteResourcePolicy", resource_policy::delete_resource_policy),
    Operation::new("DescribeSecret", describe::describe_secret),
    Operation::new("GetRandomPassword", random_password::get_random_password),
    Operation::new("GetResourcePolicy", resource_policy::get_resource_policy),
    Operation::new("GetSecretValue", operations::get_secret_value),
    Operation::new("ListSecretVersionIds", describe::list_secret_version_ids),
    Operation::new("ListSecrets", list::list_secrets),
    Operation::new("PutResourcePolicy", resource_policy::put_resource_policy),
    Operation::new("PutSecretValue", operations::put_secret_value),
    Operation::new("RestoreSecret", operations::restore_secret),
    Operation::new("TagResource", operations::tag_resource),
    Operation::new("UntagResource", operations::untag_resource),
    Operation::new("UpdateSecret", operations::update_secret),
    Operation::new("UpdateSecretVersionStage", operations::update_secret_version_stage),
    Operation::new("ValidateResourcePolicy", resource_policy::validate_resource_policy),
];
