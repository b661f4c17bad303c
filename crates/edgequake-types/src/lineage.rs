//! Which chunks the entities and relationships of the graph come from (`/api/v1/lineage/...`).
//!
//! For what newer servers are, see [server versions](crate#server-versions).
//!
//! ```
//! use edgequake_types::{Decode, Endpoint};
//! use edgequake_types::lineage::{EntityLineage, GetEntityLineage};
//!
//! assert_eq!(GetEntityLineage::new("GOLDEN_GATE").to_request()?.uri(), "/api/v1/lineage/entities/GOLDEN_GATE");
//!
//! let lineage = EntityLineage::from_body(r#"{"entity_name":"GOLDEN_GATE","source_documents":[{"document_id":"6f0c"}]}"#)?;
//! assert_eq!(lineage.source_documents[0].document_id.as_ref().unwrap(), &"6f0c");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use crate::prelude::*;

operations! { "lineage": GetGraphLineage, GetEntityLineage }

/// Reads which entities and relationships came from a document.
///
/// Errors: 404 for an unknown id.
#[operation(GET "/api/v1/lineage/documents/{document_id}" -> GraphLineage, Required, Safe, None, new(document_id), eq)]
pub struct GetGraphLineage {
    /// The document.
    pub document_id: DocumentId,
}

/// The answer to [`GetGraphLineage`]. What a server leaves out is `None` or empty.
#[model(answer, known, default, new(), eq)]
pub struct GraphLineage {
    /// The document.
    pub document_id: Option<DocumentId>,
    /// How many chunks it has.
    pub chunk_count: Option<u64>,
    /// The entities.
    pub entities: Vec<LineageEntity>,
    /// The relationships.
    pub relationships: Vec<LineageRelationship>,
    /// How much was found.
    pub extraction_stats: Option<ExtractionStats>,
}

/// An entity that came from a document.
#[model(default, eq)]
pub struct LineageEntity {
    /// Its id; newer servers only.
    pub id: Option<String>,
    /// Its name.
    pub name: Option<String>,
    /// A name to show; newer servers only.
    pub label: Option<String>,
    /// Its type, such as `BUILDING`.
    pub entity_type: Option<String>,
    /// What it is; newer servers only.
    pub description: Option<String>,
    /// The chunks that it was found in.
    pub source_chunks: Vec<ChunkId>,
    /// Whether other documents name it, too.
    pub is_shared: Option<bool>,
}

/// A relationship that came from a document.
#[model(default, eq)]
pub struct LineageRelationship {
    /// The entity that it goes out from.
    pub source: Option<String>,
    /// The entity that it leads to.
    pub target: Option<String>,
    /// Words for it.
    pub keywords: Option<String>,
    /// The chunks that it was found in.
    pub source_chunks: Vec<ChunkId>,
}

/// How much was found in a document.
#[model(default, eq)]
pub struct ExtractionStats {
    /// How often entities were found.
    pub total_entities: u64,
    /// How many entities there are.
    pub unique_entities: u64,
    /// How often relationships were found.
    pub total_relationships: u64,
    /// How many relationships there are.
    pub unique_relationships: u64,
    /// How long it took, in milliseconds.
    #[field(always)]
    pub processing_time_ms: Option<u64>,
}

/// Reads which documents an entity came from, and how its description changed.
///
/// Errors: 404 for an unknown entity.
#[operation(GET "/api/v1/lineage/entities/{entity_name}" -> EntityLineage, Required, Safe, None, new(entity_name), eq)]
pub struct GetEntityLineage {
    /// The entity. The server takes it in upper case, with underscores in place of blanks.
    pub entity_name: String,
}

/// The answer to [`GetEntityLineage`]. What a server leaves out is `None` or empty.
#[model(answer, known, default, new(), eq)]
pub struct EntityLineage {
    /// The entity.
    pub entity_name: Option<String>,
    /// Its type, such as `BUILDING`.
    #[field(always)]
    pub entity_type: Option<String>,
    /// The documents that it came from.
    pub source_documents: Vec<SourceDocument>,
    /// How many documents that are.
    pub source_count: Option<u64>,
    /// Its descriptions, one after the other.
    pub description_versions: Vec<DescriptionVersion>,
}

/// A document that an entity came from.
#[model(default, eq)]
pub struct SourceDocument {
    /// The document.
    pub document_id: Option<DocumentId>,
    /// The chunks that it was found in.
    pub chunk_ids: Vec<ChunkId>,
    /// Where these chunks stand.
    pub line_ranges: Vec<LineRange>,
}

/// Some lines of a document.
#[model(default, eq)]
#[derive(Copy)]
pub struct LineRange {
    /// The first one.
    pub start_line: u64,
    /// The last one.
    pub end_line: u64,
}

/// A description of an entity.
#[model(default, eq)]
pub struct DescriptionVersion {
    /// Its number.
    pub version: u64,
    /// The text.
    pub description: Option<String>,
    /// The chunk that it came from.
    #[field(always)]
    pub source_chunk_id: Option<ChunkId>,
    /// When it was written.
    pub created_at: Option<Timestamp>,
}
