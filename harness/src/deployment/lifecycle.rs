//! A configuration of the tree itself, from nothing to nothing: applied, planned again, destroyed.

use std::collections::BTreeSet;
use std::sync::Arc;

use rootwatch_cloud::api::{ApiError, Service};
use rootwatch_cloud::services::sns;
use rootwatch_cloud::{Clock, Cloud, Options, State};
use serde_json::{Map, Value, json};

use super::deploy::{hub_variables, now};
use super::{Accounts, Coverage, DeployError, Deployment, Facts, Probes, SIGN_IN_REGIONS, open_code_store, seed};
use crate::layout::Layout;
use crate::packages::Packages;
use crate::runner::clients;
use crate::terraform::{self, Run, Workspace};

/// What came of it.
#[derive(Debug)]
pub struct Lifecycle {
    /// The deployment as it stood after the apply, to run scenarios on.
    pub deployment: Deployment,
    /// The second plan's text, if it was not empty.
    pub second_plan: Option<String>,
    /// What was left after destroy, but for keys that wait for their deletion.
    pub left: Vec<String>,
}

/// Applies the plain root module with its four inputs and the alerters, plans again, and destroys it.
pub async fn lifecycle(layout: &Layout, packages: &Packages) -> Result<Lifecycle, DeployError> {
    let accounts = Accounts::default();
    let binary = terraform::find()?;
    let code = open_code_store(layout);
    let options = Options { clock: Clock::Wall, port: 0, code: Arc::clone(&code), host_variables: Vec::new() };
    let cloud = Cloud::start(State::new(now(), 2), options).await?;
    let secrets = seed::seed(&cloud, &accounts)?;
    let before = inventory(&cloud, &accounts)?;
    let mut variables = hub_variables(&accounts, packages, &secrets, &Map::new());
    variables.extend([
        ("hub_account_id".to_owned(), json!(accounts.hub)),
        ("spoke_account_id".to_owned(), json!(accounts.spoke)),
        ("spoke_account_assume_role_arn".to_owned(), json!(accounts.deploy_role())),
        ("spoke_account_external_id".to_owned(), json!(accounts.external_id)),
        ("spoke_log_group".to_owned(), json!({"name": seed::LOG_GROUP})),
    ]);
    let parent = layout.cache.join("work");
    let failed = |source| DeployError::Cache { path: parent.clone(), source };
    std::fs::create_dir_all(&parent).map_err(failed)?;
    let scratch = tempfile::tempdir_in(&parent).map_err(failed)?;
    let workspace = Workspace::create(scratch.path(), &layout.terraform())?.of_tree("");
    workspace.write("test.auto.tfvars.json", &Value::Object(variables).to_string())?;
    let mirror = terraform::discover(&binary);
    let run = Run { binary: &binary, mirror: mirror.as_ref(), endpoint: cloud.endpoint(), account: &accounts.hub };
    let outputs = tokio::task::block_in_place(|| {
        workspace.init(&run)?;
        workspace.apply(&run)?;
        workspace.outputs(&run)
    })?;
    let second_plan = tokio::task::block_in_place(|| workspace.plan_is_empty(&run))?.err();
    // The probes belong to the copy that scenarios run on, not to what is destroyed.
    let deployment = observed(cloud.snapshot(), &accounts, &secrets, code, &outputs["topic_arns"]["value"]).await?;
    tokio::task::block_in_place(|| workspace.destroy(&run))?;
    let left = inventory(&cloud, &accounts)?.difference(&before).cloned().collect();
    Ok(Lifecycle { deployment, second_plan, left })
}

async fn observed(
    state: State,
    accounts: &Accounts,
    secrets: &seed::Secrets,
    code: Arc<rootwatch_cloud::runtime::CodeStore>,
    topics: &Value,
) -> Result<Deployment, DeployError> {
    let options = Options { clock: Clock::Wall, port: 0, code: Arc::clone(&code), host_variables: Vec::new() };
    let cloud = Cloud::start(state, options).await?;
    let sns_client = clients::sns(cloud.endpoint(), &accounts.hub, &accounts.hub_region);
    let sqs_client = clients::sqs(cloud.endpoint(), &accounts.hub, &accounts.hub_region);
    let probes = Probes::subscribe(&sns_client, &sqs_client, topics).await?;
    cloud.with(sns::confirm_all_email);
    let mut state = cloud.snapshot();
    state.come_to_rest();
    let facts = Facts {
        coverage: Coverage::minimal(),
        probes,
        slack_secret: secrets.slack.clone(),
        pagerduty_secret: secrets.pagerduty.clone(),
    };
    let terraform_state = Arc::from("");
    Ok(Deployment { state, code, facts, terraform_state, reused: false, applied_in: std::time::Duration::ZERO })
}

/// The names of everything that Terraform creates here, by asking the APIs that list it.
fn inventory(cloud: &Cloud, accounts: &Accounts) -> Result<BTreeSet<String>, ApiError> {
    const LISTS: [(Service, &str, &str, &[&str]); 8] = [
        (Service::Sqs, "ListQueues", "QueueUrls", &[]),
        (Service::Sns, "ListTopics", "Topics", &["TopicArn"]),
        (Service::Sns, "ListSubscriptions", "Subscriptions", &["SubscriptionArn"]),
        (Service::EventBridge, "ListEventBuses", "EventBuses", &["Arn"]),
        (Service::EventBridge, "ListRules", "Rules", &["Arn"]),
        (Service::Logs, "DescribeLogGroups", "logGroups", &["arn"]),
        (Service::CloudWatch, "DescribeAlarms", "MetricAlarms", &["AlarmArn"]),
        (Service::Lambda, "ListFunctions", "Functions", &["FunctionArn"]),
    ];
    let mut found = BTreeSet::new();
    let mut add = |answer: &Value, list: &str, keys: &[&str]| {
        for item in answer.get(list).and_then(Value::as_array).into_iter().flatten() {
            let name = keys.iter().fold(item, |item, key| &item[*key]);
            found.insert(name.as_str().map_or_else(|| item.to_string(), str::to_owned));
        }
    };
    for account in [&accounts.hub, &accounts.spoke] {
        for region in SIGN_IN_REGIONS {
            for (service, operation, list, keys) in LISTS {
                add(&cloud.api(account, region, service, operation, json!({}))?, list, keys);
            }
        }
        add(&cloud.api(account, "us-east-1", Service::Iam, "ListRoles", json!({}))?, "Roles", &["Arn"]);
    }
    Ok(found)
}
