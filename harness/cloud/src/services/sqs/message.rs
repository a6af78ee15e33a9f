//! A message, and what may stand in it.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use super::fault::Fault;
use crate::id::Arn;
use crate::time::Time;

/// A typed value next to the body of a message. Read from the API as it is written there.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct MessageAttribute {
    /// `String`, `Number`, `Binary`, with an optional label after a dot.
    #[serde(rename = "DataType")]
    pub data_type: String,
    /// The value of a text or number.
    #[serde(rename = "StringValue", skip_serializing_if = "Option::is_none")]
    pub string_value: Option<String>,
    /// The value of a binary, base64.
    #[serde(rename = "BinaryValue", skip_serializing_if = "Option::is_none")]
    pub binary_value: Option<String>,
}

impl MessageAttribute {
    /// An attribute of type `String`.
    pub fn string(value: impl Into<String>) -> Self {
        Self { data_type: "String".into(), string_value: Some(value.into()), binary_value: None }
    }

    /// The bytes of a binary value; empty if it is none.
    pub(super) fn bytes(&self) -> Vec<u8> {
        self.binary_value.as_ref().and_then(|text| STANDARD.decode(text).ok()).unwrap_or_default()
    }

    fn size(&self) -> usize {
        let value = self.string_value.as_ref().map_or_else(|| self.bytes().len(), String::len);
        self.data_type.len() + value
    }
}

/// A message in a queue.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Message {
    pub(super) id: String,
    pub(super) body: Arc<str>,
    /// In the order of their names.
    pub(super) attributes: Vec<(String, MessageAttribute)>,
    /// `AWSTraceHeader`, the only one a sender may set.
    pub(super) trace_header: Option<String>,
    pub(super) group: Option<String>,
    pub(super) sender: String,
    pub(super) sent: Time,
    /// When it entered this queue: differs from `sent` after a redrive.
    pub(super) entered: Time,
    pub(super) first_received: Option<Time>,
    pub(super) receive_count: u32,
    /// Hidden until then, by a delay or a visibility timeout.
    pub(super) visible_at: Time,
    /// The receipt handle of the last receive.
    pub(super) receipt: Option<String>,
    /// The queue it was dead-lettered from.
    pub(super) source: Option<Arn>,
}

/// The size that counts against the limit: body, and name, type and value of every attribute. [D] quotas-messages
pub(super) fn size(body: &str, attributes: &[(String, MessageAttribute)]) -> usize {
    body.len() + attributes.iter().map(|(name, attribute)| name.len() + attribute.size()).sum::<usize>()
}

/// What XML 1.0 can carry. [D] API_SendMessage
fn is_valid_character(c: char) -> bool {
    matches!(c, '\u{9}' | '\u{A}' | '\u{D}' | '\u{20}'..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'..)
}

/// Checks a body. [D] API_SendMessage; [V] LS:sqs/test_send_empty_message
pub(super) fn check_body(body: &str) -> Result<(), Fault> {
    if body.is_empty() {
        return Err(Fault::missing("MessageBody"));
    }
    // Most bodies are plain ASCII, which is seen faster byte by byte.
    let plain = body.bytes().all(|byte| matches!(byte, b' '..=b'~' | b'\t' | b'\n' | b'\r'));
    if !plain && !body.chars().all(is_valid_character) {
        return Err(Fault::new(
            "InvalidMessageContents",
            "InvalidMessageContents",
            "Invalid characters found. Valid unicode characters are #x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to \
             #xFFFD | #x10000 to #x10FFFF",
        ));
    }
    Ok(())
}

/// Checks the attributes of a message. Names and limits [D] sqs-message-metadata; the text for an empty value
/// [V] LS:sqs/test_send_message_with_empty_string_attribute, the other texts [?].
pub(super) fn check_attributes(attributes: &[(String, MessageAttribute)]) -> Result<(), Fault> {
    if attributes.len() > 10 {
        return Err(Fault::invalid_value(format!(
            "Number of message attributes [{}] exceeds the allowed maximum [10].",
            attributes.len()
        )));
    }
    for (name, attribute) in attributes {
        check_name(name)?;
        check_attribute(name, attribute)?;
    }
    Ok(())
}

fn check_name(name: &str) -> Result<(), Fault> {
    let lower = name.to_ascii_lowercase();
    let reason = if name.is_empty() || name.chars().count() > 256 {
        "Message (user) attribute name can not be empty or longer than 256 characters."
    } else if lower.starts_with("aws.") || lower.starts_with("amazon.") {
        "Message (user) attribute name can not start with reserved prefixes 'AWS.' or 'Amazon.'."
    } else if name.starts_with('.') || name.ends_with('.') || name.contains("..") {
        "Message (user) attribute name can not start or end with '.', or have successive '.' characters."
    } else if !name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.')) {
        "Message (user) attribute name can only include alphanumeric characters, hyphens, underscores, or dots."
    } else {
        return Ok(());
    };
    Err(Fault::invalid_value(format!("Invalid message attribute name '{name}'. {reason}")))
}

