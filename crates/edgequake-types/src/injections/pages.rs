//! Lists of injections: how they page; and what an answer without a body says.

use super::*;
use crate::page::next_offset;

/// What an answer without a body says.
pub(super) fn gone() -> bool {
    true
}

impl Paginated for ListInjections {
    type Item = InjectionSummary;

    fn next(&self, page: &InjectionList) -> Option<Self> {
        // A server that says nothing of pages gave all there is.
        let is_whole = page.limit == 0 && page.total == 0;
        if !page.has_more.unwrap_or(!is_whole) {
            return None;
        }
        let (length, limit) = (page.items.len(), page.limit);
        let next = match page.has_more {
            // Of an empty page that says no limit either, it is not known how much it stands for: the least.
            Some(true) => next_offset(self.offset, length, limit.max(1), u64::MAX),
            _ => next_offset(self.offset, length, limit, page.total),
        };
        Some(self.clone().offset(next?))
    }

    fn items(page: InjectionList) -> Vec<InjectionSummary> {
        page.items
    }

    fn elements(page: &mut InjectionList) -> Option<&mut Vec<InjectionSummary>> {
        Some(&mut page.items)
    }

    fn id(injection: &InjectionSummary) -> Option<&str> {
        Some(injection.injection_id.as_str())
    }

    fn total(page: &InjectionList) -> Option<u64> {
        Some(page.total)
    }
}

impl InjectionList {
    /// The page that begins at `offset`.
    pub fn new(items: Vec<InjectionSummary>, total: u64, offset: u64, limit: u64) -> Self {
        let has_more = Some(offset.saturating_add(items.len() as u64) < total);
        Self { items, total, limit, offset, has_more }
    }
}

/// A list without pages.
impl From<Vec<InjectionSummary>> for InjectionList {
    fn from(items: Vec<InjectionSummary>) -> Self {
        let (total, limit) = (items.len() as u64, u64::MAX);
        Self { items, total, limit, offset: 0, has_more: Some(false) }
    }
}
