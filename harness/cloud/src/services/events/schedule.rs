//! Rules on a schedule: `rate` and `cron` expressions on virtual time. [D] UG eb-scheduled-rule-pattern

use std::time::Duration;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::deliver::Task;
use super::event::Event;
use super::ingest;
use super::rule::{RuleName, RuleState};
use crate::api::ApiError;
use crate::id::Arn;
use crate::state::State;
use crate::time::Time;

/// How many days ahead a cron expression is followed: a leap day may be eight years away.
const MOST_DAYS: i64 = 9 * 366;

/// The schedule of a rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Schedule {
    /// The expression as it was written.
    pub(super) text: String,
    /// When the rule fires next, if ever again. A task of another time is out of date.
    pub(super) next: Option<Time>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Expression {
    Rate(Duration),
    Cron(Box<Cron>),
}

/// `cron(minutes hours day-of-month month day-of-week year)`
#[derive(Clone, Debug, PartialEq, Eq)]
struct Cron {
    minutes: Vec<i64>,
    hours: Vec<i64>,
    days: Days,
    months: Vec<i64>,
    years: Vec<i64>,
}

/// Either field for days is `?`.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Days {
    OfMonth(Vec<i64>),
    /// `L`
    LastOfMonth,
    /// `15W`: the weekday nearest to the day, in the same month.
    NearestWeekday(i64),
    OfWeek(Vec<i64>),
    /// `6L`: the last such day of the month.
    LastOfWeek(i64),
    /// `3#2`: the second such day of the month.
    NthOfWeek(i64, i64),
}

const MONTHS: [&str; 12] = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
const WEEKDAYS: [&str; 7] = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

impl Schedule {
    /// Reads an expression. The text of a refusal is [T].
    pub(super) fn parse(text: &str, now: Time) -> Result<Self, ApiError> {
        let expression = Expression::parse(text);
        let expression =
            expression.ok_or_else(|| ApiError::validation("Parameter ScheduleExpression is not valid."))?;
        Ok(Self { text: text.to_owned(), next: expression.next(now) })
    }
}

/// Starts every schedule anew, as if its rule had just been created.
pub(crate) fn restart(state: &mut State) {
    let now = state.now;
    for rule in rules(state) {
        set_next(state, &rule, |schedule| Expression::parse(&schedule.text)?.next(now));
        arm(state, &rule);
    }
}

/// Moves the next time of every schedule with the clock. A rate keeps its distance, and its task moves with the state's tasks. A cron
/// expression keeps its time of day.
pub(crate) fn shift(state: &mut State, distance: i64) {
    let now = state.now;
    for rule in rules(state) {
        let expression = scheduled(state, &rule).and_then(|(schedule, _)| Expression::parse(&schedule.text));
        match expression {
            Some(Expression::Cron(cron)) => {
                set_next(state, &rule, |_| cron.next(now));
                arm(state, &rule);
            }
            _ => set_next(state, &rule, |schedule| schedule.next.map(|next| Time(next.0 + distance))),
        }
    }
}

/// Every rule that has a schedule.
fn rules(state: &State) -> Vec<RuleName> {
    let buses = state.events.buses.iter();
    let scheduled = buses.flat_map(|(bus, found)| {
        let rules = found.rules.iter().filter(|(_, rule)| rule.schedule.is_some());
        rules.map(|(name, _)| RuleName { bus: bus.clone(), name: name.clone() })
    });
    scheduled.collect()
}

fn set_next(state: &mut State, name: &RuleName, next: impl FnOnce(&Schedule) -> Option<Time>) {
    if let Some(bus) = state.events.buses.get_mut(&name.bus)
        && let Some(schedule) = bus.rules.get_mut(&name.name).and_then(|rule| rule.schedule.as_mut())
    {
        schedule.next = next(schedule);
    }
}

/// Arranges for the next time of a rule.
pub(super) fn arm(state: &mut State, rule: &RuleName) {
    let Some(next) = scheduled(state, rule).and_then(|(schedule, _)| schedule.next) else { return };
    state.schedule(next, Task::Tick(Box::new((rule.bus.clone(), rule.name.clone()))));
}

fn scheduled<'a>(state: &'a State, rule: &RuleName) -> Option<(&'a Schedule, RuleState)> {
    let rule = state.events.buses.get(&rule.bus)?.rules.get(&rule.name)?;
    Some((rule.schedule.as_ref()?, rule.state))
}

/// The rule's time has come: its targets get a `Scheduled Event`. [D] UG eb-run-lambda-schedule
pub(super) fn tick(state: &mut State, bus: Arn, name: String) {
    let (now, name) = (state.now, RuleName { bus, name });
    let Some((schedule, rule_state)) = scheduled(state, &name) else { return };
    if schedule.next != Some(now) {
        return;
    }
    set_next(state, &name, |schedule| Expression::parse(&schedule.text)?.next(now));
    arm(state, &name);
    if rule_state == RuleState::Disabled {
        return;
    }
    let arn = name.arn();
    let event = Event::new(json!({
        "version": "0", "id": state.uuid(), "detail-type": "Scheduled Event", "source": "aws.events",
        "account": arn.account(), "time": now.iso_seconds(), "region": arn.region(), "resources": [arn], "detail": {},
    }));
    ingest::fire(state, &name, &event);
}

