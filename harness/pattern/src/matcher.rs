//! Rules against an event.
//!
//! All fields of a branch must be met, each by a leaf or by its absence, and leaves that lie in different elements of
//! one array never meet fields of one branch together ("array consistency", [R] README, ArrayMembership.java).

use super::alternative::Alternative;
use super::compile::{Compiled, Field};
use super::flatten::{FlatEvent, Place};

/// How an event meets a field.
pub(super) enum Meets<'e> {
    No,
    /// By a leaf outside arrays, or by absence: nothing to be consistent with.
    Freely,
    /// By leaves in these array elements only; no place twice.
    At(Vec<&'e Place>),
}

impl Compiled {
    pub(super) fn matches(&self, event: &FlatEvent<'_>) -> bool {
        if !event.is_object {
            return false;
        }
        if let [only] = self.branches.as_slice() {
            return self.unmet(only, |field| self.fields[field].meets(event)).is_none();
        }
        // Branches share most of their fields.
        let mut known: Vec<Option<bool>> = vec![None; self.fields.len()];
        self.branches.iter().any(|branch| {
            let plausible = branch.iter().all(|&field| {
                *known[field].get_or_insert_with(|| !matches!(self.fields[field].meets(event), Meets::No))
            });
            plausible && self.unmet(branch, |field| self.fields[field].meets(event)).is_none()
        })
    }

    /// The position in the branch of the first field that is not met, and whether another element of an array would
    /// have met it.
    pub(super) fn unmet<'e>(
        &self,
        branch: &[usize],
        mut meets: impl FnMut(usize) -> Meets<'e>,
    ) -> Option<(usize, Unmet)> {
        let mut bound = Vec::new();
        for (position, &field) in branch.iter().enumerate() {
            match meets(field) {
                Meets::No => return Some((position, Unmet::ByAnyLeaf)),
                Meets::Freely => {}
                Meets::At(places) => bound.push((position, places)),
            }
        }
        // One field is consistent with itself.
        if bound.len() < 2 { None } else { inconsistent(&bound).map(|position| (position, Unmet::InThatElement)) }
    }
}

/// In what way a field is not met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unmet {
    ByAnyLeaf,
    InThatElement,
}

/// The position of the first field that no choice of array elements can meet together with the fields before it.
///
/// Keeps every consistent choice of elements so far, forgetting the arrays that no later field lies in: independent
/// arrays therefore do not multiply.
fn inconsistent(bound: &[(usize, Vec<&Place>)]) -> Option<usize> {
    let mut choices: Vec<Place> = vec![Place::new()];
    for (at, (position, places)) in bound.iter().enumerate() {
        let later = |array: u32| {
            bound[at + 1..].iter().any(|(_, places)| places.iter().any(|place| place.iter().any(|(a, _)| *a == array)))
        };
        let mut next: Vec<Place> = Vec::new();
        for choice in &choices {
            for place in places {
                if let Some(mut merged) = merge(choice, place) {
                    merged.retain(|(array, _)| later(*array));
                    next.push(merged);
                }
            }
        }
        next.sort_unstable();
        next.dedup();
        if next.is_empty() {
            return Some(*position);
        }
        choices = next;
    }
    None
}

fn merge(choice: &Place, place: &Place) -> Option<Place> {
    let mut merged = choice.clone();
    for &(array, index) in place {
        match merged.binary_search_by_key(&array, |(array, _)| *array) {
            Ok(at) if merged[at].1 != index => return None,
            Ok(_) => {}
            Err(at) => merged.insert(at, (array, index)),
        }
    }
    Some(merged)
}

impl Field {
    pub(super) fn meets<'e>(&self, event: &'e FlatEvent<'_>) -> Meets<'e> {
        let leaves = event.leaves(&self.path);
        if leaves.is_empty() {
            let absent = self.alternatives.iter().any(|alternative| matches!(alternative, Alternative::Absent));
            return if absent { Meets::Freely } else { Meets::No };
        }
        let mut places: Vec<&Place> = Vec::new();
        for leaf in leaves {
            if !self.alternatives.iter().any(|alternative| alternative.accepts(&leaf.value)) {
                continue;
            }
            let place = event.place(leaf);
            if place.is_empty() {
                return Meets::Freely;
            }
            // Leaves come in document order, so the same place comes in a row.
            if places.last() != Some(&place) {
                places.push(place);
            }
        }
        if places.is_empty() { Meets::No } else { Meets::At(places) }
    }
}
