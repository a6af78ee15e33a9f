//! `docs/alerts.md`: typical alerts, as text and as pictures, from the snapshots of their scenarios.
//!
//! The name of a picture has a digest of what it shows, so a picture that is out of date is a link that leads nowhere.

use std::path::{Path, PathBuf};

use libtest_mimic::Failed;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use serde_json::Value;
use sha2::{Digest, Sha256};

/// Titles, scenarios, and a text that is in the message to show, if it is not the first.
const ALERTS: [(&str, &str, &str); 6] = [
    ("Sign-in without MFA", "login/console-login-without-mfa", ""),
    ("Failed sign-in", "login/failed-login", ""),
    ("New root access key", "activity/create-access-key", ""),
    ("Trail stopped", "activity/stop-logging", ""),
    (
        "Sign-in attempts from one address in several accounts",
        "deduplication/sign-ins-over-accounts",
        "3 accounts, 1 address",
    ),
    ("Log alarm, the second path", "log-alarm/login", "root activity in the CloudTrail log"),
];

/// Width of a picture in pixels.
const WIDTH: u32 = 1280;

const UPDATE: &str = "ROOTWATCH_UPDATE=1 cargo test -p rootwatch --test page";

fn project() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The message to one sink, from the snapshot.
struct Section {
    sink: &'static str,
    heading: &'static str,
    language: &'static str,
    /// `1 of 2`.
    place: String,
    body: String,
}

fn sections(scenario: &str, text: &str) -> Vec<Section> {
    let name = format!("harness/tests/snapshots/{}.snap", scenario.replace('/', "__"));
    let snapshot = std::fs::read_to_string(project().join(name)).unwrap();
    let sinks = [("slack", "Slack", "text"), ("pagerduty", "PagerDuty", "json"), ("email", "Email", "text")];
    let found = sinks.into_iter().filter_map(|(sink, heading, language)| {
        let start = format!("{sink} ");
        let mut sections = snapshot.split("\n== ").filter_map(|section| section.strip_prefix(&start)?.split_once('\n'));
        let (place, body) = sections.find(|(_, body)| body.contains(text))?;
        Some(Section { sink, heading, language, place: place.to_owned(), body: body.trim_end().to_owned() })
    });
    found.collect()
}

/// The page, and the file and document of each picture.
fn page() -> (String, Vec<(String, String)>) {
    let mut page = format!(
        "# Alerts\n\nWhat Slack, PagerDuty and email receive for six typical events. The pictures show the content; the layout is\n\
         that of a browser, not of the three services. `{UPDATE}`\nwrites this page from the snapshots of the \
         scenarios; for the pictures it needs Chromium.\n"
    );
    let mut pictures = Vec::new();
    for (title, scenario, text) in ALERTS {
        let sections = sections(scenario, text);
        let document = document(title, &sections).into_string();
        let digest = Sha256::digest(document.as_bytes());
        let digest: String = digest.iter().take(4).map(|byte| format!("{byte:02x}")).collect();
        let name = scenario.rsplit('/').next().unwrap_or(scenario);
        let file = format!("alerts/{name}-{digest}.png");
        page +=
            &format!("\n## {title}\n\nScenario: [`{scenario}`](../scenarios/{scenario}.json)\n\n![{title}]({file})\n");
        for Section { heading, language, place, body, .. } in &sections {
            page += &format!(
                "\n<details>\n<summary>{heading} ({place})</summary>\n\n```{language}\n{body}\n```\n\n</details>\n"
            );
        }
        pictures.push((file, document));
    }
    (page, pictures)
}

/// The page is what the snapshots give, and its pictures are there. With `ROOTWATCH_UPDATE` both are written first.
pub(super) fn is_up_to_date(browser: Option<&Path>) -> Result<(), Failed> {
    let (page, pictures) = page();
    let docs = project().join("docs");
    if std::env::var_os("ROOTWATCH_UPDATE").is_some() {
        std::fs::write(docs.join("alerts.md"), &page)?;
        if let Some(browser) = browser {
            std::fs::create_dir_all(docs.join("alerts"))?;
            for old in std::fs::read_dir(docs.join("alerts"))?.flatten() {
                if !pictures.iter().any(|(file, _)| docs.join(file) == old.path()) {
                    std::fs::remove_file(old.path())?;
                }
            }
            for (file, document) in pictures.iter().filter(|(file, _)| !docs.join(file).exists()) {
                super::photograph(browser, document, WIDTH, &docs.join(file))?;
            }
        }
    }
    if std::fs::read_to_string(docs.join("alerts.md")).unwrap_or_default() != page {
        return Err(format!("docs/alerts.md is out of date: {UPDATE}").into());
    }
    match pictures.iter().find(|(file, _)| !docs.join(file).exists()) {
        None => Ok(()),
        Some((file, _)) => Err(format!("docs/{file} is missing: {UPDATE}, with Chromium").into()),
    }
}

/// Nothing of a picture is cut off, and the browser shows every sink.
pub(super) fn pictures_show_every_sink(browser: &Path) -> Result<(), Failed> {
    for (file, document) in page().1 {
        let script = "document.title = document.documentElement.scrollWidth <= innerWidth ? \
                      document.querySelectorAll('section').length + ' sinks' : 'too wide'";
        let text = super::dumped(browser, &super::with_script(&document, script), WIDTH, "")?;
        if super::title(&text) != "3 sinks" {
            return Err(format!("{file}: {}", super::title(&text)).into());
        }
    }
    Ok(())
}

