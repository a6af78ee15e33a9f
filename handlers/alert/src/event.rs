//! A lenient view of an EventBridge event that carries a CloudTrail record.
//!
//! CloudTrail omits, empties and nulls nearly every field somewhere [D: CloudTrail record contents], so an accessor
//! answers `None` for what is absent, null or of another type, and nothing here fails.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::Value;

/// The event source of everything that the sign-in service records.
pub const SIGN_IN: &str = "signin.amazonaws.com";

/// An event in its EventBridge envelope, borrowed.
#[derive(Debug, Clone, Copy)]
pub struct Event<'a> {
    value: &'a Value,
}

impl<'a> Event<'a> {
    /// Looks at a JSON value as an event. Any value will do.
    pub fn new(value: &'a Value) -> Self {
        Event { value }
    }

    /// The whole event as it came.
    pub fn value(self) -> &'a Value {
        self.value
    }

    /// The value at a path of object keys; null counts as absent, as it does in CloudTrail's own records.
    pub fn at(self, path: &[&str]) -> Option<&'a Value> {
        path.iter().try_fold(self.value, |value, key| value.get(key)).filter(|value| !value.is_null())
    }

    /// The text at a path, if it is a text that says something: `accessKeyId` and `arn` may be `""`.
    pub fn text(self, path: &[&str]) -> Option<&'a str> {
        self.at(path)?.as_str().filter(|text| !text.is_empty())
    }

    /// A text of the CloudTrail record.
    pub fn detail(self, key: &str) -> Option<&'a str> {
        self.text(&["detail", key])
    }

    /// A text of the record's `userIdentity`.
    pub fn identity(self, key: &str) -> Option<&'a str> {
        self.text(&["detail", "userIdentity", key])
    }

    /// A flag at a path: CloudTrail writes some as booleans and some as `"true"` or `"Yes"`, once `"YES"`.
    pub fn flag(self, path: &[&str]) -> Option<bool> {
        match self.at(path)? {
            Value::Bool(flag) => Some(*flag),
            Value::String(text) if ["true", "yes"].iter().any(|yes| text.eq_ignore_ascii_case(yes)) => Some(true),
            Value::String(text) if ["false", "no"].iter().any(|no| text.eq_ignore_ascii_case(no)) => Some(false),
            _ => None,
        }
    }

    /// `detail-type` of the envelope.
    pub fn detail_type(self) -> Option<&'a str> {
        self.text(&["detail-type"])
    }

    /// The called service, as `iam.amazonaws.com`.
    pub fn event_source(self) -> Option<&'a str> {
        self.detail("eventSource")
    }

    /// The called operation, as `CreateAccessKey`.
    pub fn event_name(self) -> Option<&'a str> {
        self.detail("eventName")
    }

    /// The service of the event source without its domain, as `iam`.
    pub fn service(self) -> &'a str {
        service(self.event_source().unwrap_or_default())
    }

    /// The operation without the date of its API, as `CreateFunction` for `CreateFunction20150331v2`.
    pub fn operation(self) -> &'a str {
        operation(self.event_name().unwrap_or_default())
    }

    /// Returns true for a report of a service about something that nobody called. AWS's own samples of event types differ in case:
    /// `AwsConsoleSignIn`, `AwsConsoleSignin` [D: IAM guide's sample].
    pub fn is_service_event(self) -> bool {
        self.detail("eventType").is_some_and(|kind| kind.eq_ignore_ascii_case("AwsServiceEvent"))
    }

    /// The UTC hour of the event as a part of a key, as `2026-03-02T09Z`.
    pub(crate) fn hour(self) -> String {
        match self.time() {
            Some(time) => time.to_zoned(TimeZone::UTC).strftime("%Y-%m-%dT%HZ").to_string(),
            None => "unknown-time".to_owned(),
        }
    }

    /// Returns true if root itself called with a long-lived access key. The ids of such keys begin with AKIA [D: IAM identifiers].
    pub fn is_long_lived_root_key(self) -> bool {
        self.identity("type") == Some("Root") && self.identity("accessKeyId").is_some_and(|key| key.starts_with("AKIA"))
    }

    /// Whether the record is the operation `name` of the service that the API calls `source`.
    pub fn is(self, source: &str, name: &str) -> bool {
        self.event_source() == Some(source) && self.event_name() == Some(name)
    }

    /// The account that EventBridge says the event is from, else the one that the record says it was written for.
    ///
    /// The envelope's account is set by EventBridge and not by whoever made the record; old records lack
    /// `recipientAccountId` altogether [V: captured envelopes of 2018 and 2021].
    pub fn account(self) -> Option<&'a str> {
        self.text(&["account"]).or_else(|| self.detail("recipientAccountId")).or_else(|| self.identity("accountId"))
    }

    /// The Region of the envelope, else of the record (a login of 2018 says `global` there).
    pub fn region(self) -> Option<&'a str> {
        self.text(&["region"]).or_else(|| self.detail("awsRegion"))
    }

    /// When it happened: the record's time, else the envelope's. CloudTrail's times have whole seconds.
    pub fn time(self) -> Option<Timestamp> {
        [self.detail("eventTime"), self.text(&["time"])].into_iter().flatten().find_map(|text| text.parse().ok())
    }

    /// Whether the session was made by `sts:AssumeRoot`. The mark is documented in `sessionContext`, and has been
    /// seen in the caller's own session as well [D: userIdentity element, IAM guide's sample].
    pub fn is_assumed_root_session(self) -> bool {
        const CONTEXT: [&str; 3] = ["detail", "userIdentity", "sessionContext"];
        self.flag(&[CONTEXT[0], CONTEXT[1], CONTEXT[2], "assumedRoot"]) == Some(true)
            || self.flag(&[CONTEXT[0], CONTEXT[1], CONTEXT[2], "attributes", "assumedRoot"]) == Some(true)
    }

    /// Whether this is `sts:AssumeRoot`, whichever account's copy.
    pub fn is_assume_root(self) -> bool {
        self.is("sts.amazonaws.com", "AssumeRoot")
    }
}

