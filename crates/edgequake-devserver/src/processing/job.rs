//! [`Job`]: the work on one document, step by step.

use std::sync::{Arc, Weak};
use std::time::Duration;

use edgequake_types::documents::DocumentStatus;
use edgequake_types::tasks::TaskStatus;
use edgequake_types::{DocumentId, TrackId};
use serde_json::json;
use tokio::sync::OwnedSemaphorePermit;

use super::missing::Missing;
use super::{Extracted, event};
use crate::app::App;
use crate::clock::Timestamp;
use crate::faults::{Effect, Fault};
use crate::notice::{ChunkFailure, ProcessingEvent};
use crate::state::document::StoredDocument;
use crate::state::space::{Contents, Space};
use crate::state::tasks::Step;
use crate::stop::Stop;

/// The stages that servers put into the status, where they do.
const IN_STATUS: [&str; 6] = ["converting", "chunking", "extracting", "embedding", "indexing", "projecting"];

/// The work on a document.
#[derive(Clone)]
pub(super) struct Job {
    pub(super) app: Weak<App>,
    pub(super) space: Arc<Space>,
    pub(super) document: DocumentId,
    /// Raised once the document is not this job's any more.
    pub(super) stop: Stop,
}

impl Job {
    /// The work on a document, unless another job has it.
    pub(super) fn new(app: &Arc<App>, space: &Arc<Space>, document: DocumentId) -> Option<Self> {
        let stop = space.contents().documents.update(&document, |document| {
            let is_free = !std::mem::replace(&mut document.work.is_taken, true);
            is_free.then(|| document.stop.clone())
        })?;
        Some(Self { app: Arc::downgrade(app), space: Arc::clone(space), document, stop })
    }

    fn is_mine(&self, document: &StoredDocument) -> bool {
        document.is_in_flight() && !self.stop.is_stopped()
    }

    /// Reads something of the document; `None` if this job is over.
    pub(super) fn in_flight<T>(&self, read: impl FnOnce(&StoredDocument) -> T) -> Option<T> {
        let contents = self.space.contents();
        contents.documents.get(&self.document).filter(|document| self.is_mine(document)).map(read)
    }

    /// Changes the document and its task, and tells of it; `None` if this job is over.
    fn step(
        &self,
        document: impl FnOnce(&mut StoredDocument, Timestamp),
        task: impl FnOnce(&mut Contents, &TrackId, Timestamp),
    ) -> Option<()> {
        let (app, event) = self.change(document, task)?;
        app.bus.publish(event);
        Some(())
    }

    /// Changes the document and its task; what is to be told of it then, or `None` if this job is over.
    fn change(
        &self,
        document: impl FnOnce(&mut StoredDocument, Timestamp),
        task: impl FnOnce(&mut Contents, &TrackId, Timestamp),
    ) -> Option<(Arc<App>, ProcessingEvent)> {
        let app = self.app.upgrade()?;
        let now = app.clock.timestamp();
        let mut contents = self.space.contents();
        let event = contents.documents.update(&self.document, |stored| {
            if !self.is_mine(stored) {
                return None;
            }
            document(stored, now);
            stored.updated_at = now;
            Some(event(&self.space, stored))
        })?;
        task(&mut contents, &event.task_id, now);
        drop(contents);
        Some((app, event))
    }

    /// Lets the document wait.
    pub(super) fn queue(&self) -> Option<()> {
        let named = self.app.upgrade()?.config.stage_as_status;
        let mut contents = self.space.contents();
        contents.documents.update(&self.document, |document| {
            self.is_mine(document).then(|| {
                document.status = if named { DocumentStatus::Queued } else { DocumentStatus::Pending };
                document.stage = "queued";
            })
        })
    }

    /// Waits for a worker. `None` if the document is no longer to be processed.
    pub(super) async fn worker(&self) -> Option<OwnedSemaphorePermit> {
        let workers = Arc::clone(&self.app.upgrade()?.workers);
        tokio::select! {
            permit = workers.acquire_owned() => permit.ok(),
            () = self.stop.stopped() => None,
        }
    }

    /// Waits. `None` if the document is no longer to be processed.
    async fn pause(&self, pause: Duration) -> Option<()> {
        let clock = self.app.upgrade()?.clock.clone();
        tokio::select! {
            () = clock.pause(pause) => Some(()),
            () = self.stop.stopped() => None,
        }
    }

