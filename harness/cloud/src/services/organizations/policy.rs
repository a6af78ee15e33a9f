//! The organization's policies and what of them applies to an account.
//! [D] Organizations user guide, orgs_manage_policies_scps_evaluation, orgs_manage_policies_rcps

use std::collections::BTreeSet;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use super::State;
use super::hierarchy::NodeType;
use crate::authz::PolicyText;
use crate::table::Table;

/// The types of policies that limit permissions. AWS has others, which manage services.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) enum PolicyType {
    ServiceControl,
    ResourceControl,
}

/// Policies, and to what they are attached.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Policies {
    /// The types in use: none until somebody enables it. [D] API_EnablePolicyType
    pub(super) enabled: BTreeSet<PolicyType>,
    /// The organization's own, by their ids.
    pub(super) own: Table<String, OrganizationPolicy>,
    /// The ids of the policies that are attached to a root, a unit or an account.
    pub(super) attached: Table<String, BTreeSet<String>>,
}

/// A policy of the organization.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct OrganizationPolicy {
    pub(super) name: String,
    pub(super) description: String,
    pub(super) policy_type: PolicyType,
    pub(super) content: PolicyText,
}

/// Services whose resources a resource control policy reaches, of those that this cloud has: of the action, so that a
/// role is STS's. [D] orgs_manage_policies_rcps; CloudWatch Logs and DynamoDB as listed in 2025
const RESOURCE_CONTROL: [&str; 6] = ["sqs", "kms", "secretsmanager", "sts", "logs", "dynamodb"];

/// Whether resource control policies reach what an action is done on.
pub(crate) fn has_resource_control(action: &str) -> bool {
    action.split(':').next().is_some_and(|service| RESOURCE_CONTROL.contains(&service))
}

impl PolicyType {
    pub(super) const ALL: [Self; 2] = [Self::ServiceControl, Self::ResourceControl];

    /// As the API names it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::ServiceControl => "SERVICE_CONTROL_POLICY",
            Self::ResourceControl => "RESOURCE_CONTROL_POLICY",
        }
    }

    /// AWS's own policy of the type, which allows everything: its id and its name. [D]
    pub(super) fn full_access(self) -> [&'static str; 2] {
        match self {
            Self::ServiceControl => ["p-FullAWSAccess", "FullAWSAccess"],
            Self::ResourceControl => ["p-RCPFullAWSAccess", "RCPFullAWSAccess"],
        }
    }

    /// What the type's full access says. [D]
    fn everything(self) -> Option<PolicyText> {
        static SERVICE: LazyLock<Option<PolicyText>> = LazyLock::new(|| {
            PolicyText::parse(
                r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#,
            )
            .ok()
        });
        static RESOURCE: LazyLock<Option<PolicyText>> = LazyLock::new(|| {
            let text = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}]}"#;
            PolicyText::parse(text).ok()
        });
        match self {
            Self::ServiceControl => SERVICE.clone(),
            Self::ResourceControl => RESOURCE.clone(),
        }
    }
}

impl State {
    /// A policy by its id: the organization's own, or AWS's.
    pub(super) fn policy(&self, id: &str) -> Option<OrganizationPolicy> {
        let aws = PolicyType::ALL.into_iter().find(|policy_type| policy_type.full_access()[0] == id);
        match aws {
            Some(policy_type) => Some(OrganizationPolicy {
                name: policy_type.full_access()[1].to_owned(),
                description: "Allows access to every operation".to_owned(),
                content: policy_type.everything()?,
                policy_type,
            }),
            None => self.policies.own.get(id).cloned(),
        }
    }

    /// The policies of a type that are attached to a root, a unit or an account, with their ids.
    pub(super) fn attached(&self, target: &str, policy_type: PolicyType) -> Vec<(String, OrganizationPolicy)> {
        let ids = self.policies.attached.get(target).into_iter().flatten();
        let found = ids.filter_map(|id| Some((id.clone(), self.policy(id)?)));
        found.filter(|(_, policy)| policy.policy_type == policy_type).collect()
    }

    /// Every id of the tree.
    pub(super) fn targets(&self) -> Vec<String> {
        let accounts = self.accounts.keys().map(ToString::to_string);
        self.root_id().into_iter().chain(self.hierarchy.units.keys().cloned()).chain(accounts).collect()
    }

    /// What is new in the tree has full access of each type in use. [D]
    pub(super) fn attach_full_access(&mut self, target: &str) {
        let ids: Vec<String> =
            self.policies.enabled.iter().map(|policy_type| policy_type.full_access()[0].to_owned()).collect();
        if !ids.is_empty() {
            self.policies.attached.entry(target.to_owned(), BTreeSet::new).extend(ids);
        }
    }

    /// The levels above an account to which policies of a type apply: none where the type is not in use, and none for
    /// the management account, which no policy of the organization limits. [D]
    fn limited_levels(&self, account: &str, policy_type: PolicyType) -> Vec<String> {
        let management = self.management.as_ref().is_some_and(|management| *management == *account);
        if management || !self.policies.enabled.contains(&policy_type) {
            return Vec::new();
        }
        self.levels(account)
    }

    /// The policies of one level, each with a name for traces.
    fn level(&self, target: &str, policy_type: PolicyType) -> Vec<(String, PolicyText)> {
        let what = match policy_type {
            PolicyType::ServiceControl => "service control policy",
            PolicyType::ResourceControl => "resource control policy",
        };
        let place = match self.node(target) {
            Some(NodeType::Account) => format!("account {target}"),
            Some(NodeType::OrganizationalUnit) => format!("organizational unit {target}"),
            Some(NodeType::Root) | None => format!("root {target}"),
        };
        let policies = self.attached(target, policy_type).into_iter();
        policies.map(|(_, policy)| (format!("{what} {} of {place}", policy.name), policy.content)).collect()
    }

    /// The service control policies above an account, level by level from the root down: each must allow.
    pub(crate) fn service_control_policies(&self, account: &str) -> Vec<Vec<(String, PolicyText)>> {
        let levels = self.limited_levels(account, PolicyType::ServiceControl).into_iter();
        levels.map(|level| self.level(&level, PolicyType::ServiceControl)).collect()
    }

    /// The resource control policies above the account of a resource.
    pub(crate) fn resource_control_policies(&self, account: &str) -> Vec<(String, PolicyText)> {
        let levels = self.limited_levels(account, PolicyType::ResourceControl).into_iter();
        levels.flat_map(|level| self.level(&level, PolicyType::ResourceControl)).collect()
    }
}
