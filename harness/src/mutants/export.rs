//! Mutants as Terraform override files, so that the genuine provider can make them too.
//!
//! An override file changes a block for every instance of its module. Where a mutant changes some instances only, the value is
//! conditional: on `each.key` or `count.index`, and on the path of the module call, which a variable hands down.
//! [D] <https://developer.hashicorp.com/terraform/language/files/override>

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use super::source::Block;
use super::{Change, Mutant, Resource, Sources};
use crate::terraform::GENERATED_ROOT;

/// The file with the overriding blocks, in the directory of each changed module.
const OVERRIDE: &str = "rootwatch_mutant_override.tf";
/// The file with the variable that hands the path of a module call down.
const VARIABLE: &str = "rootwatch_mutant.tf";

/// Files to add to a configuration, by their paths. A file of the root module is in [`GENERATED_ROOT`] if that module was generated.
pub type Files = BTreeMap<PathBuf, String>;

/// Returns the files that turn the configuration into one with all of these mutants.
///
/// # Errors
/// When a mutant has no such form, with the reason.
pub(super) fn export(mutants: &[&Mutant], resources: &[Resource], sources: &Sources) -> Result<Files, String> {
    let mut export = Export { resources, sources, blocks: BTreeMap::new(), handed: BTreeSet::new() };
    for mutant in mutants {
        export.add(mutant)?;
    }
    export.files()
}

/// An overriding change of one block.
struct Edit<'a> {
    /// The changed instances; `None` if all are.
    condition: Option<Condition>,
    change: &'a Change,
}

/// The changed instances of a block: the path of the module call and the instance key, each `None` where there is only one.
type Condition = Vec<(Option<String>, Option<String>)>;

struct Export<'a> {
    resources: &'a [Resource],
    sources: &'a Sources,
    /// By directory and name: an instance of the block, and its edits.
    blocks: BTreeMap<(PathBuf, String), (&'a Resource, Vec<Edit<'a>>)>,
    /// Addresses of the modules that the path is handed to.
    handed: BTreeSet<String>,
}

impl<'a> Export<'a> {
    fn add(&mut self, mutant: &'a Mutant) -> Result<(), String> {
        let changed: Vec<&'a Resource> = self
            .resources
            .iter()
            .filter(|resource| mutant.addresses().any(|address| *address == resource.address))
            .collect();
        let first = *changed.first().ok_or_else(|| format!("there is no {}", mutant.address))?;
        let directory = self.directory(&first.modules);
        let is_instance = |other: &&Resource| {
            other.kind == first.kind && other.name == first.name && self.directory(&other.modules) == directory
        };
        let instances: Vec<&Resource> = self.resources.iter().filter(is_instance).collect();
        let condition = (changed.len() < instances.len()).then(|| {
            let modules: BTreeSet<&str> = instances.iter().map(|instance| module_of(instance)).collect();
            if modules.len() > 1 {
                self.handed.extend(modules.iter().map(|module| (*module).to_owned()));
            }
            let module = |instance: &Resource| (modules.len() > 1).then(|| path_of(module_of(instance)));
            changed.iter().map(|instance| (module(instance), key_of(instance))).collect()
        });
        match &mutant.change {
            Change::Remove if self.sources.is_read(first, None) => {
                return Err("another block reads the resource, so Terraform cannot leave it out".to_owned());
            }
            Change::Set(argument, _) if self.sources.is_read(first, Some(argument)) => {
                return Err(format!("another block reads `{argument}`, so it would change too"));
            }
            // [M] provider 5.100: `policy` and `redrive_policy` of a queue are optional and computed.
            Change::Set(argument, Value::String(text)) if text.is_empty() && first.kind == "aws_sqs_queue" => {
                return Err(format!("the provider keeps `{argument}` of a queue that no longer has the argument"));
            }
            _ => {}
        }
        let name = format!("{}.{}", first.kind, first.name);
        let (_, edits) = self.blocks.entry((directory, name)).or_insert_with(|| (first, Vec::new()));
        edits.push(Edit { condition, change: &mutant.change });
        Ok(())
    }

    fn directory(&self, modules: &[String]) -> PathBuf {
        match self.sources.directory(modules) {
            Some(directory) => directory.to_path_buf(),
            None if modules.is_empty() => PathBuf::from(GENERATED_ROOT),
            None => Path::new(GENERATED_ROOT).join(modules.join("/")),
        }
    }

