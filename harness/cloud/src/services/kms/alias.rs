//! Aliases of keys.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::check::{constraint, page};
use super::managed;
use super::operations::named;
use crate::api::{ApiError, Call, Reply};
use crate::id::Arn;
use crate::time::Time;

/// An alias.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Alias {
    /// Its key.
    pub(super) key: Arn,
    created: Time,
    updated: Time,
}

impl Alias {
    pub(super) fn new(key: Arn, now: Time) -> Self {
        Self { key, created: now, updated: now }
    }
}

/// [D] API_CreateAlias; texts [T]
fn alias_arn(call: &Call<'_>) -> Result<Arn, ApiError> {
    let name = call.text("AliasName").unwrap_or_default();
    let Some(own) = name.strip_prefix("alias/") else { return Err(ApiError::validation("Invalid identifier")) };
    if own.starts_with("aws/") {
        return Err(ApiError::new("NotAuthorizedException", ""));
    }
    if name.chars().count() > 256 {
        return Err(constraint(name, "aliasName", "have length less than or equal to 256"));
    }
    if own.contains(':') {
        return Err(ApiError::validation(format!("{name} contains invalid characters for an alias")));
    }
    if !own.chars().all(|c| c.is_ascii_alphanumeric() || "/_-".contains(c)) {
        return Err(constraint(name, "aliasName", "satisfy regular expression pattern: ^[a-zA-Z0-9:/_-]+$"));
    }
    Ok(call.arn(name))
}

fn missing(alias: &Arn) -> ApiError {
    ApiError::new("NotFoundException", format!("Alias {alias} is not found."))
}

pub(super) fn create_alias(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let alias = alias_arn(call)?;
    call.authorise("kms:CreateAlias", &alias)?;
    let key = named(call, "TargetKeyId", "kms:CreateAlias")?;
    if call.state.kms.aliases.contains(&alias) {
        let text = format!("An alias with the name {alias} already exists");
        return Err(ApiError::new("AlreadyExistsException", text));
    }
    let now = call.state.now;
    call.state.kms.aliases.insert(alias, Alias::new(key, now));
    Ok(Reply::empty())
}

pub(super) fn update_alias(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let alias = alias_arn(call)?;
    call.authorise("kms:UpdateAlias", &alias)?;
    let key = named(call, "TargetKeyId", "kms:UpdateAlias")?;
    let now = call.state.now;
    let found = call.state.kms.aliases.get_mut(&alias).ok_or_else(|| missing(&alias))?;
    found.key = key;
    found.updated = now;
    Ok(Reply::empty())
}

pub(super) fn delete_alias(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let alias = alias_arn(call)?;
    call.authorise("kms:DeleteAlias", &alias)?;
    call.state.kms.aliases.remove(&alias).map(|_| Reply::empty()).ok_or_else(|| missing(&alias))
}

pub(super) fn list_aliases(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let any = call.arn("alias/*");
    call.authorise("kms:ListAliases", &any)?;
    let wanted = match call.text("KeyId") {
        Some(key) => Some(super::operations::find(call, key)?),
        None => None,
    };
    let own = call.state.kms.aliases.iter().filter(|(alias, found)| {
        alias.is_in(&call.account, &call.region) && wanted.as_ref().is_none_or(|wanted| *wanted == found.key)
    });
    let aliases: Vec<Value> = own
        .map(|(alias, found)| {
            json!({
                "AliasName": alias.resource(), "AliasArn": alias.as_str(), "TargetKeyId": found.key.name(),
                "CreationDate": found.created.seconds_f64(), "LastUpdatedDate": found.updated.seconds_f64(),
            })
        })
        .chain(managed::unused(call, wanted.is_none()))
        .collect();
    page(call, "Aliases", aliases, 50)
}
