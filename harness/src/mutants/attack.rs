//! Generated attacks: calls that every deployment must refuse.
//!
//! Scenarios show that each permission is needed. Attacks show that none is wider than needed. They are derived from the
//! policies of the unmutated deployment: a statement that allows gives the request that it is meant for, and every request that
//! differs from it in one respect (caller, resource, action, a condition key) is an attack, unless the deployment allows it.
//! Callers are the other roles of the account, administrators of other accounts inside and outside the organization, roles of
//! the same names there, other AWS services, and the same service on behalf of another resource.
//!
//! A mutant that lets an attack in is caught.

use std::collections::{BTreeMap, BTreeSet};

use rootwatch_cloud::api::{ApiError, Service};
use rootwatch_cloud::authz::{Edge, PolicyText};
use rootwatch_cloud::{Arn, Cloud, Region, State};
use rootwatch_policy::{Principal, ResourceKind};
use serde_json::{Value, json};

use super::policy::{list, strings};
use super::{Change, Mutant, Resource};
use crate::deployment::Accounts;

/// An account that is in no organization.
const OUTSIDER: &str = "666666666666";
/// A name that nothing of a deployment has.
const OTHER: &str = "attacker";

/// Actions with which an attacker does harm, by the service's prefix: reading what is secret, silencing, taking over.
const HARMFUL: &[(&str, &[&str])] = &[
    ("dynamodb", &["dynamodb:Scan", "dynamodb:DeleteTable"]),
    ("events", &["events:PutRule", "events:DeleteEventBus"]),
    ("kms", &["kms:Decrypt", "kms:ScheduleKeyDeletion"]),
    ("lambda", &["lambda:UpdateFunctionCode"]),
    ("logs", &["logs:GetLogEvents", "logs:DeleteLogGroup"]),
    ("secretsmanager", &["secretsmanager:GetSecretValue", "secretsmanager:PutSecretValue"]),
    ("sns", &["sns:Publish", "sns:Subscribe", "sns:DeleteTopic"]),
    ("sqs", &["sqs:ReceiveMessage", "sqs:SendMessage", "sqs:DeleteQueue"]),
];

/// A request that must be refused.
#[derive(Clone, Debug)]
pub struct Attack {
    principal: Principal,
    action: String,
    resource: Arn,
    context: Vec<(String, String)>,
    kind: ResourceKind,
    /// The policy of the resource, where the attack is on the policy of a role.
    policy: Option<PolicyText>,
}

impl Attack {
    /// The request in words.
    pub fn describe(&self) -> String {
        let mut text = format!("{} calls {} on {}", self.principal.arn(), self.action, self.resource);
        let with: Vec<String> = self.context.iter().map(|(key, value)| format!("{key} = {value}")).collect();
        if !with.is_empty() {
            text.push_str(&format!(" with {}", with.join(", ")));
        }
        text
    }

    fn is_allowed(&self, state: &State, policy: Option<&PolicyText>) -> bool {
        let region = Some(self.resource.region()).filter(|region| !region.as_str().is_empty());
        let region = region.unwrap_or_else(|| Region::new("us-east-1"));
        let policy = self.policy.as_ref().or(policy);
        let mut edge =
            Edge::new(&self.principal, &self.action, &self.resource, &region).policy("the policy under attack", policy);
        edge.kind = self.kind;
        for (key, value) in &self.context {
            edge.context = edge.context.with(key.clone(), value.as_str());
        }
        state.decide(&edge).allowed
    }
}

/// The attacks on each policy of a deployment.
#[derive(Clone, Debug)]
pub struct Attacks {
    /// The deployment, with the attackers' roles in their own accounts.
    state: State,
    /// By the address of the policy's resource.
    refused: BTreeMap<String, Vec<Attack>>,
    allowed: usize,
}

