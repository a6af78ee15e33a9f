//! From log events to metrics. [D] MonitoringLogData

use std::collections::BTreeMap;

use super::group::MetricFilter;
use crate::id::Arn;
use crate::services::cloudwatch;
use crate::state::State;
use crate::time::Time;
use crate::trace::{Entry, Hop, Outcome};
use rootwatch_logfilter::FilterPattern;

/// Publishes the filter's metric for the lines that match; for a minute with lines of which none matches, its default.
pub(super) fn apply(state: &mut State, group: &Arn, name: &str, filter: &MetricFilter, lines: &[(Time, String)]) {
    // A pattern is checked when the filter is put.
    let Ok(pattern) = FilterPattern::parse(&filter.pattern) else { return };
    let (account, region) = (group.account(), group.region());
    let mut matched: BTreeMap<Time, bool> = BTreeMap::new();
    for (at, line) in lines {
        // The minute is the event's own. [?]
        let hit = matched.entry(at.floor(60)).or_default();
        let matches = pattern.matches(line);
        let outcome = if matches { Outcome::Matched } else { Outcome::NotMatched };
        trace(state, group, name, outcome, &filter.pattern);
        if !matches {
            continue;
        }
        *hit = true;
        if let Some(value) = pattern.value(line, &filter.value) {
            let found: Vec<(String, String)> = dimensions(filter, line);
            let named: Vec<(&str, &str)> = found.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
            cloudwatch::put_metrics(state, &account, &region, &filter.namespace, &[&filter.metric], &named, value, *at);
        }
    }
    let Some(default) = filter.default else { return };
    for (minute, hit) in matched {
        if !hit {
            cloudwatch::put_metrics(
                state,
                &account,
                &region,
                &filter.namespace,
                &[&filter.metric],
                &[],
                default,
                minute,
            );
        }
    }
}

fn dimensions(filter: &MetricFilter, line: &str) -> Vec<(String, String)> {
    let Ok(record) = serde_json::from_str::<serde_json::Value>(line) else { return Vec::new() };
    filter
        .dimensions
        .iter()
        .filter_map(|(name, selector)| {
            let path = selector.strip_prefix("$.")?.replace('.', "/");
            let value = record.pointer(&format!("/{path}"))?;
            Some((name.clone(), value.as_str().map_or_else(|| value.to_string(), str::to_owned)))
        })
        .collect()
}

fn trace(state: &mut State, group: &Arn, name: &str, outcome: Outcome, pattern: &str) {
    let at = state.now;
    state.trace(Entry {
        at,
        hop: Hop::MetricFilter,
        resource: format!("{group}:metric-filter:{name}"),
        outcome,
        detail: pattern.to_owned(),
        principal: None,
        decision: None,
    });
}
