//! The Terraform on a cloud behind an endpoint: applied in a workspace that is kept, so that the next run and a variant
//! apply the difference only.

use std::path::{Path, PathBuf};

use aws_sdk_sqs::types::QueueAttributeName;
use regex::Regex;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::seed::{self, LOG_GROUP, Seeded};
use crate::cloud::Difference;
use crate::deployment::{Accounts, Coverage, hub_variables};
use crate::layout::Layout;
use crate::packages::Packages;
use crate::report::Progress;
use crate::runner::api::ApiFailure;
use crate::runner::{chain, clients::Caller};
use crate::scenario::DeploymentChange;
use crate::terraform::{self, HubInputs, Run, Stop, TerraformError, Workspace};

/// The facts of the deployment that a run needs; stored next to the workspace.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Facts {
    /// The change that is deployed, by its key.
    pub(super) change: String,
    pub(super) coverage: Coverage,
    /// Probe queues: `login`, `activity`, `health`, `email`, and `bus` for the hub's bus.
    pub(super) probes: Vec<(String, String)>,
    /// Id of the hub's KMS key.
    #[serde(default)]
    pub(super) hub_key: Option<String>,
    /// The queues that feed the functions.
    pub(super) queues: Vec<String>,
    /// Dead-letter queues: whether the hub's, the Region, the URL.
    pub(super) dead_letters: Vec<(bool, String, String)>,
    /// The addresses behind the email topic.
    pub(super) addresses: Vec<String>,
    /// What Terraform could not apply.
    pub(super) refused: Vec<String>,
    /// What could not be had of the cloud on the way here.
    pub(super) trouble: Vec<String>,
}

/// Where Terraform works, and with what.
#[derive(Debug)]
pub(super) struct Site<'a> {
    pub(super) layout: &'a Layout,
    pub(super) packages: &'a Packages,
    pub(super) accounts: &'a Accounts,
    pub(super) coverage: &'a Coverage,
    pub(super) endpoint: &'a str,
    /// The folder that is kept.
    pub(super) folder: &'a Path,
    pub(super) progress: &'a Progress,
    /// Ends Terraform when the cloud has gone.
    pub(super) stop: &'a Stop,
}

impl Site<'_> {
    /// Applies the deployment, with a change or none. Where the cloud cannot do something, the rest is applied and the
    /// errors are named. `as_left` says that nothing has changed since the last apply.
    pub(super) fn apply(
        &self,
        seeded: &Seeded,
        change: &DeploymentChange,
        as_left: bool,
    ) -> Result<Applied, TerraformError> {
        let binary = terraform::find()?;
        let mirror = terraform::discover(&binary);
        let state = self.folder.join("terraform.tfstate");
        let work = self.folder.join("work");
        // A fresh copy of the tree each time; the state alone is kept.
        let _ = std::fs::remove_dir_all(&work);
        let failed = |source| TerraformError::Workspace { path: work.clone(), source };
        std::fs::create_dir_all(&work).map_err(failed)?;
        let workspace = Workspace::create(&work, &self.layout.terraform())?.with_stop(self.stop.clone());
        terraform::apply_overlay(&workspace.tree(), &change.overlay)?;
        let secrets = crate::deployment::Secrets {
            slack: seeded.slack_secret.clone(),
            pagerduty: seeded.pagerduty_secret.clone(),
        };
        let mut replaced = Map::new();
        match &seeded.organization {
            Some(organization) => replaced.insert("organization_id".into(), json!(organization)),
            None => {
                replaced.insert("organization_id".into(), Value::Null);
                replaced.insert("spoke_account_ids".into(), json!([self.accounts.spoke]))
            }
        };
        // The provider would wait for a table that never comes.
        if seeded.found.iter().any(|found| found.difference == Difference::DynamoDb) {
            replaced.insert("heartbeat".into(), false.into());
        }
        replaced.extend(change.variables.clone());
        let inputs = HubInputs {
            variables: hub_variables(self.accounts, self.packages, &secrets, &replaced),
            log_group: change.log_alarm.then_some(LOG_GROUP),
        };
        let composition = terraform::composition(self.accounts, self.coverage, inputs);
        workspace.write("main.tf.json", &composition.main.to_string())?;
        if let Ok(state) = std::fs::read_to_string(&state) {
            workspace.write("terraform.tfstate", &state)?;
        }
        let run =
            Run { binary: &binary, mirror: mirror.as_ref(), endpoint: self.endpoint, account: &self.accounts.hub };
        self.progress.stage(&format!("{} init", binary.name()));
        workspace.install(&run)?;
        self.progress.stage(&format!("{} apply at {}", binary.name(), self.endpoint));
        let applied = if as_left { workspace.apply_difference(&run) } else { workspace.apply(&run) };
        let errors = match applied {
            Ok(()) => Vec::new(),
            Err(TerraformError::Failed { log, .. }) => errors(&std::fs::read_to_string(log).unwrap_or_default()),
            Err(error) => return Err(error),
        };
        if let Ok(applied) = workspace.read("terraform.tfstate") {
            std::fs::write(&state, applied).map_err(failed)?;
        }
        // After an apply that failed there may be no outputs.
        let outputs = workspace.outputs(&run).unwrap_or(Value::Null);
        Ok(Applied { outputs, errors, log: workspace.log("apply") })
    }
}

