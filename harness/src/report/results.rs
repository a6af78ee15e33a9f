//! Results as they are written: line by line where the format allows it, else as a whole file at the end.

use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::path::Path;

use super::{Format, github, human};
use crate::runner::RunEvent;

/// Opens a file to write, so that an error shows before the work begins. Its content stays until there is something to write.
pub(crate) fn open_unchanged(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create(true).truncate(false).open(path)
}

/// Writes the results of a run.
#[derive(Debug)]
pub struct Results {
    format: Format,
    cloud: String,
    details: bool,
    output: Output,
    human: human::Human,
    error: Option<io::Error>,
}

#[derive(Debug)]
enum Output {
    Stdout,
    /// With whether something was written to it.
    File(File, bool),
}

impl Results {
    /// Results on stdout, or in a file. The file is opened now and emptied with the first result.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn new(format: Format, cloud: &str, details: bool, file: Option<&Path>) -> io::Result<Self> {
        let output = match file {
            None => Output::Stdout,
            Some(path) => Output::File(open_unchanged(path)?, false),
        };
        let human = human::Human::default();
        Ok(Self { format, cloud: cloud.to_owned(), details, output, human, error: None })
    }

    pub(super) fn event(&mut self, event: RunEvent<'_>) {
        let text = match (self.format, event) {
            (Format::Human, event) => self.human.event(event, self.details),
            (Format::Github, RunEvent::Scenario(outcome)) => github::annotation(&self.cloud, outcome),
            (Format::Github, RunEvent::Finished(run)) => github::summary(&self.cloud, run.outcomes),
            (format, RunEvent::Finished(run)) => format.render(run, self.details),
            _ => return,
        };
        if text.is_empty() || self.error.is_some() {
            return;
        }
        self.error = self.write(&text).err();
    }

    fn write(&mut self, text: &str) -> io::Result<()> {
        match &mut self.output {
            Output::Stdout => {
                let mut stdout = io::stdout().lock();
                stdout.write_all(text.as_bytes())?;
                stdout.flush()
            }
            Output::File(file, written) => {
                if !std::mem::replace(written, true) && file.metadata()?.is_file() {
                    file.set_len(0)?;
                }
                file.write_all(text.as_bytes())
            }
        }
    }

    /// The first error of writing. A closed pipe is the reader's choice.
    pub(super) fn take_error(&mut self) -> Option<io::Error> {
        self.error.take().filter(|error| error.kind() != ErrorKind::BrokenPipe)
    }
}
