//! Key material that customers bring along. [D] importing-keys, API_GetParametersForImport, API_ImportKeyMaterial

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::check::blob;
use super::key::Wrapping;
use super::material;
use super::operations::{internal, key, live};
use super::spec::{self, Origin, Spec};
use crate::api::{ApiError, Call, Reply};
use crate::id::Arn;
use crate::time::Time;

/// How long public key and token are good. [D] API_GetParametersForImport
const PARAMETERS_VALID_MS: i64 = 24 * 3600 * 1000;

/// The key, which must have been made without material. The text is [T].
fn external(call: &mut Call<'_>, action: &str) -> Result<Arn, ApiError> {
    let arn = live(call, action)?;
    match key(call, &arn)?.origin {
        Origin::External => Ok(arn),
        origin => Err(ApiError::new(
            "UnsupportedOperationException",
            format!("{arn} origin is {} which is not valid for this operation.", origin.name()),
        )),
    }
}

pub(super) fn get_parameters_for_import(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let algorithm = call.text("WrappingAlgorithm").unwrap_or_default().to_owned();
    const ALGORITHMS: [&str; 6] = [
        "RSAES_PKCS1_V1_5",
        "RSAES_OAEP_SHA_1",
        "RSAES_OAEP_SHA_256",
        "RSA_AES_KEY_WRAP_SHA_1",
        "RSA_AES_KEY_WRAP_SHA_256",
        "SM2PKE",
    ];
    spec::one_of(&algorithm, "wrappingAlgorithm", &ALGORITHMS)?;
    let spec = call.text("WrappingKeySpec").unwrap_or_default().to_owned();
    spec::one_of(&spec, "wrappingKeySpec", &["RSA_2048", "RSA_3072", "RSA_4096", "SM2"])?;
    if algorithm.starts_with("RSA_AES") || algorithm == "SM2PKE" || spec == "SM2" {
        let text = format!("rootwatch: no import wrapped with {algorithm} and {spec}");
        return Err(ApiError::new("UnsupportedOperationException", text));
    }
    let arn = external(call, "kms:GetParametersForImport")?;
    let spec = Spec::parse(&spec, "wrappingKeySpec")?;
    let own = material::generate(call.state.rng(), spec).ok_or_else(internal)?;
    let public = material::public(spec, &own).ok_or_else(internal)?;
    let valid_to = Time(call.state.now.0 + PARAMETERS_VALID_MS);
    let token = STANDARD.encode(material::random(call.state.rng(), 192));
    key(call, &arn)?.wrapping = Some(Wrapping { algorithm, key: STANDARD.encode(own), token: token.clone(), valid_to });
    Ok(json!({
        "KeyId": arn.as_str(), "ImportToken": token, "PublicKey": STANDARD.encode(public),
        "ParametersValidTo": valid_to.seconds_f64(),
    })
    .into())
}

/// When the material is to be gone. [D] API_ImportKeyMaterial; text [T]
fn expiry(call: &Call<'_>) -> Result<Option<Time>, ApiError> {
    let model = call.text("ExpirationModel").unwrap_or("KEY_MATERIAL_EXPIRES");
    spec::one_of(model, "expirationModel", &["KEY_MATERIAL_EXPIRES", "KEY_MATERIAL_DOES_NOT_EXPIRE"])?;
    let end = call.params.get("ValidTo").and_then(Value::as_f64).map(|seconds| Time((seconds * 1000.0) as i64));
    match (model, end) {
        ("KEY_MATERIAL_EXPIRES", None) => {
            Err(ApiError::validation("A validTo date must be set if the ExpirationModel is KEY_MATERIAL_EXPIRES"))
        }
        ("KEY_MATERIAL_EXPIRES", Some(end)) if end <= call.state.now => {
            Err(ApiError::validation("The validTo date must be in the future"))
        }
        ("KEY_MATERIAL_EXPIRES", end) => Ok(end),
        (_, Some(_)) => Err(ApiError::validation(
            "A validTo date must not be set if the ExpirationModel is KEY_MATERIAL_DOES_NOT_EXPIRE",
        )),
        (_, None) => Ok(None),
    }
}

pub(super) fn import_key_material(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let (token, wrapped) = (blob(call, "ImportToken", 6144)?, blob(call, "EncryptedKeyMaterial", 6144)?);
    let valid_to = expiry(call)?;
    let arn = external(call, "kms:ImportKeyMaterial")?;
    let now = call.state.now;
    let key = key(call, &arn)?;
    let invalid_token = || ApiError::new("InvalidImportTokenException", "");
    let wrapping = key.wrapping.as_ref().ok_or_else(invalid_token)?;
    if STANDARD.decode(&wrapping.token).ok() != Some(token) {
        return Err(invalid_token());
    }
    if wrapping.valid_to <= now {
        return Err(ApiError::new("ExpiredImportTokenException", ""));
    }
    let own = STANDARD.decode(&wrapping.key).unwrap_or_default();
    let brought = material::decrypt(&own, &wrapping.algorithm, &wrapped)
        .ok_or_else(|| ApiError::new("InvalidCiphertextException", ""))?;
    let fits = match key.spec.secret_bytes() {
        Some(bytes) => brought.len() == bytes,
        None => material::public(key.spec, &brought).is_some(),
    };
    // Material that went away may only come back as it was. [D] API_ImportKeyMaterial
    let digest = STANDARD.encode(Sha256::digest(&brought));
    if !fits || key.imported.as_ref().is_some_and(|first| *first != digest) {
        return Err(ApiError::new("IncorrectKeyMaterialException", ""));
    }
    key.material = Some(STANDARD.encode(brought));
    key.imported = Some(digest);
    key.valid_to = valid_to;
    Ok(Reply::empty())
}

pub(super) fn delete_imported_key_material(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let arn = external(call, "kms:DeleteImportedKeyMaterial")?;
    let key = key(call, &arn)?;
    (key.material, key.valid_to) = (None, None);
    Ok(Reply::empty())
}
