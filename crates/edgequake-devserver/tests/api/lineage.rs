//! Chunks, and where entities and relationships come from.

use edgequake_types::chunks::{GetChunk, GetChunkLineage};
use edgequake_types::documents::{ExportDocumentLineage, GetDocumentLineage, LineageFormat, UploadText};
use edgequake_types::lineage::{GetEntityLineage, GetGraphLineage};
use edgequake_types::provenance::GetEntityProvenance;
use edgequake_types::{ChunkId, DocumentId};

use crate::documents::{default_workspace, ingest};
use crate::support::{Api, Transcript, redact, with_users};

/// Two chunks, of which both name the bridge.
const TEXT: &str = "# Brücke\n\nThe old Harbour Bridge was built by Ada Berg.\n\n# More\n\nFew know who painted Harbour Bridge.";

/// A document about a bridge, and another one that names it.
async fn two(api: &Api) -> (DocumentId, DocumentId) {
    let first = ingest(api, "Bridge", TEXT).await;
    (first, ingest(api, "Tower", "The tower near Harbour Bridge was paid by Olaf Lund.").await)
}

fn chunk(document: &DocumentId, number: usize) -> ChunkId {
    ChunkId::new(format!("{document}-chunk-{number}"))
}

#[tokio::test]
async fn full_responses() {
    let (_server, api) = default_workspace(with_users()).await;
    let (document, _) = two(&api).await;
    let mut transcript = Transcript::default();
    transcript.note("chunk", &api.send(&GetChunk::new(chunk(&document, 0))).await);
    transcript.note("lineage of a chunk", &api.send(&GetChunkLineage::new(chunk(&document, 1))).await);
    transcript.note("lineage of a document", &api.send(&GetDocumentLineage::new(&document)).await);
    transcript.note(
        "as a table",
        &api.send(&ExportDocumentLineage::new(&document).format(LineageFormat::Csv)).await,
    );
    transcript.note("in the graph", &api.send(&GetGraphLineage::new(&document)).await);
    transcript.note("lineage of an entity", &api.send(&GetEntityLineage::new("HARBOUR_BRIDGE")).await);
    transcript.note("provenance", &api.send(&GetEntityProvenance::new("harbour bridge")).await);
    transcript.note("unknown entity", &api.send(&GetEntityProvenance::new("a/b")).await);
    transcript.note("unknown chunk", &api.send(&GetChunk::new(chunk(&document, 2))).await);
    let _redacted = redact();
    insta::assert_snapshot!("lineage", transcript);
}

#[tokio::test]
async fn chunks_stand_where_they_say() {
    let (_server, api) = default_workspace(with_users()).await;
    let document = ingest(&api, "Bridge", TEXT).await;
    let letters: Vec<char> = TEXT.chars().collect();
    let lines: Vec<&str> = TEXT.lines().collect();
    for number in 0..2 {
        let chunk = api.ok(&GetChunk::new(chunk(&document, number))).await;
        let range = chunk.char_range.unwrap();
        let (start, end) = (range.start as usize, range.end as usize);
        assert_eq!(letters[start..end].iter().collect::<String>(), chunk.content);
        let (first, last) = (chunk.start_line.unwrap() as usize, chunk.end_line.unwrap() as usize);
        assert_eq!(lines[first - 1..last].join("\n"), chunk.content);
    }
}

#[tokio::test]
async fn an_export_is_the_lineage_as_a_file() {
    let (_server, api) = default_workspace(with_users()).await;
    let (document, _) = two(&api).await;
    let lineage = api.ok(&GetDocumentLineage::new(&document)).await;
    assert_eq!((lineage.chunks().len(), lineage.entities().len()), (2, 2));
    for request in [
        ExportDocumentLineage::new(&document),
        ExportDocumentLineage::new(&document).format(LineageFormat::Json),
    ] {
        let file = api.send(&request).await;
        assert_eq!(file.header("content-type"), "application/json");
        let name = format!("attachment; filename=\"lineage-{document}.json\"");
        assert_eq!(file.header("content-disposition"), name);
        assert_eq!(file.model::<GetDocumentLineage>(), lineage);
    }
    let table = api.send(&ExportDocumentLineage::new(&document).format(LineageFormat::Csv)).await;
    let text = String::from_utf8(table.body.to_vec()).unwrap();
    // A row for each chunk, below the names of the columns.
    assert_eq!(text.lines().count(), 3);
    assert!(text.lines().nth(2).unwrap().starts_with(&format!("{document}-chunk-1,1,5,7,")), "{text}");
    let odd = ExportDocumentLineage::new(&document).format(LineageFormat::from("xml"));
    assert_eq!(api.send(&odd).await.cause(), "400 BAD_REQUEST");
}

#[tokio::test]
async fn what_is_not_processed_or_gone_has_no_lineage() {
    let (server, api) = default_workspace(with_users()).await;
    let (first, second) = two(&api).await;
    server.faults().add(edgequake_devserver::Fault::hang_processing("storing").times(1)).unwrap();
    let pending = api.ok(&UploadText::new("Ada Berg sleeps.")).await.document_id.unwrap();
    assert_eq!(api.send(&GetDocumentLineage::new(&pending)).await.cause(), "404 NOT_FOUND");
    assert_eq!(api.send(&ExportDocumentLineage::new(&pending)).await.cause(), "404 NOT_FOUND");
    assert_eq!(api.send(&GetChunk::new(chunk(&pending, 0))).await.cause(), "404 NOT_FOUND");
    // It is known, and nothing came from it.
    let graph = api.ok(&GetGraphLineage::new(&pending)).await;
    assert_eq!((graph.chunk_count, graph.entities.len()), (Some(0), 0));

    let shared = async |document: &DocumentId| {
        let graph = api.ok(&GetGraphLineage::new(document)).await;
        let of = |entity: edgequake_types::lineage::LineageEntity| {
            (entity.name.unwrap(), entity.is_shared.unwrap())
        };
        graph.entities.into_iter().map(of).collect::<Vec<_>>()
    };
    let [berg, bridge] = ["ADA_BERG".to_owned(), "HARBOUR_BRIDGE".to_owned()];
    assert_eq!(shared(&first).await, [(berg.clone(), false), (bridge.clone(), true)]);
    let gone = api.ok(&edgequake_types::documents::DeleteDocument::new(&second)).await;
    crate::documents::wait_for_task(&api, &gone.track_id.unwrap()).await;
    assert_eq!(shared(&first).await, [(berg, false), (bridge, false)]);
    assert_eq!(api.send(&GetEntityLineage::new("OLAF_LUND")).await.cause(), "404 NOT_FOUND");
    let left = api.ok(&GetEntityProvenance::new("HARBOUR_BRIDGE")).await;
    assert_eq!((left.sources.len(), left.total_extraction_count), (1, 2));
    for id in ["x", "x-chunk-", "x-chunk--1", "-chunk-0", "x-chunk-99999999999999999999"] {
        assert_eq!(api.send(&GetChunk::new(id)).await.cause(), "404 NOT_FOUND", "{id}");
    }
}
