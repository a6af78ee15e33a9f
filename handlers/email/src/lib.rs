//! E-mail: publishes alerts as plain text to the alerter's own topic, `EMAIL_TOPIC_ARN`, whose subscribers are
//! addresses. What a mail says is made in [`mail`].

pub mod mail;

use aws_sdk_sns::Client;
use rootwatch_alert::incoming::read;
use rootwatch_alert::links::is_runbook_link;
use rootwatch_runtime::{
    ConfigurationError, Delivery, Handler, Invocation, Message, Platform, Reason, describe, is_invalid,
};

/// The function `email`.
pub struct Email {
    sns: Client,
    topic: String,
    runbook: Option<String>,
}

impl Email {
    /// Configured by the environment.
    ///
    /// # Errors
    ///
    /// Where the topic's ARN is missing, or the runbook's address is none.
    pub fn new(platform: &Platform) -> Result<Self, ConfigurationError> {
        let runbook = platform.environment.runbook(is_runbook_link)?;
        Ok(Email { runbook, sns: Client::new(&platform.aws), topic: platform.environment.arn("EMAIL_TOPIC_ARN")? })
    }
}

impl Handler for Email {
    async fn handle(&self, message: Message<'_>, _: Invocation) -> Delivery {
        let mail = match read(message.body) {
            Ok(incoming) => mail::render(&incoming.with_runbook(self.runbook.as_deref())),
            Err(error) => return Delivery::Permanent(Reason::new("Unreadable", error)),
        };
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
