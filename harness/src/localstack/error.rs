//! What can go wrong with LocalStack.

use std::path::PathBuf;

use testcontainers::bollard;

/// Why there is no LocalStack, or no longer.
#[derive(Debug, thiserror::Error)]
pub enum LocalStackError {
    /// The environment lacks something; the words say what, and the command that fixes it.
    #[error("{0}")]
    NotAvailable(String),
    /// The Docker engine refused or did not answer.
    #[error("the Docker engine could not {what}")]
    Engine {
        /// What was asked of it.
        what: String,
        /// Its reason.
        #[source]
        source: Box<bollard::errors::Error>,
    },
    /// testcontainers could not start a container.
    #[error("could not start the container of {what}")]
    Container {
        /// `LocalStack` or `the registry`.
        what: &'static str,
        /// The reason.
        #[source]
        source: Box<testcontainers::TestcontainersError>,
    },
    /// The network of a run has no gateway on this machine.
    #[error("the Docker network {network} names no gateway: functions could not reach the sink of this machine")]
    NoGateway {
        /// The network.
        network: String,
    },
    /// The container ended, or did not become healthy.
    #[error("LocalStack did not become ready: {reason}; its last words:\n{log}")]
    NotReady {
        /// What was seen.
        reason: String,
        /// The end of its log.
        log: String,
    },
    /// The engine lists containers that it does not remove.
    #[error(
        "the Docker engine does not remove the containers of a run; `docker rm -f $(docker ps -aqf label={label})`"
    )]
    Stuck {
        /// The label that they carry.
        label: String,
    },
    /// A file of a run or of the cache.
    #[error("could not use {path}; set ROOTWATCH_CACHE to a folder that can be written to")]
    File {
        /// Which.
        path: PathBuf,
        /// The system's reason.
        #[source]
        source: std::io::Error,
    },
    /// The program that a function's container starts with.
    #[error(transparent)]
    Packages(#[from] crate::packages::BuildError),
    /// The process that removes what a killed run leaves could not be started.
    #[error("could not start {program}, which removes the containers whatever way this run ends")]
    Janitor {
        /// What was tried.
        program: PathBuf,
        /// The system's reason.
        #[source]
        source: std::io::Error,
    },
}

impl LocalStackError {
    pub(super) fn engine(what: impl Into<String>) -> impl FnOnce(bollard::errors::Error) -> Self {
        let what = what.into();
        move |source| Self::Engine { what, source: Box::new(source) }
    }

    pub(super) fn file(path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::File { path, source }
    }
}
