//! Why a filter pattern is refused.

/// A filter pattern that CloudWatch Logs refuses with `InvalidParameterException`. Displays what is wrong and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FilterError {
    /// A character that has to stand in double quotes.
    #[error("`{term}` at character {at} is not allowed here: put the term in double quotes")]
    InvalidCharacters {
        /// What AWS names.
        term: String,
        /// Position in the pattern, from 1.
        at: usize,
    },
    /// The pattern does not follow the grammar.
    #[error("{reason} at character {at}")]
    Malformed {
        /// What was expected or is too much.
        reason: String,
        /// Position in the pattern, from 1.
        at: usize,
    },
}

impl FilterError {
    /// The message at `PutMetricFilter`. [T] quoted in many public reports: `Invalid character(s) in term '('`,
    /// `Invalid metric filter pattern`; which of both AWS chooses is a guess at the edges. [?]
    #[must_use]
    pub fn aws_message(&self) -> String {
        self.message("Invalid metric filter pattern")
    }

    /// The message at `FilterLogEvents`. [T] as above, `Invalid filter pattern`
    #[must_use]
    pub fn search_message(&self) -> String {
        self.message("Invalid filter pattern")
    }

    fn message(&self, malformed: &str) -> String {
        match self {
            FilterError::InvalidCharacters { term, .. } => format!("Invalid character(s) in term '{term}'"),
            FilterError::Malformed { .. } => malformed.to_owned(),
        }
    }
}
