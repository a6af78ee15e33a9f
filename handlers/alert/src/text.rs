//! Making text that others wrote harmless.
//!
//! Everything in a record may have been chosen by an attacker: `userAgent`, names, error messages. What is shown is
//! one line, without control characters, without characters that turn the direction of text or hide, and cut to a
//! length; each sink's own escaping comes after that.

use crate::hosts::{DOTS, blunted, live_dots};

/// One line of visible text of at most `limit` characters.
///
/// White space and control characters become one blank; characters that hide or reorder text become U+FFFD, so that
/// their presence shows.
pub fn plain(text: &str, limit: usize) -> String {
    let mut line = String::with_capacity(text.len().min(limit * 4));
    let mut length = 0;
    for character in text.chars() {
        let character = match character {
            c if c.is_control() || c.is_whitespace() => ' ',
            c if is_deceptive(c) => '\u{fffd}',
            c => c,
        };
        if character == ' ' && (line.is_empty() || line.ends_with(' ')) {
            continue;
        }
        if length == limit {
            // The last character gives way to the mark of a cut.
            line.pop();
            line.push('…');
            return line;
        }
        line.push(character);
        length += 1;
    }
    line.truncate(line.trim_end().len());
    line
}

/// Lines of visible text of at most `limit` characters together; empty lines and comments (`#`) are left out. For queries:
/// a comment would hide the rest of a query that is pasted as one line.
pub fn lines(text: &str, limit: usize) -> String {
    let mut kept: Vec<String> = Vec::new();
    let mut length = 0;
    for line in text.lines().map(|line| plain(line, limit)).filter(|line| !line.is_empty() && !line.starts_with('#')) {
        length += line.chars().count() + 1;
        if length > limit {
            break;
        }
        kept.push(line);
    }
    kept.join("\n")
}

/// A query that can be pasted as it is: its lines are kept, and `@timestamp` and its like keep their `@`. Addresses and
/// mentions in it are as harmless as in [`defanged`].
pub fn pasteable(query: &str) -> String {
    query
        .lines()
        .map(|line| {
            let mut safe = String::with_capacity(line.len());
            let mut rest = line;
            while let Some(at) = rest.find('@') {
                let (before, after) = (&rest[..at], &rest[at + 1..]);
                safe.push_str(&defanged(before));
                let word = after.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default();
                let alone = !safe.ends_with(|c: char| c.is_alphanumeric() || "._-+)".contains(c));
                let field = FIELDS.contains(&word) && !after[word.len()..].starts_with('.');
                safe.push_str(if alone && field { "@" } else { "(at)" });
                rest = after;
            }
            safe.push_str(&defanged(rest));
            safe
        })
        .collect::<Vec<_>>()
        .join("\n")
}

/// Fields that CloudWatch Logs adds to each event [D: Logs Insights, discoverable fields].
const FIELDS: [&str; 8] = ["timestamp", "message", "logStream", "log", "ingestionTime", "requestId", "entity", "ptr"];

/// Whether a character turns the direction of text or cannot be seen: bidirectional controls, zero-width characters,
/// variation and tag characters, fillers,
/// and the two non-characters that SNS and SQS refuse [D: SQS SendMessage].
pub fn is_deceptive(character: char) -> bool {
    matches!(character,
        '\u{00ad}' | '\u{034f}' | '\u{061c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}'
        | '\u{feff}' | '\u{ffa0}' | '\u{fff9}'..='\u{fffb}' | '\u{fffe}' | '\u{ffff}' | '\u{e0000}'..='\u{e0fff}')
}

/// Text for Slack: `&`, `<` and `>` as entities, so that no mention, link or date can be written [D: Slack, formatting
/// text], cut to `limit` characters after escaping and never within an entity.
pub fn slack(text: &str, limit: usize) -> String {
    let mut escaped = String::with_capacity(text.len());
    let mut length = 0;
    for character in text.chars() {
        let entity = match character {
            '&' => "&amp;",
            '<' => "&lt;",
            '>' => "&gt;",
            _ => "",
        };
        let width = entity.len().max(1);
        if length + width >= limit {
            escaped.push('…');
            return escaped;
        }
        length += width;
        if entity.is_empty() { escaped.push(character) } else { escaped.push_str(entity) }
    }
    escaped
}

