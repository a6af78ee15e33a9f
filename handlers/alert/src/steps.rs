//! The first step of an alert: what the person who was woken does now. The step fits the operation, the outcome and the
//! credentials.

use crate::act::{Act, Concern};
use crate::event::{Event, SIGN_IN};
use crate::links::is_access_key;
use crate::outcome::Outcome;
use crate::tampering;
use crate::verdict::Reason;

const OWNER: &str = "Ask the owner of the root user whether this was them.";

/// The first step for an event.
pub fn first_step(event: Event<'_>, act: &Act, outcome: Outcome, reason: Reason) -> String {
    if let Reason::NotUnderstood(_) = reason {
        return format!("Read the event below. {OWNER}");
    }
    if let Reason::MonitorChanged | Reason::Deployment = reason {
        return tampering::first_step(event, outcome, reason);
    }
    let failed = matches!(outcome, Outcome::Failure | Outcome::Denied);
    if event.is_long_lived_root_key() {
        let key = event.identity("accessKeyId").filter(|key| is_access_key(key)).unwrap_or("in this alert");
        return match created_key(event) {
            Some(new) => format!(
                "{OWNER} If not: delete the root access keys {new} (new) and {key} (used for this call), then reset the root password and MFA."
            ),
            None => format!(
                "Find out who holds the long-lived root access key {key}. If nobody can say: deactivate and delete it now. Root needs no access keys."
            ),
        };
    }
    if failed {
        return match act.concern {
            Concern::SignIn => {
                "Ask the owner of the root user whether they tried to sign in. If not: check that root has MFA, and watch for a successful sign-in.".to_owned()
            }
            _ => format!("{OWNER} The call failed and changed nothing. If not: reset the root password and MFA, and delete root's access keys."),
        };
    }
    if let Some(step) = of_operation(event) {
        return step;
    }
    match act.concern {
        Concern::SignIn => format!("{OWNER} If not: reset the root password and MFA now."),
        Concern::Key => {
            format!("{OWNER} If not: delete root's access keys, then reset the root password and MFA.")
        }
        Concern::Password => format!(
            "{OWNER} If not: secure the mailbox of the root user, reset the root password and call AWS Support."
        ),
        Concern::Mfa => {
            "Check root's MFA devices now. An unknown device, or none, means that the account is being taken over."
                .to_owned()
        }
        Concern::Detection => format!(
            "{OWNER} If not: reset the root password and MFA, then undo this change. Until then a missing alert proves nothing."
        ),
        Concern::Account => format!("{OWNER} Contacts, the e-mail address and the organization decide who can recover root."),
        Concern::AssumeRoot => {
            "Ask who runs privileged root tasks in the organization whether this one was planned.".to_owned()
        }
        Concern::Other if event.is_assumed_root_session() => {
            "Find the AssumeRoot event that started this session: it names the caller. Ask the caller whether this task was planned.".to_owned()
        }
        Concern::Other if of_unknown_origin(event) => {
            "Find the GetSessionToken or AssumeRoot event that issued these temporary credentials: it names who has them. If nobody can explain it: delete root's access keys and reset the root password.".to_owned()
        }
        Concern::Other => {
            format!("{OWNER} If not: reset the root password, which ends root's sessions, and delete root's access keys.")
        }
    }
}

