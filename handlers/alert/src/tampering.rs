//! Changes of the monitor itself, by anyone: who made them, what they mean, and the first step.
//!
//! A change is an alert of its own type. If root makes it, it is a root activity alert as well, with other keys: an incident
//! of root activity never contains a tampering alert.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::Value;

use crate::act::{self, Act, Concern, Severity};
use crate::alert::{Alert, AlertType, alert};
use crate::event::Event;
use crate::keys::{band, deduplication_key, part, session};
use crate::outcome::Outcome;
use crate::text::plain;
use crate::verdict::{self, Reason};

use Severity::{Critical, High, Medium};

/// The deployed monitor: what a change of it looks like, and who may make one. Part of the settings of triage.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Monitor {
    /// Start of the names of its resources, as `rootwatch`.
    pub name_prefix: String,
    /// Name of the hub's event bus.
    pub event_bus_name: String,
    /// Ids of its KMS keys, and names of its secrets with the six characters that Secrets Manager appends.
    #[serde(default)]
    pub keys_and_secrets: Vec<String>,
    /// ARNs of the roles and users that deploy it. `*` matches any text.
    #[serde(default)]
    pub deploy_role_arns: Vec<String>,
    /// True to report changes by these roles with low severity. Otherwise they are only logged.
    #[serde(default)]
    pub report_deployments: bool,
}

/// The meaning of an event for the monitor itself.
#[derive(Debug, Clone, PartialEq)]
pub enum Tampering {
    /// No change of the monitor.
    No,
    /// A change by a deployment role, which is not reported.
    Deployment,
    /// A change, or a failed attempt at one.
    Alert(Box<Alert>),
}

