//! Pages of lists, with the limits of the server.

/// One page of a list, by page number.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Page<T> {
    pub(crate) items: Vec<T>,
    pub(crate) total: u64,
    pub(crate) page: u64,
    pub(crate) page_size: u64,
}

impl<T> Page<T> {
    /// Page `page` (from 1) of `items`; the default size is 20, and sizes are clamped to 1..=`max`.
    pub(crate) fn new(items: Vec<T>, page: Option<u64>, page_size: Option<u64>, max: u64) -> Self {
        let total = items.len();
        Self::of(items.into_iter(), total, page, page_size, max)
    }
}

impl<T> Page<T> {
    /// The same page of a list that is only gone through as far as needed.
    pub(crate) fn of(
        items: impl Iterator<Item = T>,
        total: usize,
        page: Option<u64>,
        page_size: Option<u64>,
        max: u64,
    ) -> Self {
        let page = page.unwrap_or(1).max(1);
        let page_size = page_size.unwrap_or(20).clamp(1, max);
        let offset = usize::try_from((page - 1).saturating_mul(page_size)).unwrap_or(usize::MAX);
        let limit = usize::try_from(page_size).unwrap_or(usize::MAX);
        let items = if offset < total { items.skip(offset).take(limit).collect() } else { Vec::new() };
        Self { items, total: total as u64, page, page_size }
    }
}

/// `limit` items, starting at `offset`.
pub(crate) fn window<T>(items: Vec<T>, offset: u64, limit: u64) -> Vec<T> {
    let offset = usize::try_from(offset).unwrap_or(usize::MAX);
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    items.into_iter().skip(offset).take(limit).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn sizes_are_clamped_silently() {
        let page = |number, size| Page::new((0..7).collect::<Vec<_>>(), number, size, 5);
        assert_eq!(page(None, Some(0)).page_size, 1);
        assert_eq!(page(None, Some(6)).page_size, 5);
        assert_eq!(page(Some(0), None).page, 1);
        assert_eq!(page(Some(u64::MAX), Some(5)).items, Vec::<i32>::new());
        let second = page(Some(2), Some(5));
        assert_eq!((second.items.as_slice(), second.total, second.page), ([5, 6].as_slice(), 7, 2));
    }

    proptest! {
        #[test]
        fn all_pages_together_are_the_list(length in 0..60u32, size in 1..30u64) {
            let list: Vec<u32> = (0..length).collect();
            let mut found = Vec::new();
            for number in 1.. {
                let page = Page::new(list.clone(), Some(number), Some(size), 100);
                prop_assert_eq!(page.total, u64::from(length));
                found.extend(page.items);
                if page.page * page.page_size >= page.total {
                    break;
                }
            }
            prop_assert_eq!(found, list);
        }
    }
}
