//! Queues come and go: CreateQueue, DeleteQueue, GetQueueUrl, ListQueues, ListDeadLetterSourceQueues, PurgeQueue.

use std::collections::BTreeMap;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::attributes::Attributes;
use super::fault::Fault;
use super::protocol::read;
use super::queue::{Queue, Reach, authorised, named, url};
use super::set_attributes::check_principals;
use crate::api::{ApiError, Call, Reply, Service, lenient};
use crate::id::{AccountId, Arn};

/// How long the name of a deleted queue cannot be used again. [D] API_DeleteQueue
const NAME_IS_TAKEN: Duration = Duration::from_secs(60);

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Create {
    #[serde(default)]
    queue_name: String,
    #[serde(default)]
    attributes: BTreeMap<String, String>,
    #[serde(default)]
    tags: BTreeMap<String, String>,
}

pub(super) fn create(call: &mut Call<'_>) -> Result<Reply, Fault> {
    let input: Create = read(call)?;
    if input.queue_name.is_empty() {
        return Err(Fault::missing("QueueName"));
    }
    let arn = call.arn(&input.queue_name);
    call.authorise("sqs:CreateQueue", &arn)?;
    check_name(&input)?;
    if let Some(queue) = call.state.sqs.queues.get(&arn) {
        // [V] LS:sqs/test_create_queue_with_different_attributes_raises_exception
        return match queue.attributes.first_difference(queue.policy.as_ref(), &input.attributes)? {
            None => Ok(json!({"QueueUrl": url(&arn)}).into()),
            Some(name) => Err(Fault::new(
                "QueueAlreadyExists",
                "QueueNameExists",
                format!("A queue already exists with the same name and a different value for attribute {name}"),
            )),
        };
    }
    let now = call.state.now;
    if call.state.sqs.deleted.get(&arn).is_some_and(|deleted| now < *deleted + NAME_IS_TAKEN) {
        return Err(Fault::new(
            "AWS.SimpleQueueService.QueueDeletedRecently",
            "QueueDeletedRecently",
            "You must wait 60 seconds after deleting a queue before you can create another with the same name.",
        ));
    }
    let (attributes, policy) = Attributes::default().with(&input.attributes)?;
    check_redrive(call, &arn, &attributes, &input.attributes)?;
    check_principals(call, policy.as_ref())?;
    let mut queue = Queue::new(arn.clone(), now);
    queue.attributes = attributes;
    queue.policy = policy.flatten();
    queue.tags = input.tags;
    call.state.sqs.deleted.remove(&arn);
    call.state.sqs.queues.insert(arn.clone(), queue);
    Ok(json!({"QueueUrl": url(&arn)}).into())
}

fn check_name(input: &Create) -> Result<(), Fault> {
    let name = &input.queue_name;
    if input.attributes.get("FifoQueue").is_some_and(|value| value == "true") {
        return Err(ApiError::not_implemented(Service::Sqs, "CreateQueue with FifoQueue").into());
    }
    // [D] API_CreateQueue; the text [T]
    if name.len() > 80 || !name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_') {
        return Err(Fault::invalid_value(
            "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length",
        ));
    }
    Ok(())
}

/// A dead-letter queue must exist, belong to the same account and Region, and admit the source.
/// [D] sqs-dead-letter-queues; the reasons [T], that of a redrive allow policy [?].
pub(super) fn check_redrive(
    call: &Call<'_>,
    arn: &Arn,
    attributes: &Attributes,
    input: &BTreeMap<String, String>,
) -> Result<(), Fault> {
    let (Some(redrive), Some(text)) = (&attributes.redrive, input.get("RedrivePolicy")) else { return Ok(()) };
    let bad = |reason: &str| Err(Fault::invalid_parameter(text, "RedrivePolicy", reason));
    let target = &redrive.dead_letter_queue;
    if target.account() != arn.account() {
        return bad("Dead-letter target owner should be same as the source.");
    }
    if target.region() != arn.region() {
        return bad("Dead-letter target must be in same region as the source.");
    }
    if target.name().ends_with(".fifo") {
        return bad("Dead-letter queue must be same type of queue as the source.");
    }
    let Some(queue) = call.state.sqs.queues.get(target) else {
        return bad("Dead letter target does not exist.");
    };
    if queue.attributes.redrive_allow.as_ref().is_some_and(|allow| !allow.allows(arn)) {
        return bad("The redrive allow policy of the dead-letter target does not admit this queue.");
    }
    Ok(())
}

pub(super) fn delete(call: &mut Call<'_>) -> Result<Reply, Fault> {
    let arn = named(call, "sqs:DeleteQueue", Reach::OwnAccount)?;
    call.state.sqs.queues.remove(&arn);
    let now = call.state.now;
    call.state.sqs.deleted.insert(arn, now);
    Ok(Reply::empty())
}

