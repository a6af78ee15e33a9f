//! Reads and writes of one item.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::error::{condition_failed, no_table, service, validation};
use super::evaluate;
use super::expression::{self, Given};
use super::table::{ITEM_LIMIT, Item};
use super::{Table, value};
use crate::api::{ApiError, Call, Reply};
use crate::id::Arn;
use crate::services::kms;
use crate::trace::Hop;
use rootwatch_policy::Context;

/// What reads and writes meet when the service fails. [D] Programming.Errors
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Outage {
    /// More requests than the table takes.
    Throttled,
    /// The service stumbles.
    InternalError,
}

/// The table that a call names, by name or ARN; it need not exist.
pub(super) fn named(call: &Call<'_>) -> Result<Arn, ApiError> {
    let name = call.text("TableName").unwrap_or_default();
    if let Some(arn) = Arn::parse(name) {
        return Ok(arn);
    }
    let good = |c: char| c.is_ascii_alphanumeric() || "_.-".contains(c);
    if name.len() < 3 || name.len() > 255 || !name.chars().all(good) {
        return Err(validation(format!(
            "1 validation error detected: Value '{name}' at 'tableName' failed to satisfy constraint: Member must satisfy \
             regular expression pattern: [a-zA-Z0-9_.-]+, with a length between 3 and 255"
        )));
    }
    Ok(call.arn(format_args!("table/{name}")))
}

/// The table for a read or write of items with this key, if the caller may.
pub(super) fn reach(call: &mut Call<'_>, action: &str, key: Option<&Value>) -> Result<(Arn, Table), ApiError> {
    let arn = named(call)?;
    let found = call.state.dynamodb.tables.get(&arn).cloned();
    // The partition keys that the request names. [D] specifying-conditions
    let leading = found.as_ref().zip(key).and_then(|(table, key)| {
        let (_, inner) = value::typed(key.get(&table.partition.0)?)?;
        Some(vec![inner.as_str()?.to_owned()])
    });
    let context = leading.map_or_else(Context::new, |keys| Context::new().with_many("dynamodb:LeadingKeys", keys));
    call.authorise_with(action, &arn, context, None)?;
    let table = found.ok_or_else(no_table)?;
    let spared = call.state.dynamodb.spared.as_deref() == Some(table.name.as_str());
    match call.state.dynamodb.outage.filter(|_| !spared) {
        Some(Outage::Throttled) => {
            let text = "Throughput exceeds the current capacity of your table or index.";
            return Err(service("ThrottlingException", text));
        }
        Some(Outage::InternalError) => {
            return Err(service(
                "InternalServerError",
                "The request processing has failed because of an unknown error",
            )
            .status(500));
        }
        None => {}
    }
    // The table's key is opened for the caller. [?] AWS caches that for some minutes.
    if let Some(key) = &table.kms_key {
        may_use(call, &arn, key, &["kms:Decrypt"])?;
    }
    Ok((arn, table))
}

/// The key must let the caller through DynamoDB. [D] encryption.usagenotes
pub(super) fn may_use(call: &mut Call<'_>, table: &Arn, key: &str, actions: &[&str]) -> Result<(), ApiError> {
    let via = format!("dynamodb.{}.{}", call.region, call.region.dns_suffix());
    let context = Context::new()
        .with("kms:ViaService", via)
        .with("kms:EncryptionContext:aws:dynamodb:tableName", table.resource().trim_start_matches("table/"))
        .with("kms:EncryptionContext:aws:dynamodb:subscriberId", table.account().as_str());
    let (caller, region) = (call.caller.clone(), call.region.clone());
    kms::allows(call.state, Hop::Api, &caller, &region, key, &table.account(), actions, context)
        .map_err(|error| service("AccessDeniedException", error.message))
}

/// An object of attribute values.
fn item(call: &Call<'_>, member: &str) -> Result<Item, ApiError> {
    let Some(Value::Object(item)) = call.params.get(member) else {
        return Err(validation(format!("The parameter '{member}' is required but was not present in the request")));
    };
    item.values().try_for_each(value::check)?;
    Ok(item.iter().map(|(name, value)| (name.clone(), value::stored(value.clone()))).collect())
}

/// Whether the condition of a write holds for what is there.
fn check(call: &Call<'_>, given: &Given<'_>, found: Option<&Item>) -> Result<(), ApiError> {
    let Some(text) = call.text("ConditionExpression") else { return given.all_used() };
    let condition = expression::condition("ConditionExpression", text, given)?;
    given.all_used()?;
    if evaluate::holds(found.unwrap_or(&Item::new()), &condition)? {
        return Ok(());
    }
    let wanted = call.text("ReturnValuesOnConditionCheckFailure") == Some("ALL_OLD");
    Err(condition_failed(found.filter(|_| wanted).map(|item| json!(item))))
}

