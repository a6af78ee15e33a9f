//! What EventBridge is told of a bucket. [D] user guide, ev-events and NotificationHowTo

use serde_json::{Map, Value, json};

use super::bucket::{bucket, named};
use super::fault;
use super::settings::done;
use crate::api::{ApiError, Call, Reply};
use crate::services::events;

/// The member that stands for EventBridge.
const EVENT_BRIDGE: &str = "EventBridgeConfiguration";

pub(super) fn put(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let name = named(call, "s3:PutBucketNotification")?;
    let wanted = match &call.params["Xml"] {
        // An empty configuration ends the notifications. [D] API_PutBucketNotificationConfiguration
        Value::Null => Map::new(),
        Value::String(text) if text.trim().is_empty() => Map::new(),
        Value::Object(members) => members.clone(),
        _ => return Err(fault::malformed_xml()),
    };
    if let Some(other) = wanted.keys().find(|member| *member != EVENT_BRIDGE) {
        let text = format!("rootwatch: a bucket's events go to EventBridge only, not by `{other}`");
        return Err(ApiError::new("NotImplemented", text).status(501));
    }
    bucket(call, &name)?.event_bridge = wanted.contains_key(EVENT_BRIDGE);
    Ok(done())
}

pub(super) fn get(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let name = named(call, "s3:GetBucketNotification")?;
    let configuration = match bucket(call, &name)?.event_bridge {
        true => json!({EVENT_BRIDGE: {}}),
        false => json!({}),
    };
    Ok(json!({"NotificationConfiguration": configuration}).into())
}

/// `Object Created` by PutObject. [V] LS:events/test_put_events_to_default_eventbus_for_custom_eventbus
pub(super) fn created(call: &mut Call<'_>, name: &str, object: Value) {
    tell(call, name, "Object Created", object, &[("reason", "PutObject")]);
}

/// `Object Deleted`. [D] user guide, ev-events
pub(super) fn deleted(call: &mut Call<'_>, name: &str, key: &str) {
    let extra = [("reason", "DeleteObject"), ("deletion-type", "Permanently Deleted")];
    tell(call, name, "Object Deleted", json!({"key": key}), &extra);
}

fn tell(call: &mut Call<'_>, name: &str, detail_type: &str, mut object: Value, extra: &[(&str, &str)]) {
    let Some(bucket) = call.state.s3.buckets.get(name).filter(|bucket| bucket.event_bridge) else { return };
    let (owner, region) = (bucket.owner.clone(), bucket.region.clone());
    object["sequencer"] = json!(format!("{:018X}", call.state.next_sequence()));
    let mut detail = json!({
        "version": "0", "bucket": {"name": name}, "object": object, "request-id": call.request_id,
        "requester": call.account.as_str(), "source-ip-address": "127.0.0.1",
    });
    for (member, value) in extra {
        detail[*member] = json!(value);
    }
    let event = json!({
        "detail-type": detail_type, "source": "aws.s3", "detail": detail,
        "resources": [format!("arn:{}:s3:::{name}", region.partition())],
    });
    events::put_service_event(call.state, &owner, &region, event);
}
