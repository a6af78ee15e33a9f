//! MD5 sums as SDKs verify them. [D] sqs-message-metadata, "Calculating the MD5 message digest for message attributes"

use md5::{Digest, Md5};

use super::message::MessageAttribute;
use crate::services::digest;

/// Lower-case hexadecimal MD5 of a text.
pub(super) fn of_body(body: &str) -> String {
    digest::md5(body.as_bytes())
}

/// The sum over attributes; `None` without any.
pub(super) fn of_attributes(attributes: &[(String, MessageAttribute)]) -> Option<String> {
    if attributes.is_empty() {
        return None;
    }
    let mut sorted: Vec<_> = attributes.iter().collect();
    sorted.sort_by(|(a, _), (b, _)| a.cmp(b));
    let mut sum = Md5::new();
    let part = |bytes: &[u8], sum: &mut Md5| {
        sum.update((bytes.len() as u32).to_be_bytes());
        sum.update(bytes);
    };
    for (name, attribute) in sorted {
        part(name.as_bytes(), &mut sum);
        part(attribute.data_type.as_bytes(), &mut sum);
        match &attribute.string_value {
            Some(text) => {
                sum.update([1]);
                part(text.as_bytes(), &mut sum);
            }
            None => {
                sum.update([2]);
                part(&attribute.bytes(), &mut sum);
            }
        }
    }
    Some(digest::hex(&sum.finalize()))
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;

    use super::*;

    fn string(name: &str, value: &str) -> (String, MessageAttribute) {
        (name.to_owned(), MessageAttribute::string(value))
    }

    #[test]
    fn sums() {
        assert_eq!(of_body("test"), "098f6bcd4621d373cade4e832627b4f6");
        let trace = b"traceparent\x1e00-774062d6c37081a5a0b9b5b88e30627c-2d2482211f6489da-01";
        let binary = MessageAttribute {
            data_type: "Binary".into(),
            string_value: None,
            binary_value: Some(STANDARD.encode(trace)),
        };
        // [V] LS:sqs/test_sqs.snapshot.json
        let cases = [
            // ::test_receive_message_message_attribute_names_filters
            (
                vec![string("Help.Me", "Me"), string("Hello", "There"), string("General", "Kenobi")],
                "4c360f3fdafd970e05fae2f149d997f5",
            ),
            (vec![string("Hello", "There")], "a311262e065454b75da111d535b8dacd"),
            // ::test_receive_message_attribute_names_filters
            (vec![string("Foo", "Bar")], "ae7155c6026991b6d54b11589678bf9c"),
            // ::test_send_message_with_binary_attributes
            (vec![("attr1".to_owned(), binary)], "8cbe4db156db8a94db8b801b7addb984"),
        ];
        for (attributes, expected) in cases {
            assert_eq!(of_attributes(&attributes).as_deref(), Some(expected), "{attributes:?}");
        }
        assert_eq!(of_attributes(&[]), None);
    }
}
