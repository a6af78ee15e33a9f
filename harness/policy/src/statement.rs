//! One statement against one request.

use super::condition::{Condition, Failure};
use super::decide::Evaluation;
use super::document::{Effect, Pattern, Patterns, Statement, Version};
use super::matching::matches;
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

impl Statement {
    /// By which name the statement, of a policy of `layer` written in `version`, speaks of the request in
    /// `evaluation`; `None` where it does not apply.
    pub(super) fn applies(&self, layer: Layer, version: Version, evaluation: &Evaluation<'_, '_>) -> Option<NamedAs> {
        if !self.admits_action(evaluation) || !self.admits_resource(version, evaluation) {
            return None;
        }
        let named = self.names(layer, evaluation)?;
        let holds = |condition: &Condition| condition.holds(version, evaluation.context);
        self.conditions.iter().all(holds).then_some(named)
    }

    /// The same, element by element, for who wants to know what was missing.
    pub(super) fn judge(&self, layer: Layer, version: Version, evaluation: &Evaluation<'_, '_>) -> Judgement {
        let failure = |condition: &Condition| condition.check(version, evaluation.context).err();
        Judgement {
            principal: self.names(layer, evaluation),
            action: self.admits_action(evaluation),
            resource: self.admits_resource(version, evaluation),
            failures: self.conditions.iter().filter_map(failure).collect(),
        }
    }

    fn names(&self, layer: Layer, evaluation: &Evaluation<'_, '_>) -> Option<NamedAs> {
        let Evaluation { request, policies, names, .. } = evaluation;
        match (layer.names_principals(), &self.principal) {
            (_, Some(element)) => {
                element.names(request.principal, names, self.effect == Effect::Deny, policies.boundary.is_some())
            }
            // On the caller's side the principal is understood; on the resource's, nobody is meant.
            (names_principals, None) => (!names_principals).then_some(NamedAs::Itself),
        }
    }

    fn admits_action(&self, evaluation: &Evaluation<'_, '_>) -> bool {
        self.action.admits(|wanted| wanted.glob.as_ref().is_some_and(|glob| glob.matches(&evaluation.action)))
    }

    /// Trust policies have no Resource: the role is understood.
    fn admits_resource(&self, version: Version, evaluation: &Evaluation<'_, '_>) -> bool {
        let found = evaluation.request.resource;
        self.resource.as_ref().is_none_or(|resource| {
            resource.admits(|wanted| match &wanted.glob {
                Some(glob) => glob.matches(found),
                None => expand(&wanted.text, version, evaluation.context).is_ok_and(|wanted| matches(&wanted, found)),
            })
        })
    }
}

impl Patterns {
    fn admits(&self, matches: impl Fn(&Pattern) -> bool) -> bool {
        self.values.iter().any(matches) != self.negated
    }
}
