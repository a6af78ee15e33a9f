//! The `rootwatch` command; see the library for what it does.

use clap::Parser;
use rootwatch::cli::{Cli, Exit, main as run};

fn main() -> std::io::Result<Exit> {
    let cli = Cli::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let exit = runtime.block_on(run(cli));
    // What still blocks (Terraform, after Ctrl-C) is not waited for: it ends with this process.
    runtime.shutdown_background();
    Ok(exit)
}
