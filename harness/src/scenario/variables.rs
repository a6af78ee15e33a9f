//! Variables of scenario files: `"${spoke_account}"` instead of a number that nobody remembers.

use std::path::Path;
use std::sync::LazyLock;
use std::time::Duration;

use regex::{Captures, Regex};
use rootwatch_cloud::time::Time;

use super::error::{Place, ScenarioError};
use crate::deployment::Accounts;

/// What `${time}` is: the same in every run, so that what a scenario sends out can be compared.
pub(super) const TIME: &str = "2026-01-15T12:00:00Z";

/// A name between `${` and `}`, for `time` with a span of time behind it.
static VARIABLE: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"\$\{([a-z_]+)([+-][^}]*)?\}").ok());

/// The names, as `scenarios/README.md` explains them.
const NAMES: [&str; 8] = [
    "spoke_account",
    "hub_account",
    "management_account",
    "organization",
    "hub_key",
    "hub_region",
    "sign_in_region",
    "time",
];

/// The text with the values of its variables, if it has any. What is nearly a variable is an error; what is none at all
/// (AWS records such texts, in user agents for example) stays as it is.
pub(super) fn resolve(path: &Path, text: &str) -> Result<Option<String>, ScenarioError> {
    let Some(variable) = VARIABLE.as_ref().filter(|variable| variable.is_match(text)) else { return Ok(None) };
    let accounts = Accounts::default();
    let mut wrong = None;
    let resolved = variable.replace_all(text, |found: &Captures<'_>| {
        let (whole, name) = (&found[0], &found[1]);
        match value(name, found.get(2).map_or("", |span| span.as_str()), &accounts) {
            Ok(Some(value)) => value,
            Ok(None) => whole.to_owned(),
            Err((reason, hint)) => {
                let offset = found.get(0).map_or(0, |found| found.start());
                wrong.get_or_insert_with(|| ScenarioError::Member {
                    path: path.to_path_buf(),
                    place: Place::of_offset(text, offset, whole.chars().count()),
                    reason,
                    hint,
                });
                String::new()
            }
        }
    });
    match wrong {
        Some(error) => Err(error),
        None => Ok(Some(resolved.into_owned())),
    }
}

fn value(name: &str, span: &str, accounts: &Accounts) -> Result<Option<String>, (String, String)> {
    let value = match name {
        "spoke_account" => accounts.spoke.clone(),
        "hub_account" => accounts.hub.clone(),
        "management_account" => accounts.management.clone(),
        "organization" => accounts.organization.clone(),
        "hub_key" => super::HUB_KEY.to_owned(),
        "hub_region" => accounts.hub_region.clone(),
        "sign_in_region" => crate::deployment::SIGN_IN_REGIONS[0].to_owned(),
        "time" => return time(span).map(Some),
        other => {
            return nearest(other).map_or(Ok(None), |near| {
                Err((format!("there is no variable `{other}`"), format!("; did you mean `{near}`?")))
            });
        }
    };
    match span.is_empty() {
        true => Ok(Some(value)),
        false => Err((format!("`{span}` follows `{name}`: only `time` can be moved"), String::new())),
    }
}

fn nearest(name: &str) -> Option<&'static str> {
    let distances = NAMES.iter().map(|known| (strsim::damerau_levenshtein(name, known), *known));
    distances.min().filter(|(distance, known)| *distance <= known.len().div_ceil(6)).map(|(_, known)| known)
}

/// `+90s`, `-2h`.
fn time(span: &str) -> Result<String, (String, String)> {
    let wrong = || (format!("`{span}` is no span of time: expected one like +90s, +5m, -2h, -1d"), String::new());
    let base = Time::parse(TIME).unwrap_or_default();
    let Some(sign) = span.chars().next() else { return Ok(base.iso_seconds()) };
    let unit = match span.chars().next_back() {
        Some('s') => 1,
        Some('m') => 60,
        Some('h') => 3600,
        Some('d') => 86_400,
        _ => return Err(wrong()),
    };
    let count: u32 = span[1..span.len() - 1].parse().map_err(|_| wrong())?;
    let span = Duration::from_secs(u64::from(count) * unit);
    let moved = if sign == '-' { Time(base.0 - span.as_millis() as i64) } else { base + span };
    Ok(moved.iso_seconds())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values() {
        let cases = [
            ("${spoke_account}", Ok("111122223333")),
            ("arn:aws:iam::${hub_account}:root", Ok("arn:aws:iam::999988887777:root")),
            ("${management_account} ${organization}", Ok("999900001111 o-rootwatch01")),
            ("${hub_region} ${sign_in_region}", Ok("us-east-1 us-east-1")),
            ("${hub_key}", Ok("1234abcd-12ab-34cd-56ef-1234567890ab")),
            ("${time}", Ok("2026-01-15T12:00:00Z")),
            ("${time+90s}", Ok("2026-01-15T12:01:30Z")),
            ("${time-1d}", Ok("2026-01-14T12:00:00Z")),
            ("${project.version} $spoke_account ${SPOKE}", Ok("${project.version} $spoke_account ${SPOKE}")),
            ("${name}", Ok("${name}")),
            ("${hub_acount}", Err("did you mean `hub_account`?")),
            ("${hub_account+5m}", Err("only `time` can be moved")),
            ("${time+m}", Err("is no span of time")),
            ("${time+5ä}", Err("is no span of time")),
        ];
        for (text, expected) in cases {
            let found = resolve(Path::new("x.json"), text).map(|resolved| resolved.unwrap_or_else(|| text.to_owned()));
            match (found, expected) {
                (Ok(found), Ok(expected)) => assert_eq!(found, expected, "{text}"),
                (Err(error), Err(expected)) => assert!(error.to_string().contains(expected), "{text}: {error}"),
                (found, _) => panic!("{text}: {found:?}"),
            }
        }
    }

    #[test]
    fn every_name_has_a_value() {
        for name in NAMES {
            assert!(matches!(value(name, "", &Accounts::default()), Ok(Some(_))), "{name}");
        }
    }
}
