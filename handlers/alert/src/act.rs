//! What was done: words for the operations that matter most, how severe they are, and what stands alone.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::event::{Event, SIGN_IN};
use crate::outcome::Outcome;
use crate::text::plain;
use crate::verdict::Reason;

/// How much it matters. Sinks map it to their own scales.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Looking around, or an end of trouble.
    Low,
    /// Root was involved, and the harm is bounded: a wrong password, a task by AssumeRoot, an unnamed identity.
    Medium,
    /// Root was used.
    High,
    /// Control over the account may be changing hands, or the watching of it may be ending.
    Critical,
}

impl Severity {
    /// The word in the message.
    pub fn as_str(self) -> &'static str {
        match self {
            Severity::Critical => "critical",
            Severity::High => "high",
            Severity::Medium => "medium",
            Severity::Low => "low",
        }
    }

    /// The severity that a message names; what is not known counts as high.
    pub fn from_word(word: &str) -> Self {
        match word {
            "critical" => Severity::Critical,
            "medium" => Severity::Medium,
            "low" => Severity::Low,
            _ => Severity::High,
        }
    }
}

/// What an act touches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Concern {
    /// A way into the console or the CLI.
    SignIn,
    /// An access key or another long-lived credential.
    Key,
    /// A password, or the mailbox that recovers it.
    Password,
    /// A second factor.
    Mfa,
    /// What this monitor and CloudTrail live on.
    Trail,
    /// The account itself: closing, ownership, its place in the organization.
    Account,
    /// Root's power over another account.
    AssumeRoot,
    /// Anything else.
    Other,
}

impl Concern {
    /// Whether such an act is an incident of its own rather than a part of a visit.
    pub fn stands_alone(self) -> bool {
        matches!(self, Concern::Key | Concern::Password | Concern::Mfa | Concern::Trail | Concern::Account)
    }

    /// What to do first.
    pub fn first_step(self) -> &'static str {
        match self {
            Concern::SignIn => {
                "Ask the owner of the root user whether this was them. If not: reset the root password and MFA now."
            }
            Concern::Key => {
                "Ask the owner of the root user whether this was them. If not: delete root's access keys, then reset its password and MFA."
            }
            Concern::Password => {
                "Ask the owner of the root user and of its mailbox. If nobody meant this: secure the mailbox, reset the root password, call AWS Support."
            }
            Concern::Mfa => {
                "Check root's MFA devices now. One that nobody knows, or none at all, means that the account is being taken over."
            }
            Concern::Trail => {
                "Check that the trail logs and that the monitor's rules are enabled: after this, silence means nothing."
            }
            Concern::Account => {
                "Ask the owner of the account. A closed account can be reopened for 90 days; contacts decide who recovers root."
            }
            Concern::AssumeRoot => {
                "Ask who runs privileged root tasks in the organization whether this one was planned."
            }
            Concern::Other => {
                "Ask the owner of the root user whether this was them. If not: end root's sessions by resetting its password and delete its access keys."
            }
        }
    }
}

/// What was done, as the title says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Act {
    /// `created a root access key`
    pub did: Cow<'static, str>,
    /// `create a root access key`
    pub tried: Cow<'static, str>,
    /// How severe it is when it succeeds.
    pub severity: Severity,
    /// What it touches.
    pub concern: Concern,
}

/// A known operation: service, name, past tense, infinitive, severity of a success, concern.
type Known = (&'static str, &'static str, &'static str, &'static str, Severity, Concern);

use Concern::{Account, Key, Mfa, Password, SignIn, Trail};
use Severity::{Critical, High, Low, Medium};

