//! The filters that people run on CloudTrail: those of the CIS AWS Foundations Benchmark, in the spellings of AWS's
//! documentation and of public Terraform modules, against records they are meant for and records they are not.

use super::FilterPattern;

/// A record of so many members.
fn record(members: &str) -> String {
    format!("{{{members}}}")
}

/// An event of a service.
fn event(source: &str, name: &str) -> String {
    record(&format!(
        r#""eventVersion":"1.08","eventSource":"{source}.amazonaws.com","eventName":"{name}","eventType":"AwsApiCall""#
    ))
}

/// A filter, and records (members of the object) with what it says of them.
fn check(source: &str, pattern: &str, cases: &[(String, bool)]) {
    let parsed = FilterPattern::parse(pattern).unwrap_or_else(|error| panic!("{source}: {pattern}: {error}"));
    for (line, expected) in cases {
        assert_eq!(parsed.matches(line), *expected, "{source}: {pattern} on {line}");
    }
}

/// [D] Security Hub user guide, CloudWatch controls; the same texts in CIS 1.2 to 1.4
#[test]
fn lists_of_events() {
    let any =
        |names: &[&str]| names.iter().map(|name| format!("($.eventName={name})")).collect::<Vec<_>>().join(" || ");
    let cases: [(&str, Option<&str>, &[&str], &str); 11] = [
        (
            "[D] CloudWatch.4, CIS 3.4",
            Some("iam"),
            &["DeleteGroupPolicy", "DeleteRolePolicy", "PutRolePolicy", "AttachRolePolicy"],
            "GetRolePolicy",
        ),
        (
            "[D] CloudWatch.5, CIS 3.5",
            None,
            &["CreateTrail", "UpdateTrail", "DeleteTrail", "StartLogging", "StopLogging"],
            "DescribeTrails",
        ),
        ("[D] CloudWatch.7, CIS 3.7", Some("kms"), &["DisableKey", "ScheduleKeyDeletion"], "EnableKey"),
        (
            "[D] CloudWatch.8, CIS 3.8",
            Some("s3"),
            &["PutBucketAcl", "PutBucketPolicy", "PutBucketCors", "DeleteBucketPolicy"],
            "GetBucketAcl",
        ),
        (
            "[D] CloudWatch.9, CIS 3.9",
            Some("config"),
            &["StopConfigurationRecorder", "DeleteDeliveryChannel", "PutDeliveryChannel", "PutConfigurationRecorder"],
            "DescribeDeliveryChannels",
        ),
        (
            "[D] CloudWatch.10, CIS 3.10",
            None,
            &[
                "AuthorizeSecurityGroupIngress",
                "RevokeSecurityGroupEgress",
                "CreateSecurityGroup",
                "DeleteSecurityGroup",
            ],
            "DescribeSecurityGroups",
        ),
        (
            "[D] CloudWatch.11, CIS 3.11",
            None,
            &["CreateNetworkAcl", "CreateNetworkAclEntry", "ReplaceNetworkAclAssociation"],
            "DescribeNetworkAcls",
        ),
        (
            "[D] CloudWatch.12, CIS 3.12",
            None,
            &["CreateCustomerGateway", "AttachInternetGateway", "DetachInternetGateway"],
            "DescribeInternetGateways",
        ),
        (
            "[D] CloudWatch.13, CIS 3.13",
            Some("ec2"),
            &["CreateRoute", "ReplaceRoute", "DeleteRoute", "DisassociateRouteTable"],
            "DescribeRouteTables",
        ),
        (
            "[D] CloudWatch.14, CIS 3.14",
            None,
            &["CreateVpc", "DeleteVpc", "AcceptVpcPeeringConnection", "EnableVpcClassicLink"],
            "DescribeVpcs",
        ),
        (
            "[D] CIS 1.4 4.15",
            Some("organizations"),
            &["AcceptHandshake", "CreateAccount", "LeaveOrganization"],
            "ListAccounts",
        ),
    ];
    for (source, service, names, other) in cases {
        let (pattern, home) = match service {
            // A host's name has no quotes there.
            Some(service) => (format!("{{($.eventSource={service}.amazonaws.com) && ({})}}", any(names)), service),
            None => (format!("{{{}}}", any(names)), "ec2"),
        };
        let mut records: Vec<(String, bool)> = names.iter().map(|name| (event(home, name), true)).collect();
        records.push((event(home, other), false));
        records.push((event("lambda", names[0]), service.is_none()));
        records.push((event(home, &format!("{}s", names[0])), false));
        check(source, &pattern, &records);
    }
}

