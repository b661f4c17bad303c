//! Where an entity comes from (`/api/v1/entities/{entity_id}/provenance`).
//!
//! ```
//! use edgequake_types::Endpoint;
//! use edgequake_types::provenance::GetEntityProvenance;
//!
//! let request = GetEntityProvenance::new("GOLDEN_GATE/BRIDGE").to_request()?;
//! assert_eq!(request.uri(), "/api/v1/entities/GOLDEN_GATE%2FBRIDGE/provenance");
//! # Ok::<(), edgequake_types::EncodeError>(())
//! ```

use crate::prelude::*;

operations! { "provenance": GetEntityProvenance }

/// Reads which documents and chunks an entity was found in.
///
/// Errors: 404 for an unknown entity.
#[operation(GET "/api/v1/entities/{entity_id}/provenance" -> EntityProvenance, Required, Safe, None, new(entity_id), eq)]
pub struct GetEntityProvenance {
    /// The entity. The server takes it in upper case, with underscores in place of blanks.
    pub entity_id: String,
}

/// The answer to [`GetEntityProvenance`].
#[model(answer, new(entity_id, entity_name), eq)]
pub struct EntityProvenance {
    /// The entity.
    pub entity_id: String,
    /// Its name.
    #[field(default)]
    pub entity_name: String,
    /// Its type, such as `BUILDING`.
    pub entity_type: Option<String>,
    /// What it is.
    #[field(always)]
    pub description: Option<String>,
    /// The documents that it was found in.
    pub sources: Vec<EntitySource>,
    /// How often it was found.
    pub total_extraction_count: u64,
    /// Entities that are found with it.
    pub related_entities: Vec<RelatedEntity>,
}

/// A document that an entity was found in.
#[model(new(document_id), eq)]
pub struct EntitySource {
    /// The document.
    pub document_id: DocumentId,
    /// Its title.
    #[field(always)]
    pub document_name: Option<String>,
    /// The chunks that it was found in.
    pub chunks: Vec<SourceChunk>,
    /// When it was found first.
    #[field(always)]
    pub first_extracted_at: Option<Timestamp>,
}

/// A chunk that an entity was found in.
#[model(new(chunk_id), eq)]
pub struct SourceChunk {
    /// The chunk.
    pub chunk_id: ChunkId,
    /// Its first line in the document.
    #[field(always)]
    pub start_line: Option<u64>,
    /// Its last line.
    #[field(always)]
    pub end_line: Option<u64>,
    /// Its text.
    #[field(always)]
    pub source_text: Option<String>,
}

/// An entity that is found with another.
#[model(new(entity_id), eq)]
pub struct RelatedEntity {
    /// The entity.
    pub entity_id: String,
    /// Its name.
    #[field(default)]
    pub entity_name: String,
    /// How they are related.
    pub relationship_type: Option<String>,
    /// How many documents name both.
    pub shared_documents: u64,
}