/// Operations that have words of their own. The service is the event source without its domain.
#[rustfmt::skip]
const KNOWN: &[Known] = &[
    ("signin", "ConsoleLogin", "signed in to the console", "sign in to the console", High, SignIn),
    ("signin", "CheckMfa", "reached the MFA step of a sign-in", "reach the MFA step of a sign-in", Medium, SignIn),
    ("signin", "GetSigninToken", "made a console sign-in link", "make a console sign-in link", High, SignIn),
    ("signin", "AuthorizeOAuth2Access", "authorised a CLI sign-in (aws login)", "authorise a CLI sign-in (aws login)", High, SignIn),
    ("signin", "CreateOAuth2Token", "signed in to the CLI (aws login)", "sign in to the CLI (aws login)", High, SignIn),
    ("signin", "PasswordRecoveryRequested", "requested recovery of the root password", "request recovery of the root password", High, Password),
    ("signin", "PasswordRecoveryCompleted", "reset the root password through recovery", "reset the root password through recovery", Critical, Password),
    ("signin", "PasswordUpdated", "changed the root password", "change the root password", Critical, Password),
    ("signin", "EmailUpdated", "changed the root e-mail address", "change the root e-mail address", Critical, Password),

    ("iam", "ChangePassword", "changed the root password", "change the root password", Critical, Password),
    ("iam", "CreateAccessKey", "created a root access key", "create a root access key", Critical, Key),
    ("iam", "UpdateAccessKey", "changed the status of a root access key", "change the status of a root access key", Critical, Key),
    ("iam", "DeleteAccessKey", "deleted a root access key", "delete a root access key", High, Key),
    ("iam", "UploadSigningCertificate", "uploaded a root signing certificate", "upload a root signing certificate", Critical, Key),
    ("iam", "UpdateSigningCertificate", "changed a root signing certificate", "change a root signing certificate", Critical, Key),
    ("iam", "DeleteSigningCertificate", "deleted a root signing certificate", "delete a root signing certificate", High, Key),
    ("iam", "CreateLoginProfile", "gave root a password", "give root a password", Critical, Password),
    ("iam", "UpdateLoginProfile", "changed a root password", "change a root password", Critical, Password),
    ("iam", "DeleteLoginProfile", "deleted root's password", "delete root's password", High, Password),
    ("iam", "EnableMFADevice", "registered an MFA device for root", "register an MFA device for root", Critical, Mfa),
    ("iam", "DeactivateMFADevice", "deactivated an MFA device of root", "deactivate an MFA device of root", Critical, Mfa),
    ("iam", "CreateVirtualMFADevice", "created a virtual MFA device", "create a virtual MFA device", High, Mfa),
    ("iam", "DeleteVirtualMFADevice", "deleted a virtual MFA device", "delete a virtual MFA device", Critical, Mfa),
    ("iam", "ResyncMFADevice", "resynchronised an MFA device", "resynchronise an MFA device", High, Mfa),

    ("cloudtrail", "StopLogging", "stopped a CloudTrail trail", "stop a CloudTrail trail", Critical, Trail),
    ("cloudtrail", "DeleteTrail", "deleted a CloudTrail trail", "delete a CloudTrail trail", Critical, Trail),
    ("cloudtrail", "UpdateTrail", "changed a CloudTrail trail", "change a CloudTrail trail", Critical, Trail),
    ("cloudtrail", "PutEventSelectors", "changed what a CloudTrail trail records", "change what a CloudTrail trail records", Critical, Trail),
    ("cloudtrail", "CreateTrail", "created a CloudTrail trail", "create a CloudTrail trail", High, Trail),
    ("cloudtrail", "StartLogging", "started a CloudTrail trail", "start a CloudTrail trail", High, Trail),
    ("events", "DisableRule", "disabled an EventBridge rule", "disable an EventBridge rule", Critical, Trail),
    ("events", "DeleteRule", "deleted an EventBridge rule", "delete an EventBridge rule", Critical, Trail),
    ("events", "RemoveTargets", "removed targets of an EventBridge rule", "remove targets of an EventBridge rule", Critical, Trail),
    ("events", "PutRule", "changed an EventBridge rule", "change an EventBridge rule", High, Trail),

    ("billingconsole", "CloseAccount", "closed the account", "close the account", Critical, Account),
    ("billingconsole", "SetContactAddress", "changed the contact address", "change the contact address", High, Account),
    ("account", "CloseAccount", "closed the account", "close the account", Critical, Account),
    ("account", "PutContactInformation", "changed the primary contact", "change the primary contact", High, Account),
    ("account", "PutAlternateContact", "changed an alternate contact", "change an alternate contact", High, Account),
    ("account", "DeleteAlternateContact", "deleted an alternate contact", "delete an alternate contact", High, Account),
    ("account", "PutAccountName", "changed the account's name", "change the account's name", High, Account),
    ("account", "StartPrimaryEmailUpdate", "began to change the root e-mail address", "begin to change the root e-mail address", Critical, Account),
    ("account", "AcceptPrimaryEmailUpdate", "changed the root e-mail address", "change the root e-mail address", Critical, Account),
    ("account", "EnableRegion", "enabled a Region", "enable a Region", High, Account),
    ("account", "DisableRegion", "disabled a Region", "disable a Region", High, Account),
    ("organizations", "CloseAccount", "closed an account of the organization", "close an account of the organization", Critical, Account),
    ("organizations", "CreateAccount", "created an account in the organization", "create an account in the organization", High, Account),
    ("organizations", "LeaveOrganization", "took the account out of its organization", "take the account out of its organization", Critical, Account),
    ("organizations", "RemoveAccountFromOrganization", "removed an account from the organization", "remove an account from the organization", Critical, Account),
    ("organizations", "DeleteOrganization", "deleted the organization", "delete the organization", Critical, Account),
    ("organizations", "DetachPolicy", "detached a policy of the organization", "detach a policy of the organization", Critical, Account),

    ("sts", "GetSessionToken", "made temporary root credentials (GetSessionToken)", "make temporary root credentials (GetSessionToken)", High, Concern::Other),
    ("sts", "GetFederationToken", "issued a federated session (GetFederationToken)", "issue a federated session (GetFederationToken)", High, Concern::Other),
    ("sts", "AssumeRoot", "took root of an account (AssumeRoot)", "take root of an account (AssumeRoot)", Medium, Concern::AssumeRoot),
];

