//! Signatures, MACs and shared secrets. [D] API_Sign, API_Verify, API_GenerateMac, API_VerifyMac,
//! API_DeriveSharedSecret

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use super::check::{blob, dry_run};
use super::crypto::{algorithm_of, material_of, usable_key};
use super::operations::{internal, key, named};
use super::spec::{self, Usage};
use super::{material, usable};
use crate::api::{ApiError, Call, Reply};
use crate::id::Arn;
use crate::policy::Context;

pub(super) fn get_public_key(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let arn = named(call, "KeyId", "kms:GetPublicKey")?;
    let (spec, usage) = {
        let key = key(call, &arn)?;
        (key.spec, key.usage)
    };
    // [D] API_GetPublicKey; the text is [?]
    if !spec.is_asymmetric() {
        let text = format!("{arn} key spec is {} which is not valid for GetPublicKey.", spec.name());
        return Err(ApiError::new("UnsupportedOperationException", text));
    }
    usable(call, &arn)?;
    let own = material_of(call, &arn)?;
    let public = material::public(spec, &own).ok_or_else(internal)?;
    let mut members = spec::members(spec, usage);
    members.insert("KeyId".into(), json!(arn.as_str()));
    members.insert("PublicKey".into(), json!(STANDARD.encode(public)));
    Ok(serde_json::Value::Object(members).into())
}

/// The digest that is signed: of the message, or the message itself where it is one.
fn digest(call: &Call<'_>, algorithm: &str) -> Result<Vec<u8>, ApiError> {
    let message = blob(call, "Message", 4096)?;
    let kind = call.text("MessageType").unwrap_or("RAW");
    spec::one_of(kind, "messageType", &["RAW", "DIGEST", "EXTERNAL_MU"])?;
    if kind == "RAW" {
        return Ok(material::digest(algorithm, &message));
    }
    if message.len() != material::digest_bytes(algorithm) {
        // [T]
        return Err(ApiError::validation(format!("Digest is invalid length for algorithm {algorithm}.")));
    }
    Ok(message)
}

/// Key, algorithm and digest of a call that signs or verifies.
fn signing(call: &mut Call<'_>, action: &str) -> Result<(Arn, String, Vec<u8>), ApiError> {
    let algorithm = call.text("SigningAlgorithm").unwrap_or_default().to_owned();
    spec::one_of(&algorithm, "signingAlgorithm", &spec::SIGNING)?;
    blob(call, "Message", 4096)?;
    let context = Context::new()
        .with("kms:SigningAlgorithm", algorithm.as_str())
        .with("kms:MessageType", call.text("MessageType").unwrap_or("RAW"));
    let arn = usable_key(call, "KeyId", action, Usage::SignVerify, context)?;
    algorithm_of(call, &arn, &algorithm)?;
    let digest = digest(call, &algorithm)?;
    Ok((arn, algorithm, digest))
}

pub(super) fn sign(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let (arn, algorithm, digest) = signing(call, "kms:Sign")?;
    dry_run(call)?;
    let (own, spec) = (material_of(call, &arn)?, key(call, &arn)?.spec);
    let signature = material::sign(call.state.rng(), spec, &own, &algorithm, &digest).ok_or_else(internal)?;
    let signature = STANDARD.encode(signature);
    Ok(json!({"KeyId": arn.as_str(), "Signature": signature, "SigningAlgorithm": algorithm}).into())
}

pub(super) fn verify(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let signature = blob(call, "Signature", 6144)?;
    let (arn, algorithm, digest) = signing(call, "kms:Verify")?;
    let (own, spec) = (material_of(call, &arn)?, key(call, &arn)?.spec);
    // It is an error, not a `false`. [D] API_Verify
    if !material::verify(spec, &own, &algorithm, &digest, &signature) {
        return Err(ApiError::new("KMSInvalidSignatureException", ""));
    }
    dry_run(call)?;
    Ok(json!({"KeyId": arn.as_str(), "SignatureValid": true, "SigningAlgorithm": algorithm}).into())
}

/// Key, algorithm and MAC of a call's message.
fn mac(call: &mut Call<'_>, action: &str) -> Result<(Arn, String, Vec<u8>), ApiError> {
    let algorithm = call.text("MacAlgorithm").unwrap_or_default().to_owned();
    spec::one_of(&algorithm, "macAlgorithm", &spec::MACS)?;
    let message = blob(call, "Message", 4096)?;
    let context = Context::new().with("kms:MacAlgorithm", algorithm.as_str());
    let arn = usable_key(call, "KeyId", action, Usage::GenerateVerifyMac, context)?;
    algorithm_of(call, &arn, &algorithm)?;
    let own = material_of(call, &arn)?;
    let mac = material::mac(&algorithm, &own, &message);
    Ok((arn, algorithm, mac))
}

pub(super) fn generate_mac(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let (arn, algorithm, mac) = mac(call, "kms:GenerateMac")?;
    dry_run(call)?;
    Ok(json!({"Mac": STANDARD.encode(mac), "MacAlgorithm": algorithm, "KeyId": arn.as_str()}).into())
}

pub(super) fn verify_mac(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let given = blob(call, "Mac", 6144)?;
    let (arn, algorithm, mac) = mac(call, "kms:VerifyMac")?;
    if mac != given {
        return Err(ApiError::new("KMSInvalidMacException", ""));
    }
    dry_run(call)?;
    Ok(json!({"KeyId": arn.as_str(), "MacValid": true, "MacAlgorithm": algorithm}).into())
}

pub(super) fn derive_shared_secret(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let algorithm = call.text("KeyAgreementAlgorithm").unwrap_or_default().to_owned();
    spec::one_of(&algorithm, "keyAgreementAlgorithm", &["ECDH"])?;
    let other = blob(call, "PublicKey", 8192)?;
    let context = Context::new().with("kms:KeyAgreementAlgorithm", algorithm.as_str());
    let arn = usable_key(call, "KeyId", "kms:DeriveSharedSecret", Usage::KeyAgreement, context)?;
    let own = material_of(call, &arn)?;
    let (spec, origin) = {
        let key = key(call, &arn)?;
        (key.spec, key.origin)
    };
    // The other key must be on the same curve. [D] API_DeriveSharedSecret; the text is [?]
    let secret = material::agree(spec, &own, &other).ok_or_else(|| {
        ApiError::validation(format!("The public key is not a valid public key of key spec {}.", spec.name()))
    })?;
    dry_run(call)?;
    Ok(json!({
        "KeyId": arn.as_str(), "SharedSecret": STANDARD.encode(secret), "KeyAgreementAlgorithm": algorithm,
        "KeyOrigin": origin.name(),
    })
    .into())
}
