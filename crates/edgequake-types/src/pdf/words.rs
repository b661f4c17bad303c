//! The words of PDFs, and what those for a state mean.

use super::*;

open_enum! {
    /// The state of a PDF. When it is completed, the document that it became may still be processed.
    pub enum PdfStatus {
        /// Waiting for its turn.
        Pending = "pending",
        /// Upload answers only: waiting for its turn.
        Queued = "queued",
        /// Being converted.
        Processing = "processing",
        /// Converted.
        Completed = "completed",
        /// Failed, or cancelled.
        Failed = "failed",
        /// Upload answers only: the same file is there already, and `duplicate_of` names it.
        Duplicate = "duplicate",
        /// Upload answers only: the same file is there already, and is converted again.
        Reindexing = "reindexing",
    }

    /// What reads PDFs.
    pub enum PdfParserBackend {
        /// A model that looks at the pages.
        Vision = "vision",
        /// A parser of the text layer.
        Edgeparse = "edgeparse",
        /// The same with character recognition.
        EdgeparseOcr = "edgeparse-ocr",
        /// Whichever fits the file.
        Auto = "auto",
    }

    /// A phase of the way from a PDF to a document, in their order.
    pub enum PdfPhaseName {
        /// The file arrives.
        Upload = "upload",
        /// Its pages become text.
        PdfConversion = "pdf_conversion",
        /// The text is cut into chunks.
        Chunking = "chunking",
        /// The chunks are embedded.
        Embedding = "embedding",
        /// Entities are extracted.
        Extraction = "extraction",
        /// The graph is stored.
        GraphStorage = "graph_storage",
    }

    /// How far a phase has come.
    pub enum PhaseStatus {
        /// It has not begun.
        Pending = "pending",
        /// It goes on.
        Active = "active",
        /// It is done.
        Complete = "complete" | "completed",
        /// It failed.
        Failed = "failed",
        /// It was left out.
        Skipped = "skipped",
    }
}

impl PdfStatus {
    /// Whether the conversion is over, successfully or not. A word that is not known is not an end.
    pub fn is_terminal(&self) -> bool {
        matches!(self, Self::Completed | Self::Failed)
    }

    /// Whether the conversion is over and went well.
    pub fn is_success(&self) -> bool {
        matches!(self, Self::Completed)
    }
}

impl PhaseStatus {
    /// Whether nothing more will happen in the phase. A word that is not known is not an end.
    pub fn is_terminal(&self) -> bool {
        matches!(self, Self::Complete | Self::Failed | Self::Skipped)
    }

    /// Whether the phase is behind without a failure.
    pub fn is_success(&self) -> bool {
        matches!(self, Self::Complete | Self::Skipped)
    }
}
