//! Who may do what: every call and every delivery is decided here, over the policies that stand behind it.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use smol_str::SmolStr;

use crate::id::{AccountId, Arn, Region};
use crate::services::{iam, organizations, sts};
use crate::state::State;
use crate::trace::{Entry, Hop, Outcome};
use rootwatch_policy::{
    self, Context, Decision, Named, Policies, Policy, PolicyError, PolicyKind, Principal, Request, ResourceKind,
};

/// A parsed policy that is saved as its text.
#[derive(Clone)]
pub struct PolicyText(Arc<Policy>);

impl PolicyText {
    /// Parses a policy document.
    pub fn parse(text: &str) -> Result<Self, PolicyError> {
        Policy::parse(text).map(|policy| Self(Arc::new(policy)))
    }
    /// Parses a policy document and checks it as one of a kind. Every policy that a caller brings comes in here.
    pub fn check(text: &str, kind: PolicyKind) -> Result<Self, PolicyError> {
        Policy::check(text, kind).map(|policy| Self(Arc::new(policy)))
    }
    /// The parsed form.
    pub fn policy(&self) -> &Policy {
        &self.0
    }
    /// The text as it was given.
    pub fn text(&self) -> &str {
        self.0.text()
    }
}

impl fmt::Debug for PolicyText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}

impl Serialize for PolicyText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.text())
    }
}

impl<'de> Deserialize<'de> for PolicyText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

/// One question: may this principal do this to that resource, over this edge?
#[derive(Clone, Debug)]
pub struct Edge<'a> {
    /// Who.
    pub principal: &'a Principal,
    /// The policy action, e.g. `sns:Publish`.
    pub action: &'a str,
    /// On what.
    pub resource: &'a Arn,
    /// Where the request is made.
    pub region: &'a Region,
    /// The condition keys that AWS supplies on this edge; the global keys of the principal are added.
    pub context: Context,
    /// Name and text of the resource's policy, if it has one.
    pub resource_policy: Option<(&'a str, &'a PolicyText)>,
    /// How the resource's policy counts.
    pub kind: ResourceKind,
}

impl<'a> Edge<'a> {
    /// An edge to an ordinary resource.
    pub fn new(principal: &'a Principal, action: &'a str, resource: &'a Arn, region: &'a Region) -> Self {
        Self {
            principal,
            action,
            resource,
            region,
            context: Context::new(),
            resource_policy: None,
            kind: ResourceKind::Ordinary,
        }
    }
    /// With a condition key.
    pub fn with(mut self, key: impl Into<Cow<'static, str>>, value: impl Into<SmolStr>) -> Self {
        self.context = self.context.with(key, value);
        self
    }
    /// With the resource's policy.
    pub fn policy(mut self, name: &'a str, policy: Option<&'a PolicyText>) -> Self {
        self.resource_policy = policy.map(|policy| (name, policy));
        self
    }
}

fn named_one((name, policy): &(String, PolicyText)) -> Named<'_> {
    Named { name: name.into(), policy: policy.policy() }
}

fn named(policies: &[(String, PolicyText)]) -> Vec<Named<'_>> {
    policies.iter().map(named_one).collect()
}

impl State {
    /// The account of the resource; what an action without a resource (`*`) is done on is the caller's.
    fn resource_account(&self, edge: &Edge<'_>) -> AccountId {
        let caller = || edge.principal.account().map(AccountId::new);
        match (edge.resource.as_str(), edge.resource.service()) {
            ("*", _) => caller().unwrap_or_else(|| edge.resource.account()),
            // ARNs of S3 name no account, and who makes a bucket means one of its own.
            (_, "s3") => {
                let owner = (edge.action != "s3:CreateBucket").then(|| self.s3.owner(edge.resource)).flatten();
                owner.or_else(caller).unwrap_or_else(|| edge.resource.account())
            }
            _ => edge.resource.account(),
        }
    }

    /// Looks up the users and roles that a policy names as principals. Services refuse to store a policy that names a missing one,
    /// because they keep unique ids instead of names. [D] IAM user guide, Principal. Service-linked roles, which cannot be made
    /// here, and the administrator of an account, which IAM does not list, are taken to exist.
    ///
    /// # Errors
    /// With the first missing user or role. Each service has its own error for it.
    pub(crate) fn check_principals(&self, policy: &PolicyText) -> Result<(), Arn> {
        if self.has_unknown_principals {
            return Ok(());
        }
        let mut identities = policy.policy().principals().filter_map(Arn::parse).filter(|arn| {
            let resource = arn.resource();
            let is_identity = resource.starts_with("user/") || resource.starts_with("role/");
            let is_given = resource == sts::ADMINISTRATOR || resource.starts_with("role/aws-service-role/");
            arn.service() == "iam" && is_identity && !is_given
        });
        identities.find(|arn| !iam::exists(self, arn)).map_or(Ok(()), Err)
    }

