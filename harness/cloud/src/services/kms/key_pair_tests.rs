//! Key pairs, MACs, imported material and multi-Region keys through the API. [D] KMS API reference; texts [T]

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rsa::pkcs8::DecodePublicKey;
use serde_json::{Value, json};
use sha2::Sha256;

use super::tests::{ACCOUNT, call, ok};
use crate::api::{ApiError, Protocol, Service, testing};
use crate::state::State;
use crate::time::Time;

const DAY: i64 = 24 * 3600 * 1000;

fn state() -> State {
    State::new(Time::parse("2026-03-02T09:14:07Z").unwrap(), 1)
}

fn create(state: &mut State, spec: &str, usage: &str) -> String {
    let key = ok(state, "CreateKey", json!({"KeySpec": spec, "KeyUsage": usage}));
    key["KeyMetadata"]["KeyId"].as_str().unwrap().to_owned()
}

fn with(mut params: Value, more: &Value) -> Value {
    params.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    params
}

fn base64(text: &str) -> String {
    STANDARD.encode(text)
}

fn code(result: Result<Value, ApiError>) -> String {
    result.map_or_else(|error| error.code, |answer| panic!("{answer}"))
}

/// [D] API_CreateKey, API_KeyMetadata: spec, usage, the member that lists the algorithms, the first of them
#[test]
fn specs() {
    let mut state = state();
    let cases = [
        ("SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT", "EncryptionAlgorithms", "SYMMETRIC_DEFAULT"),
        ("RSA_2048", "ENCRYPT_DECRYPT", "EncryptionAlgorithms", "RSAES_OAEP_SHA_1"),
        ("RSA_2048", "SIGN_VERIFY", "SigningAlgorithms", "RSASSA_PKCS1_V1_5_SHA_256"),
        ("ECC_NIST_P256", "SIGN_VERIFY", "SigningAlgorithms", "ECDSA_SHA_256"),
        ("ECC_NIST_P384", "SIGN_VERIFY", "SigningAlgorithms", "ECDSA_SHA_384"),
        ("ECC_NIST_P521", "SIGN_VERIFY", "SigningAlgorithms", "ECDSA_SHA_512"),
        ("ECC_SECG_P256K1", "SIGN_VERIFY", "SigningAlgorithms", "ECDSA_SHA_256"),
        ("ECC_NIST_P256", "KEY_AGREEMENT", "KeyAgreementAlgorithms", "ECDH"),
        ("HMAC_224", "GENERATE_VERIFY_MAC", "MacAlgorithms", "HMAC_SHA_224"),
        ("HMAC_512", "GENERATE_VERIFY_MAC", "MacAlgorithms", "HMAC_SHA_512"),
    ];
    for (spec, usage, member, algorithm) in cases {
        let shape = &ok(&mut state, "CreateKey", json!({"KeySpec": spec, "KeyUsage": usage}))["KeyMetadata"];
        assert_eq!((&shape["KeySpec"], &shape["KeyUsage"]), (&json!(spec), &json!(usage)));
        assert_eq!((&shape["CustomerMasterKeySpec"], &shape[member][0]), (&json!(spec), &json!(algorithm)));
        let lists = ["EncryptionAlgorithms", "SigningAlgorithms", "MacAlgorithms", "KeyAgreementAlgorithms"];
        for other in lists.iter().filter(|other| **other != member) {
            assert_eq!(shape.get(other), None, "{spec} {usage}");
        }
    }
    let refused = [
        (json!({"KeySpec": "RSA_2048"}), "ValidationException"),
        (json!({"KeySpec": "HMAC_256", "KeyUsage": "ENCRYPT_DECRYPT"}), "ValidationException"),
        (json!({"KeySpec": "ECC_NIST_P256", "KeyUsage": "ENCRYPT_DECRYPT"}), "ValidationException"),
        (json!({"KeySpec": "ECC_SECG_P256K1", "KeyUsage": "KEY_AGREEMENT"}), "ValidationException"),
        (json!({"KeyUsage": "SIGN_VERIFY"}), "ValidationException"),
        (json!({"KeySpec": "RSA_1024", "KeyUsage": "SIGN_VERIFY"}), "ValidationException"),
        (json!({"KeySpec": "ML_DSA_44", "KeyUsage": "SIGN_VERIFY"}), "UnsupportedOperationException"),
        (json!({"Origin": "AWS_CLOUDHSM"}), "UnsupportedOperationException"),
    ];
    for (params, expected) in refused {
        assert_eq!(code(call(&mut state, "CreateKey", params.clone())), expected, "{params}");
    }
}