impl Attacks {
    /// Derives the attacks on the policies of a deployment, which runs as `cloud`.
    ///
    /// # Errors
    /// When the cloud refuses a role of an attacker in the attacker's own account.
    pub fn new(cloud: &Cloud, resources: &[Resource], accounts: &Accounts) -> Result<Self, ApiError> {
        let world = World::new(resources, accounts);
        world.settle_in(cloud)?;
        let state = cloud.snapshot();
        let (mut refused, mut allowed) = (BTreeMap::new(), 0);
        for resource in resources {
            let Some((argument, kind)) = policy_of(&resource.kind) else { continue };
            let Some(text) = resource.text(argument) else { continue };
            let (Ok(policy), Ok(document)) = (PolicyText::parse(text), serde_json::from_str::<Value>(text)) else {
                continue;
            };
            let is_identity = resource.kind == "aws_iam_role_policy";
            let candidates = match is_identity {
                true => world.by_role(resource, &document),
                false => world.on_resource(resource, &document, kind),
            };
            let policy = (!is_identity).then_some(&policy);
            let (let_in, kept): (Vec<Attack>, Vec<Attack>) =
                candidates.into_iter().partition(|attack| attack.is_allowed(&state, policy));
            allowed += let_in.len();
            refused.insert(resource.address.clone(), kept);
        }
        Ok(Self { state, refused, allowed })
    }

    /// The number of attacks.
    pub fn count(&self) -> usize {
        self.refused.values().map(Vec::len).sum()
    }

    /// The number of derived requests that the deployment allows: by design, as for the administrator of an account.
    pub fn allowed(&self) -> usize {
        self.allowed
    }

    /// The first attack that a mutant lets in. `apply` makes the mutant of a state.
    pub(super) fn let_in(&self, mutant: &Mutant, apply: impl FnOnce(State) -> Option<State>) -> Option<&Attack> {
        let mut attacks = mutant.addresses().filter_map(|address| self.refused.get(address)).flatten();
        let (argument, _) = policy_of(&mutant.kind)?;
        let Change::Set(changed, Value::String(text)) = &mutant.change else { return None };
        if changed != argument || text.is_empty() {
            return None;
        }
        if mutant.kind == "aws_iam_role_policy" {
            let state = apply(self.state.clone())?;
            return attacks.find(|attack| attack.is_allowed(&state, None));
        }
        let policy = PolicyText::parse(text).ok()?;
        attacks.find(|attack| attack.is_allowed(&self.state, Some(&policy)))
    }
}

/// The argument with the policy of a resource of this type, and how the policy counts.
fn policy_of(kind: &str) -> Option<(&'static str, ResourceKind)> {
    Some(match kind {
        "aws_cloudwatch_event_bus_policy"
        | "aws_iam_role_policy"
        | "aws_secretsmanager_secret_policy"
        | "aws_sns_topic_policy"
        | "aws_sqs_queue"
        | "aws_sqs_queue_policy" => ("policy", ResourceKind::Ordinary),
        "aws_kms_key" => ("policy", ResourceKind::KmsKey),
        "aws_iam_role" => ("assume_role_policy", ResourceKind::RoleTrust),
        _ => return None,
    })
}

/// The principals and resources of a deployment.
struct World<'a> {
    resources: &'a [Resource],
    /// The deployment's accounts and the management account.
    members: BTreeSet<String>,
    /// The names of roles, without paths.
    roles: BTreeSet<String>,
    /// Services that a policy names, and one that none names.
    services: BTreeSet<String>,
    /// Actions that a policy names, by service.
    actions: BTreeMap<String, BTreeSet<String>>,
    /// Policies of resources, by ARN.
    policies: BTreeMap<String, PolicyText>,
}

impl<'a> World<'a> {
    fn new(resources: &'a [Resource], accounts: &Accounts) -> Self {
        let mut world = Self {
            resources,
            members: BTreeSet::from([accounts.hub.clone(), accounts.spoke.clone(), accounts.management.clone()]),
            roles: BTreeSet::from([OTHER.to_owned()]),
            services: BTreeSet::from(["s3.amazonaws.com".to_owned()]),
            actions: BTreeMap::new(),
            policies: BTreeMap::new(),
        };
        world.members.extend(accounts.further_spokes.iter().cloned());
        for (service, actions) in HARMFUL {
            let harmful = actions.iter().map(|action| (*action).to_owned());
            world.actions.entry((*service).to_owned()).or_default().extend(harmful);
        }
        for resource in resources {
            if resource.kind == "aws_iam_role" {
                world.roles.insert(Arn::new(&resource.arn).name().to_owned());
            }
            let Some((argument, _)) = policy_of(&resource.kind) else { continue };
            let Some(text) = resource.text(argument) else { continue };
            if let Ok(policy) = PolicyText::parse(text)
                && !resource.kind.starts_with("aws_iam_role")
            {
                world.policies.insert(resource.arn.clone(), policy);
            }
            let document: Value = serde_json::from_str(text).unwrap_or_default();
            for statement in list(&document["Statement"]) {
                world.services.extend(strings(&statement["Principal"]["Service"]));
                for action in strings(&statement["Action"]).iter().map(|action| concrete(action)) {
                    if let Some((service, _)) = action.split_once(':') {
                        world.actions.entry(service.to_owned()).or_default().insert(action);
                    }
                }
                for name in principal_arns(&statement).iter().map(|arn| concrete(arn)) {
                    world.roles.insert(Arn::new(&name).name().to_owned());
                }
            }
        }
        world
    }

