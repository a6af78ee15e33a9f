//! A group of scenarios on one deployment at the same time: each has ids that nobody else has, so everything that comes
//! out is told apart by what it says.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use aws_sdk_sqs::types::QueueAttributeName as Attribute;
use serde_json::{Value, json};

use super::Ready;
use super::case::{Case, Injection};
use super::deploy::caller;
use super::seed::LOG_GROUP;
use super::sentinel::{STOPS, Sentinel};
use crate::cloud::difference::{Difference, Found};
use crate::deployment::Accounts;
use crate::redrive::redrive;
use crate::report::Progress;
use crate::runner::{self, Message, api, chain};
use crate::scenario::{Faults, Step};
use crate::sink::{SHARED, Sink};

/// How long nothing more must come, after the sentinels have come and the queues of the way are empty.
pub(super) const QUIET: Duration = Duration::from_secs(3);
/// How long nothing must come until what is missing counts as lost, while the queues of the way are empty.
const PATIENCE: Duration = Duration::from_secs(25);
/// How long the first sentinel may take: functions start.
pub(super) const SCOUTING: Duration = Duration::from_secs(60);
/// How long a group may take: the waits of two retries, and an alarm's minutes.
pub(super) const LIMIT: Duration = Duration::from_secs(270);

/// A running group.
pub(super) struct Group<'a> {
    pub(super) ready: &'a Ready,
    pub(super) sink: &'a Sink,
    pub(super) accounts: &'a Accounts,
    pub(super) progress: &'a Progress,
    pub(super) cases: Vec<Case>,
    pub(super) sentinels: Vec<Sentinel>,
    /// Which stops this cloud has at all.
    pub(super) stops: Vec<&'static str>,
    /// How long it may take.
    pub(super) limit: Duration,
    /// What the sentinels and the end of the group showed, for every scenario in it.
    pub(super) notes: Vec<String>,
}

