//! A platform whose AWS and web are a closure: the same function, without a process, a network or a clock.

use std::fmt;
use std::sync::{Arc, Mutex};

use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent};
use aws_smithy_runtime_api::client::http::{HttpConnector, HttpConnectorFuture, SharedHttpConnector};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::body::SdkBody;
use serde_json::{Value, json};

use crate::batch::Function;
use crate::handler::{Handler, Invocation};
use crate::platform::{ConfigurationError, Environment, Platform};

/// A request that the function made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// `slack.example/path`, or for AWS `sqs:SendMessage`, `secretsmanager:GetSecretValue`, `sns:Publish`.
    pub what: String,
    /// The body as sent.
    pub body: String,
}

/// What the closure answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answered {
    /// A status and a body.
    With(u16, String),
    /// 429 with this `Retry-After`, in seconds.
    Limited(u64),
    /// Nothing, ever.
    Nothing,
    /// The connection is refused.
    Refused,
}

type Answer = dyn Fn(&Asked) -> Answered + Send + Sync;

/// A world of one function.
#[derive(Clone)]
pub struct World {
    answer: Arc<Answer>,
    asked: Arc<Mutex<Vec<Asked>>>,
    /// Requests to `https://localhost` leave this world by it.
    localhost: Option<SharedHttpConnector>,
}

impl fmt::Debug for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("World").finish_non_exhaustive()
    }
}

impl World {
    /// A world that answers so.
    pub fn new(answer: impl Fn(&Asked) -> Answered + Send + Sync + 'static) -> Self {
        World { answer: Arc::new(answer), asked: Arc::default(), localhost: None }
    }

    /// The same world, in which requests to `https://localhost` are made over the network, as a process makes them,
    /// and only this authority (PEM) is trusted.
    ///
    /// # Errors
    ///
    /// Where the PEM is none.
    pub fn over_tls(mut self, authority: &str) -> Result<Self, ConnectorError> {
        self.localhost = Some(SharedHttpConnector::new(crate::https::trusting(authority)?));
        Ok(self)
    }

    /// A function in this world, with `QUEUE_URL`, `DEAD_LETTER_QUEUE_URL`, credentials and these variables.
    ///
    /// # Errors
    ///
    /// What the function says about its configuration.
    pub fn function<H: Handler>(
        &self,
        handler: fn(&Platform) -> Result<H, ConfigurationError>,
        variables: &[(&str, &str)],
    ) -> Result<Function<H>, ConfigurationError> {
        let common = [
            ("AWS_REGION", "us-east-1"),
            ("AWS_ACCESS_KEY_ID", "ASIAEXAMPLE"),
            ("AWS_SECRET_ACCESS_KEY", "secret"),
            ("QUEUE_URL", "https://sqs.us-east-1.amazonaws.com/999988887777/function"),
            ("DEAD_LETTER_QUEUE_URL", "https://sqs.us-east-1.amazonaws.com/999988887777/function-dlq"),
        ];
        let environment: Environment = common.iter().chain(variables).copied().collect();
        let platform = Platform::new(environment, self.clone())?;
        Function::new(&platform, handler(&platform)?)
    }

    fn note(&self, asked: Asked) {
        if let Ok(mut all) = self.asked.lock() {
            all.push(asked);
        }
    }

    /// Takes what has been asked so far.
    pub fn asked(&self) -> Vec<Asked> {
        match self.asked.lock() {
            Ok(mut asked) => std::mem::take(&mut asked),
            Err(_) => Vec::new(),
        }
    }
}

impl HttpConnector for World {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let asked = Asked { what: what(&request), body: text(request.body()) };
        if let Some(network) = self.localhost.as_ref().filter(|_| request.uri().starts_with("https://localhost:")) {
            self.note(asked);
            return network.call(request);
        }
        let answered = (self.answer)(&asked);
        self.note(asked);
        HttpConnectorFuture::new(async move {
            match answered {
                Answered::With(status, body) => match status.try_into() {
                    Ok(status) => Ok(HttpResponse::new(status, SdkBody::from(body))),
                    Err(error) => Err(ConnectorError::user(Box::new(error))),
                },
                Answered::Limited(seconds) => match 429_u16.try_into() {
                    Ok(status) => {
                        let mut response = HttpResponse::new(status, SdkBody::empty());
                        response.headers_mut().insert("retry-after", seconds.to_string());
                        Ok(response)
                    }
                    Err(error) => Err(ConnectorError::user(Box::new(error))),
                },
                Answered::Nothing => std::future::pending().await,
                Answered::Refused => Err(ConnectorError::io("connection refused".into())),
            }
        })
    }
}

