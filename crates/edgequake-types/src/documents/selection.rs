//! [`PageSelection`]: the pages of a request.

use serde::{Deserialize, Deserializer, Serialize};

use crate::tolerant::Tolerant;

/// A choice of pages, by their numbers or by ranges.
///
/// ```
/// use edgequake_types::documents::{PageSelection, ReprocessPages};
///
/// assert_eq!(ReprocessPages::new("d-1", [2, 3]).pages, PageSelection::Numbers(vec![2, 3]));
/// assert_eq!(ReprocessPages::new("d-1", "2-4,9").pages, PageSelection::Ranges("2-4,9".into()));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
#[non_exhaustive]
pub enum PageSelection {
    /// The numbers of the pages, from 1.
    Numbers(Vec<u64>),
    /// Numbers and ranges, separated by commas, such as `2-4,9`.
    Ranges(String),
}

#[diagnostic::do_not_recommend]
impl Tolerant for PageSelection {
    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::deserialize(deserializer)
    }
}

impl<const N: usize> From<[u64; N]> for PageSelection {
    fn from(pages: [u64; N]) -> Self {
        Self::Numbers(pages.into())
    }
}

impl From<Vec<u64>> for PageSelection {
    fn from(pages: Vec<u64>) -> Self {
        Self::Numbers(pages)
    }
}

impl From<&str> for PageSelection {
    fn from(ranges: &str) -> Self {
        Self::Ranges(ranges.to_owned())
    }
}

impl From<String> for PageSelection {
    fn from(ranges: String) -> Self {
        Self::Ranges(ranges)
    }
}
