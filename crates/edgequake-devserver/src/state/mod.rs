//! The data of the server, in memory.

pub(crate) mod accounts;
pub(crate) mod api_keys;
pub(crate) mod documents;
pub(crate) mod page;
pub(crate) mod resources;
pub(crate) mod sessions;
pub(crate) mod tasks;
pub(crate) mod tenancy;

use edgequake_types::{TenantId, UserId, WorkspaceId};
use uuid::Uuid;

use crate::place::Place;

/// The user of every caller when authentication is off.
pub(crate) const BUILT_IN_USER: &str = "00000000-0000-0000-0000-000000000001";

/// All tables.
#[derive(Debug, Default)]
pub(crate) struct Store {
    pub(crate) accounts: accounts::Accounts,
    pub(crate) api_keys: api_keys::ApiKeys,
    pub(crate) documents: documents::Documents,
    pub(crate) sessions: sessions::Sessions,
    pub(crate) tasks: tasks::Tasks,
    pub(crate) tenancy: tenancy::Tenancy,
}

impl Store {
    /// Removes the documents and tasks of a workspace that was deleted.
    pub(crate) fn remove_place(&mut self, place: &Place) {
        self.documents.remove_place(place);
        self.tasks.remove_place(place);
    }
}

#[expect(clippy::expect_used, reason = "a hyphenated UUID is a valid id, whatever its digits")]
pub(crate) fn user_id(id: &str) -> UserId {
    UserId::new(id).expect("a UUID")
}

/// A new id for an account.
pub(crate) fn new_user_id() -> UserId {
    user_id(&Uuid::new_v4().to_string())
}

/// A new id for a tenant.
#[expect(clippy::expect_used, reason = "a hyphenated UUID is a valid id, whatever its digits")]
pub(crate) fn new_tenant_id() -> TenantId {
    TenantId::new(Uuid::new_v4().to_string()).expect("a UUID")
}

/// A new id for a workspace.
#[expect(clippy::expect_used, reason = "a hyphenated UUID is a valid id, whatever its digits")]
pub(crate) fn new_workspace_id() -> WorkspaceId {
    WorkspaceId::new(Uuid::new_v4().to_string()).expect("a UUID")
}
