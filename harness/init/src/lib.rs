//! The program that LocalStack starts first in a function's container.
//!
//! LocalStack brings a program of its own, which it downloads; where nothing can be downloaded, this one takes its place.
//! It hosts the Lambda Runtime API for the function (the same code as in the embedded cloud) and reports to LocalStack how runs
//! end. The protocol, read in LocalStack 4.14.0's `executor_endpoint.py`:
//!
//! - `POST …/status/<id>/ready` once the function waits for work, or `…/status/<id>/error` with the error;
//! - LocalStack sends `POST :9563/invoke`, one at a time, and goes on at once;
//! - the end of a run: `POST …/invocations/<invoke-id>/logs`, then `…/response` or `…/error`.
//!
//! Reading order: [`Settings`] (what LocalStack hands over in the environment), `invoke` (what it asks for), [`serve`] (the
//! life of the environment), `client` (telling LocalStack).

mod client;
mod invoke;
mod serve;
mod settings;

pub use invoke::Invoke;
pub use serve::{INVOKE_PORT, serve};
pub use settings::{Settings, SettingsError};
