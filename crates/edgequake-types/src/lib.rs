//! Models and endpoints of the EdgeQuake Graph-RAG server, for both sides of the wire.
//!
//! Every operation is a request type that implements [`Endpoint`]: it knows its method, path, payload and answer. A client
//! turns it into an [`http::Request`]; a server routes by the same constants and reads it back. Nothing here does I/O or
//! needs a runtime.
//!
//! ```
//! use edgequake_types::{Decode, Endpoint};
//! use edgequake_types::session::{Login, LoginResponse};
//!
//! // The sending side.
//! let request = Login::new("mona@corp.test", "correct horse").to_request()?;
//! assert_eq!(request.uri(), "/api/v1/auth/login");
//!
//! // The receiving side.
//! let (parts, body) = request.into_parts();
//! let login = Login::from_request(&parts, &body.bytes().unwrap())?;
//! assert_eq!(login.username, "mona@corp.test");
//!
//! // The answer, read by the sender.
//! let answer = LoginResponse::decode(r#"{"access_token":"a","token_type":"Bearer","expires_in":3600}"#.into())?;
//! assert_eq!(answer.expires_in, Some(3600));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Reading is tolerant, writing is strict: unknown fields are ignored, `null` and absent are alike, open sets of words
//! keep words they do not know, whole numbers may come as `5.0` or `"5"`; what is written has the server's own names only.

mod aliases;
mod answer;
pub mod api_keys;
mod body;
pub mod documents;
mod endpoint;
mod error_body;
pub mod health;
mod id;
mod json_path;
pub mod multipart;
mod open_enum;
mod origin;
mod page;
mod path;
pub mod query;
mod request;
pub mod secret;
pub mod session;
pub mod setup;
pub mod tasks;
pub mod tenants;
#[cfg(test)]
mod testing;
mod timestamp;
mod tolerant;
pub mod users;
pub mod workspaces;

pub use answer::{Answer, Decode, Event, Events, StreamFailure};
pub use body::Body;
pub use endpoint::{Auth, Endpoint, Payload, Retry, Scope};
pub use error_body::{ErrorBody, ErrorShape};
pub use id::{DocumentId, IdError, KeyId, TenantId, TrackId, UserId, WorkspaceId};
pub use origin::{Origin, OriginError};
pub use page::{Paginated, Pagination};
pub use request::{DecodeError, EncodeError, from_json};
pub use secret::Secret;
pub use timestamp::Timestamp;
