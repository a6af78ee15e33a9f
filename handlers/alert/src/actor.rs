//! Who: the identity, how it got in, and with what.

use serde::Serialize;
use serde_json::Value;

use crate::act::mfa_used;
use crate::event::{Event, SIGN_IN};
use crate::steps::HidingPlace;
use crate::text::plain;
use crate::verdict::Reason;

/// Longest text of one field, in characters. CloudTrail's own names and ARNs are shorter.
const FIELD_LIMIT: usize = 512;

/// Who acted, as far as the record says.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Actor {
    /// `userIdentity.type`: `Root`, `FederatedUser`, or the caller's type for AssumeRoot; absent where not stated.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// The identity's ARN.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub arn: Option<String>,
    /// The identity's account.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// `userName`; for root it is the account's alias, and never a person.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Access key id of the session.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub access_key_id: Option<String>,
    /// The way in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub access: Option<String>,
    /// Whether a second factor was used: `yes`, `no` or `unknown`.
    pub mfa: String,
}

impl Actor {
    /// The actor of an event.
    pub fn of(event: Event<'_>, reason: Reason) -> Self {
        let field = |text: Option<&str>| text.map(|text| plain(text, FIELD_LIMIT)).filter(|text| !text.is_empty());
        Actor {
            kind: field(event.identity("type")),
            arn: field(event.identity("arn")),
            account: field(event.identity("accountId")),
            name: field(event.identity("userName")),
            access_key_id: field(event.identity("accessKeyId")),
            access: Some(access(event, reason).to_owned()),
            mfa: match mfa(event) {
                Some(true) => "yes",
                Some(false) => "no",
                None => "unknown",
            }
            .to_owned(),
        }
    }

    /// The actor of a message.
    pub fn from_message(actor: &Value) -> Self {
        let field = |key: &str| {
            actor.get(key).and_then(Value::as_str).map(|text| plain(text, FIELD_LIMIT)).filter(|text| !text.is_empty())
        };
        Actor {
            kind: field("type"),
            arn: field("arn"),
            account: field("account"),
            name: field("name"),
            access_key_id: field("access_key_id"),
            access: field("access"),
            mfa: field("mfa").unwrap_or_else(|| "unknown".to_owned()),
        }
    }
}

/// The way in, in words.
fn access(event: Event<'_>, reason: Reason) -> &'static str {
    let from_console = event.flag(&["detail", "sessionCredentialFromConsole"]) == Some(true)
        || event.identity("invokedBy") == Some(SIGN_IN)
        || event.detail("eventType").is_some_and(|kind| kind.eq_ignore_ascii_case("AwsConsoleAction"));
    let key = event.identity("accessKeyId").unwrap_or_default();
    match reason {
        Reason::NotUnderstood(_) => "unknown",
        Reason::AssumeRoot => "AssumeRoot by another identity",
        _ if event.is_assumed_root_session() => "session made with AssumeRoot",
        _ if event.identity("type") == Some("FederatedUser") => "federated session that root issued",
        Reason::RootSignIn if event.detail("eventType").is_some_and(|kind| kind.eq_ignore_ascii_case("AwsApiCall")) => {
            "CLI sign-in (aws login)"
        }
        Reason::RootSignIn => "console sign-in",
        _ if event.hiding_place() == Some(HidingPlace::CloudShell) => "CloudShell",
        _ if from_console => "console",
        // Key ids of long-lived keys begin with AKIA, of temporary ones with ASIA [D: IAM identifiers].
        _ if key.starts_with("AKIA") => "long-lived access key",
        _ if key.starts_with("ASIA") => "temporary credentials",
        _ => "unknown",
    }
}

/// Sign-ins say it by `MFAUsed`, sessions by `mfaAuthenticated`; a long-lived key has no session and no factor.
fn mfa(event: Event<'_>) -> Option<bool> {
    const AUTHENTICATED: [&str; 5] = ["detail", "userIdentity", "sessionContext", "attributes", "mfaAuthenticated"];
    mfa_used(event)
        .or_else(|| event.flag(&AUTHENTICATED))
        .or_else(|| event.identity("accessKeyId").filter(|key| key.starts_with("AKIA")).map(|_| false))
}
