//! JSON token by token, the way Jackson's string parser reads it.
//!
//! AWS's messages carry Jackson's words for broken JSON, and where its parser stood: it looks one token ahead after a
//! name, and reads a string only when its text is wanted. This reader stops at the same positions. Columns count UTF-16
//! units, as Java does.

use super::PatternError;
use super::error::{ErrorKind, Location};

/// What was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Token {
    StartObject,
    EndObject,
    StartArray,
    EndArray,
    Name,
    Text,
    Number,
    True,
    False,
    Null,
}

pub(super) struct Reader<'a> {
    source: &'a str,
    /// After the last byte taken.
    at: usize,
    scopes: Vec<Scope>,
    current: Option<Token>,
    /// The value behind a name, which is found together with the name.
    after_name: Option<Token>,
    /// The current string is open: its text is not read yet.
    open_string: bool,
    name: String,
    /// Of the last string or number read.
    text: String,
}

struct Scope {
    is_array: bool,
    /// Of the opening bracket.
    start: usize,
    started: bool,
}

/// Jackson's own limit. [R] StreamReadConstraints
const MAX_DEPTH: usize = 1000;
/// Characters of the source that an error quotes. [R] Jackson ErrorReportConfiguration
const MAX_QUOTED: usize = 500;
const VALUES: &str = "(JSON String, Number, Array, Object or token 'null', 'true' or 'false')";

impl<'a> Reader<'a> {
    pub(super) fn new(source: &'a str) -> Self {
        Reader {
            source,
            at: 0,
            scopes: Vec::new(),
            current: None,
            after_name: None,
            open_string: false,
            name: String::new(),
            text: String::new(),
        }
    }

    /// An error at the position of the reader.
    pub(super) fn error(&self, kind: ErrorKind, reason: impl Into<String>) -> PatternError {
        PatternError::new(kind, reason, Some(self.location(self.at)))
    }

    /// Whether the first value of the text is JSON at all. Nothing is fine too.
    pub(super) fn check(source: &str) -> Result<(), PatternError> {
        let mut reader = Reader::new(source);
        reader.next()?;
        while !reader.scopes.is_empty() {
            reader.next()?;
        }
        reader.text().map(|_| ())
    }

    /// The next token; none after the end of the text.
    pub(super) fn next(&mut self) -> Result<Option<Token>, PatternError> {
        if let Some(token) = self.after_name.take() {
            self.enter(token)?;
            self.current = Some(token);
            return Ok(self.current);
        }
        if self.open_string {
            self.read_string(": was expecting closing quote for a string value", "string value")?;
        }
        self.current = self.advance()?;
        Ok(self.current)
    }

    /// The text of the current token; of a bracket or keyword, itself.
    pub(super) fn text(&mut self) -> Result<String, PatternError> {
        // Behind a name a string may be open already; it is the value's, not the name's.
        if self.open_string && self.current != Some(Token::Name) {
            self.read_string(": was expecting closing quote for a string value", "string value")?;
        }
        Ok(match self.current {
            Some(Token::Name) => self.name.clone(),
            Some(Token::Text | Token::Number) => self.text.clone(),
            Some(Token::StartObject) => "{".into(),
            Some(Token::EndObject) => "}".into(),
            Some(Token::StartArray) => "[".into(),
            Some(Token::EndArray) => "]".into(),
            Some(Token::True) => "true".into(),
            Some(Token::False) => "false".into(),
            Some(Token::Null) => "null".into(),
            None => String::new(),
        })
    }

    fn advance(&mut self) -> Result<Option<Token>, PatternError> {
        let Some(mut character) = self.take_significant() else {
            return match self.scopes.last() {
                None => Ok(None),
                Some(scope) => {
                    let kind = if scope.is_array { "Array" } else { "Object" };
                    let start = self.location(scope.start);
                    Err(self.end_of_input(&format!(": expected close marker for {kind} (start marker at {start})")))
                }
            };
        };
        if character == ']' || character == '}' {
            return self.leave(character).map(Some);
        }
        if let Some(scope) = self.scopes.last_mut() {
            let (started, kind) = (scope.started, if scope.is_array { "Array" } else { "Object" });
            scope.started = true;
            if started {
                if character != ',' {
                    let expected = format!("was expecting comma to separate {kind} entries");
                    return Err(self.unexpected(character, &expected));
                }
                character = self
                    .take_significant()
                    .ok_or_else(|| self.end_of_input(&format!(" within/between {kind} entries")))?;
            }
        }
        let in_object = self.scopes.last().is_some_and(|scope| !scope.is_array);
        if !in_object {
            let token = self.value(character, false)?;
            self.enter(token)?;
            return Ok(Some(token));
        }
        if character != '"' {
            return Err(self.unexpected(character, "was expecting double-quote to start field name"));
        }
        self.read_string(" in field name", "name")?;
        self.name = std::mem::take(&mut self.text);
        const WITHIN: &str = " within/between Object entries";
        let colon = self.take_significant().ok_or_else(|| self.end_of_input(WITHIN))?;
        if colon != ':' {
            return Err(self.unexpected(colon, "was expecting a colon to separate field name and value"));
        }
        let first = self.take_significant().ok_or_else(|| self.end_of_input(WITHIN))?;
        let token = self.value(first, true)?;
        self.after_name = Some(token);
        Ok(Some(Token::Name))
    }

