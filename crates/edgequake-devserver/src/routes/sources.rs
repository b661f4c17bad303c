//! What an answer is based on, as clients see it.

use std::collections::HashMap;

use edgequake_types::DocumentId;
use edgequake_types::query::{
    BundleChunk, ChunkLineage, ContentGranularity, ContextBundle, GraphLineage, Source, SourceType, Subgraph,
    SubgraphEntity, SubgraphRelationship,
};

use crate::retrieval::answer::snippet;
use crate::retrieval::entities::{ENTITY_TYPE, RELATION_TYPE, sentence_with};
use crate::retrieval::index::Hit;
use crate::retrieval::search::{EntityHit, Found, RelationHit};
use crate::state::space::Contents;

/// What chunks were found in.
#[derive(Debug)]
struct Named {
    name: String,
    /// Whether it is a document. Injected knowledge is none, though it has an id in the index.
    is_document: bool,
}

/// The names of what was found. A document that was deleted since has none, and is not a source.
#[derive(Debug, Default)]
pub(super) struct Names(HashMap<DocumentId, Named>);

impl Names {
    pub(super) fn new(found: &Found, contents: &Contents) -> Self {
        let named = found.entities.iter().flat_map(|entity| &entity.chunks);
        let stated = found.relations.iter().map(|relation| &relation.chunk);
        let mut names = HashMap::new();
        for id in found.hits.iter().chain(named).chain(stated).map(|hit| &hit.document_id) {
            let document = contents.documents.get(id).map(|document| {
                let name = document.file_name.as_ref().unwrap_or(&document.title).clone();
                Named { name, is_document: true }
            });
            let injection = || {
                let injection = contents.injections.searchable(id)?;
                Some(Named { name: injection.name.clone(), is_document: false })
            };
            if let Some(named) = document.or_else(injection) {
                names.insert(id.clone(), named);
            }
        }
        Self(names)
    }

    pub(super) fn of(&self, hit: &Hit) -> Option<&String> {
        self.0.get(&hit.document_id).map(|named| &named.name)
    }

    /// The document that a chunk belongs to, if it is one.
    fn document(&self, hit: &Hit) -> Option<DocumentId> {
        self.0.get(&hit.document_id).filter(|named| named.is_document).map(|_| hit.document_id.clone())
    }
}

fn chunk_id(hit: &Hit) -> String {
    format!("{}-chunk-{}", hit.document_id, hit.number)
}

/// The chunks, then the entities, then the relationships.
pub(super) fn sources(found: &Found, names: &Names, granularity: Option<&ContentGranularity>) -> Vec<Source> {
    let chunks =
        found.hits.iter().enumerate().map(|(number, hit)| chunk(number + 1, hit, names, granularity));
    let entities = found.entities.iter().filter_map(|hit| entity(hit, names));
    let relations = found.relations.iter().filter_map(|hit| relation(hit, names));
    chunks.chain(entities).chain(relations).collect()
}

fn chunk(number: usize, hit: &Hit, names: &Names, granularity: Option<&ContentGranularity>) -> Source {
    let mut source = Source::new(SourceType::Chunk, chunk_id(hit), f64::from(hit.score));
    source.snippet = Some(match granularity {
        Some(ContentGranularity::Agent | ContentGranularity::Debug) => hit.chunk.text.clone(),
        _ => snippet(&hit.chunk.text),
    });
    source.reference_id = Some(number.into());
    source.document_id = names.document(hit);
    source.file_path = names.of(hit).cloned();
    source.chunk_index = Some(hit.number as u64);
    (source.start_line, source.end_line) = (Some(hit.chunk.lines.0), Some(hit.chunk.lines.1));
    source
}

/// What a chunk says about these names.
fn description(hit: &Hit, names: &[&str]) -> String {
    snippet(&sentence_with(&hit.chunk.text, names).unwrap_or_else(|| hit.chunk.text.clone()))
}

fn entity(hit: &EntityHit, names: &Names) -> Option<Source> {
    let mut chunks = hit.chunks.iter().filter(|chunk| names.of(chunk).is_some()).peekable();
    let first = *chunks.peek()?;
    let mut source = Source::new(SourceType::Entity, hit.name.to_string(), f64::from(hit.score));
    source.snippet = Some(description(first, &[&hit.name]));
    source.document_id = names.document(first);
    source.file_path = names.of(first).cloned();
    source.entity_type = Some(ENTITY_TYPE.to_owned());
    source.degree = Some(hit.degree as u64);
    source.source_chunk_ids = chunks.map(chunk_id).collect();
    Some(source)
}

fn relation(hit: &RelationHit, names: &Names) -> Option<Source> {
    let name = names.of(&hit.chunk)?;
    let id = format!("{}->{}", hit.from, hit.to);
    let mut source = Source::new(SourceType::Relationship, id, f64::from(hit.score));
    source.snippet = Some(description(&hit.chunk, &[&hit.from, &hit.to]));
    source.document_id = names.document(&hit.chunk);
    source.file_path = Some(name.clone());
    Some(source)
}

/// The entities and relationships that were found.
pub(super) fn subgraph(found: &Found, names: &Names) -> Subgraph {
    let entities = found.entities.iter().filter_map(|hit| {
        let source = entity(hit, names)?;
        let mut lineage = GraphLineage::default();
        lineage.source_chunk_ids = source.source_chunk_ids;
        (lineage.source_document_id, lineage.source_file_path) = (source.document_id, source.file_path);
        let mut entity = SubgraphEntity::new(source.id, ENTITY_TYPE);
        entity.description = source.snippet.unwrap_or_default();
        (entity.score, entity.degree, entity.lineage) = (source.score, source.degree, Some(lineage));
        Some(entity)
    });
    let relationships = found.relations.iter().filter_map(|hit| {
        let source = relation(hit, names)?;
        let mut lineage = GraphLineage::default();
        lineage.source_chunk_id = Some(chunk_id(&hit.chunk));
        (lineage.source_document_id, lineage.source_file_path) = (source.document_id, source.file_path);
        let mut relationship = SubgraphRelationship::new(&*hit.from, &*hit.to, RELATION_TYPE);
        relationship.description = source.snippet.unwrap_or_default();
        (relationship.score, relationship.lineage) = (source.score, Some(lineage));
        Some(relationship)
    });
    Subgraph::new(entities, relationships)
}

/// The context in full, for agents.
pub(super) fn bundle(hits: &[Hit], sources: &[Source], subgraph: Option<Subgraph>) -> Box<ContextBundle> {
    let chunk = |(hit, source): (&Hit, &Source)| {
        let mut chunk = BundleChunk::new(source.id.clone(), hit.chunk.text.clone());
        chunk.score = source.score;
        chunk.token_count = hit.chunk.text.split_whitespace().count() as u64;
        chunk.reference_id = source.reference_id.clone();
        let mut lineage = ChunkLineage::new();
        lineage.document_id = source.document_id.clone();
        lineage.file_path = source.file_path.clone();
        (lineage.start_line, lineage.end_line) = (source.start_line, source.end_line);
        lineage.chunk_index = source.chunk_index;
        chunk.lineage = Some(lineage);
        chunk
    };
    let mut bundle = ContextBundle::default();
    // The sources begin with the chunks.
    bundle.chunks = hits.iter().zip(sources).map(chunk).collect();
    bundle.subgraph = subgraph.unwrap_or_default();
    Box::new(bundle)
}
