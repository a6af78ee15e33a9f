//! Permissions that principals used, and the smallest policies that grant them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use rootwatch_policy::{Principal, matches_wildcards};
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::authz::Edge;
use crate::services::iam;
use crate::state::State;

/// A record of every permission that was used. Off until [`Usage::recording`], because each decision pays for it. Forks share
/// the record.
#[derive(Clone, Debug, Default)]
pub struct Usage(Option<Arc<Mutex<Record>>>);

#[derive(Debug, Default)]
struct Record {
    used: BTreeSet<Used>,
    /// Names and texts of the policies of each role and user when it was last used: it may be deleted by the time of reading.
    policies: BTreeMap<String, Vec<(String, String)>>,
}

/// One permission that was used: an action of a principal on a resource.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Used {
    by: By,
    action: String,
    resource: String,
    /// True if the policy of the resource has to allow the action: for a service, or for a principal of another account.
    needs_resource_policy: bool,
}

/// The principals that policies limit.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum By {
    /// ARN of a role or a user.
    Identity(String),
    /// Service principal, such as `events.amazonaws.com`.
    Service(String),
}

impl Usage {
    /// A record that is on.
    pub fn recording() -> Self {
        Self(Some(Arc::default()))
    }

    /// Adds a permission that was granted. Administrators and root are left out: policies of their own do not limit them.
    pub(crate) fn record(&self, state: &State, edge: &Edge<'_>, resource_account: &str) {
        let Some(record) = &self.0 else { return };
        let by = match edge.principal {
            Principal::Role { role_arn, .. } => By::Identity(role_arn.clone()),
            Principal::User { arn, .. } => By::Identity(arn.clone()),
            Principal::Service { name } => By::Service(name.clone()),
            Principal::Administrator { .. } | Principal::Root { .. } | Principal::Anonymous => return,
        };
        let needs_resource_policy = edge.principal.account() != Some(resource_account);
        let (action, resource) = (edge.action.to_owned(), stable(edge.resource.as_str()));
        let mut record = record.lock().unwrap_or_else(PoisonError::into_inner);
        if let By::Identity(arn) = &by {
            record.policies.insert(arn.clone(), iam::policy_texts(state, arn));
        }
        record.used.insert(Used { by, action, resource, needs_resource_policy });
    }
}

/// A resource without the part that differs in each run: the name of a log stream.
fn stable(resource: &str) -> String {
    match resource.split_once(":log-stream:") {
        Some((group, _)) => format!("{group}:log-stream:*"),
        None => resource.to_owned(),
    }
}

/// The smallest policies for what was used, next to what the deployed policies grant in addition.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Suggestion {
    /// By ARN of the role or user.
    pub identities: BTreeMap<String, Identity>,
    /// The smallest resource policy by ARN, where the policy of the resource has to allow something.
    pub resources: BTreeMap<String, Value>,
}

/// A role or user.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Identity {
    /// The smallest identity policy.
    pub needs: Value,
    /// Permissions that its policies grant and that were not used.
    pub unused: Vec<Unused>,
}

/// A part of a policy that granted nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Unused {
    /// Name of the policy.
    pub policy: String,
    /// `Sid` of the statement, or its index.
    pub statement: String,
    /// Actions that were not used on any resource of the statement.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub actions: Vec<String>,
    /// Resources on which no action of the statement was used.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub resources: Vec<String>,
}

impl State {
    /// Policies for the permissions that were used since recording began; `None` where it never did.
    pub fn suggested_policies(&self) -> Option<Suggestion> {
        let record = self.usage.0.as_ref()?.lock().unwrap_or_else(PoisonError::into_inner);
        let mut by_identity: BTreeMap<&str, Vec<&Used>> = BTreeMap::new();
        let mut by_resource: BTreeMap<&str, BTreeMap<&By, BTreeSet<&str>>> = BTreeMap::new();
        for one in &record.used {
            if let By::Identity(arn) = &one.by {
                by_identity.entry(arn).or_default().push(one);
            }
            if one.needs_resource_policy {
                by_resource.entry(&one.resource).or_default().entry(&one.by).or_default().insert(&one.action);
            }
        }
        let identities = by_identity.iter().map(|(arn, used)| {
            let policies = record.policies.get(*arn).into_iter().flatten();
            let unused = policies.flat_map(|(name, text)| unused(name, text, used)).collect();
            ((*arn).to_owned(), Identity { needs: identity_policy(used), unused })
        });
        let resources =
            by_resource.iter().map(|(resource, used)| ((*resource).to_owned(), resource_policy(resource, used)));
        Some(Suggestion { identities: identities.collect(), resources: resources.collect() })
    }
}

