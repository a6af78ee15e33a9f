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
    /// Topic of changes of the monitor.
    Tampering,
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

/// A box of the picture: its column and row, and its text.
struct Place {
    stop: Stop,
    at: (f64, f64),
    name: &'static str,
    more: &'static str,
}

const fn place(stop: Stop, column: f64, row: f64, name: &'static str, more: &'static str) -> Place {
    Place { stop, at: (column, row), name, more }
}

const PLACES: [Place; 16] = [
    place(Stop::CloudTrail, 0.0, 1.0, "CloudTrail", "a trail that logs"),
    place(Stop::DefaultBus, 1.0, 1.0, "default bus", "of each Region"),
    place(Stop::SpokeRule, 2.0, 1.0, "rules", "root-activity, tampering"),
    place(Stop::HubBus, 3.0, 1.0, "bus", "hub-root-activity"),
    place(Stop::HubRule, 4.0, 1.0, "rules", "triage, alarms"),
    place(Stop::Triage, 5.0, 1.0, "▤ λ triage", "login, activity, …"),
    place(Stop::Login, 6.0, 0.2, "topic", "root-login"),
    place(Stop::Activity, 6.0, 1.0, "topic", "root-activity"),
    place(Stop::Tampering, 6.0, 1.8, "topic", "tampering"),
    place(Stop::Slack, 7.0, 0.0, "▤ λ slack", ""),
    place(Stop::PagerDuty, 7.0, 1.0, "▤ λ pagerduty", ""),
    place(Stop::Email, 7.0, 2.0, "▤ λ email", ""),
    place(Stop::LogGroup, 0.0, 2.6, "log group", "of the trail"),
    place(Stop::MetricFilter, 1.0, 2.6, "metric filter", "CIS"),
    place(Stop::Alarm, 2.0, 2.6, "alarm", "and its rule"),
    place(Stop::Health, 6.0, 2.6, "topic", "health"),
];

/// How a line leaves one place and enters the next.
#[derive(Clone, Copy, PartialEq)]
enum Line {
    /// From side to side.
    Along,
    /// From below to above.
    Down,
    /// From the side to the underside of the box, around the boxes between.
    Under,
    /// The monitor's failures: dashed, and no way of an event.
    Failure,
}

const EDGES: [(Stop, Stop, Line); 25] = [
    (Stop::CloudTrail, Stop::DefaultBus, Line::Along),
    (Stop::DefaultBus, Stop::SpokeRule, Line::Along),
    (Stop::SpokeRule, Stop::HubBus, Line::Along),
    (Stop::HubBus, Stop::HubRule, Line::Along),
    (Stop::HubRule, Stop::Triage, Line::Along),
    (Stop::HubRule, Stop::Activity, Line::Under),
    (Stop::Triage, Stop::Login, Line::Along),
    (Stop::Triage, Stop::Activity, Line::Along),
    (Stop::Triage, Stop::Tampering, Line::Along),
    (Stop::Login, Stop::Slack, Line::Along),
    (Stop::Login, Stop::PagerDuty, Line::Along),
    (Stop::Login, Stop::Email, Line::Along),
    (Stop::Activity, Stop::Slack, Line::Along),
    (Stop::Activity, Stop::PagerDuty, Line::Along),
    (Stop::Activity, Stop::Email, Line::Along),
    (Stop::Tampering, Stop::Slack, Line::Along),
    (Stop::Tampering, Stop::PagerDuty, Line::Along),
    (Stop::Tampering, Stop::Email, Line::Along),
    (Stop::CloudTrail, Stop::LogGroup, Line::Down),
    (Stop::LogGroup, Stop::MetricFilter, Line::Along),
    (Stop::MetricFilter, Stop::Alarm, Line::Along),
    (Stop::Alarm, Stop::HubBus, Line::Under),
    (Stop::Triage, Stop::Health, Line::Failure),
    (Stop::Email, Stop::Health, Line::Failure),
    (Stop::Health, Stop::PagerDuty, Line::Failure),
];

/// What frames the places of one account, in columns.
const FRAMES: [(f64, f64, &str); 2] =
    [(0.0, 2.0, "every account, every Region (the hub’s own, too)"), (3.0, 7.0, "hub account, one Region")];

const MARGIN: (f64, f64) = (22.0, 46.0);
const STEP: (f64, f64) = (154.0, 70.0);
const BOX: (f64, f64) = (124.0, 42.0);
const HEIGHT: f64 = 330.0;

