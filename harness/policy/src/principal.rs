//! Who asks ([`Principal`]), and whom a statement names ([`PrincipalElement`]).

use serde::{Deserialize, Serialize};
use serde_json::Value;
use smol_str::SmolStr;

use super::error::PolicyError;

/// The principal of a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Principal {
    /// The account's own administrator credentials (the harness, Terraform): its identity policy is
    /// `Allow *:*`, so resource policies, key policies and explicit denies still count.
    Administrator {
        /// The account id.
        account: String,
        /// The ARN shown in messages, for example of a user.
        arn: String,
    },
    /// The account's root user, or a delivery that AWS makes in the account's own name.
    Root {
        /// The account id.
        account: String,
    },
    /// An IAM user.
    User {
        /// The user's ARN.
        arn: String,
        /// The account id.
        account: String,
    },
    /// A role session.
    Role {
        /// `arn:aws:iam::<account>:role/<path><name>`
        role_arn: String,
        /// `arn:aws:sts::<account>:assumed-role/<name>/<session>`
        session_arn: String,
        /// The account id.
        account: String,
        /// The access key of a session that AssumeRole gave out: what limits it is kept by this. Sessions that a service
        /// takes on for itself have none.
        #[serde(default)]
        access_key: Option<String>,
    },
    /// An AWS service, such as `events.amazonaws.com`.
    Service {
        /// The service principal.
        name: String,
    },
    /// An unsigned request.
    Anonymous,
}

impl Principal {
    /// What AWS writes after `User:`: the ARN (of a role its session's), a service's name, or `anonymous`.
    pub fn arn(&self) -> String {
        match self {
            Self::Administrator { arn, .. } | Self::User { arn, .. } => arn.clone(),
            Self::Root { account } => root_arn(account),
            Self::Role { session_arn, .. } => session_arn.clone(),
            Self::Service { name } => name.clone(),
            Self::Anonymous => "anonymous".to_owned(),
        }
    }

    /// The account whose identity policies count; services and unsigned requests have none.
    pub fn account(&self) -> Option<&str> {
        match self {
            Self::Administrator { account, .. }
            | Self::Root { account }
            | Self::User { account, .. }
            | Self::Role { account, .. } => Some(account),
            Self::Service { .. } | Self::Anonymous => None,
        }
    }

    /// Whether it is a session of a service-linked role, which no policy of the organization limits.
    /// `[D]` Organizations user guide, SCPs and RCPs: what they do not restrict
    pub(super) fn is_service_linked(&self) -> bool {
        matches!(self, Self::Role { role_arn, .. } if role_arn.contains(":role/aws-service-role/"))
    }

    /// The condition keys that follow from the principal alone.
    ///
    /// `[D]` IAM user guide, global condition context keys: `aws:PrincipalArn` of a role session is the role's ARN; a
    /// service has neither ARN nor account; an unsigned request has only its type.
    pub(super) fn condition_keys(&self, mut add: impl FnMut(&'static str, SmolStr)) {
        let (kind, arn) = match self {
            Self::Administrator { arn, .. } | Self::User { arn, .. } => ("User", SmolStr::new(arn)),
            Self::Root { account } => ("Account", root_arn(account).into()),
            Self::Role { role_arn, .. } => ("AssumedRole", SmolStr::new(role_arn)),
            Self::Service { name } => {
                add("aws:PrincipalIsAWSService", SmolStr::new_static("true"));
                return add("aws:PrincipalServiceName", SmolStr::new(name));
            }
            Self::Anonymous => return add("aws:PrincipalType", SmolStr::new_static("Anonymous")),
        };
        if let (Self::User { .. }, Some((_, name))) = (self, arn.rsplit_once('/')) {
            add("aws:username", SmolStr::new(name));
        }
        add("aws:PrincipalType", SmolStr::new_static(kind));
        add("aws:PrincipalArn", arn);
        add("aws:PrincipalIsAWSService", SmolStr::new_static("false"));
        if let Some(account) = self.account() {
            add("aws:PrincipalAccount", SmolStr::new(account));
        }
    }

    /// Every name by which a statement can mean this principal: its own, its role's, its account's (as its id, so that
    /// partitions do not matter).
    pub(super) fn names(&self) -> Vec<(NamedAs, &str)> {
        match self {
            Self::Administrator { arn, account } | Self::User { arn, account } => {
                vec![(NamedAs::Itself, arn), (NamedAs::Account, account)]
            }
            Self::Root { account } => vec![(NamedAs::Itself, account)],
            Self::Role { role_arn, session_arn, account, .. } => {
                vec![(NamedAs::Itself, session_arn), (NamedAs::Role, role_arn), (NamedAs::Account, account)]
            }
            Self::Service { .. } | Self::Anonymous => Vec::new(),
        }
    }
}

/// How a statement names the principal, from the weakest claim to the strongest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum NamedAs {
    /// Through its account: within the account this only delegates to the account's identity policies.
    Account,
    /// Through the role of the session: limited by boundary and session policy.
    Role,
    /// By its own ARN, by its service's name or by `*`: nothing of the caller's side limits it.
    ///
    /// `[D]` IAM user guide, evaluation logic: boundaries and session policies do not limit what is granted to a user,
    /// to a session, or to `*` narrowed by `aws:PrincipalArn`.
    Itself,
}

