//! Facts about AWS that no public source settles and that the monitor's deployment depends on.
//!
//! The cloud behaves as the first alternative of each says. A run can select another one: the monitor must work under every
//! alternative, because nobody knows which one AWS has. `docs/assumptions.md` lists them with their sources.

use serde::{Deserialize, Serialize};

macro_rules! assumptions {
    ($(
        $(#[$doc:meta])*
        $field:ident $name:literal $kind:ident {
            $($(#[$alternative_doc:meta])* $alternative:ident $text:literal,)+
        }
    )+) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
            pub enum $kind {
                $($(#[$alternative_doc])* #[serde(rename = $text)] $alternative,)+
            }
        )+

        /// One alternative of each assumption.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[serde(default)]
        pub struct Assumptions {
            $($(#[$doc])* #[serde(rename = $name)] pub $field: $kind,)+
        }

        impl Assumptions {
            /// The name and the alternatives of each assumption. The first alternative is the default.
            pub const ALTERNATIVES: &'static [(&'static str, &'static [&'static str])] =
                &[$(($name, &[$($text),+])),+];

            fn set(&mut self, name: &str, alternative: &str) -> Option<()> {
                match (name, alternative) {
                    $($(($name, $text) => self.$field = $kind::$alternative,)+)+
                    _ => return None,
                }
                Some(())
            }
        }
    };
}

assumptions! {
    /// The principal whose permission PutTargets checks on the bus of another account or Region.
    put_targets "put-targets" PutTargets {
        /// The target's role, for an event that satisfies every condition on the event itself.
        #[default]
        Role "role",
        /// The target's role, in a request without the keys `events:*`.
        RoleWithoutEventKeys "role-without-event-keys",
        /// The caller of PutTargets, in a request without the keys `events:*`.
        Caller "caller",
        /// Nobody's.
        Nobody "nobody",
    }
    /// The key `events:eventBusInvocation` of a delivery to a bus of the same account.
    own_account_invocation "own-account-invocation" OwnAccountInvocation {
        /// The key is `true`, as for a bus of another account.
        #[default]
        True "true",
        /// The key is `false`.
        False "false",
        /// The request has no such key.
        Absent "absent",
    }
    /// The buses on which the state `ENABLED` of a rule drops read-only management events.
    read_only_state "read-only-state" ReadOnlyState {
        /// Every bus.
        #[default]
        EveryBus "every-bus",
        /// The default bus, to which CloudTrail delivers.
        DefaultBus "default-bus",
    }
    /// The key `aws:SourceAccount` of a delivery to a queue.
    queue_source_account "queue-source-account" QueueSourceAccount {
        /// The request has the key.
        #[default]
        Present "present",
        /// The request does not have the key.
        Absent "absent",
    }
}

/// An assumption or an alternative that does not exist.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown assumption `{given}`: expected NAME=ALTERNATIVE, one of {}", names())]
pub struct UnknownAssumption {
    given: String,
}

fn names() -> String {
    let alternatives = |(name, alternatives): &(&str, &[&str])| format!("{name}={}", alternatives.join("|"));
    Assumptions::ALTERNATIVES.iter().map(alternatives).collect::<Vec<_>>().join(", ")
}

impl Assumptions {
    /// Selects an alternative, written `NAME=ALTERNATIVE`.
    ///
    /// # Errors
    /// When there is no such assumption or alternative.
    pub fn select(&mut self, text: &str) -> Result<(), UnknownAssumption> {
        text.split_once('=')
            .and_then(|(name, alternative)| self.set(name, alternative))
            .ok_or_else(|| UnknownAssumption { given: text.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn selects_each_alternative_by_name() {
        for (name, alternatives) in Assumptions::ALTERNATIVES {
            for (index, alternative) in alternatives.iter().enumerate() {
                let mut assumptions = Assumptions::default();
                assumptions.select(&format!("{name}={alternative}")).unwrap();
                assert_eq!(assumptions == Assumptions::default(), index == 0, "{name}={alternative}");
            }
        }
    }

    #[test]
    fn refuses_unknown_names_and_alternatives() {
        for text in ["put-targets", "put-targets=everybody", "gravity=off"] {
            let error = Assumptions::default().select(text).unwrap_err().to_string();
            assert!(error.contains(text) && error.contains("put-targets=role|"), "{error}");
        }
    }
}
