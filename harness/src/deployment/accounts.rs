//! The accounts of the deployment under test, and the Regions that it covers.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

/// The Regions of the `aws` partition. [D] AWS account management, Regions
pub const REGIONS: [&str; 34] = [
    "af-south-1",
    "ap-east-1",
    "ap-east-2",
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-northeast-3",
    "ap-south-1",
    "ap-south-2",
    "ap-southeast-1",
    "ap-southeast-2",
    "ap-southeast-3",
    "ap-southeast-4",
    "ap-southeast-5",
    "ap-southeast-6",
    "ap-southeast-7",
    "ca-central-1",
    "ca-west-1",
    "eu-central-1",
    "eu-central-2",
    "eu-north-1",
    "eu-south-1",
    "eu-south-2",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "il-central-1",
    "me-central-1",
    "me-south-1",
    "mx-central-1",
    "sa-east-1",
    "us-east-1",
    "us-east-2",
    "us-west-1",
    "us-west-2",
];

/// Where root sign-ins appear; covered whatever else is asked for. [D] CloudTrail guide, console sign-in events
pub const SIGN_IN_REGIONS: [&str; 3] = ["us-east-1", "us-east-2", "us-west-2"];

/// Where a record without a Region of its own is delivered: global services' events are us-east-1's.
/// [D] CloudTrail guide, global service events
pub const DEFAULT_REGION: &str = "us-east-1";

/// Whether the text has the form of a Region of any partition, known today or not.
pub fn is_region_shaped(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let lower = |part: &&str| part.len() >= 2 && part.bytes().all(|byte| byte.is_ascii_lowercase());
    let number = |part: &str| !part.is_empty() && part.len() <= 2 && part.bytes().all(|byte| byte.is_ascii_digit());
    matches!(parts.as_slice(), [words @ .., last] if (2..=3).contains(&words.len()) && words.iter().all(lower) && number(last))
}

/// Whether the text has the form of a Region of the `aws` partition.
pub fn is_region(text: &str) -> bool {
    let mut parts = text.split('-');
    let (Some(area), Some(place), Some(number), None) = (parts.next(), parts.next(), parts.next(), parts.next()) else {
        return false;
    };
    ["us", "eu", "ap", "sa", "ca", "me", "af", "il", "mx"].contains(&area)
        && ["east", "west", "north", "south", "central", "northeast", "southeast", "northwest", "southwest"]
            .contains(&place)
        && number.len() == 1
        && number.bytes().all(|digit| digit.is_ascii_digit())
}

/// Who is who.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Accounts {
    /// The account with the bus, the topics and the alerters.
    pub hub: String,
    /// The Region of the bus.
    pub hub_region: String,
    /// The monitored account.
    pub spoke: String,
    /// The organization's management account; nothing is deployed there.
    pub management: String,
    /// The organization.
    pub organization: String,
    /// The name of the role in the spoke that Terraform assumes; its path comes before it.
    pub deploy_role_name: String,
    /// What the deploy role asks for.
    pub external_id: String,
    /// Further monitored accounts of the organization.
    #[serde(default)]
    pub further_spokes: BTreeSet<String>,
    /// Accounts of no organization that deploy a spoke for this hub.
    #[serde(default)]
    pub outsiders: BTreeSet<String>,
}

impl Default for Accounts {
    fn default() -> Self {
        Self {
            hub: "999988887777".into(),
            hub_region: "us-east-1".into(),
            spoke: "111122223333".into(),
            management: "999900001111".into(),
            organization: "o-rootwatch01".into(),
            deploy_role_name: "rootwatch-deploy".into(),
            external_id: "rootwatch-external-id".into(),
            further_spokes: BTreeSet::new(),
            outsiders: BTreeSet::new(),
        }
    }
}

impl Accounts {
    /// The role in the spoke that Terraform assumes.
    pub fn deploy_role(&self) -> String {
        self.deploy_role_in(&self.spoke)
    }

    /// The role of the same name in any monitored account.
    pub fn deploy_role_in(&self, account: &str) -> String {
        format!("arn:aws:iam::{account}:role/{}", self.deploy_role_name)
    }

    /// The accounts with a spoke other than the hub and the first spoke, members or not.
    pub fn further(&self) -> impl Iterator<Item = &String> {
        self.further_spokes.iter().chain(&self.outsiders)
    }
}

/// The Regions in which the spoke module is deployed, by account.
#[derive(Clone, Debug, Default, PartialEq, Hash, Eq, Serialize, Deserialize)]
pub struct Coverage {
    /// Regions of the spoke account.
    pub spoke: BTreeSet<String>,
    /// Regions of the hub account.
    pub hub: BTreeSet<String>,
    /// Regions of every further account.
    #[serde(default)]
    pub further: BTreeSet<String>,
}

impl Coverage {
    /// The sign-in Regions of all accounts: the fewest that a real deployment should have.
    pub fn minimal() -> Self {
        let regions: BTreeSet<String> = SIGN_IN_REGIONS.iter().map(|region| (*region).to_owned()).collect();
        Self { spoke: regions.clone(), hub: regions.clone(), further: regions }
    }

    /// One Region of all accounts: the cheapest deployment that a scenario can run on.
    pub fn of_region(region: &str) -> Self {
        let regions = BTreeSet::from([region.to_owned()]);
        Self { spoke: regions.clone(), hub: regions.clone(), further: regions }
    }

    /// Both together.
    pub fn union(mut self, other: &Self) -> Self {
        self.spoke.extend(other.spoke.iter().cloned());
        self.hub.extend(other.hub.iter().cloned());
        self.further.extend(other.further.iter().cloned());
        self
    }

    /// Whether everything that `other` covers is covered here.
    pub fn covers(&self, other: &Self) -> bool {
        self.spoke.is_superset(&other.spoke)
            && self.hub.is_superset(&other.hub)
            && self.further.is_superset(&other.further)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn regions() {
        for good in ["us-east-1", "eu-north-1", "ap-southeast-4", "me-central-1", "il-central-1", "mx-central-1"] {
            assert!(is_region(good), "{good}");
        }
        for shaped in ["us-east-1", "cn-north-1", "us-gov-west-1", "us-iso-east-1", "eusc-de-east-1", "mars-east-1"] {
            assert!(is_region_shaped(shaped), "{shaped}");
        }
        for not in ["global", "", "redacted", "us-east", "us-east-1a", "us-east-1-x", "US-EAST-1", "u-s-1"] {
            assert!(!is_region_shaped(not), "{not}");
        }
        for bad in ["global", "", "cn-north-1", "us-gov-west-1", "us-east-1a", "us-east", "mars-east-1"] {
            assert!(!is_region(bad), "{bad}");
        }
    }
}
