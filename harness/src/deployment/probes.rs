//! Probe queues: SQS subscriptions of the harness on the topics, the ordinary way to see what is published.

use aws_sdk_sns::Client as Sns;
use aws_sdk_sqs::Client as Sqs;
use aws_sdk_sqs::types::QueueAttributeName;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::DeployError;

/// How the names of these queues begin.
pub(crate) const PROBE_PREFIX: &str = "probe-";

/// The queues' URLs.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Probes {
    /// On the topic of root logins.
    pub login: String,
    /// On the topic of root activity.
    pub activity: String,
    /// On the topic of changes of the monitor itself. `None` if the deployment has no such topic.
    #[serde(default)]
    pub tampering: Option<String>,
    /// On the health topic.
    pub health: String,
}

impl Probes {
    /// Creates the queues and subscribes them to the topics that the deployment gave out.
    pub(crate) async fn subscribe(sns: &Sns, sqs: &Sqs, topics: &Value) -> Result<Self, DeployError> {
        Ok(Self {
            login: probe(sns, sqs, topics, "login", true).await?,
            activity: probe(sns, sqs, topics, "activity", true).await?,
            tampering: match topics["tampering"].is_string() {
                true => Some(probe(sns, sqs, topics, "tampering", true).await?),
                false => None,
            },
            health: probe(sns, sqs, topics, "health", true).await?,
        })
    }
}

/// Creates a queue and subscribes it to a topic; `raw` delivers the message alone, without SNS's wrapping.
pub(crate) async fn probe(sns: &Sns, sqs: &Sqs, topics: &Value, kind: &str, raw: bool) -> Result<String, DeployError> {
    let failed = |what: &str, error: String| DeployError::Probe { what: format!("{what} for the {kind} topic"), error };
    let topic = topics[kind].as_str().ok_or_else(|| failed("the output of the ARN", topics.to_string()))?;
    let name = format!("{PROBE_PREFIX}{kind}");
    let policy = |queue: &str| {
        json!({"Version": "2012-10-17", "Statement": [{
            "Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}, "Action": "sqs:SendMessage",
            "Resource": queue, "Condition": {"ArnEquals": {"aws:SourceArn": topic}},
        }]})
        .to_string()
    };
    let created = sqs.create_queue().queue_name(&name).send().await;
    let created = created.map_err(|error| failed("CreateQueue", format!("{:?}", error.into_service_error())))?;
    let url = created.queue_url().unwrap_or_default().to_owned();
    // A topic's ARN and its probe's differ in the service and the name only.
    let queue = format!("{}:{name}", topic.replacen(":sns:", ":sqs:", 1).rsplit_once(':').unwrap_or_default().0);
    let attributes = sqs.set_queue_attributes().queue_url(&url).attributes(QueueAttributeName::Policy, policy(&queue));
    attributes
        .send()
        .await
        .map_err(|error| failed("SetQueueAttributes", format!("{:?}", error.into_service_error())))?;
    let subscription = sns.subscribe().topic_arn(topic).protocol("sqs").endpoint(&queue);
    let subscription = subscription.attributes("RawMessageDelivery", raw.to_string());
    subscription.send().await.map_err(|error| failed("Subscribe", format!("{:?}", error.into_service_error())))?;
    Ok(url)
}
