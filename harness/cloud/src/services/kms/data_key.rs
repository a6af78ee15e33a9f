//! Data keys, data key pairs and random bytes.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use super::check::{constraint, dry_run, number};
use super::crypto::{Sealed, encryption_context, keys_of, usable_key};
use super::material;
use super::operations::{internal, key};
use super::spec::{Spec, Usage};
use crate::api::{ApiError, Call, Reply};
use crate::id::Arn;

fn random(call: &mut Call<'_>, bytes: usize) -> String {
    STANDARD.encode(material::random(call.state.rng(), bytes))
}

/// The symmetric key that seals a data key. [D] API_GenerateDataKey
fn sealing_key(call: &mut Call<'_>, action: &str) -> Result<Arn, ApiError> {
    let context = encryption_context(call, "EncryptionContext");
    let arn = usable_key(call, "KeyId", action, Usage::EncryptDecrypt, keys_of(&context))?;
    if key(call, &arn)?.spec.is_symmetric() {
        return Ok(arn);
    }
    let operation = &call.operation;
    let text = format!("{arn} key usage is ENCRYPT_DECRYPT which is not valid for {operation}.");
    Err(ApiError::new("InvalidKeyUsageException", text))
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
    let key = sealing_key(call, action)?;
    dry_run(call)?;
    let plaintext = random(call, bytes as usize);
    let context = encryption_context(call, "EncryptionContext");
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

/// [D] API_GenerateDataKeyPair
fn data_key_pair(call: &mut Call<'_>, action: &str, plaintext: bool) -> Result<Reply, ApiError> {
    let text = call.text("KeyPairSpec").unwrap_or_default().to_owned();
    let spec = Spec::parse(&text, "keyPairSpec")?;
    if !spec.is_asymmetric() {
        let wanted = "satisfy enum value set: [RSA_2048, RSA_3072, RSA_4096, ECC_NIST_P256, ECC_NIST_P384, \
                      ECC_NIST_P521, ECC_SECG_P256K1, SM2, ECC_NIST_EDWARDS25519]";
        return Err(constraint(&text, "keyPairSpec", wanted));
    }
    let key = sealing_key(call, action)?;
    dry_run(call)?;
    let private = material::generate(call.state.rng(), spec).ok_or_else(internal)?;
    let public = material::public(spec, &private).ok_or_else(internal)?;
    let context = encryption_context(call, "EncryptionContext");
    let private = STANDARD.encode(private);
    let blob = Sealed { key: key.clone(), context, plaintext: private.clone() }.blob();
    let mut answer = json!({
        "PrivateKeyCiphertextBlob": blob, "PublicKey": STANDARD.encode(public), "KeyId": key.as_str(),
        "KeyPairSpec": spec.name(),
    });
    if plaintext {
        answer["PrivateKeyPlaintext"] = json!(private);
    }
    Ok(answer.into())
}

pub(super) fn generate_data_key_pair(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    data_key_pair(call, "kms:GenerateDataKeyPair", true)
}

pub(super) fn generate_data_key_pair_without_plaintext(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    data_key_pair(call, "kms:GenerateDataKeyPairWithoutPlaintext", false)
}

pub(super) fn generate_random(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    call.authorise("kms:GenerateRandom", &call.arn("*"))?;
    let bytes = number(call, "NumberOfBytes", 1, 1024)?;
    let bytes = bytes.ok_or_else(|| ApiError::validation("NumberOfBytes is required."))?;
    let plaintext = random(call, bytes as usize);
    Ok(json!({"Plaintext": plaintext}).into())
}
