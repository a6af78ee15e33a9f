//! Replaces recorded data that must not be committed. Everything is replaced unless it is known to be harmless: AWS's own
//! vocabulary, times and UUIDs. The same value becomes the same replacement everywhere and keeps its shape.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use regex::{Captures, Regex};
use serde_json::{Map, Value};

/// The first accounts to be replaced become these, which AWS's documentation uses.
const ACCOUNTS: [&str; 3] = ["111122223333", "444455556666", "777788889999"];

/// What a redacted event still holds, for people.
pub const NOT_REPLACED: &str =
    "event names, member names, times, Regions, UUIDs, service names, versions and other words of AWS's vocabulary";

/// AWS's vocabulary, one word on a line.
const WORDS: &str = include_str!("words.txt");
static VOCABULARY: LazyLock<BTreeSet<&str>> =
    LazyLock::new(|| WORDS.lines().filter(|line| !line.starts_with('#')).flat_map(str::split_whitespace).collect());

/// Members with a value of AWS's own, which is kept if it is short and plain.
const AWS_OWN: [&str; 15] = [
    "eventVersion",
    "eventTime",
    "eventSource",
    "eventName",
    "eventType",
    "eventCategory",
    "eventID",
    "requestID",
    "sharedEventID",
    "awsRegion",
    "apiVersion",
    "errorCode",
    "tlsVersion",
    "cipherSuite",
    "insightType",
];

/// Members with a text in which versions are kept.
const VERSIONED: [&str; 1] = ["userAgent"];

macro_rules! pattern {
    ($name:ident, $pattern:expr) => {
        static $name: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new($pattern).ok());
    };
}

pattern!(
    SECRET_MEMBER,
    r"(?i)passw|passphrase|passcode|secret|token|credential|authoriz|cookie|jwt|api.?key|private.?key|webhook|signature|otp|pin$|seed|base32|qrcode|phone|fax"
);
pattern!(PLAIN, r"^[A-Za-z0-9][A-Za-z0-9 ._:/-]{0,79}$");
pattern!(MEMBER, r"^(?:[A-Za-z$][A-Za-z0-9_$]{0,63}|x-amz-[a-z0-9-]+|detail-type|(?:aws|[a-z0-9]+):[A-Z][A-Za-z]+)$");
pattern!(
    ACTION,
    r"^(?:Create|Delete|Get|List|Put|Update|Attach|Detach|Assume|Describe|Start|Stop|Enable|Disable|Deactivate|Add|Remove|Set|Change|Modify|Run|Terminate|Publish|Send|Receive|Invoke|Tag|Untag|Upload|Register|Deregister|Leave|Close|Accept)[A-Za-z0-9]{0,60}$"
);
pattern!(VERSION, r"^v?\d{1,6}(?:[._-]\d{1,6}){0,5}$");
// In this order; the first that matches at a place decides.
pattern!(
    PARTS,
    concat!(
        r"(?P<own>arn:aws[a-z-]*:[a-z0-9-]+:[a-z0-9-]*:aws:[\w/+=,.@-]+|aws-service-role/[a-z0-9.-]+\.amazonaws\.com/AWSServiceRoleFor\w+)",
        r"|(?P<uuid>\b[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\b)",
        r"|(?P<time>\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z\b)",
        r"|(?P<email>[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+)",
        r"|(?P<key>\b(?:AKIA|ASIA)[A-Z0-9]{12,28}\b)",
        r"|(?P<principal>\b(?:AIDA|AROA|AGPA|ANPA|ANVA|APKA|ABIA|ACCA)[A-Z0-9]{12,28}\b)",
        r"|(?P<address>\b(?:\d{1,3}\.){3}\d{1,3}\b)",
        r"|(?P<address6>[0-9A-Fa-f]*:[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*\b)",
        r"|(?P<phone>\+\d[\d ().-]{5,}\d)",
        r#"|(?P<word>[^\s:/,;"'(){}\[\]<>?&#|=*!\\]+)"#,
    )
);

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
    /// A password, token or other secret.
    Secret,
    /// Any other text that is not AWS's vocabulary: names, hosts, phone numbers.
    Name,
}

