//! AWS's Python SDK calls every operation of OPERATIONS.md. Where boto3 is (`python3`, or what ROOTWATCH_PYTHON names), the
//! script runs; that it names every operation is looked at in any case.

#![expect(clippy::unwrap_used, reason = "a test may end with a panic, and so may its helpers")]

#[expect(dead_code, reason = "each test of the endpoint uses a part of it")]
mod support;

use std::path::Path;
use std::process::Command;

use rootwatch_cloud::Clock;
use rootwatch_cloud::api::{Service, operations};
use support::start;

fn script() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients/boto3_operations.py")
}

/// `PutEvents` as boto3 calls it: `put_events`.
fn method(operation: &str) -> String {
    let letters: Vec<char> = operation.chars().collect();
    let mut name = String::new();
    for (place, letter) in letters.iter().enumerate() {
        // A row of capitals is one word: `ListMFADevices` is `list_mfa_devices`.
        let after_word = place > 0 && letters[place - 1].is_ascii_lowercase();
        let before_word = letters.get(place + 1).is_some_and(char::is_ascii_lowercase);
        if letter.is_ascii_uppercase() && !name.is_empty() && (after_word || before_word) {
            name.push('_');
        }
        name.push(letter.to_ascii_lowercase());
    }
    name
}

#[test]
fn every_operation_is_named() {
    let text = std::fs::read_to_string(script()).unwrap();
    for service in Service::ALL {
        for operation in operations(service) {
            let call = format!(".{}(", method(operation.name));
            assert!(text.contains(&call), "{}: {} does not call it", operation.name, script().display());
        }
    }
}

#[tokio::test]
async fn every_operation_answers() {
    let python = std::env::var("ROOTWATCH_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let has_boto3 = Command::new(&python).args(["-c", "import boto3, cryptography"]).output();
    if !has_boto3.is_ok_and(|output| output.status.success()) {
        eprintln!("not run: {python} has no boto3 and cryptography; name one that has with ROOTWATCH_PYTHON");
        return;
    }
    let endpoint = start(Clock::Wall).await;
    let url = endpoint.cloud.endpoint().to_owned();
    let output = tokio::task::spawn_blocking(move || Command::new(python).arg(script()).arg(url).output().unwrap());
    let output = output.await.unwrap();
    let said = [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned()).concat();
    assert!(output.status.success(), "{said}");
}
