//! Lambda's errors.

use crate::api::ApiError;
use crate::id::Arn;

/// A parameter does not do.
pub(super) fn invalid(message: impl Into<String>) -> ApiError {
    ApiError::new("InvalidParameterValueException", message)
}

/// Something is not there.
pub(super) fn not_found(message: impl Into<String>) -> ApiError {
    ApiError::new("ResourceNotFoundException", message).status(404)
}

/// The function is not there. [V] LS:lambda_/test_lambda_api
pub(super) fn no_function(function: &Arn) -> ApiError {
    not_found(format!("Function not found: {function}"))
}

/// Something is there already, or in use.
pub(super) fn conflict(message: impl Into<String>) -> ApiError {
    ApiError::new("ResourceConflictException", message).status(409)
}

/// The caller's revision is not the last. [V] LS:lambda_/test_lambda_api
pub(super) fn stale(operation: &str) -> ApiError {
    ApiError::new(
        "PreconditionFailedException",
        format!(
            "The RevisionId provided does not match the latest RevisionId. Call the {operation} API to retrieve the \
             latest RevisionId for your resource."
        ),
    )
    .status(412)
}

/// What AWS does and this cloud does not: refused by name.
pub(super) fn unsupported(what: &str) -> ApiError {
    ApiError::new(
        "NotImplemented",
        format!("rootwatch: the embedded cloud does not implement {what} (see harness/cloud/OPERATIONS.md)"),
    )
    .status(501)
}
