//! Every layer of policies limits real calls: a call goes through, then one layer takes it away, and AWS's words say which.
//! [D] IAM user guide, reference_policies_evaluation-logic and troubleshoot_access-denied; Organizations user guide,
//! orgs_manage_policies_scps_evaluation and orgs_manage_policies_rcps

#![expect(clippy::unwrap_used, reason = "a test may end with a panic, and so may its helpers")]

#[expect(dead_code, reason = "each test of the endpoint uses a part of it")]
mod support;

use rootwatch_cloud::Clock;
use rootwatch_cloud::api::Service;
use serde_json::{Value, json};
use support::{Endpoint, send, start};

const MANAGEMENT: &str = "999988887777";
const MEMBER: &str = "111122223333";
const SISTER: &str = "444455556666";
const REGION: &str = "us-east-1";

/// An organization with both types of policies in use: `MEMBER` in a unit, `SISTER` below the root.
struct Organization {
    endpoint: Endpoint,
    root: String,
    unit: String,
}

fn policy(statements: Value) -> String {
    json!({"Version": "2012-10-17", "Statement": statements}).to_string()
}

fn allow(action: &str) -> Value {
    json!({"Effect": "Allow", "Action": action, "Resource": "*"})
}

fn deny(action: &str) -> Value {
    json!({"Effect": "Deny", "Action": action, "Resource": "*"})
}

impl Organization {
    async fn start() -> Self {
        let endpoint = start(Clock::Owned).await;
        let members = [(MANAGEMENT, "management"), (MEMBER, "member"), (SISTER, "sister")];
        endpoint.cloud.with(|state| state.organizations.create("o-abcdefghij", MANAGEMENT, &members));
        let mut organization = Self { endpoint, root: String::new(), unit: String::new() };
        let roots = organization.organizations("ListRoots", json!({}));
        organization.root = roots["Roots"][0]["Id"].as_str().unwrap().to_owned();
        let unit = json!({"ParentId": organization.root, "Name": "workloads"});
        let unit = organization.organizations("CreateOrganizationalUnit", unit);
        organization.unit = unit["OrganizationalUnit"]["Id"].as_str().unwrap().to_owned();
        for kind in ["SERVICE_CONTROL_POLICY", "RESOURCE_CONTROL_POLICY"] {
            organization.organizations("EnablePolicyType", json!({"RootId": organization.root, "PolicyType": kind}));
        }
        let parents =
            json!({"AccountId": MEMBER, "SourceParentId": organization.root, "DestinationParentId": organization.unit});
        organization.organizations("MoveAccount", parents);
        for account in [MANAGEMENT, MEMBER, SISTER] {
            organization.call(account, Service::Sqs, "CreateQueue", json!({"QueueName": "q"}));
            for path in ["/", "/aws-service-role/x.amazonaws.com/"] {
                let name = if path == "/" { "r" } else { "linked" };
                let trust = json!([{"Effect": "Allow", "Principal": {"AWS": account}, "Action": "sts:AssumeRole"}]);
                let role = json!({"RoleName": name, "Path": path, "AssumeRolePolicyDocument": policy(trust)});
                organization.call(account, Service::Iam, "CreateRole", role);
                let may = json!({"RoleName": name, "PolicyName": "p", "PolicyDocument": policy(json!([allow("*")]))});
                organization.call(account, Service::Iam, "PutRolePolicy", may);
            }
        }
        organization
    }

    fn call(&self, account: &str, service: Service, operation: &str, params: Value) -> Value {
        let answer = self.endpoint.cloud.api(account, REGION, service, operation, params.clone());
        answer.unwrap_or_else(|error| panic!("{account} {operation} {params}: {error}"))
    }

    fn organizations(&self, operation: &str, params: Value) -> Value {
        self.call(MANAGEMENT, Service::Organizations, operation, params)
    }

    /// Makes a policy of the organization and attaches it.
    fn attach(&self, kind: &str, target: &str, statements: Value) -> String {
        let made =
            json!({"Name": format!("{kind}-{target}"), "Description": "", "Type": kind, "Content": policy(statements)});
        let made = self.organizations("CreatePolicy", made);
        let id = made["Policy"]["PolicySummary"]["Id"].as_str().unwrap().to_owned();
        self.organizations("AttachPolicy", json!({"PolicyId": id, "TargetId": target}));
        id
    }

