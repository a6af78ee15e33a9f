//! Bringing a deployment about: from the cache, or by seeding a cloud and applying the Terraform to it.

use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use rootwatch_cloud::api::ApiError;
use rootwatch_cloud::runtime::CodeStore;
use rootwatch_cloud::services::sns;
use rootwatch_cloud::time::Time;
use rootwatch_cloud::{Clock, Cloud, CloudError, Options, State};
use serde_json::{Map, Value, json};
use tempfile::TempDir;
use tokio::sync::Semaphore;

use super::saved::{Saved, Slot};
use super::{Accounts, Deployment, Facts, Probes, Specification, key, seed};
use crate::layout::Layout;
use crate::packages::Packages;
use crate::report::{Progress, counted};
use crate::runner::{chain, clients};
use crate::terraform::{self, HubInputs, Run, TerraformError, Workspace};

/// Why there is no deployment.
#[derive(Debug, thiserror::Error)]
pub enum DeployError {
    /// Terraform.
    #[error(transparent)]
    Terraform(#[from] TerraformError),
    /// Terraform, in an earlier run.
    #[error("{error}")]
    Refused {
        /// Its words.
        error: String,
    },
    /// The cloud did not start.
    #[error(transparent)]
    Cloud(#[from] CloudError),
    /// The accounts could not be seeded.
    #[error("the embedded cloud refused its own seed: this is a defect of rootwatch")]
    Seed(#[from] ApiError),
    /// A target is refused under an assumption about AWS.
    #[error("a target of {place} is refused under the assumptions of this run: {error}")]
    Assumed {
        /// Account and Region of the rule.
        place: String,
        /// The error of the embedded cloud.
        error: Box<ApiError>,
    },
    /// A probe could not be subscribed.
    #[error("could not set up {what}: {error}")]
    Probe {
        /// What failed.
        what: String,
        /// How.
        error: String,
    },
    /// A root module of the user's own does not keep to the contract of docs/your-own-root-module.md.
    #[error("the root module {directory}: {reason}")]
    OwnRoot {
        /// Its folder.
        directory: PathBuf,
        /// What is wrong, and what fixes it.
        reason: String,
    },
    /// The cache cannot be used.
    #[error("could not use the cache at {path}; set ROOTWATCH_CACHE to a folder that can be written to")]
    Cache {
        /// Where.
        path: PathBuf,
        /// The system's reason.
        #[source]
        source: std::io::Error,
    },
}

/// An apply waits more than it works (the provider reads a new queue's attributes for 25 s), so more of them run at a time
/// than there are cores; but each starts a provider for every account and Region, some 0.5 GB together.
static APPLIES: LazyLock<Semaphore> = LazyLock::new(|| Semaphore::new((2 * crate::cores()).min(8)));

/// The store of the functions' code, shared by all deployments.
pub fn open_code_store(layout: &Layout) -> Arc<CodeStore> {
    Arc::new(CodeStore::new(layout.cache.join("code")))
}

/// Deploys, or takes what an earlier run deployed. With a `base`, only the difference to it is applied, on a fork.
pub async fn deploy(
    layout: &Layout,
    packages: &Packages,
    specification: &Specification,
    base: Option<&Deployment>,
    progress: &Progress,
) -> Result<Deployment, DeployError> {
    let binary = tokio::task::block_in_place(|| terraform::obtain(layout, progress))?;
    let tree = layout.terraform();
    let key = key::key(&tree, specification, base.is_none(), packages, &binary)
        .map_err(|source| DeployError::Cache { path: tree.clone(), source })?;
    let code = open_code_store(layout);
    // Waiting for another run's apply blocks this thread only.
    let slot = tokio::task::block_in_place(|| Slot::lock(&layout.cache, &key))?;
    if let Some(expected) = &specification.refusal_expected
        && let Some(error) = slot.refusal().filter(|error| error.contains(expected))
    {
        return Err(DeployError::Refused { error });
    }
    let mut coverage = specification.coverage.clone();
    if let Some(saved) = slot.load(|what| progress.line(what)) {
        if saved.facts.coverage.covers(&coverage) {
            return Ok(deployment(saved, code, packages, Duration::ZERO, true));
        }
        coverage = coverage.union(&saved.facts.coverage);
    }
    // Never closed.
    let _turn = APPLIES.acquire().await;
    let clock = started();
    let accounts = specification.accounts.clone();
    let state = base.map_or_else(|| State::new(now(), 1), |base| base.state.clone());
    let cloud = serve(state, &code).await?;
    let secrets = match base {
        None => seed::seed(&cloud, &accounts)?,
        Some(base) => {
            // Taking Regions away would cost time and show nothing.
            coverage = coverage.union(&base.facts.coverage);
            seed::further(&cloud, &accounts)?;
            let facts = base.facts.clone();
            seed::Secrets { slack: facts.slack_secret, pagerduty: facts.pagerduty_secret }
        }
    };
    let inputs = HubInputs {
        variables: hub_variables(&accounts, packages, &secrets, &specification.variables),
        log_group: specification.log_alarm.then_some(seed::LOG_GROUP),
    };
    let composition = terraform::composition(&accounts, &coverage, inputs);
    let scratch = scratch(layout)?;
    let workspace = Workspace::create(scratch.path(), &tree)?;
    terraform::apply_overlay(&workspace.tree(), &specification.overlay)?;
    workspace.write("main.tf.json", &composition.main.to_string())?;
    if let Some(base) = base {
        workspace.write("terraform.tfstate", &base.terraform_state)?;
    }
    let mirror = terraform::mirror_or_registry(layout, &binary)?;
    let run = Run { binary: &binary, mirror: mirror.as_ref(), endpoint: cloud.endpoint(), account: &accounts.hub };
    let applied = tokio::task::block_in_place(|| {
        progress.stage(&format!("{} init", binary.name()));
        workspace.install(&run)?;
        progress.stage(&format!(
            "{} apply in {} of the spoke account, {} of the hub account",
            binary.name(),
            counted(coverage.spoke.len(), "Region"),
            coverage.hub.len(),
        ));
        match base {
            None => workspace.apply(&run)?,
            // The base's state is exact: its cloud was forked right after its own apply.
            Some(_) => workspace.apply_difference(&run)?,
        }
        Ok::<_, TerraformError>((workspace.outputs(&run)?, workspace.read("terraform.tfstate")?))
    });
    let (outputs, terraform_state) = match applied {
        Ok(applied) => applied,
        Err(error) => {
            // Any other error may be gone the next time.
            let said = chain(&error);
            if specification.refusal_expected.as_ref().is_some_and(|expected| said.contains(expected)) {
                slot.refuse(&said);
            }
            // The logs that the message names must outlive the run.
            if !terraform::is_ending() {
                let _ = scratch.keep();
            }
            return Err(error.into());
        }
    };
    let probes = match base {
        Some(base) => base.facts.probes.clone(),
        None => {
            let sns_client = clients::sns(cloud.endpoint(), &accounts.hub, &accounts.hub_region);
            let sqs_client = clients::sqs(cloud.endpoint(), &accounts.hub, &accounts.hub_region);
            Probes::subscribe(&sns_client, &sqs_client, &outputs["topic_arns"]["value"]).await?
        }
    };
    // A person clicks on the links in the confirmation mails.
    cloud.with(sns::confirm_all_email);
    let facts = Facts {
        accounts,
        coverage,
        probes,
        hub_key: hub_key(&outputs),
        coverage_table: text_output(&outputs, "coverage_table_name"),
        slack_secret: secrets.slack,
        pagerduty_secret: secrets.pagerduty,
        more_secrets: Vec::new(),
    };
    let mut state = cloud.snapshot();
    drop(cloud);
    state.come_to_rest();
    let saved = Saved { state, facts, terraform_state: terraform_state.into() };
    slot.save(&saved)?;
    Ok(deployment(saved, code, packages, clock.elapsed(), false))
}

/// Serves a cloud on a free port, on the wall clock: for Terraform and for other clients.
///
/// # Errors
/// When no port is free.
pub(crate) async fn serve(state: State, code: &Arc<CodeStore>) -> Result<Cloud, CloudError> {
    let options = Options { clock: Clock::Wall, port: 0, code: Arc::clone(code), host_variables: Vec::new() };
    Cloud::start(state, options).await
}

/// The id of the key whose ARN is the output `kms_key_arn`.
pub(crate) fn hub_key(outputs: &Value) -> Option<String> {
    text_output(outputs, "kms_key_arn")?.rsplit_once(":key/").map(|(_, id)| id.to_owned())
}

/// The value of an output that is a text.
pub(crate) fn text_output(outputs: &Value, name: &str) -> Option<String> {
    outputs[name]["value"].as_str().map(str::to_owned)
}

/// A folder for one run of Terraform.
pub(super) fn scratch(layout: &Layout) -> Result<TempDir, DeployError> {
    let parent = layout.cache.join("work");
    let failed = |source| DeployError::Cache { path: parent.clone(), source };
    std::fs::create_dir_all(&parent).map_err(failed)?;
    sweep(&parent);
    tempfile::tempdir_in(&parent).map_err(failed)
}

/// Removes what runs that were killed, and applies that failed, left here more than a day ago.
fn sweep(parent: &Path) {
    const KEPT: Duration = Duration::from_secs(24 * 3600);
    let Ok(entries) = std::fs::read_dir(parent) else { return };
    for entry in entries.flatten() {
        let modified = entry.metadata().and_then(|metadata| metadata.modified()).ok();
        let age = modified.and_then(|modified| modified.elapsed().ok());
        if age.is_some_and(|age| age > KEPT) {
            // What cannot be removed stays; it does no harm.
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
}

pub(super) fn deployment(
    saved: Saved,
    code: Arc<CodeStore>,
    packages: &Packages,
    applied_in: Duration,
    reused: bool,
) -> Deployment {
    let Saved { state, facts, terraform_state } = saved;
    Deployment { state, code, linked: packages.linked.clone(), facts, terraform_state, reused, applied_in }
}

#[expect(clippy::disallowed_methods, reason = "the duration of an apply is real time")]
pub(super) fn started() -> Instant {
    Instant::now()
}

/// The hub's inputs in the deployment under test: every alerter on, each on both topics.
pub(crate) fn hub_variables(
    accounts: &Accounts,
    packages: &Packages,
    secrets: &seed::Secrets,
    replaced: &Map<String, Value>,
) -> Map<String, Value> {
    let Value::Object(mut variables) = json!({
        "organization_id": accounts.organization,
        "packages_dir": packages.directory,
        "slack": {"main": {"secret_arn": secrets.slack}},
        "pagerduty": {"main": {"secret_arn": secrets.pagerduty, "health": true}},
        "email": {"main": {"addresses": ["security@example.com"]}},
        "health_emails": ["platform@example.com"],
    }) else {
        return Map::new();
    };
    variables.extend(replaced.clone());
    variables
}

#[expect(clippy::disallowed_methods, reason = "the deployment is made in real time; scenarios are not")]
pub(crate) fn now() -> Time {
    let elapsed = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    Time(elapsed.as_millis() as i64)
}
