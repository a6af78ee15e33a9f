//! The functions in this process, in a world without sockets: AWS is the embedded cloud, asked directly; Slack and
//! PagerDuty are lists. What fails, and when, is the plan's.

use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};

use aws_smithy_runtime_api::client::http::{HttpConnector, HttpConnectorFuture};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::body::SdkBody;
use rootwatch::deployment::Deployment;
use rootwatch_cloud::api::Service;
use rootwatch_cloud::cloud::{Endpoint, InProcess};
use rootwatch_cloud::runtime::{Completion, Environment, Invocation, InvocationResult};
use rootwatch_cloud::time::Time;
use rootwatch_cloud::{Clock, Cloud, Options, State, wire};
use rootwatch_runtime::{Function, Platform};
use serde_json::{Value, json};

use crate::records::BEGINNING;

/// A place outside AWS, or the mail topic.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Sink {
    Slack,
    PagerDuty,
    Email,
}

impl Sink {
    pub(crate) const ALL: [Sink; 3] = [Sink::Slack, Sink::PagerDuty, Sink::Email];

    pub(crate) fn word(self) -> &'static str {
        match self {
            Sink::Slack => "slack",
            Sink::PagerDuty => "pagerduty",
            Sink::Email => "email",
        }
    }
}

/// What a sink does with a request instead of taking it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// A status, `Retry-After` and a body.
    Status(u16, Option<u32>, &'static str),
    /// No connection.
    Refused,
    /// Silence.
    Hang,
    /// A body without an end.
    Huge,
}

/// So many requests meet it; without a number, all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SinkFault {
    pub(crate) answer: Answer,
    pub(crate) times: Option<u32>,
}

/// A call of AWS that fails for a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct AwsFault {
    /// Of which function; none for all.
    pub(crate) function: Option<&'static str>,
    /// `service:Operation`.
    pub(crate) call: &'static str,
    /// AWS's error code and status; without, there is no answer at all.
    pub(crate) error: Option<(&'static str, u16)>,
    /// Seconds after the beginning.
    pub(crate) from: i64,
    pub(crate) until: i64,
}

/// A function whose processes die for a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Crash {
    pub(crate) function: &'static str,
    /// With its work done, or with nothing done.
    pub(crate) after: bool,
    pub(crate) from: i64,
    pub(crate) until: i64,
}

/// What fails, and when.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Plan {
    pub(crate) slack: Vec<SinkFault>,
    pub(crate) pagerduty: Vec<SinkFault>,
    pub(crate) aws: Vec<AwsFault>,
    pub(crate) crashes: Vec<Crash>,
}

impl Plan {
    fn next(&mut self, sink: Sink) -> Option<Answer> {
        let faults = if sink == Sink::Slack { &mut self.slack } else { &mut self.pagerduty };
        let fault = faults.first_mut()?;
        let answer = fault.answer;
        if let Some(times) = &mut fault.times {
            *times -= 1;
            if *times == 0 {
                faults.remove(0);
            }
        }
        Some(answer)
    }
}

/// What a sink took.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Received {
    pub(crate) sink: Sink,
    pub(crate) body: String,
    pub(crate) at: Time,
}

/// The world of one fork.
#[derive(Debug, Default)]
pub(crate) struct World {
    plan: Mutex<Plan>,
    received: Mutex<Vec<Received>>,
    workers: Mutex<HashMap<String, (Environment, Arc<Worker>)>>,
}

impl World {
    /// What fails from now on.
    pub(crate) fn set_plan(&self, plan: Plan) {
        *self.plan.lock().unwrap() = plan;
    }

    /// What Slack and PagerDuty took so far.
    pub(crate) fn received(&self) -> Vec<Received> {
        self.received.lock().unwrap().clone()
    }

    fn crash(&self, function: &str, now: Time) -> Option<bool> {
        let second = now.seconds() - BEGINNING;
        let plan = self.plan.lock().unwrap();
        let crash = plan
            .crashes
            .iter()
            .find(|crash| function.contains(crash.function) && (crash.from..crash.until).contains(&second));
        crash.map(|crash| crash.after)
    }