fn fits(item: &Item) -> Result<(), ApiError> {
    let size: usize = item.iter().map(|(name, value)| name.len() + value::size(value)).sum();
    if size > ITEM_LIMIT {
        return Err(validation("Item size has exceeded the maximum allowed size"));
    }
    Ok(())
}

/// What `ReturnValues` asks for, of those that the operation knows.
fn returned(call: &Call<'_>, known: &[&str], old: Option<&Item>, new: Option<&Item>) -> Result<Reply, ApiError> {
    let wanted = call.text("ReturnValues").unwrap_or("NONE");
    if !known.contains(&wanted) {
        return Err(validation(format!("Return values set to invalid value: {wanted}")));
    }
    let changed = |item: Option<&Item>, other: Option<&Item>| {
        item.map(|item| {
            let differs = |name: &String, value: &Value| other.and_then(|other| other.get(name)) != Some(value);
            let parts = item.iter().filter(|(name, value)| differs(name, value));
            json!(parts.map(|(name, value)| (name.clone(), value.clone())).collect::<Item>())
        })
    };
    let attributes = match wanted {
        "ALL_OLD" => old.map(|item| json!(item)),
        "ALL_NEW" => new.map(|item| json!(item)),
        "UPDATED_OLD" => changed(old, new),
        "UPDATED_NEW" => changed(new, old),
        _ => None,
    };
    Ok(attributes.map_or_else(Reply::empty, |attributes| json!({"Attributes": attributes}).into()))
}

pub(super) fn put_item(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let new = item(call, "Item")?;
    let (arn, table) = reach(call, "dynamodb:PutItem", Some(&json!(new)))?;
    let key = table.key(&new, false)?;
    fits(&new)?;
    let params = call.params.clone();
    let given = Given::of(&params)?;
    let old = table.find(&key, call.state.now);
    check(call, &given, old)?;
    let reply = returned(call, &["NONE", "ALL_OLD"], old, None)?;
    if let Some(table) = call.state.dynamodb.tables.get_mut(&arn) {
        table.items.insert(key, new);
    }
    Ok(reply)
}

pub(super) fn update_item(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let named = item(call, "Key")?;
    let (arn, table) = reach(call, "dynamodb:UpdateItem", Some(&json!(named)))?;
    let key = table.key(&named, true)?;
    let params = call.params.clone();
    let given = Given::of(&params)?;
    let actions = match call.text("UpdateExpression") {
        Some(text) => expression::update(text, &given)?,
        None => Vec::new(),
    };
    let touches = |name: &str| {
        actions.iter().any(|action| {
            use expression::{Action, Part};
            let (Action::Set(path, _) | Action::Remove(path) | Action::Add(path, _) | Action::Delete(path, _)) = action;
            path.first() == Some(&Part::Name(name.to_owned()))
        })
    };
    if let Some(name) = table.key_names().find(|name| touches(name)) {
        return Err(validation(format!(
            "One or more parameter values were invalid: Cannot update attribute {name}. This attribute is part of the key"
        )));
    }
    let old = table.find(&key, call.state.now);
    check(call, &given, old)?;
    let mut new = evaluate::apply(old.unwrap_or(&Item::new()), &actions)?;
    for (name, value) in named {
        new.insert(name, value);
    }
    fits(&new)?;
    let known = ["NONE", "ALL_OLD", "ALL_NEW", "UPDATED_OLD", "UPDATED_NEW"];
    let reply = returned(call, &known, old, Some(&new))?;
    if let Some(table) = call.state.dynamodb.tables.get_mut(&arn) {
        table.items.insert(key, new);
    }
    Ok(reply)
}

pub(super) fn delete_item(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let named = item(call, "Key")?;
    let (arn, table) = reach(call, "dynamodb:DeleteItem", Some(&json!(named)))?;
    let key = table.key(&named, true)?;
    let params = call.params.clone();
    let given = Given::of(&params)?;
    let old = table.find(&key, call.state.now);
    check(call, &given, old)?;
    let reply = returned(call, &["NONE", "ALL_OLD"], old, None)?;
    if let Some(table) = call.state.dynamodb.tables.get_mut(&arn) {
        table.items.remove(&key);
    }
    Ok(reply)
}

pub(super) fn get_item(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let named = item(call, "Key")?;
    let (_, table) = reach(call, "dynamodb:GetItem", Some(&json!(named)))?;
    let key = table.key(&named, true)?;
    if call.params.get("ProjectionExpression").is_some() {
        return Err(super::query::left_out("ProjectionExpression"));
    }
    let found = table.find(&key, call.state.now);
    Ok(found.map_or_else(Reply::empty, |item| json!({"Item": item}).into()))
}
