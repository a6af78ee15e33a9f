//! `rootwatch record`.

use std::path::PathBuf;

use clap::Args;
use rootwatch_cloud::time::Time;

use super::{Exit, complain, print};
use crate::deployment::now;
use crate::layout::Layout;
use crate::record::{Pace, Range, WallClock, lookup, write};
use crate::report::Progress;
use crate::runner::clients;
use crate::scenario::{Loaded, ScenarioError, find};

/// CloudTrail keeps so much of the event history. [D] API_LookupEvents
const KEPT_MS: i64 = 90 * DAY_MS;
const DAY_MS: i64 = 86_400_000;
/// [D] API_LookupEvents: two a second for each account and Region.
const REQUESTS_A_SECOND: u32 = 2;

/// Options of `record`.
#[derive(Debug, Args)]
#[command(after_help = "\
Credentials and Region come from the environment: AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN, \
AWS_REGION; AWS_ENDPOINT_URL where it is not AWS. Needs cloudtrail:LookupEvents, and nothing else.\n\n\
CloudTrail's event history holds 90 days of management events, no trail needed. It answers two requests a second for each \
Region, and what just happened shows up after some minutes. What a session did that root gave to somebody else \
(GetFederationToken) is found only where it signs in.\n\n\
Examples:
  rootwatch record --since 90d                              everything that the history holds
  rootwatch record --since 2026-03-01 --until 2026-03-08    a week
  rootwatch record --since 24h --region eu-central-1        one Region
  rootwatch record --since 7d --account 111122223333        refuses credentials of another account")]
pub(super) struct Record {
    /// From when: a time (2026-03-01, 2026-03-01T09:00:00Z) or how long ago (90m, 24h, 7d, 2w)
    #[arg(long)]
    since: String,
    /// Until when, in the same forms [default: now]
    #[arg(long)]
    until: Option<String>,
    /// The account that is expected: records of another are an error
    #[arg(long)]
    account: Option<String>,
    /// Regions to look in; may be given more than once [default: the environment's, and those where sign-ins appear]
    #[arg(long)]
    region: Vec<String>,
    /// The folder of the scenarios [default: scenarios/]
    #[arg(long)]
    into: Option<PathBuf>,
    /// The folder below it for what is new
    #[arg(long, default_value = "recorded")]
    folder: String,
    /// Keeps account ids, principal ids, access keys, addresses and names as they are
    #[arg(long)]
    no_redaction: bool,
}

impl Record {
    pub(super) async fn execute(self) -> Exit {
        let progress = Progress::stderr();
        let ended = self.record(&progress).await;
        progress.finish();
        match ended {
            Ok(said) => {
                print(&said);
                Exit::Success
            }
            Err((exit, error)) => {
                complain(&error);
                exit
            }
        }
    }

    async fn record(&self, progress: &Progress) -> Result<String, (Exit, String)> {
        let usage = |error: String| (Exit::Usage, error);
        let environment = |error: String| (Exit::Environment, error);
        let range = self.range(now(), progress).map_err(usage)?;
        if let Some(account) =
            self.account.as_ref().filter(|id| id.len() != 12 || !id.bytes().all(|c| c.is_ascii_digit()))
        {
            return Err(usage(format!("--account {account}: expected an account id of 12 digits")));
        }
        if !self.folder.split('/').all(|part| !part.is_empty() && part != "..") {
            return Err(usage(format!("--folder {}: expected a folder below {}", self.folder, self.into().display())));
        }
        let known = self.known().map_err(|error| usage(error.to_string()))?;
        let mut records = Vec::new();
        for region in clients::regions_of_environment(&self.region).map_err(environment)? {
            progress.stage(&format!("reading the event history of {region}"));
            let client = clients::cloudtrail_of_environment(&region).map_err(environment)?;
            let mut pace = Pace::per_second(REQUESTS_A_SECOND);
            let found = lookup(&client, range, &mut pace, &mut WallClock::start()).await;
            records.extend(found.map_err(|error| environment(format!("{region}: {error}")))?);
        }
        if let (Some(expected), Some(found)) = (&self.account, records.iter().find_map(account_of))
            && expected != found
        {
            return Err(usage(format!("expected records of account {expected}, found {found}: use its credentials")));
        }
        let count = records.len();
        let written = write(records, &self.into(), &self.folder, &known, !self.no_redaction)
            .map_err(|error| environment(format!("could not write below {}: {error}", self.into().display())))?;
        let mut said = vec![format!(
            "{count} records about root from {} to {}",
            range.since.iso_seconds(),
            range.until.iso_seconds()
        )];
        said.extend(written.files.iter().map(|path| format!("wrote {}", path.display())));
        said.extend(written.skipped.iter().map(|(name, count)| format!("skipped {count}: {name} covers their kind")));
        if !written.files.is_empty() {
            if !self.no_redaction {
                said.push(written.replaced.words());
            }
            let folder = self.into().join(&self.folder);
            said.push(format!("see what comes of them:  cargo run -- run {}", folder.display()));
            said.push(format!("keep it as `expect`:      cargo run -- accept {}", folder.display()));
        }
        Ok(said.join("\n"))
    }

