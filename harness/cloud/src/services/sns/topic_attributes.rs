//! GetTopicAttributes and SetTopicAttributes.

use serde_json::{Map, Value, json};

use super::delivery_policy;
use super::fault::invalid;
use super::topic::{Topic, default_policy, named};
use crate::api::{ApiError, Call, Reply};
use crate::authz::PolicyText;
use crate::id::Arn;
use crate::services::iam;
use rootwatch_policy::PolicyKind;

/// The attributes that can be set, without those of delivery status logging. [D] API_SetTopicAttributes
const SETTABLE: &[&str] =
    &["DeliveryPolicy", "DisplayName", "Policy", "TracingConfig", "KmsMasterKeyId", "SignatureVersion"];

/// Protocols whose deliveries can be logged. [D] sns-topic-attributes
const FEEDBACK: &[&str] = &["HTTP", "Firehose", "Lambda", "Application", "SQS"];

/// What a topic's policy may allow. A wildcard is not among it. [D] sns-access-policy-language-api-permissions-reference;
/// [T] that `SNS:*` is refused
pub(super) const TOPIC_ACTIONS: &[&str] = &[
    "AddPermission",
    "DeleteTopic",
    "GetDataProtectionPolicy",
    "GetTopicAttributes",
    "ListSubscriptionsByTopic",
    "ListTagsForResource",
    "Publish",
    "PutDataProtectionPolicy",
    "Receive",
    "RemovePermission",
    "SetTopicAttributes",
    "Subscribe",
];

pub(super) fn get(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let arn = named(call, "TopicArn", "SNS:GetTopicAttributes")?;
    let sns = &call.state.sns;
    let Some(topic) = sns.topics.get(&arn) else { return Err(super::fault::no_topic()) };
    let (pending, confirmed): (Vec<_>, Vec<_>) = sns.of_topic(&arn).partition(|subscription| subscription.pending);
    let mut shown = Map::new();
    shown.insert("DisplayName".into(), json!(""));
    shown.extend(topic.attributes.iter().map(|(name, value)| (name.clone(), json!(value))));
    shown.extend([
        ("TopicArn".to_owned(), json!(arn)),
        ("Owner".to_owned(), json!(arn.account())),
        ("Policy".to_owned(), json!(topic.policy.text())),
        ("SubscriptionsConfirmed".to_owned(), json!(confirmed.len().to_string())),
        ("SubscriptionsPending".to_owned(), json!(pending.len().to_string())),
        ("SubscriptionsDeleted".to_owned(), json!(topic.subscriptions_deleted.to_string())),
        (
            "EffectiveDeliveryPolicy".to_owned(),
            json!(delivery_policy::of_topic(topic.attributes.get("DeliveryPolicy").map(String::as_str)).to_string()),
        ),
    ]);
    Ok(json!({"Attributes": {"$map": shown}}).into())
}

pub(super) fn set(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let arn = named(call, "TopicArn", "SNS:SetTopicAttributes")?;
    let name = call.text("AttributeName").unwrap_or_default().to_owned();
    let value = call.text("AttributeValue").unwrap_or_default().to_owned();
    may_pass_feedback_role(call, &name, &value)?;
    if let Some(mut topic) = call.state.sns.topics.get(&arn).cloned() {
        apply(&mut topic, &name, value)?;
        if name == "Policy" {
            check_principals(call, &topic.policy)?;
        }
        call.state.sns.topics.insert(arn, topic);
    }
    Ok(Reply::empty())
}

/// [T] hashicorp/terraform-provider-aws#26041; TestAccAWSSNSTopic_withFakeIAMRole
pub(super) fn check_principals(call: &Call<'_>, policy: &PolicyText) -> Result<(), ApiError> {
    call.state.check_principals(policy).map_err(|_| invalid("Policy Error: PrincipalNotFound"))
}

/// Whoever sets a role for delivery status logging must be allowed to pass it to SNS. [D] sns-topic-attributes
pub(super) fn may_pass_feedback_role(call: &mut Call<'_>, name: &str, value: &str) -> Result<(), ApiError> {
    if !name.ends_with("FeedbackRoleArn") || value.is_empty() {
        return Ok(());
    }
    let role = Arn::parse(value).ok_or_else(|| invalid(name))?;
    iam::may_pass_role(call, &role, "sns.amazonaws.com")
}

