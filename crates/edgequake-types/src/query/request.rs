//! [`Query`] and [`StreamQuery`]: the question and its options.

use std::collections::BTreeMap;

use serde::ser::SerializeMap;
use serde::{Deserialize, Serialize, Serializer};

use super::{
    ContentGranularity, DocumentFilter, HistoryMessage, MixWeights, QueryAnswer, QueryEvent, QueryMode,
    StreamFormat,
};
use crate::endpoint::{endpoint, setters};
use crate::{Events, Secret, tolerant};

/// `POST /api/v1/query`: asks a question and waits for the whole answer.
///
/// Errors: 400 for an unknown provider, 404 for an unknown workspace, 422 for a blank question or a provider without a
/// key, 429, 502 from the model, 503.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Query {
    /// The question; not blank.
    pub query: String,
    /// How the graph is searched. Default `mix`, `hybrid` on older servers; the answer says which it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mode: Option<QueryMode>,
    /// Whether to search only, and write no answer. Default false.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub context_only: Option<bool>,
    /// Whether to return the prompt as the answer. Default false.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prompt_only: Option<bool>,
    /// Whether the answer cites its sources. Default false; many servers ignore it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub include_references: Option<bool>,
    /// Whether the answer carries the subgraph that was searched. Default true.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub include_subgraph: Option<bool>,
    /// How many results are used at most. Older servers ignore it, and most ignore it for streams.
    #[serde(default, deserialize_with = "tolerant::optional_count", skip_serializing_if = "Option::is_none")]
    pub max_results: Option<u64>,
    /// What was said before. Most servers ignore it for streams.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub conversation_history: Option<Vec<HistoryMessage>>,
    /// Whether sources are ranked a second time. Default true.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enable_rerank: Option<bool>,
    /// The model that ranks them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rerank_model: Option<String>,
    /// How many of them are kept. By default all.
    #[serde(default, deserialize_with = "tolerant::optional_count", skip_serializing_if = "Option::is_none")]
    pub rerank_top_k: Option<u64>,
    /// The provider of the model. Give it together with `llm_model`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub llm_provider: Option<String>,
    /// The model that writes the answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub llm_model: Option<String>,
    /// Text that is added to the system prompt.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub system_prompt: Option<String>,
    /// Which documents are searched.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub document_filter: Option<DocumentFilter>,
    /// Weights of [`QueryMode::Mix`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mix_weights: Option<MixWeights>,
    /// Headers that the server passes on to the model's provider. Their values are kept as secrets. The server drops
    /// names that belong to credentials or transport.
    #[serde(default, serialize_with = "exposed", skip_serializing_if = "Option::is_none")]
    pub extra_headers: Option<BTreeMap<String, Secret>>,
    /// How much of a source is shown. Default `citation`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content_granularity: Option<ContentGranularity>,
    /// What kind of question it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub question_type: Option<String>,
    /// Keywords for the global search, instead of those the model would find.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hl_keywords: Option<Vec<String>>,
    /// Keywords for the local search, instead of those the model would find.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ll_keywords: Option<Vec<String>>,
    /// How the answer is to be worded, such as `bullet points`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub response_type: Option<String>,
    /// How much a reasoning model is to think: `none`, `minimal`, `low`, ...; an open set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reasoning_effort: Option<String>,
}

/// Writes header values where they must travel.
fn exposed<S: Serializer>(
    headers: &Option<BTreeMap<String, Secret>>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let headers = headers.iter().flatten();
    let mut map = serializer.serialize_map(None)?;
    for (name, value) in headers {
        map.serialize_entry(name, value.expose())?;
    }
    map.end()
}

impl Query {
    /// Asks this with the server's defaults.
    pub fn new(query: impl Into<String>) -> Self {
        Self {
            query: query.into(),
            mode: None,
            context_only: None,
            prompt_only: None,
            include_references: None,
            include_subgraph: None,
            max_results: None,
            conversation_history: None,
            enable_rerank: None,
            rerank_model: None,
            rerank_top_k: None,
            llm_provider: None,
            llm_model: None,
            system_prompt: None,
            document_filter: None,
            mix_weights: None,
            extra_headers: None,
            content_granularity: None,
            question_type: None,
            hl_keywords: None,
            ll_keywords: None,
            response_type: None,
            reasoning_effort: None,
        }
    }
}

endpoint! {
    POST "/api/v1/query" => Query, QueryAnswer where Required, Refused, Json
}

/// `POST /api/v1/query/stream`: asks a question and reads the answer as it is written.
///
/// The fields are those of [`Query`]. Errors before the stream are those of [`Query`], too; later ones come as
/// [`QueryEvent::Error`]. Nothing is stored on the server, and a broken stream cannot be resumed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct StreamQuery {
    /// The question and its options.
    #[serde(flatten)]
    pub query: Query,
    /// The form of the stream. Default `v2`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stream_format: Option<StreamFormat>,
}

impl StreamQuery {
    /// Asks this with the server's defaults.
    pub fn new(query: impl Into<String>) -> Self {
        Query::new(query).into()
    }
}

/// Asks this with the server's defaults.
impl From<&str> for Query {
    fn from(query: &str) -> Self {
        Self::new(query)
    }
}

/// Asks this with the server's defaults.
impl From<String> for Query {
    fn from(query: String) -> Self {
        Self::new(query)
    }
}

/// Asks this with the server's defaults.
impl From<&str> for StreamQuery {
    fn from(query: &str) -> Self {
        Self::new(query)
    }
}

/// Asks this with the server's defaults.
impl From<String> for StreamQuery {
    fn from(query: String) -> Self {
        Self::new(query)
    }
}

impl From<Query> for StreamQuery {
    fn from(query: Query) -> Self {
        Self { query, stream_format: None }
    }
}

endpoint! {
    POST "/api/v1/query/stream" => StreamQuery, Events<QueryEvent> where Required, Refused, Json
}

/// The options that both requests have.
macro_rules! options {
    ($($request:tt)+) => {
        setters! {
            $($request)+ {
                mode: QueryMode,
                context_only: bool,
                prompt_only: bool,
                include_references: bool,
                include_subgraph: bool,
                max_results: u64,
                conversation_history: Vec<HistoryMessage>,
                enable_rerank: bool,
                rerank_model: String,
                rerank_top_k: u64,
                llm_provider: String,
                llm_model: String,
                system_prompt: String,
                document_filter: DocumentFilter,
                mix_weights: MixWeights,
                extra_headers: BTreeMap<String, Secret>,
                content_granularity: ContentGranularity,
                question_type: String,
                hl_keywords: Vec<String>,
                ll_keywords: Vec<String>,
                response_type: String,
                reasoning_effort: String,
            }
        }
    };
}

options!(Query);
options!(StreamQuery.query);

setters! {
    StreamQuery { stream_format: StreamFormat }
}
