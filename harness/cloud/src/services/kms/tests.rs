//! KMS through its API. [D] KMS API reference; texts [T]

use serde_json::{Value, json};

use crate::api::{ApiError, Protocol, Service, testing};
use crate::state::State;
use crate::time::Time;
use rootwatch_policy::Principal;

pub(super) const ACCOUNT: &str = "111122223333";
const DAY: i64 = 24 * 3600 * 1000;

pub(super) fn call_as(state: &mut State, caller: Principal, name: &str, params: Value) -> Result<Value, ApiError> {
    testing::call(state, caller, (ACCOUNT, "us-east-1"), (Service::Kms, Protocol::Json11), name, params)
}

pub(super) fn call(state: &mut State, name: &str, params: Value) -> Result<Value, ApiError> {
    let arn = format!("arn:aws:iam::{ACCOUNT}:user/administrator");
    call_as(state, Principal::Administrator { account: ACCOUNT.into(), arn }, name, params)
}

pub(super) fn ok(state: &mut State, name: &str, params: Value) -> Value {
    call(state, name, params.clone()).unwrap_or_else(|error| panic!("{name} {params}: {error}"))
}

fn role() -> Principal {
    Principal::Role {
        access_key: None,
        role_arn: format!("arn:aws:iam::{ACCOUNT}:role/r"),
        session_arn: format!("arn:aws:sts::{ACCOUNT}:assumed-role/r/s"),
        account: ACCOUNT.into(),
    }
}

/// A cloud with a key and its alias `alias/k`; the key's id.
pub(super) fn cloud() -> (State, String) {
    let mut state = State::new(Time::parse("2026-03-02T09:14:07Z").unwrap(), 1);
    let key = ok(&mut state, "CreateKey", json!({"Description": "d", "Tags": [{"TagKey": "a", "TagValue": "1"}]}));
    let id = key["KeyMetadata"]["KeyId"].as_str().unwrap().to_owned();
    ok(&mut state, "CreateAlias", json!({"AliasName": "alias/k", "TargetKeyId": id}));
    (state, id)
}

