//! Subscribe, ConfirmSubscription, Unsubscribe, and the lists.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

use super::delivery::Task;
use super::fault::{self, invalid};
use super::http;
use super::manage::page;
use super::subscription::{Settings, Subscription};
use super::topic::{authorised, located, named};
use crate::api::{ApiError, Call, Reply, lenient};
use crate::id::Arn;
use rootwatch_policy::{Context, Principal};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Subscribe {
    #[serde(default)]
    protocol: String,
    #[serde(default)]
    endpoint: String,
    #[serde(default)]
    attributes: BTreeMap<String, String>,
    #[serde(default, deserialize_with = "lenient::optional")]
    return_subscription_arn: Option<bool>,
}

pub(super) fn subscribe(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let topic = located(call, "TopicArn")?;
    let input: Subscribe = call.input()?;
    check_endpoint(&input.protocol, &input.endpoint)?;
    let context = Context::new().with("sns:Protocol", &*input.protocol).with("sns:Endpoint", &*input.endpoint);
    let topic = authorised(call, topic, "SNS:Subscribe", context)?;
    let mut settings = Settings::default();
    // The scope first: a filter is read by it.
    let scope = input.attributes.get_key_value("FilterPolicyScope");
    let others = input.attributes.iter().filter(|(name, _)| *name != "FilterPolicyScope");
    for (name, value) in scope.into_iter().chain(others) {
        settings.set(&input.protocol, name, value).map_err(of_subscribe)?;
    }
    let existing = call
        .state
        .sns
        .of_topic(&topic)
        .find(|subscription| subscription.protocol == input.protocol && subscription.endpoint == input.endpoint);
    if let Some(subscription) = existing {
        if !subscription.settings.agree(input.attributes.keys(), &settings) {
            return Err(invalid("Attributes Reason: Subscription already exists with different attributes"));
        }
        return Ok(answer(subscription, input.return_subscription_arn).into());
    }
    let pending = needs_confirmation(call, &input);
    let arn = Arn::new(format!("{topic}:{}", call.state.uuid()));
    let subscription = Subscription {
        arn: arn.clone(),
        topic: topic.clone(),
        owner: call.account.clone(),
        principal: principal_arn(&call.caller),
        protocol: input.protocol,
        endpoint: input.endpoint,
        pending,
        authenticated: !pending,
        token: call.state.hex(288),
        settings,
    };
    let reply = answer(&subscription, input.return_subscription_arn);
    let asks_endpoint = pending && !subscription.is_email();
    call.state.sns.subscriptions.insert(arn.clone(), subscription);
    call.state.sns.by_topic.entry(topic, Vec::new).push(arn.clone());
    if asks_endpoint {
        let now = call.state.now;
        call.state.schedule(now, Task::Confirm { subscription: arn, attempt: 1 });
    }
    Ok(reply.into())
}

fn answer(subscription: &Subscription, return_arn: Option<bool>) -> Value {
    // [V] LS:sns/test_http_subscription_response
    let hidden = subscription.pending && return_arn != Some(true);
    json!({"SubscriptionArn": if hidden { "pending confirmation" } else { subscription.arn.as_str() }})
}

/// The role behind a session, else whoever called.
fn principal_arn(caller: &Principal) -> String {
    match caller {
        Principal::Role { role_arn, .. } => role_arn.clone(),
        other => other.arn(),
    }
}

/// Subscribe wraps what SetSubscriptionAttributes says. [V] LS:sns/test_create_subscriptions_with_attributes
fn of_subscribe(error: ApiError) -> ApiError {
    let reason = error.message.strip_prefix("Invalid parameter: ").unwrap_or(&error.message).to_owned();
    invalid(format!("Attributes Reason: {reason}"))
}

/// Queues and functions of the caller's account are confirmed at once; so is a phone. All others are asked.
/// [D] API_Subscribe, sns-send-message-to-sqs-cross-account
fn needs_confirmation(call: &Call<'_>, input: &Subscribe) -> bool {
    match input.protocol.as_str() {
        "sqs" | "lambda" => Arn::new(&input.endpoint).account() != call.account,
        "sms" => false,
        _ => true,
    }
}

