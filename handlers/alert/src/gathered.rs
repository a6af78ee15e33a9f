//! The acts of one incident that are told in one message: each alert as a line, and lines that say the same as one.

use serde::{Deserialize, Serialize};

use crate::act::Severity;
use crate::alert::Alert;
use crate::facts::Fact;
use crate::links::Links;
use crate::text::plain;

/// Most different acts that a message shows; the others are counted.
const SHOWN: usize = 40;

/// An alert among others, as it waits in the store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Line {
    key: String,
    time: String,
    severity: Severity,
    title: String,
    operation: String,
    account: String,
    region: String,
    outcome: String,
    from: Option<String>,
}

/// Acts that say the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Acts {
    /// What happened, in words.
    pub title: String,
    /// How often.
    pub count: usize,
    /// Operation, Region, outcome and source, in a line.
    pub place: String,
    /// When first, and when last where that is another time.
    pub times: String,
}

/// The acts of an incident.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gathered {
    /// How many acts.
    pub count: usize,
    /// The gravest of them.
    pub severity: Severity,
    /// The account, with its name where it is known.
    pub account: String,
    /// The incident.
    pub incident_key: String,
    /// What happened, the earliest first.
    pub acts: Vec<Acts>,
    /// How many acts are not among those shown.
    pub hidden: usize,
    /// The operators' runbook.
    pub links: Links,
}

impl Alert {
    /// The alert as one line among others, JSON.
    pub fn line(&self) -> String {
        let line = Line {
            key: self.deduplication_key.clone(),
            time: self.event_time.clone(),
            severity: self.severity,
            title: self.title.clone(),
            operation: format!("{} {}", self.event_source, self.event_name),
            account: self.account_words(),
            region: self.region.clone(),
            outcome: self.outcome.as_str().to_owned(),
            from: self.source_ip.clone(),
        };
        serde_json::to_string(&line).unwrap_or_default()
    }
}

impl Gathered {
    /// What these lines say together; none where there is no line among them.
    pub fn of(incident_key: &str, lines: &[String]) -> Option<Self> {
        let mut lines: Vec<Line> = lines.iter().filter_map(|line| serde_json::from_str(line).ok()).collect();
        lines.sort_by(|a, b| (&a.time, &a.key).cmp(&(&b.time, &b.key)));
        let severity = lines.iter().map(|line| line.severity).max()?;
        let mut groups: Vec<(Line, usize, String)> = Vec::new();
        for line in &lines {
            let same = |(other, ..): &&mut (Line, usize, String)| {
                (&other.title, &other.operation, &other.region, &other.outcome, &other.from)
                    == (&line.title, &line.operation, &line.region, &line.outcome, &line.from)
            };
            match groups.iter_mut().find(same) {
                Some((_, count, last)) => {
                    *count += 1;
                    last.clone_from(&line.time);
                }
                None => groups.push((line.clone(), 1, line.time.clone())),
            }
        }
        let hidden = groups.iter().skip(SHOWN).map(|(_, count, _)| count).sum();
        Some(Gathered {
            count: lines.len(),
            severity,
            account: lines.first().map(|line| plain(&line.account, 140)).unwrap_or_default(),
            incident_key: plain(incident_key, 255),
            acts: groups.iter().take(SHOWN).map(acts).collect(),
            hidden,
            links: Links::default(),
        })
    }

    /// The same with the operators' runbook.
    #[must_use]
    pub fn with_runbook(mut self, runbook: Option<&str>) -> Self {
        self.links.runbook = runbook.map(str::to_owned);
        self
    }

    /// `59 more acts of an incident that was told already`
    pub fn title(&self) -> String {
        match self.count {
            1 => "1 more act of an incident that was told already".to_owned(),
            count => format!("{count} more acts of an incident that was told already"),
        }
    }

    /// What stands once for all of them.
    pub fn facts(&self) -> Vec<Fact> {
        vec![("Account", self.account.clone()), ("Incident", self.incident_key.clone())]
    }

    /// What is not shown, in words.
    pub fn rest(&self) -> Option<String> {
        (self.hidden > 0).then(|| format!("And {} further acts; CloudTrail has them all.", self.hidden))
    }
}

fn acts((line, count, last): &(Line, usize, String)) -> Acts {
    let from = line.from.as_deref().map(|from| format!(", from {}", plain(from, 60))).unwrap_or_default();
    let times = if line.time == *last { line.time.clone() } else { format!("{} to {last}", line.time) };
    Acts {
        title: plain(&line.title, 240),
        count: *count,
        place: plain(&format!("{}, {}, {}{from}", line.operation, line.region, line.outcome), 300),
        times: plain(&times, 80),
    }
}
