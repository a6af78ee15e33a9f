//! Buckets come and go. [D] API_CreateBucket, API_DeleteBucket, API_HeadBucket, API_ListBuckets, API_GetBucketLocation

use serde_json::{Value, json};

use super::bucket::{Bucket, arn, is_name, named};
use super::fault;
use crate::api::{ApiError, Call, Reply};
use crate::id::{Arn, Region};

/// Where an endpoint knows no constraint.
const FIRST_REGION: &str = "us-east-1";

pub(super) fn create(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let name = call.text("Bucket").unwrap_or_default().to_owned();
    call.authorise("s3:CreateBucket", &arn(call, &name))?;
    if !is_name(&name) {
        return Err(fault::bucket(400, "InvalidBucketName", "The specified bucket is not valid.", &name));
    }
    let region = region(call)?;
    if let Some(existing) = call.state.s3.buckets.get(&name) {
        return match existing.owner == call.account {
            true if region == *FIRST_REGION && existing.region == region => Ok(created(&name)),
            true => Err(fault::bucket(
                409,
                "BucketAlreadyOwnedByYou",
                "Your previous request to create the named bucket succeeded and you already own it.",
                &name,
            )),
            false => Err(fault::bucket(
                409,
                "BucketAlreadyExists",
                "The requested bucket name is not available. The bucket namespace is shared by all users of the system. \
                 Please select a different name and try again.",
                &name,
            )),
        };
    }
    let bucket = Bucket {
        owner: call.account.clone(),
        region,
        created: call.state.now,
        policy: None,
        tags: Default::default(),
        settings: Default::default(),
        // [D] user guide, access-control-block-public-access: on for every new bucket
        public_access_block: Some(
            ["BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"]
                .map(|switch| (switch.to_owned(), json!("true")))
                .into_iter()
                .collect(),
        ),
    };
    call.state.s3.buckets.insert(name.clone(), bucket);
    Ok(created(&name))
}

fn created(name: &str) -> Reply {
    Reply::Raw { status: 200, headers: vec![("location", format!("/{name}"))], body: Vec::new() }
}

/// The Region that is asked for: it must be the endpoint's, but that us-east-1's makes buckets anywhere.
fn region(call: &Call<'_>) -> Result<Region, ApiError> {
    let constraint = call.params["Xml"]["LocationConstraint"].as_str().filter(|text| !text.is_empty());
    let first = call.region == *FIRST_REGION;
    match constraint {
        None if first => Ok(call.region.clone()),
        Some(FIRST_REGION) if first => {
            Err(ApiError::new("InvalidLocationConstraint", "The specified location-constraint is not valid"))
        }
        Some(region) if first || call.region == *region => Ok(Region::new(region)),
        other => Err(ApiError::new(
            "IllegalLocationConstraintException",
            format!(
                "The {} location constraint is incompatible for the region specific endpoint this request was sent to.",
                other.unwrap_or("unspecified")
            ),
        )),
    }
}

pub(super) fn delete(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let name = named(call, "s3:DeleteBucket")?;
    call.state.s3.buckets.remove(&name);
    Ok(Reply::Value(Value::Null))
}

pub(super) fn head(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let name = named(call, "s3:ListBucket")?;
    let region = call.state.s3.buckets.get(&name).map(|bucket| bucket.region.to_string()).unwrap_or_default();
    Ok(Reply::Raw { status: 200, headers: vec![("x-amz-bucket-region", region)], body: Vec::new() })
}

pub(super) fn list(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    call.authorise("s3:ListAllMyBuckets", &Arn::new("*"))?;
    let mine = call.state.s3.buckets.iter().filter(|(_, bucket)| bucket.owner == call.account);
    let buckets: Vec<Value> =
        mine.map(|(name, bucket)| json!({"Name": name, "CreationDate": bucket.created.iso_millis()})).collect();
    let owner = json!({"ID": owner_id(call)});
    Ok(json!({"ListAllMyBucketsResult": {"Owner": owner, "Buckets": {"Bucket": {"$flat": buckets}}}}).into())
}

/// The canonical id of the account: any 64 hexadecimal digits that are always the same. [?]
pub(super) fn owner_id(call: &Call<'_>) -> String {
    format!("{:0>64}", call.account)
}

/// us-east-1 is an empty constraint. [D]
pub(super) fn location(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let name = named(call, "s3:GetBucketLocation")?;
    let region = call.state.s3.buckets.get(&name).map(|bucket| bucket.region.to_string());
    let constraint = region.filter(|region| region != FIRST_REGION).unwrap_or_default();
    Ok(json!({"LocationConstraint": constraint}).into())
}
