//! Configurations of the tree itself, from nothing to nothing: applied, planned again, destroyed.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use rootwatch_cloud::api::{ApiError, Service};
use rootwatch_cloud::runtime::CodeStore;
use rootwatch_cloud::services::sns;
use rootwatch_cloud::usage::Usage;
use rootwatch_cloud::{Cloud, State};
use serde_json::{Map, Value, json};
use tempfile::TempDir;

use super::deploy::{hub_variables, now, scratch, serve};
use super::inventory::inventory;
use super::{Accounts, Coverage, DeployError, Deployment, Facts, Probes, SIGN_IN_REGIONS, open_code_store, seed};
use crate::functions::Linked;
use crate::layout::Layout;
use crate::packages::Packages;
use crate::report::Progress;
use crate::runner::clients;
use crate::terraform::{self, Binary, Mirror, Run, Workspace};

/// The verdict.
#[derive(Debug)]
pub struct Lifecycle {
    /// The deployment as it stood after the apply, to run scenarios on. The service control policies of the hub's account are
    /// detached, because the harness subscribes to topics and writes secrets there.
    pub deployment: Deployment,
    /// The cloud after the apply, with every service control policy.
    pub protected: State,
    /// What a second plan of each configuration found to do, and what Terraform warned of: nothing is right.
    pub complaints: Vec<String>,
    /// What was left after destroy, but for keys that wait for their deletion.
    pub left: Vec<String>,
    /// Terraform's state of each of the tree's own configurations after the apply, by its directory.
    pub states: BTreeMap<String, Value>,
    /// Permissions of `modules/deploy-role` that neither apply, update nor destroy used: account, statement and action.
    pub unused_permissions: BTreeSet<String>,
}

/// What came of a configuration that calls the tree's modules.
#[derive(Debug)]
pub struct Composed {
    /// The cloud after the apply, at rest.
    pub state: State,
    /// The functions' code.
    pub code: Arc<CodeStore>,
    /// The probes on the topics of each Region.
    pub probes: BTreeMap<String, Probes>,
    /// As of [`Lifecycle`].
    pub complaints: Vec<String>,
    /// As of [`Lifecycle`].
    pub left: Vec<String>,
}

/// A configuration of the hub's account over the tree's modules, which is next to the tree (`../tree`): applied, planned
/// again, destroyed. Its output `topic_arns` has the topics of each of the Regions, by the Region.
pub async fn composed(
    layout: &Layout,
    accounts: Accounts,
    regions: &[&str],
    main: &str,
    variables: &Map<String, Value>,
) -> Result<Composed, DeployError> {
    let regions = regions.iter().map(|region| (*region).to_owned()).collect();
    let mut stand = Stand::of(layout, accounts, regions).await?;
    let workspace = stand.workspace()?;
    workspace.write("main.tf", main)?;
    workspace.write("test.auto.tfvars.json", &Value::Object(variables.clone()).to_string())?;
    let topics = stand.bring_about(workspace)?["topic_arns"]["value"].clone();
    stand.plan_again()?;
    let cloud = serve(stand.cloud.snapshot(), &stand.code).await?;
    let mut probes = BTreeMap::new();
    for region in &stand.regions {
        let (sns, sqs) = stand.clients(&cloud, region);
        probes.insert(region.clone(), Probes::subscribe(&sns, &sqs, &topics[region]).await?);
    }
    let mut state = cloud.snapshot();
    state.come_to_rest();
    let code = Arc::clone(&stand.code);
    let left = stand.destroy()?;
    Ok(Composed { state, code, probes, complaints: stand.complaints, left })
}

/// The plain root module with its four inputs and the alerters.
pub async fn root_module(layout: &Layout, packages: &Packages) -> Result<Lifecycle, DeployError> {
    let mut stand = Stand::start(layout).await?.with_functions(packages);
    let accounts = stand.accounts.clone();
    let mut variables = hub_variables(&accounts, packages, &stand.secrets, &Map::new());
    variables.extend([
        ("hub_account_id".to_owned(), json!(accounts.hub)),
        ("spoke_account_id".to_owned(), json!(accounts.spoke)),
        ("spoke_account_assume_role_arn".to_owned(), json!(accounts.deploy_role())),
        ("spoke_account_external_id".to_owned(), json!(accounts.external_id)),
        ("spoke_log_group".to_owned(), json!({"name": seed::LOG_GROUP})),
        // Names of a second monitor in the same accounts.
        ("name_prefix".to_owned(), json!("monitor")),
        ("event_bus_name".to_owned(), json!("second-hub")),
        ("role_path".to_owned(), json!(ROLE_PATH)),
        ("permissions_boundary".to_owned(), json!(BOUNDARY)),
        ("spoke_permissions_boundary".to_owned(), json!(BOUNDARY)),
    ]);
    let outputs = stand.apply("", &variables)?;
    stand.end(&outputs["topic_arns"]["value"]).await
}

