//! [`Progress`]: how far a document has come, as its task or the document itself says it.

use std::time::Duration;

use edgequake_types::DocumentId;
use edgequake_types::documents::{Document, DocumentStatus, DocumentSummary, ProgressCounts};
use edgequake_types::tasks::{Task, TaskProgress};
use serde::Deserialize;
use serde_json::Value;

/// How far a document has come. Servers differ in what they say: what one leaves out is `None`.
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct Progress {
    /// The document; `None` while only its task is known.
    pub document_id: Option<DocumentId>,
    /// Its status; `None` while the server does not know it yet.
    pub status: Option<DocumentStatus>,
    /// What is being done, such as `extracting`.
    pub stage: Option<String>,
    /// A sentence about the stage.
    pub message: Option<String>,
    /// How much is done, from 0 to 1. Of a task: of the whole work where the server says it, else of what is counted, else of the
    /// stage. Of a document, of which servers tell the stage alone: estimated from that. While a [`Wait`](super::Wait) goes on it never
    /// goes back.
    pub fraction: Option<f64>,
    /// How far the stage has come, in numbers, such as 3 of 7 chunks.
    pub counts: Option<ProgressCounts>,
    /// The estimated time until it is done.
    pub eta: Option<Duration>,
    /// What processing has cost so far, in US dollars.
    pub cost_usd: Option<f64>,
}

impl Progress {
    /// What a task says.
    pub(super) fn of_task(task: &Task) -> Self {
        let mut progress = task.progress.as_ref().map(Self::from).unwrap_or_default();
        progress.status = Some(task.status.as_str().into());
        progress.eta = progress.eta.or(task.eta_seconds.map(Duration::from_secs));
        progress
    }

    /// What a document says. Some servers have its stage in fields of its own, some in its status.
    pub(super) fn of_document(document: &Document) -> Self {
        let extra = Value::Object(document.extra.clone());
        let said = TaskProgress::deserialize(extra).ok();
        let mut progress = said.as_ref().map(Self::from).unwrap_or_default();
        progress.document_id = Some(document.id.clone());
        progress.status.clone_from(&document.status);
        let is_stage = |status: &&DocumentStatus| matches!(status, DocumentStatus::Other(_));
        let status = document.status.as_ref().filter(is_stage).map(ToString::to_string);
        progress.stage = progress.stage.or_else(|| document.display_status.clone()).or(status);
        progress.cost_usd = progress.cost_usd.or(document.cost_usd);
        let whole = said.is_some_and(|said| said.percent_complete.or(said.progress_01).is_some());
        if document.status.as_ref().is_some_and(DocumentStatus::is_success) {
            progress.fraction = Some(1.0);
        } else if document.is_terminal() {
            progress.fraction = None;
        } else if !whole {
            progress.estimate();
        }
        progress
    }

    /// What a list says of a document that is being processed.
    pub(super) fn of_summary(document: &DocumentSummary) -> Self {
        let is_stage = |status: &&DocumentStatus| matches!(status, DocumentStatus::Other(_));
        let status = document.status.as_ref().filter(is_stage).map(ToString::to_string);
        let stage = document.current_stage.clone().or_else(|| document.display_status.clone()).or(status);
        let mut progress = Self {
            document_id: Some(document.id.clone()),
            status: document.status.clone(),
            stage,
            message: document.stage_message.clone(),
            fraction: document.stage_progress.filter(|done| (0.0..=1.0).contains(done)),
            counts: document.progress_counts.clone(),
            eta: document.eta_seconds.map(Duration::from_secs),
            cost_usd: document.cost_usd,
        };
        progress.estimate();
        progress
    }

    /// Makes of the fraction of a stage that of the whole work.
    pub(super) fn estimate(&mut self) {
        if let Some(stage) = self.stage.as_deref().and_then(number_of_stage) {
            let done = self.fraction.unwrap_or(0.0);
            self.fraction = Some((f64::from(stage) + done) / f64::from(LAST_STAGE + 1));
        }
    }
}

/// The number of the last stage.
const LAST_STAGE: u8 = 4;

