//! [`OPERATIONS`]: the table of all operations. Each is declared in the file of its group, such as `documents.rs`.

use crate::Operation;
use crate::{api_keys, documents, health, query, session, setup, tasks, tenants, users, workspaces};

/// All declared operations, a slice a group.
///
/// ```
/// use edgequake_types::{Auth, OPERATIONS};
///
/// let open = OPERATIONS.iter().copied().flatten().filter(|operation| operation.auth == Auth::Public);
/// assert!(open.map(|operation| operation.path).any(|path| path == "/api/v1/auth/login"));
/// ```
pub static OPERATIONS: &[&[Operation]] = &[
    health::OPERATIONS,
    session::OPERATIONS,
    setup::OPERATIONS,
    users::OPERATIONS,
    api_keys::OPERATIONS,
    tenants::OPERATIONS,
    workspaces::OPERATIONS,
    documents::OPERATIONS,
    query::OPERATIONS,
    tasks::OPERATIONS,
];