    /// Gives the accounts other than the resource's owner roles of every name, with every permission that an account can give.
    fn settle_in(&self, cloud: &Cloud) -> Result<(), ApiError> {
        let trust = json!({"Version": "2012-10-17", "Statement": [{
            "Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole",
        }]});
        let all = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]});
        // Where something is deployed, a stranger has no permission: its account's administrator gave none.
        let owners: BTreeSet<&str> = self.resources.iter().map(|resource| resource.account.as_str()).collect();
        let strangers = self.members.iter().map(String::as_str).filter(|account| !owners.contains(account));
        for account in strangers.chain([OUTSIDER]) {
            for name in &self.roles {
                let call = |operation, params| cloud.api(account, "us-east-1", Service::Iam, operation, params);
                call("CreateRole", json!({"RoleName": name, "AssumeRolePolicyDocument": trust.to_string()}))?;
                call(
                    "PutRolePolicy",
                    json!({"RoleName": name, "PolicyName": "all", "PolicyDocument": all.to_string()}),
                )?;
            }
        }
        Ok(())
    }

    /// Requests on a resource that differ in one respect from what its policy is meant for.
    fn on_resource(&self, resource: &Resource, document: &Value, kind: ResourceKind) -> Vec<Attack> {
        let arn = Arn::new(&resource.arn);
        let mut attacks = Vec::new();
        for statement in list(&document["Statement"]).iter().filter(|statement| statement["Effect"] == "Allow") {
            let actions: BTreeSet<String> =
                strings(&statement["Action"]).iter().map(|action| concrete(action)).collect();
            let meant = meant(statement);
            let mut add = |principal: Principal, action: &str, context: Vec<(String, String)>| {
                let (action, resource) = (action.to_owned(), arn.clone());
                attacks.push(Attack { principal, action, resource, context, kind, policy: None });
            };
            for action in &actions {
                for principal in self.strangers(&resource.account) {
                    add(principal, action, meant.clone());
                }
            }
            let service = actions.first().and_then(|action| action.split_once(':')).map(|(service, _)| service);
            let others = service.and_then(|service| self.actions.get(service)).into_iter().flatten();
            let others: Vec<&String> = others.filter(|action| !actions.contains(*action)).collect();
            for principal in self.meant_callers(statement, document) {
                for action in &actions {
                    for context in others_than(&meant, &resource.account) {
                        add(principal.clone(), action, context);
                    }
                }
                // A role is nothing but assumed.
                if kind != ResourceKind::RoleTrust {
                    for action in &others {
                        add(principal.clone(), action, meant.clone());
                    }
                }
            }
        }
        attacks
    }

    /// Requests of a role that differ in one respect from what its policy is meant for.
    fn by_role(&self, resource: &Resource, document: &Value) -> Vec<Attack> {
        let principal = role(&resource.account, Arn::new(&resource.arn).name());
        let mut attacks = Vec::new();
        for statement in list(&document["Statement"]).iter().filter(|statement| statement["Effect"] == "Allow") {
            let meant = meant(statement);
            let actions: BTreeSet<String> =
                strings(&statement["Action"]).iter().map(|action| concrete(action)).collect();
            let targets: Vec<Arn> = strings(&statement["Resource"]).iter().map(|arn| Arn::new(concrete(arn))).collect();
            for action in &actions {
                let service = action.split_once(':').map_or("", |(service, _)| service);
                let mut add = |action: &str, resource: &Arn, context: Vec<(String, String)>| {
                    attacks.push(Attack {
                        principal: principal.clone(),
                        action: action.to_owned(),
                        resource: resource.clone(),
                        context,
                        kind: if service == "kms" { ResourceKind::KmsKey } else { ResourceKind::Ordinary },
                        policy: self.policy(resource, service),
                    });
                };
                for target in &targets {
                    for other in self.others(target, service) {
                        add(action, &other, meant.clone());
                    }
                    for context in others_than(&meant, &resource.account) {
                        add(action, target, context);
                    }
                    let others = self.actions.get(service).into_iter().flatten();
                    for other in others.filter(|other| !actions.contains(*other)) {
                        add(other, target, meant.clone());
                    }
                }
            }
        }
        attacks
    }

    /// The policy of a resource. A key that is not of the deployment has the policy that every new key has.
    fn policy(&self, resource: &Arn, service: &str) -> Option<PolicyText> {
        let own = self.policies.get(resource.as_str()).cloned();
        own.or_else(|| {
            let root = format!("arn:aws:iam::{}:root", resource.account());
            let default = json!({"Version": "2012-10-17", "Statement": [{
                "Effect": "Allow", "Principal": {"AWS": root}, "Action": "kms:*", "Resource": "*",
            }]});
            (service == "kms").then(|| PolicyText::parse(&default.to_string()).ok())?
        })
    }

    /// Resources of the same kind: those of the deployment, and one of the same account that is not.
    fn others(&self, target: &Arn, service: &str) -> Vec<Arn> {
        let deployed = self.resources.iter().map(|resource| Arn::new(&resource.arn));
        let mut others: BTreeSet<Arn> = deployed.filter(|arn| arn.service() == service && arn != target).collect();
        others.insert(renamed(target, &target.account().to_string()));
        others.into_iter().collect()
    }

    /// Callers that a resource's policy can be wrong about.
    fn strangers(&self, owner: &str) -> Vec<Principal> {
        let mut strangers = vec![Principal::Anonymous, administrator(OUTSIDER)];
        strangers.extend(self.members.iter().filter(|account| *account != owner).map(|account| administrator(account)));
        for name in &self.roles {
            strangers.push(role(OUTSIDER, name));
            strangers.extend(self.members.iter().map(|account| role(account, name)));
        }
        strangers.extend(self.services.iter().map(|name| Principal::Service { name: name.clone() }));
        strangers
    }

    /// Callers that a statement of a document is meant for, none of whom another statement refuses by name.
    fn meant_callers(&self, statement: &Value, document: &Value) -> Vec<Principal> {
        let principal = &statement["Principal"];
        let mut callers: Vec<Principal> =
            strings(&principal["Service"]).into_iter().map(|name| Principal::Service { name }).collect();
        for name in strings(&principal["AWS"]).iter().chain(&strings(principal)) {
            match name.split_once(":role/") {
                Some((start, name)) => {
                    let account = start.rsplit(':').next().unwrap_or_default();
                    callers.push(role(account, name));
                }
                None if name == "*" => {
                    let statements = list(&document["Statement"]);
                    let denials = statements.iter().filter(|statement| statement["Effect"] == "Deny");
                    let names = denials.chain([statement]).flat_map(principal_arns);
                    let mut names: BTreeSet<String> =
                        names.map(|arn| Arn::new(concrete(&arn)).name().to_owned()).collect();
                    // Where no name is asked for, any role is meant.
                    if names.is_empty() {
                        names.insert(OTHER.to_owned());
                    }
                    for name in names {
                        callers.extend(self.members.iter().map(|account| role(account, &name)));
                    }
                }
                // The account's root leaves the decision to the account's own policies.
                None => {}
            }
        }
        callers
    }
}

