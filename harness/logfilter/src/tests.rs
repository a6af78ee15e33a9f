//! Filter patterns against lines, each with its source.

use proptest::prelude::*;
use serde_json::json;

use super::FilterPattern;

/// The documentation's example of a JSON line, and one of CloudTrail.
const DOCUMENTED: &str = r#"{"eventType":"UpdateTrail","sourceIPAddress":"111.111.111.111","arrayKey":["value","another value"],"objectList":[{"name":"a","id":1},{"name":"b","id":2}],"SomeObject":null,"ThisFlag":true,"cluster.name":"c"}"#;
const COMPOUND: &str = r#"{"user":{"id":1,"email":"John.Stiles@example.com"},"users":[{"id":2,"email":"John.Doe@example.com"},{"id":3,"email":"Jane.Doe@example.com"}],"actions":["GET","PUT","DELETE"],"coordinates":[[0,1,2],[4,5,6],[7,8,9]]}"#;
const ROOT: &str = r#"{"eventVersion":"1.08","userIdentity":{"type":"Root","accountId":"111122223333"},"eventType":"AwsApiCall","eventName":"CreateUser","recipientAccountId":"111122223333","readOnly":false,"errorCode":null}"#;
const APACHE: &str = r#"127.0.0.1 Prod frank [10/Oct/2000:13:25:15 -0700] "GET /index.html HTTP/1.0" 404 1534"#;
const CIS: &str =
    r#"{ $.userIdentity.type = "Root" && $.userIdentity.invokedBy NOT EXISTS && $.eventType != "AwsServiceEvent" }"#;

