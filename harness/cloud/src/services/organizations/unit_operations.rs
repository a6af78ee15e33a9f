//! Operations on the tree. [D] API_ListRoots, API_CreateOrganizationalUnit, API_MoveAccount and their siblings; the texts
//! are those of the errors' descriptions

use serde_json::{Value, json};

use super::hierarchy::{NodeType, Unit};
use super::policy::PolicyType;
use super::{arn, listable, management, member_shape, page};
use crate::api::{ApiError, Call, Reply};
use crate::id::AccountId;

fn text(call: &Call<'_>, member: &str) -> String {
    call.text(member).unwrap_or_default().to_owned()
}

fn parent_not_found() -> ApiError {
    let text = "We can't find a root or OU with the ParentId that you specified.";
    ApiError::new("ParentNotFoundException", text)
}

fn unit_not_found() -> ApiError {
    let text = "We can't find an OU with the OrganizationalUnitId that you specified.";
    ApiError::new("OrganizationalUnitNotFoundException", text)
}

fn duplicate() -> ApiError {
    ApiError::new("DuplicateOrganizationalUnitException", "An OU with the same name already exists.")
}

/// The parent that the call names: the root or a unit.
fn parent(call: &Call<'_>, id: &str) -> Result<(), ApiError> {
    match call.state.organizations.node(id) {
        Some(NodeType::Root | NodeType::OrganizationalUnit) => Ok(()),
        Some(NodeType::Account) | None => Err(parent_not_found()),
    }
}

pub(super) fn list_roots(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let (organization, _) = listable(call, "organizations:ListRoots")?;
    let organizations = &call.state.organizations;
    let root = organizations.root_id().unwrap_or_default();
    let types: Vec<Value> = PolicyType::ALL
        .into_iter()
        .filter(|policy_type| organizations.policies.enabled.contains(policy_type))
        .map(|policy_type| json!({"Type": policy_type.name(), "Status": "ENABLED"}))
        .collect();
    let shown = json!({
        "Id": root, "Arn": arn(call, format!("root/{organization}/{root}")).as_str(), "Name": "Root",
        "PolicyTypes": types,
    });
    page(call, "Roots", vec![shown])
}

fn shape(call: &Call<'_>, organization: &str, id: &str, unit: &Unit) -> Value {
    json!({"Id": id, "Arn": arn(call, format!("ou/{organization}/{id}")).as_str(), "Name": unit.name})
}

fn described(call: &Call<'_>, organization: &str, id: &str) -> Result<Reply, ApiError> {
    let unit = call.state.organizations.hierarchy.units.get(id).ok_or_else(unit_not_found)?;
    Ok(json!({"OrganizationalUnit": shape(call, organization, id, unit)}).into())
}

fn name_taken(call: &Call<'_>, parent: &str, name: &str) -> bool {
    call.state.organizations.hierarchy.units.values().any(|unit| unit.parent == parent && unit.name == name)
}

pub(super) fn create(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let organization = management(call, "organizations:CreateOrganizationalUnit")?;
    let (above, name) = (text(call, "ParentId"), text(call, "Name"));
    parent(call, &above)?;
    if name.is_empty() || name.chars().count() > 128 {
        return Err(ApiError::new("InvalidInputException", "You specified an invalid value for Name."));
    }
    if name_taken(call, &above, &name) {
        return Err(duplicate());
    }
    let root = call.state.organizations.root_id().unwrap_or_default();
    let tail = call.state.random_text(8, "abcdefghijklmnopqrstuvwxyz0123456789");
    let id = format!("ou-{}-{tail}", root.trim_start_matches("r-"));
    call.state.organizations.hierarchy.units.insert(id.clone(), Unit { name, parent: above });
    call.state.organizations.attach_full_access(&id);
    described(call, &organization, &id)
}

pub(super) fn describe(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let (organization, _) = listable(call, "organizations:DescribeOrganizationalUnit")?;
    let id = text(call, "OrganizationalUnitId");
    described(call, &organization, &id)
}

pub(super) fn update(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let organization = management(call, "organizations:UpdateOrganizationalUnit")?;
    let (id, name) = (text(call, "OrganizationalUnitId"), call.text("Name").map(str::to_owned));
    let unit = call.state.organizations.hierarchy.units.get(&id).ok_or_else(unit_not_found)?;
    if let Some(name) = name.filter(|name| *name != unit.name) {
        if name_taken(call, &unit.parent, &name) {
            return Err(duplicate());
        }
        if let Some(unit) = call.state.organizations.hierarchy.units.get_mut(&id) {
            unit.name = name;
        }
    }
    described(call, &organization, &id)
}

