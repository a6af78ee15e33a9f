//! The way of an event, in parts: see `README.md` beside this file for how to read and repeat the numbers.

#![allow(missing_docs, reason = "a bench target")]
#![allow(clippy::unwrap_used, reason = "a bench that cannot start has nothing to measure")]

use std::hint::black_box;

use criterion::{BatchSize, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use rootwatch::deployment::{Accounts, Deployment};
use rootwatch::layout::Layout;
use rootwatch::report::Progress;
use rootwatch::runner::Session;
use rootwatch::scenario::{DeploymentChange, Loaded, find};
use rootwatch_cloud::authz::Edge;
use rootwatch_cloud::pattern::EventPattern;
use rootwatch_cloud::policy::Principal;
use rootwatch_cloud::services::cloudtrail;
use rootwatch_cloud::trace::Outcome;
use rootwatch_cloud::{Arn, Region, State};
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
fn deliver(state: &mut State, record: &Value) -> usize {
    cloudtrail::inject(state, record.clone()).unwrap();
    while state.step() {}
    state.take_effects();
    state.entries().filter(|entry| entry.outcome == Outcome::Delivered).count()
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
                    deliver(&mut fork, &ground.record);
                    fork.clear_trace();
                }
                fork
            },
            BatchSize::LargeInput,
        );
    });
    group.finish();

    let scenario = ground.scenarios.iter().find(|loaded| loaded.name == "login/console-login-with-mfa").unwrap();
    criterion.bench_function("scenario/through all functions, cold processes", |bencher| {
        bencher.iter(|| ground.runtime.block_on(ground.session.run_on(scenario, &ground.deployment)).alerts.login);
    });
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(30);
    targets = way
}
criterion_main!(benches);
