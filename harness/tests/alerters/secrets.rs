//! Secrets show nowhere: not in the functions' environment, in no log, error, dead letter or trace, and not in
//! Terraform's state. The functions run as processes, so that their own lines are looked at.

use std::sync::Arc;
use std::time::Duration;

use libtest_mimic::Failed;
use rootwatch::scenario::{Alerter, DeploymentChange, Fault};
use rootwatch::sink::Sink;
use rootwatch_cloud::api::Service;
use rootwatch_cloud::services::cloudtrail;
use rootwatch_cloud::time::Time;
use rootwatch_cloud::{Clock, Cloud, Options};
use serde_json::{Value, json};

use crate::records::{BEGINNING, at, record};
use crate::support::Shared;
use crate::world::{HUB, REGION};

const WEBHOOK: &str = "hook-SECRETSECRETSECRET";
const ROUTING_KEY: &str = "R0KEYSECRETSECRETSECRETSECRET000";

pub(crate) fn are_nowhere(shared: &Shared) -> Result<(), Failed> {
    let deployment = shared.with(async |session| session.deployment(&DeploymentChange::default()).await)?;
    let deployment = deployment.map_err(|error| error.to_string())?;
    // What the secrets held when Terraform was applied.
    for secret in ["hooks.slack.invalid/services", "00000000000000000000000000000000"] {
        if deployment.terraform_state.contains(secret) {
            return Err(format!("Terraform's state holds {secret}").into());
        }
    }
    let login = record(shared, "login/console-login-with-mfa");
    let mut state = shared.with(async |_| work(&deployment, &login).await)??;
    let kept = state.as_object_mut().and_then(|services| services.remove("secrets"));
    let holds = |value: &Value, secret: &str| value.to_string().contains(secret);
    for secret in [WEBHOOK, ROUTING_KEY] {
        if !kept.as_ref().is_some_and(|kept| holds(kept, secret)) {
            return Err(format!("Secrets Manager does not hold {secret}: the test looks for nothing").into());
        }
        for (service, value) in state.as_object().into_iter().flatten() {
            if holds(value, secret) {
                return Err(format!("{service} holds {secret}").into());
            }
        }
    }
    // The test looks at what was written.
    for (service, words) in
        [("logs", "moved to the dead-letter queue"), ("sqs", "ErrorMessage"), ("logs", "returned to its queue")]
    {
        if !holds(&state[service], words) {
            return Err(format!("{service} does not hold `{words}`: the test looks for nothing").into());
        }
    }
    Ok(())
}

async fn work(deployment: &Arc<rootwatch::deployment::Deployment>, login: &Value) -> Result<Value, String> {
    let sink = Sink::start().await.map_err(|error| error.to_string())?;
    let mut state = deployment.state.clone();
    state.rebase(Time::from_seconds(BEGINNING));
    let options = Options {
        clock: Clock::Owned,
        port: 0,
        code: Arc::clone(&deployment.code),
        host_variables: vec![("SSL_CERT_FILE".to_owned(), sink.authority().to_string_lossy().into_owned())],
    };
    let cloud = Cloud::start(state, options).await.map_err(|error| error.to_string())?;
    let mailbox = sink.open_mailbox();
    // First what may pass, then what does not; the answers repeat what they were asked with.
    let fault = |status, body: &str, times| Fault {
        status: Some(status),
        body: body.to_owned(),
        times: Some(times),
        ..Fault::default()
    };
    let echo = format!(r#"{{"status": "invalid event", "errors": ["Invalid routing key {ROUTING_KEY}"]}}"#);
    let faults = [
        (Alerter::Slack, vec![fault(500, "oops", 2), fault(404, &format!("no_service {WEBHOOK}"), 9)]),
        (Alerter::Pagerduty, vec![fault(503, "", 2), fault(400, &echo, 9)]),
    ];
    sink.set_faults(&mailbox, &faults.into());
    let slack = json!({"webhook_url": format!("{}?{WEBHOOK}", sink.url(&mailbox, "slack"))});
    let pagerduty = json!({"routing_key": ROUTING_KEY, "events_url": sink.url(&mailbox, "pagerduty")});
    for (secret, value) in [(&deployment.facts.slack_secret, slack), (&deployment.facts.pagerduty_secret, pagerduty)] {
        let params =
            json!({"SecretId": secret, "SecretString": value.to_string(), "ClientRequestToken": "f".repeat(32)});
        cloud.api(HUB, REGION, Service::SecretsManager, "PutSecretValue", params).map_err(|error| error.to_string())?;
    }
    let record = at(login.clone(), 0);
    cloud.with(|state| cloudtrail::inject(state, record)).map_err(|error| error.to_string())?;
    cloud.settle().await;
    cloud.advance(Duration::from_secs(1800)).await;
    serde_json::to_value(cloud.snapshot()).map_err(|error| error.to_string())
}
