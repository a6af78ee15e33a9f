//! The nearest miss: the statement that would have allowed but for the fewest things, and what those were.

use super::condition::Failure;
use super::decide::{Applied, Evaluation};
use super::document::{Effect, Statement};
use super::message::Layer;
use super::statement::Judgement;

/// How far a statement was from allowing. A statement about another action is not what its author had in mind for
/// this call, so that weighs most; then the resource, then the principal, then each condition.
mod weight {
    pub(super) const ACTION: usize = 10_000;
    pub(super) const RESOURCE: usize = 1_000;
    pub(super) const PRINCIPAL: usize = 100;
    pub(super) const CONDITION: usize = 1;
}

struct Miss {
    distance: usize,
    text: String,
}

/// What kept `layer`, which should have allowed, from allowing.
pub(super) fn why_not_allowed(evaluation: &Evaluation<'_, '_>, layer: Layer) -> String {
    let mut hints = vec![nearest_miss(evaluation, layer).text];
    let resource = evaluation.resource_layer();
    if layer == Layer::Identity {
        // The resource's policy could have let the caller in, or has a say too: what it lacks is worth knowing.
        match evaluation.strongest(resource, Effect::Allow) {
            Some(delegation) => hints.push(format!(
                "{} allows the caller's account, so the caller's identity policies must allow as well",
                delegation.label()
            )),
            None if !evaluation.layer(resource).is_empty() => {
                let miss = nearest_miss(evaluation, resource);
                hints.extend((miss.distance < weight::RESOURCE).then_some(miss.text));
            }
            None => {}
        }
    }
    if layer == resource
        && evaluation.request.principal.account().is_some()
        && let Some(identity) = evaluation.identity_allows()
    {
        hints.push(format!("{identity} would allow, but the {} must allow as well", layer.name()));
    }
    hints.join(". ")
}

/// What made a `Deny` apply, where that is not plain from the statement.
pub(super) fn why_denied(evaluation: &Evaluation<'_, '_>, denied: &Applied<'_>) -> Option<String> {
    let Statement { conditions, principal, .. } = denied.statement;
    let exempted = principal.as_ref().filter(|principal| principal.is_negated()).map(|principal| {
        format!("it denies {}, which does not exempt {}", principal.describe(), evaluation.request.principal.arn())
    });
    let met = conditions.iter().map(|condition| condition.describe_met(evaluation.context));
    let reasons: Vec<String> = exempted.into_iter().chain(met).collect();
    (!reasons.is_empty()).then(|| format!("{} denies: {}", denied.label(), reasons.join("; ")))
}

fn nearest_miss(evaluation: &Evaluation<'_, '_>, layer: Layer) -> Miss {
    let policies = evaluation.layer(layer);
    let without = |text| Miss { distance: usize::MAX, text };
    if policies.is_empty() {
        let who = match layer.names_principals() {
            true => evaluation.request.resource.to_owned(),
            false => evaluation.request.principal.arn(),
        };
        return without(format!("{who} has no {}", layer.name()));
    }
    let names: Vec<String> = policies.iter().map(|policy| policy.name.to_string()).collect();
    let mut nearest: Option<Miss> = None;
    for policy in &policies {
        let document = policy.policy.document();
        for statement in document.statements.iter().filter(|statement| statement.effect == Effect::Allow) {
            let judgement = statement.judge(layer, document.version, evaluation);
            let distance = distance(&judgement);
            if nearest.as_ref().is_none_or(|nearest| distance < nearest.distance) {
                let misses = misses(statement, &judgement, evaluation);
                let text = format!("{}, {} would allow, but {misses}", policy.name, statement.label());
                nearest = Some(Miss { distance, text });
            }
        }
    }
    nearest.unwrap_or_else(|| without(format!("{} allows nothing at all", names.join(" and "))))
}

fn distance(judgement: &Judgement) -> usize {
    let missed = |missed: bool, weight: usize| if missed { weight } else { 0 };
    missed(!judgement.action, weight::ACTION)
        + missed(!judgement.resource, weight::RESOURCE)
        + missed(judgement.principal.is_none(), weight::PRINCIPAL)
        + judgement.failures.len() * weight::CONDITION
}

fn misses(statement: &Statement, judgement: &Judgement, evaluation: &Evaluation<'_, '_>) -> String {
    let request = evaluation.request;
    let mut misses = Vec::new();
    if !judgement.action {
        misses.push(format!("the action is {}, wanted {}", request.action, statement.action.describe()));
    }
    if let (false, Some(resource)) = (judgement.resource, &statement.resource) {
        misses.push(format!("the resource is {}, wanted {}", request.resource, resource.describe()));
    }
    match (&statement.principal, judgement.principal) {
        (_, Some(_)) => {}
        (Some(wanted), None) => {
            misses.push(format!("the principal is {}, wanted {}", request.principal.arn(), wanted.describe()));
        }
        (None, None) => misses.push("it names no principal".to_owned()),
    }
    misses.extend(judgement.failures.iter().map(Failure::describe));
    misses.join(" and ")
}
