//! The embedded cloud with what was read: a deployment that scenarios run on.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rootwatch_cloud::api::Service;
use rootwatch_cloud::services::{cloudtrail, secretsmanager, sns};
use rootwatch_cloud::{Arn, Cloud, Region, State};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::VerifyError;
use super::read::{Code, Item, Remark, Snapshot, Stage, Step};
use super::state::Made;
use crate::deployment::{Accounts, Coverage, Deployment, Facts, Probes, now, open_code_store};
use crate::packages::FUNCTIONS;
use crate::runner::clients::Caller;
use crate::runner::{Session, chain};

/// The monitor's packages of this version.
#[derive(Clone, Debug)]
pub struct Packages(BTreeMap<&'static str, Package>);

#[derive(Clone, Debug)]
struct Package {
    /// As Lambda shows it.
    sha256: String,
    zip: String,
}

impl Packages {
    /// Reads the packages of a session.
    ///
    /// # Errors
    /// When one cannot be read.
    pub fn of(session: &Session) -> Result<Self, VerifyError> {
        let directory = &session.packages().directory;
        let package = |name: &'static str| {
            let path = directory.join(format!("{name}.zip"));
            let zip = std::fs::read(&path).map_err(|source| VerifyError::Package { path, source })?;
            let (sha256, zip) = (STANDARD.encode(Sha256::digest(&zip)), STANDARD.encode(&zip));
            Ok((name, Package { sha256, zip }))
        };
        FUNCTIONS.into_iter().map(package).collect::<Result<_, _>>().map(Self)
    }

    /// The digests of all packages.
    pub fn digests(&self) -> impl Iterator<Item = String> {
        self.0.values().map(|package| package.sha256.clone())
    }

    /// The package of a function: by its code, else by the variables and the name that only such a function has.
    pub(super) fn name_of(&self, function: &str, code: &Code) -> Option<&'static str> {
        let by_code = self.0.iter().find(|(_, package)| package.sha256 == code.sha256).map(|(name, _)| *name);
        let has = |variable: &str| code.variables.contains(variable);
        let name = Arn::new(function).name().to_owned();
        by_code
            .or_else(|| has("LOGIN_TOPIC_ARN").then_some("triage"))
            .or_else(|| has("EMAIL_TOPIC_ARN").then_some("email"))
            .or_else(|| (has("SECRET_ARN") && name.contains("pagerduty")).then_some("pagerduty"))
            .or_else(|| (has("SECRET_ARN") && name.contains("slack")).then_some("slack"))
    }

    fn is_known(&self, code: &Code) -> bool {
        self.0.values().any(|package| package.sha256 == code.sha256)
    }
}

/// ARNs of the monitor's topics.
#[derive(Clone, Debug, Default)]
pub struct Topics {
    /// The topic of root logins; `None` is the one that triage publishes to.
    pub login: Option<String>,
    /// The topic of root activity; `None` is the one that triage publishes to.
    pub activity: Option<String>,
    /// The topic of the monitor's health; `None` is the one that most alarms notify.
    pub health: Option<String>,
}

impl Topics {
    /// Finds the topics that are not given.
    fn completed(&self, snapshot: &Snapshot) -> Result<Value, VerifyError> {
        let variable = |name: &str| variable(snapshot, name);
        let mut notified: BTreeMap<String, usize> = BTreeMap::new();
        for alarm in snapshot.calls("PutMetricAlarm") {
            for topic in alarm["AlarmActions"].as_array().into_iter().flatten().filter_map(Value::as_str) {
                if topic.contains(":sns:") {
                    *notified.entry(topic.to_owned()).or_default() += 1;
                }
            }
        }
        let login = self.login.clone().or_else(|| variable("LOGIN_TOPIC_ARN")).ok_or(VerifyError::Topic("login"))?;
        let activity =
            self.activity.clone().or_else(|| variable("ACTIVITY_TOPIC_ARN")).ok_or(VerifyError::Topic("activity"))?;
        let most = notified.into_iter().max_by_key(|(_, count)| *count).map(|(topic, _)| topic);
        let health = self.health.clone().or(most).ok_or(VerifyError::Topic("health"))?;
        // Versions before 0.3 have no such topic.
        let tampering = variable("TAMPERING_TOPIC_ARN");
        Ok(json!({"login": login, "activity": activity, "tampering": tampering, "health": health}))
    }
}

