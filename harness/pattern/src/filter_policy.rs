//! SNS filter policies: the same language with older operators, on message attributes or the message body.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::compile::{Compiled, Dialect, compile};
use super::error::ErrorKind;
use super::flatten::Scalar;
use super::numeric::Number;
use super::reader::Reader;
use super::{FlatEvent, MatchResult, PatternError};

/// What a filter policy looks at: the subscription attribute `FilterPolicyScope`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum FilterPolicyScope {
    /// The message attributes of types `String`, `String.Array` and `Number`.
    #[default]
    MessageAttributes,
    /// The message, which must be a JSON object.
    MessageBody,
}

impl FromStr for FilterPolicyScope {
    type Err = FilterPolicyError;

    fn from_str(text: &str) -> Result<Self, FilterPolicyError> {
        match text {
            "MessageAttributes" => Ok(FilterPolicyScope::MessageAttributes),
            "MessageBody" => Ok(FilterPolicyScope::MessageBody),
            other => Err(FilterPolicyError(format!(
                "FilterPolicyScope: Invalid value [{other}]. Please use either MessageBody or MessageAttributes"
            ))),
        }
    }
}

/// A filter policy that SNS refuses. Displays what follows `Invalid parameter: `.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FilterPolicyError(String);

impl FilterPolicyError {
    /// The message of `InvalidParameter` at `Subscribe`. [V] LocalStack's recordings of sns/test_sns_filter_policy
    #[must_use]
    pub fn subscribe_message(&self) -> String {
        format!("Invalid parameter: Attributes Reason: {self}")
    }

    /// The message of `InvalidParameter` at `SetSubscriptionAttributes`. [V] as above
    #[must_use]
    pub fn set_attributes_message(&self) -> String {
        format!("Invalid parameter: {self}")
    }
}

impl fmt::Display for FilterPolicyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for FilterPolicyError {}

impl From<PatternError> for FilterPolicyError {
    fn from(error: PatternError) -> Self {
        match error.kind() {
            // [V] sns/test_sns.py::test_subscribe_invalid_filter_policy: another parser, which does not quote
            ErrorKind::Json => {
                FilterPolicyError(format!("FilterPolicy: failed to parse JSON. {}", error.redacted_reason()))
            }
            _ => FilterPolicyError(format!("FilterPolicy: {}", error.located_reason())),
        }
    }
}

/// A valid filter policy. Cheap to clone; saved as its text and scope.
///
/// The empty policy `{}`, which takes a filter off a subscription, is for the caller: it is not valid here.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(try_from = "Saved", into = "Saved")]
pub struct FilterPolicy {
    text: Arc<str>,
    scope: FilterPolicyScope,
    compiled: Arc<Compiled>,
}

impl FilterPolicy {
    /// Leaf keys in a policy. [D] subscription-filter-policy-constraints
    pub const MAX_KEYS: usize = 5;
    /// Combinations of values; a nested key counts its values once for every level. [D] as above
    pub const MAX_COMBINATIONS: usize = 150;
    /// Size in bytes. [D] as above
    pub const MAX_BYTES: usize = 256 * 1024;

    /// Compiles a policy and checks SNS's limits. SNS's narrower range of numbers (±10⁹, five decimals [D]) is not
    /// checked: how it refuses others is not known.
    ///
    /// # Errors
    /// What `Subscribe` and `SetSubscriptionAttributes` answer with `InvalidParameter`.
    pub fn parse(text: &str, scope: FilterPolicyScope) -> Result<FilterPolicy, FilterPolicyError> {
        if text.len() > Self::MAX_BYTES {
            return Err(too_complex());
        }
        // SNS looks whether it is JSON before its engine looks at the rules.
        Reader::check(text)?;
        let compiled = compile(text, &Dialect::SNS)?;
        check_limits(&compiled, scope)?;
        Ok(FilterPolicy { text: text.into(), scope, compiled: Arc::new(compiled) })
    }

    /// The policy as it was written.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What it looks at.
    #[must_use]
    pub fn scope(&self) -> FilterPolicyScope {
        self.scope
    }

    /// Whether a message with these attributes, as (name, data type, string value), is delivered. Of a `String.Array`
    /// every element is tried; `Binary` is passed over, as if absent. [D] string-value-matching; [V]
    #[must_use]
    pub fn matches_attributes(&self, attributes: &[(&str, &str, &str)]) -> bool {
        self.compiled.matches(&flatten_attributes(attributes))
    }

