//! AWS Organizations: one organization, its accounts and units, and the policies that limit them.

mod attachment_operations;
mod create;
mod delegation;
mod hierarchy;
mod policy;
mod policy_operations;
#[cfg(test)]
mod policy_tests;
mod tags;
#[cfg(test)]
mod tests;
mod unit_operations;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::api::{ApiError, Call, Operation, Reply};
use crate::id::{AccountId, Arn};
use crate::table::Table;
use crate::time::Time;

pub(crate) use policy::has_resource_control;

/// State of the service: one organization at most.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct State {
    organization: Option<String>,
    management: Option<AccountId>,
    accounts: Table<AccountId, String>,
    /// Members that were closed.
    #[serde(default)]
    closed: BTreeSet<AccountId>,
    /// Requests for new accounts, by their ids.
    #[serde(default)]
    created: BTreeMap<String, (AccountId, Time)>,
    /// Accounts that act for the management account, with the services they do it for.
    #[serde(default)]
    delegated: BTreeMap<AccountId, BTreeMap<String, Time>>,
    #[serde(default)]
    hierarchy: hierarchy::Hierarchy,
    #[serde(default)]
    policies: policy::Policies,
    /// By the id of what has them.
    #[serde(default)]
    tags: BTreeMap<String, BTreeMap<String, String>>,
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
        self.attach_full_access(account);
    }

    /// Whether the first account manages the organization that the second, another one, is a member of.
    pub fn is_member_of(&self, management: &str, account: &str) -> bool {
        self.management.as_ref().is_some_and(|own| *own == *management)
            && account != management
            && self.accounts.contains(account)
    }

    /// The id of the organization that the account belongs to.
    pub fn organization_of(&self, account: &str) -> Option<String> {
        self.accounts.contains(account).then(|| self.organization.clone()).flatten()
    }
}

/// Operations of the service.
pub const OPERATIONS: &[Operation] = &[
    Operation::new("AttachPolicy", attachment_operations::attach),
    Operation::noted("CloseAccount", close_account, "the account is suspended at once"),
    Operation::noted("CreateAccount", create::create_account, "at once, and without a role for the management account"),
    Operation::noted("CreateOrganization", create::create_organization, "one for the whole cloud"),
    Operation::new("CreateOrganizationalUnit", unit_operations::create),
    Operation::noted("CreatePolicy", policy_operations::create, "service and resource control policies"),
    Operation::new("DeleteOrganizationalUnit", unit_operations::delete),
    Operation::new("DeletePolicy", policy_operations::delete),
    Operation::new("DeregisterDelegatedAdministrator", delegation::deregister),
    Operation::new("DescribeAccount", describe_account),
    Operation::new("DescribeCreateAccountStatus", create::describe_create_account_status),
    Operation::new("DescribeOrganization", describe_organization),
    Operation::new("DescribeOrganizationalUnit", unit_operations::describe),
    Operation::new("DescribePolicy", policy_operations::describe),
    Operation::new("DetachPolicy", attachment_operations::detach),
    Operation::new("DisablePolicyType", policy_operations::disable_type),
    Operation::noted("EnablePolicyType", policy_operations::enable_type, "at once"),
    Operation::new("ListAccounts", list_accounts),
    Operation::new("ListAccountsForParent", unit_operations::list_accounts),
    Operation::new("ListChildren", unit_operations::list_children),
    Operation::new("ListDelegatedAdministrators", delegation::list),
    Operation::new("ListDelegatedServicesForAccount", delegation::list_services),
    Operation::new("ListOrganizationalUnitsForParent", unit_operations::list_units),
    Operation::new("ListParents", unit_operations::list_parents),
    Operation::new("ListPolicies", policy_operations::list),
    Operation::new("ListPoliciesForTarget", attachment_operations::list_policies),
    Operation::new("ListRoots", unit_operations::list_roots),
    Operation::new("ListTagsForResource", tags::list),
    Operation::new("ListTargetsForPolicy", attachment_operations::list_targets),
    Operation::new("MoveAccount", unit_operations::move_account),
    Operation::noted("RegisterDelegatedAdministrator", delegation::register, "any service principal is taken"),
    Operation::new("TagResource", tags::tag),
    Operation::new("UntagResource", tags::untag),
    Operation::new("UpdateOrganizationalUnit", unit_operations::update),
    Operation::new("UpdatePolicy", policy_operations::update),
];

