//! The chunks of documents (`/api/v1/chunks/...`).
//!
//! No operation lists the chunks of a document; its lineage names them. Their ids look like `{document_id}-chunk-{n}`.
//!
//! For what newer servers are, see [server versions](crate#server-versions).
//!
//! ```
//! use edgequake_types::{Decode, Endpoint};
//! use edgequake_types::chunks::{Chunk, GetChunk};
//!
//! assert_eq!(GetChunk::new("6f0c-chunk-3").to_request()?.uri(), "/api/v1/chunks/6f0c-chunk-3");
//!
//! let chunk = Chunk::from_body(r#"{"chunk_id":"6f0c-chunk-3","document_id":"6f0c","content":"In 1931.","index":3}"#)?;
//! assert_eq!((chunk.index, chunk.content.as_str()), (3, "In 1931."));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use crate::prelude::*;

operations! { "chunks": GetChunk, GetChunkLineage }

/// Reads a chunk, with the entities and relationships that were found in it.
///
/// Errors: 404 for an unknown id.
#[operation(GET "/api/v1/chunks/{chunk_id}" -> Chunk, Required, Safe, None, new(chunk_id), eq)]
pub struct GetChunk {
    /// The chunk.
    pub chunk_id: ChunkId,
}

/// A chunk of a document.
#[model(answer, new(chunk_id, document_id, content))]
pub struct Chunk {
    /// Its id. Also read from `id`.
    #[field(alias = "id")]
    pub chunk_id: ChunkId,
    /// The document.
    pub document_id: Option<DocumentId>,
    /// Its title.
    #[field(always)]
    pub document_name: Option<String>,
    /// The text.
    #[field(default)]
    pub content: String,
    /// Its number in the document, from 0. Also read from `chunk_index`.
    #[field(alias = "chunk_index")]
    pub index: u64,
    /// Where it stands in the document.
    pub char_range: Option<CharRange>,
    /// Its first line in the document.
    pub start_line: Option<u64>,
    /// Its last line.
    pub end_line: Option<u64>,
    /// Its first page; newer servers only.
    pub page_start: Option<u64>,
    /// Its last page; newer servers only.
    pub page_end: Option<u64>,
    /// How many tokens it has. Also read from `tokens`.
    #[field(alias = "tokens")]
    pub token_count: u64,
    /// The entities found in it.
    pub entities: Vec<ChunkEntity>,
    /// The relationships found in it.
    pub relationships: Vec<ChunkRelationship>,
    /// How they were found.
    #[field(always)]
    pub extraction_metadata: Option<ExtractionMetadata>,
}

/// Where a chunk stands in its document, in characters.
#[model(default, eq)]
#[derive(Copy)]
pub struct CharRange {
    /// The first one, from 0.
    pub start: u64,
    /// The first one after it.
    pub end: u64,
}

/// An entity that was found in a chunk.
#[model(new(name), eq)]
pub struct ChunkEntity {
    /// Its id.
    pub id: Option<String>,
    /// Its name.
    pub name: String,
    /// Its type, such as `BUILDING`.
    pub entity_type: Option<String>,
    /// What it is.
    pub description: Option<String>,
}

/// A relationship that was found in a chunk.
#[model(new(source_name, target_name), eq)]
pub struct ChunkRelationship {
    /// The entity that it goes out from.
    pub source_name: String,
    /// The entity that it leads to.
    pub target_name: String,
    /// Its type, such as `CROSSES`.
    pub relation_type: Option<String>,
    /// What it is.
    pub description: Option<String>,
}

/// How the entities of a chunk were found.
#[model(default)]
pub struct ExtractionMetadata {
    /// The model.
    pub model: Option<String>,
    /// How often the text was searched again.
    pub gleaning_iterations: Option<u64>,
    /// How long it took, in milliseconds.
    pub duration_ms: Option<u64>,
    /// Tokens sent to the model.
    pub input_tokens: Option<u64>,
    /// Tokens that the model wrote.
    pub output_tokens: Option<u64>,
    /// Whether the answer of the model was at hand already.
    pub cached: Option<bool>,
    /// Everything else that the server says about it.
    #[field(flatten)]
    pub extra: Map<String, Value>,
}

/// Reads where a chunk comes from.
///
/// Errors: 404 for an unknown id.
#[operation(GET "/api/v1/chunks/{chunk_id}/lineage" -> ChunkLineage, Required, Safe, None, new(chunk_id), eq)]
pub struct GetChunkLineage {
    /// The chunk.
    pub chunk_id: ChunkId,
}

/// The answer to [`GetChunkLineage`].
#[model(answer, new(chunk_id))]
pub struct ChunkLineage {
    /// The chunk. Also read from `id`.
    #[field(alias = "id")]
    pub chunk_id: ChunkId,
    /// The document.
    pub document_id: Option<DocumentId>,
    /// Its title.
    pub document_name: Option<String>,
    /// Where its text came from: `pdf`, `markdown`, `text`, `file`, `image`; an open set.
    pub document_type: Option<String>,
    /// Its number in the document, from 0. Also read from `chunk_index`.
    #[field(alias = "chunk_index")]
    pub index: u64,
    /// Its first line in the document.
    pub start_line: Option<u64>,
    /// Its last line.
    pub end_line: Option<u64>,
    /// Its first character in the document.
    pub start_offset: Option<u64>,
    /// The first character after it.
    pub end_offset: Option<u64>,
    /// How many tokens it has. Also read from `tokens`.
    #[field(alias = "tokens")]
    pub token_count: u64,
    /// The beginning of the text.
    pub content_preview: Option<String>,
    /// How many entities were found in it.
    pub entity_count: u64,
    /// How many relationships were found in it.
    pub relationship_count: u64,
    /// The names of the entities.
    pub entity_names: Vec<String>,
    /// What the server keeps about the document.
    pub document_metadata: Option<Value>,
    /// Everything else, such as the models of some servers.
    #[field(flatten)]
    pub extra: Map<String, Value>,
}
