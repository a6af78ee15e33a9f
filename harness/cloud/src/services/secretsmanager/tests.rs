//! Secrets Manager through its API. Texts, codes and stages: [V] LS:secretsmanager/test_secretsmanager

use serde_json::{Value, json};

use crate::api::{ApiError, Protocol, Service, testing};
use crate::state::State;
use crate::time::Time;

const ACCOUNT: &str = "111122223333";

fn call_as(state: &mut State, account: &str, name: &str, params: Value) -> Result<Value, ApiError> {
    testing::call(
        state,
        testing::administrator(account),
        (account, "us-east-1"),
        (Service::SecretsManager, Protocol::Json11),
        name,
        params,
    )
}

fn call(state: &mut State, name: &str, params: Value) -> Result<Value, ApiError> {
    call_as(state, ACCOUNT, name, params)
}

fn empty() -> State {
    State::new(Time::parse("2026-03-02T09:14:07Z").unwrap(), 1)
}

/// A token that says which version it is.
fn token(n: u8) -> String {
    format!("{n:0>32}")
}

/// A cloud with the secret `s`, whose first version is 0.
fn cloud() -> State {
    let mut state = empty();
    let params = json!({"Name": "s", "SecretString": "v0", "ClientRequestToken": token(0)});
    call(&mut state, "CreateSecret", params).unwrap();
    state
}

/// `version: stages` of every version that has some, the oldest first.
fn stages(state: &mut State) -> Vec<String> {
    let listed = call(state, "ListSecretVersionIds", json!({"SecretId": "s"})).unwrap();
    let versions = listed["Versions"].as_array().unwrap().iter();
    versions
        .map(|version| {
            let stages = version["VersionStages"].as_array().unwrap().iter();
            let stages: Vec<&str> = stages.map(|stage| stage.as_str().unwrap()).collect();
            format!("{}: {}", version["VersionId"].as_str().unwrap().trim_start_matches('0'), stages.join(" "))
        })
        .collect()
}

#[test]
fn stages_move() {
    let put = |n: u8, stages: &[&str]| {
        let mut params = json!({"SecretId": "s", "SecretString": format!("v{n}"), "ClientRequestToken": token(n)});
        if !stages.is_empty() {
            params["VersionStages"] = json!(stages);
        }
        ("PutSecretValue", params)
    };
    let current = |from: u8, to: u8| {
        let params = json!({"SecretId": "s", "VersionStage": "AWSCURRENT",
            "RemoveFromVersionId": token(from), "MoveToVersionId": token(to)});
        ("UpdateSecretVersionStage", params)
    };
    let cases = [
        (
            "test_deprecated_secret_version_stage",
            vec![put(1, &[]), put(2, &[])],
            vec!["1: AWSPREVIOUS", "2: AWSCURRENT"],
        ),
        ("test_put_secret_value_with_version_stages", vec![put(1, &["B", "A"])], vec![": AWSCURRENT", "1: A B"]),
        (
            "test_update_secret_version_stages_current_pending",
            vec![put(1, &["AWSPENDING"]), current(0, 1)],
            vec![": AWSPREVIOUS", "1: AWSCURRENT AWSPENDING"],
        ),
        (
            // What is no longer current is no longer pending.
            "test_update_secret_version_stages_current_pending",
            vec![put(1, &["AWSPENDING"]), current(0, 1), put(2, &[])],
            vec!["1: AWSPREVIOUS", "2: AWSCURRENT"],
        ),
        (
            "test_update_secret_version_stages_current_pending_cycle_custom_stages_1",
            vec![put(1, &["AWSPENDING", "PUT1"]), current(0, 1), put(2, &["AWSPENDING", "PUT2"]), current(1, 2)],
            vec!["1: AWSPREVIOUS PUT1", "2: AWSCURRENT AWSPENDING PUT2"],
        ),
        (
            "test_update_secret_version_stages_current_pending_cycle_custom_stages_3",
            vec![
                put(1, &["PENDING"]),
                current(0, 1),
                (
                    "UpdateSecretVersionStage",
                    json!({"SecretId": "s", "VersionStage": "PENDING", "RemoveFromVersionId": token(1)}),
                ),
            ],
            vec![": AWSPREVIOUS", "1: AWSCURRENT"],
        ),
        (
            "test_non_versioning_version_stages_no_replacement",
            vec![put(1, &["one", "two", "three"]), put(2, &["one", "two", "four"])],
            vec![": AWSCURRENT", "1: three", "2: four one two"],
        ),
    ];
    for (source, steps, expected) in cases {
        let mut state = cloud();
        for (operation, params) in steps {
            call(&mut state, operation, params).unwrap();
        }
        assert_eq!(stages(&mut state), expected, "{source}");
    }
}