    fn aws_fault(&self, function: &str, call: &str, now: Time) -> Option<AwsFault> {
        let second = now.seconds() - BEGINNING;
        let plan = self.plan.lock().unwrap();
        let meets = |fault: &&AwsFault| {
            fault.call == call
                && fault.function.is_none_or(|name| function.contains(name))
                && (fault.from..fault.until).contains(&second)
        };
        plan.aws.iter().find(meets).copied()
    }
}

/// A function as it stands ready in this process.
#[expect(clippy::large_enum_variant, reason = "there are four of them")]
enum Worker {
    Triage(Function<rootwatch_triage::Triage>),
    Slack(Function<rootwatch_slack::Slack>),
    PagerDuty(Function<rootwatch_pagerduty::PagerDuty>),
    Email(Function<rootwatch_email::Email>),
}

impl std::fmt::Debug for Worker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Worker")
    }
}

/// The functions of a fork.
#[derive(Clone, Debug)]
struct Functions(Arc<World>);

impl InProcess for Functions {
    fn invoke(&self, invocation: Invocation, endpoint: Endpoint) -> Pin<Box<dyn Future<Output = Completion> + Send>> {
        let world = Arc::clone(&self.0);
        Box::pin(async move { invoke(world, invocation, endpoint).await })
    }
}

async fn invoke(world: Arc<World>, invocation: Invocation, endpoint: Endpoint) -> Completion {
    let completion = Completion::without_process;
    let died = || {
        completion(InvocationResult::Error {
            error_type: "Runtime.ExitError".to_owned(),
            message: format!("RequestId: {} Error: Runtime exited", invocation.request_id),
        })
    };
    let name = invocation.function.name().to_owned();
    let crash = endpoint.now().and_then(|now| world.crash(&name, now));
    if crash == Some(false) {
        return died();
    }
    let worker = {
        let mut workers = world.workers.lock().unwrap();
        match workers.get(&name).filter(|(environment, _)| *environment == invocation.environment) {
            Some((_, worker)) => Arc::clone(worker),
            None => {
                let worker = Arc::new(worker(&world, &name, &invocation, endpoint));
                workers.insert(name.clone(), (invocation.environment.clone(), Arc::clone(&worker)));
                worker
            }
        }
    };
    let event = serde_json::from_str(&invocation.payload).unwrap();
    let time = rootwatch_runtime::Invocation { deadline_ms: invocation.deadline_ms.try_into().unwrap() };
    let answer = match &*worker {
        Worker::Triage(function) => function.invoke(event, time).await,
        Worker::Slack(function) => function.invoke(event, time).await,
        Worker::PagerDuty(function) => function.invoke(event, time).await,
        Worker::Email(function) => function.invoke(event, time).await,
    };
    if crash.is_some() {
        // A process that died is not used again.
        world.workers.lock().unwrap().remove(&name);
        return died();
    }
    completion(InvocationResult::Response(serde_json::to_string(&answer).unwrap()))
}

fn worker(world: &Arc<World>, name: &str, invocation: &Invocation, endpoint: Endpoint) -> Worker {
    let environment = invocation.environment.variables.iter().cloned().collect();
    let platform =
        Platform::new(environment, Wire { world: Arc::clone(world), endpoint, function: name.to_owned() }).unwrap();
    match name {
        name if name.contains("triage") => {
            Worker::Triage(Function::new(&platform, rootwatch_triage::Triage::new(&platform).unwrap()).unwrap())
        }
        name if name.contains("slack") => {
            Worker::Slack(Function::new(&platform, rootwatch_slack::Slack::new(&platform).unwrap()).unwrap())
        }
        name if name.contains("pagerduty") => Worker::PagerDuty(
            Function::new(&platform, rootwatch_pagerduty::PagerDuty::new(&platform).unwrap()).unwrap(),
        ),
        _ => Worker::Email(Function::new(&platform, rootwatch_email::Email::new(&platform).unwrap()).unwrap()),
    }
}

/// The only way out of a function.
#[derive(Clone, Debug)]
struct Wire {
    world: Arc<World>,
    endpoint: Endpoint,
    function: String,
}

