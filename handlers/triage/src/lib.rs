//! Triage: decides what a forwarded event is, and publishes alerts to the topics of logins, activity and tampering.
//!
//! The decisions are [`rootwatch_alert::triage`], a function of the event alone, and [`rootwatch_alert::tampering()`], a function of
//! the event and the names of the monitor. Here is only their input and output: `LOGIN_TOPIC_ARN`, `ACTIVITY_TOPIC_ARN` and
//! `TAMPERING_TOPIC_ARN` name the topics, `SETTINGS` may hold the operators' [`Settings`], and `ORGANIZATIONS_ROLE_ARN` a role that
//! may ask what accounts are called.

mod names;

use aws_sdk_sns::Client;
use aws_sdk_sns::error::BuildError;
use aws_sdk_sns::types::MessageAttributeValue;
use rootwatch_alert::{
    Alert, AlertType, Settings, Tampering, Triage as Decision, alert::unreadable, tampering, triage,
};
use rootwatch_runtime::{
    ConfigurationError, Delivery, Handler, Invocation, Message, Platform, Reason, describe, is_invalid,
};

use names::Names;

/// The function `triage`.
pub struct Triage {
    sns: Client,
    login_topic: String,
    activity_topic: String,
    tampering_topic: String,
    settings: Settings,
    names: Option<Names>,
}

impl Triage {
    /// Configured by the environment.
    ///
    /// # Errors
    ///
    /// Where a topic's ARN is missing, or the settings cannot be read.
    pub fn new(platform: &Platform) -> Result<Self, ConfigurationError> {
        let settings = platform.environment.optional("SETTINGS").map(Settings::parse).transpose();
        Ok(Triage {
            settings: settings
                .map_err(|cause| ConfigurationError::Unreadable { name: "SETTINGS", cause })?
                .unwrap_or_default(),
            names: Names::of(platform)?,
            sns: Client::new(&platform.aws),
            login_topic: platform.environment.arn("LOGIN_TOPIC_ARN")?,
            activity_topic: platform.environment.arn("ACTIVITY_TOPIC_ARN")?,
            tampering_topic: platform.environment.arn("TAMPERING_TOPIC_ARN")?,
        })
    }

    async fn publish(&self, alert: &Alert) -> Delivery {
        let topic = match alert.alert_type {
            AlertType::Login => &self.login_topic,
            AlertType::Activity => &self.activity_topic,
            AlertType::Tampering => &self.tampering_topic,
        };
        let mut publish = self.sns.publish().topic_arn(topic).message(alert.to_message());
        for (name, value) in alert.attributes() {
            match text(value) {
                Ok(value) => publish = publish.message_attributes(name, value),
                Err(error) => return Delivery::Permanent(Reason::new("Attribute", error)),
            }
        }
        match publish.send().await {
            Ok(_) => Delivery::Done,
            Err(error) => {
                let (code, cause) = describe(&error);
                let reason = Reason::new("Publish", format!("sns:Publish to `{topic}`: {cause}"));
                if is_invalid(code.as_deref()) { Delivery::Permanent(reason) } else { Delivery::Retry(reason) }
            }
        }
    }
}

impl Triage {
    /// Lays the operators' settings over an alert and publishes it, unless a suppression holds for it.
    async fn send(&self, mut alert: Alert, message: &Message<'_>, invocation: Invocation) -> Delivery {
        self.settings.apply(&mut alert);
        if let Some(suppression) = self.settings.suppression(&alert, message.sent) {
            tracing::warn!(
                message_id = message.id,
                key = alert.deduplication_key,
                title = alert.title,
                until = %suppression.until,
                reason = suppression.reason,
                "suppressed"
            );
            return Delivery::Done;
        }
        // What the operators call it comes first.
        if let (None, Some(names)) = (&alert.account_name, &self.names)
            && let Some(name) = names.name(&alert.account, invocation).await
        {
            alert.name_account(&name);
        }
        self.publish(&alert).await
    }
}

impl Handler for Triage {
    async fn handle(&self, message: Message<'_>, invocation: Invocation) -> Delivery {
        let Ok(event) = serde_json::from_str(message.body) else {
            // Fail open: it came through a rule for root activity.
            let alert = unreadable(message.body, message.sent);
            tracing::warn!(message_id = message.id, verdict = "activity", rule = 0, "decided: the message is not JSON");
            return self.publish(&alert).await;
        };
        match triage(&event, message.sent) {
            Decision::Silent(reason) => {
                tracing::info!(message_id = message.id, verdict = "none", rule = reason.rule(), "decided: {reason}");
            }
            Decision::Alert(alert, reason) => {
                let (verdict, rule) = (alert.alert_type.as_str(), reason.rule());
                tracing::info!(
                    message_id = message.id,
                    verdict,
                    rule,
                    key = alert.deduplication_key,
                    "decided: {reason}"
                );
                let delivery = self.send(*alert, &message, invocation).await;
                if !matches!(delivery, Delivery::Done) {
                    return delivery;
                }
            }
        }
        let Some(monitor) = &self.settings.monitor else { return Delivery::Done };
        match tampering(&event, monitor, message.sent) {
            Tampering::No => Delivery::Done,
            Tampering::Deployment => {
                tracing::info!(
                    message_id = message.id,
                    verdict = "none",
                    rule = 9,
                    "decided: {}",
                    rootwatch_alert::Reason::Deployment
                );
                Delivery::Done
            }
            Tampering::Alert(alert) => {
                let key = &alert.deduplication_key;
                tracing::info!(
                    message_id = message.id,
                    verdict = "tampering",
                    rule = 9,
                    key,
                    "decided: {}",
                    alert.title
                );
                self.send(*alert, &message, invocation).await
            }
        }
    }
}

fn text(value: &str) -> Result<MessageAttributeValue, BuildError> {
    MessageAttributeValue::builder().data_type("String").string_value(value).build()
}
