//! Decides whether an alert is sent now, as a part of a digest or thread, or not at all: the store's answers as what a
//! function does next.
//!
//! Without a store every message is sent by itself, as often as it comes.
//!
//! A claim that fails is released with the time of the next attempt. One message of an incident tries then, and the others
//! wait for it: an outage costs each message one or two receives for each attempt of its incident.

use crate::backoff::{self, Urgency, seed, spread};
use crate::call::CallError;
use crate::delivery::{Delivery, Reason};
use crate::handler::Invocation;
use crate::store::{Claim, LEASE, Remembered, Store, at, unusable};

/// How long the alerts of an incident are gathered before they are sent together, in seconds.
pub const GATHERING: u64 = 60;

/// How long a message waits at first while another one opens its incident, in seconds. The wait doubles up to the lease.
const OPENING: u64 = 5;

/// Messages that wait for the same attempt come within so many seconds after it.
const SPREAD: u64 = 20;

/// Longest wait, in seconds.
const LONGEST_WAIT: u64 = 3_600 + SPREAD;

/// Most parts that are tried for a line: a part that is full or being sent is followed by another one.
const PARTS: u64 = 30;

/// The reason why a line of a digest waits.
const GATHERED: &str = "the digest of its incident";

/// How a sink keeps together what belongs to one incident.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gathering {
    /// By itself (PagerDuty's `dedup_key`).
    OfItsOwn,
    /// The first message opens a thread, the others follow in it.
    Thread,
    /// The first message is sent alone, those that follow within a minute are one message.
    Together,
}

/// An alert by its keys.
#[derive(Debug, Clone, Copy)]
pub struct Act<'a> {
    /// The deduplication key.
    pub key: &'a str,
    /// The incident key.
    pub incident: &'a str,
    /// The alert as a line of a digest, in the sink's own form.
    pub line: &'a str,
    /// The severity from 1 (low) to 4 (critical).
    pub grade: u8,
    /// How often the message was received, this time included.
    pub receives: u32,
}

/// What a function does now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Turn {
    /// Sends the message by itself.
    Alone,
    /// Sends the message in a thread.
    InThread {
        /// The sink's name for the thread.
        thread: String,
        /// Whether to broadcast the message to the channel, because it is graver than the alerts that were.
        broadcast: bool,
    },
    /// Sends these alerts in one message.
    Together(Vec<String>),
    /// Sends nothing: this is the outcome of the message.
    Nothing(Delivery),
}

/// A claim that an attempt holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Held {
    /// The alert alone.
    Act,
    /// The alert, and the opening of its incident.
    Incident,
    /// A part of an incident: a digest.
    Part(u64),
}

/// A turn, and what is confirmed or released after it.
#[derive(Debug)]
pub struct Ticket<'a> {
    turn: Turn,
    store: Option<&'a Store>,
    act: Act<'a>,
    held: Held,
    /// Failed attempts of what is held.
    tries: u32,
    invocation: Invocation,
}

