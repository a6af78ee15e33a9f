//! Kinds of keys: what they are made of, what they are for, and by which algorithms. [D] API_CreateKey,
//! symm-asymm-choose-key-spec

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::check::constraint;
use crate::api::ApiError;

/// `KeySpec`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(super) enum Spec {
    #[default]
    SymmetricDefault,
    #[serde(rename = "HMAC_224")]
    Hmac224,
    #[serde(rename = "HMAC_256")]
    Hmac256,
    #[serde(rename = "HMAC_384")]
    Hmac384,
    #[serde(rename = "HMAC_512")]
    Hmac512,
    #[serde(rename = "RSA_2048")]
    Rsa2048,
    #[serde(rename = "RSA_3072")]
    Rsa3072,
    #[serde(rename = "RSA_4096")]
    Rsa4096,
    #[serde(rename = "ECC_NIST_P256")]
    EccNistP256,
    #[serde(rename = "ECC_NIST_P384")]
    EccNistP384,
    #[serde(rename = "ECC_NIST_P521")]
    EccNistP521,
    #[serde(rename = "ECC_SECG_P256K1")]
    EccSecgP256k1,
}

/// `KeyUsage`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(super) enum Usage {
    #[default]
    EncryptDecrypt,
    SignVerify,
    GenerateVerifyMac,
    KeyAgreement,
}

/// Where key material comes from: `Origin`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Origin {
    #[default]
    #[serde(rename = "AWS_KMS")]
    Kms,
    #[serde(rename = "EXTERNAL")]
    External,
}

const SPECS: [(&str, Spec); 12] = [
    ("RSA_2048", Spec::Rsa2048),
    ("RSA_3072", Spec::Rsa3072),
    ("RSA_4096", Spec::Rsa4096),
    ("ECC_NIST_P256", Spec::EccNistP256),
    ("ECC_NIST_P384", Spec::EccNistP384),
    ("ECC_NIST_P521", Spec::EccNistP521),
    ("ECC_SECG_P256K1", Spec::EccSecgP256k1),
    ("SYMMETRIC_DEFAULT", Spec::SymmetricDefault),
    ("HMAC_224", Spec::Hmac224),
    ("HMAC_256", Spec::Hmac256),
    ("HMAC_384", Spec::Hmac384),
    ("HMAC_512", Spec::Hmac512),
];

/// What AWS has beside, and this cloud has not.
const OTHER_SPECS: [&str; 5] = ["SM2", "ML_DSA_44", "ML_DSA_65", "ML_DSA_87", "ECC_NIST_EDWARDS25519"];

const USAGES: [(&str, Usage); 4] = [
    ("SIGN_VERIFY", Usage::SignVerify),
    ("ENCRYPT_DECRYPT", Usage::EncryptDecrypt),
    ("GENERATE_VERIFY_MAC", Usage::GenerateVerifyMac),
    ("KEY_AGREEMENT", Usage::KeyAgreement),
];

const RSA_SIGNING: [&str; 6] = [
    "RSASSA_PKCS1_V1_5_SHA_256",
    "RSASSA_PKCS1_V1_5_SHA_384",
    "RSASSA_PKCS1_V1_5_SHA_512",
    "RSASSA_PSS_SHA_256",
    "RSASSA_PSS_SHA_384",
    "RSASSA_PSS_SHA_512",
];

/// Every signing algorithm.
pub(super) const SIGNING: [&str; 9] = [
    "RSASSA_PSS_SHA_256",
    "RSASSA_PSS_SHA_384",
    "RSASSA_PSS_SHA_512",
    "RSASSA_PKCS1_V1_5_SHA_256",
    "RSASSA_PKCS1_V1_5_SHA_384",
    "RSASSA_PKCS1_V1_5_SHA_512",
    "ECDSA_SHA_256",
    "ECDSA_SHA_384",
    "ECDSA_SHA_512",
];

/// Every MAC algorithm.
pub(super) const MACS: [&str; 4] = ["HMAC_SHA_224", "HMAC_SHA_256", "HMAC_SHA_384", "HMAC_SHA_512"];

/// Every encryption algorithm.
pub(super) const ENCRYPTION: [&str; 3] = ["SYMMETRIC_DEFAULT", "RSAES_OAEP_SHA_1", "RSAES_OAEP_SHA_256"];

/// A member with one of a few values.
pub(super) fn one_of(value: &str, member: &str, values: &[&str]) -> Result<(), ApiError> {
    if values.contains(&value) {
        return Ok(());
    }
    Err(constraint(value, member, &format!("satisfy enum value set: [{}]", values.join(", "))))
}

impl Spec {
    /// Reads a spec; what this cloud does not have is refused by name.
    pub(super) fn parse(text: &str, member: &str) -> Result<Self, ApiError> {
        if let Some((_, spec)) = SPECS.iter().find(|(name, _)| *name == text) {
            return Ok(*spec);
        }
        if OTHER_SPECS.contains(&text) {
            let text = format!("rootwatch: no keys of {text}");
            return Err(ApiError::new("UnsupportedOperationException", text));
        }
        let names: Vec<&str> = SPECS.iter().map(|(name, _)| *name).chain(OTHER_SPECS).collect();
        Err(constraint(text, member, &format!("satisfy enum value set: [{}]", names.join(", "))))
    }