impl Kind {
    /// The noun for people.
    pub fn noun(self) -> &'static str {
        match self {
            Self::Account => "account id",
            Self::PrincipalId => "principal id",
            Self::AccessKey => "access key",
            Self::Address => "IPv4 address",
            Self::Address6 => "IPv6 address",
            Self::Email => "e-mail address",
            Self::Secret => "secret",
            Self::Name => "name",
        }
    }
}

/// Replaces values, and remembers the replacements.
#[derive(Debug, Default)]
pub struct Redactor {
    replaced: BTreeMap<(Kind, String), String>,
    /// The replacements, so that none is replaced again.
    given: BTreeSet<String>,
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

    /// The summary for people.
    pub fn words(&self) -> String {
        let plural = |count: usize, noun: &str| match (count, noun.ends_with('s')) {
            (1, _) => noun.to_owned(),
            (_, true) => format!("{noun}es"),
            (_, false) => format!("{noun}s"),
        };
        let kinds: Vec<String> =
            self.summary().iter().map(|(kind, count)| format!("{count} {}", plural(*count, kind.noun()))).collect();
        let replaced = if kinds.is_empty() { "nothing".to_owned() } else { kinds.join(", ") };
        format!("replaced {replaced}; not replaced: {NOT_REPLACED}; review the file before you commit it")
    }

    /// Redacts an event in place.
    pub fn redact(&mut self, event: &mut Value) {
        // The event's own account comes first, so that it becomes the spoke.
        for path in ["/recipientAccountId", "/account", "/userIdentity/accountId"] {
            if let Some(account) = event.pointer(path).and_then(Value::as_str).filter(|account| is_account(account)) {
                self.replacement(Kind::Account, account);
            }
        }
        self.walk("", event);
    }

    /// Redacts the value of a member.
    fn walk(&mut self, member: &str, value: &mut Value) {
        match value {
            Value::String(text) => *text = self.member(member, text),
            Value::Number(number) if is_secret(member) || number.to_string().len() > 11 => {
                *value = Value::from(0);
            }
            Value::Array(items) => items.iter_mut().for_each(|item| self.walk(member, item)),
            Value::Object(members) => {
                let redacted: Map<String, Value> = std::mem::take(members)
                    .into_iter()
                    .map(|(name, mut value)| {
                        self.walk(&name, &mut value);
                        let plain = matches(&MEMBER, &name) && !self.holds_data(&name);
                        (if plain { name } else { self.text(&name, false) }, value)
                    })
                    .collect();
                *members = redacted;
            }
            _ => {}
        }
    }

    fn member(&mut self, member: &str, text: &str) -> String {
        if text.is_empty() {
            return String::new();
        }
        if is_secret(member) && !VOCABULARY.contains(text) {
            return self.replacement(Kind::Secret, text);
        }
        if AWS_OWN.contains(&member) && matches(&PLAIN, text) && !self.holds_data(text) {
            return text.to_owned();
        }
        self.text(text, VERSIONED.contains(&member))
    }

    /// Whether a part of the text is of a kind that is replaced whatever the member.
    fn holds_data(&self, text: &str) -> bool {
        let Some(parts) = PARTS.as_ref() else { return true };
        parts.captures_iter(text).any(|found| match named(&found) {
            Some(("uuid" | "time" | "own" | "address6", _)) => false,
            Some(("word", word)) => is_account(word) || (word.len() > 24 && has_digits_and_letters(word)),
            Some((_, _)) => true,
            None => false,
        })
    }

