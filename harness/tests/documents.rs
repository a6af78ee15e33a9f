//! The documentation says what is: commands are the command line's own, links lead somewhere, and the tables of inputs
//! and outputs are those of the Terraform next to them.
//!
//! A block ```` ```sh run ```` is run as it is, from the project's folder; of every other `sh` block the commands are
//! parsed.

#![allow(missing_docs, reason = "a test target")]
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;

use clap::Parser;
use rootwatch::cli::Cli;
use rootwatch::layout::Layout;

/// Every Markdown file of the project.
fn documents() -> Vec<(PathBuf, String)> {
    let project = Layout::discover().project;
    let walk = walkdir::WalkDir::new(&project).into_iter().filter_entry(|entry| {
        let name = entry.file_name().to_string_lossy();
        name != "target" && name != "snapshots" && (!name.starts_with('.') || name == ".github" || entry.depth() == 0)
    });
    let files =
        walk.flatten().map(walkdir::DirEntry::into_path).filter(|path| path.extension().is_some_and(|e| e == "md"));
    let found: Vec<_> = files.map(|path| (path.clone(), std::fs::read_to_string(path).unwrap())).collect();
    assert!(found.len() > 12, "{} documents below {}", found.len(), project.display());
    found
}

/// A fenced block: its language line, and its lines with their numbers.
struct Block {
    file: PathBuf,
    line: usize,
    language: String,
    text: String,
}

fn blocks() -> Vec<Block> {
    let mut blocks = Vec::new();
    for (file, text) in documents() {
        let mut open: Option<Block> = None;
        for (number, line) in text.lines().enumerate() {
            match (&mut open, line.trim_start().strip_prefix("```")) {
                (None, Some(language)) => {
                    let language = language.trim().to_owned();
                    open = Some(Block { file: file.clone(), line: number + 1, language, text: String::new() });
                }
                (Some(_), Some(_)) => blocks.extend(open.take()),
                (Some(block), None) => {
                    block.text.push_str(line);
                    block.text.push('\n');
                }
                (None, None) => {}
            }
        }
        assert!(open.is_none(), "{}: a block is not closed", file.display());
    }
    blocks
}

/// The words of each command of a block: comments and line breaks gone, quotes taken off.
fn commands(text: &str) -> Vec<Vec<String>> {
    let (mut commands, mut words, mut word) = (Vec::new(), Vec::new(), None::<String>);
    let mut quote = None;
    let joined = text.replace("\\\n", " ");
    let mut characters = joined.chars().peekable();
    while let Some(c) = characters.next() {
        match (quote, c) {
            (None, '\'' | '"') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (Some(open), c) if open == c => quote = None,
            (None, '#') if word.is_none() => while characters.next_if(|c| *c != '\n').is_some() {},
            (None, c) if c.is_whitespace() => {
                words.extend(word.take());
                if c == '\n' && !words.is_empty() {
                    commands.push(std::mem::take(&mut words));
                }
            }
            (_, c) => word.get_or_insert_default().push(c),
        }
    }
    commands
}

