use edgequake_types::documents::{
    AcceptedDeletion, ChunkStrategy, DecisionGatePreset, DeleteDocuments, DeletionImpact, ExtractionMode,
    FoundDocuments, GetDeletionImpact, NamedFile, ScanDirectory, ScannedDirectory, SearchDocuments,
    SearchedStatus, UploadFiles, UploadedFiles,
};
use serde_json::json;

use crate::table::Table;

#[test]
fn documents_batch() {
    let files =
        || ["north.md", "/srv/secret dir/south.md"].map(|name| NamedFile::from_bytes(name, "# Bridge"));
    let all = UploadFiles::new(files())
        .metadata(json!({"year": 1931}))
        .chunk_strategy(ChunkStrategy::Markdown)
        .chunk_options(json!({"chunk_token_size": 800}))
        .extraction_mode(ExtractionMode::Llm)
        .decision_gate_preset(DecisionGatePreset::Recall);
    let scan = ScanDirectory::new("/srv/texts")
        .extensions(["md", "txt"])
        .recursive(false)
        .max_files(10)
        .async_processing(true)
        .track_id("t-1");
    Table::of("documents_batch", include_str!("documents_batch.txt"))
        .request("upload several", &UploadFiles::new(files()))
        .request("upload several with everything", &all)
        .request("scan", &ScanDirectory::new("/srv/texts"))
        .request("scan with everything", &scan)
        .request("delete several", &DeleteDocuments::new(["d-1", "d-2"]))
        .request("impact", &GetDeletionImpact::new("d-1"))
        .request("search", &SearchDocuments::new())
        .request(
            "search with everything",
            &SearchDocuments::new().q("Straße & co").page_size(50).status(SearchedStatus::All),
        )
        .answer::<UploadedFiles>("several queued")
        .answer_read::<UploadedFiles>("several processed, in other words")
        .answer_read::<UploadedFiles>("none uploaded")
        .answer::<ScannedDirectory>("scanned")
        .answer::<AcceptedDeletion>("several accepted")
        .answer::<DeletionImpact>("impact")
        .answer::<FoundDocuments>("found")
        .finish();
}
