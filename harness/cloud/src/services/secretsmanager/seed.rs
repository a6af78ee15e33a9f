//! A secret that an account has before anything is deployed.

use std::collections::BTreeMap;

use super::secret::{CURRENT, Secret, Version};
use crate::id::Arn;
use crate::state::State;

/// Gives an account a secret with exactly this ARN, which CreateSecret would end with letters of its own. One that is
/// there is replaced.
pub fn seed_secret(state: &mut State, arn: &Arn, value: &str) {
    let name = arn.resource().strip_prefix("secret:").unwrap_or(arn.resource());
    // `-` and six letters end every ARN. [D] Secrets Manager, whats-in-a-secret
    let name = name.rsplit_once('-').filter(|(_, suffix)| suffix.len() == 6).map_or(name, |(name, _)| name);
    let now = state.now;
    let mut secret = Secret {
        name: name.to_owned(),
        description: String::new(),
        kms_key: None,
        versions: BTreeMap::new(),
        stages: BTreeMap::new(),
        policy: None,
        tags: None,
        deleted: None,
        created: now,
        changed: now,
        accessed: None,
    };
    let (id, sequence) = (state.uuid(), state.next_sequence());
    let version = Version { string: Some(value.to_owned()), binary: None, created: now, sequence, accessed: None };
    secret.add(&id, version, &[CURRENT.to_owned()]);
    state.secrets.secrets.insert(arn.clone(), secret);
}
