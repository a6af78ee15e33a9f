//! What IAM refuses to store, beyond the grammar.

use super::document::{Effect, Policy, Statement};
use super::error::PolicyError;

/// What a policy is attached to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PolicyKind {
    /// Attached to a user or role, inline or managed; also boundaries, session and service control policies.
    Identity,
    /// A role's trust policy.
    Trust,
    /// Attached to a resource.
    Resource,
    /// A resource control policy of an organization.
    ResourceControl,
}

impl std::fmt::Display for PolicyKind {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            Self::Identity => "an identity policy",
            Self::Trust => "a role trust policy",
            Self::Resource => "a resource policy",
            Self::ResourceControl => "a resource control policy",
        })
    }
}

impl Policy {
    /// Checks what a policy of this kind must and must not have.
    ///
    /// `[D]` IAM user guide, grammar of the policy language: identity policies have a resource and no principal, trust
    /// policies a `Principal` and no resource. Resource policies need a principal; about the rest the services differ,
    /// so that is theirs to check.
    ///
    /// # Errors
    /// The first thing that is wrong; [`PolicyError::aws_message`] has IAM's words for it.
    pub fn validate(&self, kind: PolicyKind) -> Result<(), PolicyError> {
        self.document().statements.iter().try_for_each(|statement| statement.validate(kind))
    }
}

impl Statement {
    fn validate(&self, kind: PolicyKind) -> Result<(), PolicyError> {
        let at = || format!("statement {}", self.number);
        if kind == PolicyKind::ResourceControl {
            self.validate_resource_control()?;
        }
        match (kind, &self.principal) {
            (PolicyKind::Identity, Some(element)) => {
                let element = if element.is_negated() { "NotPrincipal" } else { "Principal" };
                return Err(PolicyError::Prohibited { at: at(), element, kind });
            }
            (PolicyKind::Trust, Some(element)) if element.is_negated() => {
                return Err(PolicyError::Prohibited { at: at(), element: "NotPrincipal", kind });
            }
            (PolicyKind::Trust | PolicyKind::Resource | PolicyKind::ResourceControl, None) => {
                return Err(PolicyError::Missing { at: at(), wanted: "`Principal`" });
            }
            _ => {}
        }
        match (kind, &self.resource) {
            (PolicyKind::Identity | PolicyKind::ResourceControl, None) => {
                return Err(PolicyError::Missing { at: at(), wanted: "`Resource`" });
            }
            (PolicyKind::Trust, Some(_)) => {
                return Err(PolicyError::Prohibited { at: at(), element: "Resource", kind });
            }
            _ => {}
        }
        if kind == PolicyKind::Resource {
            return Ok(());
        }
        if let Some(action) =
            self.action.values.iter().map(|action| &action.text).find(|action| *action != "*" && !action.contains(':'))
        {
            return Err(PolicyError::Action { at: at(), action: action.clone() });
        }
        let resources = self.resource.iter().flat_map(|resource| &resource.values);
        for resource in resources.map(|resource| &resource.text) {
            if resource != "*" && !resource.starts_with("arn:") {
                return Err(PolicyError::Resource { at: at(), resource: resource.clone() });
            }
        }
        match &self.sid {
            Some(sid) if !sid.bytes().all(|byte| byte.is_ascii_alphanumeric()) => Err(PolicyError::Sid(sid.clone())),
            _ => Ok(()),
        }
    }

    /// Resource control policies only deny, to everyone, named actions. [D] Organizations user guide, RCP syntax
    fn validate_resource_control(&self) -> Result<(), PolicyError> {
        let prohibited = |element| {
            let at = format!("statement {}", self.number);
            Err(PolicyError::Prohibited { at, element, kind: PolicyKind::ResourceControl })
        };
        if self.effect == Effect::Allow {
            return prohibited("Effect Allow");
        }
        if self.action.negated || self.action.values.iter().any(|action| action.text == "*") {
            return prohibited(if self.action.negated { "NotAction" } else { "Action *" });
        }
        match &self.principal {
            Some(element) if !element.is_everyone() => prohibited("Principal other than *"),
            _ => Ok(()),
        }
    }
}
