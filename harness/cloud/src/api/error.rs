//! Errors as AWS shapes them; the wire decides how they are written.

use std::fmt;

use serde_json::Value;

use super::Service;

/// An error answer of the API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiError {
    /// HTTP status.
    pub status: u16,
    /// AWS's error code, e.g. `ResourceNotFoundException`.
    pub code: String,
    /// AWS's text.
    pub message: String,
    /// Further members of a JSON error body, e.g. Lambda's `Type`.
    pub members: Vec<(String, Value)>,
}

impl ApiError {
    /// An error of the caller, HTTP 400.
    pub fn new(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self { status: 400, code: code.into(), message: message.into(), members: Vec::new() }
    }
    /// The same with another HTTP status.
    pub fn status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }
    /// `ValidationException`, the JSON services' word for bad input.
    pub fn validation(message: impl Into<String>) -> Self {
        Self::new("ValidationException", message)
    }
    /// The loud refusal of what this cloud does not do.
    pub fn not_implemented(service: Service, operation: &str) -> Self {
        Self::new(
            "NotImplemented",
            format!(
                "rootwatch: the embedded cloud does not implement {}:{operation}; it covers the path of a \
                 root event and refuses the rest (see harness/cloud/OPERATIONS.md)",
                service.name()
            ),
        )
        .status(501)
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.message)
    }
}

impl std::error::Error for ApiError {}
