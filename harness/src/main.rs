//! The `rootwatch` command; see the library for what it does.

use clap::Parser;
use rootwatch::cli::{Cli, Exit, main as run};

#[tokio::main]
async fn main() -> Exit {
    run(Cli::parse()).await
}
