//! The alert, and how triage makes one.

use std::collections::BTreeSet;
use std::fmt;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

use crate::act::{self, Act, Severity, mfa_used};
use crate::actor::Actor;
use crate::event::{Event, SIGN_IN};
use crate::health::AlarmState;
use crate::keys::{band, deduplication_key, incident_key};
use crate::links::{Links, links};
use crate::notes::notes;
use crate::outcome::{Outcome, outcome};
use crate::resource::resource;
use crate::steps::{created_key, first_step};
use crate::tampering;
use crate::text::plain;
use crate::verdict::{Reason, Verdict, verdict};

/// Which topic an alert goes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum AlertType {
    /// Root at the sign-in service.
    Login,
    /// Anything else of root.
    Activity,
    /// A change of the monitor itself, by anyone.
    Tampering,
}

impl AlertType {
    /// The word in the message.
    pub fn as_str(self) -> &'static str {
        match self {
            AlertType::Login => "login",
            AlertType::Activity => "activity",
            AlertType::Tampering => "tampering",
        }
    }
}

/// Where the alert was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Origin {
    /// A CloudTrail record, by triage.
    #[serde(rename = "cloudtrail")]
    CloudTrail,
    /// The alarm on the CloudTrail log, by an EventBridge rule: it cannot know who or where.
    LogAlarm,
    /// An event that triage could not read.
    Unparsed,
}

impl Origin {
    /// The word in the message.
    pub fn as_str(self) -> &'static str {
        match self {
            Origin::CloudTrail => "cloudtrail",
            Origin::LogAlarm => "log-alarm",
            Origin::Unparsed => "unparsed",
        }
    }
}

/// The content of an alert, for every sink. Its JSON form is the message of the topics (`message`).
///
/// The texts are single lines without control characters and of bounded length; a sink's own escaping is still to come.
#[derive(Debug, Clone, PartialEq)]
pub struct Alert {
    /// Which topic.
    pub alert_type: AlertType,
    /// Where it was made.
    pub origin: Origin,
    /// How much it matters.
    pub severity: Severity,
    /// What happened, in words.
    pub title: String,
    /// The same with account, Region, time and source.
    pub summary: String,
    /// The account of the envelope; `unknown` where there is none.
    pub account: String,
    /// What the hub's operators call the account.
    pub account_name: Option<String>,
    /// The Region of the envelope; `unknown` where there is none.
    pub region: String,
    /// The operation; `unknown` where there is none.
    pub event_name: String,
    /// The called service, as `iam.amazonaws.com`; `unknown` where there is none.
    pub event_source: String,
    /// When it happened, ISO 8601; `unknown` where nothing says it.
    pub event_time: String,
    /// Whether it worked.
    pub outcome: Outcome,
    /// Who.
    pub actor: Actor,
    /// The account whose root was taken, for AssumeRoot.
    pub target: Option<String>,
    /// The resource that the call touched, as `bucket payroll`.
    pub resource: Option<String>,
    /// Id of the access key that the call created.
    pub new_access_key: Option<String>,
    /// Where from: an address, or the name of a service.
    pub source_ip: Option<String>,
    /// With what.
    pub user_agent: Option<String>,
    /// Names the act: the same key is the same act.
    pub deduplication_key: String,
    /// Names the incident that the act belongs to.
    pub incident_key: String,
    /// What to know when reading this.
    pub notes: Vec<String>,
    /// What to do first.
    pub first_step: Option<String>,
    /// A Logs Insights query that finds the cause (log alarms only).
    pub query: Option<String>,
    /// The state that the alarm went to (log alarms only).
    pub alarm_state: Option<AlarmState>,
    /// How many accounts and addresses the incident has so far, if failed sign-ins were correlated. An alerter with a
    /// store adds it: the message does not carry it.
    pub correlation: Option<Correlation>,
    /// Where to look next.
    pub links: Links,
    /// The original event, as far as it fits the message.
    pub event: Value,
}

impl Alert {
    /// Says what the account is called.
    pub fn name_account(&mut self, name: &str) {
        self.account_name = Some(plain(name, 64)).filter(|name| !name.is_empty());
        self.summary = summary(self);
    }

    /// `Payments (111122223333)`; the id alone where no name is known.
    pub fn account_words(&self) -> String {
        match &self.account_name {
            Some(name) => format!("{name} ({})", self.account),
            None if self.account == "unknown" => "unknown account".to_owned(),
            None => self.account.clone(),
        }
    }

    /// `Payments (111122223333): root signed in without MFA`: what people read first. The account is in it once.
    pub fn headline(&self) -> String {
        if let Some(Correlation { accounts, addresses }) = &self.correlation {
            let many = |count: usize, one: &str, many: &str| format!("{count} {}", if count == 1 { one } else { many });
            return format!(
                "{}, {}: {}, latest in {}",
                many(accounts.len(), "account", "accounts"),
                many(addresses.len(), "address", "addresses"),
                uncapitalized(&self.title),
                self.account_words(),
            );
        }
        if self.title.contains(&self.account) && self.target.is_none() {
            return self.title.clone();
        }
        format!("{}: {}", self.account_words(), uncapitalized(&self.title))
    }

