//! Why a text is not a policy.

use super::validate::PolicyKind;

/// What is wrong with a policy document, and where. Statements are counted from 1.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    /// The text is not JSON, or an object has a key twice.
    #[error("the policy cannot be read: {0}")]
    NotJson(String),
    /// An element has the wrong JSON type.
    #[error("`{element}` in {at} must be {wanted}")]
    Shape {
        /// Where, for example `statement 2`.
        at: String,
        /// The element's name.
        element: String,
        /// What belongs there.
        wanted: &'static str,
    },
    /// An element the policy grammar does not have.
    #[error("{at} has an element `{element}`, which the policy grammar does not know (names are case-sensitive)")]
    UnknownElement {
        /// Where, for example `statement 2`.
        at: String,
        /// The element's name.
        element: String,
    },
    /// A required element is absent.
    #[error("{at} needs {wanted}")]
    Missing {
        /// Where, for example `statement 2`.
        at: String,
        /// The element that is needed.
        wanted: &'static str,
    },
    /// Two elements exclude each other, such as `Action` and `NotAction`.
    #[error("{at} has both `{one}` and `{other}`: keep one of them")]
    Both {
        /// Where, for example `statement 2`.
        at: String,
        /// The one element.
        one: &'static str,
        /// The other.
        other: &'static str,
    },
    /// `Version` is neither of the two versions of the policy language.
    #[error("the policy version is `{0}`: write `2012-10-17` (or `2008-10-17`, which has no policy variables)")]
    Version(String),
    /// `Effect` is neither `Allow` nor `Deny`.
    #[error("the effect of {at} is `{found}`: write `Allow` or `Deny`")]
    Effect {
        /// Where, for example `statement 2`.
        at: String,
        /// The element as written.
        found: String,
    },
    /// `Effect` in another case than `Allow` and `Deny`.
    #[error("the effect of {at} is `{found}`: write `Allow` or `Deny`")]
    EffectCase {
        /// Where, for example `statement 2`.
        at: String,
        /// The element as written.
        found: String,
    },
    /// A managed policy in the older version of the policy language.
    #[error("a managed policy needs the version `2012-10-17`")]
    OldVersion,
    /// A value of a date operator that is no date.
    #[error("{at} compares with the date `{found}`: write an ISO 8601 date or seconds since 1970")]
    Date {
        /// Where, for example `statement 2`.
        at: String,
        /// The element as written.
        found: String,
    },
    /// An ARN without a service, or with too few fields.
    #[error("{at} has the resource `{resource}`: an ARN has a service and at least six fields")]
    Arn {
        /// Where, for example `statement 2`.
        at: String,
        /// The element as written.
        resource: String,
    },
    /// An action whose service has characters that no service has.
    #[error("{at} has the action `{action}`: a service has letters, digits, hyphens and dots")]
    Vendor {
        /// Where, for example `statement 2`.
        at: String,
        /// The element as written.
        action: String,
    },
    /// An action with two colons.
    #[error("{at} has the action `{action}` with more than one colon")]
    Colons {
        /// Where, for example `statement 2`.
        at: String,
        /// The element as written.
        action: String,
    },
    /// A resource that AWS refuses, with AWS's message.
    #[error("{at}: {message}")]
    ResourceForm {
        /// Where, for example `statement 2`.
        at: String,
        /// AWS's message.
        message: String,
    },
    /// A principal that cannot be meant: a partial wildcard, a group, no ARN.
    #[error("{at} names the principal `{found}`: {reason}")]
    Principal {
        /// Where, for example `statement 2`.
        at: String,
        /// The element as written, for example `"AWS":"arn:aws:iam::111122223333:role/*"`.
        found: String,
        /// Why not.
        reason: &'static str,
    },
    /// A condition operator that AWS does not have, or that is not modelled here.
    #[error("{at} uses the condition operator `{operator}`: {reason}")]
    Operator {
        /// Where, for example `statement 2`.
        at: String,
        /// The element as written.
        operator: String,
        /// Why not.
        reason: &'static str,
    },
    /// An action that names no service.
    #[error("{at} has the action `{action}`: write `service:Action`, or `*`")]
    Action {
        /// Where, for example `statement 2`.
        at: String,
        /// The element as written.
        action: String,
    },
    /// A resource that is no ARN.
    #[error("{at} has the resource `{resource}`: write an ARN, or `*`")]
    Resource {
        /// Where, for example `statement 2`.
        at: String,
        /// The element as written.
        resource: String,
    },
    /// An element that this kind of policy must not have.
    #[error("{at} has `{element}`, which has no place in {kind}")]
    Prohibited {
        /// Where, for example `statement 2`.
        at: String,
        /// The element.
        element: &'static str,
        /// The kind of policy.
        kind: PolicyKind,
    },
    /// A `Sid` with characters IAM refuses.
    #[error("the Sid `{0}` is not alphanumeric, as IAM wants it in identity and trust policies")]
    Sid(String),
    /// Two statements share a `Sid`.
    #[error("two statements share the Sid `{0}`: it must be unique within a policy")]
    DuplicateSid(String),
}

impl PolicyError {
    /// The text with which IAM refuses the document (code `MalformedPolicyDocument`).
    ///
    /// `[T]` texts as quoted in public issue threads and in `tests/data/policy/create-policy.json`; where none is known,
    /// IAM's general `Syntax errors in policy.`
    pub fn aws_message(&self) -> String {
        match self {
            Self::Missing { wanted: "`Action`", .. } => "Policy statement must contain actions.".into(),
            Self::Missing { wanted: "`Resource`", .. } => "Policy statement must contain resources.".into(),
            Self::Missing { wanted: "`Principal`", .. } => "Missing required field Principal".into(),
            Self::Prohibited {
                element: "Principal" | "NotPrincipal",
                kind: PolicyKind::Identity | PolicyKind::Managed,
                ..
            } => "Policy document should not specify a principal.".into(),
            Self::Prohibited { element, .. } => format!("Has prohibited field {element}"),
            Self::Principal { found, .. } => format!("Invalid principal in policy: {found}"),
            Self::Action { .. } => "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.".into(),
            Self::Resource { resource, .. } => format!("Resource {resource} must be in ARN format or \"*\"."),
            Self::OldVersion => "Policy document must be version 2012-10-17 or greater.".into(),
            Self::EffectCase { .. } | Self::Date { .. } | Self::Arn { .. } => "The policy failed legacy parsing".into(),
            Self::Vendor { action, .. } => {
                format!("Vendor {} is not valid", action.split(':').next().unwrap_or_default())
            }
            Self::Colons { .. } => "Actions/Condition can contain only one colon.".into(),
            Self::ResourceForm { message, .. } => message.clone(),
            Self::Sid(_) => "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular \
                 expression [0-9A-Za-z]*"
                .into(),
            Self::DuplicateSid(_) => "Statement IDs (SID) in a single policy must be unique.".into(),
            _ => "Syntax errors in policy.".into(),
        }
    }
}
