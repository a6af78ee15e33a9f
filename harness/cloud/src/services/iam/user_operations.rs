//! Operations on users. [D] API_CreateUser, API_GetUser, API_ListUsers, API_DeleteUser

use serde_json::json;

use super::identity::{Identity, Kind, create, identity, named, of_account, remove};
use super::request::no_such;
use super::role_operations::list;
use crate::api::{ApiError, Call, Reply};
use crate::id::Arn;
use rootwatch_policy::Principal;

pub(super) fn create_user(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let wanted = call.input()?;
    let arn = create(call, Kind::User, wanted, |_| Ok(None))?;
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

/// The name, the path, or both. Access keys stay the user's. [D] API_UpdateUser
pub(super) fn update_user(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let arn = named(call, Kind::User)?;
    let old = identity(call, &arn)?.clone();
    let name = call.text("NewUserName").map_or_else(|| old.name.clone(), str::to_owned);
    let path = call.text("NewPath").map_or_else(|| old.path.clone(), str::to_owned);
    let taken = of_account(call, Kind::User).any(|(other, identity)| *other != arn && identity.name == name);
    if taken {
        let text = format!("User with name {name} already exists.");
        return Err(ApiError::new("EntityAlreadyExists", text).status(409));
    }
    let new = Kind::User.arn(call, &path, &name);
    call.authorise("iam:UpdateUser", &new)?;
    let iam = &mut call.state.iam;
    iam.identities.remove(&arn);
    iam.identities.insert(new.clone(), Identity { name, path, ..old });
    let keys: Vec<String> =
        iam.access_keys.iter().filter(|(_, key)| key.user == arn).map(|(id, _)| id.clone()).collect();
    for id in keys {
        if let Some(key) = iam.access_keys.get_mut(&id) {
            key.user = new.clone();
        }
    }
    Ok(Reply::empty())
}

/// Credentials that no user here has: keys of other kinds, certificates and MFA devices. The provider looks for them
/// before it deletes a user.
pub(super) fn none_of(call: &mut Call<'_>, member: &str) -> Result<Reply, ApiError> {
    named(call, Kind::User)?;
    Ok(json!({member: [], "IsTruncated": false}).into())
}

/// No user has a password. [D] API_GetLoginProfile; the text [T]
pub(super) fn no_login_profile(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let name = named(call, Kind::User)?.name().to_owned();
    Err(no_such(format!("Login Profile for User {name} cannot be found.")))
}

/// There are no groups.
pub(super) fn list_groups(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    named(call, Kind::User)?;
    Ok(json!({"Groups": [], "IsTruncated": false}).into())
}
