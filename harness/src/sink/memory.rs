//! The sink for functions in this process.

use std::sync::PoisonError;

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::body::SdkBody;
use rootwatch_cloud::time::Time;

use super::server::{Drip, Reply, reply};
use super::{Gates, Mailboxes};
use crate::functions::{Outside, Request, Responding, response};
use crate::scenario::Connection;

/// A [`super::Sink`] without sockets.
#[derive(Clone, Debug)]
pub struct SinkInMemory {
    pub(super) address: String,
    pub(super) untrusted: String,
    pub(super) mailboxes: Mailboxes,
    pub(super) gates: Gates,
}

impl SinkInMemory {
    /// The fault that a connection to an address meets before TLS is established.
    fn connection_fault(&self, authority: &str) -> Option<Connection> {
        if authority == self.address {
            return None;
        }
        if authority == self.untrusted {
            return Some(Connection::Untrusted);
        }
        let gates = self.gates.lock().unwrap_or_else(PoisonError::into_inner);
        let gate = gates.values().flatten().find(|gate| gate.address().to_string() == authority);
        gate.map_or(Some(Connection::Refused), super::Gate::fault)
    }

    async fn answer(self, request: Request) -> Result<HttpResponse, ConnectorError> {
        match self.connection_fault(&request.authority) {
            Some(Connection::Untrusted) => {
                return Err(ConnectorError::io("invalid peer certificate: UnknownIssuer".into()));
            }
            Some(_) => return Err(ConnectorError::io("tcp connect error: Connection refused (os error 111)".into())),
            None => {}
        }
        match reply(&self.mailboxes, &request.path, request.authorization.as_deref(), &request.body) {
            Reply::Answer { status, headers, body } => response(status, &headers, SdkBody::from(body)),
            Reply::Hang => std::future::pending().await,
            Reply::Drip => response(200, &[], SdkBody::from_body_1_x(Drip::new())),
            Reply::Close => Err(ConnectorError::io("connection closed before message completed".into())),
        }
    }
}

impl Outside for SinkInMemory {
    fn respond(&self, request: Request, _: Time) -> Responding {
        Box::pin(self.clone().answer(request))
    }
}
