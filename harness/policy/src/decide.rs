//! The order of evaluation: explicit denies, the organization's policies, resource policy, identity policies, boundary
//! and session policy. `[D]` IAM user guide, policy evaluation logic.

use std::borrow::Cow;
use std::fmt::{self, Write};

use serde::{Deserialize, Serialize};

use super::context::Context;
use super::document::{Effect, Policy, Statement};
use super::hint;
use super::message::{Layer, allowed_because, denied_because, explicitly_denied_because};
use super::principal::{NamedAs, Principal};

/// A policy and what a person calls it.
#[derive(Clone, Debug)]
pub struct Named<'a> {
    /// The name that traces and hints show.
    pub name: PolicyName<'a>,
    /// The policy.
    pub policy: &'a Policy,
}

/// What a person calls a policy. Most policies of a decision are never spoken of, so the text is put together only where
/// one is.
#[derive(Clone, Debug)]
pub enum PolicyName<'a> {
    /// By a text, for example `policy of queue rootwatch-triage`.
    Text(Cow<'a, str>),
    /// By the role or user that has it, for example `inline policy forward of role rootwatch-forward`.
    OfIdentity {
        /// `inline policy` or `policy`.
        kind: &'static str,
        /// The policy's own name.
        policy: &'a str,
        /// `role` or `user`.
        of: &'static str,
        /// Its name.
        name: &'a str,
    },
}

impl fmt::Display for PolicyName<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            Self::OfIdentity { kind, policy, of, name } => write!(f, "{kind} {policy} of {of} {name}"),
        }
    }
}

impl<'a, T: Into<Cow<'a, str>>> From<T> for PolicyName<'a> {
    fn from(text: T) -> Self {
        Self::Text(text.into())
    }
}

/// What is asked.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// Who asks.
    pub principal: &'a Principal,
    /// `service:Action`, spelled as the service spells it in messages (SNS says `SNS:Publish`).
    pub action: &'a str,
    /// The resource's ARN, or `*` for actions without one.
    pub resource: &'a str,
    /// The account that owns the resource: decides whether both sides must allow.
    pub resource_account: &'a str,
    /// The condition keys of this edge.
    pub context: &'a Context,
}

/// The policies that apply.
#[derive(Clone, Debug, Default)]
pub struct Policies<'a> {
    /// Identity policies of the principal: any of them may allow.
    pub identity: Vec<Named<'a>>,
    /// The resource's own policy: bus, topic, queue, function, key or role trust policy.
    pub resource: Option<Named<'a>>,
    /// Whether the resource's policy must allow by itself.
    pub resource_kind: ResourceKind,
    /// The principal's permissions boundary.
    pub boundary: Option<Named<'a>>,
    /// Session policies: any of them may allow, but if there are some, one must.
    pub session: Vec<Named<'a>>,
    /// Service control policies above the **principal's** account, level by level (root, organizational units, account):
    /// on each level one must allow. Leave empty for the management account. `[D]` Organizations user guide, SCP
    /// evaluation
    pub scps: Vec<Vec<Named<'a>>>,
    /// Resource control policies above the **resource's** account, of all levels. `RCPFullAWSAccess` is on every level
    /// and cannot be taken away, so only their denies count. Leave empty for the management account and for services
    /// that have none (among those of this cloud SQS, KMS, Secrets Manager, STS and CloudWatch Logs have). `[D]`
    /// Organizations user guide, RCPs
    pub rcps: Vec<Named<'a>>,
}

/// Whether an identity policy of the same account is enough.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum ResourceKind {
    /// Within an account, identity policy or resource policy is enough.
    #[default]
    Ordinary,
    /// A role: its trust policy must allow, for callers of its own account too.
    RoleTrust,
    /// A KMS key: its key policy must allow, or hand the decision to its account's identity policies.
    KmsKey,
}

/// What was decided and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// Whether the request may proceed.
    pub allowed: bool,
    /// The statements that decided, as `<policy's name>, statement <Sid or #number>`; two of them, joined by ` and `,
    /// where both sides had to allow. `None` when it was the absence of a statement that decided.
    pub statement: Option<String>,
    /// AWS's words for the reason, such as `because no resource-based policy allows the events:PutEvents action`.
    pub because: String,
    /// Whether a `Deny` statement decided.
    pub explicit_deny: bool,
    /// For a person: the statement that came nearest and what kept it from allowing, with expected and found values.
    pub hint: Option<String>,
}

