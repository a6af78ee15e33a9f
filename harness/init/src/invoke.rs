//! What LocalStack asks for.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rootwatch_environment::Job;
use serde::Deserialize;

/// One run of the function.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Invoke {
    /// Its id, with which the end is reported.
    pub invoke_id: String,
    /// The function that was called.
    pub invoked_function_arn: String,
    /// The event, a JSON text.
    pub payload: String,
    /// The X-Ray header.
    #[serde(default)]
    pub trace_id: Option<String>,
}

impl Invoke {
    /// The run, with the function's time from now on.
    pub(crate) fn job(self, timeout_seconds: u32) -> Job {
        let deadline = now() + Duration::from_secs(timeout_seconds.into());
        Job {
            request_id: self.invoke_id,
            function_arn: self.invoked_function_arn,
            payload: self.payload,
            deadline_ms: i64::try_from(deadline.as_millis()).unwrap_or(i64::MAX),
            timeout_seconds,
            trace_id: self.trace_id.filter(|header| !header.is_empty()),
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "a function in a container lives in real time")]
fn now() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}
