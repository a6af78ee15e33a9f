//! Slack: sends alerts to a channel, by an incoming webhook or by a bot.
//!
//! `SECRET_ARN` names the secret: the webhook's address as text, or JSON: `{"webhook_url": "https://…"}`, or
//! `{"bot_token": "xoxb-…", "channel": "C…"}` for a bot with the scope `chat:write` that is a member of the channel.
//! With a deduplication store, a bot keeps an incident in a thread, and a webhook sends what follows an incident's first
//! alert as a digest. The payloads are made in [`message`].

pub mod message;

mod destination;

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use rootwatch_alert::incoming::read;
use rootwatch_alert::links::{Portal, is_runbook_link};
use rootwatch_alert::{Gathered, Incoming};
use rootwatch_runtime::{
    Act, Answer, ConfigurationError, Delivery, Form, Gathering, Handler, Invocation, Message, Platform, Reason, Secret,
    Store, Ticket, Turn, Urgency, Web, deliver,
};
use serde_json::Value;

use destination::{Destination, destination, of_bot, of_webhook, thread_is_gone};

/// The function `slack`.
pub struct Slack {
    web: Web,
    destination: Secret<Destination>,
    runbook: Option<String>,
    portal: Option<Portal>,
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
        let portal = platform.environment.access_portal(is_runbook_link)?.map(|(url, role)| Portal { url, role });
        let store = Store::of(platform)?;
        Ok(Slack {
            runbook,
            portal,
            store,
            web: platform.web.clone(),
            destination: Secret::new(platform, secret, destination),
        })
    }

    /// Posts a payload. `place` is the thread, and whether the channel sees the message too.
    async fn post(
        &self,
        destination: Destination,
        payload: &Value,
        place: Option<(&str, bool)>,
    ) -> (Answer, Option<String>) {
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
        if let Some((thread, broadcast)) = place {
            payload["thread_ts"] = Value::from(thread);
            if broadcast {
                payload["reply_broadcast"] = Value::from(true);
            }
        }
        let answer = self.web.post_json_as(&url, Some(&token), payload.to_string()).await;
        answer.map_or_else(failed, |response| of_bot(&response.without([token.as_str()])))
    }

    /// Sends a payload, or its minimal form if Slack refuses it. Answers the outcome, and Slack's name for the message.
    async fn send(
        &self,
        payload: &Value,
        minimal: &Value,
        place: Option<(&str, bool)>,
        invocation: Invocation,
    ) -> (Delivery, Option<String>) {
        let posted = Mutex::new(None);
        let post = |destination: Destination, form: Form| {
            let (posted, payload) = (&posted, if form == Form::Full { payload } else { minimal });
            async move {
                let (mut answer, mut at) = self.post(destination.clone(), payload, place).await;
                if place.is_some() && thread_is_gone(&answer) {
                    (answer, at) = self.post(destination, payload, None).await;
                }
                *posted.lock().unwrap_or_else(PoisonError::into_inner) = at;
                answer
            }
        };
        let delivery = deliver(&self.destination, invocation, post).await;
        (delivery, posted.into_inner().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Handler for Slack {
    const TIMEOUT: Duration = Duration::from_secs(24);

    async fn handle(&self, message: Message<'_>, invocation: Invocation) -> Delivery {
        let mut incoming = match read(message.body) {
            Ok(incoming) => incoming.with_links(self.runbook.as_deref(), self.portal.as_ref()),
            Err(error) => return Delivery::Permanent(Reason::new("Unreadable", error)),
        };
        if let (Some(store), Incoming::Alert(alert)) = (&self.store, &mut incoming)
            && let Some((account, address, hour)) = alert.correlates_by()
            && let Some(found) = store.correlated(account, address, hour, invocation).await
        {
            alert.correlate(&found.incident, found.accounts, found.addresses);
        }
        let minimal = message::minimal(&incoming);
        let (Some(store), Incoming::Alert(alert)) = (&self.store, &incoming) else {
            let (delivery, _) = self.send(&message::render(&incoming), &minimal, None, invocation).await;
            return delivery.with_urgency(Urgency::of_grade(incoming.grade()));
        };
        // How an incident is kept together depends on what the secret holds.
        let gathering = match self.destination.get(invocation).await {
            Ok(Destination::Webhook(_)) => Gathering::Together,
            Ok(Destination::Bot { .. }) => Gathering::Thread,
            Err(error) => return Delivery::Retry(error.into()).with_urgency(Urgency::of_grade(incoming.grade())),
        };
        let line = alert.line();
        let act = Act {
            key: &alert.deduplication_key,
            incident: &alert.incident_key,
            line: &line,
            grade: alert.severity.grade(),
            receives: message.receives,
        };
        let ticket = Ticket::take(Some(store), gathering, Some(act), invocation).await;
        let (gathered, place) = match ticket.turn() {
            Turn::Nothing(delivery) => return delivery.clone(),
            Turn::Together(lines) => (Gathered::of(&alert.incident_key, lines), None),
            Turn::InThread { thread, broadcast } => (None, Some((thread.clone(), *broadcast))),
            Turn::Alone => (None, None),
        };
        let (payload, minimal) = match gathered {
            Some(gathered) => {
                let gathered = gathered.with_runbook(self.runbook.as_deref());
                (message::render_gathered(&gathered), message::minimal_gathered(&gathered))
            }
            None => (message::render(&incoming), minimal),
        };
        let place = place.as_ref().map(|(thread, broadcast)| (thread.as_str(), *broadcast));
        let (delivery, posted) = self.send(&payload, &minimal, place, invocation).await;
        ticket.finish(delivery, posted.as_deref()).await
    }
}
