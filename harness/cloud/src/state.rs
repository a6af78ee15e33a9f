//! Everything the cloud knows, as one value. `clone` is a fork: cheap, and isolated from then on.

use std::collections::BTreeSet;

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use crate::assumptions::Assumptions;
use crate::id::Arn;
use crate::runtime::Effect;
use crate::services::{
    account, cloudtrail, cloudwatch, dynamodb, events, iam, kms, lambda, logs, organizations, s3, secretsmanager, sns,
    sqs, sts,
};
use crate::table::Table;
use crate::task::{Task, TaskKey};
use crate::time::Time;
use crate::trace::{Deferred, Entry, Trace};
use crate::usage::Usage;

/// Raised whenever a saved state of an older build could be misread.
pub const SCHEMA_VERSION: u32 = 1;

/// The whole cloud: many accounts and Regions, one value.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct State {
    /// The current moment of virtual time.
    pub now: Time,
    /// The alternative of each fact about AWS that is not settled.
    #[serde(default)]
    pub assumptions: Assumptions,
    /// Policies may name users and roles that are not here: a copy of real accounts has only what is on the path of events.
    #[serde(default)]
    pub has_unknown_principals: bool,
    /// Source of every identifier and jitter; seeded, so that a run repeats.
    rng: ChaCha8Rng,
    sequence: u64,
    tasks: Table<TaskKey, Task>,
    trace: Trace,
    /// What the edge has to carry out for the state: start a function, post to an HTTP endpoint.
    #[serde(skip)]
    effects: Vec<Effect>,
    /// Permissions that were used, for [`State::suggested_policies`].
    #[serde(skip)]
    pub usage: Usage,

    /// Account Management: the Regions that accounts have not.
    #[serde(default)]
    pub account: account::State,
    /// AWS Organizations.
    pub organizations: organizations::State,
    /// IAM: roles and policies of all accounts.
    pub iam: iam::State,
    /// STS: sessions.
    pub sts: sts::State,
    /// KMS keys and aliases.
    pub kms: kms::State,
    /// Secrets Manager.
    pub secrets: secretsmanager::State,
    /// S3 buckets and objects.
    #[serde(default)]
    pub s3: s3::State,
    /// EventBridge buses, rules and targets.
    pub events: events::State,
    /// SNS topics and subscriptions.
    pub sns: sns::State,
    /// SQS queues and their messages.
    pub sqs: sqs::State,
    /// Lambda functions and event source mappings.
    pub lambda: lambda::State,
    /// CloudWatch Logs groups, filters and queries.
    pub logs: logs::State,
    /// CloudWatch metrics and alarms.
    pub cloudwatch: cloudwatch::State,
    /// CloudTrail trails and what was injected.
    pub cloudtrail: cloudtrail::State,
    /// DynamoDB tables (deduplication).
    pub dynamodb: dynamodb::State,
}

impl State {
    /// An empty cloud at the given moment; the seed decides every identifier.
    pub fn new(now: Time, seed: u64) -> Self {
        Self {
            now,
            assumptions: Assumptions::default(),
            has_unknown_principals: false,
            rng: ChaCha8Rng::seed_from_u64(seed),
            sequence: 0,
            tasks: Table::default(),
            trace: Trace::default(),
            effects: Vec::new(),
            usage: Usage::default(),
            account: Default::default(),
            organizations: Default::default(),
            iam: Default::default(),
            sts: Default::default(),
            kms: Default::default(),
            secrets: Default::default(),
            s3: Default::default(),
            events: Default::default(),
            sns: Default::default(),
            sqs: Default::default(),
            lambda: Default::default(),
            logs: Default::default(),
            cloudwatch: Default::default(),
            cloudtrail: Default::default(),
            dynamodb: Default::default(),
        }
    }

    /// Lets a fork draw the same identifiers and random waits, whatever its deployment has drawn.
    pub fn reseed(&mut self, seed: u64) {
        self.rng = ChaCha8Rng::seed_from_u64(seed);
    }

    /// A random number in `0..bound`.
    pub fn random_below(&mut self, bound: u64) -> u64 {
        if bound == 0 { 0 } else { self.rng.next_u64() % bound }
    }

    /// The source itself, for keys.
    pub(crate) fn rng(&mut self) -> &mut ChaCha8Rng {
        &mut self.rng
    }

    /// A lower-case version 4 UUID.
    pub fn uuid(&mut self) -> String {
        let mut bytes = [0u8; 16];
        self.rng.fill_bytes(&mut bytes);
        uuid::Builder::from_random_bytes(bytes).into_uuid().to_string()
    }

