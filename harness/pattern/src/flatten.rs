//! An event as the engine sees it: leaves with dotted names.

use std::borrow::Cow;
use std::fmt;

use serde_json::Value;

use super::numeric::Number;

/// An event flattened once, to be matched with many rules.
///
/// - A name is the path of keys joined by dots, so a dotted key and a nested one are the same field. [V] dot_joining_*
/// - Arrays have no names of their own: every element is a leaf, or has leaves, under the array's name. An empty array
///   or object has no leaf at all. [V] arrays_empty_null_NEG, exists_list_empty_NEG, exists_dynamodb_NEG
/// - A leaf inside an array element remembers which element, for array consistency. [R]
///   ArrayMembership.java; a scalar that is itself an element is bound to no element
#[derive(Debug)]
pub struct FlatEvent<'a> {
    pub(super) is_object: bool,
    /// All names, one after the other; leaves point into it.
    names: String,
    /// Sorted by name.
    leaves: Vec<Leaf<'a>>,
    places: Vec<Place>,
}

/// The array elements a leaf lies in, as (array, index), by ascending array.
pub(super) type Place = Vec<(u32, u32)>;

#[derive(Debug)]
pub(super) struct Leaf<'a> {
    name: std::ops::Range<usize>,
    pub(super) value: Scalar<'a>,
    place: usize,
}

/// The value of a leaf.
#[derive(Clone, Debug)]
pub(super) enum Scalar<'a> {
    Text(Cow<'a, str>),
    Number(Number),
    Bool(bool),
    Null,
}

impl<'a> From<&'a Value> for FlatEvent<'a> {
    fn from(event: &'a Value) -> Self {
        let mut flat = FlatEvent::empty(event.is_object());
        if flat.is_object {
            // As most records need it.
            flat.names.reserve(4096);
            flat.leaves.reserve(64);
            Walk { flat: &mut flat, path: String::new(), place: Place::new(), place_id: 0, arrays: 0 }.value(event);
        }
        flat.sorted()
    }
}

impl<'a> FlatEvent<'a> {
    fn empty(is_object: bool) -> Self {
        FlatEvent { is_object, names: String::new(), leaves: Vec::new(), places: vec![Place::new()] }
    }

    /// From named values that lie in no arrays: SNS message attributes.
    pub(super) fn from_fields(fields: impl IntoIterator<Item = (&'a str, Scalar<'a>)>) -> Self {
        let mut flat = FlatEvent::empty(true);
        for (name, value) in fields {
            flat.push(name, value, 0);
        }
        flat.sorted()
    }

    fn push(&mut self, name: &str, value: Scalar<'a>, place: usize) {
        // Siblings in an array repeat a name: share it.
        let name = match self.leaves.last() {
            Some(last) if &self.names[last.name.clone()] == name => last.name.clone(),
            _ => {
                let start = self.names.len();
                self.names.push_str(name);
                start..self.names.len()
            }
        };
        self.leaves.push(Leaf { name, value, place });
    }

    fn sorted(mut self) -> Self {
        // Bytes and text have the same order.
        let names = self.names.as_bytes();
        self.leaves.sort_by(|a, b| names[a.name.clone()].cmp(&names[b.name.clone()]));
        self
    }

    fn name(&self, leaf: &Leaf<'_>) -> &str {
        &self.names[leaf.name.clone()]
    }

    pub(super) fn place(&self, leaf: &Leaf<'_>) -> &Place {
        &self.places[leaf.place]
    }

    /// The leaves of that name, in document order.
    pub(super) fn leaves(&self, name: &str) -> &[Leaf<'a>] {
        let (names, name) = (self.names.as_bytes(), name.as_bytes());
        let start = self.leaves.partition_point(|leaf| names[leaf.name.clone()] < *name);
        let length = self.leaves[start..].iter().take_while(|leaf| names[leaf.name.clone()] == *name).count();
        &self.leaves[start..start + length]
    }

    /// Whether there are leaves below that name: its value is an object.
    pub(super) fn has_below(&self, name: &str) -> bool {
        let below = format!("{name}.");
        let start = self.leaves.partition_point(|leaf| self.name(leaf) < below.as_str());
        self.leaves.get(start).is_some_and(|leaf| self.name(leaf).starts_with(&below))
    }
}

struct Walk<'f, 'a> {
    flat: &'f mut FlatEvent<'a>,
    path: String,
    place: Place,
    place_id: usize,
    arrays: u32,
}

impl<'a> Walk<'_, 'a> {
    fn value(&mut self, value: &'a Value) {
        match value {
            Value::Object(members) => {
                for (key, member) in members {
                    let length = self.path.len();
                    if length > 0 {
                        self.path.push('.');
                    }
                    self.path.push_str(key);
                    self.value(member);
                    self.path.truncate(length);
                }
            }
            Value::Array(elements) => self.array(elements),
            Value::String(text) => self.leaf(Scalar::Text(Cow::Borrowed(text))),
            Value::Number(number) => self.leaf(Scalar::Number(Number::from_json(number))),
            Value::Bool(bool) => self.leaf(Scalar::Bool(*bool)),
            Value::Null => self.leaf(Scalar::Null),
        }
    }

    fn array(&mut self, elements: &'a [Value]) {
        let array = self.arrays;
        self.arrays += 1;
        let outer = self.place_id;
        for (index, element) in (0..).zip(elements) {
            if matches!(element, Value::Object(_) | Value::Array(_)) {
                self.place.push((array, index));
                self.place_id = self.flat.places.len();
                self.flat.places.push(self.place.clone());
                self.value(element);
                self.place.pop();
                self.place_id = outer;
            } else {
                self.value(element);
            }
        }
    }

    fn leaf(&mut self, value: Scalar<'a>) {
        self.flat.push(&self.path, value, self.place_id);
    }
}

impl fmt::Display for Scalar<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Scalar::Text(text) => write!(f, "{text:?}"),
            Scalar::Number(number) => write!(f, "{number}"),
            Scalar::Bool(bool) => write!(f, "{bool}"),
            Scalar::Null => f.write_str("null"),
        }
    }
}
