//! The accounts of the organization, read with a role of the management account.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use rootwatch_runtime::call::{CallError, Service};
use rootwatch_runtime::{ConfigurationError, Platform};
use serde_json::{Value, json};

/// Longest time for one call.
const PATIENCE: Duration = Duration::from_secs(5);

/// Lists the accounts of the organization.
#[derive(Debug, Clone)]
pub struct Accounts {
    sts: Service,
    organizations: Service,
    role: String,
}

impl Accounts {
    /// With the role in `ORGANIZATIONS_ROLE_ARN`; `None` without the variable.
    ///
    /// # Errors
    ///
    /// If the variable is not an ARN, or one that Lambda sets is missing.
    pub fn of(platform: &Platform) -> Result<Option<Self>, ConfigurationError> {
        if platform.environment.optional("ORGANIZATIONS_ROLE_ARN").is_none() {
            return Ok(None);
        }
        Ok(Some(Accounts {
            sts: Service::sts(platform, PATIENCE)?,
            organizations: Service::organizations(platform, PATIENCE)?,
            role: platform.environment.arn("ORGANIZATIONS_ROLE_ARN")?,
        }))
    }

    /// The active accounts, with the time at which each joined.
    ///
    /// # Errors
    ///
    /// If STS or Organizations refuses a call or does not answer.
    pub async fn list(&self) -> Result<BTreeMap<String, Timestamp>, CallError> {
        let credentials = self.sts.assume_role(&self.role, "rootwatch-coverage").await?;
        let organizations = self.organizations.clone().with_credentials(credentials);
        let (mut accounts, mut input) = (BTreeMap::new(), json!({}));
        loop {
            let page = organizations.call("ListAccounts", &input).await?;
            accounts.extend(page["Accounts"].as_array().into_iter().flatten().filter_map(active));
            match page.get("NextToken").filter(|token| !token.is_null()) {
                Some(token) => input = json!({"NextToken": token}),
                None => return Ok(accounts),
            }
        }
    }
}

/// The account, if it is active. `Status` ends in September 2026 and `State` takes its place [D: Organizations API].
fn active(account: &Value) -> Option<(String, Timestamp)> {
    let state = account.get("State").or_else(|| account.get("Status")).and_then(Value::as_str)?;
    let joined = account["JoinedTimestamp"].as_f64().and_then(|seconds| Timestamp::from_second(seconds as i64).ok());
    (state == "ACTIVE").then_some((account["Id"].as_str()?.to_owned(), joined.unwrap_or(Timestamp::UNIX_EPOCH)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_active_accounts_are_expected() {
        for (account, wanted) in [
            (json!({"Id": "1", "State": "ACTIVE", "JoinedTimestamp": 1772442000.5}), Some("2026-03-02T09:00:00Z")),
            (json!({"Id": "1", "Status": "ACTIVE"}), Some("1970-01-01T00:00:00Z")),
            (json!({"Id": "1", "State": "SUSPENDED", "Status": "ACTIVE"}), None),
            (json!({"Id": "1", "State": "PENDING_CLOSURE"}), None),
            (json!({"Id": "1"}), None),
        ] {
            let found = active(&account).map(|(_, joined)| joined.to_string());
            assert_eq!(found.as_deref(), wanted, "{account}");
        }
    }
}
