//! [`Removed`]: what went with a document.

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
