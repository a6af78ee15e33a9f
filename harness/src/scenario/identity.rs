//! Whose record it is, and who plays that account in the deployment under test.

use rootwatch_cloud::services::cloudtrail;
use serde_json::Value;

use super::Scenario;
use crate::deployment::{Accounts, DEFAULT_REGION, is_region_shaped};

/// The account of the deployment that acts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Who {
    /// The monitored account.
    Spoke,
    /// The hub's account.
    Hub,
    /// Another account that has a spoke.
    Further,
}

/// A record as it is injected.
#[derive(Clone, Debug, PartialEq)]
pub struct Played {
    /// Who plays it.
    pub who: Who,
    /// The record, account ids exchanged where needed.
    pub value: Value,
    /// Every exchange and default, for the report.
    pub notes: Vec<String>,
    /// The Region in which CloudTrail delivers it.
    pub region: String,
}

/// The account that a record or event belongs to: the envelope's, else the one whose default bus the record reaches.
fn account_of(value: &Value) -> Option<String> {
    let detail = value.get("detail").filter(|_| value.get("detail-type").is_some());
    let is_account = |text: &str| text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit());
    let envelope = value.get("account").and_then(Value::as_str).filter(|text| is_account(text)).map(str::to_owned);
    envelope.or_else(|| cloudtrail::account_of(detail.unwrap_or(value)).map(|account| account.as_str().to_owned()))
}

/// Decides who plays a record or event. The hub's account is itself; any other account is played by the spoke, the two
/// ids exchanged throughout, so that different accounts stay different. What was made unrecognisable before it was
/// shared, or left out, is the spoke's, in us-east-1.
pub fn play(value: &Value, accounts: &Accounts) -> Played {
    let mut notes = Vec::new();
    let mut value = value.clone();
    let is_event = value.get("detail-type").is_some();
    let (region_key, account_key) = if is_event { ("region", "account") } else { ("awsRegion", "recipientAccountId") };
    let region = match value.get(region_key).and_then(Value::as_str) {
        None | Some("" | "global") => DEFAULT_REGION.to_owned(),
        Some(region) if is_region_shaped(region) => region.to_owned(),
        Some(other) => {
            notes.push(format!("`{other}` is no Region: {DEFAULT_REGION} is taken instead"));
            value[region_key] = DEFAULT_REGION.into();
            DEFAULT_REGION.to_owned()
        }
    };
    let who = match account_of(&value) {
        Some(account) if account == accounts.hub => Who::Hub,
        Some(account) if account == accounts.spoke => Who::Spoke,
        Some(account) if accounts.further().any(|other| *other == account) => Who::Further,
        Some(account) => {
            notes.push(format!("account {account} is played by the spoke, {}", accounts.spoke));
            value = exchange(&value, &account, &accounts.spoke);
            Who::Spoke
        }
        None => {
            notes.push(format!("it names no account of 12 digits: the spoke plays it, {}", accounts.spoke));
            if value.is_object() {
                value[account_key] = accounts.spoke.as_str().into();
            }
            Who::Spoke
        }
    };
    Played { who, value, notes, region }
}

/// The scenario as it is for other accounts: the ids that scenario files are written with give way to theirs. What names none of
/// these ids stays as it is, so that a record of the accounts themselves is theirs.
pub fn for_accounts(scenario: &Scenario, accounts: &Accounts) -> Scenario {
    let default = Accounts::default();
    let pairs = [
        (&default.spoke, &accounts.spoke),
        (&default.hub, &accounts.hub),
        (&default.management, &accounts.management),
        (&default.organization, &accounts.organization),
    ];
    let pairs: Vec<_> = pairs.into_iter().filter(|(from, to)| from != to).collect();
    if pairs.is_empty() {
        return scenario.clone();
    }
    let value = |value: &mut Value| {
        for (from, to) in &pairs {
            let written = value.to_string();
            if written.contains(*from) || written.contains(&dashed(from)) {
                *value = exchange(value, from, to);
            }
        }
    };
    let text = |text: &mut String| {
        for (from, to) in &pairs {
            if text.contains(*from) {
                *text = exchange_text(text, from, to);
            }
        }
    };
    let mut scenario = scenario.clone();
    scenario.records.iter_mut().chain(&mut scenario.events).for_each(value);
    for call in &mut scenario.calls {
        text(&mut call.account);
        value(&mut call.params);
    }
    for call in &mut scenario.put_events {
        text(&mut call.account);
        call.bus.iter_mut().for_each(text);
        value(&mut call.detail);
    }
    if let Some(expect) = &mut scenario.expect {
        expect.mentions.iter_mut().map(|mention| &mut mention.text).chain(&mut expect.broken_hop).for_each(text);
        expect.messages.iter_mut().flat_map(|message| message.values.values_mut()).for_each(value);
    }
    scenario
}

