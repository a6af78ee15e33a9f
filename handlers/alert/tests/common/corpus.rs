//! What the fuzz targets start from, and what they have found since: an ordinary test replays both.
#![allow(dead_code, reason = "each test target uses a part of it")]
#![allow(clippy::unwrap_used, reason = "a helper of tests may panic")]

use std::path::Path;

use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::{Config, TestRunner};
use serde_json::json;

use super::common::kinds;

/// What triage starts from: the catalogue's events as bodies, a batch of some of them, and what is no event.
pub(crate) fn events() -> Vec<(String, Vec<u8>)> {
    let bodies: Vec<(String, String)> = kinds().into_iter().map(|kind| (kind.name, kind.event.to_string())).collect();
    with_batch(bodies)
}

/// What an alerter starts from: the catalogue's alerts, an alarm of the monitor itself, and what is neither.
pub(crate) fn messages() -> Vec<(String, Vec<u8>)> {
    let mut bodies: Vec<(String, String)> = kinds()
        .into_iter()
        .filter_map(|kind| match rootwatch_alert::triage(&kind.event, None) {
            rootwatch_alert::Triage::Alert(alert, _) => Some((kind.name, alert.to_message())),
            rootwatch_alert::Triage::Silent(_) => None,
        })
        .collect();
    let alarm = json!({
        "AlarmName": "rootwatch-slack-main-dead-letters", "AlarmDescription": "Alerts that did not arrive.",
        "AWSAccountId": "999988887777", "NewStateValue": "ALARM", "NewStateReason": "Threshold Crossed",
        "StateChangeTime": "2026-02-26T10:14:05.123+0000", "Region": "US East (N. Virginia)",
        "AlarmArn": "arn:aws:cloudwatch:us-east-1:999988887777:alarm:rootwatch-slack-main-dead-letters",
    });
    let envelope = json!({
        "Type": "Notification", "TopicArn": "arn:aws:sns:us-east-1:999988887777:t", "Message": bodies[0].1.clone(),
    });
    bodies.push(("alarm".to_owned(), alarm.to_string()));
    bodies.push(("envelope".to_owned(), envelope.to_string()));
    with_batch(bodies)
}

fn with_batch(mut bodies: Vec<(String, String)>) -> Vec<(String, Vec<u8>)> {
    let records: Vec<_> = bodies.iter().take(3).map(|(name, body)| json!({"messageId": name, "body": body})).collect();
    bodies.push(("batch".to_owned(), json!({"Records": records}).to_string()));
    for (name, body) in [("empty", ""), ("text", "not JSON"), ("list", "[]"), ("number", "1e400")] {
        bodies.push((name.to_owned(), body.to_owned()));
    }
    bodies.into_iter().map(|(name, body)| (name, body.into_bytes())).collect()
}

/// Calls a target with all that it starts from, with what was found, and with changed copies of both. Writes what it starts
/// from for the fuzzer, where `ROOTWATCH_SEEDS` names a folder.
pub(crate) fn replay(name: &str, seeds: Vec<(String, Vec<u8>)>, target: fn(&[u8])) {
    assert!(seeds.len() > 25, "the catalogue is not empty");
    let folder = std::env::var_os("ROOTWATCH_SEEDS").map(|folder| Path::new(&folder).join(name));
    let mut inputs = Vec::new();
    for (name, seed) in seeds {
        target(&seed);
        if let Some(folder) = &folder {
            std::fs::create_dir_all(folder).and_then(|()| std::fs::write(folder.join(name), &seed)).unwrap();
        }
        inputs.push(seed);
    }
    let found = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus").join(name);
    for entry in std::fs::read_dir(&found).into_iter().flatten() {
        let path = entry.unwrap().path();
        let input = std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        target(&input);
        inputs.push(input);
    }
    changed(&inputs, target);
}

/// Shown as a text that a test can be made of.
struct Input(Vec<u8>);

impl std::fmt::Debug for Input {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "b\"{}\"", self.0.escape_ascii())
    }
}

/// The fuzzer for some seconds, without its eyes for coverage: some bytes written over, taken out, put in or doubled, and
/// the end of another input.
fn changed(inputs: &[Vec<u8>], target: fn(&[u8])) {
    let change = (any::<Index>(), 0..40_usize, any::<[u8; 2]>(), 0..5_u8);
    let changes = (any::<Index>(), any::<Index>(), prop::collection::vec(change, 1..5));
    let copies = changes.prop_map(|(one, other, changes)| {
        let (mut input, other) = (one.get(inputs).clone(), other.get(inputs));
        for (at, length, bytes, kind) in changes {
            let start = at.index(input.len() + 1);
            let end = (start + length).min(input.len());
            match kind {
                0 => drop(input.drain(start..end)),
                1 => drop(input.splice(start..end, bytes)),
                2 => drop(input.splice(start..start, bytes)),
                3 => input.extend_from_within(start..end),
                _ => drop(input.splice(start.., other[start.min(other.len())..].iter().copied())),
            }
        }
        Input(input)
    });
    let config = Config { cases: Config::default().cases.max(4_000), failure_persistence: None, ..Config::default() };
    let result = TestRunner::new(config).run(&copies, |Input(input)| {
        target(&input);
        Ok(())
    });
    if let Err(error) = result {
        panic!("{error}");
    }
}