fn document(statements: Vec<Value>) -> Value {
    json!({"Version": "2012-10-17", "Statement": statements})
}

/// A statement for each set of resources with the same actions.
fn identity_policy(used: &[&Used]) -> Value {
    let mut actions: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for one in used {
        actions.entry(&one.resource).or_default().insert(&one.action);
    }
    let mut resources: BTreeMap<BTreeSet<&str>, Vec<&str>> = BTreeMap::new();
    for (resource, actions) in actions {
        resources.entry(actions).or_default().push(resource);
    }
    let statement = |(actions, resources)| json!({"Effect": "Allow", "Action": actions, "Resource": resources});
    document(resources.into_iter().map(statement).collect())
}

fn resource_policy(resource: &str, used: &BTreeMap<&By, BTreeSet<&str>>) -> Value {
    let is_role = resource.contains(":role/");
    let statement = |(by, actions): (&&By, &BTreeSet<&str>)| {
        let principal = match by {
            By::Identity(arn) => json!({"AWS": arn}),
            By::Service(name) => json!({"Service": name}),
        };
        let mut statement = json!({"Effect": "Allow", "Principal": principal, "Action": actions, "Resource": resource});
        if let (true, Some(members)) = (is_role, statement.as_object_mut()) {
            // The trust policy of a role names no resource: IAM refuses it. [D] IAM user guide, Resource
            members.shift_remove("Resource");
        }
        statement
    };
    document(used.iter().map(statement).collect())
}

/// The parts of a policy that allowed nothing of what was used.
fn unused(name: &str, text: &str, used: &[&Used]) -> Vec<Unused> {
    let policy: Map<String, Value> = serde_json::from_str(text).unwrap_or_default();
    let statements = match policy.get("Statement") {
        Some(Value::Array(statements)) => statements.clone(),
        Some(statement) => vec![statement.clone()],
        None => Vec::new(),
    };
    let allows = statements.iter().enumerate().filter(|(_, statement)| statement["Effect"] == "Allow");
    allows.filter_map(|(index, statement)| unused_in(name, index, statement, used)).collect()
}

/// A statement with `NotAction` or `NotResource` names no part that could be left out, so nothing is reported of it.
fn unused_in(policy: &str, index: usize, statement: &Value, used: &[&Used]) -> Option<Unused> {
    let (actions, resources) = (texts(statement.get("Action")?), texts(statement.get("Resource")?));
    let on = |resource: &str, one: &Used| matches_wildcards(resource, &one.resource);
    let by =
        |action: &str, one: &Used| matches_wildcards(&action.to_ascii_lowercase(), &one.action.to_ascii_lowercase());
    let unused_actions = actions
        .iter()
        .filter(|action| !used.iter().any(|one| by(action, one) && resources.iter().any(|resource| on(resource, one))));
    let unused_resources = resources
        .iter()
        .filter(|resource| !used.iter().any(|one| on(resource, one) && actions.iter().any(|action| by(action, one))));
    let statement = statement["Sid"].as_str().map_or_else(|| format!("statement {}", index + 1), str::to_owned);
    let (actions, resources) = (unused_actions.cloned().collect(), unused_resources.cloned().collect());
    let unused = Unused { policy: policy.to_owned(), statement, actions, resources };
    (!unused.actions.is_empty() || !unused.resources.is_empty()).then_some(unused)
}

fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::Array(values) => values.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        value => value.as_str().map(str::to_owned).into_iter().collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::{Arn, Region};
    use crate::time::Time;

    const ROLE: &str = "arn:aws:iam::111122223333:role/worker";

    fn use_once(state: &State, principal: &Principal, action: &str, resource: &str) {
        let (resource, region) = (Arn::new(resource), Region::new("us-east-1"));
        state.usage.record(state, &Edge::new(principal, action, &resource, &region), resource.account().as_str());
    }

    #[test]
    fn suggests_the_used_permissions_alone() {
        let mut state = State::new(Time(0), 1);
        assert_eq!(state.suggested_policies(), None);
        state.usage = Usage::recording();
        let role = Principal::Role {
            role_arn: ROLE.to_owned(),
            session_arn: "arn:aws:sts::111122223333:assumed-role/worker/1".to_owned(),
            account: "111122223333".to_owned(),
            access_key: None,
        };
        let events = Principal::Service { name: "events.amazonaws.com".to_owned() };
        let root = Principal::Root { account: "111122223333".to_owned() };
        let (queue, other) = ("arn:aws:sqs:us-east-1:111122223333:work", "arn:aws:sqs:us-east-1:444455556666:work");
        for _ in 0..2 {
            use_once(&state, &role, "sqs:ReceiveMessage", queue);
        }
        use_once(&state, &role, "sqs:DeleteMessage", queue);
        use_once(&state, &role, "sqs:SendMessage", other);
        use_once(&state, &role, "logs:PutLogEvents", "arn:aws:logs:us-east-1:111122223333:log-group:g:log-stream:1");
        use_once(&state, &role, "logs:PutLogEvents", "arn:aws:logs:us-east-1:111122223333:log-group:g:log-stream:2");
        use_once(&state, &events, "sqs:SendMessage", queue);
        use_once(&state, &events, "sts:AssumeRole", ROLE);
        use_once(&state, &root, "sqs:DeleteQueue", queue);
        let suggestion = serde_json::to_value(state.suggested_policies()).unwrap();
        let statement =
            |actions: Value, resource: &str| json!({"Effect": "Allow", "Action": actions, "Resource": [resource]});
        assert_eq!(
            suggestion["identities"],
            json!({ROLE: {"unused": [], "needs": {"Version": "2012-10-17", "Statement": [
                statement(json!(["logs:PutLogEvents"]), "arn:aws:logs:us-east-1:111122223333:log-group:g:log-stream:*"),
                statement(json!(["sqs:DeleteMessage", "sqs:ReceiveMessage"]), queue),
                statement(json!(["sqs:SendMessage"]), other),
            ]}}})
        );
        let granted = |principal: Value, resource: &str| {
            json!({"Version": "2012-10-17", "Statement": [
                {"Effect": "Allow", "Principal": principal, "Action": ["sqs:SendMessage"], "Resource": resource}
            ]})
        };
        assert_eq!(
            suggestion["resources"],
            json!({
                queue: granted(json!({"Service": "events.amazonaws.com"}), queue),
                other: granted(json!({"AWS": ROLE}), other),
                ROLE: {"Version": "2012-10-17", "Statement": [{
                    "Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": ["sts:AssumeRole"]
                }]},
            })
        );
    }

    #[test]
    fn reports_what_a_policy_grants_and_nobody_uses() {
        let used = Used {
            by: By::Identity(ROLE.to_owned()),
            action: "sqs:ReceiveMessage".to_owned(),
            resource: "arn:aws:sqs:us-east-1:111122223333:work".to_owned(),
            needs_resource_policy: false,
        };
        let work = "arn:aws:sqs:us-east-1:111122223333:work";
        let spare = "arn:aws:sqs:us-east-1:111122223333:spare";
        for (statement, expected) in [
            (json!({"Effect": "Allow", "Action": "sqs:receivemessage", "Resource": work}), None),
            (json!({"Effect": "Allow", "Action": "*", "Resource": "*"}), None),
            (
                json!({"Sid": "Work", "Effect": "Allow", "Action": ["sqs:Receive*", "sqs:SendMessage"], "Resource": [work, spare]}),
                Some(("Work", vec!["sqs:SendMessage"], vec![spare])),
            ),
            (
                json!({"Effect": "Allow", "Action": "kms:Decrypt", "Resource": "*"}),
                Some(("statement 1", vec!["kms:Decrypt"], vec!["*"])),
            ),
            (json!({"Effect": "Deny", "Action": "kms:Decrypt", "Resource": "*"}), None),
            (json!({"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}), None),
        ] {
            let text = json!({"Statement": statement}).to_string();
            let expected = expected.map(|(statement, actions, resources): (&str, Vec<&str>, Vec<&str>)| Unused {
                policy: "p".to_owned(),
                statement: statement.to_owned(),
                actions: actions.into_iter().map(str::to_owned).collect(),
                resources: resources.into_iter().map(str::to_owned).collect(),
            });
            assert_eq!(unused("p", &text, &[&used]), Vec::from_iter(expected), "{text}");
        }
    }
}