#[test]
fn refusals() {
    const NOT_IMPLEMENTED: &str = "(see harness/cloud/OPERATIONS.md)";
    const UNKNOWN: &str = "11111111-2222-3333-4444-555555555555";
    let arn = |resource: &str| format!("arn:aws:kms:us-east-1:{ACCOUNT}:{resource}");
    let constraint = |value: &str, member: &str, wanted: &str| {
        format!(
            "1 validation error detected: Value '{value}' at '{member}' failed to satisfy constraint: Member must {wanted}"
        )
    };
    let k = |more: Value| {
        let mut params = json!({"KeyId": "alias/k"});
        params.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        params
    };
    let text = "eA==";
    let invalid_state = "KMSInvalidStateException";
    let cases: Vec<(&str, &str, Value, &str, String)> = vec![
        (
            "",
            "DescribeKey",
            json!({"KeyId": UNKNOWN}),
            "NotFoundException",
            format!("Key '{}' does not exist", arn(&format!("key/{UNKNOWN}"))),
        ),
        ("", "DescribeKey", json!({"KeyId": "fake"}), "NotFoundException", "Invalid keyId 'fake'".into()),
        (
            "",
            "DescribeKey",
            json!({"KeyId": "alias/none"}),
            "NotFoundException",
            format!("Alias {} is not found.", arn("alias/none")),
        ),
        (
            "",
            "DescribeKey",
            json!({"KeyId": format!("arn:aws:kms:eu-west-1:{ACCOUNT}:key/{UNKNOWN}")}),
            "NotFoundException",
            "Invalid arn eu-west-1".into(),
        ),
        // Another Region's key, also where it exists. [V] LS:kms/test_kms
        (
            "elsewhere",
            "DescribeKey",
            json!({"KeyId": format!("arn:aws:kms:eu-west-1:{ACCOUNT}:alias/k")}),
            "NotFoundException",
            "Invalid arn eu-west-1".into(),
        ),
        (
            "elsewhere",
            "Encrypt",
            json!({"KeyId": format!("arn:aws:kms:eu-west-1:{ACCOUNT}:alias/k"), "Plaintext": text}),
            "NotFoundException",
            "Invalid arn eu-west-1".into(),
        ),
        (
            "",
            "TagResource",
            k(json!({"Tags": [{"TagKey": "AWS:x", "TagValue": "1"}]})),
            "TagException",
            "aws: prefixed tag key names are not allowed for external use".into(),
        ),
        (
            "",
            "PutKeyPolicy",
            k(
                json!({"Policy": r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"kms:*","Resource":"*"}]}"#}),
            ),
            "MalformedPolicyDocumentException",
            "policy: statement 1 needs `Principal`".into(),
        ),
        (
            "",
            "CreateAlias",
            json!({"AliasName": "k", "TargetKeyId": "alias/k"}),
            "ValidationException",
            "Invalid identifier".into(),
        ),
        (
            "",
            "CreateAlias",
            json!({"AliasName": "alias/aws/sns", "TargetKeyId": "alias/k"}),
            "NotAuthorizedException",
            String::new(),
        ),
        (
            "",
            "CreateAlias",
            json!({"AliasName": "alias/k", "TargetKeyId": "alias/k"}),
            "AlreadyExistsException",
            format!("An alias with the name {} already exists", arn("alias/k")),
        ),
        (
            "",
            "DeleteAlias",
            json!({"AliasName": "alias/none"}),
            "NotFoundException",
            format!("Alias {} is not found.", arn("alias/none")),
        ),
        (
            "",
            "TagResource",
            k(json!({"Tags": [{"TagKey": "aws:x", "TagValue": "1"}]})),
            "TagException",
            "aws: prefixed tag key names are not allowed for external use".into(),
        ),
        (
            "",
            "CreateKey",
            json!({"Tags": [{"TagKey": "a", "TagValue": "1"}, {"TagKey": "a", "TagValue": "2"}]}),
            "TagException",
            "Duplicate tag keys".into(),
        ),
        (
            "",
            "CreateKey",
            json!({"Tags": [{"TagKey": "", "TagValue": "1"}]}),
            "ValidationException",
            constraint("", "tags.1.member.tagKey", "have length greater than or equal to 1"),
        ),
        (
            "",
            "CreateKey",
            json!({"Policy": r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"999988887777"},"Action":"kms:*","Resource":"*"}]}"#}),
            "MalformedPolicyDocumentException",
            "The new key policy will not allow you to update the key policy in the future.".into(),
        ),
        ("", "GetKeyPolicy", k(json!({"PolicyName": "other"})), "NotFoundException", "No such policy exists".into()),
        (
            "",
            "EnableKeyRotation",
            k(json!({"RotationPeriodInDays": 89})),
            "ValidationException",
            constraint("89", "rotationPeriodInDays", "have value greater than or equal to 90"),
        ),
        (
            "",
            "EnableKeyRotation",
            k(json!({"RotationPeriodInDays": 2561})),
            "ValidationException",
            constraint("2561", "rotationPeriodInDays", "have value less than or equal to 2560"),
        ),
        (
            "",
            "ScheduleKeyDeletion",
            k(json!({"PendingWindowInDays": 6})),
            "ValidationException",
            constraint("6", "pendingWindowInDays", "have value greater than or equal to 7"),
        ),
        // Only symmetric keys of one Region, with material of AWS's, are implemented.
        (
            "",
            "CreateKey",
            json!({"KeySpec": "AES_256"}),
            "ValidationException",
            "SM2, ML_DSA_44, ML_DSA_65, ML_DSA_87, ECC_NIST_EDWARDS25519]".into(),
        ),
        (
            "",
            "CreateKey",
            json!({"KeySpec": "RSA_2048", "CustomerMasterKeySpec": "SYMMETRIC_DEFAULT"}),
            "ValidationException",
            "CustomerMasterKeySpec is deprecated.".into(),
        ),
        ("", "CreateKey", json!({"KeySpec": "RSA_2048"}), "NotImplemented", NOT_IMPLEMENTED.into()),
        ("", "CreateKey", json!({"CustomerMasterKeySpec": "HMAC_256"}), "NotImplemented", NOT_IMPLEMENTED.into()),
        ("", "CreateKey", json!({"KeyUsage": "SIGN_VERIFY"}), "NotImplemented", NOT_IMPLEMENTED.into()),
        ("", "CreateKey", json!({"Origin": "EXTERNAL"}), "NotImplemented", NOT_IMPLEMENTED.into()),
        ("", "CreateKey", json!({"MultiRegion": true}), "NotImplemented", NOT_IMPLEMENTED.into()),
        (
            "",
            "Encrypt",
            k(json!({"Plaintext": text, "EncryptionAlgorithm": "RSAES_OAEP_SHA_1"})),
            "InvalidKeyUsageException",
            "Algorithm RSAES_OAEP_SHA_1 is incompatible with key spec SYMMETRIC_DEFAULT.".into(),
        ),
        ("", "CancelKeyDeletion", k(json!({})), invalid_state, "is not pending deletion.".into()),
        (
            "",
            "GenerateDataKey",
            k(json!({})),
            "ValidationException",
            "Please specify either number of bytes or key spec.".into(),
        ),
        (
            "",
            "GenerateDataKey",
            k(json!({"KeySpec": "AES_256", "NumberOfBytes": 1})),
            "ValidationException",
            "Please specify either number of bytes or key spec.".into(),
        ),
        (
            "",
            "CreateGrant",
            k(json!({"GranteePrincipal": "x", "Operations": ["Encrypt"]})),
            "InvalidArnException",
            "ARN does not refer to a valid principal: x".into(),
        ),
        (
            "",
            "CreateGrant",
            k(
                json!({"GranteePrincipal": format!("arn:aws:iam::{ACCOUNT}:role/r"), "Operations": ["Encrypt"], "DryRun": true}),
            ),
            "DryRunOperationException",
            "The request would have succeeded, but the DryRun option is set.".into(),
        ),
        (
            "",
            "Encrypt",
            k(json!({"Plaintext": text, "DryRun": true})),
            "DryRunOperationException",
            "The request would have succeeded, but the DryRun option is set.".into(),
        ),
        (
            "DisableKey",
            "Encrypt",
            k(json!({"Plaintext": text, "DryRun": true})),
            "DisabledException",
            "is disabled.".into(),
        ),
        (
            "",
            "GenerateRandom",
            json!({"NumberOfBytes": 1025}),
            "ValidationException",
            constraint("1025", "numberOfBytes", "have value less than or equal to 1024"),
        ),
        ("", "Decrypt", json!({"CiphertextBlob": text}), "InvalidCiphertextException", String::new()),
        ("DisableKey", "Encrypt", k(json!({"Plaintext": text})), "DisabledException", "is disabled.".into()),
        ("ScheduleKeyDeletion", "Encrypt", k(json!({"Plaintext": text})), invalid_state, "is pending deletion.".into()),
        ("ScheduleKeyDeletion", "EnableKey", k(json!({})), invalid_state, "is pending deletion.".into()),
        ("ScheduleKeyDeletion", "ScheduleKeyDeletion", k(json!({})), invalid_state, "is pending deletion.".into()),
        ("ScheduleKeyDeletion", "TagResource", k(json!({"Tags": []})), invalid_state, "is pending deletion.".into()),
    ];
    for (before, operation, params, code, message) in cases {
        let (mut state, _) = cloud();
        match before {
            "" => {}
            "elsewhere" => {
                let place = (ACCOUNT, "eu-west-1");
                let wire = (Service::Kms, Protocol::Json11);
                let administrator = || testing::administrator(ACCOUNT);
                let key = testing::call(&mut state, administrator(), place, wire, "CreateKey", json!({})).unwrap();
                let alias = json!({"AliasName": "alias/k", "TargetKeyId": key["KeyMetadata"]["KeyId"]});
                testing::call(&mut state, administrator(), place, wire, "CreateAlias", alias).unwrap();
            }
            operation => drop(ok(&mut state, operation, k(json!({})))),
        }
        let error =
            call(&mut state, operation, params.clone()).map(|answer| panic!("{operation}: {answer}")).unwrap_err();
        assert_eq!(error.code, code, "{before} {operation} {params}: {}", error.message);
        assert!(error.message.ends_with(&message), "{operation} {params}: {} should be {message}", error.message);
    }
}

