//! Where alerts go, as the secret says, and what Slack answers there.

use std::fmt;

use rootwatch_runtime::sink::refusal;
use rootwatch_runtime::{Answer, HttpsUrl, Reason, Response};
use serde_json::Value;

/// The method that posts [D: Slack, chat.postMessage].
const POST_MESSAGE: &str = "https://slack.com/api/chat.postMessage";

/// A channel.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Destination {
    /// By an incoming webhook, which knows its channel.
    Webhook(HttpsUrl),
    /// By a bot, which must be a member of the channel.
    Bot {
        /// Begins with `xoxb-`.
        token: String,
        /// The channel's id, or its name.
        channel: String,
        /// `chat.postMessage`.
        url: HttpsUrl,
    },
}

impl fmt::Debug for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Destination::Webhook(url) => f.debug_tuple("Webhook").field(url).finish(),
            Destination::Bot { channel, url, .. } => {
                f.debug_struct("Bot").field("channel", channel).field("url", url).finish_non_exhaustive()
            }
        }
    }
}

/// The destination in a secret.
pub(crate) fn destination(secret: &str) -> Result<Destination, &'static str> {
    const WANTED: &str =
        "it is neither an https:// address nor JSON with `webhook_url`, or with `bot_token` and `channel`";
    if !secret.starts_with('{') {
        return HttpsUrl::parse(secret).map(Destination::Webhook).map_err(|_| WANTED);
    }
    let json: Value = serde_json::from_str(secret).map_err(|_| "it begins like JSON and is not")?;
    let text = |name: &str| json.get(name).and_then(Value::as_str);
    if let Some(url) = text("webhook_url") {
        return HttpsUrl::parse(url).map(Destination::Webhook);
    }
    let (token, channel) = text("bot_token").zip(text("channel")).ok_or(WANTED)?;
    let plain = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic());
    if !plain(token) || !token.starts_with("xox") {
        return Err("its `bot_token` does not begin with xox");
    }
    if !plain(channel) {
        return Err("its `channel` is empty or holds blanks");
    }
    let url = HttpsUrl::parse(text("api_url").unwrap_or(POST_MESSAGE))
        .map_err(|_| "its `api_url` is not an https:// address")?;
    Ok(Destination::Bot { token: token.to_owned(), channel: channel.to_owned(), url })
}

/// Slack answers a webhook with 200 and `ok` [D: Slack, incoming webhooks]; a 200 that says something else comes from
/// something in between.
pub(crate) fn of_webhook(response: &Response) -> Answer {
    match response.status {
        200 if response.body.trim() == "ok" => Answer::Accepted,
        _ => Answer::by_status("Slack", response),
    }
}

/// What `chat.postMessage` answered: a 200 says in its body whether it worked, and with `ts` where the message stands
/// [D: Slack, Web API responses; chat.postMessage, errors].
pub(crate) fn of_bot(response: &Response) -> (Answer, Option<String>) {
    let body: Value = serde_json::from_str(&response.body).unwrap_or_default();
    let answer = match (response.status, body.get("ok").and_then(Value::as_bool)) {
        (200, Some(true)) => return (Answer::Accepted, body["ts"].as_str().map(str::to_owned)),
        (200, Some(false)) => {
            let error = body["error"].as_str().unwrap_or("no error named");
            let code: String = error.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '_').take(60).collect();
            let mut reason = refusal("Slack", response);
            reason = Reason { code: format!("Slack_{code}"), ..reason };
            refused(error, reason)
        }
        _ => Answer::by_status("Slack", response),
    };
    (answer, None)
}

/// What an error of the Web API means. One that is not known may pass.
fn refused(error: &str, reason: Reason) -> Answer {
    match error {
        "account_inactive"
        | "channel_not_found"
        | "ekm_access_denied"
        | "enterprise_is_restricted"
        | "invalid_auth"
        | "is_archived"
        | "missing_scope"
        | "no_permission"
        | "not_allowed_token_type"
        | "not_authed"
        | "not_in_channel"
        | "org_login_required"
        | "restricted_action"
        | "team_access_not_granted"
        | "token_expired"
        | "token_revoked"
        | "two_factor_setup_required" => Answer::CredentialRefused(reason),
        "internal_error" | "fatal_error" | "service_unavailable" => Answer::Again(reason),
        "invalid_arguments"
        | "invalid_attachments"
        | "invalid_blocks"
        | "invalid_json"
        | "msg_blocks_too_long"
        | "msg_too_long"
        | "no_text"
        | "too_many_attachments"
        | "too_many_blocks" => Answer::Never(reason),
        _ => Answer::Later(reason),
    }
}