/// Decides a request.
pub fn decide(request: &Request<'_>, policies: &Policies<'_>) -> Decision {
    let context = request.context.completed_for(request.principal);
    decide_in(&Evaluation::new(request, policies, &context))
}

/// The same where the request's context holds the keys of the principal already.
pub fn decide_completed(request: &Request<'_>, policies: &Policies<'_>) -> Decision {
    decide_in(&Evaluation::new(request, policies, request.context))
}

/// The same for an evaluation whose keys are complete.
pub(super) fn decide_in(evaluation: &Evaluation<'_, '_>) -> Decision {
    evaluation.explicit_deny().unwrap_or_else(|| evaluation.decide())
}

/// One decision in the making.
pub(super) struct Evaluation<'e, 'a> {
    pub(super) request: &'e Request<'a>,
    pub(super) policies: &'e Policies<'a>,
    /// The request's keys and those that follow from the principal.
    pub(super) context: &'e Context,
    /// The action in lower case.
    pub(super) action: String,
    /// The names of the principal.
    pub(super) names: Vec<(NamedAs, &'a str)>,
}

/// A statement that applied.
pub(super) struct Applied<'e> {
    /// By which name it speaks of the principal.
    named: NamedAs,
    policy: &'e PolicyName<'e>,
    pub(super) statement: &'e Statement,
}

impl Applied<'_> {
    /// The policy's name and the statement's.
    pub(super) fn label(&self) -> String {
        let mut label = String::with_capacity(96);
        // Writing to a text cannot fail.
        let _ = write!(label, "{}, {}", self.policy, self.statement.label());
        label
    }
}

impl<'e, 'a> Evaluation<'e, 'a> {
    pub(super) fn new(request: &'e Request<'a>, policies: &'e Policies<'a>, context: &'e Context) -> Self {
        let (action, names) = (request.action.to_ascii_lowercase(), request.principal.names());
        Self { request, policies, context, action, names }
    }

    /// The policies of a layer. Those of the caller's side do not exist for services and unsigned requests.
    pub(super) fn layer(&self, layer: Layer) -> Vec<&'e Named<'a>> {
        let policies = self.policies;
        if !layer.names_principals() && self.request.principal.account().is_none() {
            return Vec::new();
        }
        match layer {
            Layer::ServiceControl | Layer::ResourceControl if self.request.principal.is_service_linked() => Vec::new(),
            Layer::ServiceControl => policies.scps.iter().flatten().collect(),
            Layer::ResourceControl => policies.rcps.iter().collect(),
            Layer::Resource | Layer::Trust => policies.resource.iter().collect(),
            Layer::Identity => policies.identity.iter().collect(),
            Layer::Boundary => policies.boundary.iter().collect(),
            Layer::Session => policies.session.iter().collect(),
        }
    }

    /// What the resource's own policy is called.
    pub(super) fn resource_layer(&self) -> Layer {
        if self.policies.resource_kind == ResourceKind::RoleTrust { Layer::Trust } else { Layer::Resource }
    }

    /// A `Deny` anywhere ends it. Of several, AWS names one; which, is not documented: the order of evaluation. `[?]`
    fn explicit_deny(&self) -> Option<Decision> {
        let denied = |layer| {
            let denied = self.strongest(layer, Effect::Deny)?;
            Some(Decision {
                allowed: false,
                because: explicitly_denied_because(layer),
                explicit_deny: true,
                hint: hint::why_denied(self, &denied),
                statement: Some(denied.label()),
            })
        };
        self.layers().into_iter().find_map(denied)
    }

    /// Every layer, in the order of evaluation.
    pub(super) fn layers(&self) -> [Layer; 6] {
        [
            Layer::ResourceControl,
            Layer::ServiceControl,
            self.resource_layer(),
            Layer::Identity,
            Layer::Boundary,
            Layer::Session,
        ]
    }

