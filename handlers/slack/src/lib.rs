//! Slack: sends alerts to a channel by an incoming webhook.
//!
//! `SECRET_ARN` names the secret: the webhook's address as text, or as JSON `{"webhook_url": "https://…"}`.
//! What the channel shows is made in [`message`].

pub mod message;

use rootwatch_alert::incoming::read;
use rootwatch_alert::links::is_runbook_link;
use rootwatch_runtime::{
    Answer, ConfigurationError, Delivery, Handler, HttpsUrl, Invocation, Message, Platform, Reason, Response, Secret,
    Web, deliver,
};
use serde_json::Value;

/// The function `slack`.
pub struct Slack {
    web: Web,
    webhook: Secret<HttpsUrl>,
    runbook: Option<String>,
}

impl Slack {
    /// Configured by the environment.
    ///
    /// # Errors
    ///
    /// Where the secret's ARN is missing, or the runbook's address is none.
    pub fn new(platform: &Platform) -> Result<Self, ConfigurationError> {
        let secret = platform.environment.arn("SECRET_ARN")?;
        let runbook = platform.environment.runbook(is_runbook_link)?;
        Ok(Slack { runbook, web: platform.web.clone(), webhook: Secret::new(platform, secret, webhook) })
    }
}

impl Handler for Slack {
    async fn handle(&self, message: Message<'_>, invocation: Invocation) -> Delivery {
        let payload = match read(message.body) {
            Ok(incoming) => message::render(&incoming.with_runbook(self.runbook.as_deref())).to_string(),
            Err(error) => return Delivery::Permanent(Reason::new("Unreadable", error)),
        };
        let payload = &payload;
        deliver(&self.webhook, invocation, |webhook| async move {
            match self.web.post_json(&webhook, payload.clone()).await {
                Ok(response) => answer(&response),
                Err(failure) => Answer::failed("Slack", &failure),
            }
        })
        .await
    }
}

/// The webhook in a secret.
fn webhook(secret: &str) -> Result<HttpsUrl, &'static str> {
    const WANTED: &str = "it is neither an https:// address nor JSON with `webhook_url`";
    if secret.starts_with('{') {
        let json: Value = serde_json::from_str(secret).map_err(|_| "it begins like JSON and is not")?;
        return HttpsUrl::parse(json.get("webhook_url").and_then(Value::as_str).ok_or(WANTED)?);
    }
    HttpsUrl::parse(secret).map_err(|_| WANTED)
}

/// Slack answers a webhook with 200 and `ok` [D: Slack, incoming webhooks]; a 200 that says something else comes from
/// something in between.
fn answer(response: &Response) -> Answer {
    match response.status {
        200 if response.body.trim() == "ok" => Answer::Accepted,
        _ => Answer::by_status("Slack", response),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_an_address_or_json() {
        let cases = [
            ("https://hooks.slack.com/services/x", Ok("hooks.slack.com")),
            (r#"{"webhook_url": "https://hooks.slack.com/services/x"}"#, Ok("hooks.slack.com")),
            ("http://hooks.slack.com/services/x", Err("neither")),
            (r#"{"webhook_url": "http://hooks.slack.com/services/x"}"#, Err("does not begin with https://")),
            (r#"{"url": "https://hooks.slack.com"}"#, Err("neither")),
            (r#"{"webhook_url": 1}"#, Err("neither")),
            ("{", Err("begins like JSON")),
            ("xoxb-token", Err("neither")),
        ];
        for (secret, wanted) in cases {
            match (webhook(secret), wanted) {
                (Ok(url), Ok(host)) => assert_eq!(url.host(), host, "{secret}"),
                (Err(error), Err(wanted)) => assert!(error.contains(wanted), "{secret}: {error}"),
                (got, _) => panic!("{secret}: {got:?}"),
            }
        }
    }

    #[test]
    fn only_ok_is_accepted() {
        for (status, body, accepted) in [
            (200, "ok", true),
            (200, "ok\n", true),
            (200, "", false),
            (200, r#"{"ok": false}"#, false),
            (200, "<html>", false),
            (202, "ok", false),
            (302, "", false),
            (404, "no_service", false),
        ] {
            let response = Response { status, retry_after: None, body: body.to_owned() };
            assert_eq!(answer(&response) == Answer::Accepted, accepted, "{status} {body}");
        }
    }
}
