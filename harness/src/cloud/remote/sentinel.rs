//! Sentinels: sign-ins of the harness's own that must arrive. What they were sent after and has not come when they have
//! and the way's queues are empty does not come.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::deployment::Accounts;

/// Where a sentinel must be seen.
pub(super) const STOPS: [&str; 5] = ["bus", "login", "slack", "pagerduty", "email"];

/// A sign-in in one account and Region.
#[derive(Debug)]
pub(super) struct Sentinel {
    pub(super) of_hub: bool,
    pub(super) region: String,
    id: String,
    seen: BTreeSet<String>,
}

impl Sentinel {
    pub(super) fn new(of_hub: bool, region: &str) -> Self {
        Self { of_hub, region: region.to_owned(), id: uuid::Uuid::new_v4().to_string(), seen: BTreeSet::new() }
    }

    /// The id that it is recognised by.
    pub(super) fn mark(&self) -> &str {
        &self.id
    }

    /// Its record.
    pub(super) fn record(&self, accounts: &Accounts) -> Value {
        let account = if self.of_hub { &accounts.hub } else { &accounts.spoke };
        json!({
            "eventVersion": "1.11",
            "userIdentity": {
                "type": "Root", "principalId": account, "arn": format!("arn:aws:iam::{account}:root"),
                "accountId": account, "accessKeyId": "",
            },
            "eventTime": "2026-01-01T00:00:00Z",
            "eventSource": "signin.amazonaws.com",
            "eventName": "ConsoleLogin",
            "awsRegion": self.region,
            "sourceIPAddress": "192.0.2.1",
            "userAgent": "rootwatch sentinel",
            "requestParameters": null,
            "responseElements": {"ConsoleLogin": "Success"},
            "additionalEventData": {"MFAUsed": "Yes", "MobileVersion": "No"},
            "eventID": self.id,
            "readOnly": false,
            "eventType": "AwsConsoleSignIn",
            "managementEvent": true,
            "recipientAccountId": account,
            "eventCategory": "Management",
        })
    }

    /// Takes a message that is this one's.
    pub(super) fn take(&mut self, to: &str, text: &str) -> bool {
        let mine = text.contains(&self.id);
        if mine {
            self.seen.insert(to.to_owned());
        }
        mine
    }

    /// The first stop where it has not been seen.
    pub(super) fn missing(&self, stops: &[&'static str]) -> Option<&'static str> {
        stops.iter().copied().find(|stop| !self.seen.contains(*stop))
    }

    /// Where it was sent, in words.
    pub(super) fn place(&self) -> String {
        format!("{} {}", if self.of_hub { "hub" } else { "spoke" }, self.region)
    }
}
