//! [`Prepared`]: the headers of attempts, made once for all calls of a client.

use std::sync::{Arc, OnceLock};

use http::HeaderMap;

/// How many sets are kept: a client has one for calls with a body and one for those without, and others with another scope have their
/// own. What finds its place taken is added header by header.
const PLACES: usize = 64;

/// Sets of headers, found by where those are that they were made of.
pub(super) struct Prepared(Box<[OnceLock<Set>]>);

struct Set {
    /// Kept, so that nothing else is ever found there.
    made_of: Arc<HeaderMap>,
    /// `None` where nothing could be made of it.
    made: Option<HeaderMap>,
}

impl Prepared {
    pub(super) fn new() -> Self {
        Self((0..PLACES).map(|_| OnceLock::new()).collect())
    }

    /// What `make` makes of headers that a client adds to all its calls.
    pub(super) fn get(
        &self,
        added: &Arc<HeaderMap>,
        make: impl FnOnce(&HeaderMap) -> Option<HeaderMap>,
    ) -> Option<&HeaderMap> {
        // Allocations lie some bytes apart, and their lowest bits are alike.
        let place = self.0.get((Arc::as_ptr(added).addr() >> 5) % PLACES)?;
        // Those of one call are not worth keeping.
        if place.get().is_none() && Arc::strong_count(added) == 1 {
            return None;
        }
        let set = place.get_or_init(|| Set { made_of: Arc::clone(added), made: make(added) });
        set.made.as_ref().filter(|_| Arc::ptr_eq(&set.made_of, added))
    }
}

#[cfg(test)]
mod tests {
    use http::header::{ACCEPT, HeaderValue};

    use super::*;

    #[test]
    fn sets_are_not_mixed_up_and_those_of_one_call_are_not_kept() {
        let prepared = Prepared::new();
        let added = |number: usize| Arc::new(HeaderMap::from_iter([(ACCEPT, HeaderValue::from(number))]));
        let make = |headers: &HeaderMap| Some(headers.clone());
        assert!(prepared.get(&added(0), make).is_none());
        let many: Vec<_> = (0..4 * PLACES).map(added).collect();
        let clients = many.clone();
        for _ in 0..2 {
            let found: Vec<_> =
                many.iter().filter_map(|added| Some((&**added, prepared.get(added, make)?))).collect();
            assert!((1..=PLACES).contains(&found.len()), "{}", found.len());
            assert!(found.iter().all(|(added, made)| added == made));
        }
        drop(clients);
    }

    #[test]
    fn nothing_is_made_twice_of_what_nothing_can_be_made_of() {
        let (prepared, added) = (Prepared::new(), Arc::new(HeaderMap::new()));
        let _client = Arc::clone(&added);
        assert!(prepared.get(&added, |_| None).is_none());
        assert!(prepared.get(&added, |_| unreachable!("made again")).is_none());
    }
}