    /// Account, source address and hour of a failed sign-in from an internet address: what alerters with a store correlate.
    pub fn correlates_by(&self) -> Option<(&str, &str, &str)> {
        let address = self.source_ip.as_deref().filter(|address| address.parse::<std::net::IpAddr>().is_ok())?;
        let hour = self.event_time.get(..13)?;
        (self.is_failed_sign_in() && self.account != "unknown").then_some((self.account.as_str(), address, hour))
    }

    /// Makes the alert a part of an incident of correlated sign-ins.
    pub fn correlate(&mut self, incident: &str, accounts: BTreeSet<String>, addresses: BTreeSet<String>) {
        self.incident_key = format!("{}/{}", plain(incident, 240), band(self.severity));
        if accounts.len() > 1 || addresses.len() > 1 {
            self.notes.insert(
                0,
                match (accounts.len(), addresses.len()) {
                    (accounts, 1) => {
                        format!("Failed root sign-ins from this address in {accounts} accounts within an hour.")
                    }
                    (1, addresses) => {
                        format!("Failed root sign-ins of this account from {addresses} addresses within an hour.")
                    }
                    (accounts, addresses) => {
                        format!(
                            "Failed root sign-ins in {accounts} accounts from {addresses} addresses within an hour."
                        )
                    }
                },
            );
            self.correlation = Some(Correlation { accounts, addresses });
            self.summary = summary(self);
        }
    }

    /// Returns true for a failed sign-in to the console, which may belong to a password spray.
    pub fn is_failed_sign_in(&self) -> bool {
        self.alert_type == AlertType::Login
            && self.event_name == "ConsoleLogin"
            && matches!(self.outcome, Outcome::Failure | Outcome::Denied)
    }
}

/// Failed sign-ins that belong together, as far as they are known.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Correlation {
    /// The accounts.
    pub accounts: BTreeSet<String>,
    /// The source addresses.
    pub addresses: BTreeSet<String>,
}

/// The title within a sentence: triage's own first words lose their capital letter.
fn uncapitalized(title: &str) -> String {
    const FIRST: [&str; 10] = ["Root", "Someone", "Someone,", "Failed", "A", "An", "No", "Something", "Role", "User"];
    match title.split_once(' ') {
        Some((first, rest)) if FIRST.contains(&first) => format!("{} {rest}", first.to_ascii_lowercase()),
        _ => title.to_owned(),
    }
}

/// What triage made of an event.
#[derive(Debug, Clone, PartialEq)]
pub enum Triage {
    /// Tell people.
    Alert(Box<Alert>, Reason),
    /// Not the act of a root user.
    Silent(Reason),
}

/// Decides about an event and makes the alert.
///
/// `delivered` is when the event reached the monitor's queue, for the note that it came late; the verdict and both
/// keys do not depend on it.
pub fn triage(event: &Value, delivered: Option<Timestamp>) -> Triage {
    let (alert_type, reason) = match verdict(event) {
        Verdict::None(reason) => return Triage::Silent(reason),
        Verdict::Login(reason) => (AlertType::Login, reason),
        Verdict::Activity(reason) => (AlertType::Activity, reason),
    };
    Triage::Alert(Box::new(alert(Event::new(event), alert_type, reason, delivered)), reason)
}

/// The alert for a body that is not even JSON.
pub fn unreadable(body: &str, delivered: Option<Timestamp>) -> Alert {
    let event = Value::String(body.to_owned());
    let reason = Reason::NotUnderstood("the message is not JSON");
    alert(Event::new(&event), AlertType::Activity, reason, delivered)
}

pub(crate) fn alert(event: Event<'_>, alert_type: AlertType, reason: Reason, delivered: Option<Timestamp>) -> Alert {
    let tampering = alert_type == AlertType::Tampering;
    let act = if tampering { tampering::act(event) } else { act::act(event, reason) };
    let outcome = if matches!(reason, Reason::NotUnderstood(_)) { Outcome::Unknown } else { outcome(event) };
    let stated = |text: Option<&str>, limit| {
        text.map(|text| plain(text, limit)).filter(|text| !text.is_empty()).unwrap_or_else(|| "unknown".to_owned())
    };
    let optional = |text: Option<&str>, limit| text.map(|text| plain(text, limit)).filter(|text| !text.is_empty());
    let (severity, deduplication_key, incident_key) = if tampering {
        let severity = tampering::severity(&act, outcome, reason);
        (severity, tampering::key(event), tampering::incident(event, severity))
    } else {
        let severity = act::severity(event, &act, outcome, reason);
        (severity, deduplication_key(event), incident_key(event, &act, severity))
    };
    let mut alert = Alert {
        alert_type,
        origin: match reason {
            Reason::NotUnderstood(_) => Origin::Unparsed,
            _ => Origin::CloudTrail,
        },
        severity,
        title: title(event, &act, outcome, reason),
        summary: String::new(),
        account: stated(event.account(), 64),
        account_name: None,
        region: stated(event.region(), 64),
        event_name: stated(event.event_name(), 128),
        event_source: stated(event.event_source(), 128),
        event_time: event.time().map_or_else(|| "unknown".to_owned(), |time| time.to_string()),
        outcome,
        actor: Actor::of(event, reason),
        target: if event.is_assume_root() { optional(target(event), 128) } else { None },
        resource: resource(event),
        new_access_key: created_key(event).map(str::to_owned),
        source_ip: optional(event.detail("sourceIPAddress"), 256),
        user_agent: optional(event.detail("userAgent"), 1024),
        deduplication_key,
        incident_key,
        notes: notes(event, reason, outcome, delivered),
        first_step: Some(first_step(event, &act, outcome, reason)),
        query: None,
        alarm_state: None,
        correlation: None,
        links: links(event),
        event: event.value().clone(),
    };
    alert.summary = summary(&alert);
    alert
}