pub(super) fn get_url(call: &mut Call<'_>) -> Result<Reply, Fault> {
    let name = call.text("QueueName").ok_or_else(|| Fault::missing("QueueName"))?.to_owned();
    let owner = call.text("QueueOwnerAWSAccountId").map_or_else(|| call.account.clone(), AccountId::new);
    let arn = Arn::of("sqs", &call.region, &owner, name);
    let arn = authorised(call, "sqs:GetQueueUrl", arn, Reach::AnyAccount)?;
    Ok(json!({"QueueUrl": url(&arn)}).into())
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct List {
    #[serde(default)]
    queue_name_prefix: String,
    #[serde(default, deserialize_with = "lenient::optional")]
    max_results: Option<usize>,
    next_token: Option<String>,
}

pub(super) fn list(call: &mut Call<'_>) -> Result<Reply, Fault> {
    let input: List = read(call)?;
    let everything = call.arn("*");
    call.authorise("sqs:ListQueues", &everything)?;
    let urls = call
        .state
        .sqs
        .queues
        .keys()
        .filter(|arn| arn.is_in(&call.account, &call.region) && arn.name().starts_with(&input.queue_name_prefix));
    let page = page(urls.map(url).collect(), input.max_results, input.next_token.as_deref())?;
    Ok(page.named("QueueUrls").into())
}

pub(super) fn list_dead_letter_sources(call: &mut Call<'_>) -> Result<Reply, Fault> {
    let input: List = read(call)?;
    let arn = named(call, "sqs:ListDeadLetterSourceQueues", Reach::AnyAccount)?;
    let sources = call
        .state
        .sqs
        .queues
        .values()
        .filter(|queue| queue.attributes.redrive.as_ref().is_some_and(|redrive| redrive.dead_letter_queue == arn));
    let page = page(sources.map(|queue| url(&queue.arn)).collect(), input.max_results, input.next_token.as_deref())?;
    // The only list of this API whose name is in lower case, and that is there when it is empty. [D] service model
    let mut answer = page.named("queueUrls");
    if answer.get("queueUrls").is_none() {
        answer["queueUrls"] = json!([]);
    }
    Ok(answer.into())
}

/// One page of a list of URLs.
struct Page {
    urls: Vec<String>,
    next: Option<String>,
}

impl Page {
    fn named(self, list: &str) -> Value {
        let mut members = Map::new();
        if !self.urls.is_empty() {
            members.insert(list.to_owned(), json!(self.urls));
        }
        if let Some(next) = self.next {
            members.insert("NextToken".to_owned(), json!(next));
        }
        Value::Object(members)
    }
}

/// Cuts a page: at most 1,000 URLs; a token only where `MaxResults` was given. [D] API_ListQueues.
/// The token is the last URL, in base64.
fn page(urls: Vec<String>, max: Option<usize>, token: Option<&str>) -> Result<Page, Fault> {
    if let Some(max) = max.filter(|max| !(1..=1000).contains(max)) {
        return Err(Fault::invalid_parameter(max, "MaxResults", "Must be between 1 and 1000, if provided."));
    }
    let start = match token {
        None => 0,
        Some(token) => {
            let last = STANDARD.decode(token).ok().and_then(|bytes| String::from_utf8(bytes).ok());
            let at = last.and_then(|last| urls.iter().position(|url| *url == last));
            at.ok_or_else(|| Fault::invalid_value("Invalid or expired next token."))? + 1
        }
    };
    let size = max.unwrap_or(1000);
    let more = urls.len() > start + size;
    let urls: Vec<String> = urls.into_iter().skip(start).take(size).collect();
    let next = urls.last().filter(|_| more && max.is_some()).map(|url| STANDARD.encode(url));
    Ok(Page { urls, next })
}

pub(super) fn purge(call: &mut Call<'_>) -> Result<Reply, Fault> {
    let arn = named(call, "sqs:PurgeQueue", Reach::AnyAccount)?;
    let now = call.state.now;
    let Some(queue) = call.state.sqs.queues.get_mut(&arn) else { return Err(Fault::no_queue()) };
    if queue.purged.is_some_and(|purged| now < purged + Duration::from_secs(60)) {
        // [V] LS:sqs/test_successive_purge_calls_fail
        return Err(Fault::Sqs {
            code: "AWS.SimpleQueueService.PurgeQueueInProgress",
            shape: "PurgeQueueInProgress",
            message: format!("Only one PurgeQueue operation on {} is allowed every 60 seconds.", arn.name()),
            status: 403,
        });
    }
    queue.purged = Some(now);
    queue.clear();
    Ok(Reply::empty())
}
