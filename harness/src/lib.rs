//! The harness of the root-user monitor: it starts a cloud, applies the genuine Terraform to it, injects recorded
//! root events and shows what reached the topics and the alerters.
//!
//! For a test of your own, [`monitor::Monitor`] is all that is needed; `harness/tests/library.rs` is such a test:
//!
//! ```no_run
//! # async fn test() -> Result<(), rootwatch::monitor::MonitorError> {
//! use rootwatch::monitor::Monitor;
//! use rootwatch::report::explain;
//!
//! // The default deployment; `deploy_root` takes a root module of your own.
//! let monitor = Monitor::deploy().await?;
//! let outcome = monitor.send(&serde_json::json!({"eventName": "ConsoleLogin" /* … */})).await?;
//! assert_eq!(outcome.alerts.login, 1, "{}", explain(&outcome, false));
//! # Ok(()) }
//! ```
//!
//! Reading order follows the stages of a run: [`packages`] (handlers built and zipped), [`terraform`] (found and
//! driven), [`localstack`] (a container of it), [`deployment`] (cloud seeded, Terraform applied, saved and reused),
//! [`functions`] (the handlers in this process), [`scenario`] (files), [`sink`] (Slack's and PagerDuty's place), [`runner`] (one scenario in its own fork), [`cloud`]
//! (the same on clouds that cannot fork), [`redrive`], [`mod@record`], [`mutants`] (the deployment
//! broken on purpose) and [`report`].

pub mod cli;
pub mod cloud;
pub mod coverage;
pub mod deployment;
pub mod functions;
pub mod layout;
pub mod localstack;
pub mod monitor;
pub mod mutants;
pub mod packages;
pub mod record;
pub mod redrive;
pub mod report;
pub mod runner;
pub mod scenario;
pub mod sink;
pub mod smoke;
pub mod terraform;
pub mod tools;
pub mod verify;

/// How many cores this process may use.
pub fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}
