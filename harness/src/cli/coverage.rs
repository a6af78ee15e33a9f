//! `rootwatch coverage`.

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::{Exit, complain, print};
use crate::coverage::{self, Coverage as Report};
use crate::deployment::now;
use crate::report::coverage as report;
use crate::runner::clients::{self, Caller};
use crate::verify::aws_endpoint;

/// Options of `coverage`.
#[derive(Debug, Args)]
#[command(after_help = "\
Credentials and Region of the hub come from the environment: AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN, \
AWS_REGION; AWS_ENDPOINT_URL where it is not AWS. Needs dynamodb:Scan on the table and kms:Decrypt on its key.\n\n\
The exit code is 1 if a heartbeat is missing, or an account is not monitored by the report of `verify`.\n\n\
Examples:
  rootwatch coverage                                    the table rootwatch-coverage
  rootwatch coverage --verified report.json             with the verdicts of `rootwatch verify --format json`
  rootwatch coverage --format html > coverage.html      for an auditor")]
pub(super) struct Coverage {
    /// Name of the table: the hub's output `coverage_table_name`
    #[arg(long, value_name = "NAME", default_value = "rootwatch-coverage")]
    table: String,
    /// A report of `rootwatch verify --format json`, whose verdicts are a column
    #[arg(long, value_name = "FILE")]
    verified: Option<PathBuf>,
    /// How the result is written to stdout
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
}

/// How the result is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people.
    Human,
    /// One JSON object.
    Json,
    /// One self-contained page.
    Html,
}

impl Coverage {
    pub(super) fn is_json(&self) -> bool {
        self.format == Format::Json
    }

    pub(super) async fn execute(self) -> Exit {
        let mut verified = BTreeMap::new();
        if let Some(path) = &self.verified {
            let read = std::fs::read_to_string(path).map_err(|error| error.to_string());
            match read.and_then(|text| coverage::verdicts(&text)) {
                Ok(verdicts) => verified = verdicts,
                Err(error) => {
                    complain(&format!("{}: {error}", path.display()));
                    return Exit::Usage;
                }
            }
        }
        let report = match self.read(&verified).await {
            Ok(report) => report,
            Err(error) => {
                complain(&error);
                return Exit::Environment;
            }
        };
        print(&match self.format {
            Format::Human => report::human(&report),
            Format::Json => report::json(&report),
            Format::Html => report::page(&report),
        });
        if report.is_complete() { Exit::Success } else { Exit::Failed }
    }

    async fn read(&self, verified: &BTreeMap<(String, String), String>) -> Result<Report, String> {
        let region = clients::region_of_environment()?;
        let (credentials, endpoint) = clients::credentials_of_environment()?;
        let (own, signing) = aws_endpoint("dynamodb", &region);
        let caller = Caller::new(endpoint.as_deref().unwrap_or(&own), credentials, &signing);
        let items = coverage::read(&caller, &self.table).await.map_err(|error| {
            format!(
                "table {} in {region}: {error}; name it with --table (the hub's output coverage_table_name), and its Region with \
                 AWS_REGION",
                self.table
            )
        })?;
        Ok(coverage::table(&self.table, &items, verified, now()))
    }
}
