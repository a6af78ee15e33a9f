//! E-mail: publishes alerts as plain text to the alerter's own topic, `EMAIL_TOPIC_ARN`, whose subscribers are
//! addresses. What a mail says is made in [`mail`].

pub mod mail;

use aws_sdk_sns::Client;
use rootwatch_alert::incoming::read;
use rootwatch_alert::links::{Portal, is_runbook_link};
use rootwatch_alert::{Gathered, Incoming};
use rootwatch_runtime::{
    Act, ConfigurationError, Delivery, Gathering, Handler, Invocation, Message, Platform, Reason, Store, Ticket, Turn,
    describe, is_invalid,
};

/// The function `email`.
pub struct Email {
    sns: Client,
    topic: String,
    runbook: Option<String>,
    portal: Option<Portal>,
    store: Option<Store>,
}

impl Email {
    /// Configured by the environment.
    ///
    /// # Errors
    ///
    /// Where the topic's ARN is missing, or the runbook's address is none.
    pub fn new(platform: &Platform) -> Result<Self, ConfigurationError> {
        let runbook = platform.environment.runbook(is_runbook_link)?;
        let portal = platform.environment.access_portal(is_runbook_link)?.map(|(url, role)| Portal { url, role });
        let topic = platform.environment.arn("EMAIL_TOPIC_ARN")?;
        Ok(Email { runbook, portal, sns: Client::new(&platform.aws), topic, store: Store::of(platform)? })
    }

    /// Publishes a mail, or its minimal form if SNS refuses it.
    async fn send(&self, mail: mail::Mail, minimal: mail::Mail) -> Delivery {
        match self.publish(mail).await {
            Delivery::Permanent(reason) => match self.publish(minimal).await {
                Delivery::Permanent(_) => Delivery::Permanent(reason),
                delivery => delivery,
            },
            delivery => delivery,
        }
    }

    async fn publish(&self, mail: mail::Mail) -> Delivery {
        let publish = self.sns.publish().topic_arn(&self.topic).subject(mail.subject).message(mail.text);
        match publish.send().await {
            Ok(_) => Delivery::Done,
            Err(error) => {
                let (code, cause) = describe(&error);
                let reason = Reason::new("Publish", format!("sns:Publish to `{}`: {cause}", self.topic));
                if is_invalid(code.as_deref()) { Delivery::Permanent(reason) } else { Delivery::Retry(reason) }
            }
        }
    }
}

impl Handler for Email {
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
        let minimal = mail::minimal(&incoming);
        let Incoming::Alert(alert) = &incoming else { return self.send(mail::render(&incoming), minimal).await };
        let line = alert.line();
        let act = Act {
            key: &alert.deduplication_key,
            incident: &alert.incident_key,
            line: &line,
            grade: alert.severity.grade(),
            receives: message.receives,
        };
        let ticket = Ticket::take(self.store.as_ref(), Gathering::Together, Some(act), invocation).await;
        let gathered = match ticket.turn() {
            Turn::Nothing(delivery) => return delivery.clone(),
            Turn::Together(lines) => Gathered::of(&alert.incident_key, lines),
            Turn::Alone | Turn::InThread { .. } => None,
        };
        let (mail, minimal) = match gathered {
            Some(gathered) => {
                let gathered = gathered.with_runbook(self.runbook.as_deref());
                (mail::render_gathered(&gathered), mail::minimal_gathered(&gathered))
            }
            None => (mail::render(&incoming), minimal),
        };
        let delivery = self.send(mail, minimal).await;
        ticket.finish(delivery, None).await
    }
}