#[test]
fn refusals() {
    const NAME: &str =
        "Invalid name. Must be a valid name containing alphanumeric characters, or any of the following: -/_+=.@!";
    const TOKEN: &str = "You must provide a ClientRequestToken value. We recommend a UUID-type value.";
    const MARKED: &str = "You can't perform this operation on the secret because it was marked for deletion.";
    let text = |value: &str| json!({"SecretId": "s", "SecretString": value});
    let cases = [
        ("", "CreateSecret", json!({"Name": " Inv*Name? "}), "ValidationException", NAME),
        ("", "DescribeSecret", json!({"SecretId": "Inv Name"}), "ValidationException", NAME),
        (
            "",
            "ValidateResourcePolicy",
            json!({"SecretId": "Inv Name", "ResourcePolicy": "{}"}),
            "ValidationException",
            NAME,
        ),
        ("", "CreateSecret", json!({"Name": "t", "SecretString": "x"}), "InvalidRequestException", TOKEN),
        ("", "PutSecretValue", text("x"), "InvalidRequestException", TOKEN),
        ("", "UpdateSecret", text("x"), "InvalidRequestException", TOKEN),
        (
            "",
            "CreateSecret",
            json!({"Name": "s"}),
            "ResourceExistsException",
            "The operation failed because the secret s already exists.",
        ),
        (
            "",
            "GetSecretValue",
            json!({"SecretId": "t"}),
            "ResourceNotFoundException",
            "Secrets Manager can't find the specified secret.",
        ),
        (
            "",
            "GetSecretValue",
            json!({"SecretId": "s", "VersionStage": "AWSPREVIOUS"}),
            "ResourceNotFoundException",
            "Secrets Manager can't find the specified secret value for staging label: AWSPREVIOUS",
        ),
        (
            "",
            "GetSecretValue",
            json!({"SecretId": "s", "VersionId": "x"}),
            "ResourceNotFoundException",
            "Secrets Manager can't find the specified secret value for VersionId: x",
        ),
        (
            "",
            "GetSecretValue",
            json!({"SecretId": "s", "VersionId": token(0), "VersionStage": "AWSPREVIOUS"}),
            "InvalidRequestException",
            "You provided a VersionStage that is not associated to the provided VersionId.",
        ),
        ("deleted", "TagResource", json!({"SecretId": "s", "Tags": []}), "InvalidRequestException", MARKED),
        ("deleted", "UntagResource", json!({"SecretId": "s", "TagKeys": []}), "InvalidRequestException", MARKED),
        ("deleted", "GetSecretValue", json!({"SecretId": "s"}), "InvalidRequestException", MARKED),
        (
            "deleted",
            "CreateSecret",
            json!({"Name": "s"}),
            "InvalidRequestException",
            "You can't create this secret because a secret with this name is already scheduled for deletion.",
        ),
    ];
    for (before, operation, params, code, message) in cases {
        let mut state = cloud();
        if before == "deleted" {
            call(&mut state, "DeleteSecret", json!({"SecretId": "s"})).unwrap();
        }
        let error = call(&mut state, operation, params.clone()).unwrap_err();
        assert_eq!((error.code.as_str(), error.message.as_str()), (code, message), "{operation} {params}");
    }
}