/// [V] LS:sns/test_subscribe_with_invalid_protocol, ::test_subscribe_unknown_sqs_queue, ::test_subscribe_sqs_queue_url;
/// the texts for other protocols [T]
fn check_endpoint(protocol: &str, endpoint: &str) -> Result<(), ApiError> {
    let arn = Arn::parse(endpoint);
    let of_service = |service: &str| {
        arn.as_ref().is_some_and(|arn| {
            arn.service() == service && !arn.region().as_str().is_empty() && !arn.resource().is_empty()
        })
    };
    let good = match protocol {
        "sqs" if endpoint.ends_with(".fifo") => {
            return Err(invalid("Endpoint Reason: FIFO SQS Queues can not be subscribed to standard SNS topics"));
        }
        "sqs" => of_service("sqs").then_some(()).ok_or("SQS endpoint ARN"),
        "lambda" => of_service("lambda").then_some(()).ok_or("Lambda endpoint ARN"),
        "http" | "https" => endpoint
            .starts_with(&format!("{protocol}://"))
            .then_some(())
            .ok_or("Endpoint must match the specified protocol"),
        "email" | "email-json" => {
            let (user, host) = endpoint.split_once('@').unwrap_or_default();
            (!user.is_empty() && !host.is_empty()).then_some(()).ok_or("Email address")
        }
        "sms" => (!endpoint.is_empty()).then_some(()).ok_or("Endpoint"),
        "application" | "firehose" => {
            return Err(ApiError::new(
                "NotImplemented",
                format!(
                    "rootwatch: subscriptions of protocol `{protocol}` are not modelled, see harness/cloud/OPERATIONS.md"
                ),
            )
            .status(501));
        }
        _ => return Err(invalid(format!("Amazon SNS does not support this protocol string: {protocol}"))),
    };
    good.map_err(invalid)
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Confirm {
    #[serde(default)]
    topic_arn: String,
    #[serde(default)]
    token: String,
    #[serde(default, deserialize_with = "lenient::optional")]
    authenticate_on_unsubscribe: Option<bool>,
}

/// The token is what permits; a signed request needs the permission as well.
/// [V] LS:sns/test_sns_confirm_subscription_wrong_token, ::test_subscribe_external_http_endpoint
pub(super) fn confirm(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let input: Confirm = call.input()?;
    // A link is followed without a signature, and so without the name of a Region.
    let here = |arn: &Arn| call.caller == Principal::Anonymous || arn.region() == call.region;
    let topic = Arn::parse(&input.topic_arn).filter(|arn| arn.service() == "sns" && here(arn));
    let topic = topic.ok_or_else(|| invalid("Topic"))?;
    if call.caller != Principal::Anonymous && topic.account() == call.account {
        call.authorise("SNS:ConfirmSubscription", &topic)?;
    }
    if input.token.len() < 64 || !input.token.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Err(ApiError::new("InvalidParameter", "Invalid token"));
    }
    restore(call, &topic, &input.token);
    let found = call.state.sns.of_topic(&topic).find(|subscription| subscription.token == input.token);
    let arn = found.map(|subscription| subscription.arn.clone()).ok_or_else(|| invalid("Token"))?;
    if let Some(subscription) = call.state.sns.subscriptions.get_mut(&arn) {
        subscription.pending = false;
        subscription.authenticated |= input.authenticate_on_unsubscribe == Some(true);
    }
    Ok(json!({"SubscriptionArn": arn}).into())
}

/// Whoever was notified of the end of a subscription may restore it by the link in that message.
/// [D] sns-message-and-json-formats, "restore the subscription"
fn restore(call: &mut Call<'_>, topic: &Arn, token: &str) {
    let sns = &mut call.state.sns;
    let found = sns.ended.values().find(|subscription| subscription.topic == *topic && subscription.token == token);
    let Some(subscription) = found.cloned().filter(|_| sns.topics.contains(topic)) else { return };
    sns.ended.remove(&subscription.arn);
    sns.by_topic.entry(topic.clone(), Vec::new).push(subscription.arn.clone());
    sns.subscriptions.insert(subscription.arn.clone(), subscription);
}