/// What an apply gave.
#[derive(Debug)]
pub(super) struct Applied {
    pub(super) outputs: Value,
    /// What the cloud refused, each in a line.
    pub(super) errors: Vec<String>,
    pub(super) log: PathBuf,
}

/// The errors of Terraform's output, each in a line, without those that follow from others.
fn errors(output: &str) -> Vec<String> {
    let plain = console::strip_ansi_codes(output);
    let mut errors: Vec<String> = Vec::new();
    let ids = Regex::new(r"[0-9a-f]{8}-[0-9a-f-]{27}");
    for line in plain.lines() {
        if let Some((_, error)) = line.split_once("Error: ") {
            let error = match &ids {
                Ok(ids) => ids.replace_all(error, "…").into_owned(),
                Err(_) => error.to_owned(),
            };
            if !errors.contains(&error) {
                errors.push(error);
            }
        }
    }
    errors
}

/// Subscribes the probes and finds the queues of the way. What the cloud cannot do of it is trouble, not an end.
pub(super) async fn observe(seeded: &Seeded, accounts: &Accounts, coverage: &Coverage, outputs: &Value) -> Facts {
    let hub_key = crate::deployment::hub_key(outputs);
    let mut facts = Facts { coverage: coverage.clone(), hub_key, ..Facts::default() };
    let (sns, sqs) = (seeded.hub.sns(), seeded.hub.sqs());
    let output = |name: &str| outputs[name]["value"].clone();
    let topics = output("topic_arns");
    let kinds = ["login", "activity", "tampering", "health"];
    for kind in kinds.into_iter().filter(|kind| *kind != "tampering" || topics[kind].is_string()) {
        match crate::deployment::probe(&sns, &sqs, &topics, kind, true).await {
            Ok(url) => facts.probes.push((kind.to_owned(), url)),
            Err(error) => facts.trouble.push(chain(&error)),
        }
    }
    let email = json!({"email": output("email_topic_arns")["main"]});
    // As SNS wraps it: the subject is next to the message.
    match crate::deployment::probe(&sns, &sqs, &email, "email", false).await {
        Ok(url) => facts.probes.push(("email".to_owned(), url)),
        Err(error) => facts.trouble.push(chain(&error)),
    }
    if let Some(topic) = email["email"].as_str()
        && let Ok(answer) = sns.list_subscriptions_by_topic().topic_arn(topic).send().await
    {
        let mails = answer.subscriptions().iter().filter(|one| one.protocol() == Some("email"));
        facts.addresses = mails.filter_map(|one| one.endpoint().map(str::to_owned)).collect();
    }
    match bus_probe(seeded, accounts).await {
        Ok(url) => facts.probes.push(("bus".to_owned(), url)),
        Err(error) => facts.trouble.push(error),
    }
    for arn in output("queue_arns").as_object().into_iter().flat_map(Map::values).filter_map(Value::as_str) {
        let name = arn.rsplit(':').next().unwrap_or_default();
        match sqs.get_queue_url().queue_name(name).send().await {
            Ok(answer) => facts.queues.extend(answer.queue_url().map(str::to_owned)),
            Err(error) => facts.trouble.push(format!("GetQueueUrl of {name}: {}", chain(&error.into_service_error()))),
        }
    }
    let home: std::collections::BTreeSet<&String> = coverage.hub.iter().chain([&accounts.hub_region]).collect();
    let places =
        home.into_iter().map(|region| (true, region)).chain(coverage.spoke.iter().map(|region| (false, region)));
    for (of_hub, region) in places {
        let caller = if of_hub { &seeded.hub } else { &seeded.spoke };
        let listed = caller.in_region(region).sqs().list_queues().send().await;
        let urls = listed.map(|answer| answer.queue_urls().to_vec()).unwrap_or_default();
        let urls = urls.into_iter().filter(|url| url.ends_with("-dlq"));
        facts.dead_letters.extend(urls.map(|url| (of_hub, region.clone(), url)));
    }
    facts
}

