//! Where Slack and PagerDuty are in a test: an HTTPS endpoint of the harness, on loopback, with a certificate
//! authority of its own that the functions' host hands to the functions.

mod authority;
mod server;

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use serde::Serialize;
use serde_json::Value;
use tokio::task::JoinHandle;

/// Why there is no sink.
#[derive(Debug, thiserror::Error)]
#[error("could not start the HTTPS sink: {what}")]
pub struct SinkError {
    what: String,
}

impl SinkError {
    pub(crate) fn new(what: impl std::fmt::Display) -> Self {
        Self { what: what.to_string() }
    }
}

/// A request that an alerter made.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Received {
    /// `slack` or `pagerduty`.
    pub alerter: String,
    /// Its body; a text where it is not JSON.
    pub body: Value,
}

/// Requests by mailbox (one for each scenario's fork).
type Mailboxes = Arc<Mutex<HashMap<String, Vec<Received>>>>;

/// The running sink.
#[derive(Debug)]
pub struct Sink {
    address: String,
    /// The certificate authority, PEM, for `SSL_CERT_FILE`.
    authority: tempfile::NamedTempFile,
    mailboxes: Mailboxes,
    server: JoinHandle<()>,
}

impl Drop for Sink {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Sink {
    /// Starts it on a free port.
    pub async fn start() -> Result<Self, SinkError> {
        let (authority, tls) = authority::create()?;
        let mailboxes = Mailboxes::default();
        let (address, server) = server::start(tls, Arc::clone(&mailboxes)).await?;
        Ok(Self { address, authority, mailboxes, server })
    }

    /// The URL that stands for an alerter's service, with a mailbox of its own.
    pub fn url(&self, mailbox: &str, alerter: &str) -> String {
        format!("https://{}/{mailbox}/{alerter}", self.address)
    }

    /// The file with the certificate authority.
    pub fn authority(&self) -> PathBuf {
        self.authority.path().to_path_buf()
    }

    /// Takes what came into a mailbox.
    pub fn take(&self, mailbox: &str) -> Vec<Received> {
        self.mailboxes.lock().unwrap_or_else(PoisonError::into_inner).remove(mailbox).unwrap_or_default()
    }
}