/// The values of `aws:PrincipalArn` that a statement lets pass: those that it asks for, or those that a denial exempts.
fn principal_arns(statement: &Value) -> Vec<String> {
    let is_denial = statement["Effect"] == "Deny";
    let tests = statement["Condition"].as_object().into_iter().flatten();
    let passing = tests.filter(|(test, _)| test.contains("Not") == is_denial);
    let keys = passing.flat_map(|(_, keys)| keys.as_object().into_iter().flatten());
    keys.filter(|(key, _)| key.eq_ignore_ascii_case("aws:PrincipalArn"))
        .flat_map(|(_, values)| strings(values))
        .collect()
}

fn administrator(account: &str) -> Principal {
    Principal::Administrator { account: account.to_owned(), arn: format!("arn:aws:iam::{account}:user/{OTHER}") }
}

fn role(account: &str, name: &str) -> Principal {
    Principal::Role {
        role_arn: format!("arn:aws:iam::{account}:role/{name}"),
        session_arn: format!("arn:aws:sts::{account}:assumed-role/{name}/{OTHER}"),
        account: account.to_owned(),
        access_key: None,
    }
}

/// A text without wildcards that matches a pattern.
fn concrete(pattern: &str) -> String {
    match pattern.split_once(':') {
        // Of all actions of a service, the others are attacks of their own.
        Some((service, "*")) => format!("{service}:Any"),
        _ => pattern.replace("Key*", "Key").replace(['*', '?'], "x"),
    }
}