/// The hub, a spoke and a subscriber of one's own, each with a state of its own, in the order in which a company makes
/// them. The hub's account holds an organization trail, whose log group the hub watches.
///
/// The service control policies of `modules/scp` apply, and the deployment role of each account runs Terraform, with the permissions
/// of `modules/deploy-role` alone.
pub async fn states_of_their_own(layout: &Layout, packages: &Packages) -> Result<Lifecycle, DeployError> {
    let mut stand = Stand::start(layout).await?.with_functions(packages);
    let accounts = stand.accounts.clone();
    organization_trail(&stand.cloud, &accounts)?;
    seed::deploy_role(&stand.cloud, &accounts, &accounts.hub)?;
    stand.limit_deploy_roles()?;
    stand.before = inventory(&stand.cloud, &accounts, &stand.regions)?;
    let policies = stand.attach_policies(&json!([]), &json!([]))?;
    stand.access_key = stand.session_of_deploy_role()?;
    stand.cloud.with(|state| state.usage = Usage::recording());
    let mut variables = hub_variables(&accounts, packages, &stand.secrets, &Map::new());
    variables.extend([
        ("hub_account_id".to_owned(), json!(accounts.hub)),
        ("log_group".to_owned(), json!({"name": seed::LOG_GROUP})),
        ("deduplication".to_owned(), json!(true)),
    ]);
    let hub = stand.apply("hub-only", &variables)?;
    let secrets = json!([stand.secrets.slack, stand.secrets.pagerduty]);
    stand.update_policies(policies, &json!([hub["kms_key_arn"]["value"]]), &secrets)?;
    let spoke = Map::from_iter([
        ("spoke_account_id".to_owned(), json!(accounts.spoke)),
        ("hub_event_bus_arn".to_owned(), hub["event_bus_arn"]["value"].clone()),
        ("spoke_account_assume_role_arn".to_owned(), json!(accounts.deploy_role())),
        ("spoke_account_external_id".to_owned(), json!(accounts.external_id)),
    ]);
    stand.apply("spoke-only", &spoke)?;
    // An update changes these in place: tags of every resource, rules, roles, alarms, retention.
    let update = json!({"tags": {"team": "security"}, "read_only_events": false, "alarm_actions": [UPDATE_TOPIC]});
    let update = update.as_object().cloned().unwrap_or_default();
    for (directory, variables) in [("hub-only", &variables), ("spoke-only", &spoke)] {
        stand.update(directory, variables, &update)?;
        stand.update(directory, variables, &Map::new())?;
    }
    stand.compose(&json!({
        "provider": {"aws": {"region": accounts.hub_region, "allowed_account_ids": [accounts.hub]}},
        "module": {"subscriber": {
            "source": "../tree/examples/custom-subscriber",
            "topic_arn": hub["topic_arns"]["value"]["login"],
            "severities": ["critical"],
        }},
    }))?;
    stand.end(&hub["topic_arns"]["value"]).await
}

/// The path of the roles in [`root_module`].
pub const ROLE_PATH: &str = "/security/monitor/";

/// The permissions boundary of the roles in [`root_module`]: every account has this policy, and it limits nothing.
pub const BOUNDARY: &str = "arn:aws:iam::aws:policy/AdministratorAccess";

/// How the names of the policies of `modules/deploy-role` begin on the seeded roles.
const DEPLOY_POLICY: &str = "deploy-role-";

/// A further action of the alarms, for an update.
const UPDATE_TOPIC: &str = "arn:aws:sns:us-east-1:999988887777:operations";