/// A value for Slack as inline code, in which nothing is formatted and no emoji or address is made of it.
pub fn slack_code(text: &str, limit: usize) -> String {
    let line = plain(text, limit).replace('`', "'");
    match slack(&line, limit.saturating_sub(2).max(1)) {
        empty if empty.is_empty() => "`-`".to_owned(),
        code => format!("`{code}`"),
    }
}

/// Words for Slack outside of code: nothing in them formats, mentions, or is taken for an address.
pub fn slack_words(text: &str, limit: usize) -> String {
    let line: String = defanged(&plain(text, limit))
        .chars()
        .map(|c| match c {
            '*' => '∗',
            '_' => 'ˍ',
            '~' => '∼',
            '`' => '\'',
            c => c,
        })
        .collect();
    blunted(&slack(&line, limit), '·')
}

/// One line of words of at most `limit` characters: nothing in them mentions, or is taken for an address.
pub fn words(text: &str, limit: usize) -> String {
    blunted(&plain(&defanged(text), limit), '·')
}

/// Takes the life out of addresses and mentions: `https[:]//`, `evil[.]example`, `www[.]`, `mailto[:]` in any case, and `@`.
pub fn defanged(text: &str) -> String {
    let lower = text.to_ascii_lowercase();
    let dots = live_dots(text);
    let mut safe = String::with_capacity(text.len());
    for (at, character) in text.char_indices() {
        match character {
            '@' => safe.push_str("(at)"),
            '.' if lower[..at].ends_with("www") => safe.push_str("[.]"),
            _ if dots.binary_search(&at).is_ok() => safe.push_str("[.]"),
            ':' if lower[..at].ends_with("mailto") || text[at..].starts_with("://") => safe.push_str("[:]"),
            other => safe.push(other),
        }
    }
    safe
}

/// A subject that SNS accepts: 1 to 99 printable ASCII characters, the first one not a blank [D: SNS Publish]; no address
/// in it is live.
pub fn subject(text: &str) -> String {
    const LIMIT: usize = 99;
    let ascii: String = plain(&defanged(text), 1000)
        .chars()
        .map(|c| match c {
            ' '..='~' => c,
            '…' => '.',
            _ => '?',
        })
        .collect();
    let mut subject = ascii.trim().to_owned();
    if subject.is_empty() {
        "Rootwatch".clone_into(&mut subject);
    }
    let cut = subject.len() > LIMIT;
    if cut {
        subject.truncate(LIMIT - 3);
        subject.truncate(subject.trim_end().len());
    }
    blunted(&subject, '-') + if cut { "..." } else { "" }
}

/// JSON for people, in which no address is live and no character hides: `:\/\/`, `evil\u002eexample` and `\u202e` are still
/// the same JSON.
pub fn inert_json(value: &serde_json::Value) -> String {
    let pretty = serde_json::to_string_pretty(value).unwrap_or_default().replace("://", ":\\/\\/");
    let lower = pretty.to_ascii_lowercase();
    let dots = live_dots(&pretty);
    let mut inert = String::with_capacity(pretty.len());
    let mut escaped = false;
    for (at, character) in pretty.char_indices() {
        let before = &lower[..at];
        let live = match character {
            '@' => true,
            '.' => before.ends_with("www"),
            ':' => before.ends_with("mailto"),
            _ => false,
        } || dots.binary_search(&at).is_ok()
            // The letters of an escape would be the name's.
            || escaped && DOTS.contains(&character);
        let hides = character.is_control() || is_deceptive(character) || matches!(character, '\u{2028}' | '\u{2029}');
        escaped = live || character != '\n' && hides;
        if escaped {
            let mut units = [0; 2];
            for unit in character.encode_utf16(&mut units) {
                inert.push_str(&format!("\\u{unit:04x}"));
            }
        } else {
            inert.push(character);
        }
    }
    inert
}

/// The longest prefix of at most `limit` bytes that ends between characters.
pub fn prefix(text: &str, limit: usize) -> &str {
    let mut end = limit.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}
