//! Data keys and random bytes.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rand::Rng;
use serde_json::json;

use super::check::{constraint, dry_run, number};
use super::crypto::{Sealed, encryption_context, keys_of, usable_key};
use crate::api::{ApiError, Call, Reply};
use crate::id::Arn;

fn random(call: &mut Call<'_>, bytes: usize) -> String {
    let mut random = vec![0; bytes];
    call.state.rng().fill_bytes(&mut random);
    STANDARD.encode(random)
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
    let key = usable_key(call, "KeyId", action, keys_of(&context))?;
    dry_run(call)?;
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