    fn text(&mut self, text: &str, versions: bool) -> String {
        let Some(parts) = PARTS.as_ref() else { return self.replacement(Kind::Name, text) };
        // A text without structure is one name: `Payroll Europe`.
        let structured = text.contains([':', '/', '@', '{', '"', '='])
            || text.contains(".amazonaws.com")
            || parts
                .captures_iter(text)
                .any(|found| !matches!(named(&found), Some(("word", word)) if !is_account(word)));
        if !structured && !versions && !text.split_whitespace().all(|word| self.is_known(word, false)) {
            return self.replacement(Kind::Name, text);
        }
        parts
            .replace_all(text, |found: &Captures<'_>| {
                let start = found.get(0).map_or(0, |found| found.start());
                // The colons of an ARN are no IPv6 address.
                let joined = text[..start].ends_with(|before: char| before.is_alphanumeric());
                match named(found) {
                    Some(("address6", part)) if joined => self.pieces(part, versions),
                    Some((kind, part)) => self.part(kind, part, versions),
                    None => found[0].to_owned(),
                }
            })
            .into_owned()
    }

    fn part(&mut self, kind: &str, part: &str, versions: bool) -> String {
        match kind {
            "own" | "uuid" | "time" => part.to_owned(),
            "email" => self.replacement(Kind::Email, part),
            "key" => self.replacement(Kind::AccessKey, part),
            "principal" => self.replacement(Kind::PrincipalId, part),
            // In a user agent `Chrome/126.0.0.0` is a version.
            "address" if versions => part.to_owned(),
            "address" if part.parse::<std::net::Ipv4Addr>().is_ok() => self.replacement(Kind::Address, part),
            "address6" => match part.parse::<std::net::Ipv6Addr>() {
                Ok(address) if !address.is_unspecified() => self.replacement(Kind::Address6, part),
                _ => self.pieces(part, versions),
            },
            _ => self.word(part, versions),
        }
    }

    /// The words between colons.
    fn pieces(&mut self, text: &str, versions: bool) -> String {
        let pieces =
            text.split(':').map(|piece| if piece.is_empty() { String::new() } else { self.word(piece, versions) });
        pieces.collect::<Vec<_>>().join(":")
    }

    fn word(&mut self, word: &str, versions: bool) -> String {
        if is_account(word) {
            return self.replacement(Kind::Account, word);
        }
        let trimmed = word.trim_end_matches(['.', '-', '`', '%']);
        if trimmed.is_empty() || self.is_known(trimmed, versions) {
            return word.to_owned();
        }
        if let Some(rest) = trimmed.strip_prefix("AWSReservedSSO_") {
            return format!("AWSReservedSSO_{}", self.replacement(Kind::Name, rest));
        }
        if let Some(host) = trimmed.strip_suffix(".amazonaws.com") {
            // `support.amazonaws.com` is a service; a longer name may hold a bucket's.
            let labels: Vec<&str> = host.split('.').collect();
            let kept = labels.iter().map(|label| match labels.len() == 1 || self.is_known(label, false) {
                true => (*label).to_owned(),
                false => self.replacement(Kind::Name, label),
            });
            return format!("{}.amazonaws.com{}", kept.collect::<Vec<_>>().join("."), &word[trimmed.len()..]);
        }
        self.replacement(Kind::Name, trimmed) + &word[trimmed.len()..]
    }

    fn is_known(&self, word: &str, versions: bool) -> bool {
        let vocabulary = |word: &str| VOCABULARY.contains(word) || crate::deployment::is_region(word);
        vocabulary(word)
            || matches(&ACTION, word)
            || self.given.contains(word)
            || (versions && matches(&VERSION, word))
            || (word.contains('.') && word.split('.').all(vocabulary))
    }

    fn replacement(&mut self, kind: Kind, found: &str) -> String {
        if is_documentation(kind, found) || self.given.contains(found) {
            return found.to_owned();
        }
        if let Some(by) = self.replaced.get(&(kind, found.to_owned())) {
            return by.clone();
        }
        let n = self.replaced.keys().filter(|(of, _)| *of == kind).count();
        let filled = |start: String, end: &str| {
            let fill = found.chars().count().min(64).saturating_sub(start.len() + end.len());
            format!("{start}{}{end}", "x".repeat(fill))
        };
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
            Kind::Email => filled(format!("person{}", n + 1), "@example.com"),
            Kind::Secret => format!("secret-{}", n + 1),
            Kind::Name => {
                let name = format!("name-{}", n + 1);
                if found.chars().count() > name.len() + 1 { filled(name + "-", "") } else { name }
            }
        };
        self.given.insert(by.clone());
        self.replaced.insert((kind, found.to_owned()), by.clone());
        by
    }
}

fn matches(pattern: &LazyLock<Option<Regex>>, text: &str) -> bool {
    pattern.as_ref().is_some_and(|pattern| pattern.is_match(text))
}

fn is_secret(member: &str) -> bool {
    matches(&SECRET_MEMBER, member)
}