impl Group<'_> {
    /// Injects everything, waits, counts, redrives where that is asked for, and leaves the queues empty.
    pub(super) async fn run(&mut self) -> Result<(), String> {
        for case in &self.cases {
            self.sink.set_faults(&case.mailbox, &case.scenario.faults);
            for mark in case.marks.all() {
                self.sink.mark(mark, &case.mailbox);
            }
        }
        for place in 0..self.cases.len() {
            self.inject_case(place).await;
        }
        for place in 0..self.sentinels.len() {
            let sentinel = &self.sentinels[place];
            let record = sentinel.record(self.accounts);
            let id = sentinel.mark().to_owned();
            let account = if sentinel.of_hub { &self.accounts.hub } else { &self.accounts.spoke };
            let mut event = rootwatch_cloud::services::cloudtrail::envelope_of(&record, id);
            event["account"] = json!(account);
            let injection = Injection { of_hub: sentinel.of_hub, region: sentinel.region.clone(), event, record: None };
            if let Err(error) = self.put(&injection).await {
                self.notes.push(format!("the sentinel of {} could not be put: {error}", sentinel.place()));
            }
        }
        self.wait().await?;
        self.dead_letters().await?;
        if self.cases.iter().any(|case| case.scenario.expect.as_ref().is_some_and(|it| it.after_redrive.is_some())) {
            self.repair().await?;
        }
        self.clean().await;
        Ok(())
    }

    async fn inject_case(&mut self, place: usize) {
        self.cases[place].hub_key.clone_from(&self.ready.facts.hub_key);
        for step in self.cases[place].steps.clone() {
            let injection = match &step {
                Step::Record(value) => self.cases[place].injection(value, false, self.accounts),
                Step::Event(value) => self.cases[place].injection(value, true, self.accounts),
                Step::Put(call) => {
                    let account = call.account.as_str();
                    let client = match account {
                        "hub" => self.ready.seeded.hub.in_region(&call.region),
                        "spoke" => self.ready.seeded.spoke.in_region(&call.region),
                        other => {
                            let account = if other == "management" { &self.accounts.management } else { other };
                            runner::clients::Caller::administrator(
                                self.ready.seeded.hub.endpoint(),
                                account,
                                &call.region,
                            )
                        }
                    };
                    let case = &mut self.cases[place];
                    let expected = match case.known.iter().any(|known| known.instead.get("refused").is_some()) {
                        true => None,
                        false => call.refused.clone(),
                    };
                    let call = crate::scenario::PutEvents { refused: expected, ..call.clone() };
                    runner::put(&client.eventbridge(), &mut case.outcome, self.accounts, &call).await;
                    // What its default bus took may be what the rule there wants.
                    if call.bus.is_none() && call.refused.is_none() {
                        let envelope = json!({
                            "source": call.source, "detail-type": call.detail_type, "detail": call.detail,
                            "region": call.region,
                        });
                        let of_hub = account == "hub";
                        let region = call.region.clone();
                        case.injected.push(Injection::of_event(of_hub, region, envelope, self.accounts));
                    }
                    continue;
                }
            };
            let result = self.put(&injection).await;
            let case = &mut self.cases[place];
            case.injected.push(injection);
            match result {
                Ok(id) => case.outcome.trace.push(format!("put on the default bus as {id}")),
                Err(error) => case.outcome.failures.push(format!("not delivered: {error}")),
            }
        }
    }

    /// Puts an event on the default bus, as the service that it names; a record into the log group too.
    async fn put(&self, injection: &Injection) -> Result<String, String> {
        let Injection { of_hub, region, event, record } = injection;
        let caller = caller(&self.ready.seeded, *of_hub).in_region(region);
        let text = |name: &str| event[name].as_str().unwrap_or_default().to_owned();
        let id = if self.ready.takes_records {
            // The embedded cloud refuses `aws.*` from customers, as AWS does; services have a way of their own there.
            let answer = api::plain(caller.endpoint(), "/_rootwatch/records", Some(event)).await;
            let answer = answer.ok_or("the cloud did not take it at /_rootwatch/records")?;
            answer["injected"][0]["event_id"].as_str().unwrap_or("an event without id").to_owned()
        } else {
            let time = text("time").parse::<jiff::Timestamp>().ok();
            let time = time.map(|time| aws_smithy_types::DateTime::from_secs(time.as_second()));
            let entry = aws_sdk_eventbridge::types::PutEventsRequestEntry::builder()
                .source(text("source"))
                .detail_type(text("detail-type"))
                .detail(event["detail"].to_string())
                .set_time(time)
                .build();
            let answer = caller.eventbridge().put_events().entries(entry).send().await;
            let answer = answer.map_err(|error| format!("PutEvents: {}", chain(&error.into_service_error())))?;
            let entry = answer.entries().first().cloned();
            let entry = entry.ok_or("PutEvents answered without an entry")?;
            if let Some(code) = entry.error_code() {
                return Err(format!("PutEvents: {code}: {}", entry.error_message().unwrap_or_default()));
            }
            entry.event_id().unwrap_or("an event without id").to_owned()
        };
        if let Some(record) = record.as_ref().filter(|_| self.ready.log_alarm) {
            self.log(&caller, record).await?;
        }
        Ok(id)
    }

    /// A line of the trail's log group.
    async fn log(&self, caller: &runner::clients::Caller, record: &Value) -> Result<(), String> {
        let caller = caller.in_region(&self.accounts.hub_region);
        let (group, stream) = (LOG_GROUP, "rootwatch");
        let call = |operation: &'static str, parameters: Value| {
            let caller = caller.clone();
            async move { api::json(&caller, "logs", "Logs_20140328", operation, parameters).await }
        };
        match call("CreateLogStream", json!({"logGroupName": group, "logStreamName": stream})).await {
            Err(error) if !error.exists() => return Err(error.to_string()),
            _ => {}
        }
        let line = json!({"timestamp": crate::deployment::now().0, "message": record.to_string()});
        let lines = json!({"logGroupName": group, "logStreamName": stream, "logEvents": [line]});
        call("PutLogEvents", lines).await.map(drop).map_err(|error| error.to_string())
    }

    /// Waits until everything has come, or nothing comes any more.
    async fn wait(&mut self) -> Result<(), String> {
        let start = now();
        let mut last = start;
        loop {
            if self.collect().await? > 0 {
                last = now();
            }
            let missing = self.sentinels.iter().filter(|sentinel| sentinel.missing(&self.stops).is_some()).count();
            let open = self.cases.iter().filter(|case| !case.arrived()).count();
            self.progress.status(&format!("waiting for {open} scenarios and {missing} canary events"));
            let idle = now() - last;
            if idle >= QUIET && self.way_is_empty().await && ((missing == 0 && open == 0) || idle >= PATIENCE) {
                return Ok(());
            }
            if now() - start > self.limit {
                self.notes.push(format!("after {} s something was still on its way", self.limit.as_secs()));
                return Ok(());
            }
        }
    }

    /// Takes everything that has come to the probes and to the sink; waits a second for it.
    async fn collect(&mut self) -> Result<usize, String> {
        let mut tasks = tokio::task::JoinSet::new();
        for (to, url) in &self.ready.facts.probes {
            let (client, to, url) = (self.ready.seeded.hub.sqs(), to.clone(), url.clone());
            tasks.spawn(async move { (drained(&client, &url, 1).await, to) });
        }
        if tasks.is_empty() {
            // Nothing can be observed; the caller's patience ends it.
            tokio::task::yield_now().await;
        }
        let mut count = 0;
        while let Some(done) = tasks.join_next().await {
            let (texts, to) = done.map_err(|error| error.to_string())?;
            let texts = texts.map_err(|error| format!("the probe of `{to}` cannot be read: {error}"))?;
            for text in texts {
                count += 1;
                self.sort(&to, &text);
            }
        }
        for place in 0..self.cases.len() {
            let mailbox = self.cases[place].mailbox.clone();
            for received in self.sink.take(&mailbox) {
                count += 1;
                let text = received.body.to_string();
                self.cases[place].receive(&received.alerter, &text, &[]);
            }
        }
        for received in self.sink.take(SHARED) {
            let text = received.body.to_string();
            if runner::is_health(&received.body) {
                continue;
            }
            count += 1;
            self.sort(&received.alerter, &text);
        }
        Ok(count)
    }

    /// Gives a message to whom it belongs.
    fn sort(&mut self, to: &str, text: &str) {
        if to == "health" {
            for case in &mut self.cases {
                case.hears(text);
            }
            return;
        }
        if self.sentinels.iter_mut().any(|sentinel| sentinel.take(to, text)) {
            return;
        }
        let addresses = &self.ready.facts.addresses;
        if self.cases.iter_mut().any(|case| case.take(to, text, addresses)) {
            return;
        }
        // What names no event (an alarm's message) is the only scenario's, where there is only one.
        if let [only] = self.cases.as_mut_slice() {
            only.receive(to, text, addresses);
        }
    }

    /// Whether no message waits or is in work in the queues that feed the functions.
    async fn way_is_empty(&self) -> bool {
        let sqs = self.ready.seeded.hub.sqs();
        for url in &self.ready.facts.queues {
            if waiting(&sqs, url).await.is_some_and(|count| count > 0) {
                return false;
            }
        }
        true
    }

    /// Counts the messages in dead-letter queues, and leaves them there.
    async fn dead_letters(&mut self) -> Result<(), String> {
        let mut held = Vec::new();
        for (of_hub, region, url) in &self.ready.facts.dead_letters {
            let sqs = caller(&self.ready.seeded, *of_hub).in_region(region).sqs();
            if waiting(&sqs, url).await.is_none_or(|count| count == 0) {
                continue;
            }
            loop {
                let received = sqs.receive_message().queue_url(url).max_number_of_messages(10).visibility_timeout(20);
                let received = received.message_attribute_names("All");
                let received = received.send().await.map_err(|error| chain(&error.into_service_error()))?;
                if received.messages().is_empty() {
                    break;
                }
                for message in received.messages() {
                    let body = message.body().unwrap_or_default();
                    let attributes = message.message_attributes().into_iter().flatten();
                    let attributes = attributes.map(|(name, value)| (name.as_str(), value.string_value()));
                    let queue = url.rsplit('/').next().unwrap_or_default();
                    let dead_letter = Message::dead_letter(queue, attributes, body);
                    for case in self.cases.iter_mut().filter(|case| case.marks.are_in(body)) {
                        case.outcome.dead_letters += 1;
                        case.outcome.dead_lettered.push(dead_letter.clone());
                    }
                }
                held.extend(received.messages().iter().filter_map(|message| {
                    Some((*of_hub, region.clone(), url.clone(), message.receipt_handle()?.to_owned()))
                }));
            }
        }
        // Visible again: a redrive moves only what is.
        for (of_hub, region, url, receipt) in held {
            let sqs = caller(&self.ready.seeded, of_hub).in_region(&region).sqs();
            let shown = sqs.change_message_visibility().queue_url(url).receipt_handle(receipt).visibility_timeout(0);
            shown.send().await.map_err(|error| chain(&error.into_service_error()))?;
        }
        Ok(())
    }

    /// Repairs the sink, redrives the dead-letter queues and waits for what comes then.
    async fn repair(&mut self) -> Result<(), String> {
        for case in &mut self.cases {
            if case.scenario.expect.as_ref().is_some_and(|expected| expected.after_redrive.is_some()) {
                self.sink.set_faults(&case.mailbox, &Faults::default());
                case.redriven();
            }
        }
        let hub = self.ready.seeded.hub.sqs();
        let places: BTreeSet<_> =
            self.ready.facts.dead_letters.iter().map(|(of_hub, region, _)| (*of_hub, region)).collect();
        let mut moved = Vec::new();
        for (of_hub, region) in places {
            let from = caller(&self.ready.seeded, of_hub).in_region(region).sqs();
            let found = redrive(&from, &hub, "rootwatch").await.map_err(|error| error.to_string())?;
            moved.extend(found.into_iter().map(|moved| format!("redrive: {moved}")));
        }
        for case in self.cases.iter_mut().filter(|case| case.before_redrive.is_some()) {
            case.outcome.notes.extend(moved.clone());
        }
        self.wait().await
    }

    /// Empties what the next group would see: dead-letter queues, probes, and the way's own queues.
    async fn clean(&mut self) {
        for (of_hub, region, url) in &self.ready.facts.dead_letters {
            let sqs = caller(&self.ready.seeded, *of_hub).in_region(region).sqs();
            if waiting(&sqs, url).await.is_some_and(|count| count > 0) && drained(&sqs, url, 0).await.is_err() {
                self.notes.push(format!("{url} could not be emptied"));
            }
        }
        let sqs = self.ready.seeded.hub.sqs();
        for url in &self.ready.facts.queues {
            if waiting(&sqs, url).await.is_some_and(|count| count > 0) {
                // What waits for its next try is invisible: only a purge reaches it.
                let _ = sqs.purge_queue().queue_url(url).send().await;
            }
        }
        // What a late message said is nobody's now.
        let _ = self.collect().await;
    }

    /// Why an absence is not shown, for events of a place: its sentinel was not seen everywhere.
    pub(super) fn blind(&self, case: &Case) -> Option<String> {
        let of = |sentinel: &&Sentinel| {
            case.injected.iter().any(|one| one.of_hub == sentinel.of_hub && one.region == sentinel.region)
        };
        let sentinel = self.sentinels.iter().filter(of).find(|sentinel| sentinel.missing(&self.stops).is_some())?;
        let stop = sentinel.missing(&self.stops)?;
        Some(format!("the sentinel of {} was not seen at `{stop}`: an absence there shows nothing", sentinel.place()))
    }

    /// The stops that a sentinel was seen at.
    pub(super) fn reached(&self) -> Vec<&'static str> {
        let seen = |stop: &&'static str| self.sentinels.iter().any(|sentinel| sentinel.missing(&[*stop]).is_none());
        STOPS.iter().copied().filter(seen).collect()
    }

    /// The differences that touched every scenario with records.
    pub(super) fn common(&self, case: &Case) -> Vec<Found> {
        let by_hand = case.injected.iter().any(|one| one.record.is_some());
        let of = |found: &&Found| found.difference == Difference::CloudTrail && by_hand;
        self.ready.found.iter().filter(of).cloned().collect()
    }
}

