//! Locations of resource arguments in the Terraform sources.
//!
//! Blocks are found by line, as `terraform fmt` lays them out: that needs no evaluation, and a location is a hint for people.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::Resource;

/// A line of a file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Location {
    /// The file.
    pub file: PathBuf,
    /// The line, from 1.
    pub line: usize,
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file.display(), self.line)
    }
}

/// The text to find within a resource's block.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hint<'a> {
    /// The argument or nested block.
    pub(super) argument: &'a str,
    /// The `Sid` of the policy statement.
    pub(super) sid: Option<&'a str>,
    /// A text that the line contains.
    pub(super) literal: &'a str,
}

/// A top-level block.
#[derive(Clone, Debug)]
pub(super) struct Block {
    /// `resource.aws_sqs_queue.this`
    name: String,
    file: PathBuf,
    /// The number of the first line, from 1.
    start: usize,
    pub(super) lines: Vec<String>,
}

/// The modules of a configuration.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    /// By the names of the calls that lead to them, without instance keys.
    modules: BTreeMap<Vec<String>, Vec<Block>>,
}

impl Sources {
    /// Reads a root module and every local module that it calls. What cannot be read has no location.
    pub fn of_root(directory: &Path) -> Self {
        let mut sources = Self::default();
        sources.read(Vec::new(), directory, 0);
        sources
    }

    /// Reads modules that a generated root module calls by these names.
    pub fn of_modules(modules: impl IntoIterator<Item = (String, PathBuf)>) -> Self {
        let mut sources = Self::default();
        for (name, directory) in modules {
            sources.read(vec![name], &directory, 0);
        }
        sources
    }

    fn read(&mut self, path: Vec<String>, directory: &Path, depth: usize) {
        // Modules cannot call themselves; a link could.
        if depth > 16 {
            return;
        }
        let blocks = blocks(directory);
        for block in &blocks {
            let Some(name) = block.name.strip_prefix("module.") else { continue };
            let source = block.lines.iter().find_map(|line| quoted(line.trim().strip_prefix("source")?));
            if let Some(source) = source.filter(|source| source.starts_with('.')) {
                let mut path = path.clone();
                path.push(name.to_owned());
                self.read(path, &normal(&directory.join(source)), depth + 1);
            }
        }
        self.modules.insert(path, blocks);
    }

    /// The block of a resource.
    pub(super) fn block(&self, resource: &Resource) -> Option<&Block> {
        let name = format!("resource.{}.{}", resource.kind, resource.name);
        self.modules.get(&resource.modules)?.iter().find(|block| block.name == name)
    }

    /// Returns true if another block of the module reads an attribute of a resource; `None` is any attribute. A block that only
    /// depends on the resource does not read it.
    pub(super) fn is_read(&self, resource: &Resource, attribute: Option<&str>) -> bool {
        let reference = format!("{}.{}", resource.kind, resource.name);
        let own = format!("resource.{}.{}", resource.kind, resource.name);
        let others = self.modules.get(&resource.modules).into_iter().flatten().filter(|block| block.name != own);
        others.flat_map(|block| &block.lines).any(|line| {
            let mut references = line.match_indices(&reference).map(|(start, found)| &line[start + found.len()..]);
            references.any(|rest| reads(rest, attribute))
        })
    }

    /// The directory of a module, if one of its files was read.
    pub(super) fn directory(&self, modules: &[String]) -> Option<&Path> {
        self.modules.get(modules)?.first()?.file.parent()
    }

    /// The line of an argument, or the nearest that is known.
    pub(super) fn locate(&self, resource: &Resource, hint: &Hint<'_>) -> Option<Location> {
        let block = self.block(resource)?;
        if hint.argument.is_empty() {
            return Some(block.at(0));
        }
        let argument = block.lines.iter().position(|line| {
            let line = line.trim_start();
            let rest = line
                .strip_prefix(hint.argument)
                .or_else(|| line.strip_prefix("dynamic \"")?.strip_prefix(hint.argument));
            rest.is_some_and(|rest| rest.trim_start().starts_with(['=', '{', '"']))
        });
        let Some(argument) = argument else { return Some(block.at(0)) };
        // The policy is a data source of its own, in this module or in one that calls it.
        let line = &block.lines[argument];
        if let Some((_, rest)) = line.split_once("data.aws_iam_policy_document.") {
            let end = rest.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(rest.len());
            let document = format!("data.aws_iam_policy_document.{}", &rest[..end]);
            return self.in_document(&resource.modules, &document, hint).or_else(|| Some(block.at(argument)));
        }
        let within =
            block.lines.iter().skip(argument).position(|line| !hint.literal.is_empty() && line.contains(hint.literal));
        Some(block.at(argument + within.unwrap_or(0)))
    }