pub(super) fn delete(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    management(call, "organizations:DeleteOrganizationalUnit")?;
    let id = text(call, "OrganizationalUnitId");
    let organizations = &mut call.state.organizations;
    if !organizations.hierarchy.units.contains(&id) {
        return Err(unit_not_found());
    }
    let holds = organizations.hierarchy.units.values().any(|unit| unit.parent == id)
        || organizations.hierarchy.accounts.values().any(|unit| *unit == id);
    if holds {
        let text = "The specified OU is not empty. Move all accounts to another root or to other OUs, remove all child \
                    OUs, and try the operation again.";
        return Err(ApiError::new("OrganizationalUnitNotEmptyException", text));
    }
    organizations.hierarchy.units.remove(&id);
    organizations.policies.attached.remove(&id);
    Ok(Reply::empty())
}

pub(super) fn list_units(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let (organization, _) = listable(call, "organizations:ListOrganizationalUnitsForParent")?;
    let above = text(call, "ParentId");
    parent(call, &above)?;
    let units = call.state.organizations.hierarchy.units.iter().filter(|(_, unit)| unit.parent == above);
    let shown = units.map(|(id, unit)| shape(call, &organization, id, unit)).collect();
    page(call, "OrganizationalUnits", shown)
}

/// The accounts right below a root or a unit.
fn accounts_of(call: &Call<'_>, above: &str) -> Vec<(AccountId, String)> {
    let organizations = &call.state.organizations;
    let accounts = organizations.accounts.iter().map(|(account, name)| (account.clone(), name.clone()));
    accounts.filter(|(account, _)| organizations.parent_of(account.as_str()).as_deref() == Some(above)).collect()
}

pub(super) fn list_accounts(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let (organization, _) = listable(call, "organizations:ListAccountsForParent")?;
    let above = text(call, "ParentId");
    parent(call, &above)?;
    let accounts = accounts_of(call, &above);
    let shown = accounts.iter().map(|(account, name)| member_shape(call, &organization, account, name)).collect();
    page(call, "Accounts", shown)
}

pub(super) fn list_parents(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    listable(call, "organizations:ListParents")?;
    let organizations = &call.state.organizations;
    let above = organizations.parent_of(&text(call, "ChildId")).ok_or_else(|| {
        let text = "We can't find an organizational unit (OU) or AWS account with the ChildId that you specified.";
        ApiError::new("ChildNotFoundException", text)
    })?;
    let kind = organizations.node(&above).map(NodeType::name);
    page(call, "Parents", vec![json!({"Id": above, "Type": kind})])
}

pub(super) fn list_children(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    listable(call, "organizations:ListChildren")?;
    let above = text(call, "ParentId");
    parent(call, &above)?;
    let kind = text(call, "ChildType");
    let ids: Vec<String> = match kind.as_str() {
        "ACCOUNT" => accounts_of(call, &above).into_iter().map(|(account, _)| account.to_string()).collect(),
        "ORGANIZATIONAL_UNIT" => {
            let units = call.state.organizations.hierarchy.units.iter().filter(|(_, unit)| unit.parent == above);
            units.map(|(id, _)| id.clone()).collect()
        }
        _ => return Err(ApiError::new("InvalidInputException", "You specified an invalid value for ChildType.")),
    };
    page(call, "Children", ids.into_iter().map(|id| json!({"Id": id, "Type": kind})).collect())
}

pub(super) fn move_account(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    management(call, "organizations:MoveAccount")?;
    let account = text(call, "AccountId");
    let (from, to) = (text(call, "SourceParentId"), text(call, "DestinationParentId"));
    let organizations = &call.state.organizations;
    if organizations.node(&account) != Some(NodeType::Account) {
        return Err(ApiError::new("AccountNotFoundException", "You specified an account that doesn't exist."));
    }
    if organizations.parent_of(&account).as_deref() != Some(&from) {
        let text = "We can't find a source root or OU with the ParentId that you specified.";
        return Err(ApiError::new("SourceParentNotFoundException", text));
    }
    if parent(call, &to).is_err() {
        let text = "We can't find the destination container (a root or OU) with the ParentId that you specified.";
        return Err(ApiError::new("DestinationParentNotFoundException", text));
    }
    if from == to {
        let text = "That account is already present in the specified destination.";
        return Err(ApiError::new("DuplicateAccountException", text));
    }
    let is_root = call.state.organizations.root_id().as_deref() == Some(&to);
    let accounts = &mut call.state.organizations.hierarchy.accounts;
    match is_root {
        true => drop(accounts.remove(account.as_str())),
        false => accounts.insert(AccountId::new(&account), to),
    }
    Ok(Reply::empty())
}
