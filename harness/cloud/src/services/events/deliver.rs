//! A target is called: who calls, what happens when it fails, and where it ends.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::event::Event;
use super::failure::Failure;
use super::ingest::trace;
use super::target::{Kind, Target};
use super::{dead_letter, forward, log_group, metrics, retry};
use crate::assumptions::QueueSourceAccount;
use crate::id::{AccountId, Arn, Region};
use crate::services::{DeliveryError, iam, lambda, sns, sqs};
use crate::state::State;
use crate::time::Time;
use crate::trace::{Hop, Outcome};
use rootwatch_policy::{Context, Principal};

/// EventBridge's service principal, the same in every partition. [D]
pub(super) const SERVICE: &str = "events.amazonaws.com";

/// Work that is due later.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Task {
    /// An attempt to call a target.
    Deliver(Box<Delivery>),
    /// The time of a scheduled rule: its bus and name.
    Tick(Box<(Arn, String)>),
}

/// An event on its way from a rule to a target.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Delivery {
    pub(super) bus: Arn,
    pub(super) rule: Arn,
    pub(super) target: Arc<Target>,
    pub(super) event: Event,
    /// What the target is given; a bus is given the event.
    pub(super) input: Option<Arc<str>>,
    /// When the rule matched: the age of the event counts from here.
    pub(super) accepted: Time,
    /// From 1.
    pub(super) attempt: u32,
}

impl Delivery {
    pub(super) fn account(&self) -> AccountId {
        self.rule.account()
    }
    pub(super) fn region(&self) -> Region {
        self.rule.region()
    }
    pub(super) fn input(&self) -> String {
        self.input.as_deref().unwrap_or_default().to_owned()
    }
    /// The keys that EventBridge supplies in its own name.
    pub(super) fn source_keys(&self) -> Context {
        Context::new().with("aws:SourceArn", self.rule.as_str()).with("aws:SourceAccount", self.account().as_str())
    }
    /// In whose name the target is called: its role's, else EventBridge's.
    pub(super) fn sender(&self, state: &mut State) -> Result<Principal, DeliveryError> {
        let Some(role) = self.target.role_arn.as_deref() else {
            return Ok(Principal::Service { name: SERVICE.into() });
        };
        let session = state.hex(32);
        iam::service_session(state, Hop::Target, SERVICE, &Arn::new(role), &session, self.source_keys())
    }
    /// How often it was tried again.
    pub(super) fn retries(&self) -> u32 {
        self.attempt.saturating_sub(1)
    }
    fn describe(&self) -> String {
        format!("event {}, {}, target {}", self.event.id(), self.rule.resource(), self.target.id)
    }
}

/// Tries once, and decides what follows.
pub(super) fn run(state: &mut State, delivery: Delivery) {
    let policy = delivery.target.retry_policy.clone().unwrap_or_default();
    if delivery.attempt > 1 && state.now - delivery.accepted >= policy.age() {
        let failure = Failure::permanent("TIMEOUT", "The event became too old while it waited to be tried again.");
        return give_up(state, &delivery, failure, Some("MaximumEventAgeInSeconds"));
    }
    let outcome = attempt(state, &delivery, &delivery.target.resource());
    conclude(state, delivery, outcome);
}

/// What follows from an attempt.
pub(super) fn conclude(state: &mut State, delivery: Delivery, outcome: Result<(), Failure>) {
    let policy = delivery.target.retry_policy.clone().unwrap_or_default();
    let target = delivery.target.resource();
    match outcome {
        Ok(()) => {
            metrics::count(state, &delivery.bus, &delivery.rule, &["Invocations"]);
            let detail = format!("{}, attempt {}", delivery.describe(), delivery.attempt);
            trace(state, Hop::Target, &target, Outcome::Delivered, detail);
        }
        Err(failure) if !failure.retriable => give_up(state, &delivery, failure, None),
        Err(failure) if delivery.retries() >= policy.retries() => {
            give_up(state, &delivery, failure, Some("MaximumRetryAttempts"));
        }
        Err(failure) => {
            let wait = retry::delay(delivery.attempt, |bound| state.random_below(bound));
            let at = (state.now + wait).min(delivery.accepted + policy.age());
            let detail = format!(
                "{}, attempt {}: {}: {}; again at {}",
                delivery.describe(),
                delivery.attempt,
                failure.code,
                failure.message,
                at.iso_millis()
            );
            trace(state, Hop::Target, &target, Outcome::Retried, detail);
            metrics::count(state, &delivery.bus, &delivery.rule, &["RetryInvocationAttempts"]);
            state.schedule(at, Task::Deliver(Box::new(Delivery { attempt: delivery.attempt + 1, ..delivery })));
        }
    }
}

