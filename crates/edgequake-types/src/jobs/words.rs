//! The words of jobs.

use crate::prelude::*;

open_enum! {
    /// What a job does.
    pub enum JobType {
        /// Ingests an uploaded file.
        Upload = "upload",
        /// Ingests a text.
        Insert = "insert",
        /// Converts a PDF.
        PdfProcessing = "pdf_processing",
        /// Ingests injected knowledge.
        KnowledgeInjection = "knowledge_injection",
        /// Embeds all chunks again.
        RebuildEmbeddings = "rebuild_embeddings",
        /// Extracts the graph again.
        RebuildKnowledgeGraph = "rebuild_knowledge_graph",
        /// Processes all documents again.
        ReprocessAll = "reprocess_all",
        /// Processes documents again that failed.
        ReprocessFailed = "reprocess_failed",
        /// Queues documents again that are stuck.
        RecoverStuck = "recover_stuck",
        /// Analyzes pictures, tables and formulas again.
        ReanalyzeMultimodal = "reanalyze_multimodal",
        /// Scans a directory of the server; listed only.
        Scan = "scan",
        /// Ingests a document again; listed only.
        Reindex = "reindex",
    }
}
