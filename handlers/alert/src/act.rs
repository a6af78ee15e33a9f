//! The act of an alert: words for the operations that matter most, their severity, and those that open an incident of their own.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::event::{Event, SIGN_IN};
use crate::outcome::Outcome;
use crate::text::plain;
use crate::verdict::Reason;

/// How much it matters. Sinks map it to their own scales.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Looking around, or an end of trouble.
    Low,
    /// Root was involved, and the harm is bounded: a wrong password, a task by AssumeRoot, an unnamed identity.
    Medium,
    /// Root was used.
    High,
    /// Control over the account may be changing hands, or the watching of it may be ending.
    Critical,
}

impl Severity {
    /// The word in the message.
    pub fn as_str(self) -> &'static str {
        match self {
            Severity::Critical => "critical",
            Severity::High => "high",
            Severity::Medium => "medium",
            Severity::Low => "low",
        }
    }

    /// The severity as a number: a graver one is higher.
    pub fn grade(self) -> u8 {
        match self {
            Severity::Critical => 4,
            Severity::High => 3,
            Severity::Medium => 2,
            Severity::Low => 1,
        }
    }

    /// The severity that a message names; what is not known counts as high.
    pub fn from_word(word: &str) -> Self {
        match word {
            "critical" => Severity::Critical,
            "medium" => Severity::Medium,
            "low" => Severity::Low,
            _ => Severity::High,
        }
    }
}

/// What an act touches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Concern {
    /// A way into the console or the CLI.
    SignIn,
    /// An access key or another long-lived credential.
    Key,
    /// A password, or the mailbox that recovers it.
    Password,
    /// A second factor.
    Mfa,
    /// CloudTrail, threat detection, or a part of this monitor.
    Detection,
    /// The account itself: closing, ownership, its place in the organization.
    Account,
    /// Root's power over another account.
    AssumeRoot,
    /// Anything else.
    Other,
}

impl Concern {
    /// Whether such an act is an incident of its own rather than a part of a visit.
    pub fn stands_alone(self) -> bool {
        matches!(self, Concern::Key | Concern::Password | Concern::Mfa | Concern::Detection | Concern::Account)
    }
}

/// What was done, as the title says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Act {
    /// `created a root access key`
    pub did: Cow<'static, str>,
    /// `create a root access key`
    pub tried: Cow<'static, str>,
    /// How severe it is when it succeeds.
    pub severity: Severity,
    /// What it touches.
    pub concern: Concern,
}

/// A known operation: service, name, past tense, infinitive, severity of a success, concern.
type Known = (&'static str, &'static str, &'static str, &'static str, Severity, Concern);

use Concern::{Account, Detection, Key, Mfa, Password, SignIn};
use Severity::{Critical, High, Low, Medium};

