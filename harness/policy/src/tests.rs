//! The tables in `tests/data/policy`, each case with its source.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

use super::matching::{Token, matches, pattern};
use super::{Context, Decision, Named, Policies, Policy, PolicyKind, Principal, Request, ResourceKind, decide};

/// A case of `decisions.json`. Policies are documents, or arrays of statements of a 2012-10-17 document.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DecisionCase {
    name: String,
    source: String,
    /// `admin:<account>`, `root:<account>`, `user:<account>/<name>`, `role:<account>/<path and name>/<session>`,
    /// `service:<name>` or `anonymous`.
    principal: String,
    action: String,
    resource: String,
    /// The hub, unless given.
    resource_account: Option<String>,
    #[serde(default)]
    context: BTreeMap<String, Value>,
    #[serde(default)]
    identity: Vec<Value>,
    resource_policy: Option<Value>,
    #[serde(default)]
    kind: ResourceKind,
    boundary: Option<Value>,
    #[serde(default)]
    session: Vec<Value>,
    /// One level of the organization; `scp_levels` for several.
    #[serde(default)]
    scps: Vec<Value>,
    #[serde(default)]
    scp_levels: Vec<Vec<Value>>,
    #[serde(default)]
    rcps: Vec<Value>,
    expect: Expected,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Expected {
    allowed: bool,
    #[serde(default)]
    explicit_deny: bool,
    /// `null` expects that no statement decided; absent expects nothing.
    #[serde(default, deserialize_with = "present")]
    statement: Option<Option<String>>,
    because: Option<String>,
    message: Option<String>,
    /// Parts of the hint.
    #[serde(default)]
    hint: Vec<String>,
    whole_hint: Option<String>,
}

fn present<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Option<String>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

/// A case of `conditions.json`: whether the condition holds in the context.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ConditionCase {
    source: String,
    condition: Value,
    context: BTreeMap<String, Value>,
    holds: bool,
    version: Option<String>,
}

/// A case of `documents.json`: what the parser and IAM's validation say.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DocumentCase {
    name: String,
    source: String,
    /// Validated as this kind when it parses.
    kind: Option<String>,
    policy: String,
    /// Part of the error; without it the document is good.
    error: Option<String>,
    aws_message: Option<String>,
}

const HUB: &str = "999988887777";

#[test]
fn decisions() {
    let tables = [
        include_str!("../tests/data/policy/decisions.json"),
        // The organization's policies, boundaries and sessions, confused deputies, and the user guides' own examples.
        include_str!("../tests/data/policy/guardrails.json"),
    ];
    let read = |table| serde_json::from_str::<Vec<DecisionCase>>(table).expect("the table is readable");
    let cases: Vec<DecisionCase> = tables.into_iter().flat_map(read).collect();
    assert!(cases.len() >= 350, "the tables have shrunk to {} cases", cases.len());
    report(cases.iter().filter_map(|case| Some(format!("{} ({}): {}", case.name, case.source, check(case).err()?))));
}

