//! Coverage: keeps the last heartbeat of each account and Region, and alerts when one is missing.
//!
//! Each spoke sends a heartbeat every hour through the rule's role, the hub's bus and its policy, as root activity goes. A
//! scheduled check compares the table with the accounts and Regions that are expected. It publishes to the health topic when
//! something changes, and once a day while something is missing.
//!
//! - [`received`]: the messages of the queue
//! - [`table`]: the DynamoDB table
//! - [`accounts`]: the accounts of the organization
//! - [`assess`]: the check, a pure function

pub mod accounts;
pub mod assess;
pub mod received;
pub mod table;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use aws_sdk_sns::Client;
use jiff::Timestamp;
use rootwatch_runtime::call::CallError;
use rootwatch_runtime::{
    ConfigurationError, Delivery, Handler, Invocation, Message, Patience, Platform, Reason, describe, is_invalid,
};
use serde::Deserialize;
use serde_json::json;

use crate::accounts::Accounts;
use crate::assess::{Assessment, Expected, assess};
use crate::received::{Received, read};
use crate::table::{Remembered, Table};

/// How often the same missing heartbeats are reported.
const REPEATED_AFTER: Duration = Duration::from_secs(24 * 3600);

/// The expectations of the hub: the variable `COVERAGE`, as JSON.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Name of the alarm in messages.
    pub name: String,
    /// The hub's account.
    pub hub_account: String,
    /// Accounts that must send heartbeats, in addition to those of the organization.
    pub accounts: BTreeSet<String>,
    /// Regions in which every account must send heartbeats.
    pub regions: BTreeSet<String>,
    /// Accounts without a spoke.
    pub exempt: BTreeSet<String>,
}

/// The function `coverage`.
pub struct Coverage {
    table: Table,
    sns: Client,
    health_topic: String,
    settings: Settings,
    region: String,
    accounts: Option<Accounts>,
}

impl Coverage {
    /// Configured by the environment: `COVERAGE_TABLE`, `HEALTH_TOPIC_ARN`, `COVERAGE` ([`Settings`]), and
    /// `ORGANIZATIONS_ROLE_ARN`, if given: a role that may call `organizations:ListAccounts`.
    ///
    /// # Errors
    ///
    /// If a variable is missing or malformed.
    pub fn new(platform: &Platform) -> Result<Self, ConfigurationError> {
        let settings = serde_json::from_str(&platform.environment.required("COVERAGE")?);
        Ok(Coverage {
            table: Table::of(platform)?,
            sns: Client::new(&platform.aws),
            health_topic: platform.environment.arn("HEALTH_TOPIC_ARN")?,
            settings: settings
                .map_err(|error| ConfigurationError::Unreadable { name: "COVERAGE", cause: error.to_string() })?,
            region: platform.environment.required("AWS_REGION")?,
            accounts: Accounts::of(platform)?,
        })
    }

    async fn check(&self, now: Timestamp) -> Result<(), Reason> {
        let (heartbeats, remembered) = self.table.read().await.map_err(|error| of_table("Scan", &error))?;
        let first = remembered.first.unwrap_or(now);
        let (listed, unlisted) = match &self.accounts {
            Some(accounts) => match accounts.list().await {
                Ok(listed) => (Some(listed), None),
                // The heartbeats that are known to come are checked all the same.
                Err(error) => (None, Some(shortened(&error))),
            },
            None => (None, None),
        };
        let expected = self.expected(listed, first);
        let found = Assessment { unlisted, ..assess(&heartbeats, &expected, now) };
        tracing::info!(
            monitored = found.healthy,
            missing = found.missing(),
            never = found.never.len(),
            silent = found.silent.len(),
            left = found.left.len(),
            "checked coverage"
        );
        let digest = found.digest();
        let due =
            remembered.reported.is_none_or(|reported| now.duration_since(reported).unsigned_abs() >= REPEATED_AFTER);
        let changed = digest != remembered.digest;
        if changed || (due && !digest.is_empty()) {
            // First the message: a duplicate is better than a missed one.
            self.publish(&found, &remembered, now).await?;
        }
        for place in heartbeats.keys().filter(|place| found.left.contains(&place.account)) {
            self.table.forget(place).await.map_err(|error| of_table("DeleteItem", &error))?;
        }
        let reported = if changed || due { Some(now) } else { remembered.reported };
        let after = Remembered { first: Some(first), digest, reported };
        if after != remembered {
            self.table.remember(&after).await.map_err(|error| of_table("PutItem", &error))?;
        }
        Ok(())
    }