const STYLE: &str = "
body { margin: 0; padding: 20px; font: 14px/1.45 'DejaVu Sans', sans-serif;
       color: #1d1c1d; background: #f2f2f2; display: grid; grid-template-columns: 1fr 1fr; gap: 20px; align-items: start }
section { background: #fff; border: 1px solid #ccc; border-radius: 8px; padding: 14px 18px; overflow-wrap: anywhere }
section.email { grid-column: span 2 }
h2 { margin: 0 0 10px; font-size: 12px; color: #666; text-transform: uppercase; letter-spacing: .06em }
h3 { margin: 0 0 8px; font-size: 17px }
p { margin: 0 0 8px }
code { font: 12px 'DejaVu Sans Mono', monospace; color: #c01343; background: #f6f6f6; border: 1px solid #ddd; border-radius: 3px; padding: 0 3px }
.notification { color: #666; font-size: 12px; border-bottom: 1px solid #eee; padding-bottom: 8px }
.button { display: inline-block; border: 1px solid #bbb; border-radius: 4px; padding: 3px 10px; margin: 0 8px 8px 0; font-weight: bold; font-size: 13px }
.attachment { border-left: 4px solid; padding-left: 12px; margin-top: 8px }
.severity { color: #fff; background: #b00020; border-radius: 3px; padding: 2px 8px; font-size: 12px }
table { border-collapse: collapse; width: 100%; font-size: 12px; margin-bottom: 8px }
td { border-top: 1px solid #eee; padding: 3px 6px; vertical-align: top }
td:first-child { color: #666; width: 30% }
a { color: #1264a3 }
pre { margin: 0; font: 12px/1.45 'DejaVu Sans Mono', monospace; white-space: pre-wrap }
pre.code { background: #f6f6f6; border: 1px solid #ddd; border-radius: 3px; padding: 6px 8px; margin-bottom: 8px }
";

fn document(title: &str, sections: &[Section]) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head { meta charset="utf-8"; title { (title) } style { (PreEscaped(STYLE)) } }
            body {
                @for section in sections {
                    section class=(section.sink) {
                        h2 { (section.heading) }
                        @match section.sink {
                            "slack" => (slack(&section.body)),
                            "pagerduty" => (pagerduty(&section.body)),
                            _ => (email(&section.body)),
                        }
                    }
                }
            }
        }
    }
}

/// Blocks are separated by empty lines; lines of an attachment begin with its color.
fn slack(text: &str) -> Markup {
    let blocks = text.split("\n#").next().unwrap_or_default();
    let colored = || text.lines().filter_map(|line| line.strip_prefix('#')?.split_once(" |"));
    let attachment = colored().map(|(_, line)| line).collect::<Vec<_>>().join("\n");
    html! {
        @for (number, block) in blocks.split("\n\n").enumerate() {
            @match number {
                0 => p class="notification" { (block.trim()) },
                1 => h3 { (marked(block.trim().trim_matches('*'))) },
                _ => (lines(block)),
            }
        }
        @if let Some((color, _)) = colored().next() {
            div class="attachment" style=(format!("border-color: #{color}")) {
                @for block in attachment.split("\n\n").filter(|block| !block.trim().is_empty()) { (lines(block)) }
            }
        }
    }
}

fn lines(block: &str) -> Markup {
    if let Some((before, rest)) = block.split_once("```")
        && let Some((code, after)) = rest.split_once("```")
    {
        return html! { (lines(before)) pre class="code" { (plain(code)) } (lines(after)) };
    }
    html! {
        p {
            @for line in block.trim().lines() {
                @match line.strip_prefix('[').and_then(|line| line.split_once("] https://")) {
                    Some((label, _)) => span class="button" { (label) },
                    None => { (marked(line.trim())) br; }
                }
            }
        }
    }
}

/// Slack's `*bold*`, `` `code` `` and dates.
fn marked(line: &str) -> Markup {
    let mut parts = line.split('`');
    html! {
        (bold(parts.next().unwrap_or_default()))
        @for (number, part) in parts.enumerate() {
            @if number % 2 == 0 { code { (plain(part)) } } @else { (bold(part)) }
        }
    }
}

fn bold(text: &str) -> Markup {
    html! {
        @for (number, part) in text.split('*').enumerate() {
            @if number % 2 == 1 { b { (dated(part)) } } @else { (dated(part)) }
        }
    }
}

/// A date is shown in the time zone of the reader; its fallback is in UTC.
fn dated(text: &str) -> String {
    match text.split_once("<!date^").and_then(|(before, rest)| Some((before, rest.split_once('>')?))) {
        Some((before, (_, after))) => plain(&format!("{before}(and in the reader's time zone){after}")),
        None => plain(text),
    }
}

/// Slack escapes these three.
fn plain(text: &str) -> String {
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}

fn pagerduty(text: &str) -> Markup {
    let event: Value = serde_json::from_str(text).unwrap_or_default();
    let payload = &event["payload"];
    let word = |value: &Value| match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" "),
        other => other.to_string(),
    };
    let details = payload["custom_details"].as_object().into_iter().flatten();
    html! {
        h3 { (word(&payload["summary"])) }
        p { span class="severity" { (word(&payload["severity"])) } " " (word(&payload["source"])) " · " (word(&event["event_action"])) }
        table {
            @for (name, value) in details.filter(|(name, _)| *name != "Event") {
                tr { td { (name) } td { (word(value)) } }
            }
        }
        p { @for link in event["links"].as_array().into_iter().flatten() { a { (word(&link["text"])) } br; } }
        p { code { (word(&event["dedup_key"])) } }
    }
}

fn email(text: &str) -> Markup {
    let (head, body) = text.split_once("\n\n").unwrap_or((text, ""));
    let subject = head.lines().find_map(|line| line.strip_prefix("Subject: ")).unwrap_or_default();
    html! { h3 { (subject) } pre { (body) } }
}
