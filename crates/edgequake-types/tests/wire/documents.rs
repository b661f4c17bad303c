use edgequake_types::documents::{
    ChunkStrategy, DecisionGatePreset, DeleteAllDocuments, DeleteDocument, DeletedDocument, DeletedDocuments,
    Document, DocumentList, DocumentStatus, ExtractionMode, GetDocument, GetTrack, ListDocuments, Track,
    UploadFile, UploadText, UploadedDocument, UploadedFile,
};
use serde_json::json;

use crate::table::Table;

#[test]
fn documents() {
    let text = UploadText::new("The bridge opened in 1931.");
    let full_text = text
        .clone()
        .title("Bridge")
        .metadata(json!({"page": 18_446_744_073_709_551_615_u64, "tags": ["a", null]}))
        .async_processing(true)
        .track_id("t-1")
        .enable_gleaning(false)
        .max_gleaning(0)
        .use_llm_summarization(false)
        .chunk_strategy(ChunkStrategy::Markdown)
        .chunk_options(json!({"chunk_token_size": 800}))
        .extract_max_entities(40)
        .extract_max_records(60)
        .extraction_mode(ExtractionMode::Decision)
        .decision_gate_preset(DecisionGatePreset::Strict);
    let inherited = UploadText::new("x")
        .enable_gleaning(true)
        .use_llm_summarization(true)
        .chunk_strategy("by_page")
        .extraction_mode(ExtractionMode::Inherit)
        .decision_gate_preset(DecisionGatePreset::Recall);
    let file = UploadFile::from_bytes("bridge.md", "# Bridge");
    let full_file = UploadFile::from_bytes("/srv/secret dir/Nguyễn 天狗 (1).md", "# Bridge")
        .title("Bridge")
        .metadata(json!({"year": 1931}))
        .chunk_strategy(ChunkStrategy::Fixed)
        .chunk_options(json!({"chunk_token_size": 800}))
        .extraction_mode(ExtractionMode::Llm)
        .decision_gate_preset(DecisionGatePreset::Balanced);
    let everything = ListDocuments::new()
        .page(2)
        .page_size(50)
        .date_from("2031-02-03T00:00:00+00:00")
        .date_to("2031-02-03T23:59:59.999999999+00:00")
        .document_pattern("bridge,Straße & co")
        .status(DocumentStatus::PartialFailure);
    Table::of("documents", include_str!("documents.txt"))
        .request("upload a text", &text)
        .request("upload a text with everything", &full_text)
        .request("upload a text, as the workspace is set", &inherited)
        .request("upload a file", &file)
        .request("upload a file with everything", &full_file)
        .request("upload a file with a title", &file.clone().title("Bridge"))
        .request("list", &ListDocuments::new())
        .request("list with everything", &everything)
        .request("get", &GetDocument::new("6f0c-demo"))
        .request("get an id that needs care", &GetDocument::new("doc/1 ü"))
        .request("get a track", &GetTrack::new("upload_20310203101112_ab12cd34"))
        .request("delete", &DeleteDocument::new("6f0c-demo"))
        .request("delete everything", &DeleteAllDocuments::new())
        .answer::<UploadedDocument>("text queued")
        .answer::<UploadedDocument>("text queued by a newer server")
        .answer_read::<UploadedDocument>("text queued, and said by the status alone")
        .answer::<UploadedDocument>("text processed at once")
        .answer_read::<UploadedDocument>("text processed at once, in other words")
        .answer_read::<UploadedDocument>("text being processed already")
        .answer::<UploadedDocument>("text there already")
        .answer::<UploadedFile>("file queued")
        .answer::<UploadedFile>("file queued by a newer server")
        .answer::<UploadedFile>("file processed at once")
        .answer::<UploadedFile>("file being processed already")
        .answer::<DocumentList>("listed")
        .answer::<DocumentList>("listed by a newer server")
        .answer_read::<DocumentList>("listed by the first servers")
        .answer_read::<DocumentList>("listed, the place of the page below a name")
        .answer_read::<DocumentList>("listed bare")
        .answer::<Document>("got")
        .answer::<Document>("got from a newer server")
        .answer_read::<Document>("got with the least")
        .answer::<Track>("track")
        .answer::<Track>("track of a newer server")
        .answer::<Track>("track that does not exist")
        .answer::<DeletedDocument>("deleted")
        .answer::<DeletedDocument>("deleted by a newer server")
        .answer::<DeletedDocument>("deletion accepted")
        .answer_read::<DeletedDocument>("deletion accepted, and said by the status alone")
        .answer_read::<DeletedDocument>("deletion accepted without a body")
        .answer_read::<DeletedDocument>("deleted without a body")
        .answer::<DeletedDocuments>("everything deleted")
        .answer::<DeletedDocuments>("deletion of everything accepted")
        .answer::<DeletedDocuments>("deletion of everything under way")
        .answer_read::<DeletedDocuments>("deletion of everything accepted, and said by the status alone")
        .finish();
}
