//! One table of operations: it drives the dispatch, the refusal of what is not implemented, and OPERATIONS.md.

mod call;
mod error;
mod service;
#[cfg(test)]
pub(crate) mod testing;

pub use call::{Call, Reply, lenient};
pub use error::ApiError;
pub use service::{Protocol, Service};

use crate::services::{
    account, cloudtrail, cloudwatch, dynamodb, events, iam, kms, lambda, logs, organizations, s3, secretsmanager, sns,
    sqs, sts,
};

/// What an operation does with a call.
pub type Handler = fn(&mut Call<'_>) -> Result<Reply, ApiError>;

/// An operation of a service.
#[derive(Clone, Copy, Debug)]
pub struct Operation {
    /// AWS's name, e.g. `PutEvents`.
    pub name: &'static str,
    /// Does it.
    pub handler: Handler,
    /// What is left out or special, for OPERATIONS.md; empty when nothing is.
    pub notes: &'static str,
}

impl Operation {
    /// An operation without notes.
    pub const fn new(name: &'static str, handler: Handler) -> Self {
        Self { name, handler, notes: "" }
    }
    /// An operation with a note on what is left out.
    pub const fn noted(name: &'static str, handler: Handler, notes: &'static str) -> Self {
        Self { name, handler, notes }
    }
}

/// The operations of a service.
pub fn operations(service: Service) -> &'static [Operation] {
    match service {
        Service::Account => account::OPERATIONS,
        Service::CloudTrail => cloudtrail::OPERATIONS,
        Service::CloudWatch => cloudwatch::OPERATIONS,
        Service::DynamoDb => dynamodb::OPERATIONS,
        Service::EventBridge => events::OPERATIONS,
        Service::Iam => iam::OPERATIONS,
        Service::Kms => kms::OPERATIONS,
        Service::Lambda => lambda::OPERATIONS,
        Service::Logs => logs::OPERATIONS,
        Service::Organizations => organizations::OPERATIONS,
        Service::S3 => s3::OPERATIONS,
        Service::SecretsManager => secretsmanager::OPERATIONS,
        Service::Sns => sns::OPERATIONS,
        Service::Sqs => sqs::OPERATIONS,
        Service::Sts => sts::OPERATIONS,
    }
}

/// Carries out a call. An operation that is not in the table is refused by name, never silently accepted.
pub fn dispatch(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    account::refuse_disabled(call)?;
    match operations(call.service).iter().find(|operation| operation.name == call.operation) {
        Some(operation) => (operation.handler)(call),
        None => Err(ApiError::not_implemented(call.service, &call.operation)),
    }
}
