//! Digests: the alerts of one incident that are sent in one message. Each alert is a line, and equal lines are one.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::act::Severity;
use crate::alert::{Alert, AlertType, Correlation};
use crate::event;
use crate::facts::{Fact, counted};
use crate::links::{Links, is_account};
use crate::text::plain;

/// Most different events that a digest shows; the others are counted.
const SHOWN: usize = 40;

/// An alert as it waits in the store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Line {
    key: String,
    time: String,
    severity: Severity,
    title: String,
    operation: String,
    account: String,
    #[serde(default)]
    name: Option<String>,
    region: String,
    outcome: String,
    from: Option<String>,
    #[serde(default)]
    resource: Option<String>,
    /// Accounts and addresses of a correlated incident, as far as they were known when the alert came.
    #[serde(default)]
    accounts: BTreeSet<String>,
    #[serde(default)]
    addresses: BTreeSet<String>,
    #[serde(default, rename = "sign_in")]
    about: About,
}

/// The subject of an alert. The words in the store are those of the first version.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
enum About {
    #[default]
    #[serde(rename = "no")]
    Call,
    #[serde(rename = "failed")]
    FailedSignIn,
    #[serde(rename = "other")]
    SignIn,
    #[serde(rename = "tampering")]
    Tampering,
}

/// Events that say the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Acts {
    /// What happened, in words.
    pub title: String,
    /// How severe.
    pub severity: Severity,
    /// How often.
    pub count: usize,
    /// Account where there are several, operation, Region, outcome, source and resource, in a line.
    pub place: String,
    /// When first, and when last where that is another time.
    pub times: String,
}

/// A digest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gathered {
    /// How many alerts, those that are not shown included.
    pub count: usize,
    /// The gravest severity.
    pub severity: Severity,
    /// The account with its name, or how many accounts.
    pub account: String,
    /// The incident.
    pub incident_key: String,
    /// The actions, the gravest first.
    pub acts: Vec<Acts>,
    /// How many alerts are not among those shown.
    pub hidden: usize,
    /// The operators' runbook.
    pub links: Links,
    /// What they are, of one and of several.
    what: (&'static str, &'static str),
    place: String,
    since: Option<String>,
    gravest: String,
    /// The account's id, if all events are of one account.
    id: Option<String>,
    correlation: Option<Correlation>,
}

impl Alert {
    /// The alert as one line of a digest, JSON.
    pub fn line(&self) -> String {
        let correlation = self.correlation.clone().unwrap_or_default();
        let line = Line {
            key: self.deduplication_key.clone(),
            time: self.event_time.clone(),
            severity: self.severity,
            title: plain(&self.title, 200),
            operation: plain(
                &format!("{} {}", event::service(&self.event_source), event::operation(&self.event_name)),
                120,
            ),
            account: self.account.clone(),
            name: self.account_name.clone(),
            region: self.region.clone(),
            outcome: self.outcome.as_str().to_owned(),
            from: self.source_ip.as_deref().map(|from| plain(from, 60)),
            resource: self.resource.as_deref().map(|resource| plain(resource, 120)),
            accounts: correlation.accounts,
            addresses: correlation.addresses,
            about: match self.alert_type {
                _ if self.is_failed_sign_in() => About::FailedSignIn,
                AlertType::Login => About::SignIn,
                AlertType::Activity => About::Call,
                AlertType::Tampering => About::Tampering,
            },
        };
        serde_json::to_string(&line).unwrap_or_default()
    }
}

impl Gathered {
    /// The digest of these lines; none where no line can be read. Unreadable lines are counted as not shown.
    pub fn of(incident_key: &str, lines: &[String]) -> Option<Self> {
        let count = lines.len();
        let mut lines: Vec<Line> = lines.iter().filter_map(|line| serde_json::from_str(line).ok()).collect();
        let unreadable = count - lines.len();
        lines.sort_by(|a, b| (&a.time, &a.key).cmp(&(&b.time, &b.key)));
        let gravest = lines.iter().rev().max_by_key(|line| line.severity)?;
        let accounts: BTreeSet<_> = lines.iter().map(|line| (line.account.as_str(), line.name.as_deref())).collect();
        let several = accounts.len() > 1;
        let mut groups: Vec<(&Line, usize, &str)> = Vec::new();
        for line in &lines {
            let same = |(other, ..): &&mut (&Line, usize, &str)| {
                (&other.title, &other.operation, &other.region, &other.outcome, &other.from, &other.account)
                    == (&line.title, &line.operation, &line.region, &line.outcome, &line.from, &line.account)
                    && (other.severity, &other.resource) == (line.severity, &line.resource)
            };
            match groups.iter_mut().find(same) {
                Some((_, count, last)) => {
                    *count += 1;
                    *last = &line.time;
                }
                None => groups.push((line, 1, &line.time)),
            }
        }
        // A stable sort: events of one severity stay in the order of their times.
        groups.sort_by_key(|(line, ..)| std::cmp::Reverse(line.severity));
        let hidden = groups.iter().skip(SHOWN).map(|(_, count, _)| count).sum::<usize>() + unreadable;
        let first = lines.first()?;
        let words = |line: &Line| match &line.name {
            Some(name) => format!("{name} ({})", line.account),
            None => line.account.clone(),
        };
        Some(Gathered {
            count,
            severity: gravest.severity,
            account: match several {
                true => format!("{} accounts", accounts.len()),
                false => plain(&words(first), 140),
            },
            incident_key: plain(incident_key, 255),
            acts: groups.iter().take(SHOWN).map(|group| acts(group, several.then(|| words(group.0)))).collect(),
            hidden,
            links: Links::default(),
            what: match lines
                .first()
                .map(|line| line.about)
                .filter(|about| lines.iter().all(|line| line.about == *about))
            {
                Some(About::FailedSignIn) => ("failed root sign-in", "failed root sign-ins"),
                Some(About::Call) => ("root API call", "root API calls"),
                Some(About::Tampering) => ("change of the monitor", "changes of the monitor"),
                Some(About::SignIn) | None => ("root event", "root events"),
            },
            place: plain(first.name.as_deref().unwrap_or(&first.account), 100),
            // `09:15` of an ISO 8601 time.
            since: first.time.parse::<jiff::Timestamp>().ok().and_then(|_| first.time.get(11..16)).map(str::to_owned),
            gravest: plain(&gravest.operation, 120),
            id: Some(first.account.clone()).filter(|id| !several && is_account(id)),
            correlation: correlation(&lines),
        })
    }

