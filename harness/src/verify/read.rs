//! Reads a deployment: from the hub's bus to the alerters, and from each account's default bus to the hub's bus.
//!
//! Every resource is an item with the API calls that would make it. The calls make the twin, and they are what a drift is a
//! difference of.

mod resources;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use futures_util::future::{BoxFuture, FutureExt};
use futures_util::stream::{self, StreamExt};
use rootwatch_cloud::Arn;
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::client::{Client, home, text};
use crate::runner::api::ApiFailure;

/// How many accounts are read at the same time: AWS throttles a caller in each account by itself.
const READERS: usize = 16;

/// When a step is made: what refers to something comes after it. AWS checks some permissions when a resource is made, and they may
/// have been lost since. So permissions of identities, buses and keys come last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum Stage {
    /// Keys, queues, topics, secrets, tables, log groups, managed policies.
    Resource,
    /// Roles, policies of queues and topics.
    Policy,
    /// Functions.
    Function,
    /// Subscriptions and event source mappings, buses.
    Connection,
    /// Rules.
    Rule,
    /// Their targets, metric filters.
    Target,
    /// Alarms and trails.
    Watch,
    /// Permissions, and what is switched off.
    End,
}

/// One step in making a resource.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub enum Step {
    /// An API call by an administrator of the account.
    Call {
        /// The name that the service signs with.
        service: &'static str,
        /// The operation.
        operation: &'static str,
        /// Its input.
        parameters: Value,
    },
    /// A KMS key, whose id AWS draws.
    Key,
    /// A secret of this ARN. Its value is never read.
    Secret,
    /// A trail of this name, which logs everything until another step changes it.
    Trail(String),
}

/// A deployed resource.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Item {
    /// The account.
    pub account: String,
    /// The Region.
    pub region: String,
    /// The steps that make it.
    pub steps: Vec<(Stage, Step)>,
}

/// The code of a function.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Code {
    /// SHA-256 of the package, in Base64 as Lambda shows it.
    pub sha256: String,
    /// The names of its environment variables.
    pub variables: BTreeSet<String>,
}

/// A remark on a resource.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Remark {
    /// The resource.
    pub resource: String,
    /// The remark.
    pub text: String,
}

/// A deployment as it was read.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Snapshot {
    /// The organization and its management account, if the hub's account is in one.
    pub organization: Option<(String, String)>,
    /// By ARN; of what has none, by the ARNs that it connects.
    pub items: BTreeMap<String, Item>,
    /// By the function's ARN.
    pub functions: BTreeMap<String, Code>,
    /// Something that does not work, or soon will not: an alarm that is raised, a message in a dead-letter queue, a subscription
    /// that nobody has confirmed.
    pub findings: BTreeSet<Remark>,
    /// On the path, but not read or not modeled. What depends on it is not verified.
    pub not_verified: BTreeSet<Remark>,
}

impl Snapshot {
    /// The inputs of every call of an operation.
    pub(super) fn calls(&self, name: &str) -> impl Iterator<Item = &Value> {
        let steps = self.items.values().flat_map(|item| &item.steps);
        steps.filter_map(move |(_, step)| match step {
            Step::Call { operation, parameters, .. } if *operation == name => Some(parameters),
            _ => None,
        })
    }

    /// The subscriptions of a topic.
    pub(super) fn subscriptions<'a>(&'a self, topic: &'a str) -> impl Iterator<Item = &'a Value> {
        self.calls("Subscribe").filter(move |it| it["TopicArn"] == topic)
    }
}

/// Reads what is on the paths from the default buses of the accounts to the hub's bus, and from there on.
///
/// `clients` has the accounts, the hub's first. `packages` has the digests (as [`Code::sha256`]) of the monitor's own packages:
/// a function of the hub with such code is read even if nothing leads to it.
pub async fn read(clients: &[Client], hub_bus: &Arn, regions: &[String], packages: &BTreeSet<String>) -> Snapshot {
    let mut reading = Reading {
        clients: clients.iter().map(|client| (client.account.as_str(), client)).collect(),
        hub_bus,
        snapshot: Snapshot::default(),
        known: BTreeSet::new(),
        queued: VecDeque::new(),
        dead_letter_queues: BTreeSet::new(),
        messages: BTreeMap::new(),
        metrics: BTreeSet::new(),
    };
    if let [hub, spokes @ ..] = clients {
        reading.hub(hub, regions, packages).await;
        let spokes: Vec<BoxFuture<'_, Reading<'_>>> =
            spokes.iter().map(|client| reading.of_spoke(client, regions).boxed()).collect();
        let read: Vec<Reading<'_>> = stream::iter(spokes).buffered(READERS).collect().await;
        for spoke in read {
            reading.join(spoke);
        }
    }
    reading.dead_letters();
    reading.snapshot
}

pub(super) struct Reading<'a> {
    clients: BTreeMap<&'a str, &'a Client>,
    hub_bus: &'a Arn,
    snapshot: Snapshot,
    /// ARNs that were queued.
    known: BTreeSet<String>,
    /// Those that are still to be read.
    queued: VecDeque<String>,
    dead_letter_queues: BTreeSet<String>,
    /// The number of messages in each queue that is not empty.
    messages: BTreeMap<String, String>,
    /// Account, Region, namespace and name of the metrics that metric filters write.
    metrics: BTreeSet<[String; 4]>,
}

