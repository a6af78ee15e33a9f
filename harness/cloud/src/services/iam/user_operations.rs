//! Operations on users. [D] API_CreateUser, API_GetUser, API_ListUsers, API_DeleteUser

use serde_json::json;

use super::identity::{Kind, create, identity, named, remove};
use super::role_operations::list;
use crate::api::{ApiError, Call, Reply};
use crate::id::Arn;
use crate::policy::Principal;

pub(super) fn create_user(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let wanted = call.input()?;
    let arn = create(call, Kind::User, wanted, || Ok(None))?;
    let shape = identity(call, &arn)?.made(&arn, false);
    Ok(json!({"User": shape}).into())
}

/// Who names no user means itself. [D] API_GetUser; the text: [T] answers of AWS in public repositories
pub(super) fn named_or_caller(call: &mut Call<'_>) -> Result<Arn, ApiError> {
    if call.text("UserName").is_none() {
        let Principal::User { arn, .. } = &call.caller else {
            let text = "Must specify userName when calling with non-User credentials";
            return Err(ApiError::new("ValidationError", text));
        };
        let name = Arn::new(arn).name().to_owned();
        call.params["UserName"] = name.into();
    }
    named(call, Kind::User)
}

pub(super) fn get_user(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let arn = named_or_caller(call)?;
    let shape = identity(call, &arn)?.shape(&arn);
    Ok(json!({"User": shape}).into())
}

pub(super) fn list_users(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    list(call, Kind::User)
}

pub(super) fn delete_user(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let arn = named(call, Kind::User)?;
    remove(call, &arn)?;
    Ok(Reply::empty())
}

/// There are no groups.
pub(super) fn list_groups(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    named(call, Kind::User)?;
    Ok(json!({"Groups": [], "IsTruncated": false}).into())
}
