//! The resource that a call touched, as one line: from a table of request parameters by service.

use serde_json::Value;

use crate::event::Event;
use crate::text::plain;

/// Longest value, in characters.
const VALUE_LIMIT: usize = 160;

/// Most values that the line shows.
const SHOWN: usize = 4;

/// Longest line, in characters.
const LINE_LIMIT: usize = 400;

/// How a value is shown.
#[derive(Clone, Copy, PartialEq, Eq)]
enum As {
    /// As the record has it.
    Is,
    /// The domain of an e-mail address. The local part names a person.
    Domain,
    /// The last part of a path or URL: queue URLs are addresses.
    LastPart,
}

use As::{Domain, Is, LastPart};

/// Service, path within the record's `detail`, label, form. The order of a service's rows is the order in the line. `*`
/// matches every element of a list.
#[rustfmt::skip]
const TABLE: &[(&str, &str, &str, As)] = &[
    ("s3", "requestParameters.bucketName", "bucket", Is),
    ("s3", "requestParameters.key", "object", Is),
    ("s3control", "requestParameters.name", "access point", Is),
    ("s3control", "requestParameters.accountId", "account", Is),

    ("iam", "requestParameters.userName", "user", Is),
    ("iam", "requestParameters.groupName", "group", Is),
    ("iam", "requestParameters.roleName", "role", Is),
    ("iam", "requestParameters.policyArn", "policy", Is),
    ("iam", "requestParameters.policyName", "policy", Is),
    ("iam", "requestParameters.serialNumber", "MFA device", Is),
    ("iam", "requestParameters.virtualMFADeviceName", "MFA device", Is),
    ("iam", "requestParameters.accessKeyId", "access key", Is),
    ("iam", "requestParameters.certificateId", "certificate", Is),
    ("iam", "requestParameters.instanceProfileName", "instance profile", Is),
    ("iam", "requestParameters.sAMLProviderArn", "SAML provider", Is),
    ("iam", "requestParameters.openIDConnectProviderArn", "OIDC provider", Is),
    ("iam", "requestParameters.serverCertificateName", "certificate", Is),
    ("iam", "requestParameters.aWSServiceName", "service", Is),
    ("iam", "requestParameters.accountAlias", "account alias", Is),

    ("sts", "requestParameters.roleArn", "role", Is),
    ("sts", "requestParameters.targetPrincipal", "account", Is),
    ("sts", "requestParameters.taskPolicyArn.arn", "task policy", Is),
    ("sts", "requestParameters.name", "federated user", Is),

    ("ec2", "requestParameters.instanceType", "instance type", Is),
    ("ec2", "requestParameters.instancesSet.items.*.instanceId", "instance", Is),
    ("ec2", "responseElements.instancesSet.items.*.instanceId", "instance", Is),
    ("ec2", "requestParameters.instanceId", "instance", Is),
    ("ec2", "requestParameters.instancesSet.items.*.imageId", "image", Is),
    ("ec2", "requestParameters.imageId", "image", Is),
    ("ec2", "requestParameters.groupId", "security group", Is),
    ("ec2", "requestParameters.groupName", "security group", Is),
    ("ec2", "requestParameters.keyName", "key pair", Is),
    ("ec2", "requestParameters.volumeId", "volume", Is),
    ("ec2", "requestParameters.snapshotId", "snapshot", Is),
    ("ec2", "requestParameters.vpcId", "VPC", Is),
    ("ec2", "requestParameters.subnetId", "subnet", Is),
    ("ec2", "requestParameters.launchTemplateId", "launch template", Is),

    ("cloudtrail", "requestParameters.name", "trail", Is),
    ("cloudtrail", "requestParameters.trailName", "trail", Is),
    ("cloudtrail", "requestParameters.eventDataStore", "event data store", Is),
    ("cloudtrail", "requestParameters.delegatedAdminAccountId", "account", Is),
    ("guardduty", "requestParameters.detectorId", "detector", Is),
    ("guardduty", "responseElements.detectorId", "detector", Is),
    ("guardduty", "requestParameters.accountIds", "account", Is),
    ("guardduty", "requestParameters.adminAccountId", "account", Is),
    ("guardduty", "requestParameters.name", "name", Is),
    ("config", "requestParameters.configurationRecorderName", "recorder", Is),
    ("config", "requestParameters.configurationRecorder.name", "recorder", Is),
    ("config", "requestParameters.deliveryChannelName", "delivery channel", Is),
    ("config", "requestParameters.configRuleName", "rule", Is),
    ("config", "requestParameters.conformancePackName", "conformance pack", Is),
    ("config", "requestParameters.configurationAggregatorName", "aggregator", Is),
    ("securityhub", "requestParameters.StandardsSubscriptionArns", "standard", Is),
    ("securityhub", "requestParameters.standardsSubscriptionArns", "standard", Is),
    ("securityhub", "requestParameters.AccountIds", "account", Is),
    ("securityhub", "requestParameters.AdminAccountId", "account", Is),
    ("access-analyzer", "requestParameters.analyzerName", "analyzer", Is),

    ("events", "requestParameters.rule", "rule", Is),
    ("events", "requestParameters.name", "name", Is),
    ("events", "requestParameters.eventBusName", "event bus", Is),
    ("sns", "requestParameters.topicArn", "topic", Is),
    ("sns", "requestParameters.subscriptionArn", "subscription", Is),
    ("sns", "requestParameters.name", "topic", Is),
    ("sqs", "requestParameters.queueUrl", "queue", LastPart),
    ("sqs", "requestParameters.queueName", "queue", Is),
    ("lambda", "requestParameters.functionName", "function", Is),
    ("lambda", "requestParameters.role", "role", Is),
    ("lambda", "requestParameters.uUID", "event source mapping", Is),
    ("monitoring", "requestParameters.alarmName", "alarm", Is),
    ("monitoring", "requestParameters.alarmNames", "alarm", Is),
    ("logs", "requestParameters.logGroupName", "log group", Is),
    ("logs", "requestParameters.filterName", "filter", Is),
    ("logs", "requestParameters.logStreamName", "log stream", Is),
    ("secretsmanager", "requestParameters.secretId", "secret", Is),
    ("secretsmanager", "requestParameters.name", "secret", Is),
    ("kms", "requestParameters.keyId", "key", Is),
    ("kms", "requestParameters.aliasName", "alias", Is),
    ("kms", "responseElements.keyMetadata.keyId", "key", Is),
    ("dynamodb", "requestParameters.tableName", "table", Is),

    ("organizations", "responseElements.createAccountStatus.accountId", "account", Is),
    ("organizations", "requestParameters.accountId", "account", Is),
    ("organizations", "requestParameters.accountName", "account name", Is),
    ("organizations", "requestParameters.email", "e-mail domain", Domain),
    ("organizations", "requestParameters.policyId", "policy", Is),
    ("organizations", "requestParameters.targetId", "target", Is),
    ("organizations", "requestParameters.policyType", "policy type", Is),
    ("organizations", "requestParameters.servicePrincipal", "service", Is),
    ("organizations", "requestParameters.destinationParentId", "new parent", Is),
    ("organizations", "requestParameters.organizationalUnitId", "organizational unit", Is),
    ("organizations", "requestParameters.name", "name", Is),
    ("account", "requestParameters.accountId", "account", Is),
    ("account", "requestParameters.alternateContactType", "contact", Is),
    ("account", "requestParameters.regionName", "Region", Is),
    ("account", "requestParameters.accountName", "account name", Is),
    ("account", "requestParameters.emailAddress", "e-mail domain", Domain),
    ("account", "requestParameters.primaryEmail", "e-mail domain", Domain),
    ("ses", "requestParameters.emailIdentity", "identity", Domain),
    ("ses", "requestParameters.identity", "identity", Domain),
    ("rds", "requestParameters.dBInstanceIdentifier", "database", Is),
    ("rds", "requestParameters.dBClusterIdentifier", "database cluster", Is),
    ("rds", "requestParameters.dBSnapshotIdentifier", "database snapshot", Is),
    ("route53", "requestParameters.hostedZoneId", "hosted zone", Is),
    ("route53", "requestParameters.name", "domain", Is),
    ("route53domains", "requestParameters.domainName", "domain", Is),
    ("cloudformation", "requestParameters.stackName", "stack", Is),
    ("ecs", "requestParameters.cluster", "cluster", Is),
    ("eks", "requestParameters.name", "cluster", Is),
    ("ssm", "requestParameters.instanceIds", "instance", Is),
    ("ssm", "requestParameters.documentName", "document", Is),
    ("ssm", "requestParameters.name", "name", Is),
];

