//! A policy document: versions, statements, and the text it came from.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

use super::condition::Condition;
use super::error::PolicyError;
use super::json;
use super::matching::{Glob, pattern};
use super::principal::PrincipalElement;
use super::variables::has_variables;

/// A parsed policy. Cheap to clone; keeps the text it was parsed from, which is what AWS gives back.
///
/// Parsing is strict: an element, operator or principal this engine does not know is an error, never skipped.
/// [`Policy::check`] adds the rules of one kind of policy.
#[derive(Clone, Debug)]
pub struct Policy {
    text: Arc<str>,
    document: Arc<Document>,
}

#[derive(Debug)]
pub(super) struct Document {
    pub(super) version: Version,
    pub(super) statements: Vec<Statement>,
}

/// The version of the policy language. Without `Version` it is the older one. `[D]` IAM user guide, Version
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Version {
    /// `2008-10-17`: `${…}` is plain text.
    V2008,
    /// `2012-10-17`: with policy variables.
    V2012,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Effect {
    Allow,
    Deny,
}

/// One statement as it was written.
#[derive(Debug)]
pub(super) struct Statement {
    /// Its place, counted from 1.
    pub(super) number: usize,
    pub(super) sid: Option<String>,
    pub(super) effect: Effect,
    /// The effect as it was written.
    effect_text: String,
    pub(super) principal: Option<PrincipalElement>,
    pub(super) action: Patterns,
    pub(super) resource: Option<Patterns>,
    pub(super) conditions: Vec<Condition>,
}

/// `Action`/`NotAction` or `Resource`/`NotResource`.
#[derive(Debug)]
pub(super) struct Patterns {
    pub(super) negated: bool,
    pub(super) values: Vec<Pattern>,
}

/// One of their values, read once.
#[derive(Debug)]
pub(super) struct Pattern {
    pub(super) text: String,
    /// `None` where policy variables have to be filled in for each request.
    pub(super) glob: Option<Glob>,
}

impl Pattern {
    /// An action, which compares in lower case and has no variables. `[D]` IAM user guide, Action
    fn action(text: String) -> Self {
        let glob = Some(Glob::new(pattern(&text.to_ascii_lowercase())));
        Self { text, glob }
    }

    fn resource(text: String, version: Version) -> Self {
        let glob = (!has_variables(&text, version)).then(|| Glob::new(pattern(&text)));
        Self { text, glob }
    }
}

impl Patterns {
    /// As a person reads it.
    pub(super) fn describe(&self) -> String {
        let list = self.values.iter().map(|value| value.text.as_str()).collect::<Vec<_>>().join(", ");
        if self.negated { format!("everything but {list}") } else { list }
    }
}

impl Statement {
    /// `Allow` and `Deny` are case-sensitive. IAM reports another spelling later than other values.
    pub(super) fn check_effect(&self) -> Result<(), PolicyError> {
        match self.effect_text.as_str() {
            "Allow" | "Deny" => Ok(()),
            other => Err(PolicyError::EffectCase { at: self.at(), found: other.to_owned() }),
        }
    }

    pub(super) fn check_actions(&self) -> Result<(), PolicyError> {
        match self.action.values.is_empty() {
            true => Err(PolicyError::Missing { at: self.at(), wanted: "`Action`" }),
            false => Ok(()),
        }
    }

    pub(super) fn at(&self) -> String {
        format!("statement {}", self.number)
    }

    /// `statement <Sid>`, or `statement #<number>` where none was given.
    pub(super) fn label(&self) -> impl fmt::Display {
        fmt::from_fn(|f| match &self.sid {
            Some(sid) => write!(f, "statement {sid}"),
            None => write!(f, "statement #{}", self.number),
        })
    }
}

impl Policy {
    /// Reads a policy document that a service has stored. Shared `Sid`s are the matter of [`Policy::check`]: KMS stores them.
    ///
    /// # Errors
    /// With [`PolicyError`] when the text is not JSON, or says anything the policy grammar (or this engine) does not
    /// know. Services answer with an error of their own, IAM with `MalformedPolicyDocument` and
    /// [`PolicyError::aws_message`].
    pub fn parse(text: &str) -> Result<Policy, PolicyError> {
        let policy = Self::read(text)?;
        let statements = &policy.document.statements;
        statements.iter().try_for_each(Statement::check_effect)?;
        statements.iter().try_for_each(Statement::check_actions)?;
        Ok(policy)
    }

    /// Reads a document of the right shape. IAM reports wrong shapes before all other errors.
    pub(super) fn read(text: &str) -> Result<Policy, PolicyError> {
        let value = json::parse(text).map_err(|error| PolicyError::NotJson(error.to_string()))?;
        let Value::Object(elements) = &value else {
            return Err(shape("the document", "policy", "an object"));
        };
        known(elements, "the policy", &["Version", "Id", "Statement"])?;
        let version = match optional_text(elements, "Version", "the policy")? {
            None | Some("2008-10-17") => Version::V2008,
            Some("2012-10-17") => Version::V2012,
            Some(other) => return Err(PolicyError::Version(other.to_owned())),
        };
        optional_text(elements, "Id", "the policy")?;
        let statements: Vec<&Value> = match elements.get("Statement") {
            Some(Value::Array(many)) => many.iter().collect(),
            Some(one @ Value::Object(_)) => vec![one],
            Some(_) => return Err(shape("the policy", "Statement", "an object or an array of objects")),
            None => return Err(PolicyError::Missing { at: "the policy".to_owned(), wanted: "`Statement`" }),
        };
        let statements = statements
            .into_iter()
            .enumerate()
            .map(|(index, value)| statement(value, index + 1, version))
            .collect::<Result<Vec<_>, _>>()?;
        Ok(Policy { text: text.into(), document: Arc::new(Document { version, statements }) })
    }

    /// The text as it was given.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The accounts, users, roles and sessions that the statements name as principals: ARNs, an account also by its id.
    pub fn principals(&self) -> impl Iterator<Item = &str> {
        self.document
            .statements
            .iter()
            .filter_map(|statement| statement.principal.as_ref())
            .flat_map(PrincipalElement::arns)
    }

    pub(super) fn document(&self) -> &Document {
        &self.document
    }
}

impl Document {
    pub(super) fn check_sids(&self) -> Result<(), PolicyError> {
        for (index, one) in self.statements.iter().enumerate() {
            if let Some(sid) = &one.sid
                && self.statements.iter().skip(index + 1).any(|other| other.sid.as_ref() == Some(sid))
            {
                return Err(PolicyError::DuplicateSid(sid.clone()));
            }
        }
        Ok(())
    }
}

/// Two policies are equal when their texts are.
impl PartialEq for Policy {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Policy {}

/// A policy is saved as its text.
impl Serialize for Policy {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl<'de> Deserialize<'de> for Policy {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Policy::parse(&text).map_err(serde::de::Error::custom)
    }
}

fn statement(value: &Value, number: usize, version: Version) -> Result<Statement, PolicyError> {
    let at = format!("statement {number}");
    let Value::Object(elements) = value else { return Err(shape("the policy", "Statement", "an array of objects")) };
    known(
        elements,
        &at,
        &["Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition"],
    )?;
    let effect_text = match optional_text(elements, "Effect", &at)? {
        Some(text) => text.to_owned(),
        None => return Err(PolicyError::Missing { at, wanted: "`Effect`" }),
    };
    let effect = match &effect_text {
        text if text.eq_ignore_ascii_case("Allow") => Effect::Allow,
        text if text.eq_ignore_ascii_case("Deny") => Effect::Deny,
        _ => return Err(PolicyError::Effect { at, found: effect_text }),
    };
    let principal = either(elements, &at, "Principal", "NotPrincipal")?
        .map(|(value, negated)| PrincipalElement::parse(value, negated, &at))
        .transpose()?;
    let action = patterns(elements, &at, "Action", "NotAction", Pattern::action)?
        .unwrap_or(Patterns { negated: false, values: Vec::new() });
    let resource = patterns(elements, &at, "Resource", "NotResource", |text| Pattern::resource(text, version))?;
    let conditions = match elements.get("Condition") {
        None => Vec::new(),
        Some(value) => Condition::parse_all(value, &at, version)?,
    };
    let sid = optional_text(elements, "Sid", &at)?.filter(|sid| !sid.is_empty()).map(str::to_owned);
    Ok(Statement { number, sid, effect, effect_text, principal, action, resource, conditions })
}

/// The one of two exclusive elements that is there, and whether it is the negated one.
fn either<'v>(
    elements: &'v Map<String, Value>,
    at: &str,
    one: &'static str,
    other: &'static str,
) -> Result<Option<(&'v Value, bool)>, PolicyError> {
    match (elements.get(one), elements.get(other)) {
        (Some(_), Some(_)) => Err(PolicyError::Both { at: at.to_owned(), one, other }),
        (Some(value), None) => Ok(Some((value, false))),
        (None, Some(value)) => Ok(Some((value, true))),
        (None, None) => Ok(None),
    }
}

fn patterns(
    elements: &Map<String, Value>,
    at: &str,
    one: &'static str,
    other: &'static str,
    read: impl Fn(String) -> Pattern,
) -> Result<Option<Patterns>, PolicyError> {
    let Some((value, negated)) = either(elements, at, one, other)? else { return Ok(None) };
    let element = if negated { other } else { one };
    Ok(Some(Patterns { negated, values: texts(value, at, element)?.into_iter().map(read).collect() }))
}

fn texts(value: &Value, at: &str, element: &str) -> Result<Vec<String>, PolicyError> {
    let wanted = "a string or an array of strings";
    match value {
        Value::String(one) => Ok(vec![one.clone()]),
        // A null among strings is skipped. [T] tests/data/policy/create-policy.json
        Value::Array(many) => many
            .iter()
            .filter(|one| !one.is_null())
            .map(|one| one.as_str().map(str::to_owned))
            .collect::<Option<_>>()
            .ok_or_else(|| shape(at, element, wanted)),
        _ => Err(shape(at, element, wanted)),
    }
}

fn optional_text<'v>(
    elements: &'v Map<String, Value>,
    element: &str,
    at: &str,
) -> Result<Option<&'v str>, PolicyError> {
    match elements.get(element) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(shape(at, element, "a string")),
    }
}

fn known(elements: &Map<String, Value>, at: &str, names: &[&str]) -> Result<(), PolicyError> {
    match elements.keys().find(|name| !names.contains(&name.as_str())) {
        Some(element) => Err(PolicyError::UnknownElement { at: at.to_owned(), element: element.clone() }),
        None => Ok(()),
    }
}

fn shape(at: &str, element: &str, wanted: &'static str) -> PolicyError {
    PolicyError::Shape { at: at.to_owned(), element: element.to_owned(), wanted }
}
