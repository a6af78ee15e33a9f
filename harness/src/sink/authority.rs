//! A certificate authority, and the server certificate that it signs: for one run, or kept in a folder for functions
//! whose host must trust the authority before the run.

use std::fs::OpenOptions;
use std::io::Write;
use std::net::IpAddr;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

use super::SinkError;

/// An authority and the certificate that it signed for the sink.
#[derive(Debug)]
pub struct Identity {
    authority: String,
    certificate: CertificateDer<'static>,
    key: PrivatePkcs8KeyDer<'static>,
}

impl Identity {
    /// A new one, for these names or addresses in addition to loopback's.
    pub(super) fn create(addresses: &[IpAddr]) -> Result<Self, SinkError> {
        let mut authority = CertificateParams::new(Vec::<String>::new()).map_err(SinkError::new)?;
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().map_err(SinkError::new)?;
        let authority = CertifiedIssuer::self_signed(authority, key).map_err(SinkError::new)?;
        let server_key = KeyPair::generate().map_err(SinkError::new)?;
        let mut names = vec!["127.0.0.1".to_owned(), "localhost".to_owned()];
        names.extend(addresses.iter().map(ToString::to_string));
        let server = CertificateParams::new(names).map_err(SinkError::new)?;
        let server = server.signed_by(&server_key, &authority).map_err(SinkError::new)?;
        Ok(Self {
            authority: authority.pem(),
            certificate: server.der().clone(),
            key: PrivatePkcs8KeyDer::from(server_key.serialize_der()),
        })
    }

    /// The one that is kept in a folder, or a new one that is kept there from now on: whoever starts functions can be
    /// given its authority once.
    ///
    /// # Errors
    /// When the folder cannot be written to.
    pub fn kept(folder: &Path, addresses: &[IpAddr]) -> Result<Self, SinkError> {
        let names: Vec<String> = addresses.iter().map(ToString::to_string).collect();
        let names = names.join("\n");
        let known = std::fs::read_to_string(folder.join("names")).is_ok_and(|known| known == names);
        if known && let Some(identity) = Self::read(folder) {
            return Ok(identity);
        }
        let identity = Self::create(addresses)?;
        let failed = |error| SinkError::new(format!("{}: {error}", folder.display()));
        std::fs::create_dir_all(folder).map_err(failed)?;
        std::fs::write(Self::authority_file(folder), &identity.authority).map_err(failed)?;
        std::fs::write(folder.join("server.der"), &identity.certificate).map_err(failed)?;
        let key = OpenOptions::new().create(true).truncate(true).write(true).mode(0o600).open(folder.join("key.der"));
        key.and_then(|mut key| key.write_all(identity.key.secret_pkcs8_der())).map_err(failed)?;
        std::fs::write(folder.join("names"), names).map_err(failed)?;
        Ok(identity)
    }

    /// Where the authority of a folder is, for `SSL_CERT_FILE`.
    pub fn authority_file(folder: &Path) -> PathBuf {
        folder.join("authority.pem")
    }

    fn read(folder: &Path) -> Option<Self> {
        let authority = std::fs::read_to_string(Self::authority_file(folder)).ok()?;
        CertificateDer::from_pem_slice(authority.as_bytes()).ok()?;
        let certificate = std::fs::read(folder.join("server.der")).ok()?.into();
        let key = PrivatePkcs8KeyDer::from(std::fs::read(folder.join("key.der")).ok()?);
        let identity = Self { authority, certificate, key };
        identity.tls().is_ok().then_some(identity)
    }

    /// The authority, PEM.
    pub(super) fn authority(&self) -> &str {
        &self.authority
    }

    /// The TLS set-up of the server.
    pub(super) fn tls(&self) -> Result<Arc<ServerConfig>, SinkError> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(SinkError::new)?
            .with_no_client_auth()
            .with_single_cert(vec![self.certificate.clone()], PrivateKeyDer::from(self.key.clone_key()))
            .map_err(SinkError::new)?;
        Ok(Arc::new(config))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kept_authority_is_the_same_the_next_time() {
        let folder = tempfile::tempdir().unwrap();
        let gateway: IpAddr = "172.30.0.1".parse().unwrap();
        let first = Identity::kept(folder.path(), &[gateway]).unwrap();
        let second = Identity::kept(folder.path(), &[gateway]).unwrap();
        assert_eq!(first.authority, second.authority);
        let other = Identity::kept(folder.path(), &[]).unwrap();
        assert_ne!(first.authority, other.authority, "another address needs another certificate");
    }
}
