//! Regions are enabled, disabled and listed.

use serde_json::{Value, json};

use super::region;
use crate::api::{ApiError, Call, Reply};
use crate::id::{AccountId, Arn, Region};
use rootwatch_policy::Context;

/// The account that a call is about: the caller's, or a member that the management account names. That Organizations trusts
/// the service is taken as given.
fn account(call: &mut Call<'_>, action: &str) -> Result<AccountId, ApiError> {
    let named = call.text("AccountId").map(AccountId::new);
    let resource = match &named {
        None => format!("{}:account", call.account),
        Some(account) => {
            let organization = call.state.organizations.organization_of(call.account.as_str());
            format!("{}:account/{}/{account}", call.account, organization.unwrap_or_default())
        }
    };
    let resource = Arn::new(format!("arn:{}:account::{resource}", call.region.partition()));
    let context = call.text("RegionName").map_or_else(Context::new, |region| {
        // [D] service authorization reference, Account Management
        Context::new().with("account:TargetRegion", region)
    });
    call.authorise_with(action, &resource, context, None)?;
    let Some(account) = named else { return Ok(call.account.clone()) };
    // The management account cannot name itself, and nobody else may name anybody. [D] API_EnableRegion
    match call.state.organizations.is_member_of(call.account.as_str(), account.as_str()) {
        true => Ok(account),
        false => Err(ApiError::new(
            "AccessDeniedException",
            "User is not authorized to access this resource: only the management account of an organization names \
             another of its accounts.",
        )
        .status(403)),
    }
}

fn validation(message: String) -> ApiError {
    ApiError::validation(message)
}

/// The Region that a call names, and whether accounts opt into it.
fn region(call: &Call<'_>) -> Result<(Region, bool), ApiError> {
    let name = call.text("RegionName").unwrap_or_default();
    let opt_in = region::is_opt_in(call.region.partition(), name);
    let opt_in = opt_in.ok_or_else(|| validation(format!("Invalid region name: {name}")))?;
    Ok((Region::new(name), opt_in))
}

/// The same where it is to be changed.
fn opted(call: &Call<'_>) -> Result<Region, ApiError> {
    match region(call)? {
        (region, true) => Ok(region),
        // [D] manage-acct-regions: those that are there by default cannot be disabled; the text is a default. [?]
        (region, false) => Err(validation(format!("Region {region} is enabled by default and cannot be changed."))),
    }
}

pub(super) fn enable(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let account = account(call, "account:EnableRegion")?;
    let region = opted(call)?;
    if let Some(disabled) = call.state.account.disabled.get_mut(&account) {
        disabled.remove(&region);
    }
    Ok(Reply::empty())
}

pub(super) fn disable(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let account = account(call, "account:DisableRegion")?;
    let region = opted(call)?;
    call.state.account.disabled.entry(account, Default::default).insert(region);
    Ok(Reply::empty())
}

fn status(call: &Call<'_>, account: &AccountId, region: &Region, opt_in: bool) -> &'static str {
    match (opt_in, call.state.account.has(account.as_str(), region)) {
        (false, _) => "ENABLED_BY_DEFAULT",
        (true, true) => "ENABLED",
        (true, false) => "DISABLED",
    }
}

pub(super) fn get_status(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let account = account(call, "account:GetRegionOptStatus")?;
    let (region, opt_in) = region(call)?;
    let status = status(call, &account, &region, opt_in);
    Ok(json!({"RegionName": region.as_str(), "RegionOptStatus": status}).into())
}

pub(super) fn list(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let account = account(call, "account:ListRegions")?;
    let wanted = call.params.get("RegionOptStatusContains").and_then(Value::as_array);
    let size = match call.params.get("MaxResults").map(|most| most.as_u64().unwrap_or_default()) {
        None => 50,
        Some(most @ 1..=50) => most as usize,
        Some(_) => return Err(validation("MaxResults must be between 1 and 50".to_owned())),
    };
    let from = match call.text("NextToken") {
        None => 0,
        Some(token) => token.parse::<usize>().map_err(|_| validation("Invalid NextToken".to_owned()))?,
    };
    let regions = region::all(call.region.partition())
        .map(|(name, opt_in)| (name, status(call, &account, &Region::new(name), opt_in)));
    let chosen: Vec<Value> = regions
        .filter(|(_, status)| wanted.is_none_or(|wanted| wanted.iter().any(|one| one == status)))
        .map(|(name, status)| json!({"RegionName": name, "RegionOptStatus": status}))
        .collect();
    let more = chosen.len() > from.saturating_add(size);
    let mut answer = json!({"Regions": chosen.into_iter().skip(from).take(size).collect::<Vec<_>>()});
    if more {
        answer["NextToken"] = json!((from + size).to_string());
    }
    Ok(answer.into())
}