impl Expression {
    fn parse(text: &str) -> Option<Self> {
        let inside = |kind: &str| text.strip_prefix(kind)?.strip_prefix('(')?.strip_suffix(')');
        if let Some(rate) = inside("rate") {
            let (value, unit) = rate.split_once(' ')?;
            let value: u64 = value.parse().ok().filter(|value| *value > 0)?;
            // The unit is singular for one, and plural for more. [D]
            let seconds = match (unit, value) {
                ("minute", 1) | ("minutes", 2..) => 60,
                ("hour", 1) | ("hours", 2..) => 3600,
                ("day", 1) | ("days", 2..) => 24 * 3600,
                _ => return None,
            };
            return Some(Self::Rate(Duration::from_secs(value.checked_mul(seconds)?)));
        }
        Cron::parse(inside("cron")?).map(|cron| Self::Cron(Box::new(cron)))
    }

    /// The first time after `now`. A rate counts from the rule's creation. [D]
    fn next(&self, now: Time) -> Option<Time> {
        match self {
            Self::Rate(interval) => Some(now + *interval),
            Self::Cron(cron) => cron.next(now),
        }
    }
}

impl Cron {
    fn parse(text: &str) -> Option<Self> {
        let fields: Vec<&str> = text.split_whitespace().collect();
        let [minutes, hours, day, month, weekday, year] = fields.as_slice() else { return None };
        let days = match (*day, *weekday) {
            ("?", "?") => return None,
            (day, "?") => match day {
                "L" => Days::LastOfMonth,
                day if day.ends_with('W') => Days::NearestWeekday(number(&day[..day.len() - 1], 1, 31, &[])?),
                day => Days::OfMonth(values(day, 1, 31, &[])?),
            },
            ("?", weekday) => {
                let one = |text: &str| number(text, 1, 7, &WEEKDAYS);
                match (weekday.split_once('#'), weekday.strip_suffix('L')) {
                    (Some((weekday, nth)), _) => Days::NthOfWeek(one(weekday)?, number(nth, 1, 5, &[])?),
                    (None, Some("")) => Days::OfWeek(vec![7]),
                    (None, Some(weekday)) => Days::LastOfWeek(one(weekday)?),
                    (None, None) => Days::OfWeek(values(weekday, 1, 7, &WEEKDAYS)?),
                }
            }
            _ => return None,
        };
        Some(Self {
            minutes: values(minutes, 0, 59, &[])?,
            hours: values(hours, 0, 23, &[])?,
            days,
            months: values(month, 1, 12, &MONTHS)?,
            years: values(year, 1970, 2199, &[])?,
        })
    }

    fn next(&self, now: Time) -> Option<Time> {
        let start = jiff::Timestamp::from_millisecond(now.0).ok()?.to_zoned(TimeZone::UTC).datetime();
        let mut date = start.date();
        let last = i64::from(*self.years.last()?.min(&9998) as i16);
        for ahead in 0..MOST_DAYS {
            if i64::from(date.year()) > last {
                return None;
            }
            if self.falls_on(date) {
                let times = self.hours.iter().flat_map(|hour| self.minutes.iter().map(move |minute| (*hour, *minute)));
                let passed = (i64::from(start.hour()), i64::from(start.minute()));
                if let Some((hour, minute)) = times.into_iter().find(|time| ahead > 0 || *time > passed) {
                    let at = date.at(i8::try_from(hour).ok()?, i8::try_from(minute).ok()?, 0, 0);
                    return Some(Time(at.to_zoned(TimeZone::UTC).ok()?.timestamp().as_millisecond()));
                }
            }
            date = date.tomorrow().ok()?;
        }
        None
    }

    fn falls_on(&self, date: Date) -> bool {
        let (day, last) = (i64::from(date.day()), i64::from(date.days_in_month()));
        let weekday = i64::from(date.weekday().to_sunday_one_offset());
        let in_month = self.months.contains(&i64::from(date.month())) && self.years.contains(&i64::from(date.year()));
        in_month
            && match &self.days {
                Days::OfMonth(days) => days.contains(&day),
                Days::LastOfMonth => day == last,
                Days::OfWeek(weekdays) => weekdays.contains(&weekday),
                Days::LastOfWeek(wanted) => weekday == *wanted && day + 7 > last,
                Days::NthOfWeek(wanted, nth) => weekday == *wanted && (day - 1) / 7 + 1 == *nth,
                Days::NearestWeekday(wanted) => {
                    let wanted = (*wanted).min(last);
                    let weekday_of = |day: i64| (weekday - 1 + day - date.day() as i64).rem_euclid(7) + 1;
                    let nearest = match weekday_of(wanted) {
                        7 if wanted > 1 => wanted - 1,
                        7 => wanted + 2,
                        1 if wanted < last => wanted + 1,
                        1 => wanted - 2,
                        _ => wanted,
                    };
                    day == nearest
                }
            }
    }
}

