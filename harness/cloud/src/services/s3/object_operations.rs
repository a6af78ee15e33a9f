//! Objects. [D] API_PutObject, API_GetObject, API_HeadObject, API_DeleteObject, API_DeleteObjects, API_ListObjectsV2

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::bucket::{Object, arn, bucket, may, named};
use super::{fault, notification};
use crate::api::{ApiError, Call, Reply};
use crate::services::digest::md5;

/// The longest key, in bytes. [D] user guide, object-keys
const MAX_KEY: usize = 1024;

/// The type of an object whose sender named none. [D] API_PutObject
const DEFAULT_TYPE: &str = "binary/octet-stream";

pub(super) fn put(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let name = named(call, "s3:PutObject")?;
    let key = key(call);
    if key.len() > MAX_KEY {
        return Err(ApiError::new("KeyTooLongError", "Your key is too long"));
    }
    if call.text("x-amz-copy-source").is_some() {
        return Err(ApiError::not_implemented(call.service, "CopyObject"));
    }
    let body = call.text("Body").unwrap_or_default();
    let bytes = STANDARD.decode(body).unwrap_or_default();
    let object = Object {
        body: body.into(),
        size: bytes.len(),
        etag: md5(&bytes),
        content_type: call.text("content-type").unwrap_or(DEFAULT_TYPE).to_owned(),
        modified: call.state.now,
    };
    let headers = vec![("etag", format!("\"{}\"", object.etag))];
    let told = json!({"key": key, "size": object.size, "etag": object.etag});
    bucket(call, &name)?.objects.insert(key, object);
    notification::created(call, &name, told);
    Ok(Reply::Raw { status: 200, headers, body: Vec::new() })
}

fn key(call: &Call<'_>) -> String {
    call.text("Key").unwrap_or_default().to_owned()
}

/// Of HeadObject too, whose answer has no body: that is HTTP's.
pub(super) fn get(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let name = named(call, "s3:GetObject")?;
    let key = key(call);
    let object = bucket(call, &name)?.objects.get(&key).ok_or_else(|| fault::no_such_key(&key))?;
    let headers = vec![
        ("content-type", object.content_type.clone()),
        ("etag", format!("\"{}\"", object.etag)),
        ("last-modified", object.modified.format("%a, %d %b %Y %H:%M:%S GMT")),
    ];
    Ok(Reply::Raw { status: 200, headers, body: STANDARD.decode(object.body.as_bytes()).unwrap_or_default() })
}

/// Deleting what is not there succeeds, and nobody is told. [D]
pub(super) fn delete(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let name = named(call, "s3:DeleteObject")?;
    let key = key(call);
    remove(call, &name, &key)?;
    Ok(Reply::Value(Value::Null))
}

fn remove(call: &mut Call<'_>, name: &str, key: &str) -> Result<(), ApiError> {
    if bucket(call, name)?.objects.remove(key).is_some() {
        notification::deleted(call, name, key);
    }
    Ok(())
}

/// One answer for each: a refusal does not stop the others. [D]
pub(super) fn delete_many(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let name = call.text("Bucket").unwrap_or_default().to_owned();
    let wanted = call.params["Xml"]["Object"].clone();
    let wanted = match wanted {
        Value::Array(objects) => objects,
        one @ Value::Object(_) => vec![one],
        _ => return Err(fault::malformed_xml()),
    };
    bucket(call, &name)?;
    let (mut deleted, mut errors) = (Vec::new(), Vec::new());
    for object in wanted {
        let key = object["Key"].as_str().ok_or_else(fault::malformed_xml)?;
        let resource = arn(call, format_args!("{name}/{key}"));
        match may(call, "s3:DeleteObject", &name, &resource).and_then(|()| remove(call, &name, key)) {
            Ok(()) => deleted.push(json!({"Key": key})),
            Err(error) => errors.push(json!({"Key": key, "Code": error.code, "Message": error.message})),
        }
    }
    Ok(json!({"DeleteResult": {"Deleted": {"$flat": deleted}, "Error": {"$flat": errors}}}).into())
}

pub(super) fn list(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let name = named(call, "s3:ListBucket")?;
    let prefix = call.text("prefix").unwrap_or_default().to_owned();
    let delimiter = call.text("delimiter").filter(|text| !text.is_empty()).map(str::to_owned);
    let (mut contents, mut prefixes) = (Vec::new(), Vec::<String>::new());
    for (key, object) in bucket(call, &name)?.objects.iter().filter(|(key, _)| key.starts_with(&prefix)) {
        // What lies below a delimiter is told by its common prefix, once. [D] user guide, using-prefixes
        let below = delimiter.as_ref().and_then(|delimiter| {
            let end = key[prefix.len()..].find(delimiter.as_str())? + prefix.len() + delimiter.len();
            Some(key[..end].to_owned())
        });
        match below {
            Some(common) if prefixes.last() == Some(&common) => {}
            Some(common) => prefixes.push(common),
            None => contents.push(listed(key, object)),
        }
    }
    let count = contents.len() + prefixes.len();
    let mut result = json!({
        "Name": name, "Prefix": prefix, "KeyCount": count, "MaxKeys": 1000, "IsTruncated": false,
        "Contents": {"$flat": contents},
    });
    if let Some(delimiter) = delimiter {
        result["Delimiter"] = json!(delimiter);
    }
    let prefixes: Vec<Value> = prefixes.iter().map(|prefix| json!({"Prefix": prefix})).collect();
    result["CommonPrefixes"] = json!({"$flat": prefixes});
    Ok(json!({"ListBucketResult": result}).into())
}

fn listed(key: &str, object: &Object) -> Value {
    json!({
        "Key": key, "LastModified": object.modified.iso_millis(), "ETag": format!("\"{}\"", object.etag),
        "Size": object.size, "StorageClass": "STANDARD",
    })
}

/// Without versioning every object is one version, called `null`. [D] API_ListObjectVersions
pub(super) fn list_versions(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let name = named(call, "s3:ListBucketVersions")?;
    let prefix = call.text("prefix").unwrap_or_default().to_owned();
    let objects = bucket(call, &name)?.objects.iter().filter(|(key, _)| key.starts_with(&prefix));
    let versions: Vec<Value> = objects
        .map(|(key, object)| {
            let mut version = listed(key, object);
            version["VersionId"] = json!("null");
            version["IsLatest"] = json!(true);
            version
        })
        .collect();
    Ok(json!({"ListVersionsResult": {
        "Name": name, "Prefix": prefix, "MaxKeys": 1000, "IsTruncated": false, "Version": {"$flat": versions},
    }})
    .into())
}