    fn managed(&self, statements: Value) -> String {
        let made = json!({"PolicyName": "m", "PolicyDocument": policy(statements)});
        self.call(MEMBER, Service::Iam, "CreatePolicy", made)["Policy"]["Arn"].as_str().unwrap().to_owned()
    }

    fn bound(&self, statements: Value) {
        let boundary = self.managed(statements);
        let params = json!({"RoleName": "r", "PermissionsBoundary": boundary});
        self.call(MEMBER, Service::Iam, "PutRolePermissionsBoundary", params);
    }

    /// A session of a role, taken on over HTTP: its access key.
    fn session(&self, account: &str, role: &str, more: Value) -> String {
        let path = if role == "linked" { "aws-service-role/x.amazonaws.com/" } else { "" };
        let mut params = more;
        params["RoleArn"] = json!(format!("arn:aws:iam::{account}:role/{path}{role}"));
        params["RoleSessionName"] = json!("session");
        let answer = self.call(account, Service::Sts, "AssumeRole", params);
        answer["Credentials"]["AccessKeyId"].as_str().unwrap().to_owned()
    }

    /// Sends a message to an account's queue over HTTP; what the refusal says, if it is one.
    async fn sends(&self, key: &str, account: &str) -> Option<String> {
        let scope = format!("{key}/20260302/{REGION}/sqs/aws4_request");
        let headers = [
            ("authorization".into(), format!("AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=00")),
            ("x-amz-target".into(), "AmazonSQS.SendMessage".into()),
            ("content-type".into(), "application/x-amz-json-1.0".into()),
        ];
        let url = format!("https://sqs.{REGION}.amazonaws.com/{account}/q");
        let body = json!({"QueueUrl": url, "MessageBody": "m"}).to_string();
        let answer = send(self.endpoint.cloud.endpoint(), "POST", "/", &headers, body.as_bytes()).await;
        let text = String::from_utf8_lossy(&answer.body).into_owned();
        match answer.status {
            200 => None,
            403 => Some(serde_json::from_str::<Value>(&text).unwrap()["message"].as_str().unwrap_or(&text).to_owned()),
            other => panic!("{other}: {text}"),
        }
    }
}

const SCP: &str = "SERVICE_CONTROL_POLICY";
const RCP: &str = "RESOURCE_CONTROL_POLICY";

fn rcp(more: Value) -> Value {
    let mut statement = json!({"Effect": "Deny", "Principal": "*", "Action": "sqs:SendMessage", "Resource": "*"});
    if more.is_object() {
        statement["Condition"] = more;
    }
    json!([statement])
}

type Setup = fn(&Organization);