/// (source, pattern, line, whether it matches)
const CASES: &[(&str, &str, &str, bool)] = &[
    // Terms
    ("[D] match everything", "", "anything", true),
    ("[D] match everything", "\" \"", "anything", true),
    ("[D] match everything", "\"\"", "", true),
    ("[D] single term", "ERROR", "[ERROR 400] BAD REQUEST", true),
    ("[D] single term", "ERROR", "[WARN] nothing", false),
    ("[D] a term is found in a word", "ERROR", "Exiting with ERRORCODE: -1", true),
    ("[D] case matters", "ERROR", "[error 400]", false),
    ("[D] all terms", "ERROR ARGUMENTS", "[ERROR 419] MISSING ARGUMENTS", true),
    ("[D] all terms", "ERROR ARGUMENTS", "[ERROR 400] BAD REQUEST", false),
    ("[D] terms in any order", "ARGUMENTS ERROR", "[ERROR 419] MISSING ARGUMENTS", true),
    ("[D] optional terms", "?ERROR ?ARGUMENTS", "[WARN] MISSING ARGUMENTS", true),
    ("[D] optional terms", "?ERROR ?ARGUMENTS", "[WARN] BAD REQUEST", false),
    ("[D] optional terms next to others are ignored", "?ERROR ?ARGUMENTS REQUEST", "[INFO] REQUEST FAILED", true),
    ("[D] optional terms next to others are ignored", "?ERROR ?ARGUMENTS REQUEST", "[ERROR] ARGUMENTS", false),
    ("[D] optional terms next to excluded ones", "?ERROR -DEBUG", "INFO", true),
    ("[D] exact phrase", "\"INTERNAL SERVER ERROR\"", "[ERROR 500] INTERNAL SERVER ERROR", true),
    ("[D] exact phrase", "\"INTERNAL SERVER ERROR\"", "SERVER INTERNAL ERROR", false),
    ("[D] symbols in quotes", "\"[ERROR]\" -\"a:b\"", "[ERROR] x", true),
    ("[D] symbols in quotes", "\"[ERROR]\" -\"a:b\"", "[ERROR] a:b", false),
    ("[?] escapes in quotes", r#""say \"no\" \\ now""#, r#"say "no" \ now"#, true),
    ("[D] include and exclude", "ERROR -ARGUMENTS", "[ERROR 400] BAD REQUEST", true),
    ("[D] include and exclude", "ERROR -ARGUMENTS", "[ERROR 419] MISSING ARGUMENTS", false),
    ("[D] 2022: a space behind the minus", "\"ERROR\" - \"Exiting\"", "Exiting with ERRORCODE: -1", false),
    ("[D] exclude only", "-ERROR", "fine", true),
    ("[D] exclude only", "-ERROR", "ERROR", false),
    ("[D] regex", "%AUTHORIZED%", "[ERROR 401] UNAUTHORIZED REQUEST", true),
    ("[D] regex", "%^AUTHORIZED%", "[ERROR 401] UNAUTHORIZED REQUEST", false),
    ("[D] regex: colou?r", "%colou?r%", "no color", true),
    ("[D] regex: alternatives with anchors", "%^starting|^initializing%", "skipping initializing", false),
    ("[D] regex: an escaped dot", r"%10\.10\.0\.1%", "from 10.10.0.1", true),
    ("[D] regex: an escaped dot", r"%10\.10\.0\.1%", "from 10010,051", false),
    ("[D] regex: \\xhh for symbols", r"%\x28x\x29%", "(x)", true),
    ("[D] regex: \\d is ASCII", r"%\d%", "٣", false),
    ("[D] regex: repeats", r"%ab[0-9]{3}%", "ab129", true),
    // JSON
    ("[D] strings", "{ $.eventType = \"UpdateTrail\" }", DOCUMENTED, true),
    ("[D] strings", "{$.eventType=UpdateTrail}", DOCUMENTED, true),
    ("[D] strings are case-sensitive", "{ $.eventType = \"updatetrail\" }", DOCUMENTED, false),
    ("[D] names are case-sensitive", "{ $.EventType = \"UpdateTrail\" }", DOCUMENTED, false),
    ("[D] not equal with a wildcard", "{ $.sourceIPAddress != 123.123.* }", DOCUMENTED, true),
    ("[D] not equal with a wildcard", "{ $.sourceIPAddress != 111.111.* }", DOCUMENTED, false),
    ("[D] wildcard in quotes", "{ $.eventType = \"*Trail\" }", DOCUMENTED, true),
    ("[D] wildcard in the middle (2022: literal there)", "{ $.eventType = \"Up*il\" }", DOCUMENTED, true),
    ("[D] wildcard alone", "{ $.eventType = * }", DOCUMENTED, true),
    ("[D] wildcard alone needs a value", "{ $.latency = * }", DOCUMENTED, false),
    ("[D] array element", "{ $.arrayKey[0] = \"value\" }", DOCUMENTED, true),
    ("[D] array element", "{ $.arrayKey[1] = \"value\" }", DOCUMENTED, false),
    ("[D] array element of something else", "{ $.eventType[0] = \"U*\" }", DOCUMENTED, false),
    ("[D] object in an array", "{ $.objectList[1].id = 2 }", DOCUMENTED, true),
    ("[D] regex", "{ $.eventType = %Trail% }", DOCUMENTED, true),
    ("[D] regex, not", "{ $.eventType != %Trail% }", DOCUMENTED, false),
    ("[D] any element", "{ $.arrayKey[*] = %val.{2}% }", DOCUMENTED, true),
    ("[D] any element's field", "{ $.objectList[*].name = \"b\" }", DOCUMENTED, true),
    ("[D] any field", r"{ $.* = %111\.111\.111\.1[0-9]{1,2}% }", DOCUMENTED, true),
    ("[D] any field of the top only", "{ $.* = \"a\" }", DOCUMENTED, false),
    ("[D] a key with a dot", "{ $.['cluster.name'] = \"c\" }", DOCUMENTED, true),
    ("[D] a key with a dot is no path", "{ $.cluster.name = \"c\" }", DOCUMENTED, false),
    ("[T] a key with a hyphen", "{ $.detail-type = \"x\" }", r#"{"detail-type":"x"}"#, true),
    ("[D] IS NULL", "{ $.SomeObject IS NULL }", DOCUMENTED, true),
    ("[D] IS NULL of a missing field", "{ $.SomeOtherObject IS NULL }", DOCUMENTED, false),
    ("[D] NOT EXISTS", "{ $.SomeOtherObject NOT EXISTS }", DOCUMENTED, true),
    ("[D] NOT EXISTS of null", "{ $.SomeObject NOT EXISTS }", DOCUMENTED, false),
    ("[D] NOT EXISTS of an array", "{ $.arrayKey NOT EXISTS }", DOCUMENTED, false),
    ("[D] IS TRUE", "{ $.ThisFlag IS TRUE }", DOCUMENTED, true),
    ("[D] IS FALSE", "{ $.ThisFlag IS FALSE }", DOCUMENTED, false),
    ("[D] IS TRUE of a text", "{ $.eventType IS TRUE }", r#"{"eventType":"true"}"#, false),
    ("[D] arrays do not match", "{ $.users = 1 }", r#"{"users":[1,2,3]}"#, false),
    ("[D] arrays do not match, not even !=", "{ $.users != 1 }", r#"{"users":[1,2,3]}"#, false),
    ("[D] objects do not match", "{ $.user != x }", COMPOUND, false),
    ("[?] != of a missing field", "{ $.missing != x }", DOCUMENTED, false),
    ("[?] != of a boolean", "{ $.ThisFlag != x }", DOCUMENTED, false),
    ("[?] != of null", "{ $.SomeObject != x }", DOCUMENTED, false),
    ("[D] numbers: >", "{ $.latency > 75 }", r#"{"latency":75.5}"#, true),
    ("[D] numbers: >", "{ $.latency > +75 }", r#"{"latency":75}"#, false),
    ("[D] numbers: <", "{ $.latency < 10e-3 }", r#"{"latency":0.009}"#, true),
    ("[D] numbers: >=", "{ $.latency >= 60 }", r#"{"latency":60}"#, true),
    ("[D] numbers: <=", "{ $.latency <= -5 }", r#"{"latency":-4}"#, false),
    ("[D] numbers: = with an exponent", "{ $.number[0] = 1e+3 }", r#"{"number":[1000]}"#, true),
    ("[D] numbers: !=", "{ $.errorCode != 500 }", r#"{"errorCode":500.0}"#, false),
    ("[D] numbers: wildcard", "{ $.errorCode = 4* }", r#"{"errorCode":404}"#, true),
    ("[D] numbers: wildcard", "{ $.errorCode = 4* }", r#"{"errorCode":504}"#, false),
    ("[?] numbers: order with a text", "{ $.latency > 5 }", r#"{"latency":"6"}"#, false),
    ("[D] an account id is a text", "{ $.recipientAccountId = 111122223333 }", ROOT, true),
    ("[?] a quoted number equals the number's text", "{ $.errorCode = \"404\" }", r#"{"errorCode":404}"#, true),
    ("[D] and", "{ ($.user.id = 1) && ($.users[0].email = \"John.Doe@example.com\") }", COMPOUND, true),
    (
        "[D] && binds more tightly",
        "{ $.user.email = \"John.Stiles@example.com\" || $.coordinates[0][1] = \"nonmatch\" && $.actions[2] = \"nonmatch\" }",
        COMPOUND,
        true,
    ),
    (
        "[D] parentheses first",
        "{ ($.user.email = \"John.Stiles@example.com\" || $.coordinates[0][1] = \"nonmatch\") && $.actions[2] = \"nonmatch\" }",
        COMPOUND,
        false,
    ),
    ("[D] or", "{ ($.user.id = 2 && $.users[0].email = \"nonmatch\") || $.actions[2] = \"GET\" }", COMPOUND, false),
    ("[D] nested arrays", "{ $.coordinates[1][2] = 6 }", COMPOUND, true),
    ("[D] || in one pattern", "{$.foo = bar || $.foo = baz }", r#"{"foo":"baz"}"#, true),
    ("[D] a line that is not JSON", "{ $.a NOT EXISTS }", "not JSON", false),
    ("[?] a line that is no object", "{ $.a NOT EXISTS }", "[1]", false),
    ("[D] JSON with space around", "{ $.a = 1 }", " {\"a\": 1}\n", true),
    ("[?] unicode in quotes", "{ $.a = \"grün*\" }", r#"{"a":"grüner"}"#, true),
    // The root pattern of the CIS benchmark
    ("[D] CIS 3.3 (1.7)", CIS, ROOT, true),
    (
        "[D] CIS: invoked by a service",
        CIS,
        r#"{"userIdentity":{"type":"Root","invokedBy":"x.amazonaws.com"},"eventType":"AwsApiCall"}"#,
        false,
    ),
    ("[D] CIS: a service event", CIS, r#"{"userIdentity":{"type":"Root"},"eventType":"AwsServiceEvent"}"#, false),
    ("[D] CIS: someone else", CIS, r#"{"userIdentity":{"type":"IAMUser"},"eventType":"AwsApiCall"}"#, false),
    ("[?] CIS: no event type", CIS, r#"{"userIdentity":{"type":"Root"}}"#, false),
    (
        "[D] CIS 3.1",
        "{ ($.errorCode = \"*UnauthorizedOperation\") || ($.errorCode = \"AccessDenied*\") }",
        r#"{"errorCode":"Client.UnauthorizedOperation"}"#,
        true,
    ),
    (
        "[D] CIS 3.2",
        "{ ($.eventName = \"ConsoleLogin\") && ($.additionalEventData.MFAUsed != \"Yes\") }",
        r#"{"eventName":"ConsoleLogin","additionalEventData":{"MFAUsed":"No"}}"#,
        true,
    ),
    // Columns
    ("[D] as many columns", "[ip, user, username, timestamp, request, status_code, bytes]", APACHE, true),
    ("[D] fewer fields than columns", "[a, b, c, d, e, f, g, h]", APACHE, false),
    (
        "[D] conditions",
        r"[ip=%127\.0\.0\.[1-9]%, user, username, timestamp, request =*.html*, status_code = 4*, bytes]",
        APACHE,
        true,
    ),
    ("[D] conditions", "[ip, user, username, timestamp, request, status_code = 5*, bytes]", APACHE, false),
    ("[D] numbers in columns", "[ip, user, username, timestamp, request, status_code, bytes > 1000]", APACHE, true),
    ("[D] numbers in columns", "[..., bytes > 1534]", APACHE, false),
    ("[D] ... at the beginning", "[..., request =*.html*, status_code = 4*, bytes]", APACHE, true),
    ("[D] ... in the middle", "[ip = 127.0.0.1, user, ..., status_code != 500, bytes]", APACHE, true),
    ("[D] ... at the end", "[ip, user = Prod, ...]", APACHE, true),
    ("[D] ... may stand for nothing", "[a, ..., b]", "x y", true),
    ("[D] brackets are one field", "[..., timestamp = \"10/Oct*\", request, code, bytes]", APACHE, true),
    ("[D] quotes are one field", "[..., request = \"GET /index.html HTTP/1.0\", code, bytes]", APACHE, true),
    ("[D] || in a column", "[..., status_code = 404 || status_code = 410, bytes]", APACHE, true),
    ("[D] && in a column", "[..., status_code = 4* && status_code != 404, bytes]", APACHE, false),
    (
        "[D] the last column takes the rest",
        "[w1=ERROR, w2]",
        "ERROR 09/25/2014 12:00:02 Failed to process request",
        true,
    ),
    ("[D] the last column takes the rest", "[w1=ERROR, w2]", "WARNING 09/25/2014 Invalid user request", false),
    ("[?] the rest as one text", "[w1, w2=\"*to process*\"]", "ERROR Failed to process request", true),
    ("[D] one of two", "[w1=ERROR || w1=WARNING, w2]", "WARNING 09/25/2014 Invalid", true),
    ("[D] none of two", "[w1!=ERROR && w1!=WARNING, w2]", "INFO 09/25/2014 GET", true),
    (
        "[D] regex in a column",
        "[logLevel, date, time, method, url=%/service/resource/[0-9]+$%, response_time]",
        "INFO 09/25/2014 12:00:00 GET /service/resource/67 1200",
        true,
    ),
    (
        "[D] regex in a column",
        "[logLevel, date, time, method, url=%/service/resource/[0-9]+$%, response_time]",
        "INFO 09/25/2014 12:00:01 POST /service/resource/67/part/111 1310",
        false,
    ),
    ("[D] 2022: a column without a name", "[..., request=*.html*, status_code=4*,]", APACHE, true),
    ("[?] an open bracket is a word", "[a = *open, b]", "[open x", true),
];

#[test]
fn lines() {
    let mut failures = Vec::new();
    for (source, pattern, line, expected) in CASES {
        let parsed = FilterPattern::parse(pattern).unwrap_or_else(|error| panic!("{source}: {pattern}: {error}"));
        if parsed.matches(line) != *expected {
            failures.push(format!("{source}: {pattern} on {line} should be {expected}"));
        }
        if let Ok(line) = serde_json::from_str(line)
            && parsed.text().starts_with('{')
        {
            assert_eq!(parsed.matches_json(&line), *expected, "{source}: {pattern} as JSON");
        }
    }
    assert_eq!(failures, Vec::<String>::new());
}

/// (source, pattern, AWS's message)
const REFUSED: &[(&str, &str, &str)] = &[
    ("[T] reported", "?Status: timeout", "Invalid character(s) in term ':'"),
    ("[T] reported", "PlayerSpawnedInWorld (reason: x", "Invalid character(s) in term '('"),
    ("[T] reported", "`ERROR", "Invalid character(s) in term '`'"),
    ("[T] reported, measured 2026-08-03", r#"{ $."sc-status" = 5* }"#, r#"Invalid character(s) in term '$."'"#),
    ("[T] reported", "{ $.message = \"x\", $.path = \"/y\" }", "Invalid character(s) in term ','"),
    ("[D] quotes are needed", "a-b", "Invalid character(s) in term '-'"),
    ("[D] quotes are needed", "grün", "Invalid character(s) in term 'ü'"),
    ("[D] regex without groups", "%a(b)%", "Invalid character(s) in term '('"),
    ("[D] regex without this symbol", "%something!%", "Invalid character(s) in term '!'"),
    ("[T] regex without space", "%a b%", "Invalid character(s) in term ' '"),
    ("[D] regex in ASCII", "%ü%", "Invalid character(s) in term 'ü'"),
    ("[?] regex that is none", "%[a%", "Invalid metric filter pattern"),
    ("[T] single quotes", "{ $.userIdentity.type = 'Root' }", "Invalid character(s) in term '''"),
    ("[D] strings with symbols", "{ $.a = @b }", "Invalid character(s) in term '@'"),
    ("[?] no closing quote", "\"abc", "Invalid metric filter pattern"),
    ("[?] no closing percent", "%abc", "Invalid metric filter pattern"),
    ("[?] a minus alone", "ERROR -", "Invalid metric filter pattern"),
    ("[?] no expression", "{ }", "Invalid character(s) in term '}'"),
    ("[?] no closing brace", "{ $.a = 1", "Invalid metric filter pattern"),
    ("[?] text behind", "{ $.a = 1 } x", "Invalid metric filter pattern"),
    ("[?] no operator", "{ $.a }", "Invalid character(s) in term '}'"),
    ("[?] no selector", "{ a = 1 }", "Invalid character(s) in term 'a'"),
    ("[?] no name", "{ $ = 1 }", "Invalid character(s) in term '$ '"),
    ("[?] no value", "{ $.a = }", "Invalid character(s) in term '}'"),
    ("[?] half an and", "{ $.a = 1 & $.b = 2 }", "Invalid character(s) in term '&'"),
    ("[?] open parenthesis", "{ ($.a = 1 }", "Invalid character(s) in term '}'"),
    ("[D] EXISTS does not exist", "{ $.a EXISTS }", "Invalid metric filter pattern"),
    ("[D] IS NOT does not exist", "{ $.a IS NOT NULL }", "Invalid metric filter pattern"),
    ("[?] NOT needs EXISTS", "{ $.a NOT NULL }", "Invalid metric filter pattern"),
    ("[D] order needs a number", "{ $.a > \"x\" }", "Invalid metric filter pattern"),
    ("[D] one wildcard in a selector", "{ $.a[*].b[*] = 1 }", "Invalid metric filter pattern"),
    (
        "[D] three selectors with wildcards",
        "{ $.a[*] = 1 || $.b[*] = 1 || $.c[*] = 1 || $.d[*] = 1 }",
        "Invalid metric filter pattern",
    ),
    ("[D] two regular expressions", "{ $.a = %x% || $.b = %x% || $.c = %x% }", "Invalid metric filter pattern"),
    ("[?] no closing bracket", "[a, b", "Invalid metric filter pattern"),
    ("[?] two ellipses", "[..., a, ...]", "Invalid metric filter pattern"),
    ("[?] another column's name", "[a, b = 1 && a = 2]", "Invalid metric filter pattern"),
    ("[?] an index that is none", "{ $.a[x] = 1 }", "Invalid character(s) in term 'x'"),
];

#[test]
fn refusals() {
    let mut failures = Vec::new();
    for (source, pattern, expected) in REFUSED {
        match FilterPattern::parse(pattern) {
            Err(error) if error.aws_message() == *expected => {}
            other => failures.push(format!("{source}: {pattern}: {other:?}")),
        }
    }
    assert_eq!(failures, Vec::<String>::new());
}

#[test]
fn errors_say_where() {
    let error = FilterPattern::parse("{ $.ü = 1 }").unwrap_err();
    assert_eq!(error.to_string(), "`$.ü` at character 3 is not allowed here: put the term in double quotes");
    let error = FilterPattern::parse("{ $.a EXISTS }").unwrap_err();
    assert_eq!(error.to_string(), "expected an operator, IS or NOT EXISTS at character 7");
    assert_eq!(error.search_message(), "Invalid filter pattern");
    assert!(FilterPattern::parse(&format!("{{ {}$.a = 1", "(".repeat(1000))).is_err());
}

#[test]
fn metric_values() {
    /// (source, pattern, line, metric value, number)
    const VALUES: &[(&str, &str, &str, &str, Option<f64>)] = &[
        ("[D] a number", "ERROR", "ERROR", "1", Some(1.0)),
        ("[D] a number", "{ $.a = 1 }", "x", "2.5e1", Some(25.0)),
        ("[D] latency", "{ $.latency = * }", r#"{"latency":50}"#, "$.latency", Some(50.0)),
        ("[D] deeper", "{ $.a.b[0] = * }", r#"{"a":{"b":[1.5]}}"#, "$.a.b[0]", Some(1.5)),
        ("[?] a text", "{ $.latency = * }", r#"{"latency":"50"}"#, "$.latency", None),
        ("[D] missing", "{ $.a = * }", r#"{"a":1}"#, "$.latency", None),
        ("[D] not JSON", "{ $.a = * }", "latency", "$.latency", None),
        ("[D] a column", "[..., status_code, bytes]", APACHE, "$bytes", Some(1534.0)),
        ("[D] a column by position", "[..., status_code,]", APACHE, "$7", Some(1534.0)),
        ("[D] a column that is no number", "[ip, ...]", APACHE, "$ip", None),
        ("[D] no such column", "[ip, ...]", APACHE, "$bytes", None),
        ("[D] too few columns", "[a, b, bytes]", "1 2", "$bytes", None),
        ("[D] terms have no fields", "ERROR", r#"{"a":1}"#, "$.a", None),
        ("[?] not a number", "ERROR", "ERROR", "one", None),
        ("[?] words for numbers", "ERROR", "ERROR", "inf", None),
    ];
    for (source, pattern, line, metric_value, expected) in VALUES {
        let parsed = FilterPattern::parse(pattern).unwrap();
        assert_eq!(parsed.value(line, metric_value), *expected, "{source}: {pattern} {metric_value}");
    }
}

#[test]
fn lines_known_as_json() {
    let line = json!({ "a": "ERROR" });
    assert!(FilterPattern::parse("ERROR").unwrap().matches_json(&line));
    assert!(!FilterPattern::parse("-ERROR").unwrap().matches_json(&line));
}

#[test]
fn patterns_are_saved_as_their_text() {
    let saved = serde_json::to_string(&FilterPattern::parse(CIS).unwrap()).unwrap();
    assert_eq!(serde_json::from_str::<FilterPattern>(&saved).unwrap().text(), CIS);
}

proptest! {
    #[test]
    fn any_text_is_answered(
        pattern in "[\\{\\[]?[ \\{\\}\\[\\]()$.a-c0-2=!<>&|*?%\"'\\\\,ISNOTEXü-]{0,40}",
        line in "[ \\[\\]\"a-c0-2ü.]{0,30}",
    ) {
        if let Ok(pattern) = FilterPattern::parse(&pattern) {
            let json = json!({ "a": [line.as_str(), 1], "b": { "c": null } });
            prop_assert_eq!(pattern.matches_json(&json), pattern.matches(&json.to_string()));
            prop_assert!(pattern.value(&line, "$a").is_none_or(f64::is_finite));
        }
    }
}