    pub(super) fn name(self) -> &'static str {
        SPECS.iter().find(|(_, spec)| *spec == self).map_or("SYMMETRIC_DEFAULT", |(name, _)| name)
    }

    pub(super) fn is_symmetric(self) -> bool {
        self == Spec::SymmetricDefault
    }

    pub(super) fn is_hmac(self) -> bool {
        matches!(self, Spec::Hmac224 | Spec::Hmac256 | Spec::Hmac384 | Spec::Hmac512)
    }

    /// A key pair, with a public key that can be had.
    pub(super) fn is_asymmetric(self) -> bool {
        !self.is_symmetric() && !self.is_hmac()
    }

    /// Bits of an RSA key.
    pub(super) fn rsa_bits(self) -> Option<usize> {
        match self {
            Spec::Rsa2048 => Some(2048),
            Spec::Rsa3072 => Some(3072),
            Spec::Rsa4096 => Some(4096),
            _ => None,
        }
    }

    /// Bytes of the material of a key that is no key pair.
    pub(super) fn secret_bytes(self) -> Option<usize> {
        match self {
            Spec::SymmetricDefault | Spec::Hmac256 => Some(32),
            Spec::Hmac224 => Some(28),
            Spec::Hmac384 => Some(48),
            Spec::Hmac512 => Some(64),
            _ => None,
        }
    }

    fn usages(self) -> &'static [Usage] {
        match self {
            Spec::SymmetricDefault => &[Usage::EncryptDecrypt],
            _ if self.is_hmac() => &[Usage::GenerateVerifyMac],
            _ if self.rsa_bits().is_some() => &[Usage::EncryptDecrypt, Usage::SignVerify],
            Spec::EccSecgP256k1 => &[Usage::SignVerify],
            _ => &[Usage::SignVerify, Usage::KeyAgreement],
        }
    }

    /// What a key of this spec is for. Only symmetric keys need not say it. [D] API_CreateKey; texts [T]
    pub(super) fn usage(self, asked: Option<&str>) -> Result<Usage, ApiError> {
        let Some(text) = asked else {
            return match self.is_symmetric() {
                true => Ok(Usage::EncryptDecrypt),
                false => Err(ApiError::validation(
                    "You must specify a KeyUsage value for all KMS keys except for symmetric encryption keys.",
                )),
            };
        };
        one_of(text, "keyUsage", &USAGES.map(|(name, _)| name))?;
        let usage = USAGES.iter().find(|(name, _)| *name == text).map(|(_, usage)| *usage).unwrap_or_default();
        if self.usages().contains(&usage) {
            return Ok(usage);
        }
        Err(ApiError::validation(format!("KeyUsage {text} is not compatible with KeySpec {}", self.name())))
    }

    /// The algorithms of a key, by what it is for.
    pub(super) fn algorithms(self, usage: Usage) -> &'static [&'static str] {
        match (usage, self) {
            (Usage::EncryptDecrypt, Spec::SymmetricDefault) => &["SYMMETRIC_DEFAULT"],
            (Usage::EncryptDecrypt, _) => &["RSAES_OAEP_SHA_1", "RSAES_OAEP_SHA_256"],
            (Usage::SignVerify, Spec::EccNistP256 | Spec::EccSecgP256k1) => &["ECDSA_SHA_256"],
            (Usage::SignVerify, Spec::EccNistP384) => &["ECDSA_SHA_384"],
            (Usage::SignVerify, Spec::EccNistP521) => &["ECDSA_SHA_512"],
            (Usage::SignVerify, _) => &RSA_SIGNING,
            (Usage::GenerateVerifyMac, Spec::Hmac224) => &["HMAC_SHA_224"],
            (Usage::GenerateVerifyMac, Spec::Hmac384) => &["HMAC_SHA_384"],
            (Usage::GenerateVerifyMac, Spec::Hmac512) => &["HMAC_SHA_512"],
            (Usage::GenerateVerifyMac, _) => &["HMAC_SHA_256"],
            (Usage::KeyAgreement, _) => &["ECDH"],
        }
    }
}

impl Usage {
    pub(super) fn name(self) -> &'static str {
        USAGES.iter().find(|(_, usage)| *usage == self).map_or("ENCRYPT_DECRYPT", |(name, _)| name)
    }

    fn algorithms_member(self) -> &'static str {
        match self {
            Usage::EncryptDecrypt => "EncryptionAlgorithms",
            Usage::SignVerify => "SigningAlgorithms",
            Usage::GenerateVerifyMac => "MacAlgorithms",
            Usage::KeyAgreement => "KeyAgreementAlgorithms",
        }
    }
}

impl Origin {
    pub(super) fn parse(text: &str) -> Result<Self, ApiError> {
        one_of(text, "origin", &["EXTERNAL", "AWS_CLOUDHSM", "AWS_KMS", "EXTERNAL_KEY_STORE"])?;
        match text {
            "AWS_KMS" => Ok(Origin::Kms),
            "EXTERNAL" => Ok(Origin::External),
            _ => Err(ApiError::new("UnsupportedOperationException", format!("rootwatch: no keys of origin {text}"))),
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Origin::Kms => "AWS_KMS",
            Origin::External => "EXTERNAL",
        }
    }
}

/// The members that DescribeKey and GetPublicKey share.
pub(super) fn members(spec: Spec, usage: Usage) -> Map<String, Value> {
    let mut members = Map::new();
    members.insert("KeyUsage".into(), json!(usage.name()));
    members.insert("CustomerMasterKeySpec".into(), json!(spec.name()));
    members.insert("KeySpec".into(), json!(spec.name()));
    members.insert(usage.algorithms_member().into(), json!(spec.algorithms(usage)));
    members
}
