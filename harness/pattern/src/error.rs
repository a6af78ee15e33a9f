//! Why a pattern is refused, in AWS's words.

use std::fmt;

/// A pattern that AWS refuses. Displays AWS's reason alone; [`PatternError::aws_message`] is the whole message.
#[derive(Clone, Debug, PartialEq, Eq)]
// Boxed: results are passed up through every level of a pattern.
pub struct PatternError(Box<Facts>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Facts {
    reason: String,
    /// The engine gives none where a plain Java exception carries the reason.
    location: Option<Location>,
    kind: ErrorKind,
}

/// Jackson's `[Source: …; line: …, column: …]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Location {
    /// `(String)"…"`
    pub(super) source: String,
    pub(super) line: usize,
    pub(super) column: usize,
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[Source: {}; line: {}, column: {}]", self.source, self.line, self.column)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ErrorKind {
    /// The text is not JSON.
    Json,
    /// It is JSON, but not a pattern.
    Rule,
    /// An operand is refused below the parser (CIDR blocks): no location.
    Operand,
    /// More combinations than the service takes.
    TooComplex,
}

impl PatternError {
    pub(super) fn new(kind: ErrorKind, reason: impl Into<String>, location: Option<Location>) -> Self {
        PatternError(Box::new(Facts { reason: reason.into(), location, kind }))
    }

    pub(super) fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// AWS's reason, such as `Empty arrays are not allowed`.
    #[must_use]
    pub fn reason(&self) -> &str {
        &self.0.reason
    }

    /// The reason and, where AWS gives it, the second line that says where in the pattern.
    #[must_use]
    pub fn located_reason(&self) -> String {
        match &self.0.location {
            Some(location) => format!("{}\n at {location}", self.0.reason),
            None => self.0.reason.clone(),
        }
    }

    /// As [`PatternError::located_reason`], from a parser that does not quote its source.
    pub(super) fn redacted_reason(&self) -> String {
        const REDACTED: &str = "REDACTED (`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled)";
        let located = self.located_reason();
        match &self.0.location {
            Some(location) => located.replace(&location.source, REDACTED),
            None => located,
        }
    }

    /// The message of `InvalidEventPatternException` (HTTP 400): `Event pattern is not valid. Reason: …`, and a second
    /// line with the location for what the parser found. [V] recorded answers; compare the first line, for columns
    /// inside broken JSON are reproduced as well as they are known.
    #[must_use]
    pub fn aws_message(&self) -> String {
        format!("Event pattern is not valid. Reason: {}", self.located_reason())
    }
}

impl fmt::Display for PatternError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.reason)
    }
}

impl std::error::Error for PatternError {}