fn check(case: &DecisionCase) -> Result<(), String> {
    let document = |value: &Value| {
        let text = match value {
            Value::Array(_) => json!({"Version": "2012-10-17", "Statement": value}),
            _ => value.clone(),
        };
        Policy::parse(&text.to_string()).map_err(|error| error.to_string())
    };
    let documents = |values: &[Value]| values.iter().map(document).collect::<Result<Vec<_>, _>>();
    let identity = documents(&case.identity)?;
    let session = documents(&case.session)?;
    let one_level = (!case.scps.is_empty()).then(|| case.scps.clone());
    let levels = one_level.into_iter().chain(case.scp_levels.iter().cloned());
    let scps = levels.map(|level| documents(&level)).collect::<Result<Vec<_>, _>>()?;
    let rcps = documents(&case.rcps)?;
    let resource = case.resource_policy.as_ref().map(document).transpose()?;
    let boundary = case.boundary.as_ref().map(document).transpose()?;
    let one = |name: &str, policy| Named { name: name.to_owned().into(), policy };
    let policies = Policies {
        identity: numbered("identity policy", &identity),
        resource: resource.as_ref().map(|policy| one("resource policy", policy)),
        resource_kind: case.kind,
        boundary: boundary.as_ref().map(|policy| one("boundary", policy)),
        session: numbered("session policy", &session),
        scps: scps.iter().map(|level| numbered("service control policy", level)).collect(),
        rcps: numbered("resource control policy", &rcps),
    };
    let principal = principal(&case.principal);
    let context = context(&case.context);
    let request = Request {
        principal: &principal,
        action: &case.action,
        resource: &case.resource,
        resource_account: case.resource_account.as_deref().unwrap_or(HUB),
        context: &context,
    };
    let decision = decide(&request, &policies);
    let expect = &case.expect;
    let hint = decision.hint.clone().unwrap_or_default();
    let met = decision.allowed == expect.allowed
        && decision.explicit_deny == expect.explicit_deny
        && expect.statement.as_ref().is_none_or(|statement| decision.statement == *statement)
        && expect.because.as_ref().is_none_or(|because| decision.because == *because)
        && expect.message.as_ref().is_none_or(|message| decision.message(&request) == *message)
        && expect.hint.iter().all(|part| hint.contains(part))
        && expect.whole_hint.as_ref().is_none_or(|whole| hint == *whole);
    // What holds for every decision, whatever the case is about.
    let sound = match (decision.allowed, decision.explicit_deny) {
        (true, explicit) => !explicit && decision.statement.is_some() && decision.hint.is_none(),
        (false, true) => decision.statement.is_some() && decision.because.starts_with("with an explicit deny in "),
        (false, false) => decision.statement.is_none() && decision.hint.is_some(),
    };
    match met && sound {
        true => Ok(()),
        false => Err(format!("{decision:#?}\n{}", decision.message(&request))),
    }
}

#[test]
fn conditions() {
    let cases: Vec<ConditionCase> =
        serde_json::from_str(include_str!("../tests/data/policy/conditions.json")).expect("the table is readable");
    assert!(cases.len() >= 200, "the table has shrunk to {} cases", cases.len());
    report(cases.iter().filter_map(|case| {
        let told = |failure: String| format!("{} in {:?} ({}): {failure}", case.condition, case.context, case.source);
        check_condition(case).err().map(told)
    }));
}

/// A row of `operators.json`: one operator, and a value that its test is met by and one that it is not; a negated
/// operator holds where its test is not met.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OperatorCase {
    source: String,
    operator: String,
    values: Vec<String>,
    met: String,
    unmet: String,
    negated: bool,
}

impl OperatorCase {
    /// Plain, with `IfExists` and under both quantifiers: without the key, with one value, with several.
    /// `[D]` IAM user guide, condition operators and multivalued context keys; the plain operator on several values `[T]`
    fn cases(&self) -> impl Iterator<Item = ConditionCase> {
        let (one, other) = (!self.negated, self.negated);
        let forms: [(&str, &str, bool, bool); 6] = [
            // The form, what it says without the key, and of a value that meets the test together with one that does not.
            ("", "", self.negated, false),
            ("", "IfExists", true, false),
            ("ForAnyValue:", "", false, true),
            ("ForAnyValue:", "IfExists", true, true),
            ("ForAllValues:", "", true, false),
            ("ForAllValues:", "IfExists", true, false),
        ];
        forms.into_iter().flat_map(move |(quantifier, suffix, absent, mixed)| {
            let name = format!("{quantifier}{}{suffix}", self.operator);
            let values = [
                (None, absent),
                (Some(json!(self.met)), one),
                (Some(json!(self.unmet)), other),
                (Some(json!([self.met, self.unmet])), mixed),
            ];
            values.map(|(value, holds)| ConditionCase {
                source: self.source.clone(),
                condition: json!({ name.as_str(): {"test:key": self.values} }),
                context: value.map(|value| ("test:key".to_owned(), value)).into_iter().collect(),
                holds,
                version: None,
            })
        })
    }
}

#[test]
fn every_operator_in_every_form() {
    let rows: Vec<OperatorCase> =
        serde_json::from_str(include_str!("../tests/data/policy/operators.json")).expect("the table is readable");
    assert!(rows.len() >= 26, "the table has shrunk to {} operators", rows.len());
    report(rows.iter().flat_map(OperatorCase::cases).filter_map(|case| {
        let told = |failure: String| format!("{} in {:?} ({}): {failure}", case.condition, case.context, case.source);
        check_condition(&case).err().map(told)
    }));
}

