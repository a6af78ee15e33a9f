//! What a sink's answer means for a message.

use std::fmt;
use std::future::Future;
use std::time::Duration;

use crate::delivery::{Delivery, Patience, Reason};
use crate::handler::Invocation;
use crate::https::{Failure, Response};
use crate::secret::Secret;

/// What a sink made of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// The sink has the alert.
    Accepted,
    /// The sink does not know the address or the key. Perhaps the secret has been replaced meanwhile.
    CredentialRefused(Reason),
    /// The sink refuses the credential or the content; the answer does not say which.
    Forbidden(Reason),
    /// The sink refuses the content: a minimal message may pass.
    ContentRefused(Reason),
    /// A failure that may pass in a moment: a connection that broke, a server error.
    Again(Reason),
    /// A failure that may pass later: overload, or an answer from something in between.
    Later(Reason),
    /// The sink may have the alert: no complete answer came.
    Ambiguous(Reason),
    /// No attempt can succeed.
    Never(Reason),
}

/// The form of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Everything that is known.
    Full,
    /// Plain text without anything that others wrote, for a sink that refused the full message.
    Minimal,
}

impl Answer {
    /// The meaning of a status code, for answers to which the sink gives no meaning of its own.
    ///
    /// Redirects are not followed: a moved webhook would be a change of address by whoever answers. Redirects, timeouts
    /// (408), answers of proxies (407, 421), 425, 429 and 5xx are retried.
    pub fn by_status(sink: &str, response: &Response) -> Self {
        let reason = refusal(sink, response);
        match response.status {
            403 => Answer::Forbidden(reason),
            401 | 404 | 410 => Answer::CredentialRefused(reason),
            500 | 502 | 503 | 504 if response.retry_after.is_none() => Answer::Again(reason),
            407 | 408 | 421 | 425 | 429 | 500.. => Answer::Later(reason),
            400 | 406 | 413 | 414 | 415 | 422 | 431 | 451 => Answer::ContentRefused(reason),
            400..=499 => Answer::Never(reason),
            _ => Answer::Later(reason),
        }
    }

    /// The meaning of no answer.
    pub fn failed(sink: &str, failure: &Failure) -> Self {
        let reason = Reason::new(format!("{sink}{}", failure.code()), failure);
        match failure {
            Failure::Timeout { .. } | Failure::Answer { .. } => Answer::Ambiguous(reason),
            Failure::Connection { .. } => Answer::Again(reason),
        }
    }
}

/// The reason of a refusal: status, the beginning of the answer, and `Retry-After`.
pub fn refusal(sink: &str, response: &Response) -> Reason {
    struct Words<'a>(&'a str, &'a Response);
    impl fmt::Display for Words<'_> {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            let Words(sink, response) = self;
            write!(f, "{sink} answered {}", response.status)?;
            let line: String = response.body.chars().take(200).map(|c| if c.is_control() { ' ' } else { c }).collect();
            if !line.trim().is_empty() {
                write!(f, ": {}", line.trim())?;
            }
            if let Some(after) = &response.retry_after {
                write!(f, " (Retry-After: {})", after.chars().take(40).collect::<String>())?;
            }
            Ok(())
        }
    }
    let mut reason = Reason::new(format!("{sink}Http{}", response.status), Words(sink, response));
    reason.retry_after = response.retry_after.as_deref().and_then(seconds);
    reason
}

/// `Retry-After` in seconds, which is how Slack and PagerDuty write it; a date says nothing to a function that has no
/// clock.
fn seconds(retry_after: &str) -> Option<Duration> {
    retry_after.trim().parse().ok().map(Duration::from_secs)
}

