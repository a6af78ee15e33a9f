//! Random schedules of faults over the whole deployed path. The claim, for every root event and every sink: where the
//! fault ends within the time of the retries, the sink has received the alert; where it does not, the alert is in a
//! dead-letter queue, the alarm of that queue is raised on the health topic, and a redrive after the repair delivers it
//! and ends the alarm.

use std::collections::BTreeMap;
use std::num::NonZero;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use libtest_mimic::Failed;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use rootwatch::deployment::Deployment;
use rootwatch::scenario::{Alerter, DeploymentChange, Fault, Scenario};
use rootwatch_cloud::services::cloudtrail;
use rootwatch_runtime::delivery::AMBIGUOUS_ATTEMPTS;
use serde_json::Value;

use crate::records::{at, loaded, record, time, with_store};
use crate::support::Shared;
use crate::world::{Answer, AwsFault, Crash, Fork, Plan, Sink, SinkFault};

/// Longest virtual time of a schedule: functions give up after a day, and a message waits at most an hour more.
const LIMIT: Duration = Duration::from_secs(30 * 3600);

/// The acts, and what goes wrong.
#[derive(Clone, Debug)]
struct Schedule {
    /// Whether the alerters remember what they told.
    store: bool,
    /// Which record, and how many seconds after the one before.
    acts: Vec<(usize, i64)>,
    plan: Plan,
}

/// What passes, and what does not.
const PASSING: [Answer; 10] = [
    Answer::Status(429, Some(30), ""),
    Answer::Status(429, Some(3600), ""),
    Answer::Status(500, None, "oops"),
    Answer::Status(503, None, ""),
    Answer::Status(302, None, ""),
    Answer::Status(408, None, ""),
    Answer::Status(200, None, "<html>sign in to the network</html>"),
    Answer::Refused,
    Answer::Hang,
    Answer::Huge,
];
const LASTING: [Answer; 3] = [
    Answer::Status(404, None, "no_service"),
    Answer::Status(400, None, "invalid_payload"),
    Answer::Status(403, None, "action_prohibited"),
];

fn sink_faults() -> impl Strategy<Value = Vec<SinkFault>> {
    let passing = (prop::sample::select(&PASSING[..]), 1u32..15)
        .prop_map(|(answer, times)| SinkFault { answer, times: Some(times) });
    let lasting = (prop::sample::select(&LASTING[..]), 1u32..3)
        .prop_map(|(answer, times)| SinkFault { answer, times: Some(times) });
    let endless = prop::sample::select(&PASSING[..]).prop_map(|answer| SinkFault { answer, times: None });
    prop::collection::vec(prop_oneof![12 => passing, 2 => lasting, 1 => endless], 0..3)
}

/// Errors of AWS that a function waits out. Together they last no longer than the retries at the queue's own pace.
fn aws_faults() -> impl Strategy<Value = Vec<AwsFault>> {
    const CALLS: [&str; 5] = [
        "secretsmanager:GetSecretValue",
        "sns:Publish",
        "sqs:ChangeMessageVisibility",
        "sqs:SendMessage",
        "dynamodb:UpdateItem",
    ];
    const ERRORS: [Option<(&str, u16)>; 4] = [
        None,
        Some(("InternalFailure", 500)),
        Some(("ThrottlingException", 400)),
        Some(("AccessDeniedException", 400)),
    ];
    let fault = (prop::sample::select(&CALLS[..]), prop::sample::select(&ERRORS[..]), 0i64..900, 1i64..900);
    let fault = fault.prop_map(|(call, error, from, lasts)| AwsFault {
        function: None,
        call,
        error,
        from,
        until: from + lasts,
    });
    prop::collection::vec(fault, 0..3)
}

fn crashes() -> impl Strategy<Value = Vec<Crash>> {
    let crash =
        (prop::sample::select(&["triage", "slack", "pagerduty", "email"][..]), any::<bool>(), 0i64..600, 1i64..900);
    let crash = crash.prop_map(|(function, after, from, lasts)| Crash { function, after, from, until: from + lasts });
    prop::collection::vec(crash, 0..2)
}

fn schedules() -> impl Strategy<Value = Schedule> {
    let acts = prop::collection::vec((0usize..4, 1i64..90), 1..4);
    let plan = (sink_faults(), sink_faults(), aws_faults(), crashes());
    (any::<bool>(), acts, plan).prop_map(|(store, acts, (slack, pagerduty, aws, crashes))| Schedule {
        store,
        acts,
        plan: Plan { slack, pagerduty, aws, crashes },
    })
}

/// What the acts are made of.
fn records(shared: &Shared) -> [Value; 4] {
    [
        "login/console-login-with-mfa",
        "activity/read-only-call",
        "activity/create-access-key",
        "activity/ec2-authorize-ingress-console",
    ]
    .map(|scenario| record(shared, scenario))
}

/// The deployments without and with a store.
fn deployments(shared: &Shared) -> Result<[Arc<Deployment>; 2], Failed> {
    let deployments = shared.with(async |session| {
        let without = session.deployment(&DeploymentChange::default()).await?;
        Ok::<_, Arc<rootwatch::deployment::DeployError>>([without, session.deployment(&with_store()).await?])
    })?;
    deployments.map_err(|error| error.to_string().into())
}

