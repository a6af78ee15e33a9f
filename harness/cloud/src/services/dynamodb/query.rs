//! Query and Scan.

use serde_json::{Value, json};

use super::evaluate;
use super::expression::{self, Condition, Given, Operand, Part};
use super::items::reach;
use super::table::Item;
use crate::api::{ApiError, Call, Reply, Service};

/// A member that is not modelled is refused, not ignored.
pub(super) fn left_out(member: &str) -> ApiError {
    ApiError::not_implemented(Service::DynamoDb, member)
}

fn refuse_members(call: &Call<'_>) -> Result<(), ApiError> {
    const MEMBERS: [&str; 7] = [
        "IndexName",
        "ProjectionExpression",
        "ExclusiveStartKey",
        "Select",
        "TotalSegments",
        "KeyConditions",
        "ScanFilter",
    ];
    MEMBERS.iter().find(|member| call.params.get(**member).is_some()).map_or(Ok(()), |member| Err(left_out(member)))
}

/// The partition key that a key condition names.
fn partition(condition: &Condition, name: &str) -> Option<Value> {
    match condition {
        Condition::And(left, right) => partition(left, name).or_else(|| partition(right, name)),
        Condition::Compare(Operand::Path(path), "=", Operand::Value(value)) => {
            (path[..] == [Part::Name(name.to_owned())]).then(|| value.clone())
        }
        _ => None,
    }
}

pub(super) fn query(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    refuse_members(call)?;
    let params = call.params.clone();
    let given = Given::of(&params)?;
    let text = call.text("KeyConditionExpression").unwrap_or_default();
    let condition = expression::condition("KeyConditionExpression", text, &given)?;
    let name = super::items::named(call)?;
    let table_key = call.state.dynamodb.tables.get(&name).map(|table| table.partition.0.clone());
    let key = table_key.and_then(|name| Some(json!({name.clone(): partition(&condition, &name)?})));
    if key.is_none() && call.state.dynamodb.tables.contains(&name) {
        return Err(super::error::validation("Query condition missed key schema element"));
    }
    let (_, table) = reach(call, "dynamodb:Query", key.as_ref())?;
    let mut found = Vec::new();
    for item in table.items(call.state.now) {
        if evaluate::holds(item, &condition)? {
            found.push(item.clone());
        }
    }
    if call.params.get("ScanIndexForward").and_then(Value::as_bool) == Some(false) {
        found.reverse();
    }
    page(call, &given, found)
}

pub(super) fn scan(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    refuse_members(call)?;
    let params = call.params.clone();
    let given = Given::of(&params)?;
    let (_, table) = reach(call, "dynamodb:Scan", None)?;
    let found = table.items(call.state.now).cloned().collect();
    page(call, &given, found)
}

fn page(call: &Call<'_>, given: &Given<'_>, mut scanned: Vec<Item>) -> Result<Reply, ApiError> {
    let limit = call.params.get("Limit").and_then(Value::as_u64).map_or(usize::MAX, |limit| limit as usize);
    scanned.truncate(limit);
    let count = scanned.len();
    let mut kept = Vec::new();
    match call.text("FilterExpression") {
        None => kept = scanned,
        Some(text) => {
            let filter = expression::condition("FilterExpression", text, given)?;
            for item in scanned {
                if evaluate::holds(&item, &filter)? {
                    kept.push(item);
                }
            }
        }
    }
    given.all_used()?;
    Ok(json!({"Items": kept, "Count": kept.len(), "ScannedCount": count}).into())
}
