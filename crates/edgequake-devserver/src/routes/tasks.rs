//! Following, cancelling and retrying background work.

use std::cmp::Ordering;
use std::sync::Arc;

use edgequake_types::documents::DocumentStatus;
use edgequake_types::tasks::{
    CancelTask, GetTask, ListTasks, RetryTask, SortOrder, Task, TaskList, TaskSort, TaskStatus, TaskType,
};
use edgequake_types::{Pagination, Timestamp, TrackId};

use super::deletion::mark_deleting;
use crate::cancelling;
use crate::config::Era;
use crate::conversions;
use crate::error::Refusal;
use crate::injecting;
use crate::processing;
use crate::reply::Reply;
use crate::route::Call;
use crate::state::document::StoredDocument;
use crate::state::page::Page;
use crate::state::space::Space;
use crate::state::tasks::{StoredTask, statistics};
use crate::state::work::Work;
use crate::stop::Stop;

pub(super) async fn list(call: Call, request: ListTasks) -> Result<Reply<TaskList>, Refusal> {
    let place = call.named_place(request.tenant_id.as_ref(), request.workspace_id.as_ref())?;
    let space = place.and_then(|place| call.app.spaces.get(&place));
    let contents = space.as_ref().map(|space| space.contents());
    let tasks = contents.as_ref().map(|contents| contents.tasks.newest_first()).into_iter().flatten();
    // Unknown values are ignored.
    let status = request.status.filter(|status| !matches!(status, TaskStatus::Other(_)));
    let task_type = request.task_type.filter(|task_type| !matches!(task_type, TaskType::Other(_)));
    let mut tasks: Vec<&Task> = tasks
        .map(|stored| &stored.task)
        .filter(|task| status.as_ref().is_none_or(|status| task.status == *status))
        .filter(|task| task_type.is_none() || task.task_type == task_type)
        .collect();
    let statistics = statistics(tasks.iter().copied());
    // They are newest first, and the sort is stable.
    match request.sort {
        Some(TaskSort::UpdatedAt) => {
            let updated = |task: &Task| task.updated_at.as_ref().map(|at| at.as_str().to_owned());
            tasks.sort_by_key(|task| std::cmp::Reverse(updated(task)));
        }
        Some(TaskSort::Status) => tasks.sort_by(|a, b| b.status.as_str().cmp(a.status.as_str())),
        _ => {}
    }
    if request.order == Some(SortOrder::Ascending) {
        tasks.reverse();
    }
    let total = tasks.len() as u64;
    let mut number = request.page;
    if call.app.config.era == Era::C
        && let (Some(after), Some(created_at)) = (&request.after_track_id, &request.after_created_at)
    {
        number = None;
        let ascending = request.order == Some(SortOrder::Ascending);
        skip_to_behind(&mut tasks, after, created_at, ascending);
    }
    let page = Page::new(tasks, number, request.page_size, 100);
    let pagination = Pagination::new(total, page.page, page.page_size);
    let mut list = TaskList::new(page.items.into_iter().cloned().collect(), pagination);
    list.statistics = statistics;
    Ok(Reply::new(list))
}

/// Leaves out what stands before a task of this id, and the task. If it is there no more, the time tells where it stood.
fn skip_to_behind(tasks: &mut Vec<&Task>, id: &TrackId, created_at: &Timestamp, ascending: bool) {
    match tasks.iter().position(|task| task.track_id == *id) {
        Some(place) => drop(tasks.drain(..=place)),
        None => tasks.retain(|task| {
            let behind = if ascending { Ordering::Greater } else { Ordering::Less };
            let created = task.created_at.as_ref().map(Timestamp::as_str);
            created.is_some_and(|created| created.cmp(created_at.as_str()) == behind)
        }),
    }
}

/// The workspace of the request and the task in it.
fn find(call: &Call, track_id: &TrackId) -> Result<(Arc<Space>, StoredTask), Refusal> {
    let unknown = || Refusal::not_found(format!("task {track_id}"));
    let space = call.space().ok_or_else(unknown)?;
    let task = space.contents().tasks.get(track_id).cloned().ok_or_else(unknown)?;
    Ok((space, task))
}

/// The workspace of the request, and the task of the document on a track, if that has one document.
fn find_on_track(call: &Call, track: &TrackId) -> Option<(Arc<Space>, StoredTask)> {
    let space = call.space()?;
    let task = {
        let contents = space.contents();
        let mut documents = contents.documents.on_track(track);
        let only = documents.next().filter(|_| documents.next().is_none())?;
        contents.tasks.get(&only.task_id)?.clone()
    };
    Some((space, task))
}

