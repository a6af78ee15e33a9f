//! Slack: sends alerts to a channel, by an incoming webhook or by a bot.
//!
//! `SECRET_ARN` names the secret: the webhook's address as text, or JSON: `{"webhook_url": "https://…"}`, or
//! `{"bot_token": "xoxb-…", "channel": "C…"}` for a bot with the scope `chat:write` that is a member of the channel.
//! With a store of what was told, a bot keeps an incident in a thread, and a webhook tells what follows an incident's
//! first act together. What the channel shows is made in [`message`].

pub mod message;

mod destination;

use std::sync::{Mutex, PoisonError};

use rootwatch_alert::incoming::read;
use rootwatch_alert::links::is_runbook_link;
use rootwatch_alert::{Gathered, Incoming};
use rootwatch_runtime::{
    Act, Answer, ConfigurationError, Delivery, Gathering, Handler, Invocation, Message, Platform, Reason, Secret,
    Store, Ticket, Turn, Web, deliver,
};
use serde_json::Value;

use destination::{Destination, destination, of_bot, of_webhook, thread_is_gone};

/// The function `slack`.
pub struct Slack {
    web: Web,
    destination: Secret<Destination>,
    runbook: Option<String>,
    store: Option<Store>,
}

impl Slack {
    /// Configured by the environment.
    ///
    /// # Errors
    ///
    /// Where the secret's ARN is missing, or the runbook's address is none.
    pub fn new(platform: &Platform) -> Result<Self, ConfigurationError> {
        let secret = platform.environment.arn("SECRET_ARN")?;
        let runbook = platform.environment.runbook(is_runbook_link)?;
        let store = Store::of(platform)?;
        Ok(Slack { runbook, store, web: platform.web.clone(), destination: Secret::new(platform, secret, destination) })
    }

    /// Posts a payload, perhaps in a thread.
    async fn post(&self, destination: Destination, payload: &Value, thread: Option<&str>) -> (Answer, Option<String>) {
        let failed = |failure| (Answer::failed("Slack", &failure), None);
        let (token, channel, url) = match destination {
            Destination::Webhook(url) => {
                let answer = self.web.post_json(&url, payload.to_string()).await;
                return answer.map_or_else(failed, |response| (of_webhook(&response.without(url.secrets())), None));
            }
            Destination::Bot { token, channel, url } => (token, channel, url),
        };
        let mut payload = payload.clone();
        payload["channel"] = Value::from(channel);
        if let Some(thread) = thread {
            payload["thread_ts"] = Value::from(thread);
        }
        let answer = self.web.post_json_as(&url, Some(&token), payload.to_string()).await;
        answer.map_or_else(failed, |response| of_bot(&response.without([token.as_str()])))
    }

    /// Sends a payload; answers what became of it, and where it stands.
    async fn send(&self, payload: &Value, thread: Option<&str>, invocation: Invocation) -> (Delivery, Option<String>) {
        let place = Mutex::new(None);
        let post = |destination: Destination| {
            let place = &place;
            async move {
                let (mut answer, mut at) = self.post(destination.clone(), payload, thread).await;
                if thread.is_some() && thread_is_gone(&answer) {
                    (answer, at) = self.post(destination, payload, None).await;
                }
                *place.lock().unwrap_or_else(PoisonError::into_inner) = at;
                answer
            }
        };
        let delivery = deliver(&self.destination, invocation, post).await;
        (delivery, place.into_inner().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Handler for Slack {
    async fn handle(&self, message: Message<'_>, invocation: Invocation) -> Delivery {
        let incoming = match read(message.body) {
            Ok(incoming) => incoming.with_runbook(self.runbook.as_deref()),
            Err(error) => return Delivery::Permanent(Reason::new("Unreadable", error)),
        };
        let (Some(store), Incoming::Alert(alert)) = (&self.store, &incoming) else {
            return self.send(&message::render(&incoming), None, invocation).await.0;
        };
        // How an incident is kept together depends on what the secret holds.
        let gathering = match self.destination.get(invocation).await {
            Ok(Destination::Webhook(_)) => Gathering::Together,
            Ok(Destination::Bot { .. }) => Gathering::Thread,
            Err(error) => return Delivery::Retry(error.into()),
        };
        let line = alert.line();
        let act = Act { key: &alert.deduplication_key, incident: &alert.incident_key, line: &line };
        let ticket = Ticket::take(Some(store), gathering, Some(act), invocation).await;
        let (gathered, thread) = match ticket.turn() {
            Turn::Nothing(delivery) => return delivery.clone(),
            Turn::Together(lines) => (Gathered::of(&alert.incident_key, lines), None),
            Turn::InThread(thread) => (None, Some(thread.clone())),
            Turn::Alone => (None, None),
        };
        let payload = match gathered {
            Some(gathered) => message::render_gathered(&gathered.with_runbook(self.runbook.as_deref())),
            None => message::render(&incoming),
        };
        let (delivery, place) = self.send(&payload, thread.as_deref(), invocation).await;
        ticket.finish(delivery, place.as_deref()).await
    }
}
