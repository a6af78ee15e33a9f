//! Requests and answers as bytes: credential scopes, JSON, the Query protocol, XML, Lambda's REST paths.
//!
//! Signatures are not checked (any secret key is good); the credential scope has the caller, the Region and the service.

mod answer;
mod cbor;
mod credential;
mod query;
mod request;
mod rest_xml;
mod xml;

pub use answer::{Answer, error, reply};
pub use credential::CredentialScope;
pub use request::{Decoded, HttpRequest, decode};
