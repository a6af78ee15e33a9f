//! A certificate authority for one run, and the server certificate that it signs.

use std::io::Write;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

use super::SinkError;

/// The authority as a PEM file, and the TLS set-up of the server.
pub(super) fn create() -> Result<(tempfile::NamedTempFile, Arc<ServerConfig>), SinkError> {
    let mut authority = CertificateParams::new(Vec::<String>::new()).map_err(SinkError::new)?;
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().map_err(SinkError::new)?;
    let authority = CertifiedIssuer::self_signed(authority, key).map_err(SinkError::new)?;
    let server_key = KeyPair::generate().map_err(SinkError::new)?;
    let server =
        CertificateParams::new(vec!["127.0.0.1".to_owned(), "localhost".to_owned()]).map_err(SinkError::new)?;
    let server = server.signed_by(&server_key, &authority).map_err(SinkError::new)?;
    let mut file = tempfile::NamedTempFile::new().map_err(SinkError::new)?;
    file.write_all(authority.pem().as_bytes()).map_err(SinkError::new)?;
    let private = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(server_key.serialize_der()));
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(SinkError::new)?
        .with_no_client_auth()
        .with_single_cert(vec![server.der().clone()], private)
        .map_err(SinkError::new)?;
    Ok((file, Arc::new(config)))
}