/// Variables before a command are set aside.
fn without_variables(mut words: Vec<String>) -> Vec<String> {
    let set = words.iter().take_while(|word| {
        word.split_once('=')
            .is_some_and(|(name, _)| !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_'))
    });
    let set = set.count();
    words.drain(..set);
    words
}

#[test]
fn commands_are_the_command_line_s_own() {
    /// What is not ours, and is taken at its word.
    const OTHERS: [&str; 15] = [
        "aws",
        "curl",
        "docker",
        "echo",
        "export",
        "gh",
        "git",
        "mkdir",
        "pipx",
        "rm",
        "rustup",
        "sha256sum",
        "tar",
        "uv",
        "zip",
    ];
    let project = Layout::discover().project;
    let mut seen = 0;
    for block in blocks().iter().filter(|block| block.language.split(' ').next() == Some("sh")) {
        for command in commands(&block.text).into_iter().map(without_variables) {
            let place = format!("{}:{}: `{}`", block.file.display(), block.line, command.join(" "));
            let words: Vec<&str> = command.iter().map(String::as_str).collect();
            let ours = match words.as_slice() {
                ["cargo", "run", rest @ ..] => rest.iter().position(|word| *word == "--").map(|at| &rest[at + 1..]),
                ["rootwatch", rest @ ..] => Some(rest),
                [] => continue,
                _ => None,
            };
            if let Some(arguments) = ours {
                seen += 1;
                let parsed = Cli::try_parse_from([&["rootwatch"], arguments].concat());
                assert!(parsed.is_ok(), "{place}: {}", parsed.err().map(|error| error.to_string()).unwrap_or_default());
                continue;
            }
            match words.as_slice() {
                [
                    "cargo",
                    "test" | "build" | "insta" | "clippy" | "fmt" | "install" | "deny" | "bench" | "doc" | "nextest",
                    ..,
                ] => {}
                ["terraform", first, ..] => {
                    if let Some(folder) = first.strip_prefix("-chdir=") {
                        assert!(project.join(folder).is_dir(), "{place}: there is no folder {folder}");
                    }
                }
                [script, ..] if project.join(script).is_file() => {}
                [other, ..] => assert!(OTHERS.contains(other), "{place}: {other} is nothing that is known here"),
                [] => {}
            }
        }
    }
    assert!(seen > 15, "{seen} commands of rootwatch's own");
}

#[test]
fn blocks_that_are_marked_run() {
    let project = Layout::discover().project;
    let runnable: Vec<Block> = blocks().into_iter().filter(|block| block.language == "sh run").collect();
    assert!(runnable.len() >= 3, "{} blocks are marked", runnable.len());
    for block in runnable {
        let folder = tempfile::tempdir().unwrap();
        // What a block writes lands in a folder of its own.
        let script = block.text.replace("cargo run -- ", &format!("{} ", env!("CARGO_BIN_EXE_rootwatch")));
        let output = Command::new("sh")
            .args(["-euc", &script])
            .current_dir(&project)
            .env_remove("CI")
            .env("OUT", folder.path())
            .output()
            .unwrap();
        let said = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).join("\n");
        assert!(output.status.success(), "{}:{}: {}\n{said}", block.file.display(), block.line, block.text);
    }
}

#[test]
fn links_lead_somewhere() {
    let link = regex::Regex::new(r"\]\(([^)\s]+)\)").unwrap();
    for (file, text) in documents() {
        // Text in code is no link.
        let prose: String = text.split("```").step_by(2).collect();
        for target in link.captures_iter(&prose).map(|found| found[1].to_owned()) {
            if target.contains("://") || target.starts_with("mailto:") {
                continue;
            }
            let (path, anchor) = target.split_once('#').unwrap_or((&target, ""));
            let whole = if path.is_empty() { file.clone() } else { file.parent().unwrap().join(path) };
            assert!(whole.exists(), "{}: the link {target} leads nowhere", file.display());
            if !anchor.is_empty() {
                let there = std::fs::read_to_string(&whole).unwrap();
                let headings = there.lines().filter(|line| line.starts_with('#')).map(slug);
                assert!(
                    headings.into_iter().any(|heading| heading == anchor),
                    "{}: no heading #{anchor}",
                    file.display()
                );
            }
        }
    }
}

/// A heading's anchor, as GitHub makes it.
fn slug(heading: &str) -> String {
    let text = heading.trim_start_matches('#').trim().to_lowercase();
    text.chars()
        .filter(|c| c.is_alphanumeric() || *c == ' ' || *c == '-' || *c == '_')
        .map(|c| if c == ' ' { '-' } else { c })
        .collect()
}

/// A variable or output as its block says it.
#[derive(Debug, Default, PartialEq)]
struct Declared {
    description: String,
    kind: String,
    default: Option<String>,
}

/// The blocks `<keyword> "name" { … }` of a file, with the arguments at their first level.
fn declared(text: &str, keyword: &str) -> BTreeMap<String, Declared> {
    let mut found = BTreeMap::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let Some(name) = line.strip_prefix(&format!("{keyword} \"")).and_then(|rest| rest.split('"').next()) else {
            continue;
        };
        let (mut arguments, mut current) = (BTreeMap::<String, String>::new(), String::new());
        let mut depth = 0i32;
        for line in lines.by_ref().take_while(|line| *line != "}") {
            if depth == 0 {
                let (key, value) = line.split_once('=').unwrap_or((line, ""));
                key.trim().clone_into(&mut current);
                arguments.insert(current.clone(), value.trim().to_owned());
            } else if let Some(value) = arguments.get_mut(&current) {
                value.push(' ');
                value.push_str(line.trim());
            }
            // Text may hold brackets; values of several lines hold none in text.
            let code = line.split('"').step_by(2).collect::<String>();
            depth += code.matches(['{', '(', '[']).count() as i32 - code.matches(['}', ')', ']']).count() as i32;
        }
        let text = |key: &str| arguments.get(key).cloned();
        let description = text("description").unwrap_or_default();
        let description = description.trim_matches('"').replace("\\\"", "\"");
        let declared = Declared { description, kind: text("type").unwrap_or_default(), default: text("default") };
        found.insert(name.to_owned(), declared);
    }
    found
}

