//! Probes through a hub and a spoke that were deployed for an hour with `terraform/examples/smoke`, on AWS or on what answers like AWS.
//!
//! The probes need no root user: a heartbeat takes the path of root activity as far as the hub's bus, and a change of the monitor
//! takes it to the topics. Further events find out which alternatives of the assumptions AWS has: their delivery depends on them.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use aws_credential_types::Credentials;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::coverage;
use crate::runner::api::{self, ApiFailure};
use crate::verify::Client;

/// The longest time that CloudTrail promises for a management event, and some more. [D] CloudTrail user guide: about 5 minutes
const RECORDED_WITHIN: Duration = Duration::from_secs(20 * 60);
/// A schedule of one minute begins within a minute, and a new rule needs some time. [D] EventBridge user guide
const BEATS_WITHIN: Duration = Duration::from_secs(5 * 60);
/// The time for a delivery of EventBridge within the Region.
const DELIVERED_WITHIN: Duration = Duration::from_secs(60);
/// The same on the embedded cloud, whose clock is moved.
const EMBEDDED_WITHIN: Duration = Duration::from_secs(15);
/// The time for the messages of further queues after the first one has received one: a queue may receive none.
const SILENCE: Duration = Duration::from_secs(20);
/// The time between two reads.
const PAUSE: Duration = Duration::from_millis(500);

/// The output `smoke` of the example.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Deployed {
    /// Region of both accounts.
    pub region: String,
    /// Account of the hub.
    pub hub_account: String,
    /// Account of the spoke.
    pub spoke_account: String,
    /// Role in the spoke's account.
    pub spoke_role_arn: String,
    /// External id of the role.
    pub external_id: Option<String>,
    /// The hub's bus.
    pub event_bus_arn: String,
    /// Start of the names of the monitor's resources.
    pub name_prefix: String,
    /// Table of heartbeats.
    pub coverage_table: String,
    /// Queue with what the topics publish.
    pub received_url: String,
    /// Buses of the hub's account for the assumptions, by name: `first`, `denies-true`, `denies-false`, `admits-role`, `admits-delivery`.
    pub bus_arns: BTreeMap<String, String>,
    /// Their queues: `source-account`, `denies-true`, `denies-false`.
    pub queue_urls: BTreeMap<String, String>,
    /// Role of the spoke's account that may do nothing.
    pub nobody_arn: String,
    /// Rule of the spoke's account for a target with this role.
    pub nobody_rule: String,
}

/// Reads the output, as `terraform output -json` writes it.
///
/// # Errors
/// When it is no such output.
pub fn deployed(text: &str) -> Result<Deployed, String> {
    let outputs: Value = serde_json::from_str(text).map_err(|error| format!("it is not JSON: {error}"))?;
    let value = &outputs["smoke"]["value"];
    if value.is_null() {
        return Err(
            "it has no output `smoke`; write it with `terraform output -json` in terraform/examples/smoke".to_owned()
        );
    }
    serde_json::from_value(value.clone())
        .map_err(|error| format!("the output `smoke`: {error}; apply the example of this version"))
}

/// One probe.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Check {
    /// The fact that it checks.
    pub name: &'static str,
    /// True if AWS did as the embedded cloud does.
    pub passed: bool,
    /// The answer of AWS, or the message that arrived.
    pub detail: String,
    /// Seconds until then.
    pub seconds: f64,
}

/// An assumption, as this cloud answers it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Settled {
    /// The assumption, as in `--assume`.
    pub assumption: &'static str,
    /// The alternatives that agree with the observation; none if the observation is unclear.
    pub alternatives: Vec<&'static str>,
    /// True if the embedded cloud's default is among them.
    pub is_default: bool,
    /// The observation.
    pub detail: String,
}