/// [V] LS:secretsmanager::test_list_secrets_filtering
#[test]
fn filters() {
    let mut state = empty();
    let secrets = [
        ("testing1/one", "a secret"),
        ("/testing2/two", "an secret"),
        ("testing3/three", "asecret"),
        ("/testing4/four", "thesecret"),
    ];
    for (name, description) in secrets {
        call(&mut state, "CreateSecret", json!({"Name": name, "Description": description})).unwrap();
    }
    let cases = [
        (json!([["name", "/"]]), "24"),
        (json!([["name", "!/"]]), "13"),
        (json!([["name", "testing1 one"]]), ""),
        (json!([["description", "a"]]), "123"),
        (json!([["description", "!a"]]), "4"),
        (json!([["description", "a secret"]]), "12"),
        (json!([["description", "!c"]]), "1234"),
        (json!([["description", "a"], ["name", "an"]]), ""),
        (json!([["description", "a"], ["name", "/"]]), "2"),
    ];
    for (filters, expected) in cases {
        let list: Vec<Value> =
            filters.as_array().unwrap().iter().map(|pair| json!({"Key": pair[0], "Values": [pair[1]]})).collect();
        let answer = call(&mut state, "ListSecrets", json!({"Filters": list})).unwrap();
        let found = answer["SecretList"].as_array().unwrap().iter().map(|secret| secret["Name"].as_str().unwrap());
        let mut digits: Vec<char> = found.filter_map(|name| name.chars().find(char::is_ascii_digit)).collect();
        digits.sort_unstable();
        assert_eq!(digits.into_iter().collect::<String>(), expected, "{filters}");
    }
}

/// [V] LS:secretsmanager::test_secret_tags, ::test_create_secret_version_from_empty_secret, ::test_last_accessed_date
#[test]
fn what_there_is_not_is_not_shown() {
    let mut state = empty();
    call(&mut state, "CreateSecret", json!({"Name": "s", "Description": ""})).unwrap();
    let keys = |state: &mut State| {
        let shape = call(state, "DescribeSecret", json!({"SecretId": "s"})).unwrap();
        let mut keys: Vec<String> = shape.as_object().unwrap().keys().cloned().collect();
        keys.sort_unstable();
        keys.join(" ")
    };
    assert_eq!(keys(&mut state), "ARN CreatedDate LastChangedDate Name");
    call(&mut state, "TagResource", json!({"SecretId": "s", "Tags": [{"Key": "k", "Value": "v"}]})).unwrap();
    call(&mut state, "UntagResource", json!({"SecretId": "s", "TagKeys": ["k"]})).unwrap();
    assert_eq!(keys(&mut state), "ARN CreatedDate LastChangedDate Name Tags");
    let params = json!({"SecretId": "s", "SecretString": "x", "ClientRequestToken": token(1)});
    call(&mut state, "PutSecretValue", params).unwrap();
    assert_eq!(keys(&mut state), "ARN CreatedDate LastChangedDate Name Tags VersionIdsToStages");
    call(&mut state, "GetSecretValue", json!({"SecretId": "s"})).unwrap();
    assert_eq!(keys(&mut state), "ARN CreatedDate LastAccessedDate LastChangedDate Name Tags VersionIdsToStages");
    let shape = call(&mut state, "DescribeSecret", json!({"SecretId": "s"})).unwrap();
    assert_eq!(shape["LastAccessedDate"], json!(Time::parse("2026-03-02").unwrap().seconds_f64()));
}

/// [V] LS:secretsmanager::test_cross_account_access
#[test]
fn another_account_needs_a_key_of_its_own() {
    let other = "999988887777";
    let mut state = cloud();
    let policy = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "secretsmanager:*",
        "Principal": {"AWS": format!("arn:aws:iam::{other}:root")}, "Resource": "*"}]});
    let put = json!({"SecretId": "s", "ResourcePolicy": policy.to_string()});
    let arn = call(&mut state, "PutResourcePolicy", put).unwrap()["ARN"].clone();
    call_as(&mut state, other, "DescribeSecret", json!({"SecretId": arn})).unwrap();
    let error = call_as(&mut state, other, "GetSecretValue", json!({"SecretId": arn})).unwrap_err();
    assert_eq!(error.code, "InvalidRequestException");
    assert!(error.message.contains("if you encrypt the secret with the default KMS service key"), "{}", error.message);
}

/// [V] LS:secretsmanager::test_get_random_exclude_characters_and_symbols
#[test]
fn passwords() {
    let cases = [
        (json!({"PasswordLength": 120, "ExcludeCharacters": "xyzDje@?!."}), 120, "xyzDje@?!."),
        (json!({}), 32, " "),
        (json!({"ExcludePunctuation": true, "PasswordLength": 64}), 64, "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"),
    ];
    for (params, length, without) in cases {
        let answer = call(&mut empty(), "GetRandomPassword", params.clone()).unwrap();
        let password = answer["RandomPassword"].as_str().unwrap();
        assert_eq!(password.len(), length, "{params}");
        assert!(!password.contains(|c| without.contains(c)), "{params}: {password}");
        assert!(password.contains(|c: char| c.is_ascii_digit()), "{params}: {password}");
    }
}
