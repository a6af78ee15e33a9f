//! TagQueue, UntagQueue, ListQueueTags.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::json;

use super::fault::Fault;
use super::protocol::read;
use super::queue::{Reach, named};
use crate::api::{Call, Reply};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Input {
    #[serde(default)]
    tags: BTreeMap<String, String>,
    #[serde(default)]
    tag_keys: Vec<String>,
}

pub(super) fn tag(call: &mut Call<'_>) -> Result<Reply, Fault> {
    let arn = named(call, "sqs:TagQueue", Reach::OwnAccount)?;
    let input: Input = read(call)?;
    if input.tags.is_empty() {
        return Err(Fault::missing("Tags"));
    }
    if let Some(queue) = call.state.sqs.queues.get_mut(&arn) {
        queue.tags.extend(input.tags);
    }
    Ok(Reply::empty())
}

pub(super) fn untag(call: &mut Call<'_>) -> Result<Reply, Fault> {
    let arn = named(call, "sqs:UntagQueue", Reach::OwnAccount)?;
    let input: Input = read(call)?;
    if let Some(queue) = call.state.sqs.queues.get_mut(&arn) {
        queue.tags.retain(|key, _| !input.tag_keys.contains(key));
    }
    Ok(Reply::empty())
}

pub(super) fn list(call: &mut Call<'_>) -> Result<Reply, Fault> {
    let arn = named(call, "sqs:ListQueueTags", Reach::OwnAccount)?;
    let tags = call.state.sqs.queues.get(&arn).map(|queue| queue.tags.clone()).unwrap_or_default();
    // [V] LS:sqs/test_tag_untag_queue: nothing at all without tags
    if tags.is_empty() {
        return Ok(Reply::empty());
    }
    Ok(json!({"Tags": tags}).into())
}