    /// Nobody is missed before the first check has had time to see it.
    fn expected(&self, listed: Option<BTreeMap<String, Timestamp>>, first: Timestamp) -> Expected {
        let complete = listed.is_some();
        let mut accounts: BTreeMap<String, Timestamp> = listed.unwrap_or_default();
        for account in self.settings.accounts.iter().chain([&self.settings.hub_account]) {
            accounts.entry(account.clone()).or_insert(first);
        }
        for since in accounts.values_mut() {
            *since = (*since).max(first);
        }
        let Settings { regions, exempt, .. } = self.settings.clone();
        Expected { accounts, regions, exempt, complete }
    }

    /// Publishes in the words of a CloudWatch alarm, so that subscribers of the health topic read one kind of message.
    async fn publish(&self, found: &Assessment, before: &Remembered, now: Timestamp) -> Result<(), Reason> {
        let state = |missing: bool| if missing { "ALARM" } else { "OK" };
        let message = json!({
            "AlarmName": self.settings.name,
            "AlarmDescription": "Every account and Region sends a heartbeat each hour on the path of root activity. \
                                 `rootwatch coverage` shows the table.",
            "AWSAccountId": self.settings.hub_account,
            "NewStateValue": state(!found.is_complete()),
            "NewStateReason": found.sentences(),
            "StateChangeTime": now.to_string(),
            "Region": self.region,
            "OldStateValue": state(!before.digest.is_empty()),
        });
        let publish = self.sns.publish().topic_arn(&self.health_topic).message(message.to_string());
        publish.send().await.map(drop).map_err(|error| {
            let (code, cause) = describe(&error);
            let reason = Reason::new("Publish", format!("sns:Publish to `{}`: {cause}", self.health_topic));
            if is_invalid(code.as_deref()) { reason.with_patience(Patience::Ambiguous) } else { reason }
        })
    }
}

/// The cause for a message, at most 200 characters.
fn shortened(error: &CallError) -> String {
    format!("{error}; the role needs organizations:ListAccounts").chars().take(200).collect()
}

fn of_table(operation: &str, error: &CallError) -> Reason {
    Reason::new("Table", format!("dynamodb:{operation}: {error}"))
}

impl Handler for Coverage {
    // ListAccounts returns 20 accounts a page.
    const TIMEOUT: Duration = Duration::from_secs(100);

    async fn handle(&self, message: Message<'_>, invocation: Invocation) -> Delivery {
        let received = match read(message.body) {
            Ok(received) => received,
            Err(cause) => return Delivery::Permanent(Reason::new("Unreadable", cause)),
        };
        let result = match received {
            Received::Heartbeat { place, at, version } => {
                let written = self.table.heartbeat(&place, at, version.as_deref()).await;
                written.map_err(|error| of_table("UpdateItem", &error))
            }
            Received::Event { place, at } => {
                self.table.event(&place, at).await.map_err(|error| of_table("UpdateItem", &error))
            }
            Received::Check => {
                let now =
                    i64::try_from(invocation.deadline_ms).ok().and_then(|ms| Timestamp::from_millisecond(ms).ok());
                // Whole seconds, as the times that EventBridge writes.
                let now = now.and_then(|now| Timestamp::from_second(now.as_second()).ok());
                self.check(now.unwrap_or_default()).await
            }
        };
        match result {
            Ok(()) => Delivery::Done,
            // The next heartbeat and the next check come within an hour.
            Err(reason) => Delivery::Retry(reason.with_patience(Patience::Hour)),
        }
    }
}
