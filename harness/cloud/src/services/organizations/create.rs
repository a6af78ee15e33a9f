//! An organization and its accounts are made. [D] API_CreateOrganization, API_CreateAccount

use serde_json::{Value, json};

use super::{describe_organization, management};
use crate::api::{ApiError, Call, Reply};
use crate::id::{AccountId, Arn};

pub(super) fn create_organization(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let any = Arn::global(call.region.partition(), "organizations", &call.account, "*");
    call.authorise("organizations:CreateOrganization", &any)?;
    if call.state.organizations.organization.is_some() {
        let text = "The AWS account is already a member of an organization.";
        return Err(ApiError::new("AlreadyInOrganizationException", text));
    }
    let id = format!("o-{}", call.state.random_text(10, "abcdefghijklmnopqrstuvwxyz0123456789"));
    let management = call.account.to_string();
    call.state.organizations.create(&id, &management, &[(&management, "management")]);
    describe_organization(call)
}

fn status(call: &Call<'_>, request: &str) -> Result<Value, ApiError> {
    let organizations = &call.state.organizations;
    let (account, at) = organizations.created.get(request).ok_or_else(|| {
        let text = "You specified a create account request ID that doesn't exist.";
        ApiError::new("CreateAccountStatusNotFoundException", text)
    })?;
    let name = organizations.accounts.get(account).cloned().unwrap_or_default();
    Ok(json!({"CreateAccountStatus": {
        "Id": request, "AccountName": name, "State": "SUCCEEDED", "AccountId": account.as_str(),
        "RequestedTimestamp": at.seconds_f64(), "CompletedTimestamp": at.seconds_f64(),
    }}))
}

pub(super) fn create_account(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    management(call, "organizations:CreateAccount")?;
    let name = call.text("AccountName").unwrap_or_default().to_owned();
    if name.is_empty() || !call.text("Email").unwrap_or_default().contains('@') {
        return Err(ApiError::new("InvalidInputException", "You must specify AccountName and a valid Email."));
    }
    let account = AccountId::new(call.state.random_text(12, "123456789"));
    let request = format!("car-{}", call.state.hex(32));
    let now = call.state.now;
    call.state.organizations.add(account.as_str(), &name);
    call.state.organizations.created.insert(request.clone(), (account, now));
    Ok(status(call, &request)?.into())
}

pub(super) fn describe_create_account_status(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    management(call, "organizations:DescribeCreateAccountStatus")?;
    let request = call.text("CreateAccountRequestId").unwrap_or_default().to_owned();
    Ok(status(call, &request)?.into())
}
