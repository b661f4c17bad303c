//! The operations of the API, by resource. Each method gives a [`Call`](crate::Call): nothing is sent until it is awaited.

mod api_keys;
mod auth;
mod chunks;
mod documents;
mod health;
mod ingestion;
mod injections;
mod jobs;
mod lineage;
mod parse;
mod pdfs;
mod pipeline;
mod progress;
mod provenance;
mod query;
mod tasks;
mod tenants;
mod upload_and_wait;
mod users;
mod wait;
mod wait_all;
pub(crate) mod watch;
mod workspaces;

pub use api_keys::{ApiKeys, Rotation};
pub use auth::Auth;
pub use chunks::Chunks;
pub use documents::{Documents, Uploaded};
pub use health::Health;
pub use ingestion::Ingestion;
pub use injections::Injections;
pub use jobs::Jobs;
pub use lineage::Lineage;
pub use parse::Parse;
pub use pdfs::Pdfs;
pub use pipeline::Pipeline;
pub use progress::Progress;
pub use provenance::Provenance;
pub use query::Query;
pub use tasks::Tasks;
pub use tenants::Tenants;
pub use upload_and_wait::UploadAndWait;
pub use users::Users;
pub use wait::Wait;
pub use wait_all::{WaitAll, Waited};
pub use workspaces::Workspaces;

/// Declares a resource: a handle on the client, and how to get it.
macro_rules! resource {
    ($(#[$docs:meta])* $name:ident, $method:ident) => {
        $(#[$docs])*
        #[derive(Debug, Clone, Copy)]
        pub struct $name<'a> {
            client: &'a $crate::client::Client,
        }

        impl $crate::client::Client {
            $(#[$docs])*
            pub fn $method(&self) -> $name<'_> {
                $name { client: self }
            }
        }
    };
}

pub(crate) use resource;