/// The result.
#[derive(Clone, Debug, Serialize)]
pub struct Smoke {
    /// `aws`, or the endpoint.
    pub cloud: String,
    /// The probes, in their order.
    pub checks: Vec<Check>,
    /// The assumptions that probes answer.
    pub assumptions: Vec<Settled>,
    /// Assumptions that no probe without root can settle, with the reason.
    pub open: Vec<(&'static str, &'static str)>,
}

impl Smoke {
    /// Returns true if every probe passed. Another alternative of an assumption is no failure: the monitor works under each.
    pub fn passed(&self) -> bool {
        self.checks.iter().all(|check| check.passed)
    }
}

const OPEN: [(&str, &str); 1] =
    [("read-only-state", "it needs a read-only call of root, which nobody should make for a test")];

/// Runs every probe. `progress` receives the name of each stage.
///
/// # Errors
/// When the accounts cannot be reached.
pub async fn smoke(
    deployed: &Deployed,
    credentials: Credentials,
    endpoint: Option<String>,
    progress: impl Fn(&str) + Sync,
) -> Result<Smoke, String> {
    let hub = Client::of(credentials, endpoint.clone(), &deployed.region).await.map_err(|error| error.to_string())?;
    if hub.account != deployed.hub_account {
        return Err(format!(
            "the credentials are of account {}, and the hub is in {}",
            hub.account, deployed.hub_account
        ));
    }
    let role = &deployed.spoke_role_arn;
    let spoke = hub.assume(role, deployed.external_id.as_deref(), &deployed.region).await;
    let spoke = spoke.map_err(|error| format!("{role}: {error}"))?;
    let embedded = match &endpoint {
        Some(endpoint) => api::plain(endpoint, "/_rootwatch/health", None).await.is_some(),
        None => false,
    };
    let cloud = endpoint.clone().unwrap_or_else(|| "aws".to_owned());
    let probes = Probes { deployed, hub, spoke, endpoint, embedded, progress: &progress };
    let mut checks = Vec::new();
    progress("forged events");
    checks.push(probes.refused("an event in the name of an AWS service is refused", "aws.signin").await);
    checks.push(probes.refused("an event that no rule of the monitor delivers is refused", "rootwatch.smoke").await);
    let beat = probes.faster_heartbeat().await;
    match beat {
        Err(error) => checks.push(failed("a heartbeat reaches the hub", error.to_string())),
        Ok(rule) => {
            progress("a heartbeat");
            checks.push(probes.heartbeat().await);
            progress("CloudTrail's record of a change of the monitor: some minutes on AWS");
            checks.push(probes.tampering(text(&rule, "Name")).await);
            if let Err(error) = probes.events(&probes.spoke, "PutRule", rule).await {
                checks.push(failed("the heartbeat is hourly again", error.to_string()));
            }
        }
    }
    progress("assumptions");
    let assumptions = vec![probes.put_targets().await, probes.source_account().await, probes.invocation().await];
    Ok(Smoke { cloud, checks, assumptions, open: OPEN.to_vec() })
}

/// The result that a probe waits for.
#[derive(Clone, Copy)]
enum Awaited<'a> {
    /// The spoke's row in the table.
    Heartbeat,
    /// The alert about a change of this rule.
    Alert(&'a str),
}

struct Probes<'a, P> {
    deployed: &'a Deployed,
    hub: Client,
    spoke: Client,
    endpoint: Option<String>,
    /// True if the endpoint is the embedded cloud, which takes records and moves its clock.
    embedded: bool,
    progress: &'a P,
}

fn failed(name: &'static str, detail: String) -> Check {
    Check { name, passed: false, detail, seconds: 0.0 }
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_default()
}

