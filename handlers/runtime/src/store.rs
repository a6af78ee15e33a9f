//! The alerts that were sent: a DynamoDB table, which is optional.
//!
//! An act is *claimed* before it is sent and *confirmed* afterwards. A claim ends by itself, so that a function that
//! died in between repeats rather than loses. If the store is unavailable, the alert is sent.
//!
//! An item is named by function, kind and key: each alerter sends an act once, whatever the others did. Its attributes:
//! `lease` (a claim's end), `sent` (when it was sent), `thread` (a sink's name for what it opened), `grade` (the highest
//! severity in the channel), `opened`, `head`, `lines` and `part` (a digest), `tries` (failed attempts), `retry` (no
//! attempt before), `incident`, `accounts` and `addresses` (correlated sign-ins), `expires` (when DynamoDB forgets it).
//! Times are seconds since 1970, derived from the deadlines of invocations.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};

use crate::call::{CallError, Service};
use crate::handler::Invocation;
use crate::platform::{ConfigurationError, Platform};

/// Longest time for one call. There are up to four within the time of a message.
const PATIENCE: Duration = Duration::from_secs(1);

/// How long a claim holds unless it is released, in seconds: longer than the longest time for one message.
pub const LEASE: u64 = 30;

/// How long it is remembered that an act was told, in seconds: longer than a message can stay in queue and dead-letter
/// queue together.
const REMEMBERED: u64 = 30 * 24 * 3600;

/// How long an incident is remembered, in seconds: its hour, and what comes late to it.
const INCIDENT_REMEMBERED: u64 = 2 * 24 * 3600;

/// The table, and whose part of it this is.
#[derive(Debug, Clone)]
pub struct Store {
    dynamodb: Service,
    table: String,
    function: String,
}

/// What is remembered of something.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Remembered {
    /// Told.
    pub sent: bool,
    /// Another invocation is about to send it, until then.
    pub lease: Option<u64>,
    /// The sink's name for what it opened.
    pub thread: Option<String>,
    /// When an incident was opened.
    pub opened: Option<u64>,
    /// The part of an incident in which an act waits.
    pub part: Option<u64>,
    /// The lines of a digest.
    pub lines: Vec<String>,
    /// Failed attempts.
    pub tries: u32,
    /// No attempt before.
    pub retry: Option<u64>,
    /// The highest severity that the channel has shown of an incident.
    pub grade: u8,
}

/// Failed sign-ins that belong together.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Correlated {
    /// The incident key, without a severity band.
    pub incident: String,
    /// The accounts so far.
    pub accounts: BTreeSet<String>,
    /// The source addresses so far.
    pub addresses: BTreeSet<String>,
}

/// What came of a claim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claim {
    /// It is this function's to do. What is remembered after the claim.
    Mine(Remembered),
    /// It is not; what is remembered says why.
    Taken(Remembered),
}

impl Store {
    /// The store of this function; none where `DEDUPLICATION_TABLE` does not name one.
    ///
    /// # Errors
    ///
    /// Where the variables that Lambda sets are missing.
    pub fn of(platform: &Platform) -> Result<Option<Self>, ConfigurationError> {
        let Some(table) = platform.environment.optional("DEDUPLICATION_TABLE") else { return Ok(None) };
        Ok(Some(Store {
            dynamodb: Service::dynamodb(platform, PATIENCE)?,
            table: table.to_owned(),
            function: platform.environment.required("AWS_LAMBDA_FUNCTION_NAME")?,
        }))
    }

    /// Claims an act: nobody has sent it, and nobody is about to.
    ///
    /// # Errors
    ///
    /// If the store is unavailable.
    pub async fn claim_act(&self, act: &str, now: Invocation) -> Result<Claim, CallError> {
        let condition = "(attribute_not_exists(#sent) AND attribute_not_exists(#part) AND (attribute_not_exists(#lease) OR #lease < :now)) OR #expires < :now";
        let update = "SET #lease = :until, #expires = :expires REMOVE #sent, #part";
        let names = ["sent", "part", "lease", "expires"];
        let values = json!({":now": number(at(now)), ":until": number(at(now) + LEASE), ":expires": number(at(now) + REMEMBERED)});
        self.claim("act", act, update, condition, &names, values).await
    }

