//! DynamoDB: nothing yet. Every operation is refused by name.

use serde::{Deserialize, Serialize};

use crate::api::Operation;

/// State of the service.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct State {}

/// Operations of the service.
pub const OPERATIONS: &[Operation] = &[];