/// The service of an event source without its domain: `iam` for `iam.amazonaws.com`.
pub(crate) fn service(event_source: &str) -> &str {
    event_source.split('.').next().unwrap_or_default()
}

/// The operation of an event name without the date and version of its API: `CreateFunction` for
/// `CreateFunction20150331`, `UpdateFunctionCode20150331v2` and `CreateFunction2015_03_31` alike.
pub fn operation(event_name: &str) -> &str {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let dated = match event_name.rsplit_once('v') {
        Some((dated, version)) if digits(version) => dated,
        _ => event_name,
    };
    let without = |length: usize, is_date: &dyn Fn(&str) -> bool| {
        let at = dated.len().checked_sub(length).filter(|at| *at > 0)?;
        let (name, date) = (dated.get(..at)?, dated.get(at..)?);
        is_date(date).then_some(name)
    };
    without(8, &|date| digits(date))
        .or_else(|| {
            without(10, &|date| {
                let parts: Vec<_> = date.split('_').collect();
                matches!(parts[..], [year, month, day] if year.len() == 4 && month.len() == 2 && [year, month, day].into_iter().all(digits))
            })
        })
        .unwrap_or(event_name)
}

#[cfg(test)]
mod tests {
    use super::operation;

    #[test]
    fn api_dates_are_no_part_of_an_operation() {
        for (event_name, wanted) in [
            ("CreateFunction20150331", "CreateFunction"),
            ("UpdateFunctionCode20150331v2", "UpdateFunctionCode"),
            ("CreateDistribution2020_05_31", "CreateDistribution"),
            ("ListObjectsV2", "ListObjectsV2"),
            ("DescribeIpv6", "DescribeIpv6"),
            ("20150331", "20150331"),
            ("é20150331", "é"),
            ("éé150331", "éé150331"),
            ("", ""),
        ] {
            assert_eq!(operation(event_name), wanted);
        }
    }
}
