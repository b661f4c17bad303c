//! The words of documents, and what the state of one means.

use super::*;

open_enum! {
    /// The state of a document.
    pub enum DocumentStatus {
        /// Waiting for its turn.
        Pending = "pending",
        /// Waiting for its turn.
        Queued = "queued",
        /// Being worked on.
        Processing = "processing",
        /// Done. The first servers say `processed` or `indexed`.
        Completed = "completed" | "processed" | "indexed",
        /// Finished, but not all of it succeeded; for example, no entity was found.
        PartialFailure = "partial_failure",
        /// Failed; see `error_message`.
        Failed = "failed",
        /// Cancelled by a user.
        Cancelled = "cancelled",
        /// Being deleted.
        Deleting = "deleting",
        /// Deleting failed; the document can be recovered.
        DeleteFailed = "delete_failed",
        /// Upload answers only: the same content is there already, and `duplicate_of` names it.
        Duplicate = "duplicate",
        /// Upload answers only: the same content is being processed already, and `duplicate_of` names it.
        DuplicateProcessing = "duplicate_processing",
    }

    /// What a user interface should show for a document, as newer servers say it; where present it decides whether
    /// processing is over.
    pub enum UiPhase {
        /// Nothing happens.
        Idle = "idle",
        /// Being worked on.
        Running = "running",
        /// Being cancelled.
        Stopping = "stopping",
        /// Over.
        Terminal = "terminal",
    }

    /// How a text is cut into chunks.
    pub enum ChunkStrategy {
        /// Into pieces of one size.
        Fixed = "fixed",
        /// At paragraphs, then sentences, then words.
        Recursive = "recursive",
        /// At the headings of Markdown.
        Markdown = "markdown",
    }

    /// What extracts the entities of a document; servers since 0.31.
    pub enum ExtractionMode {
        /// A language model.
        Llm = "llm",
        /// Decision extraction: a model that decides about candidates.
        Decision = "decision",
        /// Requests only: whatever the workspace is set to.
        Inherit = "inherit",
    }

    /// How much decision extraction lets through; servers since 0.31.
    pub enum DecisionGatePreset {
        /// Only what is certain.
        Strict = "strict",
        /// Between the two.
        Balanced = "balanced",
        /// As much as possible.
        Recall = "recall",
    }
}

impl DocumentStatus {
    /// Whether processing is over, successfully or not. A word that is not known is not an end.
    pub fn is_terminal(&self) -> bool {
        matches!(
            self,
            Self::Completed | Self::PartialFailure | Self::Failed | Self::Cancelled | Self::DeleteFailed
        )
    }

    /// Whether processing is over and everything went well; a partial failure is not that.
    pub fn is_success(&self) -> bool {
        matches!(self, Self::Completed)
    }
}

impl Document {
    /// Whether processing is over, successfully or not: by [`ui_phase`](Self::ui_phase) where the server sends one, else by
    /// [`status`](Self::status).
    pub fn is_terminal(&self) -> bool {
        is_terminal(self.ui_phase.as_ref(), self.status.as_ref())
    }
}

impl DocumentSummary {
    /// Whether processing is over, successfully or not: by [`ui_phase`](Self::ui_phase) where the server sends one, else by
    /// [`status`](Self::status).
    pub fn is_terminal(&self) -> bool {
        is_terminal(self.ui_phase.as_ref(), self.status.as_ref())
    }
}

/// Whether processing is over: by the phase where there is one, else by the status; unknown is not over.
fn is_terminal(phase: Option<&UiPhase>, status: Option<&DocumentStatus>) -> bool {
    match phase {
        Some(phase) => *phase == UiPhase::Terminal,
        None => status.is_some_and(DocumentStatus::is_terminal),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_what_they_mean() {
        for (word, terminal, success) in [
            ("pending", false, false),
            ("queued", false, false),
            ("processing", false, false),
            ("completed", true, true),
            ("processed", true, true),
            ("indexed", true, true),
            ("partial_failure", true, false),
            ("failed", true, false),
            ("cancelled", true, false),
            ("deleting", false, false),
            ("delete_failed", true, false),
            ("duplicate", false, false),
            ("duplicate_processing", false, false),
            ("archived_v9", false, false),
            ("", false, false),
        ] {
            let status = DocumentStatus::from(word);
            assert_eq!((status.is_terminal(), status.is_success()), (terminal, success), "{word}");
        }
    }

    #[test]
    fn the_phase_comes_first() {
        let completed = Some(&DocumentStatus::Completed);
        for (phase, status, over) in [
            (Some("terminal"), None, true),
            (Some("terminal"), Some(&DocumentStatus::Processing), true),
            (Some("running"), completed, false),
            (Some("stopping"), completed, false),
            (Some("idle"), completed, false),
            (None, completed, true),
            (None, Some(&DocumentStatus::Processing), false),
            (None, None, false),
        ] {
            assert_eq!(is_terminal(phase.map(UiPhase::from).as_ref(), status), over, "{phase:?} {status:?}");
        }
    }
}