fn what(request: &HttpRequest) -> String {
    if let Some(target) = request.headers().get("x-amz-target") {
        return target
            .replace("AmazonSQS.", "sqs:")
            .replace("secretsmanager.", "secretsmanager:")
            .replace("DynamoDB_20120810.", "dynamodb:")
            .replace("AWSOrganizationsV20161128.", "organizations:");
    }
    let address = request.uri().trim_start_matches("https://");
    let Some(service) = ["sns", "sts"].into_iter().find(|service| address.starts_with(&format!("{service}."))) else {
        return address.to_owned();
    };
    let body = text(request.body());
    let action = body.split('&').find_map(|pair| pair.strip_prefix("Action=")).unwrap_or("?");
    format!("{service}:{action}")
}

fn text(body: &SdkBody) -> String {
    String::from_utf8_lossy(body.bytes().unwrap_or_default()).into_owned()
}

/// A batch of these bodies, with the ids `0`, `1`, …, sent at 2026-03-02T09:30:00Z.
pub fn batch(bodies: &[&str]) -> SqsEvent {
    let records: Vec<Value> = bodies
        .iter()
        .enumerate()
        .map(|(id, body)| {
            json!({
                "messageId": id.to_string(),
                "receiptHandle": format!("receipt-{id}"),
                "body": body,
                "attributes": {"SentTimestamp": "1772443800000", "ApproximateReceiveCount": "1"},
                "messageAttributes": {"severity": {"dataType": "String", "stringValue": "high"}},
            })
        })
        .collect();
    serde_json::from_value(json!({"Records": records})).unwrap_or_default()
}

/// An invocation at this minute of the world's time.
pub fn minute(minute: u64) -> Invocation {
    Invocation { deadline_ms: 1_772_443_800_000 + minute * 60_000 }
}

/// The ids of the messages that return to their queue.
pub fn returned(response: &SqsBatchResponse) -> Vec<&str> {
    response.batch_item_failures.iter().map(|failure| failure.item_identifier.as_str()).collect()
}

/// Every text in a value.
pub fn texts(value: &Value) -> Vec<&str> {
    match value {
        Value::String(text) => vec![text],
        Value::Array(items) => items.iter().flat_map(texts).collect(),
        Value::Object(fields) => fields.values().flat_map(texts).collect(),
        _ => Vec::new(),
    }
}

/// A field of a form, as SNS's requests are.
pub fn field(form: &str, name: &str) -> Option<String> {
    let value = form.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))?;
    let mut bytes = Vec::new();
    let mut rest = value.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'%' => u8::from_str_radix(std::str::from_utf8(&[rest.next()?, rest.next()?]).ok()?, 16).ok()?,
            b'+' => b' ',
            byte => byte,
        });
    }
    String::from_utf8(bytes).ok()
}

/// The batch in this text, or a batch of it where it is none: what a fuzzer starts from is either.
pub fn any_batch(text: &str) -> SqsEvent {
    match serde_json::from_str::<SqsEvent>(text) {
        Ok(event) if !event.records.is_empty() => event,
        _ => batch(&[text]),
    }
}

/// Invokes a function with a batch of which nothing may return to its queue: each record is sent on or is a dead letter.
/// `sent` checks what was asked of the sink, and says no to any other request.
///
/// # Panics
///
/// When a record returns, or is neither.
pub fn all_dealt_with<H: Handler>(
    world: &World,
    function: &Function<H>,
    event: SqsEvent,
    sent: impl Fn(&Asked) -> bool,
) {
    let records = event.records.len();
    let response = finished(function.invoke(event, minute(0)));
    assert!(returned(&response).is_empty(), "{response:?}");
    let asked = world.asked();
    let dealt_with = asked.iter().filter(|asked| asked.what == "sqs:SendMessage" || sent(asked)).count();
    assert_eq!(dealt_with, records, "{asked:?}");
}

/// Runs a function that waits for nothing outside of its world to its end.
pub fn finished<T>(work: impl Future<Output = T>) -> T {
    thread_local! {
        static RUNTIME: Result<tokio::runtime::Runtime, std::io::Error> =
            tokio::runtime::Builder::new_current_thread().enable_time().build();
    }
    RUNTIME.with(|runtime| match runtime {
        Ok(runtime) => runtime.block_on(work),
        Err(error) => panic!("tokio: {error}"),
    })
}