/// [D] API_Sign, API_Verify: message, digest, another message, another algorithm, a dry run
#[test]
fn signatures() {
    let mut state = state();
    let cases = [
        ("RSA_2048", "RSASSA_PSS_SHA_256"),
        ("RSA_2048", "RSASSA_PSS_SHA_512"),
        ("RSA_2048", "RSASSA_PKCS1_V1_5_SHA_384"),
        ("ECC_NIST_P256", "ECDSA_SHA_256"),
        ("ECC_NIST_P384", "ECDSA_SHA_384"),
        ("ECC_NIST_P521", "ECDSA_SHA_512"),
        ("ECC_SECG_P256K1", "ECDSA_SHA_256"),
    ];
    for (spec, algorithm) in cases {
        let key = create(&mut state, spec, "SIGN_VERIFY");
        let params = json!({"KeyId": key, "SigningAlgorithm": algorithm, "Message": base64("message")});
        let signed = ok(&mut state, "Sign", params.clone());
        assert_eq!(signed["SigningAlgorithm"], algorithm);
        let verify = with(params, &json!({"Signature": signed["Signature"]}));
        assert_eq!(ok(&mut state, "Verify", verify.clone())["SignatureValid"], json!(true), "{spec} {algorithm}");
        let digest = STANDARD.encode(super::material::digest(algorithm, b"message"));
        let of_digest = with(verify.clone(), &json!({"Message": digest, "MessageType": "DIGEST"}));
        assert_eq!(ok(&mut state, "Verify", of_digest)["SignatureValid"], json!(true), "{spec} {algorithm}");
        let wrong = [
            (json!({"Message": base64("other")}), "KMSInvalidSignatureException"),
            (json!({"Signature": base64("no signature")}), "KMSInvalidSignatureException"),
            (json!({"MessageType": "DIGEST"}), "ValidationException"),
            (json!({"Message": ""}), "ValidationException"),
            (json!({"SigningAlgorithm": "X"}), "ValidationException"),
            (json!({"DryRun": true}), "DryRunOperationException"),
        ];
        for (more, expected) in wrong {
            assert_eq!(code(call(&mut state, "Verify", with(verify.clone(), &more))), expected, "{spec} {more}");
        }
    }
    // What was signed here verifies elsewhere, with the public key.
    let key = create(&mut state, "RSA_2048", "SIGN_VERIFY");
    let public = ok(&mut state, "GetPublicKey", json!({"KeyId": key}));
    assert_eq!(
        (&public["KeyUsage"], &public["SigningAlgorithms"][0]),
        (&json!("SIGN_VERIFY"), &json!("RSASSA_PKCS1_V1_5_SHA_256"))
    );
    let der = STANDARD.decode(public["PublicKey"].as_str().unwrap()).unwrap();
    let params = json!({"KeyId": key, "SigningAlgorithm": "RSASSA_PKCS1_V1_5_SHA_256", "Message": base64("m")});
    let signature = ok(&mut state, "Sign", params)["Signature"].as_str().map(|text| STANDARD.decode(text).unwrap());
    let public = rsa::PublicKey::from_public_key_der(&der).unwrap();
    public.pkcs1v15_verify::<Sha256>(b"m", &signature.unwrap()).unwrap();
}

