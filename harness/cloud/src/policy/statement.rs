//! One statement against one request.

use super::condition::{Condition, Failure};
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
    /// What [`Judgement::applies`] says, without the reasons. The action, by which most statements fail, is looked at
    /// first.
    pub(super) fn applies(&self, layer: Layer, version: Version, evaluation: &Evaluation<'_, '_>) -> Option<NamedAs> {
        if !self.acts(evaluation) {
            return None;
        }
        let named = self.names(layer, evaluation)?;
        let conditions =
            || self.conditions.iter().all(|condition| condition.check(version, evaluation.context).is_ok());
        (self.concerns(version, evaluation) && conditions()).then_some(named)
    }

    /// Judges the request in `evaluation` by this statement, which stands in a policy of `layer` written in `version`.
    pub(super) fn judge(&self, layer: Layer, version: Version, evaluation: &Evaluation<'_, '_>) -> Judgement {
        let check = |condition: &Condition| condition.check(version, evaluation.context).err();
        Judgement {
            principal: self.names(layer, evaluation),
            action: self.acts(evaluation),
            resource: self.concerns(version, evaluation),
            failures: self.conditions.iter().filter_map(check).collect(),
        }
    }

    fn names(&self, layer: Layer, evaluation: &Evaluation<'_, '_>) -> Option<NamedAs> {
        let Evaluation { request, policies, .. } = evaluation;
        match (layer.names_principals(), &self.principal) {
            (_, Some(element)) => {
                element.names(request.principal, self.effect == Effect::Deny, policies.boundary.is_some())
            }
            // On the caller's side the principal is understood; on the resource's, nobody is meant.
            (names_principals, None) => (!names_principals).then_some(NamedAs::Itself),
        }
    }

    fn acts(&self, evaluation: &Evaluation<'_, '_>) -> bool {
        self.action.admits(|wanted| action_matches(wanted, evaluation.request.action))
    }

    fn concerns(&self, version: Version, evaluation: &Evaluation<'_, '_>) -> bool {
        let Evaluation { request, context, .. } = evaluation;
        // Trust policies have no Resource: the role is understood.
        self.resource.as_ref().is_none_or(|resource| {
            resource.admits(|wanted| {
                expand(wanted, version, context).is_ok_and(|wanted| matches(&wanted, request.resource))
            })
        })
    }
}

impl Patterns {
    fn admits(&self, matches: impl Fn(&str) -> bool) -> bool {
        self.values.iter().any(|value| matches(value)) != self.negated
    }
}