/// The id of the hub's KMS key in scenario files. AWS chooses the id at the deployment; this one is of AWS's documentation.
pub const HUB_KEY: &str = "1234abcd-12ab-34cd-56ef-1234567890ab";

/// A record of a scenario file with the id of the deployed key, if it is known.
pub fn with_hub_key(record: Value, key: Option<&str>) -> Value {
    match key {
        Some(key) => with_text(record, HUB_KEY, key),
        None => record,
    }
}

/// The value with another text in the place of one.
pub fn with_text(value: Value, from: &str, to: &str) -> Value {
    match value {
        Value::String(text) if text.contains(from) => Value::String(text.replace(from, to)),
        Value::Array(items) => items.into_iter().map(|item| with_text(item, from, to)).collect(),
        Value::Object(members) => members.into_iter().map(|(key, item)| (key, with_text(item, from, to))).collect(),
        other => other,
    }
}

/// Exchanges two account ids in every text, dashed spellings included.
pub fn exchange(value: &Value, a: &str, b: &str) -> Value {
    match value {
        Value::String(text) => Value::String(exchange_text(&exchange_text(text, a, b), &dashed(a), &dashed(b))),
        Value::Array(items) => items.iter().map(|item| exchange(item, a, b)).collect(),
        Value::Object(members) => {
            members.iter().map(|(key, item)| (exchange_text(key, a, b), exchange(item, a, b))).collect()
        }
        other => other.clone(),
    }
}

fn exchange_text(text: &str, a: &str, b: &str) -> String {
    if !text.contains(a) && !text.contains(b) {
        return text.to_owned();
    }
    text.split(a).map(|part| part.replace(b, a)).collect::<Vec<_>>().join(b)
}

