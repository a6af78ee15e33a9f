//! Login, activity or none: the order of rules that decides.
//!
//! The verdict is a function of the event alone: no rule asks what was seen before, which accounts are monitored or
//! what time it is. Where an event cannot be read, the verdict is activity: fail open, never silent.

use std::fmt;

use serde_json::Value;

use crate::event::{Event, SIGN_IN};

/// What an event is, with the rule that decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Something at the sign-in service with root's identity, whether it succeeded or not.
    Login(Reason),
    /// Anything else that root did or tried.
    Activity(Reason),
    /// Not the act of a root user.
    None(Reason),
}

impl Verdict {
    /// The rule that decided.
    pub fn reason(self) -> Reason {
        match self {
            Verdict::Login(reason) | Verdict::Activity(reason) | Verdict::None(reason) => reason,
        }
    }
}

/// The rule that decided, in the order in which they are asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reason {
    /// Not what CloudTrail sends, as far as can be read: activity, marked as not understood.
    NotUnderstood(&'static str),
    /// Rule 1: the detail-type does not end in ` via CloudTrail`.
    NotFromCloudTrail,
    /// Rule 1: no `userIdentity` (Insights).
    NoIdentity,
    /// Rule 2: a service reports something that nobody called.
    ServiceEvent,
    /// Rule 3: a service acted, in its own name or on behalf of a caller.
    InvokedByService,
    /// Rule 4: someone took root of an account with `sts:AssumeRoot`.
    AssumeRoot,
    /// Rule 5: a billing-console action that states no identity type.
    UntypedBillingAction,
    /// Rule 5: no identity type, and not the billing console.
    UntypedIdentity,
    /// Rule 6: neither root nor a session that root issued.
    NotRoot,
    /// Rule 7: a broken SAML response at the access portal, which AWS labels as root.
    ExternalDirectoryLogin,
    /// Rule 7: an audit session made with AssumeRoot only looked.
    AuditRead,
    /// Rule 8: root at the sign-in service.
    RootSignIn,
    /// Rule 8: root anywhere else.
    RootCall,
    /// Rule 9, apart from the others: a change of the monitor itself.
    MonitorChanged,
    /// Rule 9: a change of the monitor by one of its deployment roles.
    Deployment,
}

