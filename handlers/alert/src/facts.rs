//! An alert and a health alarm as labelled lines: one content for all sinks.

use serde_json::Value;

use crate::alert::{Alert, Origin};
use crate::fit::fit;
use crate::health::Alarm;
use crate::text::{inert_json, prefix};

/// A label and a value, each one line.
pub type Fact = (&'static str, String);

impl Alert {
    /// What is known, the most important first; what is not known is left out, but for what everybody looks for.
    pub fn facts(&self) -> Vec<Fact> {
        let mut facts = vec![
            ("Account", self.account_words()),
            ("Region", self.region.clone()),
            ("Time", self.event_time.clone()),
            ("Outcome", self.outcome.as_str().to_owned()),
        ];
        let mut known = |label, value: Option<String>| facts.extend(value.map(|value| (label, value)));
        known("Target account", self.target.clone());
        // An alarm or an unreadable event has no actor; saying `unknown` five times says nothing.
        if self.origin == Origin::CloudTrail {
            known("Identity", Some(self.identity()));
            known("Access", self.actor.access.clone());
            known("MFA", Some(self.actor.mfa.clone()));
            known("From", Some(self.source_ip.clone().unwrap_or_else(|| "unknown".to_owned())));
            known("Access key", self.actor.access_key_id.clone());
        }
        known("Operation", Some(format!("{} {}", self.event_source, self.event_name)));
        known("User agent", self.user_agent.clone());
        facts
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
