//! Workspaces (`/api/v1/tenants/{tenant_id}/workspaces`, `/api/v1/workspaces/{workspace_id}/...`).
//!
//! Servers demand that a call about one workspace is also sent in it, so these requests name their
//! [`scope`](crate::Endpoint::scope) themselves.
//!
//! ```
//! use edgequake_types::{Endpoint, WorkspaceId};
//! use edgequake_types::workspaces::{GetWorkspaceStats, UpdateWorkspace};
//!
//! let workspace = WorkspaceId::new("7b0e2b52-6a53-4b0c-9b43-0f6b6a1d9f21")?;
//! let update = UpdateWorkspace::new(&workspace).name("Bridges").max_documents(500);
//! assert_eq!(update.to_request()?.uri(), "/api/v1/workspaces/7b0e2b52-6a53-4b0c-9b43-0f6b6a1d9f21");
//! assert_eq!(GetWorkspaceStats::new(&workspace).scope().workspace, Some(workspace));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod create;
mod list;
mod model;
mod one;
mod settings;

pub use create::CreateWorkspace;
pub use list::{GetWorkspaceBySlug, ListWorkspaces, WorkspaceList};
pub use model::{Workspace, WorkspaceStats};
pub use one::{DeleteWorkspace, GetWorkspace, GetWorkspaceStats, UpdateWorkspace};
pub use settings::WorkspaceSettings;

#[cfg(test)]
mod tests;