/// Service, name, past tense, infinitive, object, severity of a success.
type Known = (&'static str, &'static str, &'static str, &'static str, &'static str, Severity);

/// Operations in addition to those that stop detection ([`act::DISABLING`]), or with another severity.
#[rustfmt::skip]
const CHANGES: &[Known] = &[
    ("events", "PutRule", "changed", "change", "an EventBridge rule", High),
    ("events", "EnableRule", "enabled", "enable", "an EventBridge rule", Medium),
    ("events", "PutTargets", "changed", "change", "targets of an EventBridge rule", High),
    ("events", "PutPermission", "changed", "change", "a permission of an event bus", Critical),
    ("events", "UpdateEventBus", "changed", "change", "an event bus", High),

    // The bus admits roles by the start of their name.
    ("iam", "CreateRole", "created", "create", "a role with a name", High),
    ("iam", "DeleteRole", "deleted", "delete", "a role", Critical),
    ("iam", "UpdateAssumeRolePolicy", "changed", "change", "the trust policy of a role", Critical),
    ("iam", "PutRolePolicy", "changed", "change", "a policy of a role", Critical),
    ("iam", "DeleteRolePolicy", "deleted", "delete", "a policy of a role", Critical),
    ("iam", "AttachRolePolicy", "attached", "attach", "a policy to a role", High),
    ("iam", "DetachRolePolicy", "detached", "detach", "a policy of a role", Critical),
    ("iam", "PutRolePermissionsBoundary", "changed", "change", "the permissions boundary of a role", Critical),
    ("iam", "DeleteRolePermissionsBoundary", "deleted", "delete", "the permissions boundary of a role", High),
    ("iam", "UpdateRole", "changed", "change", "a role", Medium),

    ("lambda", "AddPermission", "added", "add", "a permission of a Lambda function", High),
    ("lambda", "CreateEventSourceMapping", "created", "create", "an event source mapping", High),
    ("lambda", "DeleteFunctionConcurrency", "removed", "remove", "the concurrency limit of a Lambda function", Medium),

    ("sns", "Subscribe", "subscribed an endpoint to", "subscribe an endpoint to", "an SNS topic", High),
    ("sns", "AddPermission", "added", "add", "a permission of an SNS topic", High),
    ("sns", "PutDataProtectionPolicy", "changed", "change", "the data protection policy of an SNS topic", Critical),
    ("sqs", "AddPermission", "added", "add", "a permission of an SQS queue", High),

    ("monitoring", "PutMetricAlarm", "changed", "change", "a CloudWatch alarm", High),
    ("monitoring", "EnableAlarmActions", "enabled", "enable", "actions of CloudWatch alarms", Medium),
    ("logs", "PutRetentionPolicy", "changed", "change", "the retention of a log group", High),

    ("dynamodb", "DeleteTable", "deleted", "delete", "a DynamoDB table", Critical),
    ("dynamodb", "UpdateTable", "changed", "change", "a DynamoDB table", High),
    ("dynamodb", "UpdateTimeToLive", "changed", "change", "the expiry of a DynamoDB table", High),
    ("dynamodb", "UpdateContinuousBackups", "changed", "change", "the backups of a DynamoDB table", High),
    ("dynamodb", "PutResourcePolicy", "changed", "change", "the policy of a DynamoDB table", Critical),
    ("dynamodb", "DeleteResourcePolicy", "deleted", "delete", "the policy of a DynamoDB table", High),

    ("kms", "DisableKeyRotation", "disabled", "disable", "the rotation of a KMS key", High),
    ("kms", "CancelKeyDeletion", "canceled", "cancel", "the deletion of a KMS key", Medium),
    ("kms", "EnableKey", "enabled", "enable", "a KMS key", Medium),
    ("kms", "DeleteAlias", "deleted", "delete", "an alias of a KMS key", High),
    ("kms", "UpdateAlias", "changed", "change", "an alias of a KMS key", High),

    ("secretsmanager", "PutSecretValue", "replaced", "replace", "the value of a secret", High),
    ("secretsmanager", "UpdateSecret", "changed", "change", "a secret", High),
    ("secretsmanager", "RotateSecret", "rotated", "rotate", "a secret", High),
    ("secretsmanager", "CancelRotateSecret", "stopped", "stop", "the rotation of a secret", High),
    ("secretsmanager", "RestoreSecret", "restored", "restore", "a secret", Medium),
];

/// Operations on any trail: a trail has no name of the monitor, and without one EventBridge receives no event.
const TRAILS: [&str; 4] = ["StopLogging", "DeleteTrail", "UpdateTrail", "PutEventSelectors"];

/// Where records name the resources of a call, by service: paths within `detail`. [D] the services' pages about CloudTrail
const IDENTIFIERS: &[(&str, &[&str])] = &[
    ("events", &["requestParameters.name", "requestParameters.rule", "requestParameters.eventBusName"]),
    ("iam", &["requestParameters.roleName", "requestParameters.policyArn"]),
    ("lambda", &["requestParameters.functionName", "responseElements.functionArn"]),
    ("sns", &["requestParameters.topicArn", "requestParameters.subscriptionArn", "requestParameters.resourceArn"]),
    ("sqs", &["requestParameters.queueUrl"]),
    ("monitoring", &["requestParameters.alarmName", "requestParameters.alarmNames"]),
    ("logs", &["requestParameters.logGroupName", "requestParameters.filterName"]),
    ("dynamodb", &["requestParameters.tableName", "requestParameters.resourceArn"]),
    ("kms", &["requestParameters.keyId", "requestParameters.aliasName", "resources.ARN"]),
    ("secretsmanager", &["requestParameters.secretId", "responseElements.arn", "responseElements.aRN"]),
];

/// Calls of AWS's own in the course of its work, under the role of a function.
const OF_FUNCTIONS: [(&str, &str); 2] = [("logs", "CreateLogStream"), ("logs", "CreateLogGroup")];

/// Every known operation on a resource of the monitor: service, as in the event source without its domain, and name.
pub fn operations() -> impl Iterator<Item = (&'static str, &'static str)> {
    // Central root management (iam) has no resource, and a trail none with a name of the monitor.
    let has_resource = |row: &Known| row.0 != "iam" && IDENTIFIERS.iter().any(|(service, _)| *service == row.0);
    let changes = CHANGES.iter().copied().chain(disabling().filter(has_resource));
    let named: BTreeSet<_> = changes.map(|row| (row.0, row.1)).collect();
    named.into_iter().chain(TRAILS.map(|name| ("cloudtrail", name)))
}

/// The operations that stop detection, each critical.
fn disabling() -> impl Iterator<Item = Known> {
    act::DISABLING
        .iter()
        .map(|&(service, name, past, infinitive, object)| (service, name, past, infinitive, object, Critical))
}

/// Decides whether an event changes the monitor, and makes the alert.
///
/// `delivered` is when the event reached the monitor's queue. Reads, calls on other resources and calls that an AWS service
/// makes for itself are no changes.
pub fn tampering(event: &Value, monitor: &Monitor, delivered: Option<jiff::Timestamp>) -> Tampering {
    let parsed = Event::new(event);
    if !verdict::is_via_cloudtrail(parsed) || !changes(parsed, monitor) {
        return Tampering::No;
    }
    let deployment = by_deployment(parsed, monitor);
    if deployment && !monitor.report_deployments {
        return Tampering::Deployment;
    }
    let reason = if deployment { Reason::Deployment } else { Reason::MonitorChanged };
    Tampering::Alert(Box::new(alert(parsed, AlertType::Tampering, reason, delivered)))
}

fn changes(event: Event<'_>, monitor: &Monitor) -> bool {
    let (service, operation) = (event.service(), event.operation());
    if event.flag(&["detail", "readOnly"]) == Some(true)
        || event.identity("type") == Some("AWSService")
        || event.is_service_event()
        || OF_FUNCTIONS.contains(&(service, operation))
    {
        return false;
    }
    if service == "cloudtrail" {
        return TRAILS.contains(&operation);
    }
    let Some((_, paths)) = IDENTIFIERS.iter().find(|(known, _)| *known == service) else { return false };
    let Some(detail) = event.at(&["detail"]) else { return false };
    let mut identifiers = Vec::new();
    for path in *paths {
        texts(detail, path, &mut identifiers);
    }
    // A denied call often has no parameters. [D] IAM guide, troubleshoot access denied messages: "… on resource: ARN …"
    let denied = event.detail("errorMessage").and_then(|message| message.split_once("on resource: "));
    identifiers.extend(denied.and_then(|(_, rest)| rest.split_whitespace().next()));
    identifiers.iter().any(|identifier| monitor.has(service, identifier))
}

/// The texts at a path; lists stand for their elements.
fn texts<'a>(value: &'a Value, path: &str, found: &mut Vec<&'a str>) {
    match (value, path) {
        (Value::Array(items), _) => items.iter().for_each(|item| texts(item, path, found)),
        (Value::String(text), "") => found.push(text),
        (value, path) => {
            let (first, rest) = path.split_once('.').unwrap_or((path, ""));
            if let Some(value) = value.get(first) {
                texts(value, rest, found);
            }
        }
    }
}

