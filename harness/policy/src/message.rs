//! AWS's words for a denial.
//!
//! `[D]` IAM user guide, troubleshoot access denied error messages.

use super::decide::{Decision, Request};

/// The types of policies, as access denied messages tell them apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Layer {
    Identity,
    Resource,
    /// A role trust policy.
    Trust,
    Boundary,
    Session,
    ServiceControl,
    ResourceControl,
}

impl Layer {
    /// The policy type's name.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Identity => "identity-based policy",
            Self::Resource => "resource-based policy",
            Self::Trust => "role trust policy",
            Self::Boundary => "permissions boundary",
            Self::Session => "session policy",
            Self::ServiceControl => "service control policy",
            Self::ResourceControl => "resource control policy",
        }
    }

    /// Whether statements of this type must name a principal, being attached to a resource.
    pub(super) fn names_principals(self) -> bool {
        matches!(self, Self::Resource | Self::Trust | Self::ResourceControl)
    }

    fn article(self) -> &'static str {
        match self {
            Self::Identity => "an",
            Self::Trust => "the",
            _ => "a",
        }
    }
}

pub(super) fn denied_because(layer: Layer, action: &str) -> String {
    format!("because no {} allows the {action} action", layer.name())
}

pub(super) fn explicitly_denied_because(layer: Layer) -> String {
    format!("with an explicit deny in {} {}", layer.article(), layer.name())
}

pub(super) fn allowed_because(layer: Layer, action: &str) -> String {
    format!("because {} {} allows the {action} action", layer.article(), layer.name())
}

impl Decision {
    /// The message with which AWS refuses the request.
    ///
    /// `User: <arn> is not authorized to perform: <action> on resource: <arn>` and the reason. The reason is left out
    /// when a call to assume a role is denied for want of an Allow: AWS seldom gives it there. `[T]`
    pub fn message(&self, request: &Request<'_>) -> String {
        let who = request.principal.arn();
        let Request { action, resource, .. } = request;
        if self.allowed {
            return format!("User: {who} is authorized to perform: {action} on resource: {resource} {}", self.because);
        }
        let denied = format!("User: {who} is not authorized to perform: {action} on resource: {resource}");
        match action.eq_ignore_ascii_case("sts:AssumeRole") && !self.explicit_deny {
            true => denied,
            false => format!("{denied} {}", self.because),
        }
    }
}
