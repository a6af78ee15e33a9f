//! The `rootwatch` command; see the library for what it does.

use clap::Parser;
use rootwatch::cli::{Cli, Exit, main as run, usage_error};

fn main() -> std::io::Result<Exit> {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return Ok(usage_error(&error)),
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let exit = runtime.block_on(run(cli));
    // Tasks are dropped, and temporary files with them; whatever still blocks ends with this process.
    runtime.shutdown_timeout(std::time::Duration::from_secs(2));
    Ok(exit)
}
