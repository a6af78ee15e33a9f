//! Session policies: what a caller of AssumeRole leaves of the role's permissions. [D] API_AssumeRole

use serde::Deserialize;

use super::assume_role::{constraint, invalid};
use crate::api::{ApiError, Call};
use crate::authz::PolicyText;
use crate::id::Arn;
use crate::services::iam;
use rootwatch_policy::PolicyKind;

/// The longest inline session policy, in characters. [D]
const LONGEST: usize = 2048;
/// How many managed policies a session takes. [D]
const MOST_ARNS: usize = 10;

/// A managed policy of the role's account that becomes a session policy.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct PolicyArn {
    #[serde(default)]
    arn: String,
}

/// The session's policies, each with a name for traces.
pub(super) fn read(
    call: &Call<'_>,
    role: &Arn,
    inline: Option<&str>,
    managed: &[PolicyArn],
) -> Result<Vec<(String, PolicyText)>, ApiError> {
    let mut policies = Vec::new();
    if let Some(text) = inline {
        if text.chars().count() > LONGEST {
            return Err(constraint(text, "policy", "have length less than or equal to 2048"));
        }
        policies.push(("session policy".to_owned(), iam::policy_document(text, PolicyKind::Identity)?));
    }
    if managed.len() > MOST_ARNS {
        // [D] API_AssumeRole: at most ten
        return Err(invalid("The number of policy ARNs exceeds the limit of 10."));
    }
    for PolicyArn { arn: text } in managed {
        let arn = Arn::parse(text).filter(|arn| arn.service() == "iam");
        let arn = arn.ok_or_else(|| invalid(format!("Invalid ARN: {text}")))?;
        // The policies must be of the role's account, or AWS's own. [D]; the text is a default. [?]
        let known = arn.account() == role.account() || arn.account() == "aws";
        let policy = iam::managed_policy(call.state, &arn).filter(|_| known);
        let policy =
            policy.ok_or_else(|| invalid(format!("PolicyArns: policy {arn} does not exist or is not attachable.")))?;
        policies.push((format!("session policy {}", arn.name()), policy));
    }
    Ok(policies)
}

/// How much of the packed size is taken, in per cent: there where something was passed. AWS's packing is not known: the
/// characters count. [?]
pub(super) fn packed_size(inline: Option<&str>, managed: &[PolicyArn]) -> Option<usize> {
    if inline.is_none() && managed.is_empty() {
        return None;
    }
    let characters = inline.map_or(0, str::len) + managed.iter().map(|policy| policy.arn.len()).sum::<usize>();
    Some((characters * 100 / LONGEST).clamp(1, 100))
}