#[test]
fn what_is_sealed_opens_under_its_context() {
    let (mut state, id) = cloud();
    let context = json!({"a": "1"});
    let sealed = ok(&mut state, "Encrypt", json!({"KeyId": id, "Plaintext": "c2VjcmV0", "EncryptionContext": context}));
    let blob = &sealed["CiphertextBlob"];
    let other = ok(&mut state, "CreateKey", json!({}))["KeyMetadata"]["KeyId"].clone();
    let cases = [
        (json!({"EncryptionContext": {"a": "1"}}), Ok("c2VjcmV0")),
        (json!({"EncryptionContext": {"a": "1"}, "KeyId": "alias/k"}), Ok("c2VjcmV0")),
        (json!({"EncryptionContext": {"a": "2"}}), Err("InvalidCiphertextException")),
        (json!({}), Err("InvalidCiphertextException")),
        (json!({"EncryptionContext": {"a": "1"}, "KeyId": other}), Err("IncorrectKeyException")),
    ];
    for (more, expected) in cases {
        let mut params = more.clone();
        params["CiphertextBlob"] = blob.clone();
        let found = call(&mut state, "Decrypt", params);
        let found = found.as_ref().map(|it| it["Plaintext"].as_str().unwrap()).map_err(|error| error.code.as_str());
        assert_eq!(found, expected, "{more}");
    }
    let again = json!({"CiphertextBlob": blob, "SourceEncryptionContext": context, "DestinationKeyId": other});
    let again = ok(&mut state, "ReEncrypt", again);
    let opened = ok(&mut state, "Decrypt", json!({"CiphertextBlob": again["CiphertextBlob"]}));
    assert_eq!(opened["Plaintext"], "c2VjcmV0");
    for (params, length) in
        [(json!({"KeySpec": "AES_256"}), 44), (json!({"KeySpec": "AES_128"}), 24), (json!({"NumberOfBytes": 3}), 4)]
    {
        let mut all = json!({"KeyId": id});
        all.as_object_mut().unwrap().extend(params.as_object().unwrap().clone());
        let key = ok(&mut state, "GenerateDataKey", all);
        assert_eq!(key["Plaintext"].as_str().unwrap().len(), length, "{params}");
        let opened = ok(&mut state, "Decrypt", json!({"CiphertextBlob": key["CiphertextBlob"]}));
        assert_eq!(opened["Plaintext"], key["Plaintext"], "{params}");
    }
}

