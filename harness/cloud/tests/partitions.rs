//! The same cloud in each partition: ARNs, principals, endpoints, and what does not go from one to another.

#![expect(clippy::unwrap_used, reason = "a test may end with a panic, and so may its helpers")]

#[expect(dead_code, reason = "each test of the endpoint uses a part of it")]
mod support;

use rootwatch_cloud::Clock;
use rootwatch_cloud::api::{ApiError, Service};
use serde_json::{Value, json};
use support::{ACCOUNT, Endpoint, start};

/// Partition, two of its Regions, the suffix of its endpoints. [D] AWS general reference, ARNs and partitions
const PARTITIONS: [(&str, [&str; 2], &str); 3] = [
    ("aws", ["eu-west-1", "af-south-1"], "amazonaws.com"),
    ("aws-cn", ["cn-north-1", "cn-northwest-1"], "amazonaws.com.cn"),
    ("aws-us-gov", ["us-gov-west-1", "us-gov-east-1"], "amazonaws.com"),
];

fn try_call(
    endpoint: &Endpoint,
    region: &str,
    service: Service,
    operation: &str,
    params: Value,
) -> Result<Value, ApiError> {
    endpoint.cloud.api(ACCOUNT, region, service, operation, params)
}

fn call(endpoint: &Endpoint, region: &str, service: Service, operation: &str, params: Value) -> Value {
    try_call(endpoint, region, service, operation, params.clone())
        .unwrap_or_else(|error| panic!("{region} {operation} {params}: {error}"))
}

fn policy(effect: Value) -> String {
    json!({"Version": "2012-10-17", "Statement": [effect]}).to_string()
}

