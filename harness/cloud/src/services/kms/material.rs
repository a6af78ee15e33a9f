//! Key material, and what is computed with it: signatures, MACs, encryption with key pairs, shared secrets.
//!
//! The material of a key pair is its private key in PKCS #8; of other keys, their bytes.

use hmac::{Hmac, KeyInit, Mac};
use rand::Rng;
use rand_chacha::ChaCha8Rng;
use rsa::pkcs8::{DecodePrivateKey, EncodePrivateKey, EncodePublicKey};
use sha1::Sha1;
use sha2::{Digest, Sha224, Sha256, Sha384, Sha512};

use super::spec::Spec;

/// One module for each curve: the crates' types have the same names.
macro_rules! curve {
    ($module:ident, $curve:ident $(, $agreement:ident)?) => {
        mod $module {
            use rand_chacha::ChaCha8Rng;
            use $curve::ecdsa::signature::hazmat::{PrehashSigner, PrehashVerifier};
            use $curve::ecdsa::{DerSignature, SigningKey, VerifyingKey};
            use $curve::elliptic_curve::Generate;
            use $curve::pkcs8::{DecodePrivateKey, EncodePrivateKey, EncodePublicKey};
            use $curve::{PublicKey, SecretKey};

            pub(super) fn generate(rng: &mut ChaCha8Rng) -> Option<Vec<u8>> {
                let key = SecretKey::generate_from_rng(rng);
                Some(key.to_pkcs8_der().ok()?.as_bytes().to_vec())
            }

            fn secret(material: &[u8]) -> Option<SecretKey> {
                SecretKey::from_pkcs8_der(material).ok()
            }

            pub(super) fn public(material: &[u8]) -> Option<Vec<u8>> {
                let key: PublicKey = secret(material)?.public_key();
                Some(key.to_public_key_der().ok()?.as_bytes().to_vec())
            }

            pub(super) fn sign(material: &[u8], digest: &[u8]) -> Option<Vec<u8>> {
                let key = SigningKey::from(secret(material)?);
                let signature: DerSignature = key.sign_prehash(digest).ok()?;
                Some(signature.as_bytes().to_vec())
            }

            pub(super) fn verify(material: &[u8], digest: &[u8], signature: &[u8]) -> bool {
                let Some(secret) = secret(material) else { return false };
                let key = VerifyingKey::from(secret.public_key());
                DerSignature::from_bytes(signature).is_ok_and(|signature| key.verify_prehash(digest, &signature).is_ok())
            }

            $(
                pub(super) fn $agreement(material: &[u8], other: &[u8]) -> Option<Vec<u8>> {
                    use $curve::pkcs8::DecodePublicKey;
                    let other = PublicKey::from_public_key_der(other).ok()?;
                    Some(secret(material)?.diffie_hellman(&other).raw_secret_bytes().to_vec())
                }
            )?
        }
    };
}

curve!(nist_p256, p256, agree);
curve!(nist_p384, p384, agree);
curve!(nist_p521, p521, agree);
curve!(secg_p256k1, k256);

/// New material. `None` only where a library fails.
pub(super) fn generate(rng: &mut ChaCha8Rng, spec: Spec) -> Option<Vec<u8>> {
    if let Some(bytes) = spec.secret_bytes() {
        return Some(random(rng, bytes));
    }
    match spec {
        Spec::EccNistP256 => nist_p256::generate(rng),
        Spec::EccNistP384 => nist_p384::generate(rng),
        Spec::EccNistP521 => nist_p521::generate(rng),
        Spec::EccSecgP256k1 => secg_p256k1::generate(rng),
        _ => {
            let key = rsa::PrivateKey::new(rng, spec.rsa_bits()?).ok()?;
            Some(key.to_pkcs8_der().ok()?.as_bytes().to_vec())
        }
    }
}

pub(super) fn random(rng: &mut ChaCha8Rng, bytes: usize) -> Vec<u8> {
    let mut random = vec![0; bytes];
    rng.fill_bytes(&mut random);
    random
}

fn rsa_key(material: &[u8]) -> Option<rsa::PrivateKey> {
    rsa::PrivateKey::from_pkcs8_der(material).ok()
}

/// The public key as SubjectPublicKeyInfo.
pub(super) fn public(spec: Spec, material: &[u8]) -> Option<Vec<u8>> {
    match spec {
        Spec::EccNistP256 => nist_p256::public(material),
        Spec::EccNistP384 => nist_p384::public(material),
        Spec::EccNistP521 => nist_p521::public(material),
        Spec::EccSecgP256k1 => secg_p256k1::public(material),
        _ => Some(rsa_key(material)?.to_public_key().to_public_key_der().ok()?.as_bytes().to_vec()),
    }
}

/// Bytes of the digest of a signing algorithm, which ends in its number of bits.
pub(super) fn digest_bytes(algorithm: &str) -> usize {
    algorithm.rsplit('_').next().and_then(|bits| bits.parse::<usize>().ok()).unwrap_or(256) / 8
}

/// The digest that a signing algorithm makes of a message.
pub(super) fn digest(algorithm: &str, message: &[u8]) -> Vec<u8> {
    match digest_bytes(algorithm) {
        48 => Sha384::digest(message).to_vec(),
        64 => Sha512::digest(message).to_vec(),
        _ => Sha256::digest(message).to_vec(),
    }
}

