//! [`Removed`]: what went with a document. [`Impact`]: what would go with it.

/// What is no longer there.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Removed {
    pub(crate) chunks: u64,
    pub(crate) entities: u64,
    pub(crate) relationships: u64,
}

impl<'a> std::iter::Sum<&'a Self> for Removed {
    fn sum<I: Iterator<Item = &'a Self>>(all: I) -> Self {
        all.fold(Self::default(), |sum, next| Self {
            chunks: sum.chunks + next.chunks,
            entities: sum.entities + next.entities,
            relationships: sum.relationships + next.relationships,
        })
    }
}

/// What would no longer be there without a document, and what would be less.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Impact {
    pub(crate) removed: Removed,
    /// Those that other documents name as well.
    pub(crate) entities_updated: u64,
    pub(crate) relationships_updated: u64,
}
