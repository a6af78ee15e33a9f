//! Comparison without regard to case.

/// A text to compare with, case ignored.
///
/// Character by character: a character of the value counts as equal if it is the lower or the upper case of the
/// pattern's, as Java's root locale has them; the case of the *value* is never converted, so the Kelvin sign is not
/// a `k`. [R] EqualsIgnoreCaseParser.java
#[derive(Clone, Debug)]
pub(super) struct IgnoreCase {
    text: String,
    /// Lower and upper case of each character; empty when the text is ASCII, which needs no table.
    cases: Vec<(String, String)>,
}

impl IgnoreCase {
    pub(super) fn new(text: String) -> Self {
        let cases = match text.is_ascii() {
            true => Vec::new(),
            false => text.chars().map(|c| (c.to_lowercase().collect(), c.to_uppercase().collect())).collect(),
        };
        IgnoreCase { text, cases }
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    pub(super) fn equals(&self, value: &str) -> bool {
        self.strip(value).is_some_and(str::is_empty)
    }

    pub(super) fn starts(&self, value: &str) -> bool {
        self.strip(value).is_some()
    }

    pub(super) fn ends(&self, value: &str) -> bool {
        if self.cases.is_empty() {
            let start = value.len().checked_sub(self.text.len());
            return start.and_then(|start| value.get(start..)).is_some_and(|end| end.eq_ignore_ascii_case(&self.text));
        }
        value.char_indices().any(|(start, _)| self.equals(&value[start..]))
    }

    /// What follows the text in the value, if the value starts with it.
    fn strip<'v>(&self, value: &'v str) -> Option<&'v str> {
        if self.cases.is_empty() {
            let start = value.get(..self.text.len())?;
            return start.eq_ignore_ascii_case(&self.text).then(|| &value[self.text.len()..]);
        }
        self.cases.iter().try_fold(value, |rest, (lower, upper)| {
            rest.strip_prefix(lower.as_str()).or_else(|| rest.strip_prefix(upper.as_str()))
        })
    }
}