    /// Decides an edge. Nothing is allowed by default but what an account's own administrator does in its account.
    pub fn decide(&self, edge: &Edge<'_>) -> Decision {
        let context = self.global_keys(edge);
        let resource_account = self.resource_account(edge);
        let boundary = iam::permissions_boundary(self, edge.principal);
        let scps = match edge.principal.account() {
            Some(account) => self.organizations.service_control_policies(account),
            None => Vec::new(),
        };
        let rcps = match organizations::has_resource_control(edge.action) {
            true => self.organizations.resource_control_policies(resource_account.as_str()),
            false => Vec::new(),
        };
        let policies = Policies {
            identity: iam::identity_policies(self, edge.principal),
            boundary: boundary.as_ref().map(named_one),
            session: named(sts::session_policies(self, edge.principal)),
            scps: scps.iter().map(|level| named(level)).collect(),
            rcps: named(&rcps),
            resource: edge.resource_policy.map(|(name, policy)| Named { name: name.into(), policy: policy.policy() }),
            resource_kind: edge.kind,
        };
        let decision = rootwatch_policy::decide_completed(&Self::request(edge, &resource_account, &context), &policies);
        if decision.allowed {
            self.usage.record(self, edge, resource_account.as_str());
        }
        decision
    }

    /// AWS's text for a refusal.
    pub fn denial(&self, edge: &Edge<'_>, decision: &Decision) -> String {
        let account = self.resource_account(edge);
        decision.message(&Self::request(edge, &account, &edge.context))
    }

    fn request<'a>(edge: &'a Edge<'_>, account: &'a AccountId, context: &'a Context) -> Request<'a> {
        Request {
            principal: edge.principal,
            action: edge.action,
            resource: edge.resource.as_str(),
            resource_account: account.as_str(),
            context,
        }
    }

    /// The keys that AWS supplies with every request. [D] reference_policies_condition-keys
    fn global_keys(&self, edge: &Edge<'_>) -> Context {
        let resource_account = self.resource_account(edge);
        let mut context = edge
            .context
            .clone()
            .with("aws:RequestedRegion", edge.region.as_str())
            .with("aws:SecureTransport", "true")
            .with("aws:ResourceAccount", resource_account.as_str())
            .at(self.now.timestamp());
        // Paths are lists by type, though an account has one place. [D]
        let place = self.organizations.place_of(resource_account.as_str());
        // Present for every principal of a member account, roles and root included, and for no service. [D]
        let of_principal = match edge.principal.account() {
            Some(account) if resource_account == *account => place.clone(),
            account => account.and_then(|account| self.organizations.place_of(account)),
        };
        if let Some((organization, path)) = place {
            context = context.with("aws:ResourceOrgID", organization).with("aws:ResourceOrgPaths", path);
        }
        if let Some((organization, path)) = of_principal {
            context = context.with("aws:PrincipalOrgID", organization).with("aws:PrincipalOrgPaths", path);
        }
        context.complete_for(edge.principal);
        context
    }

    /// Decides an edge of a delivery and leaves a trace of a refusal; the caller traces what is delivered.
    pub fn authorise(&mut self, hop: Hop, edge: &Edge<'_>) -> Result<Decision, Refusal> {
        let decision = self.decide(edge);
        if decision.allowed {
            return Ok(decision);
        }
        let message = self.denial(edge, &decision);
        self.trace(Entry {
            at: self.now,
            hop,
            resource: edge.resource.to_string(),
            outcome: Outcome::Denied,
            detail: format!("{} denied", edge.action),
            principal: Some(edge.principal.arn()),
            decision: Some(decision),
        });
        Err(Refusal { message })
    }

    pub(crate) fn trace_denied_call(&mut self, edge: &Edge<'_>, decision: Decision) {
        self.trace(Entry {
            at: self.now,
            hop: Hop::Api,
            resource: edge.resource.to_string(),
            outcome: Outcome::Denied,
            detail: format!("{} denied", edge.action),
            principal: Some(edge.principal.arn()),
            decision: Some(decision),
        });
    }
}

/// A refusal, in AWS's words.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{message}")]
pub struct Refusal {
    /// `User: … is not authorized to perform: …`
    pub message: String,
}
