//! Policy variables: `${key}`, `${key, 'default'}` and the escapes `${*}`, `${?}`, `${$}`.
//!
//! `[D]` IAM user guide, policy variables. They exist in policies of version 2012-10-17 only; in older ones they are
//! text.

use super::context::Context;
use super::document::Version;
use super::matching::{Token, pattern, token};

/// A variable whose key has no value here, or more than one. The value that contains it then matches nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Unresolved {
    pub(super) key: String,
}

/// Whether a value means something else for each request.
pub(super) fn has_variables(value: &str, version: Version) -> bool {
    version == Version::V2012 && value.contains("${")
}

/// A value of a policy as a pattern, with its variables filled in.
pub(super) fn expand(value: &str, version: Version, context: &Context) -> Result<Vec<Token>, Unresolved> {
    if version == Version::V2008 {
        return Ok(pattern(value));
    }
    let mut tokens = Vec::new();
    let mut rest = value;
    while let Some(start) = rest.find("${") {
        // Without a closing brace the rest is plain text.
        let Some(length) = rest[start + 2..].find('}') else { break };
        tokens.extend(rest[..start].chars().map(token));
        let variable = &rest[start + 2..start + 2 + length];
        tokens.extend(resolve(variable, context)?.chars().map(Token::Literal));
        rest = &rest[start + 3 + length..];
    }
    tokens.extend(rest.chars().map(token));
    Ok(tokens)
}

/// The keys that the variables of a value need and have no default for.
pub(super) fn names(value: &str) -> impl Iterator<Item = &str> {
    value.split("${").skip(1).filter_map(|rest| {
        let (variable, _) = rest.split_once('}')?;
        let needs = !variable.contains(',') && !matches!(variable, "*" | "?" | "$");
        needs.then(|| variable.trim())
    })
}

fn resolve(variable: &str, context: &Context) -> Result<String, Unresolved> {
    if let "*" | "?" | "$" = variable {
        return Ok(variable.to_owned());
    }
    let (key, default) = match variable.split_once(',') {
        Some((key, default)) => (key.trim(), quoted(default.trim())),
        None => (variable.trim(), None),
    };
    match (context.get(key), default) {
        (Some([value]), _) => Ok(value.to_string()),
        (None, Some(default)) => Ok(default.to_owned()),
        _ => Err(Unresolved { key: key.to_owned() }),
    }
}

fn quoted(text: &str) -> Option<&str> {
    text.strip_prefix('\'')?.strip_suffix('\'')
}
