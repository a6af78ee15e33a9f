//! Takes out of recorded events what should not be committed, so that they stay recognisable: the same value becomes the
//! same replacement everywhere, and keeps its shape.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use regex::{Captures, Regex};
use serde_json::Value;

/// The first accounts to be replaced become these, which AWS's documentation uses.
const ACCOUNTS: [&str; 3] = ["111122223333", "444455556666", "777788889999"];

/// What is looked for in texts, and what it is.
static SHAPES: LazyLock<Vec<(Kind, Regex)>> = LazyLock::new(|| {
    let shapes = [
        (Kind::Email, r"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+"),
        (Kind::AccessKey, r"\b(?:AKIA|ASIA)[A-Z0-9]{12,28}\b"),
        (Kind::PrincipalId, r"\b(?:AIDA|AROA|AGPA|ANPA|ANVA|APKA|ABIA|ACCA)[A-Z0-9]{12,28}\b"),
        // Behind a slash it is a version: Chrome/126.0.0.0.
        (Kind::Address, r"(?:^|[^\w./])((?:\d{1,3}\.){3}\d{1,3})\b"),
        // The whole word: within an ARN, `::a` would be one too.
        (Kind::Address6, r"[\w:]*:[\w:]*"),
        (Kind::Account, r"\b\d{12}\b"),
    ];
    shapes.into_iter().filter_map(|(kind, shape)| Some((kind, Regex::new(shape).ok()?))).collect()
});

/// The kinds of things that are replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A twelve-digit account id.
    Account,
    /// A unique id of a user, role or group.
    PrincipalId,
    /// An access key id.
    AccessKey,
    /// An IPv4 address.
    Address,
    /// An IPv6 address.
    Address6,
    /// An e-mail address.
    Email,
    /// The name of a user, role or session.
    Name,
}

impl Kind {
    /// For people.
    pub fn noun(self) -> &'static str {
        match self {
            Self::Account => "account ids",
            Self::PrincipalId => "principal ids",
            Self::AccessKey => "access keys",
            Self::Address => "IPv4 addresses",
            Self::Address6 => "IPv6 addresses",
            Self::Email => "e-mail addresses",
            Self::Name => "names",
        }
    }
}

/// Replaces, and remembers by what.
#[derive(Debug, Default)]
pub struct Redactor {
    replaced: BTreeMap<(Kind, String), String>,
}

impl Redactor {
    /// How many different values of each kind were replaced.
    pub fn summary(&self) -> BTreeMap<Kind, usize> {
        let mut counts = BTreeMap::new();
        for (kind, _) in self.replaced.keys() {
            *counts.entry(*kind).or_default() += 1;
        }
        counts
    }

    /// What was replaced, for people.
    pub fn words(&self) -> String {
        let kinds: Vec<String> =
            self.summary().iter().map(|(kind, count)| format!("{count} {}", kind.noun())).collect();
        match kinds.is_empty() {
            true => "nothing to redact was found; read it once more before you commit it".to_owned(),
            false => format!("replaced {}; read it once more before you commit it", kinds.join(", ")),
        }
    }

    /// Redacts an event in place.
    pub fn redact(&mut self, event: &mut Value) {
        // The event's own account comes first, so that it becomes the spoke.
        for path in ["/recipientAccountId", "/account", "/userIdentity/accountId"] {
            if let Some(account) = event.pointer(path).and_then(Value::as_str).filter(|account| is_account(account)) {
                self.replacement(Kind::Account, account);
            }
        }
        self.collect_names(event);
        self.walk(event);
    }

    /// Names stand in fields of their own, and again within ARNs.
    fn collect_names(&mut self, value: &Value) {
        match value {
            Value::Object(members) => {
                for (key, member) in members {
                    match member {
                        Value::String(name) if NAMED.contains(&key.as_str()) => self.add_name(name),
                        Value::String(arn) if is_of_somebody(arn) => {
                            let path = arn.rsplit(':').next().unwrap_or_default();
                            for name in path.split('/').skip(1) {
                                self.add_name(name);
                            }
                        }
                        other => self.collect_names(other),
                    }
                }
            }
            Value::Array(items) => items.iter().for_each(|item| self.collect_names(item)),
            _ => {}
        }
    }

