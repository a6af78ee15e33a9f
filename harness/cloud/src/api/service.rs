//! The services, by the names that the wire and policies use.

/// A service of the embedded cloud.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "the variants are the services' names")]
pub enum Service {
    Account,
    CloudTrail,
    CloudWatch,
    DynamoDb,
    EventBridge,
    Iam,
    Kms,
    Lambda,
    Logs,
    Organizations,
    S3,
    SecretsManager,
    Sns,
    Sqs,
    Sts,
}

/// How a request is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// `application/x-amz-json-1.0` with `X-Amz-Target`.
    Json10,
    /// `application/x-amz-json-1.1` with `X-Amz-Target`.
    Json11,
    /// A form with `Action`, answered in XML.
    Query,
    /// Paths and JSON bodies (Lambda).
    RestJson,
    /// Paths and XML bodies (S3).
    RestXml,
    /// smithy-rpc-v2-cbor: paths and CBOR bodies (CloudWatch).
    Cbor,
}

impl Service {
    /// All of them.
    pub const ALL: [Service; 15] = [
        Service::Account,
        Service::CloudTrail,
        Service::CloudWatch,
        Service::DynamoDb,
        Service::EventBridge,
        Service::Iam,
        Service::Kms,
        Service::Lambda,
        Service::Logs,
        Service::Organizations,
        Service::S3,
        Service::SecretsManager,
        Service::Sns,
        Service::Sqs,
        Service::Sts,
    ];

    /// The name in credential scopes, ARNs and policy actions, where they agree; see [`Service::from_signing_name`].
    pub const fn name(self) -> &'static str {
        match self {
            Service::Account => "account",
            Service::CloudTrail => "cloudtrail",
            Service::CloudWatch => "cloudwatch",
            Service::DynamoDb => "dynamodb",
            Service::EventBridge => "events",
            Service::Iam => "iam",
            Service::Kms => "kms",
            Service::Lambda => "lambda",
            Service::Logs => "logs",
            Service::Organizations => "organizations",
            Service::S3 => "s3",
            Service::SecretsManager => "secretsmanager",
            Service::Sns => "sns",
            Service::Sqs => "sqs",
            Service::Sts => "sts",
        }
    }

    /// From the service part of a credential scope (`monitoring` is CloudWatch).
    pub fn from_signing_name(name: &str) -> Option<Self> {
        let name = if name == "monitoring" { "cloudwatch" } else { name };
        Self::ALL.into_iter().find(|service| service.name() == name)
    }

    /// From the prefix of `X-Amz-Target`.
    pub fn from_target(prefix: &str) -> Option<Self> {
        Some(match prefix {
            "AWSEvents" => Service::EventBridge,
            "AmazonSQS" => Service::Sqs,
            "Logs_20140328" => Service::Logs,
            "secretsmanager" => Service::SecretsManager,
            "TrentService" => Service::Kms,
            "AWSOrganizationsV20161128" => Service::Organizations,
            "DynamoDB_20120810" => Service::DynamoDb,
            "GraniteServiceVersion20100801" => Service::CloudWatch,
            _ if prefix.ends_with("CloudTrail_20131101") => Service::CloudTrail,
            _ => return None,
        })
    }

    /// The version that clients name in the Query protocol, and the XML namespace of the answers.
    pub const fn query_namespace(self) -> &'static str {
        match self {
            Service::Sns => "http://sns.amazonaws.com/doc/2010-03-31/",
            Service::Sqs => "http://queue.amazonaws.com/doc/2012-11-05/",
            Service::Iam => "https://iam.amazonaws.com/doc/2010-05-08/",
            Service::Sts => "https://sts.amazonaws.com/doc/2011-06-15/",
            _ => "http://monitoring.amazonaws.com/doc/2010-08-01/",
        }
    }

    /// The code of "you may not" in this service's errors, and its HTTP status. [D], [T] for SNS
    pub const fn access_denied(self) -> (&'static str, u16) {
        match self {
            Service::Sns => ("AuthorizationError", 403),
            Service::Iam | Service::Sts | Service::Sqs | Service::S3 => ("AccessDenied", 403),
            Service::CloudWatch => ("AccessDenied", 403),
            Service::Account | Service::Lambda => ("AccessDeniedException", 403),
            _ => ("AccessDeniedException", 400),
        }
    }
}