/// Layout is no difference.
fn dense(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace() && *c != ',' && *c != '`').collect()
}

/// The rows of a table below a heading: cells without their blanks.
fn rows(text: &str, heading: &str) -> Vec<Vec<String>> {
    let below = text.split_once(heading).map(|(_, below)| below).unwrap_or_default();
    let lines =
        below.lines().skip_while(|line| !line.starts_with('|')).take_while(|line| line.starts_with('|')).skip(2);
    let cells = |line: &str| {
        let line = line.replace("\\|", "\u{1}");
        let cells = line.trim().trim_matches('|').split('|').map(|cell| cell.trim().replace('\u{1}', "|"));
        cells.collect::<Vec<String>>()
    };
    lines.map(cells).collect()
}

#[test]
fn tables_of_inputs_and_outputs_are_those_of_the_terraform() {
    let tree = Layout::discover().terraform();
    let mut compared = 0;
    for entry in walkdir::WalkDir::new(&tree).into_iter().flatten().filter(|entry| entry.file_name() == "versions.tf") {
        let folder = entry.path().parent().unwrap();
        let readme = folder.join("README.md");
        let text = std::fs::read_to_string(&readme).unwrap();
        let generated = text.split_once("<!-- BEGIN_TF_DOCS -->").map(|(_, rest)| rest).unwrap_or_default();
        let read = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap_or_default();
        let (inputs, outputs) = (declared(&read("variables.tf"), "variable"), declared(&read("outputs.tf"), "output"));
        assert!(!inputs.is_empty(), "{} declares nothing", folder.display());
        let mut told = BTreeMap::new();
        for row in rows(generated, "## Inputs") {
            let [name, description, kind, default, required] = row.try_into().unwrap();
            assert_eq!(required == "yes", default == "n/a", "{}: {name}", readme.display());
            let default = (default != "n/a").then(|| dense(&default));
            told.insert(dense(&name), Declared { description, kind: dense(&kind), default });
        }
        let there: BTreeMap<String, Declared> = inputs
            .into_iter()
            .map(|(name, input)| {
                let default = input.default.map(|default| dense(&default));
                (name, Declared { kind: dense(&input.kind), default, ..input })
            })
            .collect();
        assert_eq!(told, there, "{}: the inputs", readme.display());
        let told: BTreeMap<String, String> =
            rows(generated, "## Outputs").into_iter().map(|row| (dense(&row[0]), row[1].clone())).collect();
        let there: BTreeMap<String, String> =
            outputs.into_iter().map(|(name, output)| (name, output.description)).collect();
        assert_eq!(told, there, "{}: the outputs", readme.display());
        compared += 1;
    }
    assert_eq!(compared, 17, "configurations with a README");
}

#[test]
fn the_runbook_has_every_alarm() {
    let layout = Layout::discover();
    let runbook = std::fs::read_to_string(layout.project.join("docs/operations.md")).unwrap();
    let files = walkdir::WalkDir::new(layout.terraform().join("modules")).into_iter().flatten();
    let files = files.filter(|entry| entry.path().extension().is_some_and(|extension| extension == "tf"));
    let mut found = 0;
    for file in files {
        for line in std::fs::read_to_string(file.path()).unwrap().lines() {
            let Some((name, value)) = line.split_once('=').filter(|(name, _)| name.trim() == "alarm_name") else {
                continue;
            };
            // The end of the name, behind what differs between deployments: `"${var.name}-dead-letters"`.
            let end = value.trim().trim_end_matches('"').rsplit('}').next().unwrap_or_default();
            if end.starts_with('-') {
                assert!(
                    runbook.contains(end),
                    "{}: {}{value} is not in docs/operations.md",
                    file.path().display(),
                    name
                );
                found += 1;
            }
        }
    }
    assert!(found >= 7, "{found} alarms");
}

/// Heartbeats carry the version of the spoke module, which is that of the release.
#[test]
fn heartbeats_have_the_version_of_the_release() {
    let module = Layout::discover().terraform().join("modules/spoke/heartbeat.tf");
    let text = std::fs::read_to_string(&module).unwrap();
    let wanted = format!("version = \"{}\"", env!("CARGO_PKG_VERSION"));
    assert!(text.contains(&wanted), "{} does not contain `{wanted}`", module.display());
}
