//! Where Slack and PagerDuty are in a test: an HTTPS endpoint of the harness, on loopback, with a certificate
//! authority of its own that the functions' host hands to the functions.

mod authority;
mod gate;
mod memory;
mod server;

use std::collections::{HashMap, VecDeque};
use std::io::Write;
use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use serde::Serialize;
use serde_json::Value;
use tokio::task::JoinHandle;

pub use authority::Identity;
use gate::Gate;
pub use memory::SinkInMemory;

use crate::scenario::{Connection, Fault, Faults};

/// An address where nothing listens: port 1 (tcpmux) is in no use today.
const REFUSES: &str = "127.0.0.1:1";

/// The mailbox of a cloud that cannot fork: whose a request is follows from what it says.
pub const SHARED: &str = "shared";

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

/// All mailboxes.
#[derive(Debug, Default)]
struct Boxes {
    by_name: HashMap<String, Mailbox>,
    /// What in a request to the shared mailbox names another: an event id that one scenario alone has.
    marks: Vec<(String, String)>,
}

impl Boxes {
    /// The mailbox of a request.
    fn of(&mut self, name: &str, body: &str) -> &mut Mailbox {
        let marked = || self.marks.iter().find(|(mark, _)| body.contains(mark.as_str())).map(|(_, name)| name.clone());
        let name = if name == SHARED { marked() } else { None }.unwrap_or_else(|| name.to_owned());
        self.by_name.entry(name).or_default()
    }
}

type Mailboxes = Arc<Mutex<Boxes>>;

/// What opens later, by mailbox.
type Gates = Arc<Mutex<HashMap<String, Vec<Gate>>>>;

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
    /// The certificates: the sink's own, and a stranger's.
    tls: [Arc<rustls::ServerConfig>; 2],
    /// What opens later, by mailbox.
    gates: Gates,
}

impl Drop for Sink {
    fn drop(&mut self) {
        for server in &self.servers {
            server.abort();
        }
    }
}

impl Sink {
    /// Starts it on a free port, with an authority of its own.
    pub async fn start() -> Result<Self, SinkError> {
        Self::start_at(&Identity::create(&[])?, IpAddr::V4(Ipv4Addr::LOCALHOST), 0).await
    }

    /// Starts it on an address that functions reach: loopback's, or the gateway's of a network of containers.
    pub async fn start_at(identity: &Identity, address: IpAddr, port: u16) -> Result<Self, SinkError> {
        let mailboxes = Mailboxes::default();
        let tls = identity.tls()?;
        let (address, server) = server::start(Arc::clone(&tls), Arc::clone(&mailboxes), (address, port)).await?;
        let unknown = Identity::create(&[address.ip()])?.tls()?;
        let (untrusted, other) = server::start(Arc::clone(&unknown), Arc::clone(&mailboxes), (address.ip(), 0)).await?;
        let mut authority = tempfile::NamedTempFile::new().map_err(SinkError::new)?;
        authority.write_all(identity.authority().as_bytes()).map_err(SinkError::new)?;
        let opened = AtomicU64::new(0);
        let (address, untrusted) = (address.to_string(), untrusted.to_string());
        let (servers, tls) = ([server, other], [tls, unknown]);
        Ok(Self { address, authority, mailboxes, opened, untrusted, servers, tls, gates: Gates::default() })
    }

    /// The same sink for functions in this process: same addresses, mailboxes and faults, without sockets.
    pub fn in_memory(&self) -> SinkInMemory {
        SinkInMemory {
            address: self.address.clone(),
            untrusted: self.untrusted.clone(),
            mailboxes: Arc::clone(&self.mailboxes),
            gates: Arc::clone(&self.gates),
        }
    }

    /// Where it listens: `IP:PORT`.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// From now on a request to the shared mailbox that contains the mark belongs to this one.
    pub fn mark(&self, mark: &str, mailbox: &str) {
        let mut mailboxes = self.mailboxes.lock().unwrap_or_else(PoisonError::into_inner);
        mailboxes.marks.push((mark.to_owned(), mailbox.to_owned()));
    }

    /// The name of a mailbox that nobody else has: the same scenario may run twice at once.
    pub fn open_mailbox(&self) -> String {
        format!("fork-{}", self.opened.fetch_add(1, Ordering::Relaxed))
    }

    /// The URL that replaces an alerter's service, with a mailbox of its own.
    pub fn url(&self, mailbox: &str, alerter: &str) -> String {
        format!("https://{}/{mailbox}/{alerter}", self.address)
    }

    /// The value of Slack's secret for a bot whose `chat.postMessage` is below this URL of Slack.
    pub fn bot_secret(slack: &str) -> Value {
        serde_json::json!({
            "bot_token": server::BOT_TOKEN, "channel": server::BOT_CHANNEL, "api_url": format!("{slack}/chat.postMessage"),
        })
    }

    /// The same, for a service whose connections fail as said.
    pub fn broken_url(&self, mailbox: &str, alerter: &str, connection: Option<Connection>) -> String {
        match connection {
            Some(Connection::Refused) => format!("https://{REFUSES}/{mailbox}/{alerter}"),
            Some(Connection::Untrusted) => format!("https://{}/{mailbox}/{alerter}", self.untrusted),
            _ => self.url(mailbox, alerter),
        }
    }

    /// The same, for a service that cannot be reached until [`Sink::open_gates`].
    pub fn gate(&self, mailbox: &str, alerter: &str, connection: Connection) -> Result<String, SinkError> {
        let gate = Gate::new(connection, Arc::clone(&self.tls[1]), Arc::clone(&self.mailboxes))?;
        let url = format!("https://{}/{mailbox}/{alerter}", gate.address());
        self.gates.lock().unwrap_or_else(PoisonError::into_inner).entry(mailbox.to_owned()).or_default().push(gate);
        Ok(url)
    }

    /// From now on the gates of a mailbox answer.
    pub async fn open_gates(&self, mailbox: &str) -> Result<(), SinkError> {
        let shut = self.gates.lock().unwrap_or_else(PoisonError::into_inner).remove(mailbox);
        for gate in shut.unwrap_or_default() {
            let gate = gate.open(Arc::clone(&self.tls[0]), Arc::clone(&self.mailboxes)).await?;
            self.gates.lock().unwrap_or_else(PoisonError::into_inner).entry(mailbox.to_owned()).or_default().push(gate);
        }
        Ok(())
    }

    /// What shall go wrong for a mailbox; no faults repair everything.
    pub fn set_faults(&self, mailbox: &str, faults: &Faults) {
        // A gate does by itself what it does.
        let met = |faults: &Vec<Fault>| faults.iter().filter(|fault| fault.minutes.is_none()).cloned().collect();
        let faults = faults.iter().map(|(alerter, faults)| (alerter.name().to_owned(), met(faults)));
        let mut mailboxes = self.mailboxes.lock().unwrap_or_else(PoisonError::into_inner);
        mailboxes.by_name.entry(mailbox.to_owned()).or_default().faults = faults.collect();
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
            .by_name
            .get_mut(mailbox)
            .map(|mailbox| std::mem::take(&mut mailbox.received))
            .unwrap_or_default()
    }
}
