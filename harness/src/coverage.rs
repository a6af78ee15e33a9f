//! The table of the last heartbeats of a live deployment, for people and for an auditor.

use std::collections::{BTreeMap, BTreeSet};

use rootwatch_cloud::time::Time;
use rootwatch_coverage::assess::SILENT_AFTER;
use rootwatch_coverage::table::CHECK;
use serde::Serialize;
use serde_json::{Value, json};

use crate::runner::api::{self, ApiFailure};
use crate::runner::clients::Caller;

/// The state of an account and Region.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// The last heartbeat came in time.
    Healthy,
    /// Heartbeats came, but no longer.
    Silent,
    /// No heartbeat ever came.
    Never,
}

impl State {
    /// The word in reports.
    pub fn word(self) -> &'static str {
        match self {
            Self::Healthy => "healthy",
            Self::Silent => "SILENT",
            Self::Never => "NEVER SEEN",
        }
    }
}

/// One account and Region. Times are ISO 8601, UTC.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Row {
    /// The account's id.
    pub account: String,
    /// The Region's code.
    pub region: String,
    /// The state at the time of the report.
    pub state: State,
    /// Time of the last heartbeat.
    pub last_heartbeat: Option<String>,
    /// Time of the last CloudTrail event that the spoke forwarded.
    pub last_event: Option<String>,
    /// Version of the spoke module.
    pub version: Option<String>,
    /// The worst verdict of `rootwatch verify`, if its report was given: `monitored`, `alerters-fail`, `not-monitored`.
    pub verified: Option<String>,
}

/// The table at one moment.
#[derive(Clone, Debug, Serialize)]
pub struct Coverage {
    /// Name of the DynamoDB table.
    pub table: String,
    /// The time of the report.
    pub time: String,
    /// One row for each account and Region, in their order.
    pub rows: Vec<Row>,
    /// Time of the last report of the hourly check, if there was one.
    pub last_report: Option<String>,
}

impl Coverage {
    /// How many accounts and Regions sent a heartbeat in time.
    pub fn healthy(&self) -> usize {
        self.rows.iter().filter(|row| row.state == State::Healthy).count()
    }

    /// Returns true if every account and Region is healthy, and monitored where it was verified.
    pub fn is_complete(&self) -> bool {
        let fine = |row: &Row| {
            row.state == State::Healthy && row.verified.as_deref().is_none_or(|verified| verified == "monitored")
        };
        !self.rows.is_empty() && self.rows.iter().all(fine)
    }
}

/// Reads the table with `dynamodb:Scan`.
///
/// # Errors
/// When DynamoDB refuses a call.
pub(crate) async fn read(caller: &Caller, table: &str) -> Result<Vec<Value>, ApiFailure> {
    let (mut items, mut start) = (Vec::new(), Value::Null);
    loop {
        let mut input = json!({"TableName": table});
        if !start.is_null() {
            input["ExclusiveStartKey"] = start;
        }
        let mut page = api::json(caller, "dynamodb", "DynamoDB_20120810", "Scan", input).await?;
        if let Some(found) = page["Items"].as_array_mut() {
            items.append(found);
        }
        start = page["LastEvaluatedKey"].take();
        if start.is_null() {
            return Ok(items);
        }
    }
}

/// Makes the table of items of DynamoDB, and of the verdicts of a JSON report of `verify`. Accounts and Regions that only the
/// report has are rows too.
pub fn table(name: &str, items: &[Value], verified: &BTreeMap<(String, String), String>, now: Time) -> Coverage {
    let mut rows = Vec::new();
    let mut last_report = None;
    let mut known = BTreeSet::new();
    for item in items {
        let text = |name: &str| item[name]["S"].as_str().map(str::to_owned);
        let (Some(account), Some(region)) = (text("account"), text("region")) else { continue };
        if account == CHECK.0 {
            last_report = text("reported");
            continue;
        }
        let place = (account, region);
        let last_heartbeat = text("last_heartbeat");
        let state = match last_heartbeat.as_deref().and_then(Time::parse) {
            None => State::Never,
            Some(last) if now > last + SILENT_AFTER => State::Silent,
            Some(_) => State::Healthy,
        };
        rows.push(Row {
            verified: verified.get(&place).cloned(),
            account: place.0.clone(),
            region: place.1.clone(),
            state,
            last_heartbeat,
            last_event: text("last_event"),
            version: text("version"),
        });
        known.insert(place);
    }
    for (place, verdict) in verified.iter().filter(|(place, _)| !known.contains(*place)) {
        rows.push(Row {
            account: place.0.clone(),
            region: place.1.clone(),
            state: State::Never,
            last_heartbeat: None,
            last_event: None,
            version: None,
            verified: Some(verdict.clone()),
        });
    }
    rows.sort_by(|a, b| (&a.account, &a.region).cmp(&(&b.account, &b.region)));
    Coverage { table: name.to_owned(), time: now.iso_seconds(), rows, last_report }
}