/// Steps of single operations.
fn of_operation(event: Event<'_>) -> Option<String> {
    let step = match (event.service(), event.operation()) {
        ("iam", "CreateAccessKey") => match created_key(event) {
            Some(new) => {
                return Some(format!(
                    "{OWNER} If not: delete the new access key {new}, then reset the root password and MFA."
                ));
            }
            None => return None,
        },
        ("organizations", "CreateAccount" | "CreateGovCloudAccount") => {
            "Ask the owner of the management account who requested the new account. If nobody did: close the new account, then reset the root password and MFA of the management account."
        }
        (_, "CloseAccount") => {
            "Ask the owner of the account. A closed account can be reopened for 90 days: contact AWS Support to reopen it."
        }
        ("organizations", "LeaveOrganization" | "RemoveAccountFromOrganization") => {
            "Ask the owner of the organization. Service control policies and the organization trail no longer apply to the account: invite it back, or secure its root user now."
        }
        ("organizations", "DeleteOrganization") => {
            "Ask the owner of the organization. Service control policies and the organization trail are gone from every account."
        }
        ("organizations", "MoveAccount") => {
            "Ask the owner of the organization. The account is now under other service control policies: compare them with the previous ones."
        }
        ("account" | "billingconsole", "EnableRegion" | "DisableRegion") => {
            "Ask the owner of the account. Check that a spoke is deployed in every enabled Region."
        }
        ("signin", "PasswordRecoveryRequested") => {
            "Ask the owner of the root user's mailbox whether they requested this. If not: secure the mailbox. Only the mailbox can complete the reset."
        }
        ("signin", "CheckMfa") => {
            "Ask the owner of the root user whether they are signing in. If not: the password is known, so reset it now."
        }
        ("sts", "GetSessionToken") => {
            "Find out who holds root's access key: it issued temporary credentials that work for up to an hour. If nobody can say: delete root's access keys."
        }
        ("sts", "GetFederationToken") => {
            "Find out who holds root's access key: it issued a federated session with root's permissions. If nobody can say: delete root's access keys."
        }
        ("iam", "CreateServiceLinkedRole") => {
            "Usually none: AWS creates service-linked roles when a service is set up. Ask the owner of the account if the service is unknown."
        }
        _ => return None,
    };
    Some(step.to_owned())
}

/// The access key that the call created.
pub(crate) fn created_key(event: Event<'_>) -> Option<&str> {
    let created = event.event_source() == Some("iam.amazonaws.com") && event.operation() == "CreateAccessKey";
    event.text(&["detail", "responseElements", "accessKey", "accessKeyId"]).filter(|key| created && is_access_key(key))
}

/// Returns true for temporary credentials whose origin the record does not contain.
pub(crate) fn of_unknown_origin(event: Event<'_>) -> bool {
    event.identity("type") == Some("Root")
        && event.identity("accessKeyId").is_some_and(|key| key.starts_with("ASIA"))
        && event.flag(&["detail", "sessionCredentialFromConsole"]) != Some(true)
        && event.identity("invokedBy") != Some(SIGN_IN)
        && !event.is_assumed_root_session()
        && event.hiding_place() != Some(HidingPlace::CloudShell)
        && !event.looks_like_a_browser()
}

/// A service of AWS through which a person acts, so that the record does not show the person's address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HidingPlace {
    /// A console page whose calls AWS makes: `AWS Internal`.
    AwsInternal,
    /// AWS CloudShell.
    CloudShell,
    /// AppStream 2.0 (WorkSpaces Applications).
    AppStream,
    /// Another service of AWS, by the name in `sourceIPAddress`.
    Service,
}

impl<'a> Event<'a> {
    /// The service that hides the person's address, if any. Calls that a service makes by itself have `invokedBy`
    /// [D: userIdentity element], and triage filters them.
    pub fn hiding_place(self) -> Option<HidingPlace> {
        let address = self.detail("sourceIPAddress").unwrap_or_default();
        let agent = self.detail("userAgent").unwrap_or_default();
        let either = |text: &str| address.starts_with(text) || agent.starts_with(text);
        if agent.contains("exec-env/CloudShell") || agent.contains("AWS_CLOUDSHELL") {
            return Some(HidingPlace::CloudShell);
        }
        if either("appstream.amazonaws.com") || either("appstream2.amazonaws.com") {
            return Some(HidingPlace::AppStream);
        }
        if either("AWS Internal") {
            return Some(HidingPlace::AwsInternal);
        }
        address.ends_with(".amazonaws.com").then_some(HidingPlace::Service)
    }

    /// Returns true if the user agent is a browser or a console. S3 writes it in brackets; old consoles wrote their own names.
    pub fn looks_like_a_browser(self) -> bool {
        let agent = self.detail("userAgent").unwrap_or_default().trim_start_matches('[');
        ["Mozilla/", "S3Console/", "console.", "signin.amazonaws.com"].iter().any(|start| agent.starts_with(start))
    }
}