    /// Claims to open an incident: nobody did, and nobody is about to. `act` may do it again.
    ///
    /// # Errors
    ///
    /// If the store is unavailable.
    pub async fn claim_incident(
        &self,
        incident: &str,
        act: &str,
        grade: u8,
        now: Invocation,
    ) -> Result<Claim, CallError> {
        let condition = "(attribute_not_exists(#thread) AND (attribute_not_exists(#lease) OR #lease < :now OR #head = :act) AND (attribute_not_exists(#retry) OR #retry <= :now)) OR #expires < :now";
        let update = "SET #lease = :until, #head = :act, #grade = :grade, #expires = :expires REMOVE #thread";
        let names = ["thread", "lease", "head", "retry", "grade", "expires"];
        let values = json!({
            ":now": number(at(now)), ":until": number(at(now) + LEASE), ":act": {"S": act}, ":grade": number(grade.into()),
            ":expires": number(at(now) + INCIDENT_REMEMBERED),
        });
        self.claim("incident", incident, update, condition, &names, values).await
    }

    /// Opens an incident, once and for all: the first act is sent alone, the others are gathered.
    ///
    /// # Errors
    ///
    /// If the store is unavailable.
    pub async fn open_incident(&self, incident: &str, act: &str, now: Invocation) -> Result<Claim, CallError> {
        let condition = "attribute_not_exists(#head) OR #head = :act OR #expires < :now";
        let update = "SET #head = :act, #opened = :now, #expires = :expires";
        let values = json!({
            ":now": number(at(now)), ":act": {"S": act}, ":expires": number(at(now) + INCIDENT_REMEMBERED),
        });
        self.claim("incident", incident, update, condition, &["head", "opened", "expires"], values).await
    }

    /// Adds a line to a part of an incident. Taken, where that part is being sent already.
    ///
    /// # Errors
    ///
    /// If the store is unavailable, or the part is full.
    pub async fn gather(&self, incident: &str, part: u64, line: &str, now: Invocation) -> Result<Claim, CallError> {
        let condition = "attribute_not_exists(#lease) AND attribute_not_exists(#sent)";
        let update = "SET #lines = list_append(if_not_exists(#lines, :none), :line), #expires = :expires";
        let values = json!({
            ":none": {"L": []}, ":line": {"L": [{"S": line}]}, ":expires": number(at(now) + REMEMBERED),
        });
        let names = ["lease", "sent", "lines", "expires"];
        self.claim("part", &part_name(incident, part), update, condition, &names, values).await
    }

    /// Claims a part of an incident, to send it.
    ///
    /// # Errors
    ///
    /// If the store is unavailable.
    pub async fn claim_part(&self, incident: &str, part: u64, now: Invocation) -> Result<Claim, CallError> {
        let condition = "attribute_exists(#lines) AND attribute_not_exists(#sent) AND (attribute_not_exists(#lease) OR #lease < :now) AND (attribute_not_exists(#retry) OR #retry <= :now)";
        let values = json!({":now": number(at(now)), ":until": number(at(now) + LEASE)});
        let names = ["lines", "sent", "lease", "retry"];
        self.claim("part", &part_name(incident, part), "SET #lease = :until", condition, &names, values).await
    }

    /// An act waits in a part of its incident until then.
    ///
    /// # Errors
    ///
    /// If the store is unavailable.
    pub async fn hold_act(&self, act: &str, part: u64, until: u64) -> Result<(), CallError> {
        let values = json!({":part": number(part), ":until": number(until)});
        self.update("act", act, "SET #part = :part, #lease = :until", &["part", "lease"], values).await
    }

    /// A claim is given up, so that the next try need not wait for its end.
    ///
    /// # Errors
    ///
    /// If the store is unavailable.
    pub async fn release_act(&self, act: &str) -> Result<(), CallError> {
        self.update("act", act, "REMOVE #lease", &["lease"], Value::Null).await
    }

    /// An alert goes to the dead-letter queue: nothing of it stays claimed, so that a redrive sends it.
    ///
    /// # Errors
    ///
    /// If the store is unavailable.
    pub async fn forget_act(&self, act: &str) -> Result<(), CallError> {
        self.update("act", act, "REMOVE #lease, #part, #tries", &["lease", "part", "tries"], Value::Null).await
    }

    /// Releases the claim of an alert after a failed attempt, so that no other attempt waits for its end.
    ///
    /// # Errors
    ///
    /// If the store is unavailable.
    pub async fn fail_act(&self, act: &str, tries: u32) -> Result<(), CallError> {
        let values = json!({":tries": number(tries.into())});
        self.update("act", act, "SET #tries = :tries REMOVE #lease", &["tries", "lease"], values).await
    }

