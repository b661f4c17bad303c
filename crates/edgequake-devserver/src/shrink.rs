//! Gives memory back, so that what a table takes follows what is in it.

use std::collections::HashMap;
use std::hash::Hash;

/// Gives memory back that a map no longer needs.
pub(crate) fn shrink<K: Eq + Hash, V>(map: &mut HashMap<K, V>) {
    if map.capacity() > 64 && map.len() < map.capacity() / 4 {
        map.shrink_to_fit();
    }
}
