//! STS: who is who, and sessions of roles.

mod assume_role;
mod session_policies;
mod session_tags;

use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::api::{ApiError, Call, Operation, Reply};
use crate::authz::PolicyText;
use crate::id::{AccountId, Arn, Region};
use crate::services::iam;
use crate::table::Table;
use crate::time::Time;
use rootwatch_policy::Principal;

/// State of the service: the sessions that were issued, by access key.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct State {
    sessions: Table<String, Session>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Session {
    principal: Principal,
    role_id: String,
    /// Tags of the session; sessions that follow from it inherit the transitive ones.
    #[serde(default)]
    tags: Vec<session_tags::Tag>,
    /// What limits the session, each with a name for traces: as it was when the session was given out. [?] for managed
    /// policies that change later
    #[serde(default)]
    policies: Vec<(String, PolicyText)>,
}

/// Temporary credentials.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credentials {
    /// `ASIA…`
    pub access_key_id: String,
    /// Not checked anywhere.
    pub secret_access_key: String,
    /// Not checked anywhere.
    pub session_token: String,
    /// When they end. Calls are not refused after it: virtual time may jump. [?]
    pub expiration: Time,
}

/// Operations of the service.
pub const OPERATIONS: &[Operation] = &[
    Operation::noted(
        "AssumeRole",
        assume_role::assume_role,
        "no MFA; session tags are kept and handed on, but are no condition keys of later calls",
    ),
    Operation::new("GetCallerIdentity", get_caller_identity),
];

/// The user whose credentials every account has: the id of the account as the access key. IAM does not list it.
pub(crate) const ADMINISTRATOR: &str = "user/administrator";

/// The principal of an access key: 12 digits are that account's administrator, in the partition of the Region that is
/// called; `AKIAROOT` and 12 digits are that account's root user; any other `AKIA…` is a user, `ASIA…` a session issued here.
pub fn principal_of(state: &crate::state::State, access_key: &str, region: &Region) -> Option<Principal> {
    if AccountId::is_valid(access_key) {
        let account = access_key.to_owned();
        let arn = format!("arn:{}:iam::{account}:{ADMINISTRATOR}", region.partition());
        return Some(Principal::Administrator { arn, account });
    }
    if let Some(account) = access_key.strip_prefix("AKIAROOT").filter(|account| AccountId::is_valid(account)) {
        return Some(Principal::Root { account: account.to_owned() });
    }
    let user = || {
        let user = iam::user_of_key(state, access_key)?;
        Some(Principal::User { arn: user.to_string(), account: user.account().to_string() })
    };
    state.sts.sessions.get(access_key).map(|session| session.principal.clone()).or_else(user)
}

/// Issues a session of a role, without asking anybody: callers have decided.
pub fn issue(state: &mut crate::state::State, role: &Arn, session: &str, seconds: i64) -> Credentials {
    issue_limited(state, role, session, seconds, Vec::new(), Vec::new())
}

/// The same with tags and session policies.
fn issue_limited(
    state: &mut crate::state::State,
    role: &Arn,
    session: &str,
    seconds: i64,
    tags: Vec<session_tags::Tag>,
    policies: Vec<(String, PolicyText)>,
) -> Credentials {
    const KEY: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let access_key_id = format!("ASIA{}", state.random_text(16, KEY));
    let secret_access_key = state.hex(40);
    let session_token = state.hex(64);
    let role_id = iam::unique_id(state, role).unwrap_or_default();
    let mut principal = session_principal(role, session);
    if let Principal::Role { access_key, .. } = &mut principal {
        *access_key = Some(access_key_id.clone());
    }
    state.sts.sessions.insert(access_key_id.clone(), Session { principal, role_id, tags, policies });
    let expiration = Time(state.now.0 + seconds * 1000);
    Credentials { access_key_id, secret_access_key, session_token, expiration }
}

/// The principal of a role session. [V] LS:sts::test_assume_role
pub(crate) fn session_principal(role: &Arn, session: &str) -> Principal {
    let account = role.account();
    Principal::Role {
        role_arn: role.to_string(),
        session_arn: Arn::global(role.partition(), "sts", &account, format!("assumed-role/{}/{session}", role.name()))
            .to_string(),
        account: account.to_string(),
        access_key: None,
    }
}

/// The session policies of a principal, each with a name for traces; none where nothing limits the session.
pub(crate) fn session_policies<'a>(
    state: &'a crate::state::State,
    principal: &Principal,
) -> &'a [(String, PolicyText)] {
    session_of(state, principal).map(|session| session.policies.as_slice()).unwrap_or_default()
}

fn session_of<'a>(state: &'a crate::state::State, principal: &Principal) -> Option<&'a Session> {
    let Principal::Role { access_key: Some(key), .. } = principal else { return None };
    state.sts.sessions.get(key)
}

fn get_caller_identity(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    // Needs no permission. [D] API_GetCallerIdentity
    let user_id = match &call.caller {
        Principal::Role { session_arn, role_arn, .. } => {
            let id = iam::unique_id(call.state, &Arn::new(role_arn)).unwrap_or_default();
            format!("{id}:{}", Arn::new(session_arn).name())
        }
        Principal::User { arn, .. } => iam::unique_id(call.state, &Arn::new(arn)).unwrap_or_default(),
        _ => call.account.to_string(),
    };
    Ok(json!({"UserId": user_id, "Account": call.account.as_str(), "Arn": call.caller.arn()}).into())
}

/// The tags of the calling session.
fn tags_of_caller(call: &Call<'_>) -> Vec<session_tags::Tag> {
    session_of(call.state, &call.caller).map(|session| session.tags.clone()).unwrap_or_default()
}

#[cfg(test)]
mod tests;
