//! What IAM refuses to store, beyond the grammar.

use super::document::{Effect, Policy, Statement, Version};
use super::error::PolicyError;

/// The kind of attachment of a policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PolicyKind {
    /// Attached to a user or role inline; also session and service control policies.
    Identity,
    /// A managed policy, which may also be a boundary. Unlike an inline policy it needs the newer version. [T]
    Managed,
    /// A role's trust policy.
    Trust,
    /// Attached to a resource.
    Resource,
    /// Attached to a KMS key. Statements may share a `Sid`. [T] terraform-provider-aws TestAccAWSKmsKey_policy
    Key,
    /// A resource control policy of an organization.
    ResourceControl,
}

impl std::fmt::Display for PolicyKind {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            Self::Identity => "an identity policy",
            Self::Managed => "a managed policy",
            Self::Trust => "a role trust policy",
            Self::Resource => "a resource policy",
            Self::Key => "a key policy",
            Self::ResourceControl => "a resource control policy",
        })
    }
}

impl Policy {
    /// Reads a document and checks what a policy of this kind must and must not have, in IAM's order: the shape, the
    /// version, the older checks (effects, dates), statement ids, resources, actions.
    ///
    /// `[D]` IAM user guide, grammar of the policy language: identity policies have a resource and no principal, trust
    /// policies a `Principal` and no resource. Resource policies need a principal. The services differ about the rest and
    /// check it themselves. The order is `[T]` tests/data/policy/create-policy.json.
    ///
    /// # Errors
    /// The first thing that is wrong; [`PolicyError::aws_message`] has IAM's words for it.
    pub fn check(text: &str, kind: PolicyKind) -> Result<Policy, PolicyError> {
        let policy = Self::read(text)?;
        let document = policy.document();
        let all = |check: fn(&Statement) -> Result<(), PolicyError>| document.statements.iter().try_for_each(check);
        if document.statements.is_empty() && kind.is_stored_by_iam() {
            return Err(PolicyError::Missing { at: "the policy".to_owned(), wanted: "a statement" });
        }
        if kind == PolicyKind::Managed && document.version != Version::V2012 {
            return Err(PolicyError::OldVersion);
        }
        document.statements.iter().try_for_each(|statement| statement.check_principal(kind))?;
        all(Statement::check_effect)?;
        all(Statement::check_dates)?;
        if kind != PolicyKind::Key {
            document.check_sids()?;
        }
        if matches!(kind, PolicyKind::Resource | PolicyKind::Key) {
            all(Statement::check_actions)?;
            return Ok(policy);
        }
        all(Statement::check_resource_forms)?;
        all(Statement::check_resource_fields)?;
        all(Statement::check_actions)?;
        all(Statement::check_vendors)?;
        document.statements.iter().try_for_each(|statement| statement.check_resource(kind))?;
        all(Statement::check_sid)?;
        Ok(policy)
    }
}

impl PolicyKind {
    fn is_stored_by_iam(self) -> bool {
        matches!(self, Self::Managed | Self::Identity | Self::Trust)
    }
}

impl Statement {
    fn check_principal(&self, kind: PolicyKind) -> Result<(), PolicyError> {
        use PolicyKind::{Identity, Key, Managed, Resource, ResourceControl, Trust};
        if kind == ResourceControl {
            self.check_resource_control()?;
        }
        match (kind, &self.principal) {
            (Identity | Managed, Some(element)) => {
                let element = if element.is_negated() { "NotPrincipal" } else { "Principal" };
                Err(PolicyError::Prohibited { at: self.at(), element, kind })
            }
            (Trust, Some(element)) if element.is_negated() => {
                Err(PolicyError::Prohibited { at: self.at(), element: "NotPrincipal", kind })
            }
            (Trust | Resource | Key | ResourceControl, None) => {
                Err(PolicyError::Missing { at: self.at(), wanted: "`Principal`" })
            }
            _ => Ok(()),
        }
    }

    fn check_resource(&self, kind: PolicyKind) -> Result<(), PolicyError> {
        match (kind, &self.resource) {
            (PolicyKind::Trust, Some(_)) => Err(PolicyError::Prohibited { at: self.at(), element: "Resource", kind }),
            (PolicyKind::Trust, None) => Ok(()),
            (_, Some(resource)) if !resource.values.is_empty() => Ok(()),
            _ => Err(PolicyError::Missing { at: self.at(), wanted: "`Resource`" }),
        }
    }

    /// Letters and digits. [D] IAM user guide, Sid. Underscores too, as two accepted documents of
    /// tests/data/policy/create-policy.json have them. [?]
    fn check_sid(&self) -> Result<(), PolicyError> {
        let known = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        match &self.sid {
            Some(sid) if !sid.bytes().all(known) => Err(PolicyError::Sid(sid.clone())),
            _ => Ok(()),
        }
    }

    /// Resource control policies only deny, to everyone, named actions. [D] Organizations user guide, RCP syntax
    fn check_resource_control(&self) -> Result<(), PolicyError> {
        let prohibited =
            |element| Err(PolicyError::Prohibited { at: self.at(), element, kind: PolicyKind::ResourceControl });
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
