//! What IAM's requests and answers have in common.

use serde_json::{Value, json};

use crate::api::{ApiError, Call, Reply};
use crate::authz::PolicyText;
use rootwatch_policy::{PolicyError, PolicyKind};

/// Parses and checks a policy document of a caller. [V] LS:iam/test_iam: the text of what is no JSON
pub(super) fn document(text: &str, kind: PolicyKind) -> Result<PolicyText, ApiError> {
    let malformed = |error: PolicyError| {
        let message = match &error {
            PolicyError::NotJson(_) => "This policy contains invalid Json".to_owned(),
            _ => error.aws_message(),
        };
        ApiError::new("MalformedPolicyDocument", message)
    };
    PolicyText::check(text, kind).map_err(malformed)
}

pub(super) fn required<'a>(call: &'a Call<'_>, member: &str) -> Result<&'a str, ApiError> {
    call.text(member).filter(|text| !text.is_empty()).ok_or_else(|| {
        ApiError::new("ValidationError", format!("1 validation error detected: Value null at '{member}' failed to satisfy constraint: Member must not be null"))
    })
}

pub(super) fn no_such(text: String) -> ApiError {
    ApiError::new("NoSuchEntity", text).status(404)
}

/// A page of a list: `MaxItems` of them, from the `Marker` on. [D] IAM API: 100 where nothing is said
pub(super) fn page(call: &Call<'_>, member: &str, items: Vec<Value>) -> Result<Reply, ApiError> {
    let bad = |name: &str| ApiError::new("ValidationError", format!("Invalid {name}"));
    let number = |name: &str| call.text(name).map(|text| text.parse::<usize>().map_err(|_| bad(name))).transpose();
    let (from, size) = (number("Marker")?.unwrap_or(0), number("MaxItems")?.unwrap_or(100));
    let more = items.len() > from.saturating_add(size);
    let items: Vec<Value> = items.into_iter().skip(from).take(size).collect();
    let mut answer = json!({member: items, "IsTruncated": more});
    if more {
        answer["Marker"] = json!((from + size).to_string());
    }
    Ok(answer.into())
}
