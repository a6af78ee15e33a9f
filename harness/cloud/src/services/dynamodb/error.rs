//! DynamoDB's errors: a `__type` with the service's namespace, and perhaps the item that a condition met.

use serde_json::{Value, json};

use crate::api::ApiError;

/// An error with the namespace that AWS writes before its name.
fn named(namespace: &str, code: &str, message: impl Into<String>) -> ApiError {
    let mut error = ApiError::new(code, message);
    error.members.push(("__type".into(), json!(format!("{namespace}#{code}"))));
    error
}

/// One of the service's own errors. [D] Programming.Errors
pub(super) fn service(code: &str, message: impl Into<String>) -> ApiError {
    named("com.amazonaws.dynamodb.v20120810", code, message)
}

/// A request that is wrong in itself.
pub(super) fn validation(message: impl Into<String>) -> ApiError {
    named("com.amazon.coral.validate", "ValidationException", message)
}

/// There is no such table. [D] Programming.Errors
pub(super) fn no_table() -> ApiError {
    service("ResourceNotFoundException", "Requested resource not found")
}

/// A condition did not hold; `item` is what it met, where the caller asked for it. [D] API_PutItem
pub(super) fn condition_failed(item: Option<Value>) -> ApiError {
    let mut error = service("ConditionalCheckFailedException", "The conditional request failed");
    error.members.extend(item.map(|item| ("Item".into(), item)));
    error
}
