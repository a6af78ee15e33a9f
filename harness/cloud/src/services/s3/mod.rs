//! S3, as far as a trail's bucket and S3's events to EventBridge go: buckets, their policies and settings, objects.
//!
//! Reading order: [`bucket`] (what there is), [`routes`] (operations by method and path), the operations, and
//! [`notification`] (what EventBridge is told).
//!
//! Sources: [D] S3 API reference and user guide; [V] LS:events/test_put_events_to_default_eventbus_for_custom_eventbus

mod bucket;
mod bucket_operations;
mod fault;
mod notification;
mod object_operations;
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

/// Operations of the service.
pub const OPERATIONS: &[Operation] = &[
    Operation::noted("CreateBucket", bucket_operations::create, "every Region's endpoint serves every bucket"),
    Operation::new("DeleteBucket", bucket_operations::delete),
    Operation::new("DeleteBucketPolicy", settings::delete_policy),
    Operation::new("DeleteBucketTagging", settings::delete_tagging),
    Operation::new("DeleteObject", object_operations::delete),
    Operation::new("DeleteObjects", object_operations::delete_many),
    Operation::new("DeletePublicAccessBlock", settings::delete_public_access_block),
    Operation::noted("GetBucketAccelerateConfiguration", settings::read, NEVER_SET),
    Operation::noted("GetBucketAcl", settings::read, "the owner's"),
    Operation::noted("GetBucketCors", settings::read, NEVER_SET),
    Operation::noted("GetBucketEncryption", settings::read, "always SSE-S3"),
    Operation::noted("GetBucketLifecycleConfiguration", settings::read, NEVER_SET),
    Operation::new("GetBucketLocation", bucket_operations::location),
    Operation::noted("GetBucketLogging", settings::read, NEVER_SET),
    Operation::new("GetBucketNotificationConfiguration", notification::get),
    Operation::noted("GetBucketOwnershipControls", settings::read, "always BucketOwnerEnforced"),
    Operation::new("GetBucketPolicy", settings::get_policy),
    Operation::noted("GetBucketReplication", settings::read, NEVER_SET),
    Operation::noted("GetBucketRequestPayment", settings::read, "always the owner"),
    Operation::new("GetBucketTagging", settings::get_tagging),
    Operation::noted("GetBucketVersioning", settings::read, NEVER_SET),
    Operation::noted("GetBucketWebsite", settings::read, NEVER_SET),
    Operation::new("GetObject", object_operations::get),
    Operation::noted("GetObjectLockConfiguration", settings::read, NEVER_SET),
    Operation::new("GetPublicAccessBlock", settings::get_public_access_block),
    Operation::new("HeadBucket", bucket_operations::head),
    Operation::new("HeadObject", object_operations::get),
    Operation::noted("ListBuckets", bucket_operations::list, "one page"),
    Operation::noted("ListObjectVersions", object_operations::list_versions, "one page"),
    Operation::noted("ListObjectsV2", object_operations::list, "one page"),
    Operation::noted(
        "PutBucketNotificationConfiguration",
        notification::put,
        "to EventBridge only; takes effect at once",
    ),
    Operation::new("PutBucketPolicy", settings::put_policy),
    Operation::new("PutBucketTagging", settings::put_tagging),
    Operation::noted("PutObject", object_operations::put, "no encryption, versions, locks or access lists"),
    Operation::noted("PutPublicAccessBlock", settings::put_public_access_block, "kept, and without effect"),
];
