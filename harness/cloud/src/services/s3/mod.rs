//! S3, as far as a trail's bucket goes: buckets, their policies and the settings that Terraform's provider reads. There
//! are no objects and no notifications.
//!
//! Reading order: [`bucket`] (the model), [`routes`] (operations by method and path), the operations.
//!
//! Sources: [D] S3 API reference and user guide

mod bucket;
mod bucket_operations;
mod fault;
mod routes;
mod settings;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

use crate::api::Operation;
use crate::authz::PolicyText;
use crate::id::{AccountId, Arn};
use crate::table::Table;

pub(crate) use fault::malformed_xml;
pub(crate) use routes::route;

/// State of the service: buckets by name, which is one for all accounts of a partition.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct State {
    buckets: Table<String, bucket::Bucket>,
}

impl State {
    /// Whose a bucket or an object is: its ARN does not say.
    pub fn owner(&self, arn: &Arn) -> Option<AccountId> {
        let bucket = arn.resource().split('/').next().unwrap_or_default();
        self.buckets.get(bucket).map(|bucket| bucket.owner.clone())
    }

    /// The policy of a bucket that is there, if it has one.
    pub fn bucket_policy(&self, bucket: &str) -> Option<Option<&PolicyText>> {
        self.buckets.get(bucket).map(|bucket| bucket.policy.as_ref())
    }
}

/// What is said of a setting that can be read and not made.
const NEVER_SET: &str = "never set";

/// What is said of a setting that nothing acts on.
const KEPT: &str = "kept and shown: there are no objects";

/// Operations of the service.
pub const OPERATIONS: &[Operation] = &[
    Operation::noted("CreateBucket", bucket_operations::create, "every Region's endpoint serves every bucket"),
    Operation::new("DeleteBucket", bucket_operations::delete),
    Operation::new("DeleteBucketEncryption", settings::delete_kept),
    Operation::new("DeleteBucketLifecycle", settings::delete_kept),
    Operation::new("DeleteBucketOwnershipControls", settings::delete_kept),
    Operation::new("DeleteBucketPolicy", settings::delete_policy),
    Operation::new("DeleteBucketTagging", settings::delete_tagging),
    Operation::new("DeletePublicAccessBlock", settings::delete_public_access_block),
    Operation::noted("GetBucketAccelerateConfiguration", settings::read, NEVER_SET),
    Operation::noted("GetBucketAcl", settings::read, "the owner's"),
    Operation::noted("GetBucketCors", settings::read, NEVER_SET),
    Operation::noted("GetBucketEncryption", settings::read, "SSE-S3 unless put"),
    Operation::new("GetBucketLifecycleConfiguration", settings::read),
    Operation::new("GetBucketLocation", bucket_operations::location),
    Operation::noted("GetBucketLogging", settings::read, NEVER_SET),
    Operation::noted("GetBucketOwnershipControls", settings::read, "BucketOwnerEnforced unless put"),
    Operation::new("GetBucketPolicy", settings::get_policy),
    Operation::noted("GetBucketReplication", settings::read, NEVER_SET),
    Operation::noted("GetBucketRequestPayment", settings::read, "always the owner"),
    Operation::new("GetBucketTagging", settings::get_tagging),
    Operation::new("GetBucketVersioning", settings::read),
    Operation::noted("GetBucketWebsite", settings::read, NEVER_SET),
    Operation::noted("GetObjectLockConfiguration", settings::read, NEVER_SET),
    Operation::new("GetPublicAccessBlock", settings::get_public_access_block),
    Operation::new("HeadBucket", bucket_operations::head),
    Operation::noted("ListBuckets", bucket_operations::list, "one page"),
    Operation::noted("PutBucketEncryption", settings::put_kept, KEPT),
    Operation::noted("PutBucketLifecycleConfiguration", settings::put_kept, KEPT),
    Operation::noted("PutBucketOwnershipControls", settings::put_kept, KEPT),
    Operation::new("PutBucketPolicy", settings::put_policy),
    Operation::new("PutBucketTagging", settings::put_tagging),
    Operation::noted("PutBucketVersioning", settings::put_kept, KEPT),
    Operation::noted("PutPublicAccessBlock", settings::put_public_access_block, "kept, and without effect"),
];
