//! Whether it worked: a failed or denied act of root is a signal of its own, and is said.

use serde::Serialize;

use crate::event::Event;

/// What became of the act.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// It worked.
    Success,
    /// It was tried and failed.
    Failure,
    /// It was tried and a policy stopped it.
    Denied,
    /// The event does not say.
    Unknown,
}

impl Outcome {
    /// The word in the message.
    pub fn as_str(self) -> &'static str {
        match self {
            Outcome::Success => "success",
            Outcome::Failure => "failure",
            Outcome::Denied => "denied",
            Outcome::Unknown => "unknown",
        }
    }

    /// The outcome that a message names; anything unknown is [`Outcome::Unknown`].
    pub fn from_word(word: &str) -> Self {
        match word {
            "success" => Outcome::Success,
            "failure" => Outcome::Failure,
            "denied" => Outcome::Denied,
            _ => Outcome::Unknown,
        }
    }
}

/// The outcome of the act of a CloudTrail record.
///
/// API calls say it by `errorCode`, sign-in failures only by `errorMessage` and the element of `responseElements`
/// that bears the event's name, OAuth sign-ins by the text `additionalEventData.success` [D: CloudTrail guide].
pub fn outcome(event: Event<'_>) -> Outcome {
    if let Some(code) = event.detail("errorCode") {
        return if is_denial(code) { Outcome::Denied } else { Outcome::Failure };
    }
    if event.detail("errorMessage").is_some()
        || event.flag(&["detail", "additionalEventData", "success"]) == Some(false)
    {
        return Outcome::Failure;
    }
    let response = event.event_name().and_then(|name| event.text(&["detail", "responseElements", name]));
    match response {
        Some("Success") => Outcome::Success,
        Some("Failure") => Outcome::Failure,
        _ if event.event_name().is_none() => Outcome::Unknown,
        _ => Outcome::Success,
    }
}

/// `AccessDenied`, `AccessDeniedException`, `Client.UnauthorizedOperation`, `VpceAccessDenied` and their like.
fn is_denial(code: &str) -> bool {
    let code = code.to_ascii_lowercase();
    ["accessdenied", "unauthorized", "notauthorized", "forbidden", "authorizationerror"]
        .iter()
        .any(|mark| code.contains(mark))
}
