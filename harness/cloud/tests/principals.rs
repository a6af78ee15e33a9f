//! Services that store a policy look up the users and roles that it names.

#![expect(clippy::unwrap_used, reason = "a test may end with a panic, and so may its helpers")]

#[expect(dead_code, reason = "each test of the endpoint uses a part of it")]
mod support;

use rootwatch_cloud::Clock;
use rootwatch_cloud::api::Service;
use serde_json::{Value, json};
use support::{ACCOUNT, start};

const REGION: &str = "us-east-1";
const OTHER: &str = "444455556666";

struct Case {
    service: &'static str,
    operation: &'static str,
    /// The call before it.
    made: Option<(&'static str, Value)>,
    /// The policy, as a string, replaces `${policy}`.
    params: Value,
    code: &'static str,
    text: &'static str,
}

fn cases(role: &str) -> Vec<Case> {
    let queue = format!("https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/q");
    let topic = format!("arn:aws:sns:{REGION}:{ACCOUNT}:t");
    let policy = "${policy}";
    let trust = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"AWS": role}, "Action": "sts:AssumeRole"}]})
    .to_string();
    vec![
        // [T] hashicorp/terraform-provider-aws#26041
        Case {
            service: "sns",
            operation: "SetTopicAttributes",
            made: Some(("CreateTopic", json!({"Name": "t"}))),
            params: json!({"TopicArn": topic, "AttributeName": "Policy", "AttributeValue": policy}),
            code: "InvalidParameter",
            text: "Invalid parameter: Policy Error: PrincipalNotFound",
        },
        // [T] TestAccAWSSNSTopic_withFakeIAMRole
        Case {
            service: "sns",
            operation: "CreateTopic",
            made: None,
            params: json!({"Name": "t", "Attributes": {"Policy": policy}}),
            code: "InvalidParameter",
            text: "PrincipalNotFound",
        },
        // [D] IAM user guide, Principal; the text is [?]
        Case {
            service: "sqs",
            operation: "SetQueueAttributes",
            made: Some(("CreateQueue", json!({"QueueName": "q"}))),
            params: json!({"QueueUrl": queue, "Attributes": {"Policy": policy}}),
            code: "InvalidAttributeValue",
            text: "Invalid value for the parameter Policy.",
        },
        Case {
            service: "sqs",
            operation: "CreateQueue",
            made: None,
            params: json!({"QueueName": "q", "Attributes": {"Policy": policy}}),
            code: "InvalidAttributeValue",
            text: "Invalid value for the parameter Policy.",
        },
        // [T] awslabs/minimum-viable-dataspace-on-aws#6
        Case {
            service: "kms",
            operation: "CreateKey",
            made: None,
            params: json!({"Policy": policy, "BypassPolicyLockoutSafetyCheck": true}),
            code: "MalformedPolicyDocumentException",
            text: "Policy contains a statement with one or more invalid principals.",
        },
        // [D] IAM user guide, Principal; the text is [?]
        Case {
            service: "secretsmanager",
            operation: "PutResourcePolicy",
            made: Some(("CreateSecret", json!({"Name": "s"}))),
            params: json!({"SecretId": "s", "ResourcePolicy": policy}),
            code: "MalformedPolicyDocumentException",
            text: "This resource policy contains an unsupported principal.",
        },
        // [T] cloud-custodian/cloud-custodian#4948
        Case {
            service: "s3",
            operation: "PutBucketPolicy",
            made: Some(("CreateBucket", json!({"Bucket": "rootwatch-principals"}))),
            params: json!({"Bucket": "rootwatch-principals", "Text": policy}),
            code: "MalformedPolicy",
            text: "Invalid principal in policy",
        },
        // [T] hashicorp/terraform-provider-aws#8905
        Case {
            service: "iam",
            operation: "CreateRole",
            made: None,
            params: json!({"RoleName": "trusting", "AssumeRolePolicyDocument": trust}),
            code: "MalformedPolicyDocument",
            text: "Invalid principal in policy: \"AWS\":\"",
        },
    ]
}

/// Terraform puts its own identity into policies, as `aws_caller_identity` shows it.
#[tokio::test]
async fn a_policy_may_name_the_administrator_of_an_account() {
    let endpoint = start(Clock::Owned).await;
    let sts = Service::from_signing_name("sts").unwrap();
    let identity = endpoint.cloud.api(OTHER, REGION, sts, "GetCallerIdentity", json!({})).unwrap();
    let policy = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"AWS": [identity["Arn"], ACCOUNT]}, "Action": "kms:*", "Resource": "*"}]});
    let kms = Service::from_signing_name("kms").unwrap();
    let made = endpoint.cloud.api(ACCOUNT, REGION, kms, "CreateKey", json!({"Policy": policy.to_string()}));
    assert!(made.is_ok(), "{made:?}");
}

#[tokio::test]
async fn a_policy_that_names_a_missing_role_is_refused_until_the_role_exists() {
    let role = format!("arn:aws:iam::{OTHER}:role/team/reader");
    let policy = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"AWS": [role, ACCOUNT]}, "Action": "${action}", "Resource": "*"}]})
    .to_string();
    let trust = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}]})
    .to_string();
    for case in cases(&role) {
        let endpoint = start(Clock::Owned).await;
        let call = |account: &str, service: &str, operation: &str, params: Value| {
            let service = Service::from_signing_name(service).unwrap();
            endpoint.cloud.api(account, REGION, service, operation, params)
        };
        let action = match case.service {
            "sns" => "SNS:Publish",
            "sqs" => "sqs:SendMessage",
            service => &format!("{service}:Get*"),
        };
        let text = json!(policy.replace("${action}", action)).to_string();
        let params = case.params.to_string().replace("\"${policy}\"", &text);
        let params = || serde_json::from_str::<Value>(&params).unwrap();
        if let Some((operation, params)) = case.made {
            let made = call(ACCOUNT, case.service, operation, params);
            assert!(made.is_ok(), "{} {operation}: {made:?}", case.service);
        }
        let name = format!("{} {}", case.service, case.operation);
        let refused = call(ACCOUNT, case.service, case.operation, params()).expect_err(&name);
        assert_eq!(refused.code, case.code, "{name}");
        assert!(refused.message.contains(case.text), "{name}: {}", refused.message);
        let role = json!({"RoleName": "reader", "Path": "/team/", "AssumeRolePolicyDocument": trust});
        call(OTHER, "iam", "CreateRole", role).unwrap();
        let taken = call(ACCOUNT, case.service, case.operation, params());
        assert!(taken.is_ok(), "{name}: {taken:?}");
    }
}