/// Ends of parameter names that identify a resource, for services that the table does not have.
const IDENTIFYING: [&str; 5] = ["name", "arn", "id", "identifier", "domain"];

/// The touched resource in a line: `bucket payroll`, `user backup, policy arn:aws:iam::aws:policy/AdministratorAccess`. None
/// where the record does not name any.
pub fn resource(event: Event<'_>) -> Option<String> {
    let service = event.service();
    let mut found: Vec<(String, String)> = Vec::new();
    let detail = event.at(&["detail"])?;
    for (_, path, label, form) in TABLE.iter().filter(|row| row.0 == service) {
        let mut values = Vec::new();
        collect(detail, path, &mut values);
        add(&mut found, label, &values, *form);
    }
    if found.is_empty()
        && let Some(Value::Array(resources)) = event.at(&["detail", "resources"])
    {
        let arns: Vec<_> = resources.iter().filter_map(|resource| shown(resource.get("ARN")?)).collect();
        add(&mut found, "", &arns, Is);
    }
    // The parameters of a sign-in name clients of AWS's own.
    if found.is_empty()
        && service != "signin"
        && let Some(Value::Object(parameters)) = event.at(&["detail", "requestParameters"])
    {
        let mut named: Vec<_> = parameters
            .iter()
            .filter(|(name, _)| {
                let name = name.to_ascii_lowercase();
                IDENTIFYING.iter().any(|end| name.ends_with(end)) && !name.contains("token")
            })
            .collect();
        // The line is a function of the event, not of the order of its fields.
        named.sort_by_key(|(name, _)| name.as_str());
        for (name, value) in named {
            add(&mut found, &plain(name, 40), &shown(value).into_iter().collect::<Vec<_>>(), Is);
        }
    }
    let more = found.len().saturating_sub(SHOWN);
    let mut parts: Vec<String> =
        found.into_iter().take(SHOWN).map(|(label, value)| format!("{label} {value}").trim().to_owned()).collect();
    if more > 0 {
        parts.push(format!("and {more} more"));
    }
    Some(plain(&parts.join(", "), LINE_LIMIT)).filter(|line| !line.is_empty())
}