/// The environment variable of the first function that has it.
fn variable(snapshot: &Snapshot, name: &str) -> Option<String> {
    let mut functions = snapshot.calls("CreateFunction");
    functions.find_map(|function| function["Environment"]["Variables"][name].as_str().map(str::to_owned))
}

/// A copy of a live deployment in the embedded cloud.
#[derive(Clone, Debug)]
pub struct Twin {
    /// The deployment.
    pub deployment: Deployment,
    /// The ARNs of its topics: `login`, `activity` and `health`.
    pub topics: Value,
}

/// Makes the deployment. What the embedded cloud refuses is added to the snapshot's `not_verified`.
///
/// # Errors
/// When the topics are not known, or cannot be subscribed to.
pub async fn twin(
    session: &Session,
    snapshot: &mut Snapshot,
    packages: &Packages,
    hub_bus: &Arn,
    spokes: &[String],
    topics: &Topics,
) -> Result<Twin, VerifyError> {
    let topics = topics.completed(snapshot)?;
    let accounts = accounts(snapshot, hub_bus, spokes);
    let (hub, region) = (accounts.hub.clone(), accounts.hub_region.clone());
    let unused_secret = unused_secret(hub_bus);
    let empty = Deployment {
        state: State::new(now(), 1),
        code: open_code_store(session.layout()),
        linked: session.packages().linked.clone(),
        facts: Facts {
            accounts,
            coverage: coverage(snapshot, &hub, spokes),
            probes: Probes { login: String::new(), activity: String::new(), tampering: None, health: String::new() },
            hub_key: None,
            coverage_table: None,
            slack_secret: unused_secret.clone(),
            pagerduty_secret: unused_secret.clone(),
            more_secrets: Vec::new(),
        },
        terraform_state: Arc::from(""),
        reused: false,
        applied_in: std::time::Duration::ZERO,
    };
    let cloud = session.fork(&empty);
    cloud.with(|state| {
        state.has_unknown_principals = true;
        if let Some((id, management)) = &snapshot.organization {
            let others = spokes.iter().chain([&hub]).filter(|account| *account != management);
            let members: Vec<(&str, &str)> =
                std::iter::once(management).chain(others).map(|account| (account.as_str(), account.as_str())).collect();
            state.organizations.create(id, management, &members);
        }
        secretsmanager::seed_secret(state, &Arn::new(&unused_secret), "{}");
    });
    let made = make(&cloud, snapshot, packages);
    let (sns_client, sqs_client) =
        (Caller::of_cloud(&cloud, &hub, &region).sns(), Caller::of_cloud(&cloud, &hub, &region).sqs());
    let probes = Probes::subscribe(&sns_client, &sqs_client, &topics).await;
    let probes = probes.map_err(|error| VerifyError::Probes(chain(&error)))?;
    cloud.with(sns::confirm_all_email);
    let secrets = snapshot.items.iter().filter(|(_, item)| item.steps.iter().any(|(_, step)| *step == Step::Secret));
    let more_secrets = secrets.map(|(arn, _)| arn.clone()).collect();
    let mut state = cloud.snapshot();
    state.come_to_rest();
    let coverage_table = variable(snapshot, "COVERAGE_TABLE");
    let facts = Facts { probes, more_secrets, coverage_table, hub_key: hub_key(&made, &hub), ..empty.facts.clone() };
    let terraform_state = Arc::from(super::state::terraform_state(&made));
    let deployment = Deployment { state, facts, terraform_state, ..empty };
    Ok(Twin { deployment, topics })
}

/// The Regions in which an account's default bus has a rule that leads to the hub.
fn coverage(snapshot: &Snapshot, hub: &str, spokes: &[String]) -> Coverage {
    let regions = |account: &str| -> BTreeSet<String> {
        let rules = snapshot.items.iter().filter(|(arn, item)| {
            item.account == account
                && Arn::parse(arn).is_some_and(|arn| arn.service() == "events" && is_of_default(&arn))
        });
        rules.map(|(_, item)| item.region.clone()).collect()
    };
    let mut spokes = spokes.iter().map(|spoke| regions(spoke));
    Coverage { hub: regions(hub), spoke: spokes.next().unwrap_or_default(), further: spokes.flatten().collect() }
}

