//! GetSubscriptionAttributes and SetSubscriptionAttributes.

use serde_json::json;

use super::delivery;
use super::fault;
use super::http;
use super::subscribe::seen_by;
use super::subscription::Subscription;
use crate::api::{ApiError, Call, Reply};

/// The subscription that the call names; authorises the call on it.
fn named(call: &mut Call<'_>, action: &str) -> Result<Subscription, ApiError> {
    let arn = fault::arn(call.text("SubscriptionArn").unwrap_or_default(), "SubscriptionArn")?;
    let found = call.state.sns.subscriptions.get(&arn).cloned();
    let subscription = found.ok_or_else(fault::no_subscription)?;
    let resource = seen_by(call, &subscription);
    call.authorise(action, &resource)?;
    Ok(subscription)
}

pub(super) fn get(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let subscription = named(call, "SNS:GetSubscriptionAttributes")?;
    let mut attributes = subscription.attributes();
    // [D] API_GetSubscriptionAttributes: "takes into account the topic delivery policy and account system defaults"
    if http::speaks(&subscription.protocol) {
        let policy = delivery::effective_policy(call.state, &subscription);
        attributes.insert("EffectiveDeliveryPolicy", policy.to_string());
    }
    Ok(json!({"Attributes": {"$map": attributes}}).into())
}

pub(super) fn set(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let subscription = named(call, "SNS:SetSubscriptionAttributes")?;
    let name = call.text("AttributeName").unwrap_or_default();
    let value = call.text("AttributeValue").unwrap_or_default();
    let mut settings = subscription.settings.clone();
    settings.set(&subscription.protocol, name, value)?;
    if let Some(subscription) = call.state.sns.subscriptions.get_mut(&subscription.arn) {
        subscription.settings = settings;
    }
    Ok(Reply::empty())
}
