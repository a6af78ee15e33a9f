//! A deployment that stays, for a person to look around in.

use rootwatch_cloud::services::{cloudtrail, sns};
use rootwatch_cloud::{Clock, Cloud, CloudError, Options};

use super::scenario::point_secrets_at;
use crate::deployment::{Accounts, Deployment, now};
use crate::scenario::{Faults, Loaded, SlackBy, Step, for_accounts, play};
use crate::sink::{Received, Sink};

/// Why it does not stay.
#[derive(Debug, thiserror::Error)]
pub enum KeepError {
    /// The cloud did not start.
    #[error(transparent)]
    Cloud(#[from] CloudError),
    /// The alerters could not be pointed at the sink.
    #[error("{0}")]
    Secrets(String),
}

/// A cloud that stays until it is dropped.
#[derive(Debug)]
pub struct Kept<'a> {
    cloud: Cloud,
    sink: &'a Sink,
    mailbox: String,
    accounts: Accounts,
    mails: usize,
}

impl Kept<'_> {
    /// `http://127.0.0.1:PORT`
    pub fn endpoint(&self) -> &str {
        self.cloud.endpoint()
    }

    /// Who is who in it.
    pub fn accounts(&self) -> &Accounts {
        &self.accounts
    }

    /// What Slack and PagerDuty received since this was asked last, and what was mailed.
    pub fn received(&mut self) -> Vec<Received> {
        let mut received = self.sink.take(&self.mailbox);
        let seen = self.mails;
        let mails: Vec<_> = self.cloud.with(|state| sns::mailbox(state).iter().skip(seen).cloned().collect());
        self.mails += mails.len();
        received.extend(mails.into_iter().map(|mail| Received {
            alerter: "email".to_owned(),
            body: serde_json::json!({"to": mail.address, "subject": mail.subject, "text": mail.body}),
        }));
        received
    }
}

pub(super) async fn keep<'a>(
    deployment: &Deployment,
    sink: &'a Sink,
    port: u16,
    injected: Option<&Loaded>,
) -> Result<Kept<'a>, KeepError> {
    let mut state = deployment.state.clone();
    state.rebase(now());
    let options = Options {
        clock: Clock::Wall,
        port,
        code: deployment.code.clone(),
        host_variables: vec![("SSL_CERT_FILE".to_owned(), sink.authority().to_string_lossy().into_owned())],
    };
    let cloud = Cloud::start(state, options).await?;
    let mailbox = sink.open_mailbox();
    let accounts = deployment.facts.accounts.clone();
    point_secrets_at(&cloud, deployment, sink, &mailbox, &accounts, SlackBy::default(), &Faults::default())
        .await
        .map_err(KeepError::Secrets)?;
    let mails = cloud.with(|state| sns::mailbox(state).len());
    if let Some(scenario) = injected.and_then(|loaded| loaded.scenario.as_ref().ok()) {
        for step in for_accounts(scenario, &accounts).steps() {
            // What cannot be injected was in the report already.
            cloud.with(|state| match &step {
                Step::Record(record) => drop(cloudtrail::inject(state, play(record, &accounts).value)),
                Step::Event(event) => drop(cloudtrail::inject_event(state, play(event, &accounts).value)),
                Step::Put(_) => {}
            });
        }
    }
    Ok(Kept { cloud, sink, mailbox, accounts, mails })
}
