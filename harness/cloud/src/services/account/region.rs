//! The Regions of AWS, and which of them an account opts into.
//! [D] Account Management reference guide, manage-acct-regions, as of 2026

/// Regions that every account of the partition `aws` has.
const BY_DEFAULT: [&str; 17] = [
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-northeast-3",
    "ap-south-1",
    "ap-southeast-1",
    "ap-southeast-2",
    "ca-central-1",
    "eu-central-1",
    "eu-north-1",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "sa-east-1",
    "us-east-1",
    "us-east-2",
    "us-west-1",
    "us-west-2",
];

/// Regions that an account opts into: those of after March 2019.
const OPT_IN: [&str; 17] = [
    "af-south-1",
    "ap-east-1",
    "ap-east-2",
    "ap-south-2",
    "ap-southeast-3",
    "ap-southeast-4",
    "ap-southeast-5",
    "ap-southeast-6",
    "ap-southeast-7",
    "ca-west-1",
    "eu-central-2",
    "eu-south-1",
    "eu-south-2",
    "il-central-1",
    "me-central-1",
    "me-south-1",
    "mx-central-1",
];

/// Those of the other partitions, whose accounts have them all.
const OTHERS: [(&str, [&str; 2]); 2] =
    [("aws-cn", ["cn-north-1", "cn-northwest-1"]), ("aws-us-gov", ["us-gov-east-1", "us-gov-west-1"])];

/// Whether an account opts into a Region; `None` for what is no Region of the partition.
pub(super) fn is_opt_in(partition: &str, region: &str) -> Option<bool> {
    all(partition).find(|(known, _)| *known == region).map(|(_, opt_in)| opt_in)
}

/// The Regions of a partition, and whether accounts opt into them.
pub(super) fn all(partition: &str) -> impl Iterator<Item = (&'static str, bool)> {
    let aws = (partition == "aws").then(|| {
        let by_default = BY_DEFAULT.iter().map(|region| (*region, false));
        by_default.chain(OPT_IN.iter().map(|region| (*region, true)))
    });
    let others = OTHERS.iter().filter(move |(other, _)| *other == partition);
    let others = others.flat_map(|(_, regions)| regions.iter().map(|region| (*region, false)));
    aws.into_iter().flatten().chain(others)
}