/// Operations that have words of their own. The service is the event source without its domain.
#[rustfmt::skip]
const KNOWN: &[Known] = &[
    ("signin", "ConsoleLogin", "signed in", "sign in", High, SignIn),
    ("signin", "CheckMfa", "reached the MFA step of a sign-in", "reach the MFA step of a sign-in", Medium, SignIn),
    ("signin", "GetSigninToken", "made a console sign-in link", "make a console sign-in link", High, SignIn),
    ("signin", "AuthorizeOAuth2Access", "authorized a CLI sign-in (aws login)", "authorize a CLI sign-in (aws login)", High, SignIn),
    ("signin", "CreateOAuth2Token", "signed in to the CLI (aws login)", "sign in to the CLI (aws login)", High, SignIn),
    ("signin", "PasswordRecoveryRequested", "requested a root password reset", "request a root password reset", High, Password),
    ("signin", "PasswordRecoveryCompleted", "reset the root password through recovery", "reset the root password through recovery", Critical, Password),
    ("signin", "PasswordUpdated", "changed the root password", "change the root password", Critical, Password),
    ("signin", "EmailUpdated", "changed the root e-mail address", "change the root e-mail address", Critical, Password),

    ("iam", "ChangePassword", "changed the root password", "change the root password", Critical, Password),
    ("iam", "CreateAccessKey", "created a root access key", "create a root access key", Critical, Key),
    ("iam", "UpdateAccessKey", "changed the status of a root access key", "change the status of a root access key", Critical, Key),
    ("iam", "DeleteAccessKey", "deleted a root access key", "delete a root access key", High, Key),
    ("iam", "UploadSigningCertificate", "uploaded a root signing certificate", "upload a root signing certificate", Critical, Key),
    ("iam", "UpdateSigningCertificate", "changed a root signing certificate", "change a root signing certificate", Critical, Key),
    ("iam", "DeleteSigningCertificate", "deleted a root signing certificate", "delete a root signing certificate", High, Key),
    ("iam", "CreateLoginProfile", "gave root a password", "give root a password", Critical, Password),
    ("iam", "UpdateLoginProfile", "changed a root password", "change a root password", Critical, Password),
    ("iam", "DeleteLoginProfile", "deleted root's password", "delete root's password", High, Password),
    ("iam", "EnableMFADevice", "registered an MFA device for root", "register an MFA device for root", Critical, Mfa),
    ("iam", "DeactivateMFADevice", "deactivated an MFA device of root", "deactivate an MFA device of root", Critical, Mfa),
    ("iam", "CreateVirtualMFADevice", "created a virtual MFA device", "create a virtual MFA device", High, Mfa),
    ("iam", "DeleteVirtualMFADevice", "deleted a virtual MFA device", "delete a virtual MFA device", Critical, Mfa),
    ("iam", "ResyncMFADevice", "resynchronized an MFA device", "resynchronize an MFA device", High, Mfa),

    ("cloudtrail", "CreateTrail", "created a CloudTrail trail", "create a CloudTrail trail", High, Detection),
    ("cloudtrail", "StartLogging", "started a CloudTrail trail", "start a CloudTrail trail", High, Detection),
    ("events", "PutRule", "changed an EventBridge rule", "change an EventBridge rule", High, Detection),
    ("events", "PutTargets", "changed targets of an EventBridge rule", "change targets of an EventBridge rule", High, Detection),
    ("monitoring", "PutMetricAlarm", "changed a CloudWatch alarm", "change a CloudWatch alarm", High, Detection),
    ("logs", "PutSubscriptionFilter", "changed a subscription filter of a log group", "change a subscription filter of a log group", High, Detection),
    ("logs", "PutRetentionPolicy", "changed the retention of a log group", "change the retention of a log group", High, Detection),

    ("billingconsole", "CloseAccount", "closed the account", "close the account", Critical, Account),
    ("billingconsole", "SetContactAddress", "changed the contact address", "change the contact address", High, Account),
    ("account", "CloseAccount", "closed the account", "close the account", Critical, Account),
    ("account", "PutContactInformation", "changed the primary contact", "change the primary contact", High, Account),
    ("account", "PutAlternateContact", "changed an alternate contact", "change an alternate contact", High, Account),
    ("account", "DeleteAlternateContact", "deleted an alternate contact", "delete an alternate contact", High, Account),
    ("account", "PutAccountName", "changed the account's name", "change the account's name", High, Account),
    ("account", "StartPrimaryEmailUpdate", "began to change the root e-mail address", "begin to change the root e-mail address", Critical, Account),
    ("account", "AcceptPrimaryEmailUpdate", "changed the root e-mail address", "change the root e-mail address", Critical, Account),
    ("account", "EnableRegion", "enabled a Region", "enable a Region", High, Account),
    ("account", "DisableRegion", "disabled a Region", "disable a Region", High, Account),
    ("organizations", "CloseAccount", "closed an account of the organization", "close an account of the organization", Critical, Account),
    ("organizations", "CreateAccount", "created an account in the organization", "create an account in the organization", High, Account),
    ("organizations", "LeaveOrganization", "took the account out of its organization", "take the account out of its organization", Critical, Account),
    ("organizations", "RemoveAccountFromOrganization", "removed an account from the organization", "remove an account from the organization", Critical, Account),
    ("organizations", "DeleteOrganization", "deleted the organization", "delete the organization", Critical, Account),

    ("organizations", "MoveAccount", "moved an account of the organization", "move an account of the organization", High, Account),

    ("iam", "CreateServiceLinkedRole", "created a service-linked role", "create a service-linked role", Low, Concern::Other),

    ("sts", "GetSessionToken", "made temporary root credentials (GetSessionToken)", "make temporary root credentials (GetSessionToken)", High, Concern::Other),
    ("sts", "GetFederationToken", "issued a federated session (GetFederationToken)", "issue a federated session (GetFederationToken)", High, Concern::Other),
    ("sts", "AssumeRoot", "took root of an account (AssumeRoot)", "take root of an account (AssumeRoot)", Medium, Concern::AssumeRoot),
];

