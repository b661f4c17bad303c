//! How far a PDF file has come on its way to a document, asked once or told as a stream.

use std::sync::Arc;
use std::time::Duration;

use edgequake_types::StreamFailure;
use edgequake_types::TrackId;
use edgequake_types::pdf::{
    GetPdfProgress, PdfPhase, PdfPhaseName, PdfProgress, PdfProgressEvent, PdfStatus, PhaseError,
    PhaseStatus, StreamPdfProgress,
};
use futures_util::stream;
use tokio::time::timeout;

use super::pdfs::place;
use crate::bus::ProcessingEvents;
use crate::clock::rfc3339;
use crate::config::Era;
use crate::error::Refusal;
use crate::events::EventStream;
use crate::reply::Reply;
use crate::route::Call;
use crate::state::document::StoredDocument;
use crate::state::pdf::StoredPdf;
use crate::state::space::{Contents, Space};

/// How long a stream goes on without progress.
const PATIENCE: Duration = Duration::from_secs(60);

/// The phases of a document, with the number of the stage of processing that each of them is.
const PHASES: [(PdfPhaseName, usize); 4] = [
    (PdfPhaseName::Chunking, 1),
    (PdfPhaseName::Embedding, 3),
    (PdfPhaseName::Extraction, 2),
    (PdfPhaseName::GraphStorage, 4),
];

/// How many stages processing has.
const STAGES: f64 = 5.0;

/// A conversion that is over is not told of any more; its file says how it ended.
pub(super) async fn get(call: Call, request: GetPdfProgress) -> Result<Reply<PdfProgress>, Refusal> {
    let (space, task) = (find(&call, &request.task_id)?, request.task_id);
    let progress = progress(&space.contents(), &task, call.app.config.era);
    let progress = progress.filter(|progress| !progress.is_finished());
    progress.map(Reply::new).ok_or_else(|| unknown(&task))
}

pub(super) async fn follow(
    call: Call,
    request: StreamPdfProgress,
) -> Result<EventStream<PdfProgressEvent>, Refusal> {
    let space = find(&call, &request.task_id)?;
    let (task, era) = (request.task_id, call.app.config.era);
    let known = progress(&space.contents(), &task, era);
    known.ok_or_else(|| unknown(&task))?;
    let watched = Watched { conversions: space.conversions.subscribe(), events: call.app.bus.subscribe() };
    let state = Following { space, task, era, watched, told: None, is_over: false };
    Ok(EventStream::events(stream::unfold(state, Following::next)))
}

fn unknown(task: &TrackId) -> Refusal {
    Refusal::not_found(format!("progress of {task}"))
}

fn find(call: &Call, task: &TrackId) -> Result<Arc<Space>, Refusal> {
    let place = place(call)?;
    call.app.spaces.get(&place).ok_or_else(|| unknown(task))
}

/// What tells that there is progress.
struct Watched {
    conversions: tokio::sync::watch::Receiver<()>,
    events: ProcessingEvents,
}

/// A stream of progress.
struct Following {
    space: Arc<Space>,
    task: TrackId,
    era: Era,
    watched: Watched,
    told: Option<PdfProgress>,
    /// Whether only the end is left to tell.
    is_over: bool,
}

impl Following {
    async fn next(mut self) -> Option<(PdfProgressEvent, Self)> {
        if self.is_over {
            // The last progress was told, and how it ended follows once.
            let last = self.told.take()?;
            let event = match last.failure() {
                None => PdfProgressEvent::Complete(Some(Box::new(last))),
                Some(error) => {
                    let mut failure = StreamFailure::new(error.message.clone().unwrap_or_default());
                    failure.code.clone_from(&error.code);
                    PdfProgressEvent::Failed(failure)
                }
            };
            return Some((event, self));
        }
        loop {
            // Seen before it is looked at, so that nothing is missed between.
            self.watched.conversions.borrow_and_update();
            // A file that was deleted has no more progress.
            let now = progress(&self.space.contents(), &self.task, self.era)?;
            if self.told.as_ref() != Some(&now) {
                self.is_over = now.is_finished();
                self.told = Some(now.clone());
                return Some((PdfProgressEvent::Progress(Box::new(now)), self));
            }
            timeout(PATIENCE, self.change()).await.ok()??;
        }
    }

    /// `None` once the server is gone.
    async fn change(&mut self) -> Option<()> {
        tokio::select! {
            changed = self.watched.conversions.changed() => changed.ok(),
            // Also one that others were lost before.
            event = self.watched.events.next_or_lost() => event.map(drop),
        }
    }
}

/// The progress under the id of a task. Under the id of the caller's own, older servers tell for ever that nothing has begun.
fn progress(contents: &Contents, task: &TrackId, era: Era) -> Option<PdfProgress> {
    if let Some(pdf) = contents.pdfs.of_task(task) {
        let document = pdf.document.as_ref().and_then(|id| contents.documents.get(id));
        return Some(told(pdf, document, task));
    }
    let own = |pdf: &&StoredPdf| pdf.track_id.as_ref() == Some(task);
    let pdf = contents.pdfs.newest_first().find(own).filter(|_| era == Era::B)?;
    let mut progress = PdfProgress::new(task.clone());
    progress.file_name = Some(pdf.file_name.clone());
    let names = [PdfPhaseName::Upload, PdfPhaseName::PdfConversion].into_iter();
    let names = names.chain(PHASES.into_iter().map(|(name, _)| name));
    progress.phases = names.map(|name| PdfPhase::new(name, PhaseStatus::Pending)).collect();
    Some(progress)
}