/// The condition keys that a statement asks for, with values that satisfy it. Those that AWS derives from the caller are left
/// to the caller.
fn meant(statement: &Value) -> Vec<(String, String)> {
    let mut context = Vec::new();
    for (test, keys) in statement["Condition"].as_object().into_iter().flatten() {
        if test.contains("Not") || test.starts_with("Null") {
            continue;
        }
        for (key, values) in keys.as_object().into_iter().flatten() {
            let derived = key.starts_with("aws:Principal") || key.starts_with("aws:Resource");
            if let Some(value) = strings(values).first().filter(|_| !derived) {
                context.push((key.clone(), value.replace(['*', '?'], "x")));
            }
        }
    }
    context
}

/// The contexts that differ in one respect. The keys of a request's source go together: a resource and its account.
fn others_than(meant: &[(String, String)], owner: &str) -> Vec<Vec<(String, String)>> {
    let is_source = |key: &str| key.starts_with("aws:Source");
    let mut others = Vec::new();
    for (place, (key, value)) in meant.iter().enumerate().filter(|(_, (key, _))| !is_source(key)) {
        let mut changed = meant.to_vec();
        changed[place].1 = match value.as_str() {
            "true" => "false".to_owned(),
            "false" => "true".to_owned(),
            _ => OTHER.to_owned(),
        };
        others.push(changed);
        others.push(meant.iter().filter(|(other, _)| other != key).cloned().collect());
    }
    if meant.iter().any(|(key, _)| is_source(key)) {
        for account in [owner, OUTSIDER] {
            let with = |(key, value): &(String, String)| {
                let value = match key.as_str() {
                    "aws:SourceArn" => renamed(&Arn::new(value), account).to_string(),
                    "aws:SourceAccount" | "aws:SourceOwner" => account.to_owned(),
                    key if is_source(key) => OTHER.to_owned(),
                    _ => value.clone(),
                };
                (key.clone(), value)
            };
            others.push(meant.iter().map(with).collect());
        }
        others.push(meant.iter().filter(|(key, _)| !is_source(key)).cloned().collect());
    }
    others
}

/// A resource of the same kind with a name that nothing has, in an account.
fn renamed(arn: &Arn, account: &str) -> Arn {
    let name = arn.name();
    let text = arn.as_str();
    let other = match text.strip_suffix(name) {
        Some(start) if !name.is_empty() => format!("{start}{OTHER}"),
        _ => format!("{text}{OTHER}"),
    };
    let owner = arn.account().to_string();
    let replaced = other.replacen(&format!(":{owner}:"), &format!(":{account}:"), 1);
    Arn::new(if owner.is_empty() { other } else { replaced })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contexts_differ_in_one_respect_and_sources_are_whole() {
        let statement = json!({"Condition": {
            "ArnEquals": {"aws:SourceArn": "arn:aws:events:us-east-1:111122223333:rule/mine"},
            "StringEquals": {"aws:SourceAccount": "111122223333", "aws:PrincipalOrgID": "o-mine"},
            "Bool": {"events:eventBusInvocation": "true"},
            "StringNotEquals": {"aws:PrincipalAccount": "1"},
        }});
        let meant = meant(&statement);
        let values = |context: &[(String, String)]| -> Vec<String> {
            context.iter().map(|(_, value)| value.rsplit(':').next().unwrap_or_default().to_owned()).collect()
        };
        assert_eq!(values(&meant), ["rule/mine", "111122223333", "true"]);
        let found: Vec<Vec<String>> =
            others_than(&meant, "111122223333").iter().map(|context| values(context)).collect();
        assert_eq!(
            found,
            [
                vec!["rule/mine", "111122223333", "false"],
                vec!["rule/mine", "111122223333"],
                vec!["rule/attacker", "111122223333", "true"],
                vec!["rule/attacker", OUTSIDER, "true"],
                vec!["true"],
            ]
        );
    }
}
