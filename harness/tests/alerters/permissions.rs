//! Least privilege: each action of each statement of each role of the monitor is taken away alone, and something must
//! fail that did not fail before.

use std::collections::BTreeMap;
use std::time::Duration;

use libtest_mimic::Failed;
use rootwatch::deployment::Deployment;
use rootwatch_cloud::Cloud;
use rootwatch_cloud::api::Service;
use rootwatch_cloud::services::cloudtrail;
use rootwatch_cloud::trace::Outcome;
use serde_json::{Value, json};

use crate::records::{at, record, with_store};
use crate::schedules::{clocked, on_all_cores};
use crate::support::Shared;
use crate::world::{Answer, AwsFault, Fork, HUB, Plan, REGION, SPOKE, SinkFault};

/// A role's policy, and one action of it.
#[derive(Clone, Debug)]
struct Permission {
    account: &'static str,
    role: String,
    policy: String,
    document: Value,
    statement: usize,
    action: String,
}

/// What came of the work: everything that a permission may change.
#[derive(Clone, Debug, Default, PartialEq)]
struct Effects {
    /// What was taken, and when.
    received: Vec<String>,
    letters: Vec<String>,
    /// Lines in the functions' logs.
    logs: BTreeMap<String, usize>,
    /// Actions that were denied.
    denied: Vec<String>,
}

fn strings(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => vec![text.clone()],
        Value::Array(texts) => texts.iter().filter_map(|text| text.as_str().map(str::to_owned)).collect(),
        _ => Vec::new(),
    }
}

fn iam(cloud: &Cloud, account: &str, operation: &str, params: Value) -> Value {
    cloud.api(account, "us-east-1", Service::Iam, operation, params).unwrap()
}

/// Policy documents come URL-encoded.
fn decoded(text: &str) -> Value {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(if byte == b'%' {
            let digits = [rest.next().unwrap(), rest.next().unwrap()];
            u8::from_str_radix(std::str::from_utf8(&digits).unwrap(), 16).unwrap()
        } else {
            byte
        });
    }
    serde_json::from_slice(&bytes).unwrap()
}

/// Everything that the roles of the monitor may do.
fn permissions(cloud: &Cloud) -> Vec<Permission> {
    let mut found = Vec::new();
    for account in [HUB, SPOKE] {
        let roles = iam(cloud, account, "ListRoles", json!({}));
        for role in roles["Roles"].as_array().into_iter().flatten() {
            let role = role["RoleName"].as_str().unwrap();
            // The harness's own, with which Terraform is run.
            // Heartbeats need hours: the mutants take the permissions of their function away, with the scenarios of heartbeat/.
            let of_heartbeats = role.starts_with("rootwatch-coverage-");
            if !role.starts_with("rootwatch-") || role == "rootwatch-deploy" || of_heartbeats {
                continue;
            }
            let policies = iam(cloud, account, "ListRolePolicies", json!({"RoleName": role}));
            for policy in strings(&policies["PolicyNames"]) {
                let shown = iam(cloud, account, "GetRolePolicy", json!({"RoleName": role, "PolicyName": policy}));
                let document = decoded(shown["PolicyDocument"].as_str().unwrap());
                for (number, statement) in document["Statement"].as_array().into_iter().flatten().enumerate() {
                    found.extend(strings(&statement["Action"]).into_iter().map(|action| Permission {
                        account,
                        role: role.to_owned(),
                        policy: policy.clone(),
                        document: document.clone(),
                        statement: number,
                        action,
                    }));
                }
            }
        }
    }
    found
}

impl Permission {
    /// Takes it away.
    fn remove(&self, cloud: &Cloud) {
        let mut document = self.document.clone();
        let statements = document["Statement"].as_array_mut().unwrap();
        let left: Vec<String> = strings(&statements[self.statement]["Action"])
            .into_iter()
            .filter(|action| *action != self.action)
            .collect();
        if left.is_empty() {
            statements.remove(self.statement);
        } else {
            statements[self.statement]["Action"] = json!(left);
        }
        if document["Statement"].as_array().is_some_and(Vec::is_empty) {
            let params = json!({"RoleName": self.role, "PolicyName": self.policy});
            iam(cloud, self.account, "DeleteRolePolicy", params);
        } else {
            let params =
                json!({"RoleName": self.role, "PolicyName": self.policy, "PolicyDocument": document.to_string()});
            iam(cloud, self.account, "PutRolePolicy", params);
        }
    }
}

fn publish(function: &'static str, error: (&'static str, u16), from: i64, until: i64) -> AwsFault {
    AwsFault { function: Some(function), call: "sns:Publish", error: Some(error), from, until }
}

