//! Asking CloudTrail's event history for what root did.
//!
//! [D] API_LookupEvents: 90 days, one Region, one attribute a request, 50 events a page, two requests a second for each
//! account and Region.

use std::collections::BTreeMap;

use aws_sdk_cloudtrail::Client;
use aws_sdk_cloudtrail::error::ProvideErrorMetadata;
use aws_sdk_cloudtrail::primitives::DateTime;
use aws_sdk_cloudtrail::types::{LookupAttribute, LookupAttributeKey};
use rootwatch_cloud::time::Time;
use serde_json::Value;

use super::{Pace, Wait};

/// [D] The most of a page.
const PAGE: i32 = 50;

/// Where root's acts are found. A record of root has the user name `root` whatever the account's alias is; AssumeRoot is
/// logged as an act of its caller; sign-ins are looked for by name too, as a cross-check.
fn attributes() -> [(LookupAttributeKey, &'static str); 3] {
    [
        (LookupAttributeKey::Username, "root"),
        (LookupAttributeKey::EventName, "AssumeRoot"),
        (LookupAttributeKey::EventName, "ConsoleLogin"),
    ]
}

/// From when to when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    /// The first moment.
    pub since: Time,
    /// The last moment.
    pub until: Time,
}

/// Why the history could not be read.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// CloudTrail refused, or did not answer.
    #[error("LookupEvents failed: {code}: {message}; it needs cloudtrail:LookupEvents")]
    Lookup {
        /// Its code.
        code: String,
        /// Its words.
        message: String,
    },
    /// An event is not what CloudTrail documents.
    #[error("event {id} of the history holds no record: {reason}")]
    Event {
        /// Its id.
        id: String,
        /// The parser's reason.
        reason: String,
    },
}

/// The records about root of one account and Region, oldest first, each once.
///
/// # Errors
/// When CloudTrail refuses a request, or answers with what is no record.
pub async fn lookup(
    client: &Client,
    range: Range,
    pace: &mut Pace,
    clock: &mut impl Wait,
) -> Result<Vec<Value>, RecordError> {
    let mut found = BTreeMap::new();
    for (key, value) in attributes() {
        let mut token = None;
        loop {
            let attribute = LookupAttribute::builder().attribute_key(key.clone()).attribute_value(value).build();
            let attribute = attribute
                .map_err(|error| RecordError::Lookup { code: "client".to_owned(), message: error.to_string() })?;
            let request = client
                .lookup_events()
                .lookup_attributes(attribute)
                .start_time(DateTime::from_millis(range.since.0))
                .end_time(DateTime::from_millis(range.until.0))
                .max_results(PAGE)
                .set_next_token(token);
            clock.wait(pace.due_in(clock.now())).await;
            let answer = request.send().await;
            pace.answered(clock.now());
            let answer = answer.map_err(|error| {
                let error = error.into_service_error();
                RecordError::Lookup {
                    code: error.code().unwrap_or("no answer").to_owned(),
                    message: error.message().map_or_else(|| error.to_string(), str::to_owned),
                }
            })?;
            for event in answer.events() {
                let id = event.event_id().unwrap_or_default().to_owned();
                let text = event.cloud_trail_event().unwrap_or_default();
                let record: Value = serde_json::from_str(text)
                    .map_err(|error| RecordError::Event { id: id.clone(), reason: error.to_string() })?;
                if concerns_root(&record) {
                    let at = event.event_time().map_or(0, |at| at.to_millis().unwrap_or_default());
                    found.insert((at, id), record);
                }
            }
            token = answer.next_token().map(str::to_owned);
            if token.is_none() {
                break;
            }
        }
    }
    Ok(found.into_values().collect())
}

