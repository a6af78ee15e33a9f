//! Evaluation of alarms. [D] AlarmThatSendsEmail, alarm-evaluation
//!
//! AWS looks at every alarm once a minute, at those with periods of 10 or 30 seconds every 10 seconds. Here an alarm is
//! looked at only where that could change something: while there is data in its range, or in its queue. Otherwise it
//! rests until data comes.

use serde_json::json;

use super::alarm::{Alarm, AlarmState, Condition, TreatMissingData};
use super::metric::{between, sample_queue};
use super::{Task, state_change};
use crate::id::Arn;
use crate::state::State;
use crate::time::Time;

/// Seconds between two looks. [D] alarm-evaluation
fn interval(alarm: &Alarm) -> i64 {
    if alarm.period < 60 { 10 } else { 60 }
}

/// Schedules the next look: with the next full minute, or 10 seconds.
pub(super) fn schedule(state: &mut State, arn: &Arn) {
    let Some(interval) = state.cloudwatch.alarms.get(arn).map(interval) else { return };
    let at = Time(state.now.floor(interval).0 + interval * 1000);
    if let Some(alarm) = state.cloudwatch.alarms.get_mut(arn) {
        alarm.next_evaluation = Some(at);
        state.schedule(at, Task::Evaluate(arn.clone()));
    }
}

/// Looks at an alarm.
pub(super) fn run(state: &mut State, arn: &Arn) {
    let Some(alarm) = state.cloudwatch.alarms.get_mut(arn) else { return };
    alarm.next_evaluation = None;
    let alarm = alarm.clone();
    let end = state.now.floor(interval(&alarm));
    sample_queue(state, &alarm.key, Time(end.floor(60).0 - 60_000));
    let points = points(state, &alarm, end);
    let values: Vec<Option<f64>> = points.iter().map(|point| point.value).collect();
    if let Some(found) = decide(&alarm, &values)
        && found != alarm.state.value
    {
        let condition = Condition {
            value: found,
            reason: reason(&alarm, found, &points),
            data: Some(reason_data(&alarm, &points, state.now)),
            at: state.now,
        };
        state_change::enter(state, arn, condition);
    }
    let busy = queue_is_busy(state, &alarm);
    if busy || values.iter().any(Option::is_some) && !at_rest(state, arn, &values) {
        schedule(state, arn);
    }
}

/// A queue that is empty, with an alarm that is not raised, has nothing more to report.
fn at_rest(state: &State, arn: &Arn, values: &[Option<f64>]) -> bool {
    let Some(alarm) = state.cloudwatch.alarms.get(arn) else { return true };
    alarm.key.namespace == "AWS/SQS"
        && alarm.state.value == AlarmState::Ok
        && values.iter().flatten().all(|value| *value == 0.0)
}

fn queue_is_busy(state: &State, alarm: &Alarm) -> bool {
    let Some(queue) = alarm.key.queue() else { return false };
    crate::services::sqs::metrics(state, &queue)
        .is_some_and(|metrics| metrics.visible + metrics.not_visible + metrics.delayed > 0)
}

/// What is known of one period.
#[derive(Clone, Copy, Debug)]
struct Point {
    /// The start of the period.
    at: Time,
    value: Option<f64>,
    samples: f64,
}

/// The points of the evaluation range, oldest first.
fn points(state: &State, alarm: &Alarm, end: Time) -> Vec<Point> {
    let period = alarm.period * 1000;
    (1..=alarm.range() as i64)
        .rev()
        .map(|n| {
            let at = Time(end.0 - n * period);
            let unit = alarm.unit.as_deref();
            let found = between(&state.cloudwatch.data, &alarm.key, unit, at, Time(at.0 + period));
            let value = found.and_then(|found| found.get(&alarm.statistic));
            Point { at, value, samples: found.map_or(0.0, |found| found.count) }
        })
        .collect()
}

/// The state that the points call for; `None` keeps the present one. Points are given oldest first.
pub(super) fn decide(alarm: &Alarm, points: &[Option<f64>]) -> Option<AlarmState> {
    let needed = alarm.needed();
    let periods = alarm.evaluation_periods;
    let real: Vec<bool> = points.iter().flatten().map(|value| alarm.breaches(*value)).collect();
    let judge = |breaching: usize| Some(if breaching >= needed { AlarmState::Alarm } else { AlarmState::Ok });
    if real.len() >= periods {
        return judge(real[real.len() - periods..].iter().filter(|breach| **breach).count());
    }
    let breaching = real.iter().filter(|breach| **breach).count();
    match alarm.treat_missing {
        TreatMissingData::Breaching => judge(breaching + periods - real.len()),
        TreatMissingData::NotBreaching => judge(breaching),
        TreatMissingData::Ignore if real.is_empty() => None,
        TreatMissingData::Missing if real.is_empty() => Some(AlarmState::InsufficientData),
        _ if breaching >= needed => Some(AlarmState::Alarm),
        _ if breaching < real.len() => Some(AlarmState::Ok),
        TreatMissingData::Ignore => None,
        // All that is there is beyond the threshold: an alarm, but only where it is old enough that the missing points
        // could not still come as good ones.
        TreatMissingData::Missing => {
            let age = points.iter().rev().take(periods).rposition(Option::is_some).map_or(0, |place| place + 1);
            (age >= needed).then_some(AlarmState::Alarm)
        }
    }
}

