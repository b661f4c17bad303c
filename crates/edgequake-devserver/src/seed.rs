//! [`SeedDocument`]: a document that is there without an upload.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use edgequake_types::tasks::{TaskStatus, TaskType};
use edgequake_types::{DocumentId, TenantId, WorkspaceId};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::app::App;
use crate::clock::Timestamp;
use crate::digest;
use crate::place::Place;
use crate::processing;
use crate::state::document::StoredDocument;
use crate::state::new_track_id;
use crate::state::space::Space;
use crate::stop::Stop;

/// A document that is there, processed, without an upload. In JSON, as the file of `--seed` and the endpoint
/// `/__dev/seed` have it, only `title` and `content` are needed.
///
/// ```
/// use edgequake_devserver::SeedDocument;
///
/// let document: SeedDocument = serde_json::from_str(r#"{"title": "Bridge", "content": "It opened in 1931."}"#)?;
/// assert_eq!(document, SeedDocument::new("Bridge", "It opened in 1931."));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct SeedDocument {
    /// The title.
    pub title: String,
    /// The text; not blank.
    pub content: String,
    /// The name of the file that it came from. Default none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file_name: Option<String>,
    /// Anything about the document. Default none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Value>,
    /// The tenant of its workspace. Default: the server's default one.
    #[serde(default = "TenantId::server_default")]
    pub tenant_id: TenantId,
    /// Its workspace. Default: the server's default one.
    #[serde(default = "WorkspaceId::server_default")]
    pub workspace_id: WorkspaceId,
}

impl SeedDocument {
    /// A document in the default workspace.
    pub fn new(title: impl Into<String>, content: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            content: content.into(),
            file_name: None,
            metadata: None,
            tenant_id: TenantId::server_default(),
            workspace_id: WorkspaceId::server_default(),
        }
    }

    /// The same document in another workspace, which must exist.
    #[must_use]
    pub fn in_workspace(mut self, tenant: TenantId, workspace: WorkspaceId) -> Self {
        (self.tenant_id, self.workspace_id) = (tenant, workspace);
        self
    }
}

/// Why a document cannot be seeded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SeedError {
    /// There is no text.
    #[non_exhaustive]
    #[error("the document {title:?} is blank")]
    Blank {
        /// Its title.
        title: String,
    },
    /// The workspace does not exist.
    #[non_exhaustive]
    #[error("the document {title:?} belongs to a workspace that does not exist: {workspace_id}")]
    Workspace {
        /// Its title.
        title: String,
        /// The workspace.
        workspace_id: WorkspaceId,
    },
    /// Processing has panicked, or the runtime ends.
    #[non_exhaustive]
    #[error(
        "the document {title:?} was not processed, because of a bug of the server or because the runtime ends"
    )]
    Unprocessed {
        /// Its title.
        title: String,
    },
    /// All documents together would be too large.
    #[non_exhaustive]
    #[error("there is no room for the document {title:?}; a server holds 256 MiB of text")]
    Room {
        /// Its title.
        title: String,
    },
}

/// The place of a document that has a text and a workspace.
pub(crate) fn check(app: &App, seed: &SeedDocument) -> Result<Place, SeedError> {
    let title = || seed.title.clone();
    if seed.content.trim().is_empty() {
        return Err(SeedError::Blank { title: title() });
    }
    let place = Place { tenant: seed.tenant_id.clone(), workspace: seed.workspace_id.clone() };
    if app.directory().tenancy.workspace(&place).is_none() {
        return Err(SeedError::Workspace { title: title(), workspace_id: place.workspace });
    }
    Ok(place)
}

/// Stores a document and processes it at once, which blocks the thread. One with the same content is replaced. Once it is
/// stopped, the document stays as it is.
pub(crate) fn seed(app: &Arc<App>, seed: SeedDocument, stop: &Stop) -> Result<DocumentId, SeedError> {
    let place = check(app, &seed)?;
    let SeedDocument { title, content, file_name, metadata, .. } = seed;
    let space = app.spaces.open(&place);
    let now = app.clock.timestamp();
    let id = DocumentId::new(Uuid::new_v4().to_string());
    let hash = digest::sha256_hex(content.as_bytes());
    let replaced = {
        let mut contents = space.contents();
        let same = contents.documents.with_hash(&hash).map(|same| same.id.clone());
        let replaced = same.and_then(|same| processing::remove_document(app, &space, &mut contents, &same));
        let task_id = contents.tasks.create(TaskType::Insert, &place, Some(id.clone()), now);
        let document = StoredDocument {
            title: title.clone(),
            file_name,
            metadata,
            track_id: new_track_id(now, "upload"),
            task_id: task_id.clone(),
            ..StoredDocument::waiting(id.clone(), content, hash, now)
        };
        if !contents.documents.insert(document) {
            contents.tasks.finish(&task_id, TaskStatus::Failed, Some(json!({})), now);
            contents.tasks.release(&task_id);
            return Err(SeedError::Room { title });
        }
        replaced
    };
    if let Some(replaced) = replaced {
        remove(&space, &replaced.id);
    }
    process(&space, &id, title, now, || processing::ingest_now(app, &space, id.clone(), stop))?;
    Ok(id)
}

/// Processes a document, which is gone if that panics.
fn process(
    space: &Space,
    id: &DocumentId,
    title: String,
    now: Timestamp,
    work: impl FnOnce(),
) -> Result<(), SeedError> {
    std::panic::catch_unwind(AssertUnwindSafe(work)).map_err(|_| {
        space.contents().remove(id, now);
        SeedError::Unprocessed { title }
    })
}

fn remove(space: &Space, document: &DocumentId) {
    space.change_index(|index| index.remove(document));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::DevServer;

    #[tokio::test]
    async fn a_panic_of_processing_is_told_as_such_and_leaves_nothing() {
        let backend = DevServer::builder().build().unwrap();
        let id = backend.seed(SeedDocument::new("Bridge", "It opened in 1931.")).await.unwrap();
        let space = backend.app().spaces.open(&Place::server_default());
        let title = "Bridge".to_owned();
        let error =
            process(&space, &id, title.clone(), Timestamp::UNIX_EPOCH, || panic!("on purpose")).unwrap_err();
        assert_eq!(error, SeedError::Unprocessed { title });
        assert!(space.contents().documents.get(&id).is_none());
    }
}
