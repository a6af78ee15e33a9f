//! Control characters in texts that came from outside.

/// The text with control characters written as escapes, so that no input can move the cursor or forge a line. Line breaks
/// and tabs stay.
pub(crate) fn clean(text: &str) -> String {
    let mut cleaned = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' | '\t' => cleaned.push(c),
            // Marks of direction reorder what is read.
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => cleaned.extend(c.escape_unicode()),
            c if c.is_control() => cleaned.extend(c.escape_unicode()),
            c => cleaned.push(c),
        }
    }
    cleaned
}

#[cfg(test)]
mod tests {
    #[test]
    fn escapes_control_characters() {
        let cases = [
            ("a\nb\tc", "a\nb\tc"),
            ("\u{1b}[2Jx\r", "\\u{1b}[2Jx\\u{d}"),
            ("\u{9b}31m\u{7}", "\\u{9b}31m\\u{7}"),
            ("abc\u{202e}def", "abc\\u{202e}def"),
            ("Grüße →", "Grüße →"),
        ];
        for (text, expected) in cases {
            assert_eq!(super::clean(text), expected);
        }
    }
}
