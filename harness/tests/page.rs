//! Pages in a browser: the report, read without JavaScript, searched with it, light and dark, wide and narrow, and the
//! pictures of alerts in `docs/alerts.md`.
//!
//! They need Chromium (Debian's package `chromium`); without one these tests are ignored, and say so.

#![allow(missing_docs, reason = "a test target")]
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod alerts;

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Output};

use libtest_mimic::{Arguments, Failed, Trial};
use rootwatch::report::Format;
use rootwatch::runner::{Finished, Message, Outcome, Status};
use rootwatch_cloud::time::Time;
use rootwatch_cloud::trace::{Entry, Hop, Outcome as Ended};
use serde_json::json;

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let browser = browser();
    let trial = |name: &str, test: fn(&Path) -> Result<(), Failed>| {
        let found = browser.clone();
        let trial = Trial::test(name, move || found.as_deref().map_or(Ok(()), test));
        match browser.is_some() {
            true => trial,
            false => trial.with_kind("no chromium on PATH").with_ignored_flag(true),
        }
    };
    let found = browser.clone();
    let trials = vec![
        Trial::test("alerts_are_up_to_date", move || alerts::is_up_to_date(found.as_deref())),
        trial("alerts_have_pictures_of_every_sink", alerts::pictures_show_every_sink),
        Trial::test("it_is_one_file", one_file),
        trial("it_is_read_without_javascript", without_javascript),
        trial("it_is_searched", searched),
        trial("it_is_light_and_dark", light_and_dark),
        trial("it_is_wide_and_narrow", wide_and_narrow),
    ];
    libtest_mimic::run(&arguments, trials).exit_code()
}

fn browser() -> Option<PathBuf> {
    let on_path = std::env::var_os("PATH").unwrap_or_default();
    let names = ["chromium", "chromium-browser", "google-chrome"];
    let files = std::env::split_paths(&on_path).flat_map(|folder| names.map(|name| folder.join(name)));
    files.into_iter().find(|file| file.is_file())
}

/// A scenario that passed, and one that did not, with a user agent that would like to be markup.
fn page() -> String {
    let mut passed = Outcome::error("login/passkey", PathBuf::from("scenarios/login/passkey.json"), String::new());
    passed.title = "Root signs in with a passkey".to_owned();
    (passed.status, passed.alerts.login, passed.sinks.slack) = (Status::Passed, 1, 1);
    passed.failures.clear();
    passed.entries = vec![
        entry(Hop::Bus, "arn:aws:events:us-east-1:111122223333:event-bus/default", Ended::Delivered),
        entry(Hop::Rule, "arn:aws:events:us-east-1:111122223333:rule/rootwatch-root-activity", Ended::Matched),
        entry(Hop::Bus, "arn:aws:events:us-east-1:999988887777:event-bus/hub-root-activity", Ended::Denied),
    ];
    let body = json!({"text": "<script>document.title = 'taken over'</script>"});
    passed.messages = vec![Message { to: "slack".to_owned(), body }];
    let reason = "expected 1 `root login alert`, found 0".to_owned();
    let failed = Outcome::error("silent/key-rotation", PathBuf::from("scenarios/silent/key-rotation.json"), reason);
    Format::Html.render(&Finished::of(&[passed, failed]), false)
}

fn entry(hop: Hop, resource: &str, outcome: Ended) -> Entry {
    let at = Time::parse("2026-03-02T09:14:12Z").unwrap();
    let resource = resource.to_owned();
    Entry { at, hop, resource, outcome, detail: "event 1".to_owned(), principal: None, decision: None }
}

/// Forbids every script of the page. The browser's own switch would forbid the test to look as well.
const NO_SCRIPTS: &str = "<meta http-equiv=\"Content-Security-Policy\" content=\"script-src 'none'\">";

/// The page as the browser has it in the end, after a script of the test's own.
fn seen(browser: &Path, script: &str, width: u32, settings: &str) -> Result<String, Failed> {
    dumped(browser, &with_script(&page(), script), width, settings)
}

fn with_script(page: &str, script: &str) -> String {
    page.replace("</body>", &format!("<script>{{ {script} }}</script></body>"))
}

fn dumped(browser: &Path, page: &str, width: u32, settings: &str) -> Result<String, Failed> {
    let settings = format!("--blink-settings={settings}");
    let output = browse(browser, page, (width, 900), &["--dump-dom", &settings])?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    if text.contains("</html>") { Ok(text) } else { Err(String::from_utf8_lossy(&output.stderr).into_owned().into()) }
}

/// Writes a picture of a page in its full height.
fn photograph(browser: &Path, page: &str, width: u32, file: &Path) -> Result<(), Failed> {
    let measured =
        dumped(browser, &with_script(page, "document.title = document.documentElement.scrollHeight"), width, "")?;
    let height = title(&measured).parse()?;
    let output = browse(browser, page, (width, height), &[&format!("--screenshot={}", file.display())])?;
    if file.exists() { Ok(()) } else { Err(String::from_utf8_lossy(&output.stderr).into_owned().into()) }
}

fn browse(browser: &Path, page: &str, (width, height): (u32, u32), arguments: &[&str]) -> Result<Output, Failed> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("page.html");
    std::fs::write(&file, page)?;
    let output = Command::new(browser)
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--virtual-time-budget=2000"])
        .arg(format!("--user-data-dir={}", folder.path().join("profile").display()))
        .arg(format!("--window-size={width},{height}"))
        .args(arguments)
        .arg(format!("file://{}", file.display()))
        .output()?;
    Ok(output)
}

