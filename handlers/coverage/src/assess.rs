//! The check: which heartbeats are missing. A function of the table, of what is expected and of the time.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::time::Duration;

use jiff::Timestamp;
use sha2::{Digest, Sha256};

use crate::received::Place;

/// A heartbeat that is older is missing: two were lost, and the third is late.
pub const SILENT_AFTER: Duration = Duration::from_secs(3 * 3600);

/// Most places that a sentence names.
const NAMED: usize = 8;

/// The accounts and Regions that must send heartbeats.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Expected {
    /// Accounts, with the time since when each is expected.
    pub accounts: BTreeMap<String, Timestamp>,
    /// Regions in which every expected account has a spoke.
    pub regions: BTreeSet<String>,
    /// Accounts whose heartbeats are not missed.
    pub exempt: BTreeSet<String>,
    /// Returns true if `accounts` are all accounts of the organization: others have left it.
    pub complete: bool,
}

/// The state of the organization.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Assessment {
    /// Places that sent a heartbeat in time.
    pub healthy: usize,
    /// Places that never sent one.
    pub never: BTreeSet<Place>,
    /// Places that sent one, but not lately: with the time of the last one.
    pub silent: BTreeMap<Place, Timestamp>,
    /// Silent accounts in the table that are no longer active accounts of the organization.
    pub left: BTreeSet<String>,
    /// Why the accounts of the organization could not be listed.
    pub unlisted: Option<String>,
}

/// Compares the heartbeats with what is expected.
pub fn assess(heartbeats: &BTreeMap<Place, Option<Timestamp>>, expected: &Expected, now: Timestamp) -> Assessment {
    let missing_since = |since: Timestamp| now.duration_since(since).unsigned_abs() > SILENT_AFTER && since < now;
    let mut found = Assessment::default();
    for (place, heartbeat) in heartbeats {
        let account = place.account.as_str();
        let belongs = !expected.complete || expected.accounts.contains_key(account);
        match heartbeat {
            // A closed account may go on for a while. It is forgotten when it is silent, or it would come back each hour.
            Some(last) if !belongs && !missing_since(*last) => found.healthy += 1,
            _ if !belongs => drop(found.left.insert(account.to_owned())),
            _ if expected.exempt.contains(account) => {}
            Some(last) if missing_since(*last) => drop(found.silent.insert(place.clone(), *last)),
            Some(_) => found.healthy += 1,
            // It was seen by an event only: the next loop decides.
            None => {}
        }
    }
    let beats = |place: &Place| heartbeats.get(place).is_some_and(Option::is_some);
    for (account, since) in expected.accounts.iter().filter(|(account, _)| !expected.exempt.contains(*account)) {
        for region in &expected.regions {
            let place = Place { account: account.clone(), region: region.clone() };
            if !beats(&place) && missing_since(*since) {
                found.never.insert(place);
            }
        }
    }
    found
}

impl Assessment {
    /// Returns true if nothing is missing.
    pub fn is_complete(&self) -> bool {
        self.missing() == 0 && self.unlisted.is_none()
    }

    /// How much is missing.
    pub fn missing(&self) -> usize {
        self.never.len() + self.silent.len() + self.left.len()
    }

    /// Names what is missing: the same text for the same places, whatever the time. Empty if nothing is missing.
    pub fn digest(&self) -> String {
        if self.is_complete() {
            return String::new();
        }
        let mut hash = Sha256::new();
        let mut add = |kind: &str, account: &str, region: &str| hash.update(format!("{kind} {account} {region}\n"));
        self.never.iter().for_each(|place| add("never", &place.account, &place.region));
        self.silent.keys().for_each(|place| add("silent", &place.account, &place.region));
        self.left.iter().for_each(|account| add("left", account, ""));
        // The cause may contain ids of requests.
        self.unlisted.iter().for_each(|_| add("unlisted", "", ""));
        hash.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect()
    }

