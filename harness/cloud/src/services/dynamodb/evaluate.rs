//! Whether a condition holds for an item, and what an update makes of it. [D] Expressions.OperatorsAndFunctions,
//! Expressions.UpdateExpressions

use std::cmp::Ordering;

use serde_json::{Value, json};

use super::error::validation;
use super::expression::{Action, Condition, Operand, Part};
use super::table::Item;
use super::value;
use crate::api::ApiError;

/// The value at a path.
fn at<'a>(item: &'a Item, path: &[Part]) -> Option<&'a Value> {
    let mut parts = path.iter();
    let Part::Name(first) = parts.next()? else { return None };
    parts.try_fold(item.get(first)?, |found, part| match part {
        Part::Name(name) => found.get("M")?.get(name),
        Part::Index(index) => found.get("L")?.get(index),
    })
}

fn resolve(item: &Item, operand: &Operand) -> Result<Option<Value>, ApiError> {
    let needed = |operand: &Operand| {
        resolve(item, operand)?
            .ok_or_else(|| validation("The provided expression refers to an attribute that does not exist in the item"))
    };
    Ok(match operand {
        Operand::Path(path) => at(item, path).cloned(),
        Operand::Value(value) => Some(value::stored(value.clone())),
        Operand::Size(path) => at(item, path).map(|found| json!({"N": length(found).to_string()})),
        Operand::IfNotExists(path, other) => match at(item, path) {
            Some(found) => Some(found.clone()),
            None => resolve(item, other)?,
        },
        Operand::ListAppend(left, right) => {
            let (left, right) = (needed(left)?, needed(right)?);
            let (Some(left), Some(right)) = (left["L"].as_array(), right["L"].as_array()) else {
                return Err(validation("An operand in the update expression has an incorrect data type"));
            };
            Some(json!({"L": left.iter().chain(right).collect::<Vec<_>>()}))
        }
        Operand::Plus(left, right) => Some(sum(&needed(left)?, &needed(right)?, false)?),
        Operand::Minus(left, right) => Some(sum(&needed(left)?, &needed(right)?, true)?),
    })
}

/// The sum of two numbers, or their difference.
fn sum(left: &Value, right: &Value, minus: bool) -> Result<Value, ApiError> {
    match (value::as_number(left), value::as_number(right)) {
        (Some(left), Some(right)) => {
            let sum = left.plus(if minus { right.negated() } else { right });
            let sum = sum.map_err(|error| validation(error.message("")))?;
            Ok(json!({"N": sum.to_string()}))
        }
        _ => Err(validation("An operand in the update expression has an incorrect data type")),
    }
}

/// `size`: of a text its length, of a collection its members.
fn length(found: &Value) -> usize {
    match value::typed(found) {
        Some(("M", inner)) => inner.as_object().map_or(0, serde_json::Map::len),
        Some(("L" | "SS" | "NS" | "BS", inner)) => inner.as_array().map_or(0, Vec::len),
        _ => value::size(found),
    }
}

/// Whether a condition holds. What is not there makes a comparison false.
///
/// # Errors
/// Where operands do not fit their operator.
pub(super) fn holds(item: &Item, condition: &Condition) -> Result<bool, ApiError> {
    let get = |operand: &Operand| resolve(item, operand);
    Ok(match condition {
        Condition::And(left, right) => holds(item, left)? && holds(item, right)?,
        Condition::Or(left, right) => holds(item, left)? || holds(item, right)?,
        Condition::Not(inside) => !holds(item, inside)?,
        Condition::Exists(path) => at(item, path).is_some(),
        Condition::Compare(left, comparator, right) => match (get(left)?, get(right)?) {
            (Some(left), Some(right)) => compare(&left, comparator, &right),
            // Two different things: one of them is not there.
            (left, right) => *comparator == "<>" && left.is_some() != right.is_some(),
        },
        Condition::Between(operand, low, high) => match (get(operand)?, get(low)?, get(high)?) {
            (Some(found), Some(low), Some(high)) => compare(&found, ">=", &low) && compare(&found, "<=", &high),
            _ => false,
        },
        Condition::In(operand, list) => {
            let found = get(operand)?;
            let mut any = false;
            for other in list {
                any |=
                    found.as_ref().zip(get(other)?.as_ref()).is_some_and(|(found, other)| value::equal(found, other));
            }
            any
        }
        Condition::IsOfType(path, kind) => {
            let kind = get(kind)?.and_then(|kind| kind["S"].as_str().map(str::to_owned));
            at(item, path).and_then(value::typed).map(|(found, _)| found) == kind.as_deref()
        }
        Condition::BeginsWith(operand, start) => match (get(operand)?, get(start)?) {
            (Some(found), Some(start)) => {
                found["S"].as_str().zip(start["S"].as_str()).is_some_and(|(found, start)| found.starts_with(start))
            }
            _ => false,
        },
        Condition::Contains(operand, part) => match (get(operand)?, get(part)?) {
            (Some(found), Some(part)) => contains(&found, &part),
            _ => false,
        },
    })
}

