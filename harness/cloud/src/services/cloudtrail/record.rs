//! A CloudTrail record, read leniently: any field may be missing (root-events.md section 3).

use serde_json::Value;

use crate::id::{AccountId, Region};
use crate::services::events::Envelope;
use crate::time::Time;

/// Whether the object is a CloudTrail record, as opposed to an EventBridge event or anything else. Abridged records pass.
pub fn is_cloudtrail_record(value: &Value) -> bool {
    let any = |names: &[&str]| names.iter().any(|name| value.get(name).is_some());
    value.is_object()
        && !any(&["detail-type"])
        && any(&["eventName", "eventType", "eventSource"])
        && any(&["eventVersion", "eventTime", "eventID", "userIdentity"])
}

/// What kind of event it is, as event selectors tell them apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Category {
    Management,
    Data,
    NetworkActivity,
    Insight,
}

impl Category {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Category::Management => "Management",
            Category::Data => "Data",
            Category::NetworkActivity => "NetworkActivity",
            Category::Insight => "Insight",
        }
    }

    /// By `eventCategory`; older records lack it.
    pub(super) fn of(record: &Value) -> Self {
        match (text(record, "eventCategory"), text(record, "eventType")) {
            ("Data", _) => Category::Data,
            ("NetworkActivity", _) => Category::NetworkActivity,
            ("Insight", _) => Category::Insight,
            ("", "AwsVpceEvents" | "AwsVpceEvent") => Category::NetworkActivity,
            ("", "AwsCloudTrailInsight") => Category::Insight,
            ("", _) if record.get("managementEvent").and_then(Value::as_bool) == Some(false) => Category::Data,
            _ => Category::Management,
        }
    }
}

/// Whether the call only reads; by its name where the record does not say.
pub(super) fn is_read_only(record: &Value) -> bool {
    record.get("readOnly").and_then(Value::as_bool).unwrap_or_else(|| {
        let name = text(record, "eventName");
        // [D] UG eb-service-event-cloudtrail: these two count as changing
        ["Describe", "Get", "List"].iter().any(|prefix| name.starts_with(prefix))
            && !["GetFederationToken", "GetSessionToken"].contains(&name)
    })
}

/// A text field; empty where it is missing or no text.
pub(super) fn text<'a>(record: &'a Value, name: &str) -> &'a str {
    record.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// The account whose default bus the record reaches: the recipient, else the one that acted.
pub fn account_of(record: &Value) -> Option<AccountId> {
    let identity = &record["userIdentity"];
    let candidates = [
        &record["recipientAccountId"],
        &identity["accountId"],
        &identity["sessionContext"]["sessionIssuer"]["accountId"],
        &identity["principalId"],
    ];
    let by_id = candidates.into_iter().filter_map(Value::as_str).find_map(account);
    by_id.or_else(|| identity["arn"].as_str().and_then(|arn| arn.split(':').nth(4)).and_then(account))
}

/// An account id, also as older records write it, with dashes.
fn account(text: &str) -> Option<AccountId> {
    let digits: String = text.trim().chars().filter(|c| *c != '-').collect();
    AccountId::is_valid(&digits).then(|| AccountId::new(digits))
}

/// The Region of the record. Global services' records name us-east-1, old ones `global` or nothing. [V] a captured
/// sign-in of 2018
pub fn region_of(record: &Value) -> Region {
    match text(record, "awsRegion") {
        "" | "global" => Region::new("us-east-1"),
        region => Region::new(region),
    }
}

/// EventBridge's `detail-type`. A sign-in whose eventType is AwsApiCall is an API call, as is an unknown eventType.
/// [D] for the first four, [?] for the rest (aws-semantics.md section 7)
pub fn detail_type(record: &Value) -> &'static str {
    match text(record, "eventType") {
        "AwsConsoleSignIn" => "AWS Console Sign In via CloudTrail",
        "AwsServiceEvent" => "AWS Service Event via CloudTrail",
        "AwsConsoleAction" => "AWS Console Action via CloudTrail",
        "AwsVpceEvents" | "AwsVpceEvent" => "AWS Network Activity Event via CloudTrail",
        "AwsCloudTrailInsight" => "AWS Insight via CloudTrail",
        _ => "AWS API Call via CloudTrail",
    }
}

/// EventBridge's `source`: the called service. Insights name none. [D] UG eb-service-event-cloudtrail
fn source(record: &Value) -> String {
    let service = text(record, "eventSource").split('.').next().unwrap_or_default();
    format!("aws.{}", if service.is_empty() { "cloudtrail" } else { service })
}