/// Operations that stop detection or a part of the monitor: service, name, past tense, infinitive, object. A success is
/// critical and an incident of its own.
#[rustfmt::skip]
pub(crate) const DISABLING: &[(&str, &str, &str, &str, &str)] = &[
    ("cloudtrail", "StopLogging", "stopped", "stop", "a CloudTrail trail"),
    ("cloudtrail", "DeleteTrail", "deleted", "delete", "a CloudTrail trail"),
    ("cloudtrail", "UpdateTrail", "changed", "change", "a CloudTrail trail"),
    ("cloudtrail", "PutEventSelectors", "changed", "change", "what a CloudTrail trail records"),
    ("cloudtrail", "PutInsightSelectors", "changed", "change", "the Insights of a CloudTrail trail"),
    ("cloudtrail", "DeleteEventDataStore", "deleted", "delete", "a CloudTrail Lake event data store"),
    ("cloudtrail", "UpdateEventDataStore", "changed", "change", "a CloudTrail Lake event data store"),
    ("cloudtrail", "StopEventDataStoreIngestion", "stopped", "stop", "a CloudTrail Lake event data store"),
    ("cloudtrail", "DeregisterOrganizationDelegatedAdmin", "removed", "remove", "the delegated administrator of CloudTrail"),

    ("guardduty", "DeleteDetector", "deleted", "delete", "a GuardDuty detector"),
    ("guardduty", "UpdateDetector", "changed", "change", "a GuardDuty detector"),
    ("guardduty", "StopMonitoringMembers", "stopped", "stop", "GuardDuty in member accounts"),
    ("guardduty", "DeleteMembers", "removed", "remove", "member accounts from GuardDuty"),
    ("guardduty", "DisassociateMembers", "removed", "remove", "member accounts from GuardDuty"),
    ("guardduty", "DisassociateFromMasterAccount", "separated", "separate", "GuardDuty from its administrator account"),
    ("guardduty", "DisassociateFromAdministratorAccount", "separated", "separate", "GuardDuty from its administrator account"),
    ("guardduty", "DisableOrganizationAdminAccount", "removed", "remove", "the delegated administrator of GuardDuty"),
    ("guardduty", "UpdateOrganizationConfiguration", "changed", "change", "the organization settings of GuardDuty"),
    ("guardduty", "UpdateMemberDetectors", "changed", "change", "GuardDuty detectors of member accounts"),
    ("guardduty", "DeletePublishingDestination", "deleted", "delete", "an export of GuardDuty findings"),
    ("guardduty", "CreateFilter", "created", "create", "a GuardDuty filter, which can archive findings"),
    ("guardduty", "UpdateFilter", "changed", "change", "a GuardDuty filter, which can archive findings"),
    ("guardduty", "CreateIPSet", "created", "create", "a trusted IP list of GuardDuty"),
    ("guardduty", "UpdateIPSet", "changed", "change", "a trusted IP list of GuardDuty"),

    ("config", "StopConfigurationRecorder", "stopped", "stop", "the AWS Config recorder"),
    ("config", "DeleteConfigurationRecorder", "deleted", "delete", "the AWS Config recorder"),
    ("config", "PutConfigurationRecorder", "changed", "change", "the AWS Config recorder"),
    ("config", "DeleteDeliveryChannel", "deleted", "delete", "the delivery channel of AWS Config"),
    ("config", "DeleteConfigRule", "deleted", "delete", "an AWS Config rule"),
    ("config", "DeleteOrganizationConfigRule", "deleted", "delete", "an AWS Config rule of the organization"),
    ("config", "DeleteConformancePack", "deleted", "delete", "a conformance pack"),
    ("config", "DeleteOrganizationConformancePack", "deleted", "delete", "a conformance pack of the organization"),
    ("config", "DeleteConfigurationAggregator", "deleted", "delete", "an AWS Config aggregator"),
    ("config", "DeleteAggregationAuthorization", "deleted", "delete", "an authorization of an AWS Config aggregator"),

    ("securityhub", "DisableSecurityHub", "disabled", "disable", "Security Hub"),
    ("securityhub", "DisableSecurityHubV2", "disabled", "disable", "Security Hub"),
    ("securityhub", "BatchDisableStandards", "disabled", "disable", "standards of Security Hub"),
    ("securityhub", "DisableImportFindingsForProduct", "disabled", "disable", "an import of findings into Security Hub"),
    ("securityhub", "DeleteMembers", "removed", "remove", "member accounts from Security Hub"),
    ("securityhub", "DisassociateMembers", "removed", "remove", "member accounts from Security Hub"),
    ("securityhub", "DisassociateFromMasterAccount", "separated", "separate", "Security Hub from its administrator account"),
    ("securityhub", "DisassociateFromAdministratorAccount", "separated", "separate", "Security Hub from its administrator account"),
    ("securityhub", "DisableOrganizationAdminAccount", "removed", "remove", "the delegated administrator of Security Hub"),
    ("securityhub", "UpdateOrganizationConfiguration", "changed", "change", "the organization settings of Security Hub"),
    ("inspector2", "Disable", "disabled", "disable", "Amazon Inspector"),
    ("inspector2", "DisableDelegatedAdminAccount", "removed", "remove", "the delegated administrator of Amazon Inspector"),
    ("macie2", "DisableMacie", "disabled", "disable", "Macie"),
    ("macie2", "DisableOrganizationAdminAccount", "removed", "remove", "the delegated administrator of Macie"),
    ("access-analyzer", "DeleteAnalyzer", "deleted", "delete", "an IAM Access Analyzer analyzer"),
    ("detective", "DeleteGraph", "disabled", "disable", "Detective"),
    ("ec2", "DeleteFlowLogs", "deleted", "delete", "VPC flow logs"),

    ("events", "DisableRule", "disabled", "disable", "an EventBridge rule"),
    ("events", "DeleteRule", "deleted", "delete", "an EventBridge rule"),
    ("events", "RemoveTargets", "removed", "remove", "targets of an EventBridge rule"),
    ("events", "DeleteEventBus", "deleted", "delete", "an event bus"),
    ("events", "RemovePermission", "removed", "remove", "a permission of an event bus"),
    ("sns", "DeleteTopic", "deleted", "delete", "an SNS topic"),
    ("sns", "Unsubscribe", "deleted", "delete", "an SNS subscription"),
    ("sns", "SetTopicAttributes", "changed", "change", "an SNS topic"),
    ("sns", "SetSubscriptionAttributes", "changed", "change", "an SNS subscription"),
    ("sns", "RemovePermission", "removed", "remove", "a permission of an SNS topic"),
    ("sqs", "DeleteQueue", "deleted", "delete", "an SQS queue"),
    ("sqs", "PurgeQueue", "purged", "purge", "an SQS queue"),
    ("sqs", "SetQueueAttributes", "changed", "change", "an SQS queue"),
    ("sqs", "RemovePermission", "removed", "remove", "a permission of an SQS queue"),
    ("lambda", "DeleteFunction", "deleted", "delete", "a Lambda function"),
    ("lambda", "UpdateFunctionCode", "replaced", "replace", "the code of a Lambda function"),
    ("lambda", "UpdateFunctionConfiguration", "changed", "change", "a Lambda function"),
    ("lambda", "PutFunctionConcurrency", "limited", "limit", "the concurrency of a Lambda function"),
    ("lambda", "DeleteEventSourceMapping", "deleted", "delete", "an event source mapping"),
    ("lambda", "UpdateEventSourceMapping", "changed", "change", "an event source mapping"),
    ("lambda", "RemovePermission", "removed", "remove", "a permission of a Lambda function"),
    ("monitoring", "DeleteAlarms", "deleted", "delete", "CloudWatch alarms"),
    ("monitoring", "DisableAlarmActions", "disabled", "disable", "actions of CloudWatch alarms"),
    ("monitoring", "SetAlarmState", "set", "set", "the state of a CloudWatch alarm"),
    ("logs", "DeleteMetricFilter", "deleted", "delete", "a metric filter of a log group"),
    ("logs", "PutMetricFilter", "changed", "change", "a metric filter of a log group"),
    ("logs", "DeleteSubscriptionFilter", "deleted", "delete", "a subscription filter of a log group"),
    ("logs", "DeleteLogGroup", "deleted", "delete", "a log group"),
    ("logs", "DeleteLogStream", "deleted", "delete", "a log stream"),
    ("secretsmanager", "DeleteSecret", "deleted", "delete", "a secret"),
    ("secretsmanager", "PutSecretValue", "replaced", "replace", "the value of a secret"),
    ("secretsmanager", "UpdateSecret", "changed", "change", "a secret"),
    ("secretsmanager", "UpdateSecretVersionStage", "changed", "change", "the current version of a secret"),
    ("secretsmanager", "PutResourcePolicy", "changed", "change", "the policy of a secret"),
    ("secretsmanager", "DeleteResourcePolicy", "deleted", "delete", "the policy of a secret"),
    ("kms", "DisableKey", "disabled", "disable", "a KMS key"),
    ("kms", "ScheduleKeyDeletion", "scheduled", "schedule", "the deletion of a KMS key"),
    ("kms", "PutKeyPolicy", "changed", "change", "the policy of a KMS key"),
    ("kms", "DeleteImportedKeyMaterial", "deleted", "delete", "the material of a KMS key"),
    ("kms", "RevokeGrant", "revoked", "revoke", "a grant of a KMS key"),

    ("organizations", "AttachPolicy", "attached", "attach", "a policy of the organization"),
    ("organizations", "DetachPolicy", "detached", "detach", "a policy of the organization"),
    ("organizations", "UpdatePolicy", "changed", "change", "a policy of the organization"),
    ("organizations", "DeletePolicy", "deleted", "delete", "a policy of the organization"),
    ("organizations", "DisablePolicyType", "disabled", "disable", "a policy type of the organization"),
    ("organizations", "DisableAWSServiceAccess", "disabled", "disable", "the access of an AWS service to the organization"),
    ("organizations", "DeregisterDelegatedAdministrator", "removed", "remove", "a delegated administrator"),
    ("organizations", "DeleteResourcePolicy", "deleted", "delete", "the delegation policy of the organization"),
    ("iam", "DisableOrganizationsRootCredentialsManagement", "disabled", "disable", "central management of root credentials"),
    ("iam", "DisableOrganizationsRootSessions", "disabled", "disable", "central root sessions (AssumeRoot)"),
];

