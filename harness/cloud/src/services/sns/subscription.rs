//! Subscriptions.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::delivery_policy;
use super::fault::invalid;
use super::filter::{self, syntax_error};
use crate::api::ApiError;
use crate::id::{AccountId, Arn};
use rootwatch_pattern::{FilterPolicy, FilterPolicyError, FilterPolicyScope};

/// A subscription.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Subscription {
    pub(super) arn: Arn,
    pub(super) topic: Arn,
    pub(super) owner: AccountId,
    /// Who subscribed.
    pub(super) principal: String,
    pub(super) protocol: String,
    pub(super) endpoint: String,
    /// Nothing is delivered before the endpoint's owner has confirmed.
    pub(super) pending: bool,
    /// Confirmed by a signed request, so that only a signed request may end it.
    pub(super) authenticated: bool,
    /// What confirms it.
    pub(super) token: String,
    pub(super) settings: Settings,
}

/// What may be set on a subscription.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Settings {
    pub(super) raw: bool,
    pub(super) filter: Option<FilterPolicy>,
    pub(super) scope: FilterPolicyScope,
    pub(super) redrive: Option<Arn>,
    pub(super) delivery_policy: Option<String>,
}

impl Subscription {
    pub(super) fn is_email(&self) -> bool {
        matches!(self.protocol.as_str(), "email" | "email-json")
    }

    /// As the lists show it: without a name while it is pending. [V] LS:sns/test_publish_no_confirm_subscription
    pub(super) fn listed(&self) -> Value {
        let arn = if self.pending { "PendingConfirmation" } else { self.arn.as_str() };
        json!({
            "SubscriptionArn": arn,
            "Owner": self.owner,
            "Protocol": self.protocol,
            "Endpoint": self.endpoint,
            "TopicArn": self.topic,
        })
    }

    /// As GetSubscriptionAttributes shows it. [V] LS:sns/test_subscribe_attributes
    pub(super) fn attributes(&self) -> BTreeMap<&'static str, String> {
        let mut shown = self.settings.shown();
        shown.extend([
            ("SubscriptionArn", self.arn.to_string()),
            ("TopicArn", self.topic.to_string()),
            ("Owner", self.owner.to_string()),
            ("Protocol", self.protocol.clone()),
            ("Endpoint", self.endpoint.clone()),
            ("PendingConfirmation", self.pending.to_string()),
            ("ConfirmationWasAuthenticated", self.authenticated.to_string()),
            ("SubscriptionPrincipal", self.principal.clone()),
        ]);
        shown
    }
}

impl Settings {
    fn shown(&self) -> BTreeMap<&'static str, String> {
        let mut shown = BTreeMap::from([("RawMessageDelivery", self.raw.to_string())]);
        // The scope is shown next to a filter only. [V] LS:sns/test_create_subscriptions_with_attributes
        if let Some(filter) = &self.filter {
            shown.insert("FilterPolicy", filter.text().to_owned());
            shown.insert("FilterPolicyScope", filter::scope_name(self.scope).to_owned());
        }
        if let Some(queue) = &self.redrive {
            shown.insert("RedrivePolicy", json!({"deadLetterTargetArn": queue}).to_string());
        }
        if let Some(policy) = &self.delivery_policy {
            shown.insert("DeliveryPolicy", policy.clone());
        }
        shown
    }

    /// Whether settings that somebody asks for again are those that are there; the default of the scope counts.
    /// [V] LS:sns/test_subscribe_idempotency
    pub(super) fn agree(&self, names: impl Iterator<Item = impl AsRef<str>>, wanted: &Settings) -> bool {
        let (here, there) = (self.shown(), wanted.shown());
        let mut names = names;
        names.all(|name| match name.as_ref() {
            "FilterPolicyScope" => self.scope == wanted.scope,
            name => here.get(name) == there.get(name),
        })
    }

    /// Sets one attribute. [V] LS:sns/test_validate_set_sub_attributes
    pub(super) fn set(&mut self, protocol: &str, name: &str, value: &str) -> Result<(), ApiError> {
        match name {
            "RawMessageDelivery" => self.raw = raw(protocol, value)?,
            "FilterPolicyScope" => {
                self.scope = value.parse().map_err(|error: FilterPolicyError| invalid(error))?;
                // A filter must fit its scope: nested keys belong to bodies.
                if let Some(filter) = &self.filter {
                    self.filter = filter::parse(filter.text(), self.scope).map_err(invalid)?;
                }
            }
            "FilterPolicy" => self.filter = filter::parse(value, self.scope).map_err(invalid)?,
            "RedrivePolicy" => self.redrive = redrive(value)?,
            "DeliveryPolicy" => {
                self.delivery_policy = match value {
                    "" => None,
                    value => {
                        let policy: Value = serde_json::from_str(value)
                            .map_err(|_| invalid(format!("DeliveryPolicy: {}", syntax_error(value))))?;
                        let (effective, name) =
                            (delivery_policy::of_subscription(None, Some(value)), "healthyRetryPolicy");
                        delivery_policy::check(&policy[name], &effective[name], name)?;
                        Some(delivery_policy::shown(&policy).to_string())
                    }
                };
            }
            _ => return Err(invalid("AttributeName")),
        }
        Ok(())
    }
}