    /// The value that starts with this character, which is taken. Strings stay open.
    fn value(&mut self, first: char, in_object: bool) -> Result<Token, PatternError> {
        match first {
            '"' => {
                self.open_string = true;
                Ok(Token::Text)
            }
            '[' => Ok(Token::StartArray),
            '{' => Ok(Token::StartObject),
            '}' if in_object => Err(self.unexpected(first, "expected a value")),
            't' => self.keyword("true", Token::True),
            'f' => self.keyword("false", Token::False),
            'n' => self.keyword("null", Token::Null),
            '-' | '0'..='9' => self.number(first),
            _ if first.is_alphabetic() || matches!(first, '_' | '$') => {
                let start = self.at - first.len_utf8();
                Err(self.invalid_token(start))
            }
            _ => Err(self.unexpected(first, &format!("expected a valid value {VALUES}"))),
        }
    }

    fn enter(&mut self, token: Token) -> Result<(), PatternError> {
        let is_array = match token {
            Token::StartArray => true,
            Token::StartObject => false,
            _ => return Ok(()),
        };
        if self.scopes.len() == MAX_DEPTH {
            let reason = format!(
                "Document nesting depth ({}) exceeds the maximum allowed ({MAX_DEPTH}, from `StreamReadConstraints.getMaxNestingDepth()`)",
                MAX_DEPTH + 1
            );
            return Err(PatternError::new(ErrorKind::Json, reason, None));
        }
        self.scopes.push(Scope { is_array, start: self.at - 1, started: false });
        Ok(())
    }

    fn leave(&mut self, marker: char) -> Result<Token, PatternError> {
        let is_array = marker == ']';
        match self.scopes.last() {
            Some(scope) if scope.is_array == is_array => {
                self.scopes.pop();
                Ok(if is_array { Token::EndArray } else { Token::EndObject })
            }
            scope => {
                let (kind, expected, start) = match scope {
                    Some(scope) if scope.is_array => ("Array", ']', self.location(scope.start)),
                    Some(scope) => ("Object", '}', self.location(scope.start)),
                    None => ("root", if is_array { '}' } else { ']' }, self.describe(1, 0)),
                };
                Err(self.json_at_character(format!(
                    "Unexpected close marker '{marker}': expected '{expected}' (for {kind} starting at {start})"
                )))
            }
        }
    }

    fn keyword(&mut self, word: &str, token: Token) -> Result<Token, PatternError> {
        let start = self.at - 1;
        let rest = &self.source[start..];
        let length = rest.find(|c| !is_identifier_part(c)).unwrap_or(rest.len());
        if &rest[..length] == word {
            self.at = start + length;
            return Ok(token);
        }
        Err(self.invalid_token(start))
    }

    fn invalid_token(&mut self, start: usize) -> PatternError {
        let rest = &self.source[start..];
        let token = &rest[..rest.find(|c| !is_identifier_part(c)).unwrap_or(rest.len())];
        self.at = start + token.len();
        self.json(format!("Unrecognized token '{token}': was expecting {VALUES}"))
    }

    fn number(&mut self, first: char) -> Result<Token, PatternError> {
        let start = self.at - 1;
        if first == '-' {
            match self.take() {
                Some('0'..='9') => {}
                Some(other) => {
                    let expected = "expected digit (0-9) to follow minus sign, for valid numeric value";
                    return Err(self.unexpected_in_number(other, expected));
                }
                None => return Err(self.end_of_input(" in a Number value")),
            }
        }
        let leading_zero = self.source[..self.at].ends_with('0');
        if self.digits() > 0 && leading_zero {
            return Err(self.json("Invalid numeric value: Leading zeroes not allowed"));
        }
        if self.source[self.at..].starts_with('.') {
            self.at += 1;
            if self.digits() == 0 {
                return Err(self.bad_number("Decimal point not followed by a digit"));
            }
        }
        if self.source[self.at..].starts_with(['e', 'E']) {
            self.at += 1;
            if self.source[self.at..].starts_with(['+', '-']) {
                self.at += 1;
            }
            if self.digits() == 0 {
                return Err(self.bad_number("Exponent indicator not followed by a digit"));
            }
        }
        self.text = self.source[start..self.at].to_owned();
        Ok(Token::Number)
    }