    /// Releases the claim of an incident after a failed attempt. The next attempt is not before `retry`.
    ///
    /// # Errors
    ///
    /// If the store is unavailable.
    pub async fn fail_incident(&self, incident: &str, tries: u32, retry: u64) -> Result<(), CallError> {
        self.fail("incident", incident, tries, retry).await
    }

    /// Releases the claim of a digest after a failed attempt. The next attempt is not before `retry`.
    ///
    /// # Errors
    ///
    /// If the store is unavailable.
    pub async fn fail_part(&self, incident: &str, part: u64, tries: u32, retry: u64) -> Result<(), CallError> {
        self.fail("part", &part_name(incident, part), tries, retry).await
    }

    async fn fail(&self, kind: &str, key: &str, tries: u32, retry: u64) -> Result<(), CallError> {
        let update = "SET #tries = :tries, #retry = :retry REMOVE #lease";
        let values = json!({":tries": number(tries.into()), ":retry": number(retry)});
        self.update(kind, key, update, &["tries", "retry", "lease"], values).await
    }

    /// Records the grade of an alert that was broadcast to the channel.
    ///
    /// # Errors
    ///
    /// If the store is unavailable.
    pub async fn raise_incident(&self, incident: &str, grade: u8) -> Result<(), CallError> {
        let values = json!({":grade": number(grade.into())});
        self.update("incident", incident, "SET #grade = :grade", &["grade"], values).await
    }

    /// The same as [`Store::correlate`]; none if the store is unavailable. Each alert is an incident of its own visit then.
    pub async fn correlated(&self, account: &str, address: &str, period: &str, now: Invocation) -> Option<Correlated> {
        let found = self.correlate(account, address, period, now).await;
        found.inspect_err(unusable).ok()
    }

    /// Finds the incident of a failed sign-in: the one that its address belongs to, else the one that its account belongs to,
    /// within a period. Both then belong to it, so that a spray over accounts and one from many addresses are one incident.
    ///
    /// # Errors
    ///
    /// If the store is unavailable.
    pub async fn correlate(
        &self,
        account: &str,
        address: &str,
        period: &str,
        now: Invocation,
    ) -> Result<Correlated, CallError> {
        let own = format!("rootwatch/failed-sign-ins/{account}+{address}/{period}");
        let expires = number(at(now) + INCIDENT_REMEMBERED);
        let join = |incident: &str| json!({":incident": {"S": incident}, ":expires": expires.clone()});
        let update = "SET #incident = if_not_exists(#incident, :incident), #expires = :expires";
        let names = ["incident", "expires"];
        let incident = |item: Value| item["incident"]["S"].as_str().map(str::to_owned);
        let from = format!("{address}#{period}");
        let first = incident(self.changed("address", &from, update, &names, join(&own)).await?);
        let first = first.unwrap_or_else(|| own.clone());
        let of = format!("{account}#{period}");
        let second = incident(self.changed("account", &of, update, &names, join(&first)).await?);
        let found = match second {
            // The account has an incident, and the address is new.
            Some(second) if first == own && second != own => {
                let update = "SET #incident = :incident, #expires = :expires";
                self.update("address", &from, update, &names, join(&second)).await?;
                second
            }
            _ => first,
        };
        let update = "SET #expires = :expires ADD #accounts :account, #addresses :address";
        let values = json!({":expires": expires, ":account": {"SS": [account]}, ":address": {"SS": [address]}});
        let item = self.changed("campaign", &found, update, &["expires", "accounts", "addresses"], values).await?;
        let set = |name: &str| {
            let texts = item[name]["SS"].as_array().into_iter().flatten();
            texts.filter_map(|text| text.as_str().map(str::to_owned)).collect()
        };
        Ok(Correlated { accounts: set("accounts"), addresses: set("addresses"), incident: found })
    }

    /// Records that an alert was sent.
    ///
    /// # Errors
    ///
    /// If the store is unavailable.
    pub async fn confirm_act(&self, act: &str, now: Invocation) -> Result<(), CallError> {
        let values = json!({":now": number(at(now)), ":expires": number(at(now) + REMEMBERED)});
        let update = "SET #sent = :now, #expires = :expires REMOVE #lease";
        self.update("act", act, update, &["sent", "expires", "lease"], values).await
    }

