//! CloudWatch Logs: groups, streams, metric and subscription filters, saved queries and resource policies.

mod check;
mod events;
mod filter_operations;
mod group;
mod group_operations;
mod metric_filter;
mod query_operations;
mod read;
mod resource_policy;
mod stream_operations;
mod subscription;
mod subscription_operations;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::api::Operation;
use crate::authz::PolicyText;
use crate::id::{AccountId, Arn, Region};
use crate::table::Table;

pub use events::put_events;
pub use group::{Group, LogEvent, MetricFilter, QueryDefinition, SubscriptionFilter};
pub use resource_policy::ResourcePolicy;

/// State of the service. Groups are kept by ARN without `:*`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct State {
    groups: Table<Arn, Group>,
    queries: Table<String, QueryDefinition>,
    /// Resource policies by account and Region.
    policies: Table<(AccountId, Region), BTreeMap<String, ResourcePolicy>>,
}

/// Whether a log group is there.
pub(crate) fn group_exists(state: &crate::state::State, group: &Arn) -> bool {
    state.logs.groups.contains(group)
}

/// The resource policies of an account in a Region, each with its name.
pub(crate) fn resource_policies(
    state: &crate::state::State,
    account: &AccountId,
    region: &Region,
) -> Vec<(String, PolicyText)> {
    let found = state.logs.policies.get(&(account.clone(), region.clone()));
    found
        .into_iter()
        .flatten()
        .map(|(name, policy)| (format!("resource policy {name}"), policy.policy.clone()))
        .collect()
}

/// Operations of the service.
pub const OPERATIONS: &[Operation] = &[
    Operation::noted(
        "AssociateKmsKey",
        group_operations::associate_kms_key,
        "of a group; the key's policy is not checked",
    ),
    Operation::new("CreateLogGroup", group_operations::create_log_group),
    Operation::new("CreateLogStream", stream_operations::create_log_stream),
    Operation::new("DeleteLogGroup", group_operations::delete_log_group),
    Operation::new("DeleteLogStream", stream_operations::delete_log_stream),
    Operation::new("DeleteMetricFilter", filter_operations::delete_metric_filter),
    Operation::new("DeleteQueryDefinition", query_operations::delete_query_definition),
    Operation::new("DeleteResourcePolicy", resource_policy::delete_resource_policy),
    Operation::new("DeleteRetentionPolicy", group_operations::delete_retention_policy),
    Operation::new("DeleteSubscriptionFilter", subscription_operations::delete_subscription_filter),
    Operation::new("DescribeLogGroups", group_operations::describe_log_groups),
    Operation::new("DescribeLogStreams", stream_operations::describe_log_streams),
    Operation::new("DescribeMetricFilters", filter_operations::describe_metric_filters),
    Operation::noted("DescribeQueryDefinitions", query_operations::describe_query_definitions, "one page"),
    Operation::new("DescribeResourcePolicies", resource_policy::describe_resource_policies),
    Operation::new("DescribeSubscriptionFilters", subscription_operations::describe_subscription_filters),
    Operation::new("DisassociateKmsKey", group_operations::disassociate_kms_key),
    Operation::new("FilterLogEvents", read::filter_log_events),
    Operation::new("GetLogEvents", read::get_log_events),
    Operation::new("ListLogGroups", group_operations::list_log_groups),
    Operation::new("ListTagsForResource", group_operations::list_tags_for_resource),
    Operation::new("ListTagsLogGroup", group_operations::list_tags_log_group),
    Operation::new("PutLogEvents", events::put_log_events),
    Operation::new("PutMetricFilter", filter_operations::put_metric_filter),
    Operation::new("PutQueryDefinition", query_operations::put_query_definition),
    Operation::new("PutResourcePolicy", resource_policy::put_resource_policy),
    Operation::new("PutRetentionPolicy", group_operations::put_retention_policy),
    Operation::noted(
        "PutSubscriptionFilter",
        subscription_operations::put_subscription_filter,
        "to Lambda functions of the account only",
    ),
    Operation::new("TagLogGroup", group_operations::tag_log_group),
    Operation::new("TagResource", group_operations::tag_resource),
    Operation::new("TestMetricFilter", filter_operations::test_metric_filter),
    Operation::new("UntagLogGroup", group_operations::untag_log_group),
    Operation::new("UntagResource", group_operations::untag_resource),
];
