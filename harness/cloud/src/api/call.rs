//! A call of the API: who, where, what, and the state to do it on.

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{ApiError, Protocol, Service};
use crate::authz::{Edge, PolicyText};
use crate::id::{AccountId, Arn, Region};
use crate::state::State;
use crate::time::Time;
use rootwatch_policy::{Context, Principal, ResourceKind};

/// A call of the API, already decoded: the same for every protocol.
#[derive(Debug)]
pub struct Call<'a> {
    /// The cloud.
    pub state: &'a mut State,
    /// Which service.
    pub service: Service,
    /// AWS's name of the operation.
    pub operation: String,
    /// How it was written, for the few answers that differ.
    pub protocol: Protocol,
    /// Who calls.
    pub caller: Principal,
    /// The caller's account.
    pub account: AccountId,
    /// The Region of the credential scope.
    pub region: Region,
    /// The input members, with AWS's names. From the Query protocol every scalar is a string.
    pub params: Value,
    /// The id that the answer carries.
    pub request_id: String,
}

/// What an operation answers.
#[derive(Debug)]
pub enum Reply {
    /// The output members. In an XML answer an object under the key `$map` is written as map entries, a list as
    /// `member` elements; where the protocol has no frame of its own (`RestXml`) the one member is the root element.
    Value(Value),
    /// A REST answer as it is.
    Raw {
        /// HTTP status.
        status: u16,
        /// Extra headers.
        headers: Vec<(&'static str, String)>,
        /// The body.
        body: Vec<u8>,
    },
    /// Nothing to say yet: call again when the state has changed; at `until` (virtual time) answer `otherwise`.
    /// Where the test owns the clock, the edge answers `otherwise` at once: time does not pass by itself.
    Wait {
        /// The end of the wait.
        until: Time,
        /// The answer then.
        otherwise: Value,
    },
    /// The answer is that of a function: wait for the invocation with this request id.
    Invocation(String),
}

impl Reply {
    /// An answer without members.
    pub fn empty() -> Self {
        Reply::Value(Value::Object(Default::default()))
    }
}

impl From<Value> for Reply {
    fn from(value: Value) -> Self {
        Reply::Value(value)
    }
}

impl Call<'_> {
    /// Reads the input into a type. Members that do not fit are the caller's error.
    pub fn input<T: DeserializeOwned>(&self) -> Result<T, ApiError> {
        let read = serde_json::from_value(self.params.clone()).or_else(|error| match (self.protocol, &self.params) {
            // The Query protocol writes an empty list as an empty text. [V] LS:sqs/test_receive_message_attribute_names_filters,
            // LS:sns/test_create_duplicate_topic_check_idempotency
            (Protocol::Query, Value::Object(members))
                if error.to_string().contains(r#"string "", expected a sequence"#) =>
            {
                serde_json::from_value(
                    members
                        .iter()
                        .filter(|(_, value)| *value != "")
                        .map(|(name, value)| (name.clone(), value.clone()))
                        .collect(),
                )
                .map_err(|_| error)
            }
            _ => Err(error),
        });
        read.map_err(|error| match self.protocol {
            Protocol::Json10 | Protocol::Json11 | Protocol::Cbor => {
                ApiError::new("SerializationException", error.to_string())
            }
            Protocol::Query => ApiError::new("ValidationError", error.to_string()),
            Protocol::RestJson => ApiError::new("InvalidRequestContentException", error.to_string()),
            Protocol::RestXml => ApiError::new("MalformedXML", error.to_string()),
        })
    }

    /// A text member, if it is there.
    pub fn text(&self, member: &str) -> Option<&str> {
        self.params.get(member).and_then(Value::as_str)
    }

    /// The ARN of a resource of the caller's account in the call's Region.
    pub fn arn(&self, resource: impl std::fmt::Display) -> Arn {
        let service = if self.service == Service::CloudWatch { "cloudwatch" } else { self.service.name() };
        Arn::of(service, &self.region, &self.account, resource)
    }

    /// Allows the call, or answers AWS's error. `action` is the policy action, e.g. `events:PutRule`.
    pub fn authorise(&mut self, action: &str, resource: &Arn) -> Result<(), ApiError> {
        self.authorise_with(action, resource, Context::new(), None)
    }

    /// The same with condition keys of the service and the resource's own policy (its name and text).
    pub fn authorise_with(
        &mut self,
        action: &str,
        resource: &Arn,
        context: Context,
        resource_policy: Option<(&str, &PolicyText)>,
    ) -> Result<(), ApiError> {
        self.authorise_kind(action, resource, context, resource_policy, ResourceKind::Ordinary)
    }

    /// The same for resources whose policy must allow by itself (role trust, KMS keys).
    pub fn authorise_kind(
        &mut self,
        action: &str,
        resource: &Arn,
        context: Context,
        resource_policy: Option<(&str, &PolicyText)>,
        kind: ResourceKind,
    ) -> Result<(), ApiError> {
        let caller = self.caller.clone();
        let edge = Edge { principal: &caller, action, resource, region: &self.region, context, resource_policy, kind };
        let decision = self.state.decide(&edge);
        if decision.allowed {
            return Ok(());
        }
        let message = self.state.denial(&edge, &decision);
        self.state.trace_denied_call(&edge, decision);
        let (code, status) = self.service.access_denied();
        Err(ApiError::new(code, message).status(status))
    }
}

/// Deserialisers for members that are numbers or booleans in JSON and texts in the Query protocol.
pub mod lenient {
    use std::fmt::Display;
    use std::str::FromStr;

    use serde::de::Error;
    use serde::{Deserialize, Deserializer};
    use serde_json::Value;

    fn scalar<T: FromStr<Err: Display>>(value: &Value) -> Result<T, String> {
        let text = match value {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        text.parse().map_err(|error| format!("`{text}`: {error}"))
    }

    /// A number or boolean that may be written as a text.
    pub fn required<'de, T, D>(deserializer: D) -> Result<T, D::Error>
    where
        T: FromStr<Err: Display>,
        D: Deserializer<'de>,
    {
        scalar(&Value::deserialize(deserializer)?).map_err(D::Error::custom)
    }

    /// The same, possibly absent: use with `#[serde(default)]`.
    pub fn optional<'de, T, D>(deserializer: D) -> Result<Option<T>, D::Error>
    where
        T: FromStr<Err: Display>,
        D: Deserializer<'de>,
    {
        match Option::<Value>::deserialize(deserializer)? {
            None | Some(Value::Null) => Ok(None),
            Some(value) => scalar(&value).map(Some).map_err(D::Error::custom),
        }
    }
}
