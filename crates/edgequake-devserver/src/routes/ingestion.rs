//! The progress of documents, stage by stage.

use std::collections::HashMap;

use edgequake_types::TrackId;
use edgequake_types::documents::{DocumentStatus, ProgressCounts};
use edgequake_types::ingestion::{
    GetIngestionProgress, IngestionProgress, IngestionStage, ListIngestionProgress, StageProgress, StageState,
};
use edgequake_types::pdf::{PdfStatus, PhaseStatus};

use crate::clock::rfc3339;
use crate::error::Refusal;
use crate::faults::STAGES;
use crate::reply::Reply;
use crate::route::Call;
use crate::state::document::StoredDocument;
use crate::state::pdf::StoredPdf;
use crate::state::space::Contents;

/// The maximum number of ids that are looked up in one request.
const MAX_IDS: usize = 1000;

pub(super) async fn get(
    call: Call,
    request: GetIngestionProgress,
) -> Result<Reply<IngestionProgress>, Refusal> {
    let unknown = || Refusal::not_found(format!("track {}", request.track_id));
    let place = call.scope.named_place().ok_or_else(unknown)?;
    let space = call.app.spaces.get(place).ok_or_else(unknown)?;
    let contents = space.contents();
    find(&contents, &request.track_id).map(Reply::new).ok_or_else(unknown)
}

/// Without a scope, and for ids that are not known, there is nothing.
pub(super) async fn list(
    call: Call,
    request: ListIngestionProgress,
) -> Result<Reply<Vec<IngestionProgress>>, Refusal> {
    if request.track_ids.len() > MAX_IDS {
        return Err(Refusal::bad_request(format!("track_ids must have {MAX_IDS} ids at most")));
    }
    let space = call.scope.named_place().and_then(|place| call.app.spaces.get(place));
    let contents = space.as_ref().map(|space| space.contents());
    // A track is gone through once, however often it is asked for.
    let mut found: HashMap<&TrackId, Option<IngestionProgress>> = HashMap::new();
    let mut look = |track| found.entry(track).or_insert_with(|| find(contents.as_ref()?, track)).clone();
    Ok(Reply::new(request.track_ids.iter().filter_map(&mut look).collect()))
}

/// The progress of the document of a task, of its file as long as that is being converted, or of the document on a track that
/// is being processed, else of its newest.
fn find(contents: &Contents, track: &TrackId) -> Option<IngestionProgress> {
    let documents = &contents.documents;
    let of_task = contents.tasks.get(track).and_then(|stored| documents.get(stored.document.as_ref()?));
    let pdf = contents.pdfs.of_task(track);
    let of_pdf = || documents.get(pdf?.document.as_ref()?);
    if let (Some(pdf), None) = (pdf, of_task.or_else(of_pdf)) {
        return Some(conversion(track, pdf));
    }
    let mut on_track = documents.on_track(track);
    let document = of_task
        .or_else(of_pdf)
        .or_else(|| on_track.find(|document| document.is_in_flight()))
        .or_else(|| documents.on_track(track).next())?;
    Some(progress(track, document, contents))
}

/// The progress of a file that is no document yet.
fn conversion(track: &TrackId, pdf: &StoredPdf) -> IngestionProgress {
    let (stage, phase) = match pdf.status {
        PdfStatus::Pending => (IngestionStage::Queued, PhaseStatus::Pending),
        PdfStatus::Failed => (IngestionStage::Failed, PhaseStatus::Failed),
        // A document that was deleted since leaves its file converted.
        PdfStatus::Completed => (IngestionStage::Completed, PhaseStatus::Complete),
        _ => (IngestionStage::Converting, PhaseStatus::Active),
    };
    let mut progress = IngestionProgress::new(track.clone(), stage.clone());
    progress.file_name = Some(pdf.file_name.clone());
    progress.document_name.clone_from(&progress.file_name);
    progress.source_type = Some("pdf".to_owned());
    progress.stage_status = Some(phase.clone());
    progress.message = pdf.failure.as_ref().map(|failure| failure.message.clone());
    let (read, total) = (pdf.pages_read, pdf.page_count.unwrap_or(0));
    let mut counts = ProgressCounts::default();
    (counts.current, counts.total, counts.unit) = (read, total, Some("pages".to_owned()));
    progress.counts = Some(counts);
    progress.updated_at = Some(rfc3339(pdf.updated_at));
    progress.started_at = pdf.started_at.map(rfc3339);
    progress.completed_at = pdf.processed_at.map(rfc3339);
    let mut state = StageState::new(IngestionStage::Converting, phase);
    (state.total_items, state.completed_items) = (total, read);
    let mut stages = StageProgress::default();
    stages.current_stage = Some(stage);
    stages.latest_message.clone_from(&progress.message);
    stages.stages = vec![state];
    progress.progress = Some(stages);
    progress
}

