//! PagerDuty: opens an incident for an alert, by the Events API v2, and lets health alarms resolve themselves.
//!
//! `SECRET_ARN` names the secret: the routing key as text, or as JSON
//! `{"routing_key": "…", "region": "eu"}`: `region` (`us` or `eu`) says where the PagerDuty account is served from, or
//! `events_url` gives the address itself.
//! What PagerDuty gets is made in [`event`].

pub mod event;

use std::fmt;
use std::time::Duration;

use rootwatch_alert::Incoming;
use rootwatch_alert::incoming::read;
use rootwatch_alert::links::{Portal, is_runbook_link};
use rootwatch_runtime::sink::refusal;
use rootwatch_runtime::{
    Act, Answer, ConfigurationError, Delivery, Form, Gathering, Handler, HttpsUrl, Invocation, Message, Platform,
    Reason, Response, Secret, Store, Ticket, Turn, Web, deliver,
};
use serde_json::Value;

/// Where events go unless the secret says otherwise [D: PagerDuty, Events API v2].
const EVENTS_URL: &str = "https://events.pagerduty.com/v2/enqueue";

/// Where events of accounts in the EU go [D: PagerDuty, service regions].
const EU_EVENTS_URL: &str = "https://events.eu.pagerduty.com/v2/enqueue";

/// The function `pagerduty`.
pub struct PagerDuty {
    web: Web,
    integration: Secret<Integration>,
    runbook: Option<String>,
    portal: Option<Portal>,
    store: Option<Store>,
}

/// An integration of a PagerDuty service.
#[derive(Clone, PartialEq, Eq)]
struct Integration {
    routing_key: String,
    events_url: HttpsUrl,
}

impl fmt::Debug for Integration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Integration").field("events_url", &self.events_url).finish_non_exhaustive()
    }
}

impl PagerDuty {
    /// Configured by the environment.
    ///
    /// # Errors
    ///
    /// Where the secret's ARN is missing, or the runbook's address is none.
    pub fn new(platform: &Platform) -> Result<Self, ConfigurationError> {
        let secret = platform.environment.arn("SECRET_ARN")?;
        let runbook = platform.environment.runbook(is_runbook_link)?;
        let portal = platform.environment.access_portal(is_runbook_link)?.map(|(url, role)| Portal { url, role });
        let store = Store::of(platform)?;
        let integration = Secret::new(platform, secret, integration);
        Ok(PagerDuty { runbook, portal, store, web: platform.web.clone(), integration })
    }
}

impl Handler for PagerDuty {
    const TIMEOUT: Duration = Duration::from_secs(24);

    async fn handle(&self, message: Message<'_>, invocation: Invocation) -> Delivery {
        let mut incoming = match read(message.body) {
            Ok(incoming) => incoming.with_links(self.runbook.as_deref(), self.portal.as_ref()),
            Err(error) => return Delivery::Permanent(Reason::new("Unreadable", error)),
        };
        if let (Some(store), Incoming::Alert(alert)) = (&self.store, &mut incoming)
            && let Some((account, address, hour)) = alert.correlates_by()
            && let Some(found) = store.correlated(account, address, hour, invocation).await
        {
            alert.correlate(&found.incident, found.accounts, found.addresses);
        }
        let Some(event) = event::render(&incoming) else {
            tracing::info!(message_id = message.id, "no incident: the log alarm is over");
            return Delivery::Done;
        };
        let minimal = event::minimal(&incoming);
        // An alarm and its end are one incident by themselves, and must not wait for a store.
        let act = match &incoming {
            Incoming::Alert(alert) => Some(Act {
                key: &alert.deduplication_key,
                incident: &alert.incident_key,
                line: "",
                grade: alert.severity.grade(),
                receives: message.receives,
            }),
            Incoming::Health(_) => None,
        };
        let ticket = Ticket::take(self.store.as_ref(), Gathering::OfItsOwn, act, invocation).await;
        if let Turn::Nothing(delivery) = ticket.turn() {
            return delivery.clone();
        }
        let (event, minimal) = (&event, &minimal);
        let delivery = deliver(&self.integration, invocation, |integration, form| async move {
            let mut event = if form == Form::Full { event.clone() } else { minimal.clone() };
            event["routing_key"] = Value::from(integration.routing_key.as_str());
            match self.web.post_json(&integration.events_url, event.to_string()).await {
                Ok(response) => answer(&response.without([integration.routing_key.as_str()])),
                // An event that comes twice joins the incident of its `dedup_key`: no attempt makes a duplicate.
                Err(failure) => match Answer::failed("PagerDuty", &failure) {
                    Answer::Ambiguous(reason) => Answer::Later(reason),
                    answer => answer,
                },
            }
        })
        .await;
        ticket.finish(delivery, None).await
    }
}

