//! Mutants of event patterns and filter policies.

use serde_json::{Map, Value};

use super::Operator;

/// A changed pattern.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Changed {
    pub(super) operator: Operator,
    /// The path of the field, with the value where one of several changes.
    pub(super) detail: String,
    pub(super) before: String,
    pub(super) after: String,
    pub(super) pattern: Value,
    /// A text that the changed line of source contains.
    pub(super) literal: String,
}

/// All mutants of a pattern, in its order.
pub(super) fn mutants(pattern: &Value) -> Vec<Changed> {
    let mut all = Vec::new();
    let mut put = |changed: Value, of: Part| {
        let Part { operator, detail, before, after, literal } = of;
        all.push(Changed { operator, detail, before, after, pattern: changed, literal });
    };
    if let Some(members) = pattern.as_object() {
        object(members, "", &mut |members, part| put(Value::Object(members), part));
    }
    all
}

struct Part {
    operator: Operator,
    detail: String,
    before: String,
    after: String,
    literal: String,
}

/// Walks an object of the pattern; `put` is given the object with one change.
fn object(members: &Map<String, Value>, path: &str, put: &mut dyn FnMut(Map<String, Value>, Part)) {
    for (key, value) in members {
        let here = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
        let with = |value: Value| {
            let mut members = members.clone();
            members.insert(key.clone(), value);
            members
        };
        if key == "$or" {
            alternatives(members, value, path, put);
            continue;
        }
        // An empty object is no pattern: removing the object itself is a mutant of its own.
        if members.len() > 1 {
            let mut without = members.clone();
            without.shift_remove(key);
            put(without, part(Operator::PatternFieldRemoved, here.clone(), value, "nothing", key));
        }
        match value {
            Value::Object(inner) => object(inner, &here, &mut |inner, part| put(with(Value::Object(inner)), part)),
            Value::Array(values) => {
                for (place, one) in values.iter().enumerate() {
                    let literal = literal(one);
                    if values.len() > 1 {
                        let mut left = values.clone();
                        left.remove(place);
                        let detail = format!("{here} {one}");
                        put(
                            with(Value::Array(left)),
                            part(Operator::PatternValueRemoved, detail, one, "nothing", &literal),
                        );
                    } else {
                        let altered = altered(one);
                        let shown = altered.to_string();
                        put(
                            with(Value::Array(vec![altered])),
                            part(Operator::PatternValueAltered, here.clone(), one, &shown, &literal),
                        );
                    }
                }
            }
            _ => {}
        }
    }
}

/// The alternatives of a `$or`.
fn alternatives(
    members: &Map<String, Value>,
    branches: &Value,
    path: &str,
    put: &mut dyn FnMut(Map<String, Value>, Part),
) {
    let Some(branches) = branches.as_array() else { return };
    for (place, branch) in branches.iter().enumerate() {
        let here = if path.is_empty() { format!("$or[{place}]") } else { format!("{path}.$or[{place}]") };
        let mut left = branches.clone();
        left.remove(place);
        let mut without = members.clone();
        // One alternative is none: its fields are the object's own.
        match left.as_slice() {
            [Value::Object(only)] if only.keys().all(|key| !members.contains_key(key)) => {
                without.shift_remove("$or");
                without.extend(only.clone());
            }
            _ => drop(without.insert("$or".to_owned(), Value::Array(left))),
        }
        let literal = branch.as_object().and_then(|branch| branch.keys().next().cloned()).unwrap_or_default();
        put(without, part(Operator::PatternValueRemoved, here.clone(), branch, "nothing", &literal));
        if let Some(inner) = branch.as_object() {
            object(inner, &here, &mut |inner, part| {
                let mut branches = branches.clone();
                branches[place] = Value::Object(inner);
                let mut members = members.clone();
                members.insert("$or".to_owned(), Value::Array(branches));
                put(members, part);
            });
        }
    }
}

fn part(operator: Operator, detail: String, before: &Value, after: &str, literal: &str) -> Part {
    Part { operator, detail, before: before.to_string(), after: after.to_owned(), literal: literal.to_owned() }
}

/// The first text within a value.
fn literal(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(values) => values.first().map(literal).unwrap_or_default(),
        Value::Object(members) => members.values().next().map(literal).unwrap_or_default(),
        other => other.to_string(),
    }
}

/// The value with every literal in it replaced.
fn altered(value: &Value) -> Value {
    match value {
        // In front, where a suffix and a prefix alike no longer match.
        Value::String(text) => format!("altered-{text}").into(),
        Value::Bool(value) => (!value).into(),
        Value::Number(number) => (number.as_f64().unwrap_or_default() + 1.0).into(),
        Value::Null => "altered".into(),
        Value::Array(values) => values.iter().map(altered).collect(),
        Value::Object(members) => {
            members.iter().map(|(key, value)| (key.clone(), altered(value))).collect::<Map<_, _>>().into()
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_field_value_and_alternative_is_changed_once() {
        let pattern = json!({
            "source": [{"prefix": "aws."}],
            "detail": {"$or": [
                {"userIdentity": {"type": ["Root"]}},
                {"eventName": ["AssumeRoot", "Other"]},
            ]},
        });
        let found = mutants(&pattern);
        let shown: Vec<String> =
            found.iter().map(|it| format!("{} {}: {}", it.operator, it.detail, it.pattern)).collect();
        assert_eq!(
            shown,
            [
                r#"pattern-field-removed source: {"detail":{"$or":[{"userIdentity":{"type":["Root"]}},{"eventName":["AssumeRoot","Other"]}]}}"#,
                r#"pattern-value-altered source: {"source":[{"prefix":"altered-aws."}],"detail":{"$or":[{"userIdentity":{"type":["Root"]}},{"eventName":["AssumeRoot","Other"]}]}}"#,
                r#"pattern-field-removed detail: {"source":[{"prefix":"aws."}]}"#,
                r#"pattern-value-removed detail.$or[0]: {"source":[{"prefix":"aws."}],"detail":{"eventName":["AssumeRoot","Other"]}}"#,
                r#"pattern-value-altered detail.$or[0].userIdentity.type: {"source":[{"prefix":"aws."}],"detail":{"$or":[{"userIdentity":{"type":["altered-Root"]}},{"eventName":["AssumeRoot","Other"]}]}}"#,
                r#"pattern-value-removed detail.$or[1]: {"source":[{"prefix":"aws."}],"detail":{"userIdentity":{"type":["Root"]}}}"#,
                r#"pattern-value-removed detail.$or[1].eventName "AssumeRoot": {"source":[{"prefix":"aws."}],"detail":{"$or":[{"userIdentity":{"type":["Root"]}},{"eventName":["Other"]}]}}"#,
                r#"pattern-value-removed detail.$or[1].eventName "Other": {"source":[{"prefix":"aws."}],"detail":{"$or":[{"userIdentity":{"type":["Root"]}},{"eventName":["AssumeRoot"]}]}}"#,
            ]
        );
    }
}
