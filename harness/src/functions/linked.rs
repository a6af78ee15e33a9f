//! Which packages hold the handler code that is linked into this binary.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use rootwatch_runtime::platform::ConfigurationError;
use rootwatch_runtime::{Handler, Invocation, InvocationError, Local, Platform};

use crate::packages::FUNCTIONS;

/// The packages whose code is linked into this binary: SHA-256 (hex) of the zip, and the name of the function.
#[derive(Clone, Debug, Default)]
pub struct Linked(Arc<BTreeMap<String, &'static str>>);

impl Linked {
    /// The packages of [`FUNCTIONS`], by the digests of their zips in the same order.
    pub fn new(digests: impl IntoIterator<Item = String>) -> Self {
        Self(Arc::new(digests.into_iter().zip(FUNCTIONS).collect()))
    }

    /// Returns true if no package is linked.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn name(&self, package: &str) -> Option<&'static str> {
        self.0.get(package).copied()
    }
}

/// Returns true if this binary was compiled with the handlers' sources of this digest.
pub(crate) fn are_linked(sources: &str) -> bool {
    sources == env!("ROOTWATCH_HANDLERS_DIGEST")
}

type Invoking<'a> = Pin<Box<dyn Future<Output = (Result<String, InvocationError>, Vec<String>)> + Send + 'a>>;

/// An instance of a function, whatever its handler.
pub(super) trait Worker: Send + Sync {
    fn invoke<'a>(&'a self, payload: &'a str, invocation: Invocation) -> Invoking<'a>;
}

impl<H: Handler + Send + Sync> Worker for Local<H> {
    fn invoke<'a>(&'a self, payload: &'a str, invocation: Invocation) -> Invoking<'a> {
        Box::pin(Local::invoke(self, payload, invocation))
    }
}

/// Creates an instance of one of [`FUNCTIONS`].
pub(super) fn worker(name: &str, platform: Result<Platform, ConfigurationError>) -> Arc<dyn Worker> {
    match name {
        "triage" => Arc::new(Local::new(platform, rootwatch_triage::Triage::new)),
        "slack" => Arc::new(Local::new(platform, rootwatch_slack::Slack::new)),
        "coverage" => Arc::new(Local::new(platform, rootwatch_coverage::Coverage::new)),
        "pagerduty" => Arc::new(Local::new(platform, rootwatch_pagerduty::PagerDuty::new)),
        _ => Arc::new(Local::new(platform, rootwatch_email::Email::new)),
    }
}