/// The action of an event. `reason` is the rule that made it an alert.
pub fn act(event: Event<'_>, reason: Reason) -> Act {
    if let Reason::NotUnderstood(_) = reason {
        return Act {
            did: "caused an event that is not understood".into(),
            tried: "do something that is not understood".into(),
            severity: High,
            concern: Concern::Other,
        };
    }
    let (service, name) = (event.service(), event.operation());
    let mut act = if let Some(&(_, _, past, infinitive, object)) =
        DISABLING.iter().find(|known| known.0 == service && known.1 == name)
    {
        Act {
            did: format!("{past} {object}").into(),
            tried: format!("{infinitive} {object}").into(),
            severity: Critical,
            concern: Detection,
        }
    } else if let Some(&(_, _, did, tried, severity, concern)) =
        KNOWN.iter().find(|known| known.0 == service && known.1 == name)
    {
        Act { did: did.into(), tried: tried.into(), severity, concern }
    } else {
        return unknown(event, service, name);
    };
    let parameter = |name: &str| event.text(&["detail", "requestParameters", name]);
    match (service, name) {
        ("iam", "UpdateAccessKey") => match parameter("status") {
            Some(status) if status.eq_ignore_ascii_case("Inactive") => {
                act.did = "deactivated a root access key".into();
                act.tried = "deactivate a root access key".into();
                act.severity = High;
            }
            Some(status) if status.eq_ignore_ascii_case("Active") => {
                act.did = "activated a root access key".into();
                act.tried = "activate a root access key".into();
            }
            _ => {}
        },
        // A rule that is put as disabled is disabled.
        ("events", "PutRule") if parameter("state").is_some_and(|state| state.eq_ignore_ascii_case("DISABLED")) => {
            act.did = "disabled an EventBridge rule".into();
            act.tried = "disable an EventBridge rule".into();
            act.severity = Critical;
        }
        _ => {}
    }
    if service == "iam" && matches!(act.concern, Key | Password | Mfa) {
        name_the_user(&mut act, event, name);
    }
    act
}