/// The event that EventBridge makes of a record. Account and time that the record lacks are left empty.
/// [D] root-events.md section 2: `time` is the record's eventTime, `resources` is empty, `id` is not the eventID
pub fn envelope_of(record: &Value, id: String) -> Value {
    let time = text(record, "eventTime");
    let (account, region) = (account_of(record), region_of(record));
    let envelope = Envelope {
        id,
        detail_type: detail_type(record),
        source: &source(record),
        account: account.as_ref().map_or("", AccountId::as_str),
        time: Time::parse(time).map_or_else(|| time.to_owned(), Time::iso_seconds),
        region: region.as_str(),
        resources: Value::Array(Vec::new()),
        detail: record.clone(),
    };
    envelope.value()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn envelopes() {
        // root-events.md section 2; the index of the catalogue gives these envelopes
        let cases = [
            (
                json!({"eventType": "AwsConsoleSignIn", "eventSource": "signin.amazonaws.com", "awsRegion": "us-east-2"}),
                "AWS Console Sign In via CloudTrail",
                "aws.signin",
                "us-east-2",
            ),
            // `aws login`: a sign-in that is an API call
            (
                json!({"eventType": "AwsApiCall", "eventSource": "signin.amazonaws.com", "awsRegion": "us-east-1"}),
                "AWS API Call via CloudTrail",
                "aws.signin",
                "us-east-1",
            ),
            (
                json!({"eventType": "AwsServiceEvent", "eventSource": "kms.amazonaws.com", "awsRegion": "us-east-2"}),
                "AWS Service Event via CloudTrail",
                "aws.kms",
                "us-east-2",
            ),
            (
                json!({"eventType": "AwsConsoleAction", "eventSource": "taxconsole.amazon.com", "awsRegion": "us-east-1"}),
                "AWS Console Action via CloudTrail",
                "aws.taxconsole",
                "us-east-1",
            ),
            (
                json!({"eventType": "AwsVpceEvents", "eventSource": "s3.amazonaws.com", "awsRegion": "us-east-1"}),
                "AWS Network Activity Event via CloudTrail",
                "aws.s3",
                "us-east-1",
            ),
            (
                json!({"eventType": "AwsCloudTrailInsight", "awsRegion": "us-east-1"}),
                "AWS Insight via CloudTrail",
                "aws.cloudtrail",
                "us-east-1",
            ),
            // an unknown eventType is an API call
            (
                json!({"eventType": "AwsNew", "eventSource": "iam.amazonaws.com", "awsRegion": "global"}),
                "AWS API Call via CloudTrail",
                "aws.iam",
                "us-east-1",
            ),
            (
                json!({"eventSource": "ec2.amazonaws.com.cn", "awsRegion": "cn-north-1"}),
                "AWS API Call via CloudTrail",
                "aws.ec2",
                "cn-north-1",
            ),
            (json!({"eventSource": "iam.amazonaws.com"}), "AWS API Call via CloudTrail", "aws.iam", "us-east-1"),
        ];
        for (mut record, detail_type, source, region) in cases {
            record["eventTime"] = "2026-03-02T09:14:07Z".into();
            record["recipientAccountId"] = "111122223333".into();
            record["eventID"] = "e".into();
            let expected = json!({
                "version": "0", "id": "i", "detail-type": detail_type, "source": source, "account": "111122223333",
                "time": "2026-03-02T09:14:07Z", "region": region, "resources": [], "detail": record,
            });
            assert_eq!(envelope_of(&record, "i".into()), expected);
        }
    }

    #[test]
    fn accounts() {
        // root-events.md section 3: the account to report
        let cases = [
            (
                json!({"recipientAccountId": "111122223333", "userIdentity": {"accountId": "444455556666"}}),
                Some("111122223333"),
            ),
            (json!({"recipientAccountId": "1111-2222-3333"}), Some("111122223333")),
            (json!({"userIdentity": {"accountId": "444455556666"}}), Some("444455556666")),
            (
                json!({"userIdentity": {"sessionContext": {"sessionIssuer": {"accountId": "444455556666"}}}}),
                Some("444455556666"),
            ),
            (json!({"userIdentity": {"arn": "arn:aws:iam::444455556666:root"}}), Some("444455556666")),
            (json!({"userIdentity": {"principalId": "444455556666"}}), Some("444455556666")),
            (json!({"userIdentity": {"principalId": "AIDAEXAMPLE", "accountId": "ANONYMOUS_PRINCIPAL"}}), None),
            (json!({}), None),
        ];
        for (record, expected) in cases {
            assert_eq!(account_of(&record).as_ref().map(AccountId::as_str), expected, "{record}");
        }
    }

    #[test]
    fn records_are_told_from_events() {
        let cases = [
            (json!({"eventVersion": "1.08", "eventName": "ConsoleLogin"}), true),
            (json!({"eventVersion": "1.07", "eventType": "AwsCloudTrailInsight"}), true),
            (json!({"eventTime": "2026-03-02T09:14:07Z", "eventSource": "iam.amazonaws.com"}), true),
            (json!({"eventName": "x"}), false),
            (json!({"detail-type": "x", "source": "aws.signin", "detail": {}}), false),
            (json!({"schemaVersion": "2.0", "accountId": "111122223333"}), false),
            (json!([]), false),
        ];
        for (value, expected) in cases {
            assert_eq!(is_cloudtrail_record(&value), expected, "{value}");
        }
    }

    #[test]
    fn categories() {
        // root-events.md section 2; fields may be absent in older records
        let cases = [
            (json!({"eventCategory": "Data"}), Category::Data),
            (json!({"managementEvent": false}), Category::Data),
            (json!({"eventType": "AwsVpceEvents"}), Category::NetworkActivity),
            (json!({"eventCategory": "Insight"}), Category::Insight),
            (json!({"eventType": "AwsApiCall"}), Category::Management),
        ];
        for (record, expected) in cases {
            assert_eq!(Category::of(&record), expected, "{record}");
        }
    }
}
