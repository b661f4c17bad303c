//! What came from a document: its chunks, and what they say.

use std::collections::BTreeMap;

use edgequake_types::documents::{ExportDocumentLineage, FullLineage, GetDocumentLineage, LineageFormat};
use edgequake_types::lineage::{
    ExtractionStats, GetGraphLineage, GraphLineage, LineageEntity, LineageRelationship,
};
use edgequake_types::{ChunkId, DocumentId};
use serde_json::{Value, json};

use super::chunks::{Origin, chunk_id, description, place, read, tokens};
use crate::clock::{Timestamp, rfc3339};
use crate::config::Era;
use crate::download::FileReply;
use crate::error::Refusal;
use crate::reply::Reply;
use crate::retrieval::entities::{ENTITY_TYPE, RELATION_TYPE};
use crate::retrieval::index::Stated;
use crate::route::Call;
use crate::state::document::StoredDocument;

/// The chunks of a document whose processing has ended.
struct Processed {
    origin: Origin,
    metadata: Value,
    chunks: Vec<Stated>,
}

/// # Errors
///
/// 404 for an unknown document, and for one that is not processed.
async fn processed(call: &Call, id: &DocumentId) -> Result<Processed, Refusal> {
    let unknown = || Refusal::not_found(format!("lineage of document {id}"));
    let space = call.space().ok_or_else(unknown)?;
    let (origin, metadata) = {
        let contents = space.contents();
        let document = contents.documents.get(id).filter(|document| document.is_searchable());
        let document = document.ok_or_else(unknown)?;
        let pdf = contents.pdfs.of_document(id).map(|pdf| &pdf.id);
        (
            Origin::of(document),
            json!({
                "title": document.title,
                "file_name": document.file_name,
                "status": document.status,
                "source_type": document.source_type(),
                "content_hash": document.hash,
                "track_id": document.track_id,
                "pdf_id": pdf,
                "created_at": rfc3339(document.created_at),
                "processed_at": document.processed_at.map(rfc3339),
                "custom_metadata": document.metadata,
            }),
        )
    };
    let id = id.clone();
    let chunks = read(&space, move |index| index.chunks_of(&id)).await?;
    Ok(Processed { origin, metadata, chunks })
}

/// A chunk of a lineage.
fn row(stated: &Stated, content: &str) -> Value {
    let (start, end) = place(stated, content);
    json!({
        "chunk_id": chunk_id(stated),
        "chunk_index": stated.number,
        "start_line": stated.chunk.lines.0,
        "end_line": stated.chunk.lines.1,
        "start_offset": start,
        "end_offset": end,
        "token_count": tokens(&stated.chunk.text),
        "entity_count": stated.facts.names.len(),
        "relationship_count": stated.facts.pairs.len(),
    })
}

/// The columns of a table of chunks.
const COLUMNS: [&str; 9] = [
    "chunk_id",
    "chunk_index",
    "start_line",
    "end_line",
    "start_offset",
    "end_offset",
    "token_count",
    "entity_count",
    "relationship_count",
];

impl Processed {
    fn full(&self, id: &DocumentId) -> FullLineage {
        let entity = |(name, chunks): (&String, Vec<ChunkId>)| json!({ "name": name, "entity_type": ENTITY_TYPE, "source_chunks": chunks });
        let relationship = |((from, to), chunks): (&(String, String), Vec<ChunkId>)| json!({ "source": from, "target": to, "relation_type": RELATION_TYPE, "source_chunks": chunks });
        let chunks: Vec<Value> = self.chunks.iter().map(|stated| row(stated, &self.origin.content)).collect();
        let (names, pairs) = (
            sources(&self.chunks, |stated| &stated.facts.names),
            sources(&self.chunks, |stated| &stated.facts.pairs),
        );
        let lineage = json!({
            "document_id": id,
            "chunk_count": chunks.len(),
            "chunks": chunks,
            "entities": names.into_iter().map(entity).collect::<Vec<_>>(),
            "relationships": pairs.into_iter().map(relationship).collect::<Vec<_>>(),
        });
        FullLineage::new().document_id(id.clone()).metadata(self.metadata.clone()).lineage(lineage)
    }

    fn csv(&self) -> String {
        let mut csv = COLUMNS.join(",");
        csv.push('\n');
        for stated in &self.chunks {
            let row = row(stated, &self.origin.content);
            // The only text is an id, which has neither commas nor quotes where it is of this server.
            let cell = |column: &&str| match row.get(*column) {
                Some(Value::String(text)) => text.clone(),
                value => value.map(Value::to_string).unwrap_or_default(),
            };
            csv.push_str(&COLUMNS.iter().map(cell).collect::<Vec<_>>().join(","));
            csv.push('\n');
        }
        csv
    }
}

