//! Background jobs: processing many documents of a workspace again.

use std::sync::Arc;
use std::time::Duration;

use edgequake_types::documents::DocumentStatus;
use edgequake_types::tasks::TaskStatus;
use edgequake_types::{DocumentId, TrackId};
use serde_json::json;

use crate::app::App;
use crate::clock::Timestamp;
use crate::faults::STAGES;
use crate::processing::{self, Again};
use crate::state::document::StoredDocument;
use crate::state::reprocess_track_id;
use crate::state::space::{Contents, Space};

/// The name of the type of a job in the metadata of its task.
pub(crate) const JOB_TYPE: &str = "job_type";

/// Which documents are processed again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Selection {
    /// Those that are not being processed.
    All,
    /// Those that failed or were cancelled.
    Failed,
    /// Those whose processing has come no further for a while.
    Stuck,
    None,
}

impl Selection {
    fn has(self, document: &StoredDocument, silent: Duration, now: Timestamp) -> bool {
        match self {
            Self::All => !document.is_in_flight() && document.status != DocumentStatus::Deleting,
            Self::Failed => matches!(document.status, DocumentStatus::Failed | DocumentStatus::Cancelled),
            Self::Stuck => document.is_stuck(silent, now),
            Self::None => false,
        }
    }
}

/// Starts a job, which ends when its documents are processed; as cancelled if one of them was.
pub(crate) fn start(app: &Arc<App>, space: &Arc<Space>, task: TrackId, selection: Selection) {
    let (weak, clock) = (Arc::downgrade(app), app.clock.clone());
    let (space, delay) = (Arc::clone(space), app.config.processing_delay / STAGES.len() as u32);
    app.spawn(async move {
        clock.pause(delay).await;
        let Some(app) = weak.upgrade() else { return };
        let mut events = app.bus.subscribe();
        let Some(again) = put_back(&app, &space, &task, selection) else { return };
        processing::restart(&app, &space, &again);
        // Nobody keeps the server while it waits.
        drop(app);
        while is_busy(&space, &again) {
            if events.next_or_lost().await.is_none() {
                return;
            }
        }
        let result = json!({ "document_count": again.len() });
        let mut contents = space.contents();
        let is_cancelled = again.iter().any(|again| {
            let document = own(&contents, again);
            document.is_some_and(|document| document.status == DocumentStatus::Cancelled)
        });
        let status = if is_cancelled { TaskStatus::Cancelled } else { TaskStatus::Indexed };
        contents.tasks.finish(&task, status, Some(result), clock.timestamp());
    });
}

/// `None` for a job that was cancelled before it began.
fn put_back(app: &App, space: &Space, task: &TrackId, selection: Selection) -> Option<Vec<Again>> {
    let (now, silent) = (app.clock.timestamp(), app.config.era.stuck_after());
    let mut contents = space.contents();
    contents.tasks.get(task).filter(|stored| stored.task.status == TaskStatus::Pending)?;
    contents.tasks.begin(task, now);
    let fitting = contents.documents.newest_first().filter(|document| selection.has(document, silent, now));
    let ids: Vec<DocumentId> = fitting.map(|document| document.id.clone()).collect();
    let track = reprocess_track_id(now);
    let put_back = |id| processing::put_back(&mut contents, space, id, &track, now);
    Some(ids.iter().filter_map(put_back).collect())
}

fn is_busy(space: &Space, again: &[Again]) -> bool {
    let contents = space.contents();
    again.iter().any(|again| own(&contents, again).is_some_and(StoredDocument::is_in_flight))
}

/// The document, unless it was put back again since, and belongs to somebody else.
fn own<'a>(contents: &'a Contents, again: &Again) -> Option<&'a StoredDocument> {
    contents.documents.get(&again.document).filter(|document| document.task_id == again.task)
}
