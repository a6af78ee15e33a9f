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
    /// The access portal through which links lead. An alerter adds it.
    #[serde(skip)]
    pub portal: Option<Portal>,
}

/// An IAM Identity Center access portal, through which a link into the console signs the reader in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Portal {
    /// `https://example.awsapps.com/start`.
    pub url: String,
    /// Name of the permission set. Without one the portal asks.
    pub role: Option<String>,
}

impl Portal {
    /// A console link of an account, through the portal [D: IAM Identity Center, create shortcut links].
    fn through(&self, account: &str, link: &str) -> String {
        let role = self.role.as_deref().map(|role| format!("&role_name={}", encoded(role))).unwrap_or_default();
        let start = self.url.trim_end_matches('/');
        format!("{start}/#/console?account_id={account}{role}&destination={}", encoded(link))
    }
}

/// Percent-encoding of everything but unreserved characters.
fn encoded(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            byte if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) => char::from(byte).to_string(),
            byte => format!("%{byte:02X}"),
        })
        .collect()
}

/// A link as a sink shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Labelled {
    /// The page that the link opens.
    pub label: &'static str,
    /// A step that the reader must take first, such as signing in.
    pub needs: Option<String>,
    /// The address.
    pub href: String,
}

impl Labelled {
    /// `Event in CloudTrail (sign in to account 111122223333 first)`
    pub fn words(&self) -> String {
        match &self.needs {
            Some(needs) => format!("{} ({needs})", self.label),
            None => self.label.to_owned(),
        }
    }
}

impl Links {
    /// Each link that there is, with its label and what it needs. `account` is the alert's account.
    pub fn labelled(&self, account: &str) -> Vec<Labelled> {
        let mut all = Vec::new();
        let mut add = |label, needs, href| all.push(Labelled { label, needs, href });
        if let Some(href) = &self.runbook {
            add("Runbook", None, href.clone());
        }
        if let Some(href) = &self.cloudtrail_event {
            match self.portal.as_ref().filter(|_| is_account(account)) {
                Some(portal) => add("Event in CloudTrail", None, portal.through(account, href)),
                None => add("Event in CloudTrail", Some(format!("sign in to account {account} first")), href.clone()),
            }
        }
        if let Some(href) = &self.account {
            add("Account", Some("sign in to the management account first".to_owned()), href.clone());
        }
        all
    }
}

/// An alarm in the CloudWatch console.
pub(crate) fn alarm_link(region: &str, name: &str) -> Option<String> {
    let plain = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
    let domain = console_domain(region);
    (plain && is_region(region))
        .then(|| format!("https://{region}.{domain}/cloudwatch/home?region={region}#alarmsV2:alarm/{name}"))
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
    // The event history has management events only [D: CloudTrail, event history].
    let in_history = event.detail("eventCategory").is_none_or(|category| category == "Management")
        && event.flag(&["detail", "managementEvent"]) != Some(false);
    Links {
        cloudtrail_event: event
            .detail("eventID")
            .filter(|id| in_history && is_event_id(id))
            .map(|id| format!("https://{region}.{domain}/cloudtrailv2/home?region={region}#/events/{id}")),
        account: event
            .account()
            .filter(|account| is_account(account))
            .map(|account| format!("https://{domain}/organizations/v2/home/accounts/{account}")),
        runbook: None,
        portal: None,
    }
}

/// Whether a link that a message holds leads to the console: a message may have been published by anyone whom the
/// topic's policy admits.
pub fn is_console_link(link: &str) -> bool {
    let Some(rest) = link.strip_prefix("https://") else { return false };
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let known =
        ["console.aws.amazon.com", "console.amazonaws.cn", "console.amazonaws-us-gov.com", "console.amazonaws.eu"]
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
        // The European Sovereign Cloud.
        region if region.starts_with("eusc-") => "console.amazonaws.eu",
        _ => "console.aws.amazon.com",
    }
}

/// Returns true for the form of an access key id.
pub(crate) fn is_access_key(text: &str) -> bool {
    (16..=128).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
}

/// Whether this is twelve digits.
pub fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

pub(crate) fn is_region(text: &str) -> bool {
    (3..=32).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

fn is_event_id(text: &str) -> bool {
    (8..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-')
}