/// A rule of the harness's own on the hub's bus, with a queue behind it: what crossed from a spoke.
async fn bus_probe(seeded: &Seeded, accounts: &Accounts) -> Result<String, String> {
    const BUS: &str = "hub-root-activity";
    let name = format!("{}bus", crate::deployment::PROBE_PREFIX);
    let failed = |what: &'static str| move |error: String| format!("{what} for the probe of the hub's bus: {error}");
    let sqs = seeded.hub.sqs();
    let created = sqs.create_queue().queue_name(&name).send().await;
    let created = created.map_err(|error| failed("CreateQueue")(chain(&error.into_service_error())))?;
    let url = created.queue_url().unwrap_or_default().to_owned();
    let (hub, region) = (&accounts.hub, &accounts.hub_region);
    let queue = format!("arn:aws:sqs:{region}:{hub}:{name}");
    let policy = json!({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "sqs:SendMessage",
        "Resource": queue,
    }]});
    let attributes =
        sqs.set_queue_attributes().queue_url(&url).attributes(QueueAttributeName::Policy, policy.to_string());
    attributes.send().await.map_err(|error| failed("SetQueueAttributes")(chain(&error.into_service_error())))?;
    let events = seeded.hub.eventbridge();
    let pattern = json!({"source": [{"prefix": ""}]}).to_string();
    // The plain state would leave read-only calls out.
    let state = aws_sdk_eventbridge::types::RuleState::EnabledWithAllCloudtrailManagementEvents;
    let rule = events.put_rule().name(&name).event_bus_name(BUS).event_pattern(pattern).state(state).send().await;
    rule.map_err(|error| failed("PutRule")(chain(&error.into_service_error())))?;
    let target = aws_sdk_eventbridge::types::Target::builder().id("probe").arn(&queue).build();
    let target = target.map_err(|error| failed("PutTargets")(error.to_string()))?;
    let put = events.put_targets().rule(&name).event_bus_name(BUS).targets(target).send().await;
    put.map_err(|error| failed("PutTargets")(chain(&error.into_service_error())))?;
    Ok(url)
}

/// Seeds anew what expires or may be gone: credentials, the secrets' values.
pub(super) async fn seeded(
    endpoint: &str,
    accounts: &Accounts,
    sink: &crate::sink::Sink,
) -> Result<Seeded, ApiFailure> {
    seed::seed(endpoint, accounts, sink).await
}

/// The caller of a place.
pub(super) fn caller(seeded: &Seeded, of_hub: bool) -> &Caller {
    if of_hub { &seeded.hub } else { &seeded.spoke }
}

#[cfg(test)]
mod tests {
    #[test]
    fn errors_are_taken_out_of_the_log() {
        let log = "module.x: Creating...\n╷\n│ Error: creating EventBridge Rule (a): operation error EventBridge: PutRule, \
                   https response error StatusCode: 501, RequestID: 4f0b6c0e-5c02-4b56-9b6e-0a1f2b3c4d5e, no\n│ \n│   with x\n\
                   ╵\n│ Error: creating EventBridge Rule (a): operation error EventBridge: PutRule, \
                   https response error StatusCode: 501, RequestID: 5f0b6c0e-5c02-4b56-9b6e-0a1f2b3c4d5e, no\n";
        let found = super::errors(log);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].contains("PutRule") && found[0].contains("RequestID: …"), "{found:?}");
    }
}