type Read = Result<(), ApiFailure>;

impl Reading<'_> {
    async fn hub(&mut self, client: &Client, regions: &[String], packages: &BTreeSet<String>) {
        self.organization(client).await;
        let bus = self.hub_bus.as_str().to_owned();
        self.enqueue(&bus);
        self.follow().await;
        let functions = self.other_functions(packages).await;
        self.note("functions of the hub", functions);
        self.follow().await;
        self.account(client, regions).await;
    }

    /// Reads a spoke. The hub's resources are known.
    async fn of_spoke(&self, client: &Client, regions: &[String]) -> Self {
        let mut spoke = Self {
            clients: self.clients.clone(),
            hub_bus: self.hub_bus,
            snapshot: Snapshot::default(),
            known: self.known.clone(),
            queued: VecDeque::new(),
            dead_letter_queues: BTreeSet::new(),
            messages: BTreeMap::new(),
            metrics: BTreeSet::new(),
        };
        spoke.account(client, regions).await;
        spoke
    }

    async fn account(&mut self, client: &Client, regions: &[String]) {
        let account = &client.account;
        for region in regions {
            let place = format!("{account} {region}");
            let rules = self.rules(account, region, None).await;
            self.note(&place, rules);
            let trails = self.trails(account, region).await;
            self.note(&place, trails);
            self.follow().await;
        }
        // Alarms name what they watch, so they come last; what they notify may be new.
        let mut regions: BTreeSet<&str> = regions.iter().map(String::as_str).collect();
        let of_hub = self.hub_bus.region();
        if self.hub_bus.account().as_str() == account {
            regions.insert(of_hub.as_str());
        }
        for region in regions {
            let alarms = self.alarms(account, region).await;
            self.note(&format!("{account} {region}"), alarms);
        }
        self.follow().await;
    }

    /// Adds the snapshot of another account. Two accounts may lead to the same resource.
    fn join(&mut self, other: Self) {
        for (key, item) in other.snapshot.items {
            self.snapshot.items.entry(key).or_insert(item);
        }
        self.snapshot.functions.extend(other.snapshot.functions);
        self.snapshot.findings.extend(other.snapshot.findings);
        self.snapshot.not_verified.extend(other.snapshot.not_verified);
        self.dead_letter_queues.extend(other.dead_letter_queues);
        self.messages.extend(other.messages);
    }

    fn dead_letters(&mut self) {
        for (queue, count) in std::mem::take(&mut self.messages) {
            if self.dead_letter_queues.contains(&queue) {
                self.finding(
                    &queue,
                    format!("{count} messages in the dead-letter queue; `rootwatch redrive` moves them back"),
                );
            }
        }
    }

    /// Reads what is queued, until nothing is.
    async fn follow(&mut self) {
        while let Some(arn) = self.queued.pop_front() {
            let read = self.resource(&Arn::new(arn.clone())).await;
            self.note(&arn, read);
        }
    }

    fn note(&mut self, resource: &str, read: Read) {
        if let Err(error) = read {
            let text = error.to_string();
            self.snapshot.not_verified.insert(Remark { resource: resource.to_owned(), text });
        }
    }

    fn not_verified(&mut self, resource: &str, text: impl Into<String>) {
        self.snapshot.not_verified.insert(Remark { resource: resource.to_owned(), text: text.into() });
    }

    fn finding(&mut self, resource: &str, text: impl Into<String>) {
        self.snapshot.findings.insert(Remark { resource: resource.to_owned(), text: text.into() });
    }

    /// Queues a resource to be read, unless it was queued before.
    fn enqueue(&mut self, arn: &str) {
        if arn.starts_with("arn:") && self.known.insert(arn.to_owned()) {
            self.queued.push_back(arn.to_owned());
        }
    }

    fn add(&mut self, key: &str, account: &str, region: &str, steps: Vec<(Stage, Step)>) {
        let item = Item { account: account.to_owned(), region: region.to_owned(), steps: Vec::new() };
        self.snapshot.items.entry(key.to_owned()).or_insert(item).steps.extend(steps);
    }

    async fn call(
        &self,
        (account, region): (&str, &str),
        service: &'static str,
        operation: &'static str,
        parameters: Value,
    ) -> Result<Value, ApiFailure> {
        let Some(client) = self.clients.get(account) else {
            return Err(ApiFailure {
                operation: format!("{service}:{operation}"),
                code: "NoCredentials".to_owned(),
                message: format!("account {account} is not among those that are read"),
            });
        };
        client.call(service, region, operation, parameters).await
    }

    /// The members of all pages: `list` of the answers, `token` as it is answered and as it is asked for.
    async fn pages(
        &self,
        place: (&str, &str),
        service: &'static str,
        operation: &'static str,
        mut parameters: Value,
        (list, answered, asked): (&str, &str, &str),
    ) -> Result<Vec<Value>, ApiFailure> {
        let mut all = Vec::new();
        loop {
            let answer = self.call(place, service, operation, parameters.clone()).await?;
            all.extend(answer[list].as_array().into_iter().flatten().cloned());
            match text(&answer, answered) {
                "" => return Ok(all),
                token => parameters[asked] = token.into(),
            }
        }
    }

    async fn organization(&mut self, hub: &Client) {
        let found = hub.call("organizations", self.hub_bus.region().as_str(), "DescribeOrganization", json!({})).await;
        match found {
            Ok(found) => {
                let organization = &found["Organization"];
                let management = text(organization, "MasterAccountId").to_owned();
                self.snapshot.organization = Some((text(organization, "Id").to_owned(), management));
                self.not_verified(
                    "service control policies",
                    "a member account cannot read them; what they deny is not known",
                );
            }
            Err(error) if error.code == "AWSOrganizationsNotInUseException" => {}
            Err(error) => self.not_verified("organization", error.to_string()),
        }
    }

    async fn resource(&mut self, arn: &Arn) -> Read {
        let (service, kind) = (arn.service(), arn.resource().split([':', '/']).next().unwrap_or_default());
        match (service, kind) {
            ("events", "event-bus") => self.bus(arn).await,
            ("sqs", _) => self.queue(arn).await,
            ("sns", _) => self.topic(arn).await,
            ("lambda", "function") => self.function(arn).await,
            ("iam", "role") => self.role(arn).await,
            ("kms", _) => self.key(arn).await,
            ("secretsmanager", _) => self.secret(arn).await,
            ("dynamodb", "table") => self.table(arn).await,
            _ => {
                self.not_verified(arn.as_str(), format!("a {service} {kind} is not modeled"));
                Ok(())
            }
        }
    }

    async fn bus(&mut self, arn: &Arn) -> Read {
        let (account, region) = place(arn);
        let place = (account.as_str(), region.as_str());
        let name = arn.name().to_owned();
        let found = self.call(place, "events", "DescribeEventBus", json!({"Name": name})).await?;
        let mut steps = Vec::new();
        if name != "default" {
            steps.push((Stage::Connection, call("events", "CreateEventBus", json!({"Name": name}))));
        }
        match text(&found, "Policy") {
            "" => {}
            policy => {
                let put = json!({"EventBusName": name, "Policy": policy});
                steps.push((Stage::End, call("events", "PutPermission", put)));
            }
        }
        self.add(arn.as_str(), place.0, place.1, steps);
        self.rules(place.0, place.1, Some(&name)).await
    }

    /// The rules of a bus; of a default bus (`None`) those that deliver to what is known.
    async fn rules(&mut self, account: &str, region: &str, bus: Option<&str>) -> Read {
        let place = (account, region);
        let name = bus.unwrap_or("default");
        let token = ("Rules", "NextToken", "NextToken");
        let rules = self.pages(place, "events", "ListRules", json!({"EventBusName": name}), token).await?;
        for rule in rules.iter().filter(|rule| rule["ManagedBy"].is_null()) {
            let asked = json!({"Rule": rule["Name"], "EventBusName": name});
            let token = ("Targets", "NextToken", "NextToken");
            let targets = self.pages(place, "events", "ListTargetsByRule", asked, token).await?;
            let leads_on = targets.iter().any(|target| self.known.contains(text(target, "Arn")));
            if bus.is_none() && !leads_on {
                continue;
            }
            let mut made = picked(rule, &["Name", "EventPattern", "State", "ScheduleExpression", "RoleArn"]);
            made["EventBusName"] = name.into();
            let mut steps = vec![(Stage::Rule, call("events", "PutRule", made))];
            if !targets.is_empty() {
                let put = json!({"Rule": rule["Name"], "EventBusName": name, "Targets": targets});
                steps.push((Stage::Target, call("events", "PutTargets", put)));
            }
            self.add(text(rule, "Arn"), account, region, steps);
            for target in &targets {
                self.enqueue(text(target, "Arn"));
                self.enqueue(text(target, "RoleArn"));
                self.dead_letter_queue(text(&target["DeadLetterConfig"], "Arn"));
            }
        }
        Ok(())
    }

    fn dead_letter_queue(&mut self, arn: &str) {
        self.enqueue(arn);
        self.dead_letter_queues.insert(arn.to_owned());
    }
}

/// Account and Region of an ARN; of a global service's, the home of its partition.
fn place(arn: &Arn) -> (String, String) {
    let region = arn.region().to_string();
    (arn.account().to_string(), if region.is_empty() { home(arn.partition()).to_owned() } else { region })
}

fn call(service: &'static str, operation: &'static str, parameters: Value) -> Step {
    Step::Call { service, operation, parameters }
}

/// The members of these names that have a value.
fn picked(from: &Value, names: &[&str]) -> Value {
    let given = |name: &&str| {
        let value = &from[*name];
        let is_empty = value.is_null() || value == "" || value.as_array().is_some_and(Vec::is_empty);
        (!is_empty).then(|| ((*name).to_owned(), value.clone()))
    };
    Value::Object(names.iter().filter_map(given).collect::<Map<_, _>>())
}