fn check_attribute(name: &str, attribute: &MessageAttribute) -> Result<(), Fault> {
    let kind = attribute.data_type.split('.').next().unwrap_or_default();
    if !matches!(kind, "String" | "Number" | "Binary") || attribute.data_type.len() > 256 {
        return Err(Fault::invalid_value(format!(
            "Invalid type of message (user) attribute '{name}': the set of supported type prefixes is Binary, Number, \
             and String, and a type is at most 256 characters long."
        )));
    }
    let value = if kind == "Binary" { &attribute.binary_value } else { &attribute.string_value };
    let Some(value) = value.as_ref().filter(|value| !value.is_empty()) else {
        return Err(Fault::invalid_value(format!(
            "Message (user) attribute '{name}' must contain a non-empty value of type '{}'.",
            if kind == "Binary" { "Binary" } else { "String" }
        )));
    };
    let good = match kind {
        "String" => value.chars().all(is_valid_character),
        "Number" => value.parse::<f64>().is_ok(),
        _ => STANDARD.decode(value).is_ok(),
    };
    if !good {
        return Err(Fault::invalid_value(format!(
            "Invalid value of message (user) attribute '{name}' of type '{}'.",
            attribute.data_type
        )));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_attributes() {
        // [V] LS:sqs/test_send_message_with_invalid_string_attributes
        let bad = ["", "aWs.-x", "AMAZON.-x", ".-x", "x.", "a!b", "a\"b", "a§b", "a(b", "a?b", &"L".repeat(257)];
        for name in bad {
            assert!(check_name(name).is_err(), "{name}");
        }
        for name in ["attr.1øßä", "alert_type", "a-b", &"L".repeat(256)] {
            assert!(check_name(name).is_ok(), "{name}");
        }
    }

    #[test]
    fn values_of_attributes() {
        let check = |data_type: &str, string: Option<&str>, binary: Option<&str>| {
            let attribute = MessageAttribute {
                data_type: data_type.into(),
                string_value: string.map(Into::into),
                binary_value: binary.map(Into::into),
            };
            check_attributes(&[("name".into(), attribute)]).is_ok()
        };
        // [V] LS:sqs/test_send_message_with_invalid_string_attributes, [D] sqs-message-metadata
        let cases = [
            ("String", Some("x"), None, true),
            ("String.label", Some("x"), None, true),
            ("Number", Some("1e3"), None, true),
            ("Number", Some("one"), None, false),
            ("Binary", None, Some("AAE="), true),
            ("Binary", None, Some("no base64!"), false),
            ("Binary", Some("x"), None, false),
            ("String", Some(""), None, false),
            ("String", None, None, false),
            ("String", Some("\u{8}"), None, false),
            ("Invalid", Some("x"), None, false),
            ("", Some("x"), None, false),
        ];
        for (data_type, string, binary, good) in cases {
            assert_eq!(check(data_type, string, binary), good, "{data_type} {string:?} {binary:?}");
        }
        assert!(!check(&format!("Number.{}", "L".repeat(256)), Some("1"), None));
    }

    #[test]
    fn bodies() {
        // [D] API_SendMessage, [V] LS:sqs/test_send_message_with_invalid_payload_characters
        for (body, good) in [("{\r\n\t}", true), ("", false), ("a\u{0}", false), ("\u{8}", false), ("\u{ffff}", false)]
        {
            assert_eq!(check_body(body).is_ok(), good, "{body:?}");
        }
    }
}
