//! A table as it is kept.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::error::validation;
use super::value;
use crate::api::ApiError;
use crate::time::Time;

/// An item: attribute values by name.
pub type Item = Map<String, Value>;

/// Longest item, in bytes. [D] ServiceQuotas
pub(super) const ITEM_LIMIT: usize = 400 * 1024;

/// A table.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Table {
    /// Its name.
    pub name: String,
    /// Its id, a UUID.
    pub(super) id: String,
    /// Name and type of the partition key.
    pub(super) partition: (String, String),
    /// Name and type of the sort key, if there is one.
    pub(super) sort: Option<(String, String)>,
    /// `PAY_PER_REQUEST` or `PROVISIONED`.
    pub(super) billing: String,
    /// Units of reading and writing, where they are provisioned.
    pub(super) throughput: (u64, u64),
    /// The key that encrypts it; `None` is the service's own.
    pub(super) kms_key: Option<String>,
    /// `STANDARD` or another class.
    pub(super) class: Option<String>,
    /// Whether DeleteTable is refused.
    pub(super) protected: bool,
    /// Whether it can be restored to a point in time, and since when.
    pub(super) recovery: Option<Time>,
    /// The attribute that says when an item expires.
    pub(super) expiry: Option<String>,
    pub(super) tags: BTreeMap<String, String>,
    pub(super) created: Time,
    /// Names and types of all attributes that are defined, those of indexes too.
    #[serde(default)]
    pub(super) definitions: Vec<(String, String)>,
    /// Secondary indexes as they were given: kept and shown, not queried.
    #[serde(default)]
    pub(super) global_indexes: Vec<Value>,
    #[serde(default)]
    pub(super) local_indexes: Vec<Value>,
    /// By their key as text.
    pub(super) items: crate::table::Table<String, Item>,
}

impl Table {
    /// The items that have not expired at `now`.
    pub fn items(&self, now: Time) -> impl Iterator<Item = &Item> {
        self.items.values().filter(move |item| !self.expired(item, now))
    }

    /// Whether an item has expired. AWS deletes within days; here it goes at once, which is the stricter reading for
    /// whoever relies on it, and no looser one for whoever must not. [D] TTL
    pub(super) fn expired(&self, item: &Item, now: Time) -> bool {
        let at = self.expiry.as_ref().and_then(|name| value::as_number(item.get(name)?));
        at.is_some_and(|at| at.approximate() as i64 <= now.seconds())
    }

    /// The item of a key, unless it has expired.
    pub(super) fn find(&self, key: &str, now: Time) -> Option<&Item> {
        self.items.get(key).filter(|item| !self.expired(item, now))
    }

    /// Names of the key's attributes.
    pub(super) fn key_names(&self) -> impl Iterator<Item = &str> {
        std::iter::once(&self.partition).chain(&self.sort).map(|(name, _)| name.as_str())
    }

    /// The key of an item, or a key itself where `whole`, as text.
    ///
    /// # Errors
    /// AWS's errors about keys. [D] API_PutItem, API_GetItem; texts [T]
    pub(super) fn key(&self, item: &Item, whole: bool) -> Result<String, ApiError> {
        const SCHEMA: &str = "The provided key element does not match the schema";
        if whole && item.len() != self.key_names().count() {
            return Err(validation("The number of conditions on the keys is invalid"));
        }
        let mut text = String::new();
        for (name, kind) in std::iter::once(&self.partition).chain(&self.sort) {
            let Some(found) = item.get(name) else {
                return Err(validation(if whole {
                    SCHEMA.to_owned()
                } else {
                    format!("One or more parameter values were invalid: Missing the key {name} in the item")
                }));
            };
            let (found_kind, inner) = value::typed(found).unwrap_or(("", &Value::Null));
            if found_kind != kind {
                return Err(validation(if whole {
                    SCHEMA.to_owned()
                } else {
                    format!(
                        "One or more parameter values were invalid: Type mismatch for key {name} expected: {kind} actual: \
                         {found_kind}"
                    )
                }));
            }
            let inner = inner.as_str().unwrap_or_default();
            if inner.is_empty() {
                return Err(validation(format!(
                    "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an \
                     empty string value. Key: {name}"
                )));
            }
            // [D] ServiceQuotas: 2048 bytes of a partition key, 1024 of a sort key.
            let limit = if *name == self.partition.0 { 2048 } else { 1024 };
            if inner.len() > limit {
                let place = if limit == 2048 { "hashkey" } else { "rangekey" };
                return Err(validation(format!(
                    "One or more parameter values were invalid: Size of {place} has exceeded the maximum size limit of{limit} bytes"
                )));
            }
            text.push_str(&Value::from(inner).to_string());
        }
        Ok(text)
    }
}