    /// The line in a policy document: of the statement with the `Sid`, of the text within it.
    fn in_document(&self, modules: &[String], name: &str, hint: &Hint<'_>) -> Option<Location> {
        let own = self.modules.get(modules)?.iter().filter(|block| block.name == name);
        let callers = (0..modules.len()).rev().filter_map(|depth| self.modules.get(&modules[..depth])).flatten();
        let documents = own.chain(callers.filter(|block| block.name.starts_with("data.aws_iam_policy_document.")));
        let mut first = None;
        for block in documents {
            let sid = hint.sid.and_then(|sid| {
                let written = format!("\"{sid}\"");
                block.lines.iter().position(|line| line.trim_start().starts_with("sid") && line.contains(&written))
            });
            let statement = sid.or_else(|| {
                let only = hint.sid.is_none() && block.name == name;
                only.then(|| block.lines.iter().position(|line| line.contains("statement")))?
            });
            if let Some(statement) = statement {
                let found = block.lines.iter().skip(statement).position(|line| {
                    !hint.literal.is_empty() && (line.contains(hint.literal) || line.contains(last_part(hint.literal)))
                });
                return Some(block.at(statement + found.unwrap_or(0)));
            }
            if block.name == name {
                first.get_or_insert_with(|| block.at(0));
            }
        }
        first
    }
}

/// Returns true if the text after a reference to a resource is an attribute: this one, after an index if there is one, or any.
fn reads(rest: &str, attribute: Option<&str>) -> bool {
    let Some(attribute) = attribute else { return rest.starts_with(['.', '[']) };
    let own = rest.strip_prefix('.').or_else(|| rest.strip_prefix('[')?.split_once("].").map(|(_, rest)| rest));
    own.is_some_and(|own| own.starts_with(attribute))
}

/// `aws:SourceArn` → `SourceArn"`, as it ends in the source.
fn last_part(literal: &str) -> &str {
    literal.rsplit(':').next().filter(|part| !part.is_empty()).unwrap_or(literal)
}

impl Block {
    fn at(&self, line: usize) -> Location {
        Location { file: self.file.clone(), line: self.start + line }
    }
}

/// The top-level blocks of the `.tf` files of a directory.
fn blocks(directory: &Path) -> Vec<Block> {
    let Ok(entries) = std::fs::read_dir(directory) else { return Vec::new() };
    let mut files: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "tf"));
    files.sort();
    let mut blocks = Vec::new();
    for file in files {
        let Ok(text) = std::fs::read_to_string(&file) else { continue };
        let mut open: Option<Block> = None;
        for (number, line) in text.lines().enumerate() {
            match &mut open {
                Some(block) => {
                    block.lines.push(line.to_owned());
                    if line.starts_with('}') {
                        blocks.extend(open.take());
                    }
                }
                None => {
                    let head = line.strip_suffix('{').map(str::trim_end).filter(|head| !head.starts_with([' ', '#']));
                    if let Some(head) = head {
                        let name =
                            head.split_whitespace().map(|word| word.trim_matches('"')).collect::<Vec<_>>().join(".");
                        let lines = vec![line.to_owned()];
                        open = Some(Block { name, file: file.clone(), start: number + 1, lines });
                    }
                }
            }
        }
        blocks.extend(open);
    }
    blocks
}

/// The text in the first quotes.
fn quoted(text: &str) -> Option<&str> {
    text.trim_start().strip_prefix('=')?.split('"').nth(1)
}

/// The path without `..`.
fn normal(path: &Path) -> PathBuf {
    let mut normal = PathBuf::new();
    for part in path.components() {
        match part {
            std::path::Component::ParentDir if normal.file_name().is_some() => drop(normal.pop()),
            std::path::Component::CurDir => {}
            part => normal.push(part),
        }
    }
    normal
}

#[cfg(test)]
mod tests {
    use serde_json::Map;

    use super::*;

    fn resource(modules: &[&str], kind: &str, name: &str) -> Resource {
        let text = String::new;
        Resource {
            address: text(),
            kind: kind.to_owned(),
            modules: modules.iter().map(|name| (*name).to_owned()).collect(),
            name: name.to_owned(),
            arn: text(),
            account: text(),
            region: text(),
            attributes: Map::new(),
        }
    }

    #[test]
    fn finds_the_line_of_an_argument() {
        let tree = crate::layout::Layout::discover().terraform();
        let sources = Sources::of_modules([("hub".to_owned(), tree.join("modules/hub"))]);
        let cases = [
            (resource(&["hub"], "aws_cloudwatch_event_rule", "triage"), "state", None, "", "triage.tf", "state = "),
            (
                resource(&["hub"], "aws_cloudwatch_event_rule", "triage"),
                "event_pattern",
                None,
                "aws.",
                "triage.tf",
                "prefix = \"aws.\"",
            ),
            (
                resource(&["hub", "triage"], "aws_sqs_queue", "this"),
                "policy",
                Some("DeliverFromSource"),
                "aws:SourceArn",
                "queues.tf",
                "aws:SourceArn",
            ),
            (
                resource(&["hub", "slack", "function"], "aws_iam_role_policy", "this"),
                "policy",
                Some("ReadSecret"),
                "",
                "secret.tf",
                "\"ReadSecret\"",
            ),
            (resource(&["hub"], "aws_kms_key", "this"), "", None, "", "key.tf", "resource \"aws_kms_key\""),
        ];
        for (resource, argument, sid, literal, file, line) in cases {
            let found = sources.locate(&resource, &Hint { argument, sid, literal }).unwrap();
            let text = std::fs::read_to_string(&found.file).unwrap();
            assert!(found.file.ends_with(file), "{found}");
            assert!(text.lines().nth(found.line - 1).unwrap().contains(line), "{found}: no {line}");
        }
        assert_eq!(
            sources.locate(&resource(&["none"], "a", "b"), &Hint { argument: "", sid: None, literal: "" }),
            None
        );
    }
}
