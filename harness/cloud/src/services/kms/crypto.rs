//! Encrypt, Decrypt and ReEncrypt. With a symmetric key they can be undone and hide nothing: what matters is who may.
//! With a key pair they are real, for the public key may be used elsewhere.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::check::{blob, dry_run};
use super::operations::{authorise, internal, key, not_found};
use super::spec::{self, Usage};
use super::{material, resolve, usable};
use crate::api::{ApiError, Call, Reply};
use crate::id::Arn;
use crate::policy::Context;

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

/// The key that a member names, for a cryptographic operation of a usage.
pub(super) fn usable_key(
    call: &mut Call<'_>,
    member: &str,
    action: &str,
    usage: Usage,
    context: Context,
) -> Result<Arn, ApiError> {
    let text = call.text(member).unwrap_or_default().to_owned();
    let found = resolve(call.state, &text, &call.account, &call.region);
    let arn = found.ok_or_else(|| not_found(call, &text))?;
    authorise(call, &arn, action, context)?;
    usable(call, &arn)?;
    let found = key(call, &arn)?.usage;
    if found == usage {
        return Ok(arn);
    }
    // [T] public traces
    let operation = &call.operation;
    let text = format!("{arn} key usage is {} which is not valid for {operation}.", found.name());
    Err(ApiError::new("InvalidKeyUsageException", text))
}

/// The algorithm must be one of the key's. [T]
pub(super) fn algorithm_of(call: &mut Call<'_>, arn: &Arn, algorithm: &str) -> Result<(), ApiError> {
    let key = key(call, arn)?;
    if key.spec.algorithms(key.usage).contains(&algorithm) {
        return Ok(());
    }
    let text = format!("Algorithm {algorithm} is incompatible with key spec {}.", key.spec.name());
    Err(ApiError::new("InvalidKeyUsageException", text))
}

/// The material of a usable key.
pub(super) fn material_of(call: &mut Call<'_>, arn: &Arn) -> Result<Vec<u8>, ApiError> {
    let now = call.state.now;
    key(call, arn)?.material(now).ok_or_else(internal)
}

fn algorithm(call: &Call<'_>, member: &str) -> Result<String, ApiError> {
    let algorithm = call.text(member).unwrap_or("SYMMETRIC_DEFAULT");
    let named = member[..1].to_lowercase() + &member[1..];
    spec::one_of(algorithm, &named, &spec::ENCRYPTION)?;
    Ok(algorithm.to_owned())
}

/// The ciphertext of a plaintext (base64) under a usable key, base64.
fn seal(
    call: &mut Call<'_>,
    arn: &Arn,
    algorithm: &str,
    context: BTreeMap<String, String>,
    plaintext: String,
) -> Result<String, ApiError> {
    algorithm_of(call, arn, algorithm)?;
    let spec = key(call, arn)?.spec;
    let Some(longest) = material::longest_plaintext(spec, algorithm) else {
        return Ok(Sealed { key: arn.clone(), context, plaintext }.blob());
    };
    let bytes = STANDARD.decode(&plaintext).unwrap_or_default();
    if bytes.len() > longest {
        return Err(ApiError::validation(format!(
            "Algorithm {algorithm} and key spec {} cannot encrypt data larger than {longest} bytes.",
            spec.name()
        )));
    }
    let own = material_of(call, arn)?;
    let sealed = material::encrypt(call.state.rng(), &own, algorithm, &bytes).ok_or_else(internal)?;
    Ok(STANDARD.encode(sealed))
}

pub(super) fn encrypt(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    // [D] API_Encrypt
    blob(call, "Plaintext", 4096)?;
    let plaintext = call.text("Plaintext").unwrap_or_default().to_owned();
    let algorithm = algorithm(call, "EncryptionAlgorithm")?;
    let context = encryption_context(call, "EncryptionContext");
    let key = usable_key(call, "KeyId", "kms:Encrypt", Usage::EncryptDecrypt, keys_of(&context))?;
    let blob = seal(call, &key, &algorithm, context, plaintext)?;
    dry_run(call)?;
    Ok(json!({"CiphertextBlob": blob, "KeyId": key.as_str(), "EncryptionAlgorithm": algorithm}).into())
}

fn invalid() -> ApiError {
    ApiError::new("InvalidCiphertextException", "")
}

