//! Who has policies: a role or a user as it is kept, named and shown.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::boundary;
use super::request::{no_such, required};
use crate::api::{ApiError, Call};
use crate::authz::PolicyText;
use crate::id::Arn;
use crate::services::tag::Tag;
use crate::time::Time;
use rootwatch_policy::Context;

/// What an identity is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Taken on by whom its trust policy names.
    Role,
    /// Has access keys.
    User,
}

impl Kind {
    /// As ARNs and texts write it.
    pub const fn word(self) -> &'static str {
        match self {
            Kind::Role => "role",
            Kind::User => "user",
        }
    }

    /// As members of answers are called.
    pub(super) const fn title(self) -> &'static str {
        match self {
            Kind::Role => "Role",
            Kind::User => "User",
        }
    }

    /// The first letters of unique ids. [D] reference_identifiers, "Understanding unique ID prefixes"
    const fn prefix(self) -> &'static str {
        match self {
            Kind::Role => "AROA",
            Kind::User => "AIDA",
        }
    }

    /// The member that names one.
    fn member(self) -> String {
        format!("{}Name", self.title())
    }

    /// The ARN of one of the caller's account.
    pub(super) fn arn(self, call: &Call<'_>, path: &str, name: &str) -> Arn {
        let resource = format!("{}{path}{name}", self.word());
        Arn::global(call.region.partition(), "iam", &call.account, resource)
    }
}

/// A role or a user.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Identity {
    /// Its name.
    pub name: String,
    /// `AROA…`, `AIDA…`
    pub id: String,
    /// Starts and ends with `/`.
    pub path: String,
    /// Policies of its own, by name.
    pub inline: BTreeMap<String, PolicyText>,
    /// Managed policies.
    pub attached: BTreeSet<Arn>,
    /// The managed policy that limits it.
    #[serde(default)]
    pub boundary: Option<Arn>,
    /// Tags.
    pub tags: BTreeMap<String, String>,
    /// When it was made.
    pub created: Time,
    /// What only a role has.
    pub role: Option<Role>,
}

/// What makes an identity a role.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Role {
    /// What it is for.
    pub description: String,
    /// Who may take it on.
    pub trust: PolicyText,
    /// Seconds.
    pub max_session_duration: i64,
}

/// How a new identity is asked for.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Wanted {
    #[serde(alias = "RoleName", alias = "UserName")]
    pub(super) name: String,
    #[serde(default)]
    path: Option<String>,
    #[serde(default)]
    permissions_boundary: Option<String>,
    #[serde(default)]
    tags: Vec<Tag>,
}

/// Makes an identity, if the caller may and there is none of that name. What makes it a role is looked at last.
pub(super) fn create(
    call: &mut Call<'_>,
    kind: Kind,
    wanted: Wanted,
    role: impl FnOnce(&Call<'_>) -> Result<Option<Role>, ApiError>,
) -> Result<Arn, ApiError> {
    let path = wanted.path.unwrap_or_else(|| "/".to_owned());
    let arn = kind.arn(call, &path, &wanted.name);
    let key = boundary::key(wanted.permissions_boundary.as_deref());
    call.authorise_with(&format!("iam:Create{}", kind.title()), &arn, key, None)?;
    if find(call, kind, &wanted.name).is_some() {
        let text = format!("{} with name {} already exists.", kind.title(), wanted.name);
        return Err(ApiError::new("EntityAlreadyExists", text).status(409));
    }
    let boundary = wanted.permissions_boundary.as_deref().map(|text| boundary::asked(call, text)).transpose()?;
    let role = role(call)?;
    let id = call.state.random_text(17, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567");
    let identity = Identity {
        name: wanted.name,
        id: format!("{}{id}", kind.prefix()),
        path,
        inline: BTreeMap::new(),
        attached: BTreeSet::new(),
        boundary,
        tags: Tag::map(wanted.tags),
        created: call.state.now,
        role,
    };
    call.state.iam.identities.insert(arn.clone(), identity);
    Ok(arn)
}

/// Names are one for all paths of an account. [D] reference_identifiers
fn find<'a>(call: &'a Call<'_>, kind: Kind, name: &str) -> Option<(&'a Arn, &'a Identity)> {
    of_account(call, kind).find(|(_, identity)| identity.name == name)
}

/// Those of the caller's account.
pub(super) fn of_account<'a>(call: &'a Call<'_>, kind: Kind) -> impl Iterator<Item = (&'a Arn, &'a Identity)> {
    let own = call.state.iam.identities.iter().filter(|(arn, _)| arn.account() == call.account);
    own.filter(move |(_, identity)| identity.kind() == kind)
}

/// The identity that the call names, if the caller may do to it what the call is called. It must be there.
pub(super) fn named(call: &mut Call<'_>, kind: Kind) -> Result<Arn, ApiError> {
    named_with(call, kind, |_| Context::new())
}