impl Monitor {
    /// Returns true if an identifier (a name, an ARN, a URL, a key id) is that of a resource of the monitor.
    fn has(&self, service: &str, identifier: &str) -> bool {
        let named = |part: &str| {
            part.strip_prefix(self.name_prefix.as_str()).is_some_and(|rest| {
                // The key's alias is the prefix itself.
                rest.starts_with('-') || (rest.is_empty() && service == "kms" && identifier.contains("alias/"))
            }) || (service == "events" && part == self.event_bus_name)
        };
        let secret = |known: &str, part: &str| {
            // [D] API_DeleteSecret: an ARN without the six random characters, or the name.
            service == "secretsmanager" && known.len() > 7 && known.get(..known.len() - 7) == Some(part)
        };
        // The name of a secret may contain slashes.
        let tail = identifier.split_once(":secret:").map_or(identifier, |(_, name)| name);
        identifier.split([':', '/']).any(named)
            || self.keys_and_secrets.iter().any(|known| {
                known == tail || secret(known, tail) || identifier.rsplit('/').next() == Some(known.as_str())
            })
    }
}

/// Returns true if one of the monitor's deployment roles made the call.
fn by_deployment(event: Event<'_>, monitor: &Monitor) -> bool {
    let issuer = event.text(&["detail", "userIdentity", "sessionContext", "sessionIssuer", "arn"]);
    let caller = if event.identity("type") == Some("AssumedRole") { issuer } else { event.identity("arn") };
    caller.is_some_and(|caller| monitor.deploy_role_arns.iter().any(|pattern| matches(pattern, caller)))
}

/// Returns true if a text matches a pattern in which `*` is any text.
fn matches(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((start, rest)) => text
            .strip_prefix(start)
            .is_some_and(|text| (0..=text.len()).filter_map(|at| text.get(at..)).any(|end| matches(rest, end))),
    }
}

