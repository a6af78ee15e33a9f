//! What a sink's answer means for a message.

use std::fmt;
use std::future::Future;

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
    /// Not now: overloaded, broken, or not to be reached.
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
            408 | 425 | 429 | 500.. => Answer::Later(reason),
            400..=499 => Answer::Never(reason),
            _ => Answer::Later(reason),
        }
    }

    /// No answer at all.
    pub fn failed(sink: &str, failure: &Failure) -> Self {
        Answer::Later(Reason::new(format!("{sink}{}", failure.code()), failure))
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
    Reason::new(format!("{sink}Http{}", response.status), Words(sink, response))
}

/// Sends with a secret. Where the sink refuses it, the secret is fetched anew and, if it is another one, tried once.
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
    if let Answer::CredentialRefused(_) = answer
        && let Some(fresh) = secret.refreshed(&value, invocation).await
    {
        answer = send(fresh).await;
    }
    match answer {
        Answer::Accepted => Delivery::Done,
        Answer::Later(reason) => Delivery::Retry(reason),
        Answer::CredentialRefused(reason) | Answer::Never(reason) => Delivery::Permanent(reason),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn status_codes_mean_now_later_or_never() {
        for (status, wanted) in [
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
                Answer::Later(reason) => ("later", reason),
                Answer::Never(reason) => ("never", reason),
            };
            assert_eq!(got, wanted, "{status}");
            assert_eq!(
                reason.to_string(),
                format!("SlackHttp{status}: Slack answered {status}: no _service (Retry-After: 30)")
            );
        }
    }
}
