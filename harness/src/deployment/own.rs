//! A root module of the user's own, which calls our modules: applied to a cloud that is seeded with the accounts that its
//! variables name. docs/your-own-root-module.md is its contract.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use regex::Regex;
use rootwatch_cloud::api::Service;
use rootwatch_cloud::id::Arn;
use rootwatch_cloud::services::{secretsmanager, sns};
use rootwatch_cloud::{Cloud, State};
use serde_json::{Value, json};

use super::deploy::{deployment, hub_key, now, scratch, serve, started, text_output};
use super::own_sources::Sources;
use super::saved::{Saved, Slot};
use super::{Accounts, Coverage, DeployError, Deployment, Facts, Probes, REGIONS, key, open_code_store, seed};
use crate::layout::Layout;
use crate::packages::Packages;
use crate::report::Progress;
use crate::runner::clients;
use crate::terraform::{self, Binary, PROVIDER_VERSION, Run, TerraformError, Workspace};

/// The folder of a root module, and files with values of its variables.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnRoot {
    /// The folder.
    pub directory: PathBuf,
    /// As `terraform apply -var-file` takes them, in this order.
    pub var_files: Vec<PathBuf>,
}

/// The variables by which the accounts are known, as terraform/variables.tf names them.
const ACCOUNT_VARIABLES: [&str; 6] = [
    "hub_account_id",
    "hub_region",
    "spoke_account_id",
    "spoke_account_assume_role_arn",
    "spoke_account_external_id",
    "organization_id",
];

/// The placeholder of a secret while the variables are evaluated.
const PLACEHOLDER: &str = "arn:aws:secretsmanager:us-east-1:999988887777:secret:none-000000";

/// Deploys it, or takes what an earlier run deployed.
///
/// # Errors
/// When it cannot be applied, or does not keep to the contract.
pub async fn deploy_own(
    layout: &Layout,
    packages: &Packages,
    own: &OwnRoot,
    progress: &Progress,
) -> Result<Deployment, DeployError> {
    let broken = |reason: String| DeployError::OwnRoot { directory: own.directory.clone(), reason };
    let sources = Sources::of(&own.directory).map_err(|error| broken(error.to_string()))?;
    let mut var_files = Vec::new();
    for path in &own.var_files {
        let text = std::fs::read(path).map_err(|error| broken(format!("--var-file {}: {error}", path.display())))?;
        var_files.push((path.canonicalize().unwrap_or_else(|_| path.clone()), text));
    }
    let binary = tokio::task::block_in_place(|| terraform::obtain(layout, progress))?;
    let mut parts = vec![sources.digest().map_err(|error| broken(error.to_string()))?.to_vec()];
    parts.extend(var_files.iter().map(|(_, text)| text.clone()));
    let key = key::own_key(&parts, packages, &binary);
    let code = open_code_store(layout);
    let slot = tokio::task::block_in_place(|| Slot::lock(&layout.cache, &key))?;
    if let Some(saved) = slot.load(|what| progress.line(what)) {
        return Ok(deployment(saved, code, packages, Duration::ZERO, true));
    }
    let clock = started();
    let scratch = scratch(layout)?;
    let mut applied = Application {
        own,
        sources: &sources,
        packages,
        var_files: var_files.into_iter().map(|(path, _)| path).collect(),
        binary: &binary,
        layout,
        progress,
    };
    let saved = match applied.apply(scratch.path(), Arc::clone(&code)).await {
        Ok(saved) => saved,
        Err(error) => {
            // The logs that the message names must outlive the run.
            if !terraform::is_ending() {
                let _ = scratch.keep();
            }
            return Err(error);
        }
    };
    slot.save(&saved)?;
    Ok(deployment(saved, code, packages, clock.elapsed(), false))
}

/// What an apply needs.
struct Application<'a> {
    own: &'a OwnRoot,
    sources: &'a Sources,
    packages: &'a Packages,
    var_files: Vec<PathBuf>,
    binary: &'a Binary,
    layout: &'a Layout,
    progress: &'a Progress,
}

