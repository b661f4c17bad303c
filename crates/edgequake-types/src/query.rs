//! Queries: one answer, or an answer as it is written (`/api/v1/query`, `/api/v1/query/stream`).
//!
//! ```
//! use edgequake_types::{Decode, Endpoint};
//! use edgequake_types::query::{Query, QueryAnswer, QueryMode};
//!
//! let query = Query::new("When did the bridge open?").mode(QueryMode::Mix).max_results(5).include_subgraph(false);
//! let request = query.to_request()?;
//! assert_eq!(request.uri(), "/api/v1/query");
//!
//! let answer = QueryAnswer::decode(r#"{"answer":"In 1931.","mode":"mix","sources":[],"stats":{"total_time_ms":580}}"#.into())?;
//! assert_eq!(answer.answer, "In 1931.");
//! assert_eq!(answer.stats.total_time_ms, Some(580));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! A stream is read event by event:
//!
//! ```
//! use edgequake_types::Event;
//! use edgequake_types::query::QueryEvent;
//!
//! let mut framing = Default::default();
//! let mut answer = String::new();
//! for payload in [r#"{"type":"token","content":"In "}"#, r#"{"type":"token","content":"1931."}"#, r#"{"type":"done"}"#] {
//!     match QueryEvent::decode(payload, &mut framing)? {
//!         Some(QueryEvent::Token { content }) => answer.push_str(&content),
//!         Some(event) if event.is_final() => break,
//!         _ => {}
//!     }
//! }
//! assert_eq!(answer, "In 1931.");
//! # Ok::<(), edgequake_types::DecodeError>(())
//! ```

mod answer;
mod event;
mod graph;
mod options;
mod request;
mod source;

pub use answer::{QueryAnswer, QueryStats};
pub use event::{QueryEvent, QueryFraming};
pub use graph::{GraphLineage, Subgraph, SubgraphEntity, SubgraphRelationship};
pub use options::{
    ContentGranularity, DocumentFilter, HistoryMessage, HistoryRole, MixWeights, QueryMode, StreamFormat,
};
pub use request::{Query, StreamQuery};
pub use source::{Source, SourceType};

#[cfg(test)]
mod tests;
