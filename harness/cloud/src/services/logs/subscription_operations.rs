//! Operations on subscription filters. [V] LS:logs/test_logs_subscription_filters

use serde_json::{Value, json};

use super::check::{invalid, length, limit, page, without};
use super::group::SubscriptionFilter;
use super::group_operations::{group, group_arn, name_of, named};
use super::subscription;
use crate::api::{ApiError, Call, Reply};
use crate::id::Arn;
use rootwatch_logfilter::FilterPattern;

/// Subscription filters of a group. [D] CloudWatch Logs quotas
const MOST: usize = 2;

/// Only functions of the account are destinations here; what AWS refuses of the others is refused in its words.
fn check_destination(call: &Call<'_>, destination: &Arn) -> Result<(), ApiError> {
    match destination.service() {
        "lambda" if destination.account() != call.account => Err(ApiError::new(
            "AccessDeniedException",
            "Cross-account lambda invocation passing is not allowed. You must use DestinationPolicies to create cross \
             account lambda triggers.",
        )),
        "lambda" => Ok(()),
        vendor @ ("kinesis" | "firehose") if call.text("roleArn").is_none() => {
            Err(invalid(format!("destinationArn for vendor {vendor} cannot be used without roleArn")))
        }
        vendor @ ("kinesis" | "firehose" | "logs") => {
            let text = format!("rootwatch: subscription filters deliver to Lambda only, not to {vendor}");
            Err(ApiError::new("NotImplemented", text).status(501))
        }
        vendor => {
            Err(invalid(format!("PutSubscriptionFilter operation cannot work with destinationArn for vendor {vendor}")))
        }
    }
}

pub(super) fn put_subscription_filter(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let name = call.text("filterName").unwrap_or_default().to_owned();
    length(&name, "filterName", 1, 512)?;
    without(&name, "filterName", ":*")?;
    let text = call.text("filterPattern").unwrap_or_default().to_owned();
    length(&text, "filterPattern", 0, FilterPattern::MAX_CHARACTERS)?;
    let group_arn = group_arn(call, call.text("logGroupName").unwrap_or_default());
    call.authorise("logs:PutSubscriptionFilter", &Arn::new(format!("{group_arn}:*")))?;
    let destination = call.text("destinationArn").unwrap_or_default();
    let destination = Arn::parse(destination).ok_or_else(|| invalid("Invalid destinationArn"))?;
    check_destination(call, &destination)?;
    let found = group(call, &group_arn)?;
    if found.subscriptions.len() >= MOST && !found.subscriptions.contains_key(&name) {
        return Err(ApiError::new("LimitExceededException", "Resource limit exceeded."));
    }
    FilterPattern::parse(&text).map_err(|error| invalid(error.aws_message()))?;
    if !subscription::may_invoke(call.state, &group_arn, &destination) {
        let text = "Could not execute the lambda function. Make sure you have given CloudWatch Logs permission to execute \
                    your function.";
        return Err(invalid(text));
    }
    let filter = SubscriptionFilter {
        pattern: text,
        destination,
        distribution: call.text("distribution").unwrap_or("ByLogStream").to_owned(),
        created: call.state.now,
    };
    group(call, &group_arn)?.subscriptions.insert(name, filter);
    Ok(Reply::empty())
}

pub(super) fn describe_subscription_filters(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let limit = limit(call, 50, 50)?;
    let arn = named(call, "logs:DescribeSubscriptionFilters", None)?;
    let prefix = call.text("filterNamePrefix").unwrap_or_default().to_owned();
    let found = group(call, &arn)?.subscriptions.iter().filter(|(name, _)| name.starts_with(&prefix));
    let shown: Vec<Value> = found
        .map(|(name, filter)| {
            json!({
                "filterName": name, "logGroupName": name_of(&arn), "filterPattern": filter.pattern,
                "destinationArn": filter.destination.as_str(), "distribution": filter.distribution,
                "creationTime": filter.created.0, "applyOnTransformedLogs": false,
            })
        })
        .collect();
    let (shown, next) = page(call, shown, limit)?;
    let mut answer = json!({"subscriptionFilters": shown});
    if let Some(next) = next {
        answer["nextToken"] = json!(next);
    }
    Ok(answer.into())
}

pub(super) fn delete_subscription_filter(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let arn = named(call, "logs:DeleteSubscriptionFilter", None)?;
    let name = call.text("filterName").unwrap_or_default().to_owned();
    let missing = || ApiError::new("ResourceNotFoundException", "The specified subscription filter does not exist.");
    group(call, &arn)?.subscriptions.remove(&name).map(|_| Reply::empty()).ok_or_else(missing)
}