/// The `Principal` or `NotPrincipal` element of a statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct PrincipalElement {
    /// `NotPrincipal`
    negated: bool,
    entries: Vec<Entry>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Entry {
    Everyone,
    /// An ARN, or the bare id of an account: that and the ARN of its root user mean the same.
    Aws(String),
    Service(String),
    /// Parsed, and matching nobody here: federated and canonical users, the ids of deleted users and roles.
    Nobody(String),
}

impl PrincipalElement {
    /// Reads the element; `at` is its place.
    pub(super) fn parse(value: &Value, negated: bool, at: &str) -> Result<Self, PolicyError> {
        let shape = || PolicyError::Shape {
            at: at.to_owned(),
            element: if negated { "NotPrincipal" } else { "Principal" }.to_owned(),
            wanted: "`\"*\"` or an object of `AWS`, `Service`, `Federated` or `CanonicalUser`",
        };
        let types = match value {
            Value::String(everyone) if everyone == "*" => {
                return Ok(Self { negated, entries: vec![Entry::Everyone] });
            }
            Value::Object(types) => types,
            _ => return Err(shape()),
        };
        let mut entries = Vec::new();
        for (kind, value) in types {
            let values: Vec<&str> = match value {
                Value::String(one) => vec![one],
                Value::Array(many) => many.iter().map(Value::as_str).collect::<Option<_>>().ok_or_else(shape)?,
                _ => return Err(shape()),
            };
            for name in values {
                entries.push(Entry::parse(kind, name).map_err(|reason| PolicyError::Principal {
                    at: at.to_owned(),
                    found: format!("\"{kind}\":\"{name}\""),
                    reason,
                })?);
            }
        }
        Ok(Self { negated, entries })
    }

    /// The accounts, users, roles and sessions that it names: ARNs, an account also by its id.
    pub(super) fn arns(&self) -> impl Iterator<Item = &str> {
        self.entries.iter().filter_map(|entry| match entry {
            Entry::Aws(name) => Some(name.as_str()),
            _ => None,
        })
    }

    /// Whether the element is `NotPrincipal`.
    pub(super) fn is_negated(&self) -> bool {
        self.negated
    }

    /// Whether the element is `"Principal": "*"`.
    pub(super) fn is_everyone(&self) -> bool {
        !self.negated && matches!(self.entries.as_slice(), [Entry::Everyone])
    }

    /// Whether the statement speaks of `principal` (whose `names` these are), and by which name. Only `NotPrincipal`
    /// looks at the rest: the statement's effect, and whether the principal has a permissions boundary.
    pub(super) fn names(
        &self,
        principal: &Principal,
        names: &[(NamedAs, &str)],
        deny: bool,
        bounded: bool,
    ) -> Option<NamedAs> {
        if !self.negated {
            return self.entries.iter().filter_map(|entry| entry.names(principal, names)).max();
        }
        // [D] IAM user guide, NotPrincipal with Deny: a user is exempt only if user and account are listed, a session
        // only if session, role and account are. With Allow, whoever is listed in any way is left out.
        let listed = |name: &(NamedAs, &str)| self.entries.iter().any(|entry| entry.covers(name.1));
        let exempt = match principal {
            Principal::Service { .. } | Principal::Anonymous => {
                self.entries.iter().any(|entry| entry.names(principal, names).is_some())
            }
            // Nobody with a boundary is exempt from such a Deny. [D] IAM user guide, permissions boundaries
            _ if deny => !bounded && names.iter().all(listed),
            _ => names.iter().any(listed),
        };
        (!exempt).then_some(NamedAs::Itself)
    }

