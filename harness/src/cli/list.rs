//! `rootwatch list`, `schema` and `completions`: what there is to run, and what editors and shells need.

use std::path::PathBuf;

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use super::{Cli, Exit, complain, print};
use crate::layout::Layout;
use crate::scenario::{find, schema};

/// Options of `list`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  rootwatch list                      every scenario of scenarios/ with its title
  rootwatch list scenarios/faults     one folder; what cannot be read is named, and the exit code is 1")]
pub(super) struct List {
    /// Scenario files or folders [default: scenarios/]
    paths: Vec<PathBuf>,
}

impl List {
    pub(super) fn execute(self) -> Exit {
        let paths = if self.paths.is_empty() { vec![Layout::discover().scenarios()] } else { self.paths };
        let mut exit = Exit::Success;
        for path in paths {
            let loaded = match find(&path) {
                Ok(loaded) => loaded,
                Err(error) => {
                    complain(&error.to_string());
                    return Exit::Usage;
                }
            };
            let width = loaded.iter().map(|loaded| loaded.name.len()).max().unwrap_or(0);
            for loaded in loaded {
                match &loaded.scenario {
                    Ok(scenario) => print(&format!("{:width$}  {}", loaded.name, scenario.title)),
                    Err(error) => {
                        complain(&error.to_string());
                        exit = Exit::Failed;
                    }
                }
            }
        }
        exit
    }
}

/// Prints the JSON Schema of scenario files.
pub(super) fn print_schema() -> Exit {
    print(&serde_json::to_string_pretty(&schema()).unwrap_or_default());
    Exit::Success
}

/// Options of `completions`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  rootwatch completions bash > ~/.local/share/bash-completion/completions/rootwatch
  rootwatch completions zsh > ~/.zfunc/_rootwatch
  rootwatch completions fish > ~/.config/fish/completions/rootwatch.fish")]
pub(super) struct Completions {
    /// The shell
    shell: Shell,
}

impl Completions {
    pub(super) fn execute(self) -> Exit {
        let mut text = Vec::new();
        clap_complete::generate(self.shell, &mut Cli::command(), "rootwatch", &mut text);
        print(&String::from_utf8_lossy(&text));
        Exit::Success
    }
}
