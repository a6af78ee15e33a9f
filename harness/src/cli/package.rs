//! `rootwatch package`.

use std::path::PathBuf;

use clap::Args;

use super::{Exit, complain, print};
use crate::layout::Layout;
use crate::packages::{FUNCTIONS, Target, prepare_for_lambda, write_zip};
use crate::report::Progress;

/// Options of `package`.
#[derive(Debug, Args)]
#[command(after_help = "\
The same sources, compiler and folder give the same bytes. Where cargo-zigbuild is installed, --target links against the \
C library of Lambda's runtime (glibc 2.34), whatever this machine has.\n\n\
Examples:
  rootwatch package                              for this machine's architecture, into dist/
  rootwatch package --target arm64 --out dist    for Graviton: Terraform's `architecture = \"arm64\"`")]
pub(super) struct Package {
    /// The architecture, Terraform's `architecture` [default: this machine's]
    #[arg(long, value_enum)]
    target: Option<Target>,
    /// The folder for the zips: Terraform's `packages_dir`
    #[arg(long, default_value = "dist")]
    out: PathBuf,
}

impl Package {
    pub(super) async fn execute(self, layout: Layout) -> Exit {
        let progress = Progress::stderr();
        progress.stage("building the handlers");
        let packages = match tokio::task::block_in_place(|| prepare_for_lambda(&layout, self.target)) {
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