    /// Enters a step, and stays in it for a while. `None` if the document is no longer to be processed.
    pub(super) async fn stay(&self, step: &Step, stay: Duration) -> Option<()> {
        self.enter(step)?;
        self.pause(stay).await
    }

    pub(super) fn enter(&self, step: &Step) -> Option<()> {
        let app = self.app.upgrade()?;
        let (era, named) = (app.config.era, app.config.stage_as_status && IN_STATUS.contains(&step.stage));
        drop(app);
        self.step(
            |document, now| {
                document.status = if named { step.stage.into() } else { DocumentStatus::Processing };
                document.stage = step.stage;
                document.progress = step.fraction();
                document.work.stage_progress = step.within;
                document.work.chunks = step.chunks.map(|(done, all)| (done as u64, all as u64));
                document.work.started_at.get_or_insert(now);
            },
            |contents, task, now| contents.tasks.advance(task, step, era, now),
        )
    }

    /// A stage that takes no time, and that only a document passes which a fault hits there.
    pub(super) async fn visit(&self, stage: &'static str, number: u32) -> Option<Missing> {
        let Some(fault) = self.app.upgrade()?.faults.take_at_stage(stage) else {
            return Some(Missing::default());
        };
        self.enter(&Step::new(stage, number))?;
        self.suffer(stage, &fault).await
    }

    /// Applies the fault that is ordered for a stage, if there is one. Returns what the document is to lack in the end,
    /// and `None` once it has failed or was cancelled.
    pub(super) async fn apply_fault(&self, stage: &str) -> Option<Missing> {
        // Nobody keeps the server while it waits.
        let fault = self.app.upgrade()?.faults.take_at_stage(stage);
        match fault {
            Some(fault) => self.suffer(stage, &fault).await,
            None => Some(Missing::default()),
        }
    }

    async fn suffer(&self, stage: &str, fault: &Fault) -> Option<Missing> {
        if fault.delay_ms > 0 {
            self.pause(Duration::from_millis(fault.delay_ms)).await?;
        }
        match &fault.effect {
            Effect::FailProcessing { partial: true, chunks, .. } if !chunks.is_empty() => {
                Some(Missing::chunks(chunks.iter().copied()))
            }
            Effect::FailProcessing { partial: true, .. } => Some(Missing::all()),
            Effect::FailProcessing { .. } => {
                self.fail(stage, &format!("Processing failed at stage {stage}"));
                None
            }
            Effect::HangProcessing { .. } => {
                self.stop.stopped().await;
                None
            }
            _ => Some(Missing::default()),
        }
    }

    /// Ends the processing of a document that is in the index now.
    pub(super) fn complete(&self, extracted: Extracted, missing: &Missing) -> Option<()> {
        let Extracted { chunks, graph } = extracted;
        let result = json!({
            "document_id": self.document,
            "chunk_count": chunks,
            "entity_count": graph.entities,
            "relationship_count": graph.relationships,
        });
        let mut failures = Vec::new();
        let (app, event) = self.change(
            |document, now| {
                document.work.settle(&document.id, missing.chunks.range(..chunks).copied());
                failures.extend(document.work.missing().cloned());
                let failed = document.work.missing().count();
                document.message = match (missing.all, failed) {
                    (true, _) => Some("No entities were found".to_owned()),
                    (false, 0) => None,
                    (false, failed) => Some(format!("{failed} of {chunks} chunks failed")),
                };
                document.status = match document.message {
                    Some(_) => DocumentStatus::PartialFailure,
                    None => DocumentStatus::Completed,
                };
                document.stage = "completed";
                (document.progress, document.work.stage_progress) = (1.0, 1.0);
                document.work.chunks = None;
                (document.chunk_count, document.graph) = (chunks, graph);
                document.processed_at = Some(now);
            },
            |contents, task, now| contents.tasks.finish(task, TaskStatus::Indexed, Some(result), now),
        )?;
        for chunk in failures {
            let (place, document) = (self.space.place.clone(), self.document.clone());
            app.bus.publish(ChunkFailure {
                place,
                document,
                task: event.task_id.clone(),
                chunk,
                total: chunks,
            });
        }
        app.bus.publish(event);
        Some(())
    }

    /// Ends the processing of a document with an error.
    pub(super) fn fail(&self, stage: &str, message: &str) -> Option<()> {
        self.step(
            |document, _| {
                document.status = DocumentStatus::Failed;
                document.stage = "failed";
                document.message = Some(message.to_owned());
                document.work.interrupt();
            },
            |contents, task, now| contents.tasks.fail(task, stage, message, now),
        )
    }
}
