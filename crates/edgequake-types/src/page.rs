//! [`Paginated`]: the three ways in which lists come in pages, behind one door.

use crate::endpoint::Endpoint;

/// An operation that answers with one page of a list.
///
/// A client walks it by asking for [`next`](Self::next) until there is none. Servers cap page sizes silently, and their
/// totals are not always totals, so the implementations go by what the page really says.
pub trait Paginated: Endpoint {
    /// One element of the list.
    type Item;

    /// The request for the page after `page`; `None` after the last one.
    fn next(&self, page: &Self::Response) -> Option<Self>;

    /// The elements of a page.
    fn items(page: Self::Response) -> Vec<Self::Item>;
}
