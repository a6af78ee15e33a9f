//! Mutants of policy documents.

use serde_json::{Value, json};

use super::Operator;

/// The kind of attachment of a policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Attached {
    /// A role or a user: it names no principal.
    Identity,
    /// A resource. Its `Resource` element can only mean that resource.
    Resource,
    /// A key: only what its policy allows is allowed, to its own account too.
    Key,
    /// A role, as its trust policy.
    Trust,
}

/// A changed document.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Changed {
    pub(super) operator: Operator,
    /// Names the change within the document.
    pub(super) detail: String,
    pub(super) before: String,
    pub(super) after: String,
    /// `None`: nothing is left of it.
    pub(super) document: Option<Value>,
    /// The `Sid` of the statement.
    pub(super) sid: Option<String>,
    /// A text that the changed line of source contains.
    pub(super) literal: String,
    /// The statement, as deployed.
    pub(super) statement: Value,
}

/// Returns true if a statement only names the root of the resource's own account. Within the account the policies of the caller decide
/// then, with the statement or without it, so its actions and conditions mean nothing.
/// [D] IAM user guide, policy evaluation within an account
fn is_delegation(statement: &Value, account: &str) -> bool {
    let names = strings(&statement["Principal"]["AWS"]);
    let root = |name: &String| name == account || name.ends_with(&format!(":iam::{account}:root"));
    let kinds = statement["Principal"].as_object().map_or(0, serde_json::Map::len);
    statement["Effect"] == "Allow" && kinds == 1 && !names.is_empty() && names.iter().all(root)
}

/// All mutants of a document, in its order. `account` owns the resource.
pub(super) fn mutants(document: &Value, attached: Attached, account: &str) -> Vec<Changed> {
    let statements = list(&document["Statement"]);
    let mut all = Vec::new();
    for (place, statement) in statements.iter().enumerate() {
        let sid = statement["Sid"].as_str().filter(|sid| !sid.is_empty());
        let label = sid.map_or_else(|| format!("#{}", place + 1), str::to_owned);
        let with = |changed: Option<Value>| {
            let mut statements = statements.clone();
            match changed {
                Some(changed) => statements[place] = changed,
                None => drop(statements.remove(place)),
            }
            (!statements.is_empty()).then(|| {
                let mut document = document.clone();
                document["Statement"] = Value::Array(statements);
                document
            })
        };
        let mut add = |operator, part: &str, before: String, after: String, literal: &str, changed: Option<Value>| {
            let part = if part.is_empty() { String::new() } else { format!(" {part}") };
            all.push(Changed {
                operator,
                detail: format!("{label}{part}"),
                before,
                after,
                document: with(changed),
                sid: sid.map(str::to_owned),
                literal: literal.to_owned(),
                statement: statement.clone(),
            });
        };
        let set = |element: &str, value: Value| {
            let mut statement = statement.clone();
            statement[element] = value;
            statement
        };
        add(Operator::StatementRemoved, "", "the statement".to_owned(), "nothing".to_owned(), "", None);
        let (effect, other) = match statement["Effect"].as_str() {
            Some("Deny") => ("Deny", "Allow"),
            _ => ("Allow", "Deny"),
        };
        // A statement that is alone and denies is as good as none.
        if statements.len() > 1 || effect == "Deny" {
            let flipped = set("Effect", other.into());
            add(Operator::EffectFlipped, "", effect.to_owned(), other.to_owned(), "effect", Some(flipped));
        }
        if attached == Attached::Resource && is_delegation(statement, account) {
            principals(statement, effect, &set, &mut add);
            continue;
        }
        let actions = strings(&statement["Action"]);
        for action in &actions {
            if actions.len() > 1 {
                let left: Vec<&String> = actions.iter().filter(|other| *other != action).collect();
                let changed = set("Action", json!(left));
                add(Operator::ActionRemoved, action, action.clone(), "nothing".to_owned(), action, Some(changed));
            }
        }
        if let Some((service, _)) = actions.first().and_then(|action| action.split_once(':')) {
            let wide = format!("{service}:*");
            // Of a trust policy, AssumeRole is what there is.
            if attached != Attached::Trust && !actions.contains(&wide) && effect == "Allow" {
                let changed = set("Action", json!(wide));
                add(Operator::ActionWidened, "", actions.join(", "), wide, "actions", Some(changed));
            }
        }
        if attached != Attached::Identity {
            principals(statement, effect, &set, &mut add);
        }
        if attached == Attached::Identity {
            resources(statement, effect, &set, &mut add);
        }
        conditions(statement, &mut add);
    }
    all
}

/// Adds a mutant: operator, detail, before, after, literal, statement.
type Add<'a> = dyn FnMut(Operator, &str, String, String, &str, Option<Value>) + 'a;

