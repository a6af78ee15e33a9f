//! Members as XML, the way the Query protocol answers.

use quick_xml::events::{BytesEnd, BytesStart, BytesText, Event};
use quick_xml::writer::Writer;
use serde_json::Value;

/// Characters that XML 1.0 does not allow, not even escaped.
fn is_unwritable(c: char) -> bool {
    matches!(c, '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}')
}

/// An XML document under construction.
pub(super) struct Xml(Writer<Vec<u8>>);

impl Xml {
    pub(super) fn new() -> Self {
        Self(Writer::new(Vec::new()))
    }

    fn event(&mut self, event: Event<'_>) {
        // Writing to memory cannot fail.
        let _ = self.0.write_event(event);
    }

    pub(super) fn open(&mut self, name: &str) {
        self.event(Event::Start(BytesStart::new(name)));
    }

    /// An element whose type is said by `xsi:type`, as S3's grantees are. [D] API_Grantee
    fn open_of_type(&mut self, name: &str, kind: &str) {
        let mut start = BytesStart::new(name);
        start.push_attribute(("xmlns:xsi", "http://www.w3.org/2001/XMLSchema-instance"));
        start.push_attribute(("xsi:type", kind));
        self.event(Event::Start(start));
    }

    pub(super) fn open_with_namespace(&mut self, name: &str, namespace: &str) {
        let mut start = BytesStart::new(name);
        start.push_attribute(("xmlns", namespace));
        self.event(Event::Start(start));
    }

    pub(super) fn close(&mut self, name: &str) {
        self.event(Event::End(BytesEnd::new(name)));
    }

    pub(super) fn text(&mut self, name: &str, text: &str) {
        self.open(name);
        // An answer may repeat what a client sent, and XML has no way to write these at all.
        match text.contains(is_unwritable) {
            true => self.event(Event::Text(BytesText::new(&text.replace(is_unwritable, "\u{fffd}")))),
            false => self.event(Event::Text(BytesText::new(text))),
        }
        self.close(name);
    }

    /// Writes a member: objects nest, lists become `member` elements, `{"$map": …}` becomes `entry` elements, and
    /// `{"$flat": […]}` repeats the element itself; `$type` is the element's `xsi:type`.
    pub(super) fn member(&mut self, name: &str, value: &Value) {
        match value {
            Value::Null => {}
            Value::String(text) => self.text(name, text),
            Value::Bool(_) | Value::Number(_) => self.text(name, &value.to_string()),
            Value::Array(items) => {
                self.open(name);
                for item in items {
                    self.member("member", item);
                }
                self.close(name);
            }
            Value::Object(members) => {
                if let Some(Value::Array(items)) = members.get("$flat") {
                    for item in items {
                        self.member(name, item);
                    }
                    return;
                }
                match members.get("$type").and_then(Value::as_str) {
                    Some(kind) => self.open_of_type(name, kind),
                    None => self.open(name),
                }
                if let Some(Value::Object(entries)) = members.get("$map") {
                    for (key, value) in entries {
                        self.open("entry");
                        self.text("key", key);
                        self.member("value", value);
                        self.close("entry");
                    }
                } else {
                    self.members(value);
                }
                self.close(name);
            }
        }
    }

    /// Writes the members of an object side by side.
    pub(super) fn members(&mut self, value: &Value) {
        if let Value::Object(members) = value {
            for (name, value) in members.iter().filter(|(name, _)| *name != "$type") {
                self.member(name, value);
            }
        }
    }

    pub(super) fn finish(self) -> Vec<u8> {
        self.0.into_inner()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn members() {
        let mut xml = Xml::new();
        xml.members(
            &json!({"A": "x<y", "C": "\u{1}\r\n", "L": [1, true], "M": {"$map": {"k": "v"}}, "F": {"$flat": ["a", "b"]}, "N": null}),
        );
        let text = String::from_utf8(xml.finish()).unwrap();
        assert_eq!(
            text,
            "<A>x&lt;y</A><C>\u{fffd}&#13;\n</C><L><member>1</member><member>true</member></L><M><entry><key>k</key><value>v</value></entry></M>\
             <F>a</F><F>b</F>"
        );
    }
}