/// Succeeds for a subscription that is not there. [V] LS:sns/test_unsubscribe_idempotency,
/// ::test_unsubscribe_wrong_arn_format
pub(super) fn unsubscribe(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let Some(text) = call.text("SubscriptionArn").filter(|text| !text.is_empty()) else {
        return Err(invalid("SubscriptionArn Reason: no value for required parameter"));
    };
    let arn = fault::arn(text, "SubscriptionArn")?;
    if !arn.resource().contains(':') {
        return Err(invalid("SubscriptionId"));
    }
    let found = call.state.sns.subscriptions.get(&arn).cloned();
    match &found {
        None => call.authorise("SNS:Unsubscribe", &own(call, &arn))?,
        // An unsigned request is the link in a mail. [D] API_Unsubscribe
        Some(subscription) if call.caller == Principal::Anonymous && !subscription.authenticated => {}
        Some(subscription) => {
            let resource = seen_by(call, subscription);
            call.authorise("SNS:Unsubscribe", &resource)?;
        }
    }
    let Some(subscription) = found else { return Ok(Reply::empty()) };
    if subscription.pending {
        // [T] the Terraform provider looks for this text
        return Err(invalid("SubscriptionArn Reason: Cannot unsubscribe a subscription that is pending confirmation"));
    }
    let sns = &mut call.state.sns;
    sns.subscriptions.remove(&arn);
    if let Some(arns) = sns.by_topic.get_mut(&subscription.topic) {
        arns.retain(|other| *other != arn);
    }
    if let Some(topic) = sns.topics.get_mut(&subscription.topic) {
        topic.subscriptions_deleted += 1;
    }
    // An HTTP endpoint is always notified; a mail is sent when somebody else than the owner did it, by a link.
    // [V] LS:sns/test_subscribe_external_http_endpoint; [D] API_Unsubscribe
    let by_link = call.caller == Principal::Anonymous;
    if http::speaks(&subscription.protocol) || (by_link && subscription.is_email()) {
        let token = call.state.hex(288);
        call.state.sns.ended.insert(arn.clone(), Subscription { token, ..subscription });
        let now = call.state.now;
        call.state.schedule(now, Task::Ended { subscription: arn, attempt: 1 });
    }
    Ok(Reply::empty())
}

/// The resource that a call on a subscription is decided on: its owner may act on it, though the topic, and with it the
/// subscription's ARN, belong to another account. [D] API_Unsubscribe
pub(super) fn seen_by(call: &Call<'_>, subscription: &Subscription) -> Arn {
    if subscription.owner == call.account { own(call, &subscription.arn) } else { subscription.arn.clone() }
}

fn own(call: &Call<'_>, arn: &Arn) -> Arn {
    Arn::of("sns", &arn.region(), &call.account, arn.resource())
}

pub(super) fn list(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let everything = call.arn("*");
    call.authorise("SNS:ListSubscriptions", &everything)?;
    let own = call
        .state
        .sns
        .subscriptions
        .values()
        .filter(|subscription| subscription.owner == call.account && subscription.topic.region() == call.region);
    page("Subscriptions", own.map(Subscription::listed).collect(), call.text("NextToken")).map(Reply::from)
}

pub(super) fn list_by_topic(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let topic = named(call, "TopicArn", "SNS:ListSubscriptionsByTopic")?;
    let all = call.state.sns.of_topic(&topic).map(Subscription::listed).collect();
    page("Subscriptions", all, call.text("NextToken")).map(Reply::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endpoints() {
        let queue = "arn:aws:sqs:us-east-1:111122223333:q";
        let sqs = Some("Invalid parameter: SQS endpoint ARN");
        let cases = [
            ("sqs", queue, None),
            // [V] LS:sns/test_subscribe_sqs_queue_url, ::test_subscribe_unknown_sqs_queue
            ("sqs", "https://sqs.us-east-1.amazonaws.com/111122223333/q", sqs),
            ("sqs", "sqs", sqs),
            ("lambda", "arn:aws:lambda:us-east-1:111122223333:function:f", None),
            ("lambda", queue, Some("Invalid parameter: Lambda endpoint ARN")),
            ("email", "security@example.com", None),
            ("email", "security", Some("Invalid parameter: Email address")),
            ("https", "http://example.com", Some("Invalid parameter: Endpoint must match the specified protocol")),
            // [V] LS:sns/test_subscribe_with_invalid_protocol
            (
                "test-protocol",
                "x",
                Some("Invalid parameter: Amazon SNS does not support this protocol string: test-protocol"),
            ),
        ];
        for (protocol, endpoint, expected) in cases {
            let error = check_endpoint(protocol, endpoint).err().map(|error| error.message);
            assert_eq!(error.as_deref(), expected, "{protocol} {endpoint}");
        }
    }
}
