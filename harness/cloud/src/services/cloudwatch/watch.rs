//! Which alarms look at a metric or at a queue: asked with every data point, and an account has many alarms.

use std::collections::HashMap;

use super::Alarm;
use super::metric::MetricKey;
use crate::id::Arn;
use crate::table::Table;

/// The alarms by what they look at.
#[derive(Debug)]
pub(super) struct Watch {
    metrics: HashMap<MetricKey, Vec<Arn>>,
    queues: HashMap<Arn, Vec<Arn>>,
}

impl Watch {
    pub(super) fn new(alarms: &Table<Arn, Alarm>) -> Self {
        let mut watch = Self { metrics: HashMap::new(), queues: HashMap::new() };
        for (arn, alarm) in alarms.iter() {
            watch.metrics.entry(alarm.key.clone()).or_default().push(arn.clone());
            if let Some(queue) = alarm.key.queue() {
                watch.queues.entry(queue).or_default().push(arn.clone());
            }
        }
        watch
    }

    /// The alarms on a metric.
    pub(super) fn of_metric(&self, key: &MetricKey) -> &[Arn] {
        self.metrics.get(key).map_or(&[], Vec::as_slice)
    }

    /// The alarms on what SQS publishes of a queue.
    pub(super) fn of_queue(&self, queue: &Arn) -> &[Arn] {
        self.queues.get(queue).map_or(&[], Vec::as_slice)
    }
}