/// The action of an event that changes the monitor.
pub(crate) fn act(event: Event<'_>) -> Act {
    let (service, name) = (event.service(), event.operation());
    let known = CHANGES.iter().copied().chain(disabling()).find(|known| known.0 == service && known.1 == name);
    let of_monitor = if service == "cloudtrail" { "" } else { " of the monitor" };
    let disables = event
        .text(&["detail", "requestParameters", "state"])
        .is_some_and(|state| state.eq_ignore_ascii_case("DISABLED"));
    let (did, tried, severity) = match known {
        // A rule that is put as disabled is disabled.
        Some(_) if disables && (service, name) == ("events", "PutRule") => {
            ("disabled an EventBridge rule".to_owned(), "disable an EventBridge rule".to_owned(), Critical)
        }
        Some((_, _, past, infinitive, object, severity)) => {
            (format!("{past} {object}"), format!("{infinitive} {object}"), severity)
        }
        None => {
            let call = format!("{} {} on a resource", plain(service, 40), plain(name, 80));
            let harmless = ["Create", "Tag", "Untag"].iter().any(|verb| name.starts_with(verb));
            (format!("called {call}"), format!("call {call}"), if harmless { Medium } else { High })
        }
    };
    Act {
        did: format!("{did}{of_monitor}").into(),
        tried: format!("{tried}{of_monitor}").into(),
        severity,
        concern: Concern::Detection,
    }
}

/// The severity of a change as it went: an attempt that failed changed nothing, but somebody tries.
pub(crate) fn severity(act: &Act, outcome: Outcome, reason: Reason) -> Severity {
    match (reason, outcome) {
        (Reason::Deployment, _) => Severity::Low,
        (_, Outcome::Success | Outcome::Unknown) => act.severity,
        _ => act.severity.min(High),
    }
}

/// Who made the change: `Role Admin (alice)`, `User alice`, `Root`.
pub(crate) fn subject(event: Event<'_>) -> String {
    let arn = event.identity("arn").unwrap_or_default();
    let last = arn.rsplit('/').next().filter(|last| *last != arn);
    let name = match event.identity("type") {
        Some("Root") => "Root".to_owned(),
        Some("AssumedRole") => {
            let role = event.text(&["detail", "userIdentity", "sessionContext", "sessionIssuer", "userName"]);
            let role = role.or_else(|| arn.split('/').nth(1)).unwrap_or("unknown");
            last.map_or_else(|| format!("Role {role}"), |session| format!("Role {role} ({session})"))
        }
        Some("IAMUser") => format!("User {}", event.identity("userName").or(last).unwrap_or("unknown")),
        _ => event.identity("arn").or_else(|| event.identity("principalId")).unwrap_or("Someone").to_owned(),
    };
    plain(&name, 120)
}

/// The first step of the person who is paged.
pub(crate) fn first_step(event: Event<'_>, outcome: Outcome, reason: Reason) -> String {
    if reason == Reason::Deployment {
        return "None if a deployment was planned.".to_owned();
    }
    let who = match event.identity("type") {
        Some("Root") => "the owner of the root user".to_owned(),
        _ => subject(event).replacen("Role ", "the holder of role ", 1).replacen("User ", "the user ", 1),
    };
    let restore =
        "apply the Terraform of the monitor, then run `rootwatch verify`. Until then a missing alert proves nothing.";
    match (outcome, event.service()) {
        (Outcome::Failure | Outcome::Denied, _) => format!(
            "Ask {who} whether this was planned. The call failed and changed nothing. If not: revoke these credentials, and look for what else they did."
        ),
        (_, "cloudtrail") => format!(
            "Ask {who} whether this change was planned. If not: revoke these credentials, restore the trail, then run `rootwatch verify`. Until then a missing alert proves nothing."
        ),
        _ => format!("Ask {who} whether this change was planned. If not: revoke these credentials, {restore}"),
    }
}

/// The key of the change: another one than that of the root activity alert about the same event.
pub(crate) fn key(event: Event<'_>) -> String {
    format!("tampering-{}", deduplication_key(event))
}

