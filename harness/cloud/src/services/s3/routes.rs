//! S3's operations by method, path and query: one of the query's names may say what of a bucket or object is meant.

/// What a path names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Level {
    Service,
    Bucket,
    Object,
}

impl Level {
    const fn words(self) -> &'static str {
        match self {
            Level::Service => "S3 itself",
            Level::Bucket => "an S3 bucket",
            Level::Object => "an S3 object",
        }
    }
}

/// `(method, level, what of it, operation)`
const ROUTES: &[(&str, Level, &str, &str)] = &[
    ("GET", Level::Service, "", "ListBuckets"),
    ("PUT", Level::Bucket, "", "CreateBucket"),
    ("HEAD", Level::Bucket, "", "HeadBucket"),
    ("DELETE", Level::Bucket, "", "DeleteBucket"),
    ("GET", Level::Bucket, "accelerate", "GetBucketAccelerateConfiguration"),
    ("GET", Level::Bucket, "acl", "GetBucketAcl"),
    ("GET", Level::Bucket, "cors", "GetBucketCors"),
    ("GET", Level::Bucket, "encryption", "GetBucketEncryption"),
    ("PUT", Level::Bucket, "encryption", "PutBucketEncryption"),
    ("DELETE", Level::Bucket, "encryption", "DeleteBucketEncryption"),
    ("GET", Level::Bucket, "lifecycle", "GetBucketLifecycleConfiguration"),
    ("PUT", Level::Bucket, "lifecycle", "PutBucketLifecycleConfiguration"),
    ("DELETE", Level::Bucket, "lifecycle", "DeleteBucketLifecycle"),
    ("GET", Level::Bucket, "location", "GetBucketLocation"),
    ("GET", Level::Bucket, "logging", "GetBucketLogging"),
    ("GET", Level::Bucket, "object-lock", "GetObjectLockConfiguration"),
    ("GET", Level::Bucket, "ownershipControls", "GetBucketOwnershipControls"),
    ("PUT", Level::Bucket, "ownershipControls", "PutBucketOwnershipControls"),
    ("DELETE", Level::Bucket, "ownershipControls", "DeleteBucketOwnershipControls"),
    ("GET", Level::Bucket, "policy", "GetBucketPolicy"),
    ("PUT", Level::Bucket, "policy", "PutBucketPolicy"),
    ("DELETE", Level::Bucket, "policy", "DeleteBucketPolicy"),
    ("GET", Level::Bucket, "publicAccessBlock", "GetPublicAccessBlock"),
    ("PUT", Level::Bucket, "publicAccessBlock", "PutPublicAccessBlock"),
    ("DELETE", Level::Bucket, "publicAccessBlock", "DeletePublicAccessBlock"),
    ("GET", Level::Bucket, "replication", "GetBucketReplication"),
    ("GET", Level::Bucket, "requestPayment", "GetBucketRequestPayment"),
    ("GET", Level::Bucket, "tagging", "GetBucketTagging"),
    ("PUT", Level::Bucket, "tagging", "PutBucketTagging"),
    ("DELETE", Level::Bucket, "tagging", "DeleteBucketTagging"),
    ("GET", Level::Bucket, "versioning", "GetBucketVersioning"),
    ("PUT", Level::Bucket, "versioning", "PutBucketVersioning"),
    ("GET", Level::Bucket, "website", "GetBucketWebsite"),
];

/// Names in a query that only say more of an operation.
const REFINEMENTS: [&str; 5] = ["bucket-region", "continuation-token", "max-buckets", "prefix", "x-id"];

/// The operation; what there is none for comes back as words.
pub(crate) fn route<'a>(
    method: &str,
    bucket: &str,
    key: Option<&str>,
    mut query: impl Iterator<Item = &'a str>,
) -> Result<&'static str, String> {
    let level = match (bucket, key) {
        ("", _) => Level::Service,
        (_, None) => Level::Bucket,
        (_, Some(_)) => Level::Object,
    };
    let is_refinement = |name: &str| REFINEMENTS.contains(&name) || name.starts_with("X-Amz-");
    let of = query.find(|name| !is_refinement(name)).unwrap_or_default();
    ROUTES
        .iter()
        .find(|route| (route.0, route.1, route.2) == (method, level, of))
        .map(|route| route.3)
        .ok_or_else(|| format!("{method} of {} with `?{of}`", level.words()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// [D] the service model's HTTP bindings
    #[test]
    fn routes() {
        type Case<'c> = (&'c str, &'c str, Option<&'c str>, &'c [&'c str], Result<&'c str, &'c str>);
        let cases: &[Case<'_>] = &[
            ("GET", "", None, &[], Ok("ListBuckets")),
            ("PUT", "b", None, &[], Ok("CreateBucket")),
            ("GET", "b", None, &["x-id", "policy"], Ok("GetBucketPolicy")),
            ("GET", "b", None, &["list-type", "prefix"], Err("GET of an S3 bucket with `?list-type`")),
            ("PUT", "b", None, &["notification"], Err("PUT of an S3 bucket with `?notification`")),
            ("PUT", "b", Some("k"), &["x-id"], Err("PUT of an S3 object with `?`")),
        ];
        for (method, bucket, key, query, expected) in cases {
            let found = route(method, bucket, *key, query.iter().copied());
            assert_eq!(found, expected.map_err(str::to_owned), "{method} {bucket} {key:?} {query:?}");
        }
    }
}