/// Colours for light and dark; a report may say which it is, by `color-scheme` of its own.
const STYLE: &str = "\
.place{fill:var(--paper,#fff);stroke:#8c959f;stroke-width:1.2}.frame{fill:#8c959f14;stroke:#8c959f66;stroke-dasharray:4 4}\
.way{stroke:#8c959f;stroke-width:1.3;fill:none}.failure{stroke-dasharray:3 4;opacity:.7}.tip{fill:#8c959f}\
text{fill:currentColor;text-anchor:middle}.more,.label{font-size:10.5px;opacity:.75}.label{text-anchor:start}.label.end{text-anchor:end}\
.on{stroke:#0969da;stroke-width:2.4}.tip.on{fill:#0969da}.trouble{stroke:#cf222e;stroke-width:2.4}svg{color:#1f2328}\
@media(prefers-color-scheme:dark){svg{color:#e6edf3}.place{fill:var(--paper,#0d1117)}.on{stroke:#58a6ff}.tip.on{fill:#58a6ff}\
.trouble{stroke:#f85149}}";

/// Draws the way; the stops that an event passed are lit, those where it met trouble are red.
pub fn svg(passed: &[(Stop, bool)]) -> String {
    let state = |stop: Stop| {
        let here = passed.iter().filter(|(other, _)| *other == stop);
        here.map(|(_, trouble)| *trouble)
            .fold(None, |state: Option<bool>, trouble| Some(state.unwrap_or(false) || trouble))
    };
    let (width, height) = (2.0 * MARGIN.0 + 7.0 * STEP.0 + BOX.0, HEIGHT);
    let mut text = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.0} {height:.0}\" role=\"img\" \
         aria-label=\"The path of an event, from CloudTrail to the alerters\" font-family=\"system-ui, sans-serif\" \
         font-size=\"13\">\n<style>{STYLE}</style>\n"
    );
    for (from, to, name) in FRAMES {
        let (left, right) = (MARGIN.0 + from * STEP.0 - 12.0, MARGIN.0 + to * STEP.0 + BOX.0 + 12.0);
        let _ = writeln!(
            text,
            "<rect class=\"frame\" x=\"{left:.0}\" y=\"8\" width=\"{:.0}\" height=\"{:.0}\" rx=\"10\"/>\
             <text class=\"label\" x=\"{:.0}\" y=\"26\">{name}</text>",
            right - left,
            height - 16.0,
            left + 10.0
        );
    }
    // Highlighted boxes are drawn above the others.
    let mut edges: Vec<_> = EDGES
        .iter()
        .map(|(from, to, line)| {
            let lit = *line != Line::Failure && state(*from).is_some() && state(*to).is_some();
            (lit && !detour(*from, *to, &state), *from, *to, *line)
        })
        .collect();
    edges.sort_by_key(|(lit, ..)| *lit);
    for (lit, from, to, line) in edges {
        let on = if lit { " on" } else { "" };
        let dashed = if line == Line::Failure { " failure" } else { "" };
        let (path, tip) = path(corner(from), corner(to), line);
        let _ = writeln!(text, "<path class=\"way{dashed}{on}\" d=\"{path}\"/><path class=\"tip{on}\" d=\"{tip}\"/>");
    }
    for Place { stop, name, more, .. } in PLACES {
        let (x, y) = corner(stop);
        let class = match state(stop) {
            None => "",
            Some(false) => " on",
            Some(true) => " trouble",
        };
        let (middle, line) = (x + BOX.0 / 2.0, if more.is_empty() { 25.5 } else { 18.0 });
        let _ = write!(
            text,
            "<rect class=\"place{class}\" x=\"{x:.0}\" y=\"{y:.0}\" width=\"{}\" height=\"{}\" rx=\"7\"/>\
             <text x=\"{middle:.0}\" y=\"{:.1}\">{name}</text>",
            BOX.0,
            BOX.1,
            y + line
        );
        if !more.is_empty() {
            let _ = write!(text, "<text class=\"more\" x=\"{middle:.0}\" y=\"{:.1}\">{more}</text>", y + 33.0);
        }
        text.push('\n');
    }
    let (x, y) = (corner(Stop::Triage).0 + BOX.0 / 2.0 - 10.0, corner(Stop::Health).1);
    let _ = writeln!(
        text,
        "<text class=\"label end\" x=\"{x:.0}\" y=\"{:.0}\">every dead-letter queue and</text>\
         <text class=\"label end\" x=\"{x:.0}\" y=\"{:.0}\">failure metric has an alarm</text>",
        y + 8.0,
        y + 22.0
    );
    text.push_str("</svg>\n");
    text
}