/// The account whose root AssumeRoot takes: a bare id or an ARN [D: STS AssumeRoot].
fn target(event: Event<'_>) -> Option<&str> {
    let target = event.text(&["detail", "requestParameters", "targetPrincipal"])?;
    Some(target.split(':').nth(4).filter(|account| !account.is_empty()).unwrap_or(target))
}

/// `Root signed in without MFA`
fn title(event: Event<'_>, act: &Act, outcome: Outcome, reason: Reason) -> String {
    let failed = matches!(outcome, Outcome::Failure | Outcome::Denied);
    let sign_in = matches!(reason, Reason::RootSignIn) && event.event_source() == Some(SIGN_IN);
    let mut title = match event.event_name() {
        Some("ConsoleLogin") if sign_in && failed => "Failed root sign-in".to_owned(),
        Some("CheckMfa") if sign_in && !failed => "A root sign-in reached the MFA step".to_owned(),
        _ => {
            let who = Subject(event, reason);
            match outcome {
                Outcome::Success | Outcome::Unknown => format!("{who} {}", act.did),
                Outcome::Failure => format!("{who} failed to {}", act.tried),
                Outcome::Denied => format!("{who} was denied: {}", act.tried),
            }
        }
    };
    if let (Reason::AssumeRoot, Some(target)) = (reason, target(event)) {
        title.push_str(&format!(": {}", plain(target, 64)));
    }
    if event.is(SIGN_IN, "ConsoleLogin") {
        match (outcome, mfa_used(event)) {
            (Outcome::Success, Some(true)) => title.push_str(" with MFA"),
            (Outcome::Success, Some(false)) => title.push_str(" without MFA"),
            (Outcome::Failure, Some(true)) => title.push_str(" at the MFA step"),
            _ => {}
        }
    }
    if event.is_long_lived_root_key() && matches!(reason, Reason::RootCall) {
        title.push_str(" with a long-lived root access key");
    }
    plain(&title, 240)
}

/// Who the title is about.
struct Subject<'a>(Event<'a>, Reason);

impl fmt::Display for Subject<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Subject(event, reason) = self;
        match reason {
            Reason::NotUnderstood(_) => f.write_str("Something about the root user"),
            Reason::UntypedBillingAction => f.write_str("Someone, possibly root,"),
            Reason::MonitorChanged | Reason::Deployment => f.write_str(&tampering::subject(*event)),
            Reason::AssumeRoot => {
                let caller = event.identity("arn").or_else(|| event.identity("principalId")).unwrap_or("Someone");
                let name = caller.rsplit_once(":assumed-role/").or_else(|| caller.rsplit_once(":user/"));
                f.write_str(&plain(name.map_or(caller, |(_, name)| name), 100))
            }
            _ if event.is_assumed_root_session() => f.write_str("An AssumeRoot session of the root user"),
            _ if event.identity("type") == Some("FederatedUser") => f.write_str("A session that root issued"),
            // Recovery needs no credentials of root: anyone who knows the e-mail address can request it.
            Reason::RootSignIn if event.event_name().is_some_and(|name| name.starts_with("PasswordRecovery")) => {
                f.write_str("Someone")
            }
            _ => f.write_str("Root"),
        }
    }
}

/// `Payments (111122223333): root signed in with MFA. us-east-1, 2026-03-02T09:14:07Z, from 192.0.2.10. …`
fn summary(alert: &Alert) -> String {
    let from = alert.source_ip.as_deref().map(|ip| format!(", from {ip}")).unwrap_or_default();
    let resource = alert.resource.as_deref().map(|resource| format!(" Resource: {resource}.")).unwrap_or_default();
    let known = |label: &str, value: &str| match value {
        "unknown" => String::new(),
        value => format!(" {label}: {value}."),
    };
    let summary = format!(
        "{}. {}, {}{from}.{resource}{}{}{}",
        alert.headline(),
        alert.region,
        alert.event_time,
        known("Access", alert.actor.access.as_deref().unwrap_or("unknown")),
        known("MFA", &alert.actor.mfa),
        known("Outcome", alert.outcome.as_str()),
    );
    plain(&summary, 900)
}