/// [V] LS:sns/test_validate_set_sub_attributes; that some protocols have none [D] sns-large-payload-raw-message-delivery
fn raw(protocol: &str, value: &str) -> Result<bool, ApiError> {
    match value.to_ascii_lowercase().as_str() {
        "true" if !matches!(protocol, "sqs" | "http" | "https" | "firehose") => Err(invalid(format!(
            "RawMessageDelivery: Delivery protocol [{protocol}] does not support raw message delivery."
        ))),
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err(invalid(format!("RawMessageDelivery: Invalid value [{value}]. Must be true or false."))),
    }
}

/// [V] LS:sns/test_validate_set_sub_attributes
fn redrive(value: &str) -> Result<Option<Arn>, ApiError> {
    if value.is_empty() {
        return Ok(None);
    }
    let policy: Value =
        serde_json::from_str(value).map_err(|_| invalid(format!("RedrivePolicy: {}", syntax_error(value))))?;
    let target = policy["deadLetterTargetArn"].as_str().and_then(Arn::parse);
    let target = target.filter(|arn| arn.service() == "sqs" && !arn.resource().is_empty());
    target.map(Some).ok_or_else(|| invalid("RedrivePolicy: deadLetterTargetArn is an invalid arn"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refused_settings() {
        // [V] LS:sns/test_validate_set_sub_attributes
        let cases = [
            ("fake", "x", "Invalid parameter: AttributeName"),
            (
                "RawMessageDelivery",
                "test-ValUe",
                "Invalid parameter: RawMessageDelivery: Invalid value [test-ValUe]. Must be true or false.",
            ),
            (
                "RawMessageDelivery",
                "",
                "Invalid parameter: RawMessageDelivery: Invalid value []. Must be true or false.",
            ),
            (
                "RedrivePolicy",
                r#"{"deadLetterTargetArn":"fake-arn"}"#,
                "Invalid parameter: RedrivePolicy: deadLetterTargetArn is an invalid arn",
            ),
            (
                "RedrivePolicy",
                "{invalidjson}",
                "Invalid parameter: RedrivePolicy: failed to parse JSON. Unexpected character ('i' (code 105)): was expecting \
                 double-quote to start field name\n at [Source: REDACTED (`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` \
                 disabled); line: 1, column: 2]",
            ),
            // [V] LS:sns/test_sns_filter_policy, quoted in the reference
            (
                "FilterPolicyScope",
                "X",
                "Invalid parameter: FilterPolicyScope: Invalid value [X]. Please use either MessageBody or MessageAttributes",
            ),
        ];
        for (name, value, expected) in cases {
            let error = Settings::default().set("sqs", name, value).err();
            assert_eq!(error.map(|error| error.message).as_deref(), Some(expected), "{name}={value}");
        }
        assert!(Settings::default().set("lambda", "RawMessageDelivery", "true").is_err());
        assert!(Settings::default().set("lambda", "RawMessageDelivery", "false").is_ok());
    }

    #[test]
    fn idempotence() {
        let settings = |pairs: &[(&str, &str)]| {
            let mut settings = Settings::default();
            for (name, value) in pairs {
                settings.set("sqs", name, value).unwrap();
            }
            settings
        };
        let here = settings(&[("RawMessageDelivery", "True")]);
        // [V] LS:sns/test_subscribe_idempotency
        let cases: [(&[(&str, &str)], bool); 5] = [
            (&[("RawMessageDelivery", "true")], true),
            (&[("RawMessageDelivery", "true"), ("FilterPolicyScope", "MessageAttributes")], true),
            (&[], true),
            (&[("FilterPolicyScope", "MessageAttributes")], true),
            (&[("RawMessageDelivery", "false"), ("FilterPolicyScope", "MessageBody")], false),
        ];
        for (wanted, same) in cases {
            assert_eq!(here.agree(wanted.iter().map(|(name, _)| name), &settings(wanted)), same, "{wanted:?}");
        }
    }
}