/// Whether the thread is not there any more: the message is then told by itself.
pub(crate) fn thread_is_gone(answer: &Answer) -> bool {
    matches!(answer, Answer::Later(reason) if ["Slack_thread_not_found", "Slack_message_not_found", "Slack_cannot_reply_to_message"].contains(&reason.code.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_an_address_or_json() {
        let cases = [
            ("https://hooks.slack.com/services/x", Ok("hooks.slack.com")),
            (r#"{"webhook_url": "https://hooks.slack.com/services/x"}"#, Ok("hooks.slack.com")),
            (r#"{"bot_token": "xoxb-1", "channel": "C012345"}"#, Ok("slack.com")),
            (
                r#"{"bot_token": "xoxb-1", "channel": "C0", "api_url": "https://slack-gov.com/api/chat.postMessage"}"#,
                Ok("slack-gov.com"),
            ),
            (r#"{"bot_token": "xoxb-1", "channel": "C0", "api_url": "http://slack.com"}"#, Err("not an https://")),
            (r#"{"bot_token": "secret", "channel": "C0"}"#, Err("does not begin with xox")),
            (r#"{"bot_token": "xoxb-1\nx", "channel": "C0"}"#, Err("does not begin with xox")),
            (r#"{"bot_token": "xoxb-1", "channel": ""}"#, Err("`channel` is empty")),
            (r#"{"bot_token": "xoxb-1"}"#, Err("neither")),
            ("http://hooks.slack.com/services/x", Err("neither")),
            (r#"{"webhook_url": "http://hooks.slack.com/services/x"}"#, Err("does not begin with https://")),
            (r#"{"url": "https://hooks.slack.com"}"#, Err("neither")),
            (r#"{"webhook_url": 1}"#, Err("neither")),
            ("{", Err("begins like JSON")),
            ("xoxb-token", Err("neither")),
        ];
        for (secret, wanted) in cases {
            match (destination(secret), wanted) {
                (Ok(got), Ok(host)) => {
                    let (Destination::Webhook(url) | Destination::Bot { url, .. }) = &got;
                    assert_eq!(url.host(), host, "{secret}");
                    assert!(!format!("{got:?}").contains("xoxb"), "a token is a secret");
                }
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
            assert_eq!(of_webhook(&response) == Answer::Accepted, accepted, "{status} {body}");
        }
    }

    #[test]
    fn a_bot_is_answered_in_the_body() {
        for (status, body, wanted) in [
            (200, r#"{"ok": true, "ts": "1.2"}"#, "accepted"),
            (200, r#"{"ok": true}"#, "accepted"),
            (200, r#"{"ok": false, "error": "invalid_auth"}"#, "credential"),
            (200, r#"{"ok": false, "error": "channel_not_found"}"#, "credential"),
            (200, r#"{"ok": false, "error": "ratelimited"}"#, "later"),
            (200, r#"{"ok": false, "error": "internal_error"}"#, "again"),
            (200, r#"{"ok": false, "error": "msg_too_long"}"#, "never"),
            (200, r#"{"ok": false, "error": "of_tomorrow"}"#, "later"),
            (200, r#"{"ok": false}"#, "later"),
            (200, "ok", "later"),
            (200, "<html>", "later"),
            (429, "", "later"),
            (500, "", "again"),
            (404, "", "credential"),
        ] {
            let response = Response { status, retry_after: None, body: body.to_owned() };
            let got = match of_bot(&response).0 {
                Answer::Accepted => "accepted",
                Answer::CredentialRefused(_) => "credential",
                Answer::Again(_) => "again",
                Answer::Later(_) => "later",
                Answer::Never(_) => "never",
            };
            assert_eq!(got, wanted, "{status} {body}");
        }
    }
}
