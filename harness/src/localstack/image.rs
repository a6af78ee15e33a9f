//! The images: which are known, and which one is used.

use sha2::{Digest, Sha256};

use super::build::{CHANGES, SETTINGS, UNDER_LOCALSTACK};

/// The version of LocalStack; the last one under an open licence.
pub const VERSION: &str = "4.14.0";
/// The official image, pinned.
pub const OFFICIAL: &str = "localstack/localstack:4.14.0";
/// The name of the images that are built here: another than the official one, so that they never shadow it.
pub(super) const BUILT: &str = "rootwatch/localstack";
/// What the registry in the built image serves as the runtime of `provided.al2023`.
pub(super) const BASE: &str = "rootwatch/lambda-provided:al2023";
/// The name under which the engine keeps it.
pub(super) const KEPT_BASE: &str = "rootwatch/lambda-provided";
/// glibc of the built base image (Debian bullseye). Amazon Linux 2023 has 2.34: what is too new for that fails here too.
pub(crate) const BUILT_GLIBC: crate::packages::Glibc = (2, 31);

/// What the image is made of.
pub(super) const REQUIREMENTS: &str = include_str!("../../localstack/requirements.lock");
/// The tag of the image that this version of the sources builds: the same lock file and recipe, the same tag.
pub fn built_tag() -> String {
    let mut digest = Sha256::new();
    let recipe = [REQUIREMENTS, UNDER_LOCALSTACK, SETTINGS].into_iter().chain(CHANGES);
    for part in recipe {
        digest.update((part.len() as u64).to_le_bytes());
        digest.update(part);
    }
    let digest = crate::deployment::hex(digest.finalize().as_slice());
    format!("{BUILT}:{VERSION}-{}", &digest[..12])
}

/// An image of LocalStack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Image {
    /// Built on this machine; it brings the registry of the Lambda base image with it.
    Built(String),
    /// From the registry, as is everything else that it needs.
    Official,
}

impl Image {
    /// Name and tag.
    pub fn reference(&self) -> &str {
        match self {
            Self::Built(tag) => tag,
            Self::Official => OFFICIAL,
        }
    }

    /// Whether it brings DynamoDB: a program of its own, which is neither on PyPI nor in Debian.
    pub fn has_dynamodb(&self) -> bool {
        matches!(self, Self::Official)
    }

    /// The glibc of the image that functions run in.
    pub fn glibc(&self) -> crate::packages::Glibc {
        match self {
            Self::Built(_) => BUILT_GLIBC,
            // [D] Amazon Linux 2023 release notes
            Self::Official => (2, 34),
        }
    }
}