/// The integration in a secret.
fn integration(secret: &str) -> Result<Integration, &'static str> {
    let (routing_key, events_url) = if secret.starts_with('{') {
        let json: Value = serde_json::from_str(secret).map_err(|_| "it begins like JSON and is not")?;
        let key = json.get("routing_key").and_then(Value::as_str).ok_or("its JSON has no `routing_key`")?.to_owned();
        let home = match json.get("region").map(Value::as_str) {
            None | Some(Some("us")) => EVENTS_URL,
            Some(Some("eu")) => EU_EVENTS_URL,
            Some(_) => return Err("its `region` is neither us nor eu"),
        };
        let url = match json.get("events_url") {
            None | Some(Value::Null) => home.to_owned(),
            Some(url) => url.as_str().ok_or("its `events_url` is not a text")?.to_owned(),
        };
        (key, url)
    } else {
        (secret.to_owned(), EVENTS_URL.to_owned())
    };
    if routing_key.is_empty() || !routing_key.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
    {
        return Err("it is neither a routing key nor JSON with `routing_key`");
    }
    let events_url = HttpsUrl::parse(&events_url).map_err(|_| "its `events_url` is not an https:// address")?;
    Ok(Integration { routing_key, events_url })
}

/// PagerDuty answers 202 with the status `success`; an unknown routing key is a 400 that names it [D: PagerDuty, Events
/// API v2]. A 202 that says something else comes from something in between.
fn answer(response: &Response) -> Answer {
    match response.status {
        202 if says_success(&response.body) => Answer::Accepted,
        400 if names_the_key(&response.body) => Answer::CredentialRefused(refusal("PagerDuty", response)),
        _ => Answer::by_status("PagerDuty", response),
    }
}

fn says_success(body: &str) -> bool {
    serde_json::from_str::<Value>(body).is_ok_and(|body| body["status"] == "success")
}

fn names_the_key(body: &str) -> bool {
    let body = body.to_ascii_lowercase();
    body.contains("routing key") || body.contains("routing_key")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_a_key_or_json() {
        let cases = [
            ("R0KEY0123456789abcdef0123456789a", Ok("events.pagerduty.com")),
            (r#"{"routing_key": "R0"}"#, Ok("events.pagerduty.com")),
            (
                r#"{"routing_key": "R0", "events_url": "https://events.eu.pagerduty.com/v2/enqueue"}"#,
                Ok("events.eu.pagerduty.com"),
            ),
            (
                r#"{"routing_key": "R0", "events_url": "http://events.eu.pagerduty.com/v2/enqueue"}"#,
                Err("not an https://"),
            ),
            (r#"{"routing_key": "R0", "region": "eu"}"#, Ok("events.eu.pagerduty.com")),
            (r#"{"routing_key": "R0", "region": "us"}"#, Ok("events.pagerduty.com")),
            (r#"{"routing_key": "R0", "region": "moon"}"#, Err("neither us nor eu")),
            (r#"{"routing_key": "R0", "events_url": 1}"#, Err("not a text")),
            (r#"{"key": "R0"}"#, Err("no `routing_key`")),
            (r#"{"routing_key": ""}"#, Err("neither")),
            ("https://events.pagerduty.com", Err("neither")),
            ("", Err("neither")),
            ("{", Err("begins like JSON")),
        ];
        for (secret, wanted) in cases {
            match (integration(secret), wanted) {
                (Ok(got), Ok(host)) => {
                    assert_eq!(got.events_url.host(), host, "{secret}");
                    assert!(!format!("{got:?}").contains("R0"), "a routing key is a secret");
                }
                (Err(error), Err(wanted)) => assert!(error.contains(wanted), "{secret}: {error}"),
                (got, _) => panic!("{secret}: {got:?}"),
            }
        }
    }

    #[test]
    fn only_202_is_accepted() {
        let answered = |status, body: &str| answer(&Response { status, retry_after: None, body: body.to_owned() });
        assert_eq!(answered(202, r#"{"status": "success"}"#), Answer::Accepted);
        for (status, body) in
            [(200, "<html>"), (202, "<html>"), (202, ""), (202, "{}"), (202, r#"{"status": "throttled"}"#)]
        {
            assert!(matches!(answered(status, body), Answer::Later(_)), "{status} {body}");
        }
        assert!(matches!(answered(400, r#"{"errors": ["'routing_key' is invalid"]}"#), Answer::CredentialRefused(_)));
        assert!(matches!(answered(400, r#"{"errors": ["'summary' is too long"]}"#), Answer::ContentRefused(_)));
        assert!(matches!(answered(429, ""), Answer::Later(_)));
        assert!(matches!(answered(500, ""), Answer::Again(_)));
    }
}
