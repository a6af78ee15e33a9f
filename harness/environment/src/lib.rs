//! A Lambda execution environment: a function's process, its Runtime API and its output.
//!
//! The embedded cloud runs its functions in it, and so does the program that LocalStack starts in a function's container
//! (`harness/init`).
//!
//! Reading order: [`Job`] and [`Completion`] (what is asked and how it ended), [`Process`] (one process), `api` (its
//! Runtime API), `memory` (how much it may hold), [`exit`] (how AWS words its end), [`Spawner`] and
//! [`ending_with_parent`] (processes that cannot outlive this one), [`elf`] (what an executable needs in order to start).

mod api;
pub mod elf;
pub mod exit;
mod job;
mod memory;
mod parent_death;
mod process;
mod spawner;

pub use job::{Completion, InvocationResult, Job, Language, Program};
pub use parent_death::ending_with_parent;
pub use process::{Process, Ran};
pub use spawner::Spawner;