/// What an alarm changes to when there has been no data for long; `None` keeps its state.
pub(super) fn without_data(alarm: &Alarm, now: Time) -> Option<Condition> {
    let value = decide(alarm, &vec![None; alarm.range()]).filter(|value| *value != alarm.state.value)?;
    Some(Condition { value, reason: reason(alarm, value, &[]), data: None, at: now })
}

/// AWS's words. [V] LS:cloudwatch, [T] for recovery
fn reason(alarm: &Alarm, found: AlarmState, points: &[Point]) -> String {
    let real: Vec<(Time, f64)> = points.iter().filter_map(|point| Some((point.at, point.value?))).collect();
    if real.is_empty() {
        let n = alarm.evaluation_periods;
        let (periods, points, was) =
            if n == 1 { ("period", "datapoint", "was") } else { ("periods", "datapoints", "were") };
        let treated = match alarm.treat_missing {
            TreatMissingData::Breaching => "Breaching",
            TreatMissingData::NotBreaching => "NonBreaching",
            TreatMissingData::Ignore => "Ignore",
            TreatMissingData::Missing => return format!("Insufficient Data: {n} {points} {was} unknown."),
        };
        return format!(
            "Threshold Crossed: no datapoints were received for {n} {periods} and {n} missing {points} {was} treated as \
             [{treated}]."
        );
    }
    let wanted = found == AlarmState::Alarm;
    let shown: Vec<(Time, f64)> = real
        .iter()
        .rev()
        .filter(|(_, value)| alarm.breaches(*value) == wanted)
        .take(alarm.needed().max(1))
        .copied()
        .collect();
    let list: Vec<String> =
        shown.iter().map(|(at, value)| format!("{} ({})", number(*value), at.format("%d/%m/%y %H:%M:%S"))).collect();
    let negation = if wanted { "" } else { "not " };
    let operator = match alarm.operator.as_str() {
        "GreaterThanOrEqualToThreshold" => "greater than or equal to",
        "GreaterThanThreshold" => "greater than",
        "LessThanThreshold" => "less than",
        _ => "less than or equal to",
    };
    let n = shown.len();
    let (points, was) = if n == 1 { ("datapoint", "was") } else { ("datapoints", "were") };
    let count = match alarm.datapoints_to_alarm {
        Some(_) => format!("{n} out of the last {} {points}", alarm.evaluation_periods),
        None => format!("{n} {points}"),
    };
    let tail = match alarm.datapoints_to_alarm {
        Some(needed) if wanted => {
            format!(" (minimum {needed} datapoint{} for OK -> ALARM transition)", if needed == 1 { "" } else { "s" })
        }
        _ => String::new(),
    };
    format!(
        "Threshold Crossed: {count} [{}] {was} {negation}{operator} the threshold ({}){tail}.",
        list.join(", "),
        number(alarm.threshold)
    )
}

/// As AWS prints numbers: always with a fraction.
fn number(value: f64) -> String {
    if value == value.trunc() { format!("{value:.1}") } else { value.to_string() }
}

/// The points that decided, newest first: as many as are evaluated, missing ones only where there are too few.
fn evaluated(alarm: &Alarm, points: &[Point]) -> Vec<Point> {
    let wanted = alarm.evaluation_periods;
    let real = points.iter().rev().filter(|point| point.value.is_some()).take(wanted);
    let mut chosen: Vec<Point> = real.copied().collect();
    let missing = points.iter().rev().filter(|point| point.value.is_none()).take(wanted - chosen.len());
    chosen.extend(missing);
    chosen.sort_by_key(|point| std::cmp::Reverse(point.at));
    chosen
}