/// One value of a field, or its name.
fn number(text: &str, least: i64, most: i64, names: &[&str]) -> Option<i64> {
    let named = names.iter().position(|name| name.eq_ignore_ascii_case(text));
    let value = named.map(|place| place as i64 + least).or_else(|| text.parse().ok())?;
    (least..=most).contains(&value).then_some(value)
}

/// The values of a field in order: `*`, `1,2`, `1-5`, `0/15`, `1-10/2`.
fn values(text: &str, least: i64, most: i64, names: &[&str]) -> Option<Vec<i64>> {
    let mut all = Vec::new();
    for part in text.split(',') {
        let (range, step) = match part.split_once('/') {
            Some((range, step)) => (range, Some(step.parse::<usize>().ok().filter(|step| *step > 0)?)),
            None => (part, None),
        };
        let one = |text: &str| number(text, least, most, names);
        let (from, to) = match range.split_once('-') {
            _ if range == "*" => (least, most),
            Some((from, to)) => (one(from)?, one(to)?),
            None if step.is_some() => (one(range)?, most),
            None => (one(range)?, one(range)?),
        };
        // A range may pass the end of its field: 20-2 are the hours of a night. [D] UG eb-scheduled-rule-pattern
        let whole: Vec<i64> = if from > to { (from..=most).chain(least..=to).collect() } else { (from..=to).collect() };
        all.extend(whole.into_iter().step_by(step.unwrap_or(1)));
    }
    all.sort_unstable();
    all.dedup();
    Some(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// [D] UG eb-scheduled-rule-pattern: the page's examples, and its wildcards
    #[test]
    fn expressions_fire_when_the_user_guide_says() {
        let monday = "2026-03-02T09:14:07Z";
        for (expression, now, next) in [
            ("rate(1 minute)", monday, Some("2026-03-02T09:15:07Z")),
            ("rate(5 minutes)", monday, Some("2026-03-02T09:19:07Z")),
            ("rate(1 hour)", monday, Some("2026-03-02T10:14:07Z")),
            ("rate(7 days)", monday, Some("2026-03-09T09:14:07Z")),
            ("cron(0 10 * * ? *)", monday, Some("2026-03-02T10:00:00Z")),
            ("cron(15 12 * * ? *)", "2026-03-02T12:15:00Z", Some("2026-03-03T12:15:00Z")),
            ("cron(0 18 ? * MON-FRI *)", "2026-03-06T18:00:00Z", Some("2026-03-09T18:00:00Z")),
            ("cron(0 8 1 * ? *)", monday, Some("2026-04-01T08:00:00Z")),
            ("cron(0/15 * * * ? *)", monday, Some("2026-03-02T09:15:00Z")),
            ("cron(0/30 20-2 ? * MON-FRI *)", monday, Some("2026-03-02T20:00:00Z")),
            ("cron(0/30 20-2 ? * MON-FRI *)", "2026-03-02T23:30:00Z", Some("2026-03-03T00:00:00Z")),
            ("cron(0 9 ? * 2#1 *)", monday, Some("2026-04-06T09:00:00Z")),
            ("cron(0 0 L * ? *)", monday, Some("2026-03-31T00:00:00Z")),
            ("cron(0 0 ? * 6L *)", monday, Some("2026-03-27T00:00:00Z")),
            ("cron(0 0 15W * ? *)", monday, Some("2026-03-16T00:00:00Z")),
            ("cron(0 0 1W 8 ? *)", monday, Some("2026-08-03T00:00:00Z")),
            ("cron(0 0 29 2 ? *)", monday, Some("2028-02-29T00:00:00Z")),
            ("cron(5 4 * * ? 2027-2028)", monday, Some("2027-01-01T04:05:00Z")),
        ] {
            let now = Time::parse(now).unwrap();
            let found = Schedule::parse(expression, now).ok().and_then(|schedule| schedule.next);
            assert_eq!(found, next.map(|next| Time::parse(next).unwrap()), "{expression} after {}", now.iso_seconds());
        }
        let past = Schedule::parse("cron(0 0 1 1 ? 2020)", Time::parse(monday).unwrap()).unwrap();
        assert_eq!(past.next, None, "a time that is over never comes again");
        for refused in [
            "",
            "rate(0 minutes)",
            "rate(1 minutes)",
            "rate(5 minute)",
            "rate(5 seconds)",
            "rate(5)",
            "cron(0 10 * * * *)",
            "cron(0 10 ? * ? *)",
            "cron(0 10 * * ?)",
            "cron(60 10 * * ? *)",
            "cron(0 10 32 * ? *)",
            "at(2026-01-01T00:00:00)",
        ] {
            let error = Schedule::parse(refused, Time::default()).unwrap_err();
            assert_eq!(error.message, "Parameter ScheduleExpression is not valid.", "{refused}");
        }
    }
}