/// [T] public traces: what a key is not for, and what its spec cannot
#[test]
fn keys_are_for_one_thing() {
    let mut state = state();
    let symmetric = create(&mut state, "SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT");
    let signing = create(&mut state, "ECC_NIST_P256", "SIGN_VERIFY");
    let rsa = create(&mut state, "RSA_2048", "ENCRYPT_DECRYPT");
    let mac = create(&mut state, "HMAC_256", "GENERATE_VERIFY_MAC");
    let m = base64("m");
    let usage = "InvalidKeyUsageException";
    let arn = |key: &str| format!("arn:aws:kms:us-east-1:{ACCOUNT}:key/{key}");
    let not_for =
        |key: &str, is: &str, op: &str| format!("{} key usage is {is} which is not valid for {op}.", arn(key));
    let incompatible =
        |algorithm: &str, spec: &str| format!("Algorithm {algorithm} is incompatible with key spec {spec}.");
    let cases = [
        ("Encrypt", json!({"KeyId": signing, "Plaintext": m}), usage, not_for(&signing, "SIGN_VERIFY", "Encrypt")),
        (
            "Sign",
            json!({"KeyId": symmetric, "Message": m, "SigningAlgorithm": "ECDSA_SHA_256"}),
            usage,
            not_for(&symmetric, "ENCRYPT_DECRYPT", "Sign"),
        ),
        (
            "GenerateMac",
            json!({"KeyId": signing, "Message": m, "MacAlgorithm": "HMAC_SHA_256"}),
            usage,
            not_for(&signing, "SIGN_VERIFY", "GenerateMac"),
        ),
        (
            "GenerateDataKey",
            json!({"KeyId": mac, "KeySpec": "AES_256"}),
            usage,
            not_for(&mac, "GENERATE_VERIFY_MAC", "GenerateDataKey"),
        ),
        (
            "Sign",
            json!({"KeyId": signing, "Message": m, "SigningAlgorithm": "RSASSA_PSS_SHA_256"}),
            usage,
            incompatible("RSASSA_PSS_SHA_256", "ECC_NIST_P256"),
        ),
        ("Encrypt", json!({"KeyId": rsa, "Plaintext": m}), usage, incompatible("SYMMETRIC_DEFAULT", "RSA_2048")),
        (
            "Encrypt",
            json!({"KeyId": symmetric, "Plaintext": m, "EncryptionAlgorithm": "RSAES_OAEP_SHA_1"}),
            usage,
            incompatible("RSAES_OAEP_SHA_1", "SYMMETRIC_DEFAULT"),
        ),
        (
            "GenerateMac",
            json!({"KeyId": mac, "Message": m, "MacAlgorithm": "HMAC_SHA_512"}),
            usage,
            incompatible("HMAC_SHA_512", "HMAC_256"),
        ),
        (
            "Encrypt",
            json!({"KeyId": rsa, "Plaintext": base64(&"x".repeat(191)), "EncryptionAlgorithm": "RSAES_OAEP_SHA_256"}),
            "ValidationException",
            "Algorithm RSAES_OAEP_SHA_256 and key spec RSA_2048 cannot encrypt data larger than 190 bytes.".to_owned(),
        ),
        (
            "EnableKeyRotation",
            json!({"KeyId": rsa}),
            "UnsupportedOperationException",
            "valid for this operation.".to_owned(),
        ),
        ("GetPublicKey", json!({"KeyId": mac}), "UnsupportedOperationException", String::new()),
        (
            "GetParametersForImport",
            json!({"KeyId": symmetric, "WrappingAlgorithm": "RSAES_OAEP_SHA_256", "WrappingKeySpec": "RSA_2048"}),
            "UnsupportedOperationException",
            format!("{} origin is AWS_KMS which is not valid for this operation.", arn(&symmetric)),
        ),
        (
            "ReplicateKey",
            json!({"KeyId": symmetric, "ReplicaRegion": "eu-west-1"}),
            "UnsupportedOperationException",
            String::new(),
        ),
    ];
    for (operation, params, code, text) in cases {
        let error = call(&mut state, operation, params.clone()).map(|it| panic!("{operation}: {it}")).unwrap_err();
        assert_eq!(error.code, code, "{operation} {params}: {}", error.message);
        assert!(error.message.ends_with(&text), "{operation}: {} should be {text}", error.message);
    }
    for algorithm in ["RSAES_OAEP_SHA_1", "RSAES_OAEP_SHA_256"] {
        let params = json!({"KeyId": rsa, "EncryptionAlgorithm": algorithm});
        let sealed = ok(&mut state, "Encrypt", with(params.clone(), &json!({"Plaintext": m})));
        let open = with(params, &json!({"CiphertextBlob": sealed["CiphertextBlob"]}));
        assert_eq!(ok(&mut state, "Decrypt", open.clone())["Plaintext"], json!(m));
        let mut unnamed = open;
        unnamed.as_object_mut().unwrap().remove("KeyId");
        assert_eq!(code(call(&mut state, "Decrypt", unnamed)), "InvalidCiphertextException");
    }
}

