//! What a sink's answer means for a message.

use std::fmt;
use std::future::Future;
use std::time::Duration;

use crate::delivery::{Delivery, Reason};
use crate::handler::Invocation;
use crate::https::{Failure, Response};
use crate::secret::Secret;

/// What a sink made of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// It has the alert.
    Accepted,
    /// It does not know the address or the key. Perhaps the secret has been replaced meanwhile.
    CredentialRefused(Reason),
    /// Not this time, and perhaps the next moment: a connection that broke, a server that stumbled.
    Again(Reason),
    /// Not now: overloaded, silent, or something in between answered.
    Later(Reason),
    /// Never in this form.
    Never(Reason),
}

impl Answer {
    /// What a status code means that the sink gives no meaning of its own.
    ///
    /// Redirects are not followed: a webhook that moved would be a change of address by whoever answers. They come
    /// back later, as do time-outs (408), 429 and 5xx; what else is refused is refused for good.
    pub fn by_status(sink: &str, response: &Response) -> Self {
        let reason = refusal(sink, response);
        match response.status {
            401 | 403 | 404 | 410 => Answer::CredentialRefused(reason),
            500 | 502 | 503 | 504 if response.retry_after.is_none() => Answer::Again(reason),
            408 | 425 | 429 | 500.. => Answer::Later(reason),
            400..=499 => Answer::Never(reason),
            _ => Answer::Later(reason),
        }
    }

    /// No answer at all.
    pub fn failed(sink: &str, failure: &Failure) -> Self {
        let reason = Reason::new(format!("{sink}{}", failure.code()), failure);
        match failure {
            // There is no time for a second silence.
            Failure::Timeout { .. } => Answer::Later(reason),
            Failure::Connection { .. } | Failure::Answer { .. } => Answer::Again(reason),
        }
    }
}

/// The reason of a refusal: status, the beginning of the answer, and for how long the sink wants peace.
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
    reason.peace = response.retry_after.as_deref().and_then(peace);
    reason
}

/// `Retry-After` in seconds, which is how Slack and PagerDuty write it; a date says nothing to a function that has no
/// clock.
fn peace(retry_after: &str) -> Option<Duration> {
    retry_after.trim().parse().ok().map(Duration::from_secs)
}

/// Sends with a secret. What may pass in a moment is tried once more, at once; what lasts longer waits in the queue.
/// Where the sink refuses the secret, it is fetched anew and, if it is another one, tried once.
pub async fn deliver<T, F>(secret: &Secret<T>, invocation: Invocation, send: impl Fn(T) -> F) -> Delivery
where
    T: Clone + PartialEq,
    F: Future<Output = Answer>,
{
    let value = match secret.get(invocation).await {
        Ok(value) => value,
        Err(error) => return Delivery::Retry(error.into()),
    };
    let mut answer = send(value.clone()).await;
    if let Answer::Again(_) = answer {
        answer = send(value.clone()).await;
    }
    if let Answer::CredentialRefused(_) = answer
        && let Some(fresh) = secret.refreshed(&value, invocation).await
    {
        answer = send(fresh).await;
    }
    match answer {
        Answer::Accepted => Delivery::Done,
        Answer::Again(reason) | Answer::Later(reason) => Delivery::Retry(reason),
        Answer::CredentialRefused(reason) | Answer::Never(reason) => Delivery::Permanent(reason),
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
            (400, "never"),
            (401, "credential"),
            (403, "credential"),
            (404, "credential"),
            (408, "later"),
            (410, "credential"),
            (413, "never"),
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
            };
            assert_eq!(got, wanted, "{status}");
            assert_eq!(
                reason.to_string(),
                format!("SlackHttp{status}: Slack answered {status}: no _service (Retry-After: 30)")
            );
            assert_eq!(reason.peace, Some(Duration::from_secs(30)));
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
            assert_eq!(peace(text), wanted.map(Duration::from_secs), "{text}");
        }
    }
}