fn holds(text: &str, wanted: &[&str]) -> Result<(), Failed> {
    match wanted.iter().find(|wanted| !text.contains(**wanted)) {
        None => Ok(()),
        Some(wanted) => Err(format!("`{wanted}` is not in:\n{text}").into()),
    }
}

fn title(text: &str) -> &str {
    text.split_once("<title>").and_then(|(_, rest)| rest.split_once("</title>")).map_or("", |(title, _)| title)
}

fn one_file() -> Result<(), Failed> {
    let page = page();
    for foreign in ["src=", "<link", "@import", "url("] {
        if page.contains(foreign) {
            return Err(format!("the page fetches something: `{foreign}`").into());
        }
    }
    holds(
        &page,
        &["&lt;script&gt;document.title", "class=\"place on\"", "class=\"place trouble\"", "prefers-color-scheme"],
    )?;
    // Failures first, code as code, a name once, and how the run was made.
    let (failed, passed) = (page.find("id=\"silent/key-rotation\""), page.find("id=\"login/passkey\""));
    if failed > passed {
        return Err("a failed scenario is below one that passed".into());
    }
    holds(
        &page,
        &["expected 1 <code>root login alert</code>, found 0", "rootwatch 0.", "Run it alone: <code>cargo run"],
    )?;
    match page.matches("silent/key-rotation<").count() {
        1 => Ok(()),
        found => Err(format!("the name of a scenario without a title: expected once, found {found} times").into()),
    }
}

fn without_javascript(browser: &Path) -> Result<(), Failed> {
    let page = page().replace("<head>", &format!("<head>{NO_SCRIPTS}"));
    let text =
        dumped(browser, &page.replace("</body>", "<script>document.title = 'it ran'</script></body>"), 1280, "")?;
    holds(
        &text,
        &[
            "1 passed",
            "1 failed",
            "Root signs in with a passkey",
            "root login alert → Slack",
            "expected 1 <code>root login alert</code>",
        ],
    )?;
    // What failed is open, what passed can be opened, and what needs JavaScript does not show.
    holds(&text, &["data-status=\"bad\" open", "data-status=\"good\">", "id=\"search\" hidden"])?;
    if title(&text).starts_with("Rootwatch:") { Ok(()) } else { Err(format!("a script ran: {}", title(&text)).into()) }
}

fn searched(browser: &Path) -> Result<(), Failed> {
    let find = |words: &str, failed: bool| {
        let script = format!(
            "const [words, only] = document.querySelectorAll('#search input'); words.value = '{words}'; only.checked = {failed}; \
             words.dispatchEvent(new Event('input')); only.dispatchEvent(new Event('change')); \
             document.title = [...document.querySelectorAll('details.scenario:not([hidden])')].map(s => s.id).join(' ') + ' of ' \
             + document.querySelector('#search output').textContent"
        );
        seen(browser, &script, 1280, "").map(|text| title(&text).to_owned())
    };
    let cases = [
        ("", false, "silent/key-rotation login/passkey of 2 of 2"),
        ("PASSKEY hub-root", false, "login/passkey of 1 of 2"),
        ("", true, "silent/key-rotation of 1 of 2"),
        ("nowhere", false, " of 0 of 2"),
    ];
    for (words, failed, expected) in cases {
        let found = find(words, failed)?;
        if found.trim() != expected.trim() {
            return Err(format!("`{words}`: expected `{expected}`, found `{found}`").into());
        }
    }
    Ok(())
}

fn light_and_dark(browser: &Path) -> Result<(), Failed> {
    let colours = "const of = (s, p) => getComputedStyle(document.querySelector(s))[p]; \
                   document.title = of('body', 'backgroundColor') + of('body', 'color') + of('.place', 'fill')";
    let light = seen(browser, colours, 1280, "preferredColorScheme=1")?;
    let dark = seen(browser, colours, 1280, "preferredColorScheme=0")?;
    let expected =
        ["rgb(255, 255, 255)rgb(31, 35, 40)rgb(255, 255, 255)", "rgb(13, 17, 23)rgb(230, 237, 243)rgb(13, 17, 23)"];
    let found = [title(&light), title(&dark)];
    if found == expected { Ok(()) } else { Err(format!("expected {expected:?}, found {found:?}").into()) }
}

/// Nothing is wider than the window, and the text of a path has at least half of it.
fn wide_and_narrow(browser: &Path) -> Result<(), Failed> {
    for width in [500, 1280] {
        let script = "document.querySelectorAll('details').forEach(d => d.open = true); \
                      document.title = ![...document.querySelectorAll('html, figure, .table')].every(e => e.scrollWidth <= innerWidth) ? \
                      'too wide: ' + document.documentElement.scrollWidth + ' in ' + innerWidth : \
                      ![...document.querySelectorAll('.table td:last-child')].every(e => e.offsetWidth > innerWidth / 2) ? \
                      'the last column of a path is too narrow to read' : 'fits'";
        let text = seen(browser, script, width, "")?;
        if title(&text) != "fits" {
            return Err(format!("{width}: {}", title(&text)).into());
        }
    }
    Ok(())
}