fn give_up(state: &mut State, delivery: &Delivery, failure: Failure, exhausted: Option<&str>) {
    metrics::count(state, &delivery.bus, &delivery.rule, &["Invocations", "FailedInvocations"]);
    let target = delivery.target.resource();
    let tried = match exhausted {
        Some(limit) => format!("given up after {} attempts ({limit})", delivery.attempt),
        None => format!("attempt {}, not tried again", delivery.attempt),
    };
    let detail = format!("{}: {}: {}; {tried}", delivery.describe(), failure.code, failure.message);
    let (outcome, end) = match dead_letter::bury(state, delivery, &failure, exhausted) {
        dead_letter::Burial::Buried(queue) => {
            (Outcome::DeadLettered, format!("moved to the dead-letter queue {queue}"))
        }
        dead_letter::Burial::Refused(queue, error) => {
            (Outcome::Lost, format!("the dead-letter queue {queue} refused it: {error}"))
        }
        dead_letter::Burial::NoQueue => (Outcome::Lost, "the target has no dead-letter queue".into()),
    };
    trace(state, Hop::Target, &target, outcome, format!("{detail}; {end}"));
}

fn attempt(state: &mut State, delivery: &Delivery, target: &Arn) -> Result<(), Failure> {
    let Some(kind) = Kind::of(target) else {
        return Err(Failure::permanent("INVALID_PARAMETER", format!("{target} is no kind of target")));
    };
    if kind == Kind::Bus {
        return forward::to_bus(state, delivery, target);
    }
    let region = delivery.region();
    if target.region() != region {
        // Accepted by PutTargets, then failed. [T] ministack, "confirmed against AWS on 2026-07-13"
        let text =
            format!("The target is in {}, the rule in {region}: they must be in the same Region.", target.region());
        return Err(Failure::permanent("NO_RESOURCE", text));
    }
    call(state, delivery, kind, target, &region).map_err(|error| Failure::of(kind, error))
}

fn call(
    state: &mut State,
    delivery: &Delivery,
    kind: Kind,
    target: &Arn,
    region: &Region,
) -> Result<(), DeliveryError> {
    let principal = &delivery.sender(state)?;
    let in_own_name = matches!(principal, Principal::Service { .. });
    match kind {
        Kind::Queue => {
            // [D] UG eb-use-resource-based: a condition on aws:SourceArn works
            let context = match (in_own_name, state.assumptions.queue_source_account) {
                (false, _) => Context::new(),
                (true, QueueSourceAccount::Present) => delivery.source_keys(),
                (true, QueueSourceAccount::Absent) => Context::new().with("aws:SourceArn", delivery.rule.as_str()),
            };
            let send =
                sqs::Send { principal, region, queue: target, body: delivery.input(), attributes: Vec::new(), context };
            sqs::send(state, Hop::Target, send).map(drop)
        }
        Kind::Topic => {
            // No source keys: "You can't use Condition blocks in Amazon SNS topic policies for EventBridge." [D]; no
            // Subject. [V] LS:events/test_events_targets::TestEventsTargetSns
            let publish = sns::Publish {
                principal,
                region,
                topic: target,
                subject: None,
                message: delivery.input(),
                attributes: Vec::new(),
                context: Context::new(),
            };
            sns::publish(state, Hop::Target, publish).map(drop)
        }
        Kind::Function => {
            // No aws:SourceAccount: "A SourceAccount setting prevents EventBridge from being able to invoke the
            // function." [D] eb-troubleshooting
            let context = match in_own_name {
                true => Context::new().with("aws:SourceArn", delivery.rule.as_str()),
                false => Context::new(),
            };
            lambda::invoke_async(state, Hop::Target, principal, region, target, delivery.input(), context)
        }
        Kind::LogGroup => log_group::write(state, delivery, principal, region, target),
        Kind::Bus => Ok(()),
    }
}