/// The organization's id and management account, for a member.
fn membership(call: &mut Call<'_>, action: &str) -> Result<(String, AccountId), ApiError> {
    let organizations = &call.state.organizations;
    let found = organizations.organization_of(call.account.as_str()).zip(organizations.management.clone());
    let (id, management) = found.ok_or_else(|| {
        ApiError::new("AWSOrganizationsNotInUseException", "Your account is not a member of an organization.")
    })?;
    // Organizations answers members about their own organization: the resource counts as the caller's. [?]
    let own = Arn::global(call.region.partition(), "organizations", &call.account, format!("organization/{id}"));
    call.authorise(action, &own)?;
    Ok((id, management))
}

fn describe_organization(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let (id, management) = membership(call, "organizations:DescribeOrganization")?;
    Ok(json!({"Organization": {
        "Id": id,
        "Arn": arn(call, format!("organization/{id}")).as_str(),
        "FeatureSet": "ALL",
        "MasterAccountId": management.as_str(),
        "MasterAccountArn": arn(call, format!("account/{id}/{management}")).as_str(),
        "MasterAccountEmail": format!("{management}@example.com"),
        // Not to be relied on, says AWS; ListRoots has the types in use. [D]
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

/// Who changes the organization: the management account. Its organization's id.
fn management(call: &mut Call<'_>, action: &str) -> Result<String, ApiError> {
    let (id, management) = membership(call, action)?;
    if management == call.account {
        return Ok(id);
    }
    Err(ApiError::new("AccessDeniedException", "You don't have permissions to access this resource."))
}

/// An ARN of the organization, in the partition that is called: it belongs to the management account. [D]
fn arn(call: &Call<'_>, resource: String) -> Arn {
    let management = call.state.organizations.management.clone().unwrap_or_else(|| call.account.clone());
    Arn::global(call.region.partition(), "organizations", &management, resource)
}

fn member_shape(call: &Call<'_>, organization: &str, account: &AccountId, name: &str) -> Value {
    let state = if call.state.organizations.closed.contains(account) { "SUSPENDED" } else { "ACTIVE" };
    let mut shape = json!({
        "Id": account.as_str(), "Arn": arn(call, format!("account/{organization}/{account}")).as_str(),
        "Email": format!("{account}@example.com"), "Name": name, "State": state, "JoinedMethod": "CREATED",
        "JoinedTimestamp": 1_600_000_000.0,
    });
    // `Status` was retired on September 9, 2026. [D] API_ListAccounts
    if Time::parse("2026-09-09T00:00:00Z").is_some_and(|retired| call.state.now < retired) {
        shape["Status"] = json!(state);
    }
    shape
}

/// [D] API_CloseAccount
fn close_account(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    management(call, "organizations:CloseAccount")?;
    let account = AccountId::new(call.text("AccountId").unwrap_or_default());
    let organizations = &mut call.state.organizations;
    if !organizations.accounts.contains(&account) {
        return Err(ApiError::new("AccountNotFoundException", "You specified an account that doesn't exist."));
    }
    if organizations.management.as_ref() == Some(&account) {
        let message = "You cannot close the management account of an organization.";
        return Err(ApiError::new("ConstraintViolationException", message));
    }
    if !organizations.closed.insert(account) {
        return Err(ApiError::new("AccountAlreadyClosedException", "The account is closed already."));
    }
    Ok(Reply::empty())
}

fn list_accounts(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let (id, _) = listable(call, "organizations:ListAccounts")?;
    let accounts = call.state.organizations.accounts.iter();
    let accounts: Vec<Value> = accounts.map(|(account, name)| member_shape(call, &id, account, name)).collect();
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
    let (id, _) = listable(call, "organizations:DescribeAccount")?;
    let account = AccountId::new(call.text("AccountId").unwrap_or_default());
    match call.state.organizations.accounts.get(&account) {
        Some(name) => Ok(json!({"Account": member_shape(call, &id, &account, name)}).into()),
        None => Err(ApiError::new("AccountNotFoundException", "You specified an account that doesn't exist.")),
    }
}
