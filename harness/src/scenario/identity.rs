//! Whose record it is, and who plays that account in the deployment under test.

use serde_json::Value;

use crate::deployment::Accounts;

/// The account of the deployment that acts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Who {
    /// The monitored account.
    Spoke,
    /// The hub's account.
    Hub,
}

/// A record as it is injected.
#[derive(Clone, Debug, PartialEq)]
pub struct Played {
    /// Who plays it.
    pub who: Who,
    /// The record, account ids exchanged where needed.
    pub value: Value,
    /// What was exchanged, for the report.
    pub note: Option<String>,
    /// The Region in which CloudTrail delivers it.
    pub region: String,
}

/// The account that a record or event belongs to: the recipient, else the envelope's, else the identity's.
fn account_of(value: &Value) -> Option<String> {
    let digits = |text: &str| -> String { text.chars().filter(|c| *c != '-').collect() };
    let detail = value.get("detail").filter(|_| value.get("detail-type").is_some());
    let record = detail.unwrap_or(value);
    [value.get("account"), record.get("recipientAccountId"), record.pointer("/userIdentity/accountId")]
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .map(digits)
        .find(|text| text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit()))
}

/// The Region of a record or event; what has none, or `global`, is us-east-1's.
fn region_of(value: &Value) -> String {
    let region = value.get("region").or_else(|| value.get("awsRegion")).and_then(Value::as_str);
    region.filter(|region| !region.is_empty() && *region != "global").unwrap_or("us-east-1").to_owned()
}

/// Decides who plays a record or event. The hub's account is itself; any other account is played by the spoke, the two
/// ids exchanged throughout, so that different accounts stay different.
pub fn play(value: &Value, accounts: &Accounts) -> Played {
    let region = region_of(value);
    let account = account_of(value).unwrap_or_else(|| accounts.spoke.clone());
    if account == accounts.hub {
        return Played { who: Who::Hub, value: value.clone(), note: None, region };
    }
    if account == accounts.spoke {
        return Played { who: Who::Spoke, value: value.clone(), note: None, region };
    }
    let note = format!("account {account} is played by the spoke, {}", accounts.spoke);
    Played { who: Who::Spoke, value: exchange(value, &account, &accounts.spoke), note: Some(note), region }
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
        assert!(played.note.unwrap().contains("444455556666"));
    }

    #[test]
    fn who_plays() {
        let accounts = Accounts::default();
        let cases = [
            (json!({"recipientAccountId": accounts.hub}), Who::Hub, "us-east-1", false),
            (json!({"recipientAccountId": accounts.spoke, "awsRegion": "global"}), Who::Spoke, "us-east-1", false),
            (json!({"userIdentity": {"accountId": "123456789012"}}), Who::Spoke, "us-east-1", true),
            (json!({"recipientAccountId": "1234-5678-9012", "awsRegion": "eu-west-2"}), Who::Spoke, "eu-west-2", true),
            (json!({}), Who::Spoke, "us-east-1", false),
            (
                json!({"detail-type": "x", "account": accounts.hub, "region": "us-west-2", "detail": {}}),
                Who::Hub,
                "us-west-2",
                false,
            ),
        ];
        for (value, who, region, noted) in cases {
            let played = play(&value, &accounts);
            assert_eq!((played.who, played.region.as_str(), played.note.is_some()), (who, region, noted), "{value}");
        }
    }
}
