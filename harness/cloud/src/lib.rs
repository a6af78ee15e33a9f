//! The embedded cloud: an AWS endpoint in this process that does what AWS does on the path of a root event.
//!
//! Narrow and deep: only the services on that way, but those with their policies, retries and errors.
//! Every rule of behaviour names its source in the code that models it and in a test: `[V]` observed on AWS,
//! `[D]` documented, `[R]` AWS's published engine, `[T]` reported by others, `[?]` a default of ours.
//!
//! Reading order: [`id`] and [`state`] (what there is), [`api`] (one table of operations), [`authz`] (who may),
//! [`task`] (what happens later), [`trace`] (what happened), the services, and at the edge [`cloud`], [`server`]
//! and [`runtime`], the only places that know tokio, sockets and processes.

pub mod api;
pub mod assumptions;
pub mod authz;
pub mod cloud;
pub mod id;
pub mod runtime;
pub mod saved;
pub mod server;
pub mod services;
pub mod state;
pub mod table;
pub mod task;
pub mod time;
pub mod trace;
pub mod usage;
pub mod wire;

pub use assumptions::Assumptions;
pub use cloud::{Clock, Cloud, CloudError, Options};
pub use id::{AccountId, Arn, Region};
pub use state::State;

/// Changes whenever a source file of this crate does: a saved state belongs to the build that made it.
pub const FINGERPRINT: &str = env!("ROOTWATCH_CLOUD_FINGERPRINT");