/// Returns true if the ARN is that of a rule of a default bus: `rule/NAME`, where others have `rule/BUS/NAME`.
fn is_of_default(rule: &Arn) -> bool {
    rule.resource().strip_prefix("rule/").is_some_and(|name| !name.contains('/'))
}

/// The ARN of a secret that no function reads: a deployment of the harness names one for each kind of alerter.
fn unused_secret(hub_bus: &Arn) -> String {
    let (partition, region, account) = (hub_bus.partition(), hub_bus.region(), hub_bus.account());
    format!("arn:{partition}:secretsmanager:{region}:{account}:secret:rootwatch-verify-unused-aaaaaa")
}

fn accounts(snapshot: &Snapshot, hub_bus: &Arn, spokes: &[String]) -> Accounts {
    let default = Accounts::default();
    let mut spokes = spokes.iter();
    let spoke = spokes.next().cloned().unwrap_or(default.spoke.clone());
    let (organization, management) =
        snapshot.organization.clone().unwrap_or((default.organization.clone(), default.management.clone()));
    Accounts {
        hub: hub_bus.account().to_string(),
        hub_region: hub_bus.region().to_string(),
        spoke,
        management,
        organization,
        further_spokes: spokes.cloned().collect(),
        ..default
    }
}

/// The id of the hub's key, if it has one only.
fn hub_key(made: &[Made], hub: &str) -> Option<String> {
    let mut keys = made.iter().filter(|made| made.operation == "CreateKey" && made.account == hub);
    let key = keys.next().filter(|_| keys.next().is_none())?;
    key.output["KeyMetadata"]["KeyId"].as_str().map(str::to_owned)
}

/// Makes every item, in the order of the stages. Returns the calls that succeeded.
fn make(cloud: &Cloud, snapshot: &mut Snapshot, packages: &Packages) -> Vec<Made> {
    let mut steps: Vec<(Stage, &str, &Item, &Step)> = Vec::new();
    for (key, item) in &snapshot.items {
        steps.extend(item.steps.iter().map(|(stage, step)| (*stage, key.as_str(), item, step)));
    }
    steps.sort_by_key(|(stage, ..)| *stage);
    let (last, first): (Vec<_>, Vec<_>) = steps.into_iter().partition(|(stage, ..)| *stage == Stage::End);
    let mut maker = Maker {
        cloud,
        snapshot,
        packages,
        keys: Vec::new(),
        made: Vec::new(),
        permitted: Vec::new(),
        refused: BTreeSet::new(),
    };
    for (_, key, item, step) in first {
        maker.step(key, item, step);
    }
    maker.withdraw();
    for (_, key, item, step) in last {
        maker.step(key, item, step);
    }
    maker.foreign_code();
    let (refused, made) = (maker.refused, maker.made);
    snapshot.not_verified.extend(refused);
    made
}

struct Maker<'a> {
    cloud: &'a Cloud,
    snapshot: &'a Snapshot,
    packages: &'a Packages,
    /// The ids of keys: as they were read, and as they were made.
    keys: Vec<(String, String)>,
    /// The calls that succeeded, except those of [`Maker::permit`].
    made: Vec<Made>,
    /// The calls that withdraw the permissions of roles and buses, which are permitted everything until every resource is made: AWS checks permissions when a target or a mapping is
    /// made, and the live deployment may have lost them since.
    permitted: Vec<(&'a Item, &'static str, &'static str, Value)>,
    refused: BTreeSet<Remark>,
}

impl<'a> Maker<'a> {
    fn step(&mut self, key: &str, item: &'a Item, step: &'a Step) {
        let done = match step {
            Step::Key => self.call(item, "kms", "CreateKey", json!({})).map(|answer| {
                let made = answer["KeyMetadata"]["KeyId"].as_str().unwrap_or_default().to_owned();
                self.keys.push((Arn::new(key).name().to_owned(), made));
                self.note(item, key, "CreateKey", json!({}), answer);
            }),
            Step::Secret => {
                self.cloud.with(|state| secretsmanager::seed_secret(state, &Arn::new(key), "{}"));
                Ok(())
            }
            Step::Trail(name) => {
                let (account, region) = (item.account.as_str().into(), item.region.as_str().into());
                self.cloud.with(|state| cloudtrail::seed_trail(state, &account, &region, name));
                Ok(())
            }
            Step::Call { service, operation, parameters } => {
                let mut text = parameters.to_string();
                for (read, made) in &self.keys {
                    text = text.replace(read, made);
                }
                let input: Value = serde_json::from_str(&text).unwrap_or_default();
                self.with_code(input.clone(), operation, key)
                    .and_then(|with_code| self.call(item, service, operation, with_code))
                    .and_then(|output| {
                        self.note(item, key, operation, input, output);
                        self.permit(item, operation, parameters)
                    })
            }
        };
        if let Err(text) = done {
            self.refused.insert(Remark { resource: key.to_owned(), text });
        }
    }