impl HttpConnector for Wire {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let wire = self.clone();
        HttpConnectorFuture::new(async move { wire.answer(request).await })
    }
}

fn response(status: u16, headers: &[(String, String)], body: Vec<u8>) -> Result<HttpResponse, ConnectorError> {
    let status = status.try_into().map_err(|error| ConnectorError::user(Box::new(error)))?;
    let mut response = HttpResponse::new(status, SdkBody::from(body));
    for (name, value) in headers {
        response.headers_mut().insert(name.clone(), value.clone());
    }
    Ok(response)
}

impl Wire {
    async fn answer(&self, request: HttpRequest) -> Result<HttpResponse, ConnectorError> {
        let body = request.body().bytes().unwrap_or_default().to_vec();
        let address = request.uri().trim_start_matches("https://").to_owned();
        let (host, path) = address.split_once('/').unwrap_or((&address, ""));
        match host {
            "slack.sink" => return self.sink(Sink::Slack, body).await,
            "pagerduty.sink" => return self.sink(Sink::PagerDuty, body).await,
            _ => {}
        }
        let now = self.endpoint.now().ok_or_else(|| ConnectorError::io("the cloud is gone".into()))?;
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let headers: Vec<(String, String)> =
            request.headers().iter().map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned())).collect();
        let request = wire::HttpRequest {
            method: request.method().to_owned(),
            path: format!("/{path}"),
            query: query.to_owned(),
            headers,
            body,
        };
        let call = call_name(host, &request);
        if let Some(fault) = self.world.aws_fault(&self.function, &call, now) {
            let Some((code, status)) = fault.error else { return std::future::pending().await };
            let body = match request.header("x-amz-target") {
                Some(_) => json!({"__type": code, "message": "on purpose"}).to_string(),
                None => format!(
                    "<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>on purpose</Message></Error></ErrorResponse>"
                ),
            };
            return response(status, &[], body.into_bytes());
        }
        let answer =
            self.endpoint.answer(&request).await.ok_or_else(|| ConnectorError::io("the cloud is gone".into()))?;
        let headers: Vec<_> = answer.headers.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        response(answer.status, &headers, answer.body)
    }

    async fn sink(&self, sink: Sink, body: Vec<u8>) -> Result<HttpResponse, ConnectorError> {
        let fault = self.world.plan.lock().unwrap().next(sink);
        match fault {
            None => {
                let at = self.endpoint.now().unwrap_or_default();
                let body = String::from_utf8_lossy(&body).into_owned();
                self.world.received.lock().unwrap().push(Received { sink, body, at });
                let (status, words) = if sink == Sink::Slack { (200, "ok") } else { (202, r#"{"status":"success"}"#) };
                response(status, &[], words.into())
            }
            Some(Answer::Refused) => Err(ConnectorError::io("connection refused".into())),
            Some(Answer::Hang) => std::future::pending().await,
            Some(Answer::Huge) => response(200, &[], vec![b'x'; 100_000]),
            Some(Answer::Status(status, peace, body)) => {
                let headers: Vec<_> = peace.iter().map(|peace| ("retry-after".to_owned(), peace.to_string())).collect();
                response(status, &headers, body.into())
            }
        }
    }
}

/// `sqs:SendMessage`
fn call_name(host: &str, request: &wire::HttpRequest) -> String {
    let service = host.split('.').next().unwrap_or_default();
    let body = String::from_utf8_lossy(&request.body);
    let action = match request.header("x-amz-target") {
        Some(target) => target.rsplit('.').next().unwrap_or_default().to_owned(),
        None => body.split('&').find_map(|pair| pair.strip_prefix("Action=")).unwrap_or_default().to_owned(),
    };
    format!("{service}:{action}")
}

/// A fork of a deployment, its functions in this process.
pub(crate) struct Fork {
    pub(crate) cloud: Cloud,
    pub(crate) world: Arc<World>,
    health: rootwatch_cloud::Arn,
    activity: rootwatch_cloud::Arn,
}

/// The hub of the deployment under test.
pub(crate) const HUB: &str = "999988887777";
pub(crate) const SPOKE: &str = "111122223333";
pub(crate) const REGION: &str = "us-east-1";

impl Fork {
    pub(crate) async fn of(deployment: &Deployment, plan: Plan) -> Fork {
        let mut state: State = deployment.state.clone();
        state.rebase(Time::from_seconds(BEGINNING));
        let options =
            Options { clock: Clock::Owned, port: 0, code: Arc::clone(&deployment.code), host_variables: Vec::new() };
        let world = Arc::new(World::default());
        world.set_plan(plan);
        let cloud = Cloud::start_in_process(state, options, Arc::new(Functions(Arc::clone(&world)))).await.unwrap();
        let secrets = [
            (&deployment.facts.slack_secret, json!({"webhook_url": "https://slack.sink/hook"})),
            (
                &deployment.facts.pagerduty_secret,
                json!({"routing_key": "R0", "events_url": "https://pagerduty.sink/v2/enqueue"}),
            ),
        ];
        for (number, (secret, value)) in secrets.into_iter().enumerate() {
            let params = json!({
                "SecretId": secret, "SecretString": value.to_string(), "ClientRequestToken": format!("{number:0>32}-fork"),
            });
            cloud.api(HUB, REGION, Service::SecretsManager, "PutSecretValue", params).unwrap();
        }
        let queue = |url: &str| {
            let name = url.rsplit('/').next().unwrap_or_default();
            format!("arn:aws:sqs:{REGION}:{HUB}:{name}").as_str().into()
        };
        let (health, activity) = (queue(&deployment.facts.probes.health), queue(&deployment.facts.probes.activity));
        Fork { cloud, world, health, activity }
    }

    /// Everything that was taken, mails too.
    pub(crate) fn received(&self) -> Vec<Received> {
        let mut received = self.world.received();
        self.cloud.with(|state| {
            let now = state.now;
            let mails = rootwatch_cloud::services::sns::mailbox(state).iter();
            let alerts = mails.filter(|mail| !mail.topic.name().ends_with("-health"));
            received.extend(alerts.map(|mail| Received { sink: Sink::Email, body: mail.body.clone(), at: now }));
        });
        received
    }

    /// The bodies in dead-letter queues, by the queue's name.
    pub(crate) fn dead_letters(&self) -> Vec<(String, String)> {
        self.cloud.with(|state| {
            let queues = state.sqs.queues().filter(|queue| queue.name().ends_with("-dlq"));
            let bodies = queues.flat_map(|queue| {
                state.sqs.bodies(queue).into_iter().map(|body| (queue.name().to_owned(), body.to_owned()))
            });
            bodies.collect()
        })
    }

    /// What the health topic said: alarm and state, in order.
    pub(crate) fn health(&self) -> Vec<(String, String)> {
        let word = |message: &Value, name: &str| message[name].as_str().unwrap_or_default().to_owned();
        let told = self.health_messages();
        told.iter().map(|message| (word(message, "AlarmName"), word(message, "NewStateValue"))).collect()
    }

    /// What the health topic said.
    pub(crate) fn health_messages(&self) -> Vec<Value> {
        self.messages(&self.health)
    }

    /// What the activity topic said.
    pub(crate) fn activity_messages(&self) -> Vec<Value> {
        self.messages(&self.activity)
    }

    fn messages(&self, queue: &rootwatch_cloud::Arn) -> Vec<Value> {
        self.cloud.with(|state| {
            let bodies = state.sqs.bodies(queue).into_iter();
            bodies.filter_map(|body| serde_json::from_str(body).ok()).collect()
        })
    }

    /// Moves what lies in dead-letter queues back, as `rootwatch redrive` does.
    pub(crate) fn redrive(&self) {
        let mut queues: Vec<String> = self.dead_letters().into_iter().map(|(queue, _)| queue).collect();
        queues.sort_unstable();
        queues.dedup();
        for queue in queues {
            let arn = |name: &str| format!("arn:aws:sqs:{REGION}:{HUB}:{name}");
            let params = json!({"SourceArn": arn(&queue), "DestinationArn": arn(queue.trim_end_matches("-dlq"))});
            self.cloud.api(HUB, REGION, Service::Sqs, "StartMessageMoveTask", params).unwrap();
        }
    }
}