#[test]
fn sign_ins_and_refusals() {
    let login = |members: &str| record(&format!(r#""eventName":"ConsoleLogin",{members}"#));
    check(
        "[D] CloudWatch.2, CIS 3.1",
        r#"{($.errorCode="*UnauthorizedOperation") || ($.errorCode="AccessDenied*")}"#,
        &[
            (record(r#""errorCode":"Client.UnauthorizedOperation""#), true),
            (record(r#""errorCode":"AccessDenied""#), true),
            (record(r#""errorCode":"AccessDeniedException""#), true),
            (record(r#""errorCode":"NoSuchBucket""#), false),
            (record(r#""errorMessage":"AccessDenied""#), false),
        ],
    );
    check(
        "[D] CIS 1.4 4.1: && binds more tightly than ||",
        r#"{ ($.errorCode ="*UnauthorizedOperation") || ($.errorCode ="AccessDenied*") && ($.sourceIPAddress!="delivery.logs.amazonaws.com") && ($.eventName!="HeadBucket") }"#,
        &[
            (record(r#""errorCode":"AccessDenied","sourceIPAddress":"203.0.113.9","eventName":"GetObject""#), true),
            (record(r#""errorCode":"AccessDenied","sourceIPAddress":"203.0.113.9","eventName":"HeadBucket""#), false),
            (
                record(
                    r#""errorCode":"AccessDenied","sourceIPAddress":"delivery.logs.amazonaws.com","eventName":"PutObject""#,
                ),
                false,
            ),
            (
                record(r#""errorCode":"Client.UnauthorizedOperation","sourceIPAddress":"x","eventName":"HeadBucket""#),
                true,
            ),
        ],
    );
    check(
        "[D] CloudWatch.3, CIS 3.2",
        r#"{ ($.eventName = "ConsoleLogin") && ($.additionalEventData.MFAUsed != "Yes") && ($.userIdentity.type = "IAMUser") && ($.responseElements.ConsoleLogin = "Success") }"#,
        &[
            (
                login(
                    r#""additionalEventData":{"MFAUsed":"No"},"userIdentity":{"type":"IAMUser"},"responseElements":{"ConsoleLogin":"Success"}"#,
                ),
                true,
            ),
            (
                login(
                    r#""additionalEventData":{"MFAUsed":"Yes"},"userIdentity":{"type":"IAMUser"},"responseElements":{"ConsoleLogin":"Success"}"#,
                ),
                false,
            ),
            (
                login(
                    r#""additionalEventData":{"MFAUsed":"No"},"userIdentity":{"type":"Root"},"responseElements":{"ConsoleLogin":"Success"}"#,
                ),
                false,
            ),
            (
                login(
                    r#""additionalEventData":{"MFAUsed":"No"},"userIdentity":{"type":"IAMUser"},"responseElements":{"ConsoleLogin":"Failure"}"#,
                ),
                false,
            ),
        ],
    );
    check(
        "[D] CloudWatch.6, CIS 3.6",
        r#"{($.eventName=ConsoleLogin) && ($.errorMessage="Failed authentication")}"#,
        &[
            (login(r#""errorMessage":"Failed authentication""#), true),
            (login(r#""errorMessage":"No username found in supplied account""#), false),
            (login(r#""responseElements":{"ConsoleLogin":"Success"}"#), false),
        ],
    );
}

/// The same rule in the spellings in which it is deployed: with and without space, parentheses and quotes.
#[test]
fn root() {
    let by = |members: &str| record(&format!(r#""eventVersion":"1.08",{members}"#));
    let records = [
        (by(r#""userIdentity":{"type":"Root","accountId":"111122223333"},"eventType":"AwsApiCall""#), true),
        (by(r#""userIdentity":{"type":"Root"},"eventType":"AwsConsoleSignIn""#), true),
        (by(r#""userIdentity":{"type":"Root","invokedBy":"signin.amazonaws.com"},"eventType":"AwsApiCall""#), false),
        (by(r#""userIdentity":{"type":"Root","invokedBy":null},"eventType":"AwsApiCall""#), false),
        (by(r#""userIdentity":{"type":"Root"},"eventType":"AwsServiceEvent""#), false),
        (by(r#""userIdentity":{"type":"IAMUser","userName":"Root"},"eventType":"AwsApiCall""#), false),
        (by(r#""userIdentity":{"type":"AssumedRole"},"eventType":"AwsApiCall""#), false),
    ];
    let spellings = [
        (
            "[D] CloudWatch.1, Security Hub",
            r#"{$.userIdentity.type="Root" && $.userIdentity.invokedBy NOT EXISTS && $.eventType !="AwsServiceEvent"}"#,
        ),
        (
            "[D] CIS 1.2 to 3.0",
            r#"{ $.userIdentity.type = "Root" && $.userIdentity.invokedBy NOT EXISTS && $.eventType != "AwsServiceEvent" }"#,
        ),
        (
            "[T] Terraform modules",
            r#"{ ($.userIdentity.type = "Root") && ($.userIdentity.invokedBy NOT EXISTS) && ($.eventType != "AwsServiceEvent") }"#,
        ),
        (
            "[T] Terraform modules, no quotes",
            "{ $.userIdentity.type = Root && $.userIdentity.invokedBy NOT EXISTS && $.eventType != AwsServiceEvent }",
        ),
        (
            "[T] a heredoc's line breaks",
            "{\n  $.userIdentity.type = \"Root\" &&\n  $.userIdentity.invokedBy NOT EXISTS &&\n  $.eventType != \"AwsServiceEvent\"\n}\n",
        ),
    ];
    for (source, pattern) in spellings {
        check(source, pattern, &records);
    }
}
