//! Grants: use of a key for one principal, in addition to the key's policy. [D] grants

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Key;
use super::check::{dry_run, page};
use super::operations::{find, key, live, named};
use super::usable;
use crate::api::{ApiError, Call, Reply};
use crate::id::Arn;
use crate::time::Time;
use rootwatch_policy::Principal;

/// A grant on a key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    name: Option<String>,
    grantee: String,
    retiring: Option<String>,
    operations: Vec<String>,
    constraints: Constraints,
    token: String,
    created: Time,
}

/// Encryption contexts that the grant is bound to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Constraints {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    encryption_context_subset: Option<BTreeMap<String, String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    encryption_context_equals: Option<BTreeMap<String, String>>,
}

impl Constraints {
    fn fit(&self, context: &BTreeMap<String, String>) -> bool {
        let within =
            |subset: &BTreeMap<String, String>| subset.iter().all(|(key, value)| context.get(key) == Some(value));
        self.encryption_context_subset.as_ref().is_none_or(within)
            && self.encryption_context_equals.as_ref().is_none_or(|equal| equal == context)
    }
}

/// What a grant can allow. [D] API_CreateGrant
const OPERATIONS: [&str; 17] = [
    "Decrypt",
    "Encrypt",
    "GenerateDataKey",
    "GenerateDataKeyWithoutPlaintext",
    "ReEncryptFrom",
    "ReEncryptTo",
    "Sign",
    "Verify",
    "GetPublicKey",
    "CreateGrant",
    "RetireGrant",
    "DescribeKey",
    "GenerateDataKeyPair",
    "GenerateDataKeyPairWithoutPlaintext",
    "GenerateMac",
    "VerifyMac",
    "DeriveSharedSecret",
];

fn is(principal: &Principal, named: &str) -> bool {
    match principal {
        Principal::Role { role_arn, session_arn, .. } => role_arn == named || session_arn == named,
        Principal::Service { name } => name == named,
        other => other.arn() == named,
    }
}

