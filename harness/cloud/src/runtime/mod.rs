//! What happens outside the state: functions run as processes behind a Lambda Runtime API. The state asks for it by an
//! [`Effect`] and is told how it ended.
//!
//! Reading order: [`effect`](Effect) (what is asked), [`code`](CodeStore) (unpacked packages), [`host`](Host) (the
//! functions of one fork), `environment` (one process and its Runtime API), `api` (that API), `exit` (how AWS words the end
//! of a process), `spawner` and [`ending_with_parent`] (processes that cannot outlive this one).

mod api;
mod code;
mod effect;
mod environment;
mod exit;
mod host;
mod parent_death;
mod spawner;

#[cfg(test)]
mod tests;

pub use code::{CodeError, CodeStore};
pub use effect::{Completion, Effect, Environment, Invocation, InvocationResult};
pub use host::{Host, HostOptions};
pub use parent_death::ending_with_parent;
