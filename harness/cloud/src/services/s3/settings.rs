//! What can be set on a bucket, and what is only ever as it is on a new one.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::bucket::{bucket, named};
use super::bucket_operations::owner_id;
use super::fault;
use crate::api::{ApiError, Call, Reply};
use crate::services::iam;
use rootwatch_policy::PolicyKind;

/// [D] API_PutBucketPolicy; that principals must exist [T] cloud-custodian/cloud-custodian#4948
pub(super) fn put_policy(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let name = named(call, "s3:PutBucketPolicy")?;
    let malformed = |text: String| ApiError::new("MalformedPolicy", text);
    let text = call.text("Text").unwrap_or_default();
    let policy = iam::policy_document(text, PolicyKind::Resource).map_err(|error| malformed(error.message))?;
    call.state.check_principals(&policy).map_err(|_| malformed("Invalid principal in policy".to_owned()))?;
    bucket(call, &name)?.policy = Some(policy);
    Ok(Reply::Value(Value::Null))
}

pub(super) fn get_policy(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let name = named(call, "s3:GetBucketPolicy")?;
    match &bucket(call, &name)?.policy {
        Some(policy) => Ok(Reply::Raw { status: 200, headers: Vec::new(), body: policy.text().as_bytes().to_vec() }),
        None => Err(fault::bucket(404, "NoSuchBucketPolicy", "The bucket policy does not exist", &name)),
    }
}

pub(super) fn delete_policy(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let name = named(call, "s3:DeleteBucketPolicy")?;
    bucket(call, &name)?.policy = None;
    Ok(Reply::Value(Value::Null))
}

/// [D] API_PutBucketTagging
pub(super) fn put_tagging(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let name = named(call, "s3:PutBucketTagging")?;
    let given = match &call.params["Xml"]["TagSet"]["Tag"] {
        Value::Array(tags) => tags.as_slice(),
        Value::Null => &[],
        one => std::slice::from_ref(one),
    };
    let text = |tag: &Value, member: &str| tag[member].as_str().map(str::to_owned).ok_or_else(fault::malformed_xml);
    let tags: BTreeMap<_, _> =
        given.iter().map(|tag| Ok((text(tag, "Key")?, text(tag, "Value")?))).collect::<Result<_, ApiError>>()?;
    bucket(call, &name)?.tags = tags;
    Ok(Reply::Value(Value::Null))
}

pub(super) fn get_tagging(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let name = named(call, "s3:GetBucketTagging")?;
    let tags = &bucket(call, &name)?.tags;
    if tags.is_empty() {
        return Err(fault::bucket(404, "NoSuchTagSet", "The TagSet does not exist", &name));
    }
    let tags: Vec<Value> = tags.iter().map(|(key, value)| json!({"Key": key, "Value": value})).collect();
    Ok(json!({"Tagging": {"TagSet": {"Tag": {"$flat": tags}}}}).into())
}

pub(super) fn delete_tagging(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let name = named(call, "s3:PutBucketTagging")?;
    bucket(call, &name)?.tags.clear();
    Ok(Reply::Value(Value::Null))
}

pub(super) fn put_public_access_block(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let name = named(call, "s3:PutBucketPublicAccessBlock")?;
    let switches = call.params["Xml"].as_object().cloned().ok_or_else(fault::malformed_xml)?;
    bucket(call, &name)?.public_access_block = Some(Value::Object(switches));
    Ok(Reply::Raw { status: 200, headers: Vec::new(), body: Vec::new() })
}

pub(super) fn get_public_access_block(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let name = named(call, "s3:GetBucketPublicAccessBlock")?;
    let text = "The public access block configuration was not found";
    match &bucket(call, &name)?.public_access_block {
        Some(switches) => Ok(json!({"PublicAccessBlockConfiguration": switches}).into()),
        None => Err(fault::bucket(404, "NoSuchPublicAccessBlockConfiguration", text, &name)),
    }
}

pub(super) fn delete_public_access_block(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let name = named(call, "s3:PutBucketPublicAccessBlock")?;
    bucket(call, &name)?.public_access_block = None;
    Ok(Reply::Value(Value::Null))
}

/// Settings that can be made: the end of their operations' names, the root element, and the action that makes them.
const KEPT: [(&str, &str, &str); 4] = [
    ("BucketEncryption", "ServerSideEncryptionConfiguration", "s3:PutEncryptionConfiguration"),
    ("BucketLifecycleConfiguration", "LifecycleConfiguration", "s3:PutLifecycleConfiguration"),
    ("BucketOwnershipControls", "OwnershipControls", "s3:PutBucketOwnershipControls"),
    ("BucketVersioning", "VersioningConfiguration", "s3:PutBucketVersioning"),
];

