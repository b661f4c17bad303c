//! [`Paginated`]: the ways in which lists come in pages, behind one door.
//!
//! Servers cap page sizes silently, the first ones put the length of the page where the total belongs, and a gateway may
//! drop parameters. So a walk goes by what each page really says, and it always ends.

use serde::{Deserialize, Serialize};

use crate::aliases::aliases;
use crate::endpoint::Endpoint;
use crate::tolerant;

/// An operation that answers with one page of a list.
///
/// A client walks it by asking for [`next`](Self::next) until there is none.
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
}

/// The place of a page in its list, for lists by page number. All numbers are 0 where the server did not say.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(remote = "Self")]
#[non_exhaustive]
pub struct Pagination {
    /// How many elements there are on all pages. Some lists call the field `total_count`.
    #[serde(default, deserialize_with = "tolerant::count")]
    pub total: u64,
    /// The number of this page, from 1.
    #[serde(default, deserialize_with = "tolerant::count")]
    pub page: u64,
    /// How many elements a page holds at most.
    #[serde(default, deserialize_with = "tolerant::count")]
    pub page_size: u64,
    /// How many pages there are.
    #[serde(default, deserialize_with = "tolerant::count")]
    pub total_pages: u64,
}

aliases! { Pagination { "total_count" => "total" } }

impl Pagination {
    /// Page `page` of a list of `total` elements; the number of pages follows from the sizes.
    pub fn new(total: u64, page: u64, page_size: u64) -> Self {
        Self { total, page, page_size, total_pages: total.div_ceil(page_size.max(1)) }
    }

    /// The number of the page after one with `length` elements, that was asked for as `requested`.
    pub(crate) fn next(self, requested: Option<u64>, length: usize, has_more: Option<bool>) -> Option<u64> {
        let requested = requested.unwrap_or(1).max(1);
        // Another page than the one asked for: the server knows no pages, or has no more of them.
        let another = self.page != 0 && self.page != requested;
        if length == 0 || another || has_more == Some(false) {
            return None;
        }
        let more = match (self.total_pages, has_more) {
            (0, Some(more)) => more,
            // Says nothing of pages: all of it is here.
            (0, None) => self.page_size != 0 && self.total > requested.saturating_mul(self.page_size),
            (pages, _) => requested < pages,
        };
        more.then(|| requested.saturating_add(1))
    }
}

