//! Knowledge that is injected into a workspace. The workspace is that of the request, whatever the path names.

use std::sync::Arc;

use edgequake_types::injections::{
    AcceptedInjection, AddInjection, DeleteInjection, DeletedInjection, GetInjection, Injection,
    InjectionList, InjectionSource, InjectionStatus, ListInjections, UpdateInjection, UpdatedInjection,
    UploadInjection,
};
use edgequake_types::multipart::Form;
use edgequake_types::tasks::{TaskStatus, TaskType};
use edgequake_types::{InjectionId, Multipart, TrackId};
use http::StatusCode;
use http::request::Parts;
use serde_json::json;
use uuid::Uuid;

use super::upload::in_memory;
use crate::error::{Refusal, undecodable};
use crate::injecting;
use crate::processing;
use crate::reply::Reply;
use crate::route::Call;
use crate::state::injections::StoredInjection;
use crate::state::space::{Contents, Space};
use crate::stop::Stop;

/// The maximum size of a text, and of a name, in bytes.
const MAX_CONTENT: usize = 102_400;
const MAX_NAME: usize = 1_024;

/// The default size of a page, and the maximum one.
const DEFAULT_LIMIT: u64 = 50;
const MAX_LIMIT: u64 = 100;

pub(super) const PARTS: &[&str] = &["name", "file"];

pub(super) fn decode(parts: &Parts, form: Form) -> Result<UploadInjection, Refusal> {
    let workspace = parts.uri.path().split('/').nth(4).unwrap_or_default();
    let workspace = percent_encoding::percent_decode_str(workspace).decode_utf8_lossy().into_owned();
    let request = UploadInjection::from_form(form, &[("workspace_id", workspace)]);
    request.map_err(|error| undecodable(&error, false))
}

/// # Errors
///
/// 400 for a name that is blank or too long.
fn check_name(name: &str) -> Result<(), Refusal> {
    if name.trim().is_empty() || name.len() > MAX_NAME {
        return Err(Refusal::bad_request(format!("name must have 1 to {MAX_NAME} bytes, and not be blank")));
    }
    Ok(())
}

/// # Errors
///
/// 400 for a text that is blank, 413 for one that is too large.
fn check_content(content: &str) -> Result<(), Refusal> {
    if content.trim().is_empty() {
        return Err(Refusal::bad_request("content must not be blank"));
    }
    if content.len() > MAX_CONTENT {
        return Err(too_large(format!("content must not be larger than {MAX_CONTENT} bytes")));
    }
    Ok(())
}

fn too_large(message: impl Into<String>) -> Refusal {
    Refusal::coded(StatusCode::PAYLOAD_TOO_LARGE, "PAYLOAD_TOO_LARGE", message)
}

fn no_room() -> Refusal {
    too_large("The server has no room for more text; delete documents first")
}

fn create_task(
    call: &Call,
    space: &Space,
    contents: &mut Contents,
    id: &InjectionId,
    version: u64,
) -> TrackId {
    let about = json!({ "injection_id": id, "version": version });
    contents.tasks.create_about(TaskType::KnowledgeInjection, &space.place, None, Some(about), call.now)
}

fn store(
    call: &Call,
    name: String,
    content: String,
    source: InjectionSource,
) -> Result<Reply<AcceptedInjection>, Refusal> {
    check_name(&name)?;
    check_content(&content)?;
    let place = call.workspace(Refusal::bad_request)?;
    let space = call.app.spaces.open(&place);
    let id = InjectionId::new(Uuid::new_v4().to_string());
    {
        let mut contents = space.contents();
        let task_id = create_task(call, &space, &mut contents, &id, 1);
        let injection = StoredInjection {
            id: id.clone(),
            name,
            content: Arc::new(content),
            version: 1,
            source,
            status: InjectionStatus::Processing,
            error: None,
            entity_count: 0,
            task_id: task_id.clone(),
            created_at: call.now,
            updated_at: call.now,
            stop: Stop::default(),
            sequence: 0,
        };
        if !contents.injections.insert(injection) {
            contents.tasks.fail(&task_id, "queued", "There is no room for the text", call.now);
            contents.tasks.release(&task_id);
            return Err(no_room());
        }
    }
    injecting::process(&call.app, &space, id.clone());
    Ok(Reply::new(AcceptedInjection::new(id, place.workspace, 1_u64, InjectionStatus::Processing)))
}

pub(super) async fn add(call: Call, request: AddInjection) -> Result<Reply<AcceptedInjection>, Refusal> {
    store(&call, request.name, request.content, InjectionSource::Text)
}

