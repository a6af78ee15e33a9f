//! A lenient view of an EventBridge event that carries a CloudTrail record.
//!
//! CloudTrail omits, empties and nulls nearly every field somewhere [D: CloudTrail record contents], so an accessor
//! answers `None` for what is absent, null or of another type, and nothing here fails.

use jiff::Timestamp;
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
