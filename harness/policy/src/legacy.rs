//! IAM's older checks of resources, actions and dates, with its messages.
//!
//! `[T]` tests/data/policy/create-policy.json: 132 documents that IAM takes or refuses.

use std::ops::RangeInclusive;

use super::document::Statement;
use super::error::PolicyError;

/// How the part of an IAM ARN after the account may begin. `root` is the account of sts:AssumeRoot. `[D]` API_AssumeRoot
const IAM_PATHS: [&str; 13] = [
    "user/",
    "federated-user/",
    "role/",
    "group/",
    "instance-profile/",
    "mfa/",
    "server-certificate/",
    "policy/",
    "sms-mfa/",
    "saml-provider/",
    "oidc-provider/",
    "report/",
    "access-report/",
];

/// `[D]` AWS general reference, ARN format: the partitions.
const PARTITIONS: [&str; 7] = ["aws", "aws-cn", "aws-us-gov", "aws-eusc", "aws-iso", "aws-iso-b", "*"];

impl Statement {
    /// The form of each resource: `*`, or an ARN of a partition with a Region only where the service has Regions.
    pub(super) fn check_resource_forms(&self) -> Result<(), PolicyError> {
        let resources = self.resource.iter().flat_map(|resource| &resource.values);
        resources.map(|resource| resource.text.as_str()).filter(|text| *text != "*").try_for_each(|resource| {
            if !resource.contains(':') {
                return Err(PolicyError::Resource { at: self.at(), resource: resource.to_owned() });
            }
            match wrong_form(resource) {
                Some(message) => Err(PolicyError::ResourceForm { at: self.at(), message }),
                None => Ok(()),
            }
        })
    }

    /// The number of fields of each ARN. An ARN without an empty field may have fewer than six.
    pub(super) fn check_resource_fields(&self) -> Result<(), PolicyError> {
        let resources = self.resource.iter().flat_map(|resource| &resource.values);
        match resources.map(|resource| &resource.text).find(|text| *text != "*" && !has_fields(text)) {
            Some(resource) => Err(PolicyError::Arn { at: self.at(), resource: resource.clone() }),
            None => Ok(()),
        }
    }

    /// The dates of the conditions.
    pub(super) fn check_dates(&self) -> Result<(), PolicyError> {
        match self.conditions.iter().find_map(|condition| condition.wrong_date()) {
            Some(found) => Err(PolicyError::Date { at: self.at(), found: found.to_owned() }),
            None => Ok(()),
        }
    }

    /// The service of each action: `service:Action`, or `*`.
    pub(super) fn check_vendors(&self) -> Result<(), PolicyError> {
        self.action.values.iter().map(|action| &action.text).filter(|text| *text != "*").try_for_each(|action| {
            let (at, named) = (self.at(), action.clone());
            let Some((vendor, name)) = action.split_once(':') else {
                return Err(PolicyError::Action { at, action: named });
            };
            if name.contains(':') {
                return Err(PolicyError::Colons { at, action: named });
            }
            let known = |character: char| character.is_ascii_alphanumeric() || "-.".contains(character);
            match vendor == "*" || vendor.chars().all(known) {
                true => Ok(()),
                false => Err(PolicyError::Vendor { at, action: named }),
            }
        })
    }
}

fn has_fields(arn: &str) -> bool {
    let service = arn.split(':').nth(2).unwrap_or_default();
    !service.is_empty() && (arn.matches(':').count() >= 5 || !arn.contains("::"))
}

/// What IAM says of an ARN of another form.
fn wrong_form(resource: &str) -> Option<String> {
    let fields: Vec<&str> = resource.splitn(6, ':').collect();
    let field = |number: usize| fields.get(number).copied().unwrap_or_default();
    if !PARTITIONS.contains(&field(1)) {
        let known = fields.get(1..).unwrap_or_default().iter().copied();
        let padded: Vec<&str> = known.chain(std::iter::repeat("*")).take(5).collect();
        return Some(format!("Partition \"{}\" is not valid for resource \"arn:{}\".", field(1), padded.join(":")));
    }
    if fields.len() < 3 {
        return Some("Resource vendor must be fully qualified and cannot contain regexes.".to_owned());
    }
    let (service, region, account, path) = (field(2), field(3), field(4), field(5));
    match service {
        "iam" if !region.is_empty() => Some(format!("IAM resource {resource} cannot contain region information.")),
        "iam" if fields.len() == 6 && !is_iam_path(path) => {
            Some(format!("IAM resource path must either be \"*\" or start with {}.", IAM_PATHS.join(", ")))
        }
        // An access point has a Region and an account, a bucket neither. [D] service authorization reference, S3
        "s3" if !region.is_empty() && account.is_empty() => {
            Some(format!("Resource {resource} can not contain region information."))
        }
        _ => None,
    }
}

/// A wildcard or a variable before the first slash may stand for any path.
fn is_iam_path(path: &str) -> bool {
    let first = path.split('/').next().unwrap_or_default();
    path == "root" || first.contains(['*', '?', '$']) || IAM_PATHS.iter().any(|known| path.starts_with(known))
}

/// Whether IAM takes a text as a date: seconds since 1970, or ISO 8601 from the year alone to nanoseconds and an offset.
pub(super) fn is_date(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    if !text.contains(['t', '-']) {
        return number(&text, 0..=i64::MAX);
    }
    let (date, time) = text.split_once('t').unwrap_or((&text, ""));
    is_day(date) && (time.is_empty() || is_time(time))
}

fn number(text: &str, range: RangeInclusive<i64>) -> bool {
    text.parse::<i64>().is_ok_and(|number| range.contains(&number))
}

fn is_day(date: &str) -> bool {
    let (sign, date) = date.strip_prefix('-').map_or(("", date), |rest| ("-", rest));
    let mut parts = date.split('-');
    let year = format!("{sign}{}", parts.next().unwrap_or_default());
    number(&year, -292_275_054..=292_278_993)
        && parts.next().is_none_or(|month| number(month, 1..=12))
        && parts.next().is_none_or(|day| number(day, 1..=31))
        && parts.next().is_none()
}

fn is_time(time: &str) -> bool {
    let mut parts = time.splitn(3, ':');
    parts.next().is_none_or(|hours| number(hours, 0..=23))
        && parts.next().is_none_or(|minutes| number(minutes, 0..=59))
        && parts.next().is_none_or(is_second)
}

/// `SS[.fraction][Z|+HH[:MM]]`
fn is_second(text: &str) -> bool {
    let two = |text: &str, range| text.len() == 2 && number(text, range);
    let (seconds, offset) = match (text.split_once('z'), text.split_once('+')) {
        (Some((seconds, rest)), _) => (seconds, rest.is_empty()),
        (None, Some((seconds, offset))) => {
            let (hours, minutes) = offset.split_once(':').unwrap_or((offset, "00"));
            (seconds, two(hours, 0..=23) && two(minutes, 0..=59))
        }
        (None, None) => (text, true),
    };
    let (whole, fraction) = seconds.split_once('.').unwrap_or((seconds, "0"));
    offset && number(whole, 0..=59) && number(fraction, 0..=999_999_999)
}
