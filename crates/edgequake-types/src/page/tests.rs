use proptest::prelude::*;

use super::*;

#[test]
fn a_walk_by_pages_goes_by_what_the_page_says() {
    let page = |total, page, page_size, total_pages| Pagination { total, page, page_size, total_pages };
    for (said, requested, length, has_more, next) in [
        (page(5, 1, 2, 3), None, 2, Some(true), Some(2)),
        (page(5, 1, 2, 3), Some(1), 2, None, Some(2)),
        (page(5, 3, 2, 3), Some(3), 1, Some(false), None),
        // The flags disagree: what the server says of more is nearer to the truth than a number of pages.
        (page(5, 3, 2, 3), Some(3), 1, Some(true), Some(4)),
        (page(5, 1, 2, 3), Some(1), 2, Some(false), None),
        // An empty page is the end behind the last one, and not before it.
        (page(5, 2, 2, 3), Some(2), 0, Some(true), Some(3)),
        (page(5, 3, 2, 3), Some(3), 0, Some(true), None),
        (page(5, 2, 2, 3), Some(2), 0, None, Some(3)),
        (page(5, 2, 2, 0), Some(2), 0, None, Some(3)),
        (page(0, 0, 0, 0), None, 0, Some(true), Some(2)),
        (page(0, 0, 0, 0), None, 0, None, None),
        (page(7, 1, 0, 0), None, 0, None, None),
        // Cap below the size asked for: the number of pages counts, not our idea of it.
        (page(250, 1, 100, 3), None, 100, None, Some(2)),
        // No number of pages.
        (page(5, 1, 2, 0), None, 2, None, Some(2)),
        (page(5, 0, 0, 0), Some(4), 2, Some(true), Some(5)),
        // No pages at all, as with the first servers: all of it is here.
        (page(5, 0, 0, 0), None, 5, None, None),
        (page(5, 0, 0, 0), None, 2, None, None),
        // Counted from 0, or the same page again, which a walk finds by what it holds.
        (page(5, 1, 2, 3), Some(2), 2, None, Some(3)),
        // No number is too large.
        (page(u64::MAX, u64::MAX, u64::MAX, u64::MAX), Some(u64::MAX - 1), 1, None, Some(u64::MAX)),
        (page(u64::MAX, u64::MAX, u64::MAX, u64::MAX), Some(u64::MAX), 1, Some(true), None),
        (page(u64::MAX, 0, u64::MAX, 0), Some(2), 1, None, None),
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
        // An empty page before the end takes as much room as a full one.
        (Some(20), 0, 20, 45, Some(40)),
        (Some(40), 0, 20, 45, None),
        (Some(20), 0, 0, 45, None),
        (None, 2, 2, 5, Some(2)),
        (Some(u64::MAX), 1, 1, u64::MAX, None),
        (Some(1), 0, u64::MAX, u64::MAX, None),
    ] {
        assert_eq!(next_offset(offset, length, limit, total), next, "{offset:?} {length} {limit} {total}");
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