/// The worst verdict for each account and Region of a JSON report of `verify`.
///
/// # Errors
/// A sentence, when the text is no such report.
pub fn verdicts(report: &str) -> Result<BTreeMap<(String, String), String>, String> {
    // From the best to the worst.
    const VERDICTS: [&str; 3] = ["monitored", "alerters-fail", "not-monitored"];
    let report: Value = serde_json::from_str(report).map_err(|error| error.to_string())?;
    let probed = report["probed"]
        .as_array()
        .ok_or("it has no `probed`: expected a report of `rootwatch verify --format json`")?;
    let mut worst: BTreeMap<(String, String), usize> = BTreeMap::new();
    for entry in probed {
        let text = |name: &str| entry[name].as_str().unwrap_or_default().to_owned();
        let verdict = text("verdict");
        let grade = VERDICTS.iter().position(|known| *known == verdict);
        let grade =
            grade.ok_or_else(|| format!("`{verdict}` is no verdict: expected one of {}", VERDICTS.join(", ")))?;
        let known = worst.entry((text("account"), text("region"))).or_default();
        *known = grade.max(*known);
    }
    Ok(worst.into_iter().map(|(place, grade)| (place, VERDICTS[grade].to_owned())).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_of_the_table_and_of_the_report() {
        let now = Time::parse("2026-03-02T12:00:00Z").unwrap();
        let item = |account: &str, heartbeat: Option<&str>| {
            let mut item = json!({"account": {"S": account}, "region": {"S": "us-east-1"}, "version": {"S": "0.1.0"}});
            if let Some(heartbeat) = heartbeat {
                item["last_heartbeat"] = json!({"S": heartbeat});
            }
            item
        };
        let items = [
            item("2", Some("2026-03-02T09:00:00Z")),
            item("1", Some("2026-03-02T08:59:59Z")),
            item("3", None),
            json!({"account": {"S": "check"}, "region": {"S": "-"}, "reported": {"S": "2026-03-02T11:00:00Z"}}),
        ];
        let report = json!({"probed": [
            {"account": "2", "region": "us-east-1", "kind": "login", "verdict": "not-monitored"},
            {"account": "2", "region": "us-east-1", "kind": "activity", "verdict": "monitored"},
            {"account": "4", "region": "us-east-1", "kind": "login", "verdict": "monitored"},
        ]});
        let verified = verdicts(&report.to_string()).unwrap();
        let found = table("t", &items, &verified, now);
        let rows: Vec<_> =
            found.rows.iter().map(|row| (row.account.as_str(), row.state, row.verified.as_deref())).collect();
        assert_eq!(
            rows,
            [
                ("1", State::Silent, None),
                ("2", State::Healthy, Some("not-monitored")),
                ("3", State::Never, None),
                ("4", State::Never, Some("monitored")),
            ]
        );
        assert_eq!(found.last_report.as_deref(), Some("2026-03-02T11:00:00Z"));
        assert!(!found.is_complete());
        assert!(table("t", &items[..1], &BTreeMap::new(), now).is_complete());
        assert!(!table("t", &items[..1], &verified, now).is_complete(), "healthy, but not monitored");
        assert!(!table("t", &[], &BTreeMap::new(), now).is_complete(), "an empty table covers nothing");
    }

    #[test]
    fn other_files_are_no_reports() {
        for (text, wanted) in [
            ("{", "EOF"),
            ("{}", "it has no `probed`"),
            (r#"{"probed": [{"account": "1", "region": "r", "verdict": "fine"}]}"#, "`fine` is no verdict"),
        ] {
            let error = verdicts(text).unwrap_err();
            assert!(error.contains(wanted), "{text}: {error}");
        }
    }
}