fn dashed(account: &str) -> String {
    match account.len() {
        12 if account.is_ascii() => format!("{}-{}-{}", &account[..4], &account[4..8], &account[8..]),
        _ => account.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn accounts_are_exchanged_throughout() {
        let accounts = Accounts::default();
        let record = json!({
            "recipientAccountId": "444455556666", "awsRegion": "eu-west-1",
            "userIdentity": {"arn": "arn:aws:iam::444455556666:root"},
            "requestParameters": {"targetPrincipal": "111122223333", "444455556666": ["1111-2222-3333"]},
        });
        let played = play(&record, &accounts);
        assert_eq!(played.who, Who::Spoke);
        assert_eq!(played.region, "eu-west-1");
        assert_eq!(
            played.value,
            json!({
                "recipientAccountId": "111122223333", "awsRegion": "eu-west-1",
                "userIdentity": {"arn": "arn:aws:iam::111122223333:root"},
                "requestParameters": {"targetPrincipal": "444455556666", "111122223333": ["4444-5555-6666"]},
            })
        );
        assert!(played.notes.join("").contains("444455556666"));
    }

    #[test]
    fn scenarios_are_played_in_other_accounts() {
        let other = Accounts { spoke: "210987654321".into(), hub: "300000000003".into(), ..Accounts::default() };
        let scenario: Scenario = serde_json::from_value(json!({
            "records": [{"recipientAccountId": "111122223333", "x": "arn:aws:iam::999988887777:root", "y": "1111-2222-3333"}],
            "put_events": [{"account": "spoke", "source": "s", "detail_type": "d", "detail": {"a": "111122223333"},
                "bus": "arn:aws:events:us-east-1:999988887777:event-bus/b"}],
            "expect": {"login": 1, "mentions": ["account 111122223333"]},
        }))
        .unwrap();
        let played = for_accounts(&scenario, &other);
        assert_eq!(
            played.records,
            [
                json!({"recipientAccountId": "210987654321", "x": "arn:aws:iam::300000000003:root", "y": "2109-8765-4321"})
            ]
        );
        assert_eq!(played.put_events[0].detail, json!({"a": "210987654321"}));
        assert_eq!(played.put_events[0].bus.as_deref(), Some("arn:aws:events:us-east-1:300000000003:event-bus/b"));
        assert_eq!(played.expect.unwrap().mentions, ["account 210987654321".into()]);
        assert_eq!(for_accounts(&scenario, &Accounts::default()), scenario);
        let own: Scenario = serde_json::from_value(json!({
            "records": [{"recipientAccountId": "300000000003"}], "expect": {"login": 1, "mentions": ["account 300000000003"]},
        }))
        .unwrap();
        assert_eq!(for_accounts(&own, &other), own);
    }

    /// A record that cannot be injected fails its scenario: there is none among the project's own.
    #[test]
    fn every_scenario_can_be_injected() {
        let project = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let accounts = Accounts::default();
        for loaded in crate::scenario::find(&project.join("scenarios")).unwrap() {
            let scenario = loaded.scenario.unwrap();
            let mut state = rootwatch_cloud::State::new(rootwatch_cloud::time::Time(0), 1);
            for record in &scenario.records {
                let injected = cloudtrail::inject(&mut state, play(record, &accounts).value);
                assert!(injected.is_ok(), "{}: {injected:?}", loaded.name);
            }
            for event in &scenario.events {
                let injected = cloudtrail::inject_event(&mut state, play(event, &accounts).value);
                assert!(injected.is_ok(), "{}: {injected:?}", loaded.name);
            }
        }
    }

    #[test]
    fn who_plays() {
        let accounts = Accounts::default();
        let (spoke, hub) = (accounts.spoke.as_str(), accounts.hub.as_str());
        // The value, who plays it, the Region, and what the notes say.
        let cases: [(Value, Who, &str, &[&str]); 10] = [
            (json!({"recipientAccountId": hub}), Who::Hub, "us-east-1", &[]),
            (json!({"recipientAccountId": spoke, "awsRegion": "global"}), Who::Spoke, "us-east-1", &[]),
            (json!({"userIdentity": {"accountId": "123456789012"}}), Who::Spoke, "us-east-1", &["123456789012"]),
            (
                json!({"recipientAccountId": "1234-5678-9012", "awsRegion": "eu-west-2"}),
                Who::Spoke,
                "eu-west-2",
                &["123456789012"],
            ),
            (
                json!({"userIdentity": {"arn": "arn:aws:iam::444455556666:root"}}),
                Who::Spoke,
                "us-east-1",
                &["444455556666"],
            ),
            // What people share is often made unrecognisable first.
            (json!({}), Who::Spoke, "us-east-1", &["no account"]),
            (
                json!({"recipientAccountId": "REDACTED", "awsRegion": "redacted"}),
                Who::Spoke,
                "us-east-1",
                &["`redacted` is no Region", "no account"],
            ),
            (json!({"recipientAccountId": spoke, "awsRegion": "cn-north-1"}), Who::Spoke, "cn-north-1", &[]),
            (json!({"recipientAccountId": spoke, "awsRegion": "us-gov-west-1"}), Who::Spoke, "us-gov-west-1", &[]),
            (
                json!({"detail-type": "x", "account": hub, "region": "us-west-2", "detail": {}}),
                Who::Hub,
                "us-west-2",
                &[],
            ),
        ];
        for (value, who, region, notes) in cases {
            let played = play(&value, &accounts);
            assert_eq!((played.who, played.region.as_str()), (who, region), "{value}");
            assert_eq!(played.notes.len(), notes.len(), "{value}: {:?}", played.notes);
            for (note, part) in played.notes.iter().zip(notes) {
                assert!(note.contains(part), "{value}: {note}");
            }
            let again = play(&played.value, &accounts);
            assert_eq!((again.who, again.notes.len()), (who, 0), "what is injected belongs to who plays it: {value}");
        }
    }
}