fn progress(track: &TrackId, document: &StoredDocument, contents: &Contents) -> IngestionProgress {
    let stage = IngestionStage::from(document.stage);
    let is_over = document.status.is_terminal();
    let mut progress = IngestionProgress::new(track.clone(), stage.clone());
    progress.document_id = Some(document.id.clone());
    progress.file_name = Some(document.name().to_owned());
    progress.document_name = progress.file_name.clone();
    progress.source_type = Some(document.source_type().to_owned());
    progress.stage_status = Some(phase(&document.status));
    progress.message = document.message.clone().or_else(|| document.stage_message());
    progress.counts = document.counts();
    progress.run_progress = Some(document.progress);
    progress.progress_01 = Some(document.progress);
    progress.updated_at = Some(rfc3339(document.updated_at));
    progress.started_at = document.work.started_at.map(rfc3339);
    progress.completed_at = is_over.then(|| rfc3339(document.processed_at.unwrap_or(document.updated_at)));
    let mut stages = StageProgress::default();
    stages.current_stage = Some(stage);
    stages.completion_percentage = Some((document.progress * 100.0).round());
    stages.latest_message.clone_from(&progress.message);
    stages.stages = all_stages(document);
    let usual = contents.documents.activity().usual_time().filter(|_| !is_over);
    stages.eta_seconds =
        usual.map(|usual| usual.mul_f64((1.0 - document.progress).clamp(0.0, 1.0)).as_secs());
    progress.progress = Some(stages);
    progress
}

fn phase(status: &DocumentStatus) -> PhaseStatus {
    match status {
        DocumentStatus::Pending | DocumentStatus::Queued => PhaseStatus::Pending,
        DocumentStatus::Completed | DocumentStatus::PartialFailure => PhaseStatus::Complete,
        DocumentStatus::Failed | DocumentStatus::DeleteFailed => PhaseStatus::Failed,
        DocumentStatus::Cancelled => PhaseStatus::Skipped,
        _ => PhaseStatus::Active,
    }
}

/// The stages that every document passes. It is in, or has ended in, that one which its progress says.
fn all_stages(document: &StoredDocument) -> Vec<StageState> {
    let ended = phase(&document.status);
    let state = |(number, stage): (usize, &'static str)| {
        #[expect(clippy::cast_precision_loss, reason = "there are five")]
        let (first, count) = (number as f64, STAGES.len() as f64);
        let done = document.progress * count;
        let mut state = StageState::new(stage, PhaseStatus::Pending);
        if done >= first + 1.0 || ended == PhaseStatus::Complete {
            (state.status, state.progress) = (PhaseStatus::Complete, 100.0);
        } else if done >= first && ended != PhaseStatus::Pending {
            (state.status, state.progress) = (ended.clone(), (document.work.stage_progress * 100.0).round());
            let (all, done) = document.work.chunks.map_or((0, 0), |(done, all)| (all, done));
            (state.total_items, state.completed_items) = (all, done);
            state.message = document.stage_message();
        } else if matches!(ended, PhaseStatus::Failed | PhaseStatus::Skipped) {
            state.status = PhaseStatus::Skipped;
        }
        state
    };
    STAGES.into_iter().enumerate().map(state).collect()
}
