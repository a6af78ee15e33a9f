//! A genuine LocalStack 4.14.0 in a container, started and owned by the harness.
//!
//! Two images are known: one that [`build`] makes from PyPI and Debian where no container registry can be reached, and the
//! official one. [`availability`] says which is there, and touches nothing. [`prepare`] makes the network of a run, so that
//! the place of the sink is known; [`Prepared::start`] starts the containers, or finds those that another process of the same
//! test run has started. Whatever way the run ends, its [`janitor`] removes what it left.
//!
//! Reading order: [`Availability`], [`Prepared`], [`LocalStack`], `owner` (whose containers they are), `lease` (who uses them),
//! `removal`, [`janitor`], [`build`].

mod availability;
pub mod build;
mod container;
mod engine;
mod error;
mod image;
pub mod janitor;
mod lease;
mod owner;
mod prepare;
mod removal;
mod vitals;

pub use availability::{Availability, availability, availability_blocking, required};
pub use container::{Exclusive, LocalStack};
pub use engine::Engine;
pub use error::LocalStackError;
pub(crate) use image::BUILT_GLIBC;
pub use image::{Image, OFFICIAL, VERSION, built_tag};
pub use prepare::{Prepared, prepare};
pub use vitals::Vitals;
