//! The words of the group, and what those for a state mean.

use crate::prelude::*;

open_enum! {
    /// The state of a task.
    pub enum TaskStatus {
        /// Waiting for its turn.
        Pending = "pending",
        /// Being processed.
        Processing = "processing",
        /// Done. Documents and some clients call it `completed`.
        Indexed = "indexed" | "completed",
        /// Failed.
        Failed = "failed",
        /// Cancelled.
        Cancelled = "cancelled",
    }
}

impl TaskStatus {
    /// Whether the work is over, successfully or not. A word that is not known is not an end.
    pub fn is_terminal(&self) -> bool {
        matches!(self, Self::Indexed | Self::Failed | Self::Cancelled)
    }

    /// Whether the work is done.
    pub fn is_success(&self) -> bool {
        matches!(self, Self::Indexed)
    }
}

open_enum! {
    /// What a task does.
    pub enum TaskType {
        /// Ingests an uploaded file.
        Upload = "upload",
        /// Ingests a text.
        Insert = "insert",
        /// Scans a directory of the server.
        Scan = "scan",
        /// Ingests a document again.
        Reindex = "reindex",
        /// Converts a PDF.
        PdfProcessing = "pdf_processing",
        /// Ingests injected knowledge.
        KnowledgeInjection = "knowledge_injection",
        /// Deletes a document.
        Deletion = "deletion",
        /// Deletes several documents.
        BatchDeletion = "batch_deletion",
        /// Deletes all documents of a workspace.
        WorkspaceWipe = "workspace_wipe",
        /// The word for a task that is gone, in the answer to its cancellation.
        DocumentProcessing = "document_processing",
    }
}

open_enum! {
    /// What a list of tasks is sorted by.
    pub enum TaskSort {
        /// When they were queued.
        CreatedAt = "created_at",
        /// When they last changed.
        UpdatedAt = "updated_at",
        /// Their state.
        Status = "status",
    }
}

open_enum! {
    /// In which direction a list is sorted.
    pub enum SortOrder {
        /// The largest, or latest, first.
        Descending = "desc",
        /// The smallest, or earliest, first.
        Ascending = "asc",
    }
}
