//! Names of things: accounts, Regions, ARNs. Newtypes, so that they cannot be mixed up.

use std::borrow::Borrow;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

macro_rules! name {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Arc<str>);

        impl $name {
            /// Wraps a text as it is.
            pub fn new(text: impl AsRef<str>) -> Self {
                Self(Arc::from(text.as_ref()))
            }
            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }
        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self::new(text)
            }
        }
        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self::new(text)
            }
        }
        impl PartialEq<str> for $name {
            fn eq(&self, other: &str) -> bool {
                &*self.0 == other
            }
        }
        impl PartialEq<&str> for $name {
            fn eq(&self, other: &&str) -> bool {
                &*self.0 == *other
            }
        }
    };
}

name! {
    /// A 12-digit account id.
    AccountId
}
name! {
    /// A Region's code, e.g. `us-east-1`.
    Region
}
name! {
    /// An Amazon Resource Name: `arn:partition:service:region:account:resource`.
    Arn
}

impl AccountId {
    /// Whether the text has the form of an account id.
    pub fn is_valid(text: &str) -> bool {
        text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit())
    }
}

impl Region {
    /// The partition that the Region belongs to. [D]
    pub fn partition(&self) -> &'static str {
        if self.0.starts_with("cn-") {
            "aws-cn"
        } else if self.0.starts_with("us-gov-") {
            "aws-us-gov"
        } else if self.0.starts_with("eusc-") {
            "aws-eusc"
        } else {
            "aws"
        }
    }

    /// The DNS suffix of the Region's endpoints. [D]
    pub fn dns_suffix(&self) -> &'static str {
        match self.partition() {
            "aws-cn" => "amazonaws.com.cn",
            "aws-eusc" => "amazonaws.eu",
            _ => "amazonaws.com",
        }
    }
}

impl Arn {
    /// Builds the ARN of a resource that lives in a Region.
    pub fn of(service: &str, region: &Region, account: &AccountId, resource: impl fmt::Display) -> Self {
        Self::new(format!("arn:{}:{service}:{region}:{account}:{resource}", region.partition()))
    }

    /// Builds the ARN of a global resource (IAM, Organizations).
    pub fn global(partition: &str, service: &str, account: &AccountId, resource: impl fmt::Display) -> Self {
        Self::new(format!("arn:{partition}:{service}::{account}:{resource}"))
    }

    /// Parses a text that must have the six parts of an ARN.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.splitn(6, ':');
        (parts.next() == Some("arn") && parts.count() == 5).then(|| Self::new(text))
    }

    /// One of the six parts; what is no ARN has empty ones. Asked very often.
    fn part(&self, n: usize) -> &str {
        let text = self.as_str();
        let mut colons = memchr::memchr_iter(b':', text.as_bytes()).take(5);
        let start = match n {
            0 => Some(0),
            _ => colons.nth(n - 1).map(|colon| colon + 1),
        };
        let end = colons.next().unwrap_or(text.len());
        start.map_or("", |start| &text[start..end])
    }
    /// `aws`, `aws-cn`, `aws-us-gov`.
    pub fn partition(&self) -> &str {
        self.part(1)
    }
    /// E.g. `events`.
    pub fn service(&self) -> &str {
        self.part(2)
    }
    /// The Region; empty for global resources.
    pub fn region(&self) -> Region {
        Region::new(self.part(3))
    }
    /// The owner.
    pub fn account(&self) -> AccountId {
        AccountId::new(self.part(4))
    }
    /// What follows the account, e.g. `rule/root-activity`.
    pub fn resource(&self) -> &str {
        self.part(5)
    }
    /// The last segment after `/` or `:`, usually the resource's name.
    pub fn name(&self) -> &str {
        self.resource().rsplit(['/', ':']).next().unwrap_or("")
    }
    /// Whether the resource lives in this account and Region.
    pub fn is_in(&self, account: &AccountId, region: &Region) -> bool {
        self.part(4) == account.as_str() && self.part(3) == region.as_str()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arn_parts() {
        let arn = Arn::of("events", &"cn-north-1".into(), &"111122223333".into(), "rule/bus/name");
        assert_eq!(arn.as_str(), "arn:aws-cn:events:cn-north-1:111122223333:rule/bus/name");
        assert_eq!((arn.service(), arn.resource(), arn.name()), ("events", "rule/bus/name", "name"));
        assert!(arn.is_in(&"111122223333".into(), &"cn-north-1".into()));
        for bad in ["", "arn:aws", "urn:aws:sns:us-east-1:1:x", "arn:aws:sns:us-east-1:1"] {
            assert_eq!(Arn::parse(bad), None, "{bad}");
        }
    }
}
