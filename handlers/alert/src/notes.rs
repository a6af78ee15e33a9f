//! What a reader must know to read the alert rightly: one sentence each.

use jiff::Timestamp;

use crate::act::mfa_used;
use crate::event::{Event, SIGN_IN};
use crate::outcome::Outcome;
use crate::steps::{HidingPlace, of_unknown_origin};
use crate::text::plain;
use crate::verdict::Reason;

/// What arrives later than this is said to be late. CloudTrail's own delivery takes minutes.
const LATE_SECONDS: i64 = 15 * 60;

/// The notes of an alert.
///
/// `delivered` is when the event reached the monitor, as its queue says; without it nothing is said about delay, other
/// than what CloudTrail itself says.
pub fn notes(event: Event<'_>, reason: Reason, outcome: Outcome, delivered: Option<Timestamp>) -> Vec<String> {
    let mut notes = Vec::new();
    understanding(event, reason, &mut notes);
    delivery(event, delivered, &mut notes);
    identity(event, reason, &mut notes);
    credentials(event, &mut notes);
    accounts(event, reason, &mut notes);
    sign_in(event, outcome, &mut notes);
    error(event, &mut notes);
    notes
}

fn understanding(event: Event<'_>, reason: Reason, notes: &mut Vec<String>) {
    match reason {
        Reason::NotUnderstood(what) => notes.push(format!(
            "This event came through a rule for root activity and was not understood ({what}): read it as it came."
        )),
        _ if event.event_source().is_none() || event.event_name().is_none() => {
            notes.push("The record does not name the operation.".to_owned());
        }
        _ => {}
    }
}

fn delivery(event: Event<'_>, delivered: Option<Timestamp>, notes: &mut Vec<String>) {
    if let Some(cause) = event.text(&["detail", "addendum", "reason"]) {
        let original = event
            .text(&["detail", "addendum", "originalEventID"])
            .map(|id| format!(" of event {}", plain(id, 64)))
            .unwrap_or_default();
        notes.push(match cause {
            "UPDATED_DATA" => format!("CloudTrail sent this as a corrected copy{original}."),
            "DELIVERY_DELAY" | "SERVICE_OUTAGE" => {
                format!("CloudTrail delivered this late ({cause}): the event time is when it happened.")
            }
            other => format!("CloudTrail sent this as an addendum{original}: {}.", plain(other, 64)),
        });
    }
    if let (Some(happened), Some(delivered)) = (event.time(), delivered) {
        let late = delivered.as_second() - happened.as_second();
        if late > LATE_SECONDS {
            notes.push(format!("It reached the monitor {} after it happened.", span(late)));
        }
    }
}

fn identity(event: Event<'_>, reason: Reason, notes: &mut Vec<String>) {
    match reason {
        Reason::UntypedBillingAction => {
            notes.push("The record does not state an identity: this may have been root, or another user of the billing console.".to_owned());
        }
        Reason::Deployment => {
            notes.push("The caller is a deployment role of the monitor (`deploy_role_arns`).".to_owned())
        }
        Reason::MonitorChanged => {
            if let Some(service) = event.identity("invokedBy").filter(|service| *service != SIGN_IN) {
                notes.push(format!("The caller made this change through {}.", plain(service, 128)));
            }
        }
        Reason::AssumeRoot => {
            notes.push("The identity is the caller's. The session that it got acts as root of the target for at most 15 minutes.".to_owned());
        }
        _ if event.is_assumed_root_session() => {
            notes.push("The session was made with AssumeRoot by another identity of the organization: no root password or key was used. The AssumeRoot event names who.".to_owned());
        }
        _ if event.identity("type") == Some("FederatedUser") => {
            notes.push(
                "The session was issued with root's access keys (GetFederationToken) and has root's reach.".to_owned(),
            );
        }
        _ => {}
    }
}

fn credentials(event: Event<'_>, notes: &mut Vec<String>) {
    match event.hiding_place() {
        Some(HidingPlace::AwsInternal) => notes.push(
            "A person acted through the AWS console (`AWS Internal`): source address masked by AWS.".to_owned(),
        ),
        Some(HidingPlace::CloudShell) => notes.push(
            "A person acted in AWS CloudShell: source address masked by AWS, the one in the record belongs to CloudShell."
                .to_owned(),
        ),
        Some(HidingPlace::AppStream) => notes.push(
            "A person acted in an AppStream 2.0 session: source address masked by AWS.".to_owned(),
        ),
        Some(HidingPlace::Service) => notes.push(
            "The record names a service instead of an address, but no service as the caller: a person acted through that service, source address masked by AWS.".to_owned(),
        ),
        None => {}
    }
    if event.is_long_lived_root_key() {
        notes.push("The caller used a long-lived root access key. AWS advises against root access keys.".to_owned());
    } else if of_unknown_origin(event) {
        notes.push(
            "The temporary credentials may come from GetSessionToken with a root access key, or from an AssumeRoot session."
                .to_owned(),
        );
    }
}

fn accounts(event: Event<'_>, reason: Reason, notes: &mut Vec<String>) {
    let Some(account) = event.text(&["account"]) else { return };
    // A sample of AWS's billing guide writes the account with dashes [D].
    let differs = |other: Option<&'_ str>| {
        other.map(|id| id.replace('-', "")).filter(|id| id != account && !id.is_empty()).map(|id| plain(&id, 32))
    };
    if let Some(recipient) = differs(event.detail("recipientAccountId")) {
        notes.push(format!(
            "The record says that it is for account {recipient}, but EventBridge delivered it from {}.",
            plain(account, 32)
        ));
    }
    if let (Reason::RootSignIn | Reason::RootCall, Some(own)) = (reason, differs(event.identity("accountId"))) {
        notes.push(format!(
            "The identity belongs to account {own}: root of that account acted on something in {}.",
            plain(account, 32)
        ));
    }
}

fn sign_in(event: Event<'_>, outcome: Outcome, notes: &mut Vec<String>) {
    if event.event_source() != Some(SIGN_IN) {
        return;
    }
    match event.event_name() {
        Some("ConsoleLogin") if outcome == Outcome::Failure => notes.push(
            match mfa_used(event) {
                Some(true) => "The sign-in failed at or after the MFA step: the password may have been right.",
                _ => "Whoever tried knows root's e-mail address.",
            }
            .to_owned(),
        ),
        Some("PasswordRecoveryRequested") => {
            notes.push(
                "Anyone who knows root's e-mail address can request this; only its mailbox can complete it.".to_owned(),
            );
        }
        Some("CheckMfa") => {
            notes.push("The sign-in asked for MFA. If no ConsoleLogin follows, the person stopped there.".to_owned());
        }
        _ => {}
    }
}

fn error(event: Event<'_>, notes: &mut Vec<String>) {
    let code = event.detail("errorCode").map(|code| plain(code, 128));
    let message = event.detail("errorMessage").map(|message| plain(message, 400));
    match (code, message) {
        (Some(code), Some(message)) => notes.push(format!("Error: {code}: {message}")),
        (Some(text), None) | (None, Some(text)) => notes.push(format!("Error: {text}")),
        (None, None) => {}
    }
}

/// A length of time in its largest unit.
fn span(seconds: i64) -> String {
    let (count, unit) = match seconds {
        s if s >= 2 * 86_400 => (s / 86_400, "days"),
        s if s >= 2 * 3_600 => (s / 3_600, "hours"),
        s => (s / 60, "minutes"),
    };
    format!("{count} {unit}")
}
