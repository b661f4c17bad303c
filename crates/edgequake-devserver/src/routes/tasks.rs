//! Following and cancelling background work.

use edgequake_types::documents::DocumentStatus;
use edgequake_types::tasks::{
    CancelTask, GetTask, ListTasks, RetryTask, SortOrder, Task, TaskList, TaskSort, TaskStatus, TaskType,
};
use edgequake_types::{Pagination, TrackId};

use crate::error::Refusal;
use crate::processing;
use crate::reply::Reply;
use crate::route::Call;
use crate::state::Store;
use crate::state::page::Page;
use crate::state::tasks::{StoredTask, statistics};

pub(super) async fn list(call: Call, request: ListTasks) -> Result<Reply<TaskList>, Refusal> {
    let store = call.app.store();
    let tasks = call.scope.named_place().map(|place| store.tasks.in_place(place)).unwrap_or_default();
    // Unknown values are ignored.
    let status = request.status.filter(|status| !matches!(status, TaskStatus::Other(_)));
    let task_type = request.task_type.filter(|task_type| !matches!(task_type, TaskType::Other(_)));
    let mut tasks: Vec<&Task> = tasks
        .into_iter()
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
    let page = Page::new(tasks, request.page, request.page_size, 100);
    let pagination = Pagination::new(page.total, page.page, page.page_size);
    let mut list = TaskList::new(page.items.into_iter().cloned().collect(), pagination);
    list.statistics = statistics;
    Ok(Reply::new(list))
}

pub(super) async fn get(call: Call, request: GetTask) -> Result<Reply<Task>, Refusal> {
    Ok(Reply::new(find(&call, &call.app.store(), &request.track_id)?.task.clone()))
}

fn find<'a>(call: &Call, store: &'a Store, track_id: &TrackId) -> Result<&'a StoredTask, Refusal> {
    let found = call.scope.place().and_then(|place| store.tasks.get(place, track_id));
    found.ok_or_else(|| Refusal::not_found(format!("task {track_id}")))
}

pub(super) async fn cancel(call: Call, request: CancelTask) -> Result<Reply<Option<Task>>, Refusal> {
    let mut store = call.app.store();
    let StoredTask { task, document, .. } = find(&call, &store, &request.track_id)?.clone();
    if task.status == TaskStatus::Cancelled {
        return Ok(Reply::new(Some(task)));
    }
    if task.status.is_terminal() || task.task_type != Some(TaskType::Insert) {
        return Err(Refusal::conflict(format!("Task {} can no longer be cancelled", task.track_id)));
    }
    if let Some(document) = document.and_then(|id| store.documents.get_mut(&id)) {
        document.status = DocumentStatus::Cancelled;
        document.stage = "cancelled";
        document.updated_at = call.now;
    }
    store.tasks.finish(&request.track_id, TaskStatus::Cancelled, None, call.now);
    Ok(Reply::new(Some(find(&call, &store, &request.track_id)?.task.clone())))
}

/// Processes the document of a failed task again.
pub(super) async fn retry(call: Call, request: RetryTask) -> Result<Reply<Option<Task>>, Refusal> {
    let mut store = call.app.store();
    let StoredTask { task, document, .. } = find(&call, &store, &request.track_id)?.clone();
    if !store.tasks.retry(&request.track_id, call.now) {
        let message = format!("Task {} has not failed, or was retried too often", task.track_id);
        return Err(Refusal::conflict(message));
    }
    if let Some(document) = document.and_then(|id| store.documents.get_mut(&id)) {
        document.status = DocumentStatus::Pending;
        document.stage = "queued";
        document.message = None;
        document.updated_at = call.now;
        processing::ingest(&call.app, document.id.clone());
    }
    Ok(Reply::new(Some(find(&call, &store, &request.track_id)?.task.clone())))
}
