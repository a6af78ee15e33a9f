//! Work that is due at some moment of virtual time.

use serde::{Deserialize, Serialize};

use crate::services::{cloudwatch, events, lambda, sns, sqs};
use crate::state::State;
use crate::time::Time;

/// Order of the queue: by time, then by the order of scheduling.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct TaskKey {
    /// When.
    pub at: Time,
    /// Which of those at the same moment.
    pub sequence: u64,
}

/// A task belongs to the service that scheduled it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Task {
    /// EventBridge: deliver to a target.
    Events(events::Task),
    /// SNS: deliver to a subscription.
    Sns(sns::Task),
    /// SQS: a message becomes visible or expires.
    Sqs(sqs::Task),
    /// Lambda: poll a queue, invoke a function.
    Lambda(lambda::Task),
    /// CloudWatch: evaluate alarms.
    CloudWatch(cloudwatch::Task),
}

impl Task {
    /// Whether a message depends on the task: neither periodic evaluation nor the timer of a message that is gone.
    pub fn carries_something(&self, state: &State) -> bool {
        match self {
            Task::CloudWatch(_) | Task::Events(events::Task::Tick(_)) => false,
            Task::Sqs(task) => !task.is_idle(state),
            Task::Lambda(task) => !task.is_idle(state),
            Task::Events(_) | Task::Sns(_) => true,
        }
    }

    /// Does the work.
    pub fn run(self, state: &mut State) {
        match self {
            Task::Events(task) => events::run(state, task),
            Task::Sns(task) => sns::run(state, task),
            Task::Sqs(task) => sqs::run(state, task),
            Task::Lambda(task) => lambda::run(state, task),
            Task::CloudWatch(task) => cloudwatch::run(state, task),
        }
    }
}

macro_rules! from_service {
    ($($service:ident => $variant:ident),*) => {
        $(impl From<$service::Task> for Task {
            fn from(task: $service::Task) -> Self {
                Task::$variant(task)
            }
        })*
    };
}
from_service!(events => Events, sns => Sns, sqs => Sqs, lambda => Lambda, cloudwatch => CloudWatch);
