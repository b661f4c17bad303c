//! The chunks of documents, and where they come from.

use std::sync::{Arc, PoisonError};

use edgequake_types::chunks::{
    CharRange, Chunk, ChunkEntity, ChunkLineage, ChunkRelationship, GetChunk, GetChunkLineage,
};
use edgequake_types::{ChunkId, DocumentId};

use crate::error::Refusal;
use crate::reply::Reply;
use crate::retrieval::answer::snippet;
use crate::retrieval::entities::{ENTITY_TYPE, RELATION_TYPE, sentence_with};
use crate::retrieval::index::{Index, Stated};
use crate::route::Call;
use crate::state::document::StoredDocument;
use crate::state::space::Space;

/// The id of a chunk of a document.
pub(super) fn chunk_id(stated: &Stated) -> ChunkId {
    ChunkId::new(format!("{}-chunk-{}", stated.document_id, stated.number))
}

/// The document and the number in the id of a chunk.
fn parts(id: &ChunkId) -> Option<(DocumentId, usize)> {
    let (document, number) = id.as_str().rsplit_once("-chunk-")?;
    Some((DocumentId::new(document), number.parse().ok()?))
}

/// Reads from the index of a workspace, on a thread that may block.
pub(super) async fn read<T: Send + 'static>(
    space: &Arc<Space>,
    read: impl FnOnce(&Index) -> T + Send + 'static,
) -> Result<T, Refusal> {
    let space = Arc::clone(space);
    let reading = tokio::task::spawn_blocking(move || {
        read(&space.index.lock().unwrap_or_else(PoisonError::into_inner))
    });
    reading.await.map_err(|_| Refusal::internal())
}

/// How many words a text has, which count as its tokens.
pub(super) fn tokens(text: &str) -> u64 {
    text.split_whitespace().count() as u64
}

/// What a chunk says about these names.
pub(super) fn description(text: &str, names: &[&str]) -> String {
    snippet(&sentence_with(text, names).unwrap_or_else(|| text.to_owned()))
}

/// Where a chunk stands in the text of its document, in characters.
pub(super) fn place(stated: &Stated, content: &str) -> (u64, u64) {
    let start = content.get(..stated.chunk.start).map_or(0, |before| before.chars().count()) as u64;
    (start, start + stated.chunk.text.chars().count() as u64)
}

/// What of a document a chunk is told with.
pub(super) struct Origin {
    pub(super) name: String,
    pub(super) source_type: &'static str,
    pub(super) content: Arc<String>,
    pub(super) metadata: Option<serde_json::Value>,
}

impl Origin {
    pub(super) fn of(document: &StoredDocument) -> Self {
        Self {
            name: document.title.clone(),
            source_type: document.source_type(),
            content: Arc::clone(&document.content),
            metadata: document.metadata.clone(),
        }
    }
}

/// A chunk of a document that can be searched.
async fn find(call: &Call, id: &ChunkId) -> Result<(Stated, Origin), Refusal> {
    let unknown = || Refusal::not_found(format!("chunk {id}"));
    let space = call.space().ok_or_else(unknown)?;
    let (document, number) = parts(id).ok_or_else(unknown)?;
    let stated = read(&space, move |index| index.chunk_of(&document, number)).await?.ok_or_else(unknown)?;
    let contents = space.contents();
    let document = contents.documents.get(&stated.document_id).filter(|document| document.is_searchable());
    let origin = document.map(Origin::of).ok_or_else(unknown)?;
    Ok((stated, origin))
}

pub(super) async fn get(call: Call, request: GetChunk) -> Result<Reply<Chunk>, Refusal> {
    let (stated, origin) = find(&call, &request.chunk_id).await?;
    let text = &stated.chunk.text;
    let mut chunk = Chunk::new(request.chunk_id, stated.document_id.clone(), text.clone());
    chunk.document_name = Some(origin.name.clone());
    chunk.index = stated.number as u64;
    let mut range = CharRange::default();
    (range.start, range.end) = place(&stated, &origin.content);
    chunk.char_range = Some(range);
    (chunk.start_line, chunk.end_line) = (Some(stated.chunk.lines.0), Some(stated.chunk.lines.1));
    chunk.token_count = tokens(text);
    let entity = |name: &String| {
        let mut entity = ChunkEntity::new(name);
        entity.id = Some(name.clone());
        entity.entity_type = Some(ENTITY_TYPE.to_owned());
        entity.description = Some(description(text, &[name]));
        entity
    };
    chunk.entities = stated.facts.names.iter().map(entity).collect();
    let relationship = |(from, to): &(String, String)| {
        let mut relationship = ChunkRelationship::new(from, to);
        relationship.relation_type = Some(RELATION_TYPE.to_owned());
        relationship.description = Some(description(text, &[from, to]));
        relationship
    };
    chunk.relationships = stated.facts.pairs.iter().map(relationship).collect();
    Ok(Reply::new(chunk))
}

pub(super) async fn lineage(call: Call, request: GetChunkLineage) -> Result<Reply<ChunkLineage>, Refusal> {
    let (stated, origin) = find(&call, &request.chunk_id).await?;
    let mut lineage = ChunkLineage::new(request.chunk_id);
    lineage.document_id = Some(stated.document_id.clone());
    lineage.document_name = Some(origin.name.clone());
    lineage.document_type = Some(origin.source_type.to_owned());
    lineage.index = stated.number as u64;
    (lineage.start_line, lineage.end_line) = (Some(stated.chunk.lines.0), Some(stated.chunk.lines.1));
    let (start, end) = place(&stated, &origin.content);
    (lineage.start_offset, lineage.end_offset) = (Some(start), Some(end));
    lineage.token_count = tokens(&stated.chunk.text);
    lineage.content_preview = Some(snippet(&stated.chunk.text));
    lineage.entity_count = stated.facts.names.len() as u64;
    lineage.relationship_count = stated.facts.pairs.len() as u64;
    lineage.entity_names = stated.facts.names.into_iter().collect();
    lineage.document_metadata = origin.metadata;
    Ok(Reply::new(lineage))
}
