//! One scenario among others on a cloud that they share.

use serde_json::{Value, json};

use super::marks::Marks;
use crate::cloud::difference::Known;
use crate::deployment::Accounts;
use crate::runner::{AlertCounts, Message, Outcome, SinkCounts, is_health, mentions};
use crate::scenario::{Expectation, HUB_KEY, Loaded, Redriven, Scenario, Step, Who, play, with_hub_key};

/// An event as it is injected.
#[derive(Clone, Debug)]
pub(super) struct Injection {
    pub(super) of_hub: bool,
    pub(super) region: String,
    /// The whole envelope.
    pub(super) event: Value,
    /// The record, for the log group; `None` for an event of a service that is no record.
    pub(super) record: Option<Value>,
}

impl Injection {
    /// Of an event that is no record. TestEventPattern wants a whole envelope.
    pub(super) fn of_event(of_hub: bool, region: String, mut event: Value, accounts: &Accounts) -> Self {
        let account = if of_hub { &accounts.hub } else { &accounts.spoke };
        let rest = json!({
            "version": "0", "id": uuid::Uuid::new_v4().to_string(), "account": account, "region": region,
            "time": "2026-01-01T00:00:00Z", "resources": [],
        });
        if let (Some(members), Value::Object(rest)) = (event.as_object_mut(), rest) {
            for (name, default) in rest {
                members.entry(name).or_insert(default);
            }
        }
        Self { of_hub, region, event, record: None }
    }
}

/// A scenario with its ids of this run, and what came of it so far.
#[derive(Debug)]
pub(super) struct Case {
    pub(super) scenario: Scenario,
    /// What it must give here: its expectation, but for what this cloud is known to do otherwise.
    pub(super) expected: Option<Expectation>,
    pub(super) known: Vec<Known>,
    pub(super) marks: Marks,
    pub(super) mailbox: String,
    pub(super) steps: Vec<Step>,
    pub(super) injected: Vec<Injection>,
    /// Id of the hub's KMS key there.
    pub(super) hub_key: Option<String>,
    /// How many of its events crossed to the hub's bus.
    pub(super) crossed: u64,
    /// Messages before a redrive.
    pub(super) before_redrive: Option<usize>,
    pub(super) outcome: Outcome,
}

impl Case {
    pub(super) fn new(loaded: &Loaded, scenario: &Scenario, known: Vec<Known>, mailbox: String) -> Self {
        let mut marks = Marks::default();
        let steps = scenario.steps().into_iter().map(|step| marks.mark(step)).collect();
        let expected = scenario
            .expect
            .as_ref()
            .map(|expected| known.iter().fold(expected.clone(), |expected, known| known.applied_to(&expected)));
        let outcome = Outcome::empty(&loaded.name, loaded.path.clone(), &scenario.title);
        Self {
            scenario: scenario.clone(),
            expected,
            known,
            marks,
            mailbox,
            steps,
            injected: Vec::new(),
            hub_key: None,
            crossed: 0,
            before_redrive: None,
            outcome,
        }
    }

    /// What is put where for a record or an event.
    pub(super) fn injection(&mut self, value: &Value, is_event: bool, accounts: &Accounts) -> Injection {
        let played = play(value, accounts);
        let mut value = with_hub_key(played.value, self.hub_key.as_deref());
        let region = self.scenario.region.clone().unwrap_or(played.region);
        if let (Some(region), Some(members)) = (&self.scenario.region, value.as_object_mut()) {
            members.insert(if is_event { "region" } else { "awsRegion" }.to_owned(), json!(region));
        }
        self.outcome.notes.extend(played.notes);
        let of_hub = played.who == Who::Hub;
        if is_event {
            return Injection::of_event(of_hub, region, value, accounts);
        }
        let id = uuid::Uuid::new_v4().to_string();
        let mut event = rootwatch_cloud::services::cloudtrail::envelope_of(&value, id);
        let account = if of_hub { &accounts.hub } else { &accounts.spoke };
        for (name, text) in [("account", account), ("region", &region)] {
            if event[name].as_str().is_none_or(str::is_empty) {
                event[name] = json!(text);
            }
        }
        Injection { of_hub, region, event, record: Some(value) }
    }