/// CreateTopic wraps what SetTopicAttributes says. [T]
pub(super) fn of_create(error: ApiError) -> ApiError {
    let reason = error.message.strip_prefix("Invalid parameter: ").unwrap_or(&error.message).to_owned();
    invalid(format!("Attributes Reason: {reason}"))
}

/// Sets one attribute; an empty value takes it away.
pub(super) fn apply(topic: &mut Topic, name: &str, value: String) -> Result<(), ApiError> {
    check_name(name)?;
    match name {
        "Policy" => {
            let text = if value.is_empty() { default_policy(&topic.arn, &topic.arn.account()) } else { value };
            topic.policy = read_policy(&text)?;
            return Ok(());
        }
        "DisplayName" if value.chars().count() > 100 || value.chars().any(char::is_control) => {
            return Err(invalid("DisplayName"));
        }
        "SignatureVersion" if !matches!(value.as_str(), "1" | "2") => return Err(invalid("SignatureVersion")),
        "TracingConfig" if !matches!(value.as_str(), "PassThrough" | "Active") => return Err(invalid("TracingConfig")),
        "DeliveryPolicy" if !value.is_empty() => {
            let policy: Value =
                serde_json::from_str(&value).map_err(|_| invalid("DeliveryPolicy: failed to parse JSON."))?;
            let effective = delivery_policy::of_topic(Some(&value));
            let name = "http.defaultHealthyRetryPolicy";
            let of = |policy: &Value| policy["http"]["defaultHealthyRetryPolicy"].clone();
            delivery_policy::check(&of(&policy), &of(&effective), name)?;
        }
        _ => {}
    }
    if value.is_empty() && name != "DisplayName" {
        topic.attributes.remove(name);
    } else {
        topic.attributes.insert(name.to_owned(), value);
    }
    Ok(())
}

fn check_name(name: &str) -> Result<(), ApiError> {
    let feedback = FEEDBACK.iter().any(|protocol| {
        name.strip_prefix(protocol).is_some_and(|setting| {
            matches!(setting, "SuccessFeedbackRoleArn" | "SuccessFeedbackSampleRate" | "FailureFeedbackRoleArn")
        })
    });
    if feedback || SETTABLE.contains(&name) { Ok(()) } else { Err(invalid("AttributeName")) }
}

/// Reads a topic's policy. [V] LS:sns/test_add_permission_errors for the action's text; the other text [T]
fn read_policy(text: &str) -> Result<PolicyText, ApiError> {
    let bad = || invalid("Policy Error: null");
    let policy = PolicyText::check(text, PolicyKind::Resource).map_err(|_| bad())?;
    let document: Value = serde_json::from_str(text).map_err(|_| bad())?;
    let statements = one_or_many(&document["Statement"]);
    for action in statements.into_iter().flat_map(|statement| one_or_many(&statement["Action"])) {
        check_action(action.as_str().unwrap_or_default())?;
    }
    Ok(policy)
}

/// Whether an action, with or without the service's prefix, is one of a topic.
pub(super) fn check_action(action: &str) -> Result<(), ApiError> {
    let name = action.split_once(':').map_or(
        action,
        |(service, name)| {
            if service.eq_ignore_ascii_case("sns") { name } else { "" }
        },
    );
    if TOPIC_ACTIONS.iter().any(|known| known.eq_ignore_ascii_case(name)) {
        return Ok(());
    }
    Err(invalid("Policy statement action out of service scope!"))
}

fn one_or_many(value: &Value) -> Vec<&Value> {
    match value {
        Value::Array(many) => many.iter().collect(),
        Value::Null => Vec::new(),
        one => vec![one],
    }
}

/// No topic has one here; the provider only asks.
pub(super) fn data_protection(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    named(call, "ResourceArn", "SNS:GetDataProtectionPolicy")?;
    Ok(json!({"DataProtectionPolicy": ""}).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn actions_of_a_topic() {
        // [D] sns-access-policy-language-api-permissions-reference; [V] LS:sns/test_add_permission_errors
        for (action, good) in [
            ("SNS:Publish", true),
            ("sns:publish", true),
            ("SNS:Receive", true),
            ("InvalidAction", false),
            ("SNS:CreateTopic", false),
            ("SNS:*", false),
            ("sqs:SendMessage", false),
        ] {
            assert_eq!(check_action(action).is_ok(), good, "{action}");
        }
    }
}