impl Application<'_> {
    fn broken(&self, reason: String) -> DeployError {
        DeployError::OwnRoot { directory: self.own.directory.clone(), reason }
    }

    async fn apply(
        &mut self,
        scratch: &Path,
        code: Arc<rootwatch_cloud::runtime::CodeStore>,
    ) -> Result<Saved, DeployError> {
        let cloud = serve(State::new(now(), 1), &code).await?;
        let mirror = self.mirror()?;
        let account = Accounts::default().hub;
        let run = Run { binary: self.binary, mirror: mirror.as_ref(), endpoint: cloud.endpoint(), account: &account };
        let workspace = self.workspace(scratch)?;
        self.progress.stage(&format!("{} init", self.binary.name()));
        tokio::task::block_in_place(|| self.init(&workspace, &run))?;
        let unknown = seed::Secrets { slack: PLACEHOLDER.to_owned(), pagerduty: PLACEHOLDER.to_owned() };
        let workspace = self.with_variables(workspace, &Accounts::default(), &unknown);
        let (accounts, more_secrets) = tokio::task::block_in_place(|| self.in_force(&workspace, &run))?;
        let secrets = seed::seed(&cloud, &accounts)?;
        for secret in &more_secrets {
            cloud.with(|state| secretsmanager::seed_secret(state, &Arn::new(secret.clone()), "{}"));
        }
        let workspace = self.with_variables(workspace, &accounts, &secrets);
        let run = Run { account: &accounts.hub, ..run };
        self.progress.stage(&format!("{} apply: {}", self.binary.name(), self.own.directory.display()));
        let (outputs, terraform_state) = tokio::task::block_in_place(|| {
            workspace.apply(&run)?;
            Ok::<_, TerraformError>((workspace.outputs(&run)?, workspace.read("terraform.tfstate")?))
        })?;
        let topics = self.topics(&outputs, &accounts)?;
        let sns_client = clients::sns(cloud.endpoint(), &accounts.hub, &accounts.hub_region);
        let sqs_client = clients::sqs(cloud.endpoint(), &accounts.hub, &accounts.hub_region);
        let probes = Probes::subscribe(&sns_client, &sqs_client, topics).await?;
        // A person clicks on the links in the confirmation mails.
        cloud.with(sns::confirm_all_email);
        let (spoke, hub) = (watched(&cloud, &accounts.spoke)?, watched(&cloud, &accounts.hub)?);
        let coverage = Coverage { spoke, hub, ..Coverage::default() };
        let facts = Facts {
            accounts,
            coverage,
            probes,
            hub_key: hub_key(&outputs),
            coverage_table: text_output(&outputs, "coverage_table_name"),
            slack_secret: secrets.slack,
            pagerduty_secret: secrets.pagerduty,
            more_secrets,
        };
        let mut state = cloud.snapshot();
        drop(cloud);
        state.come_to_rest();
        Ok(Saved { state, facts, terraform_state: terraform_state.into() })
    }

    fn workspace(&self, scratch: &Path) -> Result<Workspace, DeployError> {
        let workspace = Workspace::over(scratch, self.sources.root());
        let failed = |source| TerraformError::Workspace { path: scratch.to_path_buf(), source };
        self.sources.copy(&workspace.tree()).map_err(failed)?;
        if self.sources.has_backend {
            // The state of a test must not go where the real one is.
            let local = json!({"terraform": {"backend": {"local": {}}}});
            workspace.write("rootwatch_override.tf.json", &local.to_string())?;
        }
        Ok(workspace)
    }

    /// The user's own lock file counts, where there is one.
    fn locked_version(&self) -> Option<String> {
        let text = std::fs::read_to_string(self.own.directory.join(".terraform.lock.hcl")).ok()?;
        let pattern = Regex::new(r#"(?s)/hashicorp/aws"\s*\{\s*version\s*=\s*"([^"]+)""#).ok()?;
        pattern.captures(&text).map(|found| found[1].to_owned())
    }

    fn mirror(&self) -> Result<Option<terraform::Mirror>, TerraformError> {
        match self.locked_version() {
            Some(version) if version != PROVIDER_VERSION && self.layout.offline => {
                Err(TerraformError::NoProvider { version })
            }
            Some(version) if version != PROVIDER_VERSION => Ok(None),
            _ => terraform::mirror_or_registry(self.layout, self.binary),
        }
    }

    fn init(&self, workspace: &Workspace, run: &Run<'_>) -> Result<(), DeployError> {
        // Never replaced: Terraform reports one that it cannot read, without its path.
        let lock_file = self.own.directory.join(".terraform.lock.hcl");
        if !lock_file.exists() {
            workspace.pin(run)?;
            return Ok(workspace.init_as_pinned(run)?);
        }
        let with_path = |error| self.broken(format!("{error}\nwith the lock file {}", lock_file.display()));
        workspace.init_as_pinned(run).map_err(with_path)
    }

    /// What the root module may declare, and gets unless a file says otherwise.
    fn with_variables(&self, workspace: Workspace, accounts: &Accounts, secrets: &seed::Secrets) -> Workspace {
        let alerter = |secret: &str| json!({"main": {"secret_arn": secret}}).to_string();
        let variables = [
            ("hub_account_id", accounts.hub.clone()),
            ("hub_region", accounts.hub_region.clone()),
            ("spoke_account_id", accounts.spoke.clone()),
            ("spoke_account_assume_role_arn", accounts.deploy_role()),
            ("spoke_account_external_id", accounts.external_id.clone()),
            ("organization_id", accounts.organization.clone()),
            ("packages_dir", self.packages.directory.display().to_string()),
            ("slack", alerter(&secrets.slack)),
            ("pagerduty", alerter(&secrets.pagerduty)),
            ("slack_secret_arn", secrets.slack.clone()),
            ("pagerduty_secret_arn", secrets.pagerduty.clone()),
        ];
        let declared = variables.into_iter().filter(|(name, _)| self.sources.variables.contains(*name));
        let variables = declared.map(|(name, value)| (name.to_owned(), value)).collect();
        workspace.with_variables(variables, self.var_files.clone())
    }

    /// The accounts that the variables name, with defaults and files applied, and the secrets in them.
    fn in_force(&self, workspace: &Workspace, run: &Run<'_>) -> Result<(Accounts, Vec<String>), DeployError> {
        let declared: Vec<String> = self.sources.variables.iter().map(|name| format!("{name} = var.{name}")).collect();
        let output = workspace.evaluate(run, &format!("jsonencode({{ {} }})", declared.join(", ")))?;
        // Terraform prints a text as a quoted one; a marked value it does not print.
        let line = output.lines().map(str::trim).find(|line| line.starts_with('"'));
        let text: String = line.and_then(|line| serde_json::from_str(line).ok()).ok_or_else(|| {
            self.broken(format!(
                "the values of its variables cannot be read: {}; a sensitive variable hides them: put the value into a \
                 secret and pass its ARN",
                output.trim()
            ))
        })?;
        let values: Value = serde_json::from_str(&text).map_err(|error| self.broken(error.to_string()))?;
        let value = |name: &str| {
            let value = values.get(name).and_then(Value::as_str).filter(|value| !value.is_empty());
            value.filter(|_| ACCOUNT_VARIABLES.contains(&name)).map(str::to_owned)
        };
        let default = Accounts::default();
        let mut accounts = Accounts {
            hub: value("hub_account_id").unwrap_or(default.hub),
            hub_region: value("hub_region").unwrap_or(default.hub_region),
            spoke: value("spoke_account_id").unwrap_or(default.spoke),
            organization: value("organization_id").unwrap_or(default.organization),
            external_id: value("spoke_account_external_id").unwrap_or(default.external_id),
            ..default
        };
        if let Some((account, name)) = value("spoke_account_assume_role_arn").as_deref().and_then(role) {
            if account != accounts.spoke {
                return Err(self.broken(format!(
                    "spoke_account_assume_role_arn is a role of account {account}, but spoke_account_id is {}",
                    accounts.spoke
                )));
            }
            accounts.deploy_role_name = name.to_owned();
        }
        if accounts.hub == accounts.spoke {
            return Err(self.broken(format!("hub and spoke are the same account, {}", accounts.hub)));
        }
        let pattern =
            Regex::new(r"arn:aws:secretsmanager:[a-z0-9-]+:\d{12}:secret:[A-Za-z0-9/_+=.@-]+-[A-Za-z0-9]{6}\b");
        let secrets: BTreeSet<String> = pattern
            .iter()
            .flat_map(|pattern| pattern.find_iter(&text))
            .map(|found| found.as_str().to_owned())
            .filter(|arn| arn != PLACEHOLDER)
            .collect();
        Ok((accounts, secrets.into_iter().collect()))
    }

    /// The output `topic_arns`, if it is as the contract says.
    fn topics<'o>(&self, outputs: &'o Value, accounts: &Accounts) -> Result<&'o Value, DeployError> {
        const ADD: &str = "add `output \"topic_arns\" { value = module.<hub>.topic_arns }`";
        let there: Vec<&str> = outputs.as_object().into_iter().flatten().map(|(name, _)| name.as_str()).collect();
        let there = if there.is_empty() { "none".to_owned() } else { there.join(", ") };
        let Some(topics) = outputs.get("topic_arns").map(|output| &output["value"]) else {
            return Err(self.broken(format!("it has no output `topic_arns` (its outputs: {there}); {ADD}")));
        };
        for kind in ["login", "activity", "health"] {
            let arn = topics[kind].as_str().and_then(Arn::parse).filter(|arn| arn.service() == "sns");
            let Some(arn) = arn else {
                return Err(self.broken(format!(
                    "its output `topic_arns` has no topic `{kind}`: expected an object with login, activity and health, found \
                     {topics}; {ADD}"
                )));
            };
            let (account, region) = (arn.account().to_string(), arn.region().to_string());
            if (account.as_str(), region.as_str()) != (accounts.hub.as_str(), accounts.hub_region.as_str()) {
                return Err(self.broken(format!(
                    "the topic {arn} is in account {account}, Region {region}; expected {}, {}: let its providers follow \
                     the variables `hub_account_id` and `hub_region`",
                    accounts.hub, accounts.hub_region
                )));
            }
        }
        Ok(topics)
    }
}

/// Account and name of a role, with its path.
fn role(arn: &str) -> Option<(&str, &str)> {
    let mut parts = arn.splitn(6, ':').skip(4);
    let (account, resource) = (parts.next()?, parts.next()?);
    Some((account, resource.strip_prefix("role/")?))
}

/// The Regions in whose default bus an account has a rule.
fn watched(cloud: &Cloud, account: &str) -> Result<BTreeSet<String>, DeployError> {
    let mut found = BTreeSet::new();
    for region in REGIONS {
        let answer = cloud.api(account, region, Service::EventBridge, "ListRules", json!({}))?;
        // A schedule receives no events.
        let receives = |rule: &Value| rule["EventPattern"].is_string();
        if answer["Rules"].as_array().is_some_and(|rules| rules.iter().any(receives)) {
            found.insert(region.to_owned());
        }
    }
    Ok(found)
}
