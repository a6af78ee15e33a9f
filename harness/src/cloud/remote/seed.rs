//! The resources of the accounts that exist before Terraform's, made through AWS's APIs: the deploy role, the alerters' secrets,
//! the log group of a trail.

use aws_credential_types::Credentials;
use serde_json::{Value, json};

use crate::cloud::difference::{Difference, Found};
use crate::deployment::Accounts;
use crate::runner::api::{self, ApiFailure, element};
use crate::runner::clients::Caller;
use crate::sink::{SHARED, Sink};

/// The log group of the trail, in both accounts.
pub(super) const LOG_GROUP: &str = "organization-trail";

/// What is known after it.
#[derive(Debug)]
pub(super) struct Seeded {
    /// Whoever deploys and injects in the hub's account.
    pub(super) hub: Caller,
    /// The same in the spoke's, by the role that Terraform assumes.
    pub(super) spoke: Caller,
    /// The organization that the cloud knows.
    pub(super) organization: Option<String>,
    pub(super) slack_secret: String,
    pub(super) pagerduty_secret: String,
    /// What the cloud could not do.
    pub(super) found: Vec<Found>,
}

/// Seeds the accounts; what is there already stays.
pub(super) async fn seed(endpoint: &str, accounts: &Accounts, sink: &Sink) -> Result<Seeded, ApiFailure> {
    let hub = Caller::administrator(endpoint, &accounts.hub, &accounts.hub_region);
    let mut found = Vec::new();
    deploy_role(&Caller::administrator(endpoint, &accounts.spoke, "us-east-1"), accounts).await?;
    let spoke = assumed(&hub, accounts).await?;
    let organization = api::json(&hub, "organizations", "AWSOrganizationsV20161128", "DescribeOrganization", json!({}));
    let organization = match organization.await {
        Ok(answer) => answer["Organization"]["Id"].as_str().map(str::to_owned),
        // An account of no organization is as it is on AWS.
        Err(error) if error.code == "AWSOrganizationsNotInUseException" => None,
        Err(error) => {
            found.push(Found::new(Difference::Organizations, error.to_string()));
            None
        }
    };
    for caller in [&hub, &spoke] {
        let group = api::json(caller, "logs", "Logs_20140328", "CreateLogGroup", json!({"logGroupName": LOG_GROUP}));
        if let Err(error) = group.await
            && !error.exists()
        {
            found.push(Found::new(Difference::Unsupported, error.to_string()));
        }
    }
    let trails = api::json(&spoke, "cloudtrail", "CloudTrail_20131101", "DescribeTrails", json!({}));
    if let Err(error) = trails.await {
        found.push(Found::new(Difference::CloudTrail, error.to_string()));
    }
    if let Err(error) = api::json(&hub, "dynamodb", "DynamoDB_20120810", "ListTables", json!({})).await {
        found.push(Found::new(Difference::DynamoDb, error.to_string()));
    }
    let url = |alerter: &str| sink.url(SHARED, alerter);
    let slack = json!({"webhook_url": url("slack")});
    let pagerduty = json!({"routing_key": "0123456789abcdef0123456789abcdef", "events_url": url("pagerduty")});
    let slack_secret = secret(&hub, "rootwatch/slack", &slack).await?;
    let pagerduty_secret = secret(&hub, "rootwatch/pagerduty", &pagerduty).await?;
    Ok(Seeded { hub, spoke, organization, slack_secret, pagerduty_secret, found })
}

async fn deploy_role(spoke: &Caller, accounts: &Accounts) -> Result<(), ApiFailure> {
    let trust = json!({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Action": "sts:AssumeRole",
        "Principal": {"AWS": format!("arn:aws:iam::{}:root", accounts.hub)},
        "Condition": {"StringEquals": {"sts:ExternalId": accounts.external_id}},
    }]});
    let everything =
        json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]});
    let (trust, everything) = (trust.to_string(), everything.to_string());
    let role = [("RoleName", "rootwatch-deploy"), ("AssumeRolePolicyDocument", trust.as_str())];
    match api::query(spoke, "iam", "2010-05-08", "CreateRole", &role).await {
        Err(error) if !error.exists() => return Err(error),
        _ => {}
    }
    let policy = [("RoleName", "rootwatch-deploy"), ("PolicyName", "deploy"), ("PolicyDocument", everything.as_str())];
    api::query(spoke, "iam", "2010-05-08", "PutRolePolicy", &policy).await.map(drop)
}

/// Becomes the deploy role, as Terraform does.
pub(super) async fn assumed(hub: &Caller, accounts: &Accounts) -> Result<Caller, ApiFailure> {
    let role = accounts.deploy_role();
    let parameters = [
        ("RoleArn", role.as_str()),
        ("RoleSessionName", "rootwatch-harness"),
        ("ExternalId", accounts.external_id.as_str()),
    ];
    let answer = api::query(hub, "sts", "2011-06-15", "AssumeRole", &parameters).await?;
    let part = |name: &str| element(&answer, name).unwrap_or_default();
    let credentials = Credentials::new(
        part("AccessKeyId"),
        part("SecretAccessKey"),
        Some(part("SessionToken")),
        None,
        "rootwatch-deploy",
    );
    Ok(Caller::new(hub.endpoint(), credentials, hub.region()))
}

async fn secret(hub: &Caller, name: &str, value: &Value) -> Result<String, ApiFailure> {
    let failed = |operation: &str, code: Option<&str>, message: String| ApiFailure {
        operation: format!("secretsmanager:{operation}"),
        code: code.unwrap_or("NoAnswer").to_owned(),
        message,
    };
    let client = hub.secrets();
    let token = uuid::Uuid::new_v4().to_string();
    let made = client.create_secret().name(name).secret_string(value.to_string()).client_request_token(token);
    let error = match made.send().await {
        Ok(answer) => return Ok(answer.arn().unwrap_or_default().to_owned()),
        Err(error) => error.into_service_error(),
    };
    if error.meta().code() != Some("ResourceExistsException") {
        return Err(failed("CreateSecret", error.meta().code(), crate::runner::chain(&error)));
    }
    let written = client.put_secret_value().secret_id(name).secret_string(value.to_string()).send().await;
    let written = written.map_err(|error| {
        let error = error.into_service_error();
        failed("PutSecretValue", error.meta().code(), crate::runner::chain(&error))
    })?;
    Ok(written.arn().unwrap_or_default().to_owned())
}
