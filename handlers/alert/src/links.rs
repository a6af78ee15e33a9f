//! Links into the console. Made only from parts that have the form of what they should be, so that nothing that
//! others wrote into a record becomes a link.

use serde::Serialize;

use crate::event::Event;

/// Where to look next. Absent where the event does not hold what the link needs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Links {
    /// The event in CloudTrail's event history, in the account and Region where it was recorded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cloudtrail_event: Option<String>,
    /// The account in the Organizations console of the management account.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// The operators' runbook. An alerter adds it: what a message says about it is not read.
    #[serde(skip)]
    pub runbook: Option<String>,
}

impl Links {
    /// Each link that there is, with its label.
    pub fn labelled(&self) -> impl Iterator<Item = (&'static str, &str)> {
        [("Runbook", &self.runbook), ("Event in CloudTrail", &self.cloudtrail_event), ("Account", &self.account)]
            .into_iter()
            .filter_map(|(label, link)| Some((label, link.as_deref()?)))
    }
}

/// Whether a sink can show this address of a runbook as a link.
pub fn is_runbook_link(link: &str) -> bool {
    link.strip_prefix("https://").is_some_and(|rest| !rest.is_empty()) && link.len() <= 500 && is_unbroken(link)
}

/// The links of an event.
///
/// The forms of the console's addresses are not documented; they are those that the console itself shows [?].
pub fn links(event: Event<'_>) -> Links {
    let Some(region) = event.region().filter(|region| is_region(region)) else {
        return Links::default();
    };
    let domain = console_domain(region);
    Links {
        cloudtrail_event: event
            .detail("eventID")
            .filter(|id| is_event_id(id))
            .map(|id| format!("https://{region}.{domain}/cloudtrailv2/home?region={region}#/events/{id}")),
        account: event
            .account()
            .filter(|account| is_account(account))
            .map(|account| format!("https://{domain}/organizations/v2/home/accounts/{account}")),
        runbook: None,
    }
}

/// Whether a link that a message holds leads to the console: a message may have been published by anyone whom the
/// topic's policy admits.
pub fn is_console_link(link: &str) -> bool {
    let Some(rest) = link.strip_prefix("https://") else { return false };
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let known = ["console.aws.amazon.com", "console.amazonaws.cn", "console.amazonaws-us-gov.com"]
        .iter()
        .any(|domain| host == *domain || host.strip_suffix(domain).is_some_and(is_subdomain));
    known && is_unbroken(rest)
}

/// No character that would end a link in a sink's markup.
fn is_unbroken(link: &str) -> bool {
    link.bytes().all(|byte| byte.is_ascii_graphic() && !b"<>|\"'`\\".contains(&byte))
}

/// `us-east-1.`
fn is_subdomain(head: &str) -> bool {
    head.strip_suffix('.').is_some_and(is_region)
}

fn console_domain(region: &str) -> &'static str {
    match region {
        region if region.starts_with("cn-") => "console.amazonaws.cn",
        region if region.starts_with("us-gov-") => "console.amazonaws-us-gov.com",
        _ => "console.aws.amazon.com",
    }
}

/// Whether this is twelve digits.
pub fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_region(text: &str) -> bool {
    (3..=32).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

fn is_event_id(text: &str) -> bool {
    (8..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-')
}
