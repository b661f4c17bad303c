//! Queries: one answer, or an answer as it is written (`/api/v1/query`, `/api/v1/query/stream`).
//!
//! For what newer servers are, see [server versions](crate#server-versions).
//!
//! ```
//! use edgequake_types::{Decode, Endpoint};
//! use edgequake_types::query::{Query, QueryAnswer, QueryMode};
//!
//! let query = Query::new("When did the bridge open?").mode(QueryMode::Mix).max_results(5).include_subgraph(false);
//! let request = query.to_request()?;
//! assert_eq!(request.uri(), "/api/v1/query");
//!
//! let answer = QueryAnswer::from_body(r#"{"answer":"In 1931.","mode":"mix","sources":[],"stats":{"total_time_ms":580}}"#)?;
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
//!     match QueryEvent::decode(None, payload, &mut framing)? {
//!         Some(QueryEvent::Token { content, .. }) => answer.push_str(&content),
//!         Some(event) if event.is_final() => break,
//!         _ => {}
//!     }
//! }
//! assert_eq!(answer, "In 1931.");
//! # Ok::<(), edgequake_types::DecodeError>(())
//! ```

use crate::prelude::*;

mod degree;
mod answer;
mod event;
mod words;

pub use self::{answer::*, event::*, words::*};

operations! { "query": Query, StreamQuery }

/// Asks a question and waits for the whole answer.
///
/// Errors: 400 for an unknown provider, 404 for an unknown workspace, 422 for a blank question or a provider without a
/// key, 429, 502 from the model, 503.
#[operation(POST "/api/v1/query" -> QueryAnswer, Required, Refused, Json, new(query), also(StreamQuery.query))]
pub struct Query {
    /// The question; not blank.
    pub query: String,
    /// How the graph is searched. Default `mix`, `hybrid` on the first servers; the answer says which it was.
    pub mode: Option<QueryMode>,
    /// Whether to search only, and write no answer. Default false. Most servers ignore it for streams.
    pub context_only: Option<bool>,
    /// Whether to return the prompt as the answer. Default false. Most servers ignore it for streams.
    pub prompt_only: Option<bool>,
    /// Whether the answer cites its sources. Default false; many servers ignore it.
    pub include_references: Option<bool>,
    /// Whether the answer carries the subgraph that was searched. Default true. The first servers ignore it.
    pub include_subgraph: Option<bool>,
    /// How many results are used at most; by default the server decides. Older servers ignore it, and most ignore it for
    /// streams.
    pub max_results: Option<u64>,
    /// What was said before. Default nothing. Most servers ignore it for streams.
    pub conversation_history: Option<Vec<HistoryMessage>>,
    /// Whether sources are ranked a second time. Default true. Most servers always do it for streams.
    pub enable_rerank: Option<bool>,
    /// The model that ranks them. By default the server's.
    pub rerank_model: Option<String>,
    /// How many of them are kept. By default all. Most servers ignore it for streams.
    pub rerank_top_k: Option<u64>,
    /// The provider of the model. Give it together with `llm_model`. By default the workspace's, then the server's.
    pub llm_provider: Option<String>,
    /// The model that writes the answer. By default the workspace's, then the server's.
    pub llm_model: Option<String>,
    /// Text that is added to the system prompt. Default none.
    pub system_prompt: Option<String>,
    /// Which documents are searched. By default all.
    pub document_filter: Option<DocumentFilter>,
    /// Weights of [`QueryMode::Mix`]. By default the server's. Most servers ignore them for streams.
    pub mix_weights: Option<MixWeights>,
    /// Headers that the server passes on to the model's provider. Their values are kept as secrets. The server drops
    /// names that belong to credentials or transport. Default none.
    #[field(expose)]
    pub extra_headers: Option<BTreeMap<String, Secret>>,
    /// How much of a source is shown. Default `citation`.
    pub content_granularity: Option<ContentGranularity>,
    /// What kind of question it is. Default none.
    pub question_type: Option<String>,
    /// Keywords for the global search. By default the model finds them.
    pub hl_keywords: Option<Vec<String>>,
    /// Keywords for the local search. By default the model finds them.
    pub ll_keywords: Option<Vec<String>>,
    /// The form of the answer, such as `bullet points`. By default the model decides.
    pub response_type: Option<String>,
    /// How much effort a reasoning model makes: `none`, `minimal`, `low`, ...; an open set. By default as the workspace or
    /// the provider has it.
    pub reasoning_effort: Option<String>,
    /// Groups questions in the server's tracing. It is not a conversation: the server remembers nothing. Default none. Newer
    /// servers only.
    pub session_id: Option<String>,
}