fn unknown(event: Event<'_>, service: &str, name: &str) -> Act {
    let call = match (service, name) {
        ("", "") => "something that the record does not name".to_owned(),
        ("", name) => plain(name, 80),
        (service, "") => plain(service, 80),
        (service, name) => format!("{} {}", plain(service, 40), plain(name, 80)),
    };
    // A write is marked read-only now and then (payment cards are [D]), and data events are many: low is for reads
    // that also bear a reading name.
    let reads = event.flag(&["detail", "readOnly"]) == Some(true)
        && ["Get", "List", "Describe", "Head", "Lookup", "Search", "View", "BatchGet"]
            .iter()
            .any(|verb| name.starts_with(verb));
    let severity = if reads { Low } else { High };
    let kind = if reads { " (read-only)" } else { "" };
    Act {
        did: format!("called {call}{kind}").into(),
        tried: format!("call {call}{kind}").into(),
        severity,
        concern: Concern::Other,
    }
}

/// IAM's credential operations are about root itself when they name no user [V: AWS's samples, Panther's tests];
/// about an IAM user they are still root's act, though not a change of root's own credentials.
fn name_the_user(act: &mut Act, event: Event<'_>, name: &str) {
    let user = event.text(&["detail", "requestParameters", "userName"]).filter(|user| *user != "AWS ROOT USER");
    if let Some(user) = user {
        let user = plain(user, 64);
        act.did = format!("called iam {name} for the IAM user {user}").into();
        act.tried = format!("call iam {name} for the IAM user {user}").into();
        act.severity = High;
    }
}

