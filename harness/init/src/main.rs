//! The first program in a function's container on LocalStack; see the library.

use std::net::{Ipv4Addr, SocketAddr};
use std::process::ExitCode;

use rootwatch_init::{INVOKE_PORT, Settings, serve};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            #[expect(clippy::print_stderr, reason = "the container's log is where it is looked for")]
            {
                eprintln!("rootwatch-init: {error}");
            }
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), Box<dyn std::error::Error>> {
    // The first process of a container gets no signal that it does not ask for.
    let mut terminate = signal(SignalKind::terminate())?;
    let settings = Settings::read(std::env::vars())?;
    let listener = TcpListener::bind(SocketAddr::from((Ipv4Addr::UNSPECIFIED, INVOKE_PORT))).await?;
    tokio::select! {
        served = serve(settings, listener) => Ok(served?),
        _ = terminate.recv() => Ok(()),
    }
}
