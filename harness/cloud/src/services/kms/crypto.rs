//! Encrypt, Decrypt and ReEncrypt. Ciphertexts are readable without the key: this cloud tests permissions, not secrecy.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::check::{blob, dry_run, one_of};
use super::operations::{authorise, find, key as key_of};
use super::{resolve, usable};
use crate::api::{ApiError, Call, Reply};
use crate::id::Arn;
use rootwatch_policy::Context;

/// What a ciphertext says: its key, as KMS's does, and what it was bound to.
#[derive(Serialize, Deserialize)]
pub(super) struct Sealed {
    pub(super) key: Arn,
    pub(super) context: BTreeMap<String, String>,
    /// Base64.
    pub(super) plaintext: String,
}

impl Sealed {
    /// The ciphertext, base64.
    pub(super) fn blob(&self) -> String {
        STANDARD.encode(json!(self).to_string())
    }

    fn open(blob: &str) -> Option<Self> {
        serde_json::from_slice(&STANDARD.decode(blob).ok()?).ok()
    }
}

pub(super) fn encryption_context(call: &Call<'_>, member: &str) -> BTreeMap<String, String> {
    let pairs = call.params.get(member).and_then(Value::as_object).into_iter().flatten();
    pairs.map(|(key, value)| (key.clone(), value.as_str().unwrap_or_default().to_owned())).collect()
}

/// The condition keys of a cryptographic operation. [D] policy-conditions of KMS
pub(super) fn keys_of(context: &BTreeMap<String, String>) -> Context {
    let all = Context::new().with_many("kms:EncryptionContextKeys", context.keys().cloned().collect());
    context.iter().fold(all, |all, (key, value)| all.with(format!("kms:EncryptionContext:{key}"), value.as_str()))
}

/// The key that a member names, for a cryptographic operation.
pub(super) fn usable_key(call: &mut Call<'_>, member: &str, action: &str, context: Context) -> Result<Arn, ApiError> {
    let text = call.text(member).unwrap_or_default().to_owned();
    let arn = find(call, &text)?;
    authorise(call, &arn, action, context)?;
    usable(call, &arn)?;
    Ok(arn)
}

/// The algorithm that SYMMETRIC_DEFAULT keys have.
const SYMMETRIC: &str = "SYMMETRIC_DEFAULT";

/// Refuses every algorithm that a symmetric key does not have. [D] API_Encrypt; the second text [T]
fn check_algorithm(call: &Call<'_>, member: &str) -> Result<(), ApiError> {
    let algorithm = call.text(member).unwrap_or(SYMMETRIC);
    let named = member[..1].to_lowercase() + &member[1..];
    one_of(algorithm, &named, &[SYMMETRIC, "RSAES_OAEP_SHA_1", "RSAES_OAEP_SHA_256"])?;
    if algorithm == SYMMETRIC {
        return Ok(());
    }
    let text = format!("Algorithm {algorithm} is incompatible with key spec SYMMETRIC_DEFAULT.");
    Err(ApiError::new("InvalidKeyUsageException", text))
}

pub(super) fn encrypt(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    // [D] API_Encrypt
    blob(call, "Plaintext", 4096)?;
    check_algorithm(call, "EncryptionAlgorithm")?;
    let plaintext = call.text("Plaintext").unwrap_or_default().to_owned();
    let context = encryption_context(call, "EncryptionContext");
    let key = usable_key(call, "KeyId", "kms:Encrypt", keys_of(&context))?;
    dry_run(call)?;
    let blob = Sealed { key: key.clone(), context, plaintext }.blob();
    Ok(json!({"CiphertextBlob": blob, "KeyId": key.as_str(), "EncryptionAlgorithm": SYMMETRIC}).into())
}

/// Opens a ciphertext for the caller: the key, and the plaintext in base64.
fn open(
    call: &mut Call<'_>,
    action: &str,
    key_member: &str,
    context: &BTreeMap<String, String>,
) -> Result<(Arn, String), ApiError> {
    let named = call.text(key_member).map(|text| find(call, text)).transpose()?;
    let invalid = || ApiError::new("InvalidCiphertextException", "");
    let sealed = Sealed::open(call.text("CiphertextBlob").unwrap_or_default()).ok_or_else(invalid)?;
    let arn = resolve(call.state, sealed.key.as_str(), &call.account, &call.region).ok_or_else(invalid)?;
    if named.is_some_and(|named| named != arn) {
        let text = "The key ID in the request does not identify a CMK that can perform this operation.";
        return Err(ApiError::new("IncorrectKeyException", text));
    }
    authorise(call, &arn, action, keys_of(context))?;
    usable(call, &arn)?;
    if sealed.context == *context { Ok((arn, sealed.plaintext)) } else { Err(invalid()) }
}

pub(super) fn decrypt(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    blob(call, "CiphertextBlob", 6144)?;
    check_algorithm(call, "EncryptionAlgorithm")?;
    let context = encryption_context(call, "EncryptionContext");
    let (key, plaintext) = open(call, "kms:Decrypt", "KeyId", &context)?;
    dry_run(call)?;
    let material = key_of(call, &key)?.material.clone();
    Ok(json!({
        "Plaintext": plaintext, "KeyId": key.as_str(), "EncryptionAlgorithm": SYMMETRIC, "KeyMaterialId": material,
    })
    .into())
}

pub(super) fn re_encrypt(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    check_algorithm(call, "SourceEncryptionAlgorithm")?;
    check_algorithm(call, "DestinationEncryptionAlgorithm")?;
    let (from, to) =
        (encryption_context(call, "SourceEncryptionContext"), encryption_context(call, "DestinationEncryptionContext"));
    let (old, plaintext) = open(call, "kms:ReEncryptFrom", "SourceKeyId", &from)?;
    let key = usable_key(call, "DestinationKeyId", "kms:ReEncryptTo", keys_of(&to))?;
    dry_run(call)?;
    let blob = Sealed { key: key.clone(), context: to, plaintext }.blob();
    let (from, to) = (key_of(call, &old)?.material.clone(), key_of(call, &key)?.material.clone());
    Ok(json!({
        "CiphertextBlob": blob, "SourceKeyId": old.as_str(), "KeyId": key.as_str(),
        "SourceKeyMaterialId": from, "DestinationKeyMaterialId": to,
        "SourceEncryptionAlgorithm": SYMMETRIC, "DestinationEncryptionAlgorithm": SYMMETRIC,
    })
    .into())
}
