//! Verification of a live deployment: is every account monitored, as it is deployed now?
//!
//! Read-only calls read what is on the paths from the accounts' default buses to the alerters ([`read`]). The embedded cloud gets
//! the same resources ([`twin`]), and root events of every account and Region are injected there. So policies, patterns and
//! wiring are judged as they are, without an event of root. `client` has the list of calls, which is the policy of a role that may
//! verify.

mod client;
pub mod drift;
pub mod read;
mod state;
mod twin;

use std::collections::BTreeSet;
use std::path::PathBuf;

use rootwatch_cloud::Arn;
use serde::Serialize;
use serde_json::{Value, json};

pub(crate) use client::endpoint as aws_endpoint;
pub use client::{Client, policy};
pub use read::{Remark, Snapshot};
pub use twin::{Packages, Topics, Twin, twin};

use crate::deployment::{Accounts, Deployment, PROBE_PREFIX, SIGN_IN_REGIONS, is_region};
use crate::runner::{Outcome, Session};
use crate::scenario::{Loaded, events_of};

/// Why a deployment cannot be verified.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// A package of this version cannot be read.
    #[error("could not read {path}")]
    Package {
        /// The package.
        path: PathBuf,
        /// The system's reason.
        #[source]
        source: std::io::Error,
    },
    /// The topics are not those of our triage function.
    #[error("the {0} topic is not known, since no function of the hub names it; pass --{0}-topic ARN")]
    Topic(&'static str),
    /// The topics of the twin cannot be subscribed to.
    #[error("could not subscribe to the topics of the twin: {0}")]
    Probes(String),
}

/// The kind of a root event that is injected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A sign-in to the console.
    Login,
    /// An API call that changes something.
    Activity,
    /// An API call that reads.
    ReadOnly,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::Login, Self::Activity, Self::ReadOnly];

    /// The name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Login => "login",
            Self::Activity => "activity",
            Self::ReadOnly => "read-only activity",
        }
    }
}

/// The verdict on an event of one account and Region.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// The topic and every alerter receive the alert.
    Monitored,
    /// The topic receives the alert, but an alerter does not.
    AlertersFail,
    /// No alert.
    NotMonitored,
}

/// The result of one injected event.
#[derive(Clone, Debug, Serialize)]
pub struct Probed {
    /// The account whose root acts.
    pub account: String,
    /// The Region of the event.
    pub region: String,
    /// The event.
    pub kind: Kind,
    /// The verdict.
    pub verdict: Verdict,
    /// The alerters that receive nothing.
    pub silent: Vec<&'static str>,
    /// The run of the event on the twin.
    pub outcome: Outcome,
}

/// The package of each function that a topic's messages invoke.
fn alerters(snapshot: &Snapshot, packages: &Packages, topic: &str) -> Vec<&'static str> {
    let queues: BTreeSet<&str> = snapshot.subscriptions(topic).filter_map(|it| it["Endpoint"].as_str()).collect();
    let mappings = snapshot.calls("CreateEventSourceMapping");
    let functions = mappings.filter(|it| it["EventSourceArn"].as_str().is_some_and(|queue| queues.contains(queue)));
    let functions = functions.filter_map(|it| it["FunctionName"].as_str());
    functions.filter_map(|arn| packages.name_of(arn, snapshot.functions.get(arn)?)).collect()
}

/// Injects root events of every account and Region into the twin. `read_only` injects read-only calls as well.
pub async fn probe(
    session: &Session,
    snapshot: &Snapshot,
    packages: &Packages,
    twin: &Twin,
    accounts: &[String],
    regions: &[String],
    read_only: bool,
) -> Vec<Probed> {
    let mut probed = Vec::new();
    for account in accounts {
        // A record is of the hub, or of the account that the deployment has as its spoke.
        let mut deployment = twin.deployment.clone();
        let is_hub = *account == deployment.facts.accounts.hub;
        let spoke = if is_hub { deployment.facts.accounts.spoke.clone() } else { account.clone() };
        deployment.facts.accounts = Accounts { spoke, further_spokes: BTreeSet::new(), ..deployment.facts.accounts };
        for region in regions {
            // In the partition `aws`, sign-ins are recorded in three Regions only.
            let signs_in = SIGN_IN_REGIONS.contains(&region.as_str()) || !is_region(region);
            let kinds = [(Kind::Login, signs_in), (Kind::Activity, true), (Kind::ReadOnly, read_only)];
            for kind in kinds.into_iter().filter(|(_, applies)| *applies).map(|(kind, _)| kind) {
                let outcome = inject(session, &deployment, account, region, kind).await;
                let (verdict, silent) = judged(snapshot, packages, &twin.topics, kind, &outcome);
                let (account, region) = (account.clone(), region.clone());
                probed.push(Probed { account, region, kind, verdict, silent, outcome });
            }
        }
    }
    probed
}

