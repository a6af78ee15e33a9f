//! Events that nobody sent: any JSON with the names that mean something, and records of the catalogue with something
//! laid over a field somewhere.
#![allow(dead_code, reason = "each test target uses what it needs")]

use proptest::prelude::*;
use serde_json::Value;

use crate::common::kinds;

/// Text of the kind that breaks things.
pub(crate) fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "[<>&@`*_~!|\"'\\\\\r\n\t\u{0}\u{202e}\u{200b}\u{2028}a-z]{0,40}",
        Just("<!channel> https://evil.example".to_owned()),
        "[a-e./@:。\\-]{0,20}",
        Just("s3.amazonaws.com/evil.com".to_owned()),
        Just("Root".to_owned()),
        Just("true".to_owned()),
        "[a-z]{3000,3100}",
    ]
}

pub(crate) fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        text().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 40, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::vec((key(), inner), 0..6).prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

/// Keys that mean something, and keys that do not.
pub(crate) fn key() -> impl Strategy<Value = String> {
    const KNOWN: [&str; 28] = [
        "detail-type",
        "detail",
        "account",
        "region",
        "time",
        "userIdentity",
        "type",
        "arn",
        "accountId",
        "accessKeyId",
        "principalId",
        "invokedBy",
        "sessionContext",
        "sessionIssuer",
        "attributes",
        "assumedRoot",
        "eventSource",
        "eventName",
        "eventType",
        "eventTime",
        "eventID",
        "sharedEventID",
        "addendum",
        "errorCode",
        "errorMessage",
        "userAgent",
        "requestParameters",
        "responseElements",
    ];
    prop_oneof![prop::sample::select(&KNOWN[..]).prop_map(str::to_owned), text()]
}

/// A record of the catalogue with something laid over a field somewhere.
pub(crate) fn mutated() -> impl Strategy<Value = Value> {
    (any::<prop::sample::Index>(), prop::collection::vec((key(), value(), any::<u8>()), 0..6)).prop_map(
        |(which, changes)| {
            let mut kinds = kinds();
            let mut event = kinds.swap_remove(which.index(kinds.len())).event;
            for (key, value, depth) in changes {
                let target = match depth % 3 {
                    0 => &mut event,
                    1 => &mut event["detail"],
                    _ if event["detail"]["userIdentity"].is_object() => &mut event["detail"]["userIdentity"],
                    _ => &mut event["detail"],
                };
                if let Value::Object(fields) = target {
                    fields.insert(key, value);
                }
                if !event["detail"].is_object() {
                    break;
                }
            }
            event
        },
    )
}