/// [D] API_GenerateMac, API_VerifyMac; the vector RFC 4231, test case 2, through an imported key is [D] FIPS 198
#[test]
fn macs() {
    let mut state = state();
    for (spec, algorithm, bytes) in [
        ("HMAC_224", "HMAC_SHA_224", 28),
        ("HMAC_256", "HMAC_SHA_256", 32),
        ("HMAC_384", "HMAC_SHA_384", 48),
        ("HMAC_512", "HMAC_SHA_512", 64),
    ] {
        let key = create(&mut state, spec, "GENERATE_VERIFY_MAC");
        let params = json!({"KeyId": key, "Message": base64("m"), "MacAlgorithm": algorithm});
        let made = ok(&mut state, "GenerateMac", params.clone());
        assert_eq!(STANDARD.decode(made["Mac"].as_str().unwrap()).unwrap().len(), bytes, "{spec}");
        let verify = with(params, &json!({"Mac": made["Mac"]}));
        assert_eq!(ok(&mut state, "VerifyMac", verify.clone())["MacValid"], json!(true), "{spec}");
        let other = with(verify, &json!({"Message": base64("other")}));
        assert_eq!(code(call(&mut state, "VerifyMac", other)), "KMSInvalidMacException", "{spec}");
    }
    let mac = super::material::mac("HMAC_SHA_256", b"Jefe", b"what do ya want for nothing?");
    assert_eq!(mac[..4], [0x5b, 0xdc, 0xc1, 0x46]);
}

/// [D] API_GenerateDataKeyPair, API_DeriveSharedSecret
#[test]
fn data_key_pairs_and_shared_secrets() {
    let mut state = state();
    let key = create(&mut state, "SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT");
    for spec in ["RSA_2048", "ECC_NIST_P256", "ECC_NIST_P384", "ECC_NIST_P521", "ECC_SECG_P256K1"] {
        let params = json!({"KeyId": key, "KeyPairSpec": spec, "EncryptionContext": {"a": "1"}});
        let pair = ok(&mut state, "GenerateDataKeyPair", params.clone());
        assert_eq!((&pair["KeyPairSpec"], pair["PublicKey"].is_string()), (&json!(spec), true));
        let open = json!({"CiphertextBlob": pair["PrivateKeyCiphertextBlob"], "EncryptionContext": {"a": "1"}});
        assert_eq!(ok(&mut state, "Decrypt", open)["Plaintext"], pair["PrivateKeyPlaintext"]);
        let without = ok(&mut state, "GenerateDataKeyPairWithoutPlaintext", params);
        assert_eq!(without.get("PrivateKeyPlaintext"), None);
    }
    let refused = call(&mut state, "GenerateDataKeyPair", json!({"KeyId": key, "KeyPairSpec": "HMAC_256"}));
    assert_eq!(code(refused), "ValidationException");
    let (one, two) =
        (create(&mut state, "ECC_NIST_P384", "KEY_AGREEMENT"), create(&mut state, "ECC_NIST_P384", "KEY_AGREEMENT"));
    let mut secret = |own: &str, other: &str| {
        let public = ok(&mut state, "GetPublicKey", json!({"KeyId": other}))["PublicKey"].clone();
        let params = json!({"KeyId": own, "KeyAgreementAlgorithm": "ECDH", "PublicKey": public});
        ok(&mut state, "DeriveSharedSecret", params)["SharedSecret"].clone()
    };
    assert_eq!(secret(&one, &two), secret(&two, &one));
}