/// In an `Allow` and in a `Deny`: a condition that holds decides both.
fn check_condition(case: &ConditionCase) -> Result<(), String> {
    let decided = |effect: &str| -> Result<Decision, String> {
        let text = json!({
            "Version": case.version.as_deref().unwrap_or("2012-10-17"),
            "Statement": [{"Effect": effect, "Action": "*", "Resource": "*", "Condition": case.condition}],
        });
        let policy = Policy::parse(&text.to_string()).map_err(|error| error.to_string())?;
        let principal = principal(&format!("role:{HUB}/r/s"));
        let context = context(&case.context);
        let request = Request {
            principal: &principal,
            action: "sqs:SendMessage",
            resource: "*",
            resource_account: HUB,
            context: &context,
        };
        let identity = vec![Named { name: "p".into(), policy: &policy }];
        Ok(decide(&request, &Policies { identity, ..Policies::default() }))
    };
    let (allow, deny) = (decided("Allow")?, decided("Deny")?);
    match allow.allowed == case.holds && deny.explicit_deny == case.holds {
        true => Ok(()),
        false => Err(format!("wanted {}, got {allow:#?} and {deny:#?}", case.holds)),
    }
}

#[test]
fn documents() {
    let cases: Vec<DocumentCase> =
        serde_json::from_str(include_str!("../tests/data/policy/documents.json")).expect("the table is readable");
    assert!(cases.len() >= 50, "the table has shrunk to {} cases", cases.len());
    report(
        cases
            .iter()
            .filter_map(|case| Some(format!("{} ({}): {}", case.name, case.source, check_document(case).err()?))),
    );
}

fn check_document(case: &DocumentCase) -> Result<(), String> {
    let kind = match case.kind.as_deref() {
        None => None,
        Some("Identity") => Some(PolicyKind::Identity),
        Some("Trust") => Some(PolicyKind::Trust),
        Some("Resource") => Some(PolicyKind::Resource),
        Some("Key") => Some(PolicyKind::Key),
        Some(other) => return Err(format!("the table names a kind `{other}`")),
    };
    let checked = kind.map_or_else(|| Policy::parse(&case.policy), |kind| Policy::check(&case.policy, kind));
    match (&case.error, checked) {
        (None, Ok(policy)) if policy.text() == case.policy => Ok(()),
        (None, Ok(policy)) => Err(format!("the text became {}", policy.text())),
        (None, Err(error)) => Err(error.to_string()),
        (Some(_), Ok(_)) => Err("no error".to_owned()),
        (Some(wanted), Err(error)) => {
            let aws = error.aws_message();
            let met = error.to_string().contains(wanted) && case.aws_message.as_ref().is_none_or(|text| *text == aws);
            if met { Ok(()) } else { Err(format!("{error}; {aws}")) }
        }
    }
}

/// A case of `create-policy.json`.
#[derive(Deserialize)]
struct StoredCase {
    /// A text as it is sent, or the document as JSON.
    document: Value,
    message: Option<String>,
}

/// 132 documents that iam:CreatePolicy takes or refuses, and its messages. [T] getmoto/moto 0af643a,
/// tests/test_iam/test_iam_policies.py (Apache-2.0), as data. `cargo test -p rootwatch-cloud stored_policies -- --nocapture`
/// prints the figures. One message differs: text that is not JSON is "This policy contains invalid Json",
/// [V] LS:iam/test_create_role_with_malformed_assume_role_policy_document.
#[test]
fn stored_policies_as_iam_takes_or_refuses_them() {
    let cases: Vec<StoredCase> =
        serde_json::from_str(include_str!("../tests/data/policy/create-policy.json")).expect("the table is readable");
    let (mut decisions, mut messages, mut wrong) = (0, 0, Vec::new());
    for case in &cases {
        let text = case.document.as_str().map_or_else(|| case.document.to_string(), str::to_owned);
        let refused = Policy::check(&text, PolicyKind::Managed).err().map(|error| error.aws_message());
        decisions += usize::from(refused.is_some() == case.message.is_some());
        messages += usize::from(refused.is_some() && refused == case.message);
        if refused != case.message {
            wrong.push(format!("{text}: {refused:?}, expected {:?}", case.message));
        }
    }
    let refused = cases.iter().filter(|case| case.message.is_some()).count();
    println!("{decisions} of {} decisions, {messages} of {refused} messages", cases.len());
    report(wrong.into_iter());
}

