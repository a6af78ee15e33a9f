//! Encryption that can be undone and hides nothing: what matters here is who may.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::check::{constraint, number};
use super::operations::{authorise, not_found};
use super::{resolve, usable};
use crate::api::{ApiError, Call, Reply};
use crate::id::Arn;
use crate::policy::Context;

/// What a ciphertext says: its key, as KMS's does, and what it was bound to.
#[derive(Serialize, Deserialize)]
struct Sealed {
    key: Arn,
    context: BTreeMap<String, String>,
    /// Base64.
    plaintext: String,
}

impl Sealed {
    fn blob(&self) -> String {
        STANDARD.encode(json!(self).to_string())
    }

    fn open(blob: &str) -> Option<Self> {
        serde_json::from_slice(&STANDARD.decode(blob).ok()?).ok()
    }
}

fn encryption_context(call: &Call<'_>, member: &str) -> BTreeMap<String, String> {
    let pairs = call.params.get(member).and_then(Value::as_object).into_iter().flatten();
    pairs.map(|(key, value)| (key.clone(), value.as_str().unwrap_or_default().to_owned())).collect()
}

/// The condition keys of a cryptographic operation. [D] policy-conditions of KMS
fn keys_of(context: &BTreeMap<String, String>) -> Context {
    let all = Context::new().with_many("kms:EncryptionContextKeys", context.keys().cloned().collect());
    context.iter().fold(all, |all, (key, value)| all.with(&format!("kms:EncryptionContext:{key}"), value.as_str()))
}

/// The key that a member names, for an operation with an encryption context.
fn usable_key(
    call: &mut Call<'_>,
    member: &str,
    action: &str,
    context: &BTreeMap<String, String>,
) -> Result<Arn, ApiError> {
    let text = call.text(member).unwrap_or_default().to_owned();
    let found = resolve(call.state, &text, &call.account, &call.region);
    let arn = found.ok_or_else(|| not_found(call, &text))?;
    authorise(call, &arn, action, keys_of(context))?;
    usable(call, &arn)?;
    Ok(arn)
}

fn random(call: &mut Call<'_>, bytes: usize) -> String {
    let bytes: Vec<u8> = (0..bytes).map(|_| call.state.random_below(256) as u8).collect();
    STANDARD.encode(bytes)
}

pub(super) fn encrypt(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let plaintext = call.text("Plaintext").unwrap_or_default().to_owned();
    let length = STANDARD.decode(&plaintext).map(|bytes| bytes.len()).unwrap_or_default();
    // [D] API_Encrypt
    if length > 4096 {
        return Err(ApiError::validation(
            "1 validation error detected: Value at 'plaintext' failed to satisfy constraint: Member must have length less \
             than or equal to 4096",
        ));
    }
    if length == 0 {
        return Err(ApiError::validation(
            "1 validation error detected: Value at 'plaintext' failed to satisfy constraint: Member must have length \
             greater than or equal to 1",
        ));
    }
    let context = encryption_context(call, "EncryptionContext");
    let key = usable_key(call, "KeyId", "kms:Encrypt", &context)?;
    let blob = Sealed { key: key.clone(), context, plaintext }.blob();
    Ok(json!({"CiphertextBlob": blob, "KeyId": key.as_str(), "EncryptionAlgorithm": "SYMMETRIC_DEFAULT"}).into())
}

/// Opens a ciphertext for the caller.
fn open(
    call: &mut Call<'_>,
    action: &str,
    key_member: &str,
    context: BTreeMap<String, String>,
) -> Result<Sealed, ApiError> {
    let invalid = || ApiError::new("InvalidCiphertextException", "");
    let sealed = Sealed::open(call.text("CiphertextBlob").unwrap_or_default()).ok_or_else(invalid)?;
    let arn = resolve(call.state, sealed.key.as_str(), &call.account, &call.region).ok_or_else(invalid)?;
    if let Some(text) = call.text(key_member) {
        let wanted = resolve(call.state, text, &call.account, &call.region).ok_or_else(|| not_found(call, text))?;
        if wanted != arn {
            let text = "The key ID in the request does not identify a CMK that can perform this operation.";
            return Err(ApiError::new("IncorrectKeyException", text));
        }
    }
    authorise(call, &arn, action, keys_of(&context))?;
    usable(call, &arn)?;
    if sealed.context == context { Ok(sealed) } else { Err(invalid()) }
}

pub(super) fn decrypt(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let context = encryption_context(call, "EncryptionContext");
    let sealed = open(call, "kms:Decrypt", "KeyId", context)?;
    Ok(json!({
        "Plaintext": sealed.plaintext, "KeyId": sealed.key.as_str(), "EncryptionAlgorithm": "SYMMETRIC_DEFAULT",
    })
    .into())
}

pub(super) fn re_encrypt(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let (from, to) =
        (encryption_context(call, "SourceEncryptionContext"), encryption_context(call, "DestinationEncryptionContext"));
    let sealed = open(call, "kms:ReEncryptFrom", "SourceKeyId", from)?;
    let key = usable_key(call, "DestinationKeyId", "kms:ReEncryptTo", &to)?;
    let blob = Sealed { key: key.clone(), context: to, plaintext: sealed.plaintext }.blob();
    Ok(json!({
        "CiphertextBlob": blob, "SourceKeyId": sealed.key.as_str(), "KeyId": key.as_str(),
        "SourceEncryptionAlgorithm": "SYMMETRIC_DEFAULT", "DestinationEncryptionAlgorithm": "SYMMETRIC_DEFAULT",
    })
    .into())
}

/// Key, plaintext and ciphertext of a data key. [D] API_GenerateDataKey
fn data_key(call: &mut Call<'_>, action: &str) -> Result<(Arn, String, String), ApiError> {
    let bytes = number(call, "NumberOfBytes", 1, 1024)?;
    let spec = match call.text("KeySpec") {
        None => None,
        Some("AES_128") => Some(16),
        Some("AES_256") => Some(32),
        Some(other) => return Err(constraint(other, "keySpec", "satisfy enum value set: [AES_256, AES_128]")),
    };
    let ((Some(bytes), None) | (None, Some(bytes))) = (bytes, spec) else {
        return Err(ApiError::validation("Please specify either number of bytes or key spec."));
    };
    let context = encryption_context(call, "EncryptionContext");
    let key = usable_key(call, "KeyId", action, &context)?;
    let plaintext = random(call, bytes as usize);
    let blob = Sealed { key: key.clone(), context, plaintext: plaintext.clone() }.blob();
    Ok((key, plaintext, blob))
}

pub(super) fn generate_data_key(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let (key, plaintext, blob) = data_key(call, "kms:GenerateDataKey")?;
    Ok(json!({"CiphertextBlob": blob, "Plaintext": plaintext, "KeyId": key.as_str()}).into())
}

pub(super) fn generate_data_key_without_plaintext(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let (key, _, blob) = data_key(call, "kms:GenerateDataKeyWithoutPlaintext")?;
    Ok(json!({"CiphertextBlob": blob, "KeyId": key.as_str()}).into())
}

pub(super) fn generate_random(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    call.authorise("kms:GenerateRandom", &call.arn("*"))?;
    let bytes = number(call, "NumberOfBytes", 1, 1024)?;
    let bytes = bytes.ok_or_else(|| ApiError::validation("NumberOfBytes is required."))?;
    let plaintext = random(call, bytes as usize);
    Ok(json!({"Plaintext": plaintext}).into())
}