    /// The element as a person reads it: `not ` and the names.
    pub(super) fn describe(&self) -> String {
        let names: Vec<String> = self
            .entries
            .iter()
            .map(|entry| match entry {
                Entry::Everyone => "*".to_owned(),
                Entry::Aws(account) if is_account_id(account) => root_arn(account),
                Entry::Aws(name) | Entry::Service(name) | Entry::Nobody(name) => name.clone(),
            })
            .collect();
        let list = names.join(", ");
        if self.negated { format!("everyone but {list}") } else { list }
    }
}

impl Entry {
    fn parse(kind: &str, name: &str) -> Result<Self, &'static str> {
        match kind {
            "AWS" if name == "*" => Ok(Self::Everyone),
            "AWS" if name.contains(['*', '?']) => {
                Err("a principal takes no partial wildcard; use `*` with a condition on aws:PrincipalArn")
            }
            "AWS" if is_account_id(name) => Ok(Self::Aws(name.to_owned())),
            "AWS" if is_unique_id(name) => Ok(Self::Nobody(name.to_owned())),
            "AWS" => {
                match (arn_of_principal(name), name.strip_suffix(":root").and_then(|arn| arn.rsplit(':').next())) {
                    (true, Some(account)) => Ok(Self::Aws(account.to_owned())),
                    (true, None) => Ok(Self::Aws(name.to_owned())),
                    (false, _) => Err("wanted an account id, or the ARN of an account, a user, a role or a session"),
                }
            }
            "Service" if name.contains(['*', '?']) => Err("a service principal takes no wildcard"),
            "Service" => Ok(Self::Service(name.to_owned())),
            "Federated" | "CanonicalUser" => Ok(Self::Nobody(name.to_owned())),
            _ => Err("the kind is none of `AWS`, `Service`, `Federated`, `CanonicalUser`"),
        }
    }

    fn names(&self, principal: &Principal, names: &[(NamedAs, &str)]) -> Option<NamedAs> {
        match (self, principal) {
            // `*` means services and unsigned requests too.
            (Self::Everyone, _) => Some(NamedAs::Itself),
            (Self::Service(wanted), Principal::Service { name }) => (wanted == name).then_some(NamedAs::Itself),
            (Self::Aws(wanted), _) => names.iter().filter(|(_, name)| name == wanted).map(|(named, _)| *named).max(),
            _ => None,
        }
    }

    fn covers(&self, name: &str) -> bool {
        match self {
            Self::Everyone => true,
            Self::Aws(listed) => listed == name,
            Self::Service(_) | Self::Nobody(_) => false,
        }
    }
}

/// The ARN by which a policy names an account.
fn root_arn(account: &str) -> String {
    format!("arn:aws:iam::{account}:root")
}

fn is_account_id(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// `AIDA…`, `AROA…`: what AWS stores once the user or role named in a policy is deleted.
/// `[V]` localstack tests/aws/services/sts/test_sts.snapshot.json
fn is_unique_id(text: &str) -> bool {
    text.len() >= 16
        && (text.starts_with("AIDA") || text.starts_with("AROA"))
        && text.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
}

/// Groups are no principals. `[D]` IAM user guide, Principal
fn arn_of_principal(text: &str) -> bool {
    let parts: Vec<&str> = text.splitn(6, ':').collect();
    let [arn, _partition, service, region, account, resource] = parts.as_slice() else { return false };
    *arn == "arn"
        && region.is_empty()
        && is_account_id(account)
        && match *service {
            "iam" => *resource == "root" || ["user/", "role/"].iter().any(|kind| resource.starts_with(kind)),
            "sts" => ["assumed-role/", "federated-user/"].iter().any(|kind| resource.starts_with(kind)),
            _ => false,
        }
}
