//! Invariants of every mail, whatever it contains. The fuzz target looks at the same.
#![allow(clippy::unwrap_used, reason = "a helper of tests may panic")]

use rootwatch_alert::hosts::live_dots;
use rootwatch_alert::links::is_console_link;
use rootwatch_email::mail::{Mail, TEXT_LIMIT};

/// A mail within SNS's limits, in which only Rootwatch's own addresses are live.
pub(crate) fn check(mail: &Mail) {
    assert!(
        (1..=99).contains(&mail.subject.len()) && mail.subject.bytes().all(|byte| (b' '..=b'~').contains(&byte)),
        "{:?}",
        mail.subject
    );
    assert!(!mail.subject.starts_with(' ') && live_dots(&mail.subject).is_empty(), "{:?}", mail.subject);
    assert!(mail.text.len() <= TEXT_LIMIT, "{} bytes", mail.text.len());
    for line in mail.text.lines() {
        let live = |mark: &str| line.to_ascii_lowercase().contains(mark);
        // Fields of a query keep their `@`.
        let addresses = line.replace("@timestamp", "").replace("@message", "");
        let dead =
            !["://", "www.", "mailto:"].into_iter().any(live) && !addresses.contains('@') && live_dots(line).is_empty();
        assert!(dead || is_console_link(line), "{line}");
        assert!(!line.chars().any(|c| c.is_control() || rootwatch_alert::text::is_deceptive(c)), "{line:?}");
    }
}
