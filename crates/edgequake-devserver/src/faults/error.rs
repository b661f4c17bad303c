//! [`FaultError`]: why a fault is refused, and the limits that it tells.

/// The maximum number of faults in force.
pub(super) const CAPACITY: usize = 1000;

/// The maximum number of headers of a fault.
pub(super) const HEADER_LIMIT: usize = 100;

/// The stages of processing, in order, that every document passes.
pub(crate) const STAGES: [&str; 5] = ["preprocessing", "chunking", "extracting", "embedding", "storing"];

/// The stage before them, of what is a PDF file.
#[cfg(feature = "pdf")]
pub(crate) const CONVERTING: &str = "converting";

/// These, and those that only a document passes which a fault hits there.
pub(crate) const ALL_STAGES: [&str; 13] = [
    "uploading",
    "queued",
    "converting",
    "preprocessing",
    "chunking",
    "extracting",
    "gleaning",
    "merging",
    "summarizing",
    "embedding",
    "storing",
    "indexing",
    "projecting",
];

/// The maximum number of chunks that a fault names.
pub(super) const CHUNK_LIMIT: usize = 1000;

/// Why a fault is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FaultError {
    /// No operation has this name, path, or method and path.
    #[error(
        "`on` names no operation of this server: {0:?}; use a type such as `Query`, or `POST /api/v1/query`"
    )]
    Operation(String),
    /// Processing belongs to no operation.
    #[error("`on` cannot limit failures of processing, which belong to no operation; leave it out")]
    Processing,
    /// The answer of the operation has no body that could be spoiled.
    #[error("`on` must name an operation whose answer has a body, for this fault spoils bodies")]
    NoBody,
    /// The operation answers with no stream.
    #[error("`on` must name an operation that answers with a stream of events, for this fault hits no other")]
    NoStream,
    /// A status whose responses have no body.
    #[error("`code` must be a status whose response has a body, which is neither 204, 205 nor 304")]
    NoContent,
    /// A read-only server refuses no operation that only reads.
    #[error("`on` must name an operation that changes something, for `read_only` hits no other")]
    ReadOnly,
    /// A fault of processing hides no answer.
    #[error("`executes` is about answers, and failures of processing hide none; leave it out")]
    Executes,
    /// The probability is not a number from 0 to 1, or the fault would never hit.
    #[error("`probability` must be a number above 0, and 1 at most")]
    Probability,
    /// The fault would never hit.
    #[error("`times` must be at least 1; leave it out for a fault that never ends")]
    Times,
    /// The status is not one of a final response.
    #[error("`code` must be a status from 200 to 599")]
    Status,
    /// `Retry-After` has characters that no header may have.
    #[error("`retry_after` must be visible ASCII")]
    RetryAfter,
    /// A header that cannot be sent, or that the server itself writes: its length.
    #[error("`headers` has {0:?}, whose name or value no header may have, or which the server writes itself")]
    Header(String),
    /// More headers than any server sends.
    #[error("`headers` may have {HEADER_LIMIT} entries; leave some out")]
    Headers,
    /// There are no bytes at once, so that the body would never end.
    #[error("`bytes` must be at least 1")]
    Bytes,
    /// Processing has no such stage.
    #[error("`stage` must be one of {}", ALL_STAGES.join(", "))]
    Stage,
    /// A failure of some chunks is no failure of the document.
    #[error(
        "`chunks` is about partial failures, and may name {CHUNK_LIMIT} of them; set `partial`, or leave some out"
    )]
    Chunks,
    /// There are too many faults.
    #[error("there may be {CAPACITY} faults at once; remove some first")]
    Capacity,
    /// The texts of all faults are too large.
    #[error(
        "the bodies and headers of all faults may have 64 MiB together; remove some, or order smaller ones"
    )]
    Size,
}
