//! `mutants.toml`: mutants that no test can catch, each with the reason.
//!
//! ```toml
//! [[equivalent]]
//! mutant = "module.hub.aws_cloudwatch_event_rule.triage: pattern-field-removed: source"
//! reason = "the bus policy admits no other source"
//! ```
//!
//! `*` in `mutant` matches any text, so that one reason serves every instance of a module. A declaration that matches no
//! mutant, or one that is caught, is an error: the file cannot go stale.

use std::path::Path;

use rootwatch_pattern::Wildcard;

/// A declaration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Declaration {
    /// The id of a mutant, with `*` for any text.
    pub mutant: String,
    /// Why no test can catch it.
    pub reason: String,
    /// The line in the file, from 1.
    pub line: usize,
}

/// The declarations of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Declarations(pub Vec<Declaration>);

impl Declarations {
    /// Reads a file; a missing one declares nothing.
    ///
    /// # Errors
    /// When the file cannot be read or a line is malformed; the text names the file and the line.
    pub fn read(path: &Path) -> Result<Self, String> {
        let shown = path.display();
        match std::fs::read_to_string(path) {
            Ok(text) => Self::parse(&text).map_err(|(line, error)| format!("{shown}:{line}: {error}")),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(format!("could not read {shown}: {error}")),
        }
    }

    /// Reads the text: tables `[[equivalent]]` with the keys `mutant` and `reason`, and nothing else of TOML.
    fn parse(text: &str) -> Result<Self, (usize, String)> {
        let mut all: Vec<Declaration> = Vec::new();
        for (number, line) in text.lines().enumerate() {
            let (number, line) = (number + 1, line.trim());
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            if line == "[[equivalent]]" {
                all.push(Declaration { mutant: String::new(), reason: String::new(), line: number });
                continue;
            }
            let Some((key, value)) = line.split_once('=') else {
                return Err((number, "expected `[[equivalent]]`, `mutant = \"…\"` or `reason = \"…\"`".to_owned()));
            };
            let value = string(value.trim()).ok_or_else(|| (number, "expected a text in quotes".to_owned()))?;
            let Some(last) = all.last_mut() else {
                return Err((number, "expected `[[equivalent]]` before the first key".to_owned()));
            };
            match key.trim() {
                "mutant" => last.mutant = value,
                "reason" => last.reason = value,
                other => return Err((number, format!("unknown key `{other}`; expected `mutant` or `reason`"))),
            }
        }
        match all.iter().find(|one| one.mutant.is_empty() || one.reason.is_empty()) {
            Some(empty) => Err((empty.line, "a declaration needs `mutant` and `reason`".to_owned())),
            None => Ok(Self(all)),
        }
    }

    /// The declaration of a mutant.
    pub fn of(&self, id: &str) -> Option<&Declaration> {
        self.0.iter().find(|declaration| declaration.matches(id))
    }
}

impl Declaration {
    /// Returns true if the declaration names this mutant.
    pub fn matches(&self, id: &str) -> bool {
        Wildcard::plain(&self.mutant).matches(id)
    }
}

/// A TOML string: literal in single quotes, else with escapes, which are JSON's.
fn string(text: &str) -> Option<String> {
    match text.strip_prefix('\'').and_then(|text| text.strip_suffix('\'')) {
        Some(literal) if !literal.contains('\'') => Some(literal.to_owned()),
        Some(_) => None,
        None => serde_json::from_str(text).ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn declarations_are_read_and_matched() {
        let text = "# why\n[[equivalent]]\nmutant = 'a[\"b\"].c: d: *'\nreason = \"because\"\n";
        let found = Declarations::parse(text).unwrap();
        assert_eq!(found.0.len(), 1);
        assert_eq!(found.of("a[\"b\"].c: d: e").map(|it| it.reason.as_str()), Some("because"));
        assert_eq!(found.of("a.c: d: e"), None);
        for (text, line) in [
            ("mutant = \"a\"", 1),
            ("[[equivalent]]\nmutant = \"a\"", 1),
            ("[[equivalent]]\nname = \"a\"", 2),
            ("x", 1),
        ] {
            assert_eq!(Declarations::parse(text).unwrap_err().0, line, "{text}");
        }
    }
}