/// Declares one page of a list whose paging fields stand beside its elements; also read as a bare list.
macro_rules! page_list {
    ($(#[$docs:meta])* $list:ident { $elements:ident: $element:ty }) => {
        $(#[$docs])*
        #[derive(Debug, Clone, Default, PartialEq, serde::Serialize)]
        #[non_exhaustive]
        pub struct $list {
            /// The elements of this page. Some clients call the field `items`.
            pub $elements: Vec<$element>,
            /// How many there are on all pages.
            pub total: u64,
            /// The number of this page, from 1; 0 if the server knows no pages.
            pub page: u64,
            /// How many elements a page holds at most; 0 if the server knows no pages.
            pub page_size: u64,
            /// How many pages there are; 0 if the server knows none.
            pub total_pages: u64,
        }

        impl $list {
            /// Page `page` of a list of `total` elements; the number of pages follows from the sizes.
            pub fn new($elements: Vec<$element>, total: u64, page: u64, page_size: u64) -> Self {
                Self::at($elements, $crate::Pagination::new(total, page, page_size))
            }

            fn at($elements: Vec<$element>, place: $crate::Pagination) -> Self {
                let $crate::Pagination { total, page, page_size, total_pages } = place;
                Self { $elements, total, page, page_size, total_pages }
            }

            /// The place of this page in its list.
            pub fn pagination(&self) -> $crate::Pagination {
                $crate::Pagination {
                    total: self.total,
                    page: self.page,
                    page_size: self.page_size,
                    total_pages: self.total_pages,
                }
            }
        }

        impl<'de> serde::Deserialize<'de> for $list {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                #[derive(serde::Deserialize)]
                struct Wire {
                    #[serde(default, deserialize_with = "crate::tolerant::or_default")]
                    $elements: Vec<$element>,
                    #[serde(default, deserialize_with = "crate::tolerant::or_default")]
                    items: Vec<$element>,
                    #[serde(flatten)]
                    place: $crate::Pagination,
                }

                impl From<Vec<$element>> for Wire {
                    fn from($elements: Vec<$element>) -> Self {
                        let total = $elements.len() as u64;
                        let place = $crate::Pagination { total, ..$crate::Pagination::default() };
                        Self { $elements, items: Vec::new(), place }
                    }
                }

                let Wire { $elements, items, place } = $crate::tolerant::list_or_object(deserializer)?;
                Ok(Self::at(if $elements.is_empty() { items } else { $elements }, place))
            }
        }

        $crate::answer::json_answers!($list);
    };
}

/// Declares one page of a list by offset; also read as a bare list.
macro_rules! offset_list {
    ($(#[$docs:meta])* $list:ident of $item:ty) => {
        $(#[$docs])*
        #[derive(Debug, Clone, Default, PartialEq, serde::Serialize)]
        #[non_exhaustive]
        pub struct $list {
            /// The elements of this page.
            pub items: Vec<$item>,
            /// How many there are on all pages; the first servers put the length of this page here.
            pub total: u64,
            /// How many stand before this page.
            pub offset: u64,
            /// How many a page holds at most, after the server's own limit; 0 if it did not say.
            pub limit: u64,
        }

        impl $list {
            /// The page that begins at `offset`.
            pub fn new(items: Vec<$item>, total: u64, offset: u64, limit: u64) -> Self {
                Self { items, total, offset, limit }
            }
        }

        impl<'de> serde::Deserialize<'de> for $list {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                #[derive(Default, serde::Deserialize)]
                #[serde(default)]
                struct Wire {
                    #[serde(deserialize_with = "crate::tolerant::or_default")]
                    items: Vec<$item>,
                    #[serde(deserialize_with = "crate::tolerant::count")]
                    total: u64,
                    #[serde(deserialize_with = "crate::tolerant::count")]
                    offset: u64,
                    #[serde(deserialize_with = "crate::tolerant::count")]
                    limit: u64,
                }

                impl From<Vec<$item>> for Wire {
                    fn from(items: Vec<$item>) -> Self {
                        let total = items.len() as u64;
                        // Longer than the list: there are no pages.
                        Self { items, total, offset: 0, limit: u64::MAX }
                    }
                }

                let Wire { items, total, offset, limit } = $crate::tolerant::list_or_object(deserializer)?;
                Ok(Self { items, total, offset, limit })
            }
        }

        $crate::answer::json_answers!($list);
    };
}

pub(crate) use {offset_list, page_list};

/// The offset after a page of `length` elements that began at `offset`, for lists by offset. `limit` is the one that the
/// page was really cut by, 0 if unknown; `total` may be the length of the page.
pub(crate) fn next_offset(offset: Option<u64>, length: usize, limit: u64, total: u64) -> Option<u64> {
    let length = length as u64;
    let next = offset.unwrap_or(0).saturating_add(length);
    // A page may be shorter than the limit that the server claims; then its total decides.
    (length > 0 && (length >= limit || total > next)).then_some(next)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_walk_by_pages_goes_by_what_the_page_says() {
        let page = |total, page, page_size, total_pages| Pagination { total, page, page_size, total_pages };
        for (said, requested, length, has_more, next) in [
            (page(5, 1, 2, 3), None, 2, Some(true), Some(2)),
            (page(5, 1, 2, 3), Some(1), 2, None, Some(2)),
            (page(5, 3, 2, 3), Some(3), 1, Some(false), None),
            // The flags disagree: each of them ends the walk.
            (page(5, 3, 2, 3), Some(3), 1, Some(true), None),
            (page(5, 1, 2, 3), Some(1), 2, Some(false), None),
            (page(5, 2, 2, 3), Some(2), 0, Some(true), None),
            // Cap below the size asked for: the number of pages counts, not our idea of it.
            (page(250, 1, 100, 3), None, 100, None, Some(2)),
            // No number of pages.
            (page(5, 1, 2, 0), None, 2, None, Some(2)),
            (page(5, 0, 0, 0), Some(4), 2, Some(true), Some(5)),
            // No pages at all, as with the first servers: asking again would bring the same elements.
            (page(5, 0, 0, 0), None, 5, None, None),
            (page(5, 1, 5, 0), Some(2), 5, Some(true), None),
        ] {
            assert_eq!(
                said.next(requested, length, has_more),
                next,
                "{said:?} {requested:?} {length} {has_more:?}"
            );
        }
    }

    #[test]
    fn a_walk_by_offsets_does_not_believe_totals() {
        for (offset, length, limit, total, next) in [
            (None, 20, 20, 45, Some(20)),
            (Some(20), 20, 20, 45, Some(40)),
            (Some(40), 5, 20, 45, None),
            // The total of the first servers is the length of the page.
            (None, 20, 20, 20, Some(20)),
            (Some(20), 0, 20, 0, None),
            (Some(40), 5, 20, 5, None),
            // A cap that the server does not admit.
            (None, 100, 500, 250, Some(100)),
            // No word about the limit: only an empty page is the last one.
            (None, 20, 0, 0, Some(20)),
            (Some(u64::MAX), 1, 1, 1, Some(u64::MAX)),
        ] {
            assert_eq!(
                next_offset(offset, length, limit, total),
                next,
                "{offset:?} {length} {limit} {total}"
            );
        }
    }

    proptest! {
        #[test]
        fn every_element_is_visited_once(
            elements in 0_u64..300, asked in 1_u64..120, cap in 1_u64..120, admits_cap in any::<bool>(), real_total in any::<bool>()
        ) {
            let size = asked.min(cap);
            let (mut page, mut seen) = (Some(1), 0);
            while let Some(number) = page {
                let length = elements.saturating_sub((number - 1) * size).min(size);
                seen += length;
                page = Pagination::new(elements, number, size).next(Some(number), length as usize, None);
            }
            prop_assert_eq!(seen, elements);

            // With neither the real limit nor the real total there is nothing to go by.
            prop_assume!(admits_cap || real_total);
            let (mut offset, mut seen) = (Some(0), 0);
            while let Some(start) = offset {
                let length = elements.saturating_sub(start).min(size);
                seen += length;
                let total = if real_total { elements } else { length };
                let limit = if admits_cap { size } else { asked };
                offset = next_offset(Some(start), length as usize, limit, total);
            }
            prop_assert_eq!(seen, elements);
        }
    }
}
