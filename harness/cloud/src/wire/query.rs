//! The Query protocol's form, turned into nested members. [D] AWS Query protocol

use std::collections::BTreeMap;

use serde_json::{Map, Value};

#[derive(Default)]
struct Node {
    text: Option<String>,
    /// By name, so that a form of a million keys does not take a million searches each.
    members: BTreeMap<String, Node>,
}

impl Node {
    fn child(&mut self, name: &str) -> &mut Node {
        self.members.entry(name.to_owned()).or_default()
    }

    /// The children in numeric order, if all keys are numbers.
    fn numbered(self) -> Result<Vec<Node>, Node> {
        if self.members.is_empty() || !self.members.keys().all(|key| key.parse::<u32>().is_ok()) {
            return Err(self);
        }
        let ordered: BTreeMap<u32, Node> =
            self.members.into_iter().filter_map(|(key, node)| Some((key.parse().ok()?, node))).collect();
        Ok(ordered.into_values().collect())
    }

    fn value(mut self) -> Value {
        if self.members.is_empty() {
            return Value::String(self.text.unwrap_or_default());
        }
        // `X.member.N` and the flattened `X.N` are lists, `X.entry.N.key` is a map.
        if self.members.len() == 1
            && let Some((kind, inner)) =
                ["member", "entry"].into_iter().find_map(|kind| self.members.remove_entry(kind))
        {
            return match inner.numbered() {
                Ok(items) if kind == "entry" => map(items),
                Ok(items) => Value::Array(items.into_iter().map(Node::value).collect()),
                Err(inner) => Value::Object(Map::from_iter([(kind, inner.value())])),
            };
        }
        match self.numbered() {
            Ok(items) => Value::Array(items.into_iter().map(Node::value).collect()),
            Err(node) => Value::Object(node.members.into_iter().map(|(key, node)| (key, node.value())).collect()),
        }
    }
}

/// Entries of a map: `key`/`value`, or `Name`/`Value` (SNS message attributes).
fn map(items: Vec<Node>) -> Value {
    let pairs = items.into_iter().map(|mut item| {
        let mut take = |names: [&str; 2]| names.into_iter().find_map(|name| item.members.remove(name)).map(Node::value);
        let key = take(["key", "Name"]).and_then(|key| key.as_str().map(str::to_owned)).unwrap_or_default();
        (key, take(["value", "Value"]).unwrap_or(Value::Null))
    });
    Value::Object(pairs.collect())
}

/// The action and the members of a form.
pub(super) fn decode(form: &[u8]) -> (Option<String>, Value) {
    let mut root = Node::default();
    let mut action = None;
    for (key, value) in form_urlencoded::parse(form) {
        match &*key {
            "Action" => action = Some(value.into_owned()),
            "Version" => {}
            // The signature of a presigned URL.
            key if key.starts_with("X-Amz-") => {}
            key => {
                let mut node = &mut root;
                // Bounded, so that a hostile key cannot exhaust the stack.
                for step in key.split('.').take(32) {
                    node = node.child(step);
                }
                node.text = Some(value.into_owned());
            }
        }
    }
    let members = root.members.into_iter().map(|(key, node)| (key, node.value())).collect();
    (action, Value::Object(members))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn forms() {
        let cases = [
            ("Action=CreateTopic&Version=1&Name=x", json!({"Name": "x"})),
            ("Action=A&Tags.member.2.Key=b&Tags.member.1.Key=a", json!({"Tags": [{"Key": "a"}, {"Key": "b"}]})),
            ("Action=A&Attributes.entry.1.key=P&Attributes.entry.1.value=v", json!({"Attributes": {"P": "v"}})),
            (
                "Action=A&M.entry.1.Name=n&M.entry.1.Value.DataType=String&M.entry.1.Value.StringValue=s",
                json!({"M": {"n": {"DataType": "String", "StringValue": "s"}}}),
            ),
            ("Action=A&Attribute.1.Name=n&Attribute.1.Value=v", json!({"Attribute": [{"Name": "n", "Value": "v"}]})),
            ("Action=A&AlarmNames.member.1=x&Empty=", json!({"AlarmNames": ["x"], "Empty": ""})),
        ];
        for (form, expected) in cases {
            assert_eq!(decode(form.as_bytes()).1, expected, "{form}");
        }
        assert_eq!(decode(b"Action=CreateTopic").0.as_deref(), Some("CreateTopic"));
        assert_eq!(decode(b"x=1").0, None);
    }
}