/// Account, session, UTC hour and severity band: one deployment is one incident, and none of root activity.
pub(crate) fn incident(event: Event<'_>, severity: Severity) -> String {
    format!(
        "rootwatch/tampering/{}/{}/{}/{}",
        part(event.account().unwrap_or("unknown")),
        session(event),
        event.hour(),
        band(severity)
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn monitor() -> Monitor {
        Monitor {
            name_prefix: "rootwatch".to_owned(),
            event_bus_name: "hub-root-activity".to_owned(),
            keys_and_secrets: vec!["1234abcd-0000-4000-8000-000000000001".to_owned(), "team/slack-AbCdEf".to_owned()],
            deploy_role_arns: vec!["arn:aws:iam::*:role/*rootwatch-deploy".to_owned()],
            report_deployments: false,
        }
    }

    #[test]
    fn every_operation_is_listed_once() {
        let listed: Vec<_> = operations().collect();
        assert_eq!(listed.iter().collect::<BTreeSet<_>>().len(), listed.len());
        assert!(listed.len() >= 40, "{}", listed.len());
    }

    #[test]
    fn resources_of_the_monitor_are_found_in_every_form() {
        let monitor = monitor();
        let cases = [
            ("sqs", "https://sqs.us-east-1.amazonaws.com/999988887777/rootwatch-triage", true),
            ("sqs", "https://sqs.us-east-1.amazonaws.com/999988887777/orders-rootwatch", false),
            ("sqs", "https://sqs.us-east-1.amazonaws.com/999988887777/rootwatchers", false),
            ("sns", "arn:aws:sns:us-east-1:999988887777:rootwatch-root-login:0c7c3f83", true),
            ("lambda", "arn:aws:lambda:us-east-1:999988887777:function:rootwatch-triage", true),
            ("lambda", "999988887777:rootwatch-triage", true),
            ("iam", "rootwatch-delivery-us-east-1", true),
            ("iam", "arn:aws:iam::111122223333:role/monitoring/rootwatch-delivery-us-east-1", true),
            ("logs", "/aws/lambda/rootwatch-triage", true),
            ("events", "hub-root-activity", true),
            ("events", "arn:aws:events:us-east-1:999988887777:event-bus/hub-root-activity", true),
            ("lambda", "hub-root-activity", false),
            ("kms", "alias/rootwatch", true),
            ("kms", "alias/rootwatches", false),
            ("sqs", "rootwatch", false),
            ("kms", "1234abcd-0000-4000-8000-000000000001", true),
            ("kms", "arn:aws:kms:us-east-1:999988887777:key/1234abcd-0000-4000-8000-000000000001", true),
            ("kms", "1234abcd-0000-4000-8000-000000000002", false),
            ("secretsmanager", "arn:aws:secretsmanager:us-east-1:999988887777:secret:team/slack-AbCdEf", true),
            ("secretsmanager", "arn:aws:secretsmanager:us-east-1:999988887777:secret:team/slack", true),
            ("secretsmanager", "team/slack", true),
            ("secretsmanager", "slack", false),
        ];
        for (service, identifier, wanted) in cases {
            assert_eq!(monitor.has(service, identifier), wanted, "{service} {identifier}");
        }
    }

    #[test]
    fn stars_match_any_text() {
        for (pattern, text, wanted) in [
            ("arn:aws:iam::*:role/deploy", "arn:aws:iam::111122223333:role/deploy", true),
            ("arn:aws:iam::*:role/deploy", "arn:aws:iam::111122223333:role/deploy2", false),
            ("*", "", true),
            ("a*", "a", true),
            ("a*b*c", "a-b-b-c", true),
            ("a*b*c", "a-c", false),
            ("deploy", "deploy", true),
            ("é*é", "éé", true),
        ] {
            assert_eq!(matches(pattern, text), wanted, "{pattern} {text}");
        }
    }

    fn record(changes: &Value) -> Value {
        let mut event = json!({
            "detail-type": "AWS API Call via CloudTrail", "account": "111122223333", "region": "us-east-1",
            "detail": {
                "eventSource": "events.amazonaws.com", "eventName": "DisableRule", "eventID": "e", "readOnly": false,
                "eventTime": "2026-03-02T09:14:07Z", "eventType": "AwsApiCall",
                "userIdentity": {
                    "type": "AssumedRole", "arn": "arn:aws:sts::111122223333:assumed-role/Admin/alice",
                    "accessKeyId": "ASIAEXAMPLE",
                    "sessionContext": {"sessionIssuer": {
                        "type": "Role", "arn": "arn:aws:iam::111122223333:role/Admin", "userName": "Admin",
                    }},
                },
                "requestParameters": {"name": "rootwatch-root-activity"},
            },
        });
        for (path, value) in changes.as_object().into_iter().flatten() {
            if let Some(place) = event.pointer_mut(&format!("/detail/{path}")) {
                *place = value.clone();
            } else {
                event["detail"][path] = value.clone();
            }
        }
        event
    }

    #[test]
    fn only_changes_of_the_monitor_are_alerts() {
        let deploy = "arn:aws:iam::111122223333:role/rootwatch-deploy";
        let denied = |resource: &str| {
            format!(
                "User: arn:aws:sts::111122223333:assumed-role/rootwatch-x/a is not authorized to perform: events:DisableRule \
                 on resource: {resource} with an explicit deny in a service control policy"
            )
        };
        let rule = "arn:aws:events:us-east-1:111122223333:rule/rootwatch-root-activity";
        let cases = [
            ("a rule is disabled", json!({}), "critical"),
            ("another rule", json!({"requestParameters": {"name": "orders"}}), "no"),
            ("a read", json!({"readOnly": true}), "no"),
            ("an event of a service", json!({"eventType": "AwsServiceEvent"}), "no"),
            ("a service", json!({"userIdentity/type": "AWSService"}), "no"),
            ("another service's operation", json!({"eventSource": "ecs.amazonaws.com"}), "no"),
            (
                "a log stream of a function",
                json!({"eventSource": "logs.amazonaws.com", "eventName": "CreateLogStream",
                "requestParameters": {"logGroupName": "/aws/lambda/rootwatch-triage"}}),
                "no",
            ),
            (
                "any trail",
                json!({"eventSource": "cloudtrail.amazonaws.com", "eventName": "StopLogging",
                "requestParameters": {"name": "organization"}}),
                "critical",
            ),
            ("a trail is made", json!({"eventSource": "cloudtrail.amazonaws.com", "eventName": "CreateTrail"}), "no"),
            ("an unknown operation", json!({"eventName": "BreakRule"}), "high"),
            ("a tag", json!({"eventName": "TagResource"}), "medium"),
            ("a rule is put", json!({"eventName": "PutRule"}), "high"),
            (
                "a rule is put as disabled",
                json!({"eventName": "PutRule",
                "requestParameters": {"name": "rootwatch-root-activity", "state": "DISABLED"}}),
                "critical",
            ),
            (
                "a denied attempt",
                json!({"errorCode": "AccessDenied", "errorMessage": denied(rule),
                "requestParameters": null}),
                "high",
            ),
            (
                "a denied attempt elsewhere",
                json!({"errorCode": "AccessDenied", "errorMessage": denied("arn:aws:events:::rule/x"),
                "requestParameters": null}),
                "no",
            ),
            ("the deployment role", json!({"userIdentity/sessionContext/sessionIssuer/arn": deploy}), "deployment"),
            ("a user with a name like it", json!({"userIdentity/arn": deploy}), "critical"),
        ];
        for (what, changes, wanted) in cases {
            let found = match tampering(&record(&changes), &monitor(), None) {
                Tampering::No => "no",
                Tampering::Deployment => "deployment",
                Tampering::Alert(alert) => alert.severity.as_str(),
            };
            assert_eq!(found, wanted, "{what}");
        }
        let reported = Monitor { report_deployments: true, ..monitor() };
        let changes = json!({"userIdentity/sessionContext/sessionIssuer/arn": deploy});
        let Tampering::Alert(alert) = tampering(&record(&changes), &reported, None) else { panic!("no alert") };
        assert_eq!(alert.severity, Severity::Low);
    }

    #[test]
    fn an_alert_says_who_and_has_keys_of_its_own() {
        let Tampering::Alert(alert) = tampering(&record(&json!({})), &monitor(), None) else { panic!("no alert") };
        assert_eq!(alert.title, "Role Admin (alice) disabled an EventBridge rule of the monitor");
        assert_eq!(alert.deduplication_key, "tampering-e");
        assert_eq!(alert.incident_key, "rootwatch/tampering/111122223333/ASIAEXAMPLE/2026-03-02T09Z/critical");
        assert_eq!(alert.resource.as_deref(), Some("name rootwatch-root-activity"));
        let step = alert.first_step.unwrap_or_default();
        assert!(step.starts_with("Ask the holder of role Admin (alice) whether this change was planned."), "{step}");
    }
}
