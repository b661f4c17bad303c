//! What becomes of a conversion from outside: it is cancelled, or begins anew.

use edgequake_types::pdf::PdfStatus;
use edgequake_types::tasks::TaskStatus;
use edgequake_types::{PdfId, TrackId};

use crate::app::App;
use crate::clock::Timestamp;
use crate::state::pdf::PdfFailure;
use crate::state::space::{Contents, Space};
use crate::stop::Stop;

/// Cancels the conversion of a file, which has failed then; `None` if it is not being converted.
pub(crate) fn cancel(app: &App, space: &Space, pdf: &PdfId) -> Option<()> {
    let now = app.clock.timestamp();
    let mut contents = space.contents();
    let task = contents.pdfs.update(pdf, |pdf| {
        if !pdf.is_in_flight() {
            return None;
        }
        pdf.stop.stop();
        pdf.status = PdfStatus::Failed;
        (pdf.processed_at, pdf.updated_at) = (Some(now), now);
        let message = "The conversion was cancelled".to_owned();
        pdf.failure = Some(PdfFailure { code: "pdf_cancelled", message });
        Some(pdf.task_id.clone())
    })?;
    contents.tasks.finish(&task, TaskStatus::Cancelled, None, now);
    drop(contents);
    space.conversions.send_replace(());
    Some(())
}

/// Puts a file that has failed back into the queue, under a task that is pending; false if it has not failed.
pub(crate) fn requeue(contents: &mut Contents, pdf: &PdfId, task: TrackId, now: Timestamp) -> bool {
    let requeued = contents.pdfs.update(pdf, |pdf| {
        if pdf.status != PdfStatus::Failed {
            return None;
        }
        pdf.status = PdfStatus::Pending;
        pdf.task_id = task;
        pdf.pages_read = 0;
        (pdf.failure, pdf.started_at, pdf.processed_at) = (None, None, None);
        pdf.updated_at = now;
        pdf.stop = Stop::default();
        Some(())
    });
    requeued.is_some()
}
