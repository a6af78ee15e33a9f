//! Which of many patterns an event can match: each is filed under the exact strings or prefixes of the one field by which
//! it is told apart best, so that an event is compared with those alone whose strings it has.

use std::collections::{BTreeMap, HashMap};

use super::alternative::Alternative;
use super::compile::{Branch, Compiled};
use super::flatten::Scalar;
use super::{EventPattern, FlatEvent};

/// An index over patterns, which it knows by their places.
#[derive(Debug, Default)]
pub struct PatternIndex {
    fields: HashMap<String, Strings>,
    /// Those that no string tells apart.
    others: Vec<usize>,
}

#[derive(Debug, Default)]
struct Strings {
    exact: HashMap<String, Vec<usize>>,
    /// By their length in bytes.
    prefixes: BTreeMap<usize, HashMap<String, Vec<usize>>>,
}

/// What a pattern can be filed under.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Entry<'p> {
    path: &'p str,
    text: &'p str,
    prefix: bool,
}

impl PatternIndex {
    /// Files the patterns.
    pub fn new<'p>(patterns: impl IntoIterator<Item = &'p EventPattern>) -> Self {
        let patterns: Vec<&Compiled> = patterns.into_iter().map(EventPattern::compiled).collect();
        // How many ways into a pattern go by each string: the fewer, the better it tells.
        let mut uses: HashMap<Entry<'_>, usize> = HashMap::new();
        let branches =
            || patterns.iter().flat_map(|pattern| pattern.branches.iter().map(move |branch| (*pattern, branch)));
        for entry in branches().flat_map(|(pattern, branch)| pattern.entries(branch)).flatten() {
            *uses.entry(entry).or_default() += 1;
        }
        let mut index = Self::default();
        for (place, pattern) in patterns.iter().enumerate() {
            for branch in &pattern.branches {
                let cost = |entries: &Vec<Entry<'_>>| -> usize { entries.iter().map(|entry| uses[entry]).sum() };
                match pattern.entries(branch).min_by_key(cost) {
                    Some(entries) => entries.into_iter().for_each(|entry| index.file(entry, place)),
                    None => index.others.push(place),
                }
            }
        }
        index
    }

    fn file(&mut self, entry: Entry<'_>, place: usize) {
        let strings = self.fields.entry(entry.path.to_owned()).or_default();
        let texts = match entry.prefix {
            true => strings.prefixes.entry(entry.text.len()).or_default(),
            false => &mut strings.exact,
        };
        texts.entry(entry.text.to_owned()).or_default().push(place);
    }

    /// The places of the patterns that the event may match, in order; it matches none of the others.
    #[must_use]
    pub fn candidates(&self, event: &FlatEvent<'_>) -> Vec<usize> {
        let mut found = self.others.clone();
        for (path, strings) in &self.fields {
            for leaf in event.leaves(path) {
                let Scalar::Text(text) = &leaf.value else { continue };
                found.extend(strings.exact.get(&**text).into_iter().flatten());
                for (length, texts) in &strings.prefixes {
                    found.extend(text.get(..*length).and_then(|stem| texts.get(stem)).into_iter().flatten());
                }
            }
        }
        found.sort_unstable();
        found.dedup();
        found
    }
}