/// [V] LS:cloudwatch::test_put_metric_alarm, ::test_breaching_alarm_actions
fn reason_data(alarm: &Alarm, points: &[Point], now: Time) -> String {
    let evaluated = evaluated(alarm, points);
    let mut real: Vec<Point> = evaluated.iter().filter(|point| point.value.is_some()).copied().collect();
    real.reverse();
    let mut data = json!({"version": "1.0", "queryDate": now.iso_offset()});
    if let Some(first) = real.first() {
        data["startDate"] = json!(first.at.iso_offset());
    }
    if let Some(unit) = &alarm.unit {
        data["unit"] = json!(unit);
    }
    data["statistic"] = json!(alarm.statistic);
    data["period"] = json!(alarm.period);
    data["recentDatapoints"] = real.iter().map(|point| json!(point.value)).collect();
    data["threshold"] = json!(alarm.threshold);
    let evaluated = evaluated.iter().map(|point| match point.value {
        Some(value) => json!({"timestamp": point.at.iso_offset(), "sampleCount": point.samples, "value": value}),
        None => json!({"timestamp": point.at.iso_offset()}),
    });
    data["evaluatedDatapoints"] = evaluated.collect();
    data.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::services::cloudwatch::alarm::Condition;
    use crate::services::cloudwatch::metric::MetricKey;

    fn alarm(periods: usize, needed: usize, treat_missing: TreatMissingData) -> Alarm {
        Alarm {
            name: "a".into(),
            description: None,
            key: MetricKey {
                account: "111122223333".into(),
                region: "us-east-1".into(),
                namespace: "n".into(),
                name: "m".into(),
                dimensions: Default::default(),
            },
            statistic: "Sum".into(),
            unit: None,
            period: 60,
            evaluation_periods: periods,
            datapoints_to_alarm: Some(needed),
            operator: "GreaterThanOrEqualToThreshold".into(),
            threshold: 1.0,
            treat_missing,
            treat_missing_given: true,
            actions_enabled: true,
            ok_actions: vec![],
            alarm_actions: vec![],
            insufficient_data_actions: vec![],
            tags: Default::default(),
            configured: Time(0),
            state: Condition { value: AlarmState::Ok, reason: String::new(), data: None, at: Time(0) },
            metric_id: String::new(),
            history: vec![],
            next_evaluation: None,
        }
    }

    /// [D] AlarmThatSendsEmail: the two tables; columns missing, ignore, breaching, not breaching; `=` keeps
    #[test]
    fn missing_data() {
        let cases = [
            (3, 3, "0-X-X", "OOOO"),
            (3, 3, "0----", "OOOO"),
            (3, 3, "-----", "I=AO"),
            (3, 3, "0XX-X", "AAAA"),
            (3, 3, "--X--", "A=AO"),
            (3, 3, "----X", "==AO"),
            (3, 3, "---X-", "==AO"),
            (3, 2, "0-X-X", "AAAA"),
            (3, 2, "00X0X", "AAAA"),
            (3, 2, "0-X--", "OOAO"),
            (3, 2, "----0", "OOAO"),
            (3, 2, "---X-", "A=AO"),
            (1, 1, "X", "AAAA"),
            (1, 1, "-", "I=AO"),
            (1, 1, "0", "OOOO"),
        ];
        use TreatMissingData::{Breaching, Ignore, Missing, NotBreaching};
        for (periods, needed, points, expected) in cases {
            let points: Vec<Option<f64>> = points
                .chars()
                .map(|point| match point {
                    'X' => Some(1.0),
                    '0' => Some(0.0),
                    _ => None,
                })
                .collect();
            let found: String = [Missing, Ignore, Breaching, NotBreaching]
                .into_iter()
                .map(|treat| match decide(&alarm(periods, needed, treat), &points) {
                    None => '=',
                    Some(AlarmState::Ok) => 'O',
                    Some(AlarmState::Alarm) => 'A',
                    Some(AlarmState::InsufficientData) => 'I',
                })
                .collect();
            assert_eq!(found, expected, "{needed} of {periods}: {points:?}");
        }
    }

    #[test]
    fn reasons() {
        let at = Time::parse("2026-02-26T10:14:00Z").unwrap();
        let single = alarm(1, 1, TreatMissingData::NotBreaching);
        let cases = [
            // [D] with DatapointsToAlarm
            (
                &single,
                AlarmState::Alarm,
                vec![(at, Some(2.0))],
                "Threshold Crossed: 1 out of the last 1 datapoint [2.0 (26/02/26 10:14:00)] was greater than or equal to \
                 the threshold (1.0) (minimum 1 datapoint for OK -> ALARM transition).",
            ),
            // [T]
            (
                &single,
                AlarmState::Ok,
                vec![(at, None)],
                "Threshold Crossed: no datapoints were received for 1 period and 1 missing datapoint was treated as \
                 [NonBreaching].",
            ),
        ];
        for (alarm, state, points, expected) in cases {
            let points: Vec<Point> = points.into_iter().map(|(at, value)| Point { at, value, samples: 1.0 }).collect();
            assert_eq!(reason(alarm, state, &points), expected);
        }
    }
}