    /// Records the thread that the first alert of an incident opened.
    ///
    /// # Errors
    ///
    /// If the store is unavailable.
    pub async fn confirm_incident(&self, incident: &str, thread: &str) -> Result<(), CallError> {
        let values = json!({":thread": {"S": thread}});
        self.update("incident", incident, "SET #thread = :thread REMOVE #lease", &["thread", "lease"], values).await
    }

    /// Records that a digest was sent.
    ///
    /// # Errors
    ///
    /// If the store is unavailable.
    pub async fn confirm_part(&self, incident: &str, part: u64, now: Invocation) -> Result<(), CallError> {
        let values = json!({":now": number(at(now))});
        self.update("part", &part_name(incident, part), "SET #sent = :now", &["sent"], values).await
    }

    async fn claim(
        &self,
        kind: &str,
        key: &str,
        update: &str,
        condition: &str,
        names: &[&str],
        values: Value,
    ) -> Result<Claim, CallError> {
        let mut input = self.input(kind, key, update, names, values);
        input["ConditionExpression"] = Value::from(condition);
        input["ReturnValues"] = Value::from("ALL_NEW");
        input["ReturnValuesOnConditionCheckFailure"] = Value::from("ALL_OLD");
        match self.dynamodb.call("UpdateItem", &input).await {
            Ok(answer) => Ok(Claim::Mine(remembered(&answer["Attributes"]))),
            Err(CallError::Refused { code, answer, .. }) if code == "ConditionalCheckFailedException" => {
                Ok(Claim::Taken(remembered(&answer["Item"])))
            }
            Err(error) => Err(error),
        }
    }

    async fn update(
        &self,
        kind: &str,
        key: &str,
        update: &str,
        names: &[&str],
        values: Value,
    ) -> Result<(), CallError> {
        let input = self.input(kind, key, update, names, values);
        self.dynamodb.call("UpdateItem", &input).await.map(drop)
    }

    /// Updates an item and answers it as it is afterwards.
    async fn changed(
        &self,
        kind: &str,
        key: &str,
        update: &str,
        names: &[&str],
        values: Value,
    ) -> Result<Value, CallError> {
        let mut input = self.input(kind, key, update, names, values);
        input["ReturnValues"] = Value::from("ALL_NEW");
        Ok(self.dynamodb.call("UpdateItem", &input).await?["Attributes"].take())
    }

    /// Names are always put in: many of them are reserved words.
    fn input(&self, kind: &str, key: &str, update: &str, names: &[&str], values: Value) -> Value {
        let names: Value = names.iter().map(|name| (format!("#{name}"), Value::from(*name))).collect();
        let mut input = json!({
            "TableName": self.table,
            "Key": {"id": {"S": format!("{}#{kind}#{key}", self.function)}},
            "UpdateExpression": update,
            "ExpressionAttributeNames": names,
        });
        if !values.is_null() {
            input["ExpressionAttributeValues"] = values;
        }
        input
    }
}

/// Logs that the store did not answer. An alarm counts this line.
pub(crate) fn unusable(error: &CallError) {
    tracing::warn!(cause = %error, "the store did not answer");
}

/// The invocation's deadline is used as its time: of two invocations, the deadlines are as far apart as they are.
pub(crate) fn at(invocation: Invocation) -> u64 {
    invocation.deadline_ms / 1000
}

pub(crate) fn part_name(incident: &str, part: u64) -> String {
    format!("{incident}#{part}")
}

fn number(number: u64) -> Value {
    json!({"N": number.to_string()})
}

fn remembered(item: &Value) -> Remembered {
    let number = |name: &str| item.get(name)?.get("N")?.as_str()?.parse::<u64>().ok();
    let lines = item["lines"]["L"].as_array().into_iter().flatten();
    Remembered {
        sent: item.get("sent").is_some(),
        lease: number("lease"),
        thread: item["thread"]["S"].as_str().map(str::to_owned),
        opened: number("opened"),
        part: number("part"),
        tries: number("tries").and_then(|tries| u32::try_from(tries).ok()).unwrap_or_default(),
        retry: number("retry"),
        // An incident of an earlier version has no grade: nothing in it is broadcast.
        grade: number("grade").and_then(|grade| u8::try_from(grade).ok()).unwrap_or(u8::MAX),
        lines: lines.filter_map(|line| line["S"].as_str().map(str::to_owned)).collect(),
    }
}