/// The member's role sends to the member's queue: first it may, then a layer says no.
#[tokio::test]
async fn each_layer_takes_it_away() {
    let cases: [(&str, Setup, Value, &str); 11] = [
        (
            "a boundary without it",
            |at| at.bound(json!([allow("sns:*")])),
            json!({}),
            "because no permissions boundary allows the sqs:SendMessage action",
        ),
        (
            "a boundary that denies it",
            |at| at.bound(json!([allow("*"), deny("sqs:SendMessage")])),
            json!({}),
            "with an explicit deny in a permissions boundary",
        ),
        (
            "a session policy without it",
            |_| {},
            json!({"Policy": policy(json!([allow("sns:*")]))}),
            "because no session policy allows the sqs:SendMessage action",
        ),
        (
            "a session policy that denies it",
            |_| {},
            json!({"Policy": policy(json!([allow("*"), deny("sqs:*")]))}),
            "with an explicit deny in a session policy",
        ),
        (
            "a managed session policy without it",
            |at| drop(at.managed(json!([allow("sns:*")]))),
            json!({"PolicyArns": [{"Arn": format!("arn:aws:iam::{MEMBER}:policy/m")}]}),
            "because no session policy allows the sqs:SendMessage action",
        ),
        (
            "a service control policy on the root",
            |at| drop(at.attach(SCP, &at.root, json!([deny("sqs:*")]))),
            json!({}),
            "with an explicit deny in a service control policy",
        ),
        (
            "a service control policy on the unit",
            |at| drop(at.attach(SCP, &at.unit, json!([deny("sqs:*")]))),
            json!({}),
            "with an explicit deny in a service control policy",
        ),
        (
            "a level that allows something else",
            |at| {
                at.attach(SCP, MEMBER, json!([allow("sns:*"), allow("sts:*")]));
                at.organizations("DetachPolicy", json!({"PolicyId": "p-FullAWSAccess", "TargetId": MEMBER}));
            },
            json!({}),
            "because no service control policy allows the sqs:SendMessage action",
        ),
        (
            "a service control policy for the unit's own path",
            |at| {
                let mut statement = deny("sqs:*");
                let path = format!("o-abcdefghij/{}/{}/*", at.root, at.unit);
                statement["Condition"] = json!({"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": path}});
                at.attach(SCP, &at.root, json!([statement]));
            },
            json!({}),
            "with an explicit deny in a service control policy",
        ),
        (
            "a resource control policy on the unit",
            |at| drop(at.attach(RCP, &at.unit, rcp(json!(null)))),
            json!({}),
            "with an explicit deny in a resource control policy",
        ),
        (
            "a resource control policy for resources of the unit",
            |at| {
                let path = format!("o-abcdefghij/{}/{}/", at.root, at.unit);
                let condition = json!({"ForAnyValue:StringEquals": {"aws:ResourceOrgPaths": path}});
                at.attach(RCP, &at.root, rcp(condition));
            },
            json!({}),
            "with an explicit deny in a resource control policy",
        ),
    ];
    for (name, setup, session, reason) in cases {
        let at = Organization::start().await;
        let key = at.session(MEMBER, "r", json!({}));
        assert_eq!(at.sends(&key, MEMBER).await, None, "before {name}");
        setup(&at);
        // What limits a session is said when it is taken on.
        let key = if session == json!({}) { key } else { at.session(MEMBER, "r", session) };
        let denied = format!(
            "User: arn:aws:sts::{MEMBER}:assumed-role/r/session is not authorized to perform: sqs:SendMessage on \
             resource: arn:aws:sqs:{REGION}:{MEMBER}:q {reason}"
        );
        assert_eq!(at.sends(&key, MEMBER).await, Some(denied), "{name}");
    }
}

/// What a layer does not reach: (what is set up, who sends, to whose queue).
#[tokio::test]
async fn and_no_more_than_it_reaches() {
    let cases: [(&str, Setup, &str, &str); 8] = [
        (
            "service control policies leave the management account alone",
            |at| drop(at.attach(SCP, &at.root, json!([deny("sqs:*")]))),
            MANAGEMENT,
            "r",
        ),
        ("and service-linked roles", |at| drop(at.attach(SCP, &at.root, json!([deny("sqs:*")]))), MEMBER, "linked"),
        ("and other units", |at| drop(at.attach(SCP, &at.unit, json!([deny("sqs:*")]))), SISTER, "r"),
        (
            "resource control policies leave the management account's resources alone",
            |at| drop(at.attach(RCP, &at.root, rcp(json!(null)))),
            MANAGEMENT,
            "r",
        ),
        ("and service-linked roles", |at| drop(at.attach(RCP, &at.root, rcp(json!(null)))), MEMBER, "linked"),
        ("and other units", |at| drop(at.attach(RCP, &at.unit, rcp(json!(null)))), SISTER, "r"),
        (
            "a type that is out of use limits nobody",
            |at| {
                at.attach(SCP, &at.root, json!([deny("sqs:*")]));
                at.organizations("DisablePolicyType", json!({"RootId": at.root, "PolicyType": SCP}));
            },
            MEMBER,
            "r",
        ),
        (
            "a boundary that is taken off",
            |at| {
                at.bound(json!([allow("sns:*")]));
                at.call(MEMBER, Service::Iam, "DeleteRolePermissionsBoundary", json!({"RoleName": "r"}));
            },
            MEMBER,
            "r",
        ),
    ];
    for (name, setup, account, role) in cases {
        let at = Organization::start().await;
        setup(&at);
        let key = at.session(account, role, json!({}));
        assert_eq!(at.sends(&key, account).await, None, "{name}");
    }
}