/// A role that EventBridge may take, with the permission to put events anywhere.
fn role(endpoint: &Endpoint, region: &str, partition: &str) -> String {
    // The service's name is the same in every partition. [D] IAM user guide, service principals
    let trust =
        json!({"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "sts:AssumeRole"});
    let name = format!("r-{region}");
    let params = json!({"RoleName": name, "AssumeRolePolicyDocument": policy(trust)});
    let made = call(endpoint, region, Service::Iam, "CreateRole", params);
    let may =
        json!({"Effect": "Allow", "Action": "events:PutEvents", "Resource": format!("arn:{partition}:events:*:*:*")});
    let params = json!({"RoleName": name, "PolicyName": "p", "PolicyDocument": policy(may)});
    call(endpoint, region, Service::Iam, "PutRolePolicy", params);
    made["Role"]["Arn"].as_str().unwrap().to_owned()
}

/// A bus that lets in whom the account sends, by a policy in the words of the partition.
fn open_bus(endpoint: &Endpoint, region: &str, partition: &str) -> String {
    let bus = call(endpoint, region, Service::EventBridge, "CreateEventBus", json!({"Name": "hub"}));
    let arn = bus["EventBusArn"].as_str().unwrap().to_owned();
    let admits = json!({
        "Sid": "s", "Effect": "Allow", "Principal": {"AWS": format!("arn:{partition}:iam::{ACCOUNT}:root")},
        "Action": "events:PutEvents", "Resource": arn,
    });
    call(
        endpoint,
        region,
        Service::EventBridge,
        "PutPermission",
        json!({"EventBusName": "hub", "Policy": policy(admits)}),
    );
    arn
}

#[tokio::test]
async fn names_are_those_of_the_partition() {
    let endpoint = start(Clock::Owned).await;
    for (partition, [region, _], suffix) in PARTITIONS {
        let call = |service, operation: &str, params| call(&endpoint, region, service, operation, params);
        let arn = |service: &str, resource: &str| format!("arn:{partition}:{service}:{region}:{ACCOUNT}:{resource}");
        let global = |resource: &str| format!("arn:{partition}:iam::{ACCOUNT}:{resource}");
        let identity = call(Service::Sts, "GetCallerIdentity", json!({}));
        assert_eq!(identity["Arn"], json!(global("user/administrator")));
        assert_eq!(role(&endpoint, region, partition), global(&format!("role/r-{region}")));
        let queue = call(Service::Sqs, "CreateQueue", json!({"QueueName": "q"}));
        assert_eq!(queue["QueueUrl"], json!(format!("https://sqs.{region}.{suffix}/{ACCOUNT}/q")));
        let topic = call(Service::Sns, "CreateTopic", json!({"Name": "t"}));
        assert_eq!(topic["TopicArn"], json!(arn("sns", "t")));
        let rule = call(Service::EventBridge, "PutRule", json!({"Name": "r", "EventPattern": r#"{"source":["s"]}"#}));
        assert_eq!(rule["RuleArn"], json!(arn("events", "rule/r")));
        call(Service::Logs, "CreateLogGroup", json!({"logGroupName": "g"}));
        let groups = call(Service::Logs, "DescribeLogGroups", json!({}));
        assert_eq!(groups["logGroups"][0]["arn"], json!(arn("logs", "log-group:g:*")));
        let token = "00000000-0000-4000-8000-000000000000";
        let params = json!({"Name": "s", "SecretString": "x", "ClientRequestToken": token});
        let secret = call(Service::SecretsManager, "CreateSecret", params);
        assert!(secret["ARN"].as_str().unwrap().starts_with(&arn("secretsmanager", "secret:s-")), "{secret}");
        // The default policy of a key names the account in the partition's words, and the account is let in by it.
        let key = call(Service::Kms, "CreateKey", json!({}));
        assert!(key["KeyMetadata"]["Arn"].as_str().unwrap().starts_with(&arn("kms", "key/")), "{key}");
        let policy = call(Service::Kms, "GetKeyPolicy", json!({"KeyId": key["KeyMetadata"]["KeyId"]}));
        assert!(policy["Policy"].as_str().unwrap().contains(&global("root")), "{policy}");
        // AWS's own policies are there under the partition's name and no other.
        for (of, there) in [(partition, true), ("aws-iso", false)] {
            let managed = format!("arn:{of}:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole");
            let params = json!({"RoleName": format!("r-{region}"), "PolicyArn": managed});
            assert_eq!(
                try_call(&endpoint, region, Service::Iam, "AttachRolePolicy", params).is_ok(),
                there,
                "{managed}"
            );
        }
    }
}

/// [D] UG eb-cross-region: from Region to Region within a partition, and not in China; from one partition to another
/// nothing goes. A hub in each Region is what serves China.
#[tokio::test]
async fn buses_reach_as_far_as_aws_lets_them() {
    let endpoint = start(Clock::Owned).await;
    let mut buses = Vec::new();
    for (partition, regions, _) in PARTITIONS {
        for region in regions {
            buses.push((partition, region, open_bus(&endpoint, region, partition)));
        }
    }
    for (partition, regions, _) in PARTITIONS {
        for region in regions {
            let role = role(&endpoint, region, partition);
            call(
                &endpoint,
                region,
                Service::EventBridge,
                "PutRule",
                json!({"Name": "r", "EventPattern": r#"{"source":["s"]}"#}),
            );
            for (other, there, bus) in &buses {
                let target = json!([{"Id": "t", "Arn": bus, "RoleArn": role}]);
                let put = try_call(
                    &endpoint,
                    region,
                    Service::EventBridge,
                    "PutTargets",
                    json!({"Rule": "r", "Targets": target}),
                );
                let expected = region == *there || (partition == *other && partition != "aws-cn");
                assert_eq!(put.is_ok(), expected, "{region} to {there}: {put:?}");
                let said = put.err().map(|error| error.message).unwrap_or_default();
                let reason = if partition == *other { "not supported" } else { "another partition" };
                assert!(expected || said.contains(reason), "{region} to {there}: {said}");
            }
        }
    }
}

/// A hub in a Region of China receives what its own Region's spoke forwards, and dead-letters nothing.
#[tokio::test]
async fn a_hub_in_each_region_of_china() {
    let endpoint = start(Clock::Owned).await;
    for region in ["cn-north-1", "cn-northwest-1"] {
        let call = |service, operation: &str, params| call(&endpoint, region, service, operation, params);
        let bus = open_bus(&endpoint, region, "aws-cn");
        let role = role(&endpoint, region, "aws-cn");
        let queue = format!("arn:aws-cn:sqs:{region}:{ACCOUNT}:q");
        let admits = json!({
            "Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "sqs:SendMessage",
            "Resource": queue, "Condition": {"ArnLike": {"aws:SourceArn": format!("arn:aws-cn:events:{region}:*:rule/*")}},
        });
        call(Service::Sqs, "CreateQueue", json!({"QueueName": "q", "Attributes": {"Policy": policy(admits)}}));
        let pattern = r#"{"source":["s"]}"#;
        call(Service::EventBridge, "PutRule", json!({"Name": "spoke", "EventPattern": pattern}));
        let target = json!([{"Id": "hub", "Arn": bus, "RoleArn": role}]);
        call(Service::EventBridge, "PutTargets", json!({"Rule": "spoke", "Targets": target}));
        call(Service::EventBridge, "PutRule", json!({"Name": "hub", "EventBusName": "hub", "EventPattern": pattern}));
        let target = json!([{"Id": "q", "Arn": queue}]);
        call(Service::EventBridge, "PutTargets", json!({"Rule": "hub", "EventBusName": "hub", "Targets": target}));
        let entry = json!([{"Source": "s", "DetailType": "d", "Detail": "{}"}]);
        call(Service::EventBridge, "PutEvents", json!({"Entries": entry}));
        endpoint.cloud.settle().await;
        let received = call(Service::Sqs, "ReceiveMessage", json!({"QueueUrl": "q"}));
        let event: Value = serde_json::from_str(received["Messages"][0]["Body"].as_str().unwrap()).unwrap();
        assert_eq!((&event["region"], &event["account"]), (&json!(region), &json!(ACCOUNT)));
    }
}