    /// Takes a message that carries one of its ids, or says that it is another's.
    pub(super) fn take(&mut self, to: &str, text: &str, addresses: &[String]) -> bool {
        if !self.marks.are_in(text) {
            return false;
        }
        self.receive(to, text, addresses);
        true
    }

    /// Takes a message.
    pub(super) fn receive(&mut self, to: &str, text: &str, addresses: &[String]) {
        if to == "bus" {
            self.crossed += 1;
            return;
        }
        let text = self.marks.restored(text);
        let text = match &self.hub_key {
            Some(key) => text.replace(key, HUB_KEY),
            None => text,
        };
        let body: Value = serde_json::from_str(&text).unwrap_or(Value::String(text));
        let mut push = |body: Value| self.outcome.messages.push(Message { to: to.to_owned(), body });
        if to != "email" {
            push(body);
        } else {
            // One e-mail for each address behind the topic.
            for address in addresses {
                push(json!({"to": address, "subject": body["Subject"], "text": body["Message"]}));
            }
        }
        self.count();
    }

    /// Counts what came, before a redrive and after it.
    fn count(&mut self) {
        let messages = &self.outcome.messages;
        let split = self.before_redrive.unwrap_or(messages.len()).min(messages.len());
        let of = |messages: &[Message], to: &str| {
            let alert = |message: &&Message| message.to == to && !(to == "pagerduty" && is_health(&message.body));
            messages.iter().filter(alert).count() as u64
        };
        let (before, after) = messages.split_at(split);
        self.outcome.alerts = AlertCounts {
            login: of(before, "login"),
            activity: of(before, "activity"),
            tampering: of(before, "tampering"),
            health: of(before, "health"),
        };
        self.outcome.sinks =
            SinkCounts { slack: of(before, "slack"), pagerduty: of(before, "pagerduty"), email: of(before, "email") };
        if self.before_redrive.is_some() {
            self.outcome.after_redrive = Some(Redriven {
                slack: of(after, "slack"),
                pagerduty: of(after, "pagerduty"),
                email: of(after, "email"),
                health: None,
            });
        }
    }

    /// Whether its deployment has nobody at a stop: it expects alerts, and none there.
    pub(super) fn leaves_out(&self, stop: &str) -> bool {
        let Some(expected) = &self.scenario.expect else { return false };
        let at = match stop {
            "slack" => expected.slack,
            "pagerduty" => expected.pagerduty,
            "email" => expected.email,
            _ => None,
        };
        expected.alerts() > 0 && at == Some(0)
    }

    /// From now on what comes is the redrive's.
    pub(super) fn redriven(&mut self) {
        self.before_redrive = Some(self.outcome.messages.len());
        self.count();
    }

    /// Whether everything that it must give has come. There may be too much yet to come.
    pub(super) fn arrived(&self) -> bool {
        let Some(expected) = &self.expected else { return true };
        let (alerts, sinks) = (&self.outcome.alerts, &self.outcome.sinks);
        let all = expected.alerts();
        if self.before_redrive.is_some() {
            let wanted = expected.after_redrive.unwrap_or_default();
            let found = self.outcome.after_redrive.unwrap_or_default();
            return found.slack >= wanted.slack && found.pagerduty >= wanted.pagerduty && found.email >= wanted.email;
        }
        alerts.login >= expected.login
            && alerts.activity >= expected.activity
            && alerts.tampering >= expected.tampering
            && alerts.health >= expected.health.unwrap_or(0)
            && sinks.slack >= expected.slack.unwrap_or(all)
            && sinks.pagerduty >= expected.pagerduty.unwrap_or(all)
            && sinks.email >= expected.email.unwrap_or(all)
            && expected.mentions.iter().all(|mention| {
                let to = |message: &Message| mention.to.is_none_or(|to| message.to == to.as_str());
                self.outcome.messages.iter().any(|message| to(message) && mentions(message, &mention.text))
            })
    }

    /// Takes a health message, if it names an alarm that the scenario is about.
    pub(super) fn hears(&mut self, text: &str) {
        let alarm: Value = serde_json::from_str(text).unwrap_or(Value::Null);
        let named = alarm["AlarmName"].as_str().unwrap_or_default();
        let wanted = self
            .expected
            .as_ref()
            .is_some_and(|expected| expected.mentions.iter().any(|mention| mention.text == named));
        if wanted && self.before_redrive.is_none() {
            self.receive("health", text, &[]);
        }
    }
}