    /// Whether a message with this body is delivered. A body that is not a JSON object matches nothing. [D]
    #[must_use]
    pub fn matches_body(&self, body: &str) -> bool {
        serde_json::from_str::<Value>(body).is_ok_and(|body| self.compiled.matches(&FlatEvent::from(&body)))
    }

    /// As [`FilterPolicy::matches_attributes`], with the first key that did not match.
    #[must_use]
    pub fn explain_attributes(&self, attributes: &[(&str, &str, &str)]) -> MatchResult {
        self.compiled.explain(&flatten_attributes(attributes))
    }

    /// As [`FilterPolicy::matches_body`], with the first key that did not match.
    #[must_use]
    pub fn explain_body(&self, body: &str) -> MatchResult {
        // What is not JSON is explained like JSON that is no object.
        let body = serde_json::from_str::<Value>(body).unwrap_or(Value::Null);
        self.compiled.explain(&FlatEvent::from(&body))
    }
}

fn check_limits(compiled: &Compiled, scope: FilterPolicyScope) -> Result<(), FilterPolicyError> {
    let used = |field: &usize| &compiled.fields[*field];
    if scope == FilterPolicyScope::MessageAttributes && compiled.fields.iter().any(|field| field.depth > 1) {
        // [T] LocalStack's validator
        let reason = "Filter policy scope MessageAttributes does not support nested filter policy";
        return Err(FilterPolicyError(reason.into()));
    }
    let mut paths: Vec<&str> = compiled.branches.iter().flatten().map(|field| used(field).path.as_str()).collect();
    paths.sort_unstable();
    paths.dedup();
    if paths.len() > FilterPolicy::MAX_KEYS {
        return Err(FilterPolicyError("FilterPolicy: Filter policy can not have more than 5 keys".into()));
    }
    // How combinations of $or are counted is not documented; here they add up. [?]
    let combinations = compiled.branches.iter().fold(0_usize, |sum, branch| {
        let product = branch.iter().map(used).fold(1_usize, |product, field| {
            product.saturating_mul(field.alternatives.len()).saturating_mul(field.depth)
        });
        sum.saturating_add(product)
    });
    if combinations > FilterPolicy::MAX_COMBINATIONS { Err(too_complex()) } else { Ok(()) }
}

fn too_complex() -> FilterPolicyError {
    FilterPolicyError("FilterPolicy: Filter policy is too complex".into())
}

fn flatten_attributes<'a>(attributes: &[(&'a str, &str, &'a str)]) -> FlatEvent<'a> {
    FlatEvent::from_fields(attributes.iter().flat_map(|&(name, data_type, value)| {
        let values = attribute_values(data_type, value);
        values.into_iter().map(move |value| (name, value))
    }))
}

/// A type may have a label of the publisher's behind a dot (`Number.cents`), except that `String.Array` is a type.
fn attribute_values<'a>(data_type: &str, value: &'a str) -> Vec<Scalar<'a>> {
    if data_type == "String.Array" {
        return match serde_json::from_str::<Value>(value) {
            Ok(Value::Array(elements)) => elements.into_iter().filter_map(element).collect(),
            _ => Vec::new(),
        };
    }
    match data_type.split('.').next() {
        Some("String") => vec![Scalar::Text(Cow::Borrowed(value))],
        Some("Number") => vec![Scalar::Number(Number::from_text(value))],
        _ => Vec::new(),
    }
}

fn element<'a>(element: Value) -> Option<Scalar<'a>> {
    match element {
        Value::String(text) => Some(Scalar::Text(Cow::Owned(text))),
        Value::Number(number) => Some(Scalar::Number(Number::from_json(&number))),
        Value::Bool(bool) => Some(Scalar::Bool(bool)),
        Value::Null => Some(Scalar::Null),
        // SNS refuses to publish these.
        Value::Array(_) | Value::Object(_) => None,
    }
}

impl PartialEq for FilterPolicy {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text && self.scope == other.scope
    }
}

impl Eq for FilterPolicy {}

#[derive(Serialize, Deserialize)]
struct Saved {
    text: String,
    scope: FilterPolicyScope,
}

impl TryFrom<Saved> for FilterPolicy {
    type Error = FilterPolicyError;

    fn try_from(saved: Saved) -> Result<Self, FilterPolicyError> {
        FilterPolicy::parse(&saved.text, saved.scope)
    }
}

impl From<FilterPolicy> for Saved {
    fn from(policy: FilterPolicy) -> Saved {
        Saved { text: policy.text.to_string(), scope: policy.scope }
    }
}