/// The stages in their order; those that not every server has are part of another.
fn number_of_stage(name: &str) -> Option<u8> {
    Some(match name {
        "uploading" | "queued" | "converting" | "preprocessing" => 0,
        "chunking" => 1,
        "extracting" | "gleaning" | "merging" | "summarizing" => 2,
        "embedding" => 3,
        "storing" | "indexing" | "projecting" => LAST_STAGE,
        _ => return None,
    })
}

impl From<&TaskProgress> for Progress {
    fn from(progress: &TaskProgress) -> Self {
        Self {
            document_id: None,
            status: None,
            stage: progress.current_step.clone(),
            message: progress.stage_message.clone(),
            fraction: progress.fraction(),
            counts: progress.counted(),
            eta: progress.eta(),
            cost_usd: progress.cost(),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// Stage, fraction, counts, seconds left and cost, in one line.
    fn told(progress: &Progress) -> String {
        let counts = progress.counts.as_ref();
        let counts =
            counts.map(|it| format!("{}/{} {}", it.current, it.total, it.unit.as_deref().unwrap_or("-")));
        format!(
            "{} {:?} {} {:?} {:?}",
            progress.stage.as_deref().unwrap_or("-"),
            progress.fraction,
            counts.as_deref().unwrap_or("-"),
            progress.eta.map(|eta| eta.as_secs()),
            progress.cost_usd
        )
    }

    #[test]
    fn every_way_in_which_tasks_tell_it() {
        for (progress, expected) in [
            (
                json!({"current_step": "extracting", "percent_complete": 40}),
                "extracting Some(0.4) - None None",
            ),
            (
                json!({"current_step": "extracting", "percent_complete": 40, "chunk_progress":
                    {"total_chunks": 35, "processed_chunks": 12, "eta_seconds": 46, "cost_usd": 0.0042}}),
                "extracting Some(0.4) 12/35 chunks Some(46) Some(0.0042)",
            ),
            (json!({"current_stage": "embedding", "stage_progress": 0.5}), "embedding Some(0.5) - None None"),
            (
                json!({"stage": "converting", "counts": {"current": 1, "total": 4, "unit": "pages"}, "cost_usd": 0.5}),
                "converting Some(0.25) 1/4 pages None Some(0.5)",
            ),
            (
                json!({"current_stage": "x", "completion_percentage": 10, "eta_seconds": 9}),
                "x Some(0.1) - Some(9) None",
            ),
            (json!(null), "- None - Some(90) None"),
        ] {
            let eta = progress.is_null().then_some(90);
            let task =
                json!({"track_id": "t", "status": "processing", "progress": progress, "eta_seconds": eta});
            let task: Task = serde_json::from_value(task).unwrap();
            assert_eq!(told(&Progress::of_task(&task)), expected, "{progress}");
        }
    }

    #[test]
    fn every_way_in_which_documents_tell_it() {
        for (fields, expected) in [
            (json!({"status": "projecting"}), "projecting Some(0.8) - None None"),
            (json!({"status": "processing", "display_status": "chunking"}), "chunking Some(0.2) - None None"),
            (json!({"status": "polishing"}), "polishing None - None None"),
            (
                json!({"status": "processing", "current_stage": "embedding", "stage_progress": 0.5, "cost_usd": 0.1,
                    "progress_counts": {"current": 3, "total": 4, "unit": "chunks"}, "eta_seconds": 3}),
                "embedding Some(0.75) 3/4 chunks Some(3) Some(0.1)",
            ),
            (
                json!({"status": "processing", "current_stage": "embedding", "percent_complete": 63}),
                "embedding Some(0.63) - None None",
            ),
            (json!({"status": "completed"}), "- Some(1.0) - None None"),
            (
                json!({"status": "failed", "current_stage": "failed", "stage_progress": 0.0}),
                "failed None - None None",
            ),
        ] {
            let mut document = json!({"id": "d", "chunk_count": 0});
            document.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
            let document: Document = serde_json::from_value(document).unwrap();
            assert_eq!(told(&Progress::of_document(&document)), expected, "{fields}");
        }
    }
}
