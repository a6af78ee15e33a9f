//! Event ids of a run: each scenario's are replaced by others that nobody else has, and put back in what came out. So
//! scenarios may share a cloud, and say the same as on a fork of their own.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::scenario::{PutEvents, Step};

/// The fields that name an act.
const FIELDS: [&str; 3] = ["eventID", "sharedEventID", "originalEventID"];

/// The ids of one scenario: the recorded one by the one of this run.
#[derive(Clone, Debug, Default)]
pub(super) struct Marks {
    recorded: BTreeMap<String, String>,
}

impl Marks {
    /// The step with its ids replaced.
    pub(super) fn mark(&mut self, step: Step) -> Step {
        match step {
            Step::Record(value) => Step::Record(self.replaced(value)),
            Step::Event(value) => Step::Event(self.replaced(value)),
            Step::Put(call) => Step::Put(PutEvents { detail: self.replaced(call.detail.clone()), ..call }),
        }
    }

    fn replaced(&mut self, value: Value) -> Value {
        match value {
            Value::Object(members) => members
                .into_iter()
                .map(|(name, value)| match value {
                    Value::String(id) if FIELDS.contains(&name.as_str()) && !id.is_empty() => {
                        (name, Value::String(self.of(&id)))
                    }
                    other => (name, self.replaced(other)),
                })
                .collect(),
            Value::Array(items) => items.into_iter().map(|item| self.replaced(item)).collect(),
            other => other,
        }
    }

    /// The id of this run for a recorded one: the same for the same, so that copies stay copies.
    fn of(&mut self, recorded: &str) -> String {
        if let Some((mark, _)) = self.recorded.iter().find(|(_, known)| *known == recorded) {
            return mark.clone();
        }
        let mark = uuid::Uuid::new_v4().to_string();
        self.recorded.insert(mark.clone(), recorded.to_owned());
        mark
    }

    /// The ids of this run.
    pub(super) fn all(&self) -> impl Iterator<Item = &str> {
        self.recorded.keys().map(String::as_str)
    }

    /// Whether a text carries one of them.
    pub(super) fn are_in(&self, text: &str) -> bool {
        self.all().any(|mark| text.contains(mark))
    }

    /// The text with the recorded ids in their places again.
    pub(super) fn restored(&self, text: &str) -> String {
        self.recorded.iter().fold(text.to_owned(), |text, (mark, recorded)| text.replace(mark.as_str(), recorded))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn ids_are_replaced_and_put_back() {
        let record = json!({
            "eventID": "a", "sharedEventID": "b", "requestID": "a", "addendum": {"originalEventID": ""},
            "list": [{"eventID": "b"}],
        });
        let (mut one, mut other) = (Marks::default(), Marks::default());
        let Step::Record(marked) = one.mark(Step::Record(record.clone())) else { panic!("a record stays one") };
        let Step::Record(of_other) = other.mark(Step::Record(record.clone())) else { panic!("a record stays one") };
        assert_eq!(marked["list"][0]["eventID"], marked["sharedEventID"], "the same id stays the same");
        assert_eq!((&marked["requestID"], &marked["addendum"]["originalEventID"]), (&json!("a"), &json!("")));
        assert_ne!(marked["eventID"], of_other["eventID"], "no two scenarios share an id");
        assert!(one.are_in(&marked.to_string()) && !one.are_in(&of_other.to_string()));
        assert_eq!(one.restored(&marked.to_string()), record.to_string());
    }
}