async fn inject(session: &Session, deployment: &Deployment, account: &str, region: &str, kind: Kind) -> Outcome {
    let path = PathBuf::from(format!("{account}/{region}/{}", kind.name()));
    let scenario = events_of(&path, &record(account, region, kind).to_string());
    let name = path.display().to_string();
    session.run_on(&Loaded { name, path, scenario }, deployment).await
}

/// A record of CloudTrail, with the fields that rules and triage look at. [D] CloudTrail record contents
fn record(account: &str, region: &str, kind: Kind) -> Value {
    let partition = rootwatch_cloud::Region::new(region).partition();
    let mut record = json!({
        "eventVersion": "1.11",
        "userIdentity": {
            "type": "Root", "principalId": account, "arn": format!("arn:{partition}:iam::{account}:root"),
            "accountId": account,
        },
        "eventTime": "2026-01-15T12:00:00Z",
        "awsRegion": region,
        "sourceIPAddress": "192.0.2.10",
        "userAgent": "rootwatch verify",
        "eventID": "9d2f6a0e-3f1b-4d0c-8f62-6b1f7a0e5c11",
        "managementEvent": true,
        "recipientAccountId": account,
        "eventCategory": "Management",
    });
    let (source, name, of_type) = match kind {
        Kind::Login => ("signin.amazonaws.com", "ConsoleLogin", "AwsConsoleSignIn"),
        Kind::Activity => ("ec2.amazonaws.com", "RunInstances", "AwsApiCall"),
        Kind::ReadOnly => ("ec2.amazonaws.com", "DescribeInstances", "AwsApiCall"),
    };
    record["readOnly"] = (kind == Kind::ReadOnly).into();
    record["eventSource"] = source.into();
    record["eventName"] = name.into();
    record["eventType"] = of_type.into();
    if kind == Kind::Login {
        record["responseElements"] = json!({"ConsoleLogin": "Success"});
        record["additionalEventData"] = json!({"MFAUsed": "Yes"});
    }
    record
}

/// The verdict, and the alerters that receive nothing.
fn judged(
    snapshot: &Snapshot,
    packages: &Packages,
    topics: &Value,
    kind: Kind,
    outcome: &Outcome,
) -> (Verdict, Vec<&'static str>) {
    let (published, topic) = match kind {
        Kind::Login => (outcome.alerts.login, &topics["login"]),
        Kind::Activity | Kind::ReadOnly => (outcome.alerts.activity, &topics["activity"]),
    };
    if published == 0 {
        return (Verdict::NotMonitored, Vec::new());
    }
    let topic = topic.as_str().unwrap_or_default();
    let expected = alerters(snapshot, packages, topic);
    let count = |name: &str| expected.iter().filter(|alerter| **alerter == name).count() as u64;
    let sent = [("slack", outcome.sinks.slack), ("pagerduty", outcome.sinks.pagerduty)];
    let mut silent: Vec<&'static str> =
        sent.into_iter().filter(|(name, sent)| *sent < count(name)).map(|(name, _)| name).collect();
    if count("email") > 0 && outcome.sinks.email == 0 {
        silent.push("email");
    }
    if !has_subscribers(snapshot, topic) {
        silent.push("anyone, since the topic has no confirmed subscription");
    }
    (if silent.is_empty() { Verdict::Monitored } else { Verdict::AlertersFail }, silent)
}

/// Returns true if a topic has a subscription that is not the harness's own.
fn has_subscribers(snapshot: &Snapshot, topic: &str) -> bool {
    let own = format!(":{PROBE_PREFIX}");
    snapshot.subscriptions(topic).any(|it| !it["Endpoint"].as_str().is_some_and(|endpoint| endpoint.contains(&own)))
}

/// The bus of the hub, from its ARN, or from its name in the Region of the hub's credentials.
///
/// # Errors
/// When the text is neither.
pub fn bus(text: &str, account: &str, region: &str) -> Result<Arn, String> {
    if !text.starts_with("arn:") {
        let partition = rootwatch_cloud::Region::new(region).partition();
        return Ok(Arn::new(format!("arn:{partition}:events:{region}:{account}:event-bus/{text}")));
    }
    let arn = Arn::parse(text).filter(|arn| arn.service() == "events" && arn.resource().starts_with("event-bus/"));
    arn.ok_or_else(|| format!("`{text}` is not the ARN of an event bus"))
}
