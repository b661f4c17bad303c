//! [`Postings`]: the chunks that have a word.

use std::ops::Range;

/// What a removed chunk counts; a word that is there counts more.
const GONE: f32 = 0.0;

/// The chunks that have a word, in the order of insertion, and how much it counts there.
///
/// Most words are in one chunk, and millions of small allocations would not be given back to the system. Removed chunks are
/// marked, and cleared out once they are half of all, so that emptying a workspace does not move the rest for each document.
pub(super) struct Postings(Kept);

enum Kept {
    One((u64, f32)),
    Many { chunks: Vec<(u64, f32)>, gone: usize },
}

impl Postings {
    pub(super) fn new(chunk: (u64, f32)) -> Self {
        Self(Kept::One(chunk))
    }

    /// How many chunks have the word; at least one.
    pub(super) fn len(&self) -> usize {
        match &self.0 {
            Kept::One(_) => 1,
            Kept::Many { chunks, gone } => chunks.len() - gone,
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &(u64, f32)> {
        let chunks = match &self.0 {
            Kept::One(chunk) => std::slice::from_ref(chunk),
            Kept::Many { chunks, .. } => chunks,
        };
        chunks.iter().filter(|(_, value)| *value != GONE)
    }

    /// Adds a chunk with a higher key than all before.
    pub(super) fn push(&mut self, chunk: (u64, f32)) {
        match &mut self.0 {
            Kept::One(first) => self.0 = Kept::Many { chunks: vec![*first, chunk], gone: 0 },
            Kept::Many { chunks, .. } => chunks.push(chunk),
        }
    }

    /// Removes the chunks with these keys; false if none is left.
    pub(super) fn remove(&mut self, keys: &Range<u64>) -> bool {
        match &mut self.0 {
            Kept::One((key, _)) => !keys.contains(key),
            Kept::Many { chunks, gone } => {
                let start = chunks.partition_point(|(key, _)| *key < keys.start);
                for (_, value) in chunks.iter_mut().skip(start).take_while(|(key, _)| *key < keys.end) {
                    *gone += usize::from(*value != GONE);
                    *value = GONE;
                }
                if *gone * 2 > chunks.len() {
                    chunks.retain(|(_, value)| *value != GONE);
                    *gone = 0;
                    if chunks.len() < chunks.capacity() / 4 {
                        chunks.shrink_to_fit();
                    }
                }
                chunks.len() > *gone
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Whatever is removed, the rest is what a map would hold, and takes no more than four times its room.
        #[test]
        fn what_is_left_is_what_was_not_removed(steps in prop::collection::vec((any::<bool>(), 0..40_u64, 1..6_u64), 1..80)) {
            let mut postings = Postings::new((0, 1.0));
            let mut model = BTreeMap::from([(0, 1.0)]);
            for (number, (adds, start, length)) in (1..).zip(steps) {
                if adds {
                    postings.push((number, 2.0));
                    model.insert(number, 2.0);
                } else {
                    let keys = start..start + length;
                    model.retain(|key, _| !keys.contains(key));
                    prop_assert_eq!(postings.remove(&keys), !model.is_empty());
                    if model.is_empty() {
                        return Ok(());
                    }
                }
                prop_assert_eq!(postings.len(), model.len());
                prop_assert!(postings.iter().copied().eq(model.iter().map(|(key, value)| (*key, *value))));
                if let Kept::Many { chunks, .. } = &postings.0 {
                    prop_assert!(chunks.len() <= 2 * model.len());
                }
            }
        }
    }
}