fn principals(statement: &Value, effect: &str, set: &dyn Fn(&str, Value) -> Value, add: &mut Add<'_>) {
    let principal = &statement["Principal"];
    let Some(kinds) = principal.as_object() else { return };
    let all: Vec<(&String, String)> =
        kinds.iter().flat_map(|(kind, names)| strings(names).into_iter().map(move |name| (kind, name))).collect();
    for (kind, name) in &all {
        if all.len() > 1 {
            let left: Vec<String> = strings(&kinds[*kind]).into_iter().filter(|other| other != name).collect();
            let mut kinds = kinds.clone();
            match left.is_empty() {
                true => drop(kinds.remove(*kind)),
                false => drop(kinds.insert((*kind).clone(), json!(left))),
            }
            let changed = set("Principal", Value::Object(kinds));
            add(Operator::PrincipalRemoved, name, name.clone(), "nothing".to_owned(), name, Some(changed));
        }
    }
    let everyone = all.iter().any(|(_, name)| name == "*");
    if !everyone && effect == "Allow" {
        let names: Vec<&str> = all.iter().map(|(_, name)| name.as_str()).collect();
        let changed = set("Principal", json!({"AWS": "*"}));
        add(Operator::PrincipalWidened, "", names.join(", "), "*".to_owned(), "identifiers", Some(changed));
    }
}

fn resources(statement: &Value, effect: &str, set: &dyn Fn(&str, Value) -> Value, add: &mut Add<'_>) {
    let resources = strings(&statement["Resource"]);
    for resource in resources.iter().filter(|resource| *resource != "*") {
        let left: Vec<String> = resources.iter().filter(|other| *other != resource).cloned().collect();
        let after = if left.is_empty() { format!("{resource}-altered") } else { "nothing".to_owned() };
        let narrowed = if left.is_empty() { json!(after) } else { json!(left) };
        let name = short(resource);
        let changed = set("Resource", narrowed);
        add(Operator::ResourceNarrowed, name, resource.clone(), after, "resources", Some(changed));
        if effect == "Allow" {
            let mut wide = left;
            wide.push("*".to_owned());
            let changed = set("Resource", json!(wide));
            add(Operator::ResourceWidened, name, resource.clone(), "*".to_owned(), "resources", Some(changed));
        }
    }
}

fn conditions(statement: &Value, add: &mut Add<'_>) {
    for (test, keys) in statement["Condition"].as_object().into_iter().flatten() {
        for (key, values) in keys.as_object().into_iter().flatten() {
            let values = strings(values);
            let with = |values: Option<Vec<String>>| {
                let mut statement = statement.clone();
                match values {
                    Some(values) => statement["Condition"][test][key] = json!(values),
                    None => {
                        if let Some(keys) = statement["Condition"][test].as_object_mut() {
                            keys.shift_remove(key);
                        }
                    }
                }
                if let Some(tests) = statement["Condition"].as_object_mut() {
                    tests.retain(|_, keys| keys.as_object().is_none_or(|keys| !keys.is_empty()));
                    if tests.is_empty()
                        && let Some(statement) = statement.as_object_mut()
                    {
                        statement.shift_remove("Condition");
                    }
                }
                statement
            };
            let before = format!("{test} {key} {}", values.join(", "));
            let part = format!("{test} {key}");
            let removed = with(None);
            add(Operator::ConditionRemoved, &part, before, "no condition".to_owned(), key, Some(removed));
            for value in &values {
                let operator = match (key.rsplit(':').next(), value.as_str()) {
                    (Some("PrincipalOrgID" | "SourceOrgID" | "ResourceOrgID"), _) => Operator::OtherOrganization,
                    (_, value) if value.len() == 12 && value.bytes().all(|byte| byte.is_ascii_digit()) => {
                        Operator::AccountMissing
                    }
                    _ => Operator::ConditionNarrowed,
                };
                let left: Vec<String> = values.iter().filter(|other| *other != value).cloned().collect();
                let (after, left) = match left.is_empty() {
                    false => ("nothing".to_owned(), left),
                    true => {
                        let other = other_value(operator, value);
                        (other.clone(), vec![other])
                    }
                };
                let part = format!("{part} {}", short(value));
                let narrowed = with(Some(left));
                add(operator, &part, value.clone(), after, key, Some(narrowed));
            }
        }
    }
}

/// A value that nothing of the deployment has.
fn other_value(operator: Operator, value: &str) -> String {
    match (operator, value) {
        (Operator::OtherOrganization, _) => "o-anotherorg1".to_owned(),
        (Operator::AccountMissing, _) => "000000000000".to_owned(),
        (_, "true") => "false".to_owned(),
        (_, "false") => "true".to_owned(),
        (_, value) => match value.strip_suffix('*') {
            Some(start) => format!("{start}altered-*"),
            None => format!("{value}-altered"),
        },
    }
}

/// The ARNs within a value.
pub(super) fn arns(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) if text.starts_with("arn:") => vec![text.clone()],
        Value::Array(values) => values.iter().flat_map(arns).collect(),
        Value::Object(members) => members.values().flat_map(arns).collect(),
        _ => Vec::new(),
    }
}

