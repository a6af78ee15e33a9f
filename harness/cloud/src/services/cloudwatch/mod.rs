//! CloudWatch: metrics, and alarms that are evaluated on virtual time.

mod alarm;
mod alarm_operations;
mod evaluate;
mod metric;
mod metric_data;
mod metric_operations;
mod put_metric_data;
mod state_change;
#[cfg(test)]
mod tests;
mod watch;

use std::sync::{Arc, OnceLock};

use serde::{Deserialize, Serialize};

use crate::api::Operation;
use crate::id::Arn;
use crate::table::Table;
use crate::time::Time;

use watch::Watch;

pub use alarm::{Alarm, AlarmState, TreatMissingData};
pub use metric::{MetricKey, put_metrics, queue_changed};

/// State of the service.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct State {
    data: metric::Data,
    alarms: Table<Arn, Alarm>,
    /// Over the alarms; made when it is first needed, and anew after one came, went or was defined anew.
    #[serde(skip)]
    watch: OnceLock<Arc<Watch>>,
}

impl State {
    fn watch(&self) -> Arc<Watch> {
        Arc::clone(self.watch.get_or_init(|| Arc::new(Watch::new(&self.alarms))))
    }

    /// Defines an alarm.
    fn put_alarm(&mut self, arn: Arn, alarm: Alarm) {
        self.alarms.insert(arn, alarm);
        self.watch = OnceLock::new();
    }

    /// Takes an alarm away, if there is one.
    fn remove_alarm(&mut self, arn: &Arn) {
        self.alarms.remove(arn);
        self.watch = OnceLock::new();
    }

    /// Forgets all data points: a fork starts with quiet metrics.
    pub fn forget_data(&mut self) {
        self.data = metric::Data::default();
    }

    /// Every alarm as it is when there has been no data for long, without anybody being notified of the change. An alarm that
    /// notifies somebody of missing data had data until now.
    pub(crate) fn come_to_rest(&mut self, now: Time) {
        self.forget_data();
        let arns: Vec<Arn> = self.alarms.keys().cloned().collect();
        for arn in arns {
            let Some(alarm) = self.alarms.get_mut(&arn) else { continue };
            alarm.next_evaluation = None;
            if let Some(condition) = evaluate::without_data(alarm, now) {
                alarm.state = condition;
            }
            if !alarm.insufficient_data_actions.is_empty() {
                alarm.state.value = AlarmState::Ok;
            }
        }
    }
}

/// Work that is due later.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Task {
    /// Look at an alarm.
    Evaluate(Arn),
}

/// Does the work.
pub fn run(state: &mut crate::state::State, task: Task) {
    match task {
        Task::Evaluate(alarm) => evaluate::run(state, &alarm),
    }
}

/// Operations of the service.
pub const OPERATIONS: &[Operation] = &[
    Operation::new("DeleteAlarms", alarm_operations::delete_alarms),
    Operation::noted("DescribeAlarmHistory", alarm_operations::describe_alarm_history, "state updates only"),
    Operation::noted("DescribeAlarms", alarm_operations::describe_alarms, "metric alarms, one page"),
    Operation::new("DescribeAlarmsForMetric", alarm_operations::describe_alarms_for_metric),
    Operation::new("DisableAlarmActions", alarm_operations::disable_alarm_actions),
    Operation::new("EnableAlarmActions", alarm_operations::enable_alarm_actions),
    Operation::noted("GetMetricData", metric_data::get_metric_data, "no metric math, one page"),
    Operation::noted("GetMetricStatistics", metric_operations::get_metric_statistics, "no percentiles"),
    Operation::noted("ListMetrics", metric_operations::list_metrics, "one page"),
    Operation::new("ListTagsForResource", alarm_operations::list_tags_for_resource),
    Operation::noted(
        "PutMetricAlarm",
        alarm_operations::put_metric_alarm,
        "one metric: no metric math, no anomaly detection",
    ),
    Operation::new("PutMetricData", put_metric_data::put_metric_data),
    Operation::new("SetAlarmState", alarm_operations::set_alarm_state),
    Operation::new("TagResource", alarm_operations::tag_resource),
    Operation::new("UntagResource", alarm_operations::untag_resource),
];
