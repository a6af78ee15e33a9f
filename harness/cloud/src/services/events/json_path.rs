//! The paths of InputPath and InputPathsMap: JSONPath in dot notation. [D] UG eb-transform-target-input

use serde_json::Value;

/// A parsed path such as `$.detail.findings[0].id`.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct JsonPath(Vec<Step>);

#[derive(Clone, Debug, PartialEq)]
enum Step {
    Field(String),
    Index(usize),
    Every,
}

impl JsonPath {
    /// Parses a path; `None` when it is not one.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut rest = text.strip_prefix('$')?;
        let mut steps = Vec::new();
        while !rest.is_empty() {
            if let Some(after) = rest.strip_prefix('[') {
                let (inner, tail) = after.split_once(']')?;
                steps.push(bracketed(inner)?);
                rest = tail;
            } else {
                let after = rest.strip_prefix('.')?;
                let end = after.find(['.', '[']).unwrap_or(after.len());
                let (name, tail) = after.split_at(end);
                steps.push(match name {
                    "" => return None,
                    "*" => Step::Every,
                    name => Step::Field(name.to_owned()),
                });
                rest = tail;
            }
        }
        Some(Self(steps))
    }

    /// What the path finds; with `*` an array of all that it finds.
    pub(super) fn find(&self, value: &Value) -> Option<Value> {
        let mut found = vec![value];
        let mut many = false;
        for step in &self.0 {
            let mut next = Vec::new();
            for value in found {
                match (step, value) {
                    (Step::Field(name), Value::Object(members)) => next.extend(members.get(name)),
                    (Step::Index(index), Value::Array(elements)) => next.extend(elements.get(*index)),
                    (Step::Every, Value::Array(elements)) => next.extend(elements),
                    (Step::Every, Value::Object(members)) => next.extend(members.values()),
                    _ => {}
                }
            }
            many |= *step == Step::Every;
            found = next;
        }
        if many {
            return Some(Value::Array(found.into_iter().cloned().collect()));
        }
        found.first().map(|value| (*value).clone())
    }
}

fn bracketed(inner: &str) -> Option<Step> {
    if inner == "*" {
        return Some(Step::Every);
    }
    for quote in ['\'', '"'] {
        if let Some(name) = inner.strip_prefix(quote).and_then(|inner| inner.strip_suffix(quote)) {
            return Some(Step::Field(name.to_owned()));
        }
    }
    inner.parse().ok().map(Step::Index)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn paths() {
        // [D] UG eb-transform-target-input; brackets as in JSONPath
        let event = json!({"detail-type": "t", "detail": {"a": [{"b": 1}, {"b": 2}], "x.y": "dotted", "n": null}});
        let cases = [
            ("$", Some(event.clone())),
            ("$.detail-type", Some(json!("t"))),
            ("$.detail.a[1].b", Some(json!(2))),
            ("$.detail.a[*].b", Some(json!([1, 2]))),
            ("$.detail['x.y']", Some(json!("dotted"))),
            ("$.detail.n", Some(json!(null))),
            ("$.detail.missing", None),
            ("$.detail.a[7]", None),
        ];
        for (path, expected) in cases {
            let parsed = JsonPath::parse(path).unwrap_or_else(|| panic!("{path} does not parse"));
            assert_eq!(parsed.find(&event), expected, "{path}");
        }
        for bad in ["", "detail", "$.", "$..a", "$.a[", "$.a[x]", "$a"] {
            assert_eq!(JsonPath::parse(bad), None, "{bad}");
        }
    }
}