/// The account's administrator is limited too, a resource control policy stops outsiders that the queue's own policy lets
/// in, and services without such policies are not reached.
#[tokio::test]
async fn administrators_and_neighbours() {
    let at = Organization::start().await;
    let admits = policy(
        json!([{"Effect": "Allow", "Principal": {"AWS": SISTER}, "Action": "sqs:SendMessage", "Resource": format!("arn:aws:sqs:{REGION}:{MEMBER}:q")}]),
    );
    let url = format!("https://sqs.{REGION}.amazonaws.com/{MEMBER}/q");
    let attributes = json!({"QueueUrl": url, "Attributes": {"Policy": admits}});
    at.call(MEMBER, Service::Sqs, "SetQueueAttributes", attributes);
    let sister = at.session(SISTER, "r", json!({}));
    assert_eq!(at.sends(&sister, MEMBER).await, None);
    assert_eq!(at.sends(MEMBER, MEMBER).await, None);
    let other = json!({"StringNotEquals": {"aws:PrincipalAccount": MEMBER}});
    at.attach(RCP, &at.unit, rcp(other));
    let denied = at.sends(&sister, MEMBER).await.unwrap();
    assert!(denied.ends_with("with an explicit deny in a resource control policy"), "{denied}");
    assert_eq!(at.sends(MEMBER, MEMBER).await, None);
    at.attach(SCP, &at.unit, json!([deny("sqs:SendMessage")]));
    let denied = at.sends(MEMBER, MEMBER).await.unwrap();
    assert!(denied.ends_with("with an explicit deny in a service control policy"), "{denied}");
    // SNS has no resource control policies. [D]
    let topics = json!([{"Effect": "Deny", "Principal": "*", "Action": "sns:*", "Resource": "*"}]);
    at.attach(RCP, SISTER, topics);
    at.call(SISTER, Service::Sns, "CreateTopic", json!({"Name": "t"}));
}

/// A role's boundary limits what EventBridge delivers by it, too: every delivery asks the same place.
#[tokio::test]
async fn deliveries_are_limited() {
    for bounded in [false, true] {
        let at = Organization::start().await;
        let trust =
            json!([{"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "sts:AssumeRole"}]);
        let mut role = json!({"RoleName": "forward", "AssumeRolePolicyDocument": policy(trust)});
        if bounded {
            role["PermissionsBoundary"] = json!(at.managed(json!([allow("sns:*")])));
        }
        let role = at.call(MEMBER, Service::Iam, "CreateRole", role)["Role"].clone();
        assert_eq!(role["PermissionsBoundary"]["PermissionsBoundaryType"] == "Policy", bounded);
        let may = json!({"RoleName": "forward", "PolicyName": "p", "PolicyDocument": policy(json!([allow("sqs:*")]))});
        at.call(MEMBER, Service::Iam, "PutRolePolicy", may);
        let rule = json!({"Name": "r", "EventPattern": r#"{"source":["s"]}"#});
        at.call(MEMBER, Service::EventBridge, "PutRule", rule);
        let queue = format!("arn:aws:sqs:{REGION}:{MEMBER}:q");
        let target = json!({"Rule": "r", "Targets": [{"Id": "t", "Arn": queue, "RoleArn": role["Arn"]}]});
        let put = at.call(MEMBER, Service::EventBridge, "PutTargets", target);
        assert_eq!(put["FailedEntryCount"], 0, "{put}");
        let entry = json!({"Entries": [{"Source": "s", "DetailType": "d", "Detail": "{}"}]});
        at.call(MEMBER, Service::EventBridge, "PutEvents", entry);
        at.endpoint.cloud.settle().await;
        let url = format!("https://sqs.{REGION}.amazonaws.com/{MEMBER}/q");
        let received = at.call(MEMBER, Service::Sqs, "ReceiveMessage", json!({"QueueUrl": url}));
        assert_eq!(received["Messages"].is_array(), !bounded, "{received}");
    }
}