/// How severe the act is as it went.
pub fn severity(event: Event<'_>, act: &Act, outcome: Outcome, reason: Reason) -> Severity {
    let succeeded = matches!(outcome, Outcome::Success | Outcome::Unknown);
    match reason {
        Reason::NotUnderstood(_) => High,
        // Nothing says that it was root.
        Reason::UntypedBillingAction if act.severity < Critical => Medium,
        _ if event.is(SIGN_IN, "ConsoleLogin") => match (succeeded, mfa_used(event)) {
            // AWS has enforced MFA for root since 2025: a grace period, or a gap [D].
            (true, Some(false)) => Critical,
            (true, _) => High,
            // The MFA step may mean that the password was right.
            (false, Some(true)) => High,
            (false, _) => Medium,
        },
        _ if event.is_long_lived_root_key() => match succeeded {
            true => act.severity.max(High),
            false => High,
        },
        _ if succeeded => match act.severity {
            // A task by AssumeRoot is planned more often than not; what changes credentials stays critical.
            High if event.is_assumed_root_session() => Medium,
            severity => severity,
        },
        // Root's credentials were in use, and this came of it.
        _ => act.severity.min(High),
    }
}

/// `MFAUsed` of a console sign-in.
pub fn mfa_used(event: Event<'_>) -> Option<bool> {
    event.flag(&["detail", "additionalEventData", "MFAUsed"])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_operation_is_listed_twice() {
        let known = KNOWN.iter().map(|known| (known.0, known.1));
        let mut names: Vec<_> = known.chain(DISABLING.iter().map(|known| (known.0, known.1))).collect();
        names.sort_unstable();
        let listed = names.len();
        names.dedup();
        assert_eq!(names.len(), listed);
    }

    #[test]
    fn words_are_of_one_line_and_short() {
        for known in KNOWN {
            for words in [known.2, known.3] {
                assert_eq!(plain(words, 70), words, "{}", known.1);
            }
        }
        for known in DISABLING {
            let words = format!("{} {}", known.2, known.4);
            assert_eq!(plain(&words, 80), words, "{}", known.1);
        }
    }
}
