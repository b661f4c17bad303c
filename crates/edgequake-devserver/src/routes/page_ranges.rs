//! [`PageRanges`]: the pages that a request chooses, such as `1-3,9`.

use std::ops::RangeInclusive;
use std::str::FromStr;

/// The maximum number of ranges.
const MAX_RANGES: usize = 1_000;

/// Pages, by their numbers from 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PageRanges(Vec<RangeInclusive<u64>>);

/// A choice that is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("pages must be numbers from 1 and ranges of them, such as 1-3,9; at most {MAX_RANGES}")]
pub(super) struct PageRangesError;

impl FromStr for PageRanges {
    type Err = PageRangesError;

    fn from_str(text: &str) -> Result<Self, PageRangesError> {
        let number = |text: &str| text.trim().parse::<u64>().ok().filter(|number| *number > 0);
        let range = |part: &str| {
            let (first, last) = part.split_once('-').unwrap_or((part, part));
            let (first, last) = (number(first)?, number(last)?);
            (first <= last).then_some(first..=last)
        };
        let ranges: Option<Vec<_>> = text.split(',').take(MAX_RANGES + 1).map(range).collect();
        ranges.filter(|ranges| ranges.len() <= MAX_RANGES).map(Self).ok_or(PageRangesError)
    }
}

impl PageRanges {
    pub(super) fn contains(&self, page: u64) -> bool {
        self.0.iter().any(|range| range.contains(&page))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_ranges() {
        let chosen = |text: &str| {
            let ranges: PageRanges = text.parse().ok()?;
            Some((1..=10).filter(|page| ranges.contains(*page)).collect::<Vec<u64>>())
        };
        for (text, expected) in [("1-3,9", vec![1, 2, 3, 9]), (" 2 , 2-2", vec![2]), ("8-99", vec![8, 9, 10])]
        {
            assert_eq!(chosen(text), Some(expected), "{text}");
        }
        for text in ["", "0", "3-1", "a", "1-", "-1", "1,,2", "1-2-3", "99999999999999999999"] {
            assert_eq!(chosen(text), None, "{text}");
        }
        assert!("1,".repeat(1_000).parse::<PageRanges>().is_err());
        assert!(vec!["7"; MAX_RANGES].join(",").parse::<PageRanges>().is_ok());
        assert!(vec!["7"; MAX_RANGES + 1].join(",").parse::<PageRanges>().is_err());
    }
}
