//! A persistent map whose values are copied only when they are changed, so that a fork of the state costs nothing
//! until it writes.

use std::borrow::Borrow;
use std::fmt;
use std::ops::Bound;
use std::sync::Arc;

use imbl::OrdMap;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// An ordered map from `K` to `V`. Cloning it is O(1); the first write to a value copies that value alone.
#[derive(Clone)]
pub struct Table<K, V>(OrdMap<K, Arc<V>>);

impl<K: Ord + Clone + fmt::Debug, V: Clone + fmt::Debug> fmt::Debug for Table<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

impl<K: Ord + Clone, V: Clone> Default for Table<K, V> {
    fn default() -> Self {
        Self(OrdMap::new())
    }
}

impl<K: Ord + Clone, V: Clone> Table<K, V> {
    /// The value of a key.
    pub fn get<Q: Ord + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        self.0.get(key).map(|v| &**v)
    }
    /// The value of a key, to be kept without the table.
    pub fn shared<Q: Ord + ?Sized>(&self, key: &Q) -> Option<Arc<V>>
    where
        K: Borrow<Q>,
    {
        self.0.get(key).cloned()
    }
    /// The value of a key, to be changed in place.
    pub fn get_mut<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<&mut V>
    where
        K: Borrow<Q>,
    {
        self.0.get_mut(key).map(Arc::make_mut)
    }
    /// Whether the key is there.
    pub fn contains<Q: Ord + ?Sized>(&self, key: &Q) -> bool
    where
        K: Borrow<Q>,
    {
        self.0.contains_key(key)
    }
    /// Sets the value of a key.
    pub fn insert(&mut self, key: K, value: V) {
        self.0.insert(key, Arc::new(value));
    }
    /// The value of a key, made by `make` where there is none, to be changed in place.
    pub fn entry(&mut self, key: K, make: impl FnOnce() -> V) -> &mut V {
        Arc::make_mut(self.0.entry(key).or_insert_with(|| Arc::new(make())))
    }
    /// Takes a key out.
    pub fn remove<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
    {
        self.0.remove(key).map(|v| Arc::try_unwrap(v).unwrap_or_else(|v| (*v).clone()))
    }
    /// All entries in key order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&K, &V)> {
        self.0.iter().map(|(k, v)| (k, &**v))
    }
    /// The entries strictly between two keys, or the ends.
    pub fn between(&self, after: Option<&K>, before: Option<&K>) -> impl Iterator<Item = (&K, &V)> {
        let bound = |key: Option<&K>| key.map_or(Bound::Unbounded, |key| Bound::Excluded(key.clone()));
        self.0.range((bound(after), bound(before))).map(|(k, v)| (k, &**v))
    }
    /// All keys in order.
    pub fn keys(&self) -> impl DoubleEndedIterator<Item = &K> {
        self.0.iter().map(|(k, _)| k)
    }
    /// All values in key order.
    pub fn values(&self) -> impl DoubleEndedIterator<Item = &V> {
        self.0.iter().map(|(_, v)| &**v)
    }
    /// All values in key order, to be kept without the table.
    pub fn shared_values(&self) -> impl Iterator<Item = &Arc<V>> {
        self.0.iter().map(|(_, v)| v)
    }
    /// The entry with the lowest key.
    pub fn first(&self) -> Option<(&K, &V)> {
        self.0.get_min().map(|(k, v)| (k, &**v))
    }
    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }
    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
    /// Keeps the entries for which `keep` holds.
    pub fn retain(&mut self, mut keep: impl FnMut(&K, &V) -> bool) {
        let gone: Vec<K> = self.iter().filter(|(k, v)| !keep(k, v)).map(|(k, _)| k.clone()).collect();
        for key in gone {
            self.0.remove(&key);
        }
    }
}

// Written as a list of pairs, so that any key type can be saved as JSON.
impl<K: Ord + Clone + Serialize, V: Clone + Serialize> Serialize for Table<K, V> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

impl<'de, K: Ord + Clone + DeserializeOwned, V: Clone + DeserializeOwned> Deserialize<'de> for Table<K, V> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let pairs = Vec::<(K, V)>::deserialize(deserializer)?;
        Ok(Self(pairs.into_iter().map(|(k, v)| (k, Arc::new(v))).collect()))
    }
}
