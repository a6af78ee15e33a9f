//! What happens outside the state: functions run as processes behind a Lambda Runtime API. The state asks for it by an
//! [`Effect`] and is told how it ended.
//!
//! Reading order: [`effect`](Effect) (what is asked), [`code`](CodeStore) (unpacked packages), [`host`](Host) (the
//! functions of one fork). A process and its Runtime API are a crate of their own, `rootwatch-environment`. `post`
//! makes a request to an HTTP endpoint.

mod code;
mod effect;
mod host;
mod post;

#[cfg(test)]
mod tests;

pub use code::{CodeError, CodeStore};
pub use effect::{Effect, Environment, Invocation, Post};
pub use host::{Host, HostOptions};
pub(crate) use post::post;
pub use rootwatch_environment::{Completion, InvocationResult, Language, ending_with_parent};