    fn files(self) -> Result<Files, String> {
        let mut texts: BTreeMap<PathBuf, Vec<String>> = BTreeMap::new();
        for ((directory, _), (resource, edits)) in &self.blocks {
            let block = self.sources.block(resource).ok_or_else(|| format!("{} has no source", resource.address))?;
            texts.entry(directory.clone()).or_default().push(resource_block(resource, block, edits)?);
        }
        let mut files = Files::new();
        let mut calls: BTreeSet<(PathBuf, String, String)> = BTreeSet::new();
        for address in &self.handed {
            let steps = steps(address);
            let names: Vec<String> = steps.iter().map(|(name, _)| name.clone()).collect();
            for depth in 0..steps.len() {
                let (name, key) = &steps[depth];
                let above = if depth == 0 { "" } else { "${var.rootwatch_mutant}/" };
                let key = match key.as_deref() {
                    None => "",
                    Some(key) if key.starts_with('"') => "[${each.key}]",
                    Some(_) => "[${count.index}]",
                };
                calls.insert((self.directory(&names[..depth]), name.clone(), format!("\"{above}{name}{key}\"")));
                let variable = "variable \"rootwatch_mutant\" {\n  type    = string\n  default = \"\"\n}\n";
                files.insert(self.directory(&names[..=depth]).join(VARIABLE), variable.to_owned());
            }
        }
        for (directory, name, path) in calls {
            let call = format!("module \"{name}\" {{\n  rootwatch_mutant = {path}\n}}\n");
            texts.entry(directory).or_default().push(call);
        }
        files.extend(texts.into_iter().map(|(directory, blocks)| (directory.join(OVERRIDE), blocks.join("\n"))));
        Ok(files)
    }
}

/// `module.hub.module.slack["main"]` of a resource in it.
fn module_of(resource: &Resource) -> &str {
    let own = format!("{}.{}", resource.kind, resource.name);
    resource.address.split(own.as_str()).next().unwrap_or_default().trim_end_matches('.')
}

/// The names of the module calls of an address, each with its instance key as it is written there.
fn steps(module: &str) -> Vec<(String, Option<String>)> {
    let calls = module.split("module.").filter(|call| !call.is_empty());
    let step = |call: &str| {
        let call = call.trim_end_matches('.');
        match call.split_once('[') {
            Some((name, key)) => (name.to_owned(), Some(key.trim_end_matches(']').to_owned())),
            None => (call.to_owned(), None),
        }
    };
    calls.map(step).collect()
}

/// The path of a module call as the variable hands it down: `hub/slack[main]`.
fn path_of(module: &str) -> String {
    let step = |(name, key): (String, Option<String>)| match key {
        Some(key) => format!("{name}[{}]", key.trim_matches('"')),
        None => name,
    };
    steps(module).into_iter().map(step).collect::<Vec<_>>().join("/")
}

/// The instance key of a resource, as it is written in its address.
fn key_of(resource: &Resource) -> Option<String> {
    let own = format!("{}.{}[", resource.kind, resource.name);
    let (_, key) = resource.address.split_once(own.as_str())?;
    Some(key.strip_suffix(']')?.to_owned())
}

/// A condition as an expression; `key` names the instance key there.
fn expression(condition: &Condition, key: &str) -> String {
    let instance = |(module, instance): &(Option<String>, Option<String>)| {
        let module =
            module.as_ref().map(|module| format!("var.rootwatch_mutant == {}", literal(&module.as_str().into())));
        let instance = instance.as_ref().map(|instance| format!("{key} == {instance}"));
        module.into_iter().chain(instance).collect::<Vec<_>>().join(" && ")
    };
    condition.iter().map(instance).collect::<Vec<_>>().join(" || ")
}

/// A value as an expression: JSON is one, but for templates.
fn literal(value: &Value) -> String {
    value.to_string().replace("${", "$${").replace("%{", "%%{")
}

/// `value` for the changed instances, else `original`.
fn choice(condition: Option<&Condition>, key: &str, value: &str, original: &str) -> String {
    match condition {
        None => value.to_owned(),
        Some(condition) => format!("({}) ? {value} : ({original})", expression(condition, key)),
    }
}