/// Asks a question and reads the answer as it is written.
///
/// The fields are those of [`Query`]. Errors before the stream are those of [`Query`], too; later ones come as
/// [`QueryEvent::Error`]. Nothing is stored on the server, and a broken stream cannot be resumed.
#[operation(POST "/api/v1/query/stream" -> Events<QueryEvent>, Required, Refused, Json, new(query))]
pub struct StreamQuery {
    /// The question and its options.
    #[field(flatten)]
    pub query: Query,
    /// The form of the stream. Default `v2`.
    pub stream_format: Option<StreamFormat>,
}

/// One earlier message of the conversation that a question belongs to.
#[model(new(role, content), eq)]
pub struct HistoryMessage {
    /// Who said it.
    pub role: HistoryRole,
    /// What was said.
    pub content: String,
}

/// Which documents are searched. Dates are combined with "and"; ids and pattern with "or".
#[model(setters, new(), eq)]
pub struct DocumentFilter {
    /// Documents from this time on, inclusive. Default any.
    pub date_from: Option<Timestamp>,
    /// Documents up to this time, inclusive. Default any.
    pub date_to: Option<Timestamp>,
    /// Parts of titles, separated by commas; one of them must occur. Case is ignored. Default any.
    pub document_pattern: Option<String>,
    /// These documents; unknown ones are passed over, and an empty list is no restriction. Default any. Newer servers only.
    pub document_ids: Option<Vec<DocumentId>>,
}

/// How much each kind of search counts in [`QueryMode::Mix`].
#[model(setters, new())]
#[derive(Copy)]
pub struct MixWeights {
    /// Weight of the local search. By default the server's.
    pub local: Option<f64>,
    /// Weight of the global search. By default the server's.
    pub global: Option<f64>,
    /// Weight of the naive search. By default the server's.
    pub naive: Option<f64>,
}

/// The answer to [`Query`].
#[model(answer, new(answer, mode))]
pub struct QueryAnswer {
    /// The text; empty if only the context was asked for.
    #[field(read = words::text_or_null)]
    pub answer: String,
    /// How the graph was really searched.
    #[field(always)]
    pub mode: Option<QueryMode>,
    /// What the answer is based on.
    pub sources: Vec<Source>,
    /// How long it took and what it used.
    #[field(default)]
    pub stats: QueryStats,
    /// The part of the graph that was searched, unless it was empty or not asked for.
    pub subgraph: Option<Subgraph>,
    /// A random id that the server puts beside a history; it names no stored conversation.
    pub conversation_id: Option<String>,
    /// Whether sources were ranked a second time. Default false.
    #[field(omit_default)]
    pub reranked: bool,
    /// What the search did; newer servers only.
    #[field(lenient)]
    pub explain: Option<QueryExplanation>,
    /// The id of the server's trace of it; newer servers only.
    pub trace_id: Option<String>,
}

/// How an answer was searched for. What this version does not know is in [`extra`](Self::extra).
#[model(new(), default)]
pub struct QueryExplanation {
    /// How the graph was really searched.
    pub mode: Option<QueryMode>,
    /// The searches that were made: a list of their names, from some servers a text.
    pub arms_run: Option<Value>,
    /// How the search by words ended.
    pub sparse_outcome: Option<Value>,
    /// What the server took the question for.
    pub query_intent: Option<Value>,
    /// Everything else that the server says about it.
    #[field(flatten)]
    pub extra: Map<String, Value>,
}

#[cfg(test)]
mod tests;
