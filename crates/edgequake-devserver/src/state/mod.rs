//! The data of the server, in memory.

pub(crate) mod accounts;
pub(crate) mod api_keys;
pub(crate) mod work;
pub(crate) mod document;
pub(crate) mod queue;
pub(crate) mod activity;
pub(crate) mod documents;
pub(crate) mod extraction;
pub(crate) mod injections;
pub(crate) mod page;
#[cfg(feature = "pdf")]
pub(crate) mod parse_jobs;
pub(crate) mod pdf;
pub(crate) mod pdfs;
pub(crate) mod resources;
pub(crate) mod sessions;
pub(crate) mod space;
pub(crate) mod tasks;
pub(crate) mod tenancy;

use edgequake_types::{TenantId, TrackId, UserId, WorkspaceId};
use uuid::Uuid;

use crate::clock::{Timestamp, rfc3339};

/// The user of every caller when authentication is off.
pub(crate) const BUILT_IN_USER: &str = "00000000-0000-0000-0000-000000000001";

/// What belongs to no workspace: users, keys, sessions, tenants and the list of workspaces.
#[derive(Debug, Clone, Default)]
pub(crate) struct Directory {
    pub(crate) accounts: accounts::Accounts,
    pub(crate) api_keys: api_keys::ApiKeys,
    pub(crate) sessions: sessions::Sessions,
    pub(crate) tenancy: tenancy::Tenancy,
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

/// A new id for a track: what begins it, such as `upload`, the time down to seconds, and eight random hexadecimal digits.
pub(crate) fn new_track_id(now: Timestamp, by: &str) -> TrackId {
    TrackId::new(format!("{by}_{}{}_{}", digits(now, 0, 8), digits(now, 8, 6), random_digits()))
}

/// A new id for the track of documents that are processed again: `reprocess_`, the date, the time and eight random hexadecimal
/// digits.
pub(crate) fn reprocess_track_id(now: Timestamp) -> TrackId {
    TrackId::new(format!("reprocess_{}_{}_{}", digits(now, 0, 8), digits(now, 8, 6), random_digits()))
}

/// So many digits of a date and time, without what precedes them.
fn digits(now: Timestamp, skip: usize, count: usize) -> String {
    rfc3339(now).as_str().chars().filter(char::is_ascii_digit).skip(skip).take(count).collect()
}

fn random_digits() -> String {
    Uuid::new_v4().simple().to_string().chars().take(8).collect()
}