/// Sends with a secret.
///
/// A failure that may pass in a moment is retried once at once. If the sink refuses the secret, it is fetched again and, if
/// it has changed, used once. If the sink refuses the content, a minimal message is sent once.
pub async fn deliver<T, F>(secret: &Secret<T>, invocation: Invocation, send: impl Fn(T, Form) -> F) -> Delivery
where
    T: Clone + PartialEq,
    F: Future<Output = Answer>,
{
    let mut value = match secret.get(invocation).await {
        Ok(value) => value,
        Err(error) => return Delivery::Retry(error.into()),
    };
    let mut answer = send(value.clone(), Form::Full).await;
    if let Answer::Again(_) = answer {
        answer = send(value.clone(), Form::Full).await;
    }
    if let Answer::CredentialRefused(_) | Answer::Forbidden(_) = answer
        && let Some(fresh) = secret.refreshed(&value, invocation).await
    {
        value = fresh;
        answer = send(value.clone(), Form::Full).await;
    }
    if let Answer::ContentRefused(reason) | Answer::Forbidden(reason) = answer {
        answer = match send(value, Form::Minimal).await {
            Answer::Accepted => {
                tracing::warn!(code = reason.code, reason = reason.message, "sent as a minimal message");
                Answer::Accepted
            }
            retry @ (Answer::Again(_) | Answer::Later(_) | Answer::Ambiguous(_)) => retry,
            // The reason that is worth reading is that of the full message.
            _ => Answer::Never(reason),
        };
    }
    match answer {
        Answer::Accepted => Delivery::Done,
        Answer::Again(reason) | Answer::Later(reason) => Delivery::Retry(reason),
        Answer::Ambiguous(reason) => Delivery::Retry(reason.with_patience(Patience::Ambiguous)),
        Answer::CredentialRefused(reason)
        | Answer::Forbidden(reason)
        | Answer::ContentRefused(reason)
        | Answer::Never(reason) => Delivery::Permanent(reason),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn status_codes_mean_now_later_or_never() {
        for (status, wanted) in [
            (200, "later"),
            (301, "later"),
            (400, "content"),
            (401, "credential"),
            (402, "never"),
            (403, "forbidden"),
            (404, "credential"),
            (407, "later"),
            (408, "later"),
            (410, "credential"),
            (413, "content"),
            (421, "later"),
            (429, "later"),
            (500, "later"),
            (503, "later"),
            (599, "later"),
        ] {
            let response = Response { status, retry_after: Some("30".to_owned()), body: "no\n_service".to_owned() };
            let (got, reason) = match Answer::by_status("Slack", &response) {
                Answer::Accepted => panic!("{status} accepted"),
                Answer::CredentialRefused(reason) => ("credential", reason),
                Answer::Again(reason) => ("again", reason),
                Answer::Later(reason) => ("later", reason),
                Answer::Never(reason) => ("never", reason),
                Answer::Forbidden(reason) => ("forbidden", reason),
                Answer::ContentRefused(reason) => ("content", reason),
                Answer::Ambiguous(reason) => ("ambiguous", reason),
            };
            assert_eq!(got, wanted, "{status}");
            assert_eq!(
                reason.to_string(),
                format!("SlackHttp{status}: Slack answered {status}: no _service (Retry-After: 30)")
            );
            assert_eq!(reason.retry_after, Some(Duration::from_secs(30)));
        }
    }

    #[test]
    fn what_may_pass_in_a_moment_is_tried_again() {
        for (status, retry_after, again) in [
            (500, None, true),
            (502, None, true),
            (503, None, true),
            (503, Some("1"), false),
            (504, None, true),
            (501, None, false),
            (429, None, false),
            (408, None, false),
        ] {
            let response = Response { status, retry_after: retry_after.map(str::to_owned), body: String::new() };
            assert_eq!(matches!(Answer::by_status("Slack", &response), Answer::Again(_)), again, "{status}");
        }
    }

    #[test]
    fn retry_after_is_seconds() {
        for (text, wanted) in [
            ("30", Some(30)),
            (" 1 ", Some(1)),
            ("-1", None),
            ("1.5", None),
            ("Wed, 21 Oct 2026 07:28:00 GMT", None),
            ("", None),
        ] {
            assert_eq!(seconds(text), wanted.map(Duration::from_secs), "{text}");
        }
    }
}
