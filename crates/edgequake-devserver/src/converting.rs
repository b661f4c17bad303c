//! Background jobs: converting PDF files. What comes out of one is a document, whose processing begins then.
//!
//! As [`processing`], a job keeps only a weak reference to the server, and however it ends, the file does not stay in
//! "processing".

use std::sync::{Arc, Weak};

use edgequake_types::pdf::PdfStatus;
use edgequake_types::tasks::{TaskStatus, TaskType};
use edgequake_types::{DocumentId, PdfId, TrackId};
use serde_json::json;
use uuid::Uuid;

use crate::app::App;
use crate::clock::Timestamp;
use crate::faults::{CONVERTING, STAGES};
use crate::pdf::{self, MAX_PAGES, PdfPage, PdfText, Unreadable};
use crate::processing::{self, Ordered};
use crate::state::document::StoredDocument;
use crate::state::new_track_id;
use crate::state::pdf::{PdfFailure, StoredPage, StoredPdf};
use crate::state::space::{Contents, Space};
use crate::stop::Stop;

/// What a job works on.
#[derive(Clone)]
struct Job {
    app: Weak<App>,
    space: Arc<Space>,
    pdf: PdfId,
    /// Stops this conversion, and no later one of the same file.
    stop: Stop,
}

/// Starts converting a file.
pub(crate) fn convert(app: &Arc<App>, space: &Arc<Space>, pdf: PdfId) {
    let Some(stop) = space.contents().pdfs.get(&pdf).map(|pdf| pdf.stop.clone()) else { return };
    let job = Job { app: Arc::downgrade(app), space: Arc::clone(space), pdf, stop };
    app.spawn(async move {
        // `None` means that the server is gone or the conversion was stopped, and nothing is left to do.
        let _ = run(job).await;
    });
}

async fn run(job: Job) -> Option<()> {
    job.begin()?;
    let (clock, delay) = {
        let app = job.app.upgrade()?;
        (app.clock.clone(), app.config.processing_delay / STAGES.len() as u32)
    };
    tokio::select! {
        () = clock.pause(delay) => {}
        () = job.stop.stopped() => return None,
    }
    if let Ordered::Failure(message) = processing::ordered(&job.app, CONVERTING, &job.stop).await? {
        return job.fail("pdf_conversion_failed", &message);
    }
    let readers = job.app.upgrade()?.readers.clone();
    let bytes = job.space.contents().pdfs.get(&job.pdf)?.bytes.clone();
    let on_page = {
        let job = job.clone();
        Arc::new(move |read, total| {
            // One that was stopped has come as far as it has.
            let _ = job.reach(read, total);
        })
    };
    let file = pdf::Job { bytes, max_pages: MAX_PAGES, stop: job.stop.clone(), on_page };
    let read = readers.read(file).await;
    match read {
        Ok(text) => job.complete(text),
        Err(Unreadable::Stopped) => None,
        Err(error) => job.fail(error.code(), &error.to_string()),
    }
}

impl Job {
    /// Changes the file and its task; `None` if it is no longer being converted by this job.
    fn step(
        &self,
        pdf: impl FnOnce(&mut StoredPdf, Timestamp),
        task: impl FnOnce(&mut Contents, &TrackId, Timestamp),
    ) -> Option<()> {
        let now = self.app.upgrade()?.clock.timestamp();
        let mut contents = self.space.contents();
        let id = contents.pdfs.update(&self.pdf, |stored| {
            // One that took too long is stopped, and fails.
            if !stored.is_in_flight() || !stored.stop.is_same(&self.stop) {
                return None;
            }
            pdf(stored, now);
            stored.updated_at = now;
            Some(stored.task_id.clone())
        })?;
        task(&mut contents, &id, now);
        drop(contents);
        self.space.conversions.send_replace(());
        Some(())
    }

    fn begin(&self) -> Option<()> {
        self.step(
            |pdf, now| {
                pdf.status = PdfStatus::Processing;
                pdf.started_at = Some(now);
            },
            |contents, task, now| contents.tasks.begin(task, now),
        )
    }

    fn reach(&self, read: u64, total: u64) -> Option<()> {
        self.step(
            |pdf, _| {
                pdf.pages_read = read;
                pdf.page_count = Some(total);
            },
            |_, _, _| {},
        )
    }

    fn fail(&self, code: &'static str, message: &str) -> Option<()> {
        self.step(
            |pdf, now| {
                pdf.status = PdfStatus::Failed;
                pdf.processed_at = Some(now);
                pdf.failure = Some(PdfFailure { code, message: message.to_owned() });
            },
            |contents, task, now| contents.tasks.fail(task, CONVERTING, message, now),
        )
    }

    /// Stores the text as a document, and starts processing it.
    fn complete(&self, text: PdfText) -> Option<()> {
        let app = self.app.upgrade()?;
        let (now, content) = (app.clock.timestamp(), text.markdown());
        let mut contents = self.space.contents();
        let stored = contents.pdfs.get(&self.pdf)?;
        if !stored.is_in_flight() || !stored.stop.is_same(&self.stop) {
            return None;
        }
        let document = new_document(stored, content, now);
        let (id, task) = (document.id.clone(), stored.task_id.clone());
        let metadata = json!({ "document_id": id, "pdf_id": self.pdf });
        let ingest = contents.tasks.create_about(
            TaskType::Insert,
            &self.space.place,
            Some(id.clone()),
            Some(metadata),
            now,
        );
        if !contents.documents.insert(StoredDocument { task_id: ingest.clone(), ..document }) {
            contents.tasks.fail(&ingest, "queued", "There is no room for the document", now);
            contents.tasks.release(&ingest);
            drop(contents);
            return self.fail("storage_full", "The server has no room for more text; delete documents first");
        }
        contents.pdfs.update(&self.pdf, |pdf| {
            pdf.status = PdfStatus::Completed;
            pdf.pages = text.pages.iter().map(page).collect();
            pdf.document = Some(id.clone());
            (pdf.processed_at, pdf.updated_at) = (Some(now), now);
            Some(())
        });
        let result = json!({ "pdf_id": self.pdf, "document_id": id, "ingest_task_id": ingest });
        contents.tasks.finish(&task, TaskStatus::Indexed, Some(result), now);
        drop(contents);
        processing::ingest(&app, &self.space, id);
        self.space.conversions.send_replace(());
        Some(())
    }
}

fn page(page: &PdfPage) -> StoredPage {
    let characters = page.text.chars().count() as u64;
    StoredPage { width: page.size.width, height: page.size.height, rotation: page.size.rotation, characters }
}

/// The document that a file becomes, without its task. Its hash is that of the file.
fn new_document(pdf: &StoredPdf, content: String, now: Timestamp) -> StoredDocument {
    StoredDocument {
        title: pdf.title.clone(),
        file_name: Some(pdf.file_name.clone()),
        metadata: pdf.metadata.clone(),
        extraction: pdf.extraction.clone(),
        track_id: pdf.track_id.clone().unwrap_or_else(|| new_track_id(now, "upload")),
        ..StoredDocument::waiting(DocumentId::new(Uuid::new_v4().to_string()), content, pdf.hash.clone(), now)
    }
}
