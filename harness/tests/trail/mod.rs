//! Resources of a company apart from the monitor: a trail with its bucket, and a user, by the genuine provider.

use std::path::Path;

use libtest_mimic::Failed;
use rootwatch::deployment::{Accounts, composed};
use serde_json::{Map, Value, json};

use super::support::Shared;

/// Applied, planned again empty, destroyed; and refused as AWS refuses it where the bucket does not let CloudTrail write.
/// [D] create-s3-bucket-policy-for-cloudtrail; [T] hashicorp/terraform 6388
pub(super) fn with_its_bucket(shared: &Shared) -> Result<(), Failed> {
    let main = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/trail/main.tf");
    let main = std::fs::read_to_string(main)?;
    let refused = "InsufficientS3BucketPolicyException: Incorrect S3 bucket policy is detected for bucket: acme-trail";
    for (let_in, expected) in [(true, None), (false, Some(refused))] {
        let variables: Map<String, Value> = Map::from_iter([("let_cloudtrail_in".to_owned(), json!(let_in))]);
        let made = shared.with(async |session| {
            composed(session.layout(), Accounts::default(), &["us-east-1"], &main, &variables).await
        })?;
        match (made, expected) {
            (Ok(made), None) if made.complaints.is_empty() && made.left.is_empty() => {}
            (Ok(made), None) => return Err(format!("{:?}\nleft by destroy: {:?}", made.complaints, made.left).into()),
            (Ok(_), Some(text)) => return Err(format!("applied, and not refused: {text}").into()),
            (Err(error), expected) => {
                let said = error.to_string();
                if !expected.is_some_and(|text| said.contains(text)) {
                    return Err(format!("expected {expected:?}, found: {said}").into());
                }
            }
        }
    }
    Ok(())
}