fn number_of_schedules() -> u32 {
    let asked = std::env::var("ROOTWATCH_SCHEDULES").ok();
    asked.and_then(|number| number.parse().ok()).unwrap_or(1000)
}

/// The same schedules in every run of a machine, shared out among its cores.
pub(crate) fn nothing_is_lost(shared: &Shared) -> Result<(), Failed> {
    let (deployments, records) = (deployments(shared)?, records(shared));
    let cores = std::thread::available_parallelism().map_or(1, NonZero::get) as u32;
    let part = |core: u32| {
        let cases = number_of_schedules() * (core + 1) / cores - number_of_schedules() * core / cores;
        let config = Config { cases, failure_persistence: None, ..Config::default() };
        let mut runner = TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &[core as u8; 32]));
        let result = runner.run(&schedules(), |schedule| {
            clocked(run(&deployments[usize::from(schedule.store)], &records, &schedule)).map_err(TestCaseError::fail)
        });
        result.map_err(|error| error.to_string())
    };
    let parts: Vec<u32> = (0..cores).collect();
    on_all_cores(&parts, |core| part(*core)).into_iter().collect::<Result<(), String>>().map_err(Failed::from)
}

/// Does the same with each of the items, as many at once as there are cores. The answers keep the order.
pub(crate) fn on_all_cores<T: Sync, R: Send>(items: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let next = AtomicUsize::new(0);
    let some = || {
        std::iter::from_fn(|| {
            let place = next.fetch_add(1, Ordering::Relaxed);
            items.get(place).map(|item| (place, work(item)))
        })
        .collect::<Vec<_>>()
    };
    let mut answers: Vec<(usize, R)> = std::thread::scope(|scope| {
        let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
        let threads: Vec<_> = (0..cores).map(|_| scope.spawn(some)).collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    answers.sort_by_key(|(place, _)| *place);
    answers.into_iter().map(|(_, answer)| answer).collect()
}

/// Runs under a clock that moves when nothing is left to do.
pub(crate) fn clocked<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    runtime.block_on(work)
}

/// How often each sink received each act.
fn told(fork: &Fork, acts: &[i64]) -> BTreeMap<(i64, Sink), usize> {
    let received = fork.received();
    let counts = acts.iter().flat_map(|act| Sink::ALL.map(|sink| (*act, sink))).map(|(act, sink)| {
        let mark = time(act);
        // What PagerDuty hears of the monitor's own health is no alert.
        let tells = |body: &str| body.contains(&mark) && !body.contains(r#""class":"health""#);
        ((act, sink), received.iter().filter(|received| received.sink == sink && tells(&received.body)).count())
    });
    counts.collect()
}

async fn rest(fork: &Fork) {
    fork.cloud.advance(Duration::from_secs(600)).await;
    fork.cloud.advance_until_delivered(LIMIT).await;
    // Alarms look once a minute, and end after what they look at has.
    fork.cloud.advance(Duration::from_secs(900)).await;
}

async fn run(deployment: &Deployment, records: &[Value; 4], schedule: &Schedule) -> Result<(), String> {
    let fork = Fork::of(deployment, schedule.plan.clone());
    let mut second = 0;
    let mut acts = Vec::new();
    for (kind, after) in &schedule.acts {
        second += after;
        acts.push(second);
        fork.cloud.advance(Duration::from_secs((*after).unsigned_abs())).await;
        let record = at(records[*kind].clone(), second);
        fork.cloud.with(|state| cloudtrail::inject(state, record)).map_err(|error| error.to_string())?;
        fork.cloud.settle().await;
    }
    rest(&fork).await;

    let letters = fork.dead_letters();
    let health = fork.health();
    let counts = told(&fork, &acts);
    for ((act, sink), count) in &counts {
        let mark = time(*act);
        let dead = letters
            .iter()
            .any(|(queue, body)| body.contains(&mark) && (queue.contains(sink.word()) || queue.contains("triage")));
        if *count == 0 && !dead {
            return Err(format!("act {mark} is neither at {sink:?} nor in a dead-letter queue"));
        }
        if *count == 0 && passes(&schedule.plan, *sink) {
            return Err(format!("act {mark} did not come to {sink:?}, though what failed passes"));
        }
        if *count > 1 && schedule.store && repeats_nothing(&schedule.plan) {
            return Err(format!("act {mark} came {count} times to {sink:?}"));
        }
    }
    for (queue, _) in &letters {
        let alarm = format!("{}-dead-letters", queue.trim_end_matches("-dlq"));
        if !health.contains(&(alarm.clone(), "ALARM".to_owned())) {
            return Err(format!("{queue} holds a message and {alarm} is not raised: {health:?}"));
        }
    }
    if letters.is_empty() {
        return Ok(());
    }
    fork.world.set_plan(Plan::default());
    fork.redrive();
    rest(&fork).await;
    if let Some(((act, sink), _)) = told(&fork, &acts).iter().find(|(_, count)| **count == 0) {
        return Err(format!("after the redrive, act {} did not come to {sink:?}", time(*act)));
    }
    let left = fork.dead_letters();
    if !left.is_empty() {
        return Err(format!("after the redrive, dead-letter queues still hold {left:?}"));
    }
    for (queue, _) in &letters {
        let alarm = format!("{}-dead-letters", queue.trim_end_matches("-dlq"));
        let last = fork.health().into_iter().rfind(|(name, _)| *name == alarm);
        if last.as_ref().is_none_or(|(_, state)| state != "OK") {
            return Err(format!("after the redrive, {alarm} is not over: {last:?}"));
        }
    }
    Ok(())
}

/// Whether all that fails on the way to a sink passes within the time of the retries.
fn passes(plan: &Plan, sink: Sink) -> bool {
    let faults = match sink {
        Sink::Slack => &plan.slack[..],
        Sink::PagerDuty => &plan.pagerduty[..],
        Sink::Email => &[],
    };
    let all_pass = faults.iter().all(|fault| fault.times.is_some() && !LASTING.contains(&fault.answer));
    let times = |of: &dyn Fn(&Answer) -> bool| -> u32 {
        faults.iter().filter(|fault| of(&fault.answer)).filter_map(|fault| fault.times).sum()
    };
    // Functions give up after 24 hours. Slack may have a message to which no answer came: a few attempts, then the
    // dead-letter queue.
    let within_a_day = times(&|answer| matches!(answer, Answer::Status(_, Some(3600), _))) <= 18;
    let unanswered = faults.iter().any(|fault| matches!(fault.answer, Answer::Hang | Answer::Huge));
    let few = sink != Sink::Slack || !unanswered || times(&|_| true) < AMBIGUOUS_ATTEMPTS;
    all_pass && within_a_day && few
}

/// Whether nothing happens between telling and remembering.
fn repeats_nothing(plan: &Plan) -> bool {
    plan.crashes.is_empty()
        && plan.aws.iter().all(|fault| fault.call != "dynamodb:UpdateItem" && fault.call != "sns:Publish")
}

/// The same schedules through real processes come to the same: design's claim that both run the same code.
pub(crate) fn processes_agree(shared: &Shared) -> Result<(), Failed> {
    let (deployments, records) = (deployments(shared)?, records(shared));
    // What takes no real time: a process would wait for it.
    let quick = |answer: &Answer| !matches!(answer, Answer::Hang | Answer::Huge | Answer::Refused);
    let slack: [&[(usize, Option<u32>)]; 5] =
        [&[(2, Some(1))], &[(0, Some(3))], &[(6, Some(2)), (3, Some(4))], &[(4, None)], &[(10, Some(2))]];
    for (number, slack) in slack.into_iter().enumerate() {
        let answers: Vec<Answer> = PASSING.iter().chain(&LASTING).copied().collect();
        let faults: Vec<SinkFault> =
            slack.iter().map(|(answer, times)| SinkFault { answer: answers[*answer], times: *times }).collect();
        assert!(faults.iter().all(|fault| quick(&fault.answer)));
        let store = number % 2 == 1;
        let plan = Plan { slack: faults.clone(), ..Plan::default() };
        let acts = [1, 20];
        let here = clocked(async {
            let fork = Fork::of(&deployments[usize::from(store)], plan);
            for act in acts {
                fork.cloud.advance(Duration::from_secs(if act == 1 { 1 } else { 19 })).await;
                let record = at(records[1].clone(), act);
                fork.cloud.with(|state| cloudtrail::inject(state, record)).map(drop).unwrap();
                fork.cloud.settle().await;
            }
            rest(&fork).await;
            let received = fork.received();
            let count = |sink| {
                received
                    .iter()
                    .filter(|received| received.sink == sink && !received.body.contains(r#""class":"health""#))
                    .count() as u64
            };
            (Sink::ALL.map(count), fork.dead_letters().len() as u64)
        });
        let fault = |fault: &SinkFault| match fault.answer {
            Answer::Status(status, peace, body) => Fault {
                status: Some(status),
                headers: peace.map(|peace| ("Retry-After".to_owned(), peace.to_string())).into_iter().collect(),
                body: body.to_owned(),
                times: fault.times.map(u64::from),
                ..Fault::default()
            },
            _ => Fault::default(),
        };
        let scenario = Scenario {
            records: acts.map(|act| at(records[1].clone(), act)).into(),
            faults: [(Alerter::Slack, faults.iter().map(fault).collect())].into(),
            deployment: if store { with_store() } else { DeploymentChange::default() },
            ..Scenario::default()
        };
        let outcome = shared.with(async |session| session.run(&loaded("schedules/sample", scenario)).await)?;
        let there = ([outcome.sinks.slack, outcome.sinks.pagerduty, outcome.sinks.email], outcome.dead_letters);
        if here != there {
            return Err(format!("{faults:?}: in this process {here:?}, by processes {there:?}").into());
        }
    }
    Ok(())
}
