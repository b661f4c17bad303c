//! [`Source`]: what an answer is based on.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::open_enum::open_enum;
use crate::{DocumentId, tolerant};

open_enum! {
    /// What kind of thing a source is.
    pub enum SourceType {
        /// A piece of a document.
        Chunk = "chunk",
        /// An entity of the graph.
        Entity = "entity",
        /// A relationship of the graph.
        Relationship = "relationship",
    }
}

/// Something that an answer is based on. Chunks come first, then entities, then relationships.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Source {
    /// What it is.
    pub source_type: SourceType,
    /// Id of the chunk, name of the entity, or `A->B` for a relationship.
    #[serde(default, deserialize_with = "tolerant::or_default")]
    pub id: String,
    /// How well it fits the question; `None` where the server had no finite number.
    #[serde(default)]
    pub score: Option<f64>,
    /// How well it fits after the second ranking.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rerank_score: Option<f64>,
    /// A piece of its text.
    #[serde(default)]
    pub snippet: Option<String>,
    /// The mark by which the answer cites it: a number, from some servers a text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reference_id: Option<Value>,
    /// The document that it comes from.
    #[serde(default, deserialize_with = "tolerant::non_empty", skip_serializing_if = "Option::is_none")]
    pub document_id: Option<DocumentId>,
    /// The file that it comes from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file_path: Option<String>,
    /// First line in the document, from 1.
    #[serde(default, deserialize_with = "tolerant::optional_count", skip_serializing_if = "Option::is_none")]
    pub start_line: Option<u64>,
    /// Last line in the document.
    #[serde(default, deserialize_with = "tolerant::optional_count", skip_serializing_if = "Option::is_none")]
    pub end_line: Option<u64>,
    /// Place of the chunk in its document, from 0.
    #[serde(default, deserialize_with = "tolerant::optional_count", skip_serializing_if = "Option::is_none")]
    pub chunk_index: Option<u64>,
    /// Type of the entity.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entity_type: Option<String>,
    /// How many relationships the entity has. Also read from `{"in", "out", "total"}`.
    #[serde(
        default,
        deserialize_with = "tolerant::optional_degree",
        skip_serializing_if = "Option::is_none"
    )]
    pub degree: Option<u64>,
    /// The chunks that name the entity.
    #[serde(default, deserialize_with = "tolerant::or_default", skip_serializing_if = "Vec::is_empty")]
    pub source_chunk_ids: Vec<String>,
    /// First page in the document, from 1.
    #[serde(default, deserialize_with = "tolerant::optional_count", skip_serializing_if = "Option::is_none")]
    pub page_start: Option<u64>,
    /// Last page in the document.
    #[serde(default, deserialize_with = "tolerant::optional_count", skip_serializing_if = "Option::is_none")]
    pub page_end: Option<u64>,
}

impl Source {
    /// A source of which only kind, id and score are known.
    pub fn new(source_type: SourceType, id: impl Into<String>, score: f64) -> Self {
        Self {
            source_type,
            id: id.into(),
            score: Some(score),
            rerank_score: None,
            snippet: None,
            reference_id: None,
            document_id: None,
            file_path: None,
            start_line: None,
            end_line: None,
            chunk_index: None,
            entity_type: None,
            degree: None,
            source_chunk_ids: Vec::new(),
            page_start: None,
            page_end: None,
        }
    }
}
