//! What Organizations calls an account, asked with a role of the management account. An alert never waits long for it:
//! where the answer does not come at once, the id alone is said.

use std::collections::BTreeMap;
use std::time::Duration;

use rootwatch_alert::links::is_account;
use rootwatch_runtime::call::{CallError, Service};
use rootwatch_runtime::{ConfigurationError, Invocation, Platform};
use serde_json::{Value, json};
use tokio::sync::Mutex;

/// Longest time for one of the two calls.
const PATIENCE: Duration = Duration::from_millis(700);

/// How long a name is good, in milliseconds.
const KNOWN_MS: u64 = 6 * 3600 * 1000;

/// How long nobody is asked after a question without an answer, in milliseconds.
const QUIET_MS: u64 = 5 * 60 * 1000;

/// Names of accounts.
pub(crate) struct Names {
    sts: Service,
    organizations: Service,
    role: String,
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    /// By account: the name, and the deadline of the invocation that asked.
    names: BTreeMap<String, (Option<String>, u64)>,
    /// Organizations with the role's credentials, and until when they serve.
    session: Option<(Service, u64)>,
    /// Nobody is asked before.
    quiet_until: u64,
}

impl Names {
    /// Those that the role in `ORGANIZATIONS_ROLE_ARN` may ask for; none without it.
    pub(crate) fn of(platform: &Platform) -> Result<Option<Self>, ConfigurationError> {
        if platform.environment.optional("ORGANIZATIONS_ROLE_ARN").is_none() {
            return Ok(None);
        }
        Ok(Some(Names {
            sts: Service::sts(platform, PATIENCE)?,
            organizations: Service::organizations(platform, PATIENCE)?,
            role: platform.environment.arn("ORGANIZATIONS_ROLE_ARN")?,
            known: Mutex::default(),
        }))
    }

    /// What the account is called, where that is known or can be learnt at once.
    pub(crate) async fn name(&self, account: &str, now: Invocation) -> Option<String> {
        if !is_account(account) {
            return None;
        }
        let now = now.deadline_ms;
        let mut known = self.known.lock().await;
        if let Some((name, at)) = known.names.get(account)
            && now.saturating_sub(*at) < KNOWN_MS
        {
            return name.clone();
        }
        if now < known.quiet_until {
            return None;
        }
        match self.ask(&mut known, account, now).await {
            Ok(name) => {
                known.names.insert(account.to_owned(), (name.clone(), now));
                name
            }
            Err(error) => {
                known.quiet_until = now + QUIET_MS;
                tracing::warn!(account, cause = %error, "Organizations did not say what the account is called");
                None
            }
        }
    }

    async fn ask(&self, known: &mut Known, account: &str, now: u64) -> Result<Option<String>, CallError> {
        let session = match known.session.take().filter(|(_, until)| now < *until) {
            Some(session) => session,
            None => {
                let credentials = self.sts.assume_role(&self.role, "rootwatch-triage").await?;
                // They are good for a quarter of an hour.
                (self.organizations.clone().with_credentials(credentials), now + 10 * 60 * 1000)
            }
        };
        let answer = session.0.call("DescribeAccount", &json!({"AccountId": account})).await;
        known.session = Some(session);
        match answer {
            Ok(answer) => Ok(answer.pointer("/Account/Name").and_then(Value::as_str).map(str::to_owned)),
            // An account of another organization has no name here.
            Err(error) if error.code() == Some("AccountNotFoundException") => Ok(None),
            Err(error) => Err(error),
        }
    }
}
