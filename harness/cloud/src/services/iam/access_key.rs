//! Access keys of users. [D] API_CreateAccessKey, API_UpdateAccessKey, API_DeleteAccessKey, API_ListAccessKeys

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::request::{no_such, page, required};
use super::user_operations::named_or_caller;
use crate::api::{ApiError, Call, Reply};
use crate::id::Arn;
use crate::time::Time;

/// How many a user may have. [D] reference_iam-quotas
const MOST: usize = 2;

/// A key; its secret is checked nowhere and not kept.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct AccessKey {
    /// Whose it is.
    pub user: Arn,
    /// Whether it may be used.
    pub active: bool,
    /// When it was made.
    pub created: Time,
}

impl AccessKey {
    fn shape(&self, id: &str) -> Value {
        let status = if self.active { "Active" } else { "Inactive" };
        json!({
            "UserName": self.user.name(), "AccessKeyId": id, "Status": status,
            "CreateDate": self.created.iso_seconds(),
        })
    }
}

/// The user whose key this is, if it may be used.
pub(crate) fn user_of_key<'a>(state: &'a crate::state::State, id: &str) -> Option<&'a Arn> {
    state.iam.access_keys.get(id).filter(|key| key.active).map(|key| &key.user)
}

pub(super) fn create(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let user = named_or_caller(call)?;
    if call.state.iam.access_keys.values().filter(|key| key.user == user).count() >= MOST {
        let text = format!("Cannot exceed quota for AccessKeysPerUser: {MOST}");
        return Err(ApiError::new("LimitExceeded", text).status(409));
    }
    let id = format!("AKIA{}", call.state.random_text(16, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"));
    let key = AccessKey { user, active: true, created: call.state.now };
    let mut shape = key.shape(&id);
    shape["SecretAccessKey"] = json!(call.state.hex(40));
    call.state.iam.access_keys.insert(id, key);
    Ok(json!({"AccessKey": shape}).into())
}

/// The key that the call names, of the user that it names.
fn key<'a>(call: &'a mut Call<'_>) -> Result<(String, &'a mut AccessKey), ApiError> {
    let user = named_or_caller(call)?;
    let id = required(call, "AccessKeyId")?.to_owned();
    let missing = no_such(format!("The Access Key with id {id} cannot be found"));
    let key = call.state.iam.access_keys.get_mut(&id).filter(|key| key.user == user);
    key.map(|key| (id, key)).ok_or(missing)
}

pub(super) fn update(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let active = match required(call, "Status")? {
        "Active" => true,
        "Inactive" => false,
        other => {
            let text = format!(
                "1 validation error detected: Value '{other}' at 'status' failed to satisfy constraint: Member must \
                 satisfy enum value set: [Active, Inactive]"
            );
            return Err(ApiError::new("ValidationError", text));
        }
    };
    key(call)?.1.active = active;
    Ok(Reply::empty())
}

pub(super) fn delete(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let (id, _) = key(call)?;
    call.state.iam.access_keys.remove(&id);
    Ok(Reply::empty())
}

pub(super) fn list(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let user = named_or_caller(call)?;
    let keys = call.state.iam.access_keys.iter().filter(|(_, key)| key.user == user);
    let shapes = keys.map(|(id, key)| key.shape(id)).collect();
    page(call, "AccessKeyMetadata", shapes)
}
