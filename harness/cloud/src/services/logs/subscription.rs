//! From log events to a function. [D] SubscriptionFilters

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::group::SubscriptionFilter;
use super::group_operations::name_of;
use crate::authz::Edge;
use crate::id::Arn;
use crate::services::lambda;
use crate::state::State;
use crate::time::Time;
use crate::trace::Hop;
use rootwatch_logfilter::FilterPattern;
use rootwatch_policy::{Context, Principal};

/// In whose name the function is called: the Region's service, or the service; a policy may name either.
/// [V] LS:logs/test_logs_subscription_filters for the first, [D] SubscriptionFilters for the second
fn principal(state: &State, group: &Arn, function: &Arn) -> Principal {
    let service = |name: String| Principal::Service { name };
    let regional = service(format!("logs.{}.amazonaws.com", group.region()));
    let global = service("logs.amazonaws.com".to_owned());
    if !admits(state, group, function, &regional) && admits(state, group, function, &global) {
        global
    } else {
        regional
    }
}

fn admits(state: &State, group: &Arn, function: &Arn, principal: &Principal) -> bool {
    let region = group.region();
    let policy = state.lambda.policy(function);
    let mut edge =
        Edge::new(principal, "lambda:InvokeFunction", function, &region).policy("policy of the function", policy);
    edge.context = context(group);
    state.decide(&edge).allowed
}

fn context(group: &Arn) -> Context {
    Context::new().with("aws:SourceArn", format!("{group}:*")).with("aws:SourceAccount", group.account().as_str())
}

/// Whether the function is there and its policy lets CloudWatch Logs call it: AWS tries when the filter is put.
pub(super) fn may_invoke(state: &State, group: &Arn, function: &Arn) -> bool {
    state.lambda.exists(function) && admits(state, group, function, &principal(state, group, function))
}

/// Hands the lines that match to the function, gzipped and in base64.
pub(super) fn apply(
    state: &mut State,
    group: &Arn,
    stream: &str,
    name: &str,
    filter: &SubscriptionFilter,
    lines: &[(Time, String)],
) {
    // A pattern is checked when the filter is put.
    let Ok(pattern) = FilterPattern::parse(&filter.pattern) else { return };
    let matched = lines.iter().filter(|(_, line)| pattern.matches(line));
    let events: Vec<Value> = matched
        .map(|(at, line)| {
            let id = format!("{:056}", state.next_sequence());
            json!({"id": id, "timestamp": at.0, "message": line})
        })
        .collect();
    if events.is_empty() {
        return;
    }
    let data = json!({
        "messageType": "DATA_MESSAGE", "owner": group.account().as_str(), "logGroup": name_of(group),
        "logStream": stream, "subscriptionFilters": [name], "logEvents": events,
    });
    let payload = json!({"awslogs": {"data": STANDARD.encode(gzip(data.to_string().as_bytes()))}}).to_string();
    let (region, principal) = (group.region(), principal(state, group, &filter.destination));
    // A refusal leaves its own trace.
    let _ = lambda::invoke_async(
        state,
        Hop::MetricFilter,
        &principal,
        &region,
        &filter.destination,
        payload,
        context(group),
    );
}

/// A gzip member of stored blocks: readers need the format, not the compression. [D] RFC 1952, RFC 1951 §3.2.4
fn gzip(data: &[u8]) -> Vec<u8> {
    let mut out = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff];
    let mut blocks = data.chunks(usize::from(u16::MAX)).peekable();
    if blocks.peek().is_none() {
        out.extend([1, 0, 0, 0xff, 0xff]);
    }
    while let Some(block) = blocks.next() {
        let length = block.len() as u16;
        out.push(u8::from(blocks.peek().is_none()));
        out.extend(length.to_le_bytes());
        out.extend((!length).to_le_bytes());
        out.extend(block);
    }
    out.extend(crc32(data).to_le_bytes());
    out.extend((data.len() as u32).to_le_bytes());
    out
}

fn crc32(data: &[u8]) -> u32 {
    !data.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| if crc & 1 == 1 { (crc >> 1) ^ 0xedb8_8320 } else { crc >> 1 })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksums() {
        // The check value of CRC-32/ISO-HDLC.
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
        let member = gzip(b"hello");
        assert_eq!(&member[10..20], b"\x01\x05\x00\xfa\xffhello");
        assert_eq!(&member[20..], [0x86, 0xa6, 0x10, 0x36, 5, 0, 0, 0]);
    }
}