    fn decide(&self) -> Decision {
        let principal = self.request.principal;
        let resource_layer = self.resource_layer();
        let grant = self.strongest(resource_layer, Effect::Allow);
        let Some(account) = principal.account() else {
            // Services and unsigned requests: only the resource can let them in.
            return match grant {
                Some(grant) => self.allow(resource_layer, vec![grant.label()]),
                None => self.deny(resource_layer),
            };
        };
        if !self.every_level_allows() {
            return self.deny(Layer::ServiceControl);
        }
        if account != self.request.resource_account {
            return self.decide_across_accounts(grant);
        }
        let must_allow = self.policies.resource_kind != ResourceKind::Ordinary;
        match grant {
            Some(grant) if grant.named == NamedAs::Itself => self.allow(resource_layer, vec![grant.label()]),
            Some(grant) if grant.named == NamedAs::Role => self.limited(resource_layer, vec![grant.label()]),
            None if must_allow => self.deny(resource_layer),
            // The account is named, which hands the decision to its identity policies, or nothing is said at all.
            delegation => match self.identity_allows() {
                Some(identity) => {
                    // Where the resource had to allow, the delegation decided too.
                    let delegation = delegation.filter(|_| must_allow).map(|grant| grant.label());
                    self.limited(Layer::Identity, std::iter::once(identity).chain(delegation).collect())
                }
                None => self.deny(Layer::Identity),
            },
        }
    }

    /// Both sides must allow. When neither does, the caller's side is named. `[?]`
    fn decide_across_accounts(&self, grant: Option<Applied<'e>>) -> Decision {
        let Some(identity) = self.identity_allows() else { return self.deny(Layer::Identity) };
        match (self.missing(&[Layer::Boundary, Layer::Session]), grant) {
            (Some(layer), _) => self.deny(layer),
            (None, None) => self.deny(self.resource_layer()),
            (None, Some(grant)) => self.allow(self.resource_layer(), vec![identity, grant.label()]),
        }
    }

    /// Allows unless boundary or session policy does not.
    fn limited(&self, layer: Layer, statements: Vec<String>) -> Decision {
        match self.missing(&[Layer::Boundary, Layer::Session]) {
            Some(missing) => self.deny(missing),
            None => self.allow(layer, statements),
        }
    }

    /// Whether each level of service control policies allows. A level that denies nothing and allows nothing denies.
    fn every_level_allows(&self) -> bool {
        let exempt = self.request.principal.is_service_linked();
        exempt
            || self
                .policies
                .scps
                .iter()
                .all(|level| self.strongest_of(level.iter(), Layer::ServiceControl, Effect::Allow).is_some())
    }

    /// Returns true if the service control policies allow it.
    pub(super) fn organization_allows(&self) -> bool {
        self.strongest(Layer::ServiceControl, Effect::Deny).is_none() && self.every_level_allows()
    }

    /// The first of these layers that is there but does not allow.
    fn missing(&self, layers: &[Layer]) -> Option<Layer> {
        layers
            .iter()
            .copied()
            .find(|layer| !self.layer(*layer).is_empty() && self.strongest(*layer, Effect::Allow).is_none())
    }

    /// The statement on the caller's side that allows. The administrator's and the root user's is understood.
    pub(super) fn identity_allows(&self) -> Option<String> {
        match self.request.principal {
            Principal::Administrator { account, .. } => Some(format!("administrator credentials of account {account}")),
            Principal::Root { account } => Some(format!("root user of account {account}")),
            _ => self.strongest(Layer::Identity, Effect::Allow).map(|grant| grant.label()),
        }
    }

    /// Of the statements of a layer that apply with this effect, the first of those with the strongest claim.
    pub(super) fn strongest(&self, layer: Layer, effect: Effect) -> Option<Applied<'e>> {
        self.strongest_of(self.layer(layer).into_iter(), layer, effect)
    }

    fn strongest_of(
        &self,
        policies: impl Iterator<Item = &'e Named<'a>>,
        layer: Layer,
        effect: Effect,
    ) -> Option<Applied<'e>> {
        let mut strongest: Option<Applied<'e>> = None;
        for policy in policies {
            let document = policy.policy.document();
            for statement in document.statements.iter().filter(|statement| statement.effect == effect) {
                if let Some(named) = statement.applies(layer, document.version, self)
                    && strongest.as_ref().is_none_or(|strongest| strongest.named < named)
                {
                    strongest = Some(Applied { named, policy: &policy.name, statement });
                }
            }
        }
        strongest
    }

    fn allow(&self, layer: Layer, statements: Vec<String>) -> Decision {
        Decision {
            allowed: true,
            statement: Some(statements.join(" and ")),
            because: allowed_because(layer, self.request.action),
            explicit_deny: false,
            hint: None,
        }
    }

    fn deny(&self, layer: Layer) -> Decision {
        Decision {
            allowed: false,
            statement: None,
            because: denied_because(layer, self.request.action),
            explicit_deny: false,
            hint: Some(hint::why_not_allowed(self, layer)),
        }
    }
}
