//! Errors of a service that another could not deliver to.

use std::fmt;

/// Why a delivery from one service to another failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeliveryError {
    /// The callee's error code, e.g. `AWS.SimpleQueueService.NonExistentQueue`, `AuthorizationError`, `KMSAccessDenied`.
    pub code: String,
    /// The callee's text.
    pub message: String,
    /// Whether trying again could help; a missing permission or resource is final.
    pub retriable: bool,
}

impl DeliveryError {
    /// An error that stays: a missing permission, a missing resource.
    pub fn permanent(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self { code: code.into(), message: message.into(), retriable: false }
    }
    /// An error that may pass.
    pub fn transient(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self { code: code.into(), message: message.into(), retriable: true }
    }
}

impl fmt::Display for DeliveryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.message)
    }
}

impl std::error::Error for DeliveryError {}