pub(super) fn sign(
    rng: &mut ChaCha8Rng,
    spec: Spec,
    material: &[u8],
    algorithm: &str,
    digest: &[u8],
) -> Option<Vec<u8>> {
    match spec {
        Spec::EccNistP256 => return nist_p256::sign(material, digest),
        Spec::EccNistP384 => return nist_p384::sign(material, digest),
        Spec::EccNistP521 => return nist_p521::sign(material, digest),
        Spec::EccSecgP256k1 => return secg_p256k1::sign(material, digest),
        _ => {}
    }
    let key = rsa_key(material)?;
    let signed = match (algorithm.contains("PSS"), digest.len()) {
        (true, 48) => key.pss_sign_prehash_with_rng::<Sha384, _>(rng, digest),
        (true, 64) => key.pss_sign_prehash_with_rng::<Sha512, _>(rng, digest),
        (true, _) => key.pss_sign_prehash_with_rng::<Sha256, _>(rng, digest),
        (false, 48) => key.pkcs1v15_sign_prehash::<Sha384>(digest),
        (false, 64) => key.pkcs1v15_sign_prehash::<Sha512>(digest),
        (false, _) => key.pkcs1v15_sign_prehash::<Sha256>(digest),
    };
    signed.ok()
}

pub(super) fn verify(spec: Spec, material: &[u8], algorithm: &str, digest: &[u8], signature: &[u8]) -> bool {
    match spec {
        Spec::EccNistP256 => return nist_p256::verify(material, digest, signature),
        Spec::EccNistP384 => return nist_p384::verify(material, digest, signature),
        Spec::EccNistP521 => return nist_p521::verify(material, digest, signature),
        Spec::EccSecgP256k1 => return secg_p256k1::verify(material, digest, signature),
        _ => {}
    }
    let Some(key) = rsa_key(material).map(|key| key.to_public_key()) else { return false };
    match (algorithm.contains("PSS"), digest.len()) {
        (true, 48) => key.pss_verify_prehash::<Sha384>(digest, signature),
        (true, 64) => key.pss_verify_prehash::<Sha512>(digest, signature),
        (true, _) => key.pss_verify_prehash::<Sha256>(digest, signature),
        (false, 48) => key.pkcs1v15_verify_prehash::<Sha384>(digest, signature),
        (false, 64) => key.pkcs1v15_verify_prehash::<Sha512>(digest, signature),
        (false, _) => key.pkcs1v15_verify_prehash::<Sha256>(digest, signature),
    }
    .is_ok()
}

/// The secret that two key pairs share. [D] API_DeriveSharedSecret
pub(super) fn agree(spec: Spec, material: &[u8], other: &[u8]) -> Option<Vec<u8>> {
    match spec {
        Spec::EccNistP256 => nist_p256::agree(material, other),
        Spec::EccNistP384 => nist_p384::agree(material, other),
        Spec::EccNistP521 => nist_p521::agree(material, other),
        _ => None,
    }
}

/// The most bytes that a key pair encrypts. [D] API_Encrypt
pub(super) fn longest_plaintext(spec: Spec, algorithm: &str) -> Option<usize> {
    let hash = if algorithm.ends_with("SHA_1") { 20 } else { 32 };
    Some(spec.rsa_bits()? / 8 - 2 * hash - 2)
}

pub(super) fn encrypt(rng: &mut ChaCha8Rng, material: &[u8], algorithm: &str, plaintext: &[u8]) -> Option<Vec<u8>> {
    let key = rsa_key(material)?.to_public_key();
    match algorithm.ends_with("SHA_1") {
        true => key.oaep_encrypt_with_rng::<Sha1, _>(rng, plaintext),
        false => key.oaep_encrypt_with_rng::<Sha256, _>(rng, plaintext),
    }
    .ok()
}

/// Opens what was encrypted with the public key: ciphertexts, and material that is brought along.
pub(super) fn decrypt(material: &[u8], algorithm: &str, ciphertext: &[u8]) -> Option<Vec<u8>> {
    let key = rsa_key(material)?;
    match algorithm {
        "RSAES_OAEP_SHA_1" => key.oaep_decrypt::<Sha1>(ciphertext),
        "RSAES_OAEP_SHA_256" => key.oaep_decrypt::<Sha256>(ciphertext),
        _ => key.pkcs1v15_decrypt(ciphertext),
    }
    .ok()
}

/// The MAC of a message.
pub(super) fn mac(algorithm: &str, material: &[u8], message: &[u8]) -> Vec<u8> {
    // Keys of any length are good, so no error is possible.
    macro_rules! mac {
        ($hash:ident) => {
            Hmac::<$hash>::new_from_slice(material)
                .map(|mac| mac.chain_update(message).finalize().into_bytes().to_vec())
                .unwrap_or_default()
        };
    }
    match algorithm {
        "HMAC_SHA_224" => mac!(Sha224),
        "HMAC_SHA_384" => mac!(Sha384),
        "HMAC_SHA_512" => mac!(Sha512),
        _ => mac!(Sha256),
    }
}