/// Whether a grant lets the principal do this (`kms:Decrypt`).
pub(super) fn allows(key: &Key, principal: &Principal, action: &str, context: &BTreeMap<String, String>) -> bool {
    let operation = action.trim_start_matches("kms:");
    key.grants.values().any(|grant| {
        is(principal, &grant.grantee)
            && grant.operations.iter().any(|granted| granted == operation)
            && grant.constraints.fit(context)
    })
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct CreateGrant {
    grantee_principal: String,
    #[serde(default)]
    retiring_principal: Option<String>,
    #[serde(default)]
    operations: Vec<String>,
    #[serde(default)]
    constraints: Constraints,
    #[serde(default)]
    name: Option<String>,
}

pub(super) fn create_grant(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let arn = named(call, "KeyId", "kms:CreateGrant")?;
    let input: CreateGrant = call.input()?;
    if let Some(unknown) = input.operations.iter().find(|operation| !OPERATIONS.contains(&operation.as_str())) {
        return Err(ApiError::validation(format!(
            "1 validation error detected: Value '[{}]' at 'operations' failed to satisfy constraint: Member must satisfy \
             constraint: [Member must satisfy enum value set: [{}]] ({unknown})",
            input.operations.join(", "),
            OPERATIONS.join(", ")
        )));
    }
    for principal in std::iter::once(&input.grantee_principal).chain(&input.retiring_principal) {
        let good = principal.ends_with(".amazonaws.com")
            || Arn::parse(principal).is_some_and(|arn| matches!(arn.service(), "iam" | "sts"));
        if !good {
            // [T]
            let text = format!("ARN does not refer to a valid principal: {principal}");
            return Err(ApiError::new("InvalidArnException", text));
        }
    }
    usable(call, &arn)?;
    dry_run(call)?;
    let grant = Grant {
        name: input.name,
        grantee: input.grantee_principal,
        retiring: input.retiring_principal,
        operations: input.operations,
        constraints: input.constraints,
        token: call.state.random_text(120, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"),
        created: call.state.now,
    };
    let id = call.state.hex(64);
    let grants = &mut key(call, &arn)?.grants;
    // A named grant that is there already is answered again. [D] API_CreateGrant
    let same = |old: &Grant| Grant { token: grant.token.clone(), created: grant.created, ..old.clone() } == grant;
    if grant.name.is_some()
        && let Some((id, old)) = grants.iter().find(|(_, old)| same(old))
    {
        return Ok(json!({"GrantId": id, "GrantToken": old.token}).into());
    }
    let answer = json!({"GrantId": id, "GrantToken": grant.token});
    grants.insert(id, grant);
    Ok(answer.into())
}

fn shape(arn: &Arn, id: &str, grant: &Grant) -> Value {
    let mut shape = json!({
        "KeyId": arn.as_str(), "GrantId": id, "CreationDate": grant.created.seconds_f64(),
        "GranteePrincipal": grant.grantee, "Operations": grant.operations,
        "IssuingAccount": format!("arn:{}:iam::{}:root", arn.partition(), arn.account()),
        "Name": grant.name.as_deref().unwrap_or_default(),
    });
    if let Some(retiring) = &grant.retiring {
        shape["RetiringPrincipal"] = json!(retiring);
    }
    if grant.constraints != Constraints::default() {
        shape["Constraints"] = json!(grant.constraints);
    }
    shape
}

pub(super) fn list_grants(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let arn = named(call, "KeyId", "kms:ListGrants")?;
    let id = call.text("GrantId").map(str::to_owned);
    let grantee = call.text("GranteePrincipal").map(str::to_owned);
    let grants = key(call, &arn)?.grants.iter().filter(|(found, grant)| {
        id.as_ref().is_none_or(|id| id == *found) && grantee.as_ref().is_none_or(|grantee| *grantee == grant.grantee)
    });
    let grants: Vec<Value> = grants.map(|(id, grant)| shape(&arn, id, grant)).collect();
    page(call, "Grants", grants, 50)
}

/// [D] API_ListRetirableGrants: across keys, those that the principal may retire
pub(super) fn list_retirable_grants(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let any = call.arn("key/*");
    call.authorise("kms:ListRetirableGrants", &any)?;
    let retiring = call.text("RetiringPrincipal").unwrap_or_default();
    let mut grants = Vec::new();
    for (arn, key) in call.state.kms.keys.iter().filter(|(arn, _)| arn.is_in(&call.account, &call.region)) {
        let own = key.grants.iter().filter(|(_, grant)| grant.retiring.as_deref() == Some(retiring));
        grants.extend(own.map(|(id, grant)| shape(arn, id, grant)));
    }
    page(call, "Grants", grants, 50)
}

fn no_grant(id: &str) -> ApiError {
    ApiError::new("NotFoundException", format!("Grant ID {id} not found"))
}

pub(super) fn revoke_grant(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let arn = live(call, "kms:RevokeGrant")?;
    let id = call.text("GrantId").unwrap_or_default().to_owned();
    if key(call, &arn)?.grants.contains_key(&id) {
        dry_run(call)?;
    }
    key(call, &arn)?.grants.remove(&id).map(|_| Reply::empty()).ok_or_else(|| no_grant(&id))
}

/// By its token, or by key and id; the retiring principal needs no further permission. [D] API_RetireGrant
pub(super) fn retire_grant(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let (token, id) = (call.text("GrantToken").map(str::to_owned), call.text("GrantId").map(str::to_owned));
    let wanted = match call.text("KeyId") {
        Some(text) => Some(find(call, text)?),
        None => None,
    };
    let found = {
        let mut all = call.state.kms.keys.iter().flat_map(|(arn, key)| key.grants.iter().map(move |it| (arn, it)));
        let found = all.find(|(arn, (found, grant))| match (&token, &wanted) {
            (Some(token), _) => grant.token == *token,
            (None, wanted) => wanted.as_ref() == Some(*arn) && id.as_ref() == Some(*found),
        });
        found.map(|(arn, (id, grant))| (arn.clone(), id.clone(), grant.clone()))
    };
    let (arn, id, grant) = found.ok_or_else(|| no_grant(id.as_deref().unwrap_or_default()))?;
    let retires = grant.retiring.as_deref().is_some_and(|retiring| is(&call.caller, retiring));
    if !retires {
        super::operations::authorise(call, &arn, "kms:RetireGrant", Default::default())?;
    }
    dry_run(call)?;
    key(call, &arn)?.grants.remove(&id);
    Ok(Reply::empty())
}
