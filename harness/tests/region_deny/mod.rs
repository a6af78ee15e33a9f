//! The policy of `docs/deploying-to-an-organization.md` that denies Regions, attached to the organization's root.

use libtest_mimic::Failed;
use rootwatch::deployment::Deployment;
use rootwatch::layout::Layout;
use rootwatch::report::human_of;
use rootwatch::runner::{Session, Status};
use rootwatch_cloud::api::Service;
use rootwatch_cloud::{Clock, Cloud, Options};
use serde_json::{Value, json};

use super::support::Shared;

/// A Region of sign-ins that the policy denies.
const DENIED: &str = "us-west-2";

/// With the exemption, the deployment role works in a denied Region and a sign-in there is alerted. Without it, the deployment
/// role does not work there.
///
/// A delivery is a request in the hub's Region here, which the policy allows. AWS does not document the Region of the request,
/// so the documented policy exempts the delivery roles too.
pub(super) fn exempts_the_monitor(shared: &Shared) -> Result<(), Failed> {
    let mut policy = documented()?;
    policy["Statement"][0]["Condition"]["StringNotEquals"]["aws:RequestedRegion"] = json!(["us-east-1"]);
    let mut strict = policy.clone();
    strict["Statement"][0]["Condition"].as_object_mut().ok_or("no condition")?.remove("ArnNotLike");
    let login = "login/console-login-in-us-west-2";
    let login = shared.loaded.iter().find(|loaded| loaded.name == login).ok_or("there is no such scenario")?;
    shared.with(async |session| {
        for (policy, exempt) in [(&policy, true), (&strict, false)] {
            let deployment = under(session, policy).await?;
            let outcome = session.run_on(login, &deployment).await;
            if exempt && outcome.status != Status::Passed {
                return Err(human_of("embedded", &outcome));
            }
            let deploys = deploys(&deployment).await?;
            if deploys != exempt {
                return Err(format!("exempt: {exempt}: the deployment role puts a rule in {DENIED}: {deploys}"));
            }
        }
        Ok(())
    })??;
    Ok(())
}

/// The JSON block with the statement `DenyRegions`.
fn documented() -> Result<Value, Failed> {
    let text = std::fs::read_to_string(Layout::discover().project.join("docs/deploying-to-an-organization.md"))?;
    let blocks = text.split("```json").skip(1).filter_map(|rest| rest.split("```").next());
    let block = blocks.into_iter().find(|block| block.contains("\"DenyRegions\"")).ok_or("there is no such policy")?;
    Ok(serde_json::from_str(block)?)
}

async fn start(deployment: &Deployment) -> Result<Cloud, String> {
    let options = Options { clock: Clock::Owned, port: 0, code: deployment.code.clone(), host_variables: Vec::new() };
    Cloud::start(deployment.state.clone(), options).await.map_err(|error| error.to_string())
}

/// The default deployment with the policy attached to the root.
async fn under(session: &Session, policy: &Value) -> Result<Deployment, String> {
    let deployment = session.deploy().await.map_err(|error| error.to_string())?;
    let cloud = start(&deployment).await?;
    let management = &deployment.facts.accounts.management;
    let call = |operation, params| {
        let answer = cloud.api(management, "us-east-1", Service::Organizations, operation, params);
        answer.map_err(|error| format!("{operation}: {error}"))
    };
    let root = call("ListRoots", json!({}))?["Roots"][0]["Id"].clone();
    call("EnablePolicyType", json!({"RootId": root, "PolicyType": "SERVICE_CONTROL_POLICY"}))?;
    let policy = json!({
        "Name": "regions", "Description": "", "Type": "SERVICE_CONTROL_POLICY", "Content": policy.to_string(),
    });
    let id = call("CreatePolicy", policy)?["Policy"]["PolicySummary"]["Id"].clone();
    call("AttachPolicy", json!({"PolicyId": id, "TargetId": root}))?;
    Ok(Deployment { state: cloud.snapshot(), ..(*deployment).clone() })
}

/// Returns true if the deployment role of the spoke's account can put a rule in the denied Region.
async fn deploys(deployment: &Deployment) -> Result<bool, String> {
    let cloud = start(deployment).await?;
    let accounts = &deployment.facts.accounts;
    let role = json!({
        "RoleArn": accounts.deploy_role(), "RoleSessionName": "pipeline", "ExternalId": accounts.external_id,
    });
    let session = cloud.api(&accounts.hub, DENIED, Service::Sts, "AssumeRole", role);
    let session = session.map_err(|error| format!("AssumeRole: {error}"))?;
    let access_key = session["Credentials"]["AccessKeyId"].as_str().unwrap_or_default();
    let rule = json!({"Name": "rootwatch-another", "EventPattern": "{\"source\": [\"aws.iam\"]}"});
    match cloud.api(access_key, DENIED, Service::EventBridge, "PutRule", rule) {
        Ok(_) => Ok(true),
        Err(error) if error.to_string().contains("service control policy") => Ok(false),
        Err(error) => Err(format!("PutRule: {error}")),
    }
}