#[test]
fn grants_let_in() {
    let (mut state, id) = cloud();
    let grantee = format!("arn:aws:iam::{ACCOUNT}:role/r");
    let encrypt = |context: Value| json!({"KeyId": id, "Plaintext": "eA==", "EncryptionContext": context});
    let denied = call_as(&mut state, role(), "Encrypt", encrypt(json!({}))).unwrap_err();
    assert_eq!(denied.code, "AccessDeniedException");
    let grant = json!({"KeyId": id, "GranteePrincipal": grantee, "RetiringPrincipal": grantee, "Operations": ["Encrypt"],
        "Name": "g", "Constraints": {"EncryptionContextSubset": {"a": "1"}}});
    let made = ok(&mut state, "CreateGrant", grant.clone());
    assert_eq!(ok(&mut state, "CreateGrant", grant)["GrantId"], made["GrantId"], "a named grant is made once");
    let cases = [
        ("Encrypt", encrypt(json!({"a": "1", "b": "2"})), true),
        ("Encrypt", encrypt(json!({"a": "2"})), false),
        ("DescribeKey", json!({"KeyId": id}), false),
    ];
    for (operation, params, allowed) in cases {
        let found = call_as(&mut state, role(), operation, params.clone());
        assert_eq!(found.is_ok(), allowed, "{operation} {params}: {found:?}");
    }
    let listed = ok(&mut state, "ListGrants", json!({"KeyId": id}));
    let shape = &listed["Grants"][0];
    assert_eq!((&shape["GranteePrincipal"], &shape["Operations"]), (&json!(grantee), &json!(["Encrypt"])));
    assert_eq!(shape["IssuingAccount"], format!("arn:aws:iam::{ACCOUNT}:root"));
    let retirable = ok(&mut state, "ListRetirableGrants", json!({"RetiringPrincipal": grantee}));
    assert_eq!(retirable["Grants"].as_array().unwrap().len(), 1);
    call_as(&mut state, role(), "RetireGrant", json!({"GrantToken": made["GrantToken"]})).unwrap();
    call_as(&mut state, role(), "Encrypt", encrypt(json!({"a": "1"}))).unwrap_err();
    let revoke = json!({"KeyId": id, "GrantId": made["GrantId"]});
    assert_eq!(call(&mut state, "RevokeGrant", revoke).unwrap_err().code, "NotFoundException");
}

