//! Background jobs: processing injected texts, in the stages of documents.

use std::sync::{Arc, Weak};

use edgequake_types::injections::InjectionStatus;
use edgequake_types::tasks::TaskStatus;
use edgequake_types::{InjectionId, TrackId};
use serde_json::json;

use crate::app::App;
use crate::clock::Timestamp;
use crate::faults::STAGES;
use crate::processing::{self, Ordered};
use crate::retrieval::chunk::chunks;
use crate::retrieval::index::PreparedChunks;
use crate::state::injections::StoredInjection;
use crate::state::space::{Contents, Space};
use crate::stop::Stop;

/// What a job works on.
struct Job {
    app: Weak<App>,
    space: Arc<Space>,
    injection: InjectionId,
    /// Stops the processing of this version, and of no later one.
    stop: Stop,
}

/// Starts processing the latest version of a text.
pub(crate) fn process(app: &Arc<App>, space: &Arc<Space>, injection: InjectionId) {
    let stop = space.contents().injections.get(&injection).map(|injection| injection.stop.clone());
    let Some(stop) = stop else { return };
    let job = Job { app: Arc::downgrade(app), space: Arc::clone(space), injection, stop };
    app.spawn(async move {
        // `None` means that the server is gone or the version is another one, and nothing is left to do.
        let _ = run(job).await;
    });
}

async fn run(job: Job) -> Option<()> {
    job.step(|_, _| {}, |contents, task, now| contents.tasks.begin(task, now))?;
    let (clock, delay) = {
        let app = job.app.upgrade()?;
        (app.clock.clone(), app.config.processing_delay / STAGES.len() as u32)
    };
    let mut is_partial = false;
    for stage in STAGES {
        tokio::select! {
            () = clock.pause(delay) => {}
            () = job.stop.stopped() => return None,
        }
        match processing::ordered(&job.app, stage, &job.stop).await? {
            Ordered::Nothing => {}
            Ordered::Partial => is_partial = true,
            Ordered::Failure(message) => return job.fail(stage, &message),
        }
    }
    let (space, id, stop) = (Arc::clone(&job.space), job.injection.clone(), job.stop.clone());
    let indexed = tokio::task::spawn_blocking(move || index(&space, &id, is_partial, &stop)).await;
    match indexed {
        Ok(entities) => job.complete(entities?),
        Err(_) => job.fail("storing", "Processing panicked"),
    }
}

/// Puts a text into the index in the place of its former version, on a thread that may block. Tells how many entities it names.
fn index(space: &Space, id: &InjectionId, is_partial: bool, stop: &Stop) -> Option<u64> {
    let (content, indexed) = {
        let contents = space.contents();
        let injection = contents.injections.get(id)?;
        (Arc::clone(&injection.content), injection.indexed())
    };
    let prepared = PreparedChunks::new(chunks(&content, || stop.is_stopped())?, || stop.is_stopped())?;
    let prepared = prepared.without_graph_of(|_| is_partial);
    let entities = prepared.graph_size().entities;
    // Looked at while nobody else changes the index, so that no former version comes after a later one, and none after its removal.
    space.change_index(|index| (!stop.is_stopped()).then(|| index.insert(&indexed, prepared)))?;
    Some(entities)
}

impl Job {
    /// Changes the text and its task; `None` if it is no longer processed by this job.
    fn step(
        &self,
        injection: impl FnOnce(&mut StoredInjection, Timestamp),
        task: impl FnOnce(&mut Contents, &TrackId, Timestamp),
    ) -> Option<()> {
        let now = self.app.upgrade()?.clock.timestamp();
        let mut contents = self.space.contents();
        let id = contents.injections.update(&self.injection, |stored| {
            if self.stop.is_stopped() || stored.status != InjectionStatus::Processing {
                return None;
            }
            injection(stored, now);
            stored.updated_at = now;
            Some(stored.task_id.clone())
        })?;
        task(&mut contents, &id, now);
        Some(())
    }

    fn complete(&self, entities: u64) -> Option<()> {
        let result = json!({ "injection_id": self.injection, "entity_count": entities });
        self.step(
            |injection, _| {
                injection.status = InjectionStatus::Completed;
                injection.entity_count = entities;
            },
            |contents, task, now| contents.tasks.finish(task, TaskStatus::Indexed, Some(result), now),
        )
    }

    fn fail(&self, stage: &str, message: &str) -> Option<()> {
        self.step(
            |injection, _| {
                injection.status = InjectionStatus::Failed;
                injection.error = Some(message.to_owned());
            },
            |contents, task, now| contents.tasks.fail(task, stage, message, now),
        )
    }
}

/// Cancels the processing of a text, which has failed then; `None` if it is not being processed.
pub(crate) fn cancel(app: &App, space: &Space, injection: &InjectionId) -> Option<()> {
    let now = app.clock.timestamp();
    let mut contents = space.contents();
    let task = contents.injections.update(injection, |injection| {
        if injection.status != InjectionStatus::Processing {
            return None;
        }
        injection.stop.stop();
        injection.status = InjectionStatus::Failed;
        injection.error = Some("The processing was cancelled".to_owned());
        injection.updated_at = now;
        Some(injection.task_id.clone())
    })?;
    contents.tasks.finish(&task, TaskStatus::Cancelled, None, now);
    Some(())
}

/// Puts a text whose task is pending again back into the queue, if there is one.
pub(crate) fn requeue(contents: &mut Contents, task: &TrackId, now: Timestamp) -> Option<InjectionId> {
    let id = contents.injections.of_task(task)?.id.clone();
    contents.injections.update(&id, |injection| {
        injection.status = InjectionStatus::Processing;
        injection.error = None;
        injection.stop = Stop::default();
        injection.updated_at = now;
        Some(())
    });
    Some(id)
}
