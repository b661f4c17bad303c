//! Waiting for the task of an upload, and for the document that a PDF becomes.

use edgequake_types::DocumentId;
use edgequake_types::pdf::{GetPdf, PdfStatus};
use edgequake_types::tasks::{GetTask, Task};

use super::super::progress::Progress;
use super::Wait;
use crate::error::{Error, ProcessingFailure};

impl Wait {
    /// The task tells stages and how much is done, so it is asked first. That it is unknown means nothing: a restart forgets tasks.
    pub(super) async fn until_task_ended(&mut self) -> Result<Option<Task>, Error> {
        let Some(task_id) = self.upload.task_id.clone() else { return Ok(None) };
        let mut pause = self.pauses.0;
        loop {
            match self.send(GetTask::new(task_id.clone())).await {
                Ok(task) if task.status.is_terminal() => {
                    let named = || document_of_task(&task);
                    self.upload.document_id = self.upload.document_id.take().or_else(named);
                    return Ok(Some(task));
                }
                Ok(task) => self.tell(Progress::of_task(&task)),
                Err(error) if error.is_not_found() => return Ok(None),
                Err(error) => self.bridge(error, &mut pause)?,
            }
            self.rest(&mut pause).await?;
        }
    }

    /// A PDF is converted first and ingested then, by another task; once that has begun, most servers name its document.
    pub(super) async fn until_pdf_names_document(&mut self) -> Result<(), Error> {
        let Some(pdf_id) = self.upload.pdf_id.clone() else { return Ok(()) };
        let mut pause = self.pauses.0;
        while self.upload.document_id.is_none() {
            match self.send(GetPdf::new(pdf_id.clone())).await {
                Ok(pdf) if pdf.document_id.is_some() => {
                    self.upload.document_id = pdf.document_id;
                    break;
                }
                Ok(pdf) if pdf.status == PdfStatus::Failed => {
                    let task_id = self.upload.task_id.clone();
                    return Err(Error::of_processing(ProcessingFailure::of_pdf(
                        pdf.errors.as_ref(),
                        task_id,
                    )));
                }
                Ok(_) => {}
                Err(error) => self.bridge(error, &mut pause)?,
            }
            self.rest(&mut pause).await?;
        }
        Ok(())
    }
}

/// The document that a task says it has worked on.
pub(in super::super) fn document_of_task(task: &Task) -> Option<DocumentId> {
    let named = [task.result.as_ref(), task.metadata.as_ref()].into_iter().flatten();
    named.filter_map(|value| value.get("document_id")?.as_str()).next().map(DocumentId::from)
}
