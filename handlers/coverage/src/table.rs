//! The table: an item for each account and Region, and one for the check itself.
//!
//! Attributes: `account`, `region` (the key), `last_heartbeat` and `last_event` (ISO 8601), `version`. The item of the check has
//! the account `check` and the Region `-`: `first` (the first check), `digest` (what it last reported) and `reported` (when).

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use rootwatch_runtime::call::{CallError, Service};
use rootwatch_runtime::{ConfigurationError, Platform};
use serde_json::{Value, json};

use crate::received::Place;

/// Longest time for one call.
const PATIENCE: Duration = Duration::from_secs(3);

/// The key of the check's own item.
pub const CHECK: (&str, &str) = ("check", "-");

/// The table of the last heartbeats.
#[derive(Debug, Clone)]
pub struct Table {
    dynamodb: Service,
    name: String,
}

/// The state of the check between two runs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Remembered {
    /// The first check.
    pub first: Option<Timestamp>,
    /// The digest of the last report; empty if nothing was missing.
    pub digest: String,
    /// When.
    pub reported: Option<Timestamp>,
}

impl Table {
    /// The table that `COVERAGE_TABLE` names.
    ///
    /// # Errors
    ///
    /// If the variable, or one that Lambda sets, is missing.
    pub fn of(platform: &Platform) -> Result<Self, ConfigurationError> {
        Ok(Table {
            dynamodb: Service::dynamodb(platform, PATIENCE)?,
            name: platform.environment.required("COVERAGE_TABLE")?,
        })
    }

    /// Records the last heartbeat of a place. An earlier one, which came late, changes nothing.
    ///
    /// # Errors
    ///
    /// If DynamoDB refuses the call or does not answer.
    pub async fn heartbeat(&self, place: &Place, at: Timestamp, version: Option<&str>) -> Result<(), CallError> {
        self.latest(place, "last_heartbeat", at, Some(version.unwrap_or("unknown"))).await
    }

    /// Records the last CloudTrail event of a place.
    ///
    /// # Errors
    ///
    /// If DynamoDB refuses the call or does not answer.
    pub async fn event(&self, place: &Place, at: Timestamp) -> Result<(), CallError> {
        self.latest(place, "last_event", at, None).await
    }

    async fn latest(
        &self,
        place: &Place,
        attribute: &str,
        at: Timestamp,
        version: Option<&str>,
    ) -> Result<(), CallError> {
        let mut input = json!({
            "TableName": self.name,
            "Key": {"account": {"S": place.account}, "region": {"S": place.region}},
            "UpdateExpression": "SET #latest = :at",
            "ConditionExpression": "attribute_not_exists(#latest) OR #latest < :at",
            "ExpressionAttributeNames": {"#latest": attribute},
            "ExpressionAttributeValues": {":at": {"S": at.to_string()}},
        });
        if let Some(version) = version {
            input["UpdateExpression"] = json!("SET #latest = :at, #version = :version");
            input["ExpressionAttributeNames"]["#version"] = json!("version");
            input["ExpressionAttributeValues"][":version"] = json!({"S": version});
        }
        match self.dynamodb.call("UpdateItem", &input).await {
            // A later one is known.
            Err(error) if error.code() == Some("ConditionalCheckFailedException") => Ok(()),
            answer => answer.map(drop),
        }
    }

    /// The last heartbeat of every place, `None` for one that was only seen by an event, and what the check remembers.
    ///
    /// # Errors
    ///
    /// If DynamoDB refuses the call or does not answer.
    pub async fn read(&self) -> Result<(BTreeMap<Place, Option<Timestamp>>, Remembered), CallError> {
        let (mut heartbeats, mut remembered) = (BTreeMap::new(), Remembered::default());
        let mut start = Value::Null;
        loop {
            let mut input = json!({"TableName": self.name, "ConsistentRead": true});
            if !start.is_null() {
                input["ExclusiveStartKey"] = start;
            }
            let mut page = self.dynamodb.call("Scan", &input).await?;
            for item in page["Items"].as_array().into_iter().flatten() {
                let text = |name: &str| item[name]["S"].as_str().unwrap_or_default();
                let time = |name: &str| text(name).parse::<Timestamp>().ok();
                if (text("account"), text("region")) == CHECK {
                    let (first, reported) = (time("first"), time("reported"));
                    remembered = Remembered { first, digest: text("digest").to_owned(), reported };
                    continue;
                }
                let place = Place { account: text("account").to_owned(), region: text("region").to_owned() };
                heartbeats.insert(place, time("last_heartbeat"));
            }
            start = page["LastEvaluatedKey"].take();
            if start.is_null() {
                return Ok((heartbeats, remembered));
            }
        }
    }

    /// Remembers what the check reported.
    ///
    /// # Errors
    ///
    /// If DynamoDB refuses the call or does not answer.
    pub async fn remember(&self, remembered: &Remembered) -> Result<(), CallError> {
        let mut item = json!({
            "account": {"S": CHECK.0}, "region": {"S": CHECK.1}, "digest": {"S": remembered.digest},
        });
        for (name, time) in [("first", remembered.first), ("reported", remembered.reported)] {
            if let Some(time) = time {
                item[name] = json!({"S": time.to_string()});
            }
        }
        self.dynamodb.call("PutItem", &json!({"TableName": self.name, "Item": item})).await.map(drop)
    }

    /// Forgets a place.
    ///
    /// # Errors
    ///
    /// If DynamoDB refuses the call or does not answer.
    pub async fn forget(&self, place: &Place) -> Result<(), CallError> {
        let key = json!({"account": {"S": place.account}, "region": {"S": place.region}});
        self.dynamodb.call("DeleteItem", &json!({"TableName": self.name, "Key": key})).await.map(drop)
    }
}