/// [D] importing-keys, key-state
#[test]
fn material_is_brought_along() {
    let mut state = state();
    let key = ok(&mut state, "CreateKey", json!({"Origin": "EXTERNAL"}))["KeyMetadata"].clone();
    assert_eq!(
        (&key["KeyState"], &key["Enabled"], &key["Origin"]),
        (&json!("PendingImport"), &json!(false), &json!("EXTERNAL"))
    );
    let id = key["KeyId"].clone();
    let encrypt = json!({"KeyId": id, "Plaintext": base64("x")});
    let error = call(&mut state, "Encrypt", encrypt.clone()).unwrap_err();
    assert_eq!(
        (error.code.as_str(), error.message.ends_with("is pending import.")),
        ("KMSInvalidStateException", true)
    );
    assert_eq!(code(call(&mut state, "EnableKey", json!({"KeyId": id}))), "KMSInvalidStateException");
    let wrap = |state: &mut State, algorithm: &str, material: &[u8]| {
        let params = json!({"KeyId": id, "WrappingAlgorithm": algorithm, "WrappingKeySpec": "RSA_2048"});
        let given = ok(state, "GetParametersForImport", params);
        let der = STANDARD.decode(given["PublicKey"].as_str().unwrap()).unwrap();
        let public = rsa::PublicKey::from_public_key_der(&der).unwrap();
        let wrapped = match algorithm {
            "RSAES_OAEP_SHA_1" => public.oaep_encrypt_with_rng::<sha1::Sha1, _>(state.rng(), material),
            "RSAES_OAEP_SHA_256" => public.oaep_encrypt_with_rng::<Sha256, _>(state.rng(), material),
            _ => public.pkcs1v15_encrypt_with_rng(state.rng(), material),
        };
        json!({"KeyId": id, "ImportToken": given["ImportToken"], "EncryptedKeyMaterial": STANDARD.encode(wrapped.unwrap()),
            "ExpirationModel": "KEY_MATERIAL_DOES_NOT_EXPIRE"})
    };
    let good = wrap(&mut state, "RSAES_OAEP_SHA_256", &[7; 32]);
    let wrong = [
        (json!({"ImportToken": base64("other")}), "InvalidImportTokenException"),
        (json!({"EncryptedKeyMaterial": base64("other")}), "InvalidCiphertextException"),
        (json!({"ExpirationModel": "KEY_MATERIAL_EXPIRES"}), "ValidationException"),
        (json!({"ValidTo": state.now.seconds_f64() + 60.0}), "ValidationException"),
    ];
    for (more, expected) in wrong {
        assert_eq!(code(call(&mut state, "ImportKeyMaterial", with(good.clone(), &more))), expected, "{more}");
    }
    let short = wrap(&mut state, "RSAES_OAEP_SHA_256", &[7; 16]);
    assert_eq!(code(call(&mut state, "ImportKeyMaterial", short)), "IncorrectKeyMaterialException");
    // The token of the parameters that were asked for before is not good any more.
    assert_eq!(code(call(&mut state, "ImportKeyMaterial", good)), "InvalidImportTokenException");
    let late = wrap(&mut state, "RSAES_OAEP_SHA_1", &[7; 32]);
    let asked = state.now;
    state.now = Time(asked.0 + DAY);
    assert_eq!(code(call(&mut state, "ImportKeyMaterial", late)), "ExpiredImportTokenException");
    let ends = Time(state.now.0 + DAY);
    let good = wrap(&mut state, "RSAES_PKCS1_V1_5", &[7; 32]);
    let expiring = json!({"ExpirationModel": "KEY_MATERIAL_EXPIRES", "ValidTo": ends.seconds_f64()});
    ok(&mut state, "ImportKeyMaterial", with(good, &expiring));
    let shape = ok(&mut state, "DescribeKey", json!({"KeyId": id}))["KeyMetadata"].clone();
    assert_eq!((&shape["KeyState"], &shape["ExpirationModel"]), (&json!("Enabled"), &json!("KEY_MATERIAL_EXPIRES")));
    assert_eq!(shape["ValidTo"], json!(ends.seconds_f64()));
    ok(&mut state, "Encrypt", encrypt.clone());
    assert_eq!(code(call(&mut state, "EnableKeyRotation", json!({"KeyId": id}))), "UnsupportedOperationException");
    state.now = ends;
    assert_eq!(code(call(&mut state, "Encrypt", encrypt.clone())), "KMSInvalidStateException");
    let other = wrap(&mut state, "RSAES_OAEP_SHA_256", &[8; 32]);
    assert_eq!(
        code(call(&mut state, "ImportKeyMaterial", other)),
        "IncorrectKeyMaterialException",
        "only what was there"
    );
    let same = wrap(&mut state, "RSAES_OAEP_SHA_256", &[7; 32]);
    ok(&mut state, "ImportKeyMaterial", same);
    ok(&mut state, "Encrypt", encrypt.clone());
    ok(&mut state, "DeleteImportedKeyMaterial", json!({"KeyId": id}));
    assert_eq!(code(call(&mut state, "Encrypt", encrypt)), "KMSInvalidStateException");
}

