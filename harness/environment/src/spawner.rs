//! Starts processes that cannot outlive this one.
//!
//! An idle handler ends when the socket of its Runtime API closes; one that is busy, or hangs, would not notice. The
//! kernel's parent-death signal ends it in any case; where that cannot be had, the socket remains. The signal comes at the
//! end of the *thread* that started the process, so one thread starts them all and lives as long as the host.

use std::io;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::mpsc;

use tokio::process::{Child, Command};
use tokio::runtime::Handle;
use tokio::sync::oneshot;

use crate::parent_death::ending_with_parent;

/// A process to start.
#[derive(Debug)]
pub(super) struct Start {
    /// The program, absolute.
    pub(super) program: PathBuf,
    /// Its messages.
    pub(super) arguments: Vec<String>,
    /// Its working directory.
    pub(super) directory: PathBuf,
    /// All of its environment.
    pub(super) variables: Vec<(String, String)>,
}

type Order = (Start, Handle, oneshot::Sender<io::Result<Child>>);

/// The thread that starts processes. Dropping it ends the thread, and by that all that it started.
#[derive(Debug)]
pub struct Spawner {
    orders: mpsc::Sender<Order>,
}

impl Spawner {
    /// Starts the thread.
    ///
    /// # Errors
    /// The system has no thread left.
    pub fn new() -> io::Result<Self> {
        let (orders, receiver) = mpsc::channel::<Order>();
        std::thread::Builder::new().name("functions".into()).spawn(move || {
            for (start, runtime, answer) in receiver {
                let _entered = runtime.enter();
                // Whoever asked may have gone away: then the child is dropped here, and killed.
                let _ = answer.send(spawn(&start));
            }
        })?;
        Ok(Self { orders })
    }

    /// Starts a process.
    pub(super) async fn start(&self, start: Start) -> io::Result<Child> {
        let (answer, answered) = oneshot::channel();
        let gone = || io::Error::other("the thread that starts processes has ended");
        self.orders.send((start, Handle::current(), answer)).map_err(|_| gone())?;
        answered.await.map_err(|_| gone())?
    }
}

fn spawn(start: &Start) -> io::Result<Child> {
    Command::from(ending_with_parent(&start.program, "KILL"))
        .args(&start.arguments)
        .current_dir(&start.directory)
        .env_clear()
        .envs(start.variables.iter().map(|(name, value)| (name, value)))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
}
