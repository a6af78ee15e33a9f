//! S3's errors. [D] API reference, ErrorResponses

use serde_json::json;

use crate::api::ApiError;

fn of(status: u16, code: &str, text: &str, member: &str, value: &str) -> ApiError {
    let mut error = ApiError::new(code, text).status(status);
    error.members.push((member.to_owned(), json!(value)));
    error
}

pub(super) fn no_such_bucket(bucket: &str) -> ApiError {
    of(404, "NoSuchBucket", "The specified bucket does not exist", "BucketName", bucket)
}

/// An error about a bucket.
pub(super) fn bucket(status: u16, code: &str, text: &str, bucket: &str) -> ApiError {
    of(status, code, text, "BucketName", bucket)
}

pub(crate) fn malformed_xml() -> ApiError {
    let text = "The XML you provided was not well-formed or did not validate against our published schema";
    ApiError::new("MalformedXML", text)
}
