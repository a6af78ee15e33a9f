//! DynamoDB, as far as a store of claims needs it: tables with a partition key and perhaps a sort key, conditional
//! writes, expressions, expiry. No indexes, streams, transactions or batches.
//!
//! Reading order: [`table`](Table), `value` (attribute values), `expression` (what expressions say), `evaluate` (whether a
//! condition holds, what an update makes), `items` (reads and writes), `query` (Query and Scan), `tables`, `expiry`, `tags`.

mod error;
mod evaluate;
mod expiry;
mod expression;
mod items;
mod number;
mod query;
mod table;
mod tables;
mod tags;
mod value;

#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

use crate::api::Operation;
use crate::id::Arn;

pub use items::Outage;
pub use table::{Item, Table};

/// State of the service: tables by ARN.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct State {
    tables: crate::table::Table<Arn, Table>,
    /// What every read and write of an item meets meanwhile.
    #[serde(default)]
    outage: Option<Outage>,
    /// The table that answers all the same.
    #[serde(default)]
    spared: Option<String>,
}

impl State {
    /// The tables.
    pub fn tables(&self) -> impl Iterator<Item = (&Arn, &Table)> {
        self.tables.iter()
    }

    /// Lets reads and writes of items fail from now on, but for those of one table, or work again. Tables are described all
    /// the same.
    pub fn set_outage(&mut self, outage: Option<Outage>, spared: Option<&str>) {
        self.outage = outage;
        self.spared = spared.map(str::to_owned);
    }
}

/// Operations of the service.
pub const OPERATIONS: &[Operation] = &[
    Operation::noted("CreateTable", tables::create_table, "on demand or provisioned alike; no indexes, no streams"),
    Operation::new("DeleteItem", items::delete_item),
    Operation::new("DeleteTable", tables::delete_table),
    Operation::noted("DescribeContinuousBackups", expiry::describe_continuous_backups, "nothing can be restored"),
    Operation::new("DescribeTable", tables::describe_table),
    Operation::new("DescribeTimeToLive", expiry::describe_time_to_live),
    Operation::noted("GetItem", items::get_item, "numbers are compared as 64-bit floats"),
    Operation::noted("ListTables", tables::list_tables, "one page"),
    Operation::new("ListTagsOfResource", tags::list_tags_of_resource),
    Operation::new("PutItem", items::put_item),
    Operation::noted("Query", query::query, "one page, no indexes"),
    Operation::noted("Scan", query::scan, "one page, no segments"),
    Operation::new("TagResource", tags::tag_resource),
    Operation::new("UntagResource", tags::untag_resource),
    Operation::noted("UpdateContinuousBackups", expiry::update_continuous_backups, "remembered, nothing is kept"),
    Operation::new("UpdateItem", items::update_item),
    Operation::noted("UpdateTable", tables::update_table, "billing mode, encryption and deletion protection"),
    Operation::noted("UpdateTimeToLive", expiry::update_time_to_live, "an item goes the moment it expires"),
];
