//! Injected knowledge: short texts that a workspace knows beside its documents (`/api/v1/workspaces/{workspace_id}/injection...`).
//!
//! The server goes by the header `X-Workspace-ID`, not by the path, so these requests name their [`scope`](crate::Endpoint::scope)
//! themselves.
//!
//! ```
//! use edgequake_types::{Decode, Endpoint, WorkspaceId};
//! use edgequake_types::injections::{AcceptedInjection, AddInjection, InjectionStatus};
//!
//! let workspace = WorkspaceId::new("7b0e2b52-6a53-4b0c-9b43-0f6b6a1d9f21")?;
//! let request = AddInjection::new(&workspace, "Glossary", "GG: the Golden Gate Bridge").to_request()?;
//! assert_eq!(request.headers()["x-workspace-id"], workspace.as_str());
//!
//! let accepted = AcceptedInjection::from_body(r#"{"injection_id":"i-1","version":1,"status":"processing"}"#)?;
//! assert_eq!(accepted.status, InjectionStatus::Processing);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod form;
mod list;
mod pages;
mod words;

pub use self::{list::*, words::*};

use crate::multipart::Content;
use crate::prelude::*;

operations! {
    "injections":
    AddInjection, UploadInjection, ListInjections, GetInjection, UpdateInjection, DeleteInjection,
}

/// Adds a text. Each call makes another injection; none is replaced by its name.
///
/// Errors: 400 for a blank name or text; 413 for a text of more than 102,400 bytes.
#[operation(
    PUT "/api/v1/workspaces/{workspace_id}/injection" -> AcceptedInjection, Required, Refused, Json, new(workspace_id, name, content), eq
)]
pub struct AddInjection {
    /// The workspace.
    pub workspace_id: WorkspaceId,
    /// A name for the text.
    pub name: String,
    /// The text, at most 102,400 bytes.
    pub content: String,
}

/// Adds a text that is in a file. Each call makes another injection; none is replaced by its name.
///
/// Errors: 400 for a blank name and for another file; 413 for a file that is too large.
#[operation(
    PUT "/api/v1/workspaces/{workspace_id}/injection/file" -> AcceptedInjection, Required, Refused, Multipart,
    new(workspace_id, name, file_name, content)
)]
pub struct UploadInjection {
    /// The workspace.
    pub workspace_id: WorkspaceId,
    /// A name for the text.
    pub name: String,
    /// The name of the file. Only its last component is sent.
    pub file_name: String,
    /// What is in it.
    pub content: Content,
}

/// The answer to whatever makes or changes an injection.
#[model(answer(202), new(injection_id, workspace_id, version, status), eq)]
pub struct AcceptedInjection {
    /// The injection.
    pub injection_id: InjectionId,
    /// Its workspace.
    pub workspace_id: Option<WorkspaceId>,
    /// The version of its text, from 1.
    pub version: u64,
    /// How far its processing has come.
    pub status: InjectionStatus,
    /// Its name, from some servers.
    pub name: Option<String>,
}

/// Reads an injection with its text.
///
/// Errors: 404 for an unknown id.
#[operation(
    GET "/api/v1/workspaces/{workspace_id}/injections/{injection_id}" -> Injection, Required, Safe, None, new(workspace_id, injection_id), eq
)]
pub struct GetInjection {
    /// The workspace.
    pub workspace_id: WorkspaceId,
    /// The injection.
    pub injection_id: InjectionId,
}

/// An injection with its text.
#[model(answer, new(injection_id, name, content, status), eq)]
pub struct Injection {
    /// Its id.
    pub injection_id: InjectionId,
    /// Its name.
    #[field(default)]
    pub name: String,
    /// The text.
    #[field(default)]
    pub content: String,
    /// The version of the text, from 1.
    pub version: u64,
    /// How far its processing has come.
    pub status: Option<InjectionStatus>,
    /// How many entities were found in it.
    pub entity_count: u64,
    /// Where the text came from.
    pub source_type: Option<InjectionSource>,
    /// Why processing failed.
    pub error: Option<String>,
    /// When it was added.
    pub created_at: Option<Timestamp>,
    /// When it last changed.
    pub updated_at: Option<Timestamp>,
}

/// Changes an injection. What is `None` stays as it is. Another text is processed anew, under the next version.
///
/// Errors: 400 for a blank name or text; 404 for an unknown id; 413 for a text of more than 102,400 bytes.
#[operation(
    PATCH "/api/v1/workspaces/{workspace_id}/injections/{injection_id}" -> UpdatedInjection, Required, Refused, Json,
    new(workspace_id, injection_id), eq
)]
pub struct UpdateInjection {
    /// The workspace.
    pub workspace_id: WorkspaceId,
    /// The injection.
    pub injection_id: InjectionId,
    /// The new name.
    pub name: Option<String>,
    /// The new text, at most 102,400 bytes.
    pub content: Option<String>,
}

/// The answer to [`UpdateInjection`].
#[model(answer, new(injection_id, workspace_id, version, status), eq)]
pub struct UpdatedInjection {
    /// The injection.
    pub injection_id: InjectionId,
    /// Its workspace.
    pub workspace_id: Option<WorkspaceId>,
    /// The version of its text, from 1.
    pub version: u64,
    /// How far its processing has come.
    pub status: InjectionStatus,
}

/// Deletes an injection and everything that came only from it.
///
/// Errors: 404 for an unknown id.
#[operation(
    DELETE "/api/v1/workspaces/{workspace_id}/injections/{injection_id}" -> DeletedInjection, Required, Safe, None,
    new(workspace_id, injection_id), eq
)]
pub struct DeleteInjection {
    /// The workspace.
    pub workspace_id: WorkspaceId,
    /// The injection.
    pub injection_id: InjectionId,
}

/// The answer to [`DeleteInjection`]. Some servers answer without a body, which means that it is gone.
#[model(answer(or_empty), known, default, eq)]
pub struct DeletedInjection {
    /// Whether it is gone.
    #[field(default = pages::gone)]
    pub deleted: bool,
    /// A sentence about it.
    pub message: Option<String>,
}

#[cfg(test)]
mod tests;
