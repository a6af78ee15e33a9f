//! AWS Organizations: one organization, its accounts and who may list them.

mod create;
mod delegation;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::api::{ApiError, Call, Operation, Reply};
use crate::id::{AccountId, Arn};
use crate::table::Table;
use crate::time::Time;

/// State of the service: one organization at most.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct State {
    organization: Option<String>,
    management: Option<AccountId>,
    accounts: Table<AccountId, String>,
    /// Requests for new accounts, by their ids.
    #[serde(default)]
    created: BTreeMap<String, (AccountId, Time)>,
    /// Accounts that act for the management account, with the services they do it for.
    #[serde(default)]
    delegated: BTreeMap<AccountId, BTreeMap<String, Time>>,
}

impl State {
    /// Creates the organization with its accounts (id and name); the management account is one of them.
    pub fn create(&mut self, id: &str, management: &str, members: &[(&str, &str)]) {
        self.organization = Some(id.to_owned());
        self.management = Some(AccountId::new(management));
        for (account, name) in members {
            self.accounts.insert(AccountId::new(account), (*name).to_owned());
        }
    }

    /// Adds a member, by its id and name.
    pub fn add(&mut self, account: &str, name: &str) {
        self.accounts.insert(AccountId::new(account), name.to_owned());
    }

    /// The id of the organization that the account belongs to.
    pub fn organization_of(&self, account: &str) -> Option<String> {
        self.accounts.contains(account).then(|| self.organization.clone()).flatten()
    }
}

/// Operations of the service.
pub const OPERATIONS: &[Operation] = &[
    Operation::noted("CreateAccount", create::create_account, "at once, and without a role for the management account"),
    Operation::noted("CreateOrganization", create::create_organization, "one for the whole cloud"),
    Operation::new("DeregisterDelegatedAdministrator", delegation::deregister),
    Operation::new("DescribeAccount", describe_account),
    Operation::new("DescribeCreateAccountStatus", create::describe_create_account_status),
    Operation::new("DescribeOrganization", describe_organization),
    Operation::new("ListAccounts", list_accounts),
    Operation::new("ListDelegatedAdministrators", delegation::list),
    Operation::new("ListDelegatedServicesForAccount", delegation::list_services),
    Operation::noted("RegisterDelegatedAdministrator", delegation::register, "any service principal is taken"),
];

/// The organization's id and management account, for a member.
fn membership(call: &mut Call<'_>, action: &str) -> Result<(String, AccountId), ApiError> {
    let organizations = &call.state.organizations;
    let found = organizations.organization_of(call.account.as_str()).zip(organizations.management.clone());
    let (id, management) = found.ok_or_else(|| {
        ApiError::new("AWSOrganizationsNotInUseException", "Your account is not a member of an organization.")
    })?;
    let arn = Arn::global("aws", "organizations", &management, format!("organization/{id}"));
    // Organizations answers members about their own organization: the resource counts as the caller's. [?]
    let own = Arn::global("aws", "organizations", &call.account, arn.resource());
    call.authorise(action, &own)?;
    Ok((id, management))
}

fn describe_organization(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let (id, management) = membership(call, "organizations:DescribeOrganization")?;
    Ok(json!({"Organization": {
        "Id": id,
        "Arn": Arn::global("aws", "organizations", &management, format!("organization/{id}")).as_str(),
        "FeatureSet": "ALL",
        "MasterAccountId": management.as_str(),
        "MasterAccountArn": account_arn(&management, &id, &management).as_str(),
        "MasterAccountEmail": format!("{management}@example.com"),
        "AvailablePolicyTypes": [],
    }})
    .into())
}

/// Only the management account may list, and accounts that are delegated administrators of a service.
/// [D] API_ListAccounts
fn listable(call: &mut Call<'_>, action: &str) -> Result<(String, AccountId), ApiError> {
    let (id, management) = membership(call, action)?;
    if management != call.account && !call.state.organizations.delegated.contains_key(&call.account) {
        return Err(ApiError::new("AccessDeniedException", "You don't have permissions to access this resource."));
    }
    Ok((id, management))
}

fn account_arn(management: &AccountId, organization: &str, account: &AccountId) -> Arn {
    Arn::global("aws", "organizations", management, format!("account/{organization}/{account}"))
}

fn shape(organization: &str, management: &AccountId, account: &AccountId, name: &str) -> Value {
    json!({
        "Id": account.as_str(), "Arn": account_arn(management, organization, account).as_str(),
        "Email": format!("{account}@example.com"), "Name": name, "Status": "ACTIVE", "JoinedMethod": "CREATED",
        "JoinedTimestamp": 1_600_000_000.0,
    })
}

fn list_accounts(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let (id, management) = listable(call, "organizations:ListAccounts")?;
    let accounts = call.state.organizations.accounts.iter();
    let accounts: Vec<Value> = accounts.map(|(account, name)| shape(&id, &management, account, name)).collect();
    page(call, "Accounts", accounts)
}

/// A page: at most 20 items. [D] API_ListAccounts
fn page(call: &Call<'_>, member: &str, items: Vec<Value>) -> Result<Reply, ApiError> {
    let invalid = |text: &str| ApiError::new("InvalidInputException", text);
    let size = match call.params.get("MaxResults").map(|most| most.as_u64().unwrap_or_default()) {
        None => 20,
        Some(most @ 1..=20) => most as usize,
        Some(_) => return Err(invalid("You specified an invalid value for MaxResults. It must be between 1 and 20.")),
    };
    let from = match call.text("NextToken") {
        None => 0,
        Some(token) => token.parse::<usize>().map_err(|_| invalid("You specified an invalid next token."))?,
    };
    let more = items.len() > from.saturating_add(size);
    let items: Vec<Value> = items.into_iter().skip(from).take(size).collect();
    let mut answer = json!({member: items});
    if more {
        answer["NextToken"] = json!((from + size).to_string());
    }
    Ok(answer.into())
}

fn describe_account(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let (id, management) = listable(call, "organizations:DescribeAccount")?;
    let account = AccountId::new(call.text("AccountId").unwrap_or_default());
    match call.state.organizations.accounts.get(&account) {
        Some(name) => Ok(json!({"Account": shape(&id, &management, &account, name)}).into()),
        None => Err(ApiError::new("AccountNotFoundException", "You specified an account that doesn't exist.")),
    }
}
