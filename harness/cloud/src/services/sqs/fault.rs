//! Errors of SQS: the JSON protocol names a shape, the Query protocol an older code; JSON answers carry both.

use crate::api::{ApiError, Protocol};

/// An error before it is known on which protocol it goes out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// One of SQS's own errors.
    Sqs {
        /// The code of the Query protocol, e.g. `AWS.SimpleQueueService.NonExistentQueue`.
        code: &'static str,
        /// The shape of the JSON protocol, e.g. `QueueDoesNotExist`.
        shape: &'static str,
        /// The text.
        message: String,
        /// HTTP status.
        status: u16,
    },
    /// Any other.
    Api(ApiError),
}

impl From<ApiError> for Fault {
    fn from(error: ApiError) -> Self {
        Fault::Api(error)
    }
}

impl Fault {
    pub(super) fn new(code: &'static str, shape: &'static str, message: impl Into<String>) -> Self {
        Fault::Sqs { code, shape, message: message.into(), status: 400 }
    }

    /// [V] LS:sqs/test_non_existent_queue
    pub(super) fn no_queue() -> Self {
        Self::new("AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist", "The specified queue does not exist.")
    }

    /// [V] LS:sqs/test_send_empty_message
    pub(super) fn missing(parameter: &str) -> Self {
        Self::new(
            "MissingParameter",
            "MissingRequiredParameterException",
            format!("The request must contain the parameter {parameter}."),
        )
    }

    pub(super) fn invalid_value(message: impl Into<String>) -> Self {
        Self::new("InvalidParameterValue", "InvalidParameterValueException", message)
    }

    /// [V] LS:sqs/test_send_receive_wait_time_seconds
    pub(super) fn invalid_parameter(value: impl std::fmt::Display, parameter: &str, reason: &str) -> Self {
        Self::invalid_value(format!("Value {value} for parameter {parameter} is invalid. Reason: {reason}"))
    }

    /// [V] LS:sqs/test_set_unsupported_attribute_standard
    pub(super) fn unknown_attribute(name: &str) -> Self {
        Self::new("InvalidAttributeName", "InvalidAttributeName", format!("Unknown Attribute {name}."))
    }

    /// [T] e.g. hashicorp/terraform-provider-aws, which retries on this text
    pub(super) fn invalid_attribute(name: &str) -> Self {
        Self::new("InvalidAttributeValue", "InvalidAttributeValue", format!("Invalid value for the parameter {name}."))
    }

    /// [V] LS:sqs/test_delete_message_with_illegal_receipt_handle
    pub(super) fn receipt_handle(handle: &str) -> Self {
        Self::new(
            "ReceiptHandleIsInvalid",
            "ReceiptHandleIsInvalid",
            format!("The input receipt handle \"{handle}\" is not a valid receipt handle."),
        )
    }

    /// Code, text, and whose fault, for an entry of a batch answer.
    pub(super) fn entry(&self) -> (String, String, bool) {
        match self {
            Fault::Sqs { code, message, status, .. } => ((*code).to_owned(), message.clone(), *status < 500),
            Fault::Api(error) => (error.code.clone(), error.message.clone(), error.status < 500),
        }
    }

    /// The error as the protocol writes it.
    pub(super) fn into_api(self, protocol: Protocol) -> ApiError {
        match self {
            Fault::Api(error) => error,
            Fault::Sqs { code, message, status, .. } if protocol == Protocol::Query => {
                // The older text. [V] LS:sqs/test_non_existent_queue
                let message = if code == "AWS.SimpleQueueService.NonExistentQueue" {
                    "The specified queue does not exist for this wsdl version.".to_owned()
                } else {
                    message
                };
                let mut error = ApiError::new(code, message).status(status);
                error.members.push(("Detail".into(), "".into()));
                error
            }
            Fault::Sqs { code, shape, message, status } => {
                let mut error = ApiError::new(code, message).status(status);
                error.members.push(("__type".into(), format!("com.amazonaws.sqs#{shape}").into()));
                error
            }
        }
    }
}