/// Adds the values under a label; a value that is already there under any label is not repeated.
fn add(found: &mut Vec<(String, String)>, label: &str, values: &[String], form: As) {
    for value in values {
        let value = match form {
            Is => value.as_str(),
            Domain => value.rsplit('@').next().unwrap_or_default(),
            LastPart => value.rsplit('/').next().unwrap_or_default(),
        };
        let value = plain(value, VALUE_LIMIT);
        if !value.is_empty() && !found.iter().any(|(_, other)| *other == value) {
            found.push((label.to_owned(), value));
        }
    }
}

/// The texts at a path.
fn collect(value: &Value, path: &str, values: &mut Vec<String>) {
    let (first, rest) = path.split_once('.').map_or((path, None), |(first, rest)| (first, Some(rest)));
    let next: Vec<&Value> = match (first, value) {
        ("*", Value::Array(items)) => items.iter().take(50).collect(),
        (name, value) => value.get(name).into_iter().collect(),
    };
    for value in next {
        match (rest, value) {
            (Some(rest), value) => collect(value, rest, values),
            (None, Value::Array(items)) => values.extend(items.iter().take(50).filter_map(shown)),
            (None, value) => values.extend(shown(value)),
        }
    }
}

/// A text or number.
fn shown(value: &Value) -> Option<String> {
    match value {
        // CloudTrail masks some values [D: Organizations, CloudTrail].
        Value::String(text) => Some(text.clone()).filter(|text| {
            !text.is_empty() && !text.chars().all(|c| c == '*') && text != "HIDDEN_DUE_TO_SECURITY_REASONS"
        }),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}
