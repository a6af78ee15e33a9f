//! A filter pattern: what a metric filter holds.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::FilterError;
use super::columns::Columns;
use super::comparison::number;
use super::json::{self, JsonPattern};
use super::terms::Terms;

/// A valid filter pattern: its text as written, and its compiled form. Cheap to clone; saved as its text.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct FilterPattern {
    text: Arc<str>,
    language: Arc<Language>,
}

#[derive(Debug)]
enum Language {
    Terms(Terms),
    Json(JsonPattern),
    Columns(Columns),
}

impl FilterPattern {
    /// Characters a pattern may have. [V] logs/test_logs_metric_filters; checked by `PutMetricFilter`, not by
    /// [`FilterPattern::parse`].
    pub const MAX_CHARACTERS: usize = 1024;

    /// Compiles a pattern. The empty one matches every line. [D]
    ///
    /// # Errors
    /// What `PutMetricFilter` answers with `InvalidParameterException`.
    pub fn parse(text: &str) -> Result<FilterPattern, FilterError> {
        let language = match text.trim_start().chars().next() {
            Some('{') => Language::Json(JsonPattern::parse(text)?),
            Some('[') => Language::Columns(Columns::parse(text)?),
            _ => Language::Terms(Terms::parse(text)?),
        };
        Ok(FilterPattern { text: text.into(), language: Arc::new(language) })
    }

    /// The pattern as it was written.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether a log line matches.
    #[must_use]
    pub fn matches(&self, line: &str) -> bool {
        match &*self.language {
            Language::Terms(terms) => terms.matches(line),
            Language::Columns(columns) => columns.matches(line),
            Language::Json(pattern) => serde_json::from_str(line).is_ok_and(|line| pattern.matches(&line)),
        }
    }

    /// As [`FilterPattern::matches`], of a line that is known as JSON already.
    #[must_use]
    pub fn matches_json(&self, line: &Value) -> bool {
        match &*self.language {
            Language::Json(pattern) => pattern.matches(line),
            _ => self.matches(&line.to_string()),
        }
    }

    /// What the pattern's columns or selectors take from a line that matches, as `TestMetricFilter` shows it. [D]
    #[must_use]
    pub fn extracted(&self, line: &str) -> Vec<(String, String)> {
        match &*self.language {
            Language::Terms(_) => Vec::new(),
            Language::Columns(columns) => columns.extracted(line),
            Language::Json(pattern) => {
                serde_json::from_str(line).map_or_else(|_| Vec::new(), |line| pattern.extracted(&line))
            }
        }
    }

    /// The number of a `metricValue` with this line: the number itself (`1`), or what its selector points at
    /// (`$.latency` with a JSON pattern, `$bytes` with columns). None if there is no number: nothing is published then.
    /// [D] "Publishing numerical values found in log entries"
    #[must_use]
    pub fn value(&self, line: &str, metric_value: &str) -> Option<f64> {
        let metric_value = metric_value.trim();
        if !metric_value.starts_with('$') {
            return number(metric_value);
        }
        match &*self.language {
            Language::Terms(_) => None,
            Language::Columns(columns) => columns.value(line, metric_value),
            Language::Json(_) => json::value(&serde_json::from_str(line).ok()?, metric_value),
        }
    }
}

impl PartialEq for FilterPattern {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for FilterPattern {}

impl TryFrom<String> for FilterPattern {
    type Error = FilterError;

    fn try_from(text: String) -> Result<Self, FilterError> {
        FilterPattern::parse(&text)
    }
}

impl From<FilterPattern> for String {
    fn from(pattern: FilterPattern) -> String {
        pattern.text.to_string()
    }
}