/// Faults that make the functions use everything that they may: a second try, and a dead letter.
fn plan() -> Plan {
    let broken = SinkFault { answer: Answer::Status(500, None, "oops"), times: Some(2) };
    let refused = SinkFault { answer: Answer::Status(400, None, "invalid_payload"), times: Some(1) };
    Plan {
        slack: vec![broken, refused],
        pagerduty: vec![broken, refused],
        // What comes first must come again, and what comes last is refused for good.
        aws: vec![
            publish("triage", ("InternalError", 500), 0, 2),
            publish("email", ("InternalError", 500), 0, 100),
            publish("triage", ("InvalidParameter", 400), 2000, 2002),
        ],
        ..Plan::default()
    }
}

/// A root event in every Region that a spoke covers, of both accounts, and messages that are none.
async fn work(deployment: &Deployment, login: &Value, change: impl FnOnce(&Cloud)) -> Effects {
    let fork = Fork::of(deployment, plan());
    change(&fork.cloud);
    let facts = &deployment.facts.coverage;
    let mut second = 0;
    for (account, regions) in [(SPOKE, &facts.spoke), (HUB, &facts.hub)] {
        for region in regions {
            let mut record = at(login.clone(), second);
            record["awsRegion"] = json!(region);
            let record: Value = serde_json::from_str(&record.to_string().replace(SPOKE, account)).unwrap();
            fork.cloud.with(|state| cloudtrail::inject(state, record)).map(drop).unwrap();
            second += 1;
        }
    }
    fork.cloud.settle().await;
    fork.cloud.advance(Duration::from_secs(1500)).await;
    // Not JSON: a dead letter for each alerter.
    for topic in ["rootwatch-root-login", "rootwatch-root-activity"] {
        let params = json!({"TopicArn": format!("arn:aws:sns:{REGION}:{HUB}:{topic}"), "Message": "not an alert"});
        fork.cloud.api(HUB, REGION, Service::Sns, "Publish", params).unwrap();
    }
    fork.cloud.advance(Duration::from_secs(500)).await;
    // Refused for good: a dead letter for triage and for the mail.
    let record = at(login.clone(), 2000);
    fork.cloud.with(|state| cloudtrail::inject(state, record)).map(drop).unwrap();
    fork.cloud.settle().await;
    fork.cloud.advance(Duration::from_secs(6 * 3600)).await;
    effects(&fork)
}

fn effects(fork: &Fork) -> Effects {
    let mut effects = Effects::default();
    let received = fork.received().into_iter();
    effects.received =
        received.map(|received| format!("{} {:?} {}", received.at.0, received.sink, received.body)).collect();
    effects.letters = fork.dead_letters().into_iter().map(|(queue, body)| format!("{queue} {body}")).collect();
    effects.received.sort_unstable();
    effects.letters.sort_unstable();
    let groups = fork.cloud.api(HUB, REGION, Service::Logs, "DescribeLogGroups", json!({})).unwrap();
    for group in groups["logGroups"].as_array().into_iter().flatten() {
        let name = group["logGroupName"].as_str().unwrap_or_default();
        if !name.starts_with("/aws/lambda/") {
            continue;
        }
        let params = json!({"logGroupName": name, "filterPattern": "START", "limit": 10000});
        let events = fork.cloud.api(HUB, REGION, Service::Logs, "FilterLogEvents", params).unwrap();
        effects.logs.insert(name.to_owned(), events["events"].as_array().map_or(0, Vec::len));
    }
    effects.denied = fork.cloud.with(|state| {
        state.entries().filter(|entry| entry.outcome == Outcome::Denied).map(|entry| entry.detail.clone()).collect()
    });
    effects
}

pub(crate) fn each_is_needed(shared: &Shared) -> Result<(), Failed> {
    let deployment = shared.with(async |session| session.deployment(&with_store()).await)?;
    let deployment = deployment.map_err(|error| error.to_string())?;
    let login = record(shared, "login/console-login-with-mfa");
    let whole = clocked(work(&deployment, &login, |_| {}));
    if !whole.denied.is_empty() {
        return Err(format!("with all permissions something is denied: {:?}", whole.denied).into());
    }
    for queue in ["triage", "slack", "pagerduty", "email"] {
        if !whole.letters.iter().any(|letter| letter.contains(queue)) {
            return Err(format!("the work makes no dead letter of {queue}: {:?}", whole.letters).into());
        }
    }
    let all = clocked(async { permissions(&Fork::of(&deployment, Plan::default()).cloud) });
    // Four functions, and a delivery role in each Region of each account.
    if all.len() < 40 {
        return Err(format!("only {} permissions were found: {all:?}", all.len()).into());
    }
    let idle = on_all_cores(&all, |permission| {
        let found = clocked(work(&deployment, &login, |cloud| permission.remove(cloud)));
        let denied = !found.denied.is_empty();
        let needed = denied && Effects { denied: Vec::new(), ..found } != whole;
        (!needed).then(|| format!("{} of {} (denied: {denied})", permission.action, permission.role))
    });
    let idle: Vec<String> = idle.into_iter().flatten().collect();
    if idle.is_empty() {
        return Ok(());
    }
    Err(format!("{} of {} permissions are not needed:\n{}", idle.len(), all.len(), idle.join("\n")).into())
}