    /// The same with the operators' runbook.
    #[must_use]
    pub fn with_runbook(mut self, runbook: Option<&str>) -> Self {
        self.links.runbook = runbook.map(str::to_owned);
        self
    }

    /// `Payments: 59 more root API calls since 09:15 UTC, gravest: ec2 RunInstances`
    pub fn title(&self) -> String {
        let since = self.since.as_deref().map(|time| format!(" since {time} UTC")).unwrap_or_default();
        let (one, many) = self.what;
        let what = format!("{} more {}{since}", self.count, if self.count == 1 { one } else { many });
        match &self.correlation {
            Some(found) => {
                let count = |count: usize, one: &str, many: &str| match count {
                    1 => format!("1 {one}"),
                    count => format!("{count} {many}"),
                };
                format!(
                    "{}, {}: {what}",
                    count(found.accounts.len(), "account", "accounts"),
                    count(found.addresses.len(), "address", "addresses"),
                )
            }
            None => {
                let place = if self.account.ends_with(" accounts") { &self.account } else { &self.place };
                format!("{place}: {what}, gravest: {}", self.gravest)
            }
        }
    }

    /// The words of the message of last resort, for a sink that refused the digest. It counts every event and holds nothing
    /// that others wrote.
    pub fn minimal(&self, sink: &str) -> String {
        let account = match &self.id {
            Some(id) => format!("account {id}"),
            None => "several accounts".to_owned(),
        };
        format!(
            "[{}] {} more {} in {account}. {sink} refused the full message. Look for the events in CloudTrail.",
            self.severity.as_str(),
            self.count,
            self.what.1,
        )
    }

    /// Fields that all alerts of the digest share.
    pub fn facts(&self) -> Vec<Fact> {
        let mut facts = match &self.correlation {
            Some(found) => vec![
                ("Accounts", counted(&found.accounts, "account", "accounts")),
                ("Addresses", counted(&found.addresses, "address", "addresses")),
            ],
            None => vec![("Account", self.account.clone())],
        };
        facts.push(("Incident", self.incident_key.clone()));
        facts
    }

    /// How many events are not shown, in words. `more` of those that this value would show are left out by the sink.
    pub fn rest(&self, more: usize) -> Option<String> {
        match self.hidden + more {
            0 => None,
            1 => Some("1 further event is not shown; CloudTrail has it.".to_owned()),
            hidden => Some(format!("{hidden} further events are not shown; CloudTrail has them all.")),
        }
    }
}

/// Accounts and addresses of all lines, if the incident is one of correlated sign-ins.
fn correlation(lines: &[Line]) -> Option<Correlation> {
    let mut found = Correlation::default();
    for line in lines {
        found.accounts.extend(line.accounts.iter().map(|account| plain(account, 64)));
        found.addresses.extend(line.addresses.iter().map(|address| plain(address, 64)));
    }
    (found.accounts.len() > 1 || found.addresses.len() > 1).then_some(found)
}

fn acts((line, count, last): &(&Line, usize, &str), account: Option<String>) -> Acts {
    let account = account.map(|account| format!("{account}, ")).unwrap_or_default();
    let from = line.from.as_deref().map(|from| format!(", from {from}")).unwrap_or_default();
    let resource = line.resource.as_deref().map(|resource| format!(", {resource}")).unwrap_or_default();
    let times = if line.time == *last { line.time.clone() } else { format!("{} to {last}", line.time) };
    Acts {
        title: plain(&line.title, 240),
        severity: line.severity,
        count: *count,
        place: plain(&format!("{account}{}, {}, {}{from}{resource}", line.operation, line.region, line.outcome), 400),
        times: plain(&times, 80),
    }
}
