//! `rootwatch package`.

use std::path::PathBuf;

use clap::Args;

use super::{Exit, complain, print};
use crate::layout::Layout;
use crate::packages::{FUNCTIONS, prepare, write_zip};
use crate::report::Progress;

/// Options of `package`.
#[derive(Debug, Args)]
pub(super) struct Package {
    /// The folder for the zips: Terraform's `packages_dir`
    #[arg(long, default_value = "dist")]
    out: PathBuf,
}

impl Package {
    pub(super) async fn execute(self) -> Exit {
        let progress = Progress::stderr();
        progress.stage("building the handlers");
        let packages = match tokio::task::block_in_place(|| prepare(&Layout::discover())) {
            Ok(packages) => packages,
            Err(error) => {
                progress.finish();
                complain(&crate::runner::chain(&error));
                return Exit::Environment;
            }
        };
        progress.finish();
        for name in FUNCTIONS {
            let file = format!("{name}.zip");
            let copied = std::fs::create_dir_all(&self.out)
                .and_then(|()| std::fs::read(packages.directory.join(&file)))
                .map_err(|error| error.to_string())
                .and_then(|bytes| {
                    let written = write_zip(&self.out.join(&file), &bytes);
                    written.map_err(|error| crate::runner::chain(&error)).map(|()| bytes.len())
                });
            match copied {
                Ok(size) => print(&format!("{} {size} bytes", self.out.join(&file).display())),
                Err(error) => {
                    complain(&format!("could not write {}: {error}", self.out.join(&file).display()));
                    return Exit::Environment;
                }
            }
        }
        Exit::Success
    }
}