/// Whether a record is about root: by its identity, by the session that root issued, or because somebody becomes root.
pub fn concerns_root(record: &Value) -> bool {
    let identity = &record["userIdentity"];
    identity["type"] == "Root"
        || identity.pointer("/sessionContext/sessionIssuer/type").is_some_and(|kind| kind == "Root")
        || record["eventName"] == "AssumeRoot"
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use rootwatch_cloud::runtime::CodeStore;
    use rootwatch_cloud::services::cloudtrail::inject;
    use rootwatch_cloud::{Clock, Cloud, Options, State};
    use serde_json::json;

    use super::*;
    use crate::runner::clients;
    use std::time::Duration;

    /// The cloud's own time: it passes when it is waited for.
    struct Virtual<'a>(&'a Cloud);

    impl Wait for Virtual<'_> {
        fn now(&self) -> Duration {
            Duration::from_millis(self.0.with(|state| state.now.0) as u64)
        }
        async fn wait(&mut self, duration: Duration) {
            self.0.advance(duration).await;
        }
    }

    const ACCOUNT: &str = "111122223333";

    fn record(n: usize, name: &str, identity: Value) -> Value {
        json!({
            "eventVersion": "1.11", "eventID": format!("00000000-0000-4000-8000-{n:012}"), "eventName": name,
            "eventSource": "iam.amazonaws.com", "eventType": "AwsApiCall", "awsRegion": "us-east-1",
            "eventTime": format!("2026-03-02T09:{:02}:{:02}Z", n / 60, n % 60), "userIdentity": identity,
            "recipientAccountId": ACCOUNT,
        })
    }

    async fn cloud() -> Cloud {
        let code = Arc::new(CodeStore::new(std::env::temp_dir()));
        let options = Options { clock: Clock::Owned, port: 0, code, host_variables: Vec::new() };
        let now = Time::parse("2026-03-03T00:00:00Z").unwrap_or(Time(0));
        Cloud::start(State::new(now, 1), options).await.unwrap()
    }

    /// 120 acts of root are three pages; the cloud throttles whoever asks more than twice a second, as AWS does.
    #[tokio::test(flavor = "multi_thread")]
    async fn pages_are_read_at_the_pace_that_is_allowed() {
        let root = json!({"type": "Root", "accountId": ACCOUNT, "arn": format!("arn:aws:iam::{ACCOUNT}:root")});
        let user = json!({"type": "IAMUser", "accountId": ACCOUNT, "userName": "root-admin"});
        let cloud = cloud().await;
        cloud.with(|state| {
            for n in 0..120 {
                inject(state, record(n, "CreateUser", root.clone())).unwrap();
            }
            inject(state, record(120, "ConsoleLogin", user.clone())).unwrap();
            inject(state, record(121, "AssumeRoot", user.clone())).unwrap();
            inject(state, record(122, "ConsoleLogin", root.clone())).unwrap();
            // Another account's, another Region's, and what lies beyond 90 days.
            let mut other = record(123, "CreateUser", root.clone());
            other["recipientAccountId"] = json!("444455556666");
            inject(state, other).unwrap();
            let mut other = record(124, "CreateUser", root.clone());
            other["awsRegion"] = json!("eu-west-1");
            inject(state, other).unwrap();
            let mut old = record(125, "CreateUser", root.clone());
            old["eventTime"] = json!("2025-11-01T00:00:00Z");
            inject(state, old).unwrap();
        });
        let client = clients::cloudtrail(cloud.endpoint(), ACCOUNT, "us-east-1");
        let range = Range { since: Time(0), until: cloud.with(|state| state.now) };
        let started = cloud.with(|state| state.now);
        let mut pace = Pace::per_second(2);
        let found = lookup(&client, range, &mut pace, &mut Virtual(&cloud)).await.unwrap();
        let names: Vec<&str> = found.iter().map(|record| record["eventName"].as_str().unwrap()).collect();
        assert_eq!(names.len(), 122, "each once, although a sign-in is found twice");
        assert_eq!(names[..120], ["CreateUser"; 120]);
        assert_eq!(names[120..], ["AssumeRoot", "ConsoleLogin"]);
        // Three pages, one, one: five requests, half a second apart.
        assert_eq!(cloud.with(|state| state.now) - started, Duration::from_secs(2));

        // A narrower range asks for less.
        let noon = |text| Time::parse(text).unwrap();
        let range = Range { since: noon("2026-03-02T09:02:01Z"), until: noon("2026-03-02T09:02:01Z") };
        let found = lookup(&client, range, &mut pace, &mut Virtual(&cloud)).await.unwrap();
        assert_eq!(found.len(), 1);
        // Who does not keep the distance is refused.
        let hasty = lookup(&client, range, &mut Pace::per_second(1000), &mut Virtual(&cloud)).await;
        assert!(hasty.is_err_and(|error| error.to_string().contains("ThrottlingException")));
    }

    #[test]
    fn what_concerns_root() {
        let cases = [
            (json!({"userIdentity": {"type": "Root"}}), true),
            (
                json!({"userIdentity": {"type": "FederatedUser", "sessionContext": {"sessionIssuer": {"type": "Root"}}}}),
                true,
            ),
            (json!({"eventName": "AssumeRoot", "userIdentity": {"type": "AssumedRole"}}), true),
            (json!({"userIdentity": {"type": "IAMUser", "userName": "root"}}), false),
            (json!({"eventName": "ConsoleLogin", "userIdentity": {"type": "IAMUser"}}), false),
        ];
        for (record, expected) in cases {
            assert_eq!(concerns_root(&record), expected, "{record}");
        }
    }
}