    /// `n` random characters out of an alphabet of ASCII characters.
    pub fn random_text(&mut self, n: usize, alphabet: &str) -> String {
        let alphabet = alphabet.as_bytes();
        (0..n).map(|_| alphabet[(self.rng.next_u64() % alphabet.len() as u64) as usize] as char).collect()
    }

    /// `n` lower-case hexadecimal digits.
    pub fn hex(&mut self, n: usize) -> String {
        self.random_text(n, "0123456789abcdef")
    }

    /// The queues that rules, subscriptions, functions and other queues move undeliverable messages to.
    pub fn dead_letter_queues(&self) -> BTreeSet<Arn> {
        let queues = self.events.dead_letter_queues().chain(self.sns.dead_letter_queues());
        let queues = queues.chain(self.sqs.dead_letter_queues()).chain(self.lambda.dead_letter_queues());
        queues.filter(|queue| self.sqs.exists(queue)).collect()
    }

    /// A number that grows with every call: it orders what happens at the same moment.
    pub fn next_sequence(&mut self) -> u64 {
        self.sequence += 1;
        self.sequence
    }

    /// Moves the clock to another moment, earlier or later, without anything falling due on the way: a fork of a
    /// deployment is put into the time of the events that it is to see. Work that was due later keeps its distance.
    pub fn rebase(&mut self, now: Time) {
        let distance = now.0 - self.now.0;
        let tasks: Vec<(TaskKey, Task)> = self.tasks.iter().map(|(key, task)| (*key, task.clone())).collect();
        self.tasks = Table::default();
        for (key, task) in tasks {
            self.tasks.insert(TaskKey { at: Time(key.at.0 + distance), sequence: key.sequence }, task);
        }
        self.now = now;
        self.sqs.shift(distance);
        events::shift_schedules(self, distance);
        self.cloudwatch.forget_data();
    }

    /// Ends the time in which a deployment came up: what was on its way then (the alarms' first reports, for the most)
    /// is forgotten, queues are empty, and alarms are as they are a while after. Schedules start anew. What is observed starts here.
    pub fn come_to_rest(&mut self) {
        self.tasks = Table::default();
        self.effects.clear();
        self.sqs.drop_messages();
        self.lambda.come_to_rest();
        self.cloudwatch.come_to_rest(self.now);
        events::restart_schedules(self);
        self.clear_trace();
    }

    /// Puts work on the queue, to be done at `at` (never before now).
    pub fn schedule(&mut self, at: Time, task: impl Into<Task>) {
        let key = TaskKey { at: at.max(self.now), sequence: self.next_sequence() };
        self.tasks.insert(key, task.into());
    }

    /// When the next task is due, if there is one.
    pub fn next_due(&self) -> Option<Time> {
        self.tasks.first().map(|(key, _)| key.at)
    }

    /// When the next task is due that carries a message, as opposed to periodic evaluation.
    pub fn next_delivery_due(&self) -> Option<Time> {
        self.tasks.iter().find(|(_, task)| task.carries_something(self)).map(|(key, _)| key.at)
    }

    /// Runs the first task that is due at or before now. Returns whether there was one.
    pub fn step(&mut self) -> bool {
        let Some(key) = self.tasks.first().map(|(key, _)| *key).filter(|key| key.at <= self.now) else {
            return false;
        };
        if let Some(task) = self.tasks.remove(&key) {
            task.run(self);
        }
        true
    }

    /// Adds an entry to the trace; its time is now.
    pub fn trace(&mut self, mut entry: Entry) {
        entry.at = self.now;
        self.trace.push(entry);
    }

    /// Adds entries to the trace that are worked out when it is read; their time is now.
    pub fn trace_later(&mut self, deferred: impl Deferred + 'static) {
        self.trace.defer(self.now, deferred);
    }

    /// The trace so far.
    pub fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.trace.iter()
    }

    /// Takes the trace so far out of the state.
    pub fn take_entries(&mut self) -> Vec<Entry> {
        std::mem::take(&mut self.trace).into_entries()
    }

    /// Forgets the trace.
    pub fn clear_trace(&mut self) {
        self.trace = Trace::default();
    }

    /// Asks the edge to do something that leaves the state.
    pub fn emit(&mut self, effect: Effect) {
        self.effects.push(effect);
    }

    /// What the edge has to do now.
    pub fn take_effects(&mut self) -> Vec<Effect> {
        std::mem::take(&mut self.effects)
    }
}