/// The group that matched, and its text.
fn named<'t>(found: &Captures<'t>) -> Option<(&'static str, &'t str)> {
    const GROUPS: [&str; 10] =
        ["own", "uuid", "time", "email", "key", "principal", "address", "address6", "phone", "word"];
    GROUPS.into_iter().find_map(|group| Some((group, found.name(group)?.as_str())))
}

fn has_digits_and_letters(text: &str) -> bool {
    text.bytes().any(|byte| byte.is_ascii_digit()) && text.bytes().any(|byte| byte.is_ascii_alphabetic())
}

fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether documentation is written with the value, which is nobody's.
fn is_documentation(kind: Kind, found: &str) -> bool {
    match kind {
        Kind::Account => matches!(found, "123456789012" | "999988887777") || ACCOUNTS.contains(&found),
        Kind::AccessKey | Kind::PrincipalId => found.contains("EXAMPLE"),
        Kind::Address => {
            ["192.0.2.", "198.51.100.", "203.0.113.", "127."].iter().any(|network| found.starts_with(network))
        }
        Kind::Address6 => found.starts_with("2001:db8:") || found == "::1",
        Kind::Email => found.ends_with("@example.com") || found.ends_with("@example.org"),
        Kind::Secret | Kind::Name => false,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
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
        assert_eq!(event["userIdentity"]["arn"], "arn:aws:sts::444455556666:assumed-role/name-2/name-1-x");
        assert_eq!(event["requestParameters"]["bucket"], "name-3-xxxxxxxxxxxxx");
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

    /// A text that an event may hold, and its replacement.
    #[test]
    fn replaces_everything_but_the_vocabulary() {
        const LONG: &str = "user/name-1-xxxx";
        let agent = "aws-cli/2.15.0 Python/3.11.6 Linux/6.1 exe/x86_64 prompt/off";
        let cases = [
            ("x", "210987654321", "111122223333"),
            ("arn", "arn:aws:iam::210987654321:root", "arn:aws:iam::111122223333:root"),
            ("x", "logs-210987654321-eu", "name-1-xxxxxxxxxxxxx"),
            ("policyArn", "arn:aws:iam::aws:policy/AdministratorAccess", "arn:aws:iam::aws:policy/AdministratorAccess"),
            // Principal ids and keys keep their prefix and length.
            ("principalId", "AROA5JPQ7WXYZABCDEFGH:jane", "AROAXXXXXXXXX0EXAMPLE:name-1"),
            ("accessKeyId", "AKIA5JPQ7WXYZABCDEFG", "AKIAXXXXXXXX0EXAMPLE"),
            ("accessKeyId", "ASIAIOSFODNN7EXAMPLE", "ASIAIOSFODNN7EXAMPLE"),
            ("accessKeyId", "", ""),
            // Addresses; a service's name and a version are none.
            ("sourceIPAddress", "81.2.69.142", "192.0.2.1"),
            ("cidr", "81.2.69.0/24 and 10.1.2.3", "192.0.2.1/name-1 and 192.0.2.2"),
            ("userAgent", "Mozilla/5.0 Chrome/126.0.0.0 Safari/537.36", "Mozilla/5.0 Chrome/126.0.0.0 Safari/537.36"),
            ("sourceIPAddress", "iam.amazonaws.com", "iam.amazonaws.com"),
            ("sourceIPAddress", "AWS Internal", "AWS Internal"),
            ("sourceIPAddress", "2a02:26f7:c9c8:4000:950b:2fc6:5ab8:1000", "2001:db8::1"),
            ("sourceIPAddress", "2a02:26f7::1", "2001:db8::1"),
            ("sourceIPAddress", "::1", "::1"),
            ("x", "arn:aws:s3:::abc", "arn:aws:s3:::name-1"),
            ("host", "payroll.s3.eu-west-1.amazonaws.com", "name-1.s3.eu-west-1.amazonaws.com"),
            ("Host", "intranet.corp.example.net", "name-1-xxxxxxxxxxxxxxxxxx"),
            // Times and UUIDs, whole or not at all.
            ("eventTime", "2026-03-02T09:14:07Z", "2026-03-02T09:14:07Z"),
            ("eventID", "3fb60ac8-7f08-566b-8ab9-d20f897fd99e", "3fb60ac8-7f08-566b-8ab9-d20f897fd99e"),
            ("x", "11111111-2222-3333-4444-555555555555", "11111111-2222-3333-4444-555555555555"),
            // Secrets, by the member's name.
            ("sessionToken", "IQoJb3JpZ2luX2VjEHwaCXVzLWVhc3QtMSJ", "secret-1"),
            ("password", "correct horse battery staple", "secret-1"),
            ("apiKey", "11111111-2222-3333-4444-555555555555", "secret-1"),
            ("SignatureVersion", "SigV4", "SigV4"),
            // And by not being a word of AWS's.
            (
                "x",
                "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.sflKxwRJSMeKKF2QT4fw",
                "name-1-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
            ),
            (
                "url",
                "https://hooks.slack.com/services/T000/B000/XXXX",
                "https://name-1-xxxxxxxx/name-2-x/name-3/name-4/name-5",
            ),
            ("phoneNumber", "+49 170 1234567", "secret-1"),
            ("contact", "+49 170 1234567", "name-1-xxxxxxxx"),
            ("userAgent", agent, agent),
            ("userAgent", "Boto3/1.34.0 md/user#jane.doe", "Boto3/1.34.0 md/user#name-1-x"),
            ("userAgent", "signin.amazonaws.com", "signin.amazonaws.com"),
            // E-mail addresses and names, of the same length where that is possible.
            ("email", "jane.doe@corp.example.net", "person1xxxxxx@example.com"),
            ("email", "j@x.io", "person1@example.com"),
            ("userName", "jane", "name-1"),
            ("userName", "jane.doe.from.accounting", "name-1-xxxxxxxxxxxxxxxxx"),
            ("accountName", "Payroll Europe", "name-1-xxxxxxx"),
            ("userName", "AWS ROOT USER", "AWS ROOT USER"),
            ("userName", "HIDDEN_DUE_TO_SECURITY_REASONS", "HIDDEN_DUE_TO_SECURITY_REASONS"),
            ("arn", "arn:aws:iam::111122223333:user/janes-phone", &format!("arn:aws:iam::111122223333:{LONG}")),
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
            (
                "policyDocument",
                r#"{"Effect": "Allow", "Resource": "payroll"}"#,
                r#"{"Effect": "Allow", "Resource": "name-1"}"#,
            ),
            (
                "errorMessage",
                "User: arn:aws:iam::111122223333:user/jane is not authorized to perform: iam:CreateUser",
                "User: arn:aws:iam::111122223333:user/name-1 is not authorized to perform: iam:CreateUser",
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

    /// A redacted record is as good a test as the original.
    #[test]
    fn keeps_the_verdict_of_each_record() {
        let project = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let mut records = 0;
        for folder in ["scenarios", "handlers/alert/tests/data/records"] {
            for loaded in crate::scenario::find(&project.join(folder)).unwrap() {
                for record in loaded.scenario.map(|scenario| scenario.records).unwrap_or_default() {
                    let verdict = |record: &Value| {
                        let id = "11111111-2222-3333-4444-555555555555".to_owned();
                        let event = rootwatch_cloud::services::cloudtrail::envelope_of(record, id);
                        rootwatch_alert::verdict(&event)
                    };
                    let mut redacted = record.clone();
                    Redactor::default().redact(&mut redacted);
                    assert_eq!(verdict(&redacted), verdict(&record), "{}: {redacted}", loaded.name);
                    records += 1;
                }
            }
        }
        assert!(records > 100, "{records}");
    }

    #[test]
    fn replaces_member_names_and_long_numbers() {
        let mut event =
            json!({"210987654321": 1, "tags": {"Jane Doe": true}, "account": 210_987_654_321_u64, "size": 20});
        Redactor::default().redact(&mut event);
        assert_eq!(event, json!({"111122223333": 1, "tags": {"name-1-x": true}, "account": 0, "size": 20}));
    }

    #[test]
    fn it_says_what_it_replaced() {
        let mut event =
            json!({"recipientAccountId": "210987654321", "a": ["81.2.69.142", "81.2.69.143", "81.2.69.142"]});
        let mut redactor = Redactor::default();
        redactor.redact(&mut event);
        assert!(
            redactor.words().starts_with("replaced 1 account id, 2 IPv4 addresses; not replaced: "),
            "{}",
            redactor.words()
        );
        assert_eq!(event["a"], json!(["192.0.2.1", "192.0.2.2", "192.0.2.1"]));
        assert!(Redactor::default().words().starts_with("replaced nothing; not replaced: "));
    }

    /// Any value that an attacker would like to find, in any place that a record has.
    fn value() -> impl Strategy<Value = String> {
        prop_oneof![
            "\\PC{1,40}",
            "[a-z]{3,10}-[a-z0-9]{3,12}",
            "[A-Za-z0-9+/]{20,60}={0,2}",
            "[A-Z][a-z]{3,9} [A-Z][a-z]{3,9}",
            "[a-z]{4,8}\\.[a-z]{4,8}@[a-z]{4,8}\\.(com|io)",
            "\\+[0-9]{2} [0-9]{3} [0-9]{6,8}",
            "https://[a-z]{4,8}\\.[a-z]{4,8}\\.com/[A-Za-z0-9]{8}\\?key=[A-Za-z0-9]{8}",
            "arn:aws:s3:::[a-z]{5,12}",
            "arn:aws:iam::[0-9]{12}:user/[a-z]{5,12}",
            "User: [a-z]{5,12} is not authorized to perform: s3:GetObject",
            "aws-cli/2\\.15\\.0 md/user#[a-z]{5,12}",
            "\\{\"Resource\": \"[a-z]{5,12}\", \"note\": \"[a-z]{5,12} [a-z]{5,12}\"\\}",
        ]
    }

    fn record() -> impl Strategy<Value = Value> {
        let members = || {
            prop::sample::select(vec![
                "userName",
                "bucketName",
                "Host",
                "userAgent",
                "errorMessage",
                "sessionToken",
                "policyDocument",
                "tags",
                "arn",
                "x-amz-id-2",
                "description",
                "sourceIPAddress",
                "principalId",
                "items",
            ])
        };
        let object = || prop::collection::btree_map(members(), value(), 1..8);
        (object(), object(), value()).prop_map(|(identity, parameters, key)| {
            json!({"eventName": "CreateUser", "userIdentity": identity, "requestParameters": {"list": [parameters], "map": {key: 1}}})
        })
    }

    /// The words of a text that could mean something: letters and digits, three or more.
    fn meaningful(value: &Value) -> BTreeSet<String> {
        let words = |text: &str| {
            let words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| word.chars().count() > 2);
            words.map(str::to_owned).collect::<BTreeSet<_>>()
        };
        match value {
            Value::String(text) => words(text),
            Value::Array(items) => items.iter().flat_map(meaningful).collect(),
            Value::Object(members) => {
                let plain =
                    |name: &String| name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
                let names = members.keys().filter(|name| !plain(name)).flat_map(|name| words(name));
                names.chain(members.values().flat_map(meaningful)).collect()
            }
            _ => BTreeSet::new(),
        }
    }

    /// The numbers of user agents, which are kept as versions.
    fn versions(value: &Value) -> BTreeSet<String> {
        match value {
            Value::Array(items) => items.iter().flat_map(versions).collect(),
            Value::Object(members) => {
                let of = |(name, value): (&String, &Value)| match VERSIONED.contains(&name.as_str()) {
                    true => meaningful(value).into_iter().filter(|word| matches(&VERSION, word)).collect(),
                    false => versions(value),
                };
                members.iter().flat_map(of).collect()
            }
            _ => BTreeSet::new(),
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn no_word_outside_the_vocabulary_survives(record in record()) {
            let mut redacted = record.clone();
            let mut redactor = Redactor::default();
            redactor.redact(&mut redacted);
            let allowed: BTreeSet<String> = VOCABULARY
                .iter()
                .copied()
                .chain(redactor.given.iter().map(String::as_str))
                .chain(["CreateUser"])
                .flat_map(|word| meaningful(&json!(word)))
                .chain(versions(&record))
                .collect();
            let before = meaningful(&record);
            for word in meaningful(&redacted) {
                let harmless = allowed.contains(&word) || matches(&ACTION, &word) || word.bytes().all(|b| b == b'x');
                prop_assert!(harmless || !before.contains(&word), "`{word}` survives in {redacted}");
            }
        }
    }
}
