//! Secrets Manager: secrets with versions and stages.

mod operations;
mod secret;

use serde::{Deserialize, Serialize};

use crate::api::Operation;
use crate::id::Arn;
use crate::table::Table;

pub use secret::{Secret, Version};

/// State of the service: secrets by full ARN.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct State {
    secrets: Table<Arn, Secret>,
}

/// Operations of the service.
pub const OPERATIONS: &[Operation] = &[
    Operation::new("CreateSecret", operations::create_secret),
    Operation::noted("DeleteSecret", operations::delete_secret, "it stays until restored or forced"),
    Operation::new("DeleteResourcePolicy", operations::delete_resource_policy),
    Operation::new("DescribeSecret", operations::describe_secret),
    Operation::new("GetResourcePolicy", operations::get_resource_policy),
    Operation::new("GetSecretValue", operations::get_secret_value),
    Operation::noted("ListSecrets", operations::list_secrets, "one page, no filters"),
    Operation::new("PutResourcePolicy", operations::put_resource_policy),
    Operation::new("PutSecretValue", operations::put_secret_value),
    Operation::new("RestoreSecret", operations::restore_secret),
    Operation::new("TagResource", operations::tag_resource),
    Operation::new("UntagResource", operations::untag_resource),
    Operation::new("UpdateSecret", operations::update_secret),
];
