//! What accounts have before the monitor comes: an organization, a deploy role, trails that log, and the secrets.

use rootwatch_cloud::api::{ApiError, Service};
use rootwatch_cloud::services::cloudtrail;
use rootwatch_cloud::{Cloud, Region};
use serde_json::{Value, json};

use super::Accounts;

/// The log group that the spoke's trail writes to.
pub(super) const LOG_GROUP: &str = "organization-trail";

/// The secrets that the alerters read.
#[derive(Clone, Debug)]
pub(crate) struct Secrets {
    pub(crate) slack: String,
    pub(crate) pagerduty: String,
}

/// Seeds an empty cloud, through its API wherever AWS has one.
pub(super) fn seed(cloud: &Cloud, accounts: &Accounts) -> Result<Secrets, ApiError> {
    let members = [
        (accounts.management.as_str(), "management"),
        (accounts.hub.as_str(), "security"),
        (accounts.spoke.as_str(), "workload"),
    ];
    cloud.with(|state| state.organizations.create(&accounts.organization, &accounts.management, &members));
    deploy_role(cloud, accounts, &accounts.spoke)?;
    names_role(cloud, accounts)?;
    for account in [&accounts.hub, &accounts.spoke] {
        trail(cloud, account, &accounts.hub_region)?;
    }
    // Placeholders of the right form: each fork writes the address of its own sink.
    let slack = secret(cloud, accounts, "rootwatch/slack", "https://hooks.slack.invalid/services/T0/B0/none")?;
    let pagerduty = secret(cloud, accounts, "rootwatch/pagerduty", "00000000000000000000000000000000")?;
    Ok(Secrets { slack, pagerduty })
}

/// Adds further accounts to a cloud that is seeded already: members of the organization, and outsiders.
pub(super) fn further(cloud: &Cloud, accounts: &Accounts) -> Result<(), ApiError> {
    for (place, account) in accounts.further_spokes.iter().enumerate() {
        let name = format!("workload-{}", place + 2);
        cloud.with(|state| state.organizations.add(account, &name));
    }
    for account in accounts.further() {
        deploy_role(cloud, accounts, account)?;
        trail(cloud, account, &accounts.hub_region)?;
    }
    Ok(())
}

pub(super) fn deploy_role(cloud: &Cloud, accounts: &Accounts, account: &str) -> Result<(), ApiError> {
    let trust = json!({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow",
        "Principal": {"AWS": format!("arn:aws:iam::{}:root", accounts.hub)},
        "Action": "sts:AssumeRole",
        "Condition": {"StringEquals": {"sts:ExternalId": accounts.external_id}},
    }]});
    let everything =
        json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]});
    let iam = |operation, params| cloud.api(account, "us-east-1", Service::Iam, operation, params);
    let (path, name) = accounts.deploy_role_name.rsplit_once('/').unwrap_or(("", &accounts.deploy_role_name));
    let path = if path.is_empty() { "/".to_owned() } else { format!("/{path}/") };
    iam("CreateRole", json!({"RoleName": name, "Path": path, "AssumeRolePolicyDocument": trust.to_string()}))?;
    iam("PutRolePolicy", json!({"RoleName": name, "PolicyName": "deploy", "PolicyDocument": everything.to_string()}))?;
    Ok(())
}

/// The management account's role with which the hub may list the accounts and read their names.
fn names_role(cloud: &Cloud, accounts: &Accounts) -> Result<(), ApiError> {
    let trust = json!({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow",
        "Principal": {"AWS": format!("arn:aws:iam::{}:root", accounts.hub)},
        "Action": "sts:AssumeRole",
    }]});
    let ask = json!({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Action": ["organizations:DescribeAccount", "organizations:ListAccounts"], "Resource": "*",
    }]});
    let iam = |operation, params| cloud.api(&accounts.management, "us-east-1", Service::Iam, operation, params);
    iam("CreateRole", json!({"RoleName": "account-names", "AssumeRolePolicyDocument": trust.to_string()}))?;
    iam("PutRolePolicy", json!({"RoleName": "account-names", "PolicyName": "ask", "PolicyDocument": ask.to_string()}))?;
    Ok(())
}

/// A trail of every Region that logs all management events, data and network activity, into a log group.
fn trail(cloud: &Cloud, account: &str, region: &str) -> Result<(), ApiError> {
    let api = |service, operation, params| cloud.api(account, region, service, operation, params);
    let partition = Region::new(region).partition();
    api(Service::Logs, "CreateLogGroup", json!({"logGroupName": LOG_GROUP}))?;
    let trust = json!({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": {"Service": "cloudtrail.amazonaws.com"}, "Action": "sts:AssumeRole",
    }]});
    let write = json!({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
        "Resource": format!("arn:{partition}:logs:{region}:{account}:log-group:{LOG_GROUP}:log-stream:{account}_CloudTrail_*"),
    }]});
    let role = json!({"RoleName": "cloudtrail-to-logs", "AssumeRolePolicyDocument": trust.to_string()});
    api(Service::Iam, "CreateRole", role)?;
    let policy = json!({
        "RoleName": "cloudtrail-to-logs", "PolicyName": "write", "PolicyDocument": write.to_string(),
    });
    api(Service::Iam, "PutRolePolicy", policy)?;
    // Everything that a trail can log: management events, data, network activity, insights.
    cloud.with(|state| cloudtrail::seed_trail(state, &account.into(), &region.into(), "all"));
    api(
        Service::CloudTrail,
        "UpdateTrail",
        json!({
            "Name": "all",
            "CloudWatchLogsLogGroupArn": format!("arn:{partition}:logs:{region}:{account}:log-group:{LOG_GROUP}:*"),
            "CloudWatchLogsRoleArn": format!("arn:{partition}:iam::{account}:role/cloudtrail-to-logs"),
        }),
    )?;
    Ok(())
}

fn secret(cloud: &Cloud, accounts: &Accounts, name: &str, value: &str) -> Result<String, ApiError> {
    let params = json!({"Name": name, "SecretString": value, "ClientRequestToken": format!("seed-{name:0>32}")});
    let answer = cloud.api(&accounts.hub, &accounts.hub_region, Service::SecretsManager, "CreateSecret", params)?;
    Ok(answer.get("ARN").and_then(Value::as_str).unwrap_or_default().to_owned())
}
