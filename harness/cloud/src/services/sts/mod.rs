//! STS: who is who, and sessions of roles.

use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::api::{ApiError, Call, Operation, Reply, lenient};
use crate::id::{AccountId, Arn};
use crate::policy::{Context, Principal, ResourceKind};
use crate::services::iam;
use crate::table::Table;
use crate::time::Time;

/// State of the service: the sessions that were issued, by access key.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct State {
    sessions: Table<String, Session>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Session {
    principal: Principal,
    role_id: String,
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
    Operation::noted("AssumeRole", assume_role, "no session policies, tags or MFA"),
    Operation::new("GetCallerIdentity", get_caller_identity),
];

/// Who stands behind an access key: 12 digits are that account's administrator, `ASIA…` a session issued here.
pub fn principal_of(state: &crate::state::State, access_key: &str) -> Option<Principal> {
    if AccountId::is_valid(access_key) {
        let account = access_key.to_owned();
        return Some(Principal::Administrator { arn: format!("arn:aws:iam::{account}:root"), account });
    }
    state.sts.sessions.get(access_key).map(|session| session.principal.clone())
}

/// Issues a session of a role, without asking anybody: callers have decided.
pub fn issue(state: &mut crate::state::State, role: &Arn, session: &str, seconds: i64) -> Credentials {
    const KEY: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let access_key_id = format!("ASIA{}", state.random_text(16, KEY));
    let secret_access_key = state.hex(40);
    let session_token = state.hex(64);
    let role_id = iam::role_id(state, role).unwrap_or_default();
    let principal = session_principal(role, session);
    state.sts.sessions.insert(access_key_id.clone(), Session { principal, role_id });
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
    }
}

fn get_caller_identity(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    // Needs no permission. [D] API_GetCallerIdentity
    let user_id = match &call.caller {
        Principal::Role { session_arn, role_arn, .. } => {
            let id = iam::role_id(call.state, &Arn::new(role_arn)).unwrap_or_default();
            format!("{id}:{}", Arn::new(session_arn).name())
        }
        _ => call.account.to_string(),
    };
    Ok(json!({"UserId": user_id, "Account": call.account.as_str(), "Arn": call.caller.arn()}).into())
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct AssumeRole {
    role_arn: String,
    role_session_name: String,
    #[serde(default)]
    external_id: Option<String>,
    #[serde(default, deserialize_with = "lenient::optional")]
    duration_seconds: Option<i64>,
}

fn assume_role(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let input: AssumeRole = call.input()?;
    let seconds = input.duration_seconds.unwrap_or(3600);
    let role = Arn::parse(&input.role_arn)
        .filter(|role| role.service() == "iam" && role.resource().starts_with("role/"))
        .ok_or_else(|| ApiError::new("ValidationError", format!("{} is invalid", input.role_arn)))?;
    if !(900..=43_200).contains(&seconds) {
        let text = format!(
            "1 validation error detected: Value '{seconds}' at 'durationSeconds' failed to satisfy constraint: Member \
             must have value {}",
            if seconds < 900 { "greater than or equal to 900" } else { "less than or equal to 43200" }
        );
        return Err(ApiError::new("ValidationError", text));
    }
    let mut context = Context::new().with("sts:RoleSessionName", input.role_session_name.as_str());
    if let Some(external_id) = &input.external_id {
        context = context.with("sts:ExternalId", external_id.as_str());
    }
    // A role that is not there looks like one that says no. [D] troubleshoot_roles
    let trust = iam::trust_policy(call.state, &role);
    let name = format!("trust policy of role {}", role.name());
    let policy = trust.as_ref().map(|trust| (name.as_str(), trust));
    call.authorise_kind("sts:AssumeRole", &role, context, policy, ResourceKind::RoleTrust)?;
    let credentials = issue(call.state, &role, &input.role_session_name, seconds);
    let id = iam::role_id(call.state, &role).unwrap_or_default();
    Ok(json!({
        "Credentials": {
            "AccessKeyId": credentials.access_key_id,
            "SecretAccessKey": credentials.secret_access_key,
            "SessionToken": credentials.session_token,
            "Expiration": credentials.expiration.iso_seconds(),
        },
        "AssumedRoleUser": {
            "AssumedRoleId": format!("{id}:{}", input.role_session_name),
            "Arn": session_principal(&role, &input.role_session_name).arn(),
        },
    })
    .into())
}