fn told(pdf: &StoredPdf, document: Option<&StoredDocument>, task: &TrackId) -> PdfProgress {
    let mut progress = PdfProgress::new(task.clone());
    progress.pdf_id = Some(pdf.id.clone());
    progress.document_id.clone_from(&pdf.document);
    progress.file_name = Some(pdf.file_name.clone());
    progress.phases = vec![upload(pdf), conversion(pdf)];
    progress.phases.extend(PHASES.into_iter().map(|(name, stage)| phase(document, name, stage)));
    let sum: f64 = progress.phases.iter().map(|phase| phase.percentage).sum();
    progress.overall_percentage = (sum / progress.phases.len() as f64).round();
    let is_good = document.is_some_and(StoredDocument::is_searchable);
    let is_bad = document.is_some_and(|document| !document.is_in_flight()) && !is_good;
    progress.is_complete = is_good;
    progress.is_failed = pdf.status == PdfStatus::Failed || is_bad;
    progress.started_at = Some(rfc3339(pdf.created_at));
    let updated = document.map_or(pdf.updated_at, |document| document.updated_at.max(pdf.updated_at));
    progress.updated_at = Some(rfc3339(updated));
    progress.completed_at = (progress.is_complete || progress.is_failed).then(|| rfc3339(updated));
    progress
}

fn upload(pdf: &StoredPdf) -> PdfPhase {
    let mut phase = PdfPhase::new(PdfPhaseName::Upload, PhaseStatus::Complete);
    let size = pdf.bytes.len() as u64;
    (phase.current, phase.total, phase.percentage) = (size, size, 100.0);
    phase.message = "The file has arrived".to_owned();
    phase.started_at = Some(rfc3339(pdf.created_at));
    phase.completed_at = Some(rfc3339(pdf.created_at));
    phase
}

fn conversion(pdf: &StoredPdf) -> PdfPhase {
    let (status, message) = match &pdf.failure {
        Some(failure) => (PhaseStatus::Failed, failure.message.clone()),
        None => match pdf.status {
            PdfStatus::Completed => (PhaseStatus::Complete, "The text was read".to_owned()),
            PdfStatus::Processing => (PhaseStatus::Active, "The text is being read".to_owned()),
            _ => (PhaseStatus::Pending, String::new()),
        },
    };
    let mut phase = PdfPhase::new(PdfPhaseName::PdfConversion, status.clone());
    (phase.current, phase.total) = (pdf.pages_read, pdf.page_count.unwrap_or(0));
    phase.percentage = match (&status, phase.total) {
        (PhaseStatus::Complete, _) => 100.0,
        (_, 0) => 0.0,
        (_, total) => (100.0 * phase.current as f64 / total as f64).round(),
    };
    phase.message = message;
    phase.error = pdf.failure.as_ref().map(|failure| {
        let mut error = PhaseError::default();
        error.message = Some(failure.message.clone());
        error.code = Some(failure.code.to_owned());
        // What is wrong with the file stays wrong.
        error.retryable = matches!(failure.code, "pdf_cancelled" | "pdf_timeout" | "pdf_conversion_failed");
        error.affected_item = Some(pdf.file_name.clone());
        error
    });
    phase.started_at = pdf.started_at.map(rfc3339);
    phase.completed_at = pdf.processed_at.map(rfc3339);
    phase
}

/// A phase of the document that a file became.
fn phase(document: Option<&StoredDocument>, name: PdfPhaseName, stage: usize) -> PdfPhase {
    let Some(document) = document else { return PdfPhase::new(name, PhaseStatus::Pending) };
    let reached = document.progress * STAGES - stage as f64;
    let is_good = document.is_searchable();
    let status = if is_good || reached >= 1.0 {
        PhaseStatus::Complete
    } else if document.is_in_flight() {
        if reached < 0.0 { PhaseStatus::Pending } else { PhaseStatus::Active }
    } else if reached >= 0.0 || stage == 1 {
        // What fails before the first phase fails in it.
        PhaseStatus::Failed
    } else {
        PhaseStatus::Pending
    };
    let mut phase = PdfPhase::new(name, status.clone());
    phase.percentage = match status {
        PhaseStatus::Complete => 100.0,
        PhaseStatus::Pending => 0.0,
        _ => (reached.clamp(0.0, 1.0) * 100.0).round(),
    };
    if is_good {
        (phase.current, phase.total) = (document.chunk_count, document.chunk_count);
    }
    if status == PhaseStatus::Failed {
        let mut error = PhaseError::default();
        error.message =
            Some(document.message.clone().unwrap_or_else(|| "The processing was cancelled".to_owned()));
        error.code = Some("processing_failed".to_owned());
        error.retryable = true;
        error.affected_item = Some(document.id.to_string());
        phase.error = Some(error);
    }
    phase
}
