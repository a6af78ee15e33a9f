//! Errors of SNS, in AWS's words.

use crate::api::ApiError;
use crate::id::Arn;

/// `InvalidParameter`, with AWS's prefix. [V] LS:sns/test_sns.snapshot.json
pub(super) fn invalid(reason: impl std::fmt::Display) -> ApiError {
    ApiError::new("InvalidParameter", format!("Invalid parameter: {reason}"))
}

/// [V] ::test_empty_or_wrong_message_attributes
pub(super) fn value_invalid(message: impl Into<String>) -> ApiError {
    ApiError::new("ParameterValueInvalid", message)
}

/// [V] ::test_unknown_topic_publish
pub(super) fn no_topic() -> ApiError {
    ApiError::new("NotFound", "Topic does not exist").status(404)
}

/// [V] ::test_get_subscription_attributes_error_not_exists
pub(super) fn no_subscription() -> ApiError {
    ApiError::new("NotFound", "Subscription does not exist").status(404)
}

/// Reads an ARN; `member` is named in the refusal. [V] ::test_publish_wrong_arn_format
pub(super) fn arn(text: &str, member: &str) -> Result<Arn, ApiError> {
    let elements = text.split(':').count();
    if elements < 6 {
        return Err(invalid(format!("{member} Reason: An ARN must have at least 6 elements, not {elements}")));
    }
    Arn::parse(text).filter(|arn| arn.service() == "sns").ok_or_else(|| invalid(member))
}
