//! A deployment under other assumptions about AWS.

use rootwatch_cloud::api::Service;
use rootwatch_cloud::{Assumptions, Clock, Cloud, Options};
use serde_json::{Value, json};

use super::{Coverage, DeployError, Deployment, Facts};

/// Puts the deployment under the given assumptions.
///
/// PutTargets is the only call of the deployment that an assumption decides, so every target that is a bus is put again, as
/// Terraform puts it. Everything else that an assumption decides happens when an event is delivered.
///
/// # Errors
/// When a target is refused.
pub async fn assume(deployment: &Deployment, assumptions: Assumptions) -> Result<Deployment, DeployError> {
    let mut state = deployment.state.clone();
    state.assumptions = assumptions;
    let options = Options { clock: Clock::Owned, port: 0, code: deployment.code.clone(), host_variables: Vec::new() };
    let cloud = Cloud::start(state, options).await?;
    for (account, region) in places(&deployment.facts) {
        put_targets_again(&cloud, &account, &region)?;
    }
    Ok(Deployment { state: cloud.snapshot(), ..deployment.clone() })
}

/// The accounts and Regions that have a spoke.
fn places(facts: &Facts) -> Vec<(String, String)> {
    let Facts { accounts, coverage, .. } = facts;
    let Coverage { spoke, hub, further } = coverage;
    let own = [(&accounts.hub, hub), (&accounts.spoke, spoke)];
    let accounts = own.into_iter().chain(accounts.further().map(|account| (account, further)));
    accounts.flat_map(|(account, regions)| regions.iter().map(|region| (account.clone(), region.clone()))).collect()
}

fn put_targets_again(cloud: &Cloud, account: &str, region: &str) -> Result<(), DeployError> {
    let call = |operation: &str, params: Value| {
        let failed = |error| DeployError::Assumed { place: format!("{account}, {region}"), error: Box::new(error) };
        cloud.api(account, region, Service::EventBridge, operation, params).map_err(failed)
    };
    let rules = call("ListRules", json!({}))?;
    for rule in rules["Rules"].as_array().into_iter().flatten() {
        let targets = call("ListTargetsByRule", json!({"Rule": rule["Name"]}))?["Targets"].take();
        let is_bus = |target: &Value| target["Arn"].as_str().is_some_and(|arn| arn.contains(":event-bus/"));
        let buses: Vec<Value> =
            targets.as_array().into_iter().flatten().filter(|target| is_bus(target)).cloned().collect();
        if !buses.is_empty() {
            call("PutTargets", json!({"Rule": rule["Name"], "Targets": buses}))?;
        }
    }
    Ok(())
}
