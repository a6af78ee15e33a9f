//! For any JSON at all: no panic, limits hold, and only what a rule names decides.
#![allow(clippy::unwrap_used, reason = "a helper of tests may panic")]

mod common;
#[path = "common/generate.rs"]
mod generate;

use common::kinds;
use generate::{mutated, text, value};
use proptest::prelude::*;
use rootwatch_alert::message::BODY_LIMIT;
use rootwatch_alert::{Alert, Gathered, Settings, Triage, alert, incoming, triage, verdict};
use serde_json::{Map, Value};

fn check(event: &Value) -> Result<(), TestCaseError> {
    let Triage::Alert(alert, _) = triage(event, None) else { return Ok(()) };
    // When it arrives and what operators say about it change neither the topic nor a key.
    let late = "2031-01-01T00:00:00Z".parse().ok();
    let Triage::Alert(mut other, _) = triage(event, late) else { return Err(TestCaseError::fail("silent when late")) };
    let settings = Settings {
        account_names: [(alert.account.clone(), "\u{202e}<!channel>\n".to_owned())].into(),
        ..Settings::default()
    };
    settings.apply(&mut other);
    prop_assert_eq!(
        (&alert.deduplication_key, &alert.incident_key, alert.alert_type, &alert.title),
        (&other.deduplication_key, &other.incident_key, other.alert_type, &other.title)
    );
    let one_line = !other.summary.contains(['\n', '\u{202e}']);
    prop_assert!(one_line && other.summary.chars().count() <= 900);
    prop_assert!(other.to_message().len() <= BODY_LIMIT);
    let body = alert.to_message();
    prop_assert!(body.len() <= BODY_LIMIT, "{} bytes", body.len());
    for (name, value) in alert.attributes() {
        prop_assert!(!value.is_empty() && value.len() <= 1024, "{name}: {value:?}");
    }
    for line in
        [&alert.title, &alert.summary, &alert.account, &alert.region, &alert.deduplication_key, &alert.incident_key]
    {
        prop_assert!(
            !line.is_empty() && !line.chars().any(|c| c.is_control() || rootwatch_alert::text::is_deceptive(c)),
            "{line:?}"
        );
    }
    prop_assert!(alert.incident_key.len() <= 255 && alert.deduplication_key.len() <= 255);
    let message: Value = serde_json::from_str(&body).unwrap();
    let Some(read) = Alert::from_message(&message) else { return Err(TestCaseError::fail("its own message")) };
    // Both keys survive the way, for the alerters remember by them.
    prop_assert_eq!((&read.deduplication_key, &read.incident_key), (&alert.deduplication_key, &alert.incident_key));
    // As one among others: counted, whatever it contains.
    let gathered = Gathered::of(&read.incident_key, &[read.line(), alert.line()]);
    let count = gathered.as_ref().map(|gathered| gathered.acts.iter().map(|acts| acts.count).sum::<usize>());
    prop_assert_eq!(count, Some(2));
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn any_json_is_dealt_with(event in value()) {
        check(&event)?;
    }

    #[test]
    fn any_mutation_of_the_catalogue_is_dealt_with(event in mutated()) {
        check(&event)?;
    }

    #[test]
    fn any_text_is_dealt_with(body in text()) {
        let _ = incoming::read(&body);
        let alert = alert::unreadable(&body, None);
        prop_assert!(alert.to_message().len() <= BODY_LIMIT);
    }

    #[test]
    fn unknown_fields_and_the_order_of_fields_change_nothing(
        which in any::<prop::sample::Index>(), extra in value(), seed in any::<u64>(),
    ) {
        let mut kinds = kinds();
        let kind = kinds.swap_remove(which.index(kinds.len()));
        let wanted = verdict(&kind.event);
        let mut event = shuffled(&kind.event, seed);
        event["x-unknown"] = extra.clone();
        event["detail"]["xUnknown"] = extra.clone();
        if event["detail"]["userIdentity"].is_object() {
            event["detail"]["userIdentity"]["xUnknown"] = extra;
        }
        prop_assert_eq!(verdict(&event), wanted);
        if let (Triage::Alert(before, _), Triage::Alert(after, _)) = (triage(&kind.event, None), triage(&event, None)) {
            prop_assert_eq!(before.deduplication_key, after.deduplication_key);
            prop_assert_eq!(before.incident_key, after.incident_key);
            prop_assert_eq!((before.title, before.severity), (after.title, after.severity));
        }
    }
}

/// The same JSON with its fields in another order.
fn shuffled(value: &Value, seed: u64) -> Value {
    match value {
        Value::Object(fields) => {
            let mut fields: Vec<_> = fields.iter().collect();
            let length = fields.len().max(1) as u64;
            fields.rotate_left((seed % length) as usize);
            if seed.is_multiple_of(2) {
                fields.reverse();
            }
            fields
                .into_iter()
                .map(|(key, value)| (key.clone(), shuffled(value, seed / 3)))
                .collect::<Map<_, _>>()
                .into()
        }
        Value::Array(items) => items.iter().map(|item| shuffled(item, seed)).collect(),
        other => other.clone(),
    }
}
