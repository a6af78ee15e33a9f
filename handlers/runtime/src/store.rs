//! The store of what has been told: a DynamoDB table, which is optional.
//!
//! An act is *claimed* before it is sent and *confirmed* afterwards. A claim ends by itself, so that a function that
//! died in between repeats rather than loses. Where the store does not answer, the alert is sent all the same.
//!
//! An item is named by function, kind and key: each alerter tells an act once, whatever the others did. Its attributes:
//! `lease` (a claim's end), `sent` (when it was told), `thread` (a sink's name for what it opened), `opened`, `head`,
//! `lines` and `part` (what is gathered), `expires` (when DynamoDB forgets it). Times are seconds since 1970, as the
//! invocations tell them.

use std::time::Duration;

use serde_json::{Value, json};

use crate::call::{CallError, Service};
use crate::handler::Invocation;
use crate::platform::{ConfigurationError, Platform};

/// Longest time for one call. There are up to four within the time of a message.
const PATIENCE: Duration = Duration::from_secs(1);

/// How long a claim holds, in seconds: longer than the longest time for one message, shorter than the shortest wait
/// between two tries.
pub const LEASE: u64 = 20;

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
    /// Somebody is about to tell it, until then.
    pub lease: Option<u64>,
    /// The sink's name for what it opened.
    pub thread: Option<String>,
    /// When an incident was opened.
    pub opened: Option<u64>,
    /// The part of an incident in which an act waits.
    pub part: Option<u64>,
    /// What is gathered.
    pub lines: Vec<String>,
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

    /// Claims an act: nobody told it, and nobody is about to.
    ///
    /// # Errors
    ///
    /// Where the store does not answer.
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
    /// Where the store does not answer.
    pub async fn claim_incident(&self, incident: &str, act: &str, now: Invocation) -> Result<Claim, CallError> {
        let condition = "(attribute_not_exists(#thread) AND (attribute_not_exists(#lease) OR #lease < :now OR #head = :act)) OR #expires < :now";
        let update = "SET #lease = :until, #head = :act, #expires = :expires REMOVE #thread";
        let names = ["thread", "lease", "head", "expires"];
        let values = json!({
            ":now": number(at(now)), ":until": number(at(now) + LEASE), ":act": {"S": act},
            ":expires": number(at(now) + INCIDENT_REMEMBERED),
        });
        self.claim("incident", incident, update, condition, &names, values).await
    }

    /// Opens an incident, once and for all: the first act of it stands alone, the others are gathered.
    ///
    /// # Errors
    ///
    /// Where the store does not answer.
    pub async fn open_incident(&self, incident: &str, act: &str, now: Invocation) -> Result<Claim, CallError> {
        let condition = "attribute_not_exists(#head) OR #head = :act OR #expires < :now";
        let update = "SET #head = :act, #opened = :now, #expires = :expires";
        let values = json!({
            ":now": number(at(now)), ":act": {"S": act}, ":expires": number(at(now) + INCIDENT_REMEMBERED),
        });
        self.claim("incident", incident, update, condition, &["head", "opened", "expires"], values).await
    }

    /// Adds a line to a part of an incident. Taken, where that part is being told already.
    ///
    /// # Errors
    ///
    /// Where the store does not answer, or the part is full.
    pub async fn gather(&self, incident: &str, part: u64, line: &str, now: Invocation) -> Result<Claim, CallError> {
        let condition = "attribute_not_exists(#lease) AND attribute_not_exists(#sent)";
        let update = "SET #lines = list_append(if_not_exists(#lines, :none), :line), #expires = :expires";
        let values = json!({
            ":none": {"L": []}, ":line": {"L": [{"S": line}]}, ":expires": number(at(now) + REMEMBERED),
        });
        let names = ["lease", "sent", "lines", "expires"];
        self.claim("part", &part_name(incident, part), update, condition, &names, values).await
    }

    /// Claims to tell a part of an incident.
    ///
    /// # Errors
    ///
    /// Where the store does not answer.
    pub async fn claim_part(&self, incident: &str, part: u64, now: Invocation) -> Result<Claim, CallError> {
        let condition = "attribute_exists(#lines) AND attribute_not_exists(#sent) AND (attribute_not_exists(#lease) OR #lease < :now)";
        let values = json!({":now": number(at(now)), ":until": number(at(now) + LEASE)});
        let names = ["lines", "sent", "lease"];
        self.claim("part", &part_name(incident, part), "SET #lease = :until", condition, &names, values).await
    }

    /// An act waits in a part of its incident until then.
    ///
    /// # Errors
    ///
    /// Where the store does not answer.
    pub async fn hold_act(&self, act: &str, part: u64, until: u64) -> Result<(), CallError> {
        let values = json!({":part": number(part), ":until": number(until)});
        self.update("act", act, "SET #part = :part, #lease = :until", &["part", "lease"], values).await
    }

    /// A claim is given up, so that the next try need not wait for its end.
    ///
    /// # Errors
    ///
    /// Where the store does not answer.
    pub async fn release_act(&self, act: &str) -> Result<(), CallError> {
        self.update("act", act, "REMOVE #lease", &["lease"], Value::Null).await
    }

    /// An act was told.
    ///
    /// # Errors
    ///
    /// Where the store does not answer.
    pub async fn confirm_act(&self, act: &str, now: Invocation) -> Result<(), CallError> {
        let values = json!({":now": number(at(now)), ":expires": number(at(now) + REMEMBERED)});
        let update = "SET #sent = :now, #expires = :expires REMOVE #lease";
        self.update("act", act, update, &["sent", "expires", "lease"], values).await
    }

    /// An incident was opened at the sink.
    ///
    /// # Errors
    ///
    /// Where the store does not answer.
    pub async fn confirm_incident(&self, incident: &str, thread: &str) -> Result<(), CallError> {
        let values = json!({":thread": {"S": thread}});
        self.update("incident", incident, "SET #thread = :thread REMOVE #lease", &["thread", "lease"], values).await
    }

    /// A part of an incident was told.
    ///
    /// # Errors
    ///
    /// Where the store does not answer.
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

/// The invocation's deadline stands for its time: of two invocations, the deadlines are as far apart as they are.
pub(crate) fn at(invocation: Invocation) -> u64 {
    invocation.deadline_ms / 1000
}

fn part_name(incident: &str, part: u64) -> String {
    format!("{incident}#{part}")
}

fn number(number: u64) -> Value {
    json!({"N": number.to_string()})
}

fn remembered(item: &Value) -> Remembered {
    let number = |name: &str| item.get(name)?.get("N")?.as_str()?.parse().ok();
    let lines = item["lines"]["L"].as_array().into_iter().flatten();
    Remembered {
        sent: item.get("sent").is_some(),
        lease: number("lease"),
        thread: item["thread"]["S"].as_str().map(str::to_owned),
        opened: number("opened"),
        part: number("part"),
        lines: lines.filter_map(|line| line["S"].as_str().map(str::to_owned)).collect(),
    }
}
