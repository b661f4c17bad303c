//! Where an entity comes from.

use std::sync::Arc;

use edgequake_types::lineage::{
    DescriptionVersion, EntityLineage, GetEntityLineage, LineRange, SourceDocument,
};
use edgequake_types::provenance::{
    EntityProvenance, EntitySource, GetEntityProvenance, RelatedEntity, SourceChunk,
};
use edgequake_types::{DocumentId, Timestamp};

use super::chunks::{chunk_id, description, read};
use crate::clock::rfc3339;
use crate::error::Refusal;
use crate::reply::Reply;
use crate::retrieval::entities::{ENTITY_TYPE, RELATION_TYPE};
use crate::retrieval::index::Stated;
use crate::route::Call;

/// The maximum number of related entities that are told.
const MAX_RELATED: usize = 100;

/// A document that names an entity, with the chunks that do.
struct Naming {
    document_id: DocumentId,
    name: String,
    processed_at: Option<Timestamp>,
    chunks: Vec<Stated>,
}

/// An entity.
struct Entity {
    name: String,
    /// In the order of their arrival.
    documents: Vec<Naming>,
    related: Vec<(Arc<str>, usize)>,
}

/// # Errors
///
/// 404 for an entity that no document names.
async fn find(call: &Call, name: &str) -> Result<Entity, Refusal> {
    let unknown = || Refusal::not_found(format!("entity {name}"));
    let space = call.space().ok_or_else(unknown)?;
    // As the server writes names.
    let name = name.split_whitespace().collect::<Vec<_>>().join("_").to_uppercase();
    let asked = name.clone();
    let found = read(&space, move |index| (index.chunks_naming(&asked), index.related(&asked))).await?;
    let (chunks, mut related) = found;
    related.truncate(MAX_RELATED);
    let mut documents: Vec<Naming> = Vec::new();
    let contents = space.contents();
    for stated in chunks {
        if let Some(last) = documents.last_mut().filter(|last| last.document_id == stated.document_id) {
            last.chunks.push(stated);
            continue;
        }
        let document = contents.documents.get(&stated.document_id);
        let Some(document) = document.filter(|document| document.is_searchable()) else { continue };
        documents.push(Naming {
            document_id: document.id.clone(),
            name: document.title.clone(),
            processed_at: document.processed_at.map(rfc3339),
            chunks: vec![stated],
        });
    }
    drop(contents);
    if documents.is_empty() {
        return Err(unknown());
    }
    Ok(Entity { name, documents, related })
}

impl Entity {
    fn description(&self) -> Option<String> {
        let first = self.documents.first()?.chunks.first()?;
        Some(description(&first.chunk.text, &[&self.name]))
    }
}

pub(super) async fn lineage(call: Call, request: GetEntityLineage) -> Result<Reply<EntityLineage>, Refusal> {
    let entity = find(&call, &request.entity_name).await?;
    let mut lineage = EntityLineage::new();
    lineage.source_count = Some(entity.documents.len() as u64);
    for (naming, version) in entity.documents.iter().zip(1..) {
        let mut source = SourceDocument::default();
        source.document_id = Some(naming.document_id.clone());
        source.chunk_ids = naming.chunks.iter().map(chunk_id).collect();
        let range = |stated: &Stated| {
            let mut range = LineRange::default();
            (range.start_line, range.end_line) = stated.chunk.lines;
            range
        };
        source.line_ranges = naming.chunks.iter().map(range).collect();
        lineage.source_documents.push(source);
        // Each document describes it anew.
        let Some(first) = naming.chunks.first() else { continue };
        let mut described = DescriptionVersion::default();
        described.version = version;
        described.description = Some(description(&first.chunk.text, &[&entity.name]));
        described.source_chunk_id = Some(chunk_id(first));
        described.created_at.clone_from(&naming.processed_at);
        lineage.description_versions.push(described);
    }
    lineage.entity_name = Some(entity.name);
    lineage.entity_type = Some(ENTITY_TYPE.to_owned());
    Ok(Reply::new(lineage))
}

pub(super) async fn provenance(
    call: Call,
    request: GetEntityProvenance,
) -> Result<Reply<EntityProvenance>, Refusal> {
    let entity = find(&call, &request.entity_id).await?;
    let mut provenance = EntityProvenance::new(&entity.name, &entity.name);
    provenance.entity_type = Some(ENTITY_TYPE.to_owned());
    provenance.description = entity.description();
    provenance.total_extraction_count =
        entity.documents.iter().map(|naming| naming.chunks.len() as u64).sum();
    provenance.sources = entity.documents.into_iter().map(source).collect();
    let related = |(name, shared): (Arc<str>, usize)| {
        let mut related = RelatedEntity::new(&*name);
        related.entity_name = name.to_string();
        related.relationship_type = Some(RELATION_TYPE.to_owned());
        related.shared_documents = shared as u64;
        related
    };
    provenance.related_entities = entity.related.into_iter().map(related).collect();
    Ok(Reply::new(provenance))
}

fn source(naming: Naming) -> EntitySource {
    let mut source = EntitySource::new(naming.document_id);
    source.document_name = Some(naming.name);
    source.first_extracted_at = naming.processed_at;
    let chunk = |stated: &Stated| {
        let mut chunk = SourceChunk::new(chunk_id(stated));
        (chunk.start_line, chunk.end_line) = (Some(stated.chunk.lines.0), Some(stated.chunk.lines.1));
        chunk.source_text = Some(stated.chunk.text.clone());
        chunk
    };
    source.chunks = naming.chunks.iter().map(chunk).collect();
    source
}
