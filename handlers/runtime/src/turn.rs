//! Whose turn it is to tell an act, and together with what: the store's answers as what a function does next.
//!
//! Without a store every message is told by itself, as often as it comes.

use crate::call::CallError;
use crate::delivery::Delivery;
use crate::handler::Invocation;
use crate::store::{Claim, LEASE, Store, at};

/// How long the acts of an incident are gathered before they are told together, in seconds.
pub const GATHERING: u64 = 60;

/// How long a message waits while another one opens its incident, in seconds.
const OPENING: u64 = 5;

/// What a gathered act waits for.
const GATHERED: &str = "it is told together with what belongs to its incident";

/// How a sink keeps together what belongs to one incident.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gathering {
    /// By itself (PagerDuty's `dedup_key`).
    OfItsOwn,
    /// The first message opens a thread, the others follow in it.
    Thread,
    /// The first message stands alone, those that follow within a minute are one message.
    Together,
}

/// What a message tells, by its keys.
#[derive(Debug, Clone, Copy)]
pub struct Act<'a> {
    /// The deduplication key.
    pub key: &'a str,
    /// The incident key.
    pub incident: &'a str,
    /// The act as it stands among others, in the sink's own form.
    pub line: &'a str,
}

/// What a function does now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Turn {
    /// Tells the message by itself.
    Alone,
    /// Tells the message in this thread.
    InThread(String),
    /// Tells these acts in one message.
    Together(Vec<String>),
    /// Tells nothing: this became of the message.
    Nothing(Delivery),
}

/// A turn, and what is to be confirmed after it.
#[derive(Debug)]
pub struct Ticket<'a> {
    turn: Turn,
    store: Option<&'a Store>,
    act: Act<'a>,
    opens: bool,
    part: Option<u64>,
    invocation: Invocation,
}

impl<'a> Ticket<'a> {
    /// Asks the store whose turn it is. Where it does not answer, it is this function's.
    pub async fn take(
        store: Option<&'a Store>,
        gathering: Gathering,
        act: Option<Act<'a>>,
        invocation: Invocation,
    ) -> Ticket<'a> {
        let none = Act { key: "", incident: "", line: "" };
        let mut ticket = Ticket { turn: Turn::Alone, store: None, act: none, opens: false, part: None, invocation };
        let Some((store, act)) = store.zip(act) else { return ticket };
        ticket.act = act;
        match ticket.ask(store, gathering).await {
            Ok(turn) => {
                ticket.turn = turn;
                ticket.store = Some(store);
            }
            // Rather twice than never.
            Err(error) => unusable(&error),
        }
        ticket
    }

    /// What to do.
    pub fn turn(&self) -> &Turn {
        &self.turn
    }

    /// What became of it, remembered. `thread` is the sink's name for what it opened.
    pub async fn finish(self, delivery: Delivery, thread: Option<&str>) -> Delivery {
        let Some(store) = self.store.filter(|_| delivery == Delivery::Done) else { return delivery };
        if let Err(error) = self.confirm(store, thread).await {
            unusable(&error);
        }
        delivery
    }

    async fn confirm(&self, store: &Store, thread: Option<&str>) -> Result<(), CallError> {
        if let Some(thread) = thread.filter(|_| self.opens) {
            store.confirm_incident(self.act.incident, thread).await?;
        }
        if let Some(part) = self.part {
            store.confirm_part(self.act.incident, part, self.invocation).await?;
        }
        match self.turn {
            Turn::Nothing(_) => Ok(()),
            _ => store.confirm_act(self.act.key, self.invocation).await,
        }
    }

    async fn ask(&mut self, store: &Store, gathering: Gathering) -> Result<Turn, CallError> {
        let (act, now) = (self.act, self.invocation);
        let known = match store.claim_act(act.key, now).await? {
            Claim::Mine(_) => None,
            Claim::Taken(known) => Some(known),
        };
        match known {
            Some(known) if known.sent => {
                tracing::info!(key = act.key, "told already");
                Ok(Turn::Nothing(Delivery::Done))
            }
            Some(known) => {
                let left = known.lease.map_or(0, |lease| (lease + 1).saturating_sub(at(now)));
                match known.part {
                    Some(part) if left == 0 => self.together(store, part).await,
                    Some(_) => Ok(wait(left, GATHERED)),
                    None => Ok(wait(left, "the same act is being told")),
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
        match store.claim_incident(self.act.incident, self.act.key, self.invocation).await? {
            Claim::Mine(_) => {
                self.opens = true;
                Ok(Turn::Alone)
            }
            Claim::Taken(known) => match known.thread {
                Some(thread) => Ok(Turn::InThread(thread)),
                None => {
                    store.release_act(self.act.key).await?;
                    Ok(wait(OPENING, "its incident is being opened"))
                }
            },
        }
    }

    /// The first act of an incident stands alone, another one waits in a part of it.
    async fn gathered(&mut self, store: &Store) -> Result<Turn, CallError> {
        let (act, now) = (self.act, self.invocation);
        let opened = match store.open_incident(act.incident, act.key, now).await? {
            Claim::Mine(_) => return Ok(Turn::Alone),
            Claim::Taken(known) => known.opened.unwrap_or(at(now)),
        };
        let mut part = at(now).saturating_sub(opened) / GATHERING;
        // The part may have ended meanwhile; then it is the next one.
        if let Claim::Taken(_) = store.gather(act.incident, part, act.line, now).await? {
            part += 1;
            if let Claim::Taken(_) = store.gather(act.incident, part, act.line, now).await? {
                return Ok(Turn::Alone);
            }
        }
        let end = opened + (part + 1) * GATHERING;
        store.hold_act(act.key, part, end).await?;
        Ok(wait(end.saturating_sub(at(now)) + 1, GATHERED))
    }

    /// The act comes back: its part is told by whichever of its acts comes first.
    async fn together(&mut self, store: &Store, part: u64) -> Result<Turn, CallError> {
        let (act, now) = (self.act, self.invocation);
        match store.claim_part(act.incident, part, now).await? {
            Claim::Mine(known) => {
                self.part = Some(part);
                // A function that died after it had added its line adds it again.
                let mut lines = known.lines;
                let mut seen = std::collections::HashSet::new();
                lines.retain(|line| seen.insert(line.clone()));
                Ok(if lines.len() > 1 { Turn::Together(lines) } else { Turn::Alone })
            }
            Claim::Taken(known) if known.sent => {
                store.confirm_act(act.key, now).await?;
                tracing::info!(key = act.key, "told together with its incident");
                Ok(Turn::Nothing(Delivery::Done))
            }
            Claim::Taken(known) if known.lease.is_some_and(|lease| lease >= at(now)) => {
                Ok(wait(LEASE, "its incident is being told"))
            }
            // Its part is not there any more.
            Claim::Taken(_) => Ok(Turn::Alone),
        }
    }
}

fn wait(seconds: u64, what: &'static str) -> Turn {
    Turn::Nothing(Delivery::Wait { seconds: seconds.clamp(1, 2 * GATHERING), what })
}

/// An alarm counts this line.
fn unusable(error: &CallError) {
    tracing::warn!(cause = %error, "the store did not answer");
}
