//! What happens outside the state: functions run as processes behind a Lambda Runtime API. The state asks for it by an
//! [`Effect`] and is told how it ended.
//!
//! Reading order: [`effect`](Effect) (what is asked), [`code`](CodeStore) (unpacked packages), [`host`](Host) (the
//! functions of one fork). A process and its Runtime API are a crate of their own, `rootwatch-environment`.

mod code;
mod effect;
mod host;

#[cfg(test)]
mod tests;

pub use code::{CodeError, CodeStore};
pub use effect::{Effect, Environment, Invocation};
pub use host::{Host, HostOptions};
pub use rootwatch_environment::{Completion, InvocationResult, ending_with_parent};
