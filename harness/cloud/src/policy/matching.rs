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

/// The pattern as the text it stands for, for operators that know no wildcards.
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

/// Whether the whole text matches, `*` and `?` crossing `:` and `/` as they do in `Resource` and `StringLike`.
pub(super) fn matches(pattern: &[Token], text: &str) -> bool {
    let text: Vec<char> = text.chars().collect();
    let (mut at, mut read) = (0, 0);
    // Where to go on when a later piece fails: the last `*` takes one character more. Earlier ones never need to.
    let mut retry: Option<(usize, usize)> = None;
    while read < text.len() {
        match pattern.get(at) {
            Some(Token::Many) => {
                retry = Some((at + 1, read));
                at += 1;
            }
            Some(Token::One) => {
                at += 1;
                read += 1;
            }
            Some(Token::Literal(character)) if *character == text[read] => {
                at += 1;
                read += 1;
            }
            _ => match retry {
                Some((after, from)) => {
                    retry = Some((after, from + 1));
                    at = after;
                    read = from + 1;
                }
                None => return false,
            },
        }
    }
    pattern[at..].iter().all(|token| *token == Token::Many)
}

/// Whether an action matches a pattern of `Action`, ignoring case. `[D]` IAM user guide, Action
pub(super) fn action_matches(wanted: &str, action: &str) -> bool {
    if !wanted.contains(['*', '?']) {
        return wanted.eq_ignore_ascii_case(action);
    }
    matches(&pattern(&wanted.to_ascii_lowercase()), &action.to_ascii_lowercase())
}

/// Whether an ARN matches as `ArnLike` and `ArnEquals` compare: six components, split at the first five colons, each
/// with wildcards of its own, so that `*` does not cross into the next. `[D]` IAM user guide, ARN condition operators
///
/// What is no ARN matches nothing; a pattern with fewer components, even a bare `*`, matches no ARN. `[?]`
pub(super) fn arn_matches(wanted: &[Token], arn: &str) -> bool {
    let wanted: Vec<&[Token]> = wanted.splitn(6, |token| *token == Token::Literal(':')).collect();
    let arn: Vec<&str> = arn.splitn(6, ':').collect();
    wanted.len() == 6 && arn.len() == 6 && wanted.iter().zip(&arn).all(|(wanted, part)| matches(wanted, part))
}