/// The way past triage is an event's only where an alarm's is: what triage published lights both ends of it too.
fn detour(from: Stop, to: Stop, state: &impl Fn(Stop) -> Option<bool>) -> bool {
    (from, to) == (Stop::HubRule, Stop::Activity) && state(Stop::Alarm).is_none()
}

/// Where a place's upper left corner is.
fn corner(stop: Stop) -> (f64, f64) {
    let place = PLACES.iter().find(|place| place.stop == stop);
    place.map_or((0.0, 0.0), |place| (MARGIN.0 + place.at.0 * STEP.0, MARGIN.1 + place.at.1 * STEP.1))
}

/// A line from one place to another, and the tip of its arrow.
fn path((x1, y1): (f64, f64), (x2, y2): (f64, f64), line: Line) -> (String, String) {
    let (start, end) = ((x1 + BOX.0, y1 + BOX.1 / 2.0), (x2, y2 + BOX.1 / 2.0));
    let right = format!("M{:.0} {:.0} l-7 -3.5 v7 z", end.0, end.1);
    match line {
        Line::Along => {
            let bend = (end.0 - start.0) / 2.0;
            let (one, two) = (start.0 + bend, end.0 - bend);
            (
                format!(
                    "M{:.0} {:.0} C{one:.0} {:.0} {two:.0} {:.0} {:.0} {:.0}",
                    start.0, start.1, start.1, end.1, end.0, end.1
                ),
                right,
            )
        }
        Line::Down => {
            let x = x1 + BOX.0 / 2.0;
            (format!("M{x:.0} {:.0} L{x:.0} {y2:.0}", y1 + BOX.1), format!("M{x:.0} {y2:.0} l-3.5 -7 h7 z"))
        }
        Line::Under if y1 > y2 => {
            // Up from below.
            let x = x2 + BOX.0 / 2.0;
            let y = y2 + BOX.1;
            (
                format!(
                    "M{:.0} {:.0} L{:.0} {:.0} Q{x:.0} {:.0} {x:.0} {:.0} L{x:.0} {y:.0}",
                    start.0,
                    start.1,
                    x - 14.0,
                    start.1,
                    start.1,
                    start.1 - 14.0
                ),
                format!("M{x:.0} {y:.0} l-3.5 7 h7 z"),
            )
        }
        Line::Under => {
            let (x, low) = (x1 + BOX.0 / 2.0, y2 + BOX.1 / 2.0 + 8.0);
            let end = (x2, low);
            (
                format!(
                    "M{x:.0} {:.0} L{x:.0} {:.0} Q{x:.0} {low:.0} {:.0} {low:.0} L{:.0} {low:.0}",
                    y1 + BOX.1,
                    low - 14.0,
                    x + 14.0,
                    end.0
                ),
                format!("M{:.0} {low:.0} l-7 -3.5 v7 z", end.0),
            )
        }
        Line::Failure if x2 > x1 && y2 > y1 => {
            // Down and along.
            let (x, y) = (x1 + BOX.0 / 2.0, y2 + BOX.1 / 2.0 - 10.0);
            (
                format!(
                    "M{x:.0} {:.0} L{x:.0} {:.0} Q{x:.0} {y:.0} {:.0} {y:.0} L{x2:.0} {y:.0}",
                    y1 + BOX.1,
                    y - 14.0,
                    x + 14.0
                ),
                format!("M{x2:.0} {y:.0} l-7 -3.5 v7 z"),
            )
        }
        Line::Failure => {
            let (start, end) = if x2 > x1 {
                ((x1 + BOX.0, y1 + 14.0), (x2, y2 + 30.0))
            } else {
                ((x1, y1 + 30.0), (x2 + BOX.0, y2 + 32.0))
            };
            let bend = (end.0 - start.0) / 2.0;
            let tip = if x2 > x1 { "l-7 -3.5 v7 z" } else { "l7 -3.5 v7 z" };
            (
                format!(
                    "M{:.0} {:.0} C{:.0} {:.0} {:.0} {:.0} {:.0} {:.0}",
                    start.0,
                    start.1,
                    start.0 + bend,
                    start.1,
                    end.0 - bend,
                    end.1,
                    end.0,
                    end.1
                ),
                format!("M{:.0} {:.0} {tip}", end.0, end.1),
            )
        }
    }
}