impl<P: Fn(&str) + Sync> Probes<'_, P> {
    async fn events(&self, client: &Client, operation: &str, input: Value) -> Result<Value, ApiFailure> {
        let caller = client.caller("events", &self.deployed.region);
        api::json(&caller, "events", "AWSEvents", operation, input).await
    }

    async fn sqs(&self, operation: &str, input: Value) -> Result<Value, ApiFailure> {
        let caller = self.hub.caller("sqs", &self.deployed.region);
        api::json(&caller, "sqs", "AmazonSQS", operation, input).await
    }

    /// Puts an event on the hub's bus as the spoke's administrator.
    async fn refused(&self, name: &'static str, source: &str) -> Check {
        let begun = now();
        let entry = json!({
            "Source": source, "DetailType": "rootwatch smoke", "Detail": "{}", "EventBusName": self.deployed.event_bus_arn,
        });
        let answer = self.events(&self.spoke, "PutEvents", json!({"Entries": [entry]})).await;
        let (passed, detail) = match answer {
            Err(error) => (true, error.to_string()),
            Ok(answer) => match answer["Entries"][0]["ErrorCode"].as_str() {
                Some(code) => (true, format!("{code}: {}", text(&answer["Entries"][0], "ErrorMessage"))),
                None => (false, format!("the bus took it: {}", answer["Entries"][0])),
            },
        };
        Check { name, passed, detail, seconds: begun.elapsed().as_secs_f64() }
    }

    /// Lets the spoke send a heartbeat each minute, and returns the call that undoes it.
    async fn faster_heartbeat(&self) -> Result<Value, ApiFailure> {
        let prefix = format!("{}-heartbeat-", self.deployed.name_prefix);
        let rules = self.events(&self.spoke, "ListRules", json!({"NamePrefix": prefix})).await?;
        let found = &rules["Rules"][0];
        let mut rule = json!({});
        for name in ["Name", "Description", "ScheduleExpression", "State"] {
            rule[name] = found[name].clone();
        }
        let mut faster = rule.clone();
        faster["ScheduleExpression"] = "rate(1 minute)".into();
        self.events(&self.spoke, "PutRule", faster).await?;
        Ok(rule)
    }

    /// Spoke's default bus → rule → role → hub's bus and its policy → rule → queue → function → table.
    async fn heartbeat(&self) -> Check {
        let name = "a heartbeat reaches the hub";
        self.advance(90).await;
        self.until(name, BEATS_WITHIN, Awaited::Heartbeat).await
    }

    /// CloudTrail → spoke's default bus → rule → role → hub's bus → rule → queue → triage → topic → subscriber.
    async fn tampering(&self, rule: &str) -> Check {
        let name = "a change of the monitor raises an alert";
        if let Err(error) = self.recorded(rule).await {
            return failed(name, error);
        }
        self.until(name, RECORDED_WITHIN, Awaited::Alert(rule)).await
    }

    /// The awaited result, if it has arrived.
    async fn look(&self, awaited: Awaited<'_>) -> Option<String> {
        match awaited {
            Awaited::Heartbeat => {
                let caller = self.hub.caller("dynamodb", &self.deployed.region);
                let items = coverage::read(&caller, &self.deployed.coverage_table).await.unwrap_or_default();
                let of_spoke =
                    items.iter().find(|item| item["account"]["S"] == self.deployed.spoke_account.as_str())?;
                of_spoke["last_heartbeat"]["S"].as_str().map(|time| format!("sent at {time}"))
            }
            Awaited::Alert(rule) => {
                let bodies = self.receive(&self.deployed.received_url).await;
                let alert = bodies.iter().find(|alert| {
                    alert["alert_type"] == "tampering"
                        && alert["event_name"] == "PutRule"
                        && text(alert, "resource").contains(rule)
                });
                alert.map(|alert| text(alert, "title").to_owned())
            }
        }
    }

    /// AWS records the calls of [`Probes::faster_heartbeat`] itself. Other clouds receive the record that AWS would write.
    async fn recorded(&self, rule: &str) -> Result<(), String> {
        let Some(endpoint) = &self.endpoint else { return Ok(()) };
        let (account, region) = (&self.deployed.spoke_account, &self.deployed.region);
        let record = json!({
            "eventVersion": "1.11",
            "userIdentity": {
                "type": "AssumedRole", "principalId": "AROAEXAMPLE:rootwatch-smoke", "accountId": account,
                "arn": format!("arn:aws:sts::{account}:assumed-role/smoke/rootwatch-smoke"),
            },
            "eventTime": crate::deployment::now().iso_seconds(), "eventSource": "events.amazonaws.com",
            "eventName": "PutRule", "awsRegion": region, "sourceIPAddress": "192.0.2.10", "userAgent": "rootwatch smoke",
            "requestParameters": {"name": rule, "scheduleExpression": "rate(1 minute)"},
            "eventID": "5f0c1e8e-6f5c-4c55-9d43-0c9f5a1d7c11", "readOnly": false, "eventType": "AwsApiCall",
            "managementEvent": true, "recipientAccountId": account, "eventCategory": "Management",
        });
        if self.embedded {
            let answer = api::plain(endpoint, "/_rootwatch/records", Some(&record)).await;
            let undelivered = answer.as_ref().and_then(|answer| answer["injected"][0]["undelivered"].as_str());
            return match (answer.is_some(), undelivered) {
                (true, None) => Ok(()),
                (_, reason) => Err(format!("the record was not delivered: {}", reason.unwrap_or("no answer"))),
            };
        }
        let entry = json!({
            "Source": "aws.events", "DetailType": "AWS API Call via CloudTrail", "Detail": record.to_string(),
        });
        let put = self.events(&self.spoke, "PutEvents", json!({"Entries": [entry]})).await;
        put.map(drop).map_err(|error| error.to_string())
    }

    /// Targets on buses of the hub's account: one that admits nobody, one that admits the target's role, one that admits the role
    /// for deliveries alone.
    async fn put_targets(&self) -> Settled {
        let (mut alternatives, mut details) = (vec!["nobody"], Vec::new());
        for bus in ["first", "admits-role", "admits-delivery"] {
            let answer = self.takes_target(bus).await;
            details.push(format!("{bus}: {}", answer.as_ref().map_or_else(Clone::clone, |()| "taken".to_owned())));
            match (bus, answer.is_ok()) {
                // A check refused it. The next bus shows whose permission it wants.
                ("first", false) => alternatives = vec!["caller"],
                ("admits-role", true) => alternatives = vec!["role-without-event-keys"],
                ("admits-delivery", true) => alternatives = vec!["role"],
                _ => break,
            }
        }
        settled("put-targets", alternatives, "role", details.join("; "))
    }

    /// Puts a target on a bus, and removes it: a rule cannot be deleted while it has one.
    async fn takes_target(&self, bus: &str) -> Result<(), String> {
        let rule = &self.deployed.nobody_rule;
        let target = json!({"Id": bus, "Arn": self.deployed.bus_arns.get(bus), "RoleArn": self.deployed.nobody_arn});
        let put = self.events(&self.spoke, "PutTargets", json!({"Rule": rule, "Targets": [target]})).await;
        let _ = self.events(&self.spoke, "RemoveTargets", json!({"Rule": rule, "Ids": [bus]})).await;
        match put {
            Err(error) => Err(error.code),
            Ok(answer) => match answer["FailedEntries"][0]["ErrorCode"].as_str() {
                Some(code) => Err(code.to_owned()),
                None => Ok(()),
            },
        }
    }

    async fn source_account(&self) -> Settled {
        let arrived = self.ask(&["source-account"]).await;
        let (alternative, detail) = match arrived.is_empty() {
            false => ("present", "a queue that asks for aws:SourceAccount receives"),
            true => ("absent", "a queue that asks for aws:SourceAccount receives nothing"),
        };
        settled("queue-source-account", vec![alternative], "present", detail.to_owned())
    }

    /// One bus denies the value `true` of the key, another denies `false`. The queues behind them show which event was admitted.
    async fn invocation(&self) -> Settled {
        let arrived = self.ask(&["denies-true", "denies-false"]).await;
        let has = |name: &str| arrived.contains(&name);
        let (alternatives, detail) = match (has("denies-true"), has("denies-false")) {
            (false, true) => (vec!["true"], "a bus that denies `true` receives nothing"),
            (true, false) => (vec!["false"], "a bus that denies `false` receives nothing"),
            (true, true) => (vec!["absent"], "buses that deny either value receive the event"),
            (false, false) => (Vec::new(), "neither bus received the event"),
        };
        settled("own-account-invocation", alternatives, "true", detail.to_owned())
    }

    /// Puts an event on the first bus, and returns which of these queues receive it.
    async fn ask<'q>(&self, queues: &[&'q str]) -> Vec<&'q str> {
        let entry = json!({
            "Source": "rootwatch.smoke", "DetailType": "question", "Detail": "{}", "EventBusName": self.deployed.bus_arns.get("first"),
        });
        let mut arrived = Vec::new();
        if self.events(&self.hub, "PutEvents", json!({"Entries": [entry]})).await.is_err() {
            return arrived;
        }
        let mut limit = if self.embedded { PAUSE * 4 } else { DELIVERED_WITHIN };
        let mut begun = now();
        while arrived.len() < queues.len() && begun.elapsed() < limit {
            for queue in queues.iter().filter(|queue| !arrived.contains(*queue)).copied().collect::<Vec<_>>() {
                let Some(url) = self.deployed.queue_urls.get(queue) else { continue };
                if !self.receive(url).await.is_empty() {
                    arrived.push(queue);
                    (begun, limit) = (now(), limit.min(SILENCE));
                }
            }
            pause().await;
        }
        arrived
    }

    /// The bodies of the messages in a queue, which are deleted.
    async fn receive(&self, url: &str) -> Vec<Value> {
        let input = json!({"QueueUrl": url, "MaxNumberOfMessages": 10, "WaitTimeSeconds": 0});
        let answer = self.sqs("ReceiveMessage", input).await.unwrap_or_default();
        let mut bodies = Vec::new();
        for message in answer["Messages"].as_array().into_iter().flatten() {
            let delete = json!({"QueueUrl": url, "ReceiptHandle": message["ReceiptHandle"]});
            let _ = self.sqs("DeleteMessage", delete).await;
            bodies.push(serde_json::from_str(text(message, "Body")).unwrap_or_default());
        }
        bodies
    }

    /// Moves the clock of the embedded cloud; other clouds have real time.
    async fn advance(&self, seconds: u64) {
        if let Some(endpoint) = self.endpoint.as_ref().filter(|_| self.embedded) {
            api::plain(endpoint, "/_rootwatch/clock", Some(&json!({"advance_seconds": seconds}))).await;
        }
    }

    async fn until(&self, name: &'static str, limit: Duration, awaited: Awaited<'_>) -> Check {
        let limit = if self.embedded { limit.min(EMBEDDED_WITHIN) } else { limit };
        let begun = now();
        let mut reported = begun;
        loop {
            let seconds = begun.elapsed().as_secs_f64();
            if let Some(detail) = self.look(awaited).await {
                return Check { name, passed: true, detail, seconds };
            }
            if begun.elapsed() > limit {
                let detail = format!("nothing arrived within {} s; `rootwatch verify` names the hop", limit.as_secs());
                return Check { name, passed: false, detail, seconds };
            }
            if reported.elapsed() > Duration::from_secs(30) {
                reported = now();
                (self.progress)(&format!("{name}: {seconds:.0} of at most {} s", limit.as_secs()));
            }
            pause().await;
        }
    }
}

fn settled(assumption: &'static str, alternatives: Vec<&'static str>, default: &str, detail: String) -> Settled {
    let is_default = alternatives.contains(&default);
    Settled { assumption, alternatives, is_default, detail }
}

#[expect(clippy::disallowed_methods, reason = "AWS takes real time")]
fn now() -> Instant {
    Instant::now()
}

#[expect(clippy::disallowed_methods, reason = "SQS and DynamoDB send no notification")]
async fn pause() {
    tokio::time::sleep(PAUSE).await;
}
