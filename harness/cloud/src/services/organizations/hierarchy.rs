//! The tree of an organization: its root, organizational units and accounts. [D] Organizations user guide, orgs_introduction

use serde::{Deserialize, Serialize};

use super::State;
use crate::id::AccountId;
use crate::table::Table;

/// Where accounts and units stand.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Hierarchy {
    /// Organizational units by their ids.
    pub(super) units: Table<String, Unit>,
    /// The unit of an account; accounts that are not here are right below the root.
    pub(super) accounts: Table<AccountId, String>,
}

/// An organizational unit.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Unit {
    pub(super) name: String,
    /// The id of a unit, or the root's.
    pub(super) parent: String,
}

/// The nodes of the tree, to which policies are attached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NodeType {
    Root,
    OrganizationalUnit,
    Account,
}

impl NodeType {
    /// As the API names it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Root => "ROOT",
            Self::OrganizationalUnit => "ORGANIZATIONAL_UNIT",
            Self::Account => "ACCOUNT",
        }
    }
}

impl State {
    /// The root's id, which follows from the organization's.
    pub(super) fn root_id(&self) -> Option<String> {
        let organization = self.organization.as_deref()?;
        let tail = organization.trim_start_matches("o-");
        Some("r-".to_owned() + tail.get(..4).unwrap_or(tail))
    }

    /// What an id means in the tree, if anything.
    pub(super) fn node(&self, id: &str) -> Option<NodeType> {
        if self.accounts.contains(id) {
            Some(NodeType::Account)
        } else if self.hierarchy.units.contains(id) {
            Some(NodeType::OrganizationalUnit)
        } else {
            (self.root_id().as_deref() == Some(id)).then_some(NodeType::Root)
        }
    }

    /// The id of the parent of an account or a unit.
    pub(super) fn parent_of(&self, id: &str) -> Option<String> {
        match self.node(id)? {
            NodeType::Root => None,
            NodeType::OrganizationalUnit => self.hierarchy.units.get(id).map(|unit| unit.parent.clone()),
            NodeType::Account => self.hierarchy.accounts.get(id).cloned().or_else(|| self.root_id()),
        }
    }

    /// The ids from the root down to the account itself; empty for who is no member.
    pub(super) fn levels(&self, account: &str) -> Vec<String> {
        let Some(root) = self.root_id().filter(|_| self.accounts.contains(account)) else { return Vec::new() };
        let units = self.units_above(account).into_iter().map(str::to_owned);
        std::iter::once(root).chain(units).chain([account.to_owned()]).collect()
    }

    /// The ids of the units that contain an account, from the root down.
    fn units_above(&self, account: &str) -> Vec<&str> {
        let mut units = Vec::new();
        let mut at = self.hierarchy.accounts.get(account);
        while let Some((id, unit)) = at.and_then(|id| Some((id, self.hierarchy.units.get(id)?))) {
            units.push(id.as_str());
            at = Some(&unit.parent);
        }
        units.reverse();
        units
    }

    /// The organization of an account and its path there, such as `o-a1b2c3d4e5/r-ab12/ou-ab12-11111111/`: the units
    /// above the account, without the account. [D] reference_policies_condition-keys, aws:PrincipalOrgPaths
    pub fn place_of(&self, account: &str) -> Option<(String, String)> {
        let organization = self.organization_of(account)?;
        let root = self.root_id()?;
        let mut path = String::with_capacity(64);
        for part in [organization.as_str(), root.as_str()].into_iter().chain(self.units_above(account)) {
            path.push_str(part);
            path.push('/');
        }
        Some((organization, path))
    }
}
