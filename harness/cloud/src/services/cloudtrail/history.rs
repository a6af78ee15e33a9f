//! The event history of every account and Region: what LookupEvents looks over.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::record::{Category, text};
use crate::id::{AccountId, Region};
use crate::table::Table;
use crate::time::Time;

/// [D] API_LookupEvents: 90 days.
const KEPT_MS: i64 = 90 * 86_400_000;

/// Management and Insight events, by account and Region. No trail is needed. [D] API_LookupEvents
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct History(Table<(AccountId, Region), imbl::Vector<Past>>);

/// A record with its time.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Past {
    pub(super) at: Time,
    pub(super) record: Arc<Value>,
}

impl History {
    pub(super) fn remember(&mut self, account: &AccountId, region: &Region, record: &Arc<Value>, now: Time) {
        if !matches!(Category::of(record), Category::Management | Category::Insight) {
            return;
        }
        let at = Time::parse(text(record, "eventTime")).unwrap_or(now);
        let past = Past { at, record: Arc::clone(record) };
        self.0.entry((account.clone(), region.clone()), imbl::Vector::new).push_back(past);
    }

    /// Those of the last 90 days, newest first.
    pub(super) fn of(&self, account: &AccountId, region: &Region, now: Time) -> Vec<Past> {
        let key = (account.clone(), region.clone());
        let mut found: Vec<Past> =
            self.0.get(&key).into_iter().flatten().filter(|past| past.at.0 > now.0 - KEPT_MS).cloned().collect();
        // Of those at the same moment, the later one comes first.
        found.reverse();
        found.sort_by_key(|past| std::cmp::Reverse(past.at));
        found
    }
}

/// [D] API_LookupEvents: "limited to two per second, per account, per Region". AWS counts by some bucket [?]; here no
/// three come within a second.
const LOOKUPS: usize = 2;

/// The last lookups of every account and Region.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Lookups(Table<(AccountId, Region), Vec<Time>>);

impl Lookups {
    /// Counts a lookup; false when it is one too many, which is not counted.
    pub(super) fn admit(&mut self, account: &AccountId, region: &Region, now: Time) -> bool {
        let recent = self.0.entry((account.clone(), region.clone()), Vec::new);
        recent.retain(|at| at.0 > now.0 - 1000);
        let admitted = recent.len() < LOOKUPS;
        if admitted {
            recent.push(now);
        }
        admitted
    }
}