    fn digits(&mut self) -> usize {
        let digits = self.source.as_bytes()[self.at..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        self.at += digits;
        digits
    }

    fn bad_number(&mut self, expected: &str) -> PatternError {
        match self.take() {
            Some(character) => self.unexpected_in_number(character, expected),
            None => self.end_of_input(" in a Number value"),
        }
    }

    /// Behind the opening quote.
    fn read_string(&mut self, at_end: &str, what: &str) -> Result<(), PatternError> {
        self.open_string = false;
        self.text.clear();
        loop {
            match self.take() {
                None => return Err(self.end_of_input(at_end)),
                Some('"') => return Ok(()),
                Some('\\') => {
                    let character = self.escape()?;
                    self.text.push(character);
                }
                Some(control) if control < ' ' => {
                    return Err(self.json(format!(
                        "Illegal unquoted character ({}): has to be escaped using backslash to be included in {what}",
                        describe(control)
                    )));
                }
                Some(character) => self.text.push(character),
            }
        }
    }

    fn escape(&mut self) -> Result<char, PatternError> {
        const AT_END: &str = " in character escape sequence";
        match self.take().ok_or_else(|| self.end_of_input(AT_END))? {
            'b' => Ok('\u{8}'),
            'f' => Ok('\u{c}'),
            'n' => Ok('\n'),
            'r' => Ok('\r'),
            't' => Ok('\t'),
            character @ ('"' | '/' | '\\') => Ok(character),
            'u' => {
                let high = self.hexadecimal()?;
                // A pair of surrogates is one character; a lone one is none that Rust can hold.
                if (0xd800..0xdc00).contains(&high) && self.source[self.at..].starts_with("\\u") {
                    self.at += 2;
                    let low = self.hexadecimal()?;
                    let mut decoded = char::decode_utf16([high, low]);
                    return Ok(decoded.next().and_then(Result::ok).unwrap_or(char::REPLACEMENT_CHARACTER));
                }
                Ok(char::from_u32(u32::from(high)).unwrap_or(char::REPLACEMENT_CHARACTER))
            }
            other => Err(self.json_at_character(format!("Unrecognized character escape {}", describe(other)))),
        }
    }

    fn hexadecimal(&mut self) -> Result<u16, PatternError> {
        let mut value = 0;
        for _ in 0..4 {
            let character = self.take().ok_or_else(|| self.end_of_input(" in character escape sequence"))?;
            let Some(digit) = character.to_digit(16) else {
                return Err(self.unexpected(character, "expected a hex-digit for character escape sequence"));
            };
            value = value * 16 + digit;
        }
        // Four digits fit.
        Ok(u16::try_from(value).unwrap_or(u16::MAX))
    }

    fn take(&mut self) -> Option<char> {
        let character = self.source[self.at..].chars().next()?;
        self.at += character.len_utf8();
        Some(character)
    }

    fn take_significant(&mut self) -> Option<char> {
        loop {
            match self.take()? {
                ' ' | '\t' | '\n' | '\r' => {}
                character => return Some(character),
            }
        }
    }

    fn json(&self, reason: impl Into<String>) -> PatternError {
        self.error(ErrorKind::Json, reason)
    }

    /// What is wrong is the character taken last, and that is where Jackson points. [V] SNS, column 2 of `{invalidjson}`
    fn json_at_character(&self, reason: impl Into<String>) -> PatternError {
        let last = self.source[..self.at].chars().next_back().map_or(0, char::len_utf8);
        PatternError::new(ErrorKind::Json, reason, Some(self.location(self.at - last)))
    }

    fn end_of_input(&self, what: &str) -> PatternError {
        self.json(format!("Unexpected end-of-input{what}"))
    }

    fn unexpected(&self, character: char, comment: &str) -> PatternError {
        self.json_at_character(format!("Unexpected character ({}): {comment}", describe(character)))
    }

    fn unexpected_in_number(&self, character: char, comment: &str) -> PatternError {
        self.json_at_character(format!("Unexpected character ({}) in numeric value: {comment}", describe(character)))
    }

    fn location(&self, at: usize) -> Location {
        let before = self.source[..at].replace("\r\n", "\n").replace('\r', "\n");
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().map_or(0, |last| last.encode_utf16().count()) + 1;
        self.describe(line, column)
    }

    fn describe(&self, line: usize, column: usize) -> Location {
        let units: Vec<u16> = self.source.encode_utf16().collect();
        let (quoted, more) = match units.len() {
            length if length > MAX_QUOTED => {
                (String::from_utf16_lossy(&units[..MAX_QUOTED]), format!("[truncated {} chars]", length - MAX_QUOTED))
            }
            _ => (self.source.to_owned(), String::new()),
        };
        let quoted: String = quoted
            .chars()
            .map(|c| match c {
                '\r' | '\n' => c.to_string(),
                c if c.is_control() => format!("\\u{:04X}", u32::from(c)),
                c => c.to_string(),
            })
            .collect();
        Location { source: format!("(String)\"{quoted}\"{more}"), line, column }
    }
}

fn is_identifier_part(character: char) -> bool {
    character.is_alphanumeric() || matches!(character, '_' | '$')
}

fn describe(character: char) -> String {
    let code = u32::from(character);
    match code {
        _ if character.is_control() => format!("(CTRL-CHAR, code {code})"),
        256.. => format!("'{character}' (code {code} / 0x{code:x})"),
        _ => format!("'{character}' (code {code})"),
    }
}
