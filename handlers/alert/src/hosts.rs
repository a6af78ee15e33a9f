//! Names of hosts in text that others wrote: chats and mail programs make links of them without any `https://`.

/// What separates the parts of a host's name; browsers take all of them for a dot [D: UTS #46, 2.3].
pub(crate) const DOTS: [char; 4] = ['.', '\u{3002}', '\u{ff0e}', '\u{ff61}'];

/// Of `terraform/modules/log-alarm`.
const FIELDS: [&str; 2] = ["userIdentity.type", "userIdentity.invokedBy"];

/// Where the dots are that make a link of the text: byte positions, in order.
///
/// What ends like a top-level domain is taken for a host, whether or not there is such a domain today. The name of an AWS
/// service alone (`signin.amazonaws.com`) is none: nobody else can put anything there, and every alert has one. With a path
/// it is, for buckets are paths of such names.
///
/// Nor are the fields of a record that the log alarm's query names, which is to be pasted: there are no such domains.
pub fn live_dots(text: &str) -> Vec<usize> {
    let mut found = Vec::new();
    let mut rest = text.char_indices().peekable();
    while let Some((start, first)) = rest.next() {
        if !is_part(first) {
            continue;
        }
        let mut end = start + first.len_utf8();
        while let Some((at, character)) = rest.next_if(|(_, character)| is_part(*character)) {
            end = at + character.len_utf8();
        }
        // A sentence may end with it.
        let ended = text[start..end].trim_end_matches(DOTS);
        let name = ended.trim_start_matches(DOTS);
        let start = start + ended.len() - name.len();
        let followed = rest.peek().map(|(_, character)| *character);
        if is_host(name) && !is_service(name, followed) && !FIELDS.contains(&name) {
            found.extend(name.char_indices().filter(|(_, c)| DOTS.contains(c)).map(|(at, _)| start + at));
        }
    }
    found
}

/// For text that was cut or rewritten after its addresses had been taken care of: an end that is cut off may leave the name of
/// a host. No longer than before.
pub(crate) fn blunted(text: &str, instead: char) -> String {
    let dots = live_dots(text);
    text.char_indices().map(|(at, c)| if dots.binary_search(&at).is_ok() { instead } else { c }).collect()
}

fn is_part(character: char) -> bool {
    character.is_alphanumeric() || matches!(character, '-' | '_') || DOTS.contains(&character)
}

fn is_host(name: &str) -> bool {
    let mut parts = name.rsplit(DOTS);
    let last = parts.next().unwrap_or_default();
    // `_` is in no domain, but its replacement in Slack's text is a letter.
    let is_domain = last.chars().count() >= 2 && last.chars().all(|c| c.is_alphabetic() || c == '_')
        || last.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("xn--"));
    is_domain && parts.next().is_some()
}

fn is_service(name: &str, followed: Option<char>) -> bool {
    let service = name.strip_suffix(".amazonaws.com").or_else(|| name.strip_suffix(".amazonaws.com.cn"));
    service.is_some_and(|service| !service.contains(DOTS))
        && !matches!(followed, Some('/' | '\\' | ':' | '?' | '#' | '@'))
}