/// The iterative matcher against an obvious recursive one, for every short pattern and text.
#[test]
fn wildcards_match_as_the_obvious_matcher_does() {
    fn obvious(pattern: &[Token], text: &[char]) -> bool {
        match (pattern.split_first(), text.split_first()) {
            (None, None) => true,
            (Some((Token::Many, rest)), None) => obvious(rest, text),
            (Some((Token::Many, rest)), Some((_, later))) => obvious(rest, text) || obvious(pattern, later),
            (Some((Token::One, rest)), Some((_, later))) => obvious(rest, later),
            (Some((Token::Literal(wanted), rest)), Some((found, later))) => wanted == found && obvious(rest, later),
            _ => false,
        }
    }
    let words = |alphabet: &[char], longest: usize| {
        let mut words = vec![String::new()];
        let mut last = words.clone();
        for _ in 0..longest {
            last = last.iter().flat_map(|word| alphabet.iter().map(move |letter| format!("{word}{letter}"))).collect();
            words.extend(last.iter().cloned());
        }
        words
    };
    let texts = words(&['a', ':'], 6);
    for wanted in words(&['a', ':', '*', '?'], 5) {
        let wanted_tokens = pattern(&wanted);
        for text in &texts {
            let characters: Vec<char> = text.chars().collect();
            assert_eq!(matches(&wanted_tokens, text), obvious(&wanted_tokens, &characters), "`{wanted}` and `{text}`");
        }
    }
}

/// A policy is saved as its text, and what does not parse is refused when it is read back.
#[test]
fn a_policy_is_saved_as_its_text() {
    let text = r#"{ "Statement": { "Effect": "Allow", "Action": "*", "Resource": "*" } }"#;
    let policy = Policy::parse(text).expect("it parses");
    let saved = serde_json::to_string(&policy).expect("it is saved");
    assert_eq!(saved, json!(text).to_string());
    assert_eq!(serde_json::from_str::<Policy>(&saved).expect("it is read back"), policy);
    assert!(serde_json::from_str::<Policy>(r#""{}""#).is_err());
}

/// Keys of the edge win over those that follow from the principal, and keep the name they were given.
#[test]
fn context_keys_compare_without_case() {
    let context = Context::new().with("aws:SourceArn", "a").with("AWS:SOURCEARN", "b").with_many("x", Vec::new());
    assert_eq!(context.get("AWS:SourceArn"), Some(&["b".into()][..]));
    assert_eq!(context.get("x"), None);
    let names: Vec<&str> = context.iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["AWS:SOURCEARN", "x"]);
}

fn numbered<'a>(name: &str, policies: &'a [Policy]) -> Vec<Named<'a>> {
    policies.iter().zip(1..).map(|(policy, number)| Named { name: format!("{name} {number}").into(), policy }).collect()
}

fn principal(text: &str) -> Principal {
    let (kind, rest) = text.split_once(':').unwrap_or((text, ""));
    let (account, name) = rest.split_once('/').unwrap_or((rest, ""));
    let account = account.to_owned();
    match kind {
        "admin" => Principal::Administrator { arn: format!("arn:aws:iam::{account}:user/administrator"), account },
        "root" => Principal::Root { account },
        "user" => Principal::User { arn: format!("arn:aws:iam::{account}:user/{name}"), account },
        "role" => {
            let (role, session) = name.rsplit_once('/').expect("role:<account>/<path and name>/<session>");
            let name = role.rsplit('/').next().unwrap_or(role);
            Principal::Role {
                access_key: None,
                role_arn: format!("arn:aws:iam::{account}:role/{role}"),
                session_arn: format!("arn:aws:sts::{account}:assumed-role/{name}/{session}"),
                account,
            }
        }
        "service" => Principal::Service { name: rest.to_owned() },
        "anonymous" => Principal::Anonymous,
        other => panic!("the table names a principal `{other}`"),
    }
}

fn context(keys: &BTreeMap<String, Value>) -> Context {
    keys.iter().fold(Context::new(), |context, (key, value)| match value {
        Value::String(one) => context.with(key.clone(), one.as_str()),
        Value::Array(many) => {
            context.with_many(key.clone(), many.iter().map(|one| one.as_str().expect("a string").to_owned()).collect())
        }
        other => panic!("the table gives {key} the value {other}"),
    })
}

fn report(failures: impl Iterator<Item = String>) {
    let failures: Vec<String> = failures.collect();
    assert!(failures.is_empty(), "{} cases failed:\n{}", failures.len(), failures.join("\n\n"));
}
