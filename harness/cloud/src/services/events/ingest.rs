//! An event meets the rules of its bus.

use std::sync::Arc;

use serde_json::{Value, json};

use super::bus;
use super::deliver::{Delivery, Task};
use super::event::{Envelope, Event};
use super::rule::{Rule, RuleName};
use super::rule_index::NotTaken;
use super::target::Kind;
use super::{input, metrics};
use crate::assumptions::{Assumptions, ReadOnlyState};
use crate::id::{AccountId, Arn, Region};
use crate::state::State;
use crate::time::Time;
use crate::trace::{Entry, Hop, Outcome};
use rootwatch_pattern::{FlatEvent, MatchResult};

/// An AWS service puts an event of its own on the default bus. What the envelope lacks is filled in: id, time, account,
/// Region, resources. Not subject to the refusal of `aws.` sources. Returns the
/// event's id.
pub fn put_service_event(state: &mut State, account: &AccountId, region: &Region, event: Value) -> String {
    let text = |name: &str| event.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    let id = text("id").map_or_else(|| state.uuid(), str::to_owned);
    let envelope = Envelope {
        id: id.clone(),
        detail_type: text("detail-type").unwrap_or_default(),
        source: text("source").unwrap_or_default(),
        account: text("account").unwrap_or(account.as_str()),
        time: text("time").and_then(Time::parse).unwrap_or(state.now).iso_seconds(),
        region: text("region").unwrap_or(region.as_str()),
        resources: event.get("resources").cloned().unwrap_or_else(|| json!([])),
        detail: event.get("detail").cloned().unwrap_or_else(|| json!({})),
    };
    ingest(state, &bus::default_bus(account, region), Event::new(envelope.value()));
    id
}

/// An event arrives on a bus: every rule looks at it, and a delivery is scheduled for each target of those that match.
pub fn ingest(state: &mut State, bus: &Arn, event: Event) {
    let now = state.now;
    let Some(found) = state.events.bus(bus, now) else {
        let detail = format!("event {}: there is no such bus, so the event vanishes", event.id());
        return trace(state, Hop::Bus, bus, Outcome::Lost, detail);
    };
    let (rules, index) = (found.rules.clone(), found.index());
    let detail = format!("event {} ({}, {})", event.id(), event.source(), event.detail_type());
    let detail = if rules.is_empty() { format!("{detail}; the bus has no rules") } else { detail };
    trace(state, Hop::Bus, bus, Outcome::Delivered, detail);
    let drops_read_only = drops_read_only(state.assumptions, bus);
    let shared = event.clone();
    let flat = FlatEvent::from(shared.envelope());
    // Told, by name, are the rules up to here.
    let mut told: Option<&str> = None;
    let not_taken = |state: &mut State, after: Option<&str>, before: Option<&str>| {
        let (after, before) = (after.map(str::to_owned), before.map(str::to_owned));
        if rules.between(after.as_ref(), before.as_ref()).next().is_some() {
            let (bus, rules, event) = (bus.clone(), rules.clone(), event.clone());
            state.trace_later(NotTaken { bus, rules, event, drops_read_only, after, before });
        }
    };
    for name in index.candidates(&flat) {
        let Some(rule) = rules.get(name).filter(|rule| rule.takes(&event, &flat, drops_read_only)) else { continue };
        not_taken(state, told, Some(name));
        let arn = RuleName { bus: bus.clone(), name: name.to_owned() }.arn();
        matched(state, bus, &arn, rule, &event);
        told = Some(name);
    }
    not_taken(state, told, None);
}

/// Returns true if rules in the state `ENABLED` miss read-only management events on this bus.
fn drops_read_only(assumptions: Assumptions, bus: &Arn) -> bool {
    match assumptions.read_only_state {
        ReadOnlyState::EveryBus => true,
        ReadOnlyState::DefaultBus => bus.resource() == "event-bus/default",
    }
}

impl Rule {
    fn takes(&self, event: &Event, flat: &FlatEvent<'_>, drops_read_only: bool) -> bool {
        let matches = self.pattern.as_ref().is_some_and(|pattern| pattern.matches_flat(flat));
        matches && self.state.refuses(event, drops_read_only).is_none()
    }
}

/// Why the rule does not take the event: its state, or the first field of its pattern that does not match.
pub(super) fn mismatch(rule: &Rule, event: &Event, flat: &FlatEvent<'_>, drops_read_only: bool) -> Option<String> {
    let pattern = rule.pattern.as_ref()?;
    if !pattern.matches_flat(flat) {
        return Some(match pattern.explain_flat(flat) {
            MatchResult::NoMatch { path, expected, found } => {
                format!("`{path}` does not match: the pattern wants {expected}, the event has {found}")
            }
            MatchResult::Match => "the pattern does not match".to_owned(),
        });
    }
    rule.state.refuses(event, drops_read_only)
}

/// A rule fires by itself: its targets get the event.
pub(super) fn fire(state: &mut State, name: &RuleName, event: &Event) {
    let rule = state.events.bus(&name.bus, state.now).and_then(|bus| bus.rules.get(&name.name)).cloned();
    if let Some(rule) = rule {
        matched(state, &name.bus, &name.arn(), &rule, event);
    }
}

fn matched(state: &mut State, bus: &Arn, arn: &Arn, rule: &Rule, event: &Event) {
    let detail = match rule.targets.len() {
        0 => format!("event {}; the rule has no targets", event.id()),
        _ => format!("event {}", event.id()),
    };
    trace(state, Hop::Rule, arn, Outcome::Matched, detail);
    metrics::count(state, bus, arn, &["MatchedEvents", "TriggeredRules"]);
    let now = state.now;
    for target in &rule.targets {
        let is_bus = Kind::of(&target.resource()) == Some(Kind::Bus);
        // A bus is always given the whole event. [T] dataGriff
        let input = match is_bus {
            true => None,
            false => match input::of(target, event, arn, now) {
                Some(input) => Some(input.into()),
                None => {
                    let detail = format!(
                        "event {}: the input template of target {} gives text that is not JSON; nothing is sent",
                        event.id(),
                        target.id
                    );
                    trace(state, Hop::Target, &target.resource(), Outcome::Failed, detail);
                    continue;
                }
            },
        };
        let delivery = Delivery {
            bus: bus.clone(),
            rule: arn.clone(),
            target: Arc::clone(target),
            event: event.clone(),
            input,
            accepted: now,
            attempt: 1,
        };
        state.schedule(now, Task::Deliver(Box::new(delivery)));
    }
}

pub(super) fn trace(state: &mut State, hop: Hop, resource: &Arn, outcome: Outcome, detail: String) {
    let resource = resource.to_string();
    state.trace(Entry { at: state.now, hop, resource, outcome, detail, principal: None, decision: None });
}
