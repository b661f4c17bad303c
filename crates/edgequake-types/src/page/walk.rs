//! [`PageWalk`]: from page to page of a list, each element once, or an error that says what the server repeats, or that the list shrank.
//!
//! What it remembers is bounded: the hashes of the last 10,000 elements (less than half a MiB), and the hash of one element further
//! back, which is replaced at the 2nd, 4th, 8th, ... page. The former find elements that moved to a later page, and lists that
//! begin again soon; the latter finds those that begin again late, however late.

use std::collections::hash_map::RandomState;
use std::collections::{HashSet, VecDeque};
use std::hash::BuildHasher;

use super::Paginated;

/// How many elements are remembered.
const REMEMBERED: usize = 10_000;

/// How many pages may follow each other without a new element, although the server says that there is more.
const FRUITLESS: u32 = 1_000;

/// The longest id that an error shows, in characters.
const SHOWN: usize = 100;

/// A walk over the pages of one list.
///
/// Elements may move to a later page while others are added; such an element is left out of the page where it comes again. A page
/// that holds nothing new is an error, unless as many elements were added as came again: the server ignores what was asked for, or began
/// again. So are 1,000 pages in a row without a new element. Every walk ends, unless there really are always more elements.
///
/// Elements that are deleted meanwhile move others to earlier pages, which the walk has read: those are missed. Where the totals that the
/// server names show it, [`finish`](Self::finish) says so in the end; a deletion for which another element was added is not seen.
///
/// A page that could not be read may be asked for again: the walk stands where it stood.
///
/// ```
/// use edgequake_types::documents::{DocumentList, DocumentSummary, ListDocuments};
/// use edgequake_types::{PageError, PageWalk, Paginated};
///
/// // A server that gives its first page again and again.
/// let page = || DocumentList::new(vec![DocumentSummary::new("d-1")], 2, 1, 1);
///
/// let mut walk = PageWalk::new();
/// let first = ListDocuments::new();
/// let second = walk.advance(&first, &mut page())?.expect("there are two pages");
/// assert_eq!(second.page, Some(2));
/// let error = walk.advance(&second, &mut page()).unwrap_err();
/// assert!(matches!(error, PageError::Repeated { .. }));
/// # Ok::<(), PageError>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct PageWalk {
    hasher: RandomState,
    /// The hashes of the last elements, and their order.
    recent: HashSet<u64>,
    order: VecDeque<u64>,
    /// The hash of an element further back.
    mark: Option<u64>,
    /// The page at which the mark is replaced.
    next_mark: u64,
    pages: u64,
    /// How many pages without a new element came last.
    fruitless: u32,
    /// The smallest and the largest total so far.
    totals: Option<(u64, u64)>,
    /// How many elements came again.
    repeated: u64,
    /// The total before the list shrank, and the one after.
    shrunk: Option<(u64, u64)>,
}

/// Why a walk over pages cannot go on. What came before it is good.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PageError {
    /// A page holds nothing but elements that came before.
    #[error(
        "the server repeats itself: page {page} of the walk brought nothing new, but `{id}` again; does something on the way drop the query?"
    )]
    #[non_exhaustive]
    Repeated {
        /// The number of the page, counted from the beginning of the walk, from 1.
        page: u64,
        /// The id of an element that is repeated; the beginning of a long one.
        id: String,
    },
    /// The server says that there is more, and then there is not.
    #[error("the server said that there is more, and then {pages} pages in a row brought nothing new")]
    #[non_exhaustive]
    Fruitless {
        /// How many pages.
        pages: u32,
    },
    /// Elements were deleted during the walk. It has come to its end.
    #[error(
        "the list shrank from {from} to {to} elements while its pages were read: elements that moved to earlier pages may be missing; read it again"
    )]
    #[non_exhaustive]
    Shrunk {
        /// The largest total before.
        from: u64,
        /// The total after.
        to: u64,
    },
}

impl PageWalk {
    /// A walk that has not begun.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes in `page`, the answer to `request`: leaves out of it what came before, and gives the request for the page after it; `None`
    /// after the last one.
    ///
    /// # Errors
    ///
    /// [`PageError`] when the walk cannot go on; the page holds nothing of use then.
    pub fn advance<E: Paginated>(
        &mut self,
        request: &E,
        page: &mut E::Response,
    ) -> Result<Option<E>, PageError> {
        let next = request.next(page);
        let length = E::elements(page).map(|elements| elements.len() as u64);
        if let Some(total) = E::total(page) {
            // Some servers write the length of the page there.
            if let Some((_, most)) =
                self.totals.filter(|(_, most)| total < *most && length.is_some_and(|length| length < total))
            {
                self.shrunk = Some((most, total));
            }
            let (least, most) = self.totals.unwrap_or((total, total));
            self.totals = Some((least.min(total), most.max(total)));
        }
        self.pages = self.pages.saturating_add(1);
        let Some(elements) = E::elements(page) else { return Ok(next) };
        let (mut first, mut repeated, mut again, mut nothing_new) = (None, None, false, true);
        elements.retain(|element| {
            let Some(id) = E::id(element) else {
                nothing_new = false;
                return true;
            };
            // Nobody knows whether it came before.
            if id.is_empty() {
                return true;
            }
            let hash = self.hasher.hash_one(id);
            let recent = self.recent.contains(&hash);
            // No element moves as far as that.
            again |= !recent && self.mark == Some(hash);
            if recent || again {
                repeated.get_or_insert_with(|| shown(id));
                self.repeated = self.repeated.saturating_add(1);
                return false;
            }
            self.remember(hash);
            first.get_or_insert(hash);
            nothing_new = false;
            true
        });
        let added = self.totals.map_or(0, |(least, most)| most - least);
        if let Some(id) = repeated.filter(|_| again || (nothing_new && self.repeated > added)) {
            return Err(PageError::Repeated { page: self.pages, id });
        }
        self.fruitless = if nothing_new && next.is_some() { self.fruitless + 1 } else { 0 };
        if self.fruitless >= FRUITLESS {
            return Err(PageError::Fruitless { pages: self.fruitless });
        }
        if self.pages >= self.next_mark
            && let Some(first) = first
        {
            self.mark = Some(first);
            self.next_mark = self.pages.saturating_mul(2);
        }
        Ok(next)
    }

    /// Whether the walk has seen all elements, as far as the totals tell; to be asked after the last page.
    ///
    /// # Errors
    ///
    /// [`PageError::Shrunk`].
    pub fn finish(&self) -> Result<(), PageError> {
        self.shrunk.map_or(Ok(()), |(from, to)| Err(PageError::Shrunk { from, to }))
    }

    fn remember(&mut self, hash: u64) {
        if self.order.len() >= REMEMBERED
            && let Some(oldest) = self.order.pop_front()
        {
            self.recent.remove(&oldest);
        }
        self.order.push_back(hash);
        self.recent.insert(hash);
    }
}

/// An id as an error shows it: of bounded length and without control characters.
fn shown(id: &str) -> String {
    id.chars().filter(|character| !character.is_control()).take(SHOWN).collect()
}

#[cfg(test)]
mod tests;
