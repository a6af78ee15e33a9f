//! One statement against one request.

use super::condition::Failure;
use super::decide::Evaluation;
use super::document::{Effect, Patterns, Statement, Version};
use super::matching::{action_matches, matches};
use super::message::Layer;
use super::principal::NamedAs;
use super::variables::expand;

/// How a statement met a request, element by element.
#[derive(Clone, Debug)]
pub(super) struct Judgement {
    /// The name by which the statement speaks of the principal; `None` when it does not.
    pub(super) principal: Option<NamedAs>,
    pub(super) action: bool,
    pub(super) resource: bool,
    pub(super) failures: Vec<Failure>,
}

impl Judgement {
    /// By which name the statement speaks of the principal, if it applies to the request at all.
    pub(super) fn applies(&self) -> Option<NamedAs> {
        self.principal.filter(|_| self.action && self.resource && self.failures.is_empty())
    }
}

impl Statement {
    /// Judges the request in `evaluation` by this statement, which stands in a policy of `layer` written in `version`.
    pub(super) fn judge(&self, layer: Layer, version: Version, evaluation: &Evaluation<'_, '_>) -> Judgement {
        let Evaluation { request, policies, context } = evaluation;
        let principal = match (layer.names_principals(), &self.principal) {
            (_, Some(element)) => {
                element.names(request.principal, self.effect == Effect::Deny, policies.boundary.is_some())
            }
            // On the caller's side the principal is understood; on the resource's, nobody is meant.
            (names_principals, None) => (!names_principals).then_some(NamedAs::Itself),
        };
        let action = self.action.admits(|wanted| action_matches(wanted, request.action));
        // Trust policies have no Resource: the role is understood.
        let resource = self.resource.as_ref().is_none_or(|resource| {
            resource.admits(|wanted| {
                expand(wanted, version, context).is_ok_and(|wanted| matches(&wanted, request.resource))
            })
        });
        let failures = self.conditions.iter().filter_map(|condition| condition.check(version, context).err()).collect();
        Judgement { principal, action, resource, failures }
    }
}

impl Patterns {
    fn admits(&self, matches: impl Fn(&str) -> bool) -> bool {
        self.values.iter().any(|value| matches(value)) != self.negated
    }
}
