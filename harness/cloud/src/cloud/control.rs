//! What a person at the endpoint may do to a running cloud: replace its state, move its clock.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::{Clock, Inner, real_time};
use crate::state::State;
use crate::time::Time;

impl Inner {
    /// Changes the state, then carries out what follows from it.
    pub(crate) fn change<T>(self: &Arc<Self>, f: impl FnOnce(&mut State) -> T) -> T {
        let result = f(&mut self.lock());
        self.changes.fetch_add(1, Ordering::SeqCst);
        self.pump();
        result
    }

    /// Puts another state in the place of this one. The clock goes on from the new state's moment; the functions that
    /// still run for the old one are dropped.
    pub(crate) fn replace(self: &Arc<Self>, mut state: State) {
        {
            let mut current = self.lock();
            state.usage = current.usage.clone();
            self.rebase_clock(state.now);
            self.epoch.fetch_add(1, Ordering::SeqCst);
            self.changes.fetch_add(1, Ordering::SeqCst);
            *current = state;
            self.host.retire_all();
        }
        self.changed.notify_waiters();
        self.pump();
    }

    /// Lets time pass: everything that falls due happens, in order. Returns the moment that it is then.
    pub(crate) async fn pass(self: &Arc<Self>, duration: Duration) -> Time {
        let target = self.lock().now + duration;
        loop {
            self.settle().await;
            let mut state = self.lock();
            match state.next_due() {
                Some(due) if due <= target => state.now = state.now.max(due),
                _ => break,
            }
        }
        let now = {
            let mut state = self.lock();
            state.now = state.now.max(target);
            self.rebase_clock(state.now);
            state.now
        };
        self.settle().await;
        now
    }

    /// Ties the given moment to this moment of the wall clock. The state must be locked.
    fn rebase_clock(&self, now: Time) {
        if self.clock == Clock::Wall {
            *self.started.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = (real_time(), now);
        }
    }
}