    fn add_name(&mut self, name: &str) {
        // What AWS itself writes there says what kind of event it is.
        let own = ["root", "Root", "AWS ROOT USER", "HIDDEN_DUE_TO_SECURITY_REASONS", "root-account-mfa-device"];
        let service =
            name.starts_with("AWSServiceRole") || name.starts_with("AWSReservedSSO") || name == "aws-service-role";
        if name.len() > 2 && !own.contains(&name) && !service && !name.contains("amazonaws.com") && !name.contains('@')
        {
            self.replacement(Kind::Name, name);
        }
    }

    fn walk(&mut self, value: &mut Value) {
        match value {
            Value::String(text) => *text = self.text(text),
            Value::Array(items) => items.iter_mut().for_each(|item| self.walk(item)),
            Value::Object(members) => members.values_mut().for_each(|member| self.walk(member)),
            _ => {}
        }
    }

    fn text(&mut self, text: &str) -> String {
        let mut text = text.to_owned();
        for (kind, shape) in SHAPES.iter() {
            let replaced = shape.replace_all(&text, |found: &Captures<'_>| {
                let (whole, value) = (&found[0], found.get(1).map_or(&found[0], |value| value.as_str()));
                match is_one(*kind, value) {
                    true => whole.replacen(value, &self.replacement(*kind, value), 1),
                    false => whole.to_owned(),
                }
            });
            text = replaced.into_owned();
        }
        let names: Vec<(String, String)> = self
            .replaced
            .iter()
            .filter(|((kind, _), _)| *kind == Kind::Name)
            .map(|((_, name), by)| (name.clone(), by.clone()))
            .collect();
        for (name, by) in names {
            if text == name {
                return by;
            }
            // A whole segment only: the name `s3` is no reason to change `s3.amazonaws.com`.
            const ENDS: [char; 6] = ['/', ':', ' ', ',', '"', '\''];
            let parts: Vec<String> = text
                .split_inclusive(ENDS)
                .map(|part| match part.trim_end_matches(ENDS) == name {
                    true => part.replacen(&name, &by, 1),
                    false => part.to_owned(),
                })
                .collect();
            text = parts.concat();
        }
        text
    }

    fn replacement(&mut self, kind: Kind, found: &str) -> String {
        if is_documentation(kind, found) || self.replaced.iter().any(|((of, _), by)| *of == kind && by == found) {
            return found.to_owned();
        }
        if let Some(by) = self.replaced.get(&(kind, found.to_owned())) {
            return by.clone();
        }
        let n = self.replaced.keys().filter(|(of, _)| *of == kind).count();
        let by = match kind {
            Kind::Account => {
                ACCOUNTS.get(n).map_or_else(|| format!("{:012}", 100_000_000_000 + n as u64), |id| (*id).to_owned())
            }
            Kind::PrincipalId | Kind::AccessKey => {
                let tail = format!("{n}EXAMPLE");
                let fill = found.len().saturating_sub(4 + tail.len());
                format!("{}{}{tail}", &found[..4], "X".repeat(fill))
            }
            Kind::Address => format!("192.0.2.{}", n % 254 + 1),
            Kind::Address6 => format!("2001:db8::{:x}", n + 1),
            Kind::Email => {
                let fill = found.len().saturating_sub(format!("person{}@example.com", n + 1).len());
                format!("person{}{}@example.com", n + 1, "x".repeat(fill))
            }
            Kind::Name => {
                let name = format!("name-{}", n + 1);
                let fill = found.len().saturating_sub(name.len() + 1);
                if fill == 0 { name } else { format!("{name}-{}", "x".repeat(fill)) }
            }
        };
        self.replaced.insert((kind, found.to_owned()), by.clone());
        by
    }
}

/// Members that hold a name which somebody has chosen.
const NAMED: [&str; 11] = [
    "userName",
    "sessionName",
    "roleSessionName",
    "roleName",
    "groupName",
    "policyName",
    "instanceProfileName",
    "bucketName",
    "accountName",
    "accountAlias",
    "virtualMFADeviceName",
];

/// The ARN of a user, role, group, session, policy or device of an account; not of AWS's own.
fn is_of_somebody(arn: &str) -> bool {
    let mut parts = arn.split(':');
    let (arn, service, account) = (parts.next(), parts.nth(1), parts.nth(1));
    arn == Some("arn") && matches!(service, Some("iam" | "sts")) && account.is_some_and(|account| account != "aws")
}

