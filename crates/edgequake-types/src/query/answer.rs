//! [`QueryAnswer`]: a whole answer and how it came about.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{QueryMode, Source, Subgraph};
use crate::answer::json_answers;
use crate::tolerant;

/// The answer to [`Query`](super::Query).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct QueryAnswer {
    /// The text; empty if only the context was asked for.
    #[serde(deserialize_with = "tolerant::or_default")]
    pub answer: String,
    /// How the graph was really searched.
    #[serde(default)]
    pub mode: Option<QueryMode>,
    /// What the answer is based on.
    #[serde(default, deserialize_with = "tolerant::or_default")]
    pub sources: Vec<Source>,
    /// How long it took and what it used.
    #[serde(default, deserialize_with = "tolerant::or_default")]
    pub stats: QueryStats,
    /// The part of the graph that was searched, unless it was empty or not asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subgraph: Option<Subgraph>,
    /// A random id that the server puts beside a history; it names no stored conversation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub conversation_id: Option<String>,
    /// Whether sources were ranked a second time.
    #[serde(default, deserialize_with = "tolerant::flag", skip_serializing_if = "std::ops::Not::not")]
    pub reranked: bool,
    /// What the search did; newer servers only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub explain: Option<Value>,
}

impl QueryAnswer {
    /// An answer without sources.
    pub fn new(answer: impl Into<String>, mode: QueryMode) -> Self {
        Self {
            answer: answer.into(),
            mode: Some(mode),
            sources: Vec::new(),
            stats: QueryStats::default(),
            subgraph: None,
            conversation_id: None,
            reranked: false,
            explain: None,
        }
    }
}

json_answers!(QueryAnswer);

/// How long an answer took and what it used. Times are in milliseconds; what a server leaves out is `None`; what this
/// version does not know is in [`extra`](Self::extra).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct QueryStats {
    /// Embedding the question.
    #[serde(deserialize_with = "tolerant::optional_count", skip_serializing_if = "Option::is_none")]
    pub embedding_time_ms: Option<u64>,
    /// Finding its keywords.
    #[serde(deserialize_with = "tolerant::optional_count", skip_serializing_if = "Option::is_none")]
    pub keyword_time_ms: Option<u64>,
    /// Searching.
    #[serde(deserialize_with = "tolerant::optional_count", skip_serializing_if = "Option::is_none")]
    pub retrieval_time_ms: Option<u64>,
    /// Ranking a second time.
    #[serde(deserialize_with = "tolerant::optional_count", skip_serializing_if = "Option::is_none")]
    pub rerank_time_ms: Option<u64>,
    /// Writing the answer.
    #[serde(deserialize_with = "tolerant::optional_count", skip_serializing_if = "Option::is_none")]
    pub generation_time_ms: Option<u64>,
    /// All of it.
    #[serde(deserialize_with = "tolerant::optional_count", skip_serializing_if = "Option::is_none")]
    pub total_time_ms: Option<u64>,
    /// Until the model wrote its first token.
    #[serde(deserialize_with = "tolerant::optional_count", skip_serializing_if = "Option::is_none")]
    pub ttft_ms: Option<u64>,
    /// How many sources were found.
    #[serde(deserialize_with = "tolerant::optional_count", skip_serializing_if = "Option::is_none")]
    pub sources_retrieved: Option<u64>,
    /// How many tokens were used; an estimate in streams.
    #[serde(deserialize_with = "tolerant::optional_count", skip_serializing_if = "Option::is_none")]
    pub tokens_used: Option<u64>,
    /// How fast the model wrote.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tokens_per_second: Option<f64>,
    /// The provider of the model.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub llm_provider: Option<String>,
    /// The model that wrote the answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub llm_model: Option<String>,
    /// How the graph was really searched; streams only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub query_mode: Option<QueryMode>,
    /// Everything else that the server says about it.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}
