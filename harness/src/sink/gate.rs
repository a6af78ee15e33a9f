//! A service that cannot be reached at first and can be later: nobody listens on its port, or its certificate is not
//! trusted yet.

use std::net::SocketAddr;
use std::sync::Arc;

use rustls::ServerConfig;
use tokio::net::TcpSocket;
use tokio::task::JoinHandle;

use super::{Mailboxes, SinkError, server};
use crate::scenario::Connection;

/// A port of its own.
#[derive(Debug)]
pub(super) struct Gate {
    address: SocketAddr,
    fault: Option<Connection>,
    door: Door,
}

#[derive(Debug)]
enum Door {
    /// The port is taken, and nobody listens: connections are refused.
    Shut(TcpSocket),
    /// Somebody answers.
    Served(Served),
}

/// The task of a server, which ends with this.
#[derive(Debug)]
struct Served(JoinHandle<()>);

impl Drop for Served {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// With `SO_REUSEADDR`, since connections to a port that was served before may still be ending.
fn socket(address: SocketAddr) -> Result<TcpSocket, SinkError> {
    let failed = |error| SinkError::new(format!("cannot bind {address}: {error}"));
    let socket = TcpSocket::new_v4().map_err(failed)?;
    socket.set_reuseaddr(true).map_err(failed)?;
    socket.bind(address).map_err(failed)?;
    Ok(socket)
}

impl Gate {
    /// A gate at a free port that refuses, or that shows a stranger's certificate.
    pub(super) fn new(
        connection: Connection,
        stranger: Arc<ServerConfig>,
        mailboxes: Mailboxes,
    ) -> Result<Self, SinkError> {
        let socket = socket(SocketAddr::from(([127, 0, 0, 1], 0)))?;
        let address = socket.local_addr().map_err(SinkError::new)?;
        let door = match connection {
            Connection::Untrusted => {
                Door::Served(Served(server::serve(stranger, mailboxes, socket.listen(64).map_err(SinkError::new)?)))
            }
            _ => Door::Shut(socket),
        };
        Ok(Self { address, fault: Some(connection), door })
    }

    /// The fault that a connection meets; none once the gate is open.
    pub(super) fn fault(&self) -> Option<Connection> {
        self.fault
    }

    /// Where it is: `IP:PORT`.
    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// From now on it answers as the sink does.
    pub(super) async fn open(self, tls: Arc<ServerConfig>, mailboxes: Mailboxes) -> Result<Self, SinkError> {
        let Self { address, door, .. } = self;
        let socket = match door {
            // Never released, so that nobody else can take the port before it is served.
            Door::Shut(socket) => socket,
            Door::Served(mut server) => {
                // The listener goes with its task.
                server.0.abort();
                let _ = (&mut server.0).await;
                socket(address)?
            }
        };
        let listener = socket.listen(64).map_err(SinkError::new)?;
        Ok(Self { address, fault: None, door: Door::Served(Served(server::serve(tls, mailboxes, listener))) })
    }
}
