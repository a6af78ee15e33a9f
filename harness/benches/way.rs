//! The path of an event, in parts: `README.md` of this folder says how to read and repeat the numbers.

#![allow(missing_docs, reason = "a bench target")]
#![allow(clippy::unwrap_used, reason = "a bench that cannot start has nothing to measure")]
#![allow(clippy::print_stderr, reason = "a benchmark talks to whoever runs it")]

use std::hint::black_box;

use criterion::{BatchSize, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use rootwatch::deployment::{Accounts, Deployment};
use rootwatch::layout::Layout;
use rootwatch::report::Progress;
use rootwatch::runner::Session;
use rootwatch::scenario::{DeploymentChange, Loaded, find};
use rootwatch_cloud::authz::Edge;
use rootwatch_cloud::services::cloudtrail;
use rootwatch_cloud::trace::Outcome;
use rootwatch_cloud::{Arn, Region, State};
use rootwatch_pattern::EventPattern;
use rootwatch_policy::Principal;
use serde_json::{Value, json};

/// The deployment that the tests use, and a record of the catalogue's median size.
struct Ground {
    runtime: tokio::runtime::Runtime,
    session: Session,
    deployment: std::sync::Arc<Deployment>,
    scenarios: Vec<Loaded>,
    record: Value,
}

fn ground() -> Ground {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let scenarios = find(&Layout::discover().scenarios()).unwrap();
    let mut records: Vec<Value> = scenarios
        .iter()
        .filter_map(|loaded| loaded.scenario.as_ref().ok())
        .filter(|scenario| scenario.expect.as_ref().is_some_and(|expect| expect.login + expect.activity == 1))
        .filter_map(|scenario| scenario.records.first().cloned())
        .filter(|record| record["recipientAccountId"] == Accounts::default().spoke.as_str())
        .collect();
    records.sort_by_key(|record| record.to_string().len());
    let record = records.swap_remove(records.len() / 2);
    let (session, deployment) = runtime.block_on(async {
        let session = Session::start(Layout::discover(), &scenarios, Progress::quiet()).await.unwrap();
        let deployment = session.deployment(&DeploymentChange::default()).await.unwrap();
        (session, deployment)
    });
    Ground { runtime, session, deployment, scenarios, record }
}

/// Spoke's default bus, hub's bus, triage's queue: everything that happens without a function.
fn deliver_unread(state: &mut State, record: &Value) {
    cloudtrail::inject(state, record.clone()).unwrap();
    while state.step() {}
    state.take_effects();
}

/// The same, and how many hops delivered.
fn deliver(state: &mut State, record: &Value) -> usize {
    deliver_unread(state, record);
    state.entries().filter(|entry| entry.outcome == Outcome::Delivered).count()
}

/// The same cloud with more rules on the bus on which the record arrives. None takes the record, and each asks for
/// another call, as rules of other people on an account's default bus do.
fn with_rules(state: &State, record: &Value, count: usize) -> State {
    let mut saved = serde_json::to_value(state).unwrap();
    let region = record["awsRegion"].as_str().unwrap();
    let bus = format!("arn:aws:events:{region}:{}:event-bus/default", Accounts::default().spoke);
    let buses = saved["events"]["buses"].as_array_mut().unwrap();
    let found = buses.iter_mut().find(|pair| pair[0] == bus.as_str()).unwrap();
    let rules = found[1]["rules"].as_array_mut().unwrap();
    let mut rule = rules[0][1].clone();
    rule["targets"] = json!([]);
    for number in 0..count {
        let pattern = json!({"source": [record["eventSource"]], "detail": {"eventName": [format!("Call{number}")]}});
        rule["pattern"] = pattern.to_string().into();
        rules.push(json!([format!("other-{number}"), rule]));
    }
    serde_json::from_value(saved).unwrap()
}

/// Resident memory of this process, in bytes.
fn resident() -> f64 {
    let pages = std::fs::read_to_string("/proc/self/statm").unwrap();
    pages.split(' ').nth(1).unwrap().parse::<f64>().unwrap() * 4096.0
}

/// What forks cost in memory: with their first write, and with an event that went all the way to the queue.
fn memory(state: &State, record: &Value) {
    for (what, events) in [("first write", 0), ("one event", 1)] {
        let mut forks = Vec::with_capacity(2000);
        let before = resident();
        for _ in 0..2000 {
            let mut fork = state.clone();
            fork.sqs.shift(1);
            (0..events).for_each(|_| deliver_unread(&mut fork, record));
            forks.push(fork);
        }
        let each = (resident() - before) / 2000.0 / 1024.0;
        eprintln!("memory of a fork with {what}: {each:.1} KiB");
    }
}

fn way(criterion: &mut Criterion) {
    let ground = ground();
    assert!(deliver(&mut ground.deployment.state.clone(), &ground.record) >= 4, "the record does not reach the queue");

    let pattern = EventPattern::parse(
        r#"{"source": [{"prefix": "aws."}], "detail": {"$or": [{"userIdentity": {"type": ["Root"]}}, {"eventName": ["AssumeRoot"]}]}}"#,
    )
    .unwrap();
    let event = json!({"source": "aws.iam", "detail-type": "AWS API Call via CloudTrail", "detail": ground.record});
    criterion.bench_function("pattern/match", |bencher| bencher.iter(|| pattern.matches(black_box(&event))));

    let state = &ground.deployment.state;
    let accounts = Accounts::default();
    let queue = Arn::of(
        "sqs",
        &Region::new(&accounts.hub_region),
        &rootwatch_cloud::AccountId::new(&accounts.hub),
        "rootwatch-triage",
    );
    let service = Principal::Service { name: "events.amazonaws.com".to_owned() };
    let region = Region::new(&accounts.hub_region);
    let policy = state.sqs.policy(&queue).unwrap();
    criterion.bench_function("policy/decision", |bencher| {
        bencher.iter(|| {
            let rule = "arn:aws:events:us-east-1:999988887777:rule/hub-root-activity/rootwatch-triage";
            let edge = Edge::new(&service, "sqs:SendMessage", &queue, &region).policy("queue", Some(policy));
            let edge = edge.with("aws:SourceArn", rule);
            black_box(state.decide(&edge).allowed)
        });
    });

    criterion.bench_function("fork/clone and first write", |bencher| {
        bencher.iter(|| {
            let mut fork = state.clone();
            fork.sqs.shift(0);
            black_box(fork.now)
        });
    });

    let mut group = criterion.benchmark_group("event without functions");
    group.throughput(Throughput::Elements(100));
    group.bench_function(BenchmarkId::from_parameter("100 events on one fork"), |bencher| {
        bencher.iter_batched(
            || state.clone(),
            |mut fork| {
                for _ in 0..100 {
                    deliver_unread(&mut fork, &ground.record);
                    fork.clear_trace();
                }
                fork
            },
            BatchSize::LargeInput,
        );
    });
    group.finish();

    let mut group = criterion.benchmark_group("event without functions, more rules on its bus");
    for count in [1, 10, 100, 1000] {
        let state = with_rules(state, &ground.record, count);
        deliver(&mut state.clone(), &ground.record);
        group.bench_function(BenchmarkId::from_parameter(count), |bencher| {
            bencher.iter_batched_ref(
                || state.clone(),
                |fork| {
                    deliver_unread(fork, &ground.record);
                    fork.clear_trace();
                },
                BatchSize::SmallInput,
            );
        });
    }
    group.finish();
    memory(state, &ground.record);

    let scenario = ground.scenarios.iter().find(|loaded| loaded.name == "login/console-login-with-mfa").unwrap();
    criterion.bench_function("scenario/through all functions, cold processes", |bencher| {
        bencher.iter(|| ground.runtime.block_on(ground.session.run_on(scenario, &ground.deployment)).alerts.login);
    });

    // On one fork, whose four processes are started by the first of them.
    let mut many = scenario.clone();
    let file = many.scenario.as_mut().unwrap();
    file.expect = None;
    let record = file.records[0].clone();
    let numbered = |number| {
        let mut record = record.clone();
        record["eventID"] = format!("00000000-0000-4000-8000-{number:012}").into();
        record
    };
    file.records = (0..1000).map(numbered).collect();
    let mut group = criterion.benchmark_group("1,000 events through all functions");
    group.throughput(Throughput::Elements(1000)).sample_size(10);
    group.bench_function("warm processes", |bencher| {
        bencher.iter(|| {
            let outcome = ground.runtime.block_on(ground.session.run_on(&many, &ground.deployment));
            assert_eq!(outcome.alerts.login, 1000, "{outcome:?}");
        });
    });
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(30);
    targets = way
}
criterion_main!(benches);
