//! The output of IAM's policy simulator in addition to the decision: the statements that decided, their place in their
//! documents, and the condition keys that the policies ask for and the request does not have.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::Decision;
use super::decide::{Evaluation, Named, Policies, Request, decide_in};
use super::document::{Effect, Policy, Statement};
use super::message::Layer;

/// A place in the text of a policy. Lines and columns count from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// The line.
    pub line: usize,
    /// The column.
    pub column: usize,
}

/// A statement that determined the result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MatchedStatement {
    /// The policy's name.
    pub policy: String,
    /// What kind of policy it is, as the simulator says.
    pub policy_type: &'static str,
    /// Where the statement begins.
    pub start: Position,
    /// The column after its last character.
    pub end: Position,
}

/// The outcome of a simulation.
#[derive(Clone, Debug)]
pub struct Simulation {
    /// The decision.
    pub decision: Decision,
    /// The statements that determined it: of a denial its denies, of an allow its allows, else none.
    pub matched: Vec<MatchedStatement>,
    /// Keys that statements about this action and resource need, and that the request lacks.
    pub missing: Vec<String>,
    /// What the permissions boundary says by itself; `true` without one.
    pub boundary_allows: bool,
    /// What the service control policies say by themselves; `true` without any.
    pub organization_allows: bool,
    /// What the identity policies say by themselves, and what the resource's policy does.
    pub by_side: [Verdict; 2],
}

/// A verdict in the simulator's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// `allowed`
    Allowed,
    /// `explicitDeny`
    ExplicitDeny,
    /// `implicitDeny`
    ImplicitDeny,
}

impl Verdict {
    /// The word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Allowed => "allowed",
            Self::ExplicitDeny => "explicitDeny",
            Self::ImplicitDeny => "implicitDeny",
        }
    }

    fn of(allowed: bool, denied: bool) -> Self {
        match (allowed, denied) {
            (_, true) => Self::ExplicitDeny,
            (true, false) => Self::Allowed,
            (false, false) => Self::ImplicitDeny,
        }
    }
}

impl Decision {
    /// The decision in the simulator's words.
    pub fn verdict(&self) -> Verdict {
        Verdict::of(self.allowed, self.explicit_deny)
    }
}

/// Decides a request as the simulator does: with the keys of the context and no others, unless `known` says that the
/// keys which follow from the principal are there too.
pub fn simulate(request: &Request<'_>, policies: &Policies<'_>, known: bool) -> Simulation {
    let context = if known { request.context.completed_for(request.principal) } else { request.context.clone() };
    let evaluation = Evaluation::new(request, policies, &context);
    let decision = decide_in(&evaluation);
    let effect = match (decision.allowed, decision.explicit_deny) {
        (true, _) => Some(Effect::Allow),
        (false, true) => Some(Effect::Deny),
        (false, false) => None,
    };
    let (mut matched, mut missing) = (Vec::new(), Vec::new());
    for layer in evaluation.layers() {
        // Boundaries and the organization's policies grant nothing: an allow is never theirs.
        let grants = matches!(layer, Layer::Identity | Layer::Resource | Layer::Trust | Layer::Session);
        for policy in evaluation.layer(layer) {
            let document = policy.policy.document();
            for statement in &document.statements {
                let judgement = statement.judge(layer, document.version, &evaluation);
                if judgement.action && judgement.principal.is_some() {
                    missing.extend(statement.keys(judgement.resource).filter(|key| context.get(key).is_none()));
                }
                if effect == Some(statement.effect)
                    && (grants || statement.effect == Effect::Deny)
                    && statement.applies(layer, document.version, &evaluation).is_some()
                {
                    matched.extend(matched_statement(policy, layer, statement));
                }
            }
        }
    }
    missing.sort_unstable_by_key(|key: &String| key.to_ascii_lowercase());
    missing.dedup_by(|a, b| a.eq_ignore_ascii_case(b));
    let verdict = |layer| {
        let applies = |effect| evaluation.strongest(layer, effect).is_some();
        Verdict::of(applies(Effect::Allow), applies(Effect::Deny))
    };
    let boundary_allows = policies.boundary.is_none() || verdict(Layer::Boundary) == Verdict::Allowed;
    let organization_allows = evaluation.organization_allows();
    let by_side = [verdict(Layer::Identity), verdict(evaluation.resource_layer())];
    Simulation { decision, matched, missing, boundary_allows, organization_allows, by_side }
}

impl Policy {
    /// Every condition key that the policy names, in conditions and in variables, each once.
    pub fn context_keys(&self) -> Vec<String> {
        let mut keys: Vec<String> =
            self.document().statements.iter().flat_map(|statement| statement.keys(true)).collect();
        keys.sort_unstable_by_key(|key| key.to_ascii_lowercase());
        keys.dedup_by(|a, b| a.eq_ignore_ascii_case(b));
        keys
    }
}

impl Statement {
    /// The keys it needs: of its conditions, which do not matter where the resource does not match, and of variables.
    fn keys(&self, conditions: bool) -> impl Iterator<Item = String> {
        let resources = self.resource.iter().flat_map(|resource| &resource.values);
        let variables = resources.flat_map(|resource| super::variables::names(&resource.text));
        let conditions = self.conditions.iter().filter(move |_| conditions).flat_map(|condition| condition.keys());
        conditions.chain(variables).map(str::to_owned)
    }
}

fn matched_statement(policy: &Named<'_>, layer: Layer, statement: &Statement) -> Option<MatchedStatement> {
    let (start, end) = positions(policy.policy.text()).into_iter().nth(statement.number - 1)?;
    let policy_type = match layer {
        Layer::Resource | Layer::Trust => "Resource Policy",
        Layer::Boundary => "Permissions Boundary Policy",
        Layer::Identity | Layer::Session => "IAM Policy",
        Layer::ServiceControl | Layer::ResourceControl => "Organizations Policy",
    };
    Some(MatchedStatement { policy: policy.name.to_string(), policy_type, start, end })
}

#[derive(Deserialize)]
struct Outline<'t> {
    #[serde(rename = "Statement", borrow)]
    statement: &'t RawValue,
}

/// Where each statement begins and ends, as AWS counts: from after the bracket or the statement before (so that a comma
/// counts to the later one) to after the last brace. `[T]` answers of AWS in public repositories
fn positions(text: &str) -> Vec<(Position, Position)> {
    let Ok(outline) = serde_json::from_str::<Outline<'_>>(text) else { return Vec::new() };
    let all = outline.statement.get();
    let offset = |part: &str| part.as_ptr() as usize - text.as_ptr() as usize;
    let place = |offset: usize| {
        let before = &text[..offset];
        let line = before.matches('\n').count() + 1;
        let column = before.chars().rev().take_while(|character| *character != '\n').count() + 1;
        Position { line, column }
    };
    let first = offset(all) + 1;
    match serde_json::from_str::<Vec<&RawValue>>(all) {
        Err(_) => vec![(place(first), place(offset(all) + all.len()))],
        Ok(statements) => statements
            .into_iter()
            .scan(first, |start, statement| {
                let end = offset(statement.get()) + statement.get().len();
                let from = std::mem::replace(start, end);
                Some((place(from), place(end)))
            })
            .collect(),
    }
}