/// The same where policies may ask for the identity's boundary. [D] service authorization reference, IAM
pub(super) fn bounded(call: &mut Call<'_>, kind: Kind) -> Result<Arn, ApiError> {
    let own = |identity: Option<&Identity>| identity.and_then(|identity| identity.boundary.clone());
    named_with(call, kind, |identity| boundary::key(own(identity).as_ref().map(Arn::as_str)))
}

/// The same with condition keys, which may follow from the identity.
pub(super) fn named_with(
    call: &mut Call<'_>,
    kind: Kind,
    keys: impl FnOnce(Option<&Identity>) -> Context,
) -> Result<Arn, ApiError> {
    let name = required(call, &kind.member())?.to_owned();
    let found = find(call, kind, &name);
    let context = keys(found.map(|(_, identity)| identity));
    let arn = found.map(|(arn, _)| arn.clone());
    let resource = arn.clone().unwrap_or_else(|| kind.arn(call, "/", &name));
    // IAM's actions are called as its operations are. [D] service authorization reference, IAM
    call.authorise_with(&format!("iam:{}", call.operation), &resource, context, None)?;
    arn.ok_or_else(|| gone(kind.word(), &name))
}

fn gone(word: &str, name: &str) -> ApiError {
    no_such(format!("The {word} with name {name} cannot be found."))
}

/// The identity itself, to be changed.
pub(super) fn identity<'a>(call: &'a mut Call<'_>, arn: &Arn) -> Result<&'a mut Identity, ApiError> {
    let word = arn.resource().split('/').next().unwrap_or_default();
    call.state.iam.identities.get_mut(arn).ok_or_else(|| gone(word, arn.name()))
}

/// Takes an identity away, if nothing is left of what it has.
pub(super) fn remove(call: &mut Call<'_>, arn: &Arn) -> Result<(), ApiError> {
    let conflict = |text: &str| ApiError::new("DeleteConflict", text).status(409);
    let identity = identity(call, arn)?;
    if !identity.inline.is_empty() {
        return Err(conflict("Cannot delete entity, must delete policies first."));
    }
    if !identity.attached.is_empty() {
        return Err(conflict("Cannot delete entity, must detach all policies first."));
    }
    if call.state.iam.access_keys.values().any(|key| key.user == *arn) {
        return Err(conflict("Cannot delete entity, must delete access keys first."));
    }
    call.state.iam.identities.remove(arn);
    Ok(())
}

impl Identity {
    /// What it is.
    pub fn kind(&self) -> Kind {
        if self.role.is_some() { Kind::Role } else { Kind::User }
    }

    /// As lists show it: without tags, boundary and last use. [V] LS:iam/test_iam; [D] API_ListUsers
    pub(super) fn listed(&self, arn: &Arn) -> Value {
        let mut shape = self.common(arn);
        if let Some(role) = &self.role {
            shape["MaxSessionDuration"] = json!(role.max_session_duration);
        }
        shape
    }

    /// As it is shown by itself.
    pub(super) fn shape(&self, arn: &Arn) -> Value {
        let mut shape = self.listed(arn);
        if self.role.is_some() {
            shape["RoleLastUsed"] = json!({});
        }
        self.complete(shape)
    }

    /// As its creation answers: a role without the duration that nobody set. [V] LS:iam/test_iam
    pub(super) fn made(&self, arn: &Arn, duration_given: bool) -> Value {
        let shape = if duration_given { self.listed(arn) } else { self.common(arn) };
        self.complete(shape)
    }

    fn common(&self, arn: &Arn) -> Value {
        let title = self.kind().title();
        let mut shape = json!({
            "Path": self.path, format!("{title}Name"): self.name, format!("{title}Id"): self.id, "Arn": arn.as_str(),
            "CreateDate": self.created.iso_seconds(),
        });
        if let Some(role) = &self.role {
            shape["AssumeRolePolicyDocument"] = json!(encoded(&role.trust));
            if !role.description.is_empty() {
                shape["Description"] = json!(role.description);
            }
        }
        shape
    }

    fn complete(&self, mut shape: Value) -> Value {
        if !self.tags.is_empty() {
            shape["Tags"] = tags(&self.tags);
        }
        if let Some(arn) = &self.boundary {
            shape["PermissionsBoundary"] = boundary::shape(arn);
        }
        shape
    }
}

/// Policy documents come URL-encoded (RFC 3986). [D] API_Role
pub(super) fn encoded(policy: &PolicyText) -> String {
    let mut text = String::new();
    for byte in policy.text().bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => text.push(byte as char),
            _ => text.push_str(&format!("%{byte:02X}")),
        }
    }
    text
}

pub(super) fn tags(tags: &BTreeMap<String, String>) -> Value {
    tags.iter().map(|(key, value)| json!({"Key": key, "Value": value})).collect()
}