    fn note(&mut self, item: &Item, key: &str, operation: &'static str, input: Value, output: Value) {
        let (account, region, key) = (item.account.clone(), item.region.clone(), key.to_owned());
        self.made.push(Made { account, region, key, operation, input, output });
    }

    fn call(&self, item: &Item, service: &str, operation: &str, parameters: Value) -> Result<Value, String> {
        let service = Service::from_signing_name(service).ok_or_else(|| format!("there is no service {service}"))?;
        let answer = self.cloud.api(&item.account, &item.region, service, operation, parameters);
        answer.map_err(|error| format!("the twin refuses {operation}: {error}"))
    }

    /// Permits a new role or bus everything for the time being.
    fn permit(&mut self, item: &'a Item, operation: &str, made: &Value) -> Result<(), String> {
        const NAME: &str = "rootwatch-twin";
        let document = |statement: Value| json!({"Version": "2012-10-17", "Statement": [statement]}).to_string();
        match operation {
            "CreateRole" => {
                let all = document(json!({"Effect": "Allow", "Action": "*", "Resource": "*"}));
                let mut policy = json!({"RoleName": made["RoleName"], "PolicyName": NAME});
                self.permitted.push((item, "iam", "DeleteRolePolicy", policy.clone()));
                policy["PolicyDocument"] = all.into();
                self.call(item, "iam", "PutRolePolicy", policy).map(drop)
            }
            "CreateEventBus" => {
                let bus = &made["Name"];
                let name = bus.as_str().unwrap_or_default();
                let partition = Region::new(&item.region).partition();
                let arn = format!("arn:{partition}:events:{}:{}:event-bus/{name}", item.region, item.account);
                let all = document(json!({
                    "Sid": NAME, "Effect": "Allow", "Principal": "*", "Action": "events:PutEvents",
                    "Resource": arn,
                }));
                let withdrawn = json!({"EventBusName": bus, "RemoveAllPermissions": true});
                self.permitted.push((item, "events", "RemovePermission", withdrawn));
                self.call(item, "events", "PutPermission", json!({"EventBusName": bus, "Policy": all})).map(drop)
            }
            _ => Ok(()),
        }
    }

    /// Withdraws every such permission.
    fn withdraw(&mut self) {
        for (item, service, operation, parameters) in std::mem::take(&mut self.permitted) {
            if let Err(text) = self.call(item, service, operation, parameters) {
                self.refused.insert(Remark { resource: "a permission of the twin".to_owned(), text });
            }
        }
    }

    /// Adds the package to the creation of a function.
    fn with_code(&self, mut parameters: Value, operation: &str, function: &str) -> Result<Value, String> {
        if operation != "CreateFunction" {
            return Ok(parameters);
        }
        let code = self.snapshot.functions.get(function).ok_or("its code is not known")?;
        let name = self.packages.name_of(function, code).ok_or_else(|| {
            format!(
                "the code (SHA-256 {}) is not that of a function of rootwatch, so its behavior is not verified",
                code.sha256
            )
        })?;
        if let Some(package) = self.packages.0.get(name) {
            parameters["Code"] = json!({"ZipFile": package.zip});
        }
        Ok(parameters)
    }

    /// Functions of rootwatch that run other code than this version's.
    fn foreign_code(&mut self) {
        for (function, code) in &self.snapshot.functions {
            if let Some(name) = self.packages.name_of(function, code).filter(|_| !self.packages.is_known(code)) {
                let text = format!(
                    "the code (SHA-256 {}) is not of this version of rootwatch; it was tested with this version's {name}",
                    code.sha256
                );
                self.refused.insert(Remark { resource: function.clone(), text });
            }
        }
    }
}
