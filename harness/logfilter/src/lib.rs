//! CloudWatch Logs filter patterns: which log lines a metric filter counts.
//!
//! Three languages, told apart by the first character: terms (`ERROR -"not found"`), JSON (`{ $.a = "b" }`) and columns
//! (`[ip, ..., status = 4*]`). Pure.
//!
//! Source: [D] <https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html>, in its wording of
//! 2025 where an earlier one differs. Finer tags stand with the rules and with the cases in `tests.rs`.
//!
//! Reading order: [`filter_pattern`](FilterPattern), `terms`, `json` and `selector`, `columns`; shared: `expression`
//! (`&&`, `||` and parentheses), `comparison` (operators and operands), `regex` (`%…%`), `cursor`.

#[cfg(test)]
mod benchmark;
mod columns;
mod comparison;
mod cursor;
mod error;
mod expression;
mod filter_pattern;
mod json;
mod regex;
mod selector;
mod terms;

#[cfg(test)]
mod tests;

pub use error::FilterError;
pub use filter_pattern::FilterPattern;