    /// The state in sentences, at most about 900 characters.
    pub fn sentences(&self) -> String {
        if self.is_complete() {
            return format!("All {} accounts and Regions send heartbeats.", self.healthy);
        }
        let named = |places: Vec<String>| {
            let mut text = places.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", ");
            if places.len() > NAMED {
                let _ = write!(text, " and {} more", places.len() - NAMED);
            }
            text
        };
        let mut text = String::new();
        let mut say = |what: &str, places: Vec<String>| {
            if !places.is_empty() {
                let space = if text.is_empty() { "" } else { " " };
                let _ = write!(text, "{space}{what} {}.", named(places));
            }
        };
        let place = |place: &Place| format!("{} {}", place.account, place.region);
        say("No heartbeat ever came from", self.never.iter().map(place).collect());
        say(
            "No heartbeat comes any more from",
            self.silent.iter().map(|(silent, last)| format!("{} (last at {last})", place(silent))).collect(),
        );
        say("No longer an active account of the organization:", self.left.iter().cloned().collect());
        say("The accounts of the organization cannot be listed:", self.unlisted.iter().cloned().collect());
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn place(account: &str, region: &str) -> Place {
        Place { account: account.to_owned(), region: region.to_owned() }
    }

    const NOW: &str = "2026-03-02T12:00:00Z";

    fn expected(accounts: &[(&str, &str)], complete: bool) -> Expected {
        Expected {
            accounts: accounts.iter().map(|(account, since)| ((*account).to_owned(), at(since))).collect(),
            regions: ["us-east-1", "us-east-2"].map(str::to_owned).into(),
            exempt: BTreeSet::from(["9".to_owned()]),
            complete,
        }
    }

    #[test]
    fn each_place_is_judged() {
        let old = "2026-01-01T00:00:00Z";
        let heartbeats = [
            (place("1", "us-east-1"), Some("2026-03-02T11:59:00Z")),
            (place("1", "us-east-2"), Some("2026-03-02T08:59:59Z")),
            // Three hours to the second are in time.
            (place("2", "us-east-1"), Some("2026-03-02T09:00:00Z")),
            // Seen by an event of root, but never by a heartbeat.
            (place("2", "us-east-2"), None),
            // A Region that nobody expects, but that once sent heartbeats.
            (place("2", "eu-west-1"), Some(old)),
            (place("3", "us-east-1"), Some(old)),
            (place("4", "us-east-1"), Some(NOW)),
            (place("9", "us-east-1"), Some(old)),
        ];
        let heartbeats = heartbeats.into_iter().map(|(place, last)| (place, last.map(at))).collect();
        let accounts = [("1", old), ("2", old), ("9", old), ("new", "2026-03-02T09:30:00Z"), ("late", old)];
        let found = assess(&heartbeats, &expected(&accounts, true), at(NOW));
        assert_eq!(found.healthy, 3);
        assert_eq!(
            found.never,
            BTreeSet::from([place("2", "us-east-2"), place("late", "us-east-1"), place("late", "us-east-2")])
        );
        assert_eq!(
            found.silent.keys().cloned().collect::<Vec<_>>(),
            [place("1", "us-east-2"), place("2", "eu-west-1")]
        );
        assert_eq!(found.left, BTreeSet::from(["3".to_owned()]));
        assert_eq!(found.missing(), 6);
        // Without the organization's list nobody can have left.
        let found = assess(&heartbeats, &expected(&accounts, false), at(NOW));
        assert_eq!((found.healthy, found.left.len()), (3, 0));
    }

    #[test]
    fn the_digest_names_places_and_not_times() {
        let silent = |account: &str, last: &str| Assessment {
            silent: BTreeMap::from([(place(account, "us-east-1"), at(last))]),
            ..Assessment::default()
        };
        let first = silent("1", "2026-03-02T08:00:00Z");
        assert_eq!(first.digest(), silent("1", "2026-03-02T07:00:00Z").digest());
        assert_ne!(first.digest(), silent("2", "2026-03-02T08:00:00Z").digest());
        let never = Assessment { never: BTreeSet::from([place("1", "us-east-1")]), ..Assessment::default() };
        assert_ne!(first.digest(), never.digest());
        assert_eq!(Assessment { healthy: 7, ..Assessment::default() }.digest(), "");
    }

    #[test]
    fn sentences_are_bounded() {
        let never = (0..4000).map(|n| place(&format!("{n:012}"), "ap-southeast-3")).collect();
        let silent = (0..4000).map(|n| (place(&format!("{n:012}"), "ap-southeast-3"), at(NOW))).collect();
        let left = (0..4000).map(|n| format!("{n:012}")).collect();
        let text = Assessment { healthy: 0, never, silent, left, unlisted: None }.sentences();
        assert!(text.len() <= 1_000, "{}: {text}", text.len());
        assert!(text.contains("and 3992 more"), "{text}");
        assert_eq!(
            Assessment { healthy: 8, ..Assessment::default() }.sentences(),
            "All 8 accounts and Regions send heartbeats."
        );
    }
}
