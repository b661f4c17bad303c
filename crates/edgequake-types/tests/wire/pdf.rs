use edgequake_types::documents::{DecisionGatePreset, ExtractionMode, NamedFile};
use edgequake_types::pdf::{
    CancelPdf, CancelledPdf, DeletePdf, DownloadPdf, GetPdf, GetPdfContent, GetPdfProgress, ListPdfs, Pdf,
    PdfContent, PdfList, PdfParserBackend, PdfProgress, PdfStatus, RetriedPdf, RetryPdf, StreamPdfProgress,
    UploadPdf, UploadPdfs, UploadedPdf, UploadedPdfs,
};
use serde_json::json;

use crate::table::Table;

#[test]
fn pdf() {
    let upload = UploadPdf::from_bytes("bridge.pdf", "%PDF-1.7");
    let everything = UploadPdf::from_bytes("/srv/secret dir/Straße.pdf", "%PDF-1.7")
        .enable_vision(false)
        .vision_provider("openai")
        .vision_model("gpt-4o")
        .title("Bridge")
        .metadata(json!({"year": 1931}))
        .track_id("mine-1")
        .force_reindex(true)
        .pdf_parser_backend(PdfParserBackend::Edgeparse)
        .extraction_mode(ExtractionMode::Decision)
        .decision_gate_preset(DecisionGatePreset::Strict);
    let files = || ["north.pdf", "south.pdf"].map(|name| NamedFile::from_bytes(name, "%PDF-1.7"));
    let all = UploadPdfs::new(files())
        .enable_vision(true)
        .vision_provider("openai")
        .vision_model("gpt-4o")
        .metadata(json!([1, "x"]))
        .force_reindex(false)
        .pdf_parser_backend("vision")
        .extraction_mode(ExtractionMode::Llm)
        .decision_gate_preset(DecisionGatePreset::Balanced);
    Table::of("pdf", include_str!("pdf.txt"))
        .request("upload", &upload)
        .request("upload with everything", &everything)
        .request("upload with vision", &upload.clone().enable_vision(true))
        .request("upload several", &UploadPdfs::new(files()))
        .request("upload several with everything", &all)
        .request("list", &ListPdfs::new())
        .request("list with everything", &ListPdfs::new().status(PdfStatus::Failed).page(2).page_size(50))
        .request("get", &GetPdf::new("p-1/ü"))
        .request("delete", &DeletePdf::new("p-1"))
        .request("retry", &RetryPdf::new("p-1"))
        .request("cancel", &CancelPdf::new("p-1"))
        .request("content", &GetPdfContent::new("p-1"))
        .request("download", &DownloadPdf::new("p-1"))
        .request("progress", &GetPdfProgress::new("pdf-77aa"))
        .request("stream of progress", &StreamPdfProgress::new("pdf-77aa"))
        .answer::<UploadedPdf>("queued")
        .answer::<UploadedPdf>("queued by 0.17")
        .answer::<UploadedPdf>("queued by a newer server")
        .answer_read::<UploadedPdf>("there already")
        .answer_read::<UploadedPdf>("queued, accepted by the status")
        .answer::<UploadedPdfs>("several uploaded")
        .answer_read::<UploadedPdfs>("several uploaded, at once")
        .answer::<PdfList>("listed")
        .answer_read::<PdfList>("listed bare")
        .answer_read::<PdfList>("listed under another name, in other words")
        .answer::<Pdf>("got")
        .answer_read::<Pdf>("got flat")
        .answer::<Pdf>("got a failed one")
        .answer::<()>("deleted")
        .answer::<RetriedPdf>("retried")
        .answer::<CancelledPdf>("cancelled")
        .answer::<PdfContent>("content")
        .answer::<PdfContent>("content not yet there")
        .answer_read::<PdfContent>("content in other words")
        .answer::<PdfProgress>("progress")
        .answer::<PdfProgress>("progress by 0.17")
        .answer::<PdfProgress>("progress of a failure")
        .finish();
}