fn resource_block(resource: &Resource, block: &Block, edits: &[Edit<'_>]) -> Result<String, String> {
    let index = key_of(resource);
    let key = match &index {
        Some(key) if key.starts_with('"') => "each.key",
        _ => "count.index",
    };
    let mut arguments: BTreeMap<&str, Vec<(Option<&Condition>, &Value)>> = BTreeMap::new();
    let mut removed: Option<Option<&Condition>> = None;
    for edit in edits {
        match edit.change {
            Change::Remove if removed.is_some() => {
                return Err(format!("{} is removed by two mutants", resource.address));
            }
            Change::Remove => removed = Some(edit.condition.as_ref()),
            Change::Set(argument, value) => {
                arguments.entry(argument).or_default().push((edit.condition.as_ref(), value));
            }
        }
    }
    let mut body = Vec::new();
    if let Some(condition) = removed {
        body.push(match index.as_deref() {
            None => format!("  count = {}", choice(condition, key, "0", "1")),
            Some(key) if key.starts_with('"') => match condition {
                None => "  for_each = {}".to_owned(),
                Some(condition) => {
                    let all = argument(&block.lines, "for_each").ok_or("it has no for_each")?;
                    let kept = expression(condition, "key");
                    format!("  for_each = {{ for key, value in ({all}) : key => value if !({kept}) }}")
                }
            },
            Some(_) => {
                // Without the index: the value of `count` cannot depend on it, and the other instances would move.
                let single = |(module, instance): &(Option<String>, Option<String>)| match (module, instance.as_deref())
                {
                    (Some(module), Some("0")) => Ok((Some(module.clone()), None)),
                    _ => Err("one of several instances of a count cannot be left out".to_owned()),
                };
                let modules = condition.map(|all| all.iter().map(single).collect::<Result<Condition, _>>());
                let modules = modules.transpose()?;
                let all = argument(&block.lines, "count").unwrap_or_else(|| "1".to_owned());
                format!("  count = {}", choice(modules.as_ref(), key, "0", &all))
            }
        });
    }
    for (name, values) in arguments {
        if let Some(nested) = Nested::of(block, name) {
            body.push(nested.changed(resource, name, &values, key));
            continue;
        }
        let original = argument(&block.lines, name).unwrap_or_else(|| "null".to_owned());
        let changed = values
            .iter()
            .fold(original, |original, (condition, value)| choice(*condition, key, &literal(value), &original));
        body.push(format!("  {name} = {changed}"));
    }
    Ok(format!("resource \"{}\" \"{}\" {{\n{}\n}}\n", resource.kind, resource.name, body.join("\n")))
}

/// The expression of an argument of a block, which is at the least indentation.
fn argument(lines: &[String], name: &str) -> Option<String> {
    let depth = lines.iter().skip(1).find(|line| !line.trim().is_empty()).map(|line| indentation(line))?;
    let start = lines.iter().position(|line| {
        let rest = line.trim_start().strip_prefix(name).map(str::trim_start);
        indentation(line) == depth && rest.is_some_and(|rest| rest.starts_with('=') && !rest.starts_with("=="))
    })?;
    let (_, first) = lines[start].split_once('=')?;
    let mut expression = first.trim().to_owned();
    let mut open = balance(first);
    for line in &lines[start + 1..] {
        if open <= 0 {
            break;
        }
        expression.push('\n');
        expression.push_str(line);
        open += balance(line);
    }
    (open == 0).then_some(expression)
}

fn indentation(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

/// How many brackets of a line are left open, without those in quotes and comments.
fn balance(line: &str) -> i32 {
    let (mut open, mut quoted, mut escaped) = (0, false, false);
    for character in line.chars() {
        match character {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            '#' if !quoted => break,
            '(' | '[' | '{' if !quoted => open += 1,
            ')' | ']' | '}' if !quoted => open -= 1,
            _ => {}
        }
    }
    open
}

/// A nested block of a resource's block, which an override replaces as a whole.
struct Nested {
    /// The number of such blocks, as an expression to iterate over.
    each: String,
    /// The lines of its arguments, with one line before them.
    body: Vec<String>,
}

impl Nested {
    fn of(block: &Block, name: &str) -> Option<Self> {
        let heads = [format!("  {name} {{"), format!("  dynamic \"{name}\" {{")];
        let start = block.lines.iter().position(|line| heads.contains(line))?;
        let end = start + block.lines[start..].iter().position(|line| line == "  }")?;
        let lines = &block.lines[start..end];
        if lines[0] == heads[0] {
            return Some(Self { each: "[1]".to_owned(), body: lines.to_vec() });
        }
        let content = lines.iter().position(|line| line.trim() == "content {")?;
        let end = content + lines[content..].iter().position(|line| line == "    }")?;
        Some(Self { each: argument(lines, "for_each")?, body: lines[content..end].to_vec() })
    }

    fn changed(&self, resource: &Resource, name: &str, values: &[(Option<&Condition>, &Value)], key: &str) -> String {
        let deployed = resource.block(name);
        let mut each = self.each.clone();
        let mut arguments: BTreeMap<String, String> = BTreeMap::new();
        for (condition, value) in values {
            let Some(changed) = value.get(0).and_then(Value::as_object) else {
                each = choice(*condition, key, "[]", &each);
                continue;
            };
            let differs = |name: &str, value: &Value| {
                deployed.and_then(|deployed: &Map<String, Value>| deployed.get(name)) != Some(value)
            };
            for (argument_name, value) in changed.iter().filter(|(name, value)| differs(name, value)) {
                let original = arguments.get(argument_name).cloned();
                let original = original.or_else(|| argument(&self.body, argument_name));
                let original = original.unwrap_or_else(|| "null".to_owned());
                let expression = choice(*condition, key, &literal(value), &original);
                arguments.insert(argument_name.clone(), expression);
            }
        }
        let mut text = format!("  dynamic \"{name}\" {{\n    for_each = {each}\n    content {{\n");
        let mut rest = self.body[1..].iter().peekable();
        while let Some(line) = rest.next() {
            let (is_argument, name) = match line.split_once('=') {
                Some((name, _)) => (indentation(line) == indentation(&self.body[1]), name.trim()),
                None => (false, ""),
            };
            match arguments.remove(name).filter(|_| is_argument) {
                None => text.push_str(&format!("{line}\n")),
                Some(expression) => {
                    text.push_str(&format!("{name} = {expression}\n"));
                    let mut open = balance(line);
                    while open > 0 {
                        open += rest.next().map_or(-open, |line| balance(line));
                    }
                }
            }
        }
        for (name, expression) in arguments {
            text.push_str(&format!("{name} = {expression}\n"));
        }
        text.push_str("    }\n  }");
        text
    }
}
