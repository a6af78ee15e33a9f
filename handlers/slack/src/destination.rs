//! Where alerts go, as the secret says, and what Slack answers there.

use std::fmt;

use rootwatch_runtime::sink::refusal;
use rootwatch_runtime::{Answer, HttpsUrl, Patience, Reason, Response};
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
    let webhook = |url: HttpsUrl| match url.path() {
        // A workflow takes variables of its own instead of messages [D: Slack, webhook triggers].
        path if is_slack(url.host()) && (path.starts_with("/triggers/") || path.starts_with("/workflows/")) => Err(
            "it is the URL of a workflow trigger, which takes no messages: create an incoming webhook (https://hooks.slack.com/services/…) or use a bot",
        ),
        _ => Ok(Destination::Webhook(url)),
    };
    if !secret.starts_with('{') {
        return HttpsUrl::parse(secret).map_err(|_| WANTED).and_then(webhook);
    }
    let json: Value = serde_json::from_str(secret).map_err(|_| "it begins like JSON and is not")?;
    let text = |name: &str| json.get(name).and_then(Value::as_str);
    if let Some(url) = text("webhook_url") {
        return HttpsUrl::parse(url).and_then(webhook);
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

fn is_slack(host: &str) -> bool {
    ["slack.com", "slack-gov.com"]
        .iter()
        .any(|domain| host.strip_suffix(domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.')))
}

/// The answer to a webhook. Slack answers 200 with the text `ok` [D: Slack, incoming webhooks]. Compatible receivers
/// answer with JSON: `{"ok": true}`, `{"success": true}` (Rocket.Chat), `{"result": "success"}` (Zulip). Error codes come as
/// text with 4xx, or in such JSON. Anything else with 200 comes from something in between and is retried.
pub(crate) fn of_webhook(response: &Response) -> Answer {
    let text = response.body.trim();
    let json: Value = serde_json::from_str(text).unwrap_or_default();
    let reason = || refusal("Slack", response);
    match response.status {
        200 if text.eq_ignore_ascii_case("ok") || says_success(&json) => Answer::Accepted,
        200..=299 if json["ok"] == false || json["success"] == false || json["result"] == "error" => {
            let error = json["error"].as_str().or(json["msg"].as_str()).unwrap_or("no error named");
            refused(error, coded(error, reason()))
        }
        400..=499 => match class(text) {
            Class::Unknown => Answer::by_status("Slack", response),
            // The code says more than the status. The status stays the reason's name.
            _ => refused(text, reason()),
        },
        _ => Answer::by_status("Slack", response),
    }
}

fn says_success(json: &Value) -> bool {
    json["ok"] == true || json["success"] == true || json["result"] == "success"
}

/// The answer of `chat.postMessage`: a 200 says in its body whether it worked, and `ts` names the message
/// [D: Slack, Web API responses; chat.postMessage, errors].
pub(crate) fn of_bot(response: &Response) -> (Answer, Option<String>) {
    let body: Value = serde_json::from_str(&response.body).unwrap_or_default();
    let answer = match (response.status, body.get("ok").and_then(Value::as_bool)) {
        (200, Some(true)) => return (Answer::Accepted, body["ts"].as_str().map(str::to_owned)),
        (200, Some(false)) => {
            let error = body["error"].as_str().unwrap_or("no error named");
            refused(error, coded(error, refusal("Slack", response)))
        }
        _ => Answer::by_status("Slack", response),
    };
    (answer, None)
}

fn coded(error: &str, reason: Reason) -> Reason {
    let code: String = error.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '_').take(60).collect();
    Reason { code: format!("Slack_{code}"), ..reason }
}

/// The class of an error code of Slack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Class {
    /// The token, the channel or a permission. An operator has to fix it.
    Credential,
    /// The message. A minimal one may pass.
    Content,
    /// Slack itself, for a moment.
    Again,
    /// A limit, or Slack for longer.
    Later,
    /// The thread: the message is sent outside of it.
    ThreadGone,
    /// Not documented.
    Unknown,
}

/// Error codes of chat.postMessage, of every Web API method and of incoming webhooks [D: Slack, chat.postMessage; Slack,
/// handling webhook errors].
fn class(error: &str) -> Class {
    match error {
        "access_denied"
        | "account_inactive"
        | "action_prohibited"
        | "as_user_not_supported"
        | "channel_is_archived"
        | "channel_not_found"
        | "channel_type_not_supported"
        | "deprecated_endpoint"
        | "ekm_access_denied"
        | "enterprise_is_restricted"
        | "invalid_auth"
        | "invalid_token"
        | "is_archived"
        | "is_inactive"
        | "messages_tab_disabled"
        | "metadata_must_be_sent_from_app"
        | "method_deprecated"
        | "missing_scope"
        | "no_active_hooks"
        | "no_permission"
        | "no_service"
        | "no_service_id"
        | "no_team"
        | "not_allowed_token_type"
        | "not_authed"
        | "not_in_channel"
        | "org_login_required"
        | "posting_to_general_channel_denied"
        | "restricted_action"
        | "restricted_action_read_only_channel"
        | "restricted_action_thread_only_channel"
        | "team_access_not_granted"
        | "team_disabled"
        | "team_not_found"
        | "token_expired"
        | "token_revoked"
        | "two_factor_setup_required"
        | "user_not_found" => Class::Credential,
        "attachment_payload_limit_exceeded"
        | "duplicate_channel_not_found"
        | "duplicate_message_not_found"
        | "invalid_arg_name"
        | "invalid_arguments"
        | "invalid_array_arg"
        | "invalid_attachments"
        | "invalid_blocks"
        | "invalid_blocks_format"
        | "invalid_charset"
        | "invalid_form_data"
        | "invalid_json"
        | "invalid_metadata_format"
        | "invalid_metadata_schema"
        | "invalid_payload"
        | "invalid_post_type"
        | "json_not_object"
        | "markdown_text_conflict"
        | "metadata_too_large"
        | "missing_post_type"
        | "missing_text_or_fallback_or_attachments"
        | "msg_blocks_too_long"
        | "msg_too_long"
        | "no_text"
        | "too_many_attachments"
        | "too_many_blocks"
        | "too_many_contact_cards" => Class::Content,
        "fatal_error" | "internal_error" | "request_timeout" | "rollup_error" | "service_unavailable" => Class::Again,
        "accesslimited" | "message_limit_exceeded" | "rate_limited" | "ratelimited" | "team_added_to_org" => {
            Class::Later
        }
        "cannot_reply_to_message"
        | "message_not_found"
        | "restricted_action_non_threadable_channel"
        | "restricted_action_thread_locked"
        | "thread_not_found" => Class::ThreadGone,
        _ => Class::Unknown,
    }
}

/// The answer of an error code. An unknown code is retried for an hour.
fn refused(error: &str, reason: Reason) -> Answer {
    match class(error) {
        Class::Credential => Answer::CredentialRefused(reason),
        Class::Content => Answer::ContentRefused(reason),
        Class::Again => Answer::Again(reason),
        Class::Later => Answer::Later(reason),
        Class::ThreadGone | Class::Unknown => Answer::Later(reason.with_patience(Patience::Hour)),
    }
}

/// Returns true if the thread does not exist anymore or takes no replies. The message is then sent outside of it.
pub(crate) fn thread_is_gone(answer: &Answer) -> bool {
    let code = match answer {
        Answer::Later(reason) => reason.code.strip_prefix("Slack_"),
        _ => None,
    };
    code.is_some_and(|code| class(code) == Class::ThreadGone)
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
            ("https://hooks.slack.com/triggers/T0/1/x", Err("workflow trigger")),
            (r#"{"webhook_url": "https://hooks.slack.com/workflows/T0/A1/1/x"}"#, Err("workflow trigger")),
            ("https://mattermost.example/triggers/x", Ok("mattermost.example")),
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
    fn documented_success_bodies_are_accepted() {
        for (status, body, accepted) in [
            (200, "ok", true),
            (200, "ok\n", true),
            (200, r#"{"ok": true}"#, true),
            (200, r#"{"success": true}"#, true),
            (200, r#"{"result": "success", "msg": ""}"#, true),
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
            (200, r#"{"ok": false, "error": "msg_too_long"}"#, "content"),
            (200, r#"{"ok": false, "error": "message_limit_exceeded"}"#, "later"),
            (200, r#"{"ok": false, "error": "of_tomorrow"}"#, "hour"),
            (200, r#"{"ok": false}"#, "hour"),
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
                Answer::Later(reason) if reason.patience == Patience::Hour => "hour",
                Answer::Later(_) => "later",
                Answer::ContentRefused(_) => "content",
                Answer::Forbidden(_) | Answer::Ambiguous(_) | Answer::Never(_) => "other",
            };
            assert_eq!(got, wanted, "{status} {body}");
        }
    }

    #[test]
    fn error_codes_of_webhooks_say_more_than_the_status() {
        for (status, body, wanted) in [
            (200, r#"{"ok": false, "error": "invalid_blocks"}"#, "content"),
            // Slack sends codes as text with 4xx only: with 200 it is something in between.
            (200, "invalid_payload", "later"),
            (400, "invalid_payload", "content"),
            (400, "something new", "content"),
            (403, "action_prohibited", "credential"),
            (403, "<html>blocked by the firewall", "forbidden"),
            (404, "channel_not_found", "credential"),
            (407, "", "later"),
            (421, "", "later"),
            (500, "rollup_error", "again"),
        ] {
            let response = Response { status, retry_after: None, body: body.to_owned() };
            let got = match of_webhook(&response) {
                Answer::CredentialRefused(_) => "credential",
                Answer::ContentRefused(_) => "content",
                Answer::Forbidden(_) => "forbidden",
                Answer::Again(_) => "again",
                Answer::Later(_) => "later",
                _ => "other",
            };
            assert_eq!(got, wanted, "{status} {body}");
        }
    }
}