pub(super) async fn get(call: Call, request: GetTask) -> Result<Reply<Task>, Refusal> {
    let (space, StoredTask { mut task, document, .. }) = find(&call, &request.track_id)?;
    if call.app.config.era == Era::C
        && task.status == TaskStatus::Pending
        && let Some(waiting) = document.and_then(|id| {
            let contents = space.contents();
            let queue = contents.documents.queue(call.app.config.workers, call.app.config.processing_delay);
            queue.place(contents.documents.get(&id)?)
        })
    {
        task.queue_position = Some(waiting.position);
        task.eta_seconds = Some(waiting.eta_seconds);
        task.eta_basis = Some(waiting.eta_basis.to_owned());
    }
    Ok(Reply::new(task))
}

pub(super) async fn cancel(call: Call, request: CancelTask) -> Result<Reply<Option<Task>>, Refusal> {
    let (space, StoredTask { task, .. }) = find(&call, &request.track_id)
        .or_else(|unknown| find_on_track(&call, &request.track_id).ok_or(unknown))?;
    if task.status == TaskStatus::Cancelled {
        return Ok(Reply::new(Some(task)));
    }
    let conflict = || Refusal::conflict(format!("Task {} can no longer be cancelled", task.track_id));
    let cancelled = cancelling::cancel_task(&call.app, &space, &task.track_id).ok_or_else(conflict)?;
    Ok(Reply::new(Some(cancelled)))
}

/// Processes the document of a failed task again, or deletes it after all.
pub(super) async fn retry(call: Call, request: RetryTask) -> Result<Reply<Option<Task>>, Refusal> {
    let (space, StoredTask { task, document, .. }) = find(&call, &request.track_id)?;
    let mut contents = space.contents();
    let is_deletion = task.task_type == Some(TaskType::Deletion);
    let Some(document) = document else {
        drop(contents);
        if let Some(task) = retry_other(&call, &space, &request.track_id) {
            return Ok(Reply::new(task?));
        }
        return Err(Refusal::conflict(format!(
            "Task {} cannot be tried again; ask for its work again",
            task.track_id
        )));
    };
    let is_its_own = |known: &StoredDocument| {
        known.status != DocumentStatus::Deleting && (is_deletion || known.task_id == task.track_id)
    };
    if !contents.documents.get(&document).is_some_and(is_its_own) {
        let message = format!("The document of task {} is gone, or has another task", task.track_id);
        return Err(Refusal::conflict(message));
    }
    if !contents.tasks.retry(&request.track_id, call.now) {
        let message = format!("Task {} has not failed, or was retried too often", task.track_id);
        return Err(Refusal::conflict(message));
    }
    if is_deletion {
        mark_deleting(&call, &space, &mut contents, &document, Some(&task.track_id));
    } else {
        contents.documents.update(&document, |document| {
            document.status = DocumentStatus::Pending;
            document.stage = "queued";
            (document.progress, document.message) = (0.0, None);
            document.stop = Stop::default();
            document.work = Work::default();
            document.updated_at = call.now;
            Some(())
        });
    }
    let retried = contents.tasks.get(&request.track_id).map(|stored| stored.task.clone());
    drop(contents);
    if is_deletion {
        processing::delete(&call.app, &space, vec![document], task.track_id);
    } else {
        processing::ingest(&call.app, &space, document);
    }
    Ok(Reply::new(retried))
}

/// Converts the file of a failed task again, or processes its injected text; `None` for a task of something else.
fn retry_other(call: &Call, space: &Arc<Space>, track_id: &TrackId) -> Option<Result<Option<Task>, Refusal>> {
    let mut contents = space.contents();
    let pdf = contents.pdfs.of_task(track_id).map(|pdf| pdf.id.clone());
    if pdf.is_none() && contents.injections.of_task(track_id).is_none() {
        return None;
    }
    if !contents.tasks.retry(track_id, call.now) {
        let message = format!("Task {track_id} has not failed, or was retried too often");
        return Some(Err(Refusal::conflict(message)));
    }
    let pdf = pdf.filter(|pdf| conversions::requeue(&mut contents, pdf, track_id.clone(), call.now));
    let injection = injecting::requeue(&mut contents, track_id, call.now);
    let task = contents.tasks.get(track_id).map(|stored| stored.task.clone());
    drop(contents);
    if let Some(injection) = injection {
        injecting::process(&call.app, space, injection);
    }
    #[cfg(feature = "pdf")]
    if let Some(pdf) = pdf {
        crate::converting::convert(&call.app, space, pdf);
    }
    #[cfg(not(feature = "pdf"))]
    drop(pdf);
    Some(Ok(task))
}
