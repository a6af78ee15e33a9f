//! The services, each with its state, its operations and the work that it schedules.

pub mod account;
pub mod cloudtrail;
pub mod cloudwatch;
pub mod dynamodb;
pub mod events;
pub mod iam;
pub mod kms;
pub mod lambda;
pub mod logs;
pub mod organizations;
pub mod s3;
pub mod secretsmanager;
pub mod sns;
pub mod sqs;
pub mod sts;

mod delivery;
mod digest;
mod tag;

pub use delivery::DeliveryError;
