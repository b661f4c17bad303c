//! Questions for one document alone: few in each round, and each in its turn.

use edgequake_types::documents::GetDocument;
use edgequake_types::pdf::{GetPdf, PdfStatus};
use edgequake_types::tasks::GetTask;
use tokio::time::Instant;

use super::super::wait::{GONE, GRACE, document_of_task};
use super::copies::summary;
use super::{Cut, PAUSES, Pending, Watch};
use crate::error::{Error, ErrorKind, ProcessingFailure};

/// How many are asked for by themselves in one round.
const SINGLY: usize = 8;

impl<T> Watch<T> {
    /// Some of these: those first that were not asked for for longest.
    fn next_in_turn(&mut self, wanted: impl Fn(&Pending<T>) -> bool) -> Vec<usize> {
        let all = self.pending.iter().enumerate().filter(|(_, it)| wanted(it));
        let mut all: Vec<_> = all.map(|(at, it)| (it.turn, at)).collect();
        all.sort_unstable();
        all.truncate(SINGLY);
        for (_, at) in &all {
            self.turns += 1;
            if let Some(it) = self.pending.get_mut(*at) {
                it.turn = self.turns;
            }
        }
        all.into_iter().map(|(_, at)| at).collect()
    }

    /// Learns of which document a task or a PDF becomes, where the answer to the upload did not say it.
    pub(super) async fn ask_for_names(&mut self) -> Result<(), Cut> {
        for at in self.next_in_turn(|it| it.upload.document_id.is_none()) {
            let Some(it) = self.pending.get(at) else { continue };
            let upload = it.upload.clone();
            let learned = if let Some(pdf_id) = upload.pdf_id {
                match self.send(GetPdf::new(pdf_id)).await? {
                    Ok(pdf) => match (pdf.document_id, pdf.status) {
                        (Some(document_id), _) => Ok(Some(document_id)),
                        (None, PdfStatus::Failed) => Err(Error::of_processing(ProcessingFailure::of_pdf(
                            pdf.errors.as_ref(),
                            upload.task_id,
                        ))),
                        (None, _) => Ok(None),
                    },
                    Err(error) => Err(error),
                }
            } else if let Some(task_id) = upload.task_id {
                match self.send(GetTask::new(task_id)).await? {
                    Ok(task) if task.status.is_terminal() => match document_of_task(&task) {
                        Some(document_id) => Ok(Some(document_id)),
                        None => Err(ProcessingFailure::of_task(&task, None)
                            .map_or_else(nameless, Error::of_processing)),
                    },
                    Ok(_) => Ok(None),
                    Err(error) => Err(error),
                }
            } else {
                Err(nameless())
            };
            let Some(it) = self.pending.get_mut(at) else { continue };
            match learned {
                Ok(Some(document_id)) => {
                    it.upload.document_id = Some(document_id);
                    // It has come further.
                    (self.pause, self.changed) = (PAUSES.0, Instant::now());
                }
                Ok(None) => {}
                Err(error) => it.failed = Some(error),
            }
        }
        Ok(())
    }

    /// Asks for those that the list has not shown for a while.
    pub(super) async fn ask_singly(&mut self) -> Result<(), Cut> {
        let blind = self.blind;
        let graced = |it: &Pending<T>| it.unknown_since.is_some_and(|since| since.elapsed() < GRACE);
        let lost = |it: &Pending<T>| {
            it.found.is_none() && it.failed.is_none() && it.unknown_since.is_some() && (blind || !graced(it))
        };
        for at in self.next_in_turn(lost) {
            let Some(it) = self.pending.get(at) else { continue };
            let Some(document_id) = it.upload.document_id.clone() else { continue };
            let answer = self.send(GetDocument::new(document_id)).await?;
            let Some(it) = self.pending.get_mut(at) else { continue };
            match answer {
                Ok(document) => it.found = Some(summary(document)),
                Err(error) if error.is_not_found() && graced(it) => {}
                Err(error) if error.is_not_found() && it.upload.confirmed => {
                    it.failed = Some(error.note(GONE))
                }
                Err(error) => it.failed = Some(error),
            }
        }
        Ok(())
    }
}

fn nameless() -> Error {
    Error::new(ErrorKind::Decode).note("neither the answer to the upload nor its task names the document")
}