    fn into(&self) -> PathBuf {
        self.into.clone().unwrap_or_else(|| Layout::discover().scenarios())
    }

    /// The scenarios that are there. An empty folder, or none, covers nothing.
    fn known(&self) -> Result<Vec<Loaded>, ScenarioError> {
        match find(&self.into()) {
            Ok(known) => Ok(known),
            Err(ScenarioError::Empty { .. }) => Ok(Vec::new()),
            Err(_) if !self.into().exists() => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }

    fn range(&self, now: Time, progress: &Progress) -> Result<Range, String> {
        let since = moment(&self.since, now)?;
        let until = self.until.as_ref().map_or(Ok(now), |until| moment(until, now))?;
        if since > until {
            return Err(format!("--since {} is later than --until {}", since.iso_seconds(), until.iso_seconds()));
        }
        let oldest = Time(now.0 - KEPT_MS);
        if until < oldest {
            let oldest = oldest.iso_seconds();
            return Err(format!(
                "--until {}: CloudTrail's event history goes back 90 days, to {oldest}",
                until.iso_seconds()
            ));
        }
        if since < oldest {
            progress.line(&format!("the event history goes back 90 days: reading from {}", oldest.iso_seconds()));
        }
        Ok(Range { since: since.max(oldest), until })
    }
}

fn account_of(record: &serde_json::Value) -> Option<&str> {
    record["recipientAccountId"].as_str()
}

/// A time, a date, or how long ago.
fn moment(text: &str, now: Time) -> Result<Time, String> {
    let wrong = || format!("`{text}` is no time: expected 2026-03-01, 2026-03-01T09:00:00Z, or 90m, 24h, 7d, 2w ago");
    if let Some(time) = Time::parse(text).or_else(|| Time::parse(&format!("{text}T00:00:00Z"))) {
        return Ok(time);
    }
    let mut digits = text.chars();
    let unit = match digits.next_back() {
        Some('m') => DAY_MS / 1440,
        Some('h') => DAY_MS / 24,
        Some('d') => DAY_MS,
        Some('w') => 7 * DAY_MS,
        _ => return Err(wrong()),
    };
    let count: i64 = digits.as_str().parse().map_err(|_| wrong())?;
    if count < 0 {
        return Err(wrong());
    }
    count.checked_mul(unit).and_then(|ago| now.0.checked_sub(ago)).map(Time).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments() {
        let now = Time::parse("2026-03-08T12:00:00Z").unwrap();
        let cases = [
            ("2026-03-01", Some("2026-03-01T00:00:00Z")),
            ("2026-03-01T09:30:00Z", Some("2026-03-01T09:30:00Z")),
            ("90m", Some("2026-03-08T10:30:00Z")),
            ("24h", Some("2026-03-07T12:00:00Z")),
            ("7d", Some("2026-03-01T12:00:00Z")),
            ("2w", Some("2026-02-22T12:00:00Z")),
            ("", None),
            ("d", None),
            ("7", None),
            ("7y", None),
            ("-7d", None),
            ("yesterday", None),
            ("9223372036854775807w", None),
        ];
        for (text, expected) in cases {
            let found = moment(text, now).ok().map(Time::iso_seconds);
            assert_eq!(found.as_deref(), expected, "{text}");
        }
    }
}
