//! Requests of the state to the world outside.

use std::sync::Arc;

use rootwatch_environment::Language;
use serde::{Deserialize, Serialize};

use crate::id::Arn;
use crate::services::lambda::Origin;
use crate::services::sns::Purpose;

/// Something that the edge must do and report back.
#[derive(Clone, Debug)]
pub enum Effect {
    /// Run a function once; the end is reported by [`crate::services::lambda::completed`].
    Invoke(Box<Invocation>),
    /// Make an HTTP request; its answer is reported by [`crate::services::sns::posted`].
    Post(Box<Post>),
    /// A function's code or configuration changed, or it is gone: its processes must end.
    Retire(Arn),
    /// Keep a package: it is unpacked under its digest, and stays when the function goes, for other forks have it too.
    StoreCode {
        /// SHA-256 (hex) of the zip.
        sha256: String,
        /// The zip, already checked.
        zip: Arc<[u8]>,
    },
}

/// A request to an HTTP endpoint.
#[derive(Clone, Debug)]
pub struct Post {
    /// Where to.
    pub url: String,
    /// With AWS's headers.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: String,
    /// How the links of the body begin that lead to AWS: here they must lead to this cloud.
    pub links: String,
    /// What it is for.
    pub purpose: Purpose,
}

/// One run of a function.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Invocation {
    /// The same for all retries of an asynchronous event.
    pub request_id: String,
    /// The function, unqualified.
    pub function: Arn,
    /// What it is given, JSON.
    pub payload: String,
    /// Epoch milliseconds of virtual time at which the invocation times out.
    pub deadline_ms: i64,
    /// The time that it is given, seconds (real time for the process).
    pub timeout_seconds: u32,
    /// What its process needs.
    pub environment: Environment,
    /// Who asked, and what to do with the result.
    pub origin: Origin,
}

/// What a function's process needs to start.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Environment {
    /// SHA-256 (hex) of the package; the code store has it unpacked under this name.
    pub code_sha256: String,
    /// What runs the package: its own `bootstrap`, or a language's runtime.
    #[serde(default)]
    pub language: Language,
    /// Environment variables, AWS's own and the function's.
    pub variables: Vec<(String, String)>,
}