/// What Terraform says to a plan of one of the tree's configurations that it must refuse.
pub async fn refusal(layout: &Layout, directory: &str, variables: &Map<String, Value>) -> Result<String, DeployError> {
    let mut stand = Stand::start(layout).await?;
    let workspace = stand.workspace()?.of_tree(directory);
    workspace.write("test.auto.tfvars.json", &Value::Object(variables.clone()).to_string())?;
    let run = stand.run();
    let planned = tokio::task::block_in_place(|| {
        workspace.init(&run)?;
        workspace.plan_is_empty(&run)
    });
    match planned {
        Ok(_) => Ok(String::new()),
        Err(_) => Ok(workspace.said("plan")),
    }
}

/// What `validate` finds in one of the tree's directories, warnings included.
pub async fn findings(layout: &Layout, directory: &str) -> Result<Vec<String>, DeployError> {
    let mut stand = Stand::start(layout).await?;
    let workspace = stand.workspace()?.of_tree(directory);
    let run = stand.run();
    let found = tokio::task::block_in_place(|| {
        workspace.init(&run)?;
        workspace.validate(&run)
    });
    Ok(found?)
}

/// The trail of the hub's account logs for the whole organization, and the spoke's account has none of its own.
fn organization_trail(cloud: &Cloud, accounts: &Accounts) -> Result<(), ApiError> {
    let home = accounts.hub_region.as_str();
    let write = json!({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
        "Resource": format!(
            "arn:aws:logs:{home}:{}:log-group:{}:log-stream:{}_*", accounts.hub, seed::LOG_GROUP, accounts.organization
        ),
    }]});
    let policy = json!({
        "RoleName": "cloudtrail-to-logs", "PolicyName": "organization", "PolicyDocument": write.to_string(),
    });
    cloud.api(&accounts.hub, home, Service::Iam, "PutRolePolicy", policy)?;
    let trail = json!({"Name": "all", "IsOrganizationTrail": true});
    cloud.api(&accounts.hub, home, Service::CloudTrail, "UpdateTrail", trail)?;
    cloud.api(&accounts.spoke, home, Service::CloudTrail, "DeleteTrail", json!({"Name": "all"}))?;
    Ok(())
}

/// A cloud, and the configurations that were applied to it, in their order.
struct Stand {
    accounts: Accounts,
    linked: Linked,
    /// Where something may be made.
    regions: Vec<String>,
    binary: Binary,
    mirror: Option<Mirror>,
    code: Arc<CodeStore>,
    cloud: Cloud,
    secrets: seed::Secrets,
    before: BTreeSet<String>,
    tree: PathBuf,
    scratch: TempDir,
    /// The access key that Terraform uses.
    access_key: String,
    /// Each with the access key that applied it.
    applied: Vec<(Workspace, String)>,
    states: BTreeMap<String, Value>,
    made: usize,
    complaints: Vec<String>,
}

impl Stand {
    async fn start(layout: &Layout) -> Result<Self, DeployError> {
        Self::of(layout, Accounts::default(), SIGN_IN_REGIONS.map(str::to_owned).to_vec()).await
    }

    /// The same for other accounts, and with other Regions to look into.
    async fn of(layout: &Layout, accounts: Accounts, regions: Vec<String>) -> Result<Self, DeployError> {
        let binary = tokio::task::block_in_place(|| terraform::obtain(layout, &Progress::quiet()))?;
        let mirror = terraform::mirror_or_registry(layout, &binary)?;
        let code = open_code_store(layout);
        let cloud = serve(State::new(now(), 2), &code).await?;
        let secrets = seed::seed(&cloud, &accounts)?;
        let before = inventory(&cloud, &accounts, &regions)?;
        let scratch = scratch(layout)?;
        let (tree, applied, complaints) = (layout.terraform(), Vec::new(), Vec::new());
        let (access_key, states, made) = (accounts.hub.clone(), BTreeMap::new(), 0);
        Ok(Self {
            accounts,
            linked: Linked::default(),
            regions,
            binary,
            mirror,
            code,
            cloud,
            secrets,
            before,
            tree,
            scratch,
            access_key,
            applied,
            states,
            made,
            complaints,
        })
    }

    /// The same, with functions that can run in this process.
    fn with_functions(self, packages: &Packages) -> Self {
        Self { linked: packages.linked.clone(), ..self }
    }

