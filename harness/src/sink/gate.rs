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
    /// The port is taken, and nobody listens: whoever connects is refused. Kept, so that the port stays taken.
    Shut(#[expect(dead_code, reason = "it is held, not read")] TcpSocket),
    /// Somebody answers.
    Served(JoinHandle<()>),
}

impl Drop for Gate {
    fn drop(&mut self) {
        if let Door::Served(server) = &self.door {
            server.abort();
        }
    }
}

fn socket(address: SocketAddr) -> Result<TcpSocket, SinkError> {
    let socket = TcpSocket::new_v4().map_err(SinkError::new)?;
    socket.set_reuseaddr(true).map_err(SinkError::new)?;
    socket.bind(address).map_err(SinkError::new)?;
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
                Door::Served(server::serve(stranger, mailboxes, socket.listen(64).map_err(SinkError::new)?))
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
        let address = self.address;
        // The listener goes with its task.
        if let Door::Served(server) = &self.door {
            server.abort();
            while !server.is_finished() {
                tokio::task::yield_now().await;
            }
        }
        drop(self);
        let listener = socket(address)?.listen(64).map_err(SinkError::new)?;
        Ok(Self { address, fault: None, door: Door::Served(server::serve(tls, mailboxes, listener)) })
    }
}
