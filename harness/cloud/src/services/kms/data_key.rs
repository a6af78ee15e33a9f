//! Data keys and random bytes.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rand::Rng;
use serde_json::{Value, json};

use super::check::{constraint, dry_run, number};
use super::crypto::{Sealed, encryption_context, keys_of, usable_key};
use crate::api::{ApiError, Call, Reply};

fn random(call: &mut Call<'_>, bytes: usize) -> String {
    let mut random = vec![0; bytes];
    call.state.rng().fill_bytes(&mut random);
    STANDARD.encode(random)
}

/// The answer about a data key, and the key itself. [D] API_GenerateDataKey
fn data_key(call: &mut Call<'_>, action: &str) -> Result<(Value, String), ApiError> {
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
    let material = super::operations::key(call, &key)?.material.clone();
    let blob = Sealed { key: key.clone(), context, plaintext: plaintext.clone() }.blob();
    Ok((json!({"CiphertextBlob": blob, "KeyId": key.as_str(), "KeyMaterialId": material}), plaintext))
}

pub(super) fn generate_data_key(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let (mut answer, plaintext) = data_key(call, "kms:GenerateDataKey")?;
    answer["Plaintext"] = json!(plaintext);
    Ok(answer.into())
}

pub(super) fn generate_data_key_without_plaintext(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    Ok(data_key(call, "kms:GenerateDataKeyWithoutPlaintext")?.0.into())
}

pub(super) fn generate_random(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    call.authorise("kms:GenerateRandom", &call.arn("*"))?;
    let bytes = number(call, "NumberOfBytes", 1, 1024)?;
    let bytes = bytes.ok_or_else(|| ApiError::validation("NumberOfBytes is required."))?;
    let plaintext = random(call, bytes as usize);
    Ok(json!({"Plaintext": plaintext}).into())
}