/// What an event tells of. `reason` is the rule that made it an alert.
pub fn act(event: Event<'_>, reason: Reason) -> Act {
    if let Reason::NotUnderstood(_) = reason {
        return Act {
            did: "caused an event that is not understood".into(),
            tried: "do something that is not understood".into(),
            severity: High,
            concern: Concern::Other,
        };
    }
    let source = event.event_source().unwrap_or_default();
    let service = source.split('.').next().unwrap_or_default();
    let name = event.event_name().unwrap_or_default();
    let known = KNOWN.iter().find(|known| known.0 == service && known.1 == name);
    let Some(&(_, _, did, tried, severity, concern)) = known else { return unknown(event, service, name) };

    let mut act = Act { did: did.into(), tried: tried.into(), severity, concern };
    if service == "iam" && concern.stands_alone() {
        name_the_user(&mut act, event, name);
    }
    act
}

fn unknown(event: Event<'_>, service: &str, name: &str) -> Act {
    let call = match (service, name) {
        ("", "") => "something that the record does not name".to_owned(),
        ("", name) => plain(name, 80),
        (service, "") => plain(service, 80),
        (service, name) => format!("{} {}", plain(service, 40), plain(name, 80)),
    };
    // A write is marked read-only now and then (payment cards are [D]), and data events are many: low is for reads
    // that also bear a reading name.
    let reads = event.flag(&["detail", "readOnly"]) == Some(true)
        && ["Get", "List", "Describe", "Head", "Lookup", "Search", "View", "BatchGet"]
            .iter()
            .any(|verb| name.starts_with(verb));
    let severity = if reads { Low } else { High };
    let kind = if reads { " (read-only)" } else { "" };
    Act {
        did: format!("called {call}{kind}").into(),
        tried: format!("call {call}{kind}").into(),
        severity,
        concern: Concern::Other,
    }
}

/// IAM's credential operations are about root itself when they name no user [V: AWS's samples, Panther's tests];
/// about an IAM user they are still root's act, though not a change of root's own credentials.
fn name_the_user(act: &mut Act, event: Event<'_>, name: &str) {
    let user = event.text(&["detail", "requestParameters", "userName"]).filter(|user| *user != "AWS ROOT USER");
    if let Some(user) = user {
        let user = plain(user, 64);
        act.did = format!("called iam {name} for the IAM user {user}").into();
        act.tried = format!("call iam {name} for the IAM user {user}").into();
        act.severity = High;
    }
}

/// How severe the act is as it went.
pub fn severity(event: Event<'_>, act: &Act, outcome: Outcome, reason: Reason) -> Severity {
    let succeeded = matches!(outcome, Outcome::Success | Outcome::Unknown);
    match reason {
        Reason::NotUnderstood(_) => High,
        // Nothing says that it was root.
        Reason::UntypedBillingAction if act.severity < Critical => Medium,
        _ if event.is(SIGN_IN, "ConsoleLogin") => match (succeeded, mfa_used(event)) {
            // AWS has enforced MFA for root since 2025: a grace period, or a gap [D].
            (true, Some(false)) => Critical,
            (true, _) => High,
            // The MFA step may mean that the password was right.
            (false, Some(true)) => High,
            (false, _) => Medium,
        },
        _ if succeeded => match act.severity {
            // A task by AssumeRoot is planned more often than not; what changes credentials stays critical.
            High if event.is_assumed_root_session() => Medium,
            severity => severity,
        },
        // Root's credentials were in use, and this came of it.
        _ => act.severity.min(High),
    }
}

/// `MFAUsed` of a console sign-in.
pub fn mfa_used(event: Event<'_>) -> Option<bool> {
    event.flag(&["detail", "additionalEventData", "MFAUsed"])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_operation_is_listed_twice() {
        let mut names: Vec<_> = KNOWN.iter().map(|known| (known.0, known.1)).collect();
        names.sort_unstable();
        let listed = names.len();
        names.dedup();
        assert_eq!(names.len(), listed);
    }

    #[test]
    fn words_are_of_one_line_and_short() {
        for known in KNOWN {
            for words in [known.2, known.3] {
                assert_eq!(plain(words, 70), words, "{}", known.1);
            }
        }
    }
}