impl Compiled {
    /// For each field of a branch that only certain strings meet, those strings.
    fn entries<'p>(&'p self, branch: &'p Branch) -> impl Iterator<Item = Vec<Entry<'p>>> {
        branch.iter().filter_map(|&field| {
            let field = &self.fields[field];
            let entry = |alternative: &'p Alternative| match alternative {
                Alternative::Text(text) => Some(Entry { path: &field.path, text, prefix: false }),
                Alternative::Prefix(text) => Some(Entry { path: &field.path, text, prefix: true }),
                _ => None,
            };
            field.alternatives.iter().map(entry).collect()
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    /// Alternatives of every kind that the index files or must not file.
    fn alternative() -> impl Strategy<Value = Value> {
        let text = "[ab]{0,2}";
        prop_oneof![
            4 => text.prop_map(Value::from),
            1 => Just(json!("10.0.0.1")),
            1 => (0..3).prop_map(Value::from),
            1 => any::<bool>().prop_map(Value::from),
            1 => Just(Value::Null),
            2 => text.prop_map(|text| json!({"prefix": text})),
            1 => text.prop_map(|text| json!({"suffix": text})),
            1 => text.prop_map(|text| json!({"equals-ignore-case": text})),
            1 => text.prop_map(|text| json!({"anything-but": [text]})),
            1 => any::<bool>().prop_map(|exists| json!({"exists": exists})),
            1 => text.prop_map(|text| json!({"wildcard": format!("{text}*")})),
            1 => Just(json!({"numeric": [">", 1]})),
            1 => Just(json!({"cidr": "10.0.0.0/8"})),
        ]
    }

    fn field() -> impl Strategy<Value = (String, Value)> {
        let name = prop_oneof![Just("x"), Just("y"), Just("z")];
        (name, prop::collection::vec(alternative(), 1..3)).prop_map(|(name, list)| (name.to_owned(), list.into()))
    }

    fn pattern() -> impl Strategy<Value = String> {
        let fields =
            || prop::collection::vec(field(), 1..4).prop_map(|fields| Value::Object(fields.into_iter().collect()));
        prop_oneof![
            4 => fields(),
            2 => fields().prop_map(|inner| json!({"detail": inner})),
            2 => prop::collection::vec(fields(), 2..4).prop_map(|branches| json!({"$or": branches})),
        ]
        .prop_map(|pattern| pattern.to_string())
    }

    fn leaf() -> impl Strategy<Value = Value> {
        prop_oneof![
            4 => "[abAB]{0,3}".prop_map(Value::from),
            1 => Just(json!("10.0.0.1")),
            1 => (0..3).prop_map(Value::from),
            1 => any::<bool>().prop_map(Value::from),
            1 => Just(Value::Null),
        ]
    }

    fn event() -> impl Strategy<Value = Value> {
        let value = prop_oneof![3 => leaf(), 1 => prop::collection::vec(leaf(), 0..3).prop_map(Value::from)];
        let name = prop_oneof![Just("x"), Just("y"), Just("z")].prop_map(str::to_owned);
        let fields =
            prop::collection::vec((name, value), 0..4).prop_map(|fields| Value::Object(fields.into_iter().collect()));
        (fields.clone(), fields.clone(), prop::collection::vec(fields, 0..3)).prop_map(|(outer, detail, list)| {
            let mut event = outer;
            event["detail"] = detail;
            event["detail"]["y"] = list.into();
            event
        })
    }

    proptest! {
        /// The candidates that match are the patterns that match, looked at one by one.
        #[test]
        fn the_index_loses_nothing(texts in prop::collection::vec(pattern(), 1..8), event in event()) {
            let patterns: Vec<EventPattern> = texts.iter().map(|text| EventPattern::parse(text).unwrap()).collect();
            let flat = FlatEvent::from(&event);
            let one_by_one: Vec<usize> =
                (0..patterns.len()).filter(|&place| patterns[place].matches_flat(&flat)).collect();
            let mut indexed = PatternIndex::new(&patterns).candidates(&flat);
            prop_assert!(indexed.is_sorted());
            indexed.retain(|&place| patterns[place].matches_flat(&flat));
            prop_assert_eq!(indexed, one_by_one, "{:?} and {}", texts, event);
        }
    }

    /// Patterns that share a field are filed under the one that tells them apart, and only those an event can match are
    /// looked at.
    #[test]
    fn the_most_telling_field_is_chosen() {
        let text = |n| {
            format!(r#"{{"source": ["aws.iam"], "detail": {{"eventName": ["Call{n}", {{"prefix": "Many{n}x"}}]}}}}"#)
        };
        let patterns: Vec<EventPattern> = (0..1000).map(|n| EventPattern::parse(&text(n)).unwrap()).collect();
        let index = PatternIndex::new(&patterns);
        let candidates = |name: &str| {
            let event = json!({"source": "aws.iam", "detail": {"eventName": name}});
            index.candidates(&FlatEvent::from(&event))
        };
        assert_eq!(candidates("Call7"), [7]);
        assert_eq!(candidates("Many77xyz"), [77]);
        assert_eq!(candidates("Call"), [0usize; 0]);
    }
}