pub(super) async fn upload(
    call: Call,
    request: UploadInjection,
) -> Result<Reply<AcceptedInjection>, Refusal> {
    let bytes = in_memory(request.content);
    if bytes.len() > MAX_CONTENT {
        return Err(too_large(format!("The file must not be larger than {MAX_CONTENT} bytes")));
    }
    let content = String::from_utf8(bytes.into());
    let content = content.map_err(|_| Refusal::bad_request("The file is not UTF-8 text"))?;
    store(&call, request.name, content, InjectionSource::File)
}

pub(super) async fn list(call: Call, request: ListInjections) -> Result<Reply<InjectionList>, Refusal> {
    let place = call.workspace(Refusal::bad_request)?;
    let limit = request.limit.unwrap_or(DEFAULT_LIMIT).clamp(1, MAX_LIMIT);
    let offset = request.offset.unwrap_or(0);
    let (mut items, mut total) = (Vec::new(), 0);
    if let Some(space) = call.app.spaces.get(&place) {
        let contents = space.contents();
        total = contents.injections.len() as u64;
        let skipped = usize::try_from(offset).unwrap_or(usize::MAX);
        let page = contents.injections.newest_first().skip(skipped);
        items =
            page.take(usize::try_from(limit).unwrap_or(usize::MAX)).map(StoredInjection::summary).collect();
    }
    Ok(Reply::new(InjectionList::new(items, total, offset, limit)))
}

/// The workspace of the request, if it has such a text.
fn find(call: &Call, id: &InjectionId) -> Result<(Arc<Space>, StoredInjection), Refusal> {
    let place = call.workspace(Refusal::bad_request)?;
    let unknown = || Refusal::not_found(format!("injection {id}"));
    let space = call.app.spaces.get(&place).ok_or_else(unknown)?;
    let found = space.contents().injections.get(id).cloned().ok_or_else(unknown)?;
    Ok((space, found))
}

pub(super) async fn get(call: Call, request: GetInjection) -> Result<Reply<Injection>, Refusal> {
    find(&call, &request.injection_id).map(|(_, found)| Reply::new(found.detail()))
}

/// Another text is processed anew, also the same one again.
pub(super) async fn update(call: Call, request: UpdateInjection) -> Result<Reply<UpdatedInjection>, Refusal> {
    request.name.as_deref().map(check_name).transpose()?;
    request.content.as_deref().map(check_content).transpose()?;
    let id = request.injection_id;
    let (space, _) = find(&call, &id)?;
    let is_new = request.content.is_some();
    let changed = {
        let mut contents = space.contents();
        let before = contents.injections.get(&id).cloned();
        let before = before.ok_or_else(|| Refusal::not_found(format!("injection {id}")))?;
        let mut injection = before.clone();
        injection.name = request.name.unwrap_or(injection.name);
        injection.updated_at = call.now;
        if let Some(content) = request.content {
            injection.content = Arc::new(content);
            injection.version += 1;
            injection.status = InjectionStatus::Processing;
            (injection.error, injection.stop) = (None, Stop::default());
            injection.task_id = create_task(&call, &space, &mut contents, &id, injection.version);
        }
        if !contents.injections.replace(injection.clone()) {
            if is_new {
                contents.tasks.fail(&injection.task_id, "queued", "There is no room for the text", call.now);
                contents.tasks.release(&injection.task_id);
            }
            return Err(no_room());
        }
        if is_new {
            before.stop.stop();
            if before.status == InjectionStatus::Processing {
                contents.tasks.finish(&before.task_id, TaskStatus::Cancelled, None, call.now);
            }
            contents.tasks.release(&before.task_id);
        }
        injection
    };
    if is_new {
        injecting::process(&call.app, &space, id.clone());
    }
    let workspace = space.place.workspace.clone();
    Ok(Reply::new(UpdatedInjection::new(id, workspace, changed.version, changed.status)))
}

pub(super) async fn delete(call: Call, request: DeleteInjection) -> Result<Reply<DeletedInjection>, Refusal> {
    let id = request.injection_id;
    let (space, found) = find(&call, &id)?;
    if found.status == InjectionStatus::Processing {
        // It may have ended since.
        let _ = injecting::cancel(&call.app, &space, &id);
    }
    let removed = space.contents().remove_injection(&id);
    let removed = removed.ok_or_else(|| Refusal::not_found(format!("injection {id}")))?;
    processing::remove_from_index(&space, vec![removed.indexed()]).await;
    let mut deleted = DeletedInjection::default();
    (deleted.deleted, deleted.message) = (true, Some("The injection was deleted".to_owned()));
    Ok(Reply::new(deleted))
}
