//! Accounts that act for the management account. [D] API_RegisterDelegatedAdministrator

use serde_json::{Value, json};

use super::{listable, member_shape, membership, page};
use crate::api::{ApiError, Call, Reply};
use crate::id::AccountId;

/// The account and the service that the management account names.
fn named(call: &mut Call<'_>, action: &str) -> Result<(AccountId, String), ApiError> {
    let (_, management) = membership(call, action)?;
    if management != call.account {
        return Err(ApiError::new("AccessDeniedException", "You don't have permissions to access this resource."));
    }
    let account = AccountId::new(call.text("AccountId").unwrap_or_default());
    if !call.state.organizations.accounts.contains(&account) {
        return Err(ApiError::new("AccountNotFoundException", "You specified an account that doesn't exist."));
    }
    let service = call.text("ServicePrincipal").unwrap_or_default().to_owned();
    if !service.ends_with(".amazonaws.com") {
        return Err(ApiError::new("InvalidInputException", "You specified an unrecognized service principal."));
    }
    if account == management {
        // [D] API_RegisterDelegatedAdministrator
        let text = "You cannot register master account/yourself as delegated administrator for your organization.";
        return Err(ApiError::new("ConstraintViolationException", text));
    }
    Ok((account, service))
}

pub(super) fn register(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let (account, service) = named(call, "organizations:RegisterDelegatedAdministrator")?;
    let now = call.state.now;
    let services = call.state.organizations.delegated.entry(account).or_default();
    if services.contains_key(&service) {
        let text = "The provided account is already a delegated administrator for your organization.";
        return Err(ApiError::new("AccountAlreadyRegisteredException", text));
    }
    services.insert(service, now);
    Ok(Reply::empty())
}

fn not_registered() -> ApiError {
    let text = "The provided account is not a registered delegated administrator for your organization.";
    ApiError::new("AccountNotRegisteredException", text)
}

pub(super) fn deregister(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let (account, service) = named(call, "organizations:DeregisterDelegatedAdministrator")?;
    let delegated = &mut call.state.organizations.delegated;
    let services = delegated.get_mut(&account).ok_or_else(not_registered)?;
    services.remove(&service).ok_or_else(not_registered)?;
    if services.is_empty() {
        delegated.remove(&account);
    }
    Ok(Reply::empty())
}

pub(super) fn list(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let (id, _) = listable(call, "organizations:ListDelegatedAdministrators")?;
    let wanted = call.text("ServicePrincipal");
    let organizations = &call.state.organizations;
    let delegated =
        organizations.delegated.iter().filter(|(_, services)| wanted.is_none_or(|one| services.contains_key(one)));
    let shown: Vec<Value> = delegated
        .filter_map(|(account, services)| {
            let mut shown = member_shape(call, &id, account, organizations.accounts.get(account)?);
            shown["DelegationEnabledDate"] = json!(services.values().min()?.seconds_f64());
            Some(shown)
        })
        .collect();
    page(call, "DelegatedAdministrators", shown)
}

pub(super) fn list_services(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    listable(call, "organizations:ListDelegatedServicesForAccount")?;
    let account = AccountId::new(call.text("AccountId").unwrap_or_default());
    let services = call.state.organizations.delegated.get(&account).ok_or_else(not_registered)?;
    let shown = services
        .iter()
        .map(|(service, at)| json!({"ServicePrincipal": service, "DelegationEnabledDate": at.seconds_f64()}))
        .collect();
    page(call, "DelegatedServices", shown)
}
