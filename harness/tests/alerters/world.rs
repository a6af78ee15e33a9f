//! The functions in this process, in a world without sockets: AWS is the embedded cloud, asked directly; Slack and
//! PagerDuty are lists. What fails, and when, is the plan's.

use std::sync::{Arc, Mutex};

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::body::SdkBody;
use rootwatch::deployment::Deployment;
use rootwatch::functions::{AwsFailure, Crash as Ends, Functions, Outside, Request, Responding, response};
use rootwatch_cloud::api::Service;
use rootwatch_cloud::time::Time;
use rootwatch_cloud::{Clock, Cloud, Options, State};
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
#[derive(Clone, Debug, Default)]
pub(crate) struct World {
    plan: Arc<Mutex<Plan>>,
    received: Arc<Mutex<Vec<Received>>>,
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

    async fn answer(self, request: Request, now: Time) -> Result<HttpResponse, ConnectorError> {
        let sink = if request.authority == "slack.sink" { Sink::Slack } else { Sink::PagerDuty };
        let fault = self.plan.lock().unwrap().next(sink);
        match fault {
            None => {
                let body = String::from_utf8_lossy(&request.body).into_owned();
                self.received.lock().unwrap().push(Received { sink, body, at: now });
                let (status, words) = if sink == Sink::Slack { (200, "ok") } else { (202, r#"{"status":"success"}"#) };
                response(status, &[], SdkBody::from(words))
            }
            Some(Answer::Refused) => Err(ConnectorError::io("connection refused".into())),
            Some(Answer::Hang) => std::future::pending().await,
            Some(Answer::Huge) => response(200, &[], SdkBody::from(vec![b'x'; 100_000])),
            Some(Answer::Status(status, retry_after, body)) => {
                let headers: Vec<_> =
                    retry_after.iter().map(|seconds| ("retry-after".to_owned(), seconds.to_string())).collect();
                response(status, &headers, SdkBody::from(body))
            }
        }
    }
}

impl Outside for World {
    fn respond(&self, request: Request, now: Time) -> Responding {
        Box::pin(self.clone().answer(request, now))
    }

    fn fails(&self, function: &str, call: &str, now: Time) -> Option<AwsFailure> {
        let second = now.seconds() - BEGINNING;
        let plan = self.plan.lock().unwrap();
        let meets = |fault: &&AwsFault| {
            fault.call == call
                && fault.function.is_none_or(|name| function.contains(name))
                && (fault.from..fault.until).contains(&second)
        };
        let fault = plan.aws.iter().find(meets)?;
        Some(fault.error.map_or(AwsFailure::NoResponse, |(code, status)| AwsFailure::Error(code, status)))
    }

    fn crashes(&self, function: &str, now: Time) -> Option<Ends> {
        let second = now.seconds() - BEGINNING;
        let plan = self.plan.lock().unwrap();
        let meets = |crash: &&Crash| function.contains(crash.function) && (crash.from..crash.until).contains(&second);
        plan.crashes.iter().find(meets).map(|crash| if crash.after { Ends::After } else { Ends::Before })
    }
}

/// A fork of a deployment, its functions in this process.
pub(crate) struct Fork {
    pub(crate) cloud: Cloud,
    pub(crate) world: World,
    health: rootwatch_cloud::Arn,
    activity: rootwatch_cloud::Arn,
}

/// The hub of the deployment under test.
pub(crate) const HUB: &str = "999988887777";
pub(crate) const SPOKE: &str = "111122223333";
pub(crate) const REGION: &str = "us-east-1";

impl Fork {
    pub(crate) fn of(deployment: &Deployment, plan: Plan) -> Fork {
        let mut state: State = deployment.state.clone();
        state.rebase(Time::from_seconds(BEGINNING));
        let options =
            Options { clock: Clock::Owned, port: 0, code: Arc::clone(&deployment.code), host_variables: Vec::new() };
        let world = World::default();
        world.set_plan(plan);
        let functions = Functions::new(deployment.linked.clone(), Arc::new(world.clone()));
        let cloud = Cloud::start_in_process(state, options, functions);
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
