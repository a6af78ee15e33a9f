//! Filter policies of subscriptions: the engine's, with what a topic knows around it.

use serde_json::Value;

use crate::services::sqs::MessageAttribute;
use rootwatch_pattern::{FilterPolicy, FilterPolicyScope, MatchResult};

/// Reads a policy; an empty one takes the filter away. The error is what follows `Invalid parameter: `.
pub(super) fn parse(text: &str, scope: FilterPolicyScope) -> Result<Option<FilterPolicy>, String> {
    if text.trim().is_empty() {
        return Ok(None);
    }
    let policy: Value = serde_json::from_str(text).map_err(|_| format!("FilterPolicy: {}", syntax_error(text)))?;
    if policy.as_object().is_some_and(|keys| keys.is_empty()) {
        return Ok(None);
    }
    FilterPolicy::parse(text, scope).map(Some).map_err(|error| error.to_string())
}

/// Whether a message passes; if not, the first field that kept it.
pub(super) fn check(
    filter: &FilterPolicy,
    attributes: &[(String, MessageAttribute)],
    message: &str,
) -> Result<(), String> {
    let result = match filter.scope() {
        FilterPolicyScope::MessageBody => filter.explain_body(message),
        FilterPolicyScope::MessageAttributes => {
            let texts = attributes.iter().filter_map(|(name, attribute)| {
                Some((name.as_str(), attribute.data_type.as_str(), attribute.string_value.as_deref()?))
            });
            filter.explain_attributes(&texts.collect::<Vec<_>>())
        }
    };
    match result {
        MatchResult::Match => Ok(()),
        mismatch @ MatchResult::NoMatch { .. } => Err(mismatch.to_string()),
    }
}

/// The scope as it is written.
pub(super) fn scope_name(scope: FilterPolicyScope) -> &'static str {
    match scope {
        FilterPolicyScope::MessageAttributes => "MessageAttributes",
        FilterPolicyScope::MessageBody => "MessageBody",
    }
}

/// What AWS's parser says of a text that is no JSON. [V] LS:sns/test_subscribe_invalid_filter_policy,
/// ::test_validate_set_sub_attributes; other mistakes [?]
pub(super) fn syntax_error(text: &str) -> String {
    let at = |column: usize| {
        format!(
            "\n at [Source: REDACTED (`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled); line: 1, column: {column}]"
        )
    };
    let word: String = text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
    if !word.is_empty() && !word.starts_with(|c: char| c.is_ascii_digit()) {
        let place = at(word.chars().count() + 1);
        return format!(
            "failed to parse JSON. Unrecognized token '{word}': was expecting (JSON String, Number, Array, Object or \
             token 'null', 'true' or 'false'){place}"
        );
    }
    let second = text.strip_prefix('{').and_then(|rest| rest.chars().next());
    if let Some(c) = second.filter(|c| !matches!(c, '"' | '}') && !c.is_whitespace()) {
        return format!(
            "failed to parse JSON. Unexpected character ('{c}' (code {})): was expecting double-quote to start field \
             name{}",
            u32::from(c),
            at(2)
        );
    }
    "failed to parse JSON.".to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attribute(data_type: &str, value: &str) -> MessageAttribute {
        MessageAttribute { data_type: data_type.into(), string_value: Some(value.into()), binary_value: None }
    }

    #[test]
    fn attributes() {
        // [D] sns-subscription-filter-policies, string-value-matching, attribute-key-matching
        for (policy, given, expected) in [
            (r#"{"alert_type":["login"]}"#, Some(("String", "login")), true),
            (r#"{"alert_type":["login","activity"]}"#, Some(("String", "activity")), true),
            (r#"{"alert_type":["login"]}"#, Some(("String", "activity")), false),
            (r#"{"alert_type":["login"]}"#, None, false),
            (r#"{"alert_type":[{"exists":false}]}"#, None, true),
            (r#"{"alert_type":[{"exists":true}]}"#, None, false),
            (r#"{"alert_type":[{"prefix":"log"}]}"#, Some(("String", "login")), true),
            (r#"{"alert_type":[{"anything-but":["login"]}]}"#, Some(("String", "login")), false),
            (r#"{"alert_type":[{"numeric":[">",0,"<=",100]}]}"#, Some(("Number", "99.12")), true),
            (r#"{"alert_type":["b"]}"#, Some(("String.Array", r#"["a","b"]"#)), true),
            // [V] LS:sns/test_sns_filter_policy: neither null nor anything-but means absence
            (r#"{"alert_type":[null,{"anything-but":"x"}]}"#, None, false),
            (r#"{"alert_type":[null,{"anything-but":"x"}]}"#, Some(("String", "y")), true),
            (r#"{"alert_type":[null,{"anything-but":"x"}]}"#, Some(("String", "x")), false),
            (r#"{"alert_type":[null,{"anything-but":"x"}]}"#, Some(("String.Array", "[null]")), true),
            (r#"{"alert_type":[null]}"#, None, false),
            (r#"{"alert_type":[{"anything-but":["x"]}]}"#, None, false),
            (r#"{"alert_type":[{"anything-but":{"prefix":"x"}}]}"#, None, false),
            (r#"{"alert_type":[{"exists":false},{"anything-but":"x"}]}"#, None, true),
        ] {
            let filter = parse(policy, FilterPolicyScope::MessageAttributes).unwrap().unwrap();
            let given: Vec<_> =
                given.map(|(kind, value)| ("alert_type".to_owned(), attribute(kind, value))).into_iter().collect();
            assert_eq!(check(&filter, &given, "m").is_ok(), expected, "{policy} {given:?}");
        }
    }

    #[test]
    fn bodies() {
        // [D] sns-subscription-filter-policies, "Payload-based"
        let policy = r#"{"alert_type":["login"],"actor":{"account":["1"]}}"#;
        let filter = parse(policy, FilterPolicyScope::MessageBody).unwrap().unwrap();
        for (body, expected) in [
            (r#"{"alert_type":"login","actor":{"account":"1"}}"#, None),
            (r#"{"alert_type":"other","actor":{}}"#, Some("`alert_type`")),
            (r#"{"alert_type":"login"}"#, Some("`actor.account`")),
            ("login", Some("`$`")),
        ] {
            let mismatch = check(&filter, &[], body).err();
            assert_eq!(mismatch.is_some(), expected.is_some(), "{body}: {mismatch:?}");
            let told = mismatch.unwrap_or_default();
            assert!(expected.is_none_or(|path| told.starts_with(path)), "{body}: {told}");
        }
    }

    #[test]
    fn no_filter_and_bad_filters() {
        for none in ["", " ", "{}"] {
            assert_eq!(parse(none, FilterPolicyScope::MessageAttributes), Ok(None), "{none:?}");
        }
        // [V] LS:sns/test_subscribe_invalid_filter_policy, ::test_validate_set_sub_attributes
        let source = "[Source: REDACTED (`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled); line: 1, column:";
        for (policy, expected) in [
            (
                "invalid",
                format!(
                    "FilterPolicy: failed to parse JSON. Unrecognized token 'invalid': was expecting (JSON String, \
                     Number, Array, Object or token 'null', 'true' or 'false')\n at {source} 8]"
                ),
            ),
            (
                "{invalidjson}",
                format!(
                    "FilterPolicy: failed to parse JSON. Unexpected character ('i' (code 105)): was expecting \
                     double-quote to start field name\n at {source} 2]"
                ),
            ),
        ] {
            assert_eq!(parse(policy, FilterPolicyScope::MessageAttributes), Err(expected), "{policy}");
        }
    }
}
