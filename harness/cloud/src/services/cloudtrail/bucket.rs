//! The bucket of a trail. [D] create-s3-bucket-policy-for-cloudtrail

use super::log_group::SERVICE;
use super::trail::Settings;
use crate::api::{ApiError, Call};
use crate::authz::Edge;
use crate::id::Arn;
use rootwatch_policy::Principal;

/// A bucket that is in this cloud must let CloudTrail read its access list and write below the account's prefix. One that is
/// not may be anywhere, and is not looked at: nothing is written to either. [T] of the text: hashicorp/terraform 6388
pub(super) fn check(call: &Call<'_>, trail: &Arn, settings: &Settings) -> Result<(), ApiError> {
    let name = &settings.bucket;
    let Some(policy) = call.state.s3.bucket_policy(name) else { return Ok(()) };
    let (partition, account) = (trail.partition(), trail.account());
    let prefix = settings.prefix.as_ref().map(|prefix| format!("{prefix}/")).unwrap_or_default();
    let region = trail.region();
    let principal = Principal::Service { name: SERVICE.to_owned() };
    let bucket = Arn::new(format!("arn:{partition}:s3:::{name}"));
    let object = Arn::new(format!("{bucket}/{prefix}AWSLogs/{account}/CloudTrail/"));
    let may = [("s3:GetBucketAcl", &bucket), ("s3:PutObject", &object)].into_iter().all(|(action, resource)| {
        let edge = Edge::new(&principal, action, resource, &region)
            .with("aws:SourceArn", trail.as_str())
            .with("aws:SourceAccount", account.as_str())
            .with("s3:x-amz-acl", "bucket-owner-full-control")
            .policy("bucket policy", policy);
        call.state.decide(&edge).allowed
    });
    match may {
        true => Ok(()),
        false => Err(ApiError::new(
            "InsufficientS3BucketPolicyException",
            format!("Incorrect S3 bucket policy is detected for bucket: {name}"),
        )),
    }
}