/// Opens a ciphertext for the caller: the key, and the plaintext in base64.
fn open(
    call: &mut Call<'_>,
    action: &str,
    key_member: &str,
    algorithm: &str,
    context: BTreeMap<String, String>,
) -> Result<(Arn, String), ApiError> {
    if algorithm != "SYMMETRIC_DEFAULT" {
        return open_with_key_pair(call, action, key_member, algorithm);
    }
    let named = match call.text(key_member) {
        None => None,
        Some(text) => {
            Some(resolve(call.state, text, &call.account, &call.region).ok_or_else(|| not_found(call, text))?)
        }
    };
    if let Some(named) = &named {
        // A key pair's ciphertext does not say its key. [D] API_Decrypt
        if key(call, named)?.usage == Usage::EncryptDecrypt {
            algorithm_of(call, named, algorithm)?;
        } else {
            usable_key(call, key_member, action, Usage::EncryptDecrypt, keys_of(&context))?;
        }
    }
    let sealed = Sealed::open(call.text("CiphertextBlob").unwrap_or_default()).ok_or_else(invalid)?;
    // Any key of a multi-Region family opens what another of it has closed. [D] multi-region-keys-overview
    let local = match sealed.key.name().starts_with("mrk-") {
        true => Arn::of("kms", &call.region, &sealed.key.account(), format!("key/{}", sealed.key.name())),
        false => sealed.key.clone(),
    };
    let arn = resolve(call.state, local.as_str(), &call.account, &call.region).ok_or_else(invalid)?;
    if named.is_some_and(|named| named != arn) {
        let text = "The key ID in the request does not identify a CMK that can perform this operation.";
        return Err(ApiError::new("IncorrectKeyException", text));
    }
    authorise(call, &arn, action, keys_of(&context))?;
    usable(call, &arn)?;
    if sealed.context == context { Ok((arn, sealed.plaintext)) } else { Err(invalid()) }
}

/// [D] API_Decrypt: the key must be named, and the algorithm be the one of the encryption
fn open_with_key_pair(
    call: &mut Call<'_>,
    action: &str,
    key_member: &str,
    algorithm: &str,
) -> Result<(Arn, String), ApiError> {
    if call.text(key_member).is_none() {
        return Err(invalid());
    }
    let arn = usable_key(call, key_member, action, Usage::EncryptDecrypt, Context::new())?;
    algorithm_of(call, &arn, algorithm)?;
    let own = material_of(call, &arn)?;
    let ciphertext = STANDARD.decode(call.text("CiphertextBlob").unwrap_or_default()).unwrap_or_default();
    let plaintext = material::decrypt(&own, algorithm, &ciphertext).ok_or_else(invalid)?;
    Ok((arn, STANDARD.encode(plaintext)))
}

pub(super) fn decrypt(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    blob(call, "CiphertextBlob", 6144)?;
    let algorithm = algorithm(call, "EncryptionAlgorithm")?;
    let context = encryption_context(call, "EncryptionContext");
    let (key, plaintext) = open(call, "kms:Decrypt", "KeyId", &algorithm, context)?;
    dry_run(call)?;
    Ok(json!({"Plaintext": plaintext, "KeyId": key.as_str(), "EncryptionAlgorithm": algorithm}).into())
}

pub(super) fn re_encrypt(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let (source, destination) =
        (algorithm(call, "SourceEncryptionAlgorithm")?, algorithm(call, "DestinationEncryptionAlgorithm")?);
    let (from, to) =
        (encryption_context(call, "SourceEncryptionContext"), encryption_context(call, "DestinationEncryptionContext"));
    let (old, plaintext) = open(call, "kms:ReEncryptFrom", "SourceKeyId", &source, from)?;
    let key = usable_key(call, "DestinationKeyId", "kms:ReEncryptTo", Usage::EncryptDecrypt, keys_of(&to))?;
    let blob = seal(call, &key, &destination, to, plaintext)?;
    dry_run(call)?;
    Ok(json!({
        "CiphertextBlob": blob, "SourceKeyId": old.as_str(), "KeyId": key.as_str(),
        "SourceEncryptionAlgorithm": source, "DestinationEncryptionAlgorithm": destination,
    })
    .into())
}
