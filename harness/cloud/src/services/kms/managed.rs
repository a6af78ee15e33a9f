//! Keys that AWS makes for a service: `alias/aws/sns` and the like. [D] concepts, AWS managed keys; API_ListAliases

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::Key;
use super::alias::Alias;
use super::operations::policy;
use crate::api::{ApiError, Call};
use crate::id::Arn;

/// Services whose alias is in every account before its key is. [D] API_ListAliases: "predefined aliases"; which, is [T]
const SERVICES: [&str; 17] = [
    "acm",
    "cloudtrail",
    "dynamodb",
    "ebs",
    "elasticfilesystem",
    "es",
    "glue",
    "kinesisvideo",
    "lambda",
    "rds",
    "redshift",
    "s3",
    "secretsmanager",
    "sns",
    "sqs",
    "ssm",
    "xray",
];

/// Makes the key of the service alias that the call names, if there is none yet: DescribeKey does. [D] API_ListAliases
pub(super) fn associate(call: &mut Call<'_>) -> Result<(), ApiError> {
    let Some(text) = call.text("KeyId") else { return Ok(()) };
    let name = Arn::parse(text).map_or_else(|| text.to_owned(), |arn| arn.resource().to_owned());
    let alias = call.arn(&name);
    let service = SERVICES.into_iter().find(|service| name.strip_prefix("alias/aws/") == Some(*service));
    let (Some(service), false) = (service, call.state.kms.aliases.contains(&alias)) else { return Ok(()) };
    let policy = policy(call, &policy_text(call, service))?;
    let id = call.state.uuid();
    let arn = call.arn(format!("key/{id}"));
    let now = call.state.now;
    let key = Key {
        description: format!("Default key that protects my {service} data when no other key is defined"),
        policy,
        enabled: true,
        deletion: None,
        rotation_days: Some(365),
        next_rotation: None,
        rotations: Vec::new(),
        grants: BTreeMap::new(),
        tags: BTreeMap::new(),
        created: now,
        service: Some(service.to_owned()),
        material: call.state.hex(64),
    };
    call.state.kms.keys.insert(arn.clone(), key);
    call.state.kms.aliases.insert(alias, Alias::new(arn, now));
    Ok(())
}

/// Aliases of services that have no key yet, as ListAliases shows them: without a target.
pub(super) fn unused(call: &Call<'_>, all: bool) -> Vec<Value> {
    let arns = SERVICES.map(|service| call.arn(format!("alias/aws/{service}")));
    let unused = arns.iter().filter(|alias| all && !call.state.kms.aliases.contains(*alias));
    unused.map(|alias| json!({"AliasName": alias.resource(), "AliasArn": alias.as_str()})).collect()
}

/// Principals of the account use the key through the service, and the account sees it. [T] the policy of such a key
fn policy_text(call: &Call<'_>, service: &str) -> String {
    let (account, region) = (&call.account, &call.region);
    json!({"Version": "2012-10-17", "Id": format!("auto-{service}-1"), "Statement": [
        {
            "Sid": format!("Allow access through {service} for all principals in the account that are authorized to use {service}"),
            "Effect": "Allow", "Principal": {"AWS": "*"},
            "Action": ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:CreateGrant", "kms:DescribeKey"],
            "Resource": "*",
            "Condition": {"StringEquals": {
                "kms:CallerAccount": account.as_str(),
                "kms:ViaService": format!("{service}.{region}.{}", region.dns_suffix()),
            }},
        },
        {
            "Sid": "Allow direct access to key metadata to the account",
            "Effect": "Allow", "Principal": {"AWS": format!("arn:{}:iam::{account}:root", region.partition())},
            "Action": ["kms:Describe*", "kms:Get*", "kms:List*", "kms:RevokeGrant"],
            "Resource": "*",
        },
    ]})
    .to_string()
}