/// The name at the end of an ARN, which is the same in every deployment.
pub(super) fn short(text: &str) -> &str {
    if !text.starts_with("arn:") {
        return text;
    }
    let resource = text.splitn(6, ':').nth(5).unwrap_or(text);
    if resource.starts_with("key/") { "key" } else { resource }
}

/// One text or several.
pub(super) fn strings(value: &Value) -> Vec<String> {
    match value {
        Value::String(one) => vec![one.clone()],
        Value::Array(many) => many.iter().filter_map(|one| one.as_str().map(str::to_owned)).collect(),
        _ => Vec::new(),
    }
}

/// One statement or several.
pub(super) fn list(value: &Value) -> Vec<Value> {
    match value {
        Value::Array(many) => many.clone(),
        Value::Null => Vec::new(),
        one => vec![one.clone()],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_of_a_statement_is_changed_once() {
        let queue = json!({"Version": "2012-10-17", "Statement": [{
            "Sid": "A", "Effect": "Allow", "Action": ["sqs:SendMessage", "sqs:ReceiveMessage"], "Resource": "arn:x",
            "Principal": {"Service": ["events.amazonaws.com", "sns.amazonaws.com"]},
            "Condition": {"ArnEquals": {"aws:SourceArn": ["arn:aws:sns:us-east-1:1:a", "arn:aws:sns:us-east-1:1:b"]},
                          "StringEquals": {"aws:PrincipalOrgID": "o-x", "aws:SourceAccount": "111122223333"}},
        }]});
        let found = mutants(&queue, Attached::Resource, "1");
        let shown: Vec<String> = found.iter().map(|it| format!("{} {}", it.operator, it.detail)).collect();
        assert_eq!(
            shown,
            [
                "statement-removed A",
                "action-removed A sqs:SendMessage",
                "action-removed A sqs:ReceiveMessage",
                "action-widened A",
                "principal-removed A events.amazonaws.com",
                "principal-removed A sns.amazonaws.com",
                "principal-widened A",
                "condition-removed A ArnEquals aws:SourceArn",
                "condition-narrowed A ArnEquals aws:SourceArn a",
                "condition-narrowed A ArnEquals aws:SourceArn b",
                "condition-removed A StringEquals aws:PrincipalOrgID",
                "other-organization A StringEquals aws:PrincipalOrgID o-x",
                "condition-removed A StringEquals aws:SourceAccount",
                "account-missing A StringEquals aws:SourceAccount 111122223333",
            ]
        );
        assert_eq!(found[0].document, None, "no statement is left");
        let dropped = found[7].document.as_ref().unwrap();
        assert_eq!(dropped["Statement"][0]["Condition"].as_object().unwrap().len(), 1);
        for changed in &found {
            assert_ne!(changed.document.as_ref(), Some(&queue), "{changed:?}");
        }
    }

    #[test]
    fn a_statement_for_the_accounts_own_root_is_changed_as_a_whole() {
        let topic = json!({"Statement": [
            {"Sid": "Own", "Effect": "Allow", "Action": ["sns:Publish", "sns:Subscribe"], "Resource": "arn:x",
             "Principal": {"AWS": "arn:aws:iam::111122223333:root"}},
            {"Sid": "Other", "Effect": "Allow", "Action": "sns:Publish", "Resource": "arn:x",
             "Principal": {"AWS": "arn:aws:iam::444455556666:root"}},
        ]});
        let details = |attached| -> Vec<String> {
            let found = mutants(&topic, attached, "111122223333");
            found.iter().filter(|it| it.detail.starts_with("Own")).map(|it| it.operator.to_string()).collect()
        };
        assert_eq!(details(Attached::Resource), ["statement-removed", "effect-flipped", "principal-widened"]);
        assert_eq!(details(Attached::Key).len(), 6, "a key's policy decides");
    }

    #[test]
    fn identity_policies_have_resources_and_no_principals() {
        let role = json!({"Statement": [
            {"Effect": "Allow", "Action": "sns:Publish", "Resource": ["arn:aws:sns:r:1:a", "arn:aws:sns:r:1:b"]},
            {"Effect": "Deny", "Action": "*", "Resource": "*"},
        ]});
        let shown: Vec<String> = mutants(&role, Attached::Identity, "1")
            .iter()
            .map(|it| format!("{} {}: {} → {}", it.operator, it.detail, it.before, it.after))
            .collect();
        assert_eq!(
            shown,
            [
                "statement-removed #1: the statement → nothing",
                "effect-flipped #1: Allow → Deny",
                "action-widened #1: sns:Publish → sns:*",
                "resource-narrowed #1 a: arn:aws:sns:r:1:a → nothing",
                "resource-widened #1 a: arn:aws:sns:r:1:a → *",
                "resource-narrowed #1 b: arn:aws:sns:r:1:b → nothing",
                "resource-widened #1 b: arn:aws:sns:r:1:b → *",
                "statement-removed #2: the statement → nothing",
                "effect-flipped #2: Deny → Allow",
            ]
        );
    }
}