    fn run(&self) -> Run<'_> {
        self.run_as(&self.access_key)
    }

    fn run_as<'a>(&'a self, access_key: &'a str) -> Run<'a> {
        let (binary, mirror, endpoint) = (&self.binary, self.mirror.as_ref(), self.cloud.endpoint());
        Run { binary, mirror, endpoint, account: access_key }
    }

    /// Gives the deployment roles the policies of `modules/deploy-role`, instead of every permission. The hub's role may assume that of the
    /// spoke, as a pipeline does, and deploy the subscriber, which is not the monitor's.
    fn limit_deploy_roles(&mut self) -> Result<(), DeployError> {
        let Accounts { hub, hub_region, spoke, external_id, .. } = self.accounts.clone();
        let module = |deploys: &str| {
            json!({
                "source": "../tree/modules/deploy-role", "deploys": deploys, "name": "unused",
                "trusted_principal_arns": [format!("arn:aws:iam::{hub}:root")], "log_group_names": [seed::LOG_GROUP],
            })
        };
        let mut in_spoke = module("spoke");
        in_spoke["providers"] = json!({"aws": "aws.spoke"});
        let role = json!({"role_arn": self.accounts.deploy_role(), "external_id": external_id});
        let outputs = self.compose(&json!({
            "provider": {"aws": [
                {"region": hub_region, "allowed_account_ids": [hub]},
                {"alias": "spoke", "region": hub_region, "allowed_account_ids": [spoke], "assume_role": [role]},
            ]},
            "module": {"hub": module("hub"), "spoke": in_spoke},
            "output": {"hub": {"value": "${module.hub.policies}"}, "spoke": {"value": "${module.spoke.policies}"}},
        }))?;
        if let Some((workspace, access_key)) = self.applied.pop() {
            tokio::task::block_in_place(|| workspace.destroy(&self.run_as(&access_key)))?;
        }
        let name = self.accounts.deploy_role_name.clone();
        for (account, deploys) in [(&hub, "hub"), (&spoke, "spoke")] {
            let iam = |operation, params| self.cloud.api(account, &hub_region, Service::Iam, operation, params);
            for (policy, document) in outputs[deploys]["value"].as_object().into_iter().flatten() {
                let policy = format!("{DEPLOY_POLICY}{policy}");
                let created = iam("CreatePolicy", json!({"PolicyName": policy, "PolicyDocument": document}))?;
                iam("AttachRolePolicy", json!({"RoleName": name, "PolicyArn": created["Policy"]["Arn"]}))?;
            }
            iam("DeleteRolePolicy", json!({"RoleName": name, "PolicyName": "deploy"}))?;
        }
        let pipeline = json!({"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": self.accounts.deploy_role()},
            {"Effect": "Allow", "Action": ["sqs:*"], "Resource": "arn:aws:sqs:*:*:root-activity-subscriber*"},
            {"Effect": "Allow", "Action": ["sns:*"], "Resource": "arn:aws:sns:*:*:rootwatch-root-*"},
        ]});
        let put = json!({"RoleName": name, "PolicyName": "pipeline", "PolicyDocument": pipeline.to_string()});
        self.cloud.api(&hub, &hub_region, Service::Iam, "PutRolePolicy", put)?;
        Ok(())
    }

    /// Permissions of the policies of `modules/deploy-role` that were not used.
    fn unused_permissions(&self) -> BTreeSet<String> {
        let suggestion = self.cloud.with(|state| state.suggested_policies());
        let mut unused = BTreeSet::new();
        for (role, identity) in suggestion.map(|suggestion| suggestion.identities).unwrap_or_default() {
            let account = if role.contains(&self.accounts.hub) { "hub" } else { "spoke" };
            for part in identity.unused.iter().filter(|part| part.policy.contains(DEPLOY_POLICY)) {
                unused.extend(part.actions.iter().map(|action| format!("{account} {}: {action}", part.statement)));
            }
        }
        unused
    }

    /// A session of the deployment role of the hub's account; its access key.
    fn session_of_deploy_role(&self) -> Result<String, DeployError> {
        let Accounts { hub, hub_region, external_id, .. } = &self.accounts;
        let role = json!({
            "RoleArn": self.accounts.deploy_role_in(hub), "RoleSessionName": "pipeline", "ExternalId": external_id,
        });
        let session = self.cloud.api(hub, hub_region, Service::Sts, "AssumeRole", role)?;
        Ok(session["Credentials"]["AccessKeyId"].as_str().unwrap_or_default().to_owned())
    }

    /// Applies `modules/scp` in the management account; the place of its workspace.
    fn attach_policies(&mut self, key_arns: &Value, secret_arns: &Value) -> Result<usize, DeployError> {
        let Accounts { management, hub_region, .. } = self.accounts.clone();
        let organizations =
            |operation, params| self.cloud.api(&management, &hub_region, Service::Organizations, operation, params);
        let root = organizations("ListRoots", json!({}))?["Roots"][0]["Id"].clone();
        organizations("EnablePolicyType", json!({"RootId": root, "PolicyType": "SERVICE_CONTROL_POLICY"}))?;
        self.access_key.clone_from(&management);
        let main = self.policies(key_arns, secret_arns)?;
        self.compose(&main)?;
        Ok(self.applied.len() - 1)
    }

    /// Applies `modules/scp` again, with what exists since.
    fn update_policies(&mut self, place: usize, key_arns: &Value, secret_arns: &Value) -> Result<(), DeployError> {
        let main = self.policies(key_arns, secret_arns)?;
        let (workspace, access_key) = &self.applied[place];
        workspace.write("main.tf.json", &main.to_string())?;
        tokio::task::block_in_place(|| workspace.apply(&self.run_as(access_key)))?;
        Ok(())
    }

    fn detach_policies_of_the_hub(&self, cloud: &Cloud) -> Result<(), DeployError> {
        let Accounts { management, hub, hub_region, .. } = &self.accounts;
        let call = |operation, params| cloud.api(management, hub_region, Service::Organizations, operation, params);
        let asked = json!({"TargetId": hub, "Filter": "SERVICE_CONTROL_POLICY"});
        let policies = call("ListPoliciesForTarget", asked)?;
        for policy in
            policies["Policies"].as_array().into_iter().flatten().filter(|policy| policy["AwsManaged"] != true)
        {
            call("DetachPolicy", json!({"PolicyId": policy["Id"], "TargetId": hub}))?;
        }
        Ok(())
    }

    fn policies(&self, key_arns: &Value, secret_arns: &Value) -> Result<Value, DeployError> {
        let Accounts { management, hub, hub_region, .. } = &self.accounts;
        let roots = self.cloud.api(management, hub_region, Service::Organizations, "ListRoots", json!({}))?;
        Ok(json!({
            "provider": {"aws": {"region": hub_region, "allowed_account_ids": [management]}},
            "module": {"scp": {
                "source": "../tree/modules/scp",
                "hub_account_id": hub,
                "spoke_target_ids": [roots["Roots"][0]["Id"]],
                "hub_target_ids": [hub],
                "log_group_names": [seed::LOG_GROUP],
                "kms_key_arns": key_arns,
                "secret_arns": secret_arns,
            }},
        }))
    }

    /// A copy of the tree for one more configuration.
    fn workspace(&mut self) -> Result<Workspace, DeployError> {
        self.made += 1;
        Ok(Workspace::create(&self.scratch.path().join(self.made.to_string()), &self.tree)?)
    }

    /// Applies one of the tree's own configurations; its outputs.
    fn apply(&mut self, directory: &str, variables: &Map<String, Value>) -> Result<Value, DeployError> {
        let workspace = self.workspace()?.of_tree(directory);
        workspace.write("test.auto.tfvars.json", &Value::Object(variables.clone()).to_string())?;
        let outputs = self.bring_about(workspace.clone())?;
        let state = serde_json::from_str(&workspace.read("terraform.tfstate")?).unwrap_or_default();
        self.states.insert(directory.to_owned(), state);
        Ok(outputs)
    }

    /// Applies one of the tree's own configurations again, with other variables.
    fn update(
        &mut self,
        directory: &str,
        variables: &Map<String, Value>,
        changed: &Map<String, Value>,
    ) -> Result<(), DeployError> {
        let mut variables = variables.clone();
        variables.extend(changed.clone());
        let applied = self.applied.iter().find(|(workspace, _)| workspace.root().ends_with(directory));
        let Some((workspace, access_key)) = applied else { return Ok(()) };
        workspace.write("test.auto.tfvars.json", &Value::Object(variables).to_string())?;
        tokio::task::block_in_place(|| workspace.apply(&self.run_as(access_key)))?;
        self.complaints.extend(warnings(workspace, "apply"));
        Ok(())
    }

    /// Applies a configuration that calls the tree's modules.
    fn compose(&mut self, main: &Value) -> Result<Value, DeployError> {
        let workspace = self.workspace()?;
        workspace.write("main.tf.json", &main.to_string())?;
        self.bring_about(workspace)
    }

    fn bring_about(&mut self, workspace: Workspace) -> Result<Value, DeployError> {
        let run = self.run();
        let outputs = tokio::task::block_in_place(|| {
            workspace.init(&run)?;
            workspace.apply(&run)?;
            workspace.outputs(&run)
        })?;
        self.complaints.extend(warnings(&workspace, "apply"));
        self.applied.push((workspace, self.access_key.clone()));
        Ok(outputs)
    }

    /// Plans all again: there must be nothing to do.
    fn plan_again(&mut self) -> Result<(), DeployError> {
        let mut complaints = Vec::new();
        for (workspace, access_key) in &self.applied {
            let plan = tokio::task::block_in_place(|| workspace.plan_is_empty(&self.run_as(access_key)))?;
            if let Err(plan) = plan {
                complaints.push(format!("the second plan is not empty:\n{plan}"));
            }
            complaints.extend(warnings(workspace, "plan"));
        }
        self.complaints.extend(complaints);
        Ok(())
    }

    /// Destroys all in the opposite order; what is left then.
    fn destroy(&self) -> Result<Vec<String>, DeployError> {
        for (workspace, access_key) in self.applied.iter().rev() {
            tokio::task::block_in_place(|| workspace.destroy(&self.run_as(access_key)))?;
        }
        let after = inventory(&self.cloud, &self.accounts, &self.regions)?;
        Ok(after.difference(&self.before).cloned().collect())
    }

    fn clients(&self, cloud: &Cloud, region: &str) -> (aws_sdk_sns::Client, aws_sdk_sqs::Client) {
        let (endpoint, hub) = (cloud.endpoint(), &self.accounts.hub);
        (clients::sns(endpoint, hub, region), clients::sqs(endpoint, hub, region))
    }

    /// Plans all again, takes the deployment for scenarios, and destroys all.
    async fn end(mut self, topics: &Value) -> Result<Lifecycle, DeployError> {
        self.plan_again()?;
        let protected = self.cloud.snapshot();
        // The probes belong to the copy that scenarios run on, not to what is destroyed.
        let deployment = self.observed(topics).await?;
        let left = self.destroy()?;
        let unused_permissions = self.unused_permissions();
        let Self { complaints, states, .. } = self;
        Ok(Lifecycle { deployment, protected, complaints, left, states, unused_permissions })
    }

    async fn observed(&self, topics: &Value) -> Result<Deployment, DeployError> {
        let cloud = serve(self.cloud.snapshot(), &self.code).await?;
        self.detach_policies_of_the_hub(&cloud)?;
        let (sns_client, sqs_client) = self.clients(&cloud, &self.accounts.hub_region);
        let probes = Probes::subscribe(&sns_client, &sqs_client, topics).await?;
        cloud.with(sns::confirm_all_email);
        let mut state = cloud.snapshot();
        state.come_to_rest();
        let facts = Facts {
            accounts: self.accounts.clone(),
            coverage: Coverage::minimal(),
            probes,
            hub_key: None,
            coverage_table: None,
            slack_secret: self.secrets.slack.clone(),
            pagerduty_secret: self.secrets.pagerduty.clone(),
            more_secrets: Vec::new(),
        };
        let code = Arc::clone(&self.code);
        let applied_in = std::time::Duration::ZERO;
        let (linked, terraform_state) = (self.linked.clone(), Arc::from(""));
        Ok(Deployment { state, code, linked, facts, terraform_state, reused: false, applied_in })
    }
}

/// What Terraform warned of in a stage: a deprecated argument, for one.
fn warnings(workspace: &Workspace, stage: &str) -> Option<String> {
    let said = workspace.said(stage);
    let at = said.find("Warning:")?;
    Some(format!("{stage} warns: {}", said[at..].chars().take(600).collect::<String>()))
}
