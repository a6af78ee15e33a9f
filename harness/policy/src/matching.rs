//! Wildcards, actions, resources and ARNs.

/// One piece of a pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Token {
    /// This character. Also what a policy variable put in: a `*` in its value is no wildcard.
    Literal(char),
    /// `?`: any one character.
    One,
    /// `*`: any characters, or none.
    Many,
}

/// The pattern of a text without policy variables.
pub(super) fn pattern(text: &str) -> Vec<Token> {
    text.chars().map(token).collect()
}

/// What a character of a policy means as a pattern.
pub(super) fn token(character: char) -> Token {
    match character {
        '*' => Token::Many,
        '?' => Token::One,
        other => Token::Literal(other),
    }
}

/// A pattern, read once: most hold no wildcard, or only one at the end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Glob {
    Everything,
    Exactly(String),
    StartingWith(String),
    Pattern(Vec<Token>),
}

impl Glob {
    pub(super) fn new(tokens: Vec<Token>) -> Self {
        let (wild, stem) = match tokens.split_last() {
            Some((Token::Many, stem)) => (true, stem),
            _ => (false, tokens.as_slice()),
        };
        let literal = |token: &Token| match token {
            Token::Literal(character) => Some(*character),
            Token::One | Token::Many => None,
        };
        match (stem.iter().map(literal).collect::<Option<String>>(), wild) {
            (Some(text), true) if text.is_empty() => Self::Everything,
            (Some(text), true) => Self::StartingWith(text),
            (Some(text), false) => Self::Exactly(text),
            (None, _) => Self::Pattern(tokens),
        }
    }

    pub(super) fn matches(&self, text: &str) -> bool {
        match self {
            Self::Everything => true,
            Self::Exactly(wanted) => wanted == text,
            Self::StartingWith(stem) => text.starts_with(stem.as_str()),
            Self::Pattern(tokens) => matches(tokens, text),
        }
    }
}

/// An ARN's pattern, read once: six components, split at the first five colons, each with wildcards of its own, so that
/// `*` does not cross into the next. `[D]` IAM user guide, ARN condition operators
///
/// What is no ARN matches nothing; a pattern with fewer components, even a bare `*`, matches no ARN. `[?]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ArnGlob(Vec<Glob>);

impl ArnGlob {
    pub(super) fn new(tokens: &[Token]) -> Self {
        let parts = tokens.splitn(6, |token| *token == Token::Literal(':'));
        Self(parts.map(|part| Glob::new(part.to_vec())).collect())
    }

    pub(super) fn matches(&self, arn: &str) -> bool {
        let mut parts = 0;
        let each = self.0.iter().zip(arn.splitn(6, ':')).all(|(wanted, part)| {
            parts += 1;
            wanted.matches(part)
        });
        each && parts == 6 && self.0.len() == 6
    }
}

/// The pattern as plain text, for operators without wildcards.
pub(super) fn literal(pattern: &[Token]) -> String {
    pattern
        .iter()
        .map(|token| match token {
            Token::Literal(character) => *character,
            Token::One => '?',
            Token::Many => '*',
        })
        .collect()
}

/// Returns true if the whole text matches a pattern of `Action` or `Resource` without policy variables. Case counts.
pub fn matches_wildcards(wildcards: &str, text: &str) -> bool {
    matches(&pattern(wildcards), text)
}

/// Whether the whole text matches, `*` and `?` crossing `:` and `/` as they do in `Resource` and `StringLike`.
pub(super) fn matches(pattern: &[Token], text: &str) -> bool {
    let (mut at, mut rest) = (0, text);
    // Where to go on when a later piece fails: the last `*` takes one character more. Earlier ones never need to.
    let mut retry: Option<(usize, &str)> = None;
    while let Some(next) = rest.chars().next() {
        let after = &rest[next.len_utf8()..];
        match pattern.get(at) {
            Some(Token::Many) => {
                retry = Some((at + 1, rest));
                at += 1;
            }
            Some(Token::One) => {
                at += 1;
                rest = after;
            }
            Some(Token::Literal(character)) if *character == next => {
                at += 1;
                rest = after;
            }
            _ => match retry.and_then(|(at, from)| Some((at, &from[from.chars().next()?.len_utf8()..]))) {
                Some((again, from)) => {
                    retry = Some((again, from));
                    at = again;
                    rest = from;
                }
                None => return false,
            },
        }
    }
    pattern[at..].iter().all(|token| *token == Token::Many)
}