fn in_region(state: &mut State, region: &str, name: &str, params: Value) -> Result<Value, ApiError> {
    testing::call(
        state,
        testing::administrator(ACCOUNT),
        (ACCOUNT, region),
        (Service::Kms, Protocol::Json11),
        name,
        params,
    )
}

/// [D] multi-region-keys-overview, API_ReplicateKey, API_UpdatePrimaryRegion
#[test]
fn keys_of_several_regions() {
    let mut state = state();
    let key = ok(&mut state, "CreateKey", json!({"MultiRegion": true}))["KeyMetadata"].clone();
    let id = key["KeyId"].as_str().unwrap().to_owned();
    assert!(id.starts_with("mrk-") && id.len() == 36, "{id}");
    assert_eq!(key["MultiRegionConfiguration"]["MultiRegionKeyType"], "PRIMARY");
    let replicate = json!({"KeyId": id, "ReplicaRegion": "eu-west-1", "Description": "replica", "Tags": [{"TagKey": "a", "TagValue": "1"}]});
    let made = ok(&mut state, "ReplicateKey", replicate.clone());
    assert_eq!(made["ReplicaKeyMetadata"]["KeyId"], json!(id));
    let places = &made["ReplicaKeyMetadata"]["MultiRegionConfiguration"];
    assert_eq!(
        (&places["MultiRegionKeyType"], &places["PrimaryKey"]["Region"]),
        (&json!("REPLICA"), &json!("us-east-1"))
    );
    assert_eq!(places["ReplicaKeys"][0]["Region"], json!("eu-west-1"));
    assert_eq!(made["ReplicaTags"][0]["TagKey"], json!("a"));
    assert_eq!(code(call(&mut state, "ReplicateKey", replicate)), "AlreadyExistsException");
    let here = json!({"KeyId": id, "ReplicaRegion": "us-east-1"});
    assert_eq!(code(call(&mut state, "ReplicateKey", here)), "ValidationException");
    let sealed = ok(&mut state, "Encrypt", json!({"KeyId": id, "Plaintext": base64("x")}));
    let open = json!({"CiphertextBlob": sealed["CiphertextBlob"]});
    let opened = in_region(&mut state, "eu-west-1", "Decrypt", open).unwrap();
    assert_eq!(opened["KeyId"], json!(format!("arn:aws:kms:eu-west-1:{ACCOUNT}:key/{id}")));
    let rotated = in_region(&mut state, "eu-west-1", "EnableKeyRotation", json!({"KeyId": id}));
    assert_eq!(code(rotated), "UnsupportedOperationException");
    ok(&mut state, "UpdatePrimaryRegion", json!({"KeyId": id, "PrimaryRegion": "eu-west-1"}));
    let shape = ok(&mut state, "DescribeKey", json!({"KeyId": id}))["KeyMetadata"].clone();
    assert_eq!(shape["MultiRegionConfiguration"]["MultiRegionKeyType"], "REPLICA");
    assert_eq!(shape["MultiRegionConfiguration"]["PrimaryKey"]["Region"], "eu-west-1");
}
