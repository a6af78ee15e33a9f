//! Why a target was not reached, in EventBridge's codes.

use super::target::Kind;
use crate::services::DeliveryError;

/// A failed attempt. [D] UG eb-rule-dlq lists the codes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Failure {
    pub(super) code: String,
    pub(super) message: String,
    pub(super) retriable: bool,
}

impl Failure {
    pub(super) fn permanent(code: &str, message: impl Into<String>) -> Self {
        Self { code: code.into(), message: message.into(), retriable: false }
    }

    /// Translates a target's error into EventBridge's code.
    pub(super) fn of(kind: Kind, error: DeliveryError) -> Self {
        let DeliveryError { code, message, retriable } = error;
        if kind == Kind::Queue && matches!(code.as_str(), "AccessDenied" | "AWS.SimpleQueueService.NonExistentQueue") {
            // A queue that refuses is indistinguishable from one that is not there. [V] dataGriff
            let text = format!(
                "The specified queue does not exist or you do not have access to it. (Service: AmazonSQS; Status Code: \
                 400; Error Code: AWS.SimpleQueueService.NonExistentQueue; cause: {message})"
            );
            return Self { code: "NO_RESOURCE".into(), message: text, retriable };
        }
        let translated = match code.as_str() {
            // Topics and functions: [?] in aws-semantics 1.7
            "AuthorizationError" | "AccessDenied" | "AccessDeniedException" => "NO_PERMISSIONS",
            "NotFound" | "ResourceNotFoundException" => "NO_RESOURCE",
            "TooManyRequestsException" | "ThrottlingException" | "Throttling" => "THROTTLING",
            "InvalidParameter" | "InvalidParameterValue" | "InvalidMessageContents" => "INVALID_PARAMETER",
            "FAILED_TO_ASSUME_ROLE" => "FAILED_TO_ASSUME_ROLE",
            code if code.starts_with("KMS") => "NO_PERMISSIONS",
            _ => "ERROR_FROM_TARGET",
        };
        let message = if translated == "FAILED_TO_ASSUME_ROLE" { message } else { format!("{code}: {message}") };
        Self { code: translated.into(), message, retriable }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes() {
        // dataGriff [V] for the queue; UG eb-rule-dlq [D] for the list of codes
        let cases = [
            (Kind::Queue, "AccessDenied", "NO_RESOURCE"),
            (Kind::Queue, "AWS.SimpleQueueService.NonExistentQueue", "NO_RESOURCE"),
            (Kind::Queue, "KMSAccessDenied", "NO_PERMISSIONS"),
            (Kind::Topic, "AuthorizationError", "NO_PERMISSIONS"),
            (Kind::Topic, "NotFound", "NO_RESOURCE"),
            (Kind::Function, "AccessDeniedException", "NO_PERMISSIONS"),
            (Kind::Function, "TooManyRequestsException", "THROTTLING"),
            (Kind::Bus, "FAILED_TO_ASSUME_ROLE", "FAILED_TO_ASSUME_ROLE"),
            (Kind::Function, "Something", "ERROR_FROM_TARGET"),
        ];
        for (kind, code, expected) in cases {
            let failure = Failure::of(kind, DeliveryError::permanent(code, "why"));
            assert_eq!(failure.code, expected, "{kind:?} {code}");
            assert!(failure.message.contains("why"), "{failure:?}");
        }
    }
}
