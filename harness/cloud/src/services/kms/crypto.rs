//! Encryption that can be undone and hides nothing: what matters here is who may.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::operations::{authorise, key, named};
use super::resolve;
use crate::api::{ApiError, Call, Reply};
use crate::id::Arn;
use crate::policy::Context;

fn usable(call: &mut Call<'_>, arn: &Arn) -> Result<(), ApiError> {
    match key(call, arn)?.unusable(arn) {
        None => Ok(()),
        Some(("KMSDisabled", message)) => Err(ApiError::new("DisabledException", message)),
        Some((_, message)) => Err(ApiError::new("KMSInvalidStateException", message)),
    }
}

/// The ciphertext names its key, as KMS's does.
fn seal(arn: &Arn, plaintext: &str) -> String {
    STANDARD.encode(format!("{arn}\n{plaintext}"))
}

pub(super) fn encrypt(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let arn = named(call, "KeyId", "kms:Encrypt")?;
    usable(call, &arn)?;
    let blob = seal(&arn, call.text("Plaintext").unwrap_or_default());
    Ok(json!({"CiphertextBlob": blob, "KeyId": arn.as_str(), "EncryptionAlgorithm": "SYMMETRIC_DEFAULT"}).into())
}

pub(super) fn generate_data_key(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let arn = named(call, "KeyId", "kms:GenerateDataKey")?;
    usable(call, &arn)?;
    let length = match call.text("KeySpec") {
        Some("AES_128") => 16,
        _ => call.params.get("NumberOfBytes").and_then(Value::as_u64).unwrap_or(32) as usize,
    };
    let plaintext = STANDARD.encode(call.state.random_text(length, "0123456789abcdef"));
    let blob = seal(&arn, &plaintext);
    Ok(json!({"CiphertextBlob": blob, "Plaintext": plaintext, "KeyId": arn.as_str()}).into())
}

pub(super) fn decrypt(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let blob = call.text("CiphertextBlob").unwrap_or_default();
    let sealed = STANDARD.decode(blob).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let opened = sealed.as_deref().and_then(|text| text.split_once('\n'));
    let Some((key_arn, plaintext)) = opened else {
        return Err(ApiError::new("InvalidCiphertextException", ""));
    };
    let plaintext = plaintext.to_owned();
    let found = resolve(call.state, key_arn, &call.account, &call.region);
    let arn = found.ok_or_else(|| ApiError::new("InvalidCiphertextException", ""))?;
    authorise(call, &arn, "kms:Decrypt", Context::new())?;
    usable(call, &arn)?;
    Ok(json!({"Plaintext": plaintext, "KeyId": arn.as_str(), "EncryptionAlgorithm": "SYMMETRIC_DEFAULT"}).into())
}