/// What chunks say, with the chunks that say it.
fn sources<'a, T: Ord + 'a, I: IntoIterator<Item = &'a T>>(
    chunks: &'a [Stated],
    said: impl Fn(&'a Stated) -> I,
) -> BTreeMap<&'a T, Vec<ChunkId>> {
    let mut sources: BTreeMap<&T, Vec<ChunkId>> = BTreeMap::new();
    for stated in chunks {
        for said in said(stated) {
            sources.entry(said).or_default().push(chunk_id(stated));
        }
    }
    sources
}

pub(super) async fn of_document(
    call: Call,
    request: GetDocumentLineage,
) -> Result<Reply<FullLineage>, Refusal> {
    let found = processed(&call, &request.document_id).await?;
    Ok(Reply::new(found.full(&request.document_id)))
}

pub(super) async fn export(call: Call, request: ExportDocumentLineage) -> Result<FileReply, Refusal> {
    let ExportDocumentLineage { document_id, format, .. } = request;
    if matches!(format, Some(LineageFormat::Other(_))) {
        return Err(Refusal::bad_request("format must be json or csv"));
    }
    let found = processed(&call, &document_id).await?;
    Ok(match format {
        Some(LineageFormat::Csv) => FileReply::attachment(
            found.csv(),
            "text/csv; charset=utf-8",
            &format!("lineage-{document_id}.csv"),
        ),
        _ => {
            let json = serde_json::to_vec(&found.full(&document_id)).map_err(|_| Refusal::internal())?;
            FileReply::attachment(json, "application/json", &format!("lineage-{document_id}.json"))
        }
    })
}

/// How long a document took, in milliseconds.
fn duration(from: Timestamp, to: Option<Timestamp>) -> Option<u64> {
    u64::try_from(to?.as_millisecond() - from.as_millisecond()).ok()
}

pub(super) async fn of_graph(call: Call, request: GetGraphLineage) -> Result<Reply<GraphLineage>, Refusal> {
    let id = request.document_id;
    let unknown = || Refusal::not_found(format!("document {id}"));
    let space = call.space().ok_or_else(unknown)?;
    let time = |document: &StoredDocument| duration(document.created_at, document.processed_at);
    let time = space.contents().documents.get(&id).map(time).ok_or_else(unknown)?;
    let (document, is_newer) = (id.clone(), call.app.config.era == Era::C);
    let mut lineage = read(&space, move |index| {
        let chunks = index.chunks_of(&document);
        let mut lineage = GraphLineage::new();
        lineage.chunk_count = Some(chunks.len() as u64);
        let names = sources(&chunks, |stated| &stated.facts.names);
        let pairs = sources(&chunks, |stated| &stated.facts.pairs);
        let mut stats = ExtractionStats::default();
        stats.total_entities = names.values().map(|chunks| chunks.len() as u64).sum();
        stats.unique_entities = names.len() as u64;
        stats.total_relationships = pairs.values().map(|chunks| chunks.len() as u64).sum();
        stats.unique_relationships = pairs.len() as u64;
        let first = |name: &str| {
            let stated = chunks.iter().find(|stated| stated.facts.names.contains(name))?;
            Some(description(&stated.chunk.text, &[name]))
        };
        lineage.entities = names
            .into_iter()
            .map(|(name, chunks)| {
                let mut entity = LineageEntity::default();
                entity.name = Some(name.clone());
                entity.entity_type = Some(ENTITY_TYPE.to_owned());
                entity.is_shared = Some(index.is_shared(name, &document));
                entity.source_chunks = chunks;
                if is_newer {
                    entity.id = Some(name.clone());
                    entity.label = Some(name.replace('_', " "));
                    entity.description = first(name);
                }
                entity
            })
            .collect();
        lineage.relationships = pairs
            .into_iter()
            .map(|((from, to), chunks)| {
                let mut relationship = LineageRelationship::default();
                (relationship.source, relationship.target) = (Some(from.clone()), Some(to.clone()));
                relationship.keywords = Some(RELATION_TYPE.to_owned());
                relationship.source_chunks = chunks;
                relationship
            })
            .collect();
        lineage.extraction_stats = Some(stats);
        lineage
    })
    .await?;
    if let Some(stats) = &mut lineage.extraction_stats {
        stats.processing_time_ms = time;
    }
    lineage.document_id = Some(id);
    Ok(Reply::new(lineage))
}
