//! Where Slack and PagerDuty are in a test: an HTTPS endpoint of the harness, on loopback, with a certificate
//! authority of its own that the functions' host hands to the functions.

mod authority;
mod server;

use std::collections::{HashMap, VecDeque};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use serde::Serialize;
use serde_json::Value;
use tokio::task::JoinHandle;

use crate::scenario::{Connection, Fault, Faults};

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

/// What belongs to one scenario's fork.
#[derive(Debug, Default)]
struct Mailbox {
    received: Vec<Received>,
    faults: HashMap<String, VecDeque<Fault>>,
}

impl Mailbox {
    /// The fault that the next request to an alerter meets.
    fn next_fault(&mut self, alerter: &str) -> Option<Fault> {
        let faults = self.faults.get_mut(alerter)?;
        let fault = faults.front_mut()?;
        let met = fault.clone();
        if let Some(left) = &mut fault.times {
            *left = left.saturating_sub(1);
            if *left == 0 {
                faults.pop_front();
            }
        }
        Some(met)
    }
}

/// By name.
type Mailboxes = Arc<Mutex<HashMap<String, Mailbox>>>;

/// The running sink.
#[derive(Debug)]
pub struct Sink {
    address: String,
    /// The certificate authority, PEM, for `SSL_CERT_FILE`.
    authority: tempfile::NamedTempFile,
    mailboxes: Mailboxes,
    opened: AtomicU64,
    /// The address of a server whose authority nobody knows.
    untrusted: String,
    servers: [JoinHandle<()>; 2],
}

impl Drop for Sink {
    fn drop(&mut self) {
        for server in &self.servers {
            server.abort();
        }
    }
}

impl Sink {
    /// Starts it on a free port.
    pub async fn start() -> Result<Self, SinkError> {
        let (authority, tls) = authority::create()?;
        let mailboxes = Mailboxes::default();
        let (address, server) = server::start(tls, Arc::clone(&mailboxes)).await?;
        let (_, unknown) = authority::create()?;
        let (untrusted, other) = server::start(unknown, Arc::clone(&mailboxes)).await?;
        let opened = AtomicU64::new(0);
        Ok(Self { address, authority, mailboxes, opened, untrusted, servers: [server, other] })
    }

    /// The name of a mailbox that nobody else has: the same scenario may run twice at once.
    pub fn open_mailbox(&self) -> String {
        format!("fork-{}", self.opened.fetch_add(1, Ordering::Relaxed))
    }

    /// The URL that stands for an alerter's service, with a mailbox of its own.
    pub fn url(&self, mailbox: &str, alerter: &str) -> String {
        format!("https://{}/{mailbox}/{alerter}", self.address)
    }

    /// What Slack's secret holds for a bot whose `chat.postMessage` stands under this URL of Slack.
    pub fn bot_secret(slack: &str) -> Value {
        serde_json::json!({
            "bot_token": server::BOT_TOKEN, "channel": server::BOT_CHANNEL, "api_url": format!("{slack}/chat.postMessage"),
        })
    }

    /// The same, for a service whose connections fail as said.
    pub fn broken_url(&self, mailbox: &str, alerter: &str, connection: Option<Connection>) -> String {
        match connection {
            // Port 1 (tcpmux) is nobody's today.
            Some(Connection::Refused) => format!("https://127.0.0.1:1/{mailbox}/{alerter}"),
            Some(Connection::Untrusted) => format!("https://{}/{mailbox}/{alerter}", self.untrusted),
            _ => self.url(mailbox, alerter),
        }
    }

    /// What shall go wrong for a mailbox; no faults repair everything.
    pub fn set_faults(&self, mailbox: &str, faults: &Faults) {
        let faults =
            faults.iter().map(|(alerter, faults)| (alerter.name().to_owned(), faults.iter().cloned().collect()));
        let mut mailboxes = self.mailboxes.lock().unwrap_or_else(PoisonError::into_inner);
        mailboxes.entry(mailbox.to_owned()).or_default().faults = faults.collect();
    }

    /// The file with the certificate authority.
    pub fn authority(&self) -> PathBuf {
        self.authority.path().to_path_buf()
    }

    /// Takes what came into a mailbox.
    pub fn take(&self, mailbox: &str) -> Vec<Received> {
        self.mailboxes
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get_mut(mailbox)
            .map(|mailbox| std::mem::take(&mut mailbox.received))
            .unwrap_or_default()
    }
}
