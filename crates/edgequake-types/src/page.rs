//! [`Paginated`]: the ways in which lists come in pages, behind one trait.
//!
//! Servers cap page sizes silently, the first ones put the length of the page where the total belongs, and a gateway may
//! drop parameters. So a walk goes by what each page really says and holds, and it always ends.

mod list;
mod walk;

use crate::{Endpoint, model};

pub(crate) use list::{offset_list, page_list};
pub use walk::{PageError, PageWalk};

/// An operation that answers with one page of a list.
///
/// [`PageWalk`] leads from page to page, and says so when a server repeats itself. [`next`](Self::next) alone believes what a
/// page says.
///
/// ```
/// use edgequake_types::Paginated;
/// use edgequake_types::documents::{DocumentList, DocumentSummary, ListDocuments};
///
/// let first = ListDocuments::new().page_size(1);
/// let page = DocumentList::new(vec![DocumentSummary::new("d-1")], 2, 1, 1);
/// let second = first.next(&page).expect("one of two documents is still to come");
/// assert_eq!(second.page, Some(2));
///
/// let page = DocumentList::new(vec![DocumentSummary::new("d-2")], 2, 2, 1);
/// assert!(second.next(&page).is_none());
/// assert_eq!(ListDocuments::items(page).len(), 1);
/// ```
pub trait Paginated: Endpoint {
    /// One element of the list.
    type Item;

    /// The request for the page after `page`; `None` after the last one.
    fn next(&self, page: &Self::Response) -> Option<Self>;

    /// The elements of a page.
    fn items(page: Self::Response) -> Vec<Self::Item>;

    /// The elements of a page in their place. With `None`, the default, a walk cannot look at them, and believes the server.
    fn elements(_page: &mut Self::Response) -> Option<&mut Vec<Self::Item>> {
        None
    }

    /// What tells an element from all others, such as its id. With `None`, the default, a walk takes the element for a new one.
    fn id(_element: &Self::Item) -> Option<&str> {
        None
    }

    /// How many elements the server says there are on all pages. `None`, the default, if it does not say.
    fn total(_page: &Self::Response) -> Option<u64> {
        None
    }
}

/// The place of a page in its list, for lists by page number. All numbers are 0 where the server did not say.
#[model(default)]
#[derive(Copy, Eq)]
pub struct Pagination {
    /// How many elements there are on all pages. Also read from `total_count`.
    #[field(alias = "total_count")]
    pub total: u64,
    /// The number of this page, from 1.
    pub page: u64,
    /// How many elements a page holds at most. Also read from `limit`.
    #[field(alias = "limit")]
    pub page_size: u64,
    /// How many pages there are.
    pub total_pages: u64,
}

impl Pagination {
    /// Page `page` of a list of `total` elements; the number of pages follows from the sizes.
    pub fn new(total: u64, page: u64, page_size: u64) -> Self {
        Self { total, page, page_size, total_pages: total.div_ceil(page_size.max(1)) }
    }

    /// The number of the page after one with `length` elements, that was asked for as `requested`.
    pub(crate) fn next(self, requested: Option<u64>, length: usize, has_more: Option<bool>) -> Option<u64> {
        let requested = requested.unwrap_or(1).max(1);
        let length = length as u64;
        let more = match (has_more, self.total_pages) {
            (Some(more), 0) => more,
            // Elements of an empty page may be hidden from this caller; behind the last page there are none.
            (Some(more), pages) => more && (length > 0 || requested < pages),
            // One that says no size either knows no pages: all of it is here.
            (None, 0) => self.page_size != 0 && self.total > requested.saturating_mul(self.page_size),
            (None, pages) => requested < pages,
        };
        requested.checked_add(1).filter(|_| more)
    }
}

/// The offset after a page of `length` elements that began at `offset`, for lists by offset. `limit` is the one that the
/// page was really cut by, 0 if unknown; `total` may be the length of the page.
pub(crate) fn next_offset(offset: Option<u64>, length: usize, limit: u64, total: u64) -> Option<u64> {
    let length = length as u64;
    // Elements of an empty page may be hidden from this caller.
    let next = offset.unwrap_or(0).checked_add(if length > 0 { length } else { limit })?;
    // A page may be shorter than the limit that the server claims; then its total decides.
    let full = length > 0 && length >= limit;
    (full || (total > next && length.max(limit) > 0)).then_some(next)
}

#[cfg(test)]
mod tests;
