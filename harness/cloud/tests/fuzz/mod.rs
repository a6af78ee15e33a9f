//! What is fuzzed: each function takes any bytes and must end, without a panic. The fuzzer calls them (`fuzz/`), and so does
//! an ordinary test with the inputs that are kept (`fuzz_corpus.rs`).

use rootwatch_cloud::api::{Call, Operation, Protocol, Service, dispatch, operations};
use rootwatch_cloud::time::Time;
use rootwatch_cloud::wire::{CredentialScope, HttpRequest, decode, error, reply};
use rootwatch_cloud::{Region, State};
use rootwatch_logfilter::FilterPattern;
use rootwatch_pattern::{EventPattern, FilterPolicy, FilterPolicyScope};
use rootwatch_policy::{Policy, PolicyKind, Principal};
use serde_json::Value;

/// A target and its name, which is that of its folder of inputs.
pub(crate) type Target = (&'static str, fn(&[u8]));

/// All of them.
pub(crate) const TARGETS: [Target; 9] = [
    ("json", json),
    ("query", query),
    ("cbor", cbor),
    ("rest", rest),
    ("pattern", pattern),
    ("policy", policy),
    ("metric_filter", metric_filter),
    ("filter_policy", filter_policy),
    ("calls", calls),
];

const SCOPE: &str =
    "AWS4-HMAC-SHA256 Credential=111122223333/20260302/us-east-1/sns/aws4_request, SignedHeaders=x, Signature=0";

fn request(method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> HttpRequest {
    let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    HttpRequest { method: method.into(), path: path.into(), query: query.into(), headers, body: body.to_vec() }
}

/// Reads a request, and writes what was understood back in each protocol.
fn understood(request: &HttpRequest) {
    let scope = CredentialScope::of(request);
    let protocol = request.protocol();
    match decode(request, scope.as_ref()) {
        Ok(decoded) => {
            for protocol in [Protocol::Json11, Protocol::RestJson, Protocol::RestXml, Protocol::Cbor, decoded.protocol]
            {
                reply(decoded.service, protocol, &decoded.operation, &decoded.params, "id");
            }
        }
        Err(refused) => {
            let answer = error(None, protocol, &refused, "id");
            assert!(answer.status >= 400, "{refused}");
            if protocol != Protocol::Cbor {
                assert!(std::str::from_utf8(&answer.body).is_ok());
            }
        }
    }
}

/// A body of the JSON protocols; its first byte chooses the service.
pub(crate) fn json(data: &[u8]) {
    let targets =
        ["AWSEvents.PutEvents", "AmazonSQS.SendMessage", "TrentService.Encrypt", "", ".", "a.b.c", "Logs_20140328."];
    let (choice, body) = data.split_first().unwrap_or((&0, &[]));
    let target = targets[usize::from(*choice) % targets.len()];
    understood(&request("POST", "/", &[("x-amz-target", target), ("authorization", SCOPE)], body));
}

/// A form of the Query protocol, in the body and in the query string.
pub(crate) fn query(data: &[u8]) {
    let form = ("content-type", "application/x-www-form-urlencoded; charset=utf-8");
    understood(&request("POST", "/", &[form, ("authorization", SCOPE)], data));
    understood(&request(
        "GET",
        &format!("/?Action={}", String::from_utf8_lossy(data)),
        &[("authorization", SCOPE)],
        b"",
    ));
}

/// A body of rpc-v2-cbor.
pub(crate) fn cbor(data: &[u8]) {
    let path = "/service/GraniteServiceVersion20100801/operation/PutMetricData";
    understood(&request("POST", path, &[("smithy-protocol", "rpc-v2-cbor")], data));
}

/// A method, a path, the headers that decide, and a body, a line each.
pub(crate) fn rest(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let mut lines = text.splitn(5, '\n');
    let mut next = || lines.next().unwrap_or_default().to_owned();
    let (method, path, authorization, kind, body) = (next(), next(), next(), next(), next());
    let headers = [("authorization", &*authorization), ("content-type", &*kind), ("x-amz-invocation-type", &*kind)];
    understood(&request(&method, &path, &headers, body.as_bytes()));
    understood(&request(&method, &path, &[("smithy-protocol", &*kind)], body.as_bytes()));
    understood(&request("GET", &format!("/2015-03-31/functions/{path}"), &[], body.as_bytes()));
}

/// Two texts, parted by a NUL: what is matched, and with what.
fn two(data: &[u8]) -> (String, String) {
    let text = String::from_utf8_lossy(data);
    let (first, second) = text.split_once('\0').unwrap_or((&text, "{}"));
    (first.to_owned(), second.to_owned())
}

/// An event pattern and an event.
pub(crate) fn pattern(data: &[u8]) {
    let (pattern, event) = two(data);
    match EventPattern::parse(&pattern) {
        Err(refused) => assert!(!refused.to_string().is_empty()),
        Ok(pattern) => {
            // What was accepted is accepted again.
            assert!(EventPattern::parse(pattern.text()).is_ok());
            let event: Value = serde_json::from_str(&event).unwrap_or_else(|_| Value::Object(Default::default()));
            assert_eq!(pattern.matches(&event), pattern.explain(&event).is_match(), "{} {event}", pattern.text());
        }
    }
}

/// A filter policy of SNS, in both scopes, and a message body.
pub(crate) fn filter_policy(data: &[u8]) {
    let (policy, body) = two(data);
    for scope in [FilterPolicyScope::MessageBody, FilterPolicyScope::MessageAttributes] {
        match FilterPolicy::parse(&policy, scope) {
            Err(refused) => assert!(!refused.subscribe_message().is_empty()),
            Ok(policy) => {
                assert!(FilterPolicy::parse(policy.text(), scope).is_ok());
                let _ = policy.matches_body(&body);
                for kind in ["String", "String.Array", "Number", "Binary"] {
                    let _ = policy.matches_attributes(&[("a", kind, &body), (&body, kind, "a")]);
                }
            }
        }
    }
}

/// A policy document of each kind.
pub(crate) fn policy(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    if let Ok(policy) = Policy::parse(&text) {
        assert!(Policy::parse(policy.text()).is_ok());
    }
    for kind in [PolicyKind::Managed, PolicyKind::Trust, PolicyKind::Resource, PolicyKind::ResourceControl] {
        match Policy::check(&text, kind) {
            Ok(checked) => assert!(Policy::parse(checked.text()).is_ok()),
            Err(refused) => assert!(!refused.aws_message().is_empty()),
        }
    }
}

/// The pattern of a metric filter and a line of a log.
pub(crate) fn metric_filter(data: &[u8]) {
    let (pattern, line) = two(data);
    if let Ok(pattern) = FilterPattern::parse(&pattern) {
        assert!(FilterPattern::parse(pattern.text()).is_ok());
        let matches = pattern.matches(&line);
        let extracted = pattern.extracted(&line);
        for (name, _) in &extracted {
            let _ = pattern.value(&line, name);
        }
        assert!(matches || !line.is_empty() || extracted.is_empty());
    }
}

/// Any operation of any service with any members, a call a line, on one cloud: `NUMBER JSON`, or
/// `service:Operation JSON`, which means the same when the table has grown.
pub(crate) fn calls(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let mut state = State::new(Time::from_seconds(1_800_000_000), 1);
    for line in text.lines().take(8) {
        let Some((named, params)) = line.split_once(' ') else { continue };
        let Ok(params) = serde_json::from_str::<Value>(params) else { continue };
        let all: Vec<_> = Service::ALL
            .iter()
            .flat_map(|service| operations(*service).iter().map(|operation| (*service, operation)))
            .collect();
        let by_name =
            |(service, operation): &(Service, &Operation)| format!("{}:{}", service.name(), operation.name) == named;
        let place =
            named.parse::<usize>().ok().map(|number| number % all.len()).or_else(|| all.iter().position(by_name));
        let Some((service, operation)) = place.and_then(|place| all.get(place).copied()) else { continue };
        // A key of RSA takes seconds.
        if !params.is_object() || line.contains("RSA") {
            continue;
        }
        for (protocol, caller) in [
            (
                Protocol::Json11,
                Principal::Administrator {
                    account: "111122223333".into(),
                    arn: "arn:aws:iam::111122223333:user/a".into(),
                },
            ),
            (Protocol::Query, Principal::Anonymous),
        ] {
            let answered = dispatch(&mut Call {
                state: &mut state,
                service,
                operation: operation.name.to_owned(),
                protocol,
                caller,
                account: "111122223333".into(),
                region: Region::new("us-east-1"),
                params: params.clone(),
                request_id: "request".to_owned(),
            });
            if let Err(refused) = answered {
                error(Some(service), protocol, &refused, "id");
            }
        }
        for _ in 0..100 {
            if !state.step() {
                break;
            }
        }
    }
    // What is in the state can be kept.
    let saved = state.to_saved().expect("a state is written");
    assert!(State::from_saved(&saved).is_ok());
}
