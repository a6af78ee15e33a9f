//! An alert and a health alarm as labelled lines: one content for all sinks.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::alert::{Alert, Origin};
use crate::fit::fit;
use crate::health::Alarm;
use crate::text::{inert_json, plain, prefix};

/// A label and a value, each one line.
pub type Fact = (&'static str, String);

impl Alert {
    /// All known fields, the most important first.
    pub fn facts(&self) -> Vec<Fact> {
        let mut facts =
            vec![("Account", self.account_words()), ("Region", self.region.clone()), ("Time", self.event_time.clone())];
        facts.retain(|(_, value)| value != "unknown");
        facts.extend(self.what());
        facts.extend(self.who());
        facts
    }

    /// Fields about the action: outcome, resource, new access key, operation.
    pub fn what(&self) -> Vec<Fact> {
        let operation = format!("{} {}", self.event_source, self.event_name);
        let known = [
            ("Accounts", self.correlation.as_ref().map(|found| counted(&found.accounts, "account", "accounts"))),
            ("Addresses", self.correlation.as_ref().map(|found| counted(&found.addresses, "address", "addresses"))),
            ("Target account", self.target.clone()),
            ("Resource", self.resource.clone()),
            (
                "New access key",
                self.new_access_key.clone().map(|key| format!("{key} (delete this key if nobody meant to create it)")),
            ),
            ("Operation", Some(operation).filter(|operation| operation != "unknown unknown")),
            ("Outcome", Some(self.outcome.as_str().to_owned()).filter(|outcome| outcome != "unknown")),
        ];
        known.into_iter().filter_map(|(label, value)| Some((label, value?))).collect()
    }

    /// Fields about the caller: identity, credentials, source address. Alarms and unreadable events have none.
    pub fn who(&self) -> Vec<Fact> {
        if self.origin != Origin::CloudTrail {
            return self.user_agent.iter().map(|agent| ("User agent", agent.clone())).collect();
        }
        let stated = |value: &str| Some(value.to_owned()).filter(|value| value != "unknown");
        let key = if self.new_access_key.is_some() { "Access key of the session" } else { "Access key" };
        let known = [
            ("Identity", Some(self.identity()).filter(|identity| identity != "not stated")),
            ("Access", self.actor.access.as_deref().and_then(stated)),
            ("MFA", stated(&self.actor.mfa)),
            ("From", self.source_ip.as_deref().and_then(stated)),
            (key, self.actor.access_key_id.clone()),
            ("User agent", self.user_agent.clone()),
        ];
        known.into_iter().filter_map(|(label, value)| Some((label, value?))).collect()
    }

    /// `Root arn:aws:iam::111122223333:root (account-alias)`
    fn identity(&self) -> String {
        let kind = self.actor.kind.as_deref().unwrap_or("not stated");
        let arn = self.actor.arn.as_deref().or(self.actor.account.as_deref()).unwrap_or_default();
        let name = self.actor.name.as_deref().map(|name| format!(" ({name})")).unwrap_or_default();
        format!("{kind} {arn}{name}").trim_end().to_owned()
    }

    /// The original event as inert JSON of at most `limit` bytes; None where there is none, or no part of it fits.
    pub fn event_text(&self, limit: usize) -> Option<String> {
        match &self.event {
            Value::Null => None,
            // As much as fits of what was not even JSON; the JSON form is at most six times as long.
            Value::String(text) => {
                let cut = [1, 2, 6].into_iter().map(|part| prefix(text, (limit.saturating_sub(2)) / part));
                cut.map(|text| inert_json(&Value::from(text))).find(|text| text.len() <= limit)
            }
            event => [1, 2, 4, 8].into_iter().find_map(|part| {
                let mut event = event.clone();
                fit(&mut event, limit / part);
                Some(inert_json(&event)).filter(|text| !event.is_null() && text.len() <= limit)
            }),
        }
    }
}

/// `3 accounts: 111122223333, 222233334444, 333344445555`
pub(crate) fn counted(values: &BTreeSet<String>, one: &str, many: &str) -> String {
    const SHOWN: usize = 12;
    let mut shown: Vec<String> = values.iter().take(SHOWN).map(|value| plain(value, 64)).collect();
    if values.len() > SHOWN {
        shown.push(format!("and {} more", values.len() - SHOWN));
    }
    format!("{} {}: {}", values.len(), if values.len() == 1 { one } else { many }, shown.join(", "))
}

impl Alarm {
    /// What is known of the alarm.
    pub fn facts(&self) -> Vec<Fact> {
        let mut facts = vec![
            ("Account", self.account.clone()),
            ("Region", self.region.clone()),
            ("State", self.state.as_str().to_owned()),
            ("Reason", self.reason.clone()),
        ];
        facts.extend(self.description.clone().map(|description| ("Alarm", description)));
        facts.extend(self.changed.clone().map(|changed| ("Time", changed)));
        facts
    }
}
