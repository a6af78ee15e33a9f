//! The monitor's way as a picture, drawn from one description: in the HTML report with an event's own way on it, and as
//! `docs/topology.svg`.

use std::fmt::Write;

/// A place on the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// CloudTrail of the account.
    CloudTrail,
    /// The account's default bus.
    DefaultBus,
    /// The spoke's rule on it.
    SpokeRule,
    /// The hub's bus.
    HubBus,
    /// The hub's rules on it.
    HubRule,
    /// Queue and function that decide.
    Triage,
    /// Topic of root logins.
    Login,
    /// Topic of root activity.
    Activity,
    /// Queue and function.
    Slack,
    /// Queue and function.
    PagerDuty,
    /// Queue, function and topic.
    Email,
    /// CloudTrail's log group.
    LogGroup,
    /// The CIS metric filter.
    MetricFilter,
    /// The alarm of the log path.
    Alarm,
    /// The topic of the monitor's own health.
    Health,
}

/// Where each place stands, in columns and rows, and what is written there.
const PLACES: [(Stop, f64, f64, &str); 15] = [
    (Stop::CloudTrail, 0.0, 1.0, "CloudTrail"),
    (Stop::DefaultBus, 1.0, 1.0, "default bus"),
    (Stop::SpokeRule, 2.0, 1.0, "rule root-activity"),
    (Stop::HubBus, 3.0, 1.0, "bus hub-root-activity"),
    (Stop::HubRule, 4.0, 1.0, "rules"),
    (Stop::Triage, 5.0, 1.0, "▤ λ triage"),
    (Stop::Login, 6.0, 0.5, "SNS root-login"),
    (Stop::Activity, 6.0, 1.5, "SNS root-activity"),
    (Stop::Slack, 7.0, 0.0, "▤ λ slack"),
    (Stop::PagerDuty, 7.0, 1.0, "▤ λ pagerduty"),
    (Stop::Email, 7.0, 2.0, "▤ λ email"),
    (Stop::LogGroup, 0.0, 2.5, "log group"),
    (Stop::MetricFilter, 1.0, 2.5, "metric filter"),
    (Stop::Alarm, 2.0, 2.5, "alarm"),
    (Stop::Health, 5.0, 2.5, "SNS health"),
];

const EDGES: [(Stop, Stop); 18] = [
    (Stop::CloudTrail, Stop::DefaultBus),
    (Stop::DefaultBus, Stop::SpokeRule),
    (Stop::SpokeRule, Stop::HubBus),
    (Stop::HubBus, Stop::HubRule),
    (Stop::HubRule, Stop::Triage),
    (Stop::HubRule, Stop::Activity),
    (Stop::Triage, Stop::Login),
    (Stop::Triage, Stop::Activity),
    (Stop::Login, Stop::Slack),
    (Stop::Login, Stop::PagerDuty),
    (Stop::Login, Stop::Email),
    (Stop::Activity, Stop::Slack),
    (Stop::Activity, Stop::PagerDuty),
    (Stop::Activity, Stop::Email),
    (Stop::CloudTrail, Stop::LogGroup),
    (Stop::LogGroup, Stop::MetricFilter),
    (Stop::MetricFilter, Stop::Alarm),
    (Stop::Alarm, Stop::DefaultBus),
];

const STEP: (f64, f64) = (150.0, 70.0);
const BOX: (f64, f64) = (128.0, 34.0);

/// Draws the way; the stops that an event passed are lit, those where it met trouble are red.
pub fn svg(passed: &[(Stop, bool)]) -> String {
    let state = |stop: Stop| {
        let here = passed.iter().filter(|(other, _)| *other == stop);
        here.map(|(_, trouble)| *trouble)
            .fold(None, |state: Option<bool>, trouble| Some(state.unwrap_or(false) || trouble))
    };
    let corner = |stop: Stop| {
        let place = PLACES.iter().find(|(other, ..)| *other == stop);
        place.map_or((0.0, 0.0), |(_, column, row, _)| (10.0 + column * STEP.0, 10.0 + row * STEP.1))
    };
    let (width, height) = (20.0 + 7.0 * STEP.0 + BOX.0, 20.0 + 2.5 * STEP.1 + BOX.1);
    let mut text = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" role=\"img\" \
         aria-label=\"The way of an event\" font-family=\"system-ui, sans-serif\" font-size=\"12\">\n<style>\
         .place{{fill:none;stroke:#888;stroke-width:1.2}}.way{{stroke:#888;stroke-width:1.2;fill:none}}\
         .on{{stroke:#0969da;stroke-width:2.4}}.trouble{{stroke:#cf222e;stroke-width:2.4}}\
         text{{fill:currentColor;text-anchor:middle}}svg{{color:#24292f}}\
         @media (prefers-color-scheme:dark){{svg{{color:#e6edf3}}.on{{stroke:#58a6ff}}.trouble{{stroke:#f85149}}}}\
         </style>\n"
    );
    for (from, to) in EDGES {
        let ((x1, y1), (x2, y2)) = (corner(from), corner(to));
        let (start, end) = if x1 == x2 {
            ((x1 + BOX.0 / 2.0, y1 + BOX.1), (x2 + BOX.0 / 2.0, y2))
        } else if x2 < x1 {
            ((x1 + BOX.0 / 2.0, y1), (x2 + BOX.0 / 2.0, y2 + BOX.1))
        } else {
            ((x1 + BOX.0, y1 + BOX.1 / 2.0), (x2, y2 + BOX.1 / 2.0))
        };
        let lit = if state(from).is_some() && state(to).is_some() { " on" } else { "" };
        let _ = writeln!(
            text,
            "<path class=\"way{lit}\" d=\"M{:.0} {:.0} L{:.0} {:.0}\"/>",
            start.0, start.1, end.0, end.1
        );
    }
    for (stop, _, _, label) in PLACES {
        let (x, y) = corner(stop);
        let class = match state(stop) {
            None => "",
            Some(false) => " on",
            Some(true) => " trouble",
        };
        let _ = writeln!(
            text,
            "<rect class=\"place{class}\" x=\"{x:.0}\" y=\"{y:.0}\" width=\"{}\" height=\"{}\" rx=\"6\"/>\
             <text x=\"{:.0}\" y=\"{:.0}\">{label}</text>",
            BOX.0,
            BOX.1,
            x + BOX.0 / 2.0,
            y + BOX.1 / 2.0 + 4.0
        );
    }
    text.push_str("</svg>\n");
    text
}