impl<'a> Ticket<'a> {
    /// Asks the store. If the store is unavailable, the alert is sent: a duplicate is better than a missed alert.
    pub async fn take(
        store: Option<&'a Store>,
        gathering: Gathering,
        act: Option<Act<'a>>,
        invocation: Invocation,
    ) -> Ticket<'a> {
        // An alarm is retried as a high alert is.
        let none = Act { key: "", incident: "", line: "", grade: 3, receives: 1 };
        let act_of = act.unwrap_or(none);
        let mut ticket = Ticket { turn: Turn::Alone, store: None, act: act_of, held: Held::Act, tries: 0, invocation };
        let Some((store, _)) = store.zip(act) else { return ticket };
        match ticket.ask(store, gathering).await {
            Ok(turn) => {
                ticket.turn = turn;
                ticket.store = Some(store);
            }
            Err(error) => unusable(&error),
        }
        ticket
    }

    /// What to do.
    pub fn turn(&self) -> &Turn {
        &self.turn
    }

    /// Remembers the outcome. `thread` is the sink's name for what it opened.
    pub async fn finish(self, delivery: Delivery, thread: Option<&str>) -> Delivery {
        let mut delivery = delivery.with_urgency(Urgency::of_grade(self.act.grade));
        let Some(store) = self.store else { return delivery };
        let remembered = match &mut delivery {
            Delivery::Done => self.confirm(store, thread).await,
            Delivery::Retry(reason) => self.release(store, reason).await,
            // Another alert of the incident may pass, and may try at once.
            Delivery::Permanent(_) => self.give_up(store).await,
            Delivery::Wait { .. } => Ok(()),
        };
        if let Err(error) = remembered {
            unusable(&error);
        }
        delivery
    }

    async fn confirm(&self, store: &Store, thread: Option<&str>) -> Result<(), CallError> {
        match (self.held, thread) {
            (Held::Incident, Some(thread)) => store.confirm_incident(self.act.incident, thread).await?,
            (Held::Part(part), _) => store.confirm_part(self.act.incident, part, self.invocation).await?,
            _ => {}
        }
        match self.turn {
            Turn::Nothing(_) => return Ok(()),
            Turn::InThread { broadcast: true, .. } => {
                store.raise_incident(self.act.incident, self.act.grade).await?;
            }
            _ => {}
        }
        store.confirm_act(self.act.key, self.invocation).await
    }

    /// Releases what is held, with the time of the next attempt.
    async fn release(&self, store: &Store, reason: &mut Reason) -> Result<(), CallError> {
        let tries = self.tries + 1;
        let wait =
            backoff::wait(tries, Urgency::of_grade(self.act.grade), reason.retry_after, seed(self.act.key, tries));
        reason.attempts = Some(tries);
        reason.wait = Some(wait);
        let retry = at(self.invocation) + wait;
        match self.held {
            Held::Act => store.fail_act(self.act.key, tries).await,
            Held::Incident => {
                store.fail_incident(self.act.incident, tries, retry).await?;
                store.fail_act(self.act.key, tries).await
            }
            Held::Part(part) => store.fail_part(self.act.incident, part, tries, retry).await,
        }
    }

    async fn give_up(&self, store: &Store) -> Result<(), CallError> {
        let now = at(self.invocation);
        match self.held {
            Held::Act => {}
            Held::Incident => store.fail_incident(self.act.incident, self.tries, now).await?,
            Held::Part(part) => store.fail_part(self.act.incident, part, self.tries, now).await?,
        }
        // A redrive sends the alert.
        store.forget_act(self.act.key).await
    }

    async fn ask(&mut self, store: &Store, gathering: Gathering) -> Result<Turn, CallError> {
        let (act, now) = (self.act, self.invocation);
        let known = match store.claim_act(act.key, now).await? {
            Claim::Mine(known) => {
                self.tries = known.tries;
                None
            }
            Claim::Taken(known) => Some(known),
        };
        match known {
            Some(known) if known.sent => {
                tracing::info!(key = act.key, "already sent");
                Ok(Turn::Nothing(Delivery::Done))
            }
            Some(known) => {
                let left = known.lease.map_or(0, |lease| (lease + 1).saturating_sub(at(now)));
                match known.part {
                    Some(part) if left == 0 => self.together(store, part).await,
                    Some(_) => Ok(wait(left, GATHERED)),
                    None => Ok(wait(left, "another attempt for the same alert")),
                }
            }
            None => match gathering {
                Gathering::OfItsOwn => Ok(Turn::Alone),
                Gathering::Thread => self.in_thread(store).await,
                Gathering::Together => self.gathered(store).await,
            },
        }
    }

    async fn in_thread(&mut self, store: &Store) -> Result<Turn, CallError> {
        let act = self.act;
        match store.claim_incident(act.incident, act.key, act.grade, self.invocation).await? {
            Claim::Mine(known) => {
                self.held = Held::Incident;
                self.tries = known.tries;
                Ok(Turn::Alone)
            }
            Claim::Taken(Remembered { thread: Some(thread), grade, .. }) => {
                Ok(Turn::InThread { thread, broadcast: act.grade > grade })
            }
            Claim::Taken(known) => {
                store.release_act(act.key).await?;
                Ok(self.wait_for(&known, "the first alert of its incident"))
            }
        }
    }

    /// Sends the first alert of an incident alone; another one waits in a part of it.
    async fn gathered(&mut self, store: &Store) -> Result<Turn, CallError> {
        let (act, now) = (self.act, self.invocation);
        let opened = match store.open_incident(act.incident, act.key, now).await? {
            Claim::Mine(_) => return Ok(Turn::Alone),
            Claim::Taken(known) => known.opened.unwrap_or(at(now)),
        };
        let first = at(now).saturating_sub(opened) / GATHERING;
        for part in first..first + PARTS {
            match store.gather(act.incident, part, act.line, now).await {
                Ok(Claim::Mine(_)) => {
                    let end = opened + (part + 1) * GATHERING;
                    store.hold_act(act.key, part, end).await?;
                    return Ok(wait(end.saturating_sub(at(now)) + 1, GATHERED));
                }
                // The part is being sent.
                Ok(Claim::Taken(_)) => {}
                // The part is full: an item holds 400 KB [D: DynamoDB, quotas].
                Err(CallError::Refused { code, .. }) if code == "ValidationException" => {}
                Err(error) => return Err(error),
            }
        }
        Ok(Turn::Alone)
    }

    /// The time of a part has come: the first of its alerts that comes back sends the digest.
    async fn together(&mut self, store: &Store, part: u64) -> Result<Turn, CallError> {
        let (act, now) = (self.act, self.invocation);
        match store.claim_part(act.incident, part, now).await? {
            Claim::Mine(known) => {
                self.held = Held::Part(part);
                self.tries = known.tries;
                // A function that ended after it had added its line adds it again.
                let mut lines = known.lines;
                let mut seen = std::collections::HashSet::new();
                lines.retain(|line| seen.insert(line.clone()));
                Ok(if lines.len() > 1 { Turn::Together(lines) } else { Turn::Alone })
            }
            Claim::Taken(known) if known.sent => {
                store.confirm_act(act.key, now).await?;
                tracing::info!(key = act.key, "sent in the digest of its incident");
                Ok(Turn::Nothing(Delivery::Done))
            }
            Claim::Taken(known) if until(&known) > at(now) => Ok(self.wait_for(&known, GATHERED)),
            // The part is gone.
            Claim::Taken(_) => Ok(Turn::Alone),
        }
    }

    /// Waits for an attempt of another message: for its end, or for the time of the next one.
    fn wait_for(&self, known: &Remembered, what: &'static str) -> Turn {
        let (act, now) = (self.act, at(self.invocation));
        let left = until(known).saturating_sub(now).max(1);
        if known.retry.is_some_and(|retry| retry > now) {
            return wait(left + spread(seed(act.key, act.receives), SPREAD), what);
        }
        wait(left.min(OPENING << act.receives.saturating_sub(1).min(3)), what)
    }
}

/// Until when nobody else tries.
fn until(known: &Remembered) -> u64 {
    known.retry.unwrap_or_default().max(known.lease.map_or(0, |lease| lease.min(u64::MAX - LEASE) + 1))
}

fn wait(seconds: u64, what: &'static str) -> Turn {
    Turn::Nothing(Delivery::Wait { seconds: seconds.clamp(1, LONGEST_WAIT), what })
}
