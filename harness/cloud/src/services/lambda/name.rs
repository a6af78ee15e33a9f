//! The ways to name a function: its name, `account:function:name`, or an ARN, each with an optional qualifier.

use super::fault;
use crate::api::{ApiError, Call};
use crate::id::{AccountId, Arn, Region};

/// The function that a call means, and the version that it asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Name {
    /// The unqualified ARN.
    pub(super) function: Arn,
    /// A version or alias, where one is named.
    pub(super) qualifier: Option<String>,
}

impl Name {
    /// Reads a name. [D] API_GetFunction, "Name formats"
    pub(super) fn parse(text: &str, region: &Region, account: &AccountId) -> Option<Self> {
        let (account, region, rest) = if let Some(arn) = text.starts_with("arn:").then(|| Arn::parse(text)).flatten() {
            (arn.service() == "lambda").then_some(())?;
            (arn.account(), arn.region(), arn.resource().strip_prefix("function:")?.to_owned())
        } else if let Some((owner, rest)) = text.split_once(":function:") {
            (AccountId::is_valid(owner).then(|| AccountId::new(owner))?, region.clone(), rest.to_owned())
        } else {
            let rest = text.strip_prefix("function:").unwrap_or(text);
            (account.clone(), region.clone(), rest.to_owned())
        };
        let (name, qualifier) = match rest.split_once(':') {
            Some((name, qualifier)) => (name, Some(qualifier)),
            None => (rest.as_str(), None),
        };
        let valid = |text: &str, more: &str| {
            !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c) || more.contains(c))
        };
        (name.len() <= 64 && valid(name, "") && qualifier.is_none_or(|qualifier| valid(qualifier, "$"))).then(|| Self {
            function: Arn::of("lambda", &region, &account, format_args!("function:{name}")),
            qualifier: qualifier.map(str::to_owned),
        })
    }

    /// The function that `FunctionName` and `Qualifier` of a call mean.
    pub(super) fn of(call: &Call<'_>) -> Result<Self, ApiError> {
        let text = call.text("FunctionName").unwrap_or_default();
        let mut name = Self::parse(text, &call.region, &call.account).ok_or_else(|| invalid(text))?;
        if let Some(qualifier) = call.text("Qualifier") {
            if name.qualifier.as_deref().is_some_and(|named| named != qualifier) {
                return Err(fault::invalid(
                    "The derived qualifier from the function name does not match the specified qualifier.",
                ));
            }
            name.qualifier = Some(qualifier.to_owned());
        }
        if name.function.region() != call.region {
            return Err(fault::not_found(format!(
                "Functions from '{}' are not reachable in this region ('{}')",
                name.function.region(),
                call.region
            )));
        }
        Ok(name)
    }

    /// The same for operations that know the function as a whole and its `$LATEST` only.
    pub(super) fn unqualified(call: &Call<'_>) -> Result<Arn, ApiError> {
        let name = Self::of(call)?;
        match name.qualifier.as_deref() {
            None | Some("$LATEST") => Ok(name.function),
            Some(_) => Err(fault::unsupported(&format!("lambda:{} on a version or alias", call.operation))),
        }
    }
}

/// [V] LS:lambda_/test_lambda_api
fn invalid(text: &str) -> ApiError {
    ApiError::validation(format!(
        "1 validation error detected: Value '{text}' at 'functionName' failed to satisfy constraint: Member must satisfy \
         regular expression pattern: (arn:(aws[a-zA-Z-]*)?:lambda:)?([a-z]{{2}}((-gov)|(-iso([a-z]?)))?-[a-z]+-\\d{{1}}:)?\
         (\\d{{12}}:)?(function:)?([a-zA-Z0-9-_]+)(:(\\$LATEST|[a-zA-Z0-9-_]+))?"
    ))
}