fn kept_by(operation: &str) -> Option<(&'static str, &'static str, &'static str)> {
    let ends =
        |end: &str| operation.ends_with(end) || (operation == "DeleteBucketLifecycle" && end.contains("Lifecycle"));
    KEPT.into_iter().find(|(end, ..)| ends(end))
}

/// Keeps a setting as it was put. Nothing here acts on it: there are no objects.
pub(super) fn put_kept(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let (_, root, action) = kept_by(&call.operation).ok_or_else(fault::malformed_xml)?;
    let name = named(call, action)?;
    let setting = flat(call.params["Xml"].clone());
    if !setting.is_object() {
        return Err(fault::malformed_xml());
    }
    bucket(call, &name)?.settings.insert(root.to_owned(), setting);
    Ok(Reply::Raw { status: 200, headers: Vec::new(), body: Vec::new() })
}

pub(super) fn delete_kept(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let (_, root, action) = kept_by(&call.operation).ok_or_else(fault::malformed_xml)?;
    let name = named(call, action)?;
    bucket(call, &name)?.settings.remove(root);
    Ok(Reply::Value(Value::Null))
}

/// Elements of one name as the answer writes them, without an element around.
fn flat(value: Value) -> Value {
    match value {
        Value::Array(items) => json!({"$flat": items.into_iter().map(flat).collect::<Vec<_>>()}),
        Value::Object(members) => members.into_iter().map(|(name, value)| (name, flat(value))).collect(),
        scalar => scalar,
    }
}

/// Reads a setting that is on every bucket as on a new one: what it is, or the error that says there is none. [D] the
/// operations' pages of the API reference; encryption and ownership: user guide, "Default settings for new buckets"
pub(super) fn read(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let (action, found): (_, Result<Value, (&str, &str)>) = match call.operation.as_str() {
        "GetBucketAccelerateConfiguration" => {
            ("s3:GetAccelerateConfiguration", Ok(json!({"AccelerateConfiguration": {}})))
        }
        "GetBucketAcl" => ("s3:GetBucketAcl", Ok(owners_list(call))),
        "GetBucketCors" => {
            ("s3:GetBucketCORS", Err(("NoSuchCORSConfiguration", "The CORS configuration does not exist")))
        }
        "GetBucketEncryption" => (
            "s3:GetEncryptionConfiguration",
            Ok(json!({"ServerSideEncryptionConfiguration": {"Rule": {
                "ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}, "BucketKeyEnabled": false,
            }}})),
        ),
        "GetBucketLifecycleConfiguration" => (
            "s3:GetLifecycleConfiguration",
            Err(("NoSuchLifecycleConfiguration", "The lifecycle configuration does not exist")),
        ),
        "GetBucketLogging" => ("s3:GetBucketLogging", Ok(json!({"BucketLoggingStatus": {}}))),
        "GetBucketOwnershipControls" => (
            "s3:GetBucketOwnershipControls",
            Ok(json!({"OwnershipControls": {"Rule": {"ObjectOwnership": "BucketOwnerEnforced"}}})),
        ),
        "GetBucketReplication" => (
            "s3:GetReplicationConfiguration",
            Err(("ReplicationConfigurationNotFoundError", "The replication configuration was not found")),
        ),
        "GetBucketRequestPayment" => {
            ("s3:GetBucketRequestPayment", Ok(json!({"RequestPaymentConfiguration": {"Payer": "BucketOwner"}})))
        }
        "GetBucketVersioning" => ("s3:GetBucketVersioning", Ok(json!({"VersioningConfiguration": {}}))),
        "GetBucketWebsite" => (
            "s3:GetBucketWebsite",
            Err(("NoSuchWebsiteConfiguration", "The specified bucket does not have a website configuration")),
        ),
        _ => (
            "s3:GetBucketObjectLockConfiguration",
            Err(("ObjectLockConfigurationNotFoundError", "Object Lock configuration does not exist for this bucket")),
        ),
    };
    let name = named(call, action)?;
    if let Some((_, root, _)) = kept_by(&call.operation)
        && let Some(kept) = bucket(call, &name)?.settings.get(root)
    {
        return Ok(json!({root: kept}).into());
    }
    found.map(Reply::Value).map_err(|(code, text)| fault::bucket(404, code, text, &name))
}

fn owners_list(call: &Call<'_>) -> Value {
    let owner = owner_id(call);
    json!({"AccessControlPolicy": {
        "Owner": {"ID": owner},
        "AccessControlList": {"Grant": {
            "Grantee": {"$type": "CanonicalUser", "ID": owner}, "Permission": "FULL_CONTROL",
        }},
    }})
}