#[test]
fn a_key_lives_and_goes() {
    let (mut state, id) = cloud();
    ok(&mut state, "EnableKeyRotation", json!({"KeyId": id, "RotationPeriodInDays": 90}));
    let status = ok(&mut state, "GetKeyRotationStatus", json!({"KeyId": id}));
    let next = Time(state.now.0 + 90 * DAY).seconds_f64();
    let expected =
        json!({"KeyId": id, "KeyRotationEnabled": true, "RotationPeriodInDays": 90, "NextRotationDate": next});
    assert_eq!(status, expected);
    ok(&mut state, "RotateKeyOnDemand", json!({"KeyId": id}));
    let rotations = ok(&mut state, "ListKeyRotations", json!({"KeyId": id}));
    assert_eq!(rotations["Rotations"][0]["RotationType"], "ON_DEMAND");
    let shown = ok(&mut state, "DescribeKey", json!({"KeyId": id}))["KeyMetadata"].clone();
    assert_eq!(
        rotations["Rotations"][0]["KeyMaterialId"], shown["CurrentKeyMaterialId"],
        "a rotation brings new material"
    );
    for _ in 1..25 {
        ok(&mut state, "RotateKeyOnDemand", json!({"KeyId": id}));
    }
    // [D] rotating-keys-on-demand: 25
    let error = call(&mut state, "RotateKeyOnDemand", json!({"KeyId": id})).unwrap_err();
    assert_eq!(error.code, "LimitExceededException");
    ok(&mut state, "CreateKey", json!({}));
    let first = ok(&mut state, "ListKeys", json!({"Limit": 1}));
    let second = ok(&mut state, "ListKeys", json!({"Limit": 1, "Marker": first["NextMarker"]}));
    assert_eq!((&first["Truncated"], &second["Truncated"]), (&json!(true), &json!(false)));
    assert_ne!(first["Keys"], second["Keys"]);
    let scheduled = ok(&mut state, "ScheduleKeyDeletion", json!({"KeyId": id, "PendingWindowInDays": 7}));
    assert_eq!((&scheduled["KeyState"], &scheduled["PendingWindowInDays"]), (&json!("PendingDeletion"), &json!(7)));
    state.now = Time(state.now.0 + 6 * DAY);
    assert_eq!(ok(&mut state, "DescribeKey", json!({"KeyId": id}))["KeyMetadata"]["Enabled"], json!(false));
    state.now = Time(state.now.0 + DAY);
    assert_eq!(call(&mut state, "DescribeKey", json!({"KeyId": id})).unwrap_err().code, "NotFoundException");
}

/// [D] API_KeyMetadata, API_AliasListEntry, API_GenerateDataKey, API_Decrypt, API_ReEncrypt
#[test]
fn answers_have_the_documented_members() {
    let (mut state, id) = cloud();
    let members = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>().join(" ");
    let sealed = ok(&mut state, "Encrypt", json!({"KeyId": id, "Plaintext": "eA=="}))["CiphertextBlob"].clone();
    let data = json!({"KeyId": id, "KeySpec": "AES_256"});
    let cases = [
        (
            ok(&mut state, "CreateKey", json!({}))["KeyMetadata"].clone(),
            "AWSAccountId KeyId Arn CreationDate Enabled Description KeyState Origin KeyManager CurrentKeyMaterialId MultiRegion \
             KeyUsage CustomerMasterKeySpec KeySpec EncryptionAlgorithms",
        ),
        (
            ok(&mut state, "ListAliases", json!({"KeyId": id}))["Aliases"][0].clone(),
            "AliasName AliasArn TargetKeyId CreationDate LastUpdatedDate",
        ),
        (ok(&mut state, "GenerateDataKey", data.clone()), "CiphertextBlob KeyId KeyMaterialId Plaintext"),
        (ok(&mut state, "GenerateDataKeyWithoutPlaintext", data), "CiphertextBlob KeyId KeyMaterialId"),
        (
            ok(&mut state, "Decrypt", json!({"CiphertextBlob": sealed})),
            "Plaintext KeyId EncryptionAlgorithm KeyMaterialId",
        ),
        (
            ok(&mut state, "ReEncrypt", json!({"CiphertextBlob": sealed, "DestinationKeyId": id})),
            "CiphertextBlob SourceKeyId KeyId SourceKeyMaterialId DestinationKeyMaterialId SourceEncryptionAlgorithm \
             DestinationEncryptionAlgorithm",
        ),
    ];
    for (answer, expected) in cases {
        assert_eq!(members(&answer), expected);
    }
}