fn compare(left: &Value, comparator: &str, right: &Value) -> bool {
    match comparator {
        "=" => value::equal(left, right),
        "<>" => !value::equal(left, right),
        _ => matches!(
            (value::order(left, right), comparator),
            (Some(Ordering::Less), "<" | "<=")
                | (Some(Ordering::Greater), ">" | ">=")
                | (Some(Ordering::Equal), "<=" | ">=")
        ),
    }
}

fn contains(found: &Value, part: &Value) -> bool {
    let Some((kind, inner)) = value::typed(found) else { return false };
    let member = |texts: &Value, text: &Value| texts.as_array().is_some_and(|texts| texts.contains(text));
    match kind {
        "S" => inner.as_str().zip(part["S"].as_str()).is_some_and(|(text, part)| text.contains(part)),
        "L" => inner.as_array().is_some_and(|list| list.iter().any(|other| value::equal(other, part))),
        "SS" | "NS" | "BS" => part.get(&kind[..1]).is_some_and(|text| member(inner, text)),
        _ => false,
    }
}

/// Carries out an update. All actions see the item as it was.
///
/// # Errors
/// Where a path leads nowhere, or an operand does not fit.
pub(super) fn apply(item: &Item, actions: &[Action]) -> Result<Item, ApiError> {
    let mut changed = item.clone();
    for action in actions {
        match action {
            Action::Set(path, operand) => {
                let value = resolve(item, operand)?.ok_or_else(|| {
                    validation("The provided expression refers to an attribute that does not exist in the item")
                })?;
                put(&mut changed, path, value)?;
            }
            Action::Remove(path) => remove(&mut changed, path),
            Action::Add(path, amount) => {
                let value = match (at(item, path), value::typed(amount)) {
                    (None, _) => value::stored(amount.clone()),
                    (Some(found), Some(("N", _))) => sum(found, amount, false)?,
                    (Some(found), Some((kind, more))) if kind.ends_with('S') && found.get(kind).is_some() => {
                        let mut all = found[kind].as_array().cloned().unwrap_or_default();
                        all.extend(
                            more.as_array()
                                .into_iter()
                                .flatten()
                                .filter(|text| !found[kind].as_array().is_some_and(|all| all.contains(text)))
                                .cloned(),
                        );
                        json!({kind: all})
                    }
                    _ => return Err(validation("An operand in the update expression has an incorrect data type")),
                };
                put(&mut changed, path, value)?;
            }
            Action::Delete(path, gone) => {
                let (Some(found), Some((kind, gone))) = (at(item, path), value::typed(gone)) else { continue };
                let mut left = found[kind].as_array().cloned().unwrap_or_default();
                left.retain(|text| !gone.as_array().is_some_and(|gone| gone.contains(text)));
                // An empty set is no value: the attribute goes.
                if left.is_empty() {
                    remove(&mut changed, path);
                } else {
                    put(&mut changed, path, json!({kind: left}))?;
                }
            }
        }
    }
    Ok(changed)
}

fn put(item: &mut Item, path: &[Part], new: Value) -> Result<(), ApiError> {
    let invalid = || validation("The document path provided in the update expression is invalid for update");
    let (last, parents) = path.split_last().ok_or_else(invalid)?;
    let Some((Part::Name(first), middle)) = parents.split_first() else {
        let Part::Name(name) = last else { return Err(invalid()) };
        item.insert(name.clone(), new);
        return Ok(());
    };
    let mut found = item.get_mut(first).ok_or_else(invalid)?;
    for part in middle {
        found = match part {
            Part::Name(name) => found.get_mut("M").and_then(|map| map.get_mut(name)),
            Part::Index(index) => found.get_mut("L").and_then(|list| list.get_mut(index)),
        }
        .ok_or_else(invalid)?;
    }
    match last {
        Part::Name(name) => {
            found.get_mut("M").and_then(Value::as_object_mut).ok_or_else(invalid)?.insert(name.clone(), new);
        }
        Part::Index(index) => {
            let list = found.get_mut("L").and_then(Value::as_array_mut).ok_or_else(invalid)?;
            match list.get_mut(*index) {
                Some(place) => *place = new,
                // Past the end it is appended. [D] Expressions.UpdateExpressions
                None => list.push(new),
            }
        }
    }
    Ok(())
}

fn remove(item: &mut Item, path: &[Part]) {
    let Some((last, parents)) = path.split_last() else { return };
    let Some((Part::Name(first), middle)) = parents.split_first() else {
        if let Part::Name(name) = last {
            item.remove(name);
        }
        return;
    };
    let Some(mut found) = item.get_mut(first) else { return };
    for part in middle {
        let next = match part {
            Part::Name(name) => found.get_mut("M").and_then(|map| map.get_mut(name)),
            Part::Index(index) => found.get_mut("L").and_then(|list| list.get_mut(index)),
        };
        let Some(next) = next else { return };
        found = next;
    }
    match last {
        Part::Name(name) => {
            found.get_mut("M").and_then(Value::as_object_mut).map(|map| map.remove(name));
        }
        Part::Index(index) => {
            if let Some(list) = found.get_mut("L").and_then(Value::as_array_mut).filter(|list| *index < list.len()) {
                list.remove(*index);
            }
        }
    }
}
