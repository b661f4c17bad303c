//! [`OPERATIONS`]: the table of all operations. Each is declared in the file of its group, such as `documents.rs`.

use crate::Operation;
use crate::{
    api_keys, chunks, documents, health, ingestion, injections, jobs, lineage, parse, pdf, pipeline,
    provenance, query, session, setup, tasks, tenants, users, workspaces,
};

/// Makes the tables out of the one list of groups.
macro_rules! catalog {
    ($($group:ident::OPERATIONS),+ $(,)?) => {
        /// All declared operations, a slice a group.
        ///
        /// ```
        /// use edgequake_types::{Auth, OPERATIONS};
        ///
        /// let open = OPERATIONS.iter().copied().flatten().filter(|operation| operation.auth == Auth::Public);
        /// assert!(open.map(|operation| operation.path).any(|path| path == "/api/v1/auth/login"));
        /// ```
        pub static OPERATIONS: &[&[Operation]] = &[$($group::OPERATIONS),+];

        /// The same with the functions of their types.
        #[cfg(feature = "__samples")]
        pub static SAMPLES: &[&[crate::endpoint::sample::Sample]] = &[$($group::SAMPLES),+];
    };
}

catalog! {
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
    pdf::OPERATIONS,
    pipeline::OPERATIONS,
    ingestion::OPERATIONS,
    provenance::OPERATIONS,
    chunks::OPERATIONS,
    lineage::OPERATIONS,
    injections::OPERATIONS,
    parse::OPERATIONS,
    jobs::OPERATIONS,
}