/// [D] API_ListAliases, concepts: AWS managed keys
#[test]
fn service_aliases_get_their_key_when_they_are_described() {
    let (mut state, _) = cloud();
    let listed = |state: &mut State| {
        let aliases = ok(state, "ListAliases", json!({"Limit": 100}))["Aliases"].clone();
        aliases.as_array().unwrap().iter().find(|alias| alias["AliasName"] == "alias/aws/sns").unwrap().clone()
    };
    assert_eq!(listed(&mut state).get("TargetKeyId"), None);
    let key = ok(&mut state, "DescribeKey", json!({"KeyId": "alias/aws/sns"}))["KeyMetadata"].clone();
    assert_eq!((&key["KeyManager"], &listed(&mut state)["TargetKeyId"]), (&json!("AWS"), &key["KeyId"]));
    assert_eq!(ok(&mut state, "DescribeKey", json!({"KeyId": "alias/aws/sns"}))["KeyMetadata"], key);
    // Its policy admits nobody who would change it, and no use that does not come through the service.
    for (operation, params) in [
        ("ScheduleKeyDeletion", json!({"KeyId": key["KeyId"]})),
        ("PutKeyPolicy", json!({"KeyId": key["KeyId"], "Policy": "{}"})),
        ("Encrypt", json!({"KeyId": key["KeyId"], "Plaintext": "eA=="})),
    ] {
        assert_eq!(call(&mut state, operation, params).unwrap_err().code, "AccessDeniedException", "{operation}");
    }
    assert_eq!(
        call(&mut state, "DescribeKey", json!({"KeyId": "alias/aws/none"})).unwrap_err().code,
        "NotFoundException"
    );
}

/// Which principal may use which key for another service's encrypted resource. [D] sns-key-management,
/// sqs-key-management, eb-troubleshooting#eb-sqs-encrypted; aws-semantics 3.7
#[test]
fn encrypted_resources_need_the_key_policy() {
    use crate::trace::{Hop, Outcome};
    let service = |name: &str| Principal::Service { name: name.to_owned() };
    let root = format!("arn:aws:iam::{ACCOUNT}:root");
    let own = json!({"Effect": "Allow", "Principal": {"AWS": root}, "Action": "kms:*", "Resource": "*"});
    let policy = |statements: &[Value]| {
        let all: Vec<&Value> = std::iter::once(&own).chain(statements).collect();
        json!({"Version": "2012-10-17", "Statement": all}).to_string()
    };
    let admit = |name: &str, condition: Value| {
        json!({"Effect": "Allow", "Principal": {"Service": name}, "Action": ["kms:Decrypt", "kms:GenerateDataKey*"],
            "Resource": "*", "Condition": condition})
    };
    let topic = format!("arn:aws:sns:us-east-1:{ACCOUNT}:t");
    let (events, alarms) = ("events.amazonaws.com", "cloudwatch.amazonaws.com");
    let none = json!({});
    let context = json!({"StringEquals": {"kms:EncryptionContext:aws:sns:topicArn": topic}});
    let other = json!({"StringEquals": {"kms:EncryptionContext:aws:sns:topicArn": "other"}});
    let account = json!({"StringEquals": {"aws:SourceAccount": ACCOUNT}});
    // (who, the statements in addition to the account's own, allowed)
    let cases = [
        (events, vec![], false),
        (events, vec![admit(events, none.clone())], true),
        (events, vec![admit(alarms, none.clone())], false),
        (events, vec![admit(events, context.clone())], true),
        (events, vec![admit(events, other)], false),
        // "not supported for EventBridge-to-encrypted topics"
        (events, vec![admit(events, account)], false),
        (alarms, vec![], false),
        (alarms, vec![admit(alarms, context)], true),
        ("sns.amazonaws.com", vec![], false),
        ("sns.amazonaws.com", vec![admit("sns.amazonaws.com", none)], true),
    ];
    for (who, statements, expected) in cases {
        let (mut state, id) = cloud();
        ok(&mut state, "PutKeyPolicy", json!({"KeyId": id, "Policy": policy(&statements)}));
        let keys = rootwatch_policy::Context::new().with("kms:EncryptionContext:aws:sns:topicArn", topic.as_str());
        let actions = ["kms:GenerateDataKey", "kms:Decrypt"];
        let (account, region) = (ACCOUNT.into(), "us-east-1".into());
        let found =
            super::allows(&mut state, Hop::Topic, &service(who), &region, &id, &account, &actions, keys.clone());
        assert_eq!(found.is_ok(), expected, "{who} {statements:?}: {found:?}");
        assert_eq!(state.entries().any(|entry| entry.outcome == Outcome::Denied), !expected, "{who}: a trace");
        // AWS's own key lets no service in; its account's principals it does.
        for (principal, expected) in [(service(who), false), (role(), true)] {
            let found = super::allows(
                &mut state,
                Hop::Topic,
                &principal,
                &region,
                "alias/aws/sns",
                &account,
                &actions,
                keys.clone(),
            );
            assert_eq!(found.is_ok(), expected, "{principal:?} by alias/aws/sns: {found:?}");
        }
    }
}
