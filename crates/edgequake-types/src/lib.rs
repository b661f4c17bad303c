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
//! let answer = LoginResponse::from_body(r#"{"access_token":"a","token_type":"Bearer","expires_in":3600}"#)?;
//! assert_eq!(answer.expires_in, Some(3600));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Reading is tolerant, writing is strict: unknown fields are ignored, `null` and absent are alike, open sets of words
//! keep words they do not know, whole numbers may come as `5.0` or `"5"`; what is written has the server's own names only.
//!
//! # Server versions
//!
//! No answer tells which behaviors a server has, and the exact release of many changes is not known. So the docs name
//! servers by their age:
//!
//! | | releases | for example |
//! |---|---|---|
//! | the first servers | about 0.2 to 0.12 | process an upload within its request, answer errors with `code` and `message` alone |
//! | older servers | all before the newer ones | queue uploads, delete documents within the request |
//! | newer servers | from about 0.17; some changes came with 0.26, at the latest with 0.30 | queue deletions, use each refresh token once |
//! | the newest servers | from about 0.29 | check the text of a streamed answer, say why they are not ready |
//!
//! Where the release is known, the docs name it. An operation says it as [`Endpoint::SINCE`].

#![cfg_attr(docsrs, feature(doc_cfg))]

// What `#[model]` and `#[operation]` write names this crate from outside.
extern crate self as edgequake_types;

// From the ground up: a module uses only those before it.
pub mod secret;
mod timestamp;
mod error;
mod json;
mod path;
mod tolerant;
mod id;
mod origin;
mod patch;
mod open_enum;
mod error_body;
pub mod multipart;
mod endpoint;
mod model;
mod page;
mod prelude;
#[cfg(test)]
mod testing;
pub mod health;
pub mod session;
pub mod users;
pub mod api_keys;
pub mod tenants;
pub mod workspaces;
pub mod setup;
pub mod documents;
pub mod pdf;
pub mod tasks;
pub mod pipeline;
pub mod ingestion;
pub mod progress;
pub mod provenance;
pub mod chunks;
pub mod lineage;
pub mod injections;
pub mod parse;
pub mod jobs;
pub mod query;
mod catalog;

/// What the attributes' code calls. No part of the public interface: it changes with any release.
#[doc(hidden)]
pub mod __private {
    pub use crate::model::*;
}

/// Bodies by the name of their operation, for the chores of this repository. No part of the public interface.
#[cfg(feature = "__samples")]
#[doc(hidden)]
pub mod samples {
    pub use crate::catalog::SAMPLES;
    pub use crate::endpoint::sample::{
        NamedEvent, Replay, ReplayEvents, ReplayedEvent, Sample, SampleError, any,
    };
}

pub use catalog::OPERATIONS;
pub use edgequake_macros::{model, operation};
pub use endpoint::{
    Answer, AnswerHead, Auth, Body, Decode, Download, Endpoint, Event, EventText, Events, Json, Lines,
    Multipart, Operation, Payload, Retry, Scope, StreamFailure, Streamed, Whole,
};
pub use error::{DecodeError, EncodeError};
pub use error_body::{ErrorBody, ErrorShape, first_words};
pub use id::{
    ChunkId, DocumentId, IdError, InjectionId, KeyId, ParseJobId, PdfId, TenantId, TrackId, UserId,
    WorkspaceId,
};
pub use json::from_json;
pub use origin::{Origin, OriginError};
pub use page::{PageError, PageWalk, Paginated, Pagination};
pub use patch::Patch;
pub use path::{PathSegment, encode_segment, is_segment};
pub use secret::Secret;
pub use timestamp::Timestamp;
pub use tolerant::Tolerant;
