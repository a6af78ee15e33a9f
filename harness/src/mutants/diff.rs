//! The lines that a unified diff adds or changes.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::{Location, Mutant};

/// How far from a changed line an argument may be: a policy statement or a nested block.
const NEAR: usize = 3;

/// The changed lines of a diff, by file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Diff(BTreeMap<String, BTreeSet<usize>>);

impl Diff {
    /// Reads a unified diff, as `git diff` writes it.
    pub fn parse(text: &str) -> Self {
        let mut files: BTreeMap<String, BTreeSet<usize>> = BTreeMap::new();
        let (mut file, mut line) = (None::<String>, 0);
        for text in text.lines() {
            if let Some(name) = text.strip_prefix("+++ ") {
                let name = name.split('\t').next().unwrap_or(name);
                file = (name != "/dev/null").then(|| name.strip_prefix("b/").unwrap_or(name).to_owned());
            } else if let Some(hunk) = text.strip_prefix("@@ ") {
                let start = hunk.split('+').nth(1).and_then(|rest| rest.split([',', ' ']).next());
                line = start.and_then(|start| start.parse().ok()).unwrap_or(0);
            } else if let Some(file) = &file {
                match text.as_bytes().first() {
                    Some(b'+') => {
                        files.entry(file.clone()).or_default().insert(line);
                        line += 1;
                    }
                    // A removed line counts as a change of the line that follows.
                    Some(b'-') if !text.starts_with("--- ") => {
                        files.entry(file.clone()).or_default().insert(line);
                    }
                    Some(b' ') => line += 1,
                    _ => {}
                }
            }
        }
        Self(files)
    }

    /// Returns true if the diff changes the line of a mutant, or a line near it.
    pub fn touches(&self, mutant: &Mutant) -> bool {
        mutant.location.as_ref().is_some_and(|location| self.touches_line(location))
    }

    fn touches_line(&self, location: &Location) -> bool {
        let near = |lines: &BTreeSet<usize>| {
            lines.range(location.line.saturating_sub(NEAR)..=location.line + NEAR).next().is_some()
        };
        self.0.iter().any(|(file, lines)| location.file.ends_with(Path::new(file)) && near(lines))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changed_lines_and_their_neighbors() {
        let diff = Diff::parse(
            "diff --git a/terraform/a.tf b/terraform/a.tf\n--- a/terraform/a.tf\n+++ b/terraform/a.tf\n\
             @@ -10,3 +10,3 @@ resource\n context\n-old\n+new\n context\n",
        );
        let at = |file: &str, line| Location { file: file.into(), line };
        for (location, touched) in [
            (at("/p/terraform/a.tf", 11), true),
            (at("/p/terraform/a.tf", 14), true),
            (at("/p/terraform/a.tf", 15), false),
            (at("/p/terraform/b.tf", 11), false),
        ] {
            assert_eq!(diff.touches_line(&location), touched, "{location}");
        }
    }
}