/// Whether what looks like one of a kind is one.
fn is_one(kind: Kind, text: &str) -> bool {
    match kind {
        Kind::Address => text.parse::<std::net::Ipv4Addr>().is_ok(),
        Kind::Address6 => text.parse::<std::net::Ipv6Addr>().is_ok_and(|address| !address.is_unspecified()),
        _ => true,
    }
}

fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Values that documentation is written with are nobody's.
fn is_documentation(kind: Kind, found: &str) -> bool {
    match kind {
        Kind::Account => matches!(found, "123456789012" | "999988887777") || ACCOUNTS.contains(&found),
        Kind::AccessKey | Kind::PrincipalId => found.contains("EXAMPLE"),
        Kind::Address => {
            ["192.0.2.", "198.51.100.", "203.0.113.", "127."].iter().any(|network| found.starts_with(network))
        }
        Kind::Address6 => found.starts_with("2001:db8:") || found == "::1",
        Kind::Email => found.ends_with("@example.com") || found.ends_with("@example.org"),
        Kind::Name => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_same_value_becomes_the_same_replacement() {
        let mut event = json!({
            "userIdentity": {
                "type": "AssumedRole", "principalId": "AROA5JPQ7WXYZABCDEFGH:jane.doe",
                "arn": "arn:aws:sts::210987654321:assumed-role/Payroll/jane.doe", "accountId": "210987654321",
                "accessKeyId": "ASIA5JPQ7WXYZABCDEFG",
                "sessionContext": {"sessionIssuer": {"userName": "Payroll", "arn": "arn:aws:iam::210987654321:role/Payroll"}},
            },
            "sourceIPAddress": "81.2.69.142", "eventSource": "iam.amazonaws.com", "eventTime": "2026-03-02T09:14:07Z",
            "eventID": "3fb60ac8-7f08-566b-8ab9-d20f897fd99e", "recipientAccountId": "300000000003",
            "errorMessage": "User: arn:aws:sts::210987654321:assumed-role/Payroll/jane.doe is not jane@corp.example.net",
            "requestParameters": {"bucket": "payroll-210987654321", "ipv6": "2a02:26f7:c9c8:4000:950b:2fc6:5ab8:1000"},
        });
        let mut redactor = Redactor::default();
        redactor.redact(&mut event);
        let text = event.to_string();
        for secret in ["210987654321", "300000000003", "5JPQ7", "81.2.69.142", "Payroll", "jane@", "2a02:"] {
            assert!(!text.contains(secret), "{secret}: {text}");
        }
        // The recipient is the spoke, the other account another.
        assert_eq!(event["recipientAccountId"], "111122223333");
        assert_eq!(event["userIdentity"]["accountId"], "444455556666");
        assert_eq!(event["userIdentity"]["arn"], "arn:aws:sts::444455556666:assumed-role/name-1/name-2-x");
        assert_eq!(event["requestParameters"]["bucket"], "payroll-444455556666");
        // Its shape stays.
        assert_eq!(event["userIdentity"]["accessKeyId"].as_str().unwrap().len(), 20);
        for kept in ["eventTime", "eventID", "eventSource"] {
            assert!(
                ["2026-03-02T09:14:07Z", "3fb60ac8-7f08-566b-8ab9-d20f897fd99e", "iam.amazonaws.com"]
                    .contains(&event[kept].as_str().unwrap())
            );
        }
        // Nothing is left to replace.
        let once = event.clone();
        Redactor::default().redact(&mut event);
        assert_eq!(event["sourceIPAddress"], once["sourceIPAddress"]);
        assert_eq!(event["recipientAccountId"], once["recipientAccountId"]);
    }

    /// A text that an event may hold, and what becomes of it. Where nothing is named, nothing is replaced.
    #[test]
    fn what_is_replaced_and_what_stays() {
        let cases = [
            // Account ids, dashed or within something; AWS's own stay.
            ("x", "210987654321", "111122223333"),
            ("arn", "arn:aws:iam::210987654321:root", "arn:aws:iam::111122223333:root"),
            ("x", "logs-210987654321-eu", "logs-111122223333-eu"),
            ("x", "2109876543210", "2109876543210"),
            ("policyArn", "arn:aws:iam::aws:policy/AdministratorAccess", "arn:aws:iam::aws:policy/AdministratorAccess"),
            // Principal ids and keys keep their prefix and length.
            ("principalId", "AROA5JPQ7WXYZABCDEFGH:jane", "AROAXXXXXXXXX0EXAMPLE:jane"),
            ("accessKeyId", "AKIA5JPQ7WXYZABCDEFG", "AKIAXXXXXXXX0EXAMPLE"),
            ("accessKeyId", "ASIAIOSFODNN7EXAMPLE", "ASIAIOSFODNN7EXAMPLE"),
            ("accessKeyId", "", ""),
            // Addresses; a service's name and a version are none.
            ("sourceIPAddress", "81.2.69.142", "192.0.2.1"),
            ("cidr", "81.2.69.0/24 and 10.1.2.3", "192.0.2.1/24 and 192.0.2.2"),
            ("userAgent", "Mozilla/5.0 Chrome/126.0.0.0 Safari/537.36", "Mozilla/5.0 Chrome/126.0.0.0 Safari/537.36"),
            ("x", "999.1.1.1", "999.1.1.1"),
            ("sourceIPAddress", "iam.amazonaws.com", "iam.amazonaws.com"),
            ("sourceIPAddress", "AWS Internal", "AWS Internal"),
            ("sourceIPAddress", "2a02:26f7:c9c8:4000:950b:2fc6:5ab8:1000", "2001:db8::1"),
            ("sourceIPAddress", "2a02:26f7::1", "2001:db8::1"),
            ("sourceIPAddress", "::1", "::1"),
            ("x", "arn:aws:s3:::abc", "arn:aws:s3:::abc"),
            ("eventTime", "2026-03-02T09:14:07Z", "2026-03-02T09:14:07Z"),
            ("eventID", "3fb60ac8-7f08-566b-8ab9-d20f897fd99e", "3fb60ac8-7f08-566b-8ab9-d20f897fd99e"),
            // E-mail addresses and names, of the same length where that is possible.
            ("email", "jane.doe@corp.example.net", "person1xxxxxx@example.com"),
            ("email", "j@x.io", "person1@example.com"),
            ("userName", "jane", "name-1"),
            ("userName", "jane.doe.from.accounting", "name-1-xxxxxxxxxxxxxxxxx"),
            ("accountName", "Payroll Europe", "name-1-xxxxxxx"),
            ("userName", "AWS ROOT USER", "AWS ROOT USER"),
            ("userName", "HIDDEN_DUE_TO_SECURITY_REASONS", "HIDDEN_DUE_TO_SECURITY_REASONS"),
            ("arn", "arn:aws:iam::111122223333:user/jane", "arn:aws:iam::111122223333:user/name-1"),
            ("MFAIdentifier", "arn:aws:iam::111122223333:mfa/janes-phone", "arn:aws:iam::111122223333:mfa/name-1-xxxx"),
            (
                "x",
                "arn:aws:iam::111122223333:mfa/root-account-mfa-device",
                "arn:aws:iam::111122223333:mfa/root-account-mfa-device",
            ),
            (
                "arn",
                "arn:aws:iam::111122223333:role/aws-service-role/x.amazonaws.com/AWSServiceRoleForX",
                "arn:aws:iam::111122223333:role/aws-service-role/x.amazonaws.com/AWSServiceRoleForX",
            ),
        ];
        for (member, before, after) in cases {
            let mut event = json!({ member: before });
            let mut redactor = Redactor::default();
            redactor.redact(&mut event);
            assert_eq!(event[member], after, "{member}: {before}");
            assert_eq!(redactor.summary().is_empty(), before == after, "{before}: it says what it replaced");
        }
    }

    #[test]
    fn it_says_what_it_replaced() {
        let mut event =
            json!({"recipientAccountId": "210987654321", "a": ["81.2.69.142", "81.2.69.143", "81.2.69.142"]});
        let mut redactor = Redactor::default();
        redactor.redact(&mut event);
        assert!(redactor.words().starts_with("replaced 1 account ids, 2 IPv4 addresses;"), "{}", redactor.words());
        assert_eq!(event["a"], json!(["192.0.2.1", "192.0.2.2", "192.0.2.1"]));
        assert!(Redactor::default().words().starts_with("nothing to redact was found"));
    }
}
