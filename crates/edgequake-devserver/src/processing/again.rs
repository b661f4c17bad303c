//! Processing documents again.

use std::sync::Arc;

use edgequake_types::documents::DocumentStatus;
use edgequake_types::tasks::{TaskStatus, TaskType};
use edgequake_types::{DocumentId, TrackId};

use super::{event, start};
use crate::app::App;
use crate::clock::Timestamp;
use crate::retrieval::graph::GraphSize;
use crate::state::space::{Contents, Space};
use crate::state::work::Work;
use crate::stop::Stop;

/// A document that is back in the queue, and its new task.
#[derive(Debug, Clone)]
pub(crate) struct Again {
    pub(crate) document: DocumentId,
    pub(crate) title: String,
    pub(crate) task: TrackId,
}

/// Puts a document back into the queue, on another track, whatever works on it; [`restart`] has to follow. `None` if it is
/// unknown or being deleted.
pub(crate) fn put_back(
    contents: &mut Contents,
    space: &Space,
    id: &DocumentId,
    track: &TrackId,
    now: Timestamp,
) -> Option<Again> {
    let document = contents.documents.get(id).filter(|known| known.status != DocumentStatus::Deleting)?;
    let (before, was_in_flight) = (document.task_id.clone(), document.is_in_flight());
    if was_in_flight {
        contents.tasks.finish(&before, TaskStatus::Cancelled, None, now);
    }
    // It is not the task of a document any more.
    contents.tasks.release(&before);
    let task = contents.tasks.create(TaskType::Insert, &space.place, Some(id.clone()), now);
    let title = contents.documents.update(id, |document| {
        document.stop.stop();
        document.stop = Stop::default();
        document.task_id = task.clone();
        document.status = DocumentStatus::Pending;
        (document.stage, document.progress, document.message) = ("queued", 0.0, None);
        (document.chunk_count, document.graph, document.processed_at) = (0, GraphSize::default(), None);
        document.work = Work::default();
        document.updated_at = now;
        Some(document.title.clone())
    })?;
    contents.documents.move_to_track(id, track);
    Some(Again { document: id.clone(), title, task })
}

/// Starts the work on documents that were put back.
pub(crate) fn restart(app: &Arc<App>, space: &Arc<Space>, documents: &[Again]) {
    for Again { document, .. } in documents {
        let event = space.contents().documents.get(document).map(|document| event(space, document));
        event.into_iter().for_each(|event| app.bus.publish(event));
        start(app, space, document.clone(), true);
    }
}