/// Receives and deletes everything.
async fn drained(client: &aws_sdk_sqs::Client, url: &str, wait: i32) -> Result<Vec<String>, String> {
    let mut texts = Vec::new();
    let mut wait = wait;
    loop {
        let received = client.receive_message().queue_url(url).max_number_of_messages(10).wait_time_seconds(wait);
        let received = received.send().await.map_err(|error| chain(&error.into_service_error()))?;
        if received.messages().is_empty() {
            return Ok(texts);
        }
        for message in received.messages() {
            texts.push(message.body().unwrap_or_default().to_owned());
            let receipt = message.receipt_handle().unwrap_or_default();
            let deleted = client.delete_message().queue_url(url).receipt_handle(receipt).send().await;
            deleted.map_err(|error| chain(&error.into_service_error()))?;
        }
        wait = 0;
    }
}

/// Messages of a queue, visible and not; `None` where the cloud does not say.
async fn waiting(client: &aws_sdk_sqs::Client, url: &str) -> Option<u64> {
    let names = [
        Attribute::ApproximateNumberOfMessages,
        Attribute::ApproximateNumberOfMessagesNotVisible,
        Attribute::ApproximateNumberOfMessagesDelayed,
    ];
    let asked = client.get_queue_attributes().queue_url(url).set_attribute_names(Some(names.to_vec()));
    let answer = asked.send().await.ok()?;
    let attributes = answer.attributes()?;
    Some(names.iter().filter_map(|name| attributes.get(name)?.parse::<u64>().ok()).sum())
}

#[expect(clippy::disallowed_methods, reason = "this cloud's time is real")]
pub(super) fn now() -> Instant {
    Instant::now()
}
