//! Functions as code of this process, instead of processes: for what runs ten thousand times. The same cloud, the same
//! policies, the same API, without sockets and without real time.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Weak};

use super::Inner;
use crate::runtime::{Completion, Invocation};
use crate::time::Time;
use crate::wire::{Answer, HttpRequest};

/// Runs functions in this process.
pub trait InProcess: fmt::Debug + Send + Sync {
    /// Runs a function once. What it asks of AWS it asks at `endpoint`.
    fn invoke(
        self: Arc<Self>,
        invocation: Invocation,
        endpoint: Endpoint,
    ) -> Pin<Box<dyn Future<Output = Completion> + Send>>;
}

/// The cloud's endpoint, without HTTP.
#[derive(Clone, Debug)]
pub struct Endpoint(Weak<Inner>);

impl Endpoint {
    pub(super) fn of(inner: &Arc<Inner>) -> Self {
        Self(Arc::downgrade(inner))
    }

    /// Answers a request; none once the cloud is gone.
    pub async fn answer(&self, request: &HttpRequest) -> Option<Answer> {
        let inner = self.0.upgrade()?;
        Some(inner.answer(request).await)
    }

    /// The moment of virtual time.
    pub fn now(&self) -> Option<Time> {
        Some(self.0.upgrade()?.lock().now)
    }
}