impl Reason {
    /// The rule's number in the order, 0 for what could not be read.
    pub fn rule(self) -> u8 {
        match self {
            Reason::NotUnderstood(_) => 0,
            Reason::NotFromCloudTrail | Reason::NoIdentity => 1,
            Reason::ServiceEvent => 2,
            Reason::InvokedByService => 3,
            Reason::AssumeRoot => 4,
            Reason::UntypedBillingAction | Reason::UntypedIdentity => 5,
            Reason::NotRoot => 6,
            Reason::ExternalDirectoryLogin | Reason::AuditRead => 7,
            Reason::RootSignIn | Reason::RootCall => 8,
            Reason::MonitorChanged | Reason::Deployment => 9,
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = match self {
            Reason::NotUnderstood(what) => return write!(f, "not understood: {what}"),
            Reason::NotFromCloudTrail => "the detail-type does not end in ` via CloudTrail`",
            Reason::NoIdentity => "the record has no userIdentity",
            Reason::ServiceEvent => "eventType is AwsServiceEvent: nobody called",
            Reason::InvokedByService => "invokedBy names a service",
            Reason::AssumeRoot => "sts:AssumeRoot takes root of an account",
            Reason::UntypedBillingAction => "a billing-console action that states no identity type",
            Reason::UntypedIdentity => "the identity has no type",
            Reason::NotRoot => "the identity is neither Root nor a federated user that Root issued",
            Reason::ExternalDirectoryLogin => {
                "ExternalIdPDirectoryLogin with an empty ARN: no root credential involved"
            }
            Reason::AuditRead => "a read-only call of a session made with AssumeRoot",
            Reason::RootSignIn => "root at signin.amazonaws.com",
            Reason::RootCall => "a call with root's identity",
            Reason::MonitorChanged => "a change of the monitor itself",
            Reason::Deployment => "a change of the monitor by a deployment role",
        };
        write!(f, "rule {}: {words}", self.rule())
    }
}

/// Decides what an event is.
///
/// Only the fields that a rule names are read; unknown fields and the order of fields do not matter.
pub fn verdict(event: &Value) -> Verdict {
    match unreadable(event) {
        Some(what) => Verdict::Activity(Reason::NotUnderstood(what)),
        None => decide(Event::new(event)),
    }
}

fn decide(event: Event<'_>) -> Verdict {
    if !is_via_cloudtrail(event) {
        return Verdict::None(Reason::NotFromCloudTrail);
    }
    if event.at(&["detail", "userIdentity"]).is_none() {
        return Verdict::None(Reason::NoIdentity);
    }
    if event.is_service_event() {
        return Verdict::None(Reason::ServiceEvent);
    }
    // Calls that a person made in the older console name the console as their invoker [V: captured 2018].
    if event.identity("invokedBy").is_some_and(|service| service != SIGN_IN) {
        return Verdict::None(Reason::InvokedByService);
    }
    if event.is_assume_root() {
        return Verdict::Activity(Reason::AssumeRoot);
    }
    let Some(kind) = event.identity("type") else {
        return match event.event_source() {
            Some(source) if is_billing_console(source) => Verdict::Activity(Reason::UntypedBillingAction),
            _ => Verdict::None(Reason::UntypedIdentity),
        };
    };
    if kind != "Root" && !(kind == "FederatedUser" && issuer_type(event) == Some("Root")) {
        return Verdict::None(Reason::NotRoot);
    }
    // An absent ARN is not an empty one: only the latter is known to be this [V: a public report of 2023].
    if event.event_name() == Some("ExternalIdPDirectoryLogin")
        && event.at(&["detail", "userIdentity", "arn"]).and_then(Value::as_str) == Some("")
    {
        return Verdict::None(Reason::ExternalDirectoryLogin);
    }
    if event.is_assumed_root_session() && event.flag(&["detail", "readOnly"]) == Some(true) {
        return Verdict::None(Reason::AuditRead);
    }
    if event.event_source() == Some(SIGN_IN) {
        return Verdict::Login(Reason::RootSignIn);
    }
    Verdict::Activity(Reason::RootCall)
}

/// What stops the rules from being asked, if anything. A field that is absent never does; one of a type that
/// CloudTrail does not write there does, when a rule would take it for absent and stay silent.
fn unreadable(value: &Value) -> Option<&'static str> {
    let event = Event::new(value);
    if !value.is_object() {
        return Some("the event is not a JSON object");
    }
    if event.detail_type().is_none() {
        return Some("the event has no detail-type");
    }
    if !is_via_cloudtrail(event) {
        return None;
    }
    if !event.at(&["detail"]).is_some_and(Value::is_object) {
        return Some("the event has no detail");
    }
    let identity = event.at(&["detail", "userIdentity"])?;
    if !identity.is_object() {
        return Some("userIdentity is not an object");
    }
    const TEXTS: [(&[&str], &str); 6] = [
        (&["detail", "eventType"], "eventType is not a text"),
        (&["detail", "eventSource"], "eventSource is not a text"),
        (&["detail", "eventName"], "eventName is not a text"),
        (&["detail", "userIdentity", "type"], "userIdentity.type is not a text"),
        (&["detail", "userIdentity", "invokedBy"], "userIdentity.invokedBy is not a text"),
        (&["detail", "userIdentity", "arn"], "userIdentity.arn is not a text"),
    ];
    TEXTS.iter().find(|(path, _)| event.at(path).is_some_and(|value| !value.is_string())).map(|(_, what)| *what)
}

pub(crate) fn is_via_cloudtrail(event: Event<'_>) -> bool {
    event.detail_type().is_some_and(|kind| kind.ends_with(" via CloudTrail"))
}

/// AWS's billing guide writes the tax console's source in both ways [D].
fn is_billing_console(source: &str) -> bool {
    ["billingconsole.", "taxconsole."].iter().any(|console| {
        source.strip_prefix(console).is_some_and(|domain| matches!(domain, "amazonaws.com" | "amazon.com"))
    })
}

fn issuer_type(event: Event<'_>) -> Option<&str> {
    event.text(&["detail", "userIdentity", "sessionContext", "sessionIssuer", "type"])
}
